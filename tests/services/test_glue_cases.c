/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs the files of tests/cases/services/glue: calls in order against an empty store, each with the
 * answer or the error it gets. There is no runner: runs change by "set" only.
 *
 *   {"name", "strict"?, "calls": [
 *     {"operation", "request", "response" | "error": {"name", "message"}, "save"?: {name: member}}
 *     {"set": {"run", "state", "error"?, "detail"?, "running"?: ms, "completed"?: ms}}]}
 *
 * What was saved from an answer stands for "$name" in what follows.
 */
#include "services/glue/glue.h"

#include "base/check.h"
#include "json/parse.h"
#include "json/write.h"
#include "store/job_runs.h"
#include "support.h"
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NOW_MS INT64_C(1767225600500)
enum { MAX_SAVED = 16 };

struct trial {
    struct arena *arena;
    struct buf *why;
    struct service_settings settings;
    struct store *store;
    struct store_client *client;
    struct store_reader *reader;
    int64_t now_ms;
    str names[MAX_SAVED], values[MAX_SAVED];
    uint32_t saved;
};

/* ---- what was saved ---- */

static str replaced(struct trial *t, str text)
{
    for (uint32_t i = 0; i < t->saved; i++) {
        str mark = arena_printf(t->arena, "\"$%.*s\"", STR_ARG(t->names[i]));
        for (size_t at = 0; (at = str_find(text, mark, at)) != STR_NONE; at++)
            text = arena_printf(t->arena, "%.*s\"%.*s\"%.*s", (int)at, text.p,
                                STR_ARG(t->values[i]), STR_ARG(str_sub(text, at + mark.n, text.n)));
    }
    return text;
}

static struct json_val with_saved(struct trial *t, struct json_val v)
{
    struct error err;
    struct json_val parsed;
    if (v.tag == JSON_UNDEFINED)
        return v;
    check(json_parse_in(t->arena, replaced(t, text_of_value(t->arena, v)), NULL, &parsed, &err) ==
          STATUS_OK);
    return parsed;
}

static void save(struct trial *t, struct json_val what, struct json_val answer)
{
    for (uint32_t i = 0; what.tag == JSON_OBJECT && i < what.len; i++) {
        const struct json_key *key = &what.obj->shape->keys[i];
        check(t->saved < MAX_SAVED);
        t->names[t->saved] = (str){key->p, key->n};
        t->values[t->saved++] =
            arena_dup(t->arena, json_str(json_get(answer, json_str(what.obj->vals[i]))));
    }
}

/* ---- calls ---- */

static enum status call(struct trial *t, const struct service_operation *o, struct json_val request,
                        struct buf *json, struct error *err)
{
    struct service_call c = {.settings = &t->settings, .now_ms = t->now_ms, .arena = t->arena};
    str args;
    if (service_prepare(o, &c, request, &args, err) != STATUS_OK)
        return err->status;
    if (!o->is_writing) {
        struct buf reply;
        buf_init(&reply, SIZE_MAX / 2);
        enum status status = o->run(&c, t->reader, NULL, args, &reply, err);
        if (status == STATUS_OK)
            status = service_answer(o, &c, buf_str(&reply), json, err);
        buf_done(&reply);
        return status;
    }
    struct service_unit u = {.operation = o, .call = c, .args = args};
    service_unit_init(&u);
    enum status status = store_perform(t->client, &u.unit, err);
    if (status == STATUS_OK)
        status = service_answer(o, &c, u.unit.reply, json, err);
    store_unit_done(&u.unit);
    return status;
}

static bool check_error(struct trial *t, struct json_val expected, const struct error *err)
{
    return expect_value(t->why, "error", json_get(expected, STR("name")),
                        value_of_text(str_of(err->name))) &&
           expect_value(t->why, "message", json_get(expected, STR("message")),
                        value_of_text(str_of(err->message)));
}

