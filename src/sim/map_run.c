/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Map runs in memory: children are begun as far as there is room, counted as they end, stopped when
 * the run fails or is cancelled, and run again by a redrive. A run is moved by its entry in the
 * agenda (the pump), one child at a time. What it leaves is written by map_output.c.
 */
#include "asl/map_batch.h"
#include "asl/map_item.h"
#include "asl/token.h"
#include "base/check.h"
#include "json/parse.h"
#include "json/write.h"
#include "sim/sim_internal.h"
#include <stdlib.h>

static struct asl_exec *parent_of(const struct sim *s, const struct sim_run *r)
{
    return s->execs[r->exec] ? s->execs[r->exec]->x : NULL;
}

static void plan_pump(struct sim *s, struct sim_run *r)
{
    if (!r->is_pumped)
        sim_agenda_add(&s->agenda, s->now_ms, SIM_PUMP, r->number, NULL);
    r->is_pumped = true;
}

/* The run fails by something other than its children. */
static void run_fail(struct sim_run *r, str error, str cause)
{
    if (r->run.status != ASL_MAP_RUN_IS_RUNNING)
        return;
    asl_map_run_end(&r->run, ASL_MAP_RUN_IS_FAILED);
    r->has_error = true;
    r->error = arena_dup(&r->arena, error);
    r->cause = arena_dup(&r->arena, cause);
}

/* ---- its beginning ---- */

static bool find_items(struct sim *s, const struct sim_exec *e, const struct asl_command *c,
                       struct sim_run *r)
{
    struct sim_answer a;
    r->items = r->plan.items;
    if (r->items.tag != JSON_ARRAY) {
        if (!sim_answer_items(s, e, c, &a, &r->found))
            return false;
        r->items = r->found ? json_doc_root(r->found) : json_array(NULL, 0);
        if (!r->found)
            run_fail(r, a.has_error ? a.error : STR("States.ItemReaderFailed"), a.cause);
    }
    if (r->plan.max_items > 0 && r->items.len > r->plan.max_items)
        r->items.len = (uint32_t)r->plan.max_items;
    asl_map_run_found(&r->run, r->items.len);
    asl_map_run_all_found(&r->run);
    return true;
}

void sim_run_start(struct sim *s, const struct sim_exec *e, const struct asl_command *c)
{
    struct sim_run *r = calloc(1, sizeof(*r));
    check(r != NULL);
    s->runs = sim_grow(s->runs, s->run_count, &s->run_cap, sizeof(*s->runs));
    r->number = s->run_count;
    s->runs[s->run_count++] = r;
    arena_init(&r->arena, 0);
    r->exec = e->number;
    r->frame = c->frame;
    r->attempt = c->attempt;
    r->state = c->state;
    r->arguments = json_doc_ref(c->arguments->json);
    asl_map_run_plan_read(c->arguments->root, c->state, s->options.asl.strict, &r->plan);
    asl_map_run_init(&r->run, &r->plan);
    r->source = asl_map_run_source(&r->plan, r->state, &r->arena);
    if (!find_items(s, e, c, r))
        return;
    r->is_open = true;
    s->open_runs++;
    plan_pump(s, r);
}

void sim_run_free(struct sim_run *r)
{
    arena_done(&r->arena);
    json_doc_unref(r->arguments);
    json_doc_unref(r->found);
    free(r->children);
    free(r);
}

/* ---- children ---- */

/* An item as its child sees it, added to the batch. */
static enum asl_map_batch_added add_item(struct sim *s, struct sim_run *r,
                                         struct asl_map_batch *batch)
{
    struct asl_item_failure failed;
    struct asl_map_item item = {.value = r->items.items[r->next_item],
                                .has_keys = r->plan.has_keys,
                                .index = r->next_item,
                                .source = r->source,
                                .now_ms = s->now_ms,
                                .seed = sim_seed(s)};
    enum asl_map_batch_added added = ASL_MAP_BATCH_TOO_LARGE;
    struct json_val value;
    if (asl_map_item(parent_of(s, r), r->frame, &item, &s->item_out, &value, &failed) != STATUS_OK)
        run_fail(r, failed.error, failed.cause);
    else
        added = asl_map_batch_add(batch, value);
    asl_out_reset(&s->item_out);
    return added;
}

/* The input of the next child. False when there is none: the run has failed. */
static bool next_input(struct sim *s, struct sim_run *r, struct buf *out, uint64_t *ret_items)
{
    struct asl_map_batch batch;
    enum asl_map_batch_added added = ASL_MAP_BATCH_TAKEN;
    enum json_numbers numbers = asl_map_numbers(r->state, s->options.asl.strict);
    asl_map_batch_begin(&batch, &r->plan, numbers, out);
    while (r->next_item < r->items.len && added == ASL_MAP_BATCH_TAKEN) {
        added = add_item(s, r, &batch);
        r->next_item += added == ASL_MAP_BATCH_TAKEN;
    }
    asl_map_batch_end(&batch);
    *ret_items = batch.count;
    if (added == ASL_MAP_BATCH_TOO_LARGE || !buf_ok(out) ||
        (s->options.asl.strict && out->n > ASL_MAX_PAYLOAD)) {
        r->next_item -= (uint32_t)batch.count;
        run_fail(r, STR("States.DataLimitExceeded"),
                 STR("The input of a child execution exceeds the maximum number of bytes."));
        return false;
    }
    return true;
}

