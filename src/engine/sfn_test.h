/* SPDX-License-Identifier: Apache-2.0 */
/* What the two halves of TestState share: sfn_test_state.c tries the state, sfn_test_call.c does
 * the work that a Task without a mock asks for. */
#ifndef AFFLUX_ENGINE_SFN_TEST_H
#define AFFLUX_ENGINE_SFN_TEST_H

#include "asl/definition.h"
#include "engine/sfn_internal.h"

enum { SFN_TEST_MS = 5 * 60 * 1000 }; /* a test runs so long at most (reference, "TestState") */

struct sfn_test_work {
    /* out: the state is a Task whose work is to be done, and these are for it */
    bool is_wanted;
    struct asl_resource resource; /* texts in the scope's arena, as the next */
    str arguments;                /* JSON text */
    int64_t timeout_ms;           /* from now; ASL_NEVER: none */

    /* in, with is_done: what it gave; borrowed */
    bool is_done;
    struct json_doc *result; /* NULL: it failed */
    str error, cause;
    struct json_val request, response; /* for the level TRACE; undefined: none */
};

/* Tries the state that the request describes. Writes the answer, unless work->is_wanted. Tried
 * again with what the work gave, the same request and time come to the same place. */
NODISCARD enum status sfn_test_try(struct sfn_scope *s, struct sfn_test_work *work,
                                   struct error *err);

bool sfn_test_is_http(const struct asl_resource *r);

#endif
