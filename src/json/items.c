/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The way through the text is a machine whose state lies in struct json_items, so that it can stop
 * at any byte: down along the pointer, then from item to item. Values are skipped by counting
 * brackets outside of strings.
 */
#include "json/items.h"
#include "base/arena.h"
#include "base/check.h"
#include "json/parse.h"
#include <stdlib.h>

enum place {
    AT_VALUE,   /* the one the pointer leads to, or one on the way */
    AT_MEMBER,  /* on the way: a key, or an element; behind '{', '[' or ',' */
    AT_SKIPPED, /* on the way: inside a value that is none of ours */
    AT_ITEM,    /* behind '[', '{' or ',' of the items */
    IN_ITEM,
    AT_LINE,
    AT_END,
    FAILED
};

struct json_items {
    enum json_items_form form;
    enum place place;
    const char *problem;
    struct buf text;
    size_t at;   /* how far it was looked at */
    size_t from; /* where what is needed begins: bytes before it are dropped */
    bool is_finished;

    char *pointer;
    str rest;       /* of it, from the next token on */
    bool is_object; /* of the container at hand */
    bool is_first;  /* nothing of it has been seen */
    bool is_wanted; /* the value that comes is the one on the way */
    uint64_t index; /* of the element on the way */

    uint32_t depth; /* of the value that is being passed */
    bool is_in_string, is_escaped, is_scalar, is_begun;

    bool has_key;
    size_t key_from, key_to, item_from;
};

struct json_items *json_items_new(enum json_items_form form, str pointer)
{
    struct json_items *it = calloc(1, sizeof(*it));
    check(it != NULL);
    it->form = form;
    it->place = form == JSON_ITEMS_LINES ? AT_LINE : AT_VALUE;
    buf_init(&it->text, SIZE_MAX / 2);
    it->pointer = malloc(pointer.n + 1);
    check(it->pointer != NULL);
    if (pointer.n > 0)
        memcpy(it->pointer, pointer.p, pointer.n);
    it->rest = (str){it->pointer, pointer.n};
    return it;
}

void json_items_free(struct json_items *it)
{
    if (!it)
        return;
    buf_done(&it->text);
    free(it->pointer);
    free(it);
}

const char *json_items_problem(const struct json_items *it)
{
    return it->problem;
}

void json_items_feed(struct json_items *it, str bytes)
{
    size_t from = it->from;
    if (from > 0) { /* what was used goes */
        memmove(it->text.p, it->text.p + from, it->text.n - from);
        it->text.n -= from;
        it->at -= from;
        it->key_from -= it->key_from >= from ? from : it->key_from;
        it->key_to -= it->key_to >= from ? from : it->key_to;
        it->item_from -= it->item_from >= from ? from : it->item_from;
        it->from = 0;
    }
    buf_add(&it->text, bytes);
}

void json_items_finish(struct json_items *it)
{
    it->is_finished = true;
}

size_t json_items_left(const struct json_items *it)
{
    return it->text.n - it->from;
}

void json_items_resume(struct json_items *it, bool are_members)
{
    if (it->form == JSON_ITEMS_LINES)
        return;
    it->place = AT_ITEM;
    it->is_object = are_members;
    it->is_first = false;
}

bool json_items_are_members(const struct json_items *it)
{
    return it->is_object;
}

static enum json_items_got fail(struct json_items *it, const char *problem)
{
    it->place = FAILED;
    it->problem = problem;
    return JSON_ITEMS_FAILED;
}

