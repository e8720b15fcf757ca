/* SPDX-License-Identifier: Apache-2.0 */
/* The simulation from outside: its beginning and end, turns, time, and what clients can do. */
#include "sim/sim.h"
#include "asl/token.h"
#include "base/check.h"
#include "base/splitmix.h"
#include "json/parse.h"
#include "sim/sim_internal.h"
#include <stdlib.h>

/* ---- helpers of the folder ---- */

void *sim_grow(void *items, uint32_t count, uint32_t *cap, size_t size)
{
    if (count < *cap)
        return items;
    check(count < UINT32_MAX / 2);
    *cap = *cap ? *cap * 2 : 16;
    items = realloc(items, size * *cap);
    check(items != NULL);
    return items;
}

uint64_t sim_seed(struct sim *s)
{
    return splitmix64_at(s->options.seed, ++s->seeds);
}

void sim_fail(struct sim *s, enum status status, const char *name, const char *fmt, ...)
{
    va_list args;
    if (s->failure.status != STATUS_OK)
        return;
    va_start(args, fmt);
    (void)error_vset(&s->failure, status, name, fmt, args);
    va_end(args);
}

enum status sim_failure(const struct sim *s, struct error *err)
{
    if (s->failure.status != STATUS_OK && err)
        *err = s->failure;
    return s->failure.status;
}

/* ---- beginning and end ---- */

static str text_or(struct arena *a, str text, const char *otherwise)
{
    return arena_dup(a, text.n > 0 ? text : str_of(otherwise));
}

struct sim *sim_new(struct asl_definition *definition, enum asl_type type,
                    const struct sim_options *options)
{
    struct sim *s = calloc(1, sizeof(*s));
    check(s != NULL);
    arena_init(&s->arena, 0);
    s->options = *options;
    s->options.account = text_or(&s->arena, options->account, "000000000000");
    s->options.region = text_or(&s->arena, options->region, "us-east-1");
    s->options.machine_name = text_or(&s->arena, options->machine_name, "machine");
    s->options.name = options->name.n > 0
                          ? arena_dup(&s->arena, options->name)
                          : asl_uuid_of(STR("simulation"), options->seed, 0, &s->arena);
    s->definition = asl_definition_ref(definition);
    s->now_ms = options->start_ms;
    s->mock_calls = arena_zalloc(&s->arena, sizeof(*s->mock_calls) * definition->state_count);
    asl_out_init(&s->out);
    asl_out_init(&s->item_out);
    (void)sim_exec_new(s, NULL, type);
    return s;
}

void sim_free(struct sim *s)
{
    if (!s)
        return;
    asl_out_done(&s->out);
    asl_out_done(&s->item_out);
    for (uint32_t i = 0; i < s->exec_count; i++)
        sim_exec_free(s, i);
    for (uint32_t i = 0; i < s->run_count; i++)
        sim_run_free(s->runs[i]);
    for (uint32_t i = 0; i < s->file_count; i++)
        free((char *)(uintptr_t)s->files[i].bucket.p);
    free(s->execs);
    free(s->runs);
    free(s->files);
    sim_agenda_done(&s->agenda);
    asl_definition_unref(s->definition);
    arena_done(&s->arena);
    free(s);
}

enum status sim_start(struct sim *s, str input, struct error *err)
{
    const struct sim_options *o = &s->options;
    struct sim_exec *root = s->execs[0];
    bool is_express = root->x->type == ASL_EXPRESS;
    struct asl_identity identity = {.name = o->name, .state_machine_name = o->machine_name};
    identity.start_ms = s->now_ms;
    identity.role_arn =
        arena_printf(&s->arena, "arn:aws:iam::%.*s:role/simulation", STR_ARG(o->account));
    identity.state_machine_id =
        arena_printf(&s->arena, "arn:aws:states:%.*s:%.*s:stateMachine:%.*s", STR_ARG(o->region),
                     STR_ARG(o->account), STR_ARG(o->machine_name));
    str uuid = asl_uuid_of(identity.state_machine_id, o->seed, 1, &s->arena);
    identity.id = arena_printf(
        &s->arena, "arn:aws:states:%.*s:%.*s:%s:%.*s:%.*s%s%.*s", STR_ARG(o->region),
        STR_ARG(o->account), is_express ? "express" : "execution", STR_ARG(o->machine_name),
        STR_ARG(o->name), is_express ? ":" : "", is_express ? (int)uuid.n : 0, uuid.p);
    return sim_exec_start(s, root, input, &identity, err);
}

/* ---- turns ---- */

