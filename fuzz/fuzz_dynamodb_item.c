/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bytes as an item, as they may come from a damaged file. Functions that walk must stay inside
 * whatever they are given; what is an item must print as JSON, come back from there as the same
 * bytes, and have the size that it has then.
 */
#include "json/parse.h"
#include "services/dynamodb/value_json.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool is_true)
{
    if (!is_true)
        abort();
}

/* No promises about what comes out, but nothing is read behind the end. */
static void walk(str item)
{
    str name;
    struct dynamo_value v;
    (void)dynamo_item_size(item);
    (void)dynamo_member(item, STR("a"));
    (void)dynamo_at(item, 3);
    (void)dynamo_set_has(item, STR("a"));
    for (str rest = item; dynamo_next_member(&rest, &name, &v);)
        (void)dynamo_count(v);
}

/* A set of texts may hold an empty one here, which requests may not. */
static void check_back(str item)
{
    struct arena a;
    struct buf json;
    struct json_val v;
    struct error err;
    str again;
    arena_init(&a, 0);
    buf_init(&json, 64 << 20);
    dynamo_item_to_json(item, &json);
    require(buf_ok(&json));
    require(json_parse_in(&a, buf_str(&json), NULL, &v, &err) == STATUS_OK);
    if (dynamo_item_from_json(&a, v, &again, &err) == STATUS_OK) {
        require(str_eq(again, item));
        require(dynamo_item_size(again) == dynamo_item_size(item));
    } else {
        require(strstr(err.message, "may not") != NULL);
    }
    buf_done(&json);
    arena_done(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    str item = {(const char *)data, size};
    walk(item);
    if (dynamo_check_item(item))
        check_back(item);
    return 0;
}
