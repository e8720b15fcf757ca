/* SPDX-License-Identifier: Apache-2.0 */
/* Reading numbers: the grammar of JSON, and the value against strtod, hard cases first. */
#include "base/number.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static double parse_double(uint64_t bits)
{
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* xorshift64: the same sequence in every run. */
static uint64_t parse_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

static void expect_parse(const char *text)
{
    /* An exact copy on the heap, so that a read behind the end is found. */
    size_t n = strlen(text);
    char *copy = malloc(n);
    assert_non_null(copy);
    memcpy(copy, text, n);
    double value = -12345;
    size_t length = number_parse((str){copy, n}, &value);
    free(copy);
    double expected = strtod(text, NULL);
    if (length != n || memcmp(&value, &expected, sizeof value) != 0)
        fail_msg("%s: read %zu bytes as %a, not %a", text, length, value, expected);
}

static void reads_hard_cases_like_strtod(void **state)
{
    (void)state;
    static const char *const cases[] = {"0",
                                        "-0",
                                        "0.0",
                                        "-0.0e5",
                                        "1",
                                        "-1",
                                        "123.456",
                                        "1e5",
                                        "1E+5",
                                        "1e-5",
                                        "0.1",
                                        "1e22",
                                        "1e23",
                                        "9007199254740991",
                                        "9007199254740992",
                                        "9007199254740993",
                                        "9007199254740993.0",
                                        "9007199254740993.00000000000000000000000000000001",
                                        "9007199254740995",
                                        "9007199254740992.99999999999999999999999999999999",
                                        "18446744073709551615",
                                        "18446744073709551616",
                                        "18446744073709551616.5",
                                        "18446744073709551616.00125",
                                        "36893488147419103232.0000000000005",
                                        "10000000000000000000",
                                        "99999999999999999999",
                                        "1.7976931348623157e308",
                                        "1.7976931348623158e308",
                                        "1.7976931348623159e308",
                                        "1e309",
                                        "-1e309",
                                        "179769313486231580793e289",
                                        "17976931348623158079372897140530341507993e268",
                                        "2.2250738585072014e-308",
                                        "2.2250738585072011e-308",
                                        "2.2250738585072012e-308",
                                        "5e-324",
                                        "4.9406564584124654e-324",
                                        "2.4703282292062327e-324",
                                        "2.4703282292062328e-324",
                                        "2e-324",
                                        "2.47032822920623272088284396434110686182e-324",
                                        "1e-400",
                                        "1e-1000000000000000000000",
                                        "1e1000000000000000000000",
                                        "0e1000000000000000000000",
                                        "-0e-99999999999",
                                        "8.5e-323",
                                        "0.000000000000000000000000000000000000001",
                                        "0.00000000000000000000000123456789012345678901",
                                        "1448997445238699",
                                        "3.518437208883201171875e13",
                                        "62.5364939768271845828",
                                        "8.10109172351e-10",
                                        "1.50000000000000011102230246251565",
                                        "1.5000000000000001110223024625156",
                                        "7.2057594037927933e16",
                                        "1090544144181609348671888949248",
                                        "1090544144181609348835077142190",
                                        "9223372036854775807",
                                        "9223372036854775808",
                                        "123456789012345678901234567890e-20",
                                        "0.500000000000000166533453693773481063544750213623046875",
                                        "3.7455744005952583e15",
                                        "1.1754943508222875e-38",
                                        "90001249822292.615e2",
                                        "100000000000000000000000.5"};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        expect_parse(cases[i]);
}

static void expect_length(const char *text, size_t expected)
{
    double value = 77;
    assert_int_equal(number_parse(str_of(text), &value), expected);
    if (expected == 0)
        assert_true(value == 77);
}

static void reads_exactly_what_the_grammar_allows(void **state)
{
    (void)state;
    expect_length("", 0);
    expect_length("-", 0);
    expect_length("+1", 0);
    expect_length(".5", 0);
    expect_length("-.5", 0);
    expect_length("e5", 0);
    expect_length("Infinity", 0);
    expect_length("-a", 0);
    expect_length("1", 1);
    expect_length("01", 1);
    expect_length("-01", 2);
    expect_length("1.", 1);
    expect_length("1.e5", 1);
    expect_length("1e", 1);
    expect_length("1e+", 1);
    expect_length("1.5e-", 3);
    expect_length("1.5E-3,", 6);
    expect_length("0x10", 1);
    expect_length("12,3", 2);
    expect_length("1.2.3", 3);
    expect_length("1e5.5", 3);
}

static void stops_at_the_end_of_the_text(void **state)
{
    (void)state;
    double value;
    assert_int_equal(number_parse((str){"12345", 3}, &value), 3);
    assert_true(value == 123);
    assert_int_equal(number_parse((str){"1.5e10", 3}, &value), 3);
    assert_true(value == 1.5);
    assert_int_equal(number_parse((str){"1.5e10", 2}, &value), 1);
    assert_int_equal(number_parse((str){"1.5e10", 4}, &value), 3);
    assert_int_equal(number_parse((str){"1.5e10", 5}, &value), 5);
    assert_true(value == 15);
}

static void reads_random_texts_like_strtod(void **state)
{
    (void)state;
    uint64_t seed = 2024;
    for (int i = 0; i < 300000; i++) {
        char text[80];
        int n = 0;
        int whole = (int)(parse_random(&seed) % 22) + 1;
        text[n++] = (char)('1' + parse_random(&seed) % 9);
        while (--whole > 0)
            text[n++] = (char)('0' + parse_random(&seed) % 10);
        int decimals = (int)(parse_random(&seed) % 25);
        if (decimals > 0)
            text[n++] = '.';
        while (decimals-- > 0)
            text[n++] = (char)('0' + parse_random(&seed) % 10);
        snprintf(text + n, sizeof text - (size_t)n, "e%d", (int)(parse_random(&seed) % 680) - 350);
        expect_parse(text);
    }
}

static void reads_back_every_printed_double(void **state)
{
    (void)state;
    uint64_t seed = 31337;
    for (int i = 0; i < 300000; i++) {
        double value = parse_double(parse_random(&seed));
        if (i % 4 == 0)
            value = ldexp(value, -1100);
        if (!isfinite(value))
            continue;
        char text[64];
        snprintf(text, sizeof text, "%.17g", value);
        expect_parse(text);
        snprintf(text, sizeof text, "%.18e", value);
        expect_parse(text);
    }
}

/* Exactly between two doubles, just below and just above. */
static void decides_halfway_cases_by_the_last_digit(void **state)
{
    (void)state;
    uint64_t seed = 5;
    for (int i = 0; i < 20000; i++) {
        uint64_t bits = parse_random(&seed);
        /* Between 2^-60 and 2^100, and the smallest doubles. */
        uint64_t exponent = i % 8 == 0 ? parse_random(&seed) % 3 : 963 + parse_random(&seed) % 160;
        bits = (bits & 0xFFFFFFFFFFFFFu) | exponent << 52;
        long double middle =
            ((long double)parse_double(bits) + (long double)parse_double(bits + 1)) / 2;
        char text[1300];
        int n = snprintf(text, sizeof text, "%.1100Lf", middle);
        assert_in_range(n, 1, 1200);
        expect_parse(text);
        text[n] = '1';
        text[n + 1] = '\0';
        expect_parse(text);
        /* One less in the last place that is not zero. */
        while (text[n] < '1' || text[n] > '9' || n == (int)strlen(text) - 1)
            n--;
        text[n]--;
        expect_parse(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_hard_cases_like_strtod),
        cmocka_unit_test(reads_exactly_what_the_grammar_allows),
        cmocka_unit_test(stops_at_the_end_of_the_text),
        cmocka_unit_test(reads_random_texts_like_strtod),
        cmocka_unit_test(reads_back_every_printed_double),
        cmocka_unit_test(decides_halfway_cases_by_the_last_digit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