/* Does an entry still mean something? Those of tasks that were cancelled do not. */
static bool entry_is_live(const struct sim *s, const struct sim_entry *entry)
{
    if (entry->kind == SIM_PUMP)
        return s->runs[entry->number]->is_pumped;
    const struct sim_exec *e = s->execs[entry->number];
    if (!e || asl_exec_is_over(e->x))
        return false;
    if (entry->kind == SIM_WAKE)
        return e->wake == entry->order;
    const struct asl_frame *f = asl_exec_frame(e->x, entry->news->frame);
    return f && f->attempt == entry->news->attempt &&
           (f->phase == ASL_PHASE_WORKING || f->phase == ASL_PHASE_MAPPING);
}

int64_t sim_next(struct sim *s)
{
    while (s->agenda.count > 0 && !entry_is_live(s, &s->agenda.heap[0]))
        free(sim_agenda_take(&s->agenda).news);
    return s->agenda.count > 0 ? s->agenda.heap[0].at_ms : ASL_NEVER;
}

static enum status turn_news(struct sim *s, struct sim_exec *e, struct sim_news *n,
                             struct error *err)
{
    struct asl_event event = {.kind = n->kind,
                              .frame = n->frame,
                              .attempt = n->attempt,
                              .stage = n->stage,
                              .error = n->error,
                              .cause = n->cause,
                              .worker = n->worker,
                              .has_error = n->has_error,
                              .has_cause = n->has_cause};
    bool has_doc = n->kind == ASL_EVENT_TASK_SUBMITTED || n->kind == ASL_EVENT_TASK_SUCCEEDED ||
                   n->kind == ASL_EVENT_MAP_RUN_SUCCEEDED;
    if (has_doc && json_parse(n->output, NULL, &event.doc, err) != STATUS_OK) {
        const struct asl_frame *f = asl_exec_frame(e->x, n->frame);
        sim_fail(s, STATUS_INVALID, "InvalidAnswer",
                 "the answer for state \"%.*s\" is not JSON: %s", STR_ARG(f->state->name),
                 err->message);
        *err = s->failure;
        return STATUS_INVALID;
    }
    uint32_t number = e->number;
    enum status status = sim_exec_step(s, e, &event, err);
    json_doc_unref(event.doc);
    int64_t again = s->now_ms + n->every_ms;
    if (status == STATUS_OK && n->every_ms > 0 && again < n->until_ms)
        sim_agenda_add(&s->agenda, again, SIM_NEWS, number, sim_news_new(n));
    return status;
}

static enum status turn_entry(struct sim *s, const struct sim_entry *entry, struct error *err)
{
    struct asl_event go_on = {.kind = ASL_EVENT_CONTINUE};
    switch (entry->kind) {
    case SIM_NEWS: return turn_news(s, s->execs[entry->number], entry->news, err);
    case SIM_WAKE:
        s->execs[entry->number]->wake = 0;
        return sim_exec_step(s, s->execs[entry->number], &go_on, err);
    case SIM_PUMP: sim_run_pump(s, s->runs[entry->number]); return STATUS_OK;
    }
    unreachable();
}

/* What an execution that will never go on waits for. */
static const struct asl_frame *find_waiting(const struct asl_frame *f)
{
    for (const struct asl_frame *child = f->first_child; child; child = child->next_sibling) {
        const struct asl_frame *found = find_waiting(child);
        if (found)
            return found;
    }
    return f->phase == ASL_PHASE_WORKING ? f : NULL;
}

/* Nothing is spoilt: a client may still do something. */
static enum status say_stuck(const struct sim *s, struct error *err)
{
    const char *what = s->execs[0]->x->status == ASL_EXEC_NEW ? "the execution has not been started"
                                                              : "nothing can happen any more";
    for (uint32_t i = 0; i < s->exec_count; i++) {
        const struct sim_exec *e = s->execs[i];
        const struct asl_frame *f =
            e && e->x->status == ASL_EXEC_RUNNING && e->x->root ? find_waiting(e->x->root) : NULL;
        if (f)
            return error_set(err, STATUS_UNAVAILABLE, "Stuck",
                             "%s: state \"%.*s\" waits for an answer from %.*s that nobody sends",
                             what, STR_ARG(f->state->name), STR_ARG(f->state->task.resource.arn));
    }
    return error_set(err, STATUS_UNAVAILABLE, "Stuck", "%s", what);
}

enum status sim_turn(struct sim *s, struct error *err)
{
    if (s->failure.status != STATUS_OK || sim_is_over(s))
        return sim_failure(s, err);
    int64_t at_ms = sim_next(s);
    if (at_ms == ASL_NEVER)
        return say_stuck(s, err);
    struct sim_entry entry = sim_agenda_take(&s->agenda);
    struct error failed = {.status = STATUS_OK};
    sim_advance(s, at_ms);
    enum status status = turn_entry(s, &entry, &failed);
    free(entry.news);
    if (status != STATUS_OK)
        sim_fail(s, status, failed.name, "%s", failed.message);
    return sim_failure(s, err);
}

