/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Regular expressions in JavaScript's dialect: what patterns mean, which are refused, and that no
 * pattern takes long. Expected offsets are what a JavaScript engine gives, as bytes of UTF-8.
 */
#include "jsonata/regex.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <cmocka.h>

struct regex_case {
    const char *pattern;
    unsigned flags;
    const char *subject;
    const char *expected; /* "begin:end" per group, "-" for one that is not set, "" for no match */
};

static struct regex *compiled(const char *pattern, unsigned flags)
{
    struct regex *re = NULL;
    struct error err;
    if (regex_compile(str_of(pattern), flags, &re, &err) != STATUS_OK)
        fail_msg("/%s/: %s", pattern, err.message);
    return re;
}

/* Heap copies of the exact size, so that AddressSanitizer sees every byte read too much. */
static str exact_copy(str s)
{
    char *p = malloc(s.n ? s.n : 1);
    assert_non_null(p);
    memcpy(p, s.p, s.n);
    return (str){p, s.n};
}

static void print_groups(const struct regex *re, const size_t *ov, char *out, size_t size)
{
    size_t n = 0;
    for (unsigned g = 0; g <= regex_group_count(re); g++) {
        if (g)
            n += (size_t)snprintf(out + n, size - n, ",");
        if (ov[2 * g] == SIZE_MAX)
            n += (size_t)snprintf(out + n, size - n, "-");
        else
            n += (size_t)snprintf(out + n, size - n, "%zu:%zu", ov[2 * g], ov[2 * g + 1]);
    }
}

static void run_cases(const struct regex_case *cases, size_t count)
{
    struct regex_matcher *m = regex_matcher_new(0, 0, 0);
    for (size_t i = 0; i < count; i++) {
        const struct regex_case *c = &cases[i];
        struct regex *re = compiled(c->pattern, c->flags);
        str subject = exact_copy(str_of(c->subject));
        const size_t *ov = NULL;
        struct error err;
        char text[256] = "";
        int rc = regex_exec(re, m, subject, 0, 0, &ov, &err);
        assert_int_not_equal(rc, -1);
        if (rc == 1)
            print_groups(re, ov, text, sizeof text);
        if (strcmp(text, c->expected) != 0)
            fail_msg("/%s/ flags %u on \"%s\": expected \"%s\", found \"%s\"", c->pattern, c->flags,
                     c->subject, c->expected, text);
        free((void *)(uintptr_t)subject.p);
        regex_free(re);
    }
    regex_matcher_free(m);
}

#define RUN(cases) run_cases(cases, sizeof(cases) / sizeof((cases)[0]))

static void ordinary_patterns_match_with_their_groups(void **state)
{
    (void)state;
    static const struct regex_case cases[] = {
        {"", 0, "", "0:0"},
        {"^([A-Z]+)-([0-9]+)$", 0, "ABC-1234567", "0:11,0:3,4:11"},
        {"(a)|(b)", 0, "b", "0:1,-,0:1"},
        {"(a)(b)?(c)?", 0, "a", "0:1,0:1,-,-"},
        {"a{2}", 0, "caaa", "1:3"},
        {"a{,2}", 0, "a{,2}", "0:5"},
        {"x{", 0, "x{", "0:2"},
        {"]", 0, "a]b", "1:2"},
        {"a{65536,70000}$", 0, "a", ""},
        {"(?<year>\\d{4})-\\k<year>", 0, "x2024-2024", "1:10,1:5"},
        {"(?<=\\$)\\d+", 0, "a$12", "2:4"},
        {"(?<![a-z])b", 0, "abb", ""},
        {"(.*?)a(?!(a+)b\\2c)\\2(.*)", 0, "baaabaac", "0:8,0:2,-,3:8"},
    };
    RUN(cases);
}

static void escapes_mean_what_javascript_says(void **state)
{
    (void)state;
    static const struct regex_case cases[] = {
        {"\\Qa\\E", 0, "QaE", "0:3"},
        {"\\A\\Z\\z\\h\\G\\K\\R\\X\\N\\C\\e\\a", 0, "AZzhGKRXNCea", "0:12"},
        {"\\x41\\u0042", 0, "AB", "0:2"},
        {"\\x4", 0, "x4", "0:2"},
        {"\\u{3}", 0, "uuu", "0:3"},
        {"\\p{L}", 0, "p{L}", "0:4"},
        {"\\c", 0, "\\c", "0:2"},
        {"\\cA", 0, "\x01", "0:1"},
        {"[\\c_]", 0, "\x1f", "0:1"},
        {"\\101\\8", 0, "A8", "0:2"},
        {"(a)\\2", 0, "a\x02", "0:2,0:1"},
        {"\\1(a)", 0, "a", "0:1,0:1"},
        {"(a\\1)", 0, "a", "0:1,0:1"},
        {"\\k<n>", 0, "k<n>", "0:4"},
        {"[\\b]", 0, "\b", "0:1"},
        {"\\b\\w", 0, "\xc3\xa9t", "2:3"},
    };
    RUN(cases);
}

