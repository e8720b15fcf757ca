/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The CSV of a run to a file, on a loop: the ledger of its parts is tallied, then the object that
 * the job made is copied, and its rows are counted on the way. Nobody sees the file before it is
 * published, which aggregate_end.h does together with the ledger.
 */
#ifndef AFFLUX_CMD_AGGREGATE_COPY_H
#define AFFLUX_CMD_AGGREGATE_COPY_H

#include "aggregate/tally.h"
#include "csv/csv_count.h"
#include "csv/csv_write.h"
#include "loop/loop.h"
#include "services/consolidate/sink_file.h"
#include "services/objects.h"

/* What is to be copied, and how it looks. All texts are borrowed. */
struct aggregate_copy_plan {
    str bucket, task, run; /* the object is TASK/RUN.csv, its parts TASK/RUN.parts.jsonl */
    struct csv_dialect dialect;
    const str *columns; /* of a file without rows, where the job knew of none; may be none */
    uint32_t column_count;
};

struct aggregate_copy {
    struct aggregate_copy_plan plan;
    struct objects *objects;
    struct loop *loop;
    struct arena arena;
    struct object_source *source; /* what is being read */

    struct tally tally;
    bool has_tally;
    struct error tally_err; /* status: it is there, and cannot be read */

    struct sink_file *file;
    struct consolidate_sink sink;
    struct csv_counter rows;
    uint64_t bytes;
    bool is_published; /* or discarded */

    bool is_over; /* status and err say how it went; STATUS_NOT_FOUND: there is no such object */
    enum status status;
    struct error err;
    void (*done)(void *arg);
    void *arg;
};

/* done(arg) is called from within or later, when it is over. */
void aggregate_copy_begin(struct aggregate_copy *c, const struct aggregate_copy_plan *plan,
                          struct objects *objects, struct loop *loop, str path,
                          void (*done)(void *arg), void *arg);
/* Of one that has begun; what was not published is discarded. */
void aggregate_copy_free(struct aggregate_copy *c);

/* Without the header. */
static inline uint64_t aggregate_copy_rows(const struct aggregate_copy *c)
{
    uint64_t lines = csv_counted(&c->rows);
    return lines > 0 ? lines - 1 : 0;
}

#endif
