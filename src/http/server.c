/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Servers: libmicrohttpd's daemon inside our loop, its connections, and how both end. The daemon
 * has an epoll descriptor of its own, which the loop watches; whenever it has something, or an
 * exchange was resumed, the daemon runs until nothing is ready. It knows no times here
 * (patience.c).
 *
 * Seen in 0.9.75: stopping a daemon while a connection is suspended ends the process, so it is
 * stopped when there is none left.
 */
#include "base/check.h"
#include "http/server_internal.h"
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    RUNS_MAX = 16,         /* of the daemon in a row; then others on the loop have their turn */
    SWEEP_MS = 1000,       /* between two looks at all connections, */
    SWEEP_CLOSING_MS = 20, /* and while the server closes */
    FIRST_ARENA = 4096,
};

/* ---- running ---- */

static void server_run(struct http_server *s)
{
    MHD_UNSIGNED_LONG_LONG wait_ms = 0;
    for (int i = 0; i < RUNS_MAX; i++) {
        (void)MHD_run(s->daemon);
        if (MHD_get_timeout(s->daemon, &wait_ms) != MHD_YES || wait_ms > 0)
            return;
    }
    server_run_soon(s);
}

static void server_is_ready(void *arg, unsigned events)
{
    (void)events;
    server_run(arg);
}

static void server_is_gone(struct http_server *s);

static void server_run_deferred(void *arg)
{
    struct http_server *s = arg;
    s->is_soon = false;
    if (s->is_gone)
        server_is_gone(s);
    else
        server_run(s);
}

void server_run_soon(struct http_server *s)
{
    if (s->is_soon)
        return;
    s->is_soon = true;
    loop_defer(s->loop, &s->soon, server_run_deferred, s);
}

/* ---- connections ---- */

static void connection_opened(struct http_server *s, struct MHD_Connection *connection,
                              void **context)
{
    struct http_exchange *x = calloc(1, sizeof(*x));
    check(x != NULL);
    x->server = s;
    x->connection = connection;
    x->fd = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
    arena_init(&x->arena, 0);
    x->arena.first_size = FIRST_ARENA;
    x->next = s->first;
    if (s->first != NULL)
        s->first->previous = x;
    s->first = x;
    s->figures.connections++;
    x->deadline_ms = loop_now_ms() + s->options.head_ms;
    x->moved = UINT64_MAX;
    *context = x;
}

static void connection_closed(struct http_exchange *x)
{
    struct http_server *s = x->server;
    exchange_end(x, false);
    if (x->next != NULL)
        x->next->previous = x->previous;
    if (x->previous != NULL)
        x->previous->next = x->next;
    else
        s->first = x->next;
    if (s->figures.connections-- >= s->options.connections_max)
        server_run_soon(s); /* somebody may wait for the place */
    arena_done(&x->arena);
    buf_done(&x->body);
    free(x);
}

static void server_connection(void *cls, struct MHD_Connection *connection, void **context,
                              enum MHD_ConnectionNotificationCode what)
{
    if (what == MHD_CONNECTION_NOTIFY_STARTED)
        connection_opened(cls, connection, context);
    else if (*context != NULL)
        connection_closed(*context);
}

/* The target as it came: libmicrohttpd's own is decoded, and ends at the first NUL. */
static void *server_target(void *cls, const char *uri, struct MHD_Connection *connection)
{
    struct http_exchange *x =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
    (void)cls;
    x->request.has_target = true;
    str target = arena_dup(&x->arena, str_of(uri));
    x->request.target_end = uri + target.n;
    if (http_target_read(target, &x->request.target, NULL) != STATUS_OK) {
        x->request.is_bad_target = true;
        x->request.target = (struct http_target){.path = STR("/"), .query = {"", 0}};
    }
    patience_set(x);
    return x;
}

static void server_completed(void *cls, struct MHD_Connection *connection, void **context,
                             enum MHD_RequestTerminationCode why)
{
    struct http_exchange *x = *context;
    (void)cls, (void)connection;
    if (x == NULL)
        return;
    *context = NULL;
    exchange_end(x, why == MHD_REQUEST_TERMINATED_COMPLETED_OK);
    patience_set(x);
}

static void server_says(void *cls, const char *fmt, va_list args)
{
    (void)cls, (void)fmt, (void)args; /* of clients that leave and the like: they are counted */
}

/* ---- closing ---- */

static void server_is_gone(struct http_server *s)
{
    s->is_gone = true;
    if (s->is_soon) /* its turn comes first */
        return;
    loop_fn *closed = s->closed;
    void *closed_arg = s->closed_arg;
    loop_watch_close(s->watch);
    MHD_stop_daemon(s->daemon);
    free(s);
    closed(closed_arg);
}

