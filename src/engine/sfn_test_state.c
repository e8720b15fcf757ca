/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TestState: one state, alone or of a machine, with an input and a mock for what its work gives
 * (asl/probe.h). A state alone gets a machine around it, with the states that it names.
 *
 * Nothing is called here: sfn_test_call.c does a Task's work where there is no mock, and comes back
 * with what it gave.
 */
#include "engine/sfn_test.h"

#include "asl/probe.h"
#include "engine/sfn_mock.h"
#include "engine/work_services.h"
#include "json/parse.h"
#include "json/write.h"
#include "services/secret_box.h"

static const char ALONE[] = "StateName"; /* what AWS calls a state that has no name */

/* ---- the definition ---- */

static void add_target(struct buf *out, struct json_val v, str *names, uint32_t *count)
{
    enum { TARGETS = 256 };
    str name = v.tag == JSON_STRING ? json_str(v) : (str){0};
    if (name.n == 0 || str_eq(name, str_of(ALONE)) || *count == TARGETS)
        return;
    for (uint32_t i = 0; i < *count; i++) {
        if (str_eq(names[i], name))
            return;
    }
    names[(*count)++] = name;
    buf_add_byte(out, ',');
    json_write_string(out, name);
    buf_add(out, STR(":{\"Type\":\"Succeed\"}"));
}

/* The states that a state can go to, so that it can stand in a machine. */
static void add_targets(struct sfn_scope *s, struct buf *out, struct json_val state)
{
    static const char *const lists[] = {"Choices", "Catch"};
    str *names = arena_alloc(s->arena, sizeof(*names) * 256);
    uint32_t count = 0;
    add_target(out, json_get(state, STR("Next")), names, &count);
    add_target(out, json_get(state, STR("Default")), names, &count);
    for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
        struct json_val list = json_get(state, str_of(lists[i]));
        for (uint32_t k = 0; list.tag == JSON_ARRAY && k < list.len; k++) {
            if (list.items[k].tag == JSON_OBJECT)
                add_target(out, json_get(list.items[k], STR("Next")), names, &count);
        }
    }
}

/* A state before it, which never runs, so that variables are known. */
static void add_variables(struct buf *out, struct json_val variables)
{
    buf_add(out,
            STR(",\"Before StateName\":{\"Type\":\"Pass\",\"Next\":\"StateName\",\"Assign\":{"));
    for (uint32_t i = 0; i < variables.len; i++) {
        const struct json_key *key = &variables.obj->shape->keys[i];
        if (i > 0)
            buf_add_byte(out, ',');
        json_write_string(out, (str){key->p, key->n});
        buf_add(out, STR(":null"));
    }
    buf_add(out, STR("}}"));
}

static str wrap(struct sfn_scope *s, str text, struct json_val state, struct json_val variables)
{
    struct buf out;
    bool has_variables = variables.tag == JSON_OBJECT && variables.len > 0;
    buf_init(&out, SIZE_MAX / 2);
    buf_printf(&out, "{\"StartAt\":\"%s%s\",\"States\":{\"%s\":", has_variables ? "Before " : "",
               ALONE, ALONE);
    buf_add(&out, text);
    add_targets(s, &out, state);
    if (has_variables)
        add_variables(&out, variables);
    buf_add(&out, STR("}}"));
    str copy = arena_dup(s->arena, buf_str(&out));
    buf_done(&out);
    return copy;
}

static enum status load(struct sfn_scope *s, struct json_val variables, struct asl_definition **ret,
                        const struct asl_state **ret_state, struct error *err)
{
    struct asl_load_options options = {.type = ASL_STANDARD, .strict = s->is_strict};
    struct asl_diagnostics found;
    struct json_val v;
    str text = sfn_text(s, "definition"), name = sfn_text(s, "stateName");
    bool is_json = json_parse_in(s->arena, text, NULL, &v, NULL) == STATUS_OK;
    bool is_alone = is_json && v.tag == JSON_OBJECT &&
                    json_get(v, STR("Type")).tag == JSON_STRING &&
                    json_get(v, STR("States")).tag == JSON_UNDEFINED;
    if (is_alone)
        text = wrap(s, text, v, variables);
    asl_diagnostics_init(&found);
    enum status status = asl_definition_load(text, &options, &found, ret, err);
    if (status != STATUS_OK)
        asl_diagnostics_print_error(&found, s->words);
    asl_diagnostics_done(&found);
    if (status != STATUS_OK)
        return status;
    *ret_state = asl_definition_find(*ret, is_alone ? str_of(ALONE) : name);
    if (*ret_state)
        return STATUS_OK;
    asl_definition_unref(*ret); /* no state is found then, as where it cannot be read */
    return sfn_invalid(s, NULL, err, "State not found in definition");
}

/* ---- what is asked for ---- */

