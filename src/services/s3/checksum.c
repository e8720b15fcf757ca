/* SPDX-License-Identifier: Apache-2.0 */
/* Sums of bodies: OpenSSL's digests and the CRCs of base/, side by side over the same bytes. */
#include "services/s3/checksum.h"

#include "base/check.h"
#include "base/crc.h"
#include "services/http_encode.h"
#include <strings.h>

static const struct {
    const char *name, *member, *header;
    size_t bytes;
} algorithms[S3_NO_ALGORITHM] = {
#define X(name, bytes, header) {#name, "Checksum" #name, header, bytes},
    S3_ALGORITHM_LIST(X)
#undef X
};

const char *s3_algorithm_name(enum s3_algorithm a)
{
    check(a < S3_NO_ALGORITHM);
    return algorithms[a].name;
}

const char *s3_algorithm_member(enum s3_algorithm a)
{
    check(a < S3_NO_ALGORITHM);
    return algorithms[a].member;
}

const char *s3_algorithm_header(enum s3_algorithm a)
{
    check(a < S3_NO_ALGORITHM);
    return algorithms[a].header;
}

size_t s3_algorithm_bytes(enum s3_algorithm a)
{
    check(a < S3_NO_ALGORITHM);
    return algorithms[a].bytes;
}

enum s3_algorithm s3_algorithm_find(str name)
{
    for (enum s3_algorithm a = 0; a < S3_NO_ALGORITHM; a++)
        if (name.n == strlen(algorithms[a].name) &&
            strncasecmp(name.p, algorithms[a].name, name.n) == 0)
            return a;
    return S3_NO_ALGORITHM;
}

/* ---- sums ---- */

enum status s3_hash_kinds_init(struct s3_hash_kinds *k, struct error *err)
{
    *k = (struct s3_hash_kinds){.md5 = EVP_MD_fetch(NULL, "MD5", NULL),
                                .sha1 = EVP_MD_fetch(NULL, "SHA1", NULL),
                                .sha256 = EVP_MD_fetch(NULL, "SHA256", NULL)};
    if (k->md5 && k->sha1 && k->sha256)
        return STATUS_OK;
    s3_hash_kinds_done(k);
    return error_set(err, STATUS_UNAVAILABLE, "InternalError",
                     "OpenSSL has no MD5, SHA-1 or SHA-256 here");
}

void s3_hash_kinds_done(struct s3_hash_kinds *k)
{
    EVP_MD_free(k->md5);
    EVP_MD_free(k->sha1);
    EVP_MD_free(k->sha256);
}

static EVP_MD_CTX *begin(const EVP_MD *kind)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    check(ctx != NULL && EVP_DigestInit_ex2(ctx, kind, NULL) == 1);
    return ctx;
}

void s3_hash_begin(struct s3_hash *h, const struct s3_hash_kinds *k, unsigned wanted)
{
    *h = (struct s3_hash){.wanted = wanted, .md5 = begin(k->md5)};
    if (wanted >> S3_SHA1 & 1)
        h->sha1 = begin(k->sha1);
    if (wanted >> S3_SHA256 & 1)
        h->sha256 = begin(k->sha256);
}

void s3_hash_add(struct s3_hash *h, str bytes)
{
    check(EVP_DigestUpdate(h->md5, bytes.p, bytes.n) == 1);
    if (h->sha1)
        check(EVP_DigestUpdate(h->sha1, bytes.p, bytes.n) == 1);
    if (h->sha256)
        check(EVP_DigestUpdate(h->sha256, bytes.p, bytes.n) == 1);
    if (h->wanted >> S3_CRC32 & 1)
        h->crc32 = crc32_sum(h->crc32, bytes);
    if (h->wanted >> S3_CRC32C & 1)
        h->crc32c = crc32c_sum(h->crc32c, bytes);
    if (h->wanted >> S3_CRC64NVME & 1)
        h->crc64 = crc64nvme_sum(h->crc64, bytes);
}

static size_t finish(EVP_MD_CTX *ctx, char *out)
{
    unsigned n = 0;
    check(EVP_DigestFinal_ex(ctx, (unsigned char *)out, &n) == 1);
    return n;
}

static size_t put_number(uint64_t value, size_t bytes, char *out)
{
    for (size_t i = 0; i < bytes; i++)
        out[i] = (char)(value >> (8 * (bytes - 1 - i)));
    return bytes;
}

size_t s3_hash_md5(struct s3_hash *h, char out[S3_MD5_BYTES])
{
    return finish(h->md5, out);
}

