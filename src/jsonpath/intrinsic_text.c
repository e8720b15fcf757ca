/* SPDX-License-Identifier: Apache-2.0 */
/* The intrinsic functions on text: Format, StringSplit, Base64 and Hash. */
#include "jsonpath/intrinsic.h"

#include "base/utf8.h"
#include "json/write.h"
#include <openssl/evp.h>

/* ---- States.Format ---- */

static bool format_value(struct buf *out, struct json_val v, unsigned depth);

/* As Java prints lists and maps: [1, x], {a=1, b=[]}. */
static bool format_container(struct buf *out, struct json_val v, unsigned depth)
{
    bool is_object = v.tag == JSON_OBJECT;
    if (depth >= JSON_MAX_DEPTH)
        return false;
    buf_add_byte(out, is_object ? '{' : '[');
    for (uint32_t i = 0; i < v.len && buf_ok(out); i++) {
        if (i > 0)
            buf_add(out, STR(", "));
        if (is_object) {
            const struct json_key *key = &v.obj->shape->keys[i];
            buf_add(out, (str){key->p, key->n});
            buf_add_byte(out, '=');
        }
        if (!format_value(out, is_object ? v.obj->vals[i] : v.items[i], depth + 1))
            return false;
    }
    buf_add_byte(out, is_object ? '}' : ']');
    return true;
}

static bool format_value(struct buf *out, struct json_val v, unsigned depth)
{
    struct error err;
    if (v.tag == JSON_STRING) {
        buf_add(out, json_str(v));
        return true;
    }
    if (json_is_container(v))
        return format_container(out, v, depth);
    return json_write(out, v, 0, &err) == STATUS_OK;
}

/* Adds the template up to its next hole; false at its end. Only a template written in the
 * expression has escapes. */
static bool format_until_hole(struct buf *out, str text, bool has_escapes, size_t *at)
{
    size_t from = *at;
    for (size_t i = from; i < text.n; i++) {
        bool is_escape = has_escapes && text.p[i] == '\\' && i + 1 < text.n &&
                         strchr("'{}\\", text.p[i + 1]) != NULL && text.p[i + 1] != '\0';
        bool is_hole = text.p[i] == '{' && i + 1 < text.n && text.p[i + 1] == '}';
        if (!is_escape && !is_hole)
            continue;
        buf_add(out, str_sub(text, from, i));
        *at = i + 2;
        if (is_hole)
            return true;
        from = ++i;
    }
    buf_add(out, str_sub(text, from, text.n));
    *at = text.n;
    return false;
}

bool intrinsic_format(const struct intrinsic_call *c, struct json_val *ret)
{
    struct buf out;
    size_t at = 0;
    uint32_t used = 1;
    bool is_literal = c->node->args[0]->kind == EXPR_VALUE, is_printed = true;
    if (!intrinsic_is_string(c, 0))
        return false;
    str text = is_literal ? c->node->args[0]->raw : json_str(c->args[0]);
    buf_init(&out, JSONPATH_TEXT_MAX);
    while (is_printed && format_until_hole(&out, text, is_literal, &at)) {
        if (used < c->count)
            is_printed = format_value(&out, c->args[used], 0);
        used += used <= c->count;
    }
    if (is_printed && used == c->count)
        return intrinsic_give_text(c, &out, ret);
    bool fits = buf_ok(&out);
    buf_done(&out);
    if (!is_printed)
        return intrinsic_fail_limit(c, fits ? "a value cannot be printed" : "the text is too long");
    return intrinsic_fail(c, "the number of {} is not the number of values");
}

/* ---- States.StringSplit ---- */

/* Is the character at `at` one of chars? *ret_next is behind it. */
static bool is_one_of(str text, size_t at, str chars, size_t *ret_next)
{
    uint32_t c = utf8_next(text, &at);
    *ret_next = at;
    for (size_t i = 0; i < chars.n;)
        if (utf8_next(chars, &i) == c)
            return true;
    return false;
}

/* Cuts text at any of chars and drops empty pieces; items NULL: only counts. */
static uint32_t split(struct json_val text, str chars, struct json_val *items)
{
    str s = json_str(text);
    uint32_t count = 0;
    size_t from = 0, next;
    for (size_t at = 0; at < s.n; at = next) {
        bool is_cut = is_one_of(s, at, chars, &next);
        size_t end = is_cut ? at : next;
        if ((is_cut || next == s.n) && end > from) {
            if (items)
                items[count] =
                    json_string(str_sub(s, from, end), text.flags & (JSON_ASCII | JSON_PLAIN));
            count++;
        }
        if (is_cut)
            from = next;
    }
    return count;
}

bool intrinsic_string_split(const struct intrinsic_call *c, struct json_val *ret)
{
    if (!intrinsic_is_string(c, 0) || !intrinsic_is_string(c, 1))
        return false;
    str chars = json_str(c->args[1]);
    if (chars.n > JSONPATH_DATA_MAX)
        return intrinsic_fail(c, "there are too many characters to split at");
    uint32_t count = split(c->args[0], chars, NULL);
    if (!intrinsic_room(c, sizeof(struct json_val) * count))
        return false;
    struct json_val *items = arena_alloc(c->env->arena, sizeof *items * count);
    split(c->args[0], chars, items);
    *ret = json_array(items, count);
    return true;
}

/* ---- States.Base64Encode, States.Base64Decode ---- */

