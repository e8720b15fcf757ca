/* SPDX-License-Identifier: Apache-2.0 */
/* $formatInteger and $parseInteger pictures. */
#include "picture_test.h"

#include <math.h>

struct integer_case {
    double value;
    const char *picture, *wanted;
};

static void check_integers(const struct integer_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct arena a;
        struct buf out;
        struct picture_error err;
        const struct picture_integer *p;
        arena_init(&a, 0);
        buf_init(&out, 100000);
        if (!picture_integer_analyse(&a, str_of(cases[i].picture), &p, &err) ||
            !picture_integer_format(p, cases[i].value, &out, &err))
            picture_test_error(&out, &err);
        picture_test_same(cases[i].picture, &out, cases[i].wanted);
        buf_done(&out);
        arena_done(&a);
    }
}

static void decimal_digits_are_padded_and_grouped(void **state)
{
    (void)state;
    static const struct integer_case cases[] = {
        {123, "0000", "0123"},
        {-3, "0000", "-0003"},
        {12.6, "###0", "12"},
        {-12.4, "0", "-13"},
        {1234567890, "#,##0", "1,234,567,890"},
        {120, "#,##0", "120"},
        {1234567890, "#:###,##0", "1234:567,890"},
        {1234567890, "##,##,##0", "12345,67,890"},
        {5, "0,0,0", "0,0,5"},
        {1e21, "0", "1e+21"},
        {(double)NAN, "000000", "000NaN"},
    };
    check_integers(cases, ARRAY_LEN(cases));
}

static void separators_left_of_the_number_go_to_its_front(void **state)
{
    (void)state;
    static const struct integer_case cases[] = {
        {12, "#:###,##0", ",:12"},
        {123, "#.###,0", ".,3"},
        {5, "0,", "5,"},
    };
    check_integers(cases, ARRAY_LEN(cases));
}

static void digits_of_any_script_are_used(void **state)
{
    (void)state;
    static const struct integer_case cases[] = {
        {12340, "###\xD9\xA1", "\xD9\xA1\xD9\xA2\xD9\xA3\xD9\xA4\xD9\xA0"},
        {7, "\xEF\xBC\x90\xEF\xBC\x90", "\xEF\xBC\x90\xEF\xBC\x97"},
        {1234, "#,##\xD9\xA0", "\xD9\xA1,\xD9\xA2\xD9\xA3\xD9\xA4"},
        {12340, "##0\xEF\xBC\x90", "D3131"},
    };
    check_integers(cases, ARRAY_LEN(cases));
}

static void ordinals_get_their_ending(void **state)
{
    (void)state;
    static const struct integer_case cases[] = {
        {1, "0;o", "1st"},     {2, "0;o", "2nd"},           {3, "0;o", "3rd"},
        {4, "0;o", "4th"},     {11, "0;o", "11th"},         {12, "0;o", "12th"},
        {113, "0;o", "113th"}, {21, "0;o", "21st"},         {1, "00;o", "01st"},
        {1, "0;c", "1"},       {1011, "#,#0;o", "10,11th"}, {1, "0;o(-e)", "1st"},
    };
    check_integers(cases, ARRAY_LEN(cases));
}

static void letters_and_roman_numerals_are_written(void **state)
{
    (void)state;
    static const struct integer_case cases[] = {
        {1, "A", "A"}, {26, "a", "z"},       {27, "a", "aa"},          {123456, "A", "FZPH"},
        {0, "A", ""},  {-5, "a", "-e"},      {1984, "I", "MCMLXXXIV"}, {99, "i", "xcix"},
        {0, "I", ""},  {5000, "I", "MMMMM"}, {1e9, "I", "D3160"},      {HUGE_VAL, "A", "D3160"},
    };
    check_integers(cases, ARRAY_LEN(cases));
}

