/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See probe.h. The state goes through the same moves as in an execution, one at a time; the values
 * in between are evaluated once more beside them. A composite's children do not run: its result is
 * the mock's. This is the one place that sets a frame's state by hand.
 */
#include "asl/probe.h"
#include "asl/command.h"
#include "asl/frame.h"
#include "asl/step_internal.h"
#include "json/write.h"
#include <stdlib.h>

struct probe {
    const struct asl_probe_options *o;
    struct asl_exec *x;
    struct asl_frame *f;
    struct asl_out out;
    struct arena *arena;
    struct asl_probe_result *ret;
    bool is_over; /* what came of it is known */
};

static struct asl_step step_of(struct probe *p, const struct asl_event *event)
{
    return (struct asl_step){.x = p->x, .event = event, .out = &p->out};
}

static struct asl_event event_of(const struct probe *p, enum asl_event_kind kind)
{
    return (struct asl_event){.kind = kind, .now_ms = p->o->now_ms, .seed = p->o->seed};
}

/* ---- values in between ---- */

static str text_of(struct probe *p, struct json_val v)
{
    struct buf text;
    buf_init(&text, SIZE_MAX / 2);
    enum status status = json_write(&text, v, 0, NULL);
    str copy = status == STATUS_OK ? arena_dup(p->arena, buf_str(&text)) : (str){0};
    buf_done(&text);
    return copy;
}

static void note(struct probe *p, const char *name, struct json_val v)
{
    struct asl_probe_result *r = p->ret;
    str text = text_of(p, v);
    if (text.n > 0 && r->value_count < ASL_PROBE_VALUES)
        r->values[r->value_count++] = (struct asl_probe_value){name, text};
}

static void note_number(struct asl_step *s, struct probe *p, struct asl_scope *scope,
                        const char *name, const struct asl_number *n)
{
    struct json_val v;
    bool has;
    if (asl_eval_number(s, scope, n, &v, &has) && has)
        note(p, name, v);
}

static void note_map(struct asl_step *s, struct probe *p, struct asl_scope *scope,
                     struct asl_value input)
{
    const struct asl_map *map = &p->o->state->map;
    struct asl_value items = input;
    uint32_t concurrency;
    if (map->items_path.kind == ASL_PATH_SET &&
        asl_eval_field_path(s, scope, map->items_path.path, input, &items))
        note(p, "afterItemsPath", items.v);
    if (asl_map_concurrency(s, scope, &concurrency))
        note(p, "maxConcurrency", json_num(concurrency));
    note_number(s, p, scope, "toleratedFailureCount", &map->tolerated_count);
    note_number(s, p, scope, "toleratedFailurePercentage", &map->tolerated_percentage);
}

/* What the state's work is given. */
static void note_before(struct probe *p)
{
    const struct asl_state *state = p->o->state;
    struct asl_event event = event_of(p, ASL_EVENT_CONTINUE);
    struct asl_step s = step_of(p, &event);
    struct asl_scope scope = asl_scope_of(&s, p->f);
    bool is_path = state->language == ASL_JSONPATH;
    bool has_work = state->type == ASL_TASK || (state->type == ASL_PASS && is_path);
    bool is_static = state->type == ASL_PASS && is_path && state->pass.has_result;
    struct asl_value input, arguments;
    arena_reset(&p->out.scratch);
    note(p, "input", p->f->input->root);
    if (state->type == ASL_TASK && state->task.resource.kind != ASL_RESOURCE_SERVICE)
        scope.token = STR("");
    if (!asl_flow_input(&s, &scope, &input) || is_static)
        return;
    if (is_path && state->type != ASL_PARALLEL)
        note(p, "afterInputPath", input.v);
    if (has_work && asl_flow_arguments(&s, &scope, input, &arguments))
        note(p, is_path ? "afterParameters" : "afterArguments", arguments.v);
    if (state->type == ASL_MAP)
        note_map(&s, p, &scope, input);
}

