/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Items of a JSON text of any size, one after the other, as the text comes: elements of an array,
 * members of an object, or lines. Only the item at hand is in memory. What an item says is not
 * checked here, only where it ends: it is to be parsed. What lies beside the items is skipped and
 * not checked either.
 */
#ifndef AFFLUX_JSON_ITEMS_H
#define AFFLUX_JSON_ITEMS_H

#include "base/buf.h"

enum { JSON_ITEMS_MAX_BYTES = 16 << 20 /* of an item, or of a key on the way */ };

enum json_items_form {
    JSON_ITEMS_WHOLE, /* one text, its array or object at a pointer */
    JSON_ITEMS_LINES  /* each line a text; empty ones are left out */
};

enum json_items_got {
    JSON_ITEMS_ITEM,
    JSON_ITEMS_MORE, /* feed bytes, or say that there are no more */
    JSON_ITEMS_END,
    JSON_ITEMS_FAILED /* see json_items_problem */
};

struct json_items;

/* pointer: JSON Pointer (RFC 6901) to the array or object; empty: the whole text. It is copied. */
struct json_items *json_items_new(enum json_items_form form, str pointer);
void json_items_free(struct json_items *items); /* NULL is allowed */

/* The bytes are copied. Items are to be taken before more is fed, or all of it is in memory. */
void json_items_feed(struct json_items *items, str bytes);
void json_items_finish(struct json_items *items);

/* How many of the bytes that were fed lie behind the last item. */
size_t json_items_left(const struct json_items *items);
/* A new one begins in the middle instead: the bytes that are fed are those behind an item, of the
 * members of an object or not. */
void json_items_resume(struct json_items *items, bool are_members);
bool json_items_are_members(const struct json_items *items);

/* The text of the next item, and of a member the text of its key with its quotes; an element has
 * none. Both live until the next call of any function here. */
enum json_items_got json_items_next(struct json_items *items, str *ret_key, str *ret_text);
/* Why it failed: a sentence. */
const char *json_items_problem(const struct json_items *items);

#endif
