/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the collector share. Inside of store/ only. */
#ifndef AFFLUX_STORE_COLLECT_INTERNAL_H
#define AFFLUX_STORE_COLLECT_INTERNAL_H

#include "store/body_internal.h"

struct collector {
    struct store *store;
    struct store_reader *reader;
    struct store_client *client;
    struct store_writer *writer; /* where what is alive in dying segments goes */
    pthread_t thread;
    pthread_cond_t changed;
    /* under the lock of the bodies */
    uint64_t wanted, done; /* rounds: how often it was woken, and what the last one began with */
    bool is_stopping;
    bool is_hurried; /* somebody waits until it is done */
    /* of its thread */
    int64_t *damaged; /* segments that cannot be rewritten; malloc'ed */
    size_t damaged_count;
};

/* Submits the unit and waits. */
NODISCARD enum status collect_perform(struct collector *c, store_unit_fn *run, const void *args,
                                      size_t n, struct error *err);
bool collect_is_stopping(struct collector *c);
/* A number that a query with one parameter gives; 0 when it gives none (or fails). */
int64_t collect_number(struct collector *c, enum store_sql id, int64_t parameter);

/* Removes what an earlier process left without a row (sweep.c). */
void collect_sweep(struct collector *c);
/* Removes dead segments and rewrites mostly dead ones (rewrite.c). */
NODISCARD enum status collect_segments(struct collector *c, struct error *err);

#endif
