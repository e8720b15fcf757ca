/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Task tokens: "AQC" + base64url( frame | attempt | HMAC-SHA-256, 16 bytes | ARN of the execution
 * ). The code covers all else. Tokens outlive processes: a change of form needs another first
 * letter.
 */
#include "asl/token.h"
#include "base/check.h"
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>

enum { MAC_BYTES = 16, HEAD_BYTES = 8, DIGEST_BYTES = 32 };

static const char TOKEN_PREFIX[] = "AQC";
static const char ALPHABET[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static void put_u32(uint8_t *p, uint32_t n)
{
    for (int i = 0; i < 4; i++)
        p[i] = (uint8_t)(n >> (24 - 8 * i));
}

static uint32_t get_u32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* The code over head and ARN. */
static void token_mac(const uint8_t *key, const uint8_t *head, str arn, struct arena *a,
                      uint8_t out[MAC_BYTES])
{
    uint8_t digest[DIGEST_BYTES];
    unsigned n = 0;
    uint8_t *text = arena_alloc(a, HEAD_BYTES + arn.n);
    memcpy(text, head, HEAD_BYTES);
    if (arn.n > 0)
        memcpy(text + HEAD_BYTES, arn.p, arn.n);
    check(HMAC(EVP_sha256(), key, ASL_TOKEN_KEY_BYTES, text, HEAD_BYTES + arn.n, digest, &n));
    memcpy(out, digest, MAC_BYTES);
}

static size_t encode_url(const uint8_t *in, size_t n, char *out)
{
    uint32_t bits = 0;
    int count = 0;
    size_t length = 0;
    for (size_t i = 0; i < n; i++) {
        bits = bits << 8 | in[i];
        for (count += 8; count >= 6; count -= 6)
            out[length++] = ALPHABET[bits >> (count - 6) & 63];
    }
    if (count > 0)
        out[length++] = ALPHABET[bits << (6 - count) & 63];
    return length;
}

/* STR_NONE when a character is wrong, or bits behind the last byte are set. */
static size_t decode_url(str in, uint8_t *out)
{
    uint32_t bits = 0;
    int count = 0;
    size_t length = 0;
    for (size_t i = 0; i < in.n; i++) {
        const char *at = in.p[i] != 0 ? strchr(ALPHABET, in.p[i]) : NULL;
        if (!at)
            return STR_NONE;
        bits = bits << 6 | (uint32_t)(at - ALPHABET);
        count += 6;
        if (count >= 8) {
            count -= 8;
            out[length++] = (uint8_t)(bits >> count);
        }
    }
    return count < 6 && (bits & ((1u << count) - 1)) == 0 ? length : STR_NONE;
}

str asl_token_make(const struct asl_exec *x, uint32_t frame, uint32_t attempt, struct arena *a)
{
    str arn = x->identity.id;
    size_t n = HEAD_BYTES + MAC_BYTES + arn.n;
    uint8_t *bytes = arena_alloc(a, n);
    put_u32(bytes, frame);
    put_u32(bytes + 4, attempt);
    token_mac(x->options.token_key, bytes, arn, a, bytes + HEAD_BYTES);
    if (arn.n > 0)
        memcpy(bytes + HEAD_BYTES + MAC_BYTES, arn.p, arn.n);
    char *text = arena_alloc(a, sizeof(TOKEN_PREFIX) + n * 4 / 3 + 2);
    memcpy(text, TOKEN_PREFIX, sizeof(TOKEN_PREFIX) - 1);
    size_t length = encode_url(bytes, n, text + sizeof(TOKEN_PREFIX) - 1);
    return (str){text, sizeof(TOKEN_PREFIX) - 1 + length};
}

/* Takes as long wherever the first difference is. */
static bool is_same_mac(const uint8_t *a, const uint8_t *b)
{
    unsigned difference = 0;
    for (int i = 0; i < MAC_BYTES; i++)
        difference |= a[i] ^ b[i];
    return difference == 0;
}

enum status asl_token_read(str text, const uint8_t key[ASL_TOKEN_KEY_BYTES], struct arena *a,
                           struct asl_token *ret, struct error *err)
{
    uint8_t mac[MAC_BYTES], *bytes = arena_alloc(a, ASL_TOKEN_MAX);
    size_t n = STR_NONE;
    if (text.n <= ASL_TOKEN_MAX && str_starts(text, str_of(TOKEN_PREFIX)))
        n = decode_url(str_sub(text, sizeof(TOKEN_PREFIX) - 1, text.n), bytes);
    if (n != STR_NONE && n >= HEAD_BYTES + MAC_BYTES) {
        str arn = {(char *)bytes + HEAD_BYTES + MAC_BYTES, n - HEAD_BYTES - MAC_BYTES};
        token_mac(key, bytes, arn, a, mac);
        if (is_same_mac(mac, bytes + HEAD_BYTES)) {
            *ret = (struct asl_token){arn, get_u32(bytes), get_u32(bytes + 4)};
            return STATUS_OK;
        }
    }
    return error_set(err, STATUS_INVALID, "InvalidToken", "Invalid Token: 'Invalid token'");
}

str asl_uuid_of(str text, uint64_t first, uint64_t second, struct arena *a)
{
    uint8_t hash[DIGEST_BYTES], *all = arena_alloc(a, text.n + 16);
    if (text.n > 0)
        memcpy(all, text.p, text.n); /* which may have NUL in it */
    for (int i = 0; i < 8; i++) {
        all[text.n + (size_t)i] = (uint8_t)(first >> (8 * i));
        all[text.n + 8 + (size_t)i] = (uint8_t)(second >> (8 * i));
    }
    SHA256(all, text.n + 16, hash);
    hash[6] = (uint8_t)((hash[6] & 0x0F) | 0x30);
    hash[8] = (uint8_t)((hash[8] & 0x3F) | 0x80);
    char *out = arena_alloc(a, 40);
    size_t n = 0;
    for (int i = 0; i < 16; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            out[n++] = '-';
        out[n++] = "0123456789abcdef"[hash[i] >> 4];
        out[n++] = "0123456789abcdef"[hash[i] & 15];
    }
    return (str){out, n};
}
