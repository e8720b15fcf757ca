/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Choice: the first rule that holds says where to go, and leaves with its own Assign and Output;
 * the state's hold where Default is taken. JSONPath conditions are in choice_condition.c.
 */
#include "asl/step_internal.h"

static bool rule_holds(struct asl_step *s, struct asl_scope *scope, struct asl_value input,
                       const struct asl_rule *rule, bool *ret)
{
    *ret = rule->literal;
    if (rule->condition)
        return asl_condition_holds(s, scope, input, rule->condition, ret);
    if (!rule->jsonata)
        return true;
    struct json_val v;
    if (!asl_eval_jsonata(s, scope, rule->jsonata, &v) ||
        !asl_expect_type(s, scope->frame, rule->jsonata, v, JSON_BOOL, "boolean"))
        return false;
    *ret = v.b;
    return true;
}

static bool choice_begin(struct asl_step *s, struct asl_frame *f)
{
    const struct asl_state *state = f->state;
    struct asl_scope scope = asl_scope_of(s, f);
    struct asl_value input;
    if (!asl_flow_input(s, &scope, &input))
        return false;
    for (uint32_t i = 0; i < state->choice.rule_count; i++) {
        const struct asl_rule *rule = &state->choice.rules[i];
        bool holds;
        if (!rule_holds(s, &scope, input, rule, &holds))
            return false;
        if (holds)
            return asl_flow_pass_on(s, &scope, input, &rule->assign, rule->output, rule->next);
    }
    if (!state->choice.otherwise)
        return asl_fail_in(s, f, "States.Runtime",
                           "Failed to transition out of the state. The state does not point to a "
                           "next state.");
    return asl_flow_pass_on(s, &scope, input, &state->assign, state->output,
                            state->choice.otherwise);
}

const struct asl_state_ops asl_choice_ops = {.begin = choice_begin};
