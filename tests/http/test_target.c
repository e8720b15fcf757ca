/* SPDX-License-Identifier: Apache-2.0 */
#include "http/target.h"
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static void assert_str(str got, const char *wanted)
{
    if (!str_eq(got, str_of(wanted)))
        fail_msg("wanted: %s\ngot: %.*s", wanted, STR_ARG(got));
}

static void a_target_is_cut_and_stays_as_it_came(void **state)
{
    (void)state;
    struct http_target t;
    assert_int_equal(http_target_read(STR("/a%2Fb/c?x=1&y=%20?z"), &t, NULL), STATUS_OK);
    assert_str(t.path, "/a%2Fb/c");
    assert_str(t.query, "x=1&y=%20?z");
    assert_str(t.authority, "");
    assert_true(t.has_query);
    assert_int_equal(http_target_read(STR("/"), &t, NULL), STATUS_OK);
    assert_false(t.has_query);
    assert_int_equal(http_target_read(STR("*"), &t, NULL), STATUS_OK);
    assert_str(t.path, "*");
}

static void an_absolute_target_has_an_authority(void **state)
{
    (void)state;
    struct http_target t;
    assert_int_equal(http_target_read(STR("http://h:1?q"), &t, NULL), STATUS_OK);
    assert_str(t.authority, "h:1");
    assert_str(t.path, "/");
    assert_str(t.query, "q");
    assert_int_equal(http_target_read(STR("https://h/p"), &t, NULL), STATUS_OK);
    assert_str(t.authority, "h");
    assert_str(t.path, "/p");
}

static void what_is_no_target_is_refused(void **state)
{
    (void)state;
    static const str bad[] = {
        {"", 0},         {"a", 1},       {"/%", 2},    {"/%1", 3},
        {"/%1g", 4},     {"/%00", 4},    {"/a\0b", 4}, {"/a b", 4},
        {"/\x7f", 2},    {"/\xff", 2},   {"/%ff", 4},  {"/%ed%a0%80", 10},
        {"ftp://h/", 8}, {"http://", 7}, {"?a", 2},    {"**", 2},
    };
    struct http_target t;
    struct error err;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        if (http_target_read(bad[i], &t, &err) != STATUS_INVALID)
            fail_msg("was read: %.*s", STR_ARG(bad[i]));
        assert_string_equal(err.name, "HttpTarget");
    }
}

static void a_target_has_a_largest_length(void **state)
{
    (void)state;
    static char text[HTTP_TARGET_MAX + 1];
    struct http_target t;
    memset(text, '/', sizeof(text));
    assert_int_equal(http_target_read((str){text, HTTP_TARGET_MAX}, &t, NULL), STATUS_OK);
    assert_int_equal(http_target_read((str){text, sizeof(text)}, &t, NULL), STATUS_LIMIT);
}

static void a_path_has_segments(void **state)
{
    (void)state;
    struct http_walk walk = http_walk_path(STR("/a//b%2F/"));
    static const char *const wanted[] = {"a", "", "b%2F", ""};
    str segment;
    for (size_t i = 0; i < ARRAY_LEN(wanted); i++) {
        assert_true(http_walk_segment(&walk, &segment));
        assert_str(segment, wanted[i]);
    }
    assert_false(http_walk_segment(&walk, &segment));
    walk = http_walk_path(STR("/"));
    assert_true(http_walk_segment(&walk, &segment));
    assert_str(segment, "");
    assert_false(http_walk_segment(&walk, &segment));
}

static void a_query_has_pairs(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a, 0);
    str query = STR("&list-type=2&&prefix=a%2Bb+c&empty=&uploads&prefix=no");
    assert_str(http_query_get(&a, query, STR("list-type")), "2");
    assert_str(http_query_get(&a, query, STR("prefix")), "a+b c");
    assert_str(http_query_get(&a, query, STR("empty")), "");
    assert_non_null(http_query_get(&a, query, STR("uploads")).p);
    assert_null(http_query_get(&a, query, STR("none")).p);
    assert_null(http_query_get(&a, (str){"", 0}, STR("")).p);
    arena_done(&a);
}

static void only_forms_have_spaces_as_plus(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a, 0);
    assert_str(http_target_decode(&a, STR("a+b%20c%C3%A4"), false), "a+b c\xC3\xA4");
    assert_str(http_target_decode(&a, STR("a+b%20c"), true), "a b c");
    arena_done(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_target_is_cut_and_stays_as_it_came),
        cmocka_unit_test(an_absolute_target_has_an_authority),
        cmocka_unit_test(what_is_no_target_is_refused),
        cmocka_unit_test(a_target_has_a_largest_length),
        cmocka_unit_test(a_path_has_segments),
        cmocka_unit_test(a_query_has_pairs),
        cmocka_unit_test(only_forms_have_spaces_as_plus),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
