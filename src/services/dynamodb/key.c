/* SPDX-License-Identifier: Apache-2.0 */
/* Keys of rows, checks of key attributes. Spans of queries are key_span.c. */
#include "services/dynamodb/key_internal.h"
#include "services/dynamodb/number.h"

enum { EXPIRY_YEARS_SECONDS = 5 * 365 * 86400 };

static enum status invalid(struct error *err, const char *text)
{
    return error_set(err, STATUS_INVALID, "ValidationException", "%s", text);
}

/* ---- bytes ---- */

/* FNV-1a, and a last mixing so that short keys differ in their first bits. It is part of the
 * file's format. */
uint32_t dynamo_key_hash(str bytes)
{
    uint32_t h = 2166136261u;
    for (size_t i = 0; i < bytes.n; i++)
        h = (h ^ (uint8_t)bytes.p[i]) * 16777619u;
    h = (h ^ (h >> 16)) * 0x7FEB352Du;
    h = (h ^ (h >> 15)) * 0x846CA68Bu;
    return h ^ (h >> 16);
}

static void put_big(struct buf *out, uint64_t value, int bytes)
{
    while (bytes-- > 0)
        buf_add_byte(out, (char)(value >> (8 * bytes)));
}

void dynamo_key_put_partition(struct buf *out, str hash)
{
    put_big(out, dynamo_key_hash(hash), 4);
    put_big(out, hash.n, 2);
    buf_add(out, hash);
}

/* 00 becomes 00 FF, the end is 00 00: the order stays. Numbers end by themselves. */
void dynamo_key_put_sort(struct buf *out, uint8_t tag, str range)
{
    if (tag == DYNAMO_N) {
        buf_add(out, range);
        return;
    }
    for (size_t i = 0; i < range.n; i++) {
        buf_add_byte(out, range.p[i]);
        if (range.p[i] == '\0')
            buf_add_byte(out, (char)0xFF);
    }
    put_big(out, 0, 2);
}

str dynamo_key_take(struct arena *a, struct buf *out)
{
    str copy = arena_dup(a, buf_str(out));
    buf_done(out);
    return copy;
}

static str table_key(struct arena *a, str hash, str range)
{
    char *key = arena_alloc(a, 6 + hash.n + range.n);
    uint32_t h = dynamo_key_hash(hash);
    for (int i = 0; i < 4; i++)
        key[i] = (char)(h >> (24 - 8 * i));
    key[4] = (char)(hash.n >> 8);
    key[5] = (char)hash.n;
    memcpy(key + 6, hash.p, hash.n);
    if (range.n > 0)
        memcpy(key + 6 + hash.n, range.p, range.n);
    return (str){key, 6 + hash.n + range.n};
}

/* ---- checks ---- */

static enum status check_size(struct dynamo_value v, bool is_hash, struct error *err)
{
    if (is_hash && v.body.n > DYNAMO_HASH_KEY_BYTES)
        return invalid(err, "One or more parameter values were invalid: Size of hashkey has "
                            "exceeded the maximum size limit of2048 bytes");
    if (!is_hash && v.body.n > DYNAMO_RANGE_KEY_BYTES)
        return invalid(err, "One or more parameter values were invalid: Aggregated size of all "
                            "range keys has exceeded the size limit of 1024 bytes");
    return STATUS_OK;
}

static const char *kind_of(uint8_t tag)
{
    return tag == DYNAMO_B ? "binary" : "string";
}

static enum status check_filled(str name, struct dynamo_value v, struct error *err)
{
    if (v.body.n > 0)
        return STATUS_OK;
    return error_set(err, STATUS_INVALID, "ValidationException",
                     "One or more parameter values are not valid. The AttributeValue for a key "
                     "attribute cannot contain an empty %s value. Key: %.*s",
                     kind_of(v.tag), STR_ARG(name));
}

