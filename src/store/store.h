/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The store: what must survive, in one SQLite file of a data folder.
 *
 * One thread of its own holds the only connection that writes. Others hand it *units*: functions
 * that write through a struct store_tx (store/tx.h). What has come in is carried out as one group
 * and made durable by one commit, so that a thousand small transactions cost one fdatasync:
 *
 *   client ──submit──► queue ──► BEGIN  [SAVEPOINT unit RELEASE]…  COMMIT ──► taken back by clients
 *
 * A unit that refuses undoes its own writes and nothing else; a commit that fails fails every unit
 * of its group. A unit has happened, durably, exactly when it comes back with STATUS_OK. Units of
 * one client come back in the order in which they were submitted; each sees what those before it
 * wrote.
 *
 * A client belongs to one thread. Everything between threads is bytes.
 */
#ifndef AFFLUX_STORE_STORE_H
#define AFFLUX_STORE_STORE_H

#include "base/arena.h"
#include "base/error.h"
#include "store/row.h"

struct store;
struct store_client;
struct store_tx;

struct store_options {
    uint32_t group_rows;       /* a group closes with so many rows written (0: 2,000), */
    size_t group_bytes;        /* or so many bytes (0: 2 MB) */
    uint32_t checkpoint_pages; /* the log is copied into the file from so many pages on when there
                                  is time (0: 1,000), and with four times as many in any case */
    uint32_t queue_units;      /* of one client that are not taken back (0: 20,000), */
    size_t queue_bytes;        /* and bytes of their arguments (0: 256 MB) */
    int64_t retention_ms;      /* ended executions are kept so long; 0: until they are deleted */
    int64_t (*now_ms)(void *); /* the clock that retention goes by; NULL: the system's */
    void *now_arg;
    const char *vfs; /* SQLite's name of the file layer below; NULL: the default */
    /* For tests: called on the store thread, with one of the names below. Optional. */
    void (*at_point)(void *arg, const char *name);
    void *point_arg;
};
/* Where the store thread stands: bodies are durable in their segments and their rows are not; what
 * a group writes is there but for its commit; the group is durable and nobody knows; the log is
 * about to be copied, and was. */
#define STORE_SEGMENT_WRITTEN "segment written"
#define STORE_GROUP_WRITTEN "group written"
#define STORE_GROUP_COMMITTED "group committed"
#define STORE_CHECKPOINT "checkpoint"
#define STORE_CHECKPOINT_DONE "checkpoint done"

/*
 * Opens a data folder, makes it where there is none (its parent must exist), brings its file to the
 * present schema and starts the thread. Names of errors: StoreInUse (another process has it),
 * StoreFolder, StoreReadOnly, StoreNewer (written by a newer program), StoreForeign (somebody
 * else's file), StoreCorrupt, StoreFull, StoreIo, StoreBusy. options may be NULL.
 */
NODISCARD enum status store_open(str dir, const struct store_options *options, struct store **ret,
                                 struct error *err);
/* Carries out what was submitted, copies the log into the file and closes it. No client may be left
 * (store_client_free). */
void store_close(struct store *s);
/* The data folder, for readers (store/reader.h). */
str store_dir(const struct store *s);

/* A new id for a row; any thread. Ids rise, with gaps. */
int64_t store_new_id(struct store *s);

/* ---- units ---- */

/* Runs on the store thread. What it wrote is undone when it does not return STATUS_OK. It must not
 * touch anything but tx, its arguments and the scratch arena, which is emptied afterwards. */
typedef enum status store_unit_fn(struct store_tx *tx, str args, struct arena *scratch,
                                  struct error *err);

/* The memory is the caller's, and the store's from submission until it is taken back. */
struct store_unit {
    store_unit_fn *run;
    str args; /* borrowed and unchanged until then; may be a struct with slices in it */

    enum status status; /* when taken back, */
    struct error error; /* set when it is not STATUS_OK, */
    str reply;          /* malloc'ed: what store_tx_reply was given; see store_unit_done */

    struct store_unit *next; /* in the list of units taken back */
    struct store_client *client;
    int64_t submitted_us;
};

/* Frees the reply. */
void store_unit_done(struct store_unit *u);

/* wake(arg) is called on the store thread whenever units can be taken where there were none. It
 * must return soon and may not call the store. NULL: none, the client waits. */
struct store_client *store_client_new(struct store *s, void (*wake)(void *arg), void *arg);
/* Waits for the client's units; all of them are the caller's again. NULL does nothing. */
void store_client_free(struct store_client *c);

/* STATUS_BUSY (StoreQueueFull) when the client has too many units in flight: take some back first;
 * a wake is certain to come. */
NODISCARD enum status store_submit(struct store_client *c, struct store_unit *u, struct error *err);
/* The units that are done, oldest first, linked by next; NULL when there are none. */
struct store_unit *store_take(struct store_client *c);
/* Sleeps until there is something to take; nothing may be in flight no more: returns at once. */
void store_wait(struct store_client *c);
/* Submits and waits, by a client that has nothing in flight. Returns the unit's status. */
NODISCARD enum status store_perform(struct store_client *c, struct store_unit *u,
                                    struct error *err);

/* ---- figures ---- */

enum { STORE_BUCKETS = 128 };

/* Counts by size: four buckets for each doubling, so a quantile is right within 19 %. */
struct store_histogram {
    uint64_t count, max;
    uint64_t buckets[STORE_BUCKETS];
};
void store_histogram_add(struct store_histogram *h, uint64_t value);
/* The value that a share (0 to 1) of all does not exceed: the upper end of its bucket. */
uint64_t store_histogram_quantile(const struct store_histogram *h, double share);

struct store_metrics {
    uint64_t units, refused;        /* that came back, and of these not with STATUS_OK */
    uint64_t commits, failed;       /* groups */
    uint64_t rows, bytes;           /* written */
    uint64_t expired;               /* executions removed by retention */
    uint64_t wal_written;           /* bytes that went into the log */
    uint64_t wal_bytes, wal_peak;   /* the log now, and at most */
    uint64_t checkpoints, blocked;  /* and those that a reader or an error kept from finishing */
    uint64_t in_flight;             /* units */
    struct store_histogram group;   /* units of a group */
    struct store_histogram commit;  /* microseconds of a group from BEGIN until it is durable */
    struct store_histogram wait;    /* microseconds of a unit from submission until it is durable */
    struct store_histogram copying; /* microseconds of a checkpoint */
};
void store_get_metrics(struct store *s, struct store_metrics *ret);

#endif
