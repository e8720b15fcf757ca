/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An expression, compiled as a condition, a key condition, an update and a projection, and carried
 * out on one item. Whatever compiles must evaluate twice to the same; an updated item must be an
 * item; a projection must be one too, no longer than what it is of.
 */
#include "base/utf8.h"
#include "json/parse.h"
#include "services/dynamodb/eval.h"
#include "services/dynamodb/project.h"
#include "services/dynamodb/update.h"
#include "services/dynamodb/value_json.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char item_text[] =
    "{\"a\":{\"N\":\"5\"},\"b\":{\"S\":\"text\"},\"c\":{\"SS\":[\"x\",\"y\"]},\"d\":{\"L\":[{\"N\":"
    "\"1\"},{\"S\":\"q\"},{\"M\":{\"z\":{\"N\":\"9\"}}}]},\"e\":{\"M\":{\"f\":{\"S\":\"g\"},\"h\":{"
    "\"L\":[]}}},\"n\":{\"NS\":[\"1\",\"2\"]},\"t\":{\"BOOL\":true}}";
static const char names_text[] = "{\"#a\":\"a\",\"#b\":\"e\",\"#c\":\"size\"}";
static const char values_text[] = "{\":a\":{\"N\":\"1\"},\":b\":{\"S\":\"t\"},\":c\":{\"SS\":["
                                  "\"x\",\"z\"]},\":d\":{\"L\":[{\"N\":"
                                  "\"7\"}]},\":e\":{\"M\":{}},\":n\":{\"NS\":[\"2\",\"3\"]}}";

static void require(bool is_true)
{
    if (!is_true)
        abort();
}

static struct json_val parse(struct arena *a, str text)
{
    struct json_val v;
    struct error err;
    require(json_parse_in(a, text, NULL, &v, &err) == STATUS_OK);
    return v;
}

static void check_error(const struct error *err)
{
    require(err->status == STATUS_INVALID && err->message[0] != '\0');
}

static void check_condition(struct dynamo_scope *s, str text, str item)
{
    struct error err;
    str program;
    if (dynamo_compile_condition(s, "ConditionExpression", text, &program, &err) == STATUS_OK)
        require(dynamo_holds(program, item) == dynamo_holds(program, item));
    else
        check_error(&err);
    if (dynamo_compile_key_condition(s, text, &program, &err) != STATUS_OK)
        check_error(&err);
}

static void check_update(struct dynamo_scope *s, str text, str item)
{
    struct error err;
    str program, once, again;
    if (dynamo_compile_update(s, text, &program, &err) != STATUS_OK) {
        check_error(&err);
        return;
    }
    if (dynamo_update(s->arena, program, item, &once, &err) != STATUS_OK) {
        check_error(&err);
        return;
    }
    require(dynamo_check_item(once));
    require(dynamo_update(s->arena, program, item, &again, &err) == STATUS_OK);
    require(str_eq(once, again));
    struct buf part;
    buf_init(&part, 1 << 20);
    dynamo_project(s->arena, dynamo_update_paths(s->arena, program), once, &part);
    require(dynamo_check_item(buf_str(&part)));
    buf_done(&part);
}

static void check_projection(struct dynamo_scope *s, str text, str item)
{
    struct error err;
    str program;
    struct buf part;
    if (dynamo_compile_projection(s, text, &program, &err) != STATUS_OK) {
        check_error(&err);
        return;
    }
    buf_init(&part, 1 << 20);
    dynamo_project(s->arena, program, item, &part);
    require(dynamo_check_item(buf_str(&part)));
    require(part.n <= item.n);
    buf_done(&part);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a;
    struct dynamo_scope s;
    struct error err;
    str text = {(const char *)data, size}, item;
    if (utf8_check(text) != size)
        return 0;
    arena_init(&a, 0);
    require(dynamo_item_from_json(&a, parse(&a, str_of(item_text)), &item, &err) == STATUS_OK);
    require(dynamo_scope_init(&s, &a, parse(&a, str_of(names_text)), parse(&a, str_of(values_text)),
                              &err) == STATUS_OK);
    check_condition(&s, text, item);
    check_update(&s, text, item);
    check_projection(&s, text, item);
    (void)!dynamo_scope_finish(&s, &err);
    arena_done(&a);
    return 0;
}
