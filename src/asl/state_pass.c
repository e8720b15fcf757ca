/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pass: builds a value, or gives a static one, and goes on. The shortest of the states: what the
 * others add to this is waiting.
 */
#include "asl/step_internal.h"

static bool pass_begin(struct asl_step *s, struct asl_frame *f)
{
    const struct asl_state *state = f->state;
    struct asl_scope scope = asl_scope_of(s, f);
    struct asl_value value = asl_value_of(f->input);
    if (state->language == ASL_JSONATA)
        return asl_flow_pass_on(s, &scope, value, &state->assign, state->output, state->next);
    if (!asl_flow_input(s, &scope, &value) || !asl_flow_arguments(s, &scope, value, &value))
        return false;
    if (state->pass.has_result)
        value = (struct asl_value){.v = state->pass.result};
    return asl_flow_exit(s, &scope, value);
}

const struct asl_state_ops asl_pass_ops = {.begin = pass_begin};