static enum status get_attribute(str item, str name, uint8_t tag, struct dynamo_value *ret,
                                 struct error *err)
{
    *ret = dynamo_member(item, name);
    if (ret->tag == DYNAMO_NONE)
        return error_set(err, STATUS_INVALID, "ValidationException",
                         "One or more parameter values were invalid: Missing the key %.*s in the "
                         "item",
                         STR_ARG(name));
    if (ret->tag != tag)
        return error_set(err, STATUS_INVALID, "ValidationException",
                         "One or more parameter values were invalid: Type mismatch for key %.*s "
                         "expected: %s actual: %s",
                         STR_ARG(name), dynamo_type_name(tag), dynamo_type_name(ret->tag));
    return check_filled(name, *ret, err);
}

/* An update is told of it in other words than an item that is put. */
static enum status index_key_empty(const struct dynamo_index *i, str name, uint8_t tag,
                                   bool is_update, struct error *err)
{
    if (is_update)
        return error_set(err, STATUS_INVALID, "ValidationException",
                         "One or more parameter values are not valid. The update expression "
                         "attempted to update a secondary index key to a value that is not "
                         "supported. The AttributeValue for a key attribute cannot contain an "
                         "empty %s value.",
                         kind_of(tag));
    return error_set(err, STATUS_INVALID, "ValidationException",
                     "One or more parameter values are not valid. A value specified for a "
                     "secondary index key is not supported. The AttributeValue for a key "
                     "attribute cannot contain an empty %s value. IndexName: %.*s, IndexKey: "
                     "%.*s",
                     kind_of(tag), STR_ARG(i->name), STR_ARG(name));
}

static enum status check_index_attribute(const struct dynamo_index *i, str name, uint8_t tag,
                                         bool is_hash, str item, bool is_update, struct error *err)
{
    struct dynamo_value v = dynamo_member(item, name);
    if (v.tag == DYNAMO_NONE)
        return STATUS_OK;
    if (v.tag != tag)
        return error_set(err, STATUS_INVALID, "ValidationException",
                         "One or more parameter values were invalid: Type mismatch for Index Key "
                         "%.*s Expected: %s Actual: %s IndexName: %.*s",
                         STR_ARG(name), dynamo_type_name(tag), dynamo_type_name(v.tag),
                         STR_ARG(i->name));
    if (v.body.n == 0)
        return index_key_empty(i, name, v.tag, is_update, err);
    return check_size(v, is_hash, err);
}

enum status dynamo_key_check_indexes(const struct dynamo_table *t, str item, bool is_update,
                                     struct error *err)
{
    for (uint32_t i = 0; i < t->index_count; i++) {
        const struct dynamo_index *x = &t->indexes[i];
        const struct dynamo_keys *k = &x->keys;
        if (check_index_attribute(x, k->hash, k->hash_tag, true, item, is_update, err) != STATUS_OK)
            return STATUS_INVALID;
        if (k->range.n > 0 && check_index_attribute(x, k->range, k->range_tag, false, item,
                                                    is_update, err) != STATUS_OK)
            return STATUS_INVALID;
    }
    return STATUS_OK;
}

enum status dynamo_key_of_item(struct arena *a, const struct dynamo_table *t, str item, str *ret,
                               struct error *err)
{
    const struct dynamo_keys *k = &t->keys;
    struct dynamo_value hash, range = {0};
    if (get_attribute(item, k->hash, k->hash_tag, &hash, err) != STATUS_OK ||
        (k->range.n > 0 && get_attribute(item, k->range, k->range_tag, &range, err) != STATUS_OK) ||
        check_size(hash, true, err) != STATUS_OK || check_size(range, false, err) != STATUS_OK ||
        dynamo_key_check_indexes(t, item, false, err) != STATUS_OK)
        return STATUS_INVALID;
    *ret = table_key(a, hash.body, range.body);
    return STATUS_OK;
}

