/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Consolidation: parts of JSON in, one CSV out. Parts come from a source in the order of their keys
 * and are read by several threads at a time; their rows go to a sink in that order, which publishes
 * all or nothing. csv/csv_rows.h says what a part may be and what becomes of it.
 *
 * The file is the same whatever the number of threads: rows stand in the order of the keys, columns
 * in the order in which the rows show them first.
 *
 * Columns in one pass. What columns there are is known at the end only. Collecting them first would
 * read every part twice, and parts may change in between. So rows are written with the columns
 * known so far, and when a column turned up after the header was written, the sink's own bytes are
 * read once more and widened (csv/csv_fit.h): in the usual case, where the first parts have all
 * columns, that costs nothing, in the other it costs a copy of the output, not of the input.
 *
 * Memory: per thread an input buffer and CONSOLIDATE_SLOTS outputs of CONSOLIDATE_HOLD bytes at
 * most, and one row. Nothing depends on the number or size of parts.
 */
#ifndef AFFLUX_SERVICES_CONSOLIDATE_CONSOLIDATE_H
#define AFFLUX_SERVICES_CONSOLIDATE_CONSOLIDATE_H

#include "base/buf.h"
#include "base/error.h"
#include "csv/csv_write.h"
#include <stdatomic.h>

enum {
    CONSOLIDATE_MAX_THREADS = 64,
    CONSOLIDATE_SLOTS = 4,         /* parts per thread that may be ahead of the one to be written */
    CONSOLIDATE_READ = 256 << 10,  /* bytes of a part read at a time */
    CONSOLIDATE_FLUSH = 256 << 10, /* rows are written when there are so many bytes of them */
    CONSOLIDATE_HOLD = 1 << 20 /* a part waits for its turn with no more than this (and a row) */
};

/* Where parts come from. */
struct consolidate_source {
    void *arg;
    /* Appends the key of the next part to key, which is empty; nothing: there is no other. Keys
     * come in byte order, each once. Called by one thread at a time, not always the same. */
    enum status (*next)(void *arg, struct buf *key, struct error *err);
    /* The rest is called by many threads at a time. STATUS_NOT_FOUND: the part is gone, which makes
     * it a bad part; whatever else fails ends the job. */
    enum status (*open)(void *arg, str key, void **ret_part, struct error *err);
    /* Up to n bytes; 0: the end. */
    enum status (*read)(void *part, char *to, size_t n, size_t *ret_n, struct error *err);
    void (*close)(void *part);
};

/* Where the CSV goes. Called by one thread at a time. Exactly one of publish and discard ends it; a
 * publish that fails leaves nothing half-written. */
struct consolidate_sink {
    void *arg;
    enum status (*write)(void *arg, str bytes, struct error *err);
    /* What was written is to be read (below), and writing begins anew. At most once. */
    enum status (*rewrite)(void *arg, struct error *err);
    enum status (*read_back)(void *arg, char *to, size_t n, size_t *ret_n, struct error *err);
    enum status (*publish)(void *arg, struct error *err);
    void (*discard)(void *arg);
};

/* What became of a part: a line of the ledger. */
struct consolidate_part {
    str key;
    uint64_t rows;
    uint64_t bytes;
    uint64_t left_out;         /* members that are no listed columns */
    const struct error *error; /* of a bad part, which has no rows in the file; else NULL */
    size_t line, column;       /* where it is bad; 0: nowhere in particular */
};

/* Read by any thread while the job runs. */
struct consolidate_progress {
    _Atomic uint64_t parts, rows, bytes_read;
    _Atomic uint64_t bytes_written; /* with those that were written twice */
    _Atomic bool is_canceled;       /* set by anyone, a signal handler too: the job ends soon */
};

struct consolidate_options {
    struct csv_dialect dialect;
    const str *columns;    /* exactly these, in this order; valid UTF-8, none twice */
    uint32_t column_count; /* 0: all that occur */
    bool skips_bad;        /* bad parts are left out as a whole; otherwise the first ends the job */
    uint32_t threads;      /* 0: one per core */
    struct consolidate_progress *progress; /* or NULL */
    /* For each part in the order of the keys, by one thread at a time; may be NULL. In a job that
     * fails by a bad part this is the last call. */
    void (*on_part)(void *arg, const struct consolidate_part *part);
    void *on_part_arg;
};

struct consolidate_result {
    uint64_t parts; /* all that were read, the bad ones too */
    uint64_t bad;
    uint64_t rows;
    uint64_t left_out;
    uint64_t bytes_read;
    uint64_t bytes_written; /* size of the CSV */
    uint32_t columns;
    bool was_widened; /* the output was copied once for columns that came late */
};

/* Runs on the calling thread and others. STATUS_CANCELED "Canceled"; STATUS_INVALID "BadColumns" or
 * "BadDelimiter" before anything is read; STATUS_INVALID, LIMIT or NOT_FOUND for a bad part, whose
 * message begins with KEY:LINE:COLUMN or KEY; what source and sink said. */
NODISCARD enum status consolidate(const struct consolidate_options *options,
                                  const struct consolidate_source *source,
                                  const struct consolidate_sink *sink,
                                  struct consolidate_result *ret, struct error *err);

#endif
