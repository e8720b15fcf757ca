/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The functions that AWS Step Functions adds to JSONata: $partition, $range, $hash, $uuid, $parse,
 * and $random, which takes a seed there. What AWS does with wrong arguments is not documented;
 * D3150 to D3153 are our names for it.
 */
#include "jsonata/function.h"

#include "json/parse.h"
#include "jsonata/random.h"
#include <math.h>
#include <openssl/evp.h>

enum { STEP_BYTES_PER_STEP = 64 /* of text, in the budget of steps */ };

static const struct json_val step_failed = {.tag = VAL_FAILED};

/* ---- arrays ---- */

/* The chunks lie in the array itself. */
struct json_val fn_partition(struct ev *e, const struct call *c)
{
    struct json_val array = c->args[0];
    double size = json_is_number(c->args[1]) ? json_number(c->args[1]) : 0;
    if (array.tag == JSON_UNDEFINED)
        return array;
    if (!(size >= 1) || size != trunc(size))
        return ev_fail_value(e, "D3150", c->node, c->args[1]);
    uint32_t step = size < array.len ? (uint32_t)size : array.len;
    uint32_t count = array.len == 0 ? 0 : (array.len - 1) / step + 1;
    struct json_val *chunks = ev_alloc(e, sizeof(*chunks) * count);
    if (chunks == NULL || !ev_charge(e, count / 8, c->node))
        return step_failed;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t from = i * step;
        chunks[i] =
            ev_array(array.items + from, array.len - from < step ? array.len - from : step, 0);
    }
    return ev_array(chunks, count, 0);
}

struct json_val fn_range(struct ev *e, const struct call *c)
{
    if (c->args[0].tag == JSON_UNDEFINED)
        return c->args[0];
    for (uint32_t i = 0; i < 3; i++)
        if (!json_is_number(c->args[i]))
            return ev_fail_value(e, "D3151", c->node, c->args[i]);
    double start = json_number(c->args[0]), end = json_number(c->args[1]);
    double step = json_number(c->args[2]);
    double steps = floor((end - start) / step);
    if (step == 0 || isnan(steps))
        return ev_fail_value(e, "D3151", c->node, c->args[2]);
    if (steps < 0)
        return json_undefined();
    if (steps + 1 > 1e7)
        return ev_fail_value(e, "D2014", c->node, json_num(steps + 1));
    uint32_t count = (uint32_t)steps + 1;
    struct json_val *items = ev_alloc(e, sizeof(*items) * count);
    if (items == NULL || !ev_charge(e, count / 8, c->node))
        return step_failed;
    for (uint32_t i = 0; i < count; i++)
        items[i] = json_num(start + i * step);
    return ev_array(items, count, VAL_SEQ);
}

/* ---- text ---- */

static const struct step_digest {
    str name;
    const EVP_MD *(*type)(void);
} step_digests[] = {
    {{"MD5", 3}, EVP_md5},        {{"SHA-1", 5}, EVP_sha1},     {{"SHA-256", 7}, EVP_sha256},
    {{"SHA-384", 7}, EVP_sha384}, {{"SHA-512", 7}, EVP_sha512},
};

static void step_put_hex(const uint8_t *bytes, size_t n, char *out)
{
    for (size_t i = 0; i < n; i++) {
        *out++ = "0123456789abcdef"[bytes[i] >> 4];
        *out++ = "0123456789abcdef"[bytes[i] & 15];
    }
}

struct json_val fn_hash(struct ev *e, const struct call *c)
{
    struct json_val data = c->args[0], algorithm = c->args[1];
    const struct step_digest *digest = NULL;
    uint8_t bytes[EVP_MAX_MD_SIZE];
    unsigned n = 0;
    if (data.tag == JSON_UNDEFINED)
        return data;
    for (size_t i = 0; i < ARRAY_LEN(step_digests); i++)
        if (algorithm.tag == JSON_STRING && str_eq(json_str(algorithm), step_digests[i].name))
            digest = &step_digests[i];
    if (!ev_charge(e, data.len / STEP_BYTES_PER_STEP, c->node))
        return step_failed;
    /* A system may be set up to refuse some of them. */
    if (digest == NULL || EVP_Digest(data.ptr, data.len, bytes, &n, digest->type(), NULL) != 1)
        return ev_fail_value(e, "D3152", c->node, algorithm);
    char *text = ev_alloc(e, 2 * (size_t)n);
    if (text == NULL)
        return step_failed;
    step_put_hex(bytes, n, text);
    return json_string((str){text, 2 * (size_t)n}, JSON_ASCII | JSON_PLAIN);
}

static struct json_val parse_refused(struct ev *e, const struct call *c, const struct error *err)
{
    if (strcmp(err->name, "JsonTooDeep") == 0)
        return ev_fail_nesting(e, c->node);
    if (err->status == STATUS_LIMIT)
        return ev_fail_memory(e, c->node);
    struct json_val failed = ev_fail_value(e, "D3153", c->node, c->args[0]);
    e->err.text = arena_dup(e->arena, str_of(err->message));
    return failed;
}

struct json_val fn_parse(struct ev *e, const struct call *c)
{
    struct json_val text = c->args[0], result;
    struct error err;
    if (text.tag == JSON_UNDEFINED)
        return text;
    if (!ev_charge(e, text.len / STEP_BYTES_PER_STEP, c->node))
        return step_failed;
    /* Two bytes of text ("1,") may become a value of 16, beside the parser's copy of the text. */
    if (!arena_room(e->arena, text.len * (sizeof(struct json_val) / 2 + 1)))
        return ev_fail_memory(e, c->node);
    if (json_parse_in(e->arena, json_str(text), NULL, &result, &err) != STATUS_OK)
        return parse_refused(e, c, &err);
    if (arena_is_over(e->arena))
        return ev_fail_memory(e, c->node);
    return result;
}

/* ---- chance ---- */

struct json_val fn_random(struct ev *e, const struct call *c)
{
    if (c->count > 0 && json_is_number(c->args[0]))
        return json_num(random_seeded(json_number(c->args[0])));
    return json_num(random_next(e));
}

/* RFC 9562, version 4. */
struct json_val fn_uuid(struct ev *e, const struct call *c)
{
    uint64_t words[2] = {random_bits(e), random_bits(e)};
    uint8_t bytes[16];
    char hex[32];
    (void)c;
    memcpy(bytes, words, sizeof bytes);
    bytes[6] = (uint8_t)((bytes[6] & 0x0F) | 0x40);
    bytes[8] = (uint8_t)((bytes[8] & 0x3F) | 0x80);
    step_put_hex(bytes, sizeof bytes, hex);
    char *text = ev_alloc(e, 36), *at = text;
    if (text == NULL)
        return step_failed;
    for (size_t i = 0; i < sizeof hex; i++) {
        if (i == 8 || i == 12 || i == 16 || i == 20)
            *at++ = '-';
        *at++ = hex[i];
    }
    return json_string((str){text, 36}, JSON_ASCII | JSON_PLAIN);
}
