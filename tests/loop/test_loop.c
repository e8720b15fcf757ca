/* SPDX-License-Identifier: Apache-2.0 */
#include "loop_test.h"
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

static void a_loop_that_never_ran_closes_cleanly(void **state)
{
    (void)state;
    loop_free(test_loop());
    loop_free(NULL);
}

static void a_stop_before_the_run_ends_it_at_once(void **state)
{
    (void)state;
    struct loop *loop = test_loop();
    loop_stop(loop);
    loop_run(loop);
    loop_stop(loop);
    loop_run(loop); /* each stop ends one run */
    loop_free(loop);
}

static void the_clocks_agree_with_the_machine(void **state)
{
    (void)state;
    int64_t before = loop_now_ms();
    usleep(3000);
    assert_in_range(loop_now_ms() - before, 2, 5000);
    assert_true(loop_wall_ms() > INT64_C(1700000000000));
}

struct steps {
    struct loop *loop;
    struct loop_task tasks[3];
    struct loop_timer timer;
    char said[16];
    size_t n;
};

static void say_a(void *arg)
{
    struct steps *s = arg;
    s->said[s->n++] = 'a';
}

static void say_b_and_defer_a(void *arg)
{
    struct steps *s = arg;
    s->said[s->n++] = 'b';
    loop_defer(s->loop, &s->tasks[1], say_a, s);
    loop_defer(s->loop, &s->tasks[2], test_stop, s->loop);
}

static void say_t_and_defer_b(void *arg)
{
    struct steps *s = arg;
    s->said[s->n++] = 't';
    loop_defer(s->loop, &s->tasks[0], say_b_and_defer_a, s);
}

static void deferred_work_runs_without_waiting_and_in_order(void **state)
{
    (void)state;
    struct steps s = {.loop = test_loop()};
    loop_defer(s.loop, &s.tasks[1], say_a, &s);
    loop_timer_start(s.loop, &s.timer, 0, say_t_and_defer_b, &s);
    loop_run(s.loop); /* would hang if it slept with deferred work left */
    assert_string_equal(s.said, "taba");
    loop_free(s.loop);
}

static void what_was_posted_or_deferred_runs_before_the_loop_is_freed(void **state)
{
    (void)state;
    struct steps s = {.loop = test_loop()};
    loop_post(s.loop, &s.tasks[0], say_b_and_defer_a, &s);
    loop_free(s.loop);
    assert_string_equal(s.said, "ba");
}

/* threads */

enum { THREADS = 4, POSTS = 20000 };

struct message {
    struct loop_task task;
    struct crowd *crowd;
    int thread, number;
};

struct crowd {
    struct loop *loop;
    int next[THREADS]; /* the number that each thread's next message has */
    int received;
};

struct poster {
    pthread_t thread;
    struct crowd *crowd;
    int number;
};

static void message_came(void *arg)
{
    struct message *message = arg;
    struct crowd *crowd = message->crowd;
    assert_int_equal(message->number, crowd->next[message->thread]++);
    if (++crowd->received == THREADS * POSTS)
        loop_stop(crowd->loop);
    free(message);
}

static void *poster_main(void *arg)
{
    struct poster *poster = arg;
    for (int i = 0; i < POSTS; i++) {
        struct message *message = malloc(sizeof *message);
        check(message != NULL);
        *message = (struct message){.crowd = poster->crowd, .thread = poster->number, .number = i};
        loop_post(poster->crowd->loop, &message->task, message_came, message);
    }
    return NULL;
}

static void tasks_of_many_threads_all_arrive_each_threads_in_order(void **state)
{
    (void)state;
    struct crowd crowd = {.loop = test_loop()};
    struct poster posters[THREADS];
    for (int i = 0; i < THREADS; i++) {
        posters[i] = (struct poster){.crowd = &crowd, .number = i};
        assert_int_equal(pthread_create(&posters[i].thread, NULL, poster_main, &posters[i]), 0);
    }
    loop_run(crowd.loop);
    for (int i = 0; i < THREADS; i++)
        pthread_join(posters[i].thread, NULL);
    assert_int_equal(crowd.received, THREADS * POSTS);
    assert_int_equal(loop_stats(crowd.loop).posted, THREADS * POSTS);
    loop_free(crowd.loop);
}

