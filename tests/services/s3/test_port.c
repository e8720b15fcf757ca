/* SPDX-License-Identifier: Apache-2.0 */
/* A client on a loop. What it does for the wire is in tests/api/test_s3.c. */
#include "support.h"

#include "services/s3/port.h"

struct waiting {
    struct loop *loop;
    unsigned done;
};

static void put_is_done(void *arg, const struct s3_put_result *result, const struct error *err)
{
    struct waiting *w = arg;
    assert_null(err);
    assert_int_equal(result->etag.n, 32);
    w->done++;
    loop_stop(w->loop);
}

static void put_zeros(struct s3_port *port, const char *key, size_t size, struct waiting *waiting)
{
    static char bytes[2 << 20];
    struct error err;
    struct s3_put *p;
    struct s3_put_request q = {.bucket = STR("bucket"),
                               .key = str_of(key),
                               .algorithm = S3_NO_ALGORITHM,
                               .now_ms = TEST_NOW_MS};
    assert_int_equal(s3_put_begin(s3_port_client(port), &q, &p, &err), STATUS_OK);
    assert_int_equal(s3_put_write(p, (str){bytes, size}, &err), STATUS_OK);
    assert_int_equal(s3_put_finish(p, put_is_done, waiting, &err), STATUS_OK);
}

static void puts_are_told_of_on_the_loop(void **state)
{
    struct world *w = *state;
    struct waiting waiting = {0};
    struct s3_port *port;
    struct error err;
    assert_int_equal(loop_new(&waiting.loop, &err), STATUS_OK);
    assert_int_equal(s3_port_open(w->s3, waiting.loop, &port, &err), STATUS_OK);
    assert_ptr_equal(s3_port_loop(port), waiting.loop);
    assert_ptr_equal(s3_port_service(port), w->s3);
    put_zeros(port, "small", 10, &waiting);
    loop_run(waiting.loop);
    assert_int_equal(waiting.done, 1);
    put_zeros(port, "large", 2 << 20, &waiting); /* its file is synced by a helper */
    loop_run(waiting.loop);
    assert_int_equal(waiting.done, 2);
    s3_port_close(port);
    loop_free(waiting.loop);
}

/* The loop does not run any more; a task may be on its way to it. */
static void closing_waits_for_what_is_in_flight(void **state)
{
    struct world *w = *state;
    struct waiting waiting = {0};
    struct s3_port *port;
    struct error err;
    assert_int_equal(loop_new(&waiting.loop, &err), STATUS_OK);
    assert_int_equal(s3_port_open(w->s3, waiting.loop, &port, &err), STATUS_OK);
    put_zeros(port, "small", 10, &waiting);
    put_zeros(port, "large", 2 << 20, &waiting);
    s3_port_close(port);
    assert_int_equal(waiting.done, 2);
    loop_free(waiting.loop);
    s3_port_close(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(puts_are_told_of_on_the_loop, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(closing_waits_for_what_is_in_flight, world_setup,
                                        world_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
