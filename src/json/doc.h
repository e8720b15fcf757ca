/* SPDX-License-Identifier: Apache-2.0 */
/*
 * struct json_doc: an immutable JSON document, counted as a whole. It owns its values, the text it
 * was parsed from, and may hold up to JSON_MAX_HELD other documents whose values it refers to. Only
 * documents that hold nothing are ever held, so release is never recursive and no chain of
 * documents can form.
 *
 * Documents belong to one thread: counters are plain integers; between threads go bytes.
 */
#ifndef AFFLUX_JSON_DOC_H
#define AFFLUX_JSON_DOC_H

#include "base/arena.h"
#include "base/error.h"
#include "json/value.h"

enum { JSON_MAX_HELD = 8 };

struct json_doc;

struct json_doc *json_doc_ref(struct json_doc *doc);
/* NULL is allowed. */
void json_doc_unref(struct json_doc *doc);

/* Keeps doc alive until the arena is reset, so that a scope borrows from it freely. */
void json_doc_hold(struct json_doc *doc, struct arena *arena);

struct json_val json_doc_root(const struct json_doc *doc);
/* The text the document was parsed from, as it came; empty when it was frozen from values. */
str json_doc_text(const struct json_doc *doc);

/* Bytes the document itself takes (values, text, shapes), and those of the documents it holds. */
size_t json_doc_bytes(const struct json_doc *doc);
size_t json_doc_held_bytes(const struct json_doc *doc);
size_t json_doc_held_count(const struct json_doc *doc);

/* Is there a number whose text its double would not print (1.0, large integers)? */
bool json_doc_has_number_text(const struct json_doc *doc);

/* Does this memory belong to the document (not to one it holds)? */
bool json_doc_owns(const struct json_doc *doc, const void *p);
/* The same, or to one it holds? */
bool json_doc_reaches(const struct json_doc *doc, const void *p);

#endif
