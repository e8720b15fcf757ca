/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bytes of a connection, and its parameters with and without secrets. Which parameters there
 * are is the table in connection_shape.c; what breaks a bound never comes here.
 */
#include "services/connection_record.h"

#include "json/parse.h"
#include "json/write.h"
#include "services/build.h"
#include "services/connection_shape.h"

enum { RECORD_VERSION = 1, RECORD_HEAD = 5 };

/* ---- bytes ---- */

static const struct {
    const char *name;
    size_t at;
} text_fields[] =
    {
        {"ConnectionArn", offsetof(struct connection_record, arn)},
        {"Name", offsetof(struct connection_record, name)},
        {"Description", offsetof(struct connection_record, description)},
        {"ConnectionState", offsetof(struct connection_record, state)},
        {"StateReason", offsetof(struct connection_record, state_reason)},
        {"AuthorizationType", offsetof(struct connection_record, type)},
        {"SecretArn", offsetof(struct connection_record, secret_arn)},
        {"KmsKeyIdentifier", offsetof(struct connection_record, kms_key)},
},
  number_fields[] = {
      {"CreationTime", offsetof(struct connection_record, created_ms)},
      {"LastModifiedTime", offsetof(struct connection_record, modified_ms)},
      {"LastAuthorizedTime", offsetof(struct connection_record, authorized_ms)},
      {"Revision", offsetof(struct connection_record, revision)},
};

static enum status bad_record(struct error *err)
{
    return error_set(err, STATUS_CORRUPT, "ConnectionRecord", "a stored connection is damaged");
}

enum status connection_record_read(struct arena *arena, str bytes, struct connection_record *ret,
                                   struct error *err)
{
    if (bytes.n < RECORD_HEAD || bytes.p[0] != RECORD_VERSION)
        return bad_record(err);
    const unsigned char *head = (const unsigned char *)bytes.p;
    size_t n = head[1] | (size_t)head[2] << 8 | (size_t)head[3] << 16 | (size_t)head[4] << 24;
    struct json_val open;
    if (n > bytes.n - RECORD_HEAD ||
        json_parse_in(arena, str_sub(bytes, RECORD_HEAD, RECORD_HEAD + n), NULL, &open, NULL) !=
            STATUS_OK)
        return bad_record(err);
    struct connection_record r = {.auth = json_get(open, STR("AuthParameters")),
                                  .sealed = str_sub(bytes, RECORD_HEAD + n, bytes.n)};
    for (size_t i = 0; i < ARRAY_LEN(text_fields); i++)
        *(str *)((char *)&r + text_fields[i].at) = build_get_text(open, text_fields[i].name);
    for (size_t i = 0; i < ARRAY_LEN(number_fields); i++) {
        struct json_val v = json_get(open, str_of(number_fields[i].name));
        *(int64_t *)((char *)&r + number_fields[i].at) =
            json_is_number(v) ? (int64_t)json_number(v) : 0;
    }
    if (r.arn.n == 0 || r.name.n == 0 || r.state.n == 0)
        return bad_record(err);
    *ret = r;
    return STATUS_OK;
}

static struct json_val open_part(struct arena *arena, const struct connection_record *r)
{
    struct build b;
    build_begin(&b, arena);
    for (size_t i = 0; i < ARRAY_LEN(text_fields); i++)
        build_text(&b, text_fields[i].name, *(const str *)((const char *)r + text_fields[i].at));
    for (size_t i = 0; i < ARRAY_LEN(number_fields); i++) {
        int64_t number = *(const int64_t *)((const char *)r + number_fields[i].at);
        build_put(&b, number_fields[i].name, json_num((double)number));
    }
    if (r->auth.tag != JSON_UNDEFINED)
        build_put(&b, "AuthParameters", r->auth);
    return build_end(&b);
}

enum status connection_record_write(const struct connection_record *r, struct buf *out,
                                    struct error *err)
{
    struct arena arena;
    struct buf text;
    arena_init(&arena, 0);
    buf_init(&text, CONNECTION_MAX_RECORD);
    enum status status = json_write(&text, open_part(&arena, r), 0, err);
    if (status == STATUS_OK) {
        size_t n = text.n;
        char head[RECORD_HEAD] = {RECORD_VERSION, (char)n, (char)(n >> 8), (char)(n >> 16),
                                  (char)(n >> 24)};
        buf_add(out, (str){head, sizeof head});
        buf_add(out, buf_str(&text));
        buf_add(out, r->sealed);
    }
    if (status != STATUS_OK || !buf_ok(out))
        status = error_set(err, STATUS_LIMIT, "LimitExceededException",
                           "The parameters of the connection are too large.");
    buf_done(&text);
    arena_done(&arena);
    return status;
}

str connection_name_of(str arn)
{
    static const str word = {":connection/", 12};
    size_t at = str_find(arn, word, 0);
    if (at == STR_NONE || !str_starts(arn, STR("arn:")))
        return (str){"", 0};
    size_t end = str_find_byte(arn, '/', at + word.n);
    return str_sub(arn, at + word.n, end == STR_NONE ? arn.n : end);
}

/* ---- parameters ---- */

/* Of a list's parameter, IsValueSecret decides; every other sensitive member is always a secret. */
static bool is_shown(struct json_val structure, const struct shape_member *m)
{
    if (!m->shape->is_sensitive)
        return true;
    struct json_val secret = json_get(structure, STR("IsValueSecret"));
    return strcmp(m->name, "Value") == 0 && !(secret.tag == JSON_BOOL && secret.b);
}

