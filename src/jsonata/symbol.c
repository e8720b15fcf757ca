/* SPDX-License-Identifier: Apache-2.0 */
/* Symbol tables; see symbol.h. */
#include "jsonata/symbol.h"

#include "jsonata/function.h"

void symbols_init(struct symbols *s, struct arena *arena, const struct symbols *base)
{
    *s = (struct symbols){.base = base};
    s->first = base != NULL ? symbols_end(base) : builtin_count() + 1;
    map_init(&s->map, arena, 8);
}

uint32_t symbols_end(const struct symbols *s)
{
    return s->first + s->count;
}

uint32_t symbols_find(const struct symbols *s, str name)
{
    for (; s != NULL; s = s->base) {
        uint32_t symbol = map_get(&s->map, name);
        if (symbol != MAP_NONE)
            return symbol;
    }
    return builtin_find(name);
}

uint32_t symbols_intern(struct symbols *s, str name)
{
    uint32_t symbol = symbols_find(s, name);
    if (symbol != SYMBOL_NONE)
        return symbol;
    if ((s->count & (s->count - 1)) == 0) { /* full at each power of two */
        str *bigger = arena_alloc(s->map.arena, sizeof(str) * (s->count ? s->count * 2 : 1));
        if (s->count > 0)
            memcpy(bigger, s->names, sizeof(str) * s->count);
        s->names = bigger;
    }
    s->names[s->count] = name;
    symbol = s->first + s->count++;
    *map_at(&s->map, name) = symbol;
    return symbol;
}

str symbols_name(const struct symbols *s, uint32_t symbol)
{
    for (; s != NULL; s = s->base)
        if (symbol >= s->first)
            return s->names[symbol - s->first];
    return builtin_name(symbol);
}
