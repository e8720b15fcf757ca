/* SPDX-License-Identifier: Apache-2.0 */
/* Errors: set, wrapped, cut and made plain. */
#include "base/error.h"

#include <string.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static void setting_an_error_returns_its_status(void **state)
{
    (void)state;
    struct error err;
    assert_int_equal(error_set(&err, STATUS_LIMIT, "TooDeep", "depth %d", 7), STATUS_LIMIT);
    assert_int_equal(err.status, STATUS_LIMIT);
    assert_string_equal(err.name, "TooDeep");
    assert_string_equal(err.message, "depth 7");
    assert_int_equal(error_set(NULL, STATUS_IO, "X", "y"), STATUS_IO);
}

static void every_status_has_a_name(void **state)
{
    (void)state;
    assert_string_equal(status_name(STATUS_OK), "ok");
    assert_string_equal(status_name(STATUS_NOT_FOUND), "not found");
    assert_string_equal(status_name(STATUS_CORRUPT), "corrupt");
    assert_string_equal(status_name((enum status)99), "unknown");
}

static void wrapping_puts_words_in_front(void **state)
{
    (void)state;
    struct error err;
    error_set(&err, STATUS_INVALID, "Name", "inner");
    assert_int_equal(error_wrap(&err, "file %s", "a.json"), STATUS_INVALID);
    assert_string_equal(err.message, "file a.json: inner");
    assert_string_equal(err.name, "Name");
}

static void a_message_is_cut_at_a_character(void **state)
{
    (void)state;
    static const char *const characters[] = {"x", "\xC3\xA4", "\xE2\x82\xAC", "\xF0\x9F\x98\x80"};
    for (int start = 0; start < 4; start++) {
        for (size_t kind = 0; kind < 4; kind++) {
            size_t width = strlen(characters[kind]);
            char text[2048] = "aaaa";
            size_t n = (size_t)start;
            for (int i = 0; i < 400; i++, n += width)
                memcpy(text + n, characters[kind], width);
            text[n] = '\0';
            struct error err;
            error_set(&err, STATUS_INVALID, "N", "%s", text);
            size_t length = strlen(err.message);
            size_t fits = ERROR_MESSAGE_MAX - 1 - (size_t)start;
            size_t expected = n < ERROR_MESSAGE_MAX ? n : (size_t)start + fits / width * width;
            assert_int_equal(length, expected);
        }
    }
}

static void wrapping_a_full_message_cuts_it(void **state)
{
    (void)state;
    char text[600];
    memset(text, 'm', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    struct error err;
    error_set(&err, STATUS_INVALID, "N", "%s", text);
    assert_int_equal(strlen(err.message), ERROR_MESSAGE_MAX - 1);
    error_wrap(&err, "front");
    assert_int_equal(strlen(err.message), ERROR_MESSAGE_MAX - 1);
    assert_memory_equal(err.message, "front: mmm", 10);
    error_wrap(&err, "%s", text);
    assert_int_equal(strlen(err.message), ERROR_MESSAGE_MAX - 1);
    assert_memory_equal(err.message, "mmm", 3);
}

static void a_message_is_one_plain_line(void **state)
{
    (void)state;
    struct error err;
    error_set(&err, STATUS_INVALID, "N", "a\nb\tc\x1b[31m\x7f");
    assert_string_equal(err.message, "a b c [31m ");
}

static void a_long_name_is_cut(void **state)
{
    (void)state;
    char name[200];
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    struct error err;
    error_set(&err, STATUS_INVALID, name, "m");
    assert_int_equal(strlen(err.name), ERROR_NAME_MAX - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(setting_an_error_returns_its_status),
        cmocka_unit_test(every_status_has_a_name),
        cmocka_unit_test(wrapping_puts_words_in_front),
        cmocka_unit_test(a_message_is_cut_at_a_character),
        cmocka_unit_test(wrapping_a_full_message_cuts_it),
        cmocka_unit_test(a_message_is_one_plain_line),
        cmocka_unit_test(a_long_name_is_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
