/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Comparing what was recorded with what came out, by the rules of the vectors' README: placeholders
 * match text that the server made, texts that hold JSON are compared as JSON, and differences at
 * lenient places are counted but forgiven.
 */
#ifndef AFFLUX_TESTS_ASL_SCENARIO_MATCH_H
#define AFFLUX_TESTS_ASL_SCENARIO_MATCH_H

#include "base/arena.h"
#include "base/buf.h"
#include "json/value.h"

enum { MATCH_BINDINGS = 64, MATCH_DEPTH = 64 };

struct match_binding {
    str name, text;
};

struct match_step {
    str key; /* of a member; p NULL: an item, at index */
    uint32_t index;
};

struct match {
    struct arena *arena;
    struct json_val lenient; /* array of JSONPaths, or undefined */
    str recorded, ours;      /* what stands in recordings, and for it in ours; empty: nothing */
    struct match_binding bindings[MATCH_BINDINGS];
    uint32_t binding_count;
    struct match_step path[MATCH_DEPTH];
    uint32_t depth;
    unsigned quiet;        /* differences are not noted */
    bool ignores_ids;      /* of events */
    unsigned forgiven;     /* at lenient places */
    struct buf difference; /* the first one, for people; empty: none */
};

void match_init(struct match *m, struct arena *arena, struct json_val lenient);
void match_done(struct match *m);

/* Compares, at the place `key` below where the comparison stands. undefined: there is none. */
bool match_member(struct match *m, str key, struct json_val expected, struct json_val actual);
bool match_item(struct match *m, uint32_t index, struct json_val expected, struct json_val actual);
/* Two events, but for their ids, without noting a difference. */
bool match_without_ids(struct match *m, struct json_val expected, struct json_val actual);

/* Replaces the placeholders of a text that have a value by now. */
str match_fill(const struct match *m, str text);

#endif
