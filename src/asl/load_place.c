/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a value stands in the text. Parsed JSON does not remember; so the first finding makes an
 * index of the text, one pass, and findings look their places up in it. The text is known to be
 * valid JSON.
 */
#include "asl/load_internal.h"

#include "base/check.h"
#include "json/parse.h"

enum { PLACE_NONE = -1 };

struct place {
    uint32_t start, end;         /* of the value */
    uint32_t key_start, key_end; /* of the key, quotes included; 0, 0: none */
    int32_t up, first, next, last;
    str key;
};

struct place_index {
    struct place *items;
    int32_t count, cap;
};

struct indexer {
    struct load *l;
    struct place_index *index;
    uint32_t at;
    int32_t up;                  /* the container that is open */
    uint32_t key_start, key_end; /* waiting for its value */
};

/* ---- making the index ---- */

/* The text of a key with its quotes, escapes undone. */
static str place_key(struct load *l, str raw)
{
    struct json_val v;
    struct error err;
    if (str_find_byte(raw, '\\', 0) == STR_NONE)
        return str_sub(raw, 1, raw.n - 1);
    return json_parse_in(&l->scratch, raw, NULL, &v, &err) == STATUS_OK ? json_str(v) : STR("");
}

static int32_t place_push(struct indexer *x)
{
    struct place_index *index = x->index;
    if (index->count == index->cap) {
        int32_t cap = index->cap == 0 ? 64 : 2 * index->cap;
        struct place *items = arena_alloc(&x->l->scratch, (size_t)cap * sizeof(*items));
        if (index->count > 0)
            memcpy(items, index->items, (size_t)index->count * sizeof(*items));
        index->items = items;
        index->cap = cap;
    }
    int32_t number = index->count++;
    index->items[number] = (struct place){.start = x->at,
                                          .key_start = x->key_start,
                                          .key_end = x->key_end,
                                          .up = x->up,
                                          .first = PLACE_NONE,
                                          .next = PLACE_NONE,
                                          .last = PLACE_NONE};
    if (x->key_end > 0)
        index->items[number].key = place_key(x->l, str_sub(x->l->text, x->key_start, x->key_end));
    x->key_start = x->key_end = 0;
    if (x->up != PLACE_NONE) {
        struct place *up = &index->items[x->up];
        if (up->last == PLACE_NONE)
            up->first = number;
        else
            index->items[up->last].next = number;
        up->last = number;
    }
    return number;
}

/* Moves behind the string that starts at x->at. */
static void place_skip_string(struct indexer *x)
{
    str text = x->l->text;
    x->at++;
    while (x->at < text.n && text.p[x->at] != '"')
        x->at += text.p[x->at] == '\\' ? 2 : 1;
    x->at++;
}

static bool place_is_scalar(char c)
{
    return c == '-' || c == '+' || c == '.' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
           (c >= 'A' && c <= 'Z');
}

static void place_scalar(struct indexer *x)
{
    str text = x->l->text;
    int32_t number = place_push(x);
    while (x->at < text.n && place_is_scalar(text.p[x->at]))
        x->at++;
    x->index->items[number].end = x->at;
}

/* A string is a key when a colon follows. */
static void place_string(struct indexer *x)
{
    str text = x->l->text;
    uint32_t start = x->at;
    place_skip_string(x);
    size_t next = x->at;
    while (next < text.n && strchr(" \t\r\n", text.p[next]) != NULL)
        next++;
    if (next < text.n && text.p[next] == ':') {
        x->key_start = start;
        x->key_end = x->at;
        x->at = (uint32_t)next + 1;
        return;
    }
    uint32_t end = x->at;
    x->at = start;
    int32_t number = place_push(x);
    x->at = end;
    x->index->items[number].end = end;
}

static void place_close(struct indexer *x)
{
    check(x->up != PLACE_NONE);
    struct place *open = &x->index->items[x->up];
    open->end = ++x->at;
    x->up = open->up;
}

static struct place_index *place_make(struct load *l)
{
    struct place_index *index = arena_zalloc(&l->scratch, sizeof(*index));
    struct indexer x = {.l = l, .index = index, .up = PLACE_NONE};
    while (x.at < l->text.n) {
        char c = l->text.p[x.at];
        if (c == '{' || c == '[') {
            x.up = place_push(&x);
            x.at++;
        } else if (c == '}' || c == ']') {
            place_close(&x);
        } else if (c == '"') {
            place_string(&x);
        } else if (place_is_scalar(c)) {
            place_scalar(&x);
        } else {
            x.at++;
        }
    }
    return index;
}

/* ---- looking up ---- */

/* Of equal keys the last counts, as for the parser. */
static int32_t place_child(struct load *l, int32_t up, const struct at *at)
{
    const struct place *items = l->places->items;
    int32_t found = PLACE_NONE;
    uint32_t index = 0;
    for (int32_t i = items[up].first; i != PLACE_NONE; i = items[i].next, index++) {
        if (at->is_index && index == at->index)
            return i;
        if (!at->is_index && str_eq(items[i].key, at->key))
            found = i;
    }
    return found;
}

static int32_t place_walk(struct load *l, const struct at *at)
{
    if (at->up == NULL)
        return 0;
    int32_t up = place_walk(l, at->up);
    int32_t found = place_child(l, up, at);
    return found != PLACE_NONE ? found : up;
}

static const struct place *place_of(struct load *l, const struct at *at)
{
    static const struct place nowhere = {.start = 0};
    if (at == NULL)
        return &nowhere;
    if (l->places == NULL)
        l->places = place_make(l);
    return &l->places->items[place_walk(l, at)];
}

struct span place_find(struct load *l, const struct at *at)
{
    const struct place *p = place_of(l, at);
    return (struct span){p->start, p->end};
}

struct span place_find_key(struct load *l, const struct at *at)
{
    const struct place *p = place_of(l, at);
    return p->key_end > 0 ? (struct span){p->key_start, p->key_end}
                          : (struct span){p->start, p->end};
}
