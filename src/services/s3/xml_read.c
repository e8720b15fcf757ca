/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bodies of requests, by libexpat. Which elements there are is a table: a row says under which
 * element one may stand and what it becomes. Elements that no row knows are passed over with all
 * that is in them, as S3 does with what newer clients send.
 */
#include "services/s3/xml.h"

#include "base/check.h"
#include "json/shape.h"
#include "services/s3/error.h"
#include "services/s3/name.h"
#include <expat.h>

enum kind { ROOT, ITEM, TEXT, NUMBER, BOOLEAN };

struct element {
    const char *parent; /* NULL: it is the root */
    const char *name;
    enum kind kind;
    const char *list; /* of an item: the member its objects are under */
};

static const struct element delete_elements[] = {
    {NULL, "Delete", ROOT, NULL},
    {"Delete", "Object", ITEM, "Objects"},
    {"Delete", "Quiet", BOOLEAN, NULL},
    {"Object", "Key", TEXT, NULL},
    {"Object", "VersionId", TEXT, NULL},
    {"Object", "ETag", TEXT, NULL},
    {NULL, NULL, ROOT, NULL},
};

static const struct element complete_elements[] = {
    {NULL, "CompleteMultipartUpload", ROOT, NULL},
    {"CompleteMultipartUpload", "Part", ITEM, "Parts"},
    {"Part", "PartNumber", NUMBER, NULL},
    {"Part", "ETag", TEXT, NULL},
    {"Part", "ChecksumCRC32", TEXT, NULL},
    {"Part", "ChecksumCRC32C", TEXT, NULL},
    {"Part", "ChecksumCRC64NVME", TEXT, NULL},
    {"Part", "ChecksumSHA1", TEXT, NULL},
    {"Part", "ChecksumSHA256", TEXT, NULL},
    {NULL, NULL, ROOT, NULL},
};

static const struct element create_elements[] = {
    {NULL, "CreateBucketConfiguration", ROOT, NULL},
    {"CreateBucketConfiguration", "LocationConstraint", TEXT, NULL},
    {NULL, NULL, ROOT, NULL},
};

static const struct {
    const char *operation;
    const struct element *elements;
    uint32_t max_items;
    bool may_be_empty;
} bodies[] = {
    {"DeleteObjects", delete_elements, S3_DELETE_MAX, false},
    {"CompleteMultipartUpload", complete_elements, S3_PARTS_MAX, false},
    {"CreateBucket", create_elements, 0, true},
};

struct reading {
    const struct element *elements;
    uint32_t max_items;
    struct arena *arena;
    XML_Parser parser;
    struct json_shapes shapes;
    const struct element *path[S3_XML_MAX_DEPTH];
    unsigned depth, skipped; /* open elements: known ones, and those inside of an unknown one */
    struct json_obj_builder root, item;
    struct json_val *items;
    uint32_t item_count, item_cap;
    const char *list;
    struct buf text;
    bool is_bad;
};

static void stop(struct reading *r)
{
    r->is_bad = true;
    XML_StopParser(r->parser, XML_FALSE);
}

/* Clients put the namespace on the root as an attribute; a prefix is cut off. */
static const char *local(const char *name)
{
    const char *colon = strchr(name, ':');
    return colon ? colon + 1 : name;
}

static const struct element *find(const struct reading *r, const char *name)
{
    const char *parent = r->depth > 0 ? r->path[r->depth - 1]->name : NULL;
    for (const struct element *e = r->elements; e->name; e++) {
        bool fits = e->parent && parent ? strcmp(e->parent, parent) == 0 : !e->parent && !parent;
        if (fits && strcmp(e->name, name) == 0)
            return e;
    }
    return NULL;
}

static void XMLCALL on_start(void *arg, const char *name, const char **attributes)
{
    struct reading *r = arg;
    (void)attributes;
    if (r->is_bad)
        return;
    const struct element *e = r->skipped > 0 ? NULL : find(r, local(name));
    if (r->depth + r->skipped >= S3_XML_MAX_DEPTH || (!e && r->depth == 0)) {
        stop(r);
        return;
    }
    if (!e) {
        r->skipped++;
        return;
    }
    r->path[r->depth++] = e;
    buf_clear(&r->text);
    if (e->kind == ITEM)
        json_obj_begin(&r->item, &r->shapes, 4);
}

