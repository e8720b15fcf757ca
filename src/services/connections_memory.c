/* SPDX-License-Identifier: Apache-2.0 */
/* A sorted list of names with their bytes. Few are expected; finding one walks the list. */
#include "services/connections_memory.h"

#include "base/check.h"
#include <stdlib.h>

struct kept {
    struct kept *next;
    struct buf name, bytes;
};

struct connections_memory {
    struct connection_store store;
    struct kept *first; /* by name */
};

/* Where the name stands, or would. */
static struct kept **place_of(struct connections_memory *m, str name)
{
    struct kept **at = &m->first;
    while (*at && str_cmp(buf_str(&(*at)->name), name) < 0)
        at = &(*at)->next;
    return at;
}

static struct kept *find_kept(struct connections_memory *m, str name)
{
    struct kept *k = *place_of(m, name);
    return k && str_eq(buf_str(&k->name), name) ? k : NULL;
}

static enum status not_kept(struct error *err)
{
    return error_set(err, STATUS_NOT_FOUND, "NotFound", "nothing is kept under this name");
}

static enum status memory_load(void *self, str name, struct buf *out, struct error *err)
{
    struct kept *k = find_kept(self, name);
    if (!k)
        return not_kept(err);
    buf_add(out, buf_str(&k->bytes));
    return STATUS_OK;
}

static enum status memory_save(void *self, str name, str bytes, struct error *err)
{
    (void)err;
    struct kept *k = find_kept(self, name);
    if (!k) {
        struct kept **at = place_of(self, name);
        k = calloc(1, sizeof *k);
        check(k != NULL);
        buf_init(&k->name, name.n);
        buf_add(&k->name, name);
        buf_init(&k->bytes, CONNECTION_MAX_RECORD);
        k->next = *at;
        *at = k;
    }
    buf_clear(&k->bytes);
    buf_add(&k->bytes, bytes);
    return STATUS_OK;
}

static void kept_free(struct kept *k)
{
    buf_done(&k->name);
    buf_done(&k->bytes);
    free(k);
}

static enum status memory_remove(void *self, str name, struct error *err)
{
    struct kept **at = place_of(self, name), *k = find_kept(self, name);
    if (!k)
        return not_kept(err);
    *at = k->next;
    kept_free(k);
    return STATUS_OK;
}

static enum status memory_list(void *self, struct arena *arena, str prefix, str after, str *names,
                               uint32_t cap, uint32_t *ret_count, struct error *err)
{
    (void)err;
    struct connections_memory *m = self;
    uint32_t count = 0;
    for (const struct kept *k = m->first; k && count < cap; k = k->next)
        if (str_starts(buf_str(&k->name), prefix) && str_cmp(buf_str(&k->name), after) > 0)
            names[count++] = arena_dup(arena, buf_str(&k->name));
    *ret_count = count;
    return STATUS_OK;
}

struct connections_memory *connections_memory_new(void)
{
    struct connections_memory *m = calloc(1, sizeof *m);
    check(m != NULL);
    m->store = (struct connection_store){.self = m,
                                         .load = memory_load,
                                         .save = memory_save,
                                         .remove = memory_remove,
                                         .list = memory_list};
    return m;
}

void connections_memory_free(struct connections_memory *m)
{
    if (!m)
        return;
    while (m->first) {
        struct kept *k = m->first;
        m->first = k->next;
        kept_free(k);
    }
    free(m);
}

const struct connection_store *connections_memory_store(struct connections_memory *m)
{
    return &m->store;
}