static void classes_are_javascripts(void **state)
{
    (void)state;
    static const struct regex_case cases[] = {
        {"[]", 0, "a", ""},
        {"[^]", 0, "\n", "0:1"},
        {"[[:alpha:]]", 0, "b]", ""},
        {"[[:alpha:]]", 0, ":]", "0:2"},
        {"[a-\\d]+", 0, "b-1a", "1:4"},
        {"[\\w-]+", 0, "+a-b", "1:4"},
        {"[^\\D3]", 0, "a34", "2:3"},
        {"\\s+", 0, "x\xc2\xa0\xef\xbb\xbf\xe1\xa0\x8e", "1:6"},
        {"\\d", 0, "\xd9\xa3", ""},
        {"\\S", 0, "\xe3\x80\x80", ""},
        {".+", 0, "ab\rc", "0:2"},
        {".", 0, "\xe2\x80\xa8\xc2\x85", "3:5"},
        {"[\\s\\S]+", 0, "a\n\xe2\x80\xa9z", "0:6"},
    };
    RUN(cases);
}

static void line_borders_follow_the_flag_m(void **state)
{
    (void)state;
    static const struct regex_case cases[] = {
        {"a$", 0, "a\n", ""},
        {"a$", REGEX_MULTILINE, "ba\n", "1:2"},
        {"^b", 0, "a\nb", ""},
        {"^b", REGEX_MULTILINE, "a\rb", "2:3"},
        {"^b", REGEX_MULTILINE,
         "a\xe2\x80\xa8"
         "b",
         "4:5"},
        {"a$", REGEX_MULTILINE, "a\xe2\x80\xa9", "0:1"},
        {"a^|^$", REGEX_MULTILINE, "a\r\n", "2:2"},
    };
    RUN(cases);
}

static void flag_i_folds_as_javascript_does(void **state)
{
    (void)state;
    static const struct regex_case cases[] = {
        {"hello", REGEX_CASELESS, "HeLLo", "0:5"},
        {"\xc3\xa9", REGEX_CASELESS, "\xc3\x89", "0:2"},
        {"[\xce\xb1-\xce\xb3]+", REGEX_CASELESS, "\xce\x91\xce\x92\xce\xb3", "0:6"},
        {"\xcf\x83", REGEX_CASELESS, "\xcf\x82", "0:2"},
        {"(\xc3\xa9)\\1", REGEX_CASELESS, "\xc3\xa9\xc3\x89", "0:4,0:2"},
        /* Nothing beyond ASCII equals ASCII: Kelvin sign, long s. */
        {"[ks]", REGEX_CASELESS, "\xe2\x84\xaa\xc5\xbf", ""},
        {"[^a-z]", REGEX_CASELESS, "S\xc5\xbf", "1:3"},
        {"\xc3\x9f", REGEX_CASELESS, "\xe1\xba\x9e", ""},
    };
    RUN(cases);
}

static void halves_of_characters_are_joined(void **state)
{
    (void)state;
    static const char emoji[] = "a\xf0\x9f\x98\x80";
    static const struct regex_case cases[] = {
        {"[\\ud800-\\udbff][\\udc00-\\udfff]", 0, emoji, "1:5"},
        {"\\ud83d[\\ude00-\\ude4f]", 0, emoji, "1:5"},
        {"\\ud83d\\ude00", 0, emoji, "1:5"},
        {"[\\ud83d\\ude00]", 0, emoji, "1:5"},
        {"[\\u0080-\\uffff]", 0, emoji, "1:5"},
        {"[\\ud83c-\\udbff\\udc00-\\udfff]", 0, emoji, "1:5"},
        {"[^\\u0000-\\uffff]", 0, emoji, ""},
        {"^a.$", 0, emoji, "0:5"},
        {"[\\ud800-\\udfff]", 0, "a\xed\xa0\x80", "1:4"},
        {"\xed\xa0\x80", 0, "a\xed\xa0\x80", "1:4"},
        {".b", 0,
         "\xed\x9f\xbf\xed\xb0\x80"
         "b",
         "3:7"},
    };
    RUN(cases);
}

