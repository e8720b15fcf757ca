/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A step becomes one unit of the store: the message it received goes, its records are appended, an
 * ending, a snapshot and messages to others are written, all or nothing. When it comes back
 * durable, its commands are performed. When it does not, what is in memory is thrown away and read
 * again: one path, instead of an undo.
 *
 * Executions that are not kept come back at once.
 */
#include "engine/engine_internal.h"
#include "engine/shard.h"
#include "json/write.h"
#include <stdlib.h>

/* What the unit writes; lies in struct engine_commit, whose memory is untouched until it is back.
 */
struct commit_args {
    int64_t received; /* message */
    bool is_start;
    struct store_execution row;
    struct store_step step;
    str snapshot;
    bool has_ending;
    struct store_ending ending;
    bool is_redrive;
    bool sets_waiting, is_pending;
    int64_t due_ms, now_ms;
    struct store_message messages[2]; /* to a parent, to whoever an answer is for */
    uint32_t message_count;
};

struct engine_commit {
    struct store_unit unit;
    struct engine_execution *ex;
    struct commit_args args;
    struct buf step, snapshot, texts;
    struct engine_action *actions;
    uint32_t action_count;
    bool is_sleep;
};

/* ---- on the store's thread ---- */

static enum status write_execution(struct store_tx *tx, const struct commit_args *a,
                                   struct error *err)
{
    enum status status = STATUS_OK;
    int64_t id = a->row.id;
    if (a->is_start)
        status = store_tx_start(tx, &a->row, err);
    if (status == STATUS_OK && a->is_redrive)
        status = store_tx_redrive(tx, id, a->now_ms, err);
    if (status == STATUS_OK && a->step.body.n > 0)
        status = store_tx_append(tx, &a->step, err);
    if (status == STATUS_OK && a->snapshot.n > 0)
        status = store_tx_put_snapshot(tx, id, a->step.id, a->snapshot, err);
    if (status == STATUS_OK && a->has_ending)
        status = store_tx_end(tx, id, &a->ending, err);
    if (status == STATUS_OK && a->sets_waiting)
        status = store_tx_set_waiting(tx, id, a->is_pending, a->due_ms, err);
    return status;
}

static enum status write_unit(struct store_tx *tx, str args, struct arena *scratch,
                              struct error *err)
{
    const struct commit_args *a = (const struct commit_args *)(const void *)args.p;
    enum status status = STATUS_OK;
    (void)scratch;
    if (a->received != 0)
        status = store_tx_receive(tx, a->received, err);
    if (status == STATUS_OK)
        status = write_execution(tx, a, err);
    for (uint32_t i = 0; i < a->message_count && status == STATUS_OK; i++)
        status = store_tx_send(tx, &a->messages[i], err);
    return status;
}

/* ---- making one ---- */

static struct engine_commit *commit_new(struct engine_execution *ex)
{
    struct engine_commit *c = calloc(1, sizeof(*c));
    check(c != NULL);
    c->ex = ex;
    c->unit.run = write_unit;
    c->unit.args = (str){(const char *)&c->args, sizeof(c->args)};
    buf_init(&c->step, SIZE_MAX / 2);
    buf_init(&c->snapshot, SIZE_MAX / 2);
    buf_init(&c->texts, SIZE_MAX / 2);
    c->args.row = ex->row;
    c->args.now_ms = engine_now_ms(ex->engine);
    return c;
}

void engine_commit_free(struct engine_commit *c)
{
    store_unit_done(&c->unit);
    buf_done(&c->step);
    buf_done(&c->snapshot);
    buf_done(&c->texts);
    free(c->actions);
    free(c);
}

static void take_actions(struct engine_commit *c, const struct asl_out *out)
{
    if (out->command_count == 0)
        return;
    c->actions = malloc(sizeof(*c->actions) * out->command_count);
    check(c->actions != NULL);
    for (uint32_t i = 0; i < out->command_count; i++)
        c->actions[c->action_count++] = (struct engine_action){
            .kind = out->commands[i].kind,
            .frame = out->commands[i].frame,
            .attempt = out->commands[i].attempt,
        };
}

static enum store_status kept_status(enum asl_status status)
{
    switch (status) {
    case ASL_EXEC_SUCCEEDED: return STORE_SUCCEEDED;
    case ASL_EXEC_FAILED: return STORE_FAILED;
    case ASL_EXEC_TIMED_OUT: return STORE_TIMED_OUT;
    case ASL_EXEC_ABORTED: return STORE_ABORTED;
    case ASL_EXEC_NEW:
    case ASL_EXEC_RUNNING: break;
    }
    return STORE_RUNNING;
}

static void add_message(struct engine_commit *c, int64_t to, uint32_t shard,
                        const struct engine_message *m)
{
    struct commit_args *a = &c->args;
    size_t from = c->texts.n;
    engine_message_write(m, &c->texts);
    a->messages[a->message_count++] = (struct store_message){
        .id = store_new_id(c->ex->engine->store),
        .shard = shard,
        .execution = to,
        .body = {NULL, c->texts.n - from}, /* the pointer when the buffer no longer moves */
    };
}

