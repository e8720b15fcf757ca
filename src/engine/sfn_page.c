/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tokens of pages: where a list goes on, for whom it was made and when, signed so that nobody makes
 * one up. As text: base64url of
 *
 *   version, 1 | time of its making, 8 | hash of the list's subject, 8 | code, 16 | position
 *
 * The code (HMAC-SHA-256, cut) covers all else. A token is good for a day, as AWS's are.
 */
#include "engine/sfn_internal.h"
#include "base/map.h"
#include <openssl/evp.h>
#include <openssl/hmac.h>

enum {
    PAGE_VERSION = 1,
    PAGE_HEAD = 17,
    PAGE_CODE = 16,
    PAGE_DIGEST = 32,
    PAGE_LIFE_MS = 24 * 3600 * 1000,
    PAGE_TEXT = 4096
};

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static void put_u64(uint8_t *p, uint64_t n)
{
    for (int i = 0; i < 8; i++)
        p[i] = (uint8_t)(n >> (56 - 8 * i));
}

static uint64_t get_u64(const uint8_t *p)
{
    uint64_t n = 0;
    for (int i = 0; i < 8; i++)
        n = n << 8 | p[i];
    return n;
}

static void sign(const struct sfn_scope *s, const uint8_t *head, str position,
                 uint8_t code[PAGE_CODE])
{
    uint8_t digest[PAGE_DIGEST];
    unsigned n = 0;
    uint8_t *all = arena_alloc(s->arena, PAGE_HEAD + position.n);
    memcpy(all, head, PAGE_HEAD);
    if (position.n > 0)
        memcpy(all + PAGE_HEAD, position.p, position.n);
    check(HMAC(EVP_sha256(), s->page_key, sizeof(s->page_key), all, PAGE_HEAD + position.n, digest,
               &n));
    memcpy(code, digest, PAGE_CODE);
}

static enum status invalid(struct error *err)
{
    return error_set(err, STATUS_INVALID, "InvalidToken", "Invalid Token: 'Invalid token'");
}

/* STR_NONE when it is no base64url. */
static size_t decode(str text, uint8_t *out)
{
    uint32_t bits = 0;
    int count = 0;
    size_t n = 0;
    for (size_t i = 0; i < text.n; i++) {
        const char *at = text.p[i] ? strchr(digits, text.p[i]) : NULL;
        if (!at)
            return STR_NONE;
        bits = bits << 6 | (uint32_t)(at - digits);
        for (count += 6; count >= 8; count -= 8)
            out[n++] = (uint8_t)(bits >> (count - 8));
    }
    return n;
}

static str encode(const uint8_t *in, size_t n, struct arena *a)
{
    char *out = arena_alloc(a, n * 4 / 3 + 2);
    uint32_t bits = 0;
    int count = 0;
    size_t length = 0;
    for (size_t i = 0; i < n; i++) {
        bits = bits << 8 | in[i];
        for (count += 8; count >= 6; count -= 6)
            out[length++] = digits[bits >> (count - 6) & 63];
    }
    if (count > 0)
        out[length++] = digits[bits << (6 - count) & 63];
    return (str){out, length};
}

static bool is_same(const uint8_t *a, const uint8_t *b)
{
    unsigned difference = 0;
    for (int i = 0; i < PAGE_CODE; i++)
        difference |= a[i] ^ b[i];
    return difference == 0;
}

enum status sfn_page_read(struct sfn_scope *s, str subject, struct sfn_page *ret, struct error *err)
{
    str token = sfn_text(s, "nextToken");
    double limit = sfn_number(s, "maxResults");
    *ret = (struct sfn_page){.limit = limit > 0 ? (uint32_t)limit : SFN_PAGE_DEFAULT};
    if (token.n == 0)
        return STATUS_OK;
    uint8_t code[PAGE_CODE], *bytes = arena_alloc(s->arena, token.n + 1);
    size_t n = token.n <= PAGE_TEXT ? decode(token, bytes) : STR_NONE;
    if (n == STR_NONE || n < PAGE_HEAD + PAGE_CODE || bytes[0] != PAGE_VERSION)
        return invalid(err);
    str position = {(const char *)bytes + PAGE_HEAD + PAGE_CODE, n - PAGE_HEAD - PAGE_CODE};
    sign(s, bytes, position, code);
    int64_t age_ms = s->now_ms - (int64_t)get_u64(bytes + 1);
    if (!is_same(code, bytes + PAGE_HEAD) || get_u64(bytes + 9) != hash_bytes(subject, 0) ||
        age_ms > PAGE_LIFE_MS)
        return invalid(err);
    ret->after = position;
    return STATUS_OK;
}

void sfn_page_next(struct sfn_scope *s, struct object_writer *w, str subject, str after)
{
    size_t n = PAGE_HEAD + PAGE_CODE + after.n;
    uint8_t *bytes = arena_alloc(s->arena, n);
    bytes[0] = PAGE_VERSION;
    put_u64(bytes + 1, (uint64_t)s->now_ms);
    put_u64(bytes + 9, hash_bytes(subject, 0));
    sign(s, bytes, after, bytes + PAGE_HEAD);
    memcpy(bytes + PAGE_HEAD + PAGE_CODE, after.p, after.n);
    object_text(w, "nextToken", encode(bytes, n, s->arena));
}
