/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is kept of a step, as bytes: the documents it made and its records; and the way back. A
 * batch begins with the version of its form (docs: the table in encode.c). Bytes come from a disk
 * and may say anything: reading fails with STATUS_CORRUPT and leaves nothing behind.
 */
#ifndef AFFLUX_ASL_ENCODE_H
#define AFFLUX_ASL_ENCODE_H

#include "asl/record.h"
#include "asl/step.h"

enum { ASL_BATCH_VERSION = 1, ASL_SNAPSHOT_VERSION = 1 };

/* Appends all documents and records of out as one batch. */
void asl_encode_batch(const struct asl_out *out, struct buf *bytes);

/* A batch that was read: its documents and those its records name are held until it is released. */
struct asl_batch {
    struct asl_record *records;
    uint32_t record_count;
    struct asl_document **held;
    uint32_t held_count, held_cap;
    int64_t clock_ms; /* the last time that an expression was given; 0: none asked */
};

/*
 * Reads a batch into the arena. Its documents join d, where those of earlier batches must be that
 * it names. last_event is the number of history events before it. Records are not applied: a reader
 * of history keeps all documents in a table of its own.
 */
NODISCARD enum status asl_decode_batch(struct asl_documents *d,
                                       const struct asl_definition *definition, uint64_t last_event,
                                       str bytes, struct arena *a, struct asl_batch *ret,
                                       struct error *err);
void asl_batch_release(struct asl_batch *batch);

/* Recovery: reads a batch and applies it. After a failure the execution is to be thrown away. After
 * the last batch asl_exec_check says whether it can go on: not all that a record may break shows in
 * that record. */
NODISCARD enum status asl_replay(struct asl_exec *x, str bytes, struct error *err);

/* The whole execution, so that earlier batches are not needed to go on. */
void asl_snapshot_write(struct asl_exec *x, struct buf *bytes);
/* Into a new execution (asl_exec_new) of the same definition. After a failure it is to be thrown
 * away. */
NODISCARD enum status asl_snapshot_read(struct asl_exec *x, str bytes, struct error *err);

/* Is the execution one that applying records can have made? STATUS_CORRUPT, and what is wrong. */
NODISCARD enum status asl_exec_check(const struct asl_exec *x, struct error *err);

#endif