static void assertions_take_quantifiers_as_in_javascript(void **state)
{
    (void)state;
    static const struct regex_case cases[] = {
        {"(?=(a))?a", 0, "a", "0:1,-"},
        {"(?=(a)){0}a", 0, "a", "0:1,-"},
        {"(?=(a))+a", 0, "a", "0:1,0:1"},
        {"(?!a)*a", 0, "a", "0:1"},
    };
    RUN(cases);
}

static void what_javascript_refuses_is_refused(void **state)
{
    (void)state;
    static const char *const patterns[] = {
        "(",
        ")",
        "[",
        "[a",
        "[b-a]",
        "*",
        "a**",
        "a++",
        "a?+",
        "a{2,1}",
        "{1}",
        "^*",
        "\\b+",
        "(?<=a)*",
        "(?>a)",
        "(?i)a",
        "(?i:a)",
        "(?|a)",
        "(?R)",
        "(?1)",
        "(?#x)",
        "(?C1)a",
        "(*ACCEPT)a",
        "(*UTF)a",
        "(?P<n>a)",
        "(?<n>a)(?<n>b)",
        "(?<n>a)\\k<m>",
        "(?<n>a)\\k",
        "(?<1>a)",
        "(?<a",
        "\\",
        "[\\]",
        "(?(1)a)",
        "(?'n'a)",
        "(?<n>a)[\\k]",
    };
    for (size_t i = 0; i < sizeof patterns / sizeof patterns[0]; i++) {
        struct regex *re = NULL;
        struct error err = {0};
        str pattern = exact_copy(str_of(patterns[i]));
        if (regex_compile(pattern, 0, &re, &err) != STATUS_INVALID)
            fail_msg("/%s/ was accepted", patterns[i]);
        assert_string_equal(err.name, "S0303");
        free((void *)(uintptr_t)pattern.p);
    }
}

static void patterns_that_would_explode_are_refused(void **state)
{
    (void)state;
    char deep[2 * REGEX_NEST_MAX + 8];
    size_t half = REGEX_NEST_MAX + 1;
    memset(deep, '(', half);
    memset(deep + half, ')', half);
    str patterns[] = {STR("((a{1000}){1000}){1000}"), STR("(?:a{60000}){60000}"), {deep, 2 * half}};
    for (size_t i = 0; i < sizeof patterns / sizeof patterns[0]; i++) {
        struct regex *re = NULL;
        struct error err = {0};
        assert_int_equal(regex_compile(patterns[i], 0, &re, &err), STATUS_INVALID);
        assert_string_equal(err.name, "S0303");
    }
}

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec * 1e-6;
}

static void endless_backtracking_ends_with_an_error(void **state)
{
    (void)state;
    static const char *const patterns[] = {"(a+)+$", "(?:a|b)*a$", "(a|a)*$", "a*a*a*a*a*$",
                                           "(?:a|aa)+$"};
    enum { N = 100000 };
    char *text = malloc(N + 2);
    assert_non_null(text);
    struct regex_matcher *m = regex_matcher_new(0, 0, 0);
    for (int is_wide = 0; is_wide < 2; is_wide++) {
        memset(text, 'a', N);
        text[N] = is_wide ? '\xc3' : 'b';
        text[N + 1] = '\xa9';
        for (size_t i = 0; i < sizeof patterns / sizeof patterns[0]; i++) {
            struct regex *re = compiled(patterns[i], 0);
            const size_t *ov;
            struct error err = {0};
            double start = now_ms();
            int rc = regex_exec(re, m, (str){text, N + 1 + (size_t)is_wide}, 0, 0, &ov, &err);
            assert_int_equal(rc, -1);
            assert_int_equal(err.status, STATUS_LIMIT);
            assert_string_equal(err.name, "D1014");
            assert_true(now_ms() - start <
                        2000.0); /* milliseconds in fact; this is for slow machines */
            regex_free(re);
        }
    }
    regex_matcher_free(m);
    free(text);
}

