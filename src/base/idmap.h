/* SPDX-License-Identifier: Apache-2.0 */
/*
 * struct idmap: numbers to pointers, open addressing. Numbers may be dense (they are mixed before
 * they find their place), removing leaves no marks, and what is in the table can be walked.
 */
#ifndef AFFLUX_BASE_IDMAP_H
#define AFFLUX_BASE_IDMAP_H

#include "base/attr.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct idmap_slot {
    uint64_t id;
    void *value; /* NULL: empty */
};

/* All zero is an empty map. */
struct idmap {
    struct idmap_slot *slots;
    uint32_t count, mask;
};

void idmap_done(struct idmap *m);
/* The id must not be in it; value is not NULL. */
void idmap_put(struct idmap *m, uint64_t id, void *value);
/* Removes the id, if it is in. */
void idmap_remove(struct idmap *m, uint64_t id);

static inline uint32_t idmap_home(const struct idmap *m, uint64_t id)
{
    return (uint32_t)(id * UINT64_C(0x9E3779B97F4A7C15) >> 32) & m->mask;
}

/* The value under id, or NULL. */
static inline void *idmap_get(const struct idmap *m, uint64_t id)
{
    if (UNLIKELY(m->slots == NULL))
        return NULL;
    for (uint32_t at = idmap_home(m, id); m->slots[at].value; at = (at + 1) & m->mask) {
        if (m->slots[at].id == id)
            return m->slots[at].value;
    }
    return NULL;
}

/* Walks all values, in no order: *at begins with 0; NULL when there are no more. What was returned
 * last may be removed while walking only if the walk begins again. */
void *idmap_next(const struct idmap *m, uint32_t *at);

#endif
