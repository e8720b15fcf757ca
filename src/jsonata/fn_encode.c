/* SPDX-License-Identifier: Apache-2.0 */
/*
 * $base64encode, $base64decode and the four URL functions. They do what Buffer and encodeURI of a
 * JavaScript engine do: Base64 knows bytes only, so it takes the low byte of each UTF-16 unit and
 * gives the characters U+0000 to U+00FF; URLs are UTF-8.
 */
#include "jsonata/function.h"

#include "base/utf8.h"

enum {
    ENCODE_BYTES_PER_STEP = 64, /* of text, in the budget of steps */
    BASE64_OTHER = 64,          /* a character that the decoder skips */
    BASE64_END = 65,            /* = */
};

static const struct json_val encode_failed = {.tag = VAL_FAILED};

static bool encode_is_ascii(struct json_val v)
{
    return (v.flags & JSON_ASCII) || utf8_is_ascii(json_str(v));
}

/* The low bytes of the UTF-16 units of s, into room for s.n bytes; returns how many there are. */
static size_t encode_low_bytes(str s, uint8_t *out)
{
    size_t at = 0, n = 0;
    while (at < s.n) {
        uint32_t c = utf8_next(s, &at);
        if (c >= 0x10000) {
            out[n++] = (uint8_t)((c - 0x10000) >> 10);
            c -= 0x10000;
        }
        out[n++] = (uint8_t)c;
    }
    return n;
}

/* The bytes that Base64 sees in v: v itself when it is ASCII. NULL: failed. */
static const uint8_t *encode_bytes_of(struct ev *e, struct json_val v, size_t *ret_n)
{
    *ret_n = v.len;
    if (encode_is_ascii(v))
        return (const uint8_t *)v.ptr;
    uint8_t *bytes = ev_alloc(e, v.len);
    if (bytes != NULL)
        *ret_n = encode_low_bytes(json_str(v), bytes);
    return bytes;
}

/* ---- Base64 ---- */

static const char base64_alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static ALWAYS_INLINE void base64_put(char *out, uint32_t bits)
{
    out[0] = base64_alphabet[bits >> 18];
    out[1] = base64_alphabet[bits >> 12 & 63];
    out[2] = base64_alphabet[bits >> 6 & 63];
    out[3] = base64_alphabet[bits & 63];
}

static void base64_encode(const uint8_t *in, size_t n, char *out)
{
    for (; n >= 3; n -= 3, in += 3, out += 4)
        base64_put(out, (uint32_t)in[0] << 16 | (uint32_t)in[1] << 8 | in[2]);
    if (n == 0)
        return;
    base64_put(out, (uint32_t)in[0] << 16 | (n == 2 ? (uint32_t)in[1] << 8 : 0));
    out[3] = '=';
    if (n == 1)
        out[2] = '=';
}

struct json_val fn_base64encode(struct ev *e, const struct call *c)
{
    struct json_val v = c->args[0];
    size_t n;
    if (v.tag == JSON_UNDEFINED)
        return v;
    if (!ev_charge(e, v.len / ENCODE_BYTES_PER_STEP, c->node))
        return encode_failed;
    const uint8_t *bytes = encode_bytes_of(e, v, &n);
    if (bytes == NULL)
        return encode_failed;
    size_t size = (n + 2) / 3 * 4;
    if (size > UINT32_MAX)
        return ev_fail_memory(e, c->node);
    char *out = ev_alloc(e, size);
    if (out == NULL)
        return encode_failed;
    base64_encode(bytes, n, out);
    return json_string((str){out, size}, JSON_ASCII | JSON_PLAIN);
}

#define BASE64_SKIP4 BASE64_OTHER, BASE64_OTHER, BASE64_OTHER, BASE64_OTHER
#define BASE64_SKIP16 BASE64_SKIP4, BASE64_SKIP4, BASE64_SKIP4, BASE64_SKIP4
#define BASE64_SKIP64 BASE64_SKIP16, BASE64_SKIP16, BASE64_SKIP16, BASE64_SKIP16

