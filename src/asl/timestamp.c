/* SPDX-License-Identifier: Apache-2.0 */
/* Reading timestamps: date, "T", time, optional fraction, and a zone: "Z" or ±HH:MM. */
#include "asl/timestamp.h"
#include "base/time.h"

struct reader {
    str text;
    size_t at;
    bool is_bad;
};

static int64_t digits(struct reader *r, int count, int64_t low, int64_t high)
{
    int64_t n = 0;
    for (int i = 0; i < count; i++, r->at++) {
        if (r->at >= r->text.n || r->text.p[r->at] < '0' || r->text.p[r->at] > '9') {
            r->is_bad = true;
            return low;
        }
        n = n * 10 + (r->text.p[r->at] - '0');
    }
    r->is_bad = r->is_bad || n < low || n > high;
    return n;
}

static bool skip(struct reader *r, char c)
{
    if (r->at >= r->text.n || r->text.p[r->at] != c)
        return false;
    r->at++;
    return true;
}

static void want(struct reader *r, char c)
{
    r->is_bad = !skip(r, c) || r->is_bad;
}

/* Nanoseconds of ".123…"; 0 without. */
static int32_t fraction(struct reader *r)
{
    int32_t ns = 0, scale = 100000000;
    if (!skip(r, '.'))
        return 0;
    size_t start = r->at;
    while (r->at < r->text.n && r->text.p[r->at] >= '0' && r->text.p[r->at] <= '9') {
        ns += (r->text.p[r->at++] - '0') * scale;
        scale /= 10;
    }
    r->is_bad = r->is_bad || r->at == start;
    return ns;
}

static int64_t zone_ms(struct reader *r)
{
    if (skip(r, 'Z'))
        return 0;
    bool is_behind = skip(r, '-');
    if (!is_behind)
        want(r, '+');
    int64_t hours = digits(r, 2, 0, 18);
    want(r, ':');
    int64_t ms = (hours * 60 + digits(r, 2, 0, 59)) * 60000;
    return is_behind ? -ms : ms;
}

static int days_in(int64_t year, int month)
{
    return (int)(time_days(year, month + 1, 1) - time_days(year, month, 1));
}

bool asl_timestamp_parse(str text, struct asl_instant *ret)
{
    struct reader r = {.text = text};
    struct civil c = {.year = digits(&r, 4, 0, 9999)};
    want(&r, '-');
    c.month = (int)digits(&r, 2, 1, 12);
    want(&r, '-');
    c.day = (int)digits(&r, 2, 1, 31);
    want(&r, 'T');
    c.hour = (int)digits(&r, 2, 0, 23);
    want(&r, ':');
    c.minute = (int)digits(&r, 2, 0, 59);
    int32_t ns = 0;
    if (skip(&r, ':')) {
        c.second = (int)digits(&r, 2, 0, 59);
        ns = fraction(&r);
    }
    int64_t zone = zone_ms(&r);
    if (r.is_bad || r.at != text.n || c.day > days_in(c.year, c.month))
        return false;
    *ret = (struct asl_instant){time_ms(&c) - zone + ns / 1000000, ns % 1000000};
    return true;
}

int asl_instant_cmp(const struct asl_instant *a, const struct asl_instant *b)
{
    if (a->ms != b->ms)
        return a->ms < b->ms ? -1 : 1;
    return a->ns < b->ns ? -1 : a->ns > b->ns;
}
