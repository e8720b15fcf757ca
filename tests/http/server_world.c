/* SPDX-License-Identifier: Apache-2.0 */
/* The world of server_world.h. Handlers run on the server's thread. */
#include "server_world.h"
#include "base/check.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { GATHER_MAX = 1000, WAIT_S = 10 };

/* Of one exchange, in its arena. */
struct served {
    struct server_world *world;
    struct http_exchange *x;
    struct loop_timer timer;
    uint64_t size, pieces, largest, waits;
    bool is_waiting;
    str body;
};

static void serve_text(struct http_exchange *x, int status, str text)
{
    const struct http_header headers[] = {{STR("Content-Type"), STR("text/plain")},
                                          {STR("X-Bad"), STR("a\r\nX-Smuggled: 1")}};
    http_exchange_answer(
        x, &(struct http_reply){
               .status = status, .headers = headers, .header_count = 2, .body = text});
}

static void serve_ended(void *arg, bool is_sent)
{
    struct served *s = arg;
    struct server_world *w = s->world;
    loop_timer_stop(w->loop, &s->timer);
    if (w->held == s->x)
        w->held = NULL;
    atomic_fetch_add(is_sent ? &w->sent : &w->ended, 1);
}

static void serve_echo(void *arg, struct http_exchange *x, str body)
{
    (void)arg;
    serve_text(x, 200, body);
}

static void serve_late(void *arg)
{
    struct served *s = arg;
    size_t n;
    char *body = http_exchange_take_body(s->x, &n);
    http_exchange_answer(s->x,
                         &(struct http_reply){.status = 200, .body = {body, n}, .is_taken = true});
}

static void serve_later(void *arg, struct http_exchange *x, str body)
{
    struct served *s = arg;
    (void)x, (void)body;
    loop_timer_start(s->world->loop, &s->timer, loop_now_ms() + 30, serve_late, s);
}

static void serve_go_on(void *arg)
{
    struct served *s = arg;
    http_exchange_go_on(s->x);
}

/* Waits a little after each piece. */
static void serve_piece(void *arg, struct http_exchange *x, str piece, bool is_last)
{
    struct served *s = arg;
    check(!s->is_waiting || !loop_timer_is_running(&s->timer));
    s->size += piece.n;
    s->pieces++;
    if (piece.n > s->largest)
        s->largest = piece.n;
    if (is_last) {
        char text[100];
        int n = snprintf(text, sizeof(text), "size %lu largest %lu", (unsigned long)s->size,
                         (unsigned long)s->largest);
        serve_text(x, 200, (str){text, (size_t)n});
        return;
    }
    s->is_waiting = true;
    http_exchange_pause(x);
    loop_timer_start(s->world->loop, &s->timer, loop_now_ms() + 1, serve_go_on, s);
}

static ssize_t serve_read(void *arg, uint64_t at, char *out, size_t max)
{
    struct served *s = arg;
    if (s->size != HTTP_SIZE_UNKNOWN ? at >= s->size : at >= 100000)
        return HTTP_READ_END;
    if (s->waits++ % 3 == 0) {
        loop_timer_start(s->world->loop, &s->timer, loop_now_ms() + 2, serve_go_on, s);
        return HTTP_READ_WAIT;
    }
    size_t left = (size_t)((s->size != HTTP_SIZE_UNKNOWN ? s->size : 100000) - at);
    size_t n = max < left ? max : left;
    for (size_t i = 0; i < n; i++)
        out[i] = (char)('a' + (at + i) % 26);
    return (ssize_t)n;
}

static ssize_t serve_break(void *arg, uint64_t at, char *out, size_t max)
{
    (void)arg;
    if (at > 0)
        return HTTP_READ_FAILED;
    memset(out, 'x', max < 100 ? max : 100);
    return max < 100 ? (ssize_t)max : 100;
}

static void serve_file(struct http_exchange *x)
{
    char path[] = "/tmp/afflux-test-XXXXXX";
    int fd = mkstemp(path);
    check(fd >= 0 && write(fd, "0123456789", 10) == 10);
    unlink(path);
    http_exchange_answer(
        x,
        &(struct http_reply){.status = 206, .has_file = true, .file = fd, .offset = 3, .size = 5});
}

static void serve_gone(void *arg)
{
    struct served *s = arg;
    atomic_fetch_add(&s->world->gone, 1);
    serve_text(s->x, 500, STR("nobody reads this"));
}

static void serve_abort(void *arg)
{
    struct served *s = arg;
    http_exchange_abort(s->x);
}

static void serve_show(struct http_exchange *x)
{
    const struct http_target *t = http_exchange_target(x);
    struct arena *a = http_exchange_arena(x);
    serve_text(x, 200,
               arena_printf(a, "%.*s|%.*s|%.*s|%.*s|%.*s", STR_ARG(http_exchange_method(x)),
                            STR_ARG(t->authority), STR_ARG(t->path), STR_ARG(t->query),
                            STR_ARG(http_exchange_header(x, "x-one"))));
}

