/* SPDX-License-Identifier: Apache-2.0 */
/* Reads scripted answers, and finds the one to a call. */
#include "sim/mocks.h"
#include "base/check.h"
#include "json/parse.h"
#include "json/write.h"
#include "sim/sim.h"
#include <math.h>
#include <stdlib.h>

#define MOCK_LONGEST_SECONDS 1e10

struct mock_response {
    uint32_t first, last; /* calls */
    struct sim_answer answer;
};

struct mock_state {
    struct mock_response *responses;
    uint32_t count;
    bool is_known;
};

struct sim_mocks {
    struct arena arena;
    struct mock_state *states; /* by number */
    uint32_t state_count;
};

struct mock_reader {
    struct sim_mocks *mocks;
    const struct asl_definition *definition;
    const struct asl_state *state; /* whose responses are read */
    str call;                      /* which of them, in words */
    struct error *err;
};

/* ---- saying what is wrong ---- */

static bool mock_refuse(struct mock_reader *r, const char *fmt, ...) PRINTF_LIKE(2, 3);

static bool mock_refuse(struct mock_reader *r, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    (void)error_vset(r->err, STATUS_INVALID, "InvalidMock", fmt, args);
    va_end(args);
    if (r->state && r->call.n > 0)
        error_wrap(r->err, "state \"%.*s\", %.*s", STR_ARG(r->state->name), STR_ARG(r->call));
    else if (r->state)
        error_wrap(r->err, "state \"%.*s\"", STR_ARG(r->state->name));
    return false;
}

static str key_at(struct json_val object, uint32_t i)
{
    const struct json_key *key = &object.obj->shape->keys[i];
    return (str){key->p, key->n};
}

/* ---- members of a response ---- */

static bool is_map(const struct asl_state *state)
{
    return state->type == ASL_MAP;
}

static bool read_json(struct mock_reader *r, struct json_val v, str *ret)
{
    struct buf text;
    buf_init(&text, SIM_MAX_MOCKS);
    bool is_written = json_write(&text, v, 0, r->err) == STATUS_OK;
    if (is_written)
        *ret = arena_dup(&r->mocks->arena, buf_str(&text));
    buf_done(&text);
    return is_written;
}

static bool read_text(struct mock_reader *r, const char *name, struct json_val v, str *ret)
{
    if (v.tag != JSON_STRING)
        return mock_refuse(r, "%s must be a string", name);
    *ret = arena_dup(&r->mocks->arena, json_str(v));
    return true;
}

static bool read_seconds(struct mock_reader *r, const char *name, struct json_val v, int64_t *ret)
{
    double seconds = json_is_number(v) ? json_number(v) : -1;
    if (!(seconds >= 0 && seconds <= MOCK_LONGEST_SECONDS))
        return mock_refuse(r, "%s must be a number of seconds", name);
    *ret = (int64_t)ceil(seconds * 1000);
    return true;
}

static bool read_stage(struct mock_reader *r, struct json_val v, enum asl_task_stage *ret)
{
    static const struct {
        const char *name;
        enum asl_task_stage stage;
    } stages[] = {{"RUN", ASL_STAGE_RUN},
                  {"SUBMIT", ASL_STAGE_SUBMIT},
                  {"START", ASL_STAGE_START},
                  {"SCHEDULE", ASL_STAGE_SCHEDULE}};
    for (size_t i = 0; i < ARRAY_LEN(stages); i++) {
        if (v.tag == JSON_STRING && str_eq(json_str(v), str_of(stages[i].name))) {
            *ret = stages[i].stage;
            return true;
        }
    }
    return mock_refuse(r, "Stage must be RUN, SUBMIT, START or SCHEDULE");
}