static void settle_messages(struct engine_commit *c)
{
    size_t at = 0;
    for (uint32_t i = 0; i < c->args.message_count; i++) {
        c->args.messages[i].body.p = c->texts.p + at;
        at += c->args.messages[i].body.n;
    }
}

/* How it ended, for its row, and for the parent that waits. */
static void add_ending(struct engine_commit *c)
{
    struct engine_execution *ex = c->ex;
    const struct asl_exec *x = ex->x;
    struct commit_args *a = &c->args;
    a->has_ending = true;
    a->ending = (struct store_ending){
        .status = kept_status(x->status),
        .stopped_ms = x->stop_ms,
        .output = x->output ? (int64_t)x->output->number : 0,
        .error = x->has_error ? x->error : (str){0}, /* live as long as the execution */
        .cause = x->has_cause ? x->cause : (str){0},
    };
    if (ex->row.parent == 0)
        return;
    struct arena scratch;
    struct engine_message m;
    arena_init(&scratch, 0);
    engine_child_message(ex, &m, &scratch);
    add_message(c, ex->row.parent, ex->row.shard, &m);
    arena_done(&scratch);
}

static void add_snapshot(struct engine_commit *c)
{
    asl_snapshot_write(c->ex->x, &c->snapshot);
    c->args.snapshot = buf_str(&c->snapshot);
    c->ex->records = 0;
    c->ex->bytes = 0;
}

static void submit(struct engine_commit *c)
{
    struct engine *e = c->ex->engine;
    struct error err;
    c->ex->in_flight = c;
    settle_messages(c);
    e->figures.in_flight++;
    while (store_submit(e->client, &c->unit, &err) != STATUS_OK) {
        store_wait(e->client); /* the store is behind: wait for some to come back */
        engine_take_back(e);
    }
}

void engine_commit(struct engine_execution *ex, int64_t message, const struct engine_send *send)
{
    struct engine *e = ex->engine;
    const struct asl_out *out = &e->out;
    struct engine_commit *c = commit_new(ex);
    bool has_ended = asl_exec_is_over(ex->x) && !ex->is_ended;
    take_actions(c, out);
    if (!ex->is_kept) {
        ex->in_flight = NULL;
        if (has_ended && ex->row.parent != 0)
            engine_tell_parent(ex);
        engine_committed(ex, c->actions, c->action_count);
        engine_commit_free(c);
        return;
    }
    c->args.received = message;
    if (out->record_count > 0) {
        asl_encode_batch(out, &c->step);
        c->args.is_start = ex->row.tail == 0;
        c->args.step = (struct store_step){.id = store_new_id(e->store),
                                           .execution = ex->row.id,
                                           .prev = ex->row.tail,
                                           .body = buf_str(&c->step)};
        if (c->args.is_start)
            c->args.row.is_pending = true;
        c->args.is_redrive = ex->is_ended && !asl_exec_is_over(ex->x);
        ex->row.tail = c->args.step.id;
        ex->records += out->record_count;
        ex->bytes += c->step.n;
    }
    if (has_ended)
        add_ending(c);
    else if (ex->records >= ENGINE_SNAPSHOT_RECORDS || ex->bytes >= ENGINE_SNAPSHOT_BYTES)
        add_snapshot(c);
    if (send->to != 0)
        add_message(c, send->to, send->shard, &send->message);
    submit(c);
}

void engine_commit_sleep(struct engine_execution *ex)
{
    struct engine_commit *c = commit_new(ex);
    c->is_sleep = true;
    if (ex->records > 0) {
        add_snapshot(c);
        c->args.step.id = ex->row.tail;
    }
    c->args.sets_waiting = true;
    c->args.due_ms = asl_exec_due(ex->x);
    submit(c);
}

/* ---- back again ---- */

static void deliver_all(struct engine *e, const struct commit_args *a)
{
    for (uint32_t i = 0; i < a->message_count; i++)
        engine_deliver(e, a->messages[i].execution, a->messages[i].id, a->messages[i].body);
}

static void come_back(struct engine_commit *c)
{
    struct engine_execution *ex = c->ex;
    struct engine *e = ex->engine;
    e->figures.in_flight--;
    ex->in_flight = NULL;
    if (c->unit.status != STATUS_OK) {
        if (c->args.is_start)
            engine_refuse(ex, &c->unit.error);
        else
            engine_execution_reload(ex);
        return;
    }
    if (c->is_sleep && !ex->first_event) {
        engine_execution_free(ex);
        return;
    }
    if (c->is_sleep) { /* an event came meanwhile: it is awake after all */
        engine_queue(ex);
        return;
    }
    engine_committed(ex, c->actions, c->action_count);
    deliver_all(e, &c->args);
}

void engine_take_back(void *arg)
{
    struct engine *e = arg;
    atomic_store(&e->is_taken_asked, false);
    for (struct store_unit *u = store_take(e->client), *next; u; u = next) {
        struct engine_commit *c = (struct engine_commit *)(void *)u; /* its first member */
        next = u->next;
        come_back(c);
        engine_commit_free(c);
    }
}

/* On the store's thread. */
void engine_wake(void *arg)
{
    struct engine *e = arg;
    if (!atomic_exchange(&e->is_taken_asked, true))
        loop_post(e->loop, &e->taken_task, engine_take_back, e);
}
