/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One state tried out, as TestState does: it is entered with an input, its work gives what a mock
 * says, and what came of it is told, with the values in between. The machine around it does not
 * run. A Wait is over at once.
 *
 * A Task without a mock is probed twice: the first tells what its work is given, the second has
 * what the work gave in the mock's place. Both come to the same values, as time and seed are the
 * same.
 */
#ifndef AFFLUX_ASL_PROBE_H
#define AFFLUX_ASL_PROBE_H

#include "asl/exec.h"

enum asl_probe_mock { ASL_PROBE_NO_MOCK, ASL_PROBE_RESULT, ASL_PROBE_ERROR };

struct asl_probe_options {
    const struct asl_state *state;
    struct asl_options asl;
    struct asl_identity identity;
    str state_name;          /* as the context has it */
    struct json_doc *input;  /* borrowed, as all documents here */
    struct json_val context; /* undefined: as an Express execution has it */
    struct json_val variables;
    enum asl_probe_mock mock;
    struct json_doc *result;
    str error, cause;
    bool has_error, has_cause;
    bool is_called;    /* the mock is what the work really gave */
    uint32_t retries;  /* every retrier was used so often */
    uint64_t failures; /* of a Map's iterations */
    int64_t now_ms;
    uint64_t seed;
};

enum asl_probe_status {
    ASL_PROBE_SUCCEEDED,
    ASL_PROBE_FAILED,
    ASL_PROBE_RETRIABLE,
    ASL_PROBE_CAUGHT,
    ASL_PROBE_WORKS /* a Task without a mock: its work is to be done, with `arguments` */
};

/* Named as TestState names them. */
struct asl_probe_value {
    const char *name;
    str text; /* JSON */
};
enum { ASL_PROBE_VALUES = 16 };

/* Texts lie in the arena. */
struct asl_probe_result {
    enum asl_probe_status status;
    str output;       /* JSON text; empty: none */
    str error, cause; /* without the words that name the state */
    bool has_error, has_cause;
    str next; /* state; empty: none */
    struct asl_probe_value values[ASL_PROBE_VALUES];
    uint32_t value_count;
    int32_t catcher, retrier; /* -1: none */
    double retry_seconds;     /* RETRIABLE */
    str arguments;            /* WORKS: JSON text */
    int64_t timeout_ms;       /* WORKS: how long it may take; ASL_NEVER: no limit */
};

/* STATUS_INVALID "ProbeWaits": a state that is no Task waits for work that no mock does. */
NODISCARD enum status asl_probe(struct asl_definition *d, const struct asl_probe_options *o,
                                struct arena *a, struct asl_probe_result *ret, struct error *err);

#endif
