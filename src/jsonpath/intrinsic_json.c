/* SPDX-License-Identifier: Apache-2.0 */
/* The intrinsic functions between values and their JSON text, and States.JsonMerge. */
#include "jsonpath/intrinsic.h"

#include "json/parse.h"
#include "json/write.h"

enum { PARSE_BYTES_PER_BYTE = 12 /* "1,": two bytes become a value of 16, beside a copy */ };

static bool is_blank(str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (strchr(" \t\r\n", s.p[i]) == NULL || s.p[i] == '\0')
            return false;
    return true;
}

bool intrinsic_string_to_json(const struct intrinsic_call *c, struct json_val *ret)
{
    struct error err;
    if (!intrinsic_is_string(c, 0))
        return false;
    str text = json_str(c->args[0]);
    if (is_blank(text)) {
        *ret = json_null();
        return true;
    }
    if (!intrinsic_room(c, text.n * PARSE_BYTES_PER_BYTE))
        return false;
    if (json_parse_in(c->env->arena, text, NULL, ret, &err) != STATUS_OK)
        return intrinsic_fail(c, err.message);
    if (ret->tag == JSON_NUMTEXT && str_eq(json_str(*ret), STR("-0")))
        *ret = json_num(0); /* an integer has no negative zero in Java */
    return true;
}

bool intrinsic_json_to_string(const struct intrinsic_call *c, struct json_val *ret)
{
    struct buf out;
    struct error err;
    buf_init(&out, JSONPATH_TEXT_MAX);
    if (json_write(&out, c->args[0], 0, &err) == STATUS_OK)
        return intrinsic_give_text(c, &out, ret);
    buf_done(&out);
    return intrinsic_fail_limit(c, err.message);
}

bool intrinsic_json_merge(const struct intrinsic_call *c, struct json_val *ret)
{
    struct json_obj_builder b;
    if (c->args[0].tag != JSON_OBJECT || c->args[1].tag != JSON_OBJECT)
        return intrinsic_fail(c, "an argument is not an object");
    if (c->args[2].tag != JSON_BOOL)
        return intrinsic_fail(c, "the third argument is not a boolean");
    if (c->args[2].b)
        return intrinsic_fail(c, "deep merging is not supported");
    uint64_t expected = (uint64_t)c->args[0].len + c->args[1].len;
    if (expected > UINT32_MAX || !intrinsic_room(c, expected * 2 * sizeof(struct json_val)))
        return intrinsic_fail_limit(c, "the result is too large");
    json_obj_begin(&b, c->env->shapes, (uint32_t)expected);
    for (uint32_t i = 0; i < 2; i++) {
        const struct json_object *object = c->args[i].obj;
        for (uint32_t k = 0; k < object->shape->count; k++) {
            const struct json_key *key = &object->shape->keys[k];
            json_obj_put(&b, (str){key->p, key->n}, key->flags, object->vals[k]);
        }
    }
    *ret = json_obj_end(&b);
    return true;
}