/* At the end of what there is. */
static enum json_items_got need_more(struct json_items *it)
{
    if (it->is_finished)
        return fail(it, "The JSON text ends too early.");
    if (it->text.n - it->from > JSON_ITEMS_MAX_BYTES)
        return fail(it, "An item exceeds the maximum number of bytes.");
    return JSON_ITEMS_MORE;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* To the next byte that is no white space; false when there is none. */
static bool skip_space(struct json_items *it)
{
    while (it->at < it->text.n && is_space(it->text.p[it->at]))
        it->at++;
    return it->at < it->text.n;
}

/* ---- a value ---- */

static void begin_value(struct json_items *it)
{
    it->depth = 0;
    it->is_in_string = it->is_escaped = it->is_scalar = it->is_begun = false;
}

static void pass_string_byte(struct json_items *it, char c)
{
    if (it->is_escaped)
        it->is_escaped = false;
    else if (c == '\\')
        it->is_escaped = true;
    else if (c == '"')
        it->is_in_string = false;
}

/* Is the byte, outside of strings, the first behind the value? */
static bool ends_before(const struct json_items *it, char c)
{
    if (it->depth > 0)
        return false;
    return it->is_scalar ? is_space(c) || c == ',' || c == ']' || c == '}' : it->is_begun;
}

/* Passes the value at `at`; true: `at` is behind it. */
static bool pass_value(struct json_items *it)
{
    for (; it->at < it->text.n; it->at++) {
        char c = it->text.p[it->at];
        if (it->is_in_string) {
            pass_string_byte(it, c);
            continue;
        }
        if (ends_before(it, c))
            return true;
        it->is_begun = true;
        if (c == '"')
            it->is_in_string = true;
        else if (c == '{' || c == '[')
            it->depth++;
        else if (c == '}' || c == ']')
            it->depth -= it->depth > 0;
        else if (it->depth == 0)
            it->is_scalar = true;
    }
    return it->is_finished && it->is_begun && it->depth == 0 && !it->is_in_string;
}

/* The key at `at` and its colon, from key_from to key_to; false: need_more. `at` stays. */
static bool find_key(struct json_items *it)
{
    size_t start = it->at;
    begin_value(it);
    bool is_whole = pass_value(it);
    size_t end = it->at;
    bool has_colon = is_whole && skip_space(it);
    size_t colon = it->at;
    it->at = has_colon ? colon : start;
    it->key_from = start;
    it->key_to = end;
    return has_colon;
}

/* ---- down along the pointer ---- */

/* The token as text, with ~0 and ~1 read. */
static str next_token(struct json_items *it, struct arena *a)
{
    size_t end = str_find_byte(it->rest, '/', 1);
    str raw = str_sub(it->rest, 1, end);
    char *token = arena_alloc(a, raw.n + 1);
    size_t n = 0;
    for (size_t i = 0; i < raw.n; i++) {
        bool is_escape = raw.p[i] == '~' && i + 1 < raw.n;
        token[n++] = !is_escape ? raw.p[i] : raw.p[++i] == '1' ? '/' : '~';
    }
    return (str){token, n};
}

static bool is_key(struct json_items *it)
{
    struct arena a;
    struct json_val v;
    arena_init(&a, 0);
    str key = str_sub(buf_str(&it->text), it->key_from, it->key_to);
    bool ret = json_parse_in(&a, key, NULL, &v, NULL) == STATUS_OK && v.tag == JSON_STRING &&
               str_eq(json_str(v), next_token(it, &a));
    arena_done(&a);
    return ret;
}

static bool is_index(struct json_items *it)
{
    struct arena a;
    arena_init(&a, 0);
    str token = next_token(it, &a);
    bool ret = str_eq(token, arena_printf(&a, "%llu", (unsigned long long)it->index));
    arena_done(&a);
    return ret;
}

static enum json_items_got at_value(struct json_items *it)
{
    if (!skip_space(it))
        return need_more(it);
    char c = it->text.p[it->at];
    if (c != '[' && c != '{')
        return fail(it, it->rest.n > 0 ? "The ItemsPointer leads to nothing."
                                       : "Attempting to map over non-iterable node.");
    it->is_object = c == '{';
    it->is_first = true;
    it->index = 0;
    it->at++;
    it->place = it->rest.n > 0 ? AT_MEMBER : AT_ITEM;
    return JSON_ITEMS_ITEM;
}

/* Behind a bracket or a value: what comes next is at `at`. JSON_ITEMS_END: the container's end. */
static enum json_items_got next_in_container(struct json_items *it)
{
    if (!skip_space(it))
        return need_more(it);
    char c = it->text.p[it->at];
    if (c == (it->is_object ? '}' : ']'))
        return JSON_ITEMS_END;
    if (it->is_first)
        return JSON_ITEMS_ITEM;
    if (c != ',')
        return fail(it, "The JSON text cannot be read: a comma is missing.");
    size_t comma = it->at++;
    if (skip_space(it))
        return JSON_ITEMS_ITEM;
    it->at = comma; /* to be seen again */
    return need_more(it);
}

static enum json_items_got at_member(struct json_items *it)
{
    size_t start = it->at;
    enum json_items_got got = next_in_container(it);
    if (got == JSON_ITEMS_END)
        return fail(it, "The ItemsPointer leads to nothing.");
    if (got != JSON_ITEMS_ITEM)
        return got;
    if (it->is_object) {
        if (!find_key(it)) {
            it->at = start;
            return need_more(it);
        }
        if (it->text.p[it->at++] != ':')
            return fail(it, "The JSON text cannot be read: a colon is missing.");
    }
    it->is_wanted = it->is_object ? is_key(it) : is_index(it);
    it->is_first = false;
    it->index++;
    if (it->is_wanted) {
        it->rest = str_sub(it->rest, str_find_byte(it->rest, '/', 1), it->rest.n);
        it->place = AT_VALUE;
    } else {
        it->place = AT_SKIPPED;
        begin_value(it);
    }
    it->from = it->at;
    return JSON_ITEMS_ITEM;
}

static enum json_items_got at_skipped(struct json_items *it)
{
    bool has_begun = it->is_begun || skip_space(it);
    bool is_over = has_begun && pass_value(it);
    it->from = it->at; /* none of it is needed */
    if (!is_over)
        return need_more(it);
    it->place = AT_MEMBER;
    return JSON_ITEMS_ITEM;
}

/* ---- items ---- */

static enum json_items_got at_item(struct json_items *it)
{
    it->from = it->at;
    enum json_items_got got = next_in_container(it);
    if (got == JSON_ITEMS_END)
        it->place = AT_END;
    if (got != JSON_ITEMS_ITEM)
        return got;
    it->has_key = it->is_object;
    if (it->has_key) {
        if (!find_key(it)) {
            it->at = it->from;
            return need_more(it);
        }
        if (it->text.p[it->at++] != ':')
            return fail(it, "The JSON text cannot be read: a colon is missing.");
    }
    it->is_first = false;
    it->place = IN_ITEM;
    it->item_from = it->at;
    begin_value(it);
    return JSON_ITEMS_ITEM;
}

static enum json_items_got in_item(struct json_items *it, str *ret_key, str *ret_text)
{
    if (!it->is_begun) {
        bool has_begun = skip_space(it);
        it->item_from = it->at;
        if (!has_begun)
            return need_more(it);
    }
    if (!pass_value(it))
        return need_more(it);
    str all = buf_str(&it->text);
    *ret_key = it->has_key ? str_sub(all, it->key_from, it->key_to) : STR("");
    *ret_text = str_sub(all, it->item_from, it->at);
    it->from = it->at;
    it->place = AT_ITEM;
    return JSON_ITEMS_ITEM;
}

static enum json_items_got next_line(struct json_items *it, str *ret_key, str *ret_text)
{
    for (;;) {
        size_t end = str_find_byte(buf_str(&it->text), '\n', it->at);
        if (end == STR_NONE && !it->is_finished) {
            it->at = it->text.n;
            return need_more(it);
        }
        bool is_last = end == STR_NONE;
        size_t start = it->from, stop = is_last ? it->text.n : end;
        it->at = it->from = is_last ? stop : stop + 1;
        while (start < stop && is_space(it->text.p[start]))
            start++;
        while (stop > start && is_space(it->text.p[stop - 1]))
            stop--;
        if (stop > start) {
            *ret_key = STR("");
            *ret_text = str_sub(buf_str(&it->text), start, stop);
            return JSON_ITEMS_ITEM;
        }
        if (is_last) {
            it->place = AT_END;
            return JSON_ITEMS_END;
        }
    }
}

enum json_items_got json_items_next(struct json_items *it, str *ret_key, str *ret_text)
{
    for (;;) {
        enum json_items_got got = JSON_ITEMS_FAILED;
        switch (it->place) {
        case AT_VALUE: got = at_value(it); break;
        case AT_MEMBER: got = at_member(it); break;
        case AT_SKIPPED: got = at_skipped(it); break;
        case AT_ITEM: got = at_item(it); break;
        case IN_ITEM: return in_item(it, ret_key, ret_text);
        case AT_LINE: return next_line(it, ret_key, ret_text);
        case AT_END: return JSON_ITEMS_END;
        case FAILED: return JSON_ITEMS_FAILED;
        }
        if (got != JSON_ITEMS_ITEM)
            return got;
    }
}
