/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a unit can write. All functions return the first failure, which the unit passes on: a unit
 * that has seen one must not return STATUS_OK. STATUS_CONFLICT and STATUS_NOT_FOUND refuse this
 * unit; any other failure is the file's and may end the whole group.
 */
#ifndef AFFLUX_STORE_TX_H
#define AFFLUX_STORE_TX_H

#include "store/reader.h"
#include "store/store.h"

/* Bytes that come back with the unit, also when it refuses; not when its group fails. They are
 * copied; a second call replaces the first. */
void store_tx_reply(struct store_tx *tx, str bytes);
int64_t store_tx_new_id(struct store_tx *tx);
/* Reads what was committed and what this group has written so far. */
struct store_reader *store_tx_reader(struct store_tx *tx);

/* The definition with this hash, added when there is none. */
NODISCARD enum status store_tx_put_definition(struct store_tx *tx, str hash, str text,
                                              int64_t *ret_id, struct error *err);
/* Adds or replaces by id. STATUS_CONFLICT (StoreNameTaken): another one has the name. */
NODISCARD enum status store_tx_put_machine(struct store_tx *tx, const struct store_machine *m,
                                           struct error *err);
NODISCARD enum status store_tx_delete_machine(struct store_tx *tx, int64_t id, struct error *err);

/* A new execution; everything of the row but its end is taken, tail must be 0. STATUS_CONFLICT
 * (StoreNameTaken): the machine has one of this name, or the map run one of this index. */
NODISCARD enum status store_tx_start(struct store_tx *tx, const struct store_execution *e,
                                     struct error *err);
/* Appends a step to its execution. STATUS_CONFLICT (StoreFork) when prev is not its last step: what
 * the caller knows of the execution is not what is kept. */
NODISCARD enum status store_tx_append(struct store_tx *tx, const struct store_step *step,
                                      struct error *err);
/* What brings the execution back; to be called only when one of both changes. */
NODISCARD enum status store_tx_set_waiting(struct store_tx *tx, int64_t execution, bool is_pending,
                                           int64_t due_ms, struct error *err);
/* Ends it: nothing is pending or due any more. */
NODISCARD enum status store_tx_end(struct store_tx *tx, int64_t execution,
                                   const struct store_ending *ending, struct error *err);
/* It runs again: no stop, no output, no error; pending. */
NODISCARD enum status store_tx_redrive(struct store_tx *tx, int64_t execution, int64_t now_ms,
                                       struct error *err);
/* A child that will run again with its map run. */
NODISCARD enum status store_tx_set_status(struct store_tx *tx, int64_t execution,
                                          enum store_status status, struct error *err);
/* Has the ended execution expire now, with its map runs and their children. It cannot be found any
 * more; its rows go later. */
NODISCARD enum status store_tx_expire(struct store_tx *tx, int64_t execution, struct error *err);

/* A document too large for its step, or one that is asked for alone. STATUS_CONFLICT when the
 * execution has one of this number. */
NODISCARD enum status store_tx_put_document(struct store_tx *tx, int64_t execution, int64_t number,
                                            str body, struct error *err);
/* The whole execution as it is after a step, instead of an earlier one. */
NODISCARD enum status store_tx_put_snapshot(struct store_tx *tx, int64_t execution, int64_t step,
                                            str body, struct error *err);

NODISCARD enum status store_tx_send(struct store_tx *tx, const struct store_message *m,
                                    struct error *err);
/* Removes a message. STATUS_NOT_FOUND (StoreMessageGone): it was received before. */
NODISCARD enum status store_tx_receive(struct store_tx *tx, int64_t id, struct error *err);

NODISCARD enum status store_tx_start_map_run(struct store_tx *tx, const struct store_map_run *m,
                                             struct error *err);
/* Everything that can change: status, stop, redrives, limits, counts, cursor, state. */
NODISCARD enum status store_tx_set_map_run(struct store_tx *tx, const struct store_map_run *m,
                                           struct error *err);

/* What a service keeps under a name: adds or replaces. */
NODISCARD enum status store_tx_put_thing(struct store_tx *tx, str service, str name, str body,
                                         struct error *err);
/* STATUS_NOT_FOUND (StoreNotFound) when there is none. */
NODISCARD enum status store_tx_delete_thing(struct store_tx *tx, str service, str name,
                                            struct error *err);

#endif
