/* SPDX-License-Identifier: Apache-2.0 */
/* Fail: ends its machine with an error. There is no event for leaving it. */
#include "asl/step_internal.h"

static bool fail_begin(struct asl_step *s, struct asl_frame *f)
{
    const struct asl_fail *fail = &f->state->fail;
    struct asl_scope scope = asl_scope_of(s, f);
    struct asl_failure failure = {.has_error = false};
    if (!asl_eval_text(s, &scope, &fail->error, "ErrorPath", &failure.error, &failure.has_error) ||
        !asl_eval_text(s, &scope, &fail->cause, "CausePath", &failure.cause, &failure.has_cause))
        return false;
    s->failure = failure;
    return false;
}

const struct asl_state_ops asl_fail_ops = {.begin = fail_begin};
