/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A step becomes one unit of the store: the message it received goes, its records are appended, an
 * ending, a snapshot and messages to others are written, all or nothing. back.c hands it over and
 * takes it back.
 *
 * Executions that are not kept need no unit, unless they send a message.
 */
#include "engine/engine_internal.h"
#include "engine/map_run.h"
#include "engine/shard.h"
#include "json/write.h"
#include <stdlib.h>

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

/* Commits are made again and again: those that are done lie in a list, with their memory. */
static struct engine_commit *commit_take(struct engine *e)
{
    struct engine_commit *c = e->idle_commits;
    if (c) {
        e->idle_commits = c->next;
        e->idle_commit_count--;
        return c;
    }
    c = calloc(1, sizeof(*c));
    check(c != NULL);
    buf_init(&c->step, SIZE_MAX / 2);
    buf_init(&c->snapshot, SIZE_MAX / 2);
    buf_init(&c->texts, SIZE_MAX / 2);
    c->unit.run = write_unit;
    c->unit.args = (str){(const char *)&c->args, sizeof(c->args)};
    return c;
}

static struct engine_commit *commit_new(struct engine *e, struct engine_execution *ex)
{
    struct engine_commit *c = commit_take(e);
    c->engine = e;
    c->ex = ex;
    c->event = NULL;
    c->action_count = 0;
    c->is_sleep = false;
    c->args = (struct commit_args){
        .now_ms = e->turn_ms, .messages = c->args.messages, .message_cap = c->args.message_cap};
    if (ex)
        c->args.row = ex->row;
    c->previous = NULL;
    c->next = e->commits;
    if (c->next)
        c->next->previous = c;
    e->commits = c;
    return c;
}

static void commit_destroy(struct engine_commit *c)
{
    buf_done(&c->step);
    buf_done(&c->snapshot);
    buf_done(&c->texts);
    free(c->args.messages);
    free(c->actions);
    free(c);
}

enum { MAX_IDLE_COMMITS = 2048, IDLE_BYTES = 2048 };

static void empty(struct buf *b)
{
    if (b->cap > IDLE_BYTES)
        buf_done(b);
    else
        buf_clear(b);
}

void engine_commit_free(struct engine_commit *c)
{
    struct engine *e = c->engine;
    if (c->next)
        c->next->previous = c->previous;
    if (c->previous)
        c->previous->next = c->next;
    else
        e->commits = c->next;
    store_unit_done(&c->unit);
    engine_event_free(c->event);
    if (e->is_closing || e->idle_commit_count == MAX_IDLE_COMMITS) {
        commit_destroy(c);
        return;
    }
    empty(&c->step);
    empty(&c->snapshot);
    empty(&c->texts);
    c->next = e->idle_commits;
    e->idle_commits = c;
    e->idle_commit_count++;
}

