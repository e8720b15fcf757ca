/* SPDX-License-Identifier: Apache-2.0 */
/* The mocks of TestState: read, and checked against what they stand in for. */
#ifndef AFFLUX_ENGINE_SFN_MOCK_H
#define AFFLUX_ENGINE_SFN_MOCK_H

#include "asl/probe.h"
#include "engine/sfn_internal.h"

/* The request's mock and the failures of iterations; what needs no state is checked. */
NODISCARD enum status sfn_mock_read(struct sfn_scope *s, struct asl_probe_options *ret,
                                    struct error *err);
/* Does the mock's result fit the state, and the service that it stands in for? */
NODISCARD enum status sfn_mock_fit(struct sfn_scope *s, const struct asl_state *state,
                                   const struct asl_probe_options *o, struct error *err);
/* A context that was given: only what a context has. */
NODISCARD enum status sfn_mock_check_context(struct sfn_scope *s, struct json_val context,
                                             struct error *err);

#endif