static bool read_throw(struct mock_reader *r, struct json_val v, struct sim_answer *a)
{
    if (v.tag != JSON_OBJECT)
        return mock_refuse(r, "Throw must be an object with Error and Cause");
    a->kind = SIM_THROW;
    for (uint32_t i = 0; i < v.len; i++) {
        str key = key_at(v, i);
        bool is_well;
        if (str_eq(key, STR("Error"))) {
            a->has_error = true;
            is_well = read_text(r, "Error", v.obj->vals[i], &a->error);
        } else if (str_eq(key, STR("Cause"))) {
            a->has_cause = true;
            is_well = read_text(r, "Cause", v.obj->vals[i], &a->cause);
        } else if (str_eq(key, STR("Stage"))) {
            is_well = read_stage(r, v.obj->vals[i], &a->stage);
        } else {
            is_well = mock_refuse(r, "Throw has an unknown member \"%.*s\"", STR_ARG(key));
        }
        if (!is_well)
            return false;
    }
    return true;
}

static bool read_return(struct mock_reader *r, struct json_val v, struct sim_answer *a)
{
    a->kind = SIM_RETURN;
    return read_json(r, v, &a->output);
}

static bool read_items(struct mock_reader *r, struct json_val v, struct sim_answer *a)
{
    a->kind = SIM_RETURN;
    return v.tag == JSON_ARRAY ? read_json(r, v, &a->output)
                               : mock_refuse(r, "Items must be an array");
}

static bool read_submit(struct mock_reader *r, struct json_val v, struct sim_answer *a)
{
    if (r->state->type != ASL_TASK || r->state->task.resource.pattern == ASL_REQUEST_RESPONSE)
        return mock_refuse(r, "Submit is for tasks whose end is waited for");
    return read_json(r, v, &a->submit);
}

static bool read_delay(struct mock_reader *r, struct json_val v, struct sim_answer *a)
{
    if (is_map(r->state))
        return mock_refuse(r, "readers answer at once: DelaySeconds is for tasks");
    return read_seconds(r, "DelaySeconds", v, &a->delay_ms);
}

static bool read_heartbeat(struct mock_reader *r, struct json_val v, struct sim_answer *a)
{
    return read_seconds(r, "HeartbeatSeconds", v, &a->heartbeat_ms);
}

static bool read_worker(struct mock_reader *r, struct json_val v, struct sim_answer *a)
{
    return read_text(r, "Worker", v, &a->worker);
}

/* ---- responses ---- */

static const struct mock_member {
    const char *name;
    bool is_kind; /* says what comes: one of these */
    bool (*read)(struct mock_reader *r, struct json_val v, struct sim_answer *a);
} MEMBERS[] = {
    {"Return", true, read_return},       {"Throw", true, read_throw},
    {"Items", true, read_items},         {"Submit", false, read_submit},
    {"DelaySeconds", false, read_delay}, {"HeartbeatSeconds", false, read_heartbeat},
    {"Worker", false, read_worker},
};

static const struct mock_member *find_member(str name)
{
    for (size_t i = 0; i < ARRAY_LEN(MEMBERS); i++) {
        if (str_eq(name, str_of(MEMBERS[i].name)))
            return &MEMBERS[i];
    }
    return NULL;
}

static bool read_response(struct mock_reader *r, struct json_val v, struct sim_answer *a)
{
    const char *kind = NULL;
    *a = (struct sim_answer){.kind = SIM_SILENCE};
    if (v.tag != JSON_OBJECT)
        return mock_refuse(r, "a response must be an object with Return or Throw");
    for (uint32_t i = 0; i < v.len; i++) {
        const struct mock_member *m = find_member(key_at(v, i));
        if (!m)
            return mock_refuse(r, "unknown member \"%.*s\"", STR_ARG(key_at(v, i)));
        if (m->is_kind && kind)
            return mock_refuse(r, "%s and %s exclude each other", kind, m->name);
        if (m->is_kind)
            kind = m->name;
        if (!m->read(r, v.obj->vals[i], a))
            return false;
    }
    if (!kind && a->submit.n == 0)
        return mock_refuse(r, "a response needs Return or Throw");
    if (kind && strcmp(kind, "Throw") != 0 && is_map(r->state) != (strcmp(kind, "Items") == 0))
        return mock_refuse(r, is_map(r->state) ? "a Map's response needs Items or Throw"
                                               : "Items are for the reader of a Map");
    return true;
}

