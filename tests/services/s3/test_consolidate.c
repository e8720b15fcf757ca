/* SPDX-License-Identifier: Apache-2.0 */
/* Consolidation of parts that the object service keeps into an object of it. */
#include "support.h"
#include "services/consolidate/sink_objects.h"
#include "services/consolidate/source_objects.h"
#include "services/s3/objects.h"
#include <stdio.h>

struct job {
    struct s3_objects objects;
    struct consolidate_progress progress;
    struct consolidate_result result;
};

static enum status run_job(struct world *w, struct job *job, const char *bucket, const char *to,
                           struct error *err)
{
    struct consolidate_options options = {
        .dialect = csv_dialect_default(), .threads = 2, .progress = &job->progress};
    struct source_objects *source = NULL;
    struct sink_objects *sink = NULL;
    s3_objects_init(&job->objects, &w->self);
    struct objects *o = &job->objects.objects;
    const _Atomic bool *canceled = &job->progress.is_canceled;
    enum status status = source_objects_new(o, str_of(bucket), STR("tmp/"), canceled, &source, err);
    if (status == STATUS_OK)
        status = sink_objects_new(o, str_of(to), STR("out.csv"), w->dir, canceled, &sink, err);
    if (status == STATUS_OK) {
        struct consolidate_source from = source_objects_source(source);
        struct consolidate_sink into = sink_objects_sink(sink);
        status = consolidate(&options, &from, &into, &job->result, err);
    }
    sink_objects_free(sink);
    source_objects_free(source);
    return status;
}

static void objects_become_one_object(void **state)
{
    struct world *w = *state;
    struct job job = {0};
    struct error err;
    put(w, "tmp/a.json", STR("[{\"a\":1},{\"a\":2}]"));
    put(w, "tmp/b.json", STR("\"[{\\\"b\\\":\\\"x, y\\\"}]\""));
    put(w, "tmp/c.txt", STR("no part"));
    put(w, "tmq/d.json", STR("[{\"other\":1}]"));
    assert_ok(run_job(w, &job, "bucket", "bucket", &err));
    assert_str(get(w, "out.csv"), "\"a\",\"b\"\n\"1\",\"\"\n\"2\",\"\"\n\"\",\"x, y\"\n");
    assert_int_equal(job.result.parts, 2);
}

/* More than a page of a listing, and bodies in files of their own. */
static void many_and_large_objects_go_through(void **state)
{
    struct world *w = *state;
    struct job job = {0};
    struct error err;
    struct buf large;
    char key[64];
    for (int i = 0; i < 1100; i++) {
        (void)snprintf(key, sizeof(key), "tmp/%05d.json", i);
        put(w, key, STR("{\"n\":1}"));
    }
    buf_init(&large, 64 << 20);
    for (int i = 0; i < 400000; i++)
        buf_printf(&large, "{\"n\":%d}\n", i);
    put(w, "tmp/x.jsonl", buf_str(&large));
    buf_done(&large);
    assert_ok(run_job(w, &job, "bucket", "bucket", &err));
    assert_int_equal(job.result.parts, 1101);
    assert_int_equal(job.result.rows, 401100);
    assert_int_equal(get(w, "out.csv").n, job.result.bytes_written);
}

/* Half of it was put already when the whole file had to be written anew. */
static void a_column_that_comes_last_is_in_all_rows_of_a_large_object(void **state)
{
    struct world *w = *state;
    struct job job = {0};
    struct error err;
    struct buf large;
    buf_init(&large, 64 << 20);
    for (int i = 0; i < 400000; i++)
        buf_printf(&large, "{\"n\":%d}\n", 100000 + i);
    put(w, "tmp/x.jsonl", buf_str(&large));
    buf_done(&large);
    put(w, "tmp/y.json", STR("[{\"late\":1}]"));
    assert_ok(run_job(w, &job, "bucket", "bucket", &err));
    assert_true(job.result.was_widened);
    str csv = get(w, "out.csv");
    static const char first[] = "\"n\",\"late\"\n\"100000\",\"\"\n\"100001\",\"\"\n",
                      last[] = "\"499999\",\"\"\n\"\",\"1\"\n";
    assert_int_equal(csv.n,
                     sizeof("\"n\",\"late\"\n") - 1 + 400000 * 12 + sizeof("\"\",\"1\"\n") - 1);
    assert_int_equal(csv.n, job.result.bytes_written);
    assert_true(str_starts(csv, str_of(first)));
    assert_true(str_ends(csv, str_of(last)));
}

/* What was put of it is gone, too. */
static void a_large_job_that_fails_leaves_nothing(void **state)
{
    struct world *w = *state;
    struct job job = {0};
    struct error err;
    struct buf large;
    buf_init(&large, 64 << 20);
    for (int i = 0; i < 400000; i++)
        buf_printf(&large, "{\"n\":%d}\n", 100000 + i);
    put(w, "tmp/x.jsonl", buf_str(&large));
    buf_done(&large);
    put(w, "tmp/y.json", STR("[{\"n\":"));
    assert_int_not_equal(run_job(w, &job, "bucket", "bucket", &err), STATUS_OK);
    assert_non_null(strstr(err.message, "tmp/y.json"));
    assert_op_fails(w, "HeadObject", "{'Bucket':'bucket','Key':'out.csv'}", "NoSuchKey");
}

static void buckets_that_are_not_there_are_named(void **state)
{
    struct world *w = *state;
    struct job job = {0};
    struct error err;
    put(w, "tmp/a.json", STR("[{\"a\":1}]"));
    assert_int_equal(run_job(w, &job, "nowhere", "bucket", &err), STATUS_IO);
    assert_non_null(strstr(err.message, "s3://nowhere/"));
    assert_int_equal(run_job(w, &job, "bucket", "nowhere", &err), STATUS_IO);
    assert_non_null(strstr(err.message, "s3://nowhere/out.csv: "));
}

static void a_canceled_job_leaves_nothing(void **state)
{
    struct world *w = *state;
    struct job job = {.progress = {.is_canceled = true}};
    struct error err;
    put(w, "tmp/a.json", STR("[{\"a\":1}]"));
    assert_int_equal(run_job(w, &job, "bucket", "bucket", &err), STATUS_CANCELED);
    assert_op_fails(w, "HeadObject", "{'Bucket':'bucket','Key':'out.csv'}", "NoSuchKey");
}

#define T(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(objects_become_one_object),
        T(many_and_large_objects_go_through),
        T(a_column_that_comes_last_is_in_all_rows_of_a_large_object),
        T(a_large_job_that_fails_leaves_nothing),
        T(buckets_that_are_not_there_are_named),
        T(a_canceled_job_leaves_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
