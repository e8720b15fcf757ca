/* SPDX-License-Identifier: Apache-2.0 */
/* $formatNumber pictures and $round. */
#include "picture_test.h"

#include <math.h>

struct number_case {
    double value;
    const char *picture, *wanted;
};

static void format_number(double value, const char *picture,
                          const struct picture_number_options *opt, struct buf *out)
{
    struct arena a;
    struct picture_error err;
    const struct picture_number *p;
    arena_init(&a, 0);
    buf_clear(out);
    if (!picture_number_analyse(&a, str_of(picture), opt, &p, &err) ||
        !picture_number_format(p, value, out, &err))
        picture_test_error(out, &err);
    arena_done(&a);
}

static void check_number(double value, const char *picture, const char *wanted)
{
    struct buf out;
    buf_init(&out, 4096);
    format_number(value, picture, NULL, &out);
    picture_test_same(picture, &out, wanted);
    buf_done(&out);
}

static void check_numbers(const struct number_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++)
        check_number(cases[i].value, cases[i].picture, cases[i].wanted);
}

static void digits_are_padded_grouped_and_cut(void **state)
{
    (void)state;
    static const struct number_case cases[] = {
        {12345.6, "#,###.00", "12,345.60"},
        {12345678.9, "9,999.99", "12,345,678.90"},
        {123.9, "9999", "0124"},
        {0, "#,##0.00", "0.00"},
        {-0.0, "0.0", "0.0"},
        {0, "#", "0"},
        {0, "#.##", ".0"},
        {0.5, "#.##", ".5"},
        {1234567, "#,##0", "1,234,567"},
        {999, "#,##0", "999"},
        {1000, "#,##0", "1,000"},
        {1e20, "#,######", "100,000000,000000,000000"},
        {1, "00000000000000000000.0", "00000000000000000001.0"},
        {1.5, "0.###############", "1.5"},
        {2.14 * 86.58, "PREFIX##00.000###SUFFIX", "PREFIX185.2812SUFFIX"},
        {5, "\xE2\x82\xAC#,##0.00 \xF0\x9F\x98\x80",
         "\xE2\x82\xAC"
         "5.00 \xF0\x9F\x98\x80"},
        {1234567.891, "#,##0.0000000000", "1,234,567.8910000001"},
    };
    check_numbers(cases, ARRAY_LEN(cases));
}

static void the_last_digit_is_rounded_half_to_even_on_the_decimal_text(void **state)
{
    (void)state;
    static const struct number_case cases[] = {
        {1.005, "0.00", "1.00"},
        {1.015, "0.00", "1.02"},
        {2.675, "0.00", "2.68"},
        {0.125, "0.00", "0.12"},
        {0.375, "0.00", "0.38"},
        {2.5, "0", "2"},
        {3.5, "0", "4"},
        {-2.5, "0", "-2"},
        {9.995, "0.00", "10.00"},
        {0.3 + 1e-17, "0.0", "0.3"},
        {0.1 + 0.2, "0.00", "0.30"},
        {1.1 * 3, "0.0000000000000000", "3.3000000000000003"},
        {4503599627370495.5, "0", "4503599627370496"},
        {999999999999999.9, "#,##0.0", "1,000,000,000,000,000.0"},
    };
    check_numbers(cases, ARRAY_LEN(cases));
}

static void groups_may_stand_at_odd_places(void **state)
{
    (void)state;
    static const struct number_case cases[] = {
        {123412345678.9, "9,9,99.99", "123412345,6,78.90"},
        {1234.56789, "9,999.999,999", "1,234.567,890"},
        {12, "#,##,##0.00", ",12,.00"},
        {7.5, "#,##,##0.00", ",7.5,0"},
    };
    check_numbers(cases, ARRAY_LEN(cases));
}

static void percent_and_negative_pictures_are_used(void **state)
{
    (void)state;
    static const struct number_case cases[] = {
        {0.14, "01%", "14%"},
        {0.4857, "###.###\xE2\x80\xB0", "485.7\xE2\x80\xB0"},
        {-6, "000", "-006"},
        {-6, "$0", "-$6"},
        {-6.5, "0.0;(0.00)", "(6.50)"},
        {6.5, "0.0;(0.00)", "6.5"},
        {-0.001, "0.00", "-0.00"},
    };
    check_numbers(cases, ARRAY_LEN(cases));
}