static void serve(void *arg, struct http_exchange *x)
{
    struct server_world *w = arg;
    str path = http_exchange_target(x)->path;
    struct served *s = arena_zalloc(http_exchange_arena(x), sizeof(*s));
    atomic_fetch_add(&w->requests, 1);
    *s = (struct served){.world = w, .x = x, .size = HTTP_SIZE_UNKNOWN};
    http_exchange_on_end(x, serve_ended, s);
    if (str_eq(path, STR("/echo"))) {
        http_exchange_gather(x, GATHER_MAX, serve_echo, s);
    } else if (str_eq(path, STR("/big"))) {
        http_exchange_gather(x, 64 << 20, serve_echo, s);
    } else if (str_eq(path, STR("/later"))) {
        http_exchange_gather(x, GATHER_MAX, serve_later, s);
    } else if (str_eq(path, STR("/stream"))) {
        s->size = 0;
        http_exchange_stream(x, serve_piece, s);
    } else if (str_eq(path, STR("/read"))) {
        http_exchange_answer(
            x, &(struct http_reply){
                   .status = 200, .read = serve_read, .read_arg = s, .size = HTTP_SIZE_UNKNOWN});
    } else if (str_eq(path, STR("/sized"))) {
        s->size = 300000;
        http_exchange_answer(
            x, &(struct http_reply){
                   .status = 200, .read = serve_read, .read_arg = s, .size = s->size});
    } else if (str_eq(path, STR("/broken"))) {
        http_exchange_answer(
            x,
            &(struct http_reply){.status = 200, .read = serve_break, .read_arg = s, .size = 1000});
    } else if (str_eq(path, STR("/file"))) {
        serve_file(x);
    } else if (str_eq(path, STR("/refuse"))) {
        serve_text(x, 403, STR("no"));
    } else if (str_eq(path, STR("/abort"))) {
        http_exchange_abort(x);
    } else if (str_eq(path, STR("/abort-later"))) {
        loop_timer_start(w->loop, &s->timer, loop_now_ms() + 20, serve_abort, s);
    } else if (str_eq(path, STR("/hang"))) {
        w->held = x;
        http_exchange_on_gone(x, serve_gone, s);
    } else {
        serve_show(x);
    }
}

static void refuse(void *arg, struct http_exchange *x, enum http_refusal why)
{
    char text[50];
    (void)arg;
    int n = snprintf(text, sizeof(text), "refused %d", (int)why);
    serve_text(x, http_refusal_status(why), (str){text, (size_t)n});
}

/* ---- the world ---- */

static void *run_loop(void *arg)
{
    struct server_world *w = arg;
    loop_run(w->loop);
    return NULL;
}

void world_open(struct server_world *w, const struct http_server_options *options)
{
    struct error err;
    struct http_address address;
    *w = (struct server_world){.options =
                                   options != NULL ? *options : (struct http_server_options){0}};
    w->options.request = serve;
    w->options.refuse = refuse;
    w->options.arg = w;
    check(http_address_read(STR("127.0.0.1:0"), &address, &err) == STATUS_OK);
    check(http_listen(&address, &w->options.listen_fd, 1, &err) == STATUS_OK);
    w->port = ntohs(address.of.v4.sin_port);
    check(loop_new(&w->loop, &err) == STATUS_OK);
    check(http_server_new(w->loop, &w->options, &w->server, &err) == STATUS_OK);
    check(pthread_create(&w->thread, NULL, run_loop, w) == 0);
}

static void world_closed(void *arg)
{
    struct server_world *w = arg;
    w->is_closed = true;
    loop_stop(w->loop);
}

static void world_begin_close(void *arg)
{
    struct server_world *w = arg;
    w->figures = http_server_figures(w->server);
    http_server_close(w->server, w->grace_ms, world_closed, w);
}

int64_t world_close(struct server_world *w, int64_t grace_ms)
{
    int64_t start = loop_now_ms();
    w->grace_ms = grace_ms;
    loop_post(w->loop, &w->task, world_begin_close, w);
    check(pthread_join(w->thread, NULL) == 0);
    check(w->is_closed);
    loop_free(w->loop);
    return loop_now_ms() - start;
}

static void world_take_figures(void *arg)
{
    struct server_world *w = arg;
    w->figures = http_server_figures(w->server);
    atomic_store(&w->has_figures, true);
}

struct http_server_figures world_figures(struct server_world *w)
{
    atomic_store(&w->has_figures, false);
    loop_post(w->loop, &w->task, world_take_figures, w);
    while (!atomic_load(&w->has_figures))
        usleep(1000);
    return w->figures;
}

bool world_wait(atomic_int *counter, int value)
{
    for (int i = 0; i < WAIT_S * 200 && atomic_load(counter) != value; i++)
        usleep(5000);
    return atomic_load(counter) == value;
}
