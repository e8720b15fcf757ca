/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an aggregation leaves outside of its data folder: the CSV, copied from the object that the
 * job made, and the ledger. Each is there as a whole or not at all.
 */
#ifndef AFFLUX_CMD_AGGREGATE_END_H
#define AFFLUX_CMD_AGGREGATE_END_H

#include "aggregate/ledger.h"
#include "csv/csv_read.h"
#include "loop/loop.h"
#include "services/consolidate/sink_file.h"
#include "services/objects.h"
#include "services/service.h"
#include "store/reader.h"

/* ---- the ledger ---- */

/* Counts what the table of locations says of the run. */
NODISCARD enum status aggregate_count(const struct service_settings *settings,
                                      struct store_reader *reader, struct ledger *l,
                                      struct error *err);
/* Writes it. */
NODISCARD enum status aggregate_write_ledger(const struct service_settings *settings,
                                             struct store_reader *reader, const struct ledger *l,
                                             bool is_in_csv, str path, struct error *err);

/* ---- the CSV ---- */

/* A copy that is under way on a loop. */
struct aggregate_copy {
    struct object_source *source;
    struct sink_file *file;
    struct consolidate_sink sink;
    struct csv_reader rows;
    uint64_t lines; /* with the header */
    uint64_t bytes;
    bool has_header; /* one is to be written when the object is empty */
    bool is_over;    /* status and err say how it went */
    enum status status;
    struct error err;
    void (*done)(void *arg);
    void *arg;
};

/* done(arg) is called from within or later, when it is over. */
void aggregate_copy_begin(struct aggregate_copy *c, struct objects *objects, struct loop *loop,
                          str bucket, str key, str path);
void aggregate_copy_free(struct aggregate_copy *c);
static inline uint64_t aggregate_copy_rows(const struct aggregate_copy *c)
{
    return c->lines > 0 ? c->lines - 1 : 0;
}

#endif
