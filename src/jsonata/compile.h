/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of a compiled expression, for compile.c, evaluate.c and $eval. */
#ifndef AFFLUX_JSONATA_COMPILE_H
#define AFFLUX_JSONATA_COMPILE_H

#include "jsonata/link.h"
#include "jsonata/parse.h"

struct jsonata {
    struct arena arena; /* everything below */
    str text;
    struct node *root;
    struct symbols symbols;
    struct json_shapes shapes;
    struct regex_list regexes;
    unsigned flags;
    uint32_t slots;
    bool reads_clock, reads_random;
    bool dynamic;           /* evaluates text ($eval) */
    uint32_t dollar;        /* symbol of $$ */
    uint32_t *free_symbols; /* variables used but not bound inside */
    uint32_t free_count;
    struct used_name { /* every variable and built-in function that occurs: what a binding may mean
                        */
        str name;
        uint32_t symbol;
    } * used;
    uint32_t used_count;
};

/* Text to a linked tree in l->arena, whose symbols, shapes, flags and slots are set. NULL with err
 * set. */
struct node *compile_tree(str text, struct linker *l, struct regex_list *regexes,
                          struct raised *err);

struct jsonata_error;

/* An error for the outside; source is the text its places refer to. */
void compile_report(const struct raised *r, str source, struct jsonata_error *ret);

#endif
