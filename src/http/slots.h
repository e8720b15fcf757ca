/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A hash table of structs that come and go (base/map.h never forgets): each has a slot in it, and
 * slots of equal remainders form a chain. Who looks something up walks the chain. Zero is empty.
 */
#ifndef AFFLUX_HTTP_SLOTS_H
#define AFFLUX_HTTP_SLOTS_H

#include "base/str.h"

struct http_slot {
    struct http_slot *next;
    uint64_t hash;
    void *owner; /* the struct around it */
};

struct http_slots {
    struct http_slot **slots;
    size_t count, cap;
};

/* Frees the table's own memory. */
void http_slots_done(struct http_slots *table);

/* Seeded with the table's address, so that hostile names cannot aim at one chain. */
uint64_t http_slots_hash(const struct http_slots *table, str name, uint64_t kind);
/* The chain that a hash is in, or NULL. */
struct http_slot *http_slots_first(const struct http_slots *table, uint64_t hash);
void http_slots_add(struct http_slots *table, struct http_slot *slot, uint64_t hash, void *owner);
void http_slots_remove(struct http_slots *table, struct http_slot *slot);

#endif