static bool is_short_enough(const struct intrinsic_call *c, str s)
{
    return s.n <= JSONPATH_DATA_MAX || utf8_len(s) <= JSONPATH_DATA_MAX ||
           intrinsic_fail(c, "the data has more than 10000 characters");
}

bool intrinsic_base64_encode(const struct intrinsic_call *c, struct json_val *ret)
{
    if (!intrinsic_is_string(c, 0) || !is_short_enough(c, json_str(c->args[0])))
        return false;
    str s = json_str(c->args[0]);
    size_t n = (s.n + 2) / 3 * 4;
    char *out = arena_alloc(c->env->arena, n + 1); /* OpenSSL adds a NUL */
    if (n > 0)
        EVP_EncodeBlock((unsigned char *)out, (const unsigned char *)s.p, (int)s.n);
    *ret = json_string((str){out, n}, JSON_ASCII | JSON_PLAIN);
    return true;
}

static int base64_value(char c)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *at = c == '\0' ? NULL : strchr(digits, c);
    return at ? (int)(at - digits) : -1;
}

/* As Java's basic decoder: padding may be left out as a whole, nothing else. Returns the number of
 * bytes, STR_NONE when it is not Base64. */
static size_t base64_decode(str s, char *out)
{
    uint32_t bits = 0;
    size_t n = 0, held = 0, padding = 0;
    while (s.n > 0 && padding < 2 && s.p[s.n - 1] == '=') {
        s.n--;
        padding++;
    }
    if (s.n % 4 == 1 || (padding > 0 && (s.n + padding) % 4 != 0))
        return STR_NONE;
    for (size_t i = 0; i < s.n; i++) {
        int value = base64_value(s.p[i]);
        if (value < 0)
            return STR_NONE;
        bits = bits << 6 | (uint32_t)value;
        held += 6;
        if (held >= 8)
            out[n++] = (char)(bits >> (held -= 8));
    }
    return n;
}

/* Bytes as text; what is not UTF-8 becomes U+FFFD. */
static str text_of_bytes(struct arena *a, str bytes)
{
    size_t valid = utf8_check(bytes), n = 0;
    if (valid == bytes.n)
        return bytes;
    char *out = arena_alloc(a, bytes.n * 3);
    for (size_t at = 0;;) {
        memcpy(out + n, bytes.p + at, valid);
        n += valid;
        at += valid;
        if (at == bytes.n)
            break;
        n += utf8_encode(0xFFFD, out + n);
        at++;
        valid = utf8_check(str_sub(bytes, at, bytes.n));
    }
    return (str){out, n};
}

bool intrinsic_base64_decode(const struct intrinsic_call *c, struct json_val *ret)
{
    if (!intrinsic_is_string(c, 0) || !is_short_enough(c, json_str(c->args[0])))
        return false;
    str s = json_str(c->args[0]);
    char *out = arena_alloc(c->env->arena, s.n / 4 * 3 + 3);
    size_t n = base64_decode(s, out);
    if (n == STR_NONE)
        return intrinsic_fail(c, "the data is not Base64");
    *ret = json_string(text_of_bytes(c->env->arena, (str){out, n}), 0);
    return true;
}

/* ---- States.Hash ---- */

static const struct {
    const char *name;
    const EVP_MD *(*type)(void);
} digests[] = {
    {"MD5", EVP_md5},        {"SHA-1", EVP_sha1},     {"SHA-256", EVP_sha256},
    {"SHA-384", EVP_sha384}, {"SHA-512", EVP_sha512},
};

static bool hash_text(const struct intrinsic_call *c, str data, const EVP_MD *type,
                      struct json_val *ret)
{
    uint8_t bytes[EVP_MAX_MD_SIZE];
    unsigned n = 0;
    if (!is_short_enough(c, data))
        return false;
    /* a system may be set up to refuse some of them */
    if (EVP_Digest(data.n ? data.p : "", data.n, bytes, &n, type, NULL) != 1)
        return intrinsic_fail(c, "the algorithm is not available");
    char *text = arena_alloc(c->env->arena, 2 * (size_t)n);
    for (unsigned i = 0; i < n; i++) {
        text[2 * i] = "0123456789abcdef"[bytes[i] >> 4];
        text[2 * i + 1] = "0123456789abcdef"[bytes[i] & 15];
    }
    *ret = json_string((str){text, 2 * (size_t)n}, JSON_ASCII | JSON_PLAIN);
    return true;
}

bool intrinsic_hash(const struct intrinsic_call *c, struct json_val *ret)
{
    const EVP_MD *type = NULL;
    struct buf out;
    struct error err;
    if (!intrinsic_is_string(c, 1))
        return false;
    for (size_t i = 0; i < ARRAY_LEN(digests); i++)
        if (str_eq(json_str(c->args[1]), str_of(digests[i].name)))
            type = digests[i].type();
    if (type == NULL)
        return intrinsic_fail(c, "there is no such algorithm");
    if (c->args[0].tag == JSON_STRING)
        return hash_text(c, json_str(c->args[0]), type, ret);
    buf_init(&out, 4 * JSONPATH_DATA_MAX);
    bool is_done = json_write(&out, c->args[0], 0, &err) == STATUS_OK;
    if (is_done)
        is_done = hash_text(c, buf_str(&out), type, ret);
    else
        intrinsic_fail(c, "the data has more than 10000 characters");
    buf_done(&out);
    return is_done;
}
