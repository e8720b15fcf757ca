/* SPDX-License-Identifier: Apache-2.0 */
/* Which names are allowed. */
#include "services/s3/name.h"

#include "base/utf8.h"
#include "services/s3/error.h"

enum { BUCKET_MIN = 3, BUCKET_MAX = 63 };

static bool is_lower_or_digit(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/* Four numbers with dots between them. */
static bool looks_like_an_address(str name)
{
    unsigned dots = 0;
    for (size_t i = 0; i < name.n; i++) {
        if (name.p[i] == '.')
            dots++;
        else if (name.p[i] < '0' || name.p[i] > '9')
            return false;
    }
    return dots == 3;
}

static const char *const bad_starts[] = {"xn--", "sthree-"};
static const char *const bad_ends[] = {"-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3"};

static bool is_bucket_name(str name)
{
    if (name.n < BUCKET_MIN || name.n > BUCKET_MAX || looks_like_an_address(name) ||
        !is_lower_or_digit(name.p[0]) || !is_lower_or_digit(name.p[name.n - 1]))
        return false;
    for (size_t i = 1; i < name.n; i++) {
        char c = name.p[i];
        if (!is_lower_or_digit(c) && c != '-' && c != '.')
            return false;
        if (c == '.' && name.p[i - 1] == '.')
            return false;
    }
    for (size_t i = 0; i < ARRAY_LEN(bad_starts); i++)
        if (str_starts(name, str_of(bad_starts[i])))
            return false;
    for (size_t i = 0; i < ARRAY_LEN(bad_ends); i++)
        if (str_ends(name, str_of(bad_ends[i])))
            return false;
    return true;
}

enum status s3_check_bucket_name(str name, struct error *err)
{
    return is_bucket_name(name) ? STATUS_OK : s3_fail(S3_InvalidBucketName, err);
}

enum status s3_check_key(str key, struct error *err)
{
    if (key.n > S3_KEY_MAX)
        return s3_fail(S3_KeyTooLongError, err);
    if (key.n == 0)
        return s3_fail_with(S3_InvalidArgument, err, "A key must have at least one character.");
    if (utf8_check(key) != key.n)
        return s3_fail_with(S3_InvalidArgument, err, "A key must be UTF-8.");
    return STATUS_OK;
}
