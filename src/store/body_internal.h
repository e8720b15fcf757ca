/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files about bodies share: the folders, and the segments that are open in this process.
 * Inside of store/ only.
 */
#ifndef AFFLUX_STORE_BODY_INTERNAL_H
#define AFFLUX_STORE_BODY_INTERNAL_H

#include "store/body.h"
#include "store/store_internal.h"

enum {
    SEGMENT_HEAD_BYTES = 16,    /* "AFXSEG1\n", then its id */
    SEGMENT_FIRST = 1 << 20,    /* room that a segment begins with, */
    SEGMENT_STEP = 4096,        /* and what sizes with room are multiples of */
    RECORD_HEAD_BYTES = 48,     /* see record.c */
    RECORD_OVERHEAD = 64,       /* that a row counts for beside its body: head and names, about */
    SEGMENTS_KEPT_OPEN = 128,   /* descriptors of segments that nobody reads at the moment */
    GROUP_BODY_BYTES = 16 << 20 /* of new records that one commit waits for */
};

enum body_folder { FOLDER_SEGMENTS, FOLDER_OBJECTS, FOLDER_COUNT };

/* One that is open. It stays while anything here is not zero. */
struct store_segment {
    int64_t id;
    int fd;
    uint32_t readers;  /* pieces */
    uint32_t pending;  /* records whose rows are not decided on */
    uint64_t last_use; /* counts up */
    uint64_t end;      /* where the writer appends; of the writer's thread, */
    uint64_t room;     /* as is how long the file was made */
    bool is_open;      /* a writer appends to it */
    bool is_broken;    /* a sync failed: what it holds may not be on the disk */
    bool is_removed;
    /* of the store's thread */
    bool is_named; /* its name in the folder is durable */
};

struct collector;

struct store_bodies {
    struct store *store;
    int folders[FOLDER_COUNT]; /* descriptors; -1: not there yet */
    pthread_mutex_t lock;
    struct store_segment **segments;
    size_t count, cap;
    uint64_t uses;
    struct store_body_metrics metrics;
    struct collector *collector; /* NULL: none */
};

struct store_bodies *store_bodies_new(struct store *s);
void store_bodies_free(struct store_bodies *b);
struct store_bodies *store_bodies_of(struct store *s);

/* Opens a folder, makes it when it is not there and is_making; STATUS_NOT_FOUND otherwise. */
NODISCARD enum status store_bodies_folder(struct store_bodies *b, enum body_folder which,
                                          bool is_making, int *ret_fd, struct error *err);
/* A failure of the file system as an error. */
enum status store_bodies_fail(const char *what, int64_t id, struct error *err);

/* Under the lock: the segment among those that are open; NULL. */
struct store_segment *store_segment_find(struct store_bodies *b, int64_t id);
/* Under the lock: enters one. */
struct store_segment *store_segment_enter(struct store_bodies *b, int64_t id, int fd);
/* Under the lock: closes what nobody needs: removed ones, and the longest unused when many are
 * open.
 */
void store_segments_tidy(struct store_bodies *b);

/* What the columns from `place` on (segment, at, file, upload) say of a body (read_object.c). */
struct store_body store_read_place(sqlite3_stmt *s, int size, int place);

/* ---- records (record.c) ---- */

struct store_record {
    str bucket, key;
    uint64_t size;
    uint32_t body_sum;
};
/* The head as bytes, without the names. */
void store_record_write(const struct store_record *r, char out[RECORD_HEAD_BYTES]);
/* Reads the head of the record at `at`: where its body begins, how long it is and its sum. */
NODISCARD enum status store_record_read(int fd, int64_t segment, uint64_t at, uint64_t *ret_body_at,
                                        struct store_record *ret, struct error *err);
/* Bytes that a record takes, padding included. */
uint64_t store_record_bytes(const struct store_record *r);

/* ---- room (segment_room.c) ---- */

/* Preallocates the file so that *room, how long it is (0: it is new, and begins with `first`), is
 * `need` at least and STORE_SEGMENT_BYTES at most. STATUS_UNAVAILABLE "StoreFull": there is none,
 * and the file is as it was. */
NODISCARD enum status store_segment_grow(int fd, int64_t id, uint64_t first, uint64_t need,
                                         uint64_t *room, struct error *err);

/* ---- of a group, on the store's thread (segment.c) ---- */

/* The rows that the unit writes refer to this new record. */
NODISCARD enum status store_bodies_touch(struct store_tx *tx, const struct store_body *body,
                                         struct error *err);
/* Before COMMIT: makes the records of the group durable. */
NODISCARD enum status store_bodies_sync(struct store_tx *tx, struct error *err);
/* After it, or after the group has failed. */
void store_bodies_settle(struct store_tx *tx, bool is_committed);

/* Something may have died (collect.c). */
void store_collector_wake(struct store_bodies *b);

#endif
