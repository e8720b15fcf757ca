/* SPDX-License-Identifier: Apache-2.0 */
/* The threads and sockets of a third party, see thirdparty.h; what it answers is in answer.c. */
#include "base/check.h"
#include "thirdparty/thirdparty_internal.h"
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* ---- threads ---- */

static void *loop_thread(void *arg)
{
    struct thirdparty_loop *l = arg;
    loop_run(l->loop);
    return NULL;
}

/* Signals are for the threads of whoever opened this. */
static void loop_start(struct thirdparty_loop *l)
{
    sigset_t all, before;
    sigfillset(&all);
    check(pthread_sigmask(SIG_SETMASK, &all, &before) == 0);
    check(pthread_create(&l->thread, NULL, loop_thread, l) == 0);
    check(pthread_sigmask(SIG_SETMASK, &before, NULL) == 0);
    l->is_running = true;
}

static void loop_closed(void *arg)
{
    struct thirdparty_loop *l = arg;
    l->server = NULL;
    loop_stop(l->loop);
}

static void loop_close(void *arg)
{
    struct thirdparty_loop *l = arg;
    http_server_close(l->server, 0, loop_closed, l);
}

static enum status loop_open(struct thirdparty *t, int fd, size_t cache_bytes, struct error *err)
{
    struct thirdparty_loop *l = &t->loops[t->loop_count++];
    l->party = t;
    l->pages = page_cache_new(&t->world, cache_bytes);
    struct http_server_options options = {
        .listen_fd = fd, .request = answer_request, .refuse = answer_refuse, .arg = l};
    enum status status = loop_new(&l->loop, err);
    if (status != STATUS_OK) {
        close(fd);
        return status;
    }
    return http_server_new(l->loop, &options, &l->server, err);
}

void thirdparty_close(struct thirdparty *t)
{
    if (t == NULL)
        return;
    for (uint32_t i = 0; i < t->loop_count; i++)
        if (t->loops[i].is_running)
            loop_post(t->loops[i].loop, &t->loops[i].task, loop_close, &t->loops[i]);
    for (uint32_t i = 0; i < t->loop_count; i++) {
        struct thirdparty_loop *l = &t->loops[i];
        if (l->is_running)
            check(pthread_join(l->thread, NULL) == 0);
        http_server_free(l->server);
        loop_free(l->loop);
        page_cache_free(l->pages);
    }
    if (t->dead_fd >= 0)
        close(t->dead_fd);
    book_free(t->book);
    free(t);
}

/* ---- opening ---- */

static enum status options_check(const struct thirdparty_options *o, struct error *err)
{
    const struct thirdparty_world *w = &o->world;
    if (w->locations < 1 || w->locations > THIRDPARTY_LOCATIONS_MAX)
        return error_set(err, STATUS_INVALID, "ThirdPartyOptions",
                         "the number of locations is not from 1 to %d", THIRDPARTY_LOCATIONS_MAX);
    if (w->rows_min > w->rows_max || w->rows_max > THIRDPARTY_ROWS_MAX)
        return error_set(err, STATUS_INVALID, "ThirdPartyOptions",
                         "the number of rows is not from 0 to %d", THIRDPARTY_ROWS_MAX);
    if (o->loops > THIRDPARTY_LOOPS_MAX)
        return error_set(err, STATUS_INVALID, "ThirdPartyOptions", "more than %d loops",
                         THIRDPARTY_LOOPS_MAX);
    if (o->key.n > THIRDPARTY_KEY_BYTES_MAX)
        return error_set(err, STATUS_INVALID, "ThirdPartyOptions",
                         "the key is longer than %d bytes", THIRDPARTY_KEY_BYTES_MAX);
    if (!http_address_is_loopback(&o->listen))
        return error_set(err, STATUS_INVALID, "ThirdPartyOptions",
                         "only loopback addresses can be listened on");
    return STATUS_OK;
}

