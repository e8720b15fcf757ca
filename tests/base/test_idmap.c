/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/idmap.h"
#include <stdlib.h>

static void an_empty_map_has_nothing(void **state)
{
    struct idmap m = {0};
    uint32_t at = 0;
    (void)state;
    assert_null(idmap_get(&m, 0));
    assert_null(idmap_next(&m, &at));
    idmap_remove(&m, 7);
    idmap_done(&m);
}

static void zero_and_the_largest_id_are_ids(void **state)
{
    struct idmap m = {0};
    int a, b;
    (void)state;
    idmap_put(&m, 0, &a);
    idmap_put(&m, UINT64_MAX, &b);
    assert_ptr_equal(idmap_get(&m, 0), &a);
    assert_ptr_equal(idmap_get(&m, UINT64_MAX), &b);
    idmap_remove(&m, 0);
    assert_null(idmap_get(&m, 0));
    assert_ptr_equal(idmap_get(&m, UINT64_MAX), &b);
    idmap_done(&m);
}

enum { MANY = 5000, STEPS = 200000 };

/* Against an array that says what is in. */
static void puts_and_removals_by_chance_keep_all_others(void **state)
{
    struct idmap m = {0};
    static char values[MANY];
    static bool is_in[MANY];
    uint64_t x = 1;
    uint32_t count = 0;
    (void)state;
    for (unsigned i = 0; i < STEPS; i++) {
        x = x * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        uint32_t id = (uint32_t)(x >> 33) % MANY;
        assert_ptr_equal(idmap_get(&m, id), is_in[id] ? &values[id] : NULL);
        if (is_in[id])
            idmap_remove(&m, id);
        else
            idmap_put(&m, id, &values[id]);
        is_in[id] = !is_in[id];
        count += is_in[id] ? 1 : UINT32_MAX;
        assert_int_equal(m.count, count);
    }
    for (uint32_t id = 0; id < MANY; id++)
        assert_ptr_equal(idmap_get(&m, id), is_in[id] ? &values[id] : NULL);
    idmap_done(&m);
}

static void a_walk_meets_each_value_once(void **state)
{
    struct idmap m = {0};
    static char values[MANY];
    static unsigned met[MANY];
    uint32_t at = 0, count = 0;
    (void)state;
    for (uint32_t id = 0; id < MANY; id++)
        idmap_put(&m, id * UINT64_C(3), &values[id]);
    for (char *v; (v = idmap_next(&m, &at)) != NULL; count++)
        met[v - values]++;
    assert_int_equal(count, MANY);
    for (uint32_t id = 0; id < MANY; id++)
        assert_int_equal(met[id], 1);
    idmap_done(&m);
}

/* Ids that rise and go soon, as documents have them: no long rows come about. */
static void dense_ids_that_come_and_go_stay_fast(void **state)
{
    struct idmap m = {0};
    char value;
    (void)state;
    for (uint64_t id = 0; id < 1000000; id++) {
        idmap_put(&m, id, &value);
        if (id >= 1000)
            idmap_remove(&m, id - 1000);
    }
    assert_int_equal(m.count, 1000);
    assert_true(m.mask < 8192);
    idmap_done(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_map_has_nothing),
        cmocka_unit_test(zero_and_the_largest_id_are_ids),
        cmocka_unit_test(puts_and_removals_by_chance_keep_all_others),
        cmocka_unit_test(a_walk_meets_each_value_once),
        cmocka_unit_test(dense_ids_that_come_and_go_stay_fast),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
