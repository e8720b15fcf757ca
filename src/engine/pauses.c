/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See pauses.h. A loop remembers which rows it has read or written, so that a hundred answers of
 * one host write one row, and removes those that are over with the next one it writes. Another loop
 * may have prolonged such a row meanwhile: the unit looks.
 *
 * A row that cannot be written is one that is not kept: nobody waits for it.
 */
#include "engine/pauses.h"

#include "engine/http.h"
#include "engine/unit.h"
#include "store/reader.h"
#include "store/tx.h"
#include <stdlib.h>

enum {
    SLACK_MS = 1000, /* written on top, so that answers a little later need no row of theirs */
    PAGE = 100,
    DIGITS_MAX = 15
};

#define SERVICE STR("pause")

struct engine_pause {
    str host; /* malloc'ed */
    int64_t until_ms;
};

/* 0: it is no time, and over. */
static int64_t time_of(str body)
{
    int64_t ms = 0;
    for (size_t i = 0; i < body.n; i++) {
        if (body.p[i] < '0' || body.p[i] > '9' || i == DIGITS_MAX)
            return 0;
        ms = ms * 10 + (body.p[i] - '0');
    }
    return ms;
}

/* ---- what a loop remembers ---- */

static struct engine_pause *find(struct engine_pauses *p, str host)
{
    for (uint32_t i = 0; i < p->count; i++)
        if (str_eq(p->items[i].host, host))
            return &p->items[i];
    return NULL;
}

/* NULL: there are too many. */
static struct engine_pause *add(struct engine_pauses *p, str host)
{
    if (p->count == ENGINE_PAUSES_MAX)
        return NULL;
    if (p->count == p->cap) {
        p->cap = p->cap ? p->cap * 2 : 16;
        p->items = realloc(p->items, p->cap * sizeof(*p->items));
        check(p->items != NULL);
    }
    struct engine_pause *pause = &p->items[p->count++];
    *pause = (struct engine_pause){.host = str_dup(host)};
    return pause;
}

static void drop_at(struct engine_pauses *p, uint32_t i)
{
    free((char *)(uintptr_t)p->items[i].host.p);
    p->items[i] = p->items[--p->count];
}

void engine_pauses_done(struct engine_pauses *p)
{
    while (p->count > 0)
        drop_at(p, p->count - 1);
    free(p->items);
    *p = (struct engine_pauses){0};
}

/* ---- the unit ---- */

struct keeping {
    struct engine_unit unit; /* first */
    struct arena texts;
    str host, until; /* to write; host empty: nothing */
    str *over;       /* to remove, if they are */
    uint32_t over_count;
    int64_t now_ms;
};

static enum status forget(struct store_tx *tx, str host, int64_t now_ms, struct arena *a,
                          struct error *err)
{
    str body;
    enum status status = store_find_thing(store_tx_reader(tx), SERVICE, host, a, &body, err);
    if (status == STATUS_OK && time_of(body) <= now_ms)
        status = store_tx_delete_thing(tx, SERVICE, host, err);
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

static enum status write_kept(struct store_tx *tx, str args, struct arena *scratch,
                              struct error *err)
{
    const struct keeping *k = (const struct keeping *)(const void *)args.p;
    enum status status = STATUS_OK;
    for (uint32_t i = 0; i < k->over_count && status == STATUS_OK; i++)
        status = forget(tx, k->over[i], k->now_ms, scratch, err);
    if (status == STATUS_OK && k->host.n > 0)
        status = store_tx_put_thing(tx, SERVICE, k->host, k->until, err);
    return status;
}

static void drop_keeping(struct engine_unit *unit)
{
    struct keeping *k = (struct keeping *)(void *)unit;
    arena_done(&k->texts);
    free(k);
}

static void kept(struct engine *e, struct engine_unit *unit)
{
    (void)e;
    store_unit_done(&unit->unit);
    drop_keeping(unit);
}

/* With all that is over by now, which is not remembered any more. */
static struct keeping *new_keeping(struct engine_pauses *p, int64_t now_ms)
{
    struct keeping *k = calloc(1, sizeof(*k));
    check(k != NULL);
    arena_init(&k->texts, 0);
    k->now_ms = now_ms;
    k->over = arena_alloc(&k->texts, (p->count + 1) * sizeof(*k->over));
    for (uint32_t i = p->count; i-- > 0;)
        if (p->items[i].until_ms <= now_ms) {
            k->over[k->over_count++] = arena_dup(&k->texts, p->items[i].host);
            drop_at(p, i);
        }
    k->unit =
        (struct engine_unit){.unit = {.run = write_kept, .args = {(const char *)k, sizeof(*k)}},
                             .back = kept,
                             .drop = drop_keeping};
    return k;
}

void engine_pauses_keep(struct engine *e, str host, int64_t until_ms)
{
    struct engine_pauses *p = &e->http->pauses;
    int64_t now = loop_wall_ms(), until = now + (until_ms - loop_now_ms());
    struct engine_pause *pause = find(p, host);
    if (until - now <= ENGINE_PAUSE_KEPT_MS || (pause && until <= pause->until_ms))
        return;
    if (!pause)
        pause = add(p, host);
    until += SLACK_MS;
    if (pause)
        pause->until_ms = until;
    bool is_kept = pause != NULL; /* where it is may change now */
    struct keeping *k = new_keeping(p, now);
    if (is_kept) {
        k->host = arena_dup(&k->texts, host);
        k->until = arena_printf(&k->texts, "%lld", (long long)until);
    }
    engine_unit_submit(e, &k->unit);
}

/* ---- at the beginning ---- */

static enum status take(struct engine *e, str host, int64_t now_ms, struct arena *a,
                        struct error *err)
{
    str body;
    enum status status = store_find_thing(e->reader, SERVICE, host, a, &body, err);
    if (status != STATUS_OK) /* another loop has removed it */
        return status == STATUS_NOT_FOUND ? STATUS_OK : status;
    int64_t until = time_of(body);
    struct engine_pause *pause = add(&e->http->pauses, host);
    if (pause)
        pause->until_ms = until;
    if (until > now_ms)
        http_gate_pause(e->http->gate, host, loop_now_ms() + (until - now_ms));
    return STATUS_OK;
}

enum status engine_pauses_open(struct engine *e, struct error *err)
{
    struct arena a;
    struct store_names names = {0};
    int64_t now = loop_wall_ms();
    str after = {0};
    enum status status;
    arena_init(&a, 0);
    do {
        status = store_list_things(e->reader, SERVICE, STR(""), after, PAGE, &a, &names, err);
        for (uint32_t i = 0; status == STATUS_OK && i < names.count; i++) {
            after = names.items[i];
            status = take(e, after, now, &a, err);
        }
    } while (status == STATUS_OK && names.count == PAGE);
    arena_done(&a);
    if (status != STATUS_OK || e->number > 0 || e->http->pauses.count == 0)
        return status;
    struct keeping *k = new_keeping(&e->http->pauses, now);
    if (k->over_count > 0)
        engine_unit_submit(e, &k->unit);
    else
        drop_keeping(&k->unit);
    return STATUS_OK;
}
