/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bytes of objects. Small ones are records in *segments*, files of up to 64 MB that are
 * appended to; large ones and the parts of uploads are files of their own. Bytes come first and the
 * row that refers to them afterwards: bytes that no row refers to are garbage, whatever happened,
 * and the collector removes them.
 *
 *   append to a segment ──► unit ──► … fdatasync of each segment of the group ──► COMMIT
 *   write, fsync, rename, fsync the folder ──► unit ──► COMMIT
 *
 * Who writes: the thread that has the bytes. Each has a writer with an open segment of its own, so
 * that nobody waits for another and the store's thread copies nothing. Who syncs: for segments the
 * store's thread, just before COMMIT, because there and nowhere else it is known which bytes the
 * commit makes visible, and one fdatasync serves the group; writing out was begun when the bytes
 * were appended (sync_file_range), so little is left to wait for. A large file is synced by whoever
 * wrote it, which may take seconds: not on a loop, and not on the store's thread.
 *
 * A segment that is mostly dead is rewritten by the collector, a dead one removed.
 */
#ifndef AFFLUX_STORE_BODY_H
#define AFFLUX_STORE_BODY_H

#include "store/object.h"

enum {
    STORE_SEGMENT_BYTES = 64 << 20,
    STORE_RECORD_MAX = 16 << 20, /* bytes of one body in a segment */
    STORE_RECORD_NAMES_MAX = 4096
};

/* ---- writing records ---- */

struct store_writer; /* of one thread at a time */

struct store_writer *store_writer_new(struct store *s);
/* Cuts the unused end off its segment. */
void store_writer_free(struct store_writer *w);
/* Appends a record: not durable yet. Names of bucket and key are for tools that repair. The body
 * must be handed to store_tx_put_object, or given up with store_body_drop. */
NODISCARD enum status store_writer_append(struct store_writer *w, str bucket, str key, str bytes,
                                          struct store_body *ret, struct error *err);
/* What was appended will not be referred to: its unit refused, or was never submitted. Any thread.
 * Bodies of other kinds do nothing. */
void store_body_drop(struct store *s, const struct store_body *body);

/* ---- writing files ---- */

struct store_file {
    int64_t id;
    int fd; /* -1: none */
    uint64_t size;
    uint64_t flushed; /* bytes whose writing out was begun */
};

/* A new file under a name that is none yet. */
NODISCARD enum status store_file_create(struct store *s, struct store_file *ret, struct error *err);
NODISCARD enum status store_file_write(struct store_file *f, str bytes, struct error *err);
/* Makes it durable under its name; closes it. Waits for the disk. */
NODISCARD enum status store_file_keep(struct store *s, struct store_file *f, struct error *err);
/* Removes it, kept or not, unless a row refers to it. */
void store_file_discard(struct store *s, struct store_file *f);

/* ---- reading ---- */

struct store_segment;

/* A stretch of a file with bytes of a body. */
struct store_piece {
    int fd;
    uint64_t at, size;
    uint32_t sum;                  /* CRC-32C of it, in a segment */
    struct store_segment *segment; /* whose fd it is; NULL: its own */
};

/* Opens a record or a file. STATUS_NOT_FOUND: it was moved or removed since its row was read; read
 * the row again. STATUS_CORRUPT: the record is damaged. */
NODISCARD enum status store_piece_open(struct store *s, const struct store_body *body,
                                       struct store_piece *ret, struct error *err);
void store_piece_close(struct store *s, struct store_piece *p);
/* Reads n bytes at offset of the piece. STATUS_CORRUPT: the file is too short. */
NODISCARD enum status store_piece_read(const struct store_piece *p, uint64_t offset, char *out,
                                       size_t n, struct error *err);

/* ---- the collector ---- */

/* Starts the thread that removes what is dead, and what a process before this one left behind.
 * Needs no call; without it garbage stays. */
NODISCARD enum status store_collector_start(struct store *s, struct error *err);
/* Before store_close. Nothing to do where none was started. */
void store_collector_stop(struct store *s);
/* Looks for dead bodies once more, and waits until they are gone, at most so long. */
void store_collector_finish(struct store *s, int64_t at_most_ms);
/* For tests: waits until there was nothing left to do. */
void store_collector_settle(struct store *s);

struct store_body_metrics {
    uint64_t records, record_bytes; /* appended */
    uint64_t syncs;                 /* fdatasyncs of segments */
    uint64_t segments_removed, files_removed;
    uint64_t records_moved;
};
void store_get_body_metrics(struct store *s, struct store_body_metrics *ret);

#endif
