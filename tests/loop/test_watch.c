/* SPDX-License-Identifier: Apache-2.0 */
#include "loop/watch.h"
#include "loop_test.h"
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

struct pair {
    struct loop *loop;
    struct loop_watch *watch;
    int ends[2];
    unsigned seen;
    int calls, stop_after;
};

static void pair_happened(void *arg, unsigned events)
{
    struct pair *pair = arg;
    pair->seen |= events;
    if (++pair->calls >= pair->stop_after)
        loop_stop(pair->loop);
}

static void pair_open(struct pair *pair)
{
    struct error err;
    *pair = (struct pair){.loop = test_loop(), .stop_after = 1};
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair->ends), 0);
    assert_int_equal(
        loop_watch_new(pair->loop, pair->ends[0], pair_happened, pair, &pair->watch, &err),
        STATUS_OK);
}

static void pair_close(struct pair *pair)
{
    loop_watch_close(pair->watch);
    close(pair->ends[0]);
    if (pair->ends[1] >= 0)
        close(pair->ends[1]);
    loop_free(pair->loop);
}

static void run_for(struct loop *loop, int ms)
{
    struct loop_timer end = {0};
    loop_timer_start(loop, &end, loop_now_ms() + ms, test_stop, loop);
    loop_run(loop);
    loop_timer_stop(loop, &end);
}

static void a_watch_tells_what_it_was_asked_for_and_nothing_else(void **state)
{
    (void)state;
    struct pair pair;
    pair_open(&pair);
    run_for(pair.loop, 5);
    assert_int_equal(pair.calls, 0); /* nothing was asked for */
    loop_watch_set(pair.watch, LOOP_WRITABLE);
    loop_run(pair.loop);
    assert_int_equal(pair.seen, LOOP_WRITABLE);
    pair.seen = 0;
    loop_watch_set(pair.watch, LOOP_READABLE);
    assert_int_equal(write(pair.ends[1], "x", 1), 1);
    loop_run(pair.loop);
    assert_int_equal(pair.seen, LOOP_READABLE);
    assert_int_equal(loop_watch_events(pair.watch), LOOP_READABLE);
    pair_close(&pair);
}

static void an_event_lasts_until_it_is_dealt_with(void **state)
{
    (void)state;
    struct pair pair;
    pair_open(&pair);
    pair.stop_after = 5;
    loop_watch_set(pair.watch, LOOP_READABLE);
    assert_int_equal(write(pair.ends[1], "x", 1), 1);
    loop_run(pair.loop);
    assert_int_equal(pair.calls, 5);
    loop_watch_set(pair.watch, 0);
    run_for(pair.loop, 5);
    assert_int_equal(pair.calls, 5);
    pair_close(&pair);
}

static void a_peer_that_closes_makes_it_readable(void **state)
{
    (void)state;
    struct pair pair;
    pair_open(&pair);
    loop_watch_set(pair.watch, LOOP_READABLE);
    close(pair.ends[1]);
    pair.ends[1] = -1;
    loop_run(pair.loop);
    assert_true((pair.seen & (LOOP_READABLE | LOOP_FAILED)) != 0);
    pair_close(&pair);
}

static void a_regular_file_cannot_be_watched(void **state)
{
    (void)state;
    struct loop *loop = test_loop();
    struct loop_watch *watch = NULL;
    struct error err;
    char path[] = "/tmp/afflux-watch-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    unlink(path);
    assert_int_equal(loop_watch_new(loop, fd, pair_happened, NULL, &watch, &err), STATUS_IO);
    assert_string_equal(err.name, "LoopFailed");
    assert_null(watch);
    close(fd);
    loop_free(loop);
}

static void a_closed_watch_is_silent_and_its_descriptor_can_be_watched_anew(void **state)
{
    (void)state;
    struct pair pair;
    struct error err;
    pair_open(&pair);
    loop_watch_set(pair.watch, LOOP_WRITABLE);
    loop_watch_close(pair.watch);
    loop_watch_close(NULL);
    assert_int_equal(
        loop_watch_new(pair.loop, pair.ends[0], pair_happened, &pair, &pair.watch, &err),
        STATUS_OK);
    run_for(pair.loop, 5);
    assert_int_equal(pair.calls, 0);
    pair_close(&pair);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_watch_tells_what_it_was_asked_for_and_nothing_else),
        cmocka_unit_test(an_event_lasts_until_it_is_dealt_with),
        cmocka_unit_test(a_peer_that_closes_makes_it_readable),
        cmocka_unit_test(a_regular_file_cannot_be_watched),
        cmocka_unit_test(a_closed_watch_is_silent_and_its_descriptor_can_be_watched_anew),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
