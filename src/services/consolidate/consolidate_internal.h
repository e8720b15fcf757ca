/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A job at work. Parts are numbered as the source gives them out. Each has a slot of a ring until
 * its rows are written; `turn` is the part whose rows are next. A thread that is done with a part
 * leaves it in its slot, and goes on; whoever finds the slot of the turn done writes it, and those
 * behind it. So nobody waits unless the ring is full or a part too large to be held.
 */
#ifndef AFFLUX_SERVICES_CONSOLIDATE_CONSOLIDATE_INTERNAL_H
#define AFFLUX_SERVICES_CONSOLIDATE_CONSOLIDATE_INTERNAL_H

#include "csv/csv_rows.h"
#include "services/consolidate/consolidate.h"
#include <pthread.h>

struct slot {
    bool
        is_done; /* under the lock; all else belongs to who reads the part, then to who writes it */
    struct buf key;
    struct buf out;
    struct csv_columns
        added; /* columns of out behind the first `base`, as its reader numbers them */
    uint32_t base;
    uint32_t least; /* width of the narrowest row in out */
    uint64_t rows, left_out, bytes;
    uint64_t told_rows, told_bytes; /* of them, what the progress shows */
    bool is_bad;
    struct error error;
    size_t line, column;
};

struct job {
    const struct consolidate_options *options;
    const struct consolidate_source *source;
    const struct consolidate_sink *sink;
    struct csv_dialect dialect;

    pthread_mutex_t lock;
    pthread_cond_t moved; /* turn or is_stopped have changed */
    unsigned waiting;     /* threads that wait for it */
    struct slot *slots;
    uint32_t slot_count;
    uint64_t next, turn;
    bool is_writing;         /* a thread has the turn, and all that is below "of the writer" */
    bool is_over;            /* the source has no more */
    _Atomic bool is_stopped; /* written under the lock; failure says why */
    struct error failure;
    struct csv_columns columns; /* all that rows written have; read under the lock, changed by the
                                   writer under the lock */

    /* of the writer */
    bool has_header;
    uint32_t header_width; /* rows written are at least so wide */
    struct buf spare;
    struct consolidate_result result;
};

/* ---- job_write.c: the writer's side. Called with the turn and without the lock ---- */

/* Rows of a slot to the sink, its new columns to the job's. */
NODISCARD enum status job_write(struct job *job, struct slot *slot, struct error *err);
/* Its end: the ledger, or the failure of the job. */
NODISCARD enum status job_end_part(struct job *job, struct slot *slot, struct error *err);
/* After the last part: a header if there is none, all rows as wide as the file. */
NODISCARD enum status job_finish(struct job *job, struct error *err);

/* ---- consolidate.c ---- */

bool job_is_canceled(const struct job *job);
/* Waits until it is the part's turn; false: the job is over. */
bool job_take_turn(struct job *job, uint64_t number);
void job_leave_turn(struct job *job);
void job_stop(struct job *job, const struct error *err);

/* ---- part.c: the reader's side ---- */

struct part_reader {
    struct job *job;
    struct csv_columns columns; /* the first `base` are the job's */
    uint32_t base;
    struct csv_rows rows;
    struct buf in;
};

void part_reader_init(struct part_reader *r, struct job *job);
void part_reader_done(struct part_reader *r);
/* Takes over columns that the job has found. Under the job's lock. */
void part_reader_sync(struct part_reader *r);
/* Reads the part of a slot. A bad one is a slot that is_bad; what fails here ends the job. */
NODISCARD enum status part_read(struct part_reader *r, struct slot *slot, uint64_t number,
                                struct error *err);

#endif
