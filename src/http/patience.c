/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How long a server waits for its clients. A head has a time. A body and an answer may be as large
 * as they are, so what they have is a least speed: in each window some bytes must move. Bytes of a
 * body are counted as they come; of an answer the kernel tells how many the client has confirmed.
 * A connection is cut off by shutting its socket down, which libmicrohttpd notices.
 */
#include "http/server_internal.h"
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

static uint64_t patience_moved(const struct http_exchange *x)
{
    struct tcp_info info = {0};
    socklen_t size = sizeof(info);
    if (!x->request.is_queued)
        return x->request.body_read;
    if (getsockopt(x->fd, IPPROTO_TCP, TCP_INFO, &info, &size) != 0)
        return 0;
    return info.tcpi_bytes_acked;
}

void patience_set(struct http_exchange *x)
{
    const struct http_server_options *o = &x->server->options;
    int64_t now = loop_now_ms();
    if (x->request.is_suspended) {
        x->deadline_ms = INT64_MAX;
    } else if (x->request.has_head) {
        bool is_begun = x->deadline_ms != INT64_MAX && x->moved != UINT64_MAX;
        if (!is_begun) {
            x->moved = 0;
            x->deadline_ms = now + o->window_ms;
        }
    } else {
        x->deadline_ms = now + (x->request.has_target ? o->head_ms : o->idle_ms);
        x->moved = UINT64_MAX; /* no window has begun */
    }
}

static void patience_check(struct http_exchange *x, int64_t now)
{
    struct http_server *s = x->server;
    if (now < x->deadline_ms)
        return;
    if (x->request.has_head) {
        uint64_t moved = patience_moved(x);
        bool is_fast = moved >= x->moved && moved - x->moved >= s->options.window_bytes;
        x->moved = moved;
        x->deadline_ms = now + s->options.window_ms;
        if (is_fast)
            return;
    }
    if (x->request.has_target)
        s->figures.timed_out++;
    x->deadline_ms = INT64_MAX;
    shutdown(x->fd, SHUT_RDWR);
}

/* Has the client closed its side before its body was whole? libmicrohttpd does not look again when
 * that came together with the last bytes. */
static bool patience_is_cut_short(const struct http_exchange *x)
{
    int unread = 0;
    return x->request.has_head && !x->request.is_body_over && !x->request.is_suspended &&
           http_exchange_is_gone(x) && ioctl(x->fd, FIONREAD, &unread) == 0 && unread == 0;
}

void patience_sweep(struct http_server *s)
{
    int64_t now = loop_now_ms();
    struct http_exchange *next;
    for (struct http_exchange *x = s->first; x != NULL; x = next) {
        next = x->next; /* x may end, but connections are only freed by libmicrohttpd's run */
        if (x->request.is_suspended && x->request.gone != NULL && http_exchange_is_gone(x)) {
            loop_fn *gone = x->request.gone;
            x->request.gone = NULL;
            gone(x->request.gone_arg);
        }
        if (patience_is_cut_short(x))
            shutdown(x->fd, SHUT_RDWR);
        patience_check(x, now);
    }
}
