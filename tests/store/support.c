/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of src/store share. */
#include "support.h"
#include "base/check.h"
#include <ftw.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* ---- worlds ---- */

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

void remove_tree(const char *path)
{
    nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

static const char *outer(const struct world *w, char path[TEST_PATH_BYTES])
{
    snprintf(path, TEST_PATH_BYTES, "%s", w->dir);
    *strrchr(path, '/') = '\0';
    return path;
}

void world_init(struct world *w)
{
    *w = (struct world){0};
    const char *tmp = getenv("TMPDIR");
    if (!tmp) /* memory where there is such a folder: nothing here needs a disk to be true */
        tmp = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
    snprintf(w->dir, sizeof(w->dir) - 8, "%s/afflux-store.XXXXXX", tmp);
    assert_non_null(mkdtemp(w->dir));
    strncat(w->dir, "/data", 8);
    arena_init(&w->a, 0);
}

enum status world_try_open(struct world *w, struct error *err)
{
    if (store_open(str_of(w->dir), &w->options, &w->s, err) != STATUS_OK)
        return err->status;
    w->c = store_client_new(w->s, NULL, NULL);
    if (store_reader_open(str_of(w->dir), w->options.vfs, &w->r, err) == STATUS_OK)
        return STATUS_OK;
    world_close(w);
    return err->status;
}

void world_open(struct world *w)
{
    struct error err;
    assert_ok(world_try_open(w, &err));
    struct op op = {.kind = OP_DEFINITION, .body = STR("{}")};
    do_op(w, op);
}

void world_close(struct world *w)
{
    store_reader_close(w->r);
    store_client_free(w->c);
    store_close(w->s);
    w->r = NULL;
    w->c = NULL;
    w->s = NULL;
}

void world_done(struct world *w)
{
    char path[TEST_PATH_BYTES];
    world_close(w);
    arena_done(&w->a);
    remove_tree(outer(w, path));
}

int world_setup(void **state)
{
    struct world *w = malloc(sizeof(*w));
    assert_non_null(w);
    world_init(w);
    world_open(w);
    *state = w;
    return 0;
}

int world_teardown(void **state)
{
    world_done(*state);
    free(*state);
    return 0;
}

const char *world_path(const struct world *w, const char *name, char path[TEST_PATH_BYTES])
{
    check((size_t)snprintf(path, TEST_PATH_BYTES, "%s/%s", w->dir, name) < TEST_PATH_BYTES);
    return path;
}

/* ---- writes ---- */

static enum status run_op(struct store_tx *tx, const struct op *op, struct error *err)
{
    int64_t id;
    struct store_machine machine = {.id = op->id,
                                    .name = op->body,
                                    .type = STR("STANDARD"),
                                    .definition = 1,
                                    .created_ms = 5,
                                    .properties = STR("p")};
    struct store_step step = {op->number, op->id, op->prev, op->body};
    struct store_message message = {op->id, (uint32_t)op->number, op->prev, op->body};
    struct store_ending ending = {(enum store_status)op->number, op->time, 7, op->body, op->body};
    switch (op->kind) {
    case OP_DEFINITION: return store_tx_put_definition(tx, op->body, op->body, &id, err);
    case OP_MACHINE: return store_tx_put_machine(tx, &machine, err);
    case OP_START: return store_tx_start(tx, &op->execution, err);
    case OP_APPEND: return store_tx_append(tx, &step, err);
    case OP_WAITING: return store_tx_set_waiting(tx, op->id, op->is_pending, op->time, err);
    case OP_END: return store_tx_end(tx, op->id, &ending, err);
    case OP_REDRIVE: return store_tx_redrive(tx, op->id, op->time, err);
    case OP_EXPIRE: return store_tx_expire(tx, op->id, err);
    case OP_DOCUMENT: return store_tx_put_document(tx, op->id, op->number, op->body, err);
    case OP_SNAPSHOT: return store_tx_put_snapshot(tx, op->id, op->number, op->body, err);
    case OP_SEND: return store_tx_send(tx, &message, err);
    case OP_RECEIVE: return store_tx_receive(tx, op->id, err);
    case OP_START_RUN: return store_tx_start_map_run(tx, &op->run, err);
    case OP_SET_RUN: return store_tx_set_map_run(tx, &op->run, err);
    case OP_REPLY: store_tx_reply(tx, op->body); return STATUS_OK;
    case OP_REFUSE: return error_set(err, STATUS_INVALID, "Refused", "as the test wants it");
    }
    unreachable();
}

enum status run_ops(struct store_tx *tx, str args, struct arena *scratch, struct error *err)
{
    (void)arena_alloc(scratch, 100);
    const struct op *ops = (const struct op *)(const void *)args.p;
    for (size_t i = 0; i < args.n / sizeof(*ops); i++)
        if (run_op(tx, &ops[i], err) != STATUS_OK)
            return err->status;
    return STATUS_OK;
}

enum status try_ops(struct world *w, const struct op *ops, size_t count, struct error *err)
{
    struct store_unit u = {.run = run_ops, .args = {(const char *)ops, count * sizeof(*ops)}};
    enum status status = store_perform(w->c, &u, err);
    store_unit_done(&u);
    return status;
}

void do_ops(struct world *w, const struct op *ops, size_t count)
{
    struct error err;
    assert_ok(try_ops(w, ops, count, &err));
}

void do_op(struct world *w, struct op op)
{
    do_ops(w, &op, 1);
}

struct store_execution sample_execution(struct world *w, const char *name)
{
    struct store_execution e = {.id = store_new_id(w->s),
                                .machine = 1,
                                .definition = 1,
                                .name = str_of(name),
                                .status = STORE_RUNNING,
                                .due_ms = STORE_NEVER,
                                .started_ms = 1700000000000};
    e.shard = (uint32_t)(e.id % STORE_SHARDS);
    return e;
}

int64_t start_execution(struct world *w, const char *name)
{
    struct op op = {.kind = OP_START, .execution = sample_execution(w, name)};
    do_op(w, op);
    return op.execution.id;
}

int64_t append_step(struct world *w, int64_t execution, int64_t prev, const char *body)
{
    struct op op = {.kind = OP_APPEND,
                    .id = execution,
                    .prev = prev,
                    .number = store_new_id(w->s),
                    .body = str_of(body)};
    do_op(w, op);
    return op.number;
}

int64_t append_steps(struct world *w, int64_t execution, int64_t prev, size_t count,
                     const char *body)
{
    struct op *ops = calloc(count, sizeof(*ops));
    assert_non_null(ops);
    for (size_t i = 0; i < count; i++) {
        ops[i] = (struct op){.kind = OP_APPEND,
                             .id = execution,
                             .prev = prev,
                             .number = store_new_id(w->s),
                             .body = str_of(body)};
        prev = ops[i].number;
    }
    do_ops(w, ops, count);
    free(ops);
    return prev;
}

void end_execution(struct world *w, int64_t execution, enum store_status status, int64_t stopped_ms)
{
    struct op op = {.kind = OP_END, .id = execution, .number = status, .time = stopped_ms};
    do_op(w, op);
}

/* ---- looking at the file ---- */

char *sql_text(struct world *w, const char *sql)
{
    char path[TEST_PATH_BYTES];
    sqlite3 *db;
    sqlite3_stmt *s;
    assert_int_equal(sqlite3_open(world_path(w, "afflux.db", path), &db), SQLITE_OK);
    if (sqlite3_prepare_v2(db, sql, -1, &s, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(db));
    char *text = NULL;
    if (sqlite3_step(s) == SQLITE_ROW && sqlite3_column_text(s, 0))
        text = strdup((const char *)sqlite3_column_text(s, 0));
    sqlite3_finalize(s);
    sqlite3_close(db);
    return text;
}

int64_t sql_number(struct world *w, const char *sql)
{
    char *text = sql_text(w, sql);
    int64_t number = text ? strtoll(text, NULL, 10) : -1;
    free(text);
    return number;
}

void assert_whole(struct world *w)
{
    struct error err;
    assert_ok(store_verify(w->r, &err));
}
