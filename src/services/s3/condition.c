/* SPDX-License-Identifier: Apache-2.0 */
/* Preconditions, ranges and dates of HTTP, each as a function of texts and numbers. */
#include "services/s3/condition.h"

#include "base/time.h"
#include "services/s3/error.h"
#include <stdio.h>

/* ---- dates ---- */

static const char days[] = "SunMonTueWedThuFriSat",
                  months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

void s3_date_print(int64_t ms, char out[S3_DATE_BYTES])
{
    struct civil c = time_civil(ms);
    int day = time_weekday(time_days(c.year, c.month, c.day));
    char text[64];
    snprintf(text, sizeof(text), "%.3s, %02d %.3s %04d %02d:%02d:%02d GMT", days + 3 * day, c.day,
             months + 3 * (c.month - 1), (int)(c.year % 10000), c.hour, c.minute, c.second);
    memcpy(out, text, S3_DATE_BYTES);
}

/* What is left of a date. */
struct cursor {
    str rest;
    bool is_bad;
};

static int take_number(struct cursor *c, size_t min, size_t max)
{
    size_t n = 0;
    int value = 0;
    while (n < max && n < c->rest.n && c->rest.p[n] >= '0' && c->rest.p[n] <= '9')
        value = value * 10 + (c->rest.p[n++] - '0');
    c->is_bad |= n < min;
    c->rest = str_sub(c->rest, n, c->rest.n);
    return value;
}

static void take_text(struct cursor *c, str text)
{
    c->is_bad |= !str_starts(c->rest, text);
    c->rest = str_sub(c->rest, text.n, c->rest.n);
}

static int take_month(struct cursor *c)
{
    str name = str_sub(c->rest, 0, 3);
    c->rest = str_sub(c->rest, 3, c->rest.n);
    for (int i = 0; i < 12; i++)
        if (str_eq(name, (str){months + 3 * (size_t)i, 3}))
            return i + 1;
    c->is_bad = true;
    return 1;
}

static void take_time(struct cursor *c, struct civil *d)
{
    d->hour = take_number(c, 2, 2);
    take_text(c, STR(":"));
    d->minute = take_number(c, 2, 2);
    take_text(c, STR(":"));
    d->second = take_number(c, 2, 2);
}

/* "25 Nov 2026 23:49:03 GMT", "25-Nov-26 23:49:03 GMT" */
static void take_day_first(struct cursor *c, struct civil *d)
{
    d->day = take_number(c, 2, 2);
    bool has_dashes = str_starts(c->rest, STR("-"));
    str between = has_dashes ? STR("-") : STR(" ");
    take_text(c, between);
    d->month = take_month(c);
    take_text(c, between);
    d->year = take_number(c, has_dashes ? 2 : 4, has_dashes ? 2 : 4);
    if (has_dashes)
        d->year += d->year < 70 ? 2000 : 1900;
    take_text(c, STR(" "));
    take_time(c, d);
    take_text(c, STR(" GMT"));
}

/* "Nov 25 23:49:03 2026", the day with a blank instead of a zero */
static void take_month_first(struct cursor *c, struct civil *d)
{
    d->month = take_month(c);
    take_text(c, STR(" "));
    if (str_starts(c->rest, STR(" ")))
        take_text(c, STR(" "));
    d->day = take_number(c, 1, 2);
    take_text(c, STR(" "));
    take_time(c, d);
    take_text(c, STR(" "));
    d->year = take_number(c, 4, 4);
}

bool s3_date_read(str text, int64_t *ret_ms)
{
    if (time_parse_iso(text, ret_ms))
        return true;
    struct civil d = {0};
    struct cursor c = {.rest = text};
    size_t comma = str_find_byte(text, ',', 0);
    if (comma != STR_NONE) {
        c.rest = str_sub(text, comma + 1, text.n);
        take_text(&c, STR(" "));
        take_day_first(&c, &d);
    } else {
        c.rest = str_sub(text, 4, text.n);
        take_month_first(&c, &d);
    }
    if (c.is_bad || c.rest.n != 0 || d.day < 1 || d.day > 31 || d.hour > 23 || d.minute > 59 ||
        d.second > 60)
        return false;
    *ret_ms = time_ms(&d);
    return true;
}

/* ---- conditions ---- */

