/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Data flow: what a state's work is given, and what the state leaves behind.
 *
 *   JSONPath   raw input ─InputPath─► ─Parameters─► work ─► ─ResultSelector─► ─ResultPath─►
 * ─OutputPath─► JSONata    input ─Arguments─► work ─► Output
 *
 * Assign sees the values from before the state, like all else, and is applied with the exit.
 */
#include "asl/step_internal.h"

static bool too_large(struct asl_step *s, const struct asl_frame *f)
{
    asl_fail_plain(s, "States.DataLimitExceeded",
                   "The state/task '%.*s' returned a result with a size exceeding the maximum "
                   "number of bytes service limit.",
                   STR_ARG(f->state->name));
    return false;
}

/* ---- in ---- */

static bool select_path(struct asl_step *s, struct asl_scope *scope, const struct asl_path *path,
                        struct asl_value from, struct asl_value *ret)
{
    if (path->kind == ASL_PATH_DEFAULT) {
        *ret = from;
        return true;
    }
    if (path->kind == ASL_PATH_NULL) {
        struct json_obj_builder empty;
        json_obj_begin(&empty, asl_shapes(s), 0);
        *ret = (struct asl_value){.v = json_obj_end(&empty)};
        return true;
    }
    return asl_eval_field_path(s, scope, path->path, from, ret);
}

bool asl_flow_input(struct asl_step *s, struct asl_scope *scope, struct asl_value *ret)
{
    const struct asl_state *state = scope->frame->state;
    struct asl_value raw = asl_value_of(scope->frame->input);
    if (!select_path(s, scope, &state->input_path, raw, ret))
        return false;
    scope->base = ret->v;
    return true;
}

bool asl_flow_arguments(struct asl_step *s, struct asl_scope *scope, struct asl_value input,
                        struct asl_value *ret)
{
    const struct asl_template *t = scope->frame->state->parameters;
    *ret = input;
    if (!t)
        return true;
    *ret = (struct asl_value){.v = json_undefined()};
    return asl_eval_template(s, scope, t, &ret->v);
}

/* ---- out ---- */

bool asl_flow_output_path(struct asl_step *s, struct asl_scope *scope, struct asl_value value,
                          struct asl_value *ret)
{
    return select_path(s, scope, &scope->frame->state->output_path, value, ret);
}

static bool exit_jsonpath(struct asl_step *s, struct asl_scope *scope, struct asl_value result,
                          struct asl_value *ret)
{
    const struct asl_state *state = scope->frame->state;
    struct asl_value output = result;
    if (state->result_selector) {
        scope->base = result.v;
        output = (struct asl_value){.v = json_undefined()};
        if (!asl_eval_template(s, scope, state->result_selector, &output.v))
            return false;
    }
    if (state->result_path.kind == ASL_PATH_NULL) {
        output = asl_value_of(scope->frame->input);
    } else if (state->result_path.kind == ASL_PATH_SET &&
               !jsonpath_is_root(state->result_path.path) &&
               !asl_flow_put(s, scope, state->result_path.path, &output)) {
        return false;
    }
    return asl_flow_output_path(s, scope, output, ret);
}

/* value placed into the raw input. */
bool asl_flow_put(struct asl_step *s, struct asl_scope *scope, const struct jsonpath *path,
                  struct asl_value *value)
{
    struct json_val v;
    struct error err UNINIT;
    enum status status =
        jsonpath_put(path, scope->frame->input->root, value->v, asl_shapes(s), &v, &err);
    if (status != STATUS_OK)
        return asl_fail_in(s, scope->frame, "States.ResultPathMatchFailure", "%s", err.message);
    *value = (struct asl_value){.v = v};
    return true;
}

