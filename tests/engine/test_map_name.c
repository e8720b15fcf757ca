/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "engine/map_name.h"

static const uint8_t key[ASL_TOKEN_KEY_BYTES] = {1, 2, 3};
static const uint8_t other_key[ASL_TOKEN_KEY_BYTES] = {4, 5, 6};

static void a_name_leads_back_to_its_numbers(void **state)
{
    static const uint64_t numbers[] = {0, 1, 2, 4095, 4096, 100000000, (UINT64_C(1) << 61) - 1};
    struct map_namer *n = map_namer_new(key);
    (void)state;
    for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++) {
        for (size_t j = 0; j < sizeof(numbers) / sizeof(*numbers); j++) {
            char name[MAP_NAME_BYTES];
            int64_t map_run;
            uint64_t index;
            map_name_make(n, (int64_t)numbers[i], numbers[j], name);
            assert_true(map_name_read(n, (str){name, sizeof(name)}, &map_run, &index));
            assert_int_equal(map_run, numbers[i]);
            assert_int_equal(index, numbers[j]);
        }
    }
    map_namer_free(n);
}

static void a_name_is_a_uuid_of_version_3(void **state)
{
    struct map_namer *n = map_namer_new(key);
    (void)state;
    for (uint64_t i = 0; i < 1000; i++) {
        char name[MAP_NAME_BYTES];
        map_name_make(n, 7, i, name);
        for (size_t at = 0; at < sizeof(name); at++)
            assert_int_equal(name[at] == '-', at == 8 || at == 13 || at == 18 || at == 23);
        assert_int_equal(name[14], '3');
        assert_non_null(strchr("89ab", name[19]));
    }
    map_namer_free(n);
}

static void another_key_gives_another_name(void **state)
{
    struct map_namer *n = map_namer_new(key), *other = map_namer_new(other_key);
    char name[MAP_NAME_BYTES], second[MAP_NAME_BYTES];
    int64_t map_run;
    uint64_t index;
    (void)state;
    map_name_make(n, 7, 1, name);
    map_name_make(other, 7, 1, second);
    assert_memory_not_equal(name, second, sizeof(name));
    if (map_name_read(other, (str){name, sizeof(name)}, &map_run, &index))
        assert_false(map_run == 7 && index == 1);
    map_namer_free(n);
    map_namer_free(other);
}

static void what_is_no_name_is_refused(void **state)
{
    static const char *const texts[] = {"",
                                        "00000000-0000-3000-8000-00000000000",
                                        "00000000-0000-4000-8000-000000000000",
                                        "00000000-0000-3000-c000-000000000000",
                                        "00000000-0000-3000-8000-00000000000G",
                                        "00000000-0000-3000-8000-0000000-0000",
                                        "00000000000000000000000000000000000000"};
    struct map_namer *n = map_namer_new(key);
    int64_t map_run;
    uint64_t index;
    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
        assert_false(map_name_read(n, str_of(texts[i]), &map_run, &index));
    map_namer_free(n);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_leads_back_to_its_numbers),
        cmocka_unit_test(a_name_is_a_uuid_of_version_3),
        cmocka_unit_test(another_key_gives_another_name),
        cmocka_unit_test(what_is_no_name_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
