/* SPDX-License-Identifier: Apache-2.0 */
/* Slices: order, prefixes, searching. */
#include "base/str.h"
#include <stdlib.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static void order_is_by_byte_and_length(void **state)
{
    (void)state;
    assert_true(str_cmp(STR("a"), STR("b")) < 0);
    assert_true(str_cmp(STR("b"), STR("a")) > 0);
    assert_true(str_cmp(STR("a"), STR("ab")) < 0);
    assert_true(str_cmp(STR("ab"), STR("a")) > 0);
    assert_int_equal(str_cmp(STR("ab"), STR("ab")), 0);
    assert_true(str_cmp(STR("a"), STR("\xff")) < 0);
    assert_int_equal(str_cmp((str){0}, STR("")), 0);
    assert_true(str_cmp((str){0}, STR("a")) < 0);
    assert_true(str_cmp(STR("a\0b"), STR("a\0c")) < 0);
}

static void equality_needs_same_length_and_bytes(void **state)
{
    (void)state;
    assert_true(str_eq(STR("a\0b"), STR("a\0b")));
    assert_false(str_eq(STR("a\0b"), STR("a\0c")));
    assert_false(str_eq(STR("a"), STR("ab")));
    assert_true(str_eq((str){0}, STR("")));
}

static void parts_are_cut_to_the_text(void **state)
{
    (void)state;
    str s = STR("hello");
    assert_true(str_eq(str_sub(s, 1, 3), STR("el")));
    assert_true(str_eq(str_sub(s, 3, 99), STR("lo")));
    assert_int_equal(str_sub(s, 99, 100).n, 0);
    assert_int_equal(str_sub(s, 3, 1).n, 0);
}

static void starts_and_ends(void **state)
{
    (void)state;
    assert_true(str_starts(STR("hello"), STR("he")));
    assert_true(str_starts(STR("hello"), STR("")));
    assert_true(str_starts((str){0}, (str){0}));
    assert_false(str_starts(STR("he"), STR("hello")));
    assert_false(str_starts(STR("hello"), STR("hl")));
    assert_true(str_ends(STR("hello"), STR("lo")));
    assert_true(str_ends(STR("hello"), STR("hello")));
    assert_false(str_ends(STR("lo"), STR("hello")));
    assert_false(str_ends(STR("hello"), STR("l")));
}

static void finds_texts_and_bytes(void **state)
{
    (void)state;
    str s = STR("abcabcab");
    assert_int_equal(str_find(s, STR("cab"), 0), 2);
    assert_int_equal(str_find(s, STR("cab"), 3), 5);
    assert_int_equal(str_find(s, STR("cab"), 6), STR_NONE);
    assert_int_equal(str_find(s, STR("b"), 2), 4);
    assert_int_equal(str_find(s, STR(""), 8), 8);
    assert_int_equal(str_find(s, STR(""), 9), STR_NONE);
    assert_int_equal(str_find(s, STR("abcabcabc"), 0), STR_NONE);
    assert_int_equal(str_find_byte(s, 'c', 0), 2);
    assert_int_equal(str_find_byte(s, 'c', 3), 5);
    assert_int_equal(str_find_byte(s, 'c', 6), STR_NONE);
    assert_int_equal(str_find_byte(s, 'c', 8), STR_NONE);
    assert_int_equal(str_rfind_byte(s, 'c'), 5);
    assert_int_equal(str_rfind_byte(s, 'x'), STR_NONE);
    assert_int_equal(str_rfind_byte((str){0}, 'x'), STR_NONE);
}

static void distance_counts_single_slips(void **state)
{
    (void)state;
    assert_int_equal(str_distance(STR(""), STR("")), 0);
    assert_int_equal(str_distance(STR("abc"), STR("")), 3);
    assert_int_equal(str_distance(STR("Resource"), STR("Resource")), 0);
    assert_int_equal(str_distance(STR("Resuorce"), STR("Resource")), 2);
    assert_int_equal(str_distance(STR("Resources"), STR("Resource")), 1);
    assert_int_equal(str_distance(STR("kitten"), STR("sitting")), 3);
    char word[STR_DISTANCE_MAX + 1];
    memset(word, 'x', sizeof(word));
    str most = {word, STR_DISTANCE_MAX}, over = {word, STR_DISTANCE_MAX + 1};
    assert_int_equal(str_distance(most, STR("x")), STR_DISTANCE_MAX - 1);
    assert_int_equal(str_distance(over, over), STR_DISTANCE_MAX);
}

static void a_copy_is_ones_own_and_ends_with_nul(void **state)
{
    (void)state;
    str copy = str_dup((str){"ab\0c", 4}), empty = str_dup((str){NULL, 0});
    assert_true(str_eq(copy, (str){"ab\0c", 4}));
    assert_int_equal(copy.p[4], '\0');
    assert_int_equal(empty.n, 0);
    assert_int_equal(empty.p[0], '\0');
    free((char *)(uintptr_t)copy.p);
    free((char *)(uintptr_t)empty.p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(order_is_by_byte_and_length),
        cmocka_unit_test(equality_needs_same_length_and_bytes),
        cmocka_unit_test(parts_are_cut_to_the_text),
        cmocka_unit_test(starts_and_ends),
        cmocka_unit_test(finds_texts_and_bytes),
        cmocka_unit_test(distance_counts_single_slips),
        cmocka_unit_test(a_copy_is_ones_own_and_ends_with_nul),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
