/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calendar arithmetic and ISO 8601 text. Years are counted from March on inside, so that the leap
 * day is the last of a year; 400 years are 146,097 days. Pictures, names of months, clocks and time
 * zones are elsewhere.
 *
 * What Date.parse accepts was asked of V8: any day up to 31 in any month (February 30 is a day in
 * March), hour 24 only as 24:00:00.000, zones up to 23:59, any number of decimals (all after the
 * third are ignored), t and z in either case, years of six digits with a sign.
 */
#include "base/time.h"

#include <stdio.h>

#include "base/attr.h"

enum {
    DAYS_PER_ERA = 146097,  /* 400 years */
    DAYS_TO_EPOCH = 719468, /* from 0000-03-01 to 1970-01-01 */
    MS_PER_MINUTE = 60000,
    MS_PER_HOUR = 3600000,
};

/* The times that a JavaScript Date can hold lie within this distance of 1970. */
static const int64_t time_limit = INT64_C(8640000000000000);

static ALWAYS_INLINE int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

/* Days since 1970 of a date whose month is 1 to 12. */
static ALWAYS_INLINE int64_t days_of_date(int64_t year, int64_t month, int64_t day)
{
    int64_t from_march = month > 2 ? month - 3 : month + 9;
    year -= month <= 2;
    return 365 * year + floor_div(year, 4) - floor_div(year, 100) + floor_div(year, 400) +
           (153 * from_march + 2) / 5 + day - 1 - DAYS_TO_EPOCH;
}

int64_t time_days(int64_t year, int64_t month, int64_t day)
{
    int64_t years = floor_div(month - 1, 12);
    return days_of_date(year + years, month - years * 12, day);
}

int time_weekday(int64_t days)
{
    int64_t weekday = (days % 7 + 4) % 7; /* 1970-01-01 was a Thursday */
    return (int)(weekday < 0 ? weekday + 7 : weekday);
}

struct civil time_civil(int64_t ms)
{
    int64_t days = floor_div(ms, TIME_MS_PER_DAY);
    int32_t rest = (int32_t)(ms % TIME_MS_PER_DAY);
    uint32_t of_day = (uint32_t)(rest < 0 ? rest + TIME_MS_PER_DAY : rest);

    int64_t era = floor_div(days + DAYS_TO_EPOCH, DAYS_PER_ERA);
    uint32_t day = (uint32_t)(days + DAYS_TO_EPOCH - era * DAYS_PER_ERA);
    /* Quarters of days make the centuries and then the years of equal length, but for the leap day.
     */
    uint32_t quarters = 4 * day + 3;
    uint32_t century = quarters / DAYS_PER_ERA;
    quarters = quarters % DAYS_PER_ERA | 3;
    uint32_t year = quarters / 1461;
    uint32_t of_year = quarters % 1461 / 4;
    uint32_t month = (5 * of_year + 2) / 153; /* 0 is March */
    return (struct civil){
        .year = era * 400 + century * 100 + year + (month >= 10),
        .month = (int)(month < 10 ? month + 3 : month - 9),
        .day = (int)(of_year - (153 * month + 2) / 5 + 1),
        .hour = (int)(of_day / MS_PER_HOUR),
        .minute = (int)(of_day / MS_PER_MINUTE % 60),
        .second = (int)(of_day / 1000 % 60),
        .millisecond = (int)(of_day % 1000),
    };
}

int64_t time_ms(const struct civil *c)
{
    int64_t days = time_days(c->year, c->month, c->day);
    int64_t of_day = (int64_t)c->hour * MS_PER_HOUR + (int64_t)c->minute * MS_PER_MINUTE +
                     (int64_t)c->second * 1000 + c->millisecond;
    /* Unsigned, because at the ends of the range only the sum fits. */
    return (int64_t)((uint64_t)days * TIME_MS_PER_DAY + (uint64_t)of_day);
}

/* Writes value (>= 0) with leading zeros. */
static ALWAYS_INLINE void put_digits(char *out, int width, uint32_t value)
{
    for (int i = width - 1; i >= 0; i--) {
        out[i] = (char)('0' + value % 10);
        value /= 10;
    }
}

