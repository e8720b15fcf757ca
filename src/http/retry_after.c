/* SPDX-License-Identifier: Apache-2.0 */
/* Reads HTTP dates by patterns: a letter of a pattern says what is taken at this place. */
#include "http/retry_after.h"
#include "base/time.h"
#include <strings.h>

enum { RETRY_SECONDS_MAX = 1000000000 }; /* larger numbers mean this one */

struct date_parts {
    int64_t day, month, year, hour, minute, second;
    bool is_short_year;
};

static bool take_number(str *s, size_t digits, int64_t *ret)
{
    int64_t n = 0;
    if (s->n < digits)
        return false;
    for (size_t i = 0; i < digits; i++) {
        if (s->p[i] < '0' || s->p[i] > '9')
            return false;
        n = n * 10 + (s->p[i] - '0');
    }
    *ret = n;
    *s = str_sub(*s, digits, s->n);
    return true;
}

static bool take_month(str *s, int64_t *ret)
{
    static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    for (int64_t i = 0; i < 12 && s->n >= 3; i++)
        if (strncasecmp(s->p, names + i * 3, 3) == 0) {
            *ret = i + 1;
            *s = str_sub(*s, 3, s->n);
            return true;
        }
    return false;
}

/* The name of a day, short or long. */
static bool take_word(str *s)
{
    size_t n = 0;
    while (n < s->n && ((s->p[n] | 32) >= 'a' && (s->p[n] | 32) <= 'z'))
        n++;
    *s = str_sub(*s, n, s->n);
    return n >= 3;
}

/* asctime's day of the month: a blank for the first of two digits. */
static bool take_padded(str *s, int64_t *ret)
{
    if (s->n > 0 && s->p[0] == ' ') {
        *s = str_sub(*s, 1, s->n);
        return take_number(s, 1, ret);
    }
    return take_number(s, 2, ret);
}

static bool take_part(str *s, char what, struct date_parts *d)
{
    switch (what) {
    case 'w': return take_word(s);
    case 'd': return take_number(s, 2, &d->day);
    case 'p': return take_padded(s, &d->day);
    case 'm': return take_month(s, &d->month);
    case 'Y': return take_number(s, 4, &d->year);
    case 'y': d->is_short_year = true; return take_number(s, 2, &d->year);
    case 'H': return take_number(s, 2, &d->hour);
    case 'M': return take_number(s, 2, &d->minute);
    case 'S': return take_number(s, 2, &d->second);
    default: break;
    }
    if (s->n == 0 || s->p[0] != what)
        return false;
    *s = str_sub(*s, 1, s->n);
    return true;
}

static bool take_pattern(str s, const char *pattern, struct date_parts *d)
{
    *d = (struct date_parts){0};
    for (; *pattern != '\0'; pattern++)
        if (!take_part(&s, *pattern, d))
            return false;
    return s.n == 0;
}

bool http_date_parse(str value, int64_t wall_ms, int64_t *ret_ms)
{
    static const char *const patterns[] = {"w, d m Y H:M:S w", "w, d-m-y H:M:S w", "w m p H:M:S Y"};
    struct date_parts d;
    size_t i = 0;
    while (i < sizeof patterns / sizeof patterns[0] && !take_pattern(value, patterns[i], &d))
        i++;
    if (i == sizeof patterns / sizeof patterns[0] || (i < 2 && !str_ends(value, STR(" GMT"))))
        return false;
    if (d.day < 1 || d.day > 31 || d.hour > 23 || d.minute > 59 || d.second > 60)
        return false;
    if (d.is_short_year) {
        int64_t now = time_civil(wall_ms).year;
        d.year += now / 100 * 100;
        if (d.year > now + 50)
            d.year -= 100;
        else if (d.year <= now - 50)
            d.year += 100;
    }
    *ret_ms =
        (((time_days(d.year, d.month, d.day) * 24 + d.hour) * 60 + d.minute) * 60 + d.second) *
        1000;
    return true;
}

bool http_retry_after(str value, int64_t wall_ms, int64_t *ret_wait_ms)
{
    int64_t seconds = 0, at_ms;
    size_t i = 0;
    for (; i < value.n && value.p[i] >= '0' && value.p[i] <= '9'; i++)
        if (seconds < RETRY_SECONDS_MAX)
            seconds = seconds * 10 + (value.p[i] - '0');
    if (value.n > 0 && i == value.n) {
        *ret_wait_ms = (seconds < RETRY_SECONDS_MAX ? seconds : RETRY_SECONDS_MAX) * 1000;
        return true;
    }
    if (!http_date_parse(value, wall_ms, &at_ms))
        return false;
    *ret_wait_ms = at_ms > wall_ms ? at_ms - wall_ms : 0;
    return true;
}