static str trim(str s)
{
    while (s.n > 0 && (s.p[0] == ' ' || s.p[0] == '\t'))
        s = str_sub(s, 1, s.n);
    while (s.n > 0 && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t'))
        s = str_sub(s, 0, s.n - 1);
    return s;
}

/* Without W/ and quotes: S3 compares so, and clients leave quotes out. */
static str bare(str etag)
{
    etag = trim(etag);
    if (str_starts(etag, STR("W/")))
        etag = str_sub(etag, 2, etag.n);
    if (etag.n >= 2 && etag.p[0] == '"' && etag.p[etag.n - 1] == '"')
        etag = str_sub(etag, 1, etag.n - 1);
    return etag;
}

/* Is the tag one of the list? */
static bool matches(str list, str etag)
{
    for (size_t at = 0; at <= list.n;) {
        size_t comma = str_find_byte(list, ',', at);
        size_t end = comma == STR_NONE ? list.n : comma;
        str one = bare(str_sub(list, at, end));
        if (str_eq(one, STR("*")) || str_eq(one, etag))
            return true;
        at = end + 1;
    }
    return false;
}

/* Was it modified after the date? Dates have no fractions of seconds. */
static bool is_after(int64_t modified_ms, str date, bool otherwise)
{
    int64_t ms;
    if (!date.p || !s3_date_read(date, &ms))
        return otherwise;
    return modified_ms / 1000 > ms / 1000;
}

enum status s3_check_reading(const struct s3_conditions *c, str etag, int64_t modified_ms,
                             bool *ret_is_unmodified, struct error *err)
{
    *ret_is_unmodified = false;
    if (c->if_match.p ? !matches(c->if_match, etag)
                      : is_after(modified_ms, c->if_unmodified_since, false))
        return s3_fail(S3_PreconditionFailed, err);
    *ret_is_unmodified = c->if_none_match.p ? matches(c->if_none_match, etag)
                                            : !is_after(modified_ms, c->if_modified_since, true);
    return STATUS_OK;
}

enum status s3_check_source(const struct s3_conditions *c, str etag, int64_t modified_ms,
                            struct error *err)
{
    bool is_unmodified;
    if (s3_check_reading(c, etag, modified_ms, &is_unmodified, err) != STATUS_OK)
        return err->status;
    return is_unmodified ? s3_fail(S3_PreconditionFailed, err) : STATUS_OK;
}

enum status s3_check_writing(const struct s3_conditions *c, str etag, struct error *err)
{
    if (c->if_none_match.p) {
        if (!str_eq(trim(c->if_none_match), STR("*")))
            return s3_fail(S3_NotImplemented, err);
        if (etag.p)
            return s3_fail(S3_PreconditionFailed, err);
    }
    if (c->if_match.p) {
        if (!etag.p)
            return s3_fail(S3_NoSuchKey, err);
        if (!matches(c->if_match, etag))
            return s3_fail(S3_PreconditionFailed, err);
    }
    return STATUS_OK;
}

/* ---- ranges ---- */

/* Digits; a number too large for the object is as good as its end. False: none. */
static bool read_offset(str digits, uint64_t *ret)
{
    uint64_t value = 0;
    for (size_t i = 0; i < digits.n; i++) {
        if (digits.p[i] < '0' || digits.p[i] > '9')
            return false;
        if (value < UINT64_MAX / 16)
            value = value * 10 + (uint64_t)(digits.p[i] - '0');
    }
    *ret = value;
    return digits.n > 0;
}

enum status s3_range_read(str header, uint64_t size, struct s3_range *ret, struct error *err)
{
    struct s3_range whole = {.n = size, .is_whole = true};
    uint64_t first = 0, last = 0;
    str spec = trim(header);
    size_t dash = spec.p ? str_find_byte(spec, '-', 0) : STR_NONE;
    *ret = whole;
    if (dash == STR_NONE || !str_starts(spec, STR("bytes=")))
        return STATUS_OK;
    str from = trim(str_sub(spec, 6, dash)), to = trim(str_sub(spec, dash + 1, spec.n));
    bool has_first = read_offset(from, &first), has_last = read_offset(to, &last);
    if ((from.n > 0 && !has_first) || (to.n > 0 && !has_last) || (!has_first && !has_last) ||
        (has_first && has_last && last < first))
        return STATUS_OK;
    if (!has_first) { /* so many from the end */
        if (last == 0 || size == 0)
            return s3_fail(S3_InvalidRange, err);
        first = last < size ? size - last : 0;
        last = size - 1;
    }
    if (first >= size)
        return s3_fail(S3_InvalidRange, err);
    if (!has_last || last >= size)
        last = size - 1;
    *ret = (struct s3_range){.from = first, .n = last - first + 1};
    return STATUS_OK;
}
