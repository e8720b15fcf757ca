/* SPDX-License-Identifier: Apache-2.0 */
/* Dates against the calendar, timestamps against what V8 does with them. */
#include "base/time.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static int64_t days_in_month(int64_t year, int month)
{
    static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return lengths[month - 1] + (month == 2 && is_leap);
}

static void every_day_of_twelve_hundred_years_converts_both_ways(void **state)
{
    (void)state;
    int64_t days = time_days(1400, 1, 1);
    assert_int_equal(time_days(1970, 1, 1), 0);
    for (int64_t year = 1400; year < 2600; year++) {
        for (int month = 1; month <= 12; month++) {
            for (int day = 1; day <= days_in_month(year, month); day++, days++) {
                assert_int_equal(time_days(year, month, day), days);
                struct civil c = time_civil(days * TIME_MS_PER_DAY + 3723004);
                assert_true(c.year == year && c.month == month && c.day == day);
                assert_true(c.hour == 1 && c.minute == 2 && c.second == 3 && c.millisecond == 4);
            }
        }
    }
}

static void years_around_zero_follow_each_other(void **state)
{
    (void)state;
    for (int64_t year = -900; year < 900; year++) {
        int64_t length = 337 + days_in_month(year, 2);
        assert_int_equal(time_days(year + 1, 1, 1) - time_days(year, 1, 1), length);
        struct civil c = time_civil(time_days(year, 12, 31) * TIME_MS_PER_DAY);
        assert_true(c.year == year && c.month == 12 && c.day == 31);
    }
}

static void months_and_days_carry_over(void **state)
{
    (void)state;
    assert_int_equal(time_days(2020, 13, 1), time_days(2021, 1, 1));
    assert_int_equal(time_days(2020, 0, 1), time_days(2019, 12, 1));
    assert_int_equal(time_days(2020, -11, 1), time_days(2019, 1, 1));
    assert_int_equal(time_days(2020, -12, 1), time_days(2018, 12, 1));
    assert_int_equal(time_days(2020, 2, 30), time_days(2020, 3, 1));
    assert_int_equal(time_days(2020, 3, 0), time_days(2020, 2, 29));
}

static void weekdays_are_right(void **state)
{
    (void)state;
    assert_int_equal(time_weekday(0), 4);
    assert_int_equal(time_weekday(-1), 3);
    assert_int_equal(time_weekday(-5), 6);
    assert_int_equal(time_weekday(time_days(2026, 10, 1)), 4);
    assert_int_equal(time_weekday(time_days(2000, 1, 1)), 6);
}

static void the_ends_of_the_range_convert(void **state)
{
    (void)state;
    static const int64_t ends[] = {INT64_MIN, INT64_MIN + 1, -1, 0, 1, INT64_MAX};
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        struct civil c = time_civil(ends[i]);
        assert_true(c.month >= 1 && c.month <= 12 && c.day >= 1 && c.day <= 31);
        assert_true(c.hour >= 0 && c.hour < 24 && c.millisecond >= 0);
        assert_true(time_ms(&c) == ends[i]);
        char out[32];
        assert_true(time_print_iso(ends[i], out) <= 32);
    }
}

static void expect_iso(int64_t ms, const char *expected)
{
    char out[33];
    size_t n = time_print_iso(ms, out);
    assert_true(n <= 32);
    out[n] = '\0';
    assert_string_equal(out, expected);
    int64_t again = 0;
    assert_true(time_parse_iso((str){out, n}, &again));
    assert_true(again == ms);
}

