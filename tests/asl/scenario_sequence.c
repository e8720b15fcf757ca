/* SPDX-License-Identifier: Apache-2.0 */
/* See scenario_sequence.h. The scenario is put together as text, in the form of a scenario file. */
#include "scenario_sequence.h"

#include "base/check.h"
#include "json/parse.h"
#include "json/write.h"

struct sequence {
    struct arena *arena;
    struct json_val calls, start; /* start: the call that starts the execution */
    str machine, execution;       /* names; execution may be empty */
    double number;                /* of the call, as references name it */
};

static struct json_val request(struct json_val call, const char *key)
{
    struct json_val v = json_get(call, STR("request"));
    return v.tag == JSON_OBJECT ? json_get(v, str_of(key)) : json_undefined();
}

static struct json_val response(struct json_val call, const char *key)
{
    struct json_val v = json_get(call, STR("response"));
    return v.tag == JSON_OBJECT ? json_get(v, str_of(key)) : json_undefined();
}

static str text_or_empty(struct json_val v)
{
    return v.tag == JSON_STRING ? json_str(v) : STR("");
}

static bool operation_is(struct json_val call, const char *name)
{
    return str_eq(text_or_empty(json_get(call, STR("operation"))), str_of(name));
}

/* Part number n of an ARN. */
static str arn_part(str arn, int n)
{
    size_t from = 0;
    for (int i = 0; i < n; i++) {
        size_t colon = str_find_byte(arn, ':', from);
        if (colon == STR_NONE)
            return STR("");
        from = colon + 1;
    }
    return str_sub(arn, from, str_find_byte(arn, ':', from));
}

enum { ARN_NAME = 6, ARN_EXECUTION = 7 };

/* Is the call about this execution? */
static bool is_about(const struct sequence *q, struct json_val call)
{
    str arn = text_or_empty(request(call, "executionArn"));
    str reference = arena_printf(q->arena, "${%.0f:executionArn}", q->number);
    return str_eq(arn, reference) ||
           (q->execution.n > 0 && str_eq(arn_part(arn, ARN_NAME), q->machine) &&
            str_eq(arn_part(arn, ARN_EXECUTION), q->execution));
}

static struct json_val find_machine(const struct sequence *q)
{
    for (uint32_t i = 0; i < q->calls.len; i++) {
        struct json_val call = q->calls.items[i];
        if (operation_is(call, "CreateStateMachine") &&
            str_eq(text_or_empty(request(call, "name")), q->machine))
            return call;
    }
    return json_undefined();
}

static bool is_stopped(const struct sequence *q)
{
    for (uint32_t i = 0; i < q->calls.len; i++) {
        if (operation_is(q->calls.items[i], "StopExecution") && is_about(q, q->calls.items[i]))
            return true;
    }
    return false;
}

/* ---- what is known about the end ---- */

static bool put(struct buf *out, const char *key, struct json_val v)
{
    if (v.tag == JSON_UNDEFINED)
        return false;
    if (out->p[out->n - 1] != '{')
        buf_add_byte(out, ',');
    buf_printf(out, "\"%s\":", key);
    check(json_write(out, v, 0, NULL) == STATUS_OK);
    return true;
}

static bool put_outcome(struct buf *out, struct json_val call)
{
    static const char *const keys[] = {"status", "output", "error", "cause"};
    bool has = false;
    for (size_t i = 0; i < ARRAY_LEN(keys); i++)
        has = put(out, keys[i], response(call, keys[i])) || has;
    return has;
}

/* Only the end of the history counts: earlier ones show it on its way. What a poll waits for is no
 * recording; it says how an execution ends unless somebody stops it. */
static bool put_history(const struct sequence *q, struct buf *out)
{
    struct json_val events = json_undefined(), last = json_undefined();
    for (uint32_t i = 0; i < q->calls.len; i++) {
        struct json_val call = q->calls.items[i], until = json_get(call, STR("until"));
        if (!operation_is(call, "GetExecutionHistory") || !is_about(q, call) ||
            request(call, "reverseOrder").tag == JSON_BOOL)
            continue;
        events = response(call, "events");
        last = until.tag == JSON_OBJECT ? json_get(until, STR("last_event")) : json_undefined();
    }
    bool is_end = str_starts(text_or_empty(last), STR("Execution")) && !is_stopped(q);
    return put(out, "history", events) || (is_end && put(out, "last_event", last));
}

static bool put_expect(const struct sequence *q, struct buf *out)
{
    buf_add(out, STR("{"));
    bool has = put_history(q, out);
    for (uint32_t i = 0; i < q->calls.len; i++) {
        struct json_val call = q->calls.items[i];
        if (operation_is(call, "DescribeExecution") && is_about(q, call))
            has = put_outcome(out, call) || has;
    }
    has = put_outcome(out, q->start) || has;
    buf_add_byte(out, '}');
    return has;
}

/* ---- the scenario ---- */

static bool put_scenario(const struct sequence *q, struct json_val file, struct buf *out)
{
    struct json_val machine = find_machine(q), name = request(q->start, "name");
    if (machine.tag != JSON_OBJECT)
        return false;
    buf_add(out, STR("{\"area\":\"sequences\""));
    put(out, "definition", request(machine, "definition"));
    put(out, "type", request(machine, "type"));
    put(out, "role_arn", request(machine, "roleArn"));
    put(out, "state_machine_name", request(machine, "name"));
    put(out, "input_text", request(q->start, "input"));
    put(out, "execution_name", name);
    put(out, "lenient_paths", json_get(file, STR("lenient_paths")));
    put(out, "setup", q->calls);
    buf_add(out, STR(",\"expect\":"));
    bool has = put_expect(q, out);
    buf_add_byte(out, '}');
    return has;
}

bool sequence_scenario(struct arena *arena, struct json_val file, uint32_t call,
                       struct scenario *ret, const char **ret_reason)
{
    struct sequence q = {.arena = arena, .calls = json_get(file, STR("calls"))};
    struct error err;
    struct buf text;
    q.start = q.calls.items[call];
    *ret_reason = NULL;
    if (!(operation_is(q.start, "StartExecution") || operation_is(q.start, "StartSyncExecution")) ||
        json_get(q.start, STR("error")).tag != JSON_UNDEFINED)
        return false;
    q.number = json_number(json_get(q.start, STR("call")));
    q.machine = arn_part(text_or_empty(request(q.start, "stateMachineArn")), ARN_NAME);
    q.execution = text_or_empty(request(q.start, "name"));
    buf_init(&text, SIZE_MAX / 2);
    bool has = put_scenario(&q, file, &text);
    if (has && json_parse_in(arena, buf_str(&text), NULL, &ret->file, &err) != STATUS_OK)
        has = false;
    buf_done(&text);
    ret->one = ret->file;
    ret->stops = is_stopped(&q);
    *ret_reason = has ? NULL : "needs the API: nothing was recorded about its end";
    return has;
}
