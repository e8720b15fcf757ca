/* SPDX-License-Identifier: Apache-2.0 */
/* ExpressionAttributeNames and ExpressionAttributeValues: what they may hold, and that all of it is
 * used. */
#include "services/dynamodb/expr_internal.h"
#include "services/dynamodb/value_json.h"

static bool is_placeholder(str key, char first)
{
    if (key.n < 2 || key.p[0] != first)
        return false;
    for (size_t i = 1; i < key.n; i++) {
        char c = key.p[i];
        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
              c == '_'))
            return false;
    }
    return true;
}

static enum status check_keys(struct json_val object, const char *what, char first,
                              struct error *err)
{
    if (object.tag != JSON_OBJECT)
        return error_set(err, STATUS_INVALID, "SerializationException", "%s must be a map", what);
    if (object.len == 0)
        return error_set(err, STATUS_INVALID, "ValidationException", "%s must not be empty", what);
    for (uint32_t i = 0; i < object.len; i++) {
        str key = dynamo_key_at(object, i);
        if (!is_placeholder(key, first))
            return error_set(err, STATUS_INVALID, "ValidationException",
                             "%s contains invalid key: Syntax error; key: \"%.*s\"", what,
                             STR_ARG(str_sub(key, 0, 256)));
    }
    return STATUS_OK;
}

static enum status take_names(struct dynamo_scope *s, struct error *err)
{
    if (check_keys(s->names, "ExpressionAttributeNames", '#', err) != STATUS_OK)
        return STATUS_INVALID;
    for (uint32_t i = 0; i < s->names.len; i++) {
        struct json_val name = dynamo_val_at(s->names, i);
        if (name.tag != JSON_STRING)
            return error_set(err, STATUS_INVALID, "SerializationException",
                             "ExpressionAttributeNames must be strings");
        if (name.len == 0 || !dynamo_is_text(json_str(name)))
            return error_set(err, STATUS_INVALID, "ValidationException",
                             "ExpressionAttributeNames contains invalid value: an attribute's name "
                             "is a text that is not empty; for key %.*s",
                             STR_ARG(dynamo_key_at(s->names, i)));
    }
    s->used_names = arena_zalloc(s->arena, s->names.len * sizeof(bool));
    return STATUS_OK;
}

static enum status compile_value(struct dynamo_scope *s, uint32_t i, struct error *err)
{
    struct buf out;
    buf_init(&out, DYNAMO_BUFFER_BYTES);
    enum status status = dynamo_value_from_json(s->arena, dynamo_val_at(s->values, i), &out, err);
    str rest = status == STATUS_OK ? arena_dup(s->arena, buf_str(&out)) : (str){0};
    buf_done(&out);
    if (status == STATUS_OK) {
        dynamo_next(&rest, &s->compiled[i]);
        return STATUS_OK;
    }
    if (!str_eq(str_of(err->name), STR("ValidationException")))
        return status;
    struct error inner = *err;
    return error_set(err, status, "ValidationException",
                     "ExpressionAttributeValues contains invalid value: %s for key %.*s",
                     inner.message, STR_ARG(dynamo_key_at(s->values, i)));
}

static enum status take_values(struct dynamo_scope *s, struct error *err)
{
    if (check_keys(s->values, "ExpressionAttributeValues", ':', err) != STATUS_OK)
        return STATUS_INVALID;
    s->used_values = arena_zalloc(s->arena, s->values.len * sizeof(bool));
    s->compiled = arena_zalloc(s->arena, s->values.len * sizeof(*s->compiled));
    for (uint32_t i = 0; i < s->values.len; i++)
        if (compile_value(s, i, err) != STATUS_OK)
            return err->status;
    return STATUS_OK;
}

static bool is_given(struct json_val v)
{
    return v.tag != JSON_UNDEFINED && v.tag != JSON_NULL;
}

enum status dynamo_scope_init(struct dynamo_scope *s, struct arena *a, struct json_val names,
                              struct json_val values, struct error *err)
{
    *s = (struct dynamo_scope){.arena = a};
    if (is_given(names)) {
        s->names = names;
        if (take_names(s, err) != STATUS_OK)
            return err->status;
    }
    if (is_given(values)) {
        s->values = values;
        if (take_values(s, err) != STATUS_OK)
            return err->status;
    }
    return STATUS_OK;
}

static enum status check_used(struct json_val object, const bool *used, const char *what,
                              struct error *err)
{
    struct buf list;
    buf_init(&list, ERROR_MESSAGE_MAX);
    for (uint32_t i = 0; object.tag == JSON_OBJECT && i < object.len; i++)
        if (!used[i]) {
            buf_add(&list, list.n ? STR(", ") : STR(""));
            buf_add(&list, dynamo_key_at(object, i));
        }
    enum status status = STATUS_OK;
    if (list.n > 0)
        status = error_set(err, STATUS_INVALID, "ValidationException",
                           "Value provided in %s unused in expressions: keys: {%.*s}", what,
                           STR_ARG(buf_str(&list)));
    buf_done(&list);
    return status;
}

enum status dynamo_scope_finish(const struct dynamo_scope *s, struct error *err)
{
    enum status status = check_used(s->names, s->used_names, "ExpressionAttributeNames", err);
    if (status != STATUS_OK)
        return status;
    return check_used(s->values, s->used_values, "ExpressionAttributeValues", err);
}
