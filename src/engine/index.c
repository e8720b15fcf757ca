/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Executions in memory by machine and name. The store knows only those that are durable; a second
 * start of a name must also find the one that is on its way there.
 */
#include "engine/engine_internal.h"
#include <stdlib.h>

static uint32_t hash_of(int64_t machine, str name)
{
    uint64_t hash = UINT64_C(0xCBF29CE484222325) ^ (uint64_t)machine;
    for (size_t i = 0; i < name.n; i++)
        hash = (hash ^ (unsigned char)name.p[i]) * UINT64_C(0x100000001B3);
    return (uint32_t)(hash ^ hash >> 32);
}

static struct engine_execution **chain_of(const struct engine *e, int64_t machine, str name)
{
    return &e->named[hash_of(machine, name) & e->named_mask];
}

static void grow(struct engine *e)
{
    struct engine_execution **old = e->named;
    uint32_t old_size = old ? e->named_mask + 1 : 0, size = old ? old_size * 2 : 64;
    e->named = calloc(size, sizeof(struct engine_execution *));
    check(e->named != NULL);
    e->named_mask = size - 1;
    for (uint32_t i = 0; i < old_size; i++) {
        for (struct engine_execution *ex = old[i], *next; ex; ex = next) {
            struct engine_execution **chain = chain_of(e, ex->row.machine, ex->row.name);
            next = ex->next_named;
            ex->next_named = *chain;
            *chain = ex;
        }
    }
    free(old);
}

void engine_index_add(struct engine_execution *ex)
{
    struct engine *e = ex->engine;
    if (!ex->is_kept || ex->row.name.n == 0)
        return;
    if (!e->named || e->named_count > e->named_mask)
        grow(e);
    struct engine_execution **chain = chain_of(e, ex->row.machine, ex->row.name);
    ex->next_named = *chain;
    *chain = ex;
    e->named_count++;
}

void engine_index_remove(struct engine_execution *ex)
{
    struct engine *e = ex->engine;
    if (!ex->is_kept || ex->row.name.n == 0)
        return;
    struct engine_execution **at = chain_of(e, ex->row.machine, ex->row.name);
    while (*at != ex)
        at = &(*at)->next_named;
    *at = ex->next_named;
    e->named_count--;
}

struct engine_execution *engine_index_find(const struct engine *e, int64_t machine, str name)
{
    if (!e->named)
        return NULL;
    for (struct engine_execution *ex = *chain_of(e, machine, name); ex; ex = ex->next_named) {
        if (ex->row.machine == machine && str_eq(ex->row.name, name))
            return ex;
    }
    return NULL;
}
