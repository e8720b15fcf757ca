/* SPDX-License-Identifier: Apache-2.0 */
/* Maps and the hash. */
#include "base/map.h"

#include <stdio.h>
#include <stdlib.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static void an_empty_map_has_nothing(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a, 0);
    struct map m;
    map_init(&m, &a, 0);
    assert_int_equal(map_get(&m, STR("a")), MAP_NONE);
    assert_int_equal(map_get(&m, STR("")), MAP_NONE);
    arena_done(&a);
}

static void expect_thousands(uint32_t expected)
{
    struct arena a;
    arena_init(&a, 0);
    struct map m;
    map_init(&m, &a, expected);
    enum { KEYS = 20000 };
    for (uint32_t i = 0; i < KEYS; i++) {
        uint32_t *value = map_at(&m, arena_printf(&a, "key%u", i));
        assert_int_equal(*value, MAP_NONE);
        *value = i;
    }
    assert_int_equal(m.count, KEYS);
    for (uint32_t i = 0; i < KEYS; i++) {
        char key[32];
        str s = {key, (size_t)snprintf(key, sizeof key, "key%u", i)};
        assert_int_equal(map_get(&m, s), i);
        assert_int_equal(*map_at(&m, s), i);
        s.n = (size_t)snprintf(key, sizeof key, "no%u", i);
        assert_int_equal(map_get(&m, s), MAP_NONE);
    }
    assert_int_equal(m.count, KEYS);
    arena_done(&a);
}

static void keys_are_found_after_growth(void **state)
{
    (void)state;
    expect_thousands(0);
    expect_thousands(10);
    expect_thousands(20000);
}

static void an_expected_number_of_keys_needs_no_growth(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a, 0);
    struct map m;
    map_init(&m, &a, 1000);
    struct map_slot *slots = m.slots;
    for (uint32_t i = 0; i < 1000; i++)
        *map_at(&m, arena_printf(&a, "%u", i)) = i;
    assert_ptr_equal(m.slots, slots);
    arena_done(&a);
}

static void the_empty_key_and_keys_with_nul_are_keys(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a, 0);
    struct map m;
    map_init(&m, &a, 4);
    *map_at(&m, (str){0}) = 1;
    *map_at(&m, STR("\0")) = 2;
    *map_at(&m, STR("\0\0")) = 3;
    assert_int_equal(map_get(&m, STR("")), 1);
    assert_int_equal(map_get(&m, STR("\0")), 2);
    assert_int_equal(map_get(&m, STR("\0\0")), 3);
    assert_int_equal(m.count, 3);
    arena_done(&a);
}

static int compare_hashes(const void *a, const void *b)
{
    uint64_t x, y;
    memcpy(&x, a, sizeof x);
    memcpy(&y, b, sizeof y);
    return (x > y) - (x < y);
}

/* Every length, every single bit: all different, and no read outside the text (heap copies). */
static void every_bit_of_a_text_changes_its_hash(void **state)
{
    (void)state;
    static uint64_t hashes[201 * 200 * 4 + 201];
    size_t count = 0;
    for (size_t n = 0; n <= 200; n++) {
        char *text = calloc(1, n + (n == 0));
        assert_non_null(text);
        hashes[count++] = hash_bytes((str){text, n}, 1);
        for (size_t bit = 0; bit < n * 8; bit++) {
            text[bit / 8] = (char)(1 << bit % 8);
            hashes[count++] = hash_bytes((str){text, n}, 1);
            text[bit / 8] = 0;
        }
        free(text);
    }
    qsort(hashes, count, sizeof hashes[0], compare_hashes);
    for (size_t i = 1; i < count; i++)
        assert_true(hashes[i] != hashes[i - 1]);
}

/* Flipping one bit of the text flips each bit of the hash in about half of the cases. */
static void hash_bits_are_well_mixed(void **state)
{
    (void)state;
    static const size_t lengths[] = {3, 7, 8, 13, 16, 17, 40, 100};
    for (size_t k = 0; k < sizeof lengths / sizeof lengths[0]; k++) {
        int flips[64] = {0};
        int cases = 0;
        uint32_t random = 1;
        for (int i = 0; i < 2000; i++) {
            char text[100];
            for (size_t j = 0; j < lengths[k]; j++) {
                random = random * 1664525 + 1013904223;
                text[j] = (char)('a' + (random >> 16) % 26);
            }
            uint64_t before = hash_bytes((str){text, lengths[k]}, 9);
            for (size_t bit = 0; bit < lengths[k] * 8; bit += 5, cases++) {
                text[bit / 8] ^= (char)(1 << bit % 8);
                uint64_t changed = hash_bytes((str){text, lengths[k]}, 9) ^ before;
                text[bit / 8] ^= (char)(1 << bit % 8);
                for (int h = 0; h < 64; h++)
                    flips[h] += (int)(changed >> h & 1);
            }
        }
        for (int h = 0; h < 64; h++)
            assert_in_range(flips[h], cases * 47 / 100, cases * 53 / 100);
    }
}

static void the_seed_changes_every_hash(void **state)
{
    (void)state;
    assert_true(hash_bytes(STR(""), 1) != hash_bytes(STR(""), 2));
    assert_true(hash_bytes(STR("abc"), 1) != hash_bytes(STR("abc"), 2));
    assert_true(hash_bytes(STR("abc"), 1) == hash_bytes(STR("abc"), 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_map_has_nothing),
        cmocka_unit_test(keys_are_found_after_growth),
        cmocka_unit_test(an_expected_number_of_keys_needs_no_growth),
        cmocka_unit_test(the_empty_key_and_keys_with_nul_are_keys),
        cmocka_unit_test(every_bit_of_a_text_changes_its_hash),
        cmocka_unit_test(hash_bits_are_well_mixed),
        cmocka_unit_test(the_seed_changes_every_hash),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
