/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Values to compact JSON text. Room is asked for once per member, for key and value together; keys
 * are copied with quotes and colon in one go (struct json_key) and strings known to be plain
 * without looking at them.
 *
 * Indented and coloured text is in write_pretty.c, the digits of numbers are in base/number.c.
 */
#include "json/write.h"
#include "base/number.h"
#include "json/scan.h"
#include "json/write_internal.h"

_Static_assert((int)NUMBER_TEXT_MAX + 8 <= (int)WRITER_FREE, "a number needs no room of its own");

/* ---- room ---- */

void writer_begin(struct writer *w, struct buf *out, unsigned flags)
{
    *w = (struct writer){.out = out, .flags = flags};
    w->at = out->p ? out->p + out->n : NULL;
    w->end = w->at; /* the first writer_room() finds the real one */
}

bool writer_fail(struct writer *w, enum status status)
{
    w->status = status;
    return false;
}

/*
 * WRITER_FREE bytes are promised on top of what was asked for; the buffer's slack lends them, so
 * that its maximum is met to the byte. What went into the slack is made good here.
 */
static bool writer_sync(struct writer *w)
{
    _Static_assert((int)WRITER_FREE <= (int)BUF_SLACK, "slack covers what is free");
    struct buf *out = w->out;
    size_t n = (size_t)(w->at - out->p);
    if (n > out->max) {
        out->n = out->max;
        out->overflowed = true;
        return writer_fail(w, STATUS_LIMIT);
    }
    out->n = n;
    return n <= out->cap || buf_grow(out, 0) || writer_fail(w, STATUS_LIMIT);
}

bool writer_end(struct writer *w)
{
    return w->out->p == NULL || writer_sync(w);
}

bool writer_more(struct writer *w, size_t need)
{
    struct buf *out = w->out;
    if (w->status != STATUS_OK || (out->p && !writer_sync(w)))
        return false;
    if (!(out->p ? buf_reserve(out, need) : buf_grow(out, need)))
        return writer_fail(w, STATUS_LIMIT);
    w->at = out->p + out->n;
    w->end = out->p + out->cap + BUF_SLACK;
    return true;
}

/* ---- strings ---- */

/* Copies n bytes; may write up to 15 more behind them, never reads more. */
static ALWAYS_INLINE void copy_bytes(char *to, const char *from, size_t n)
{
    if (n >= 16) {
        if (n > 256) {
            memcpy(to, from, n);
            return;
        }
        size_t at = 0;
        do {
            memcpy(to + at, from + at, 16);
            at += 16;
        } while (at + 16 <= n);
        memcpy(to + n - 16, from + n - 16, 16);
    } else if (n >= 8) {
        memcpy(to, from, 8);
        memcpy(to + n - 8, from + n - 8, 8);
    } else if (n >= 4) {
        memcpy(to, from, 4);
        memcpy(to + n - 4, from + n - 4, 4);
    } else if (n > 0) {
        to[0] = from[0];
        to[n / 2] = from[n / 2];
        to[n - 1] = from[n - 1];
    }
}

/* `"key":` of a plain key; the first 16 bytes can always be read. */
static ALWAYS_INLINE char *copy_key(char *to, const struct json_key *key)
{
    size_t n = key->n + 3;
    memcpy(to, key->p - 1, 16);
    if (UNLIKELY(n > 16))
        copy_bytes(to + 16, key->p + 15, n - 16);
    return to + n;
}

static char *put_unit(char *at, unsigned unit)
{
    static const char digits[] = "0123456789abcdef";
    *at++ = '\\';
    *at++ = 'u';
    for (int shift = 12; shift >= 0; shift -= 4)
        *at++ = digits[unit >> shift & 15];
    return at;
}

