/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of a third party, for this folder. */
#ifndef AFFLUX_THIRDPARTY_THIRDPARTY_INTERNAL_H
#define AFFLUX_THIRDPARTY_THIRDPARTY_INTERNAL_H

#include "http/server.h"
#include "thirdparty/book.h"
#include "thirdparty/page.h"
#include "thirdparty/thirdparty.h"
#include <pthread.h>

/* What belongs to one loop and its thread. */
struct thirdparty_loop {
    struct thirdparty *party;
    struct loop *loop;
    struct http_server *server;
    struct page_cache *pages;
    struct loop_task task;
    pthread_t thread;
    bool is_running; /* there is a thread */
};

struct thirdparty {
    struct thirdparty_world world;
    struct book *book;
    uint32_t latency_ms;                    /* of every answer */
    char key[THIRDPARTY_KEY_BYTES_MAX + 1]; /* "": none */
    char retry_after[12];                   /* seconds */
    char api[HTTP_ADDRESS_TEXT + 16];       /* URL */
    char dead_api[HTTP_ADDRESS_TEXT + 16];
    int dead_fd; /* holds a port on which nobody listens; -1: none is needed */
    struct thirdparty_loop loops[THIRDPARTY_LOOPS_MAX];
    uint32_t loop_count;
};

/* ---- answer.c ---- */
/* What the server of a loop calls; arg is the struct thirdparty_loop. */
http_request_fn answer_request;
http_refuse_fn answer_refuse;

#endif
