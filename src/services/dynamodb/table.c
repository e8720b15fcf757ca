/* SPDX-License-Identifier: Apache-2.0 */
/* Tables as bytes. Numbers are eight bytes, lowest first; texts and lists begin with their length.
 */
#include "services/dynamodb/table.h"

enum { VERSION = 1, LIST_MAX = 10000 };

/* ---- writing ---- */

static void put_int(struct buf *out, int64_t value)
{
    char bytes[8];
    for (int i = 0; i < 8; i++)
        bytes[i] = (char)((uint64_t)value >> (8 * i));
    buf_add(out, (str){bytes, sizeof(bytes)});
}

static void put_keys(struct buf *out, const struct dynamo_keys *k)
{
    dynamo_put_bytes(out, k->hash);
    dynamo_put_bytes(out, k->range);
    buf_add_byte(out, (char)k->hash_tag);
    buf_add_byte(out, (char)k->range_tag);
}

static void put_index(struct buf *out, const struct dynamo_index *i)
{
    dynamo_put_bytes(out, i->name);
    put_int(out, i->space);
    buf_add_byte(out, i->is_global);
    buf_add_byte(out, (char)i->status);
    put_keys(out, &i->keys);
    buf_add_byte(out, (char)i->projection);
    put_int(out, i->include_count);
    for (uint32_t j = 0; j < i->include_count; j++)
        dynamo_put_bytes(out, i->include[j]);
    put_int(out, i->units.read);
    put_int(out, i->units.write);
    dynamo_put_bytes(out, i->cursor);
}

void dynamo_table_write(const struct dynamo_table *t, struct buf *out)
{
    buf_add_byte(out, VERSION);
    dynamo_put_bytes(out, t->name);
    dynamo_put_bytes(out, t->id);
    put_int(out, t->space);
    put_int(out, t->created_ms);
    put_keys(out, &t->keys);
    put_int(out, t->index_count);
    for (uint32_t i = 0; i < t->index_count; i++)
        put_index(out, &t->indexes[i]);
    put_int(out, t->attribute_count);
    for (uint32_t i = 0; i < t->attribute_count; i++) {
        dynamo_put_bytes(out, t->attributes[i].name);
        buf_add_byte(out, (char)t->attributes[i].tag);
    }
    buf_add_byte(out, t->is_provisioned);
    buf_add_byte(out, t->is_protected);
    buf_add_byte(out, t->is_infrequent);
    put_int(out, t->units.read);
    put_int(out, t->units.write);
    dynamo_put_bytes(out, t->ttl);
    put_int(out, t->ttl_space);
    buf_add_byte(out, t->ttl_cursor.p != NULL);
    dynamo_put_bytes(out, t->ttl_cursor);
    put_int(out, t->tag_count);
    for (uint32_t i = 0; i < t->tag_count; i++) {
        dynamo_put_bytes(out, t->tags[i].key);
        dynamo_put_bytes(out, t->tags[i].value);
    }
}

/* ---- reading ---- */

struct reading {
    struct arena *arena;
    str rest;
    bool is_bad;
};

static str get_text(struct reading *r)
{
    str s = {"", 0};
    if (!r->is_bad && !dynamo_next_element(&r->rest, &s))
        r->is_bad = true;
    return s;
}

static uint8_t get_byte(struct reading *r)
{
    if (r->is_bad || r->rest.n == 0) {
        r->is_bad = true;
        return 0;
    }
    uint8_t byte = (uint8_t)r->rest.p[0];
    r->rest = str_sub(r->rest, 1, r->rest.n);
    return byte;
}

static int64_t get_int(struct reading *r)
{
    uint64_t value = 0;
    for (int i = 0; i < 8; i++)
        value |= (uint64_t)get_byte(r) << (8 * i);
    return r->is_bad ? 0 : (int64_t)value;
}

/* The length of a list. */
static uint32_t get_count(struct reading *r)
{
    int64_t n = get_int(r);
    if (n < 0 || n > LIST_MAX || (size_t)n > r->rest.n) {
        r->is_bad = true;
        return 0;
    }
    return (uint32_t)n;
}

static uint8_t get_choice(struct reading *r, uint8_t last)
{
    uint8_t byte = get_byte(r);
    if (byte > last) {
        r->is_bad = true;
        return 0;
    }
    return byte;
}

static uint8_t get_type(struct reading *r, bool is_there)
{
    uint8_t tag = get_byte(r);
    if (is_there && !dynamo_is_scalar(tag))
        r->is_bad = true;
    return tag;
}

static struct dynamo_keys get_keys(struct reading *r)
{
    struct dynamo_keys k = {.hash = get_text(r), .range = get_text(r)};
    k.hash_tag = get_type(r, true);
    k.range_tag = get_type(r, k.range.n > 0);
    return k;
}

