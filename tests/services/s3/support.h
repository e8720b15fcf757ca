/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of the object service share: a data folder with a service and one client, and
 * operations in one line each. */
#ifndef AFFLUX_TESTS_SERVICES_S3_SUPPORT_H
#define AFFLUX_TESTS_SERVICES_S3_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "services/s3/s3.h"
#include "services/s3/service.h"

enum { TEST_PATH_BYTES = 256 };
#define TEST_NOW_MS INT64_C(1764028800500) /* 2025-11-25T00:00:00.5Z */

struct world {
    char dir[TEST_PATH_BYTES]; /* the data folder, in a folder of its own */
    struct service_settings settings;
    struct store *store;
    struct store_client *units;
    struct s3 *s3;
    struct s3_self self;
    struct s3_client *client;
    struct store_reader *reader;
    struct arena a;
    char error[64]; /* the name of the last error of an operation; empty: none */
};

int world_setup(void **state); /* with the bucket "bucket" */
int world_teardown(void **state);
void world_open(struct world *w);
void world_close(struct world *w);
void remove_tree(const char *path);

/* The answer's JSON text; of a failure p is NULL and w->error the name. Single quotes in the
 * request stand for double ones. */
str try_op(struct world *w, const char *operation, const char *request);
str do_op(struct world *w, const char *operation, const char *request);
void assert_op_fails(struct world *w, const char *operation, const char *request,
                     const char *error);
/* The value under a path of names with dots ("Contents.0.Key") in a text; p NULL: there is none. A
 * number or boolean is its JSON text. */
str member(struct world *w, str json, const char *path);

/* Puts a body in pieces and waits; the name of the error, or NULL. */
const char *try_put(struct world *w, const struct s3_put_request *request, str body, size_t piece,
                    char etag[64]);
void put(struct world *w, const char *key, str body);
/* The whole body of an object. */
str get(struct world *w, const char *key);
str filled(struct world *w, char c, size_t n);

#define assert_str(s, text)                                                                        \
    do {                                                                                           \
        str got_ = (s), want_ = str_of(text);                                                      \
        if (!str_eq(got_, want_))                                                                  \
            fail_msg("got  %.*s\nwant %s", STR_ARG(str_sub(got_, 0, 2000)), want_.p);              \
    } while (0)
#define assert_ok(call)                                                                            \
    do {                                                                                           \
        if ((call) != STATUS_OK)                                                                   \
            fail_msg("%s: %s: %s", #call, err.name, err.message);                                  \
    } while (0)

#endif
