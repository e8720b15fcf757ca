/* SPDX-License-Identifier: Apache-2.0 */
/* The state of one parse, shared by parse.c, parse_string.c and parse_error.c. */
#ifndef AFFLUX_JSON_PARSE_INTERNAL_H
#define AFFLUX_JSON_PARSE_INTERNAL_H

#include "json/parse.h"
#include "json/shape.h"

/* One place of the value stack: a value, or what was current when a container was opened. */
union parse_slot {
    struct json_val val;
    struct {
        struct shape_node *node; /* of the container around */
        uint32_t outer;          /* place of the slot that opened it */
        uint32_t kind;           /* enum parse_kind of it */
    } frame;
};

/* An object with more keys than the trie takes. Its node stands in for a node of the trie: it
 * counts the keys and never predicts anything. */
struct big_object {
    struct shape_node node;
    struct json_key *keys; /* node.count are used */
    uint32_t key_cap;
    struct map map; /* key -> position */
    struct arena_mark mark;
};

/* Where duplicate members that are being parsed belong, innermost last. */
struct dup_places {
    uint32_t *at;
    uint32_t count, cap;
};

struct parser {
    const char *text, *end; /* JSON_TEXT_PADDING zero bytes lie at end */
    struct arena *arena;    /* of the result */
    struct json_shapes *shapes;
    union parse_slot *stack; /* malloc'ed once it left the first block */
    union parse_slot *stack_end;
    bool is_stack_on_heap;
    bool has_scratch;
    bool has_number_text;
    uint32_t max_depth, depth;
    uint32_t deepest;
    struct dup_places dups;
    struct arena scratch; /* of big objects; set up when has_scratch */
    const char *bad_at;   /* where and why the text was refused */
    const char *reason;
};

/* Reads the string whose first quote is before p. False: bad_at and reason are set. */
struct parsed_string {
    const char *p;
    size_t n;
    unsigned flags;
    const char *next; /* behind the closing quote */
};
bool parse_string_rest(struct parser *ps, const char *start, const char *at, uint64_t high,
                       struct parsed_string *ret);

/* Sets reason and bad_at for a value that cannot begin as it does at p. */
void parse_explain_value(struct parser *ps, const char *p);
void parse_explain_number(struct parser *ps, const char *p);
/* What was expected at p; the end of the text is told apart. */
void parse_explain(struct parser *ps, const char *p, const char *expected);

enum status parse_refuse(struct parser *ps, struct json_place *place, struct error *err);

#endif