/* "3", "1-2" */
static bool read_calls(str key, uint32_t *ret_first, uint32_t *ret_last)
{
    uint64_t numbers[2] = {0, 0};
    size_t i = 0, which = 0, digits = 0;
    for (; i < key.n; i++) {
        if (key.p[i] == '-' && which == 0 && digits > 0) {
            which = 1;
            digits = 0;
            continue;
        }
        if (key.p[i] < '0' || key.p[i] > '9' || ++digits > 9)
            return false;
        numbers[which] = numbers[which] * 10 + (uint64_t)(key.p[i] - '0');
    }
    *ret_first = (uint32_t)numbers[0];
    *ret_last = (uint32_t)numbers[which];
    return digits > 0 && *ret_first <= *ret_last;
}

static bool read_by_calls(struct mock_reader *r, struct json_val v, struct mock_state *m)
{
    for (uint32_t i = 0; i < v.len; i++) {
        str key = key_at(v, i);
        struct mock_response *response = &m->responses[m->count++];
        r->call = STR("");
        if (!read_calls(key, &response->first, &response->last))
            return mock_refuse(r, "\"%.*s\" is neither a call (\"0\") nor a range (\"1-2\")",
                               STR_ARG(key));
        r->call = arena_printf(&r->mocks->arena, "response \"%.*s\"", STR_ARG(key));
        if (!read_response(r, v.obj->vals[i], &response->answer))
            return false;
    }
    return true;
}

static bool read_list(struct mock_reader *r, struct json_val v, struct mock_state *m)
{
    for (uint32_t i = 0; i < v.len; i++) {
        struct mock_response *response = &m->responses[m->count++];
        r->call = arena_printf(&r->mocks->arena, "response %u", (unsigned)i);
        response->first = response->last = i;
        if (!read_response(r, v.items[i], &response->answer))
            return false;
    }
    return true;
}

static bool is_one_response(struct json_val v)
{
    for (uint32_t i = 0; i < v.len; i++) {
        if (find_member(key_at(v, i)))
            return true;
    }
    return false;
}

static bool read_state(struct mock_reader *r, str name, struct json_val v)
{
    r->state = NULL;
    r->call = STR("");
    const struct asl_state *state = asl_definition_find(r->definition, name);
    if (!state)
        return mock_refuse(r, "there is no state \"%.*s\"", STR_ARG(name));
    r->state = state;
    if (state->type != ASL_TASK && !(state->type == ASL_MAP && state->map.reader))
        return mock_refuse(r, "only Task states and Map states with an ItemReader take answers");
    if (!json_is_container(v) || v.len == 0)
        return mock_refuse(r, "responses must be a list, or an object by calls (\"0\", \"1-2\")");
    struct mock_state *m = &r->mocks->states[state->number];
    m->is_known = true;
    m->responses = arena_alloc(&r->mocks->arena, sizeof(*m->responses) * v.len);
    if (v.tag == JSON_ARRAY)
        return read_list(r, v, m);
    if (!is_one_response(v))
        return read_by_calls(r, v, m);
    m->count = 1;
    m->responses[0].first = 0;
    m->responses[0].last = UINT32_MAX;
    return read_response(r, v, &m->responses[0].answer);
}

/* ---- AWS's format ---- */

static struct json_val member_of(struct json_val object, str name)
{
    return object.tag == JSON_OBJECT ? json_get(object, name) : json_undefined();
}

/* The member with this name; where no name is given, the only one. */
static bool pick(struct mock_reader *r, struct json_val v, const char *what, str name,
                 struct json_val *ret)
{
    if (v.tag != JSON_OBJECT || v.len == 0)
        return mock_refuse(r, "%s must be an object", what);
    if (name.n == 0 && v.len > 1)
        return mock_refuse(r, "%s has several; say which", what);
    *ret = name.n > 0 ? json_get(v, name) : v.obj->vals[0];
    return ret->tag != JSON_UNDEFINED || mock_refuse(r, "%s has no \"%.*s\"", what, STR_ARG(name));
}

