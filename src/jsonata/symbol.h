/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names of variables as numbers. Number 0 is no name; then come the built-in functions in the order
 * of their table; then the names an expression uses. A table may extend another one ($eval compiles
 * text while the expression around it is running), which then must not change any more.
 */
#ifndef AFFLUX_JSONATA_SYMBOL_H
#define AFFLUX_JSONATA_SYMBOL_H

#include "base/map.h"

enum { SYMBOL_NONE = 0 };

struct symbols {
    const struct symbols *base; /* NULL: the built-in functions */
    uint32_t first;             /* number of names[0] */
    uint32_t count;
    str *names;
    struct map map;
};

void symbols_init(struct symbols *s, struct arena *arena, const struct symbols *base);
/* One more than the largest number in use. */
uint32_t symbols_end(const struct symbols *s);
/* The number of a name; SYMBOL_NONE when it has none. */
uint32_t symbols_find(const struct symbols *s, str name);
/* The same, giving it one when needed. The name is borrowed. */
uint32_t symbols_intern(struct symbols *s, str name);
str symbols_name(const struct symbols *s, uint32_t symbol);

#endif
