/* SPDX-License-Identifier: Apache-2.0 */
/* See job_service.h. A job is a thing under its id: "DUE-MS NAME", or "0 NAME" when it was stopped.
 */
#include "job_service.h"

#include "base/check.h"
#include "json/parse.h"
#include <stdlib.h>
#include <string.h>

#define JOBS STR("job")

static str text_of(struct json_val object, const char *key)
{
    struct json_val v = json_get(object, str_of(key));
    return v.tag == JSON_STRING ? json_str(v) : (str){0};
}

static enum status take_job(const struct service_call *c, struct json_val request, str *ret_args,
                            struct error *err)
{
    str name = text_of(request, "JobName");
    struct json_val ms = json_get(request, STR("Ms"));
    if (name.n == 0)
        return error_set(err, STATUS_NOT_FOUND, "EntityNotFoundException", "There is no such job");
    *ret_args = arena_printf(c->arena, "%lld %.*s",
                             (long long)(c->now_ms + (int64_t)json_number(ms)), STR_ARG(name));
    return STATUS_OK;
}

static enum status start(const struct service_call *c, struct store_reader *reader,
                         struct store_tx *tx, str args, struct buf *reply, struct error *err)
{
    (void)reader;
    str id = arena_printf(c->arena, "jr_%lld", (long long)store_tx_new_id(tx));
    buf_printf(reply, "{\"JobRunId\":\"%.*s\"}", STR_ARG(id));
    return store_tx_put_thing(tx, JOBS, id, args, err);
}

static enum status take_id(const struct service_call *c, struct json_val request, str *ret_args,
                           struct error *err)
{
    (void)err;
    *ret_args = arena_dup(c->arena, text_of(request, "JobRunId"));
    return STATUS_OK;
}

static enum status stop(const struct service_call *c, struct store_reader *reader,
                        struct store_tx *tx, str args, struct buf *reply, struct error *err)
{
    str body;
    enum status status = store_find_thing(reader, JOBS, args, c->arena, &body, err);
    if (status != STATUS_OK)
        return status;
    buf_add(reply, STR("{}"));
    str name = str_sub(body, str_find_byte(body, ' ', 0), body.n);
    return store_tx_put_thing(tx, JOBS, args, arena_printf(c->arena, "0%.*s", STR_ARG(name)), err);
}

static const struct service_operation operations[] = {
    {"BatchStopJobRun", true, take_id, stop, NULL},
    {"StartJobRun", true, take_job, start, NULL},
};
const struct service job_service = {"glue", operations, ARRAY_LEN(operations)};

enum status job_look(void *self, struct store_reader *reader, str answer, int64_t now_ms,
                     struct buf *json, enum engine_stand *ret, struct error *err)
{
    struct json_val begun;
    struct arena a;
    str body;
    (void)self;
    arena_init(&a, 0);
    check(json_parse_in(&a, answer, NULL, &begun, err) == STATUS_OK);
    str id = text_of(begun, "JobRunId");
    enum status status = store_find_thing(reader, JOBS, id, &a, &body, err);
    if (status == STATUS_OK) {
        int64_t due_ms = strtoll(arena_cstr(&a, body), NULL, 10);
        bool is_bad = due_ms == 0 || str_find(body, STR(" bad"), 0) != STR_NONE;
        *ret = due_ms > now_ms ? ENGINE_UNFINISHED : is_bad ? ENGINE_FAILED : ENGINE_SUCCEEDED;
        buf_printf(json, "{\"Id\":\"%.*s\",\"JobRunState\":\"%s\"}", STR_ARG(id),
                   is_bad ? "FAILED" : "SUCCEEDED");
    }
    arena_done(&a);
    return status;
}

enum status job_stop_request(void *self, struct json_val request, str answer, struct buf *json,
                             struct error *err)
{
    (void)self, (void)request, (void)err;
    buf_add(json, answer);
    return STATUS_OK;
}

/* Things of a service in a folder whose body begins so. */
static uint32_t count(const char *folder, str service, const char *begin)
{
    struct store_reader *reader;
    struct store_names names;
    struct error err;
    struct arena a;
    uint32_t ret = 0;
    arena_init(&a, 0);
    check(store_reader_open(str_of(folder), NULL, &reader, &err) == STATUS_OK);
    check(store_list_things(reader, service, STR(""), STR(""), 1000, &a, &names, &err) ==
          STATUS_OK);
    for (uint32_t i = 0; i < names.count; i++) {
        str body;
        check(store_find_thing(reader, service, names.items[i], &a, &body, &err) == STATUS_OK);
        ret += str_starts(body, str_of(begin));
    }
    store_reader_close(reader);
    arena_done(&a);
    return ret;
}

uint32_t job_count(const char *folder)
{
    return count(folder, JOBS, "");
}

uint32_t job_stopped(const char *folder)
{
    return count(folder, JOBS, "0 ");
}

uint32_t job_followed(const char *folder)
{
    return count(folder, STR("followed"), "");
}