static bool run_call(struct trial *t, struct json_val c)
{
    struct error err;
    struct buf json;
    struct json_val answer, expected = with_saved(t, json_get(c, STR("error")));
    str name = json_str(json_get(c, STR("operation")));
    const struct service_operation *o = service_find(&glue_service, name);
    if (!o) {
        buf_printf(t->why, "no operation %.*s", STR_ARG(name));
        return false;
    }
    t->now_ms += 1000;
    buf_init(&json, SIZE_MAX / 2);
    bool is_right = false;
    if (call(t, o, with_saved(t, json_get(c, STR("request"))), &json, &err) != STATUS_OK) {
        if (expected.tag == JSON_OBJECT)
            is_right = check_error(t, expected, &err);
        else
            buf_printf(t->why, "%s failed: %s: %s", o->name, err.name, err.message);
    } else if (json_parse_in(t->arena, buf_str(&json), NULL, &answer, &err) == STATUS_OK) {
        is_right =
            expect_value(t->why, o->name, with_saved(t, json_get(c, STR("response"))), answer);
        save(t, json_get(c, STR("save")), answer);
    }
    buf_done(&json);
    return is_right;
}

/* ---- what a runner would do ---- */

static enum status set_row(struct store_tx *tx, str args, struct arena *scratch, struct error *err)
{
    const struct json_val *set = (const struct json_val *)(const void *)args.p;
    struct store_job_run row;
    if (store_find_job_run(store_tx_reader(tx), json_str(json_get(*set, STR("run"))), scratch, &row,
                           err) != STATUS_OK)
        return err->status;
    struct json_val error = json_get(*set, STR("error")), detail = json_get(*set, STR("detail"));
    struct json_val running = json_get(*set, STR("running"));
    struct json_val completed = json_get(*set, STR("completed"));
    row.state = json_str(json_get(*set, STR("state")));
    if (error.tag == JSON_STRING)
        row.error = json_str(error);
    if (detail.tag == JSON_STRING)
        row.detail = json_str(detail);
    if (json_is_number(running))
        row.running_ms = (int64_t)json_number(running);
    if (json_is_number(completed))
        row.completed_ms = (int64_t)json_number(completed);
    return store_tx_set_job_run(tx, &row, err);
}

static bool set_run(struct trial *t, struct json_val set)
{
    struct error err;
    struct json_val v = with_saved(t, set);
    struct store_unit u = {.run = set_row, .args = {(const char *)&v, sizeof(v)}};
    enum status status = store_perform(t->client, &u, &err);
    store_unit_done(&u);
    if (status != STATUS_OK)
        buf_printf(t->why, "set failed: %s", err.message);
    return status == STATUS_OK;
}

/* ---- one case ---- */

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
    (void)st, (void)kind, (void)ftw;
    return remove(path);
}

static bool run_glue_case(struct arena *arena, struct json_val c, struct buf *why)
{
    char dir[] = "/tmp/afflux-glue-XXXXXX", data[64];
    struct error err;
    struct json_val strict = json_get(c, STR("strict"));
    struct trial t = {.arena = arena,
                      .why = why,
                      .settings = {.account = STR("000000000000"),
                                   .region = STR("us-east-1"),
                                   .is_strict = strict.tag == JSON_BOOL && strict.b},
                      .now_ms = NOW_MS};
    check(mkdtemp(dir) != NULL);
    (void)snprintf(data, sizeof(data), "%s/data", dir);
    check(store_open(str_of(data), NULL, &t.store, &err) == STATUS_OK);
    check(store_reader_open(str_of(data), NULL, &t.reader, &err) == STATUS_OK);
    t.client = store_client_new(t.store, NULL, NULL);
    struct json_val calls = json_get(c, STR("calls"));
    bool is_right = calls.tag == JSON_ARRAY;
    for (uint32_t i = 0; is_right && i < calls.len; i++) {
        struct json_val set = json_get(calls.items[i], STR("set"));
        is_right = set.tag == JSON_OBJECT ? set_run(&t, set) : run_call(&t, calls.items[i]);
        if (!is_right)
            buf_printf(why, "    in call %u", i + 1);
    }
    store_client_free(t.client);
    store_reader_close(t.reader);
    store_close(t.store);
    (void)nftw(dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    return is_right;
}

int main(int argc, char **argv)
{
    static const char *const files[] = {"glue/jobs.json", "glue/runs.json", "glue/tags.json",
                                        "glue/requests.json"};
    int result = 0;
    for (size_t i = 0; i < ARRAY_LEN(files); i++)
        result |= run_cases(files[i], run_glue_case, argc, argv);
    return result;
}
