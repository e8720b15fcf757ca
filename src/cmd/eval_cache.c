/* SPDX-License-Identifier: Apache-2.0 */
/* A small table, searched from end to end; the entry not used for longest makes room. */
#include "cmd/eval_cache.h"

#include "base/map.h"

void eval_cache_init(struct eval_cache *c)
{
    *c = (struct eval_cache){0};
}

void eval_cache_done(struct eval_cache *c)
{
    for (size_t i = 0; i < EVAL_CACHE_SIZE; i++)
        jsonata_free(c->entry[i].expr);
}

static bool cache_has(const struct eval_cache_entry *e, str text, unsigned flags)
{
    return e->expr && e->flags == flags && str_eq(jsonata_text(e->expr), text);
}

static size_t cache_oldest(const struct eval_cache *c)
{
    size_t oldest = 0;
    for (size_t i = 1; i < EVAL_CACHE_SIZE; i++) {
        if (c->entry[i].used < c->entry[oldest].used)
            oldest = i;
    }
    return oldest;
}

enum status eval_cache_get(struct eval_cache *c, str text, unsigned flags,
                           const struct jsonata **ret, struct jsonata_error *err)
{
    uint64_t hash = hash_bytes(text, flags);
    c->calls++;
    for (size_t i = 0; i < EVAL_CACHE_SIZE; i++) {
        if (c->hash[i] == hash && cache_has(&c->entry[i], text, flags)) {
            c->entry[i].used = c->calls;
            *ret = c->entry[i].expr;
            return STATUS_OK;
        }
    }
    struct jsonata *expr;
    enum status status = jsonata_compile(text, flags, &expr, err);
    if (status != STATUS_OK)
        return status;
    size_t i = cache_oldest(c);
    jsonata_free(c->entry[i].expr);
    c->entry[i] = (struct eval_cache_entry){.expr = expr, .flags = flags, .used = c->calls};
    c->hash[i] = hash;
    *ret = expr;
    return STATUS_OK;
}