/* What the state makes of its result; values of JSONPath states. */
static void note_after(struct probe *p, struct asl_value result)
{
    const struct asl_state *state = p->o->state;
    struct asl_event event = event_of(p, ASL_EVENT_CONTINUE);
    struct asl_step s = step_of(p, &event);
    struct asl_scope scope = asl_scope_of(&s, p->f);
    struct asl_value value = result;
    if (state->language != ASL_JSONPATH || state->type == ASL_MAP)
        return;
    scope.base = result.v;
    if (state->result_selector && !asl_eval_template(&s, &scope, state->result_selector, &value.v))
        return;
    note(p, "afterResultSelector", value.v);
    if (state->result_path.kind == ASL_PATH_NULL)
        value = asl_value_of(p->f->input);
    else if (state->result_path.kind == ASL_PATH_SET &&
             !jsonpath_is_root(state->result_path.path) &&
             !asl_flow_put(&s, &scope, state->result_path.path, &value))
        return;
    note(p, "afterResultPath", value.v);
}

/* A Pass has done its work in the move that leaves it. */
static void note_pass(struct probe *p)
{
    const struct asl_state *state = p->o->state;
    struct asl_event event = event_of(p, ASL_EVENT_CONTINUE);
    struct asl_step s = step_of(p, &event);
    struct asl_scope scope = asl_scope_of(&s, p->f);
    struct asl_value value;
    if (state->type != ASL_PASS || state->language != ASL_JSONPATH)
        return;
    if (state->pass.has_result) {
        value = (struct asl_value){.v = state->pass.result};
        note(p, "result", value.v);
    } else if (!asl_flow_input(&s, &scope, &value) ||
               !asl_flow_arguments(&s, &scope, value, &value)) {
        return;
    }
    note_after(p, value);
}

/* ---- what came of it ---- */

/* AWS's causes name the state; those of a test do not. */
static str without_place(str cause)
{
    if (!str_starts(cause, STR("An error occurred while executing the state '")))
        return cause;
    size_t at = str_find(cause, STR("). "), 0);
    return at == STR_NONE ? cause : str_sub(cause, at + 3, cause.n);
}

static void take_error(struct probe *p, const struct asl_record *r)
{
    struct asl_probe_result *ret = p->ret;
    ret->has_error = r->has_error;
    ret->has_cause = r->has_cause;
    ret->error = arena_dup(p->arena, r->error);
    ret->cause = arena_dup(p->arena, without_place(r->cause));
}

/* Which retrier or catcher an error is for: the first that matches; -1: none. */
static int32_t find_retrier(const struct probe *p, const struct asl_failure *failure)
{
    const struct asl_state *state = p->o->state;
    for (uint32_t i = 0; i < state->retrier_count; i++) {
        if (asl_failure_matches(failure, state->retriers[i].errors, state->retriers[i].error_count))
            return (int32_t)i;
    }
    return -1;
}

static int32_t find_catcher(const struct probe *p, const struct asl_failure *failure)
{
    const struct asl_state *state = p->o->state;
    for (uint32_t i = 0; i < state->catcher_count; i++) {
        if (asl_failure_matches(failure, state->catchers[i].errors, state->catchers[i].error_count))
            return (int32_t)i;
    }
    return -1;
}

static void take_exit(struct probe *p, const struct asl_record *r)
{
    struct asl_probe_result *ret = p->ret;
    const struct asl_definition *d = p->x->definition;
    ret->status = ret->has_error || ret->has_cause ? ASL_PROBE_CAUGHT : ASL_PROBE_SUCCEEDED;
    ret->output = text_of(p, r->doc->root);
    if (r->next != ASL_NO_STATE)
        ret->next = arena_dup(p->arena, d->states[r->next]->name);
    p->is_over = true;
}

static void take_record(struct probe *p, const struct asl_record *r)
{
    switch ((int)r->kind) {
    case ASL_TASK_FAILED:
    case ASL_EVALUATION_FAILED: take_error(p, r); break;
    case ASL_STATE_EXITED: take_exit(p, r); break;
    case ASL_RETRY_PLANNED:
        p->ret->status = ASL_PROBE_RETRIABLE;
        p->ret->retrier = (int32_t)r->number;
        p->ret->retry_seconds = (double)(r->due_ms - p->o->now_ms) / 1000;
        p->is_over = true;
        break;
    case ASL_EXECUTION_FAILED:
        take_error(p, r);
        p->ret->status = ASL_PROBE_FAILED;
        p->is_over = true;
        break;
    default: break;
    }
}