size_t time_print_iso(int64_t ms, char out[32])
{
    struct civil c = time_civil(ms);
    char *p = out;
    if (LIKELY(c.year >= 0 && c.year <= 9999)) {
        put_digits(p, 4, (uint32_t)c.year);
        p += 4;
    } else {
        uint32_t year = (uint32_t)(c.year < 0 ? -c.year : c.year);
        int width = 6;
        for (uint32_t above = year / 1000000; above != 0; above /= 10)
            width++;
        *p++ = c.year < 0 ? '-' : '+';
        put_digits(p, width, year);
        p += width;
    }
    memcpy(p, "-00-00T00:00:00.000Z", 20);
    put_digits(p + 1, 2, (uint32_t)c.month);
    put_digits(p + 4, 2, (uint32_t)c.day);
    put_digits(p + 7, 2, (uint32_t)c.hour);
    put_digits(p + 10, 2, (uint32_t)c.minute);
    put_digits(p + 13, 2, (uint32_t)c.second);
    put_digits(p + 16, 3, (uint32_t)c.millisecond);
    return (size_t)(p + 20 - out);
}

/* Fields of a timestamp as they were read. */
struct iso_fields {
    int64_t year;
    int month, day, hour, minute, second, millisecond;
    int zone_ms; /* to subtract */
};

static ALWAYS_INLINE bool iso_to_ms(const struct iso_fields *f, int64_t *ret_ms)
{
    int of_day = f->hour * MS_PER_HOUR + f->minute * MS_PER_MINUTE + f->second * 1000;
    of_day += f->millisecond;
    bool is_good = f->month >= 1 && f->month <= 12 && f->day >= 1 && f->day <= 31 &&
                   f->minute <= 59 && f->second <= 59 && of_day <= TIME_MS_PER_DAY;
    if (!is_good)
        return false;
    int64_t days = days_of_date(f->year, f->month, f->day);
    *ret_ms = days * TIME_MS_PER_DAY + of_day - f->zone_ms;
    return true;
}

/* Eight bytes against a pattern, all at once: a digit where it has '0', else the same byte. */
static ALWAYS_INLINE bool iso_match8(const char *p, const char *pattern, const char *limits)
{
    uint64_t text, expected, margin;
    memcpy(&text, p, sizeof text);
    memcpy(&expected, pattern, sizeof expected);
    memcpy(&margin, limits, sizeof margin);
    /* Digits become 0 to 9 and matching bytes 0; what is larger passes 0x7F with its margin added.
     */
    text ^= expected;
    return ((text | (text + margin)) & UINT64_C(0x8080808080808080)) == 0;
}

static ALWAYS_INLINE int digits2(const char *p)
{
    return (p[0] - '0') * 10 + (p[1] - '0');
}

/* The form that time_print_iso writes; false when it is another one. */
static ALWAYS_INLINE bool iso_read_usual(const char *p, struct iso_fields *f)
{
    bool is_usual = iso_match8(p, "0000-00-", "\x76\x76\x76\x76\x7F\x76\x76\x7F") &&
                    iso_match8(p + 8, "00T00:00", "\x76\x76\x7F\x76\x76\x7F\x76\x76") &&
                    iso_match8(p + 16, ":00.000Z", "\x7F\x76\x76\x7F\x76\x76\x76\x7F");
    if (!is_usual)
        return false;
    *f = (struct iso_fields){
        .year = digits2(p) * 100 + digits2(p + 2),
        .month = digits2(p + 5),
        .day = digits2(p + 8),
        .hour = digits2(p + 11),
        .minute = digits2(p + 14),
        .second = digits2(p + 17),
        .millisecond = digits2(p + 20) * 10 + (p[22] - '0'),
    };
    return true;
}

/* Reads exactly `count` digits at *at. */
static bool iso_number(str s, size_t *at, size_t count, int *ret)
{
    if (s.n - *at < count)
        return false;
    int value = 0;
    for (size_t i = 0; i < count; i++) {
        int digit = s.p[*at + i] - '0';
        if (digit < 0 || digit > 9)
            return false;
        value = value * 10 + digit;
    }
    *at += count;
    *ret = value;
    return true;
}

