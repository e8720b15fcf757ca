/* SPDX-License-Identifier: Apache-2.0 */
/* The command line of afflux consolidate. */
#ifndef AFFLUX_CMD_CONSOLIDATE_OPTIONS_H
#define AFFLUX_CMD_CONSOLIDATE_OPTIONS_H

#include "csv/csv_read.h"
#include "services/consolidate/consolidate.h"

struct consolidate_words {
    const char *output, *ledger;
    bool is_json, is_quiet, is_help;
    str *paths; /* of argv */
    size_t path_count;
    struct csv_reader names; /* the columns lie in it */
    str *columns;
    struct consolidate_options job; /* columns and dialect of above */
};

/* False: what is wrong was said (the exit code is CMD_USAGE). consolidate_words_done either way. */
bool consolidate_words_read(struct consolidate_words *w, int argc, char **argv);
void consolidate_words_done(struct consolidate_words *w);

#endif