static struct sim_child *add_child(struct sim_run *r, str input, uint64_t items)
{
    r->children = sim_grow(r->children, r->child_count, &r->child_cap, sizeof(*r->children));
    struct sim_child *c = &r->children[r->child_count++];
    *c = (struct sim_child){.items = items, .exec = SIM_NONE};
    c->facts.type = r->state->map.execution_type;
    c->facts.input = arena_dup(&r->arena, input);
    return c;
}

/* arn:aws:states:REGION:ACCOUNT of the run, and NAME/LABEL. */
static void name_child(struct sim_run *r, struct sim_child *c, uint32_t index)
{
    size_t scope = str_find(r->plan.arn, STR(":mapRun:"), 0);
    size_t label = scope + sizeof(":mapRun:") - 1;
    check(scope != STR_NONE);
    size_t end = str_find_byte(r->plan.arn, ':', label);
    str prefix = str_sub(r->plan.arn, 0, scope), machine = str_sub(r->plan.arn, label, end);
    bool is_express = c->facts.type == ASL_EXPRESS;
    c->facts.name = asl_uuid_of(r->plan.arn, index, 0, &r->arena);
    str uuid = asl_uuid_of(r->plan.arn, index, (uint64_t)c->facts.redrive_count + 1, &r->arena);
    c->facts.state_machine_arn =
        arena_printf(&r->arena, "%.*s:stateMachine:%.*s", STR_ARG(prefix), STR_ARG(machine));
    c->facts.execution_arn =
        arena_printf(&r->arena, "%.*s:%s:%.*s:%.*s%s%.*s", STR_ARG(prefix),
                     is_express ? "express" : "execution", STR_ARG(machine), STR_ARG(c->facts.name),
                     is_express ? ":" : "", is_express ? (int)uuid.n : 0, uuid.p);
}

static void start_child(struct sim *s, struct sim_run *r, struct sim_child *c, bool is_again)
{
    const struct asl_exec *parent = parent_of(s, r);
    struct sim_exec *e = sim_exec_new(s, r->state->map.processor, c->facts.type);
    struct error err;
    e->run = r;
    e->child = (uint32_t)(c - r->children);
    name_child(r, c, e->child);
    struct asl_identity identity = {.id = c->facts.execution_arn,
                                    .name = c->facts.name,
                                    .role_arn = parent->identity.role_arn,
                                    .state_machine_id = c->facts.state_machine_arn,
                                    .state_machine_name = parent->identity.state_machine_name,
                                    .start_ms = s->now_ms};
    c->exec = e->number;
    c->is_running = true;
    c->facts.start_ms = s->now_ms;
    c->facts.status = ASL_EXEC_RUNNING;
    asl_map_run_child_started(&r->run, c->items, is_again);
    enum status status = sim_exec_start(s, e, c->facts.input, &identity, &err);
    if (status != STATUS_OK)
        sim_fail(s, status, err.name, "%s", err.message);
}

/* A child that a redrive runs again: a Standard one goes on where it failed, an Express one begins
 * anew. */
static void start_again(struct sim *s, struct sim_run *r, struct sim_child *c)
{
    struct asl_event event = {.kind = ASL_EVENT_REDRIVE};
    struct error err;
    c->is_waiting = false;
    c->facts.redrive_count += c->facts.status != ASL_EXEC_NEW;
    if (c->exec == SIM_NONE) {
        start_child(s, r, c, true);
        return;
    }
    struct sim_exec *e = s->execs[c->exec];
    e->is_noted = false;
    c->is_running = true;
    asl_map_run_child_started(&r->run, c->items, true);
    enum status status = sim_exec_step(s, e, &event, &err);
    if (status == STATUS_CONFLICT) { /* it cannot be redriven: as if it had failed again */
        e->is_noted = true;
        sim_run_child_over(s, e);
    } else if (status != STATUS_OK) {
        sim_fail(s, status, err.name, "%s", err.message);
    }
}

static struct sim_child *next_again(struct sim_run *r)
{
    while (r->again_at < r->child_count && !r->children[r->again_at].is_waiting)
        r->again_at++;
    return r->again_at < r->child_count ? &r->children[r->again_at] : NULL;
}