static bool iso_skip(str s, size_t *at, char c)
{
    if (*at >= s.n || s.p[*at] != c)
        return false;
    *at += 1;
    return true;
}

/* YYYY[-MM[-DD]], or a sign and six digits for the year. */
static bool iso_read_date(str s, size_t *at, struct iso_fields *f)
{
    bool is_negative = iso_skip(s, at, '-');
    bool is_long = is_negative || iso_skip(s, at, '+');
    int year;
    if (!iso_number(s, at, is_long ? 6 : 4, &year) || (is_negative && year == 0))
        return false;
    f->year = is_negative ? -year : year;
    f->month = 1;
    f->day = 1;
    if (!iso_skip(s, at, '-'))
        return true;
    if (!iso_number(s, at, 2, &f->month))
        return false;
    return !iso_skip(s, at, '-') || iso_number(s, at, 2, &f->day);
}

/* Digits behind a decimal point; the first three count, but 24:00:00 must have none but zeros. */
static bool iso_read_fraction(str s, size_t *at, struct iso_fields *f)
{
    size_t start = *at;
    int scale = 100;
    int digit;
    while (iso_number(s, at, 1, &digit)) {
        if (digit != 0 && f->hour == 24)
            return false;
        f->millisecond += digit * scale;
        scale /= 10;
    }
    return *at > start;
}

/* HH:mm[:ss[.sss]] */
static bool iso_read_time(str s, size_t *at, struct iso_fields *f)
{
    if (!iso_number(s, at, 2, &f->hour) || !iso_skip(s, at, ':') ||
        !iso_number(s, at, 2, &f->minute))
        return false;
    if (!iso_skip(s, at, ':'))
        return true;
    if (!iso_number(s, at, 2, &f->second))
        return false;
    return !iso_skip(s, at, '.') || iso_read_fraction(s, at, f);
}

/* Nothing or Z; ±HH:mm or ±HHmm too, but only behind a time. */
static bool iso_read_zone(str s, size_t *at, bool has_time, struct iso_fields *f)
{
    if (*at >= s.n || iso_skip(s, at, 'Z') || iso_skip(s, at, 'z'))
        return true;
    if (!has_time)
        return false;
    bool is_negative = iso_skip(s, at, '-');
    int hours, minutes;
    if ((!is_negative && !iso_skip(s, at, '+')) || !iso_number(s, at, 2, &hours))
        return false;
    iso_skip(s, at, ':');
    if (!iso_number(s, at, 2, &minutes) || hours > 23 || minutes > 59)
        return false;
    int zone_ms = hours * MS_PER_HOUR + minutes * MS_PER_MINUTE;
    f->zone_ms = is_negative ? -zone_ms : zone_ms;
    return true;
}

static NOINLINE bool iso_parse_any(str s, int64_t *ret_ms)
{
    struct iso_fields f = {0};
    size_t at = 0;
    if (!iso_read_date(s, &at, &f))
        return false;
    bool has_time = iso_skip(s, &at, 'T') || iso_skip(s, &at, 't');
    if (has_time && !iso_read_time(s, &at, &f))
        return false;
    int64_t ms;
    if (!iso_read_zone(s, &at, has_time, &f) || at != s.n || !iso_to_ms(&f, &ms))
        return false;
    if (ms > time_limit || ms < -time_limit)
        return false;
    *ret_ms = ms;
    return true;
}

bool time_parse_iso(str text, int64_t *ret_ms)
{
    struct iso_fields f;
    if (LIKELY(text.n == 24) && iso_read_usual(text.p, &f))
        return iso_to_ms(&f, ret_ms);
    return iso_parse_any(text, ret_ms);
}

void time_print_http(int64_t ms, char out[TIME_HTTP_BYTES])
{
    static const char days[] = "SunMonTueWedThuFriSat",
                      months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    struct civil c = time_civil(ms);
    int day = time_weekday(time_days(c.year, c.month, c.day));
    (void)snprintf(out, TIME_HTTP_BYTES, "%.3s, %02d %.3s %04d %02d:%02d:%02d GMT", days + 3 * day,
                   c.day, months + 3 * (c.month - 1), (int)c.year, c.hour, c.minute, c.second);
}
