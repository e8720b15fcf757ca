/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of a struct store_tx: what the store thread and the writing functions share. */
#ifndef AFFLUX_STORE_TX_INTERNAL_H
#define AFFLUX_STORE_TX_INTERNAL_H

#include "store/db.h"
#include "store/tx.h"

struct store_segment;
struct store_touched {
    struct store_segment *segment;
    uint32_t records;
};

struct store_tx {
    struct store *store;
    struct store_db db; /* the connection that writes */
    struct store_reader reader;
    _Atomic uint64_t kept_count; /* for this reader, which sees what is not committed yet */
    struct arena scratch;

    /* of the group */
    uint32_t rows;
    size_t bytes;
    bool changes_kept;             /* what readers remember (cache.h) */
    bool expires;                  /* something was hidden: retention has work */
    struct store_touched *touched; /* segments with new records; malloc'ed */
    uint32_t touched_count, touched_cap;
    size_t body_bytes; /* of these records */
    bool has_garbage;  /* bodies may have died: the collector has work */

    /* of the unit */
    struct store_unit *unit;
    bool is_saved;       /* its SAVEPOINT is open: it has written something */
    enum status failure; /* the first one of a write */
};

/* A statement that writes, ready to be bound; opens the unit's SAVEPOINT before its first write.
 * bytes: size of what will be bound, for the size of the group. */
sqlite3_stmt *store_tx_writing(struct store_tx *tx, enum store_sql id, size_t bytes,
                               struct error *err);
/* Runs it. */
NODISCARD enum status store_tx_wrote(struct store_tx *tx, sqlite3_stmt *s, struct error *err);

/* As store_tx_wrote, for a statement that must meet a row. */
NODISCARD enum status store_tx_wrote_one(struct store_tx *tx, sqlite3_stmt *s, const char *what,
                                         int64_t id, struct error *err);
/* Remembers the unit's first failure of a write; returns status. */
enum status store_tx_failed(struct store_tx *tx, enum status status);

/* Runs one unit; what it wrote is undone when it refuses. Anything but STATUS_OK: the transaction
 * cannot go on. The unit's own status and error are in the unit. */
NODISCARD enum status store_tx_run_unit(struct store_tx *tx, struct store_unit *u,
                                        struct error *err);

/* Retention (expire.c): removes some rows of executions that ended before before_ms or were
 * expired by hand, in a transaction of the caller. *ret_more: there may be more to do. */
NODISCARD enum status store_expire_some(struct store_tx *tx, int64_t before_ms, bool *ret_more,
                                        uint64_t *ret_executions, struct error *err);

#endif
