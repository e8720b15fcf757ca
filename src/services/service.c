/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Operations by name, and the parts of a call that all services have in common
 * (services/service.h). Which doors there are, and what a door does around a call, is not here.
 */
#include "services/service.h"
#include "base/check.h"
#include "json/parse.h"
#include "json/write.h"

const struct service_operation *service_find(const struct service *s, str name)
{
    uint32_t low = 0, high = s->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        const struct service_operation *o = &s->operations[middle];
        int order = str_cmp(name, str_of(o->name));
        if (order == 0)
            return o;
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

enum status service_prepare(const struct service_operation *o, const struct service_call *c,
                            struct json_val request, str *ret_args, struct error *err)
{
    if (o->prepare)
        return o->prepare(c, request, ret_args, err);
    struct buf text;
    buf_init(&text, SIZE_MAX / 2);
    enum status status = json_write(&text, request, 0, err);
    if (status == STATUS_OK)
        *ret_args = arena_dup(c->arena, buf_str(&text));
    buf_done(&text);
    return status;
}

static enum status run_unit(struct store_tx *tx, str args, struct arena *scratch, struct error *err)
{
    const struct service_unit *u = (const struct service_unit *)(const void *)args.p;
    struct service_call call = u->call;
    struct buf reply;
    call.arena = scratch;
    buf_init(&reply, SIZE_MAX / 2);
    enum status status = u->operation->run(&call, store_tx_reader(tx), tx, u->args, &reply, err);
    store_tx_reply(tx, buf_str(&reply));
    buf_done(&reply);
    return status;
}

void service_unit_init(struct service_unit *u)
{
    u->unit = (struct store_unit){.run = run_unit, .args = {(const char *)u, sizeof(*u)}};
}

enum status service_answer(const struct service_operation *o, const struct service_call *c,
                           str reply, struct buf *json, struct error *err)
{
    if (o->answer)
        return o->answer(c, reply, json, err);
    buf_add(json, reply);
    return STATUS_OK;
}

enum status service_read(const struct service_operation *o, const struct service_call *c,
                         struct store_reader *reader, str request, struct json_val *ret,
                         struct error *err)
{
    struct buf reply, answer;
    struct json_val value;
    str args;
    check(!o->is_writing);
    buf_init(&reply, SIZE_MAX / 2);
    buf_init(&answer, SIZE_MAX / 2);
    enum status status = json_parse_in(c->arena, request, NULL, &value, err);
    if (status == STATUS_OK)
        status = service_prepare(o, c, value, &args, err);
    if (status == STATUS_OK)
        status = o->run(c, reader, NULL, args, &reply, err);
    if (status == STATUS_OK)
        status = service_answer(o, c, buf_str(&reply), &answer, err);
    if (status == STATUS_OK)
        status = json_parse_in(c->arena, buf_str(&answer), NULL, ret, err);
    buf_done(&reply);
    buf_done(&answer);
    return status;
}
