/* SPDX-License-Identifier: Apache-2.0 */
/* Timestamps: what is one, and their order. */
#include "asl/timestamp.h"
#include "base/attr.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static void timestamps_are_read_to_the_nanosecond(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t ms;
        int32_t ns;
    } cases[] = {
        {"1970-01-01T00:00:00Z", 0, 0},
        {"2026-01-01T00:00:00Z", INT64_C(1767225600000), 0},
        {"2026-01-01T00:00Z", INT64_C(1767225600000), 0},
        {"2026-01-01T00:00:00.5Z", INT64_C(1767225600500), 0},
        {"2026-01-01T00:00:00.123456789Z", INT64_C(1767225600123), 456789},
        {"2026-01-01T00:00:00.0000000019Z", INT64_C(1767225600000), 1},
        {"2026-01-01T01:30:00+01:30", INT64_C(1767225600000), 0},
        {"2025-12-31T19:00:00-05:00", INT64_C(1767225600000), 0},
        {"2026-01-01T18:00:00+18:00", INT64_C(1767225600000), 0},
        {"2024-02-29T00:00:00Z", INT64_C(1709164800000), 0},
        {"1969-12-31T23:59:59.999Z", -1, 0},
        {"0000-01-01T00:00:00Z", INT64_C(-62167219200000), 0},
        {"9999-12-31T23:59:59Z", INT64_C(253402300799000), 0},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct asl_instant at;
        if (!asl_timestamp_parse(str_of(cases[i].text), &at))
            fail_msg("%s is refused", cases[i].text);
        if (at.ms != cases[i].ms || at.ns != cases[i].ns)
            fail_msg("%s is %lld ms and %d ns", cases[i].text, (long long)at.ms, (int)at.ns);
    }
}

static void everything_else_is_none(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        "2026",
        "2026-01-01",
        "2026-01-01T00:00:00",
        "2026-01-01t00:00:00Z",
        "2026-01-01T00:00:00z",
        "2026-01-01 00:00:00Z",
        "2026-01-01T00Z",
        "2026-1-01T00:00:00Z",
        "2026-13-01T00:00:00Z",
        "2026-00-01T00:00:00Z",
        "2026-01-32T00:00:00Z",
        "2026-01-00T00:00:00Z",
        "2025-02-29T00:00:00Z",
        "2100-02-29T00:00:00Z",
        "2026-04-31T00:00:00Z",
        "2026-01-01T24:00:00Z",
        "2026-01-01T00:60:00Z",
        "2026-01-01T00:00:60Z",
        "2026-01-01T00:00:00.Z",
        "2026-01-01T00:00:00,5Z",
        "2026-01-01T00:00:00+01",
        "2026-01-01T00:00:00+0100",
        "2026-01-01T00:00:00+19:00",
        "2026-01-01T00:00:00+01:60",
        "2026-01-01T00:00:00ZZ",
        "2026-01-01T00:00:00Z ",
        " 2026-01-01T00:00:00Z",
        "+2026-01-01T00:00:00Z",
        "12026-01-01T00:00:00Z",
        "2026-01-01T00:00:00+1:00",
    };
    struct asl_instant at;
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        if (asl_timestamp_parse(str_of(texts[i]), &at))
            fail_msg("'%s' is taken", texts[i]);
    }
}

static void a_prefix_of_a_timestamp_is_none(void **state)
{
    (void)state;
    static const char text[] = "2026-01-01T00:00:00.5+01:00";
    struct asl_instant at;
    for (size_t n = 0; n < sizeof(text) - 1; n++)
        assert_false(asl_timestamp_parse((str){text, n}, &at));
}

static void instants_are_ordered_by_ms_then_ns(void **state)
{
    (void)state;
    struct asl_instant a = {5, 7}, b = {5, 8}, c = {6, 0};
    assert_true(asl_instant_cmp(&a, &b) < 0 && asl_instant_cmp(&b, &a) > 0);
    assert_true(asl_instant_cmp(&b, &c) < 0 && asl_instant_cmp(&c, &b) > 0);
    assert_int_equal(asl_instant_cmp(&a, &a), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(timestamps_are_read_to_the_nanosecond),
        cmocka_unit_test(everything_else_is_none),
        cmocka_unit_test(a_prefix_of_a_timestamp_is_none),
        cmocka_unit_test(instants_are_ordered_by_ms_then_ns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