static struct json_val copy_known(struct arena *arena, const struct shape *shape, struct json_val v,
                                  bool is_open)
{
    if (shape->kind == SHAPE_LIST) {
        struct json_val *items = arena_alloc(arena, (v.len + 1) * sizeof *items);
        for (uint32_t i = 0; i < v.len; i++)
            items[i] = copy_known(arena, shape->item, v.items[i], is_open);
        return json_array(items, v.len);
    }
    if (shape->kind != SHAPE_STRUCTURE)
        return v;
    struct build b;
    build_begin(&b, arena);
    for (const struct shape_member *m = shape->members; m->name; m++) {
        struct json_val member = json_get(v, str_of(m->name));
        if (member.tag != JSON_UNDEFINED && member.tag != JSON_NULL && (!is_open || is_shown(v, m)))
            build_put(&b, m->name, copy_known(arena, m->shape, member, is_open));
    }
    return build_end(&b);
}

struct json_val connection_auth_copy(struct arena *arena, struct json_val auth, bool is_open)
{
    return copy_known(arena, &connection_auth_shape, auth, is_open);
}

static struct json_val kept_value(struct json_val old_list, struct json_val parameter)
{
    str key = build_get_text(parameter, "Key");
    for (uint32_t i = 0; old_list.tag == JSON_ARRAY && i < old_list.len; i++)
        if (str_eq(build_get_text(old_list.items[i], "Key"), key))
            return json_get(old_list.items[i], STR("Value"));
    return json_undefined();
}

static struct json_val merge_list(struct arena *arena, struct json_val old, struct json_val change)
{
    struct json_val *items = arena_alloc(arena, (change.len + 1) * sizeof *items);
    for (uint32_t i = 0; i < change.len; i++) {
        struct json_val value = json_get(change.items[i], STR("Value"));
        struct json_val secret = json_get(change.items[i], STR("IsValueSecret"));
        items[i] = change.items[i];
        if (value.tag == JSON_STRING || secret.tag != JSON_BOOL || !secret.b)
            continue;
        struct build b;
        build_begin(&b, arena);
        build_put(&b, "Key", json_get(change.items[i], STR("Key")));
        value = kept_value(old, change.items[i]);
        if (value.tag == JSON_STRING)
            build_put(&b, "Value", value);
        build_put(&b, "IsValueSecret", secret);
        items[i] = build_end(&b);
    }
    return json_array(items, change.len);
}

static struct json_val merge(struct arena *arena, const struct shape *shape, struct json_val old,
                             struct json_val change)
{
    if (change.tag == JSON_UNDEFINED || change.tag == JSON_NULL)
        return old;
    if (shape->kind == SHAPE_LIST)
        return merge_list(arena, old, change);
    if (shape->kind != SHAPE_STRUCTURE)
        return change;
    struct build b;
    build_begin(&b, arena);
    for (const struct shape_member *m = shape->members; m->name; m++) {
        str name = str_of(m->name);
        struct json_val v = merge(arena, m->shape, json_get(old, name), json_get(change, name));
        if (v.tag != JSON_UNDEFINED && v.tag != JSON_NULL)
            build_put(&b, m->name, v);
    }
    return build_end(&b);
}

struct json_val connection_auth_merge(struct arena *arena, struct json_val old,
                                      struct json_val change)
{
    return merge(arena, &connection_auth_shape, old, change);
}

/* ---- sealing ---- */

enum status connection_record_seal(const struct secret_box *box, struct arena *arena,
                                   struct json_val auth, struct connection_record *r,
                                   struct error *err)
{
    struct build b;
    build_begin(&b, arena);
    build_text(&b, "AuthorizationType", r->type);
    build_put(&b, "AuthParameters", connection_auth_copy(arena, auth, false));
    struct buf plain, sealed;
    buf_init(&plain, CONNECTION_MAX_RECORD / 2);
    buf_init(&sealed, CONNECTION_MAX_RECORD);
    enum status status = json_write(&plain, build_end(&b), 0, err);
    if (status == STATUS_OK)
        status = secret_seal(box, buf_str(&plain), r->arn, &sealed, err);
    if (status == STATUS_OK) {
        r->sealed = arena_dup(arena, buf_str(&sealed));
        r->auth = connection_auth_copy(arena, auth, true);
    }
    secret_wipe(&plain);
    buf_done(&sealed);
    return status;
}

enum status connection_record_unseal(const struct secret_box *box, struct arena *arena,
                                     const struct connection_record *r, str *ret_type,
                                     struct json_val *ret_auth, struct error *err)
{
    struct buf plain;
    buf_init(&plain, CONNECTION_MAX_RECORD);
    enum status status = secret_unseal(box, r->sealed, r->arn, &plain, err);
    struct json_val all = json_undefined();
    if (status == STATUS_OK && json_parse_in(arena, buf_str(&plain), NULL, &all, NULL) != STATUS_OK)
        status = bad_record(err);
    secret_wipe(&plain);
    if (status != STATUS_OK)
        return status;
    *ret_type = build_get_text(all, "AuthorizationType");
    *ret_auth = json_get(all, STR("AuthParameters"));
    return STATUS_OK;
}
