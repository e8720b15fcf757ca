/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of src/store share: a data folder for one test, and writes in one line each. */
#ifndef AFFLUX_TESTS_STORE_SUPPORT_H
#define AFFLUX_TESTS_STORE_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "store/reader.h"
#include "store/store.h"
#include "store/tx.h"

enum { TEST_PATH_BYTES = 256 };

struct world {
    char dir[TEST_PATH_BYTES]; /* the data folder, in a folder of its own */
    struct store_options options;
    struct store *s;
    struct store_client *c;
    struct store_reader *r;
    struct arena a; /* of what is read */
};

/* For cmocka: a world with an open store in *state. */
int world_setup(void **state);
int world_teardown(void **state);
/* A new folder that dir lies in; nothing is open. */
void world_init(struct world *w);
void world_open(struct world *w);
enum status world_try_open(struct world *w, struct error *err);
void world_close(struct world *w);
void world_done(struct world *w);
/* A path in the data folder. */
const char *world_path(const struct world *w, const char *name, char path[TEST_PATH_BYTES]);
void remove_tree(const char *path);

/* One write of a test. A unit's arguments are an array of these, carried out in order; a unit whose
 * last one is REFUSE undoes them. */
enum op_kind {
    OP_DEFINITION,
    OP_MACHINE,
    OP_START,
    OP_APPEND,
    OP_WAITING,
    OP_END,
    OP_REDRIVE,
    OP_EXPIRE,
    OP_DOCUMENT,
    OP_SNAPSHOT,
    OP_SEND,
    OP_RECEIVE,
    OP_START_RUN,
    OP_SET_RUN,
    OP_REPLY,
    OP_REFUSE
};
struct op {
    enum op_kind kind;
    int64_t id; /* of the execution, message, machine */
    int64_t prev, number;
    bool is_pending;
    int64_t time;
    str body;
    struct store_execution execution;
    struct store_map_run run;
};
enum status run_ops(struct store_tx *tx, str args, struct arena *scratch, struct error *err);

/* Carries out ops as one unit. */
enum status try_ops(struct world *w, const struct op *ops, size_t count, struct error *err);
void do_ops(struct world *w, const struct op *ops, size_t count);
void do_op(struct world *w, struct op op);

/* An execution of machine 1 with this name ("" for none), in shard id % 256; returns its id. */
struct store_execution sample_execution(struct world *w, const char *name);
int64_t start_execution(struct world *w, const char *name);
/* Appends a step and returns its id. */
int64_t append_step(struct world *w, int64_t execution, int64_t prev, const char *body);
/* Appends so many in one unit; returns the id of the last one. */
int64_t append_steps(struct world *w, int64_t execution, int64_t prev, size_t count,
                     const char *body);
void end_execution(struct world *w, int64_t execution, enum store_status status,
                   int64_t stopped_ms);

/* Runs SQL on the file, beside the store; the first column of the first row as a number. */
int64_t sql_number(struct world *w, const char *sql);
char *sql_text(struct world *w, const char *sql); /* to be freed; NULL when there is no row */
void assert_whole(struct world *w);
#define assert_str(s, text)                                                                        \
    do {                                                                                           \
        str got_ = (s);                                                                            \
        assert_int_equal(got_.n, strlen(text));                                                    \
        assert_memory_equal(got_.p, text, got_.n);                                                 \
    } while (0)
#define assert_ok(call)                                                                            \
    do {                                                                                           \
        if ((call) != STATUS_OK)                                                                   \
            fail_msg("%s: %s: %s", #call, err.name, err.message);                                  \
    } while (0)

#endif
