/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Documents: counting, holding, sizes. How values get into one is in parse.c and freeze.c.
 *
 * Only documents that hold nothing are held, so releasing one releases at most JSON_MAX_HELD others
 * and goes no deeper.
 */
#include "json/doc.h"
#include "base/check.h"
#include "json/doc_internal.h"
#include "json/parse.h"
#include <stdlib.h>

static void doc_init(struct json_doc *doc)
{
    memset(doc, 0, offsetof(struct json_doc, shapes));
    doc->refs = 1;
    arena_init(&doc->arena, 0);
}

struct json_doc *doc_new(size_t inside_bytes)
{
    struct json_doc *doc = malloc(sizeof(*doc) + inside_bytes);
    check(doc != NULL);
    arena_large_pages(doc, sizeof(*doc) + inside_bytes);
    doc_init(doc);
    return doc;
}

struct json_doc *doc_new_room(size_t arena_bytes)
{
    size_t first = arena_lent_bytes(arena_bytes);
    struct json_doc *doc = malloc(sizeof(*doc) + first);
    check(doc != NULL);
    arena_large_pages(doc, sizeof(*doc) + first);
    doc_init(doc);
    arena_lend(&doc->arena, doc + 1, first);
    return doc;
}

struct json_shapes *doc_shapes(struct json_doc *doc)
{
    if (!doc->has_shapes)
        json_shapes_init(&doc->shapes, &doc->arena);
    doc->has_shapes = true;
    return &doc->shapes;
}

struct json_doc *json_doc_ref(struct json_doc *doc)
{
    check(doc->refs > 0 && doc->refs < UINT32_MAX);
    doc->refs++;
    return doc;
}

static void doc_free(struct json_doc *doc)
{
    arena_done(&doc->arena);
    if (!doc->is_text_inside)
        free(doc->text);
    free(doc);
}

void json_doc_unref(struct json_doc *doc)
{
    if (!doc)
        return;
    check(doc->refs > 0);
    if (--doc->refs > 0)
        return;
    for (uint32_t i = 0; i < doc->held_count; i++) {
        struct json_doc *held = doc->held[i];
        check(held->refs > 0 && held->held_count == 0);
        if (--held->refs == 0)
            doc_free(held);
    }
    doc_free(doc);
}

static void doc_let_go(void *doc)
{
    json_doc_unref(doc);
}

void json_doc_hold(struct json_doc *doc, struct arena *arena)
{
    arena_on_reset(arena, doc_let_go, json_doc_ref(doc));
}

struct json_val json_doc_root(const struct json_doc *doc)
{
    return doc->root;
}

str json_doc_text(const struct json_doc *doc)
{
    return (str){doc->text ? doc->text : "", doc->text_n};
}

size_t json_doc_bytes(const struct json_doc *doc)
{
    size_t text = doc->text ? doc->text_n + JSON_TEXT_PADDING : 0;
    return sizeof(*doc) + text + arena_used(&doc->arena);
}

size_t json_doc_held_bytes(const struct json_doc *doc)
{
    size_t bytes = 0;
    for (uint32_t i = 0; i < doc->held_count; i++)
        bytes += json_doc_bytes(doc->held[i]);
    return bytes;
}

size_t json_doc_held_count(const struct json_doc *doc)
{
    return doc->held_count;
}

bool json_doc_has_number_text(const struct json_doc *doc)
{
    bool has = doc->has_number_text;
    for (uint32_t i = 0; i < doc->held_count; i++)
        has = has || doc->held[i]->has_number_text;
    return has;
}

bool json_doc_owns(const struct json_doc *doc, const void *p)
{
    uintptr_t at = (uintptr_t)p, text = (uintptr_t)doc->text;
    if (doc->text && at - text < doc->text_n + JSON_TEXT_PADDING)
        return true;
    return arena_owns(&doc->arena, p);
}

bool json_doc_reaches(const struct json_doc *doc, const void *p)
{
    if (json_doc_owns(doc, p))
        return true;
    for (uint32_t i = 0; i < doc->held_count; i++) {
        if (json_doc_owns(doc->held[i], p))
            return true;
    }
    return false;
}
