/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "csv/csv_columns.h"
#include <stdio.h>

static void columns_stand_in_the_order_of_first_sight(void **state)
{
    struct csv_columns c;
    (void)state;
    csv_columns_init(&c);
    assert_int_equal(csv_columns_find(&c, STR("b")), 0);
    assert_int_equal(csv_columns_find(&c, STR("a")), 1);
    assert_int_equal(csv_columns_find(&c, STR("b")), 0);
    assert_int_equal(csv_columns_find(&c, STR("")), 2);
    assert_int_equal(c.listed, 3);
    assert_memory_equal(c.at[1].text, "\"a\":", 4);
    assert_int_equal(c.at[1].text_n, 4);
    csv_columns_done(&c);
}

static void a_name_that_needs_an_escape_has_no_text(void **state)
{
    struct csv_columns c;
    (void)state;
    csv_columns_init(&c);
    assert_int_equal(csv_columns_find(&c, STR("a\"b")), 0);
    assert_int_equal(csv_columns_find(&c, STR("\xC3\xA9")), 1);
    assert_int_equal(c.at[0].text_n, 0);
    assert_int_equal(c.at[1].text_n, 5);
    csv_columns_done(&c);
}

static void fixed_columns_remember_a_few_others(void **state)
{
    struct csv_columns c;
    char name[32];
    (void)state;
    csv_columns_init(&c);
    csv_columns_find(&c, STR("a"));
    csv_columns_fix(&c);
    for (unsigned i = 0; i < CSV_MAX_LEFT_OUT; i++) {
        snprintf(name, sizeof(name), "other%u", i);
        assert_int_equal(csv_columns_find(&c, str_of(name)), i + 1);
    }
    assert_int_equal(csv_columns_find(&c, STR("one more")), MAP_NONE);
    assert_int_equal(c.listed, 1);
    csv_columns_done(&c);
}

static void cut_columns_are_forgotten(void **state)
{
    struct csv_columns c;
    (void)state;
    csv_columns_init(&c);
    csv_columns_find(&c, STR("a"));
    csv_columns_find(&c, STR("b"));
    csv_columns_find(&c, STR("c"));
    csv_columns_cut(&c, 1);
    assert_int_equal(c.count, 1);
    assert_int_equal(csv_columns_find(&c, STR("c")), 1);
    assert_int_equal(csv_columns_find(&c, STR("a")), 0);
    csv_columns_cut(&c, 5);
    assert_int_equal(c.count, 2);
    csv_columns_done(&c);
}

static void there_is_a_limit_to_columns(void **state)
{
    struct csv_columns c;
    char name[32];
    (void)state;
    csv_columns_init(&c);
    for (unsigned i = 0; i < CSV_MAX_COLUMNS; i++) {
        snprintf(name, sizeof(name), "%u", i);
        assert_int_equal(csv_columns_find(&c, str_of(name)), i);
    }
    assert_int_equal(csv_columns_find(&c, STR("one more")), MAP_NONE);
    assert_int_equal(csv_columns_find(&c, STR("77")), 77);
    csv_columns_done(&c);
}

static void there_is_a_limit_to_the_bytes_of_names(void **state)
{
    struct csv_columns c;
    static char name[CSV_MAX_NAMES];
    (void)state;
    csv_columns_init(&c);
    memset(name, 'x', sizeof(name));
    assert_int_equal(csv_columns_find(&c, (str){name, CSV_MAX_NAMES - 1}), 0);
    assert_int_equal(csv_columns_find(&c, STR("ab")), MAP_NONE);
    assert_int_equal(csv_columns_find(&c, STR("a")), 1);
    csv_columns_done(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_stand_in_the_order_of_first_sight),
        cmocka_unit_test(a_name_that_needs_an_escape_has_no_text),
        cmocka_unit_test(fixed_columns_remember_a_few_others),
        cmocka_unit_test(cut_columns_are_forgotten),
        cmocka_unit_test(there_is_a_limit_to_columns),
        cmocka_unit_test(there_is_a_limit_to_the_bytes_of_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