static bool read_aws(struct mock_reader *r, struct json_val root,
                     const struct sim_mocks_options *options)
{
    struct json_val machine, test_case, responses = json_get(root, STR("MockedResponses"));
    if (responses.tag != JSON_OBJECT)
        return mock_refuse(r, "MockedResponses must be an object");
    if (!pick(r, json_get(root, STR("StateMachines")), "StateMachines", options->machine_name,
              &machine) ||
        !pick(r, member_of(machine, STR("TestCases")), "TestCases", options->test_case, &test_case))
        return false;
    if (test_case.tag != JSON_OBJECT)
        return mock_refuse(r, "a test case must be an object");
    for (uint32_t i = 0; i < test_case.len; i++) {
        struct json_val name = test_case.obj->vals[i];
        r->state = NULL;
        if (name.tag != JSON_STRING)
            return mock_refuse(r, "a test case names a response for each state");
        struct json_val response = json_get(responses, json_str(name));
        if (response.tag == JSON_UNDEFINED)
            return mock_refuse(r, "MockedResponses has no \"%.*s\"", STR_ARG(json_str(name)));
        if (!read_state(r, key_at(test_case, i), response))
            return false;
    }
    return true;
}

/* ---- the whole ---- */

static bool read_mocks(struct mock_reader *r, struct json_val root,
                       const struct sim_mocks_options *options)
{
    if (root.tag != JSON_OBJECT)
        return mock_refuse(r, "mocks must be an object, from names of states to responses");
    if (json_get(root, STR("StateMachines")).tag != JSON_UNDEFINED &&
        json_get(root, STR("MockedResponses")).tag != JSON_UNDEFINED)
        return read_aws(r, root, options);
    if (options && options->test_case.n > 0)
        return mock_refuse(r, "a test case needs StateMachines and MockedResponses");
    for (uint32_t i = 0; i < root.len; i++) {
        if (!read_state(r, key_at(root, i), root.obj->vals[i]))
            return false;
    }
    return true;
}

enum status sim_mocks_load(str text, const struct sim_mocks_options *options,
                           const struct asl_definition *definition, struct sim_mocks **ret,
                           struct error *err)
{
    static const struct sim_mocks_options none = {.test_case = {NULL, 0}};
    struct json_parse_options limits = {.max_bytes = SIM_MAX_MOCKS};
    struct error unseen = {.status = STATUS_OK};
    struct json_doc *doc;
    err = err ? err : &unseen;
    enum status status = json_parse(text, &limits, &doc, err);
    if (status != STATUS_OK)
        return status;
    struct sim_mocks *m = calloc(1, sizeof(*m));
    check(m != NULL);
    arena_init(&m->arena, 0);
    m->state_count = definition->state_count;
    m->states = arena_zalloc(&m->arena, sizeof(*m->states) * m->state_count);
    struct mock_reader r = {.mocks = m, .definition = definition, .err = err};
    bool is_well = read_mocks(&r, json_doc_root(doc), options ? options : &none);
    json_doc_unref(doc);
    if (!is_well) {
        sim_mocks_free(m);
        return err->status;
    }
    *ret = m;
    return STATUS_OK;
}

void sim_mocks_free(struct sim_mocks *m)
{
    if (!m)
        return;
    arena_done(&m->arena);
    free(m);
}

enum sim_mock_found sim_mocks_find(const struct sim_mocks *m, const struct asl_state *state,
                                   uint32_t call, struct sim_answer *ret)
{
    const struct mock_state *s = &m->states[state->number];
    for (uint32_t i = 0; i < s->count; i++) {
        if (s->responses[i].first <= call && call <= s->responses[i].last) {
            *ret = s->responses[i].answer;
            return SIM_MOCK_FOUND;
        }
    }
    return s->is_known ? SIM_MOCK_USED_UP : SIM_MOCK_UNKNOWN;
}
