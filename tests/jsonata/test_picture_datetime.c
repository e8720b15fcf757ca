/* SPDX-License-Identifier: Apache-2.0 */
/* $fromMillis and $toMillis, with and without pictures. */
#include "picture_test.h"

#include <math.h>

static const double march_16 = 1521200000123; /* 2018-03-16T11:33:20.123Z, a Friday */

struct print_case {
    double ms;
    const char *picture, *zone, *wanted;
};

static void check_prints(const struct print_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct arena a;
        struct buf out;
        struct picture_error err;
        const struct picture_datetime *p;
        arena_init(&a, 0);
        buf_init(&out, 4096);
        str zone = cases[i].zone != NULL ? str_of(cases[i].zone) : STR("");
        if (!picture_datetime_analyse(&a, str_of(cases[i].picture), &p, &err) ||
            !picture_datetime_format(p, cases[i].ms, cases[i].zone != NULL ? &zone : NULL, &out,
                                     &err))
            picture_test_error(&out, &err);
        picture_test_same(cases[i].picture, &out, cases[i].wanted);
        buf_done(&out);
        arena_done(&a);
    }
}

static void components_are_printed_in_their_form(void **state)
{
    (void)state;
    const struct print_case cases[] = {
        {march_16, "[Y0001]-[M01]-[D01]T[H01]:[m01]:[s01].[f001]Z", NULL,
         "2018-03-16T11:33:20.123Z"},
        {march_16, "[FNn], [D1o] [MNn] [Y]", NULL, "Friday, 16th March 2018"},
        {march_16, "[FN,*-3] [Mn,*-3] [F] [F1]", NULL, "FRI mar friday 5"},
        {march_16, "[Y,2] [Y,*-2] [Y01] [Y]", NULL, "18 18 18 2018"},
        {march_16, "[d] [W] [w] [X] [xNn] [C] [E]", NULL, "75 11 3 2018 March ISO ISO"},
        {march_16, "[h]:[m] [P] [PN]", NULL, "11:33 am AM"},
        {march_16, "[Dwo] of [MNn] [YWw]", NULL, "sixteenth of March Two Thousand and Eighteen"},
        {march_16, "[DA] [Mi] [YI]", NULL, "P iii MMXVIII"},
        {march_16, "[ D 1 o ]", NULL, "16th"},
        {march_16, "[[[Y]]] a]]b", NULL, "[2018] a]b"},
        {march_16, "", NULL, ""},
        {0, "[h] [H]", NULL, "12 0"},
        {-1, "[Y]-[M]-[D] [s].[f]", NULL, "1969-12-31 59.999"},
    };
    check_prints(cases, ARRAY_LEN(cases));
}

static void weeks_belong_to_iso_years_and_months(void **state)
{
    (void)state;
    const struct print_case cases[] = {
        {1104537600000, "[X0001]-W[W01]-[F1]", NULL, "2004-W53-6"}, /* 2005-01-01 */
        {1230508800000, "[X0001]-W[W01]-[F1]", NULL, "2009-W01-1"}, /* 2008-12-29 */
        {1262476800000, "[X0001]-W[W01]-[F1]", NULL, "2009-W53-7"}, /* 2010-01-03 */
        {1522454400000, "[w] [xNn]", NULL, "5 March"},              /* 2018-03-31 */
        {1359590400000, "[w] [xNn]", NULL, "5 January"},            /* 2013-01-31 */
    };
    check_prints(cases, ARRAY_LEN(cases));
}

static void time_zones_are_one_number(void **state)
{
    (void)state;
    const struct print_case cases[] = {
        {march_16, "[H01]:[m01] [Z]", "-0500", "06:33 -05:00"},
        {march_16, "[H01]:[m01] [z]", "+0530", "17:03 GMT+05:30"},
        {march_16, "[H01]:[m01] [Z]", "-0530", "05:03 -06:30"},
        {march_16, "[H01]:[m01] [Z]", "+01:00", "11:34 +00:01"},
        {march_16, "[Z0] [Z0001] [Z01:01]", "+0530", "+5:30 +0530 +05:30"},
        {march_16, "[Z01:01t] [Z0t]", "+0000", "Z Z"},
        {march_16, "[Z01:01]", NULL, "+00:00"},
        {march_16, "[H] [Z]", "GMT", "NaN 0N:aN"},
    };
    check_prints(cases, ARRAY_LEN(cases));
}

