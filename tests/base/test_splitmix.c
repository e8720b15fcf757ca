/* SPDX-License-Identifier: Apache-2.0 */
/* The numbers that the generator's reference gives for the seed 1234567. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/attr.h"
#include "base/splitmix.h"

static const uint64_t numbers[] = {
    UINT64_C(6457827717110365317), UINT64_C(3203168211198807973),  UINT64_C(9817491932198370423),
    UINT64_C(4593380528125082431), UINT64_C(16408922859458223821),
};

static void numbers_come_one_after_the_other(void **state)
{
    uint64_t seed = 1234567;
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(numbers); i++)
        assert_true(splitmix64_next(&seed) == numbers[i]);
}

static void a_number_is_found_by_its_place(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(numbers); i++)
        assert_true(splitmix64_at(1234567, i + 1) == numbers[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_come_one_after_the_other),
        cmocka_unit_test(a_number_is_found_by_its_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
