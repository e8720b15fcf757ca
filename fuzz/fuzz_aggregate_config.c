/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Configuration files of an aggregation. What can be read can be written, and is the same when it
 * is read again; and what it puts into the workflows leaves them JSON.
 */
#include "aggregate/config.h"
#include "aggregate/values.h"
#include "json/parse.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool is_true)
{
    if (!is_true)
        abort();
}

static void check_again(const struct aggregate_config *c, struct arena *a)
{
    struct aggregate_config again;
    struct buf file, first, second;
    buf_init(&file, SIZE_MAX / 2);
    buf_init(&first, SIZE_MAX / 2);
    buf_init(&second, SIZE_MAX / 2);
    aggregate_config_write(c, &file);
    aggregate_config_init(&again);
    require(aggregate_config_read(&again, buf_str(&file), STR(""), a, NULL) == STATUS_OK);
    aggregate_config_identity(c, &first);
    aggregate_config_identity(&again, &second);
    require(str_eq(buf_str(&first), buf_str(&second)));
    buf_done(&file);
    buf_done(&first);
    buf_done(&second);
}

static void check_flows(const struct aggregate_config *c, struct arena *a)
{
    const struct aggregate_names names = {STR("m"),  STR("c"), STR("tt"), STR("tl"), STR("pp"),
                                          STR("po"), STR("j"), STR("0"),  STR("r")};
    struct flow_value *values;
    size_t count;
    struct error err;
    struct buf text;
    if (flow_values(c, &names, a, &values, &count, &err) != STATUS_OK)
        return;
    buf_init(&text, SIZE_MAX / 2);
    for (uint32_t i = 0; i < flow_text_count; i++) {
        struct json_val v;
        str flow = {flow_texts[i].text, flow_texts[i].n};
        buf_clear(&text);
        if (flow_fill(flow, values, count, &text, &err) == STATUS_OK)
            require(json_parse_in(a, buf_str(&text), NULL, &v, &err) == STATUS_OK);
    }
    buf_done(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct aggregate_config c;
    struct arena a;
    struct error err = {0};
    const char *member = NULL;
    arena_init(&a, 0);
    aggregate_config_init(&c);
    if (aggregate_config_read(&c, (str){(const char *)data, size}, STR("f"), &a, &err) ==
        STATUS_OK) {
        if (aggregate_config_check(&c, false, &member, &err) != STATUS_OK)
            require(member && err.message[0] != '\0');
        check_again(&c, &a);
        check_flows(&c, &a);
    } else {
        require(err.message[0] != '\0');
    }
    arena_done(&a);
    return 0;
}