/* What each byte stands for; - and _ are the alphabet of URLs. */
static const uint8_t base64_values[256] = {
    BASE64_SKIP16,
    BASE64_SKIP16, /* control characters */
    BASE64_SKIP4,
    BASE64_SKIP4,
    BASE64_OTHER,
    BASE64_OTHER,
    BASE64_OTHER,
    62, /* + */
    BASE64_OTHER,
    62,
    BASE64_OTHER,
    63, /* - . / */
    52,
    53,
    54,
    55,
    56,
    57,
    58,
    59,
    60,
    61, /* 0 to 9 */
    BASE64_OTHER,
    BASE64_OTHER,
    BASE64_OTHER,
    BASE64_END,
    BASE64_OTHER,
    BASE64_OTHER,
    BASE64_OTHER, /* @ */
    0,
    1,
    2,
    3,
    4,
    5,
    6,
    7,
    8,
    9,
    10,
    11,
    12,
    13,
    14,
    15,
    16,
    17,
    18,
    19,
    20,
    21,
    22,
    23,
    24,
    25,
    BASE64_SKIP4,
    63,
    BASE64_OTHER, /* _ ` */
    26,
    27,
    28,
    29,
    30,
    31,
    32,
    33,
    34,
    35,
    36,
    37,
    38,
    39,
    40,
    41,
    42,
    43,
    44,
    45,
    46,
    47,
    48,
    49,
    50,
    51,
    BASE64_SKIP4,
    BASE64_OTHER,
    BASE64_SKIP64,
    BASE64_SKIP64,
};

/* Decodes into room for n / 4 * 3 + 3 bytes; returns their number. Bits that fill no byte are
 * dropped. */
static size_t base64_decode(const uint8_t *in, size_t n, uint8_t *out)
{
    const uint8_t *end = in + n;
    uint8_t *start = out;
    uint32_t bits = 0, held = 0;
    while (in < end) {
        if (held == 0 && end - in >= 4) {
            uint8_t a = base64_values[in[0]], b = base64_values[in[1]];
            uint8_t c = base64_values[in[2]], d = base64_values[in[3]];
            if ((a | b | c | d) < BASE64_OTHER) {
                bits = (uint32_t)a << 18 | (uint32_t)b << 12 | (uint32_t)c << 6 | d;
                *out++ = (uint8_t)(bits >> 16);
                *out++ = (uint8_t)(bits >> 8);
                *out++ = (uint8_t)bits;
                in += 4;
                continue;
            }
        }
        uint8_t value = base64_values[*in++];
        if (value == BASE64_END)
            break;
        if (value == BASE64_OTHER)
            continue;
        bits = bits << 6 | value;
        held += 6;
        if (held >= 8) {
            held -= 8;
            *out++ = (uint8_t)(bits >> held);
        }
    }
    return (size_t)(out - start);
}

/* Bytes as the characters with these numbers. */
static struct json_val base64_text(struct ev *e, const uint8_t *bytes, size_t n)
{
    size_t high = 0;
    for (size_t i = 0; i < n; i++)
        high += bytes[i] >> 7;
    if (high == 0)
        return json_string((str){(const char *)bytes, n}, JSON_ASCII);
    if (n + high > UINT32_MAX)
        return ev_fail_memory(e, NULL);
    char *text = ev_alloc(e, n + high), *at = text;
    if (text == NULL)
        return encode_failed;
    for (size_t i = 0; i < n; i++) {
        if (bytes[i] < 0x80) {
            *at++ = (char)bytes[i];
            continue;
        }
        *at++ = (char)(0xC0 | bytes[i] >> 6);
        *at++ = (char)(0x80 | (bytes[i] & 0x3F));
    }
    return json_string((str){text, n + high}, 0);
}

