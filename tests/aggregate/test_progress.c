/* SPDX-License-Identifier: Apache-2.0 */
/* Arithmetic of progress, and events as lines. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "aggregate/events.h"
#include "json/parse.h"

static const int64_t NOON = INT64_C(1790856000000); /* 2026-10-01T12:00:00.000Z */

static void assert_text(struct buf *b, const char *wanted)
{
    buf_add_byte(b, '\0');
    assert_string_equal(b->p, wanted);
    buf_done(b);
}

/* ---- rates ---- */

static void near(double got, double wanted)
{
    if (got < wanted - 0.01 || got > wanted + 0.01)
        fail_msg("%g, not %g", got, wanted);
}

static void a_rate_is_unknown_until_there_are_two_looks(void **state)
{
    struct progress_rate r = {0};
    (void)state;
    near(progress_rate_per_second(&r), 0);
    progress_rate_add(&r, 1000, 50);
    near(progress_rate_per_second(&r), 0);
    progress_rate_add(&r, 1000, 50);
    near(progress_rate_per_second(&r), 0);
    progress_rate_add(&r, 1200, 60); /* sooner than the spacing, and counted all the same */
    near(progress_rate_per_second(&r), 50);
}

static void a_rate_forgets_what_is_long_ago(void **state)
{
    struct progress_rate r = {0};
    uint64_t total = 0;
    int64_t now = 7;
    (void)state;
    for (int i = 0; i < 300; i++, now += 200)
        progress_rate_add(&r, now, total += 20);
    near(progress_rate_per_second(&r), 100);
    for (int i = 0; i < 15; i++, now += 200) /* three seconds without any */
        progress_rate_add(&r, now, total);
    assert_in_range((uint64_t)progress_rate_per_second(&r), 30, 60);
    for (int i = 0; i < 15; i++, now += 200)
        progress_rate_add(&r, now, total);
    near(progress_rate_per_second(&r), 0);
    now += 60000; /* the process was stopped: it is the rate over that time */
    progress_rate_add(&r, now, total + 650);
    assert_in_range((uint64_t)progress_rate_per_second(&r), 9, 11);
}