static void take_records(struct probe *p)
{
    for (uint32_t i = 0; i < p->out.record_count && !p->is_over; i++)
        take_record(p, &p->out.records[i]);
    asl_out_reset(&p->out);
}

static enum status move(struct probe *p, int64_t now_ms, struct error *err)
{
    struct asl_event event = event_of(p, ASL_EVENT_CONTINUE);
    event.now_ms = now_ms;
    enum status status = asl_step(p->x, &event, &p->out, err);
    if (status == STATUS_OK)
        take_records(p);
    return status;
}

/* ---- the way ---- */

static void enter(struct probe *p)
{
    struct asl_event event = event_of(p, ASL_EVENT_CONTINUE);
    struct asl_step s = step_of(p, &event);
    struct asl_record r = asl_record_for(NULL, ASL_EXECUTION_STARTED);
    r.doc = asl_adopt(&s, p->o->input, true);
    r.identity = &p->o->identity;
    r.timeout_ms = ASL_NEVER;
    asl_emit_after(&s, &r, 0);
    p->f = p->x->root;
    p->f->state = p->o->state;
    asl_out_reset(&p->out);
}

static void set_variables(struct probe *p)
{
    struct json_val v = p->o->variables;
    struct asl_event event = event_of(p, ASL_EVENT_CONTINUE);
    struct asl_step s = step_of(p, &event);
    for (uint32_t i = 0; v.tag == JSON_OBJECT && i < v.len; i++) {
        struct asl_scope scope = asl_scope_of(&s, p->f);
        struct asl_slot slot;
        const struct json_key *key = &v.obj->shape->keys[i];
        slot.variable = asl_definition_variable(p->x->definition, (str){key->p, key->n});
        struct asl_value value = {.v = v.obj->vals[i]};
        if (slot.variable != ASL_NO_VARIABLE && asl_keep(&s, &scope, value, &slot.value))
            asl_frame_assign(p->x, p->f, &slot);
    }
}

static void set_retries(struct probe *p)
{
    struct asl_frame *f = p->f;
    uint32_t count = f->state->retrier_count;
    if (count == 0 || p->o->retries == 0)
        return;
    f->retries = calloc(count, sizeof(*f->retries));
    check(f->retries != NULL);
    for (uint32_t i = 0; i < count; i++)
        f->retries[i] = p->o->retries;
}

static void fail(struct probe *p, const struct asl_failure *failure)
{
    struct asl_event event = event_of(p, ASL_EVENT_CONTINUE);
    struct asl_step s = step_of(p, &event);
    struct asl_probe_result *ret = p->ret;
    ret->has_error = failure->has_error;
    ret->has_cause = failure->has_cause;
    ret->error = failure->error;
    ret->cause = failure->cause;
    s.failure = *failure;
    arena_reset(&p->out.scratch);
    asl_state_failed(&s, p->f);
    take_records(p);
}

/* The mock's result, as what the work gave. */
static void give(struct probe *p)
{
    struct asl_event event = event_of(p, ASL_EVENT_CONTINUE);
    struct asl_step s = step_of(p, &event);
    bool is_task = p->o->state->type == ASL_TASK;
    struct asl_record r = asl_record_for(p->f, is_task ? ASL_TASK_SUCCEEDED : ASL_STATE_FINISHED);
    r.doc = asl_adopt(&s, p->o->result, false);
    asl_emit(&s, &r);
    arena_reset(&p->out.scratch);
    if (is_task)
        note(p, "result", p->f->result->root);
    note_after(p, asl_value_of(p->f->result));
    take_records(p);
}

/* Are the failures of iterations more than the Map tolerates? */
static bool is_exceeded(struct probe *p)
{
    const struct asl_map *map = &p->o->state->map;
    struct asl_event event = event_of(p, ASL_EVENT_CONTINUE);
    struct asl_step s = step_of(p, &event);
    struct asl_scope scope = asl_scope_of(&s, p->f);
    struct json_val v;
    bool has;
    uint32_t total = p->o->result ? json_doc_root(p->o->result).len : 0;
    double failures = (double)p->o->failures;
    if (p->o->state->type != ASL_MAP)
        return false;
    if (asl_eval_number(&s, &scope, &map->tolerated_count, &v, &has) && has &&
        failures > json_number(v))
        return true;
    return asl_eval_number(&s, &scope, &map->tolerated_percentage, &v, &has) && has && total > 0 &&
           failures * 100 / total > json_number(v);
}

