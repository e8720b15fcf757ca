/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The last pass over a tree: chooses for every node the function that evaluates it, numbers its
 * caches, prepares the shapes of constant object constructors, and finds out which frames can live
 * on the C stack.
 */
#ifndef AFFLUX_JSONATA_LINK_H
#define AFFLUX_JSONATA_LINK_H

#include "json/shape.h"
#include "jsonata/ast.h"
#include "jsonata/symbol.h"

struct linker {
    struct arena *arena;
    struct symbols *symbols;
    struct json_shapes *shapes; /* in the same arena */
    unsigned flags;             /* enum jsonata_flag */
    uint32_t slots;             /* in: first cache number to use; out: one more than the last */
    bool dynamic; /* the text of expressions is evaluated ($eval): every frame may be kept */
    bool reads_clock, reads_random;

    /* names that something in the tree binds: a built-in function of that name cannot be taken for
     * granted */
    bool *bound;      /* by symbol */
    uint32_t *stamps; /* of parameters, by symbol: the lambda that has seen it last */
    uint32_t lambdas; /* so far */
    bool *mentioned;  /* built-in names that occur as variables, offered or not; by symbol */
    struct function_ref **refs; /* of built-in functions, by symbol; made on first use */
};

/* Returns the tree's root (it may be another node than n). dynamic is found out here when false. */
struct node *link_expression(struct linker *l, struct node *n);

#endif
