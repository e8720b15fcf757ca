/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of a request: query, conditions, properties, checksums, and headers that cannot be
 * honoured. */
#include "api/s3_internal.h"
#include "base/utf8.h"
#include <stdio.h>
#include <strings.h>

str api_s3_header(const struct api_s3_call *call, const char *name)
{
    return http_exchange_header(call->x, name);
}

str api_s3_query(struct api_s3_call *call, const char *name)
{
    if (call->query.n == 0)
        return (str){NULL, 0};
    return http_query_get(&call->arena, call->query, str_of(name));
}

enum status api_s3_number(struct api_s3_call *call, const char *name, int64_t otherwise,
                          int64_t *ret, struct error *err)
{
    str text = api_s3_query(call, name);
    int64_t n = 0;
    *ret = otherwise;
    if (!text.p)
        return STATUS_OK;
    for (size_t i = 0; i < text.n && n <= INT32_MAX; i++) {
        if (text.p[i] < '0' || text.p[i] > '9')
            n = (int64_t)INT32_MAX + 1;
        else
            n = n * 10 + (text.p[i] - '0');
    }
    if (text.n == 0 || n > INT32_MAX)
        return s3_fail_with(S3_InvalidArgument, err,
                            "Argument %s must be an integer between 0 and 2147483647", name);
    *ret = n;
    return STATUS_OK;
}

void api_s3_conditions(const struct api_s3_call *call, const char *prefix,
                       struct s3_conditions *ret)
{
    const struct {
        const char *name;
        str *to;
    } headers[] = {{"if-match", &ret->if_match},
                   {"if-none-match", &ret->if_none_match},
                   {"if-modified-since", &ret->if_modified_since},
                   {"if-unmodified-since", &ret->if_unmodified_since}};
    for (size_t i = 0; i < ARRAY_LEN(headers); i++) {
        char name[64];
        snprintf(name, sizeof(name), "%s%s", prefix, headers[i].name);
        *headers[i].to = api_s3_header(call, name);
    }
}

/* ---- properties ---- */

static const str meta_prefix = {"x-amz-meta-", 11};

static bool is_meta(str name)
{
    return name.n > meta_prefix.n && strncasecmp(name.p, meta_prefix.p, meta_prefix.n) == 0;
}

static bool count_meta(void *arg, str name, str value)
{
    uint32_t *count = arg;
    (void)value;
    *count += is_meta(name);
    return true;
}

struct metas {
    struct arena *arena;
    struct s3_metadata *rows;
    uint32_t count;
};

static bool take_meta(void *arg, str name, str value)
{
    struct metas *m = arg;
    if (!is_meta(name))
        return true;
    name = arena_dup(m->arena, str_sub(name, meta_prefix.n, name.n));
    char *p = (char *)(uintptr_t)name.p;
    for (size_t i = 0; i < name.n; i++)
        if (p[i] >= 'A' && p[i] <= 'Z')
            p[i] = (char)(p[i] + 32);
    for (uint32_t i = 0; i < m->count; i++)
        if (str_eq(m->rows[i].name, name)) { /* as one header with both */
            m->rows[i].value =
                arena_printf(m->arena, "%.*s,%.*s", STR_ARG(m->rows[i].value), STR_ARG(value));
            return true;
        }
    m->rows[m->count++] = (struct s3_metadata){name, value};
    return true;
}

/* "aws-chunked, gzip" is gzip. */
static str without_chunked(struct arena *a, str encoding)
{
    str rest = encoding, kept = {NULL, 0};
    while (rest.n > 0) {
        size_t comma = str_find_byte(rest, ',', 0);
        str one = str_sub(rest, 0, comma);
        rest = comma == STR_NONE ? STR("") : str_sub(rest, comma + 1, rest.n);
        while (one.n > 0 && one.p[0] == ' ')
            one = str_sub(one, 1, one.n);
        while (one.n > 0 && one.p[one.n - 1] == ' ')
            one.n--;
        if (one.n == 0 || http_name_eq(one, STR("aws-chunked")))
            continue;
        kept = kept.p ? arena_printf(a, "%.*s,%.*s", STR_ARG(kept), STR_ARG(one)) : one;
    }
    return kept;
}

static bool is_text(str s)
{
    return utf8_check(s) == s.n;
}