static void prints_timestamps_as_javascript_does(void **state)
{
    (void)state;
    expect_iso(0, "1970-01-01T00:00:00.000Z");
    expect_iso(-1, "1969-12-31T23:59:59.999Z");
    expect_iso(1790856000000, "2026-10-01T12:00:00.000Z");
    expect_iso(951827696789, "2000-02-29T12:34:56.789Z");
    expect_iso(-62167219200000, "0000-01-01T00:00:00.000Z");
    expect_iso(-62167219200001, "-000001-12-31T23:59:59.999Z");
    expect_iso(253402300799999, "9999-12-31T23:59:59.999Z");
    expect_iso(253402300800000, "+010000-01-01T00:00:00.000Z");
    expect_iso(8640000000000000, "+275760-09-13T00:00:00.000Z");
    expect_iso(-8640000000000000, "-271821-04-20T00:00:00.000Z");
}

/* Text and what Date.parse gives in V8, with TZ=UTC. */
static const struct {
    const char *text;
    int64_t ms;
} accepted[] = {
    {"2020", 1577836800000},
    {"2020-01", 1577836800000},
    {"2020-01-01", 1577836800000},
    {"2020-02-30", 1583020800000},
    {"2020-02-31", 1583107200000},
    {"2020-04-31", 1588291200000},
    {"2021-02-29", 1614556800000},
    {"2021-02-29T00:00:00.000Z", 1614556800000},
    {"2020-01-01T24:00:00Z", 1577923200000},
    {"2020-01-01T24:00:00.000Z", 1577923200000},
    {"2020-01-01T24:00:00.000000Z", 1577923200000},
    {"2020-01-01T24:00", 1577923200000},
    {"2020-01-01T24:00:00+01:00", 1577919600000},
    {"2020-01-01T10:00", 1577872800000},
    {"2020-01-01T10:00Z", 1577872800000},
    {"2020-01-01T10:00:00+01:00", 1577869200000},
    {"2020-01-01T10:00:00+0100", 1577869200000},
    {"2020-01-01T10:00:00+23:59", 1577786460000},
    {"2020-01-01T10:00:00-00:00", 1577872800000},
    {"2020-01-01T10:00+0530", 1577853000000},
    {"2020-01-01T10:00:00.123+0530", 1577853000123},
    {"2020-01-01T10:00:00.1Z", 1577872800100},
    {"2020-01-01T10:00:00.5", 1577872800500},
    {"2020-01-01T10:00:00.9999Z", 1577872800999},
    {"2020-01-01T10:00:00.12345678901234567890Z", 1577872800123},
    {"2020-01-01T10:00:00.0000000000000000000000000000000009Z", 1577872800000},
    {"+002020-01-01T00:00:00Z", 1577836800000},
    {"-000001-01-01T00:00:00Z", -62198755200000},
    {"-012020", -441481795200000},
    {"+275760-09-13T00:00:00Z", 8640000000000000},
    {"-271821-04-20T00:00:00Z", -8640000000000000},
    {"2020-01-01Z", 1577836800000},
    {"2020Z", 1577836800000},
    {"2020T10:00Z", 1577872800000},
    {"2020-01T10:00Z", 1577872800000},
    {"2020-01-01T10:00:00z", 1577872800000},
    {"2020-01-01t10:00:00Z", 1577872800000},
    {"0000-01-01T00:00:00Z", -62167219200000},
};

static void prints_dates_as_http_does(void **state)
{
    (void)state;
    static const struct {
        int64_t ms;
        const char *text;
    } cases[] = {
        {0, "Thu, 01 Jan 1970 00:00:00 GMT"},
        {784111777999, "Sun, 06 Nov 1994 08:49:37 GMT"},
        {INT64_C(253402300799999), "Fri, 31 Dec 9999 23:59:59 GMT"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[TIME_HTTP_BYTES];
        time_print_http(cases[i].ms, text);
        assert_string_equal(text, cases[i].text);
    }
}

static void accepts_what_v8_accepts(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof accepted / sizeof accepted[0]; i++) {
        int64_t ms = 1;
        if (!time_parse_iso(str_of(accepted[i].text), &ms) || ms != accepted[i].ms)
            fail_msg("%s gives %lld", accepted[i].text, (long long)ms);
    }
}

