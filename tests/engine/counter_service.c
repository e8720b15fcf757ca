/* SPDX-License-Identifier: Apache-2.0 */
/* See counter_service.h. */
#include "counter_service.h"

#include "json/value.h"
#include <stdio.h>
#include <stdlib.h>

static enum status take_key(const struct service_call *c, struct json_val request, str *ret_args,
                            struct error *err)
{
    struct json_val key = json_get(request, STR("Key"));
    if (key.tag != JSON_STRING || json_str(key).n == 0)
        return error_set(err, STATUS_INVALID, "ValidationException", "The key is missing");
    *ret_args = arena_dup(c->arena, json_str(key));
    return STATUS_OK;
}

uint32_t counter_value(struct store_reader *reader, str key)
{
    struct arena a;
    struct error err;
    str body;
    arena_init(&a, 0);
    enum status status = store_find_thing(reader, STR("counter"), key, &a, &body, &err);
    uint32_t value = status == STATUS_OK ? (uint32_t)strtoul(arena_cstr(&a, body), NULL, 10) : 0;
    arena_done(&a);
    return value;
}

static enum status get(const struct service_call *c, struct store_reader *reader,
                       struct store_tx *tx, str args, struct buf *reply, struct error *err)
{
    (void)c, (void)tx, (void)err;
    buf_printf(reply, "%u", counter_value(reader, args));
    return STATUS_OK;
}

static enum status add(const struct service_call *c, struct store_reader *reader,
                       struct store_tx *tx, str args, struct buf *reply, struct error *err)
{
    str text = arena_printf(c->arena, "%u", counter_value(reader, args) + 1);
    buf_add(reply, text);
    return store_tx_put_thing(tx, STR("counter"), args, text, err);
}

static enum status add_and_refuse(const struct service_call *c, struct store_reader *reader,
                                  struct store_tx *tx, str args, struct buf *reply,
                                  struct error *err)
{
    enum status status = add(c, reader, tx, args, reply, err);
    if (status != STATUS_OK)
        return status;
    return error_set(err, STATUS_INVALID, "ConditionalCheckFailedException",
                     "The conditional request failed");
}

static enum status answer(const struct service_call *c, str reply, struct buf *json,
                          struct error *err)
{
    (void)c, (void)err;
    buf_printf(json, "{\"Count\":%.*s}", STR_ARG(reply));
    return STATUS_OK;
}

static enum status refuse(const struct service_call *c, struct json_val request, str *ret_args,
                          struct error *err)
{
    (void)c, (void)request, (void)ret_args;
    return error_set(err, STATUS_INVALID, "ValidationException", "Nothing can be put");
}

static const struct service_operation operations[] = {
    {"DeleteItem", true, take_key, add_and_refuse, answer},
    {"GetItem", false, take_key, get, answer},
    {"PutItem", true, refuse, add, answer},
    {"UpdateItem", true, take_key, add, answer},
};

const struct service counter_service = {"dynamodb", operations, ARRAY_LEN(operations)};
