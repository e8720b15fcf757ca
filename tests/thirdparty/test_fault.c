/* SPDX-License-Identifier: Apache-2.0 */
#include "thirdparty/fault.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

static const struct thirdparty_world world = {
    .seed = 3, .locations = 40, .rows_min = 1, .rows_max = 9};

static void wishes_are_read_with_their_numbers_and_places(void **state)
{
    static struct fault_wishes w;
    struct error err;
    (void)state;
    w.count = 0;
    assert_int_equal(
        fault_wishes_read(&w, STR("busy,error=7,slow=200:3,cut:2,dead@porto-mall-0001"), &err),
        STATUS_OK);
    static const struct fault_wish wanted[] = {{.kind = FAULT_BUSY, .number = 2, .count = 1},
                                               {.kind = FAULT_ERROR, .number = 7, .count = 1},
                                               {.kind = FAULT_SLOW, .number = 200, .count = 3},
                                               {.kind = FAULT_CUT, .number = 1, .count = 2},
                                               {.kind = FAULT_DEAD}};
    assert_int_equal(w.count, 5);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(w.items[i].kind, wanted[i].kind);
        assert_int_equal(w.items[i].number, wanted[i].number);
        assert_int_equal(w.items[i].count, wanted[i].count);
    }
    assert_true(str_eq(w.items[4].location, STR("porto-mall-0001")));
}

static void all_is_one_of_each_kind(void **state)
{
    static struct fault_wishes w;
    struct error err;
    (void)state;
    w.count = 0;
    assert_int_equal(fault_wishes_read(&w, STR("all:2"), &err), STATUS_OK);
    assert_int_equal(w.count, FAULT_KINDS - 1);
    for (size_t i = 0; i < w.count; i++) {
        assert_int_equal(w.items[i].kind, i + 1);
        assert_int_equal(w.items[i].number, fault_default((enum fault_kind)(i + 1)));
        assert_int_equal(w.items[i].count, 2);
    }
}

static void what_is_no_fault_is_refused(void **state)
{
    static const char *const wrong[] = {
        "",      "none",           "bus",     "busy=",           "busy=0", "busy=x",
        "busy:", "busy:0",         "busy:-1", "dead=3",          "busy,,", "all=2",
        "all@x", "busy=1:2:3",     "busy:1@", "busy=9999999999", "=",      "@",
        ":",     "busy=1000000001"};
    static struct fault_wishes w;
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        struct error err;
        w.count = 0;
        if (fault_wishes_read(&w, str_of(wrong[i]), &err) != STATUS_INVALID)
            fail_msg("'%s' was taken", wrong[i]);
        assert_string_equal(err.name, "FaultUnknown");
    }
}

static void there_is_a_most_of_wishes(void **state)
{
    static struct fault_wishes w;
    struct error err;
    (void)state;
    w.count = 0;
    for (int i = 0; i < FAULT_WISHES_MAX; i++)
        assert_int_equal(fault_wishes_read(&w, STR("empty"), &err), STATUS_OK);
    assert_int_equal(fault_wishes_read(&w, STR("empty"), &err), STATUS_LIMIT);
    assert_string_equal(err.name, "FaultTooMany");
}

static enum status deal(const char *text, struct fault *faults, struct error *err)
{
    static struct fault_wishes w;
    w.count = 0;
    memset(faults, 0, world.locations * sizeof(faults[0]));
    assert_int_equal(fault_wishes_read(&w, str_of(text), err), STATUS_OK);
    return fault_deal(&w, &world, faults, err);
}

static void the_same_wishes_hit_the_same_locations(void **state)
{
    struct fault a[40], b[40];
    struct error err;
    unsigned counts[FAULT_KINDS] = {0};
    (void)state;
    assert_int_equal(deal("all,busy=9:4", a, &err), STATUS_OK);
    assert_int_equal(deal("all,busy=9:4", b, &err), STATUS_OK);
    for (int i = 0; i < 40; i++) {
        assert_int_equal(a[i].kind, b[i].kind);
        assert_int_equal(a[i].number, b[i].number);
        counts[a[i].kind]++;
    }
    assert_int_equal(counts[FAULT_NONE], 40 - (FAULT_KINDS - 1) - 4);
    assert_int_equal(counts[FAULT_BUSY], 5);
    for (int kind = FAULT_BUSY + 1; kind < FAULT_KINDS; kind++)
        assert_int_equal(counts[kind], 1);
}

static void every_location_can_have_one_and_no_more(void **state)
{
    struct fault faults[40];
    struct error err;
    (void)state;
    assert_int_equal(deal("gaps:40", faults, &err), STATUS_OK);
    for (int i = 0; i < 40; i++)
        assert_int_equal(faults[i].kind, FAULT_GAPS);
    assert_int_equal(deal("gaps:41", faults, &err), STATUS_LIMIT);
    assert_int_equal(deal("gaps:1000000000,cut:1000000000", faults, &err), STATUS_LIMIT);
}

static void a_named_location_has_its_fault_whoever_is_chosen(void **state)
{
    struct fault faults[40];
    struct error err;
    char id[THIRDPARTY_ID_MAX], text[200];
    (void)state;
    for (uint32_t at = 0; at < 40; at++) {
        thirdparty_location_id(&world, at, id);
        snprintf(text, sizeof(text), "gaps:39,slow=5@%s", id);
        assert_int_equal(deal(text, faults, &err), STATUS_OK);
        assert_int_equal(faults[at].kind, FAULT_SLOW);
        assert_int_equal(faults[at].number, 5);
    }
    snprintf(text, sizeof(text), "gaps@%s,slow@%s", id, id);
    assert_int_equal(deal(text, faults, &err), STATUS_CONFLICT);
    assert_int_equal(deal("gaps@elsewhere-mall-0001", faults, &err), STATUS_NOT_FOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wishes_are_read_with_their_numbers_and_places),
        cmocka_unit_test(all_is_one_of_each_kind),
        cmocka_unit_test(what_is_no_fault_is_refused),
        cmocka_unit_test(there_is_a_most_of_wishes),
        cmocka_unit_test(the_same_wishes_hit_the_same_locations),
        cmocka_unit_test(every_location_can_have_one_and_no_more),
        cmocka_unit_test(a_named_location_has_its_fault_whoever_is_chosen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