static void server_close_step(struct http_server *s)
{
    int64_t now = loop_now_ms();
    for (struct http_exchange *x = s->first; x != NULL; x = x->next) {
        if (now >= s->close_ms + HTTP_SERVER_ABORT_MS) {
            exchange_abort(x);
            shutdown(x->fd, SHUT_RDWR);
        } else if (!x->request.has_target) {
            shutdown(x->fd, SHUT_RDWR);
        } else if (now >= s->close_ms && x->request.has_head && x->request.response == NULL) {
            exchange_refuse(x, HTTP_REFUSE_CLOSING);
        }
    }
}

static void server_swept(void *arg)
{
    struct http_server *s = arg;
    patience_sweep(s);
    if (s->is_closing) {
        server_close_step(s);
        server_run(s);
        if (s->first == NULL) {
            server_is_gone(s);
            return;
        }
    }
    loop_timer_start(s->loop, &s->sweep,
                     loop_now_ms() + (s->is_closing ? SWEEP_CLOSING_MS : SWEEP_MS), server_swept,
                     s);
}

void http_server_close(struct http_server *s, int64_t grace_ms, loop_fn *closed, void *arg)
{
    check(!s->is_closing);
    int fd = MHD_quiesce_daemon(s->daemon);
    if (fd >= 0)
        close(fd);
    s->is_closing = true;
    s->close_ms = loop_now_ms() + grace_ms;
    s->closed = closed;
    s->closed_arg = arg;
    loop_timer_start(s->loop, &s->sweep, 0, server_swept, s);
}

static void server_closed_at_once(void *arg)
{
    (void)arg;
}

void http_server_free(struct http_server *s)
{
    if (s == NULL)
        return;
    if (!s->is_closing)
        http_server_close(s, 0, server_closed_at_once, NULL);
    loop_timer_stop(s->loop, &s->sweep);
    s->closed = server_closed_at_once;
    s->close_ms = INT64_MIN / 2;
    while (s->first != NULL) { /* their sockets are shut down: each run gets rid of some */
        server_close_step(s);
        (void)MHD_run(s->daemon);
    }
    server_is_gone(s);
}

/* ---- opening ---- */

static void server_defaults(struct http_server_options *o)
{
    if (o->connections_max == 0)
        o->connections_max = HTTP_SERVER_CONNECTIONS;
    if (o->connection_bytes == 0)
        o->connection_bytes = HTTP_SERVER_CONNECTION_BYTES;
    if (o->window_bytes == 0)
        o->window_bytes = HTTP_SERVER_WINDOW_BYTES;
    if (o->bodies_max == 0)
        o->bodies_max = HTTP_SERVER_BODIES;
    if (o->head_ms == 0)
        o->head_ms = HTTP_SERVER_HEAD_MS;
    if (o->idle_ms == 0)
        o->idle_ms = HTTP_SERVER_IDLE_MS;
    if (o->window_ms == 0)
        o->window_ms = HTTP_SERVER_WINDOW_MS;
}

static struct MHD_Daemon *server_daemon(struct http_server *s)
{
    const struct http_server_options *o = &s->options;
    return MHD_start_daemon(
        MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG, 0, NULL, NULL,
        exchange_handle, s, MHD_OPTION_EXTERNAL_LOGGER, server_says, NULL, MHD_OPTION_LISTEN_SOCKET,
        o->listen_fd, MHD_OPTION_CONNECTION_LIMIT, (unsigned)o->connections_max,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, o->connection_bytes, MHD_OPTION_CONNECTION_TIMEOUT, 0U,
        MHD_OPTION_NOTIFY_CONNECTION, server_connection, s, MHD_OPTION_NOTIFY_COMPLETED,
        server_completed, s, MHD_OPTION_URI_LOG_CALLBACK, server_target, s,
        MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1, MHD_OPTION_END);
}

enum status http_server_new(struct loop *loop, const struct http_server_options *options,
                            struct http_server **ret, struct error *err)
{
    struct http_server *s = calloc(1, sizeof(*s));
    check(s != NULL);
    s->loop = loop;
    s->options = *options;
    server_defaults(&s->options);
    s->daemon = server_daemon(s);
    if (s->daemon == NULL) {
        close(options->listen_fd);
        free(s);
        return error_set(err, STATUS_IO, "HttpServerFailed", "the HTTP server cannot start");
    }
    int fd = MHD_get_daemon_info(s->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
    enum status status = loop_watch_new(loop, fd, server_is_ready, s, &s->watch, err);
    if (status != STATUS_OK) {
        MHD_stop_daemon(s->daemon);
        free(s);
        return status;
    }
    loop_watch_set(s->watch, LOOP_READABLE);
    loop_timer_start(loop, &s->sweep, loop_now_ms() + SWEEP_MS, server_swept, s);
    server_run_soon(s);
    *ret = s;
    return STATUS_OK;
}

struct http_server_figures http_server_figures(const struct http_server *s)
{
    return s->figures;
}