static void *loop_main(void *loop)
{
    loop_run(loop);
    return NULL;
}

static void another_thread_can_stop_a_loop_that_sleeps(void **state)
{
    (void)state;
    struct loop *loop = test_loop();
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, loop_main, loop), 0);
    usleep(2000);
    loop_stop(loop);
    pthread_join(thread, NULL);
    loop_free(loop);
}

/* Two loops throw a task to and fro: what one writes before it posts, the other sees. */
struct ball {
    struct loop_task task;
    struct loop *loops[2];
    int throws;
};

static void ball_caught(void *arg)
{
    struct ball *ball = arg;
    ball->throws++;
    if (ball->throws < 2000) {
        loop_post(ball->loops[ball->throws % 2], &ball->task, ball_caught, ball);
        return;
    }
    loop_stop(ball->loops[0]);
    loop_stop(ball->loops[1]);
}

static void two_loops_hand_a_task_to_and_fro(void **state)
{
    (void)state;
    struct ball ball = {.loops = {test_loop(), test_loop()}};
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, loop_main, ball.loops[1]), 0);
    loop_post(ball.loops[0], &ball.task, ball_caught, &ball);
    loop_run(ball.loops[0]);
    pthread_join(thread, NULL);
    assert_int_equal(ball.throws, 2000);
    loop_free(ball.loops[0]);
    loop_free(ball.loops[1]);
}

/* signals and accounts */

struct signalled {
    struct loop *loop;
    int count[NSIG];
};

static void signal_came(void *arg, int number)
{
    struct signalled *s = arg;
    s->count[number]++;
    if (s->count[SIGTERM] > 0 && s->count[SIGINT] > 0)
        loop_stop(s->loop);
}

static void signals_become_callbacks(void **state)
{
    (void)state;
    struct signalled s = {.loop = test_loop()};
    struct error err;
    assert_int_equal(loop_on_signal(s.loop, signal_came, &s, &err), STATUS_OK);
    kill(getpid(), SIGTERM);
    kill(getpid(), SIGINT);
    loop_run(s.loop);
    assert_int_equal(s.count[SIGTERM], 1);
    assert_int_equal(s.count[SIGINT], 1);
    assert_int_equal(loop_on_signal(s.loop, NULL, NULL, &err), STATUS_OK);
    assert_int_equal(loop_on_signal(s.loop, signal_came, &s, &err), STATUS_OK);
    loop_free(s.loop);
}

static void work_for_20_ms(void *arg)
{
    int64_t until = loop_now_ms() + 20;
    while (loop_now_ms() <= until) {
    }
    loop_stop(arg);
}

static void the_accounts_tell_sleep_from_work_and_how_late_timers_were(void **state)
{
    (void)state;
    struct loop *loop = test_loop();
    struct loop_timer work = {0}, late = {0};
    struct loop_task task;
    int64_t now = loop_now_ms();
    loop_timer_start(loop, &work, now + 30, work_for_20_ms, loop);
    loop_timer_start(loop, &late, now + 31, test_stop, loop);
    loop_run(loop);
    loop_defer(loop, &task, test_stop, loop);
    loop_run(loop);
    struct loop_stats stats = loop_stats(loop);
    assert_true(stats.idle_us >= 10000);
    assert_true(stats.busy_us >= 19000);
    assert_true(stats.longest_us >= 19000);
    assert_true(stats.late_ms >= 15 || loop_timer_is_running(&late));
    loop_timer_stop(loop, &late);
    assert_int_equal(loop_stats(loop).rounds, 0);
    loop_free(loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_loop_that_never_ran_closes_cleanly),
        cmocka_unit_test(a_stop_before_the_run_ends_it_at_once),
        cmocka_unit_test(the_clocks_agree_with_the_machine),
        cmocka_unit_test(deferred_work_runs_without_waiting_and_in_order),
        cmocka_unit_test(what_was_posted_or_deferred_runs_before_the_loop_is_freed),
        cmocka_unit_test(tasks_of_many_threads_all_arrive_each_threads_in_order),
        cmocka_unit_test(another_thread_can_stop_a_loop_that_sleeps),
        cmocka_unit_test(two_loops_hand_a_task_to_and_fro),
        cmocka_unit_test(signals_become_callbacks),
        cmocka_unit_test(the_accounts_tell_sleep_from_work_and_how_late_timers_were),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