static enum status read_json(struct sfn_scope *s, const char *member, struct json_val *ret,
                             struct error *err)
{
    struct error cause;
    *ret = json_undefined();
    if (!sfn_has(s, member))
        return STATUS_OK;
    if (json_parse_in(s->arena, sfn_text(s, member), NULL, ret, &cause) == STATUS_OK &&
        ret->tag == JSON_OBJECT)
        return STATUS_OK;
    return sfn_invalid(s, NULL, err, "Invalid %s provided: it must be a JSON object", member);
}

static enum status read_input(struct sfn_scope *s, struct json_doc **ret, struct error *err)
{
    struct error cause;
    str text = sfn_has(s, "input") ? sfn_text(s, "input") : STR("{}");
    if (json_parse(text, NULL, ret, &cause) == STATUS_OK)
        return STATUS_OK;
    return error_set(err, STATUS_INVALID, "InvalidExecutionInput",
                     "Invalid State Machine Execution Input: '%s'", cause.message);
}

bool sfn_test_is_http(const struct asl_resource *r)
{
    return str_eq(r->resource_type, STR("http")) && str_eq(r->resource, STR("invoke"));
}

static enum status check_type(struct sfn_scope *s, const struct asl_state *state, bool has_mock,
                              struct error *err)
{
    enum asl_state_type type = state->type;
    if (!has_mock && (type == ASL_MAP || type == ASL_PARALLEL))
        return error_set(err, STATUS_INVALID, "InvalidDefinition",
                         "TestState API does not support Map or Parallel states. Supported state "
                         "types include: [Task, Wait, Pass, Succeed, Fail, Choice]");
    if (!has_mock && type == ASL_TASK && !sfn_has(s, "roleArn"))
        return sfn_invalid(s, NULL, err, "RoleArn must be specified when testing a Task state");
    if (!has_mock && type == ASL_TASK && !sfn_test_is_http(&state->task.resource) &&
        !service_can_try(s->engine, &state->task.resource))
        return sfn_invalid(
            s, NULL, err,
            "This Task can be tested with a mock only: what it calls is not done here");
    if (has_mock && (type == ASL_PASS || type == ASL_FAIL || type == ASL_SUCCEED))
        return sfn_invalid(s, NULL, err,
                           "State type '%s' is not supported when a mock is specified",
                           asl_state_type_name(type));
    return STATUS_OK;
}

/* ---- the answer ---- */

static bool is_number(const char *name)
{
    return strcmp(name, "maxConcurrency") == 0 || strcmp(name, "toleratedFailureCount") == 0;
}

static void put_value(struct object_writer *w, const struct asl_probe_value *v)
{
    bool is_share = strcmp(v->name, "toleratedFailurePercentage") == 0;
    if (is_share || is_number(v->name)) {
        object_json(w, v->name, v->text);
        if (is_share && str_find_byte(v->text, '.', 0) == STR_NONE)
            buf_add(w->out, STR(".0"));
    } else {
        object_text(w, v->name, v->text);
    }
}

static void put_details(struct object_writer *w, const struct asl_probe_result *r)
{
    struct object_writer details;
    if (r->catcher < 0 && r->retrier < 0)
        return;
    object_key(w, "errorDetails");
    object_begin(&details, w->out);
    if (r->catcher >= 0)
        object_int(&details, "catchIndex", r->catcher);
    else
        object_int(&details, "retryIndex", r->retrier);
    if (r->status == ASL_PROBE_RETRIABLE)
        object_int(&details, "retryBackoffIntervalSeconds", (int64_t)r->retry_seconds);
    object_end(&details);
}

/* What went over the network, where the task was called. */
static void put_trace(struct object_writer *w, const struct sfn_test_work *work)
{
    const struct {
        const char *name;
        struct json_val v;
    } sides[] = {{"request", work->request}, {"response", work->response}};
    struct buf text;
    for (size_t i = 0; i < ARRAY_LEN(sides); i++) {
        if (sides[i].v.tag != JSON_OBJECT)
            continue;
        buf_init(&text, SIZE_MAX / 2);
        if (json_write(&text, sides[i].v, 0, NULL) == STATUS_OK)
            object_json(w, sides[i].name, buf_str(&text));
        secret_wipe(&text);
    }
}