struct json_val fn_base64decode(struct ev *e, const struct call *c)
{
    struct json_val v = c->args[0];
    size_t n;
    if (v.tag == JSON_UNDEFINED)
        return v;
    if (!ev_charge(e, v.len / ENCODE_BYTES_PER_STEP, c->node))
        return encode_failed;
    const uint8_t *in = encode_bytes_of(e, v, &n);
    uint8_t *out = in == NULL ? NULL : ev_alloc(e, n / 4 * 3 + 3);
    if (out == NULL)
        return encode_failed;
    n = base64_decode(in, n, out);
    return base64_text(e, out, n);
}

/* ---- URLs ---- */

/* Sets of bytes, one bit each. */
struct url_set {
    uint64_t bits[4];
};

/* Letters, digits, - _ . ! ~ * ' ( ): never escaped. */
#define URL_MARKS_LOW UINT64_C(0x03FF678200000000)
#define URL_MARKS_HIGH UINT64_C(0x47FFFFFE87FFFFFE)
/* ; / ? : @ & = + $ , #: neither escaped nor unescaped by the functions for whole URLs. */
#define URL_RESERVED_LOW UINT64_C(0xAC00985800000000)
#define URL_RESERVED_HIGH UINT64_C(0x0000000000000001)

static const struct url_set url_marks = {{URL_MARKS_LOW, URL_MARKS_HIGH}};
static const struct url_set url_reserved = {{URL_RESERVED_LOW, URL_RESERVED_HIGH}};
static const struct url_set url_unescaped = {
    {URL_MARKS_LOW | URL_RESERVED_LOW, URL_MARKS_HIGH | URL_RESERVED_HIGH}};
static const struct url_set url_nothing = {{0}};

static ALWAYS_INLINE bool url_has(const struct url_set *set, char c)
{
    uint8_t byte = (uint8_t)c;
    return set->bits[byte >> 6] >> (byte & 63) & 1;
}

static struct json_val url_malformed(struct ev *e, const struct call *c, str function)
{
    struct json_val failed = ev_fail_value(e, "D3140", c->node, c->args[0]);
    e->err.text = function;
    return failed;
}

static char *url_put(char *out, char c)
{
    uint8_t byte = (uint8_t)c;
    out[0] = '%';
    out[1] = "0123456789ABCDEF"[byte >> 4];
    out[2] = "0123456789ABCDEF"[byte & 15];
    return out + 3;
}

static bool url_is_surrogate(str s, size_t at)
{
    return s.n - at >= 3 && (uint8_t)s.p[at] == 0xED && (uint8_t)s.p[at + 1] >= 0xA0;
}

/* A surrogate pair at *at whose halves were put together one by one. NULL when one is alone. */
static char *url_put_pair(str s, size_t *at, char *out)
{
    char bytes[4];
    uint32_t high = utf8_next(s, at);
    if (high >= 0xDC00 || !url_is_surrogate(s, *at))
        return NULL;
    uint32_t low = utf8_next(s, at);
    if (low < 0xDC00)
        return NULL;
    size_t n = utf8_encode(0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00), bytes);
    for (size_t i = 0; i < n; i++)
        out = url_put(out, bytes[i]);
    return out;
}

/* Writes s escaped, to room for three bytes for each that is not in kept. Returns the end, NULL
 * when s has a lone surrogate. */
static char *url_escape(str s, const struct url_set *kept, char *out)
{
    for (size_t at = 0; at < s.n;) {
        if (url_has(kept, s.p[at])) {
            *out++ = s.p[at++];
        } else if (LIKELY(!url_is_surrogate(s, at))) {
            out = url_put(out, s.p[at++]);
        } else {
            out = url_put_pair(s, &at, out);
            if (out == NULL)
                return NULL;
        }
    }
    return out;
}