/* Not among the documented forms, or refused by V8. */
static const char *const refused[] = {
    "",
    "2020-13",
    "2020-00-01",
    "2020-01-00",
    "2020-02-32",
    "2020-02-32T00:00:00.000Z",
    "2020-13-01T00:00:00.000Z",
    "2020-00-01T00:00:00.000Z",
    "2020-01-00T00:00:00.000Z",
    "2020-01-01T24:00:00.001Z",
    "2020-01-01T24:00:00.0001Z",
    "2020-01-01T24:00:01Z",
    "2020-01-01T24:01Z",
    "2020-01-01T25:00:00.000Z",
    "2020-01-01T23:60Z",
    "2020-01-01T23:60:00.000Z",
    "2020-01-01T23:59:60Z",
    "2020-01-01T23:59:60.000Z",
    "2020-01-01T10",
    "2020-01-01T",
    "2020-01-01T1:00Z",
    "2020-01-01T10:00.5Z",
    "2020-01-01T10:00:00.Z",
    "2020-01-01T10:00:00,5Z",
    "2020-01-01T10:00:00+01",
    "2020-01-01T10:00:00+1:00",
    "2020-01-01T10:00:00+24:00",
    "2020-01-01T10:00:00+23:60",
    "2020-01-01T10:00:00+00:00:00",
    "2020-01-01T10:00:00 Z",
    "2020-01-01T10:00:00Z ",
    " 2020-01-01T10:00:00Z",
    "2020-01-01T00:00:00+00:00Z",
    "2020-01-01+01:00",
    "2020+01:00",
    "2020-01-01.5Z",
    "-000000-01-01T00:00:00Z",
    "+012020-13-01",
    "+2020-01-01T00:00Z",
    "+275760-09-13T00:00:00.001Z",
    "-271821-04-19T23:59:59.999Z",
    "20200101",
    "2020-1-1",
    "2020-",
    "2020-01-01 10:00:00Z",
    "Thu, 01 Jan 1970",
};

static void refuses_everything_else(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        int64_t ms = 77;
        if (time_parse_iso(str_of(refused[i]), &ms) || ms != 77)
            fail_msg("%s gives %lld", refused[i], (long long)ms);
    }
}

/* Any byte in any place of the usual form: read only when it is a digit for a digit, t or z for T
 * or Z, or one decimal more instead of Z. */
static void a_wrong_byte_in_the_usual_form_is_refused(void **state)
{
    (void)state;
    const char usual[] = "2011-11-11T11:11:11.111Z";
    for (size_t place = 0; place < 24; place++) {
        for (int byte = 0; byte < 256; byte++) {
            char text[25];
            memcpy(text, usual, sizeof text);
            text[place] = (char)byte;
            bool was_digit = usual[place] >= '0' && usual[place] <= '9';
            bool is_digit = byte >= '0' && byte <= '9';
            bool is_letter = usual[place] == 'T' || usual[place] == 'Z';
            if (place == 23 && is_digit)
                continue;
            bool is_fine = was_digit
                               ? is_digit
                               : byte == usual[place] || (is_letter && byte == usual[place] + 32);
            int64_t ms;
            bool is_read = time_parse_iso((str){text, 24}, &ms);
            if (!is_fine)
                assert_false(is_read);
            else if (!was_digit)
                assert_true(is_read);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_day_of_twelve_hundred_years_converts_both_ways),
        cmocka_unit_test(years_around_zero_follow_each_other),
        cmocka_unit_test(months_and_days_carry_over),
        cmocka_unit_test(weekdays_are_right),
        cmocka_unit_test(the_ends_of_the_range_convert),
        cmocka_unit_test(prints_timestamps_as_javascript_does),
        cmocka_unit_test(prints_dates_as_http_does),
        cmocka_unit_test(accepts_what_v8_accepts),
        cmocka_unit_test(refuses_everything_else),
        cmocka_unit_test(a_wrong_byte_in_the_usual_form_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
