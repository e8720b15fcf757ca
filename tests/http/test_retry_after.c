/* SPDX-License-Identifier: Apache-2.0 */
#include "http/retry_after.h"
#include "base/time.h"
#include "http_test.h"

static int64_t at(const char *iso)
{
    int64_t ms;
    assert_true(time_parse_iso(str_of(iso), &ms));
    return ms;
}

static void the_three_forms_of_a_date_mean_the_same(void **state)
{
    (void)state;
    static const char *const forms[] = {
        "Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT",
        "Sun Nov  6 08:49:37 1994", "sun, 06 nov 1994 08:49:37 GMT"};
    for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
        int64_t ms = 0;
        assert_true(http_date_parse(str_of(forms[i]), at("2026-01-01"), &ms));
        assert_int_equal(ms, at("1994-11-06T08:49:37Z"));
    }
}

static void two_digits_of_a_year_are_near_to_now(void **state)
{
    (void)state;
    static const struct {
        const char *year, *now;
        int year_meant;
    } cases[] = {{"94", "2026-01-01", 1994}, {"30", "2026-01-01", 2030},
                 {"76", "2026-01-01", 2076}, {"77", "2026-01-01", 1977},
                 {"05", "2095-01-01", 2105}, {"95", "2095-01-01", 2095}};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char text[64];
        int64_t ms = 0;
        snprintf(text, sizeof text, "Friday, 01-Jan-%s 00:00:00 GMT", cases[i].year);
        assert_true(http_date_parse(str_of(text), at(cases[i].now), &ms));
        assert_int_equal(time_civil(ms).year, cases[i].year_meant);
    }
}

static void what_is_no_date_is_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {"",
                                        "soon",
                                        "Sun, 06 Nov 1994 08:49:37",
                                        "Sun, 06 Nov 1994 08:49:37 CET",
                                        "Sun, 6 Nov 1994 08:49:37 GMT",
                                        "Sun, 00 Nov 1994 08:49:37 GMT",
                                        "Sun, 32 Nov 1994 08:49:37 GMT",
                                        "Sun, 06 Nov 1994 24:49:37 GMT",
                                        "Sun, 06 Nov 1994 08:60:37 GMT",
                                        "Sun, 06 Nov 1994 08:49:61 GMT",
                                        "Sun, 06 Xov 1994 08:49:37 GMT",
                                        "Sun, 06 Nov 1994 08:49:37 GMT ",
                                        "Sun Nov  6 08:49:37 94",
                                        "1994-11-06T08:49:37Z"};
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        int64_t ms;
        assert_false(http_date_parse(str_of(texts[i]), 0, &ms));
        assert_false(http_retry_after(str_of(texts[i]), 0, &ms));
    }
}

static void waits_are_seconds_or_until_a_date(void **state)
{
    (void)state;
    static const struct {
        const char *value;
        int64_t wait_ms; /* -1: refused */
    } cases[] = {{"0", 0},
                 {"120", 120000},
                 {"007", 7000},
                 {"99999999999999999999", INT64_C(1000000000000)},
                 {"-1", -1},
                 {"1.5", -1},
                 {" 5", -1},
                 {"5s", -1},
                 {"Thu, 01 Jan 2026 00:00:10 GMT", 10000},
                 {"Thu, 01 Jan 2026 00:00:00 GMT", 0},
                 {"Wed, 31 Dec 2025 23:59:00 GMT", 0}};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        int64_t wait_ms = -1;
        assert_true(http_retry_after(str_of(cases[i].value), at("2026-01-01"), &wait_ms) ==
                    (cases[i].wait_ms >= 0));
        assert_int_equal(wait_ms, cases[i].wait_ms);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_three_forms_of_a_date_mean_the_same),
        cmocka_unit_test(two_digits_of_a_year_are_near_to_now),
        cmocka_unit_test(what_is_no_date_is_refused),
        cmocka_unit_test(waits_are_seconds_or_until_a_date),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
