/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSONata text to a tree as written: a Pratt parser driven by one table of binding powers. It knows
 * grammar only; what the tree means is analyze.c's business.
 */
#ifndef AFFLUX_JSONATA_PARSE_H
#define AFFLUX_JSONATA_PARSE_H

#include "jsonata/ast.h"

/* What the parser needs of the compiled expression in the making: an owner for its regular
 * expressions. */
struct regex_list {
    struct regex **items;
    uint32_t count;
};

struct parse_options {
    bool version_206; /* refuse what came after JSONata 2.0.6: ?: and ?? */
};

/* The tree, or NULL with err set. Nodes and texts live in the arena; regexes are appended to the
 * list and are the caller's to free, also after a failure. */
struct node *parse_expression(str source, struct arena *arena, const struct parse_options *options,
                              struct regex_list *regexes, struct raised *err);

#endif