static void words_are_written(void **state)
{
    (void)state;
    static const struct integer_case cases[] = {
        {0, "w", "zero"},
        {34, "w", "thirty-four"},
        {99, "W", "NINETY-NINE"},
        {555, "Ww", "Five Hundred and Fifty-Five"},
        {3730, "w", "three thousand, seven hundred and thirty"},
        {1000000000001, "w", "one trillion and one"},
        {1e46, "w", "ten billion trillion trillion trillion"},
        {1234567890123, "w",
         "one trillion, two hundred and thirty-four billion, five hundred and sixty-seven million, "
         "eight hundred and ninety thousand, one hundred and twenty-three"},
        {20, "w;o", "twentieth"},
        {34, "w;o", "thirty-fourth"},
        {100, "w;o", "one hundredth"},
        {919, "W;o", "NINE HUNDRED AND NINETEENTH"},
        {3731, "Ww;o", "Three Thousand, Seven Hundred and Thirty-First"},
        {-21, "w", "-twenty-one"},
        {HUGE_VAL, "w", "D3160"},
    };
    check_integers(cases, ARRAY_LEN(cases));
}

static void other_sequences_are_refused_with_their_picture(void **state)
{
    (void)state;
    static const struct integer_case cases[] = {
        {5, "\xCE\xB1", "D3130 \xCE\xB1"},
        {5, "##;o", "D3130 ##"},
        {5, "", "D3130 "},
    };
    check_integers(cases, ARRAY_LEN(cases));
}

static bool parse_integer(const char *text, const char *picture, double *ret,
                          struct picture_error *err)
{
    struct arena a;
    const struct picture_integer *p;
    arena_init(&a, 0);
    bool is_read = picture_integer_analyse(&a, str_of(picture), &p, err) &&
                   picture_integer_parse(p, str_of(text), ret, err);
    arena_done(&a);
    return is_read;
}

static void texts_are_read_back(void **state)
{
    (void)state;
    static const struct {
        const char *text, *picture;
        double wanted; /* NAN: not a number */
    } cases[] = {
        {"123", "000", 123},
        {"1,234,567", "#,##0", 1234567},
        {"1 234,567", "# ###,##0", 1234567},
        {"12th", "0;o", 12},
        {"\xD9\xA1\xD9\xA2\xD9\xA3", "\xD9\xA0", 123},
        {"12abc", "0", 12},
        {" -7", "0", -7},
        {"0x1F", "0", 31},
        {"", "0", (double)NAN},
        {"x", "0", (double)NAN},
        {"zz", "a", 702},
        {"FZPH", "A", 123456},
        {"", "A", 0},
        {"MCMLXXXIV", "I", 1984},
        {"mcmlxxxiv", "i", 1984},
        {"mcm", "I", (double)NAN},
        {"\xC4\xB1", "i", 1},
        {"", "I", 0},
        {"twenty-one", "w", 21},
        {"Nineteen Hundred And Eighty-Four", "w", 1984},
        {"three thousand, seven hundred and thirty-first", "w;o", 3731},
        {"ten billion trillion", "w", 1e22},
        {"one  two", "w", (double)NAN},
        {"", "w", (double)NAN},
        {"12345678901234567890123", "0", 12345678901234567890123.0},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        double value = -1;
        struct picture_error err;
        assert_true(parse_integer(cases[i].text, cases[i].picture, &value, &err));
        bool is_same = isnan(cases[i].wanted) ? isnan(value) : value == cases[i].wanted;
        if (!is_same)
            fail_msg("\"%s\" with \"%s\" is %g", cases[i].text, cases[i].picture, value);
    }
}

static void texts_that_cannot_be_read_are_refused(void **state)
{
    (void)state;
    double value;
    struct picture_error err;
    assert_false(parse_integer("abc", "\xCE\xB1", &value, &err));
    assert_string_equal(err.code, "D3130");
    assert_false(parse_integer("123", "\xD9\xA0", &value, &err));
    assert_string_equal(err.code, "D3160");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decimal_digits_are_padded_and_grouped),
        cmocka_unit_test(separators_left_of_the_number_go_to_its_front),
        cmocka_unit_test(digits_of_any_script_are_used),
        cmocka_unit_test(ordinals_get_their_ending),
        cmocka_unit_test(letters_and_roman_numerals_are_written),
        cmocka_unit_test(words_are_written),
        cmocka_unit_test(other_sequences_are_refused_with_their_picture),
        cmocka_unit_test(texts_are_read_back),
        cmocka_unit_test(texts_that_cannot_be_read_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