bool sim_is_over(const struct sim *s)
{
    return asl_exec_is_over(s->execs[0]->x) && s->open_runs == 0;
}

enum status sim_run(struct sim *s, struct error *err)
{
    enum status status = sim_failure(s, err);
    while (status == STATUS_OK && !sim_is_over(s))
        status = sim_turn(s, err);
    return status;
}

/* ---- looking and time ---- */

struct asl_exec *sim_root(struct sim *s)
{
    return s->execs[0]->x;
}

static struct sim_exec *find_exec(struct sim *s, str arn)
{
    for (uint32_t i = 0; i < s->exec_count; i++) {
        if (s->execs[i] && str_eq(s->execs[i]->x->identity.id, arn))
            return s->execs[i];
    }
    return NULL;
}

struct asl_exec *sim_find(struct sim *s, str arn)
{
    struct sim_exec *e = find_exec(s, arn);
    return e ? e->x : NULL;
}

int64_t sim_now(const struct sim *s)
{
    return s->now_ms;
}

void sim_advance(struct sim *s, int64_t to_ms)
{
    if (to_ms > s->now_ms)
        s->now_ms = to_ms;
}

const struct asl_map_run *sim_map_run(const struct sim *s, uint32_t i)
{
    return i < s->run_count ? &s->runs[i]->run : NULL;
}

bool sim_file(const struct sim *s, uint32_t i, str *ret_bucket, str *ret_key, str *ret_text)
{
    if (i >= s->file_count)
        return false;
    *ret_bucket = s->files[i].bucket;
    *ret_key = s->files[i].key;
    *ret_text = s->files[i].text;
    return true;
}

bool sim_file_find(const struct sim *s, str key, str *ret_text)
{
    for (uint32_t i = s->file_count; i-- > 0;) {
        if (str_eq(s->files[i].key, key)) {
            *ret_text = s->files[i].text;
            return true;
        }
    }
    return false;
}

/* ---- clients ---- */

/* Map runs end before anything else is asked of the world. */
static enum status end_runs(struct sim *s, struct error *err)
{
    enum status status = STATUS_OK;
    while (status == STATUS_OK && s->open_runs > 0 && asl_exec_is_over(s->execs[0]->x))
        status = sim_turn(s, err);
    return status;
}

enum status sim_stop(struct sim *s, str error, str cause, struct error *err)
{
    struct asl_event event = {.kind = ASL_EVENT_STOP,
                              .error = error,
                              .cause = cause,
                              .has_error = error.n > 0,
                              .has_cause = cause.n > 0};
    enum status status = sim_exec_step(s, s->execs[0], &event, err);
    return status == STATUS_OK ? end_runs(s, err) : status;
}

enum status sim_redrive(struct sim *s, struct error *err)
{
    struct asl_event event = {.kind = ASL_EVENT_REDRIVE};
    enum status status = end_runs(s, err);
    if (status != STATUS_OK)
        return status;
    bool was_noted = s->execs[0]->is_noted;
    s->execs[0]->is_noted = false;
    status = sim_exec_step(s, s->execs[0], &event, err);
    if (status != STATUS_OK)
        s->execs[0]->is_noted = was_noted;
    return status;
}

static enum status send(struct sim *s, str token, struct asl_event *event, struct error *err)
{
    struct arena arena;
    struct asl_token parts;
    arena_init(&arena, 0);
    enum status status = asl_token_read(token, s->options.asl.token_key, &arena, &parts, err);
    struct sim_exec *e = status == STATUS_OK ? find_exec(s, parts.execution) : NULL;
    if (status == STATUS_OK && !e)
        status = error_set(err, STATUS_NOT_FOUND, "TaskDoesNotExist", "Task does not exist");
    if (status == STATUS_OK) {
        event->frame = parts.frame;
        event->attempt = parts.attempt;
        status = sim_exec_step(s, e, event, err);
    }
    arena_done(&arena);
    return status;
}

enum status sim_send_task_success(struct sim *s, str token, str output, struct error *err)
{
    struct asl_event event = {.kind = ASL_EVENT_TASK_SUCCEEDED};
    enum status status = json_parse(output, NULL, &event.doc, err);
    if (status == STATUS_OK)
        status = send(s, token, &event, err);
    json_doc_unref(event.doc);
    return status;
}

enum status sim_send_task_failure(struct sim *s, str token, str error, str cause, struct error *err)
{
    struct asl_event event = {.kind = ASL_EVENT_TASK_FAILED,
                              .error = error,
                              .cause = cause,
                              .has_error = error.p != NULL,
                              .has_cause = cause.p != NULL};
    return send(s, token, &event, err);
}

enum status sim_send_task_heartbeat(struct sim *s, str token, struct error *err)
{
    struct asl_event event = {.kind = ASL_EVENT_TASK_HEARTBEAT};
    return send(s, token, &event, err);
}
