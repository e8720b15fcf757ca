/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Wait: until so many seconds after now, or until an instant; one in the past is no wait at all.
 * Texts of failures are AWS's (reference: "Wait").
 */
#include "asl/step_internal.h"
#include "asl/timestamp.h"
#include <math.h>
#include <stdio.h>

enum { WAIT_LONGEST_SECONDS = 99999999 };

/* A field that is wrong: States.Runtime, or an evaluation that failed. */
static bool wait_fail(struct asl_step *s, struct asl_frame *f, const struct asl_jsonata *j,
                      const char *what, const struct jsonpath *path, struct json_val v)
{
    struct buf text;
    buf_init(&text, 4096);
    if (path)
        buf_printf(&text, "%.*s == ", STR_ARG(jsonpath_text(path)));
    buf_add(&text, v.tag == JSON_STRING ? json_str(v) : asl_value_text(s, v));
    if (j)
        asl_fail_evaluation(s, f, j->field, "%s: %.*s", what, STR_ARG(buf_str(&text)));
    else
        asl_fail_in(s, f, "States.Runtime", "%s: %.*s", what, STR_ARG(buf_str(&text)));
    buf_done(&text);
    return false;
}

static bool due_after(struct asl_step *s, struct asl_scope *scope, int64_t *ret_ms)
{
    const struct asl_number *n = &scope->frame->state->wait.seconds;
    struct json_val v = json_num(n->value);
    if (n->kind == ASL_FIELD_JSONATA && !asl_eval_jsonata(s, scope, n->jsonata, &v))
        return false;
    if (n->kind == ASL_FIELD_PATH) {
        enum jsonpath_missing missing;
        struct asl_value root;
        if (!asl_path_root(s, scope, n->path, (struct asl_value){.v = scope->base}, &root))
            return false;
        if (jsonpath_eval(n->path, root.v, &s->out->scratch, &v, &missing, NULL) != STATUS_OK)
            return asl_fail_in(s, scope->frame, "States.Runtime",
                               "The SecondsPath parameter does not reference an input value: %.*s",
                               STR_ARG(jsonpath_text(n->path)));
    }
    const char *field = n->kind == ASL_FIELD_PATH ? "SecondsPath parameter" : "Seconds field";
    char what[96];
    bool is_whole = json_is_number(v) && floor(json_number(v)) == json_number(v);
    if (!is_whole || json_number(v) < 0) {
        snprintf(what, sizeof(what),
                 is_whole ? "The %s references a negative value"
                          : "The %s cannot be parsed as a long value",
                 field);
        return wait_fail(s, scope->frame, n->jsonata, what, n->path, v);
    }
    if (json_number(v) > WAIT_LONGEST_SECONDS)
        return asl_fail_in(s, scope->frame, "States.Runtime", "Wait state delay is too long.");
    *ret_ms = s->event->now_ms + (int64_t)(json_number(v) * 1000);
    return true;
}

static bool due_at(struct asl_step *s, struct asl_scope *scope, int64_t *ret_ms)
{
    const struct asl_text *t = &scope->frame->state->wait.timestamp;
    const struct jsonpath *path = t->kind == ASL_FIELD_PATH ? jsonpath_expr_path(t->path) : NULL;
    struct json_val v = json_string(t->value, 0);
    if (t->kind == ASL_FIELD_JSONATA && !asl_eval_jsonata(s, scope, t->jsonata, &v))
        return false;
    if (path) {
        struct asl_value found;
        if (!asl_eval_field_path(s, scope, path, (struct asl_value){.v = scope->base}, &found))
            return false;
        v = found.v;
    }
    struct asl_instant at;
    if (v.tag != JSON_STRING || !asl_timestamp_parse(json_str(v), &at))
        return wait_fail(s, scope->frame, t->jsonata,
                         path ? "The TimestampPath parameter does not reference a valid ISO-8601 "
                                "extended offset date-time format string"
                              : "The Timestamp field cannot be parsed as an ISO-8601 extended "
                                "offset date-time format string",
                         path, v);
    *ret_ms = at.ms + (at.ns > 0);
    if (*ret_ms - s->event->now_ms > (int64_t)WAIT_LONGEST_SECONDS * 1000)
        return asl_fail_in(s, scope->frame, "States.Runtime", "Wait state delay is too long.");
    return true;
}

static bool wait_begin(struct asl_step *s, struct asl_frame *f)
{
    struct asl_scope scope = asl_scope_of(s, f);
    struct asl_value input;
    int64_t due_ms = 0;
    if (!asl_flow_input(s, &scope, &input))
        return false;
    bool is_known = f->state->wait.seconds.kind != ASL_FIELD_ABSENT ? due_after(s, &scope, &due_ms)
                                                                    : due_at(s, &scope, &due_ms);
    if (!is_known)
        return false;
    bool is_past = due_ms <= s->event->now_ms;
    struct asl_record r = asl_record_for(f, is_past ? ASL_STATE_FINISHED : ASL_WAIT_BEGUN);
    r.due_ms = due_ms;
    r.doc = is_past ? f->input : NULL;
    asl_emit(s, &r);
    return true;
}

static bool wait_finish(struct asl_step *s, struct asl_frame *f)
{
    const struct asl_state *state = f->state;
    struct asl_scope scope = asl_scope_of(s, f);
    struct asl_value input;
    return asl_flow_input(s, &scope, &input) &&
           asl_flow_pass_on(s, &scope, input, &state->assign, state->output, state->next);
}

const struct asl_state_ops asl_wait_ops = {.begin = wait_begin, .finish = wait_finish};
