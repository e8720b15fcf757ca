/* SPDX-License-Identifier: Apache-2.0 */
/* What the command line of `afflux eval` asks for. */
#ifndef AFFLUX_CMD_EVAL_OPTIONS_H
#define AFFLUX_CMD_EVAL_OPTIONS_H

#include "base/map.h"
#include "jsonata/jsonata.h"

enum eval_mode { EVAL_VALUES, EVAL_TREE, EVAL_TOKENS, EVAL_STREAM, EVAL_HELP };

struct eval_options {
    enum eval_mode mode;
    const char *text;      /* the expression, or NULL: */
    const char *text_file; /* it is in this file */
    const char **files;    /* inputs; none: stdin */
    size_t file_count;
    bool is_slurped, is_raw, is_joined, is_compact, is_without_input, is_by_line;
    bool has_exit_status; /* of the last result */
    bool is_traced;
    int color;      /* 1 always, -1 never, 0 on a terminal */
    unsigned flags; /* of jsonata_compile */
    struct jsonata_binding *bindings;
    uint32_t binding_count;
    struct map binding_places; /* name to its place in bindings */
    struct jsonata_limits limits;
    bool has_now, has_seed;
    int64_t now_ms;
    uint64_t seed;      /* of the first evaluation; drawn from the system unless has_seed */
    size_t max_text;    /* bytes of one document, one line of --stream, one expression file */
    struct arena arena; /* of all the above */
};

/* CMD_OK, or CMD_USAGE and it has said why. eval_options_done in both cases. */
int eval_options_read(struct eval_options *o, int argc, char **argv);
void eval_options_done(struct eval_options *o);

/* Clock and seed of the next evaluation. */
int64_t eval_options_now(const struct eval_options *o);
uint64_t eval_options_seed(struct eval_options *o);

/* The flag of a dialect by its name, 0 when there is none: "step-functions", "strict-aws". */
unsigned eval_options_dialect(str name);

#endif