static void XMLCALL on_text(void *arg, const char *p, int n)
{
    struct reading *r = arg;
    if (!r->is_bad && r->skipped == 0 && r->depth > 0 && r->path[r->depth - 1]->kind >= TEXT)
        buf_add(&r->text, (str){p, (size_t)n});
}

static bool to_value(struct reading *r, enum kind kind, struct json_val *ret)
{
    str text = buf_str(&r->text);
    if (kind == TEXT) {
        *ret = json_string(arena_dup(r->arena, text), 0);
        return true;
    }
    if (kind == BOOLEAN) {
        *ret = json_bool(str_eq(text, STR("true")) || str_eq(text, STR("1")));
        return true;
    }
    double number = 0;
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] < '0' || text.p[i] > '9')
            return false;
        number = number * 10 + (text.p[i] - '0');
    }
    *ret = json_num(number);
    return text.n > 0 && text.n < 10;
}

static void add_item(struct reading *r, const struct element *e)
{
    if (r->item_count == r->max_items) {
        stop(r);
        return;
    }
    if (r->item_count == r->item_cap) {
        uint32_t cap = r->item_cap ? r->item_cap * 2 : 64;
        struct json_val *items = arena_alloc(r->arena, cap * sizeof(*items));
        if (r->item_count > 0)
            memcpy(items, r->items, r->item_count * sizeof(*items));
        r->items = items;
        r->item_cap = cap;
    }
    r->list = e->list;
    r->items[r->item_count++] = json_obj_end(&r->item);
}

static void XMLCALL on_end(void *arg, const char *name)
{
    struct reading *r = arg;
    struct json_val v;
    (void)name;
    if (r->is_bad)
        return;
    if (r->skipped > 0) {
        r->skipped--;
        return;
    }
    const struct element *e = r->path[--r->depth];
    if (e->kind == ITEM) {
        add_item(r, e);
    } else if (e->kind >= TEXT) {
        struct json_obj_builder *to =
            r->depth > 0 && r->path[r->depth - 1]->kind == ITEM ? &r->item : &r->root;
        if (!to_value(r, e->kind, &v))
            stop(r);
        else
            json_obj_put(to, str_of(e->name), JSON_ASCII | JSON_PLAIN, v);
    }
}

/* No document types: entities are theirs. */
static void XMLCALL on_doctype(void *arg, const char *name, const char *system, const char *public,
                               int has_subset)
{
    (void)name;
    (void)system;
    (void)public;
    (void)has_subset;
    stop(arg);
}

static enum status read_body(struct reading *r, str body, struct json_val *ret, struct error *err)
{
    r->parser = XML_ParserCreate(NULL);
    check(r->parser != NULL);
    XML_SetUserData(r->parser, r);
    XML_SetElementHandler(r->parser, on_start, on_end);
    XML_SetCharacterDataHandler(r->parser, on_text);
    XML_SetStartDoctypeDeclHandler(r->parser, on_doctype);
    buf_init(&r->text, S3_XML_MAX_BYTES);
    json_shapes_init(&r->shapes, r->arena);
    json_obj_begin(&r->root, &r->shapes, 4);
    bool is_read = XML_Parse(r->parser, body.p, (int)body.n, XML_TRUE) == XML_STATUS_OK;
    XML_ParserFree(r->parser);
    buf_done(&r->text);
    if (!is_read || r->is_bad)
        return s3_fail(S3_MalformedXML, err);
    if (r->item_count > 0)
        json_obj_put(&r->root, str_of(r->list), JSON_ASCII | JSON_PLAIN,
                     json_array(r->items, r->item_count));
    *ret = json_obj_end(&r->root);
    return STATUS_OK;
}

enum status s3_xml_read(str operation, str body, struct arena *a, struct json_val *ret,
                        struct error *err)
{
    for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
        if (!str_eq(operation, str_of(bodies[i].operation)))
            continue;
        struct reading r = {
            .elements = bodies[i].elements, .max_items = bodies[i].max_items, .arena = a};
        if (body.n > S3_XML_MAX_BYTES)
            return s3_fail(S3_MalformedXML, err);
        if (body.n > 0)
            return read_body(&r, body, ret, err);
        if (!bodies[i].may_be_empty)
            return s3_fail(S3_MalformedXML, err);
        json_shapes_init(&r.shapes, a);
        json_obj_begin(&r.root, &r.shapes, 1);
        *ret = json_obj_end(&r.root);
        return STATUS_OK;
    }
    return s3_fail(S3_MalformedXML, err);
}