enum status api_s3_properties(struct api_s3_call *call, struct s3_properties *ret,
                              struct error *err)
{
    uint32_t count = 0;
    struct metas metas = {.arena = &call->arena};
    *ret = (struct s3_properties){0};
    for (enum s3_header h = 0; h < S3_HEADER_COUNT; h++)
        ret->headers[h] = api_s3_header(call, s3_header_name(h));
    if (ret->headers[S3_HEADER_ContentEncoding].p)
        ret->headers[S3_HEADER_ContentEncoding] =
            without_chunked(&call->arena, ret->headers[S3_HEADER_ContentEncoding]);
    http_exchange_each_header(call->x, count_meta, &count);
    if (count > 0) {
        metas.rows = arena_alloc(&call->arena, count * sizeof(*metas.rows));
        http_exchange_each_header(call->x, take_meta, &metas);
    }
    ret->metadata = metas.rows;
    ret->metadata_count = metas.count;
    bool is_good = true;
    for (enum s3_header h = 0; h < S3_HEADER_COUNT; h++)
        is_good = is_good && is_text(ret->headers[h]);
    for (uint32_t i = 0; i < metas.count; i++)
        is_good = is_good && is_text(metas.rows[i].name) && is_text(metas.rows[i].value);
    return is_good ? STATUS_OK
                   : s3_fail_with(S3_InvalidArgument, err, "Headers of objects must be UTF-8.");
}

/* ---- checksums ---- */

enum status api_s3_checksum(const struct api_s3_call *call, enum s3_algorithm *ret, str *ret_value,
                            struct error *err)
{
    str trailer = api_s3_header(call, "x-amz-trailer");
    *ret = S3_NO_ALGORITHM;
    *ret_value = (str){NULL, 0};
    for (enum s3_algorithm a = 0; a < S3_NO_ALGORITHM; a++) {
        str name = str_of(s3_algorithm_header(a));
        str value = api_s3_header(call, name.p);
        if (!value.p && !http_name_eq(trailer, name))
            continue;
        if (*ret != S3_NO_ALGORITHM)
            return s3_fail_with(S3_InvalidRequest, err,
                                "Expecting a single x-amz-checksum- header. Multiple checksum "
                                "Types are not allowed.");
        *ret = a;
        *ret_value = value;
    }
    if (*ret != S3_NO_ALGORITHM)
        return STATUS_OK;
    str wanted = api_s3_header(call, "x-amz-sdk-checksum-algorithm");
    *ret = wanted.p ? s3_algorithm_find(wanted) : S3_NO_ALGORITHM;
    if (wanted.p && *ret == S3_NO_ALGORITHM && !http_name_eq(wanted, STR("MD5")))
        return s3_fail_with(S3_InvalidRequest, err,
                            "Value for x-amz-sdk-checksum-algorithm header "
                            "is invalid.");
    return STATUS_OK;
}

str api_s3_content_sha256(const struct api_s3_call *call)
{
    str value = api_s3_header(call, "x-amz-content-sha256");
    bool is_sum = value.n > 0 && !str_eq(value, STR("UNSIGNED-PAYLOAD")) &&
                  !str_starts(value, STR("STREAMING-"));
    return is_sum ? value : (str){NULL, 0};
}

/* ---- what is not here ---- */

enum status api_s3_check_headers(const struct api_s3_call *call, struct error *err)
{
    static const struct {
        const char *name;
        const char *fine[3]; /* values that change nothing */
    } headers[] = {
        {"x-amz-acl", {"private", "bucket-owner-full-control", "bucket-owner-read"}},
        {"x-amz-grant-full-control", {0}},
        {"x-amz-grant-read", {0}},
        {"x-amz-grant-read-acp", {0}},
        {"x-amz-grant-write", {0}},
        {"x-amz-grant-write-acp", {0}},
        {"x-amz-server-side-encryption", {0}},
        {"x-amz-server-side-encryption-customer-algorithm", {0}},
        {"x-amz-copy-source-server-side-encryption-customer-algorithm", {0}},
        {"x-amz-tagging", {""}},
        {"x-amz-object-lock-mode", {0}},
        {"x-amz-object-lock-legal-hold", {"OFF"}},
        {"x-amz-bucket-object-lock-enabled", {"false", "False"}},
        {"x-amz-write-offset-bytes", {0}},
    };
    for (size_t i = 0; i < ARRAY_LEN(headers); i++) {
        str value = api_s3_header(call, headers[i].name);
        bool is_fine = !value.p;
        for (size_t k = 0; k < ARRAY_LEN(headers[i].fine) && headers[i].fine[k]; k++)
            is_fine = is_fine || str_eq(value, str_of(headers[i].fine[k]));
        if (!is_fine)
            return s3_fail_with(S3_NotImplemented, err,
                                "A header you provided implies functionality that is not "
                                "implemented: %s",
                                headers[i].name);
    }
    str owner = api_s3_header(call, "x-amz-expected-bucket-owner");
    if (owner.p && !str_eq(owner, call->settings.account))
        return s3_fail(S3_AccessDenied, err);
    return STATUS_OK;
}