enum status dynamo_key_of_key(struct arena *a, const struct dynamo_table *t, str key, str *ret,
                              struct error *err)
{
    const struct dynamo_keys *k = &t->keys;
    struct dynamo_value hash = dynamo_member(key, k->hash), range = {0};
    if (k->range.n > 0)
        range = dynamo_member(key, k->range);
    struct dynamo_value whole = {DYNAMO_M, key};
    if (hash.tag != k->hash_tag || (k->range.n > 0 && range.tag != k->range_tag) ||
        dynamo_count(whole) != 1u + (k->range.n > 0))
        return invalid(err, "The provided key element does not match the schema");
    if (check_filled(k->hash, hash, err) != STATUS_OK ||
        (k->range.n > 0 && check_filled(k->range, range, err) != STATUS_OK) ||
        check_size(hash, true, err) != STATUS_OK || check_size(range, false, err) != STATUS_OK)
        return STATUS_INVALID;
    *ret = table_key(a, hash.body, range.body);
    return STATUS_OK;
}

/* ---- rows ---- */

str dynamo_key_of_row(struct arena *a, const struct dynamo_table *t, str item)
{
    struct dynamo_value hash = dynamo_member(item, t->keys.hash), range = {0};
    if (t->keys.range.n > 0)
        range = dynamo_member(item, t->keys.range);
    return table_key(a, hash.body.p ? hash.body : STR(""), range.body);
}

str dynamo_key_in_index(struct arena *a, const struct dynamo_index *i, str item, str row)
{
    const struct dynamo_keys *k = &i->keys;
    struct dynamo_value hash = dynamo_member(item, k->hash), range = {0};
    if (k->range.n > 0)
        range = dynamo_member(item, k->range);
    if (hash.tag != k->hash_tag || (k->range.n > 0 && range.tag != k->range_tag) ||
        hash.body.n == 0 || (k->range.n > 0 && range.body.n == 0) ||
        hash.body.n > DYNAMO_HASH_KEY_BYTES || range.body.n > DYNAMO_RANGE_KEY_BYTES)
        return (str){NULL, 0};
    struct buf out;
    buf_init(&out, DYNAMO_ROW_KEY_BYTES);
    dynamo_key_put_partition(&out, hash.body);
    if (k->range.n > 0)
        dynamo_key_put_sort(&out, k->range_tag, range.body);
    buf_add(&out, row);
    return dynamo_key_take(a, &out);
}

/* Members of the item that `holds` lets pass. */
static str filter_members(struct arena *a, const struct dynamo_table *t,
                          const struct dynamo_index *i, str item, bool keys_only)
{
    struct buf out;
    str name;
    struct dynamo_value v;
    buf_init(&out, DYNAMO_BUFFER_BYTES);
    while (dynamo_next_member(&item, &name, &v)) {
        bool is_key = dynamo_keys_has(&t->keys, name) || (i && dynamo_keys_has(&i->keys, name));
        if (is_key || (!keys_only && dynamo_index_holds(t, i, name)))
            dynamo_put_member(&out, name, v);
    }
    return dynamo_key_take(a, &out);
}

str dynamo_index_item(struct arena *a, const struct dynamo_table *t, const struct dynamo_index *i,
                      str item)
{
    return i->projection == DYNAMO_PROJECT_ALL ? item : filter_members(a, t, i, item, false);
}

str dynamo_key_members(struct arena *a, const struct dynamo_table *t, const struct dynamo_index *i,
                       str item)
{
    return filter_members(a, t, i, item, true);
}

/* ---- expiry ---- */

int64_t dynamo_expiry(const struct dynamo_table *t, str item)
{
    struct dynamo_number n;
    if (t->ttl.n == 0)
        return -1;
    struct dynamo_value v = dynamo_member(item, t->ttl);
    if (v.tag != DYNAMO_N || !dynamo_number_decode(v.body, &n))
        return -1;
    return dynamo_number_whole(&n);
}

bool dynamo_is_expired(const struct dynamo_table *t, str item, int64_t now_ms)
{
    int64_t at = dynamo_expiry(t, item);
    return at >= 0 && at < now_ms / 1000 && at > now_ms / 1000 - EXPIRY_YEARS_SECONDS;
}

str dynamo_key_by_time(struct arena *a, int64_t seconds, str row)
{
    struct buf out;
    buf_init(&out, DYNAMO_ROW_KEY_BYTES);
    put_big(&out, (uint64_t)seconds, 8);
    buf_add(&out, row);
    return dynamo_key_take(a, &out);
}