static char *put_control(char *at, uint8_t c)
{
    static const char letters[32] = {
        ['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r'};
    if (letters[c] == 0)
        return put_unit(at, c);
    *at++ = '\\';
    *at++ = letters[c];
    return at;
}

/* Is p[0..2] a surrogate's three bytes? Its code unit, or 0. p[0] is 0xED. */
static unsigned surrogate_at(const char *p, size_t n)
{
    if (n < 3 || (uint8_t)p[0] != 0xED || (uint8_t)p[1] < 0xA0)
        return 0;
    return 0xD000u | ((uint8_t)p[1] & 0x3Fu) << 6 | ((uint8_t)p[2] & 0x3Fu);
}

/* p[0] is 0xED. Writes the character there (a surrogate as an escape, two that belong together as
 * the character they mean) and returns the bytes read. */
static size_t put_ed(char **at, const char *p, size_t n)
{
    unsigned high = surrogate_at(p, n);
    if (high == 0) {
        *(*at)++ = *p;
        return 1;
    }
    unsigned low = high < 0xDC00 && n > 3 ? surrogate_at(p + 3, n - 3) : 0;
    if (low < 0xDC00) {
        *at = put_unit(*at, high);
        return 3;
    }
    uint32_t code = 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00);
    *(*at)++ = (char)(0xF0 | code >> 18);
    *(*at)++ = (char)(0x80 | (code >> 12 & 0x3F));
    *(*at)++ = (char)(0x80 | (code >> 6 & 0x3F));
    *(*at)++ = (char)(0x80 | (code & 0x3F));
    return 6;
}

/* The escape of p[0], which scan_unescaped() stopped at. Returns the bytes read. */
static size_t put_escape(char **at, const char *p, size_t n)
{
    uint8_t c = (uint8_t)*p;
    if (c == 0xED)
        return put_ed(at, p, n);
    if (c < 0x20) {
        *at = put_control(*at, c);
        return 1;
    }
    *(*at)++ = '\\';
    *(*at)++ = (char)c;
    return 1;
}

static NOINLINE bool write_escaped(struct writer *w, const char *p, size_t n)
{
    *w->at++ = '"';
    while (n > 0) {
        size_t run = scan_unescaped(p, n);
        if (!writer_room(w, run))
            return false;
        copy_bytes(w->at, p, run);
        w->at += run;
        p += run;
        n -= run;
        if (n > 0) {
            size_t read = put_escape(&w->at, p, n);
            p += read;
            n -= read;
        }
    }
    *w->at++ = '"';
    return true;
}

bool writer_string(struct writer *w, const char *p, size_t n, unsigned flags)
{
    if (!writer_room(w, n + 2))
        return false;
    if (!(flags & JSON_PLAIN) && scan_unescaped(p, n) != n)
        return write_escaped(w, p, n);
    *w->at++ = '"';
    copy_bytes(w->at, p, n);
    w->at += n;
    *w->at++ = '"';
    return true;
}

/* ---- numbers ---- */

static bool write_double(struct writer *w, double value)
{
    if (w->flags & JSON_WRITE_PRECISION15 && value != __builtin_trunc(value))
        value = number_round15(value);
    if (UNLIKELY(!__builtin_isfinite(value)))
        return writer_fail(w, STATUS_INVALID);
    w->at += number_print(value, w->at);
    return true;
}

bool writer_number(struct writer *w, struct json_val v)
{
    if (!writer_room(w, 0))
        return false;
    if (LIKELY(v.tag == JSON_NUMBER))
        return write_double(w, v.num);
    bool is_exact = w->flags & JSON_WRITE_EXACT && json_number_stays(v, JSON_NUMBERS_EXACT);
    if (w->flags & (JSON_WRITE_DOUBLES | JSON_WRITE_PRECISION15 | JSON_WRITE_EXACT) && !is_exact)
        return write_double(w, json_number_slow(v));
    if (v.tag == JSON_INT) {
        w->at += number_print_int(v.i64, w->at);
        return true;
    }
    if (!writer_room(w, v.len))
        return false;
    copy_bytes(w->at, v.ptr, v.len);
    w->at += v.len;
    return true;
}

bool writer_scalar(struct writer *w, struct json_val v)
{
    if (json_is_number(v))
        return writer_number(w, v);
    if (v.tag == JSON_STRING)
        return writer_string(w, v.ptr, v.len, v.flags);
    str word = v.tag != JSON_BOOL ? STR("null") : v.b ? STR("true") : STR("false");
    if (v.tag >= JSON_FUNCTION)
        word = STR("\"\"");
    if (!writer_room(w, 0))
        return false;
    memcpy(w->at, word.p, word.n);
    w->at += word.n;
    return true;
}

/* ---- containers ---- */

