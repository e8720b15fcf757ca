/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For tests: a file layer below SQLite that fails on demand, and that remembers what was written,
 * so that a power cut can be had at any moment of a run that is over.
 *
 * A power cut leaves of each file what had been written when it was last synced, and of what came
 * after any part: each write whole, torn at a sector, or not at all. store_faulty_cut chooses by a
 * seed. What a client was told by then must be in every folder that comes out.
 *
 * Thread-safe. The layer is registered with SQLite under a name, for store_options.vfs.
 */
#ifndef AFFLUX_STORE_FAULTY_H
#define AFFLUX_STORE_FAULTY_H

#include "base/error.h"
#include "base/str.h"

enum store_fault {
    STORE_FAULT_OPEN,
    STORE_FAULT_READ,
    STORE_FAULT_WRITE,
    STORE_FAULT_SYNC,
    STORE_FAULT_TRUNCATE,
    STORE_FAULT_COUNT
};

struct store_faulty;

/* name must be new and stay alive. */
struct store_faulty *store_faulty_new(const char *name);
/* No file may be open by it any more. */
void store_faulty_free(struct store_faulty *f);

/* The n-th call of this kind from now on (1: the next) gives the SQLite result code instead of
 * being carried out; is_forever: so do all after it. A second call replaces the first; n 0: none
 * fails. */
void store_faulty_fail(struct store_faulty *f, enum store_fault kind, uint64_t n, int code,
                       bool is_forever);
/* Calls of this kind so far. */
uint64_t store_faulty_calls(struct store_faulty *f, enum store_fault kind);

/* Remembers writes from now on; to be called before the first file is opened. */
void store_faulty_record(struct store_faulty *f);
/* How much is remembered: the present as a position for store_faulty_cut. */
size_t store_faulty_position(struct store_faulty *f);
/* Is the operation before this position a sync? */
bool store_faulty_is_sync(struct store_faulty *f, size_t position);
/* Writes the files as a power cut at this position leaves them into a folder that exists. */
NODISCARD enum status store_faulty_cut(struct store_faulty *f, size_t position, uint64_t seed,
                                       str dir, struct error *err);

#endif
