/* SPDX-License-Identifier: Apache-2.0 */
/* See cache.h. Each name has one place; who comes later takes it. */
#include "store/cache.h"

#include "base/check.h"
#include <stdlib.h>

static size_t place_of(str service, str name)
{
    uint64_t h = service.n;
    for (size_t i = 0; i < name.n; i++)
        h = (h ^ (unsigned char)name.p[i]) * UINT64_C(0x100000001B3);
    return (size_t)((h ^ h >> 32) % STORE_CACHE_ROWS);
}

static uint64_t count_now(const struct store_cache *c)
{
    return c->count ? atomic_load_explicit(c->count, memory_order_acquire) : 0;
}

/* In a reading the file is read as it was when that began, whatever is written meanwhile. */
void store_cache_begin(struct store_cache *c)
{
    c->reading = count_now(c);
}

void store_cache_end(struct store_cache *c)
{
    c->reading = 0;
}

const struct store_cached *store_cache_find(const struct store_cache *c, str service, str name,
                                            uint64_t *ret_count)
{
    *ret_count = c->reading != 0 ? c->reading : count_now(c);
    const struct store_cached *row = &c->rows[place_of(service, name)];
    bool is_it = row->count != 0 && row->count == *ret_count && str_eq(row->service, service) &&
                 str_eq(row->name, name);
    return is_it ? row : NULL;
}

static str copy(char **at, str text)
{
    str there = {text.p ? *at : NULL, text.n};
    if (text.n > 0)
        memcpy(*at, text.p, text.n);
    *at += text.n;
    return there;
}

void store_cache_add(struct store_cache *c, uint64_t count, const struct store_cached *row)
{
    const struct store_machine *m = &row->machine;
    size_t n = row->service.n + row->name.n + row->body.n + m->name.n + m->type.n + m->properties.n;
    if (count == 0 || n > STORE_CACHE_ROW_BYTES)
        return;
    struct store_cached *place = &c->rows[place_of(row->service, row->name)];
    char *at = malloc(n + 1); /* a text without bytes has a place, too */
    check(at != NULL);
    free(place->memory);
    *place = *row;
    place->count = count;
    place->memory = at;
    place->service = copy(&at, row->service);
    place->name = copy(&at, row->name);
    place->body = copy(&at, row->body);
    place->machine.name = copy(&at, m->name);
    place->machine.type = copy(&at, m->type);
    place->machine.properties = copy(&at, m->properties);
}

void store_cache_done(struct store_cache *c)
{
    for (size_t i = 0; i < STORE_CACHE_ROWS; i++)
        free(c->rows[i].memory);
    *c = (struct store_cache){0};
}