void engine_commits_done(struct engine *e)
{
    while (e->commits)
        engine_commit_free(e->commits);
    while (e->idle_commits)
        commit_destroy(commit_take(e));
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

/* ---- messages that it sends ---- */

static void add_message(struct engine_commit *c, int64_t to, uint32_t shard,
                        const struct engine_message *m)
{
    struct commit_args *a = &c->args;
    size_t from = c->texts.n;
    if (a->message_count == a->message_cap) {
        a->message_cap = a->message_cap ? a->message_cap * 2 : 2;
        a->messages = realloc(a->messages, sizeof(*a->messages) * a->message_cap);
        check(a->messages != NULL);
    }
    engine_message_write(m, &c->texts);
    a->messages[a->message_count++] = (struct store_message){
        .id = store_new_id(c->engine->store),
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

/* The child of a task that is cancelled is stopped by a message, so that it hears of it whatever
 * happens in between. */
static void stop_child(struct engine_commit *c, const struct asl_command *command)
{
    struct engine_execution *ex = c->ex;
    struct engine_child_ref *child = engine_child_find(ex, command->frame, command->attempt);
    if (!child || !child->is_kept)
        return;
    struct engine_message stop = {.kind = ASL_EVENT_STOP};
    add_message(c, child->id, child->shard, &stop);
    engine_child_drop(ex, command->frame, command->attempt);
}

static void take_actions(struct engine_commit *c, const struct asl_out *out)
{
    if (out->command_count == 0)
        return;
    if (out->command_count > c->action_cap) {
        free(c->actions);
        c->actions = malloc(sizeof(*c->actions) * out->command_count);
        check(c->actions != NULL);
        c->action_cap = out->command_count;
    }
    for (uint32_t i = 0; i < out->command_count; i++) {
        const struct asl_command *command = &out->commands[i];
        if (command->kind == ASL_CANCEL_TASK)
            stop_child(c, command);
        c->actions[c->action_count++] = (struct engine_action){
            .kind = command->kind, .frame = command->frame, .attempt = command->attempt};
    }
}

/* ---- what it writes ---- */

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
    if (!engine_has_parent(ex))
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
    c->ex->snapshot_bytes = c->snapshot.n;
}

enum { SNAPSHOT_SHARE = 8, SLEEP_SHARE = 16 };

/* A large execution is not written anew for a few records more: at most eight times what they are.
 * One that goes to sleep is written sooner, but not for records that are as quickly read. */
static bool wants_snapshot(const struct engine_execution *ex, uint32_t sooner)
{
    return (ex->records >= ENGINE_SNAPSHOT_RECORDS / sooner ||
            ex->bytes >= ENGINE_SNAPSHOT_BYTES / sooner) &&
           ex->bytes >= ex->snapshot_bytes / SNAPSHOT_SHARE;
}

static void add_records(struct engine_commit *c)
{
    struct engine_execution *ex = c->ex;
    const struct asl_out *out = &c->engine->out;
    asl_encode_batch(out, &c->step);
    c->args.is_start = ex->row.tail == 0;
    c->args.step = (struct store_step){.id = store_new_id(c->engine->store),
                                       .execution = ex->row.id,
                                       .prev = ex->row.tail,
                                       .body = buf_str(&c->step)};
    ex->row.tail = c->args.step.id;
    ex->records += out->record_count;
    ex->bytes += c->step.n;
}

/* What brings it back when this process is gone. */
static void set_waiting(struct engine_commit *c, bool is_pending, int64_t due_ms)
{
    c->args.sets_waiting = true;
    c->args.is_pending = is_pending;
    c->args.due_ms = due_ms;
    c->ex->row.is_pending = is_pending;
}

static void fill(struct engine_commit *c)
{
    struct engine_execution *ex = c->ex;
    const struct asl_exec *x = ex->x;
    bool is_over = asl_exec_is_over(x);
    c->args.is_redrive = x->redrive_count > ex->row.redrives;
    if (c->engine->out.record_count > 0)
        add_records(c);
    if (is_over && (!ex->is_ended || c->args.is_redrive)) {
        add_ending(c);
        ex->row.is_pending = false;
    } else if (!is_over) {
        if (wants_snapshot(ex, 1))
            add_snapshot(c);
        if (c->args.is_redrive)
            ex->row.is_pending = true;
        else if (!ex->row.is_pending)
            set_waiting(c, true, STORE_NEVER);
    }
    ex->row.redrives = x->redrive_count;
}

static void submit(struct engine_commit *c)
{
    if (c->ex)
        c->ex->in_flight = c;
    settle_messages(c);
    engine_point(c->engine, "before commit");
    engine_submit(c);
}

/* An execution that is not kept has nothing to wait for. */
static void go_on(struct engine_commit *c)
{
    struct engine_execution *ex = c->ex;
    engine_tell_asker_and_parent(ex);
    engine_event_tell(c->event, NULL);
    engine_committed(ex, c->actions, c->action_count);
    engine_commit_free(c);
}

void engine_commit(struct engine_execution *ex, struct engine_event *ev)
{
    struct engine_commit *c = commit_new(ex->engine, ex);
    c->event = ev;
    take_actions(c, &ex->engine->out);
    if (ev && ev->send.to != 0)
        add_message(c, ev->send.to, ev->send.shard, &ev->send.message);
    if (!ex->is_kept && c->args.message_count == 0) {
        go_on(c);
        return;
    }
    if (ex->is_kept) {
        c->args.received = ev ? ev->message : 0;
        fill(c);
    }
    submit(c);
}

void engine_commit_sleep(struct engine_execution *ex)
{
    struct engine_commit *c = commit_new(ex->engine, ex);
    c->is_sleep = true;
    if (wants_snapshot(ex, SLEEP_SHARE)) {
        add_snapshot(c);
        c->args.step.id = ex->row.tail;
    }
    int64_t due_ms = asl_exec_due(ex->x),
            latest_ms = engine_now_ms(ex->engine) + MAP_CHILD_SLEEP_MS;
    if (ex->row.map_run != 0 && due_ms > latest_ms)
        due_ms = latest_ms;
    set_waiting(c, false, due_ms);
    submit(c);
}

void engine_commit_receive(struct engine *e, int64_t message)
{
    struct engine_commit *c = commit_new(e, NULL);
    c->args.received = message;
    submit(c);
}
