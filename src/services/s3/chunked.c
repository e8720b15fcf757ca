/* SPDX-License-Identifier: Apache-2.0 */
/* The decoder of aws-chunked bodies: lines are gathered, data passes through. */
#include "services/s3/chunked.h"

#include "services/s3/error.h"

enum { SIZE_DIGITS_MAX = 12 /* a piece is no longer than an object */ };

void s3_chunked_init(struct s3_chunked *c)
{
    c->state = S3_CHUNKED_SIZE;
    c->left = 0;
    c->decoded = 0;
    c->line_n = 0;
    c->trailer_count = 0;
    c->kept_n = 0;
}

static enum status bad(struct error *err)
{
    return s3_fail_with(S3_IncompleteBody, err, "The request body is not aws-chunked.");
}

/* A line without its end; false: it is not whole yet. STATUS_INVALID when it is too long. */
static enum status take_line(struct s3_chunked *c, str *in, bool *ret_has, str *ret,
                             struct error *err)
{
    size_t end = str_find_byte(*in, '\n', 0);
    size_t n = end == STR_NONE ? in->n : end + 1;
    if (n > sizeof(c->line) - c->line_n)
        return bad(err);
    if (n > 0)
        memcpy(c->line + c->line_n, in->p, n);
    c->line_n += n;
    *in = str_sub(*in, n, in->n);
    *ret_has = end != STR_NONE;
    if (!*ret_has)
        return STATUS_OK;
    if (c->line_n < 2 || c->line[c->line_n - 2] != '\r')
        return bad(err);
    *ret = (str){c->line, c->line_n - 2};
    c->line_n = 0;
    return STATUS_OK;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* "400;chunk-signature=…" */
static enum status read_size(str line, uint64_t *ret, struct error *err)
{
    size_t end = str_find_byte(line, ';', 0);
    str digits = str_sub(line, 0, end);
    uint64_t value = 0;
    if (digits.n == 0 || digits.n > SIZE_DIGITS_MAX)
        return bad(err);
    for (size_t i = 0; i < digits.n; i++) {
        int digit = hex_digit(digits.p[i]);
        if (digit < 0)
            return bad(err);
        value = value << 4 | (uint64_t)digit;
    }
    *ret = value;
    return STATUS_OK;
}

static str trim(str s)
{
    while (s.n > 0 && s.p[0] == ' ')
        s = str_sub(s, 1, s.n);
    while (s.n > 0 && s.p[s.n - 1] == ' ')
        s = str_sub(s, 0, s.n - 1);
    return s;
}

static str keep(struct s3_chunked *c, str s, bool in_lower_case)
{
    char *p = c->kept + c->kept_n;
    for (size_t i = 0; i < s.n; i++)
        p[i] = in_lower_case && s.p[i] >= 'A' && s.p[i] <= 'Z' ? (char)(s.p[i] + 32) : s.p[i];
    c->kept_n += s.n;
    return (str){p, s.n};
}

static enum status take_trailer(struct s3_chunked *c, str line, struct error *err)
{
    size_t colon = str_find_byte(line, ':', 0);
    if (colon == STR_NONE || colon == 0 || c->trailer_count == S3_TRAILERS_MAX ||
        line.n > sizeof(c->kept) - c->kept_n)
        return bad(err);
    struct s3_trailer *t = &c->trailers[c->trailer_count++];
    t->name = keep(c, trim(str_sub(line, 0, colon)), true);
    t->value = keep(c, trim(str_sub(line, colon + 1, line.n)), false);
    return STATUS_OK;
}

static enum status on_line(struct s3_chunked *c, str line, struct error *err)
{
    switch (c->state) {
    case S3_CHUNKED_SIZE:
        if (read_size(line, &c->left, err) != STATUS_OK)
            return err->status;
        c->state = c->left > 0 ? S3_CHUNKED_DATA : S3_CHUNKED_TRAILER;
        return STATUS_OK;
    case S3_CHUNKED_DATA_END:
        if (line.n != 0)
            return bad(err);
        c->state = S3_CHUNKED_SIZE;
        return STATUS_OK;
    case S3_CHUNKED_TRAILER:
        if (line.n != 0)
            return take_trailer(c, line, err);
        c->state = S3_CHUNKED_END;
        return STATUS_OK;
    case S3_CHUNKED_DATA:
    case S3_CHUNKED_END: break;
    }
    return bad(err);
}

enum status s3_chunked_next(struct s3_chunked *c, str *in, str *ret, struct error *err)
{
    *ret = (str){"", 0};
    while (in->n > 0) {
        if (c->state == S3_CHUNKED_END)
            return bad(err);
        if (c->state == S3_CHUNKED_DATA) {
            *ret = str_sub(*in, 0, c->left < in->n ? (size_t)c->left : in->n);
            *in = str_sub(*in, ret->n, in->n);
            c->left -= ret->n;
            c->decoded += ret->n;
            if (c->left == 0)
                c->state = S3_CHUNKED_DATA_END;
            return STATUS_OK;
        }
        bool has = false;
        str line = {NULL, 0};
        if (take_line(c, in, &has, &line, err) != STATUS_OK ||
            (has && on_line(c, line, err) != STATUS_OK))
            return err->status;
    }
    return STATUS_OK;
}

enum status s3_chunked_finish(const struct s3_chunked *c, struct error *err)
{
    return c->state == S3_CHUNKED_END ? STATUS_OK : s3_fail(S3_IncompleteBody, err);
}

str s3_chunked_trailer(const struct s3_chunked *c, str name)
{
    for (uint32_t i = 0; i < c->trailer_count; i++)
        if (str_eq(c->trailers[i].name, name))
            return c->trailers[i].value;
    return (str){NULL, 0};
}
