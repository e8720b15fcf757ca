/* SPDX-License-Identifier: Apache-2.0 */
/* What the command line of `afflux run` asks for. */
#ifndef AFFLUX_CMD_RUN_OPTIONS_H
#define AFFLUX_CMD_RUN_OPTIONS_H

#include "asl/exec.h"

enum { RUN_MAX_INPUT = 1 << 30 };

struct run_options {
    const char *file;        /* the definition */
    const char *input;       /* JSON text, or @FILE; NULL: {} */
    const char *mocks;       /* file, or NULL */
    const char *test_case;   /* or NULL */
    const char *name;        /* of the execution, or NULL */
    const char *data;        /* folder to keep it in, or NULL */
    const char *connections; /* file, or NULL */
    const char *objects;     /* folder of buckets, or NULL */
    bool is_virtual, is_strict, is_history, is_traced, is_json, is_quiet, is_help;
    enum asl_type type;
    uint64_t seed;
    int64_t start_ms; /* with --now */
    bool has_seed, has_start;
};

/* CMD_OK, or CMD_USAGE and it has said why. */
int run_options_read(struct run_options *o, int argc, char **argv);

#endif
