/* SPDX-License-Identifier: Apache-2.0 */
#include "loop_test.h"

struct ring {
    struct loop *loop;
    struct loop_timer timer;
    int64_t due_ms, fired_ms;
    int *count, number; /* number: its place among those that fired, from 1 */
};

static void ring_fired(void *arg)
{
    struct ring *ring = arg;
    ring->fired_ms = loop_now_ms();
    ring->number = ++*ring->count;
}

static void ring_start(struct ring *ring, struct loop *loop, int64_t in_ms, int *count)
{
    ring->loop = loop;
    ring->count = count;
    ring->due_ms = loop_now_ms() + in_ms;
    loop_timer_start(loop, &ring->timer, ring->due_ms, ring_fired, ring);
}

static void timers_fire_in_the_order_of_their_times_and_never_early(void **state)
{
    (void)state;
    struct loop *loop = test_loop();
    static const int after[] = {30, 5, 20, 0, 10, 5};
    static const int order[] = {6, 2, 5, 1, 4, 3};
    struct ring rings[ARRAY_LEN(after)] = {0};
    int count = 0;
    int64_t now = loop_now_ms();
    for (size_t i = 0; i < ARRAY_LEN(after); i++) {
        ring_start(&rings[i], loop, 0, &count);
        rings[i].due_ms = now + after[i];
        loop_timer_start(loop, &rings[i].timer, rings[i].due_ms, ring_fired, &rings[i]);
    }
    struct loop_timer end = {0};
    loop_timer_start(loop, &end, now + 40, test_stop, loop);
    loop_run(loop);
    for (size_t i = 0; i < ARRAY_LEN(after); i++) {
        assert_int_equal(rings[i].number, order[i]);
        assert_true(rings[i].fired_ms >= rings[i].due_ms);
        assert_false(loop_timer_is_running(&rings[i].timer));
    }
    loop_free(loop);
}

static void a_stopped_timer_does_not_fire_and_a_moved_one_fires_once(void **state)
{
    (void)state;
    struct loop *loop = test_loop();
    struct ring stopped = {0}, earlier = {0}, later = {0};
    int count = 0;
    ring_start(&stopped, loop, 2, &count);
    ring_start(&earlier, loop, 60000, &count);
    ring_start(&later, loop, 1, &count);
    ring_start(&earlier, loop, 3, &count);
    ring_start(&later, loop, 8, &count);
    loop_timer_stop(loop, &stopped.timer);
    loop_timer_stop(loop, &stopped.timer);
    struct loop_timer end = {0};
    loop_timer_start(loop, &end, loop_now_ms() + 20, test_stop, loop);
    loop_run(loop);
    assert_int_equal(count, 2);
    assert_int_equal(stopped.number, 0);
    assert_int_equal(earlier.number, 1);
    assert_int_equal(later.number, 2);
    assert_true(later.fired_ms >= later.due_ms);
    loop_free(loop);
}

struct again {
    struct loop *loop;
    struct loop_timer timer;
    struct loop_task task;
    int left;
    bool task_ran;
};

static void again_task(void *arg)
{
    struct again *again = arg;
    again->task_ran = true;
}

static void again_fired(void *arg)
{
    struct again *again = arg;
    if (--again->left == 0)
        loop_stop(again->loop);
    else
        loop_timer_start(again->loop, &again->timer, 0, again_fired, again);
}

static void a_timer_that_starts_itself_for_now_leaves_room_for_others(void **state)
{
    (void)state;
    struct again again = {.loop = test_loop(), .left = 50};
    loop_timer_start(again.loop, &again.timer, 0, again_fired, &again);
    loop_post(again.loop, &again.task, again_task, &again);
    loop_run(again.loop);
    assert_int_equal(again.left, 0);
    assert_true(again.task_ran);
    assert_true(loop_stats(again.loop).rounds >= 49);
    loop_free(again.loop);
}

static void many_deadlines_that_never_come_cost_nothing_later(void **state)
{
    (void)state;
    enum { MANY = 100000 };
    struct loop *loop = test_loop();
    struct ring *rings = calloc(MANY, sizeof *rings);
    int count = 0;
    assert_non_null(rings);
    for (size_t i = 0; i < MANY; i++)
        ring_start(&rings[i], loop, 60000 + (int64_t)(i * 7919 % MANY), &count);
    assert_int_equal(loop_stats(loop).timers_running, MANY);
    for (size_t i = 0; i < MANY; i++)
        loop_timer_stop(loop, &rings[i].timer);
    struct loop_timer end = {0};
    loop_timer_start(loop, &end, loop_now_ms() + 5, test_stop, loop);
    loop_run(loop);
    assert_int_equal(count, 0);
    assert_true(loop_stats(loop).rounds < 10);
    free(rings);
    loop_free(loop);
}

static void skipped_time_passes_for_all_timers(void **state)
{
    (void)state;
    struct loop *loop = test_loop();
    struct ring hour = {0}, hours = {0}, more = {0};
    int count = 0;
    int64_t now = loop_now_ms();
    assert_int_equal(loop_skip(loop), 0);
    ring_start(&more, loop, 7200020, &count);
    ring_start(&hour, loop, 3600000, &count);
    ring_start(&hours, loop, 7200000, &count);
    int64_t first = loop_skip(loop);
    struct loop_timer end = {0};
    loop_timer_start(loop, &end, loop_now_ms() + 1, test_stop, loop);
    loop_run(loop);
    assert_int_equal(hour.number, 1);
    assert_int_equal(count, 1);
    int64_t second = loop_skip(loop);
    loop_timer_start(loop, &end, loop_now_ms() + 60, test_stop, loop);
    loop_run(loop);
    assert_int_equal(hours.number, 2);
    assert_int_equal(more.number, 3);
    assert_true(more.fired_ms - hours.fired_ms >= 19);
    assert_true(first + second >= 7200000 - (loop_now_ms() - now));
    assert_int_equal(loop_skip(loop), 0);
    loop_free(loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(timers_fire_in_the_order_of_their_times_and_never_early),
        cmocka_unit_test(a_stopped_timer_does_not_fire_and_a_moved_one_fires_once),
        cmocka_unit_test(a_timer_that_starts_itself_for_now_leaves_room_for_others),
        cmocka_unit_test(many_deadlines_that_never_come_cost_nothing_later),
        cmocka_unit_test(skipped_time_passes_for_all_timers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