static struct dynamo_units get_units(struct reading *r)
{
    struct dynamo_units u = {.read = get_int(r)};
    u.write = get_int(r);
    return u;
}

static void get_index(struct reading *r, struct dynamo_index *i)
{
    *i = (struct dynamo_index){.name = get_text(r)};
    i->space = get_int(r);
    i->is_global = get_choice(r, 1);
    i->status = get_choice(r, DYNAMO_INDEX_CREATING);
    i->keys = get_keys(r);
    i->projection = get_choice(r, DYNAMO_PROJECT_INCLUDE);
    i->include_count = get_count(r);
    i->include = arena_alloc(r->arena, i->include_count * sizeof(*i->include));
    for (uint32_t j = 0; j < i->include_count; j++)
        i->include[j] = get_text(r);
    i->units = get_units(r);
    i->cursor = get_text(r);
}

static void get_indexes(struct reading *r, struct dynamo_table *t)
{
    t->index_count = get_count(r);
    if (t->index_count > DYNAMO_LOCAL_INDEXES + DYNAMO_GLOBAL_INDEXES) {
        r->is_bad = true;
        t->index_count = 0;
    }
    t->indexes = arena_alloc(r->arena, t->index_count * sizeof(*t->indexes));
    for (uint32_t i = 0; i < t->index_count; i++)
        get_index(r, &t->indexes[i]);
}

static void get_attributes(struct reading *r, struct dynamo_table *t)
{
    t->attribute_count = get_count(r);
    t->attributes = arena_alloc(r->arena, t->attribute_count * sizeof(*t->attributes));
    for (uint32_t i = 0; i < t->attribute_count; i++) {
        t->attributes[i].name = get_text(r);
        t->attributes[i].tag = get_type(r, true);
    }
}

static void get_ttl(struct reading *r, struct dynamo_table *t)
{
    t->ttl = get_text(r);
    t->ttl_space = get_int(r);
    bool has_cursor = get_choice(r, 1);
    t->ttl_cursor = get_text(r);
    if (!has_cursor)
        t->ttl_cursor = (str){NULL, 0};
}

static void get_tags(struct reading *r, struct dynamo_table *t)
{
    t->tag_count = get_count(r);
    t->tags = arena_alloc(r->arena, t->tag_count * sizeof(*t->tags));
    for (uint32_t i = 0; i < t->tag_count; i++) {
        t->tags[i].key = get_text(r);
        t->tags[i].value = get_text(r);
    }
}

enum status dynamo_table_read(struct arena *a, str bytes, struct dynamo_table *ret,
                              struct error *err)
{
    struct reading r = {.arena = a, .rest = bytes};
    struct dynamo_table t = {0};
    if (get_byte(&r) != VERSION)
        r.is_bad = true;
    t.name = get_text(&r);
    t.id = get_text(&r);
    t.space = get_int(&r);
    t.created_ms = get_int(&r);
    t.keys = get_keys(&r);
    get_indexes(&r, &t);
    get_attributes(&r, &t);
    t.is_provisioned = get_choice(&r, 1);
    t.is_protected = get_choice(&r, 1);
    t.is_infrequent = get_choice(&r, 1);
    t.units = get_units(&r);
    get_ttl(&r, &t);
    get_tags(&r, &t);
    if (r.is_bad || r.rest.n > 0)
        return error_set(err, STATUS_CORRUPT, "StoreCorrupt",
                         "afflux.db: what is kept of a table cannot be read");
    *ret = t;
    return STATUS_OK;
}

/* ---- asking ---- */

struct dynamo_index *dynamo_table_index(const struct dynamo_table *t, str name)
{
    for (uint32_t i = 0; i < t->index_count; i++)
        if (str_eq(t->indexes[i].name, name))
            return &t->indexes[i];
    return NULL;
}

uint8_t dynamo_table_attribute(const struct dynamo_table *t, str name)
{
    for (uint32_t i = 0; i < t->attribute_count; i++)
        if (str_eq(t->attributes[i].name, name))
            return t->attributes[i].tag;
    return DYNAMO_NONE;
}

bool dynamo_keys_has(const struct dynamo_keys *k, str name)
{
    return str_eq(k->hash, name) || (k->range.n > 0 && str_eq(k->range, name));
}

bool dynamo_index_holds(const struct dynamo_table *t, const struct dynamo_index *i, str name)
{
    if (i->projection == DYNAMO_PROJECT_ALL || dynamo_keys_has(&t->keys, name) ||
        dynamo_keys_has(&i->keys, name))
        return true;
    for (uint32_t j = 0; j < i->include_count; j++)
        if (str_eq(i->include[j], name))
            return true;
    return false;
}
