/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of the HTTP client share: a loop, a server and a client, and calls waited for. */
#ifndef AFFLUX_HTTP_TEST_H
#define AFFLUX_HTTP_TEST_H

#include "base/attr.h"
#include "http/client.h"
#include "server.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

struct world {
    struct loop *loop;
    struct server server;
    struct http_client *client;
};

static inline void world_open(struct world *w, const struct http_client_options *options)
{
    struct error err;
    assert_int_equal(loop_new(&w->loop, &err), STATUS_OK);
    server_start(&w->server, w->loop);
    assert_int_equal(http_client_new(w->loop, options, &w->client, &err), STATUS_OK);
}

static inline void world_close(struct world *w)
{
    http_client_free(w->client);
    server_stop(&w->server);
    loop_free(w->loop);
}

struct fetched {
    struct loop *loop;
    struct http_answer *answer;
    struct error err;
    bool is_done;
    int *left; /* of several, when not NULL */
};

static inline void fetched_done(void *arg, struct http_answer *answer, const struct error *err)
{
    struct fetched *f = arg;
    assert_false(f->is_done);
    assert_true((answer == NULL) != (err == NULL));
    f->is_done = true;
    f->answer = answer;
    if (err != NULL)
        f->err = *err;
    if (f->left == NULL || --*f->left == 0)
        loop_stop(f->loop);
}

static inline str world_url(struct world *w, char url[128], const char *path)
{
    return (str){url, (size_t)snprintf(url, 128, "http://127.0.0.1:%d%s", w->server.port, path)};
}

/* Sends and waits. request may be NULL; its url is set. The answer, or NULL and *err. */
static inline struct http_answer *world_fetch(struct world *w, const char *path,
                                              const struct http_request *request, struct error *err)
{
    char url[128];
    struct http_request r = request == NULL ? (struct http_request){0} : *request;
    struct fetched f = {.loop = w->loop};
    struct http_call *call;
    if (r.url.n == 0)
        r.url = world_url(w, url, path);
    assert_int_equal(http_client_send(w->client, &r, fetched_done, &f, &call, err), STATUS_OK);
    assert_false(f.is_done);
    loop_run(w->loop);
    assert_true(f.is_done);
    if (f.answer == NULL)
        *err = f.err;
    return f.answer;
}

#define assert_str(s, text)                                                                        \
    do {                                                                                           \
        str assert_str_s = (s);                                                                    \
        assert_int_equal(assert_str_s.n, strlen(text));                                            \
        assert_memory_equal(assert_str_s.p, text, strlen(text));                                   \
    } while (0)

static inline str answer_body(const struct http_answer *answer)
{
    return (str){answer->body, answer->body_size};
}

#endif
