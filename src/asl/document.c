/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Documents of an execution: numbers, counting, freezing, sizes and the text they are written as.
 * How links are found is in document_link.c, how a document comes back from what was written in
 * document_restore.c.
 */
#include "asl/document_internal.h"
#include "base/check.h"
#include "json/freeze.h"
#include "json/write.h"
#include <stdlib.h>

void asl_documents_init(struct asl_documents *d)
{
    *d = (struct asl_documents){.next = 1};
}

void asl_documents_done(struct asl_documents *d)
{
    check(d->map.count == 0);
    while (d->idle) {
        struct asl_document *doc = d->idle;
        d->idle = (struct asl_document *)doc->json;
        free(doc);
    }
    idmap_done(&d->map);
}

struct asl_document *asl_documents_find(const struct asl_documents *d, uint64_t number)
{
    return idmap_get(&d->map, number);
}

/* ---- counting ---- */

static struct asl_document *document_alloc(struct asl_documents *d)
{
    struct asl_document *doc = d->idle;
    if (doc)
        d->idle = (struct asl_document *)doc->json;
    else
        doc = malloc(sizeof(*doc));
    check(doc != NULL);
    return doc;
}

struct asl_document *asl_document_new(struct asl_documents *d, struct json_doc *json,
                                      uint64_t number)
{
    struct asl_document *doc = document_alloc(d);
    if (number == 0)
        number = d->next;
    *doc = (struct asl_document){.number = number,
                                 .refs = 1,
                                 .owner = d,
                                 .json = json,
                                 .root = json_doc_root(json),
                                 .size = UINT64_MAX};
    if (number >= d->next)
        d->next = number + 1;
    idmap_put(&d->map, number, doc);
    return doc;
}

struct asl_document *asl_document_ref(struct asl_document *doc)
{
    check(doc->refs > 0 && doc->refs < UINT32_MAX);
    doc->refs++;
    return doc;
}

void asl_document_unref(struct asl_document *doc)
{
    if (!doc)
        return;
    check(doc->refs > 0);
    if (--doc->refs > 0)
        return;
    asl_document_seal(doc);
    for (uint32_t i = 0; i < doc->part_count; i++)
        free((char *)(uintptr_t)doc->parts[i].path.p);
    free(doc->parts);
    json_doc_unref(doc->json);
    struct asl_documents *d = doc->owner;
    idmap_remove(&d->map, doc->number);
    doc->json = (struct json_doc *)d->idle;
    d->idle = doc;
}

void asl_document_seal(struct asl_document *doc)
{
    doc->is_written = true;
    for (uint32_t i = 0; i < doc->link_count; i++)
        asl_link_done(&doc->links[i]);
    free(doc->links);
    doc->links = NULL;
    doc->link_count = doc->link_cap = 0;
}

void asl_document_relink(struct asl_document *doc, struct asl_document *const *sources,
                         uint32_t source_count)
{
    check(doc->link_count == 0);
    if (json_doc_held_count(doc->json) > 0)
        asl_document_find_links(doc, sources, source_count);
}

struct asl_link asl_link_new(str place, struct asl_document *from, str path, uint32_t keep)
{
    char *p = malloc(place.n + path.n + 1);
    check(p != NULL);
    if (place.n > 0)
        memcpy(p, place.p, place.n);
    if (path.n > 0)
        memcpy(p + place.n, path.p, path.n);
    return (struct asl_link){{p, place.n}, asl_document_ref(from), {p + place.n, path.n}, keep};
}

void asl_link_done(struct asl_link *link)
{
    free((char *)(uintptr_t)link->place.p);
    asl_document_unref(link->from);
}

/* ---- making ---- */

enum { FREEZE_SOURCES = 32 /* documents beyond these are copied from instead of held */ };