static void pictures_that_cannot_be_printed_are_refused(void **state)
{
    (void)state;
    const struct print_case cases[] = {
        {0, "[q]", NULL, "D3132 q"},
        {0, "[]", NULL, "D3132 "},
        {0, "[q1]", NULL, "undefined"},
        {0, "[YN]-[M", NULL, "D3135"},
        {0, "[YN]", NULL, "D3133 Y"},
        {0, "[Z00000]", NULL, "D3134 5"},
        {0, "[ZA]", NULL, "D3134"},
        {0, "[Y\xCE\xB1]", NULL, "D3130 \xCE\xB1"},
        {0, "[Y0\xD9\xA0]", NULL, "D3131"},
        {0, "[fn]", NULL, "D3160"},
        {9e15, "[Y] [MNn] [P]", NULL, "NaN undefined am"},
    };
    check_prints(cases, ARRAY_LEN(cases));
}

static void without_a_picture_iso_is_printed(void **state)
{
    (void)state;
    const struct {
        double ms;
        const char *zone, *wanted;
    } cases[] = {
        {march_16, NULL, "2018-03-16T11:33:20.123Z"},
        {march_16, "+0000", "2018-03-16T11:33:20.123Z"},
        {march_16, "-0500", "2018-03-16T06:33:20.123-05:00"},
        {march_16 + 0.9, NULL, "2018-03-16T11:33:20.123Z"},
        {253402300800000, NULL, "0000-01-01T00:00:00.000Z"}, /* the year 10000 in four digits */
        {9e15, NULL, "0NaN-NaN-NaNTNaN:NaN:NaN.NaNZ"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct buf out;
        buf_init(&out, 4096);
        str zone = cases[i].zone != NULL ? str_of(cases[i].zone) : STR("");
        picture_iso_format(cases[i].ms, cases[i].zone != NULL ? &zone : NULL, &out);
        picture_test_same("(iso)", &out, cases[i].wanted);
        buf_done(&out);
    }
}

/* What reading gives: "undefined", "NaN", an error, or the instant as ISO text. */
static void read_datetime(const char *text, const char *picture, struct buf *out)
{
    struct arena a;
    struct picture_error err;
    const struct picture_datetime *p;
    bool is_matched = false;
    double ms = 0;
    arena_init(&a, 0);
    buf_clear(out);
    if (!picture_datetime_analyse(&a, str_of(picture), &p, &err) ||
        !picture_datetime_parse(p, str_of(text), march_16, &is_matched, &ms, &err))
        picture_test_error(out, &err);
    else if (!is_matched)
        buf_add(out, STR("undefined"));
    else if (isnan(ms))
        buf_add(out, STR("NaN"));
    else
        picture_iso_format(ms, NULL, out);
    arena_done(&a);
}

struct read_case {
    const char *text, *picture, *wanted;
};

static void check_reads(const struct read_case *cases, size_t count)
{
    struct buf out;
    buf_init(&out, 4096);
    for (size_t i = 0; i < count; i++) {
        read_datetime(cases[i].text, cases[i].picture, &out);
        picture_test_same(cases[i].picture, &out, cases[i].wanted);
    }
    buf_done(&out);
}

static void timestamps_are_read(void **state)
{
    (void)state;
    static const struct read_case cases[] = {
        {"2018-03-27T14:03:00.123Z", "[Y0001]-[M01]-[D01]T[H01]:[m01]:[s01].[f001]Z",
         "2018-03-27T14:03:00.123Z"},
        {"20240101123849", "[Y0000][M00][D00][H00][m00][s00]", "2024-01-01T12:38:49.000Z"},
        {"201802", "[Y,*-4][M01]", "2018-02-01T00:00:00.000Z"},
        {"27th April 2008", "[D1o] [MNn] [Y0001]", "2008-04-27T00:00:00.000Z"},
        {"27TH april 2008", "[D1o] [MNn] [Y0001]", "D3136"},
        {"ae C mmxviii", "[Da] [MA] [Yi]", "2018-03-31T00:00:00.000Z"},
        {"Twentieth of August, two thousand and seventeen", "[DW] of [MNn], [Yw]",
         "2017-08-20T00:00:00.000Z"},
        {"sixteenth six", "[Dw] [Hw]", "2018-03-16T06:00:00.000Z"},
        {"Mon, Twelfth November 2018", "[FNn,*-3], [DWwo] [MNn] [Y]", "2018-11-12T00:00:00.000Z"},
        {"2018--180", "[Y]--[d]", "2018-06-29T00:00:00.000Z"},
        {"4/4/2018 12:06 am", "[D1]/[M1]/[Y0001] [h]:[m] [P]", "2018-04-04T00:06:00.000Z"},
        {"4/4/2018 12:06 PM", "[D1]/[M1]/[Y0001] [h]:[m] [P]", "2018-04-04T12:06:00.000Z"},
        {"2026-04-08T19:05:04.01987", "[Y0001]-[M01]-[D01]T[H01]:[m01]:[s01].[f1]",
         "2026-04-08T19:05:04.019Z"},
        {"\xC3\x89t\xC3\xA9 2018", "\xC3\xA9T\xC3\x89 [Y]", "2018-01-01T00:00:00.000Z"},
    };
    check_reads(cases, ARRAY_LEN(cases));
}

static void zones_move_the_instant(void **state)
{
    (void)state;
    static const struct read_case cases[] = {
        {"2020-09-09 08:00 +02:00", "[Y0001]-[M01]-[D01] [H01]:[m01] [Z]",
         "2020-09-09T06:00:00.000Z"},
        {"2020-09-09 08:00 GMT-05:00", "[Y0001]-[M01]-[D01] [H01]:[m01] [z]",
         "2020-09-09T13:00:00.000Z"},
        {"2020-09-09 12:00 gmt-5", "[Y0001]-[M01]-[D01] [H01]:[m01] [z01]",
         "2020-09-09T17:00:00.000Z"},
        {"2020-09-09 12:00 +0530", "[Y0001]-[M01]-[D01] [H01]:[m01] [Z0001]",
         "2020-09-09T06:30:00.000Z"},
        {"2020-09-09 12:00 -0530", "[Y0001]-[M01]-[D01] [H01]:[m01] [Z0001]",
         "2020-09-09T16:30:00.000Z"},
    };
    check_reads(cases, ARRAY_LEN(cases));
}

static void missing_parts_come_from_now_or_are_smallest(void **state)
{
    (void)state;
    static const struct read_case cases[] = {
        {"13:45", "[H]:[m]", "2018-03-16T13:45:00.000Z"},
        {"05", "[D]", "2018-03-05T00:00:00.000Z"},
        {"1 pm", "[h] [P]", "2018-03-16T13:00:00.000Z"},
        {"7", "[s]", "2018-03-16T11:33:07.000Z"},
        {"2018-22", "[Y]-[D]", "D3136"},
        {"5-22 23:59", "[M]-[D] [m]:[s]", "D3136"},
        {"2018-32-5", "[X]-[W]-[F1]", "D3136"},
        {"2018-94 10", "[Y]-[d] [H]", "D3136"},
        {"18", "[Y]", "1918-01-01T00:00:00.000Z"},
    };
    check_reads(cases, ARRAY_LEN(cases));
}

static void what_does_not_match_is_undefined(void **state)
{
    (void)state;
    static const struct read_case cases[] = {
        {"irrelevant", "[Y]-[M]-[D]", "undefined"},
        {"Hello", "Hello", "undefined"},
        {"", "", "undefined"},
        {"2018-03-27 ", "[Y]-[M]-[D]", "undefined"},
        {"2018", "[Y0001][M01]", "undefined"},
        {"x", "[f1]", "undefined"},
    };
    check_reads(cases, ARRAY_LEN(cases));
}

static void pictures_that_cannot_be_read_with_are_refused(void **state)
{
    (void)state;
    static const struct read_case cases[] = {
        {"2018", "[YN]", "D3133 Y"},   {"2018", "[q]", "D3132 q"},
        {"ISO", "[C]", "D3133 C"},     {"x", "[Y\xCE\xB1]", "D3130 \xCE\xB1"},
        {"x", "[Y", "D3135"},          {"+1", "[Z01+01]", "D3160"},
        {"5", "[D\xD9\xA0]", "D3160"},
    };
    check_reads(cases, ARRAY_LEN(cases));
}

static void a_search_without_end_is_given_up(void **state)
{
    (void)state;
    struct buf text;
    struct buf picture;
    struct buf out;
    buf_init(&text, 100000);
    buf_init(&picture, 100000);
    buf_init(&out, 4096);
    buf_add_fill(&text, '1', 20000);
    for (int i = 0; i < 40; i++)
        buf_add(&picture, STR("[f1]"));
    buf_add(&text, STR("x"));
    buf_add_byte(&text, '\0');
    buf_add_byte(&picture, '\0');
    read_datetime(text.p, picture.p, &out);
    picture_test_same("[f1]...", &out, "U1003");
    buf_done(&text);
    buf_done(&picture);
    buf_done(&out);
}

static void without_a_picture_iso_is_read(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        double wanted; /* NAN: no such time; -1: refused */
    } cases[] = {
        {"1970-01-01T00:00:00.001Z", 1},
        {"2018-02-01T09:42:13.123+0000", 1517478133123},
        {"2018-02-01T09:42:13-05:30", 1517497933000},
        {"2017-10-30", 1509321600000},
        {"2017-10-30T15:28:34", 1509377314000},
        {"2018", 1514764800000},
        {"2018T10:00:00Z", 1514800800000},
        {"2018-01-01Z", 1514764800000},
        {"2018-01-01T10:00:00.1239Z", 1514800800123},
        {"2018-01-01T24:00:00Z", 1514851200000},
        {"2018-02-30", 1519948800000},
        {"0050-01-01", -60589296000000},
        {"2018-13-01", (double)NAN},
        {"2018-01-01T25:00:00Z", (double)NAN},
        {"2018-01-01+01:00", (double)NAN},
        {"2018-31", (double)NAN},
        {"foo", -1},
        {"01-02-2018", -1},
        {"2018-02-03 11:15:33", -1},
        {"2018-01-01T10:00Z", -1},
        {"2018-01-01T10:00:00.Z", -1},
        {"2018-01-01T10:00:00z", -1},
        {"", -1},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct picture_error err;
        double ms = 0;
        if (!picture_iso_parse(str_of(cases[i].text), &ms, &err)) {
            assert_string_equal(err.code, "D3110");
            assert_true(str_eq(err.text, str_of(cases[i].text)));
            ms = -1;
        }
        if (isnan(cases[i].wanted) ? !isnan(ms) : ms != cases[i].wanted)
            fail_msg("\"%s\" is %.0f", cases[i].text, ms);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(components_are_printed_in_their_form),
        cmocka_unit_test(weeks_belong_to_iso_years_and_months),
        cmocka_unit_test(time_zones_are_one_number),
        cmocka_unit_test(pictures_that_cannot_be_printed_are_refused),
        cmocka_unit_test(without_a_picture_iso_is_printed),
        cmocka_unit_test(timestamps_are_read),
        cmocka_unit_test(zones_move_the_instant),
        cmocka_unit_test(missing_parts_come_from_now_or_are_smallest),
        cmocka_unit_test(what_does_not_match_is_undefined),
        cmocka_unit_test(pictures_that_cannot_be_read_with_are_refused),
        cmocka_unit_test(a_search_without_end_is_given_up),
        cmocka_unit_test(without_a_picture_iso_is_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