static void what_is_left_goes_as_what_is_done(void **state)
{
    (void)state;
    static const struct {
        uint64_t done;
        int64_t in_ms;
        uint64_t left;
        int64_t wanted;
    } rows[] = {
        {10, 5000, 20, 10000},
        {10, 5000, 0, 0},
        {0, 5000, 20, -1},                     /* nothing came yet */
        {10, PROGRESS_GUESS_MS - 1, 20, -1},   /* too early to say */
        {1, 3600000, 1000000, 3600000000000},  /* 114 years are a number, too */
        {1, INT64_MAX / 2, UINT64_MAX / 2, -1} /* and this is none */
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        assert_int_equal(progress_left_ms(rows[i].done, rows[i].in_ms, rows[i].left),
                         rows[i].wanted);
}

static void locations_left_are_never_below_none(void **state)
{
    (void)state;
    assert_int_equal(progress_left(&(struct progress){.locations = 9, .done = 5, .failed = 1}), 3);
    assert_int_equal(progress_left(&(struct progress){.locations = 2, .done = 2, .failed = 1}), 0);
}

/* ---- numbers ---- */

static void numbers_are_grouped_and_bytes_have_units(void **state)
{
    (void)state;
    static const struct {
        uint64_t n;
        const char *count, *bytes;
    } rows[] = {
        {0, "0", "0.0 kB"},
        {999, "999", "1.0 kB"},
        {1000, "1,000", "1.0 kB"},
        {50011, "50,011", "50.0 kB"},
        {482123456, "482,123,456", "482.1 MB"},
        {12614000000, "12,614,000,000", "12.61 GB"},
        {UINT64_MAX, "18,446,744,073,709,551,615", "18446744073.71 GB"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct buf count, bytes;
        buf_init(&count, 100);
        buf_init(&bytes, 100);
        progress_put_count(&count, rows[i].n);
        progress_put_bytes(&bytes, rows[i].n);
        assert_text(&count, rows[i].count);
        assert_text(&bytes, rows[i].bytes);
    }
}

static void small_rates_have_a_digit_more(void **state)
{
    (void)state;
    static const struct {
        double rate;
        const char *text;
    } rows[] = {{0, "0.0"}, {0.44, "0.4"}, {9.94, "9.9"}, {9.96, "10"}, {1203.6, "1,204"}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct buf text;
        buf_init(&text, 100);
        progress_put_rate(&text, rows[i].rate);
        assert_text(&text, rows[i].text);
    }
}

/* ---- locations ---- */

static void assert_location(const char *input, const char *facts, bool has_succeeded,
                            const char *wanted)
{
    struct json_doc *in, *of;
    struct error err;
    struct location_end l;
    struct buf out;
    buf_init(&out, 1 << 20);
    assert_int_equal(json_parse(str_of(input), NULL, &in, &err), STATUS_OK);
    assert_int_equal(json_parse(str_of(facts), NULL, &of, &err), STATUS_OK);
    if (location_end_read(json_doc_root(in), json_doc_root(of), has_succeeded, STR("E.x"),
                          STR("why \"so\"\n"), &l))
        event_put_location(&out, NOON, &l);
    assert_text(&out, wanted);
    json_doc_unref(in);
    json_doc_unref(of);
}

#define AT                                                                                         \
    "{\"event\":\"location\",\"time\":\"2026-10-01T12:00:00.000Z\",\"location_id\":\"l\\u0001\","
#define INPUT "{\"location\":{\"location_id\":\"l\\u0001\"}}"

static void a_location_tells_how_it_ended(void **state)
{
    (void)state;
    assert_location(INPUT, "{\"state\":\"COMPLETE\",\"announced\":7,\"fetched\":7}", true,
                    AT "\"state\":\"COMPLETE\",\"announced\":7,\"fetched\":7}\n");
    assert_location(INPUT, "{\"state\":\"MISMATCH\",\"announced\":7,\"fetched\":6}", true,
                    AT "\"state\":\"MISMATCH\",\"announced\":7,\"fetched\":6}\n");
    assert_location(INPUT, "{}", false,
                    AT "\"state\":\"FAILED\",\"error\":\"E.x\",\"cause\":\"why \\\"so\\\"\\n\"}\n");
    /* It could not be written down that it was complete. */
    assert_location(INPUT, "{\"state\":\"COMPLETE\",\"announced\":7,\"fetched\":7}", false,
                    AT "\"state\":\"FAILED\",\"announced\":7,\"fetched\":7,\"error\":\"E.x\","
                       "\"cause\":\"why \\\"so\\\"\\n\"}\n");
}

static void facts_of_another_kind_are_not_told(void **state)
{
    (void)state;
    static const char *const facts[] = {"1",
                                        "[]",
                                        "{}",
                                        "{\"announced\":null,\"fetched\":-1}",
                                        "{\"fetched\":\"1\",\"state\":3}",
                                        "{\"announced\":1e300,\"state\":\"FAILED\"}"};
    for (size_t i = 0; i < ARRAY_LEN(facts); i++)
        assert_location(INPUT, facts[i], true, AT "\"state\":\"COMPLETE\"}\n");
    assert_location(INPUT, "{\"announced\":null,\"fetched\":1}", true,
                    AT "\"state\":\"COMPLETE\",\"fetched\":1}\n");
    assert_location("{}", "{}", true, "");
    assert_location("{\"location\":{\"location_id\":7}}", "{}", true, "");
    assert_location("3", "{}", true, "");
}

static void a_cause_is_cut_between_characters(void **state)
{
    (void)state;
    static char cause[PROGRESS_CAUSE_MAX + 10];
    struct json_doc *in;
    struct error err;
    struct location_end l;
    memset(cause, 'a', sizeof(cause));
    memcpy(cause + PROGRESS_CAUSE_MAX - 1, "\xc3\xa9", 2);
    assert_int_equal(json_parse(STR(INPUT), NULL, &in, &err), STATUS_OK);
    assert_true(location_end_read(json_doc_root(in), json_undefined(), false, STR("E"),
                                  (str){cause, sizeof(cause)}, &l));
    assert_int_equal(l.cause.n, PROGRESS_CAUSE_MAX - 1);
    json_doc_unref(in);
}

/* ---- events ---- */

static void events_are_whole_lines(void **state)
{
    (void)state;
    struct progress p = {.elapsed_ms = 12345,
                         .state = STR("Locations"),
                         .locations = 10,
                         .done = 4,
                         .failed = 1,
                         .before = 2,
                         .pages = 8,
                         .rows = 99,
                         .bytes = 1000,
                         .requests = 12,
                         .per_second = 3.25,
                         .under_way = 2,
                         .waiting = 1,
                         .left_ms = -1};
    struct buf out;
    buf_init(&out, 1 << 20);
    event_put_progress(&out, NOON, &p);
    assert_text(&out, "{\"event\":\"progress\",\"time\":\"2026-10-01T12:00:00.000Z\",\"state\":"
                      "\"Locations\",\"seconds\":12.3,\"locations\":10,\"done\":4,\"failed\":1,"
                      "\"left\":5,\"before\":2,\"mismatched\":0,\"pages\":8,\"rows\":99,\"bytes\":"
                      "1000,\"requests\":12,\"under_way\":2,\"waiting\":1,\"hosts_paused\":0,"
                      "\"disk_refusals\":0,\"requests_per_second\":3.2}\n");
    p = (struct progress){.hosts_paused = 2, .pause_ms = 11800, .left_ms = 61000};
    buf_init(&out, 1 << 20);
    event_put_progress(&out, NOON, &p);
    buf_add_byte(&out, '\0');
    assert_non_null(strstr(out.p, "\"hosts_paused\":2"));
    assert_non_null(strstr(out.p, ",\"pause_seconds\":11.8,\"seconds_left\":61.0}\n"));
    assert_null(strstr(out.p, "\"state\""));
    buf_done(&out);
    buf_init(&out, 1 << 20);
    event_put_started(&out, NOON,
                      &(struct event_started){STR("r"), STR("a\"b.csv"), STR("l"), STR("d"), 3});
    assert_text(&out, "{\"event\":\"started\",\"time\":\"2026-10-01T12:00:00.000Z\",\"run\":\"r\","
                      "\"locations\":3,\"file\":\"a\\\"b.csv\",\"ledger\":\"l\",\"data\":\"d\"}\n");
    buf_init(&out, 1 << 20);
    event_put_stopped(&out, NOON, STR("r"), STR("Interrupted"), STR("it goes on"));
    assert_text(&out, "{\"event\":\"stopped\",\"time\":\"2026-10-01T12:00:00.000Z\",\"run\":\"r\","
                      "\"error\":\"Interrupted\",\"cause\":\"it goes on\"}\n");
}

static void the_end_has_the_result(void **state)
{
    (void)state;
    struct ledger counts = {.locations = 2,
                            .complete = 1,
                            .failed = 1,
                            .announced = 5,
                            .fetched = 5,
                            .written = 5,
                            .pages = 1,
                            .csv_rows = 5};
    struct progress last = {.elapsed_ms = 1500, .requests = 7, .bytes = 321};
    struct event_finished e = {.status = STR("PARTIAL"),
                               .run = STR("r"),
                               .counts = &counts,
                               .file = STR("f.csv"),
                               .ledger = STR("f.ledger.csv"),
                               .last = &last};
    struct json_doc *doc;
    struct error err;
    struct buf out;
    buf_init(&out, 1 << 20);
    event_put_finished(&out, NOON, &e);
    assert_int_equal(json_parse(buf_str(&out), NULL, &doc, &err), STATUS_OK);
    struct json_val root = json_doc_root(doc);
    assert_true(str_eq(json_str(json_get(root, STR("event"))), STR("finished")));
    assert_true(str_eq(json_str(json_get(root, STR("status"))), STR("PARTIAL")));
    assert_int_equal(json_number(json_get(root, STR("complete"))), 1);
    assert_int_equal(json_number(json_get(root, STR("in_csv"))), 5);
    assert_int_equal(json_number(json_get(root, STR("requests"))), 7);
    assert_true(str_eq(json_str(json_get(root, STR("ledger"))), STR("f.ledger.csv")));
    assert_int_equal(out.p[out.n - 1], '\n');
    json_doc_unref(doc);
    buf_done(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_rate_is_unknown_until_there_are_two_looks),
        cmocka_unit_test(a_rate_forgets_what_is_long_ago),
        cmocka_unit_test(what_is_left_goes_as_what_is_done),
        cmocka_unit_test(locations_left_are_never_below_none),
        cmocka_unit_test(numbers_are_grouped_and_bytes_have_units),
        cmocka_unit_test(small_rates_have_a_digit_more),
        cmocka_unit_test(a_location_tells_how_it_ended),
        cmocka_unit_test(facts_of_another_kind_are_not_told),
        cmocka_unit_test(a_cause_is_cut_between_characters),
        cmocka_unit_test(events_are_whole_lines),
        cmocka_unit_test(the_end_has_the_result),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