void sim_run_child_over(struct sim *s, struct sim_exec *e)
{
    struct sim_run *r = e->run;
    struct sim_child *c = &r->children[e->child];
    const struct asl_exec *x = e->x;
    struct buf text;
    buf_init(&text, JSON_MAX_TEXT);
    c->is_running = false;
    c->facts.status = x->status;
    c->facts.stop_ms = s->now_ms;
    c->facts.has_error = x->has_error;
    c->facts.has_cause = x->has_cause;
    c->facts.error = arena_dup(&r->arena, x->error);
    c->facts.cause = arena_dup(&r->arena, x->cause);
    if (x->status == ASL_EXEC_SUCCEEDED && json_write(&text, x->output->root, 0, NULL) != STATUS_OK)
        sim_fail(s, STATUS_LIMIT, "JsonTooLarge", "the output of a child execution is too large");
    c->facts.output = arena_dup(&r->arena, buf_str(&text));
    buf_done(&text);
    asl_map_run_child_ended(&r->run, c->items, x->status);
    if (x->status == ASL_EXEC_SUCCEEDED || x->type == ASL_EXPRESS) {
        c->exec = SIM_NONE;
        sim_exec_free(s, e->number);
    }
    plan_pump(s, r);
}

/* ---- the pump ---- */

static void begin_next(struct sim *s, struct sim_run *r)
{
    struct sim_child *again = next_again(r);
    if (again) {
        start_again(s, r, again);
        return;
    }
    struct buf input;
    uint64_t items;
    buf_init(&input, JSON_MAX_TEXT);
    if (next_input(s, r, &input, &items))
        start_child(s, r, add_child(r, buf_str(&input), items), false);
    buf_done(&input);
}

/* One child is stopped; false when none runs any more. */
static bool stop_next(struct sim *s, struct sim_run *r)
{
    struct asl_event event = {.kind = ASL_EVENT_STOP};
    struct error err;
    while (r->stop_at < r->child_count && !r->children[r->stop_at].is_running)
        r->stop_at++;
    if (r->stop_at == r->child_count)
        return false;
    enum status status = sim_exec_step(s, s->execs[r->children[r->stop_at].exec], &event, &err);
    if (status != STATUS_OK)
        sim_fail(s, status, err.name, "%s", err.message);
    return true;
}

/* Items that a failed run leaves: their inputs, for the file of those that did not begin. */
static void note_pending(struct sim *s, struct sim_run *r)
{
    struct buf input;
    uint64_t items;
    if (!r->state->map.writer || !r->state->map.writer->has_resource || !parent_of(s, r))
        return;
    buf_init(&input, JSON_MAX_TEXT);
    while (r->next_item < r->items.len && next_input(s, r, &input, &items)) {
        asl_map_run_child_planned(&r->run, items);
        add_child(r, buf_str(&input), items)->is_waiting = true;
        buf_clear(&input);
    }
    buf_done(&input);
}

static void run_over(struct sim *s, struct sim_run *r)
{
    r->is_open = false;
    s->open_runs--;
    if (r->run.status == ASL_MAP_RUN_IS_FAILED && !r->has_error)
        note_pending(s, r);
    if (r->run.status != ASL_MAP_RUN_IS_ABORTED)
        sim_run_close(s, r);
}

void sim_run_pump(struct sim *s, struct sim_run *r)
{
    r->is_pumped = false;
    if (!r->is_open)
        return;
    if (r->run.status == ASL_MAP_RUN_IS_RUNNING && asl_map_run_room(&r->run) > 0) {
        begin_next(s, r);
        plan_pump(s, r);
    } else if (r->run.status != ASL_MAP_RUN_IS_RUNNING) {
        if (stop_next(s, r))
            plan_pump(s, r);
        else
            run_over(s, r);
    }
}

/* ---- what its execution asks ---- */

static struct sim_run *find_run(struct sim *s, const struct sim_exec *e,
                                const struct asl_command *c)
{
    for (uint32_t i = s->run_count; i-- > 0;) {
        if (s->runs[i]->exec == e->number && s->runs[i]->frame == c->frame)
            return s->runs[i];
    }
    return NULL;
}

void sim_run_cancel(struct sim *s, const struct sim_exec *e, const struct asl_command *c)
{
    struct sim_run *r = find_run(s, e, c);
    if (!r || !r->is_open)
        return;
    asl_map_run_end(&r->run, ASL_MAP_RUN_IS_ABORTED);
    plan_pump(s, r);
}

void sim_run_redrive(struct sim *s, const struct sim_exec *e, const struct asl_command *c)
{
    struct sim_run *r = find_run(s, e, c);
    check(r && !r->is_open);
    r->attempt = c->attempt;
    r->has_error = false;
    r->again_at = r->stop_at = 0;
    for (uint32_t i = 0; i < r->child_count; i++)
        r->children[i].is_waiting = r->children[i].facts.status != ASL_EXEC_SUCCEEDED;
    asl_map_run_redrive(&r->run);
    r->is_open = true;
    s->open_runs++;
    plan_pump(s, r);
}