static bool write_container(struct writer *w, struct json_val v, unsigned depth);

/* A value for which there is room already if it is a plain string or a double. */
static ALWAYS_INLINE bool write_item(struct writer *w, struct json_val v, unsigned depth)
{
    if (v.tag == JSON_STRING && (v.flags & JSON_PLAIN)) {
        *w->at++ = '"';
        copy_bytes(w->at, v.ptr, v.len);
        w->at += v.len;
        *w->at++ = '"';
        return true;
    }
    if (v.tag == JSON_NUMBER)
        return write_double(w, v.num);
    if (json_is_container(v))
        return write_container(w, v, depth + 1);
    return writer_scalar(w, v);
}

/* What a value needs at most behind its key, WRITER_FREE apart, as write_item() wants it. */
static ALWAYS_INLINE size_t item_room(struct json_val v)
{
    return v.tag == JSON_STRING ? (size_t)v.len + 2 : 0;
}

static ALWAYS_INLINE bool write_key(struct writer *w, const struct json_key *key, struct json_val v)
{
    if (LIKELY(key->flags & JSON_PLAIN)) {
        if (UNLIKELY(!writer_room(w, key->n + 3 + item_room(v))))
            return false;
        w->at = copy_key(w->at, key);
        return true;
    }
    if (!writer_string(w, key->p, key->n, key->flags) || !writer_room(w, item_room(v)))
        return false;
    *w->at++ = ':';
    return true;
}

static bool write_object(struct writer *w, const struct json_object *obj, unsigned depth)
{
    const struct json_shape *shape = obj->shape;
    *w->at++ = '{';
    for (uint32_t i = 0; i < shape->count; i++) {
        struct json_val v = obj->vals[i];
        if (!write_key(w, &shape->keys[i], v) || !write_item(w, v, depth))
            return false;
        *w->at++ = ',';
    }
    if (!writer_room(w, 0))
        return false;
    w->at -= shape->count != 0;
    *w->at++ = '}';
    return true;
}

static bool write_array(struct writer *w, const struct json_val *items, uint32_t len,
                        unsigned depth)
{
    *w->at++ = '[';
    for (uint32_t i = 0; i < len; i++) {
        struct json_val v = items[i];
        if (UNLIKELY(!writer_room(w, item_room(v))) || !write_item(w, v, depth))
            return false;
        *w->at++ = ',';
    }
    if (!writer_room(w, 0))
        return false;
    w->at -= len != 0;
    *w->at++ = ']';
    return true;
}

static bool write_container(struct writer *w, struct json_val v, unsigned depth)
{
    if (UNLIKELY(depth > JSON_MAX_DEPTH))
        return writer_fail(w, WRITER_TOO_DEEP);
    if (!writer_room(w, 0))
        return false;
    return v.tag == JSON_OBJECT ? write_object(w, v.obj, depth)
                                : write_array(w, v.items, v.len, depth);
}

/* ---- the calls ---- */

static enum status write_error(const struct writer *w, struct error *err)
{
    if (w->status == STATUS_INVALID)
        return error_set(err, STATUS_INVALID, "JsonNumber",
                         "a number that is not finite has no JSON text");
    if (w->status == WRITER_TOO_DEEP)
        return error_set(err, STATUS_LIMIT, "JsonTooDeep", "nested deeper than %d levels",
                         JSON_MAX_DEPTH);
    return error_set(err, STATUS_LIMIT, "JsonTooLarge", "the JSON text has more than %zu bytes",
                     w->out->max);
}

enum status json_write(struct buf *out, struct json_val value, unsigned flags, struct error *err)
{
    struct writer w;
    writer_begin(&w, out, flags);
    bool done = flags & (JSON_WRITE_PRETTY | JSON_WRITE_COLOR) ? writer_pretty(&w, value)
                : json_is_container(value)                     ? write_container(&w, value, 1)
                                                               : writer_scalar(&w, value);
    done = writer_end(&w) && done;
    return done ? STATUS_OK : write_error(&w, err);
}

void json_write_string(struct buf *out, str text)
{
    struct writer w;
    writer_begin(&w, out, 0);
    (void)writer_string(&w, text.p, text.n, 0);
    (void)writer_end(&w);
}