enum status asl_document_freeze(struct asl_documents *d, struct json_val value,
                                struct asl_document *const *sources, uint32_t source_count,
                                enum json_numbers numbers, struct asl_document **ret,
                                struct error *err)
{
    struct json_doc *from[FREEZE_SOURCES] UNINIT;
    struct json_freeze_options options = {.sources = from, .numbers = numbers};
    for (uint32_t i = 0; i < source_count && options.source_count < FREEZE_SOURCES; i++) {
        if (sources[i])
            from[options.source_count++] = sources[i]->json;
    }
    struct json_doc *json;
    enum status status = json_freeze(value, &options, &json, err);
    if (status != STATUS_OK)
        return status;
    *ret = asl_document_new(d, json, 0);
    if (json_doc_held_count(json) > 0)
        asl_document_find_links(*ret, sources, source_count);
    return STATUS_OK;
}

enum status asl_document_part(struct asl_documents *d, struct asl_document *from, str path,
                              struct json_val value, struct asl_document **ret, struct error *err)
{
    struct json_freeze_options options = {.sources = &from->json, .source_count = 1};
    struct json_doc *json;
    enum status status = json_freeze(value, &options, &json, err);
    if (status != STATUS_OK)
        return status;
    *ret = asl_document_new(d, json, 0);
    if (asl_is_worth_a_link(value))
        asl_document_link(*ret, STR(""), from, path, ASL_LINK_WHOLE);
    return STATUS_OK;
}

/* ---- text ---- */

struct text_writer {
    const struct asl_document *doc;
    struct buf *out;
    struct buf place; /* JSON pointer of the value that is written */
};

static void write_plain(struct buf *out, struct json_val v)
{
    enum status status = json_write(out, v, 0, NULL);
    check(status == STATUS_OK || !buf_ok(out)); /* a document has only what can be written */
}

/* The link at the place where the writer is. One value may stand at more places than have links. */
static const struct asl_link *link_here(const struct text_writer *w)
{
    for (uint32_t i = 0; i < w->doc->link_count; i++) {
        if (str_eq(w->doc->links[i].place, buf_str(&w->place)))
            return &w->doc->links[i];
    }
    return NULL;
}

static void write_linked(struct text_writer *w, struct json_val v);

static void write_child(struct text_writer *w, struct json_val container, uint32_t i)
{
    struct json_val child =
        container.tag == JSON_OBJECT ? container.obj->vals[i] : container.items[i];
    if (!asl_is_shareable(child)) {
        write_plain(w->out, child);
        return;
    }
    size_t n = w->place.n;
    asl_pointer_add(&w->place, container, i);
    write_linked(w, child);
    w->place.n = n;
}

static void write_linked(struct text_writer *w, struct json_val v)
{
    const struct asl_link *link = link_here(w);
    if (link && link->keep == ASL_LINK_WHOLE) {
        buf_add(w->out, STR("null"));
        return;
    }
    uint32_t from = link ? link->keep : 0;
    if (!json_is_container(v)) {
        write_plain(w->out, v);
        return;
    }
    buf_add_byte(w->out, v.tag == JSON_ARRAY ? '[' : '{');
    for (uint32_t i = from; i < v.len; i++) {
        if (i > from)
            buf_add_byte(w->out, ',');
        if (v.tag == JSON_OBJECT) {
            const struct json_key *key = &v.obj->shape->keys[i];
            json_write_string(w->out, (str){key->p, key->n});
            buf_add_byte(w->out, ':');
        }
        write_child(w, v, i);
    }
    buf_add_byte(w->out, v.tag == JSON_ARRAY ? ']' : '}');
}

void asl_document_write(const struct asl_document *doc, struct buf *out)
{
    if (doc->keeps_text) {
        buf_add(out, json_doc_text(doc->json));
    } else if (doc->link_count == 0) {
        write_plain(out, doc->root);
    } else {
        struct text_writer w = {.doc = doc, .out = out};
        buf_init(&w.place, SIZE_MAX / 2);
        write_linked(&w, doc->root);
        buf_done(&w.place);
    }
}

uint64_t asl_document_size(struct asl_document *doc)
{
    if (doc->size == UINT64_MAX) {
        struct buf text;
        buf_init(&text, SIZE_MAX / 2);
        write_plain(&text, doc->root);
        doc->size = text.n;
        buf_done(&text);
    }
    return doc->size;
}
