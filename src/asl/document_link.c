/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finding links: a document that holds memory of others names the places where it does so as parts
 * of the documents it was made from.
 *
 * The first time, the source is searched for the value. What was found is remembered as a part of
 * the source and of the new document, so that a loop that passes a page on, or appends to an array,
 * finds it in the next round without looking. What cannot be found is written as text: links save
 * room, they carry no meaning.
 */
#include "asl/document_internal.h"
#include "base/check.h"
#include "json/value.h"
#include <stdlib.h>

/* ---- pointers (RFC 6901) ---- */

static void pointer_add_key(struct buf *path, str key)
{
    buf_add_byte(path, '/');
    for (size_t i = 0; i < key.n; i++) {
        if (key.p[i] == '~')
            buf_add(path, STR("~0"));
        else if (key.p[i] == '/')
            buf_add(path, STR("~1"));
        else
            buf_add_byte(path, key.p[i]);
    }
}

static str member_key(struct json_val object, uint32_t i)
{
    const struct json_key *key = &object.obj->shape->keys[i];
    return (str){key->p, key->n};
}

void asl_pointer_add(struct buf *path, struct json_val container, uint32_t i)
{
    if (container.tag == JSON_OBJECT)
        pointer_add_key(path, member_key(container, i));
    else
        buf_printf(path, "/%u", (unsigned)i);
}

static struct json_val child_at(struct json_val container, uint32_t i)
{
    return container.tag == JSON_OBJECT ? container.obj->vals[i] : container.items[i];
}

static const struct json_val *step_to_item(struct json_val array, str token)
{
    uint64_t index = 0;
    for (size_t i = 0; i < token.n; i++) {
        if (token.p[i] < '0' || token.p[i] > '9' || index > UINT32_MAX)
            return NULL;
        index = index * 10 + (uint64_t)(token.p[i] - '0');
    }
    return token.n > 0 && index < array.len ? &array.items[index] : NULL;
}

static const struct json_val *step_to_member(struct json_val object, str key)
{
    int32_t at = json_shape_find(object.obj->shape, key, json_key_hash(key));
    return at < 0 ? NULL : &object.obj->vals[at];
}

static const struct json_val *pointer_step(struct json_val v, str token)
{
    if (v.tag == JSON_ARRAY)
        return step_to_item(v, token);
    if (v.tag != JSON_OBJECT)
        return NULL;
    if (str_find_byte(token, '~', 0) == STR_NONE)
        return step_to_member(v, token);
    struct buf key;
    buf_init(&key, token.n);
    for (size_t i = 0; i < token.n; i++) {
        bool is_escape = token.p[i] == '~' && i + 1 < token.n;
        buf_add_byte(&key, !is_escape ? token.p[i] : token.p[++i] == '0' ? '~' : '/');
    }
    const struct json_val *found = step_to_member(v, buf_str(&key));
    buf_done(&key);
    return found;
}

const struct json_val *asl_pointer_find(const struct json_val *root, str pointer)
{
    while (pointer.n > 0 && root) {
        if (pointer.p[0] != '/')
            return NULL;
        size_t end = str_find_byte(pointer, '/', 1);
        root = pointer_step(*root, str_sub(pointer, 1, end));
        pointer = str_sub(pointer, end, pointer.n);
    }
    return root;
}

struct json_val asl_pointer_get(struct json_val root, str pointer)
{
    const struct json_val *found = asl_pointer_find(&root, pointer);
    return found ? *found : json_undefined();
}

/* ---- parts ---- */

static void part_add(struct asl_document *doc, struct json_val v, str path)
{
    for (uint32_t i = 0; i < doc->part_count; i++) {
        if (doc->parts[i].any == v.any && str_eq(doc->parts[i].path, path))
            return;
    }
    if (doc->part_count == ASL_MAX_PARTS)
        return;
    if (!doc->parts)
        doc->parts = malloc(sizeof(*doc->parts) * ASL_MAX_PARTS);
    check(doc->parts != NULL);
    doc->parts[doc->part_count++] = (struct asl_part){v.any, v.len, str_dup(path)};
}