/* A port that is taken, and on which nobody listens: connections to it are refused. */
static enum status dead_open(struct thirdparty *t, const struct http_address *listen,
                             struct error *err)
{
    struct http_address a = *listen;
    char text[HTTP_ADDRESS_TEXT];
    if (a.of.any.sa_family == AF_INET)
        a.of.v4.sin_port = 0;
    else
        a.of.v6.sin6_port = 0;
    t->dead_fd = socket(a.of.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_TCP);
    if (t->dead_fd < 0 || bind(t->dead_fd, &a.of.any, a.size) != 0 ||
        getsockname(t->dead_fd, &a.of.any, &a.size) != 0)
        return error_set(err, STATUS_IO, "ListenFailed", "no port is free for dead locations");
    http_address_print(&a, text);
    snprintf(t->dead_api, sizeof(t->dead_api), "http://%s" THIRDPARTY_API, text);
    return STATUS_OK;
}

static enum status book_open(struct thirdparty *t, const struct thirdparty_options *o,
                             uint32_t retry_after_s, struct error *err)
{
    struct fault *faults = calloc(t->world.locations, sizeof(faults[0]));
    check(faults != NULL);
    t->book = book_new(&t->world, faults, retry_after_s);
    enum status status = STATUS_OK;
    if (o->faults != NULL)
        status = fault_deal(o->faults, &t->world, faults, err);
    for (uint32_t at = 0; status == STATUS_OK && t->dead_fd < 0 && at < t->world.locations; at++)
        if (faults[at].kind == FAULT_DEAD)
            status = dead_open(t, &o->listen, err);
    return status;
}

static enum status loops_open(struct thirdparty *t, const struct thirdparty_options *o,
                              struct error *err)
{
    struct http_address address = o->listen;
    uint32_t loops = o->loops > 0 ? o->loops : 1;
    size_t cache_bytes = o->cache_bytes > 0 ? o->cache_bytes : THIRDPARTY_CACHE_BYTES;
    int fds[THIRDPARTY_LOOPS_MAX];
    char text[HTTP_ADDRESS_TEXT];
    enum status status = http_listen(&address, fds, loops, err);
    if (status != STATUS_OK)
        return status;
    http_address_print(&address, text);
    snprintf(t->api, sizeof(t->api), "http://%s" THIRDPARTY_API, text);
    for (uint32_t i = 0; i < loops; i++) {
        if (status == STATUS_OK)
            status = loop_open(t, fds[i], cache_bytes / loops, err);
        else
            close(fds[i]);
    }
    for (uint32_t i = 0; i < loops && status == STATUS_OK; i++)
        loop_start(&t->loops[i]);
    return status;
}

enum status thirdparty_open(const struct thirdparty_options *o, struct thirdparty **ret,
                            struct error *err)
{
    enum status status = options_check(o, err);
    if (status != STATUS_OK)
        return status;
    struct thirdparty *t = calloc(1, sizeof(*t));
    check(t != NULL);
    uint32_t retry_after_s = o->retry_after_s > 0 ? o->retry_after_s : THIRDPARTY_RETRY_AFTER_S;
    t->world = o->world;
    t->dead_fd = -1;
    t->latency_ms = o->latency_ms;
    memcpy(t->key, o->key.p != NULL ? o->key.p : "", o->key.n);
    snprintf(t->retry_after, sizeof(t->retry_after), "%u", retry_after_s);
    status = book_open(t, o, retry_after_s, err);
    if (status == STATUS_OK)
        status = loops_open(t, o, err);
    if (status == STATUS_OK)
        *ret = t;
    else
        thirdparty_close(t);
    return status;
}

/* ---- what others ask ---- */

str thirdparty_api(const struct thirdparty *t)
{
    return str_of(t->api);
}

void thirdparty_locations(const struct thirdparty *t, struct buf *out)
{
    char id[THIRDPARTY_ID_MAX];
    buf_add(out, STR("location_id,url\n"));
    for (uint32_t at = 0; at < t->world.locations; at++) {
        bool is_dead = book_fault(t->book, at).kind == FAULT_DEAD;
        thirdparty_location_id(&t->world, at, id);
        buf_printf(out, "%s,%s\n", id, is_dead ? t->dead_api : t->api);
    }
}

uint64_t thirdparty_rows(const struct thirdparty *t, enum thirdparty_state state)
{
    uint64_t rows = 0;
    for (uint32_t at = 0; at < t->world.locations; at++)
        rows += thirdparty_location_rows(&t->world, at, state);
    return rows;
}

void thirdparty_stats(struct thirdparty *t, struct buf *out)
{
    book_print(t->book, &(struct book_selection){0}, out);
}
