/* SPDX-License-Identifier: Apache-2.0 */
/* Names of columns. A name is kept as it stands in JSON text, quotes and colon around it, so that
 * csv_rows.c compares it with one look. */
#include "csv/csv_columns.h"
#include "base/check.h"
#include "json/scan.h"
#include <stdlib.h>

enum { TEXT_AROUND = 3 /* "": */, MAP_FIRST = 64 };

void csv_columns_init(struct csv_columns *c)
{
    *c = (struct csv_columns){0};
    arena_init(&c->arena, 0);
    map_init(&c->map, &c->arena, MAP_FIRST);
}

void csv_columns_done(struct csv_columns *c)
{
    arena_done(&c->arena);
    free(c->at);
    *c = (struct csv_columns){0};
}

void csv_columns_fix(struct csv_columns *c)
{
    c->is_fixed = true;
}

static struct csv_column column_new(struct arena *a, str name)
{
    char *text = arena_zalloc(a, name.n + TEXT_AROUND + SCAN_STEP);
    text[0] = '"';
    if (name.n > 0)
        memcpy(text + 1, name.p, name.n);
    memcpy(text + 1 + name.n, "\":", 2);
    bool is_plain = (scan_flags(name.p, name.n) & JSON_PLAIN) != 0;
    return (struct csv_column){.name = {text + 1, name.n},
                               .text = text,
                               .text_n = is_plain ? (uint32_t)name.n + TEXT_AROUND : 0};
}

static bool columns_are_full(const struct csv_columns *c, str name)
{
    uint32_t most = c->is_fixed ? c->listed + CSV_MAX_LEFT_OUT : CSV_MAX_COLUMNS;
    return c->count >= most || name.n > CSV_MAX_NAMES - c->bytes;
}

uint32_t csv_columns_find(struct csv_columns *c, str name)
{
    uint32_t at = map_get(&c->map, name);
    if (at != MAP_NONE || columns_are_full(c, name))
        return at;
    if (c->count == c->cap) {
        c->cap = c->cap ? c->cap * 2 : 16;
        c->at = realloc(c->at, c->cap * sizeof(*c->at));
        check(c->at != NULL);
    }
    c->at[c->count] = column_new(&c->arena, name);
    *map_at(&c->map, c->at[c->count].name) = c->count;
    c->bytes += name.n;
    if (!c->is_fixed)
        c->listed++;
    return c->count++;
}

/* The map forgets nothing, so a new one is made. */
void csv_columns_cut(struct csv_columns *c, uint32_t count)
{
    if (count >= c->count)
        return;
    struct csv_columns left;
    csv_columns_init(&left);
    for (uint32_t i = 0; i < count; i++)
        csv_columns_find(&left, c->at[i].name);
    left.is_fixed = c->is_fixed;
    left.listed = c->listed < count ? c->listed : count;
    csv_columns_done(c);
    *c = left;
    c->map.arena = &c->arena;
}