static void put_result(struct sfn_scope *s, const struct sfn_test_work *work,
                       const struct asl_probe_result *r)
{
    static const char *const statuses[] = {[ASL_PROBE_SUCCEEDED] = "SUCCEEDED",
                                           [ASL_PROBE_FAILED] = "FAILED",
                                           [ASL_PROBE_RETRIABLE] = "RETRIABLE",
                                           [ASL_PROBE_CAUGHT] = "CAUGHT_ERROR"};
    struct object_writer w, inside;
    str level = sfn_text(s, "inspectionLevel");
    object_begin(&w, s->answer);
    object_text(&w, "status", str_of(statuses[r->status]));
    object_text_if(&w, "output", r->output);
    if (r->has_error)
        object_text(&w, "error", r->error);
    if (r->has_cause)
        object_text(&w, "cause", r->cause);
    object_text_if(&w, "nextState", r->next);
    if (level.n > 0 && !str_eq(level, STR("INFO"))) {
        object_key(&w, "inspectionData");
        object_begin(&inside, s->answer);
        for (uint32_t i = 0; i < r->value_count; i++)
            put_value(&inside, &r->values[i]);
        put_details(&inside, r);
        if (work->is_done && str_eq(level, STR("TRACE")))
            put_trace(&inside, work);
        object_end(&inside);
    }
    object_end(&w);
}

/* ---- the operation ---- */

static struct asl_identity identity_of(struct sfn_scope *s)
{
    str name = asl_uuid_of(STR("test"), s->seed, 0, s->arena);
    str machine = asl_uuid_of(STR("test"), s->seed, 1, s->arena);
    str executions = sfn_arn_prefix(s, "express"), machines = sfn_arn_prefix(s, "stateMachine");
    return (struct asl_identity){
        .id = arena_printf(s->arena, "%.*s%.*s:%.*s", STR_ARG(executions), STR_ARG(machine),
                           STR_ARG(name)),
        .name = name,
        .role_arn = sfn_text(s, "roleArn"),
        .state_machine_id = arena_printf(s->arena, "%.*s%.*s", STR_ARG(machines), STR_ARG(machine)),
        .state_machine_name = machine,
        .start_ms = s->now_ms};
}

/* What the work gave stands where a mock would. */
static void take_work(struct asl_probe_options *o, const struct sfn_test_work *work)
{
    o->is_called = true;
    o->mock = work->result ? ASL_PROBE_RESULT : ASL_PROBE_ERROR;
    o->result = work->result ? json_doc_ref(work->result) : NULL;
    o->error = work->error;
    o->cause = work->cause;
    o->has_error = work->error.n > 0;
    o->has_cause = work->cause.n > 0;
}

static enum status run(struct sfn_scope *s, struct asl_definition *d, const struct asl_state *state,
                       struct asl_probe_options *o, struct sfn_test_work *work, struct error *err)
{
    struct asl_probe_result result;
    struct json_val configuration = json_get(s->request, STR("stateConfiguration"));
    enum status status = check_type(s, state, o->mock != ASL_PROBE_NO_MOCK, err);
    if (status == STATUS_OK)
        status = sfn_mock_fit(s, state, o, err);
    if (work->is_done)
        take_work(o, work);
    if (status != STATUS_OK)
        return status;
    o->state = state;
    o->asl = engine_asl_options(s->engine);
    o->asl.has_activity = NULL;
    o->asl.delay = NULL;
    o->identity = identity_of(s);
    o->state_name = str_of(ALONE);
    o->now_ms = s->now_ms;
    o->seed = s->seed;
    if (configuration.tag == JSON_OBJECT) {
        struct json_val retries = json_get(configuration, STR("retrierRetryCount"));
        o->retries = json_is_number(retries) ? (uint32_t)json_number(retries) : 0;
    }
    status = asl_probe(d, o, s->arena, &result, err);
    work->is_wanted = status == STATUS_OK && result.status == ASL_PROBE_WORKS;
    if (work->is_wanted) {
        const struct asl_resource *r = &state->task.resource;
        work->resource =
            (struct asl_resource){.arn = arena_dup(s->arena, r->arn),
                                  .kind = r->kind,
                                  .pattern = r->pattern,
                                  .resource_type = arena_dup(s->arena, r->resource_type),
                                  .resource = arena_dup(s->arena, r->resource)};
        work->arguments = result.arguments;
        work->timeout_ms = result.timeout_ms;
    } else if (status == STATUS_OK) {
        put_result(s, work, &result);
    }
    return status;
}

enum status sfn_test_try(struct sfn_scope *s, struct sfn_test_work *work, struct error *err)
{
    struct asl_definition *d = NULL;
    const struct asl_state *state = NULL;
    struct asl_probe_options o = {.mock = ASL_PROBE_NO_MOCK};
    enum status status = sfn_mock_read(s, &o, err);
    if (status == STATUS_OK)
        status = read_json(s, "context", &o.context, err);
    if (status == STATUS_OK)
        status = sfn_mock_check_context(s, o.context, err);
    if (status == STATUS_OK)
        status = read_json(s, "variables", &o.variables, err);
    if (status == STATUS_OK)
        status = read_input(s, &o.input, err);
    if (status == STATUS_OK)
        status = load(s, o.variables, &d, &state, err);
    if (state)
        status = run(s, d, state, &o, work, err);
    if (state)
        asl_definition_unref(d);
    json_doc_unref(o.input);
    json_doc_unref(o.result);
    return status;
}