size_t s3_hash_sum(struct s3_hash *h, enum s3_algorithm a, char out[S3_SUM_MAX])
{
    check(h->wanted >> a & 1);
    switch (a) {
    case S3_CRC32: return put_number(h->crc32, 4, out);
    case S3_CRC32C: return put_number(h->crc32c, 4, out);
    case S3_CRC64NVME: return put_number(h->crc64, 8, out);
    case S3_SHA1: return finish(h->sha1, out);
    case S3_SHA256: return finish(h->sha256, out);
    case S3_NO_ALGORITHM: break;
    }
    unreachable();
}

void s3_hash_end(struct s3_hash *h)
{
    EVP_MD_CTX_free(h->md5);
    EVP_MD_CTX_free(h->sha1);
    EVP_MD_CTX_free(h->sha256);
    *h = (struct s3_hash){0};
}

size_t s3_sum_of(const struct s3_hash_kinds *k, enum s3_algorithm a, str bytes,
                 char out[S3_SUM_MAX])
{
    struct s3_hash h;
    s3_hash_begin(&h, k, a == S3_NO_ALGORITHM ? 0 : 1u << a);
    s3_hash_add(&h, bytes);
    size_t n = a == S3_NO_ALGORITHM ? s3_hash_md5(&h, out) : s3_hash_sum(&h, a, out);
    s3_hash_end(&h);
    return n;
}

/* ---- texts ---- */

void s3_hex(str bytes, char *out)
{
    for (size_t i = 0; i < bytes.n; i++) {
        out[2 * i] = "0123456789abcdef"[(unsigned char)bytes.p[i] >> 4];
        out[2 * i + 1] = "0123456789abcdef"[bytes.p[i] & 15];
    }
}

str s3_base64(struct arena *a, str bytes)
{
    struct buf out;
    buf_init(&out, SIZE_MAX / 2);
    http_encode_base64(&out, bytes);
    str text = arena_dup(a, buf_str(&out));
    buf_done(&out);
    return text;
}

static int base64_digit(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

bool s3_base64_decode(str text, char *out, size_t max, size_t *ret_n)
{
    if (text.n % 4 != 0)
        return false;
    size_t pad = 0;
    while (pad < 2 && pad < text.n && text.p[text.n - 1 - pad] == '=')
        pad++;
    size_t n = text.n / 4 * 3 - pad, bits = 0, at = 0;
    uint32_t held = 0;
    if (n > max)
        return false;
    for (size_t i = 0; i < text.n - pad; i++) {
        int digit = base64_digit(text.p[i]);
        if (digit < 0)
            return false;
        held = held << 6 | (uint32_t)digit;
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            out[at++] = (char)(held >> bits);
        }
    }
    if ((held & ((1u << bits) - 1)) != 0) /* bits that no byte has */
        return false;
    *ret_n = n;
    return true;
}

str s3_checksum_print(struct arena *a, const struct s3_checksum *c)
{
    if (c->algorithm == S3_NO_ALGORITHM)
        return (str){NULL, 0};
    return arena_printf(a, "%s %s %.*s", s3_algorithm_name(c->algorithm),
                        c->is_composite ? "COMPOSITE" : "FULL_OBJECT", STR_ARG(c->text));
}

bool s3_checksum_read(str text, struct s3_checksum *ret)
{
    *ret = (struct s3_checksum){.algorithm = S3_NO_ALGORITHM};
    size_t first = text.p ? str_find_byte(text, ' ', 0) : STR_NONE;
    size_t second = first == STR_NONE ? STR_NONE : str_find_byte(text, ' ', first + 1);
    if (second == STR_NONE)
        return false;
    ret->algorithm = s3_algorithm_find(str_sub(text, 0, first));
    ret->is_composite = str_eq(str_sub(text, first + 1, second), STR("COMPOSITE"));
    ret->text = str_sub(text, second + 1, text.n);
    return ret->algorithm != S3_NO_ALGORITHM;
}

static uint64_t get_number(const char *p, size_t bytes)
{
    uint64_t value = 0;
    for (size_t i = 0; i < bytes; i++)
        value = value << 8 | (unsigned char)p[i];
    return value;
}

void s3_sum_join(enum s3_algorithm a, char sum[8], const char next[8], uint64_t next_bytes)
{
    size_t n = s3_algorithm_bytes(a);
    uint64_t x = get_number(sum, n), y = get_number(next, n);
    check(a == S3_CRC32 || a == S3_CRC32C || a == S3_CRC64NVME);
    if (a == S3_CRC64NVME)
        x = crc64nvme_join(x, y, next_bytes);
    else if (a == S3_CRC32)
        x = crc32_join((uint32_t)x, (uint32_t)y, next_bytes);
    else
        x = crc32c_join((uint32_t)x, (uint32_t)y, next_bytes);
    put_number(x, n, sum);
}
