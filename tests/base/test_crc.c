/* SPDX-License-Identifier: Apache-2.0 */
/* The check values of the catalogue of CRCs: of the nine digits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/crc.h"

static void check_values_are_those_of_the_catalogue(void **state)
{
    (void)state;
    str digits = STR("123456789");
    assert_int_equal(crc32_sum(0, digits), 0xCBF43926u);
    assert_int_equal(crc32c_sum(0, digits), 0xE3069283u);
    assert_int_equal(crc32c_sum_portable(0, digits), 0xE3069283u);
    assert_true(crc64nvme_sum(0, digits) == 0xAE8B14860A799888u);
}

static void nothing_changes_nothing(void **state)
{
    (void)state;
    assert_int_equal(crc32_sum(0, STR("")), 0);
    assert_int_equal(crc32c_sum(7, STR("")), 7);
    assert_true(crc64nvme_sum(9, STR("")) == 9);
}

static void sums_of_pieces_of_any_size_make_the_sum_of_all(void **state)
{
    (void)state;
    char text[100];
    for (size_t i = 0; i < sizeof(text); i++)
        text[i] = (char)(i * 37);
    str all = {text, sizeof(text)};
    for (size_t cut = 0; cut <= all.n; cut++) {
        str a = str_sub(all, 0, cut), b = str_sub(all, cut, all.n);
        assert_int_equal(crc32_sum(crc32_sum(0, a), b), crc32_sum(0, all));
        assert_int_equal(crc32c_sum(crc32c_sum(0, a), b), crc32c_sum_portable(0, all));
        assert_true(crc64nvme_sum(crc64nvme_sum(0, a), b) == crc64nvme_sum(0, all));
        assert_int_equal(crc32_join(crc32_sum(0, a), crc32_sum(0, b), b.n), crc32_sum(0, all));
        assert_int_equal(crc32c_join(crc32c_sum(0, a), crc32c_sum(0, b), b.n), crc32c_sum(0, all));
        assert_true(crc64nvme_join(crc64nvme_sum(0, a), crc64nvme_sum(0, b), b.n) ==
                    crc64nvme_sum(0, all));
    }
}

static void the_processors_instructions_sum_as_the_tables_do(void **state)
{
    (void)state;
    static char text[5000];
    uint32_t seed = 1;
    for (size_t i = 0; i < sizeof(text); i++)
        text[i] = (char)((seed = seed * 1664525 + 1013904223) >> 24);
    for (size_t n = 0; n < sizeof(text); n += n < 700 ? 1 : 97) {
        for (size_t from = 0; from < 3 && from <= n; from++) {
            str s = {text + from, n - from};
            assert_int_equal(crc32_sum(0, s), crc32_sum_portable(0, s));
            assert_int_equal(crc32_sum(0x12345678, s), crc32_sum_portable(0x12345678, s));
            assert_int_equal(crc32c_sum(0x12345678, s), crc32c_sum_portable(0x12345678, s));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(check_values_are_those_of_the_catalogue),
        cmocka_unit_test(nothing_changes_nothing),
        cmocka_unit_test(the_processors_instructions_sum_as_the_tables_do),
        cmocka_unit_test(sums_of_pieces_of_any_size_make_the_sum_of_all),
    };
    return cmocka_run_group_tests_name("base/crc", tests, NULL, NULL);
}
