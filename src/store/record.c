/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The form of a record in a segment (docs/formats/store.md has it as a table): a head with its own
 * sum, the names, the body, zeros up to the next multiple of eight. A tool that knows nothing else
 * can go from record to record, tell whole ones from torn ones, and say whose they are.
 */
#include "base/check.h"
#include "base/crc.h"
#include "store/body_internal.h"
#include <unistd.h>

static const char mark[4] = {'A', 'F', 'X', 'R'};

enum { AT_MARK = 0, AT_SUM = 4, AT_BODY_SUM = 8, AT_BUCKET = 12, AT_KEY = 16, AT_SIZE = 24 };

static void put(char *out, uint64_t value, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        out[i] = (char)(value >> (8 * i));
}

static uint64_t get(const char *p, size_t bytes)
{
    uint64_t value = 0;
    for (size_t i = 0; i < bytes; i++)
        value |= (uint64_t)(unsigned char)p[i] << (8 * i);
    return value;
}

/* Of the head behind the sum, and the names. */
static uint32_t head_sum(const char *head, str bucket, str key)
{
    uint32_t sum = crc32c_sum(0, (str){head + AT_BODY_SUM, RECORD_HEAD_BYTES - AT_BODY_SUM});
    return crc32c_sum(crc32c_sum(sum, bucket), key);
}

void store_record_write(const struct store_record *r, char out[RECORD_HEAD_BYTES])
{
    check(r->bucket.n + r->key.n <= STORE_RECORD_NAMES_MAX);
    memset(out, 0, RECORD_HEAD_BYTES);
    memcpy(out + AT_MARK, mark, sizeof(mark));
    put(out + AT_BODY_SUM, r->body_sum, 4);
    put(out + AT_BUCKET, r->bucket.n, 4);
    put(out + AT_KEY, r->key.n, 4);
    put(out + AT_SIZE, r->size, 8);
    put(out + AT_SUM, head_sum(out, r->bucket, r->key), 4);
}

uint64_t store_record_bytes(const struct store_record *r)
{
    uint64_t n = RECORD_HEAD_BYTES + r->bucket.n + r->key.n + r->size;
    return (n + 7) & ~(uint64_t)7;
}

static enum status damaged(int64_t segment, uint64_t at, struct error *err)
{
    return error_set(err, STATUS_CORRUPT, "StoreCorrupt",
                     "segments/%lld: the record at %llu is damaged", (long long)segment,
                     (unsigned long long)at);
}

enum status store_record_read(int fd, int64_t segment, uint64_t at, uint64_t *ret_body_at,
                              struct store_record *ret, struct error *err)
{
    UNINIT char head[RECORD_HEAD_BYTES + STORE_RECORD_NAMES_MAX];
    ssize_t n = pread(fd, head, sizeof(head), (off_t)at);
    if (n < RECORD_HEAD_BYTES || memcmp(head, mark, sizeof(mark)) != 0)
        return damaged(segment, at, err);
    uint64_t bucket = get(head + AT_BUCKET, 4), key = get(head + AT_KEY, 4);
    if (bucket + key > STORE_RECORD_NAMES_MAX || RECORD_HEAD_BYTES + bucket + key > (uint64_t)n)
        return damaged(segment, at, err);
    str names = {head + RECORD_HEAD_BYTES, bucket + key};
    if (get(head + AT_SUM, 4) !=
        head_sum(head, str_sub(names, 0, bucket), str_sub(names, bucket, names.n)))
        return damaged(segment, at, err);
    *ret = (struct store_record){.bucket = {NULL, bucket},
                                 .key = {NULL, key},
                                 .size = get(head + AT_SIZE, 8),
                                 .body_sum = (uint32_t)get(head + AT_BODY_SUM, 4)};
    *ret_body_at = at + RECORD_HEAD_BYTES + names.n;
    return STATUS_OK;
}
