/* SPDX-License-Identifier: Apache-2.0 */
/* The table of slots.h: a power of two of chains, as many as there are slots in use. */
#include "http/slots.h"
#include "base/check.h"
#include "base/map.h"
#include <stdlib.h>

enum { SLOTS_FIRST_CAP = 16 };

void http_slots_done(struct http_slots *table)
{
    free(table->slots);
    *table = (struct http_slots){0};
}

uint64_t http_slots_hash(const struct http_slots *table, str name, uint64_t kind)
{
    return hash_bytes(name, (uint64_t)(uintptr_t)table ^ (kind << 56));
}

struct http_slot *http_slots_first(const struct http_slots *table, uint64_t hash)
{
    return table->cap == 0 ? NULL : table->slots[hash & (table->cap - 1)];
}

static void slots_link(struct http_slots *table, struct http_slot *slot)
{
    struct http_slot **chain = &table->slots[slot->hash & (table->cap - 1)];
    slot->next = *chain;
    *chain = slot;
}

static void slots_grow(struct http_slots *table)
{
    struct http_slots old = *table;
    table->cap = old.cap == 0 ? SLOTS_FIRST_CAP : old.cap * 2;
    table->slots = calloc(table->cap, sizeof(struct http_slot *));
    check(table->slots != NULL);
    for (size_t i = 0; i < old.cap; i++)
        for (struct http_slot *slot = old.slots[i], *next; slot != NULL; slot = next) {
            next = slot->next;
            slots_link(table, slot);
        }
    free(old.slots);
}

void http_slots_add(struct http_slots *table, struct http_slot *slot, uint64_t hash, void *owner)
{
    if (table->count == table->cap)
        slots_grow(table);
    slot->hash = hash;
    slot->owner = owner;
    slots_link(table, slot);
    table->count++;
}

void http_slots_remove(struct http_slots *table, struct http_slot *slot)
{
    struct http_slot **at = &table->slots[slot->hash & (table->cap - 1)];
    while (*at != slot)
        at = &(*at)->next;
    *at = slot->next;
    table->count--;
}
