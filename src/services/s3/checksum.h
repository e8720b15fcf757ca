/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sums of a body, made while it passes: MD5, which is the ETag, and the additional checksums
 * that clients ask for (Amazon S3 User Guide, "Checking object integrity").
 *
 * A checksum is kept as text, "CRC32 FULL_OBJECT y/Q5Jg==". Of an upload it is either that of the
 * whole object (FULL_OBJECT: CRCs can be joined), or a sum over the sums of the parts (COMPOSITE:
 * "BASE64-N").
 */
#ifndef AFFLUX_SERVICES_S3_CHECKSUM_H
#define AFFLUX_SERVICES_S3_CHECKSUM_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include <openssl/evp.h>

#define S3_ALGORITHM_LIST(X)                                                                       \
    X(CRC32, 4, "x-amz-checksum-crc32")                                                            \
    X(CRC32C, 4, "x-amz-checksum-crc32c")                                                          \
    X(CRC64NVME, 8, "x-amz-checksum-crc64nvme")                                                    \
    X(SHA1, 20, "x-amz-checksum-sha1")                                                             \
    X(SHA256, 32, "x-amz-checksum-sha256")

enum s3_algorithm {
#define X(name, bytes, header) S3_##name,
    S3_ALGORITHM_LIST(X)
#undef X
        S3_NO_ALGORITHM
};
enum { S3_SUM_MAX = 32, S3_MD5_BYTES = 16, S3_ETAG_MAX = 32 + 1 + 5 };

const char *s3_algorithm_name(enum s3_algorithm a);   /* "CRC32" */
const char *s3_algorithm_member(enum s3_algorithm a); /* "ChecksumCRC32" */
const char *s3_algorithm_header(enum s3_algorithm a); /* "x-amz-checksum-crc32" */
size_t s3_algorithm_bytes(enum s3_algorithm a);
/* By name, in any case; S3_NO_ALGORITHM. */
enum s3_algorithm s3_algorithm_find(str name);

/* Fetched once for a process: looking an algorithm up costs more than summing a small body. */
struct s3_hash_kinds {
    EVP_MD *md5, *sha1, *sha256;
};
NODISCARD enum status s3_hash_kinds_init(struct s3_hash_kinds *k, struct error *err);
void s3_hash_kinds_done(struct s3_hash_kinds *k);

struct s3_hash {
    EVP_MD_CTX *md5, *sha1, *sha256; /* NULL: not wanted */
    unsigned wanted;                 /* bits 1 << S3_CRC32 … */
    uint32_t crc32, crc32c;
    uint64_t crc64;
};
/* wanted: additional ones; MD5 always. */
void s3_hash_begin(struct s3_hash *h, const struct s3_hash_kinds *k, unsigned wanted);
void s3_hash_add(struct s3_hash *h, str bytes);
/* Once for each, when all bytes were added; returns the length. */
size_t s3_hash_md5(struct s3_hash *h, char out[S3_MD5_BYTES]);
size_t s3_hash_sum(struct s3_hash *h, enum s3_algorithm a, char out[S3_SUM_MAX]);
void s3_hash_end(struct s3_hash *h);

/* The MD5 of all bytes of a text, or another sum. */
size_t s3_sum_of(const struct s3_hash_kinds *k, enum s3_algorithm a, str bytes,
                 char out[S3_SUM_MAX]);

void s3_hex(str bytes, char *out); /* two digits for each, no NUL */
str s3_base64(struct arena *a, str bytes);
/* Decodes base64 with padding into out; false when it is none or longer than max. */
NODISCARD bool s3_base64_decode(str text, char *out, size_t max, size_t *ret_n);

/* ---- as text ---- */

struct s3_checksum {
    enum s3_algorithm algorithm; /* S3_NO_ALGORITHM: none */
    bool is_composite;
    str text; /* base64, with -N when it is composite */
};
str s3_checksum_print(struct arena *a, const struct s3_checksum *c);
/* False: it is none. Slices of text. */
bool s3_checksum_read(str text, struct s3_checksum *ret);

/* CRCs of two neighbours, big endian as they are sent, as that of both. */
void s3_sum_join(enum s3_algorithm a, char sum[8], const char next[8], uint64_t next_bytes);

#endif