static void mocked(struct probe *p)
{
    const struct asl_probe_options *o = p->o;
    struct asl_failure failure = {.error = o->error,
                                  .cause = o->cause,
                                  .has_error = o->has_error,
                                  .has_cause = o->has_cause,
                                  .is_task = o->state->type == ASL_TASK};
    failure.is_final = o->is_called && str_eq(o->error, STR("States.Runtime"));
    if (o->mock == ASL_PROBE_ERROR) {
        fail(p, &failure);
    } else if (is_exceeded(p)) {
        failure = (struct asl_failure){
            .error = STR("States.ExceedToleratedFailureThreshold"),
            .cause = STR("The specified tolerated failure threshold was exceeded"),
            .has_error = true,
            .has_cause = true};
        fail(p, &failure);
    } else {
        give(p);
    }
}

/* Says which retrier and catcher the error was for. */
static void settle(struct probe *p)
{
    struct asl_probe_result *ret = p->ret;
    struct asl_failure failure = {
        .error = ret->error, .has_error = ret->has_error, .is_task = p->o->state->type == ASL_TASK};
    failure.is_final = p->o->is_called && str_eq(ret->error, STR("States.Runtime"));
    if (ret->status == ASL_PROBE_CAUGHT)
        ret->catcher = find_catcher(p, &failure);
    if (ret->status == ASL_PROBE_FAILED)
        ret->retrier = find_retrier(p, &failure);
}

/* A Task that waits for its work: what the work is given. */
static void take_work(struct probe *p)
{
    struct asl_probe_result *ret = p->ret;
    struct asl_command c = asl_task_command(p->x, p->f, p->arena);
    ret->status = ASL_PROBE_WORKS;
    ret->arguments = text_of(p, c.arguments->root);
    ret->timeout_ms = c.timeout_ms == ASL_NEVER ? ASL_NEVER : c.timeout_ms - p->o->now_ms;
    p->is_over = true;
}

static enum status run(struct probe *p, struct error *err)
{
    enum asl_state_type type = p->o->state->type;
    bool is_composite = type == ASL_MAP || type == ASL_PARALLEL;
    enter(p);
    enum status status = move(p, p->o->now_ms, err); /* it is entered */
    if (status != STATUS_OK)
        return status;
    set_variables(p);
    set_retries(p);
    note_before(p);
    note_pass(p);
    if (p->o->variables.tag == JSON_OBJECT)
        note(p, "variables", p->o->variables);
    if (!is_composite)
        status = move(p, p->o->now_ms, err);
    if (status == STATUS_OK && !p->is_over && p->o->mock != ASL_PROBE_NO_MOCK)
        mocked(p);
    else if (status == STATUS_OK && !p->is_over && type == ASL_TASK &&
             p->f->phase == ASL_PHASE_WORKING)
        take_work(p);
    int64_t due_ms = asl_exec_due(p->x);
    for (int i = 0; i < 2 && status == STATUS_OK && !p->is_over; i++)
        status = move(p, type == ASL_WAIT && due_ms != ASL_NEVER ? due_ms : p->o->now_ms, err);
    if (status == STATUS_OK && !p->is_over)
        return error_set(err, STATUS_INVALID, "ProbeWaits",
                         "the state waits for work that no mock does");
    if (status == STATUS_OK)
        settle(p);
    return status;
}

enum status asl_probe(struct asl_definition *d, const struct asl_probe_options *o, struct arena *a,
                      struct asl_probe_result *ret, struct error *err)
{
    struct asl_options options = o->asl;
    struct probe p = {.o = o, .arena = a, .ret = ret};
    *ret = (struct asl_probe_result){.catcher = -1, .retrier = -1};
    options.max_moves = 1;
    p.x = asl_exec_new(d, o->state->machine, ASL_EXPRESS, &options);
    p.x->context = o->context;
    p.x->state_name = o->state_name;
    asl_out_init(&p.out);
    enum status status = run(&p, err);
    asl_out_done(&p.out);
    asl_exec_free(p.x);
    return status;
}
