/* SPDX-License-Identifier: Apache-2.0 */
/* Succeed: ends its machine with its output. */
#include "asl/step_internal.h"

static bool succeed_begin(struct asl_step *s, struct asl_frame *f)
{
    struct asl_scope scope = asl_scope_of(s, f);
    struct asl_value input;
    return asl_flow_input(s, &scope, &input) &&
           asl_flow_pass_on(s, &scope, input, NULL, f->state->output, NULL);
}

const struct asl_state_ops asl_succeed_ops = {.begin = succeed_begin};
