/* SPDX-License-Identifier: Apache-2.0 */
/* Fields between the parts of an operation. */
#include "services/dynamodb/args.h"

void dynamo_arg(struct buf *out, enum dynamo_field field, str bytes)
{
    dynamo_put(out, (struct dynamo_value){(uint8_t)field, bytes});
}

void dynamo_arg_int(struct buf *out, enum dynamo_field field, int64_t value)
{
    dynamo_arg(out, field, (str){(const char *)&value, sizeof(value)});
}

int64_t dynamo_int_of(str bytes)
{
    int64_t value = 0;
    if (bytes.n == sizeof(value))
        memcpy(&value, bytes.p, sizeof(value));
    return value;
}

void dynamo_args_read(str bytes, struct dynamo_args *ret)
{
    struct dynamo_value v;
    *ret = (struct dynamo_args){0};
    while (dynamo_next(&bytes, &v))
        if (v.tag < ARG_COUNT)
            ret->field[v.tag] = v.body;
}

int64_t dynamo_args_int(const struct dynamo_args *args, enum dynamo_field field, int64_t otherwise)
{
    return args->field[field].p ? dynamo_int_of(args->field[field]) : otherwise;
}

bool dynamo_args_entry(str *rest, struct dynamo_args *ret)
{
    struct dynamo_value v;
    while (dynamo_next(rest, &v))
        if (v.tag == ARG_ENTRY) {
            dynamo_args_read(v.body, ret);
            return true;
        }
    return false;
}