static void exponents_scale_the_mantissa(void **state)
{
    (void)state;
    static const struct number_case cases[] = {
        {1234.5678, "00.000e0", "12.346e2"},
        {1234.5678, "00.000e000", "12.346e002"},
        {0.234, "0.0e0", "2.3e-1"},
        {0.234, "#.00e0", "0.23e0"},
        {0.123, "#.e9", "0.1e0"},
        {0.234, ".00e0", ".23e0"},
        {0, "0.00e0", "0.00e0"},
        {-42, "0e0", "-4e1"},
        {10, "0e0", "10e0"},
    };
    check_numbers(cases, ARRAY_LEN(cases));
}

static void broken_pictures_are_refused_with_the_last_rule_they_break(void **state)
{
    (void)state;
    static const struct number_case cases[] = {
        {20, "#;#;#", "D3080"},
        {20, "#.0.0", "D3081"},
        {20, "#0%%", "D3082"},
        {20, "#0\xE2\x80\xB0\xE2\x80\xB0", "D3083"},
        {20, "#0%\xE2\x80\xB0", "D3084"},
        {20, ".e0", "D3085"},
        {20, "0+.e0", "D3086"},
        {20, "0,.e0", "D3087"},
        {20, "0,", "D3088"},
        {20, "0,,0", "D3089"},
        {20, "0#.e0", "D3090"},
        {20, "#0.#0e0", "D3091"},
        {20, "#0.0e0%", "D3092"},
        {20, "#0.0e0,0", "D3093"},
        {20, "", "D3085"},
        {20, "%%", "D3086"},
        {20, "0;0,,0", "D3089"},
    };
    check_numbers(cases, ARRAY_LEN(cases));
}

static void infinities_and_huge_numbers_come_out_as_their_texts(void **state)
{
    (void)state;
    static const struct number_case cases[] = {
        {HUGE_VAL, "#,##0", "In,fin,ity"},
        {-HUGE_VAL, "#,##0", "-In,fin,ity"},
        {HUGE_VAL, "#,##0.00", "NaN.00"},
        {(double)NAN, "#0", "-NaN"},
        {1e21, "0", "1e+21"},
        {HUGE_VAL, "0e0", "D3160"},
        {1e300, "0e0", "1e300"},
    };
    check_numbers(cases, ARRAY_LEN(cases));
}

static void options_replace_the_symbols(void **state)
{
    (void)state;
    static const struct {
        double value;
        const char *picture, *option, *text, *wanted;
    } cases[] = {
        {0.14, "###pm", "per-mille", "pm", "140pm"},
        {2, "AAA.AAA", "zero-digit", "A", "AAC.AAA"},
        {0.1, "AeAAA", "zero-digit", "A", "Be-AAB"},
        {1234.5678,
         "\xE2\x91\xA0\xE2\x91\xA0.\xE2\x91\xA0\xE2\x91\xA0\xE2\x91\xA0"
         "e\xE2\x91\xA0",
         "zero-digit", "\xE2\x91\x9F",
         "\xE2\x91\xA0\xE2\x91\xA1.\xE2\x91\xA2\xE2\x91\xA3\xE2\x91\xA5"
         "e\xE2\x91\xA1"},
        {1234.5, "# ##0.00", "grouping-separator", " ", "1 234.50"},
        {-3, "0", "minus-sign", "minus ", "minus 3"},
        {-3, "0:[0]", "pattern-separator", ":", "[3]"},
        {3, "*0", "digit", "*", "3"},
        {3, "0#", "digit", "*", "3#"},
        {3, "0", "zero-digit", "", "D3086"},
        {3, "#", "zero-digit", "", ""},
        {12, "0", "pattern-separator", "", "12"},
    };
    struct buf out;
    buf_init(&out, 4096);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct picture_number_options opt = picture_number_defaults();
        *picture_number_option(&opt, str_of(cases[i].option)) = str_of(cases[i].text);
        format_number(cases[i].value, cases[i].picture, &opt, &out);
        picture_test_same(cases[i].picture, &out, cases[i].wanted);
    }
    buf_done(&out);
}

