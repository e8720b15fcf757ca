/* SPDX-License-Identifier: Apache-2.0 */
/* From the interface of connections to the store's things of services, one to one. */
#include "services/connections_kept.h"

#include "base/check.h"

static const str SERVICE = {"connection", 10};

static enum status kept_load(void *self, str name, struct buf *out, struct error *err)
{
    struct connections_kept *k = self;
    struct arena a;
    str bytes;
    arena_init(&a, 0);
    enum status status = store_find_thing(k->reader, SERVICE, name, &a, &bytes, err);
    if (status == STATUS_OK)
        buf_add(out, bytes);
    arena_done(&a);
    return status;
}

static enum status kept_save(void *self, str name, str bytes, struct error *err)
{
    struct connections_kept *k = self;
    check(k->tx != NULL);
    return store_tx_put_thing(k->tx, SERVICE, name, bytes, err);
}

static enum status kept_remove(void *self, str name, struct error *err)
{
    struct connections_kept *k = self;
    check(k->tx != NULL);
    return store_tx_delete_thing(k->tx, SERVICE, name, err);
}

static enum status kept_list(void *self, struct arena *arena, str prefix, str after, str *names,
                             uint32_t cap, uint32_t *ret_count, struct error *err)
{
    struct connections_kept *k = self;
    struct store_names found = {0};
    enum status status =
        store_list_things(k->reader, SERVICE, prefix, after, cap, arena, &found, err);
    for (uint32_t i = 0; i < found.count; i++)
        names[i] = found.items[i];
    *ret_count = found.count;
    return status;
}

void connections_kept_read(struct connections_kept *k, struct store_reader *reader)
{
    *k = (struct connections_kept){.store = {.self = k,
                                             .load = kept_load,
                                             .save = kept_save,
                                             .remove = kept_remove,
                                             .list = kept_list},
                                   .reader = reader};
}

void connections_kept_write(struct connections_kept *k, struct store_tx *tx)
{
    connections_kept_read(k, store_tx_reader(tx));
    k->tx = tx;
}