static void long_matches_are_found_although_they_take_effort(void **state)
{
    (void)state;
    enum { N = 200000 };
    char *text = malloc(N);
    assert_non_null(text);
    memset(text, 'a', N);
    text[100] = text[N - 1] = '"';
    struct regex_matcher *m = regex_matcher_new(0, 0, 0);
    struct regex *re = compiled("\"(?:[^\"\\\\]|\\\\.)*\"", 0);
    const size_t *ov;
    struct error err;
    assert_int_equal(regex_exec(re, m, (str){text, N}, REGEX_ASCII, 0, &ov, &err), 1);
    assert_int_equal(ov[0], 100);
    assert_int_equal(ov[1], N);
    /* The matcher is as good as new. */
    assert_int_equal(regex_exec(re, m, STR("\"\""), REGEX_ASCII, 0, &ov, &err), 1);
    assert_int_equal(ov[1], 2);
    regex_free(re);
    regex_matcher_free(m);
    free(text);
}

static void effort_is_found_out_at_late_start_positions(void **state)
{
    (void)state;
    enum { N = 30000 };
    char *text = malloc(N);
    assert_non_null(text);
    memset(text, 'b', N);
    memset(text + 20000, 'a', 3000);
    memcpy(text + 25000, "aac", 3);
    struct regex_matcher *m = regex_matcher_new(0, 0, 0);
    struct regex *re = compiled("(?:aa?)+c", 0);
    const size_t *ov;
    struct error err = {0};
    int rc = regex_exec(re, m, (str){text, N}, 0, 0, &ov, &err);
    assert_int_equal(rc, -1);
    assert_int_equal(regex_exec(re, m, (str){text, N}, REGEX_SAME, 23000, &ov, &err), 1);
    assert_int_equal(ov[0], 25000);
    regex_free(re);
    regex_matcher_free(m);
    free(text);
}

static void a_global_search_sees_the_whole_subject(void **state)
{
    (void)state;
    static const char text[] = "\xc3\xa9 ab\xed\xa0\x80 ab";
    struct regex_matcher *m = regex_matcher_new(0, 0, 0);
    struct regex *re = compiled("(?<=\\s)ab\\b|^ab", 0);
    str subject = exact_copy((str){text, sizeof text - 1});
    const size_t *ov;
    struct error err;
    assert_int_equal(regex_exec(re, m, subject, 0, 0, &ov, &err), 1);
    assert_int_equal(ov[0], 3);
    assert_int_equal(regex_exec(re, m, subject, REGEX_SAME, 5, &ov, &err), 1);
    assert_int_equal(ov[0], 9);
    assert_int_equal(regex_exec(re, m, subject, REGEX_SAME, 11, &ov, &err), 0);
    /* Another text at the same place is looked at again. */
    memset((void *)(uintptr_t)subject.p, 'b', subject.n);
    assert_int_equal(regex_exec(re, m, subject, 0, 0, &ov, &err), 0);
    free((void *)(uintptr_t)subject.p);
    regex_free(re);
    regex_matcher_free(m);
}

static void patterns_with_many_groups_report_all_of_them(void **state)
{
    (void)state;
    char pattern[3 * 400 + 1];
    for (size_t i = 0; i < 400; i++)
        memcpy(pattern + 3 * i, i < 399 ? "(c)" : "(a)", 3);
    pattern[1200] = 0;
    struct regex *re = compiled(pattern, 0);
    assert_int_equal(regex_group_count(re), 400);
    char subject[400];
    memset(subject, 'c', 399);
    subject[399] = 'a';
    struct regex_matcher *m = regex_matcher_new(0, 0, 0);
    const size_t *ov;
    struct error err;
    assert_int_equal(regex_exec(re, m, (str){subject, 400}, REGEX_ASCII, 0, &ov, &err), 1);
    assert_int_equal(ov[800], 399);
    assert_int_equal(ov[801], 400);
    regex_free(re);
    regex_matcher_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ordinary_patterns_match_with_their_groups),
        cmocka_unit_test(escapes_mean_what_javascript_says),
        cmocka_unit_test(classes_are_javascripts),
        cmocka_unit_test(line_borders_follow_the_flag_m),
        cmocka_unit_test(flag_i_folds_as_javascript_does),
        cmocka_unit_test(halves_of_characters_are_joined),
        cmocka_unit_test(assertions_take_quantifiers_as_in_javascript),
        cmocka_unit_test(what_javascript_refuses_is_refused),
        cmocka_unit_test(patterns_that_would_explode_are_refused),
        cmocka_unit_test(endless_backtracking_ends_with_an_error),
        cmocka_unit_test(long_matches_are_found_although_they_take_effort),
        cmocka_unit_test(effort_is_found_out_at_late_start_positions),
        cmocka_unit_test(a_global_search_sees_the_whole_subject),
        cmocka_unit_test(patterns_with_many_groups_report_all_of_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
