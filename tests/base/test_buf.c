/* SPDX-License-Identifier: Apache-2.0 */
/* Buffers: growth, maximum, slack. */
#include "base/buf.h"

#include <stdlib.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static void appending_collects_bytes(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b, 1000000);
    buf_add(&b, STR("abc"));
    buf_add_byte(&b, 'd');
    buf_add_fill(&b, '.', 3);
    buf_add_utf8(&b, 0x20AC);
    buf_add_utf8(&b, 0xD800);
    buf_add(&b, (str){0});
    buf_printf(&b, "<%d>", 42);
    buf_printf(&b, "%s", "");
    assert_true(str_eq(buf_str(&b), STR("abcd...\xE2\x82\xAC\xED\xA0\x80<42>")));
    assert_true(buf_ok(&b));
    buf_done(&b);
    assert_null(b.p);
}

static void growth_keeps_the_bytes_and_the_slack(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b, 1000000);
    for (int i = 0; i < 100000; i++) {
        buf_add_byte(&b, (char)i);
        if (i % 997 == 0)
            memset(b.p + b.cap, 0x55, BUF_SLACK);
    }
    assert_int_equal(b.n, 100000);
    for (int i = 0; i < 100000; i++)
        assert_int_equal(b.p[i], (char)i);
    buf_clear(&b);
    assert_int_equal(b.n, 0);
    assert_true(b.cap >= 100000);
    buf_done(&b);
}

static void crossing_the_maximum_changes_nothing(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b, 10);
    buf_add(&b, STR("12345678"));
    buf_add(&b, STR("abc"));
    assert_false(buf_ok(&b));
    assert_true(str_eq(buf_str(&b), STR("12345678")));
    buf_add(&b, STR("90"));
    assert_true(str_eq(buf_str(&b), STR("1234567890")));
    buf_add_byte(&b, 'x');
    buf_add_fill(&b, 'x', SIZE_MAX);
    buf_printf(&b, "%d", 1);
    buf_insert(&b, 0, STR("x"));
    assert_true(str_eq(buf_str(&b), STR("1234567890")));
    assert_false(buf_ok(&b));
    buf_clear(&b);
    assert_true(buf_ok(&b));
    buf_printf(&b, "%s", "1234567890");
    assert_true(buf_ok(&b));
    assert_int_equal(b.n, 10);
    buf_done(&b);
}

static void reserving_too_much_is_refused(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b, SIZE_MAX);
    assert_false(buf_reserve(&b, SIZE_MAX));
    assert_false(buf_reserve(&b, SIZE_MAX - 10));
    assert_false(buf_ok(&b));
    buf_done(&b);
    buf_init(&b, 0);
    assert_true(buf_reserve(&b, 0));
    assert_false(buf_reserve(&b, 1));
    buf_done(&b);
}

static void printing_grows_the_buffer(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b, 100000);
    for (int width = 1; width < 300; width++)
        buf_printf(&b, "%*d", width, 7);
    assert_int_equal(b.n, 299 * 300 / 2);
    assert_int_equal(b.p[b.n - 1], '7');
    assert_int_equal(b.p[b.n - 2], ' ');
    buf_done(&b);
}

static void inserting_moves_the_rest(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b, 1000);
    buf_insert(&b, 0, STR("world"));
    buf_insert(&b, 0, STR("hello "));
    buf_insert(&b, 11, STR("!"));
    buf_insert(&b, 5, STR(","));
    buf_insert(&b, 3, STR(""));
    assert_true(str_eq(buf_str(&b), STR("hello, world!")));
    buf_done(&b);
}

static void taken_bytes_keep_their_slack(void **state)
{
    (void)state;
    static const size_t sizes[] = {0, 1, 100, 192, 193, 5000, 100000};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct buf b;
        buf_init(&b, 1000000);
        buf_add_fill(&b, 't', sizes[i]);
        size_t n;
        char *p = buf_take(&b, &n);
        assert_non_null(p);
        assert_int_equal(n, sizes[i]);
        assert_int_equal(b.n, 0);
        assert_null(b.p);
        memset(p + n, 0, BUF_SLACK);
        if (n > 0)
            assert_int_equal(p[n - 1], 't');
        free(p);
        buf_add(&b, STR("again"));
        assert_true(str_eq(buf_str(&b), STR("again")));
        buf_done(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(appending_collects_bytes),
        cmocka_unit_test(growth_keeps_the_bytes_and_the_slack),
        cmocka_unit_test(crossing_the_maximum_changes_nothing),
        cmocka_unit_test(reserving_too_much_is_refused),
        cmocka_unit_test(printing_grows_the_buffer),
        cmocka_unit_test(inserting_moves_the_rest),
        cmocka_unit_test(taken_bytes_keep_their_slack),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