static void european_symbols_swap_point_and_comma(void **state)
{
    (void)state;
    struct picture_number_options opt = picture_number_defaults();
    opt.decimal_separator = STR(",");
    opt.grouping_separator = STR(".");
    struct buf out;
    buf_init(&out, 4096);
    format_number(1234567.5, "#.##0,00", &opt, &out);
    picture_test_same("#.##0,00", &out, "1.234.567,50");
    buf_done(&out);
    assert_null(picture_number_option(&opt, STR("no-such-option")));
}

static void one_analysis_serves_many_numbers(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a, 0);
    const struct picture_number *p;
    struct picture_error err;
    assert_true(picture_number_analyse(&a, STR("#,##0.00"), NULL, &p, &err));
    struct buf out;
    buf_init(&out, 64);
    assert_true(picture_number_format(p, 1234.5, &out, &err));
    assert_true(picture_number_format(p, -1, &out, &err));
    picture_test_same("#,##0.00", &out, "1,234.50-1.00");
    buf_done(&out);
    arena_done(&a);
}

static void output_beyond_the_maximum_marks_the_buffer(void **state)
{
    (void)state;
    struct buf out;
    buf_init(&out, 4);
    format_number(12345, "0", NULL, &out);
    assert_false(buf_ok(&out));
    format_number(12345, "0.0e0", NULL, &out);
    assert_false(buf_ok(&out));
    buf_done(&out);
}

static void a_picture_beyond_the_arena_is_refused(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a, 1024);
    char picture[512];
    memset(picture, '0', sizeof picture);
    const struct picture_number *p;
    struct picture_error err;
    assert_false(picture_number_analyse(&a, (str){picture, sizeof picture}, NULL, &p, &err));
    assert_string_equal(err.code, "U1002");
    arena_done(&a);
}

static void rounding_is_half_to_even_at_any_decimal(void **state)
{
    (void)state;
    static const struct {
        double value, precision, wanted;
    } cases[] = {
        {123.456, 2, 123.46},
        {1.5, 0, 2},
        {2.5, 0, 2},
        {-1.5, 0, -2},
        {4.525, 2, 4.52},
        {4.515, 2, 4.52},
        {12345, -2, 12300},
        {12450, -2, 12400},
        {12350, -2, 12400},
        {1e21, -20, 1e21},
        {0.1 + 0.2, 15, 0.3},
        {5e-324, 5, 0},
        {1.5e300, -300, 2e300},
        {HUGE_VAL, 0, HUGE_VAL},
        {9007199254740992.0, 2, 9007199254740992.0},
        {-0.001, 2, 0},
        {123456789012345.67, 1, 123456789012345.7},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        assert_true(picture_round(cases[i].value, cases[i].precision) == cases[i].wanted);
    assert_false(signbit(picture_round(-0.2, 0)));
    assert_false(signbit(picture_round(-0.001, 2)));
    assert_true(isnan(picture_round(HUGE_VAL, 1)));
    assert_true(isnan(picture_round(1, 1.5)));
    assert_true(isnan(picture_round(1e300, 100)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(digits_are_padded_grouped_and_cut),
        cmocka_unit_test(the_last_digit_is_rounded_half_to_even_on_the_decimal_text),
        cmocka_unit_test(groups_may_stand_at_odd_places),
        cmocka_unit_test(percent_and_negative_pictures_are_used),
        cmocka_unit_test(exponents_scale_the_mantissa),
        cmocka_unit_test(broken_pictures_are_refused_with_the_last_rule_they_break),
        cmocka_unit_test(infinities_and_huge_numbers_come_out_as_their_texts),
        cmocka_unit_test(options_replace_the_symbols),
        cmocka_unit_test(european_symbols_swap_point_and_comma),
        cmocka_unit_test(one_analysis_serves_many_numbers),
        cmocka_unit_test(output_beyond_the_maximum_marks_the_buffer),
        cmocka_unit_test(a_picture_beyond_the_arena_is_refused),
        cmocka_unit_test(rounding_is_half_to_even_at_any_decimal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
