/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs the files of tests/cases/services/dynamodb: calls in order against an empty store, each with
 * the answer or the error it gets. After each case the store must be whole.
 *
 *   {"name", "strict"?: bool, "calls": [
 *     {"operation", "request", "response" | "error": {"name", "message", further members…},
 *      "wait"?: seconds that pass before it}]}
 *
 * "operation" may also be "Sweep" (until there is no more to do) and "Reopen". Where a request or
 * an answer holds {"<repeat>": [text, count]}, it means that text so often.
 */
#include "dynamodb_world.h"
#include "json/parse.h"
#include "json/shape.h"
#include "store/reader.h"
#include "support.h"

struct trial {
    struct arena *arena;
    struct json_shapes shapes;
    struct dynamodb_world w;
    struct buf *why;
};

/* ---- long texts ---- */

static struct json_val expand(struct trial *t, struct json_val v);

static struct json_val repeat(struct trial *t, struct json_val what)
{
    str text = json_str(what.items[0]);
    size_t count = (size_t)json_number(what.items[1]);
    char *bytes = arena_alloc(t->arena, text.n * count + 1);
    for (size_t i = 0; i < count; i++)
        memcpy(bytes + i * text.n, text.p, text.n);
    return json_string((str){bytes, text.n * count}, 0);
}

static struct json_val expand_object(struct trial *t, struct json_val v)
{
    struct json_val what = json_get(v, STR("<repeat>"));
    if (what.tag == JSON_ARRAY && what.len == 2)
        return repeat(t, what);
    struct json_obj_builder b;
    json_obj_begin(&b, &t->shapes, v.len);
    for (uint32_t i = 0; i < v.len; i++) {
        const struct json_key *key = &v.obj->shape->keys[i];
        json_obj_put(&b, (str){key->p, key->n}, 0, expand(t, v.obj->vals[i]));
    }
    return json_obj_end(&b);
}

static struct json_val expand(struct trial *t, struct json_val v)
{
    if (v.tag == JSON_OBJECT)
        return expand_object(t, v);
    if (v.tag != JSON_ARRAY)
        return v;
    struct json_val *items = arena_alloc(t->arena, v.len * sizeof(*items));
    for (uint32_t i = 0; i < v.len; i++)
        items[i] = expand(t, v.items[i]);
    return json_array(items, v.len);
}

/* ---- calls ---- */

/* Name, message, and whatever the error has beside them. */
static bool check_error(struct trial *t, const char *what, struct json_val expected,
                        const struct error *err, struct json_val members)
{
    if (!expect_value(t->why, what, json_get(expected, STR("name")),
                      value_of_text(str_of(err->name))) ||
        !expect_value(t->why, what, json_get(expected, STR("message")),
                      value_of_text(str_of(err->message))))
        return false;
    struct json_obj_builder b;
    json_obj_begin(&b, &t->shapes, 4);
    for (uint32_t i = 0; i < expected.len; i++) {
        const struct json_key *key = &expected.obj->shape->keys[i];
        str name = {key->p, key->n};
        if (!str_eq(name, STR("name")) && !str_eq(name, STR("message")))
            json_obj_put(&b, name, 0, expected.obj->vals[i]);
    }
    struct json_val rest = json_obj_end(&b);
    if (rest.len == 0 && members.tag == JSON_UNDEFINED)
        return true;
    return expect_value(t->why, what, rest, members);
}

static bool is_special(struct trial *t, str name)
{
    if (str_eq(name, STR("Reopen")))
        dynamodb_world_again(&t->w);
    else if (str_eq(name, STR("Sweep")))
        while (!dynamodb_world_sweep(&t->w))
            ;
    else
        return false;
    return true;
}

static bool run_call(struct trial *t, struct json_val call)
{
    struct buf json;
    struct error err;
    struct json_val answer = json_undefined(), expected = json_get(call, STR("error"));
    str name = json_str(json_get(call, STR("operation")));
    struct json_val wait = json_get(call, STR("wait"));
    t->w.now_ms += json_is_number(wait) ? (int64_t)json_number(wait) * 1000 : 0;
    if (is_special(t, name))
        return true;
    buf_init(&json, 64 << 20);
    enum status status =
        dynamodb_call(&t->w, name, expand(t, json_get(call, STR("request"))), &json, &err);
    bool is_right = true;
    struct error bad;
    if (json.n > 0 && json_parse_in(t->arena, buf_str(&json), NULL, &answer, &bad) != STATUS_OK) {
        buf_printf(t->why, "%.*s: no JSON: %s: %.*s", STR_ARG(name), bad.message,
                   STR_ARG(str_sub(buf_str(&json), 0, 2000)));
        is_right = false;
    } else if (status != STATUS_OK && expected.tag == JSON_OBJECT) {
        is_right = check_error(t, arena_cstr(t->arena, name), expected, &err, answer);
    } else if (status != STATUS_OK) {
        buf_printf(t->why, "%.*s failed: %s: %s", STR_ARG(name), err.name, err.message);
        is_right = false;
    } else {
        is_right = expect_value(t->why, arena_cstr(t->arena, name),
                                expand(t, json_get(call, STR("response"))), answer);
    }
    buf_done(&json);
    return is_right;
}

static bool run_dynamodb_case(struct arena *arena, struct json_val c, struct buf *why)
{
    struct trial t = {.arena = arena, .why = why};
    struct error err;
    json_shapes_init(&t.shapes, arena);
    dynamodb_world_open(&t.w);
    struct json_val calls = json_get(c, STR("calls"));
    struct json_val strict = json_get(c, STR("strict"));
    t.w.settings.is_strict = strict.tag == JSON_BOOL && strict.b;
    bool is_right = calls.tag == JSON_ARRAY && calls.len > 0;
    for (uint32_t i = 0; is_right && i < calls.len; i++) {
        is_right = run_call(&t, calls.items[i]);
        if (!is_right)
            buf_printf(why, "    (call %u of the case)", i + 1);
    }
    if (is_right && store_verify(t.w.reader, &err) != STATUS_OK) {
        buf_printf(why, "the store is not whole: %s", err.message);
        is_right = false;
    }
    dynamodb_world_close(&t.w);
    return is_right;
}

int main(int argc, char **argv)
{
    static const char *const files[] = {
        "dynamodb/tables.json",      "dynamodb/items.json",    "dynamodb/values.json",
        "dynamodb/update.json",      "dynamodb/query.json",    "dynamodb/scan.json",
        "dynamodb/batch.json",       "dynamodb/transact.json", "dynamodb/indexes.json",
        "dynamodb/expressions.json", "dynamodb/settings.json"};
    int failed = 0;
    for (size_t i = 0; i < ARRAY_LEN(files); i++)
        failed |= run_cases(files[i], run_dynamodb_case, argc, argv);
    return failed;
}
