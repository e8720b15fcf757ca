/* SPDX-License-Identifier: Apache-2.0 */
/*
 * struct sim_mocks: scripted answers, read from JSON. For each state a list of responses, one per
 * call in their order, over all retries, loops and iterations; or one object whose members are
 * calls ("0", "2-5"); or one response, for every call:
 *
 *   {"Fetch": [{"Throw": {"Error": "Busy", "Cause": "try later"}}, {"Return": {"rows": 3}}],
 *    "Store": {"Return": null, "DelaySeconds": 2}}
 *
 * A response has one of
 *   Return  the result, any value
 *   Throw   {"Error", "Cause"}, each optional; "Stage": "SUBMIT", "START" or "SCHEDULE" when the
 *           task does not come as far as to run
 *   Items   what the ItemReader of a distributed Map finds: an array
 * and may have DelaySeconds, HeartbeatSeconds (a heartbeat every so often until it comes), Worker
 * (of an activity), and Submit, the first answer of a service whose end is waited for. A response
 * with only Submit leaves the task waiting for its token.
 *
 * The format of AWS's local testing tool is understood too: StateMachines, their TestCases, and
 * MockedResponses.
 */
#ifndef AFFLUX_SIM_MOCKS_H
#define AFFLUX_SIM_MOCKS_H

#include "asl/definition.h"

enum { SIM_MAX_MOCKS = 64 << 20 /* bytes of the text */ };

struct sim_mocks;
struct sim_answer;

struct sim_mocks_options {
    str machine_name, test_case; /* of AWS's format; empty: the only one */
};

/* STATUS_INVALID "JsonSyntax", or "InvalidMock" with the place in words: a state that does not
 * exist or takes no answers, a response that is none. */
NODISCARD enum status sim_mocks_load(str text, const struct sim_mocks_options *options,
                                     const struct asl_definition *definition,
                                     struct sim_mocks **ret, struct error *err);
void sim_mocks_free(struct sim_mocks *m); /* NULL is allowed */

enum sim_mock_found {
    SIM_MOCK_FOUND,
    SIM_MOCK_UNKNOWN, /* nothing is said about the state */
    SIM_MOCK_USED_UP  /* nothing is said about this call of it */
};

/* The answer to a state's call, counted from 0. Texts live as long as the mocks. Items are the
 * output of a Map's answer. */
enum sim_mock_found sim_mocks_find(const struct sim_mocks *m, const struct asl_state *state,
                                   uint32_t call, struct sim_answer *ret);

#endif