static struct json_val url_encode(struct ev *e, const struct call *c, const struct url_set *kept,
                                  str function)
{
    struct json_val v = c->args[0];
    if (v.tag == JSON_UNDEFINED)
        return v;
    str s = json_str(v);
    size_t escaped = 0;
    if (!ev_charge(e, s.n / ENCODE_BYTES_PER_STEP, c->node))
        return encode_failed;
    for (size_t i = 0; i < s.n; i++)
        escaped += !url_has(kept, s.p[i]);
    if (escaped == 0)
        return v;
    size_t size = s.n + 2 * escaped;
    if (size > UINT32_MAX)
        return ev_fail_memory(e, c->node);
    char *out = ev_alloc(e, size);
    if (out == NULL)
        return encode_failed;
    char *end = url_escape(s, kept, out);
    if (end == NULL)
        return url_malformed(e, c, function);
    return json_string((str){out, (size_t)(end - out)}, JSON_ASCII | JSON_PLAIN);
}

static int url_hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    char lower = (char)(c | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/* The byte that %XX at `at` stands for; -1 when there is none. */
static int url_escaped_byte(str s, size_t at)
{
    if (s.n - at < 3 || s.p[at] != '%')
        return -1;
    int high = url_hex_digit(s.p[at + 1]), low = url_hex_digit(s.p[at + 2]);
    return high < 0 || low < 0 ? -1 : high << 4 | low;
}

/* Reads the character whose escaped UTF-8 begins at `at`; returns how many bytes it has, 0
 * malformed. */
static size_t url_escaped_character(str s, size_t at, char bytes[4])
{
    int first = url_escaped_byte(s, at);
    if (first < 0)
        return 0;
    bytes[0] = (char)first;
    if (first < 0x80)
        return 1;
    size_t count = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
    for (size_t i = 1; i < count; i++) {
        if (at + 3 * i >= s.n)
            return 0;
        int byte = url_escaped_byte(s, at + 3 * i);
        if (byte < 0)
            return 0;
        bytes[i] = (char)byte;
    }
    return utf8_check((str){bytes, count}) == count ? count : 0;
}

/* Writes s unescaped, to room for its length; STR_NONE when it is malformed. */
static size_t url_unescape(str s, const struct url_set *kept, char *out)
{
    size_t n = 0, at = 0;
    while (at < s.n) {
        char bytes[4];
        if (s.p[at] != '%') {
            out[n++] = s.p[at++];
            continue;
        }
        size_t count = url_escaped_character(s, at, bytes);
        if (count == 0)
            return STR_NONE;
        if (count == 1 && url_has(kept, bytes[0])) {
            memcpy(out + n, s.p + at, 3);
            n += 3;
        } else {
            memcpy(out + n, bytes, count);
            n += count;
        }
        at += 3 * count;
    }
    return n;
}

static struct json_val url_decode(struct ev *e, const struct call *c, const struct url_set *kept,
                                  str function)
{
    struct json_val v = c->args[0];
    if (v.tag == JSON_UNDEFINED)
        return v;
    str s = json_str(v);
    if (!ev_charge(e, s.n / ENCODE_BYTES_PER_STEP, c->node))
        return encode_failed;
    if (str_find_byte(s, '%', 0) == STR_NONE)
        return v;
    char *out = ev_alloc(e, s.n);
    if (out == NULL)
        return encode_failed;
    size_t n = url_unescape(s, kept, out);
    if (n == STR_NONE)
        return url_malformed(e, c, function);
    return json_string((str){out, n}, 0);
}

struct json_val fn_encode_url_component(struct ev *e, const struct call *c)
{
    return url_encode(e, c, &url_marks, STR("encodeUrlComponent"));
}

struct json_val fn_encode_url(struct ev *e, const struct call *c)
{
    return url_encode(e, c, &url_unescaped, STR("encodeUrl"));
}

struct json_val fn_decode_url_component(struct ev *e, const struct call *c)
{
    return url_decode(e, c, &url_nothing, STR("decodeUrlComponent"));
}

struct json_val fn_decode_url(struct ev *e, const struct call *c)
{
    return url_decode(e, c, &url_reserved, STR("decodeUrl"));
}
