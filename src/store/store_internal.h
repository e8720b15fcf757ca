/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of a struct store: what its files share. Inside of store/ only. */
#ifndef AFFLUX_STORE_STORE_INTERNAL_H
#define AFFLUX_STORE_STORE_INTERNAL_H

#include "store/folder.h"
#include "store/tx_internal.h"
#include <pthread.h>
#include <stdatomic.h>

/* A list of units in order. */
struct unit_list {
    struct store_unit *first, *last;
};
void unit_list_add(struct unit_list *l, struct store_unit *u);
/* Appends all of more, which is empty afterwards. */
void unit_list_join(struct unit_list *l, struct unit_list *more);
struct store_unit *unit_list_pop(struct unit_list *l); /* NULL when it is empty */

struct store_client {
    struct store *store;
    void (*wake)(void *arg);
    void *arg;
    /* under the store's lock */
    struct unit_list done;
    uint32_t in_flight; /* submitted and not taken back, */
    size_t bytes;       /* and their arguments */
    uint32_t queued;    /* of these, not done */
    pthread_cond_t ready;
    /* of the store thread */
    struct unit_list finished; /* by this group, not yet in done */
    uint32_t finished_count;
    struct store_client *next_finished;
};

struct store_bodies;

struct store {
    struct store_folder folder;
    struct store_options options; /* no zeros in it any more, but for retention */
    pthread_t thread;
    _Atomic int64_t next_id;
    int64_t first_id; /* what it was when this process began */
    struct store_bodies *bodies;
    /* Groups that changed what readers remember (cache.h), from one on. Raised when a group is
     * durable, before anybody hears of it. */
    _Atomic uint64_t kept_count;

    pthread_mutex_t lock;
    pthread_cond_t work; /* something was submitted, or the store is closing */
    struct unit_list submitted;
    bool is_asleep, is_closing; /* the thread; nothing more will come */
    uint32_t client_count;
    struct store_metrics metrics;

    /* of the store thread */
    struct store_tx tx;
    struct unit_list queue; /* taken from submitted */
    int64_t reserved_id;    /* ids below it are never given out again, by what the file says */
    int64_t wal_pages;      /* of the log after the last commit */
    int64_t new_pages;      /* that it added */
    int64_t copied_pages;   /* wal_pages when a checkpoint was tried last */
    int64_t next_expiry_us; /* when retention looks again */
    bool is_broken;         /* the file is damaged: nothing is written any more */
    struct error broken;
};

/* Microseconds of a clock that only goes forward. */
int64_t store_now_us(void);

/* Tells a test where the thread stands. */
static inline void store_point(const struct store *s, const char *name)
{
    if (s->options.at_point)
        s->options.at_point(s->options.point_arg, name);
}

/* group.c: takes units from the queue and makes them durable; they are in their clients' finished
 * lists afterwards, whose members *ret_clients links. */
void store_run_group(struct store *s, struct store_client **ret_clients);
/* Removes expired rows in a transaction of its own. True when there is more to do at once. */
bool store_run_expiry(struct store *s);
/* Writes the next id as it is, so that none is left out by the next start. */
void store_keep_next_id(struct store *s);

#endif