/* Does `there` have what v consists of? An array may have grown since. */
static bool is_same_memory(struct json_val there, struct json_val v)
{
    return there.tag == v.tag && there.any == v.any &&
           (there.tag == JSON_ARRAY || there.len == v.len);
}

static bool search(struct json_val at, struct json_val v, struct buf *path)
{
    if (is_same_memory(at, v))
        return true;
    if (!json_is_container(at))
        return false;
    for (uint32_t i = 0; i < at.len; i++) {
        struct json_val child = child_at(at, i);
        if (!asl_is_shareable(child))
            continue;
        size_t n = path->n;
        asl_pointer_add(path, at, i);
        if (search(child, v, path))
            return true;
        path->n = n;
    }
    return false;
}

/* The path of v in a source. */
static bool find_in(struct asl_document *source, struct json_val v, struct buf *path)
{
    buf_clear(path);
    for (uint32_t i = 0; i < source->part_count; i++) {
        const struct asl_part *part = &source->parts[i];
        if (part->any == v.any && (v.tag == JSON_ARRAY || part->len == v.len)) {
            buf_add(path, part->path);
            return true;
        }
    }
    if (!json_doc_reaches(source->json, v.any) || !search(source->root, v, path))
        return false;
    part_add(source, v, buf_str(path));
    return true;
}

bool asl_document_link(struct asl_document *doc, str place, struct asl_document *from, str path,
                       uint32_t keep)
{
    if (doc->link_count == ASL_MAX_LINKS)
        return false;
    if (doc->link_count == doc->link_cap) {
        doc->link_cap = doc->link_cap ? ASL_MAX_LINKS : 1; /* one: a Map's item, a page */
        doc->links = realloc(doc->links, sizeof(*doc->links) * doc->link_cap);
        check(doc->links != NULL);
    }
    doc->links[doc->link_count++] = asl_link_new(place, from, path, keep);
    return true;
}

/* ---- the walk ---- */

struct link_walk {
    struct asl_document *doc;
    struct asl_document *const *sources;
    uint32_t source_count;
    struct buf place, path;
};

static bool link_value(struct link_walk *w, struct json_val v)
{
    for (uint32_t i = 0; i < w->source_count; i++) {
        struct asl_document *source = w->sources[i];
        if (!source || source == w->doc || !find_in(source, v, &w->path))
            continue;
        struct json_val there = asl_pointer_get(source->root, buf_str(&w->path));
        bool is_whole = there.len == v.len;
        uint32_t keep = is_whole ? ASL_LINK_WHOLE : there.len < v.len ? there.len : v.len;
        if (!asl_document_link(w->doc, buf_str(&w->place), source, buf_str(&w->path), keep))
            return false;
        part_add(w->doc, v, buf_str(&w->place));
        return true;
    }
    return false;
}

static void walk_value(struct link_walk *w, struct json_val v)
{
    bool is_elsewhere = v.len > 0 && !json_doc_owns(w->doc->json, v.any);
    if (is_elsewhere && link_value(w, v))
        return;
    if (!json_is_container(v))
        return;
    for (uint32_t i = 0; i < v.len; i++) {
        struct json_val child = child_at(v, i);
        if (!asl_is_shareable(child))
            continue;
        size_t n = w->place.n;
        asl_pointer_add(&w->place, v, i);
        walk_value(w, child);
        w->place.n = n;
    }
}

void asl_document_find_links(struct asl_document *doc, struct asl_document *const *sources,
                             uint32_t source_count)
{
    struct link_walk w = {.doc = doc, .sources = sources, .source_count = source_count};
    buf_init(&w.place, SIZE_MAX / 2);
    buf_init(&w.path, SIZE_MAX / 2);
    walk_value(&w, doc->root);
    buf_done(&w.place);
    buf_done(&w.path);
}
