/* SPDX-License-Identifier: Apache-2.0 */
/* Both sinks are this file's: what they are told, in which order, and what becomes of failures. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "services/consolidate/parts_ledger.h"

struct told {
    char name;
    struct buf *order; /* of both: letters of what happened */
    struct buf bytes;
    bool write_fails, publish_fails;
};

static enum status told_write(void *arg, str bytes, struct error *err)
{
    struct told *t = arg;
    if (t->write_fails)
        return error_set(err, STATUS_UNAVAILABLE, "DiskFull", "%c is full", t->name);
    buf_add(&t->bytes, bytes);
    return STATUS_OK;
}

static enum status told_publish(void *arg, struct error *err)
{
    struct told *t = arg;
    buf_printf(t->order, "%c published,", t->name);
    if (t->publish_fails)
        return error_set(err, STATUS_IO, "Test", "%c cannot be published", t->name);
    return STATUS_OK;
}

static void told_discard(void *arg)
{
    struct told *t = arg;
    buf_printf(t->order, "%c discarded,", t->name);
}

struct world {
    struct buf order;
    struct told csv, to;
    struct parts_ledger ledger;
    struct consolidate_sink sink;
    struct error err;
};

static struct consolidate_sink sink_of(struct told *t)
{
    return (struct consolidate_sink){
        .arg = t, .write = told_write, .publish = told_publish, .discard = told_discard};
}

static int setup(void **state)
{
    static struct world w;
    w = (struct world){.csv = {.name = 'c', .order = &w.order},
                       .to = {.name = 'l', .order = &w.order}};
    buf_init(&w.order, 1 << 10);
    buf_init(&w.csv.bytes, 1 << 20);
    buf_init(&w.to.bytes, 1 << 24);
    struct consolidate_sink csv = sink_of(&w.csv), to = sink_of(&w.to);
    parts_ledger_init(&w.ledger, &csv, &to);
    w.sink = parts_ledger_sink(&w.ledger);
    *state = &w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;
    parts_ledger_done(&w->ledger);
    buf_done(&w->order);
    buf_done(&w->csv.bytes);
    buf_done(&w->to.bytes);
    return 0;
}

static void add_part(struct world *w, const char *key)
{
    parts_ledger_on_part(&w->ledger,
                         &(struct consolidate_part){.key = str_of(key), .rows = 3, .bytes = 40});
}

static void assert_buf(const struct buf *b, const char *wanted)
{
    if (!str_eq(buf_str(b), str_of(wanted)))
        fail_msg("%.*s", STR_ARG(buf_str(b)));
}

static void the_ledger_is_there_before_the_csv(void **state)
{
    struct world *w = *state;
    add_part(w, "a/\"1\".json");
    assert_int_equal(w->sink.write(w->sink.arg, STR("x\n"), &w->err), STATUS_OK);
    assert_int_equal(w->sink.publish(w->sink.arg, &w->err), STATUS_OK);
    assert_buf(&w->order, "l published,c published,");
    assert_buf(&w->to.bytes, "{\"part\":\"a/\\\"1\\\".json\",\"rows\":3,\"bytes\":40}\n");
    assert_buf(&w->csv.bytes, "x\n");
}

static void a_bad_part_has_its_place_and_error(void **state)
{
    struct buf line;
    struct error bad;
    (void)state;
    (void)error_set(&bad, STATUS_INVALID, "Test", "a \"comma\" is missing");
    buf_init(&line, 1 << 10);
    parts_ledger_put(&line,
                     &(struct consolidate_part){
                         .key = STR("k"), .bytes = 9, .error = &bad, .line = 2, .column = 5});
    assert_buf(&line, "{\"part\":\"k\",\"rows\":0,\"bytes\":9,\"line\":2,\"column\":5,"
                      "\"error\":\"a \\\"comma\\\" is missing\"}\n");
    buf_done(&line);
}

static void lines_are_written_as_they_come(void **state)
{
    struct world *w = *state;
    for (int i = 0; i < 100000; i++) {
        add_part(w, "parts/task/run/location/type/000000000000.json");
        assert_true(w->ledger.lines.n < PARTS_LEDGER_FLUSH);
        assert_true(w->ledger.lines.cap <= 2 * PARTS_LEDGER_FLUSH);
    }
    assert_int_equal(w->sink.publish(w->sink.arg, &w->err), STATUS_OK);
    assert_int_equal(w->to.bytes.n, 7800000);
}

static void lines_that_cannot_be_written_fail_the_next_write_of_the_csv(void **state)
{
    struct world *w = *state;
    w->to.write_fails = true;
    for (int i = 0; i < 2000; i++)
        add_part(w, "parts/task/run/location/type/000000000000.json");
    assert_int_equal(w->sink.write(w->sink.arg, STR("x\n"), &w->err), STATUS_UNAVAILABLE);
    assert_string_equal(w->err.message, "l is full");
    w->sink.discard(w->sink.arg);
    assert_buf(&w->order, "l discarded,c discarded,");
    assert_buf(&w->csv.bytes, "");
}

static void last_lines_that_cannot_be_written_publish_nothing(void **state)
{
    struct world *w = *state;
    w->to.write_fails = true;
    add_part(w, "k");
    assert_int_equal(w->sink.write(w->sink.arg, STR("x\n"), &w->err), STATUS_OK);
    assert_int_equal(w->sink.publish(w->sink.arg, &w->err), STATUS_UNAVAILABLE);
    assert_buf(&w->order, "l discarded,c discarded,");
}

static void a_ledger_that_cannot_be_published_keeps_the_csv_back(void **state)
{
    struct world *w = *state;
    w->to.publish_fails = true;
    add_part(w, "k");
    assert_int_equal(w->sink.publish(w->sink.arg, &w->err), STATUS_IO);
    assert_string_equal(w->err.message, "l cannot be published");
    assert_buf(&w->order, "l published,c discarded,");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define LEDGER_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        LEDGER_TEST(the_ledger_is_there_before_the_csv),
        LEDGER_TEST(a_bad_part_has_its_place_and_error),
        LEDGER_TEST(lines_are_written_as_they_come),
        LEDGER_TEST(lines_that_cannot_be_written_fail_the_next_write_of_the_csv),
        LEDGER_TEST(last_lines_that_cannot_be_written_publish_nothing),
        LEDGER_TEST(a_ledger_that_cannot_be_published_keeps_the_csv_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
