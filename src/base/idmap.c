/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers to pointers: growing, putting, removing. Looking up is in the header. */
#include "base/idmap.h"
#include "base/check.h"
#include <stdlib.h>

enum { IDMAP_FIRST_SLOTS = 8 };

void idmap_done(struct idmap *m)
{
    free(m->slots);
    *m = (struct idmap){0};
}

static void put_in_place(struct idmap *m, uint64_t id, void *value)
{
    uint32_t at = idmap_home(m, id);
    while (m->slots[at].value)
        at = (at + 1) & m->mask;
    m->slots[at] = (struct idmap_slot){id, value};
}

static void grow(struct idmap *m)
{
    struct idmap_slot *old = m->slots;
    uint32_t old_size = old ? m->mask + 1 : 0;
    uint32_t size = old ? old_size * 2 : IDMAP_FIRST_SLOTS;
    m->slots = calloc(size, sizeof(*m->slots));
    check(m->slots != NULL);
    m->mask = size - 1;
    for (uint32_t i = 0; i < old_size; i++) {
        if (old[i].value)
            put_in_place(m, old[i].id, old[i].value);
    }
    free(old);
}

void idmap_put(struct idmap *m, uint64_t id, void *value)
{
    if (!m->slots || m->count >= m->mask / 2)
        grow(m);
    put_in_place(m, id, value);
    m->count++;
}

/* Those behind the removed one move up where that brings them nearer to their home. */
void idmap_remove(struct idmap *m, uint64_t id)
{
    if (!m->slots)
        return;
    uint32_t at = idmap_home(m, id);
    while (m->slots[at].value && m->slots[at].id != id)
        at = (at + 1) & m->mask;
    if (!m->slots[at].value)
        return;
    m->slots[at].value = NULL;
    m->count--;
    for (uint32_t next = (at + 1) & m->mask; m->slots[next].value; next = (next + 1) & m->mask) {
        uint32_t home = idmap_home(m, m->slots[next].id);
        if (((next - home) & m->mask) < ((next - at) & m->mask))
            continue;
        m->slots[at] = m->slots[next];
        m->slots[next].value = NULL;
        at = next;
    }
}

void *idmap_next(const struct idmap *m, uint32_t *at)
{
    while (m->slots && *at <= m->mask) {
        void *value = m->slots[(*at)++].value;
        if (value)
            return value;
    }
    return NULL;
}