bool asl_flow_exit(struct asl_step *s, struct asl_scope *scope, struct asl_value result)
{
    const struct asl_state *state = scope->frame->state;
    struct asl_exit way = {.output = result, .assign = &state->assign, .next = state->next};
    scope->result = result.v;
    scope->result_doc = result.doc;
    scope->base = result.v;
    if (!asl_flow_assign(s, scope, &way))
        return false;
    if (state->language == ASL_JSONATA) {
        if (state->output) {
            way.output = (struct asl_value){.v = json_undefined()};
            if (!asl_eval_template(s, scope, state->output, &way.output.v))
                return false;
        }
    } else if (!exit_jsonpath(s, scope, result, &way.output)) {
        return false;
    }
    return asl_flow_leave(s, scope, &way);
}

bool asl_flow_pass_on(struct asl_step *s, struct asl_scope *scope, struct asl_value input,
                      const struct asl_assign *assign, const struct asl_template *output,
                      const struct asl_state *next)
{
    struct asl_exit way = {.output = input, .assign = assign, .next = next};
    if (!asl_flow_assign(s, scope, &way))
        return false;
    if (output) {
        way.output = (struct asl_value){.v = json_undefined()};
        if (!asl_eval_template(s, scope, output, &way.output.v))
            return false;
    } else if (!asl_flow_output_path(s, scope, input, &way.output)) {
        return false;
    }
    return asl_flow_leave(s, scope, &way);
}

/* ---- variables ---- */

static bool fits_limits(struct asl_step *s, const struct asl_frame *f, const struct asl_slot *slots,
                        uint32_t count)
{
    uint64_t bytes = 0, all = s->x->variable_bytes;
    if (!s->x->options.strict)
        return true;
    for (uint32_t i = 0; i < count; i++) {
        bytes += asl_document_size(slots[i].value);
        struct asl_document *old = asl_frame_variable(f, slots[i].variable);
        all += asl_document_size(slots[i].value) - (old ? asl_document_size(old) : 0);
    }
    if (bytes > ASL_MAX_PAYLOAD || all > ASL_MAX_VARIABLES_BYTES) {
        const char *text = bytes > ASL_MAX_PAYLOAD
                               ? "The variables assigned exceed the maximum number of bytes "
                                 "service limit for one Assign."
                               : "The variables of the execution exceed the maximum number of "
                                 "bytes service limit.";
        asl_fail_in(s, f, "States.DataLimitExceeded", "%s", text);
        s->failure.is_evaluation = true;
        return false;
    }
    return true;
}

bool asl_flow_assign(struct asl_step *s, struct asl_scope *scope, struct asl_exit *way)
{
    const struct asl_assign *assign = way->assign;
    way->slots = NULL;
    way->slot_count = assign ? assign->count : 0;
    if (way->slot_count == 0)
        return true;
    way->slots = arena_alloc(&s->out->arena, sizeof(*way->slots) * way->slot_count);
    for (uint32_t i = 0; i < way->slot_count; i++) {
        struct asl_value value = {.v = json_undefined()};
        if (!asl_eval_template(s, scope, &assign->items[i].value, &value.v) ||
            !asl_keep(s, scope, value, &way->slots[i].value))
            return false;
        way->slots[i].variable = assign->items[i].variable;
    }
    return fits_limits(s, scope->frame, way->slots, way->slot_count);
}

/* ---- leaving ---- */

bool asl_flow_leave(struct asl_step *s, struct asl_scope *scope, const struct asl_exit *way)
{
    struct asl_frame *f = scope->frame;
    struct asl_document *output;
    if (!asl_keep(s, scope, way->output, &output))
        return false;
    if (s->x->options.strict && asl_document_size(output) > ASL_MAX_PAYLOAD)
        return too_large(s, f);
    struct asl_record r = asl_record_for(f, ASL_STATE_EXITED);
    r.doc = output;
    r.assigned = way->slots;
    r.assigned_count = way->slot_count;
    if (way->next)
        r.next = way->next->number;
    asl_emit(s, &r);
    if (!way->next)
        asl_machine_ended(s, f);
    return true;
}
