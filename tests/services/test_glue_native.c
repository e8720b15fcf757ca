/* SPDX-License-Identifier: Apache-2.0 */
/* Runs that consolidate parts, and what becomes of runs when the process that has them ends: by an
 * orderly end, and killed (this program again, with arguments). */
#include "glue_world.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void native_job(struct glue_world *w, const char *arguments)
{
    str request = arena_printf(&w->arena,
                               "{'Name':'j','Role':'r','Command':{'Name':'afflux-consolidate'},"
                               "'DefaultArguments':{%s}}",
                               arguments);
    (void)glue_call(w, "CreateJob", arena_cstr(&w->arena, request));
}

static void put_parts(struct glue_world *w)
{
    glue_put(w, "tmp/t1/part-1.json", "[{\"a\":1,\"b\":\"x, y\"},{\"a\":2}]");
    glue_put(w, "tmp/t1/part-2.json", "\"[{\\\"b\\\":\\\"z\\\",\\\"c\\\":true}]\"");
    glue_put(w, "tmp/t1/notes.txt", "no part");
    glue_put(w, "tmp/t2/part-1.json", "[{\"other\":1}]");
}

/* ---- what comes out ---- */

static int count_lines(const char *text)
{
    int n = 0;
    for (; *text; text++)
        n += *text == '\n';
    return n;
}

static void parts_become_one_file_by_the_arguments_of_the_sample(void **state)
{
    struct glue_world *w = *state;
    glue_world_open(w);
    put_parts(w);
    native_job(w, "'--bucket':'b','--task_id':'t1','--output_file_name':'out.csv'");
    const char *run = glue_start_run(w, "");
    assert_run(w, run, "SUCCEEDED", "");
    assert_string_equal(glue_get(w, "out.csv"), "\"a\",\"b\",\"c\"\n\"1\",\"x, y\",\"\"\n"
                                                "\"2\",\"\",\"\"\n\"\",\"z\",\"true\"\n");
    assert_string_equal(glue_text(w, glue_run_now(w, run), "StateDetail"),
                        "2 parts (0 bad), 3 rows, 3 columns: 50 bytes in s3://b/out.csv");
    const char *log = glue_log(w, run);
    assert_non_null(strstr(log, "part tmp/t1/part-1.json: 2 rows"));
    assert_non_null(strstr(log, "1 objects are no parts"));
    assert_non_null(glue_get(w, "tmp/t1/part-1.json"));
}

static void a_script_job_can_be_done_by_the_builtin(void **state)
{
    struct glue_world *w = *state;
    w->options.allows_scripts = false;
    glue_world_open(w);
    put_parts(w);
    (void)glue_call(w, "CreateJob",
                    "{'Name':'j','Role':'r','Command':{'Name':'glueetl',"
                    "'ScriptLocation':'builtin:consolidate'}}");
    const char *run = glue_start_run(
        w, "'Arguments':{'--source_bucket':'b','--source_prefix':'tmp/t2/',"
           "'--destination_bucket':'b','--destination_key':'x/y.csv','--quote':'minimal'}");
    assert_run(w, run, "SUCCEEDED", "");
    assert_string_equal(glue_get(w, "x/y.csv"), "other\n1\n");
}

static void columns_and_delimiters_are_as_they_are_asked_for(void **state)
{
    struct glue_world *w = *state;
    glue_world_open(w);
    put_parts(w);
    native_job(w, "'--bucket':'b','--task_id':'t1','--output_file_name':'out.csv',"
                  "'--columns':'c,a','--delimiter':';','--quote':'minimal','--threads':'2'");
    assert_run(w, glue_start_run(w, ""), "SUCCEEDED", "");
    assert_string_equal(glue_get(w, "out.csv"), "c;a\n;1\n;2\ntrue;\n");
}

static void line_ends_and_the_byte_order_mark_are_as_they_are_asked_for(void **state)
{
    struct glue_world *w = *state;
    glue_world_open(w);
    put_parts(w);
    native_job(w, "'--bucket':'b','--task_id':'t1','--output_file_name':'out.csv',"
                  "'--crlf':'true','--bom':'true','--quote':'minimal'");
    assert_run(w, glue_start_run(w, ""), "SUCCEEDED", "");
    /* a column came late: the file was written twice, with one mark */
    assert_string_equal(glue_get(w, "out.csv"), "\xEF\xBB\xBF"
                                                "a,b,c\r\n1,\"x, y\",\r\n2,,\r\n,z,true\r\n");
    assert_run(w, glue_start_run(w, "'Arguments':{'--crlf':'false','--bom':'false'}"), "SUCCEEDED",
               "");
    assert_string_equal(glue_get(w, "out.csv"), "a,b,c\n1,\"x, y\",\n2,,\n,z,true\n");
}

static void the_ledger_has_a_line_for_each_part(void **state)
{
    struct glue_world *w = *state;
    glue_world_open(w);
    put_parts(w);
    glue_put(w, "tmp/t1/part-1a.json", "[{\"a\":3},\n {\"a\":");
    native_job(w, "'--bucket':'b','--task_id':'t1','--output_file_name':'out.csv',"
                  "'--ledger_key':'out.parts.jsonl','--skip_bad':'true'");
    assert_run(w, glue_start_run(w, ""), "SUCCEEDED", "");
    assert_string_equal(glue_get(w, "out.parts.jsonl"),
                        "{\"part\":\"tmp/t1/part-1.json\",\"rows\":2,\"bytes\":28}\n"
                        "{\"part\":\"tmp/t1/part-1a.json\",\"rows\":0,\"bytes\":16,\"line\":2,"
                        "\"column\":7,\"error\":\"unexpected end of the text\"}\n"
                        "{\"part\":\"tmp/t1/part-2.json\",\"rows\":1,\"bytes\":28}\n");
    /* A run that fails leaves both as they were. */
    assert_run(w, glue_start_run(w, "'Arguments':{'--skip_bad':'false'}"), "FAILED",
               "tmp/t1/part-1a.json:2:");
    assert_int_equal(count_lines(glue_get(w, "out.parts.jsonl")), 3);
    assert_run(w, glue_start_run(w, "'Arguments':{'--source_prefix':'none/'}"), "SUCCEEDED", "");
    assert_string_equal(glue_get(w, "out.parts.jsonl"), "");
}

static void no_parts_are_a_file_with_a_header(void **state)
{
    struct glue_world *w = *state;
    glue_world_open(w);
    native_job(w, "'--bucket':'b','--task_id':'none','--output_file_name':'out.csv',"
                  "'--columns':'a,b'");
    assert_run(w, glue_start_run(w, ""), "SUCCEEDED", "");
    assert_string_equal(glue_get(w, "out.csv"), "\"a\",\"b\"\n");
}

/* More parts than a page of a listing has, and one that is read in many pieces. */
static void many_and_large_parts_go_through(void **state)
{
    struct glue_world *w = *state;
    enum { PARTS = 1200, ROWS = 400000 };
    struct buf big;
    glue_world_open(w);
    for (int i = 0; i < PARTS; i++) {
        char key[64];
        (void)snprintf(key, sizeof(key), "tmp/m/%05d.json", i);
        glue_put(w, key, "[{\"n\":1}]");
    }
    buf_init(&big, 64 << 20);
    for (int i = 0; i < ROWS; i++)
        buf_printf(&big, "{\"n\":%d,\"late\":%d}\n", i, i);
    buf_add_byte(&big, '\0');
    glue_put(w, "tmp/m/x.json", big.p);
    buf_done(&big);
    native_job(w, "'--bucket':'b','--task_id':'m','--output_file_name':'out.csv',"
                  "'--ledger_key':'out.parts'");
    const char *run = glue_start_run(w, "");
    assert_run(w, run, "SUCCEEDED", "");
    const char *lines = glue_get(w, "out.parts");
    assert_int_equal(count_lines(lines), PARTS + 1);
    assert_non_null(strstr(lines, "{\"part\":\"tmp/m/x.json\",\"rows\":400000,"));
    assert_non_null(strstr(glue_text(w, glue_run_now(w, run), "StateDetail"),
                           "1201 parts (0 bad), 401200 rows, 2 columns"));
    const char *csv = glue_get(w, "out.csv");
    assert_int_equal(strncmp(csv, "\"n\",\"late\"\n\"1\",\"\"\n", 18), 0);
    assert_non_null(strstr(csv, "\n\"399999\",\"399999\"\n"));
}

/* ---- what goes wrong ---- */

#define KEY_64 "aaaaaaaabbbbbbbbccccccccddddddddeeeeeeeeffffffffgggggggghhhhhhhh"
#define KEY_256 KEY_64 KEY_64 KEY_64 KEY_64
#define LONG_KEY KEY_256 KEY_256 KEY_256 KEY_256 "x"

static void arguments_that_are_missing_or_wrong(void **state)
{
    static const struct {
        const char *arguments, *error;
    } cases[] = {
        {"'--task_id':'t','--output_file_name':'o'", "The argument --bucket"},
        {"'--bucket':'b','--output_file_name':'o'", "The argument --source_prefix"},
        {"'--bucket':'b','--task_id':'t'", "The argument --output_file_name"},
        {"'--bucket':'b','--task_id':'t','--output_file_name':'tmp/t/o.json'",
         "would be a part of the next run"},
        {"'--bucket':'b','--task_id':'t','--output_file_name':'o','--skip_bad':'yes'",
         "--skip_bad must be"},
        {"'--bucket':'b','--task_id':'t','--output_file_name':'o','--quote':'some'",
         "--quote must be"},
        {"'--bucket':'b','--task_id':'t','--output_file_name':'o','--delimiter':'ab'",
         "--delimiter must be"},
        {"'--bucket':'b','--task_id':'t','--output_file_name':'o','--threads':'65'",
         "--threads must be"},
        {"'--bucket':'b','--task_id':'t','--output_file_name':'o','--threads':'x'",
         "--threads must be"},
        {"'--bucket':'b','--task_id':'t','--output_file_name':'o','--columns':'a,b,a'",
         "has a name twice"},
    };
    struct glue_world *w = *state;
    glue_world_open(w);
    native_job(w, "'--no':'matter'");
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        str request = arena_printf(&w->arena, "'Arguments':{%s}", cases[i].arguments);
        assert_run(w, glue_start_run(w, arena_cstr(&w->arena, request)), "FAILED", cases[i].error);
    }
}

static void a_bad_part_ends_the_run_and_nothing_is_published(void **state)
{
    struct glue_world *w = *state;
    glue_world_open(w);
    put_parts(w);
    glue_put(w, "tmp/t1/part-1a.json", "[{\"a\":3},\n {\"a\":");
    native_job(w, "'--bucket':'b','--task_id':'t1','--output_file_name':'out.csv'");
    assert_run(w, glue_start_run(w, ""), "FAILED", "tmp/t1/part-1a.json:2:");
    assert_null(glue_get(w, "out.csv"));
    const char *run = glue_start_run(w, "'Arguments':{'--skip_bad':'true'}");
    assert_run(w, run, "SUCCEEDED", "");
    assert_non_null(strstr(glue_log(w, run), "part tmp/t1/part-1a.json is left out: "));
    assert_non_null(strstr(glue_text(w, glue_run_now(w, run), "StateDetail"), "(1 bad)"));
}

static void buckets_that_are_not_there(void **state)
{
    struct glue_world *w = *state;
    glue_world_open(w);
    put_parts(w);
    native_job(w, "'--bucket':'nowhere','--task_id':'t1','--output_file_name':'out.csv'");
    assert_run(w, glue_start_run(w, ""), "FAILED", "The specified bucket does not exist.");
    assert_run(w,
               glue_start_run(w, "'Arguments':{'--bucket':'b','--destination_bucket':'nowhere'}"),
               "FAILED", "s3://nowhere/out.csv: The specified bucket does not exist.");
    assert_run(w,
               glue_start_run(w, "'Arguments':{'--bucket':'b','--destination_bucket':'nowhere',"
                                 "'--ledger_key':'l'}"),
               "FAILED", "s3://nowhere/l: The specified bucket does not exist.");
}

/* ---- endless parts ---- */

struct endless {
    struct objects objects;
    struct objects *real;
};
static enum objects_got endless_more(struct object_source *s, str *ret)
{
    struct timespec t = {0, 1000000};
    (void)s;
    nanosleep(&t, NULL);
    *ret = STR("{\"a\":1}\n");
    return OBJECTS_GOT;
}
static void endless_seek(struct object_source *s, uint64_t offset)
{
    (void)s, (void)offset;
}
static void endless_free(struct object_source *s)
{
    free(s);
}
static const struct object_source_kind endless_source = {
    .more = endless_more, .seek = endless_seek, .free = endless_free};

static struct object_source *endless_open(struct objects *o, struct loop *loop, str bucket, str key,
                                          str version, const char **ret_cause)
{
    (void)o, (void)bucket, (void)key, (void)version, (void)ret_cause;
    struct object_source *s = calloc(1, sizeof(*s));
    assert_non_null(s);
    s->kind = &endless_source;
    s->part.loop = loop;
    return s;
}
static struct object_listing *endless_list(struct objects *o, struct loop *loop, str bucket,
                                           str prefix, str after, const char **ret_cause)
{
    struct objects *real = ((struct endless *)(void *)o)->real;
    return real->kind->list(real, loop, bucket, prefix, after, ret_cause);
}
static struct object_sink *endless_put(struct objects *o, struct loop *loop, str bucket, str key,
                                       const char **ret_cause)
{
    struct objects *real = ((struct endless *)(void *)o)->real;
    return real->kind->put(real, loop, bucket, key, ret_cause);
}
static const struct objects_kind endless_kind = {
    .open = endless_open, .list = endless_list, .put = endless_put};

static void open_endless(struct glue_world *w, struct endless *e)
{
    *e = (struct endless){.objects = {.kind = &endless_kind}};
    w->options.objects = &e->objects;
    glue_world_open(w);
    e->real = w->objects;
    put_parts(w);
    native_job(w, "'--bucket':'b','--task_id':'t1','--output_file_name':'out.csv'");
}

static void progress_is_told_and_a_stop_is_heard(void **state)
{
    struct glue_world *w = *state;
    struct endless e;
    open_endless(w, &e);
    const char *run = glue_start_run(w, "");
    int64_t end = loop_now_ms() + GLUE_TEST_MS;
    while (!strstr(glue_text(w, glue_run_now(w, run), "StateDetail"), "read so far")) {
        assert_true(loop_now_ms() < end);
        glue_turn(w, 10);
    }
    str request = arena_printf(&w->arena, "{'JobName':'j','JobRunIds':['%s']}", run);
    (void)glue_call(w, "BatchStopJobRun", arena_cstr(&w->arena, request));
    assert_run(w, run, "STOPPED", "");
    assert_null(glue_get(w, "out.csv"));
}

static void a_run_that_takes_too_long_times_out(void **state)
{
    struct glue_world *w = *state;
    struct endless e;
    w->options.minute_ms = 100;
    open_endless(w, &e);
    assert_run(w, glue_start_run(w, "'Timeout':1"), "TIMEOUT", "its timeout of 1 minutes");
}

/* ---- ends of the process ---- */

static void a_run_at_an_orderly_end_is_begun_again(void **state)
{
    struct glue_world *w = *state;
    struct endless e;
    open_endless(w, &e);
    const char *run = glue_start_run(w, "");
    glue_wait_state(w, run, "RUNNING");
    glue_turn(w, 20);
    glue_world_close(w);
    w->options.objects = NULL;
    glue_world_open(w);
    assert_run(w, run, "SUCCEEDED", "");
    assert_non_null(glue_get(w, "out.csv"));
}

/* In the process that is killed. */
static int serve(const char *dir, const char *kind)
{
    struct glue_world w;
    struct endless e = {.objects = {.kind = &endless_kind}};
    glue_world_init(&w, dir);
    if (strcmp(kind, "native") == 0)
        w.options.objects = &e.objects;
    glue_world_open(&w);
    e.real = w.objects;
    loop_run(w.loop);
    return 0;
}

static pid_t launch(struct glue_world *w, const char *kind)
{
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        setenv("ASAN_OPTIONS", "detect_leaks=0", 0);
        execl("/proc/self/exe", "test_glue", w->dir, kind, (char *)NULL);
        _exit(127);
    }
    return pid;
}

/* A second look at the folder, beside the process that has it. */
static void wait_beside(struct glue_world *w, const char *run, const char *state, const char *text)
{
    struct error err;
    struct timespec t = {0, 10000000};
    assert_int_equal(store_reader_open(str_of(w->data), NULL, &w->reader, &err), STATUS_OK);
    for (int i = 0;; i++) {
        const char *log = glue_log(w, run);
        if (strcmp(glue_text(w, glue_run_now(w, run), "JobRunState"), state) == 0 && log &&
            strstr(log, text))
            break;
        assert_true(i < GLUE_TEST_MS / 10);
        nanosleep(&t, NULL);
    }
    store_reader_close(w->reader);
}

static void kill_it(pid_t pid)
{
    int status;
    assert_int_equal(kill(pid, SIGKILL), 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status));
}

/* Written down; the runner is closed before its loop turns. */
static const char *start_without_runner(struct glue_world *w)
{
    const char *run = glue_start_run(w, "");
    glue_world_close(w);
    return run;
}

static void a_native_run_whose_process_was_killed_is_begun_again(void **state)
{
    struct glue_world *w = *state;
    glue_world_open(w);
    put_parts(w);
    native_job(w, "'--bucket':'b','--task_id':'t1','--output_file_name':'out.csv'");
    const char *run = start_without_runner(w);
    pid_t pid = launch(w, "native");
    wait_beside(w, run, "RUNNING", "begins");
    kill_it(pid);
    assert_null(glue_get(w, "out.csv"));
    glue_world_open(w);
    assert_run(w, run, "SUCCEEDED", "");
    assert_non_null(glue_get(w, "out.csv"));
}

static void a_script_whose_process_was_killed_has_failed_and_nothing_of_it_runs(void **state)
{
    struct glue_world *w = *state;
    if (!has_python())
        skip();
    glue_world_open(w);
    glue_script_job(w,
                    "import subprocess, os, time\n"
                    "child = subprocess.Popen(['sleep', '1000'], start_new_session=True)\n"
                    "print('child', child.pid)\n"
                    "print('self', os.getpid(), flush=True)\n"
                    "time.sleep(1000)\n",
                    "");
    const char *run = start_without_runner(w);
    pid_t pid = launch(w, "script");
    wait_beside(w, run, "RUNNING", "self ");
    long self = strtol(strstr(glue_log(w, run), "self ") + 5, NULL, 10);
    long child = strtol(strstr(glue_log(w, run), "child ") + 6, NULL, 10);
    kill_it(pid);
    assert_process_goes(self);
    assert_int_equal(kill((pid_t)child, 0), 0); /* in a session of its own */
    glue_world_open(w);
    assert_run(w, run, "FAILED", "The server that ran the script ended before the script did.");
    assert_process_goes(child);
}

static void a_script_at_an_orderly_end_has_failed(void **state)
{
    struct glue_world *w = *state;
    if (!has_python())
        skip();
    glue_world_open(w);
    glue_script_job(
        w, "import os, time\nprint('self', os.getpid(), flush=True)\ntime.sleep(1000)\n", "");
    const char *run = glue_start_run(w, "");
    long self = glue_logged_number(w, run, "self ");
    glue_world_close(w);
    assert_process_goes(self);
    glue_world_open(w);
    assert_run(w, run, "FAILED", "The server that ran the script ended");
}

static void the_record_of_a_run_is_what_a_task_gets(void **state)
{
    struct glue_world *w = *state;
    struct buf json;
    struct error err;
    enum glue_outcome outcome;
    glue_world_open(w);
    put_parts(w);
    native_job(w, "'--bucket':'b','--task_id':'t1','--output_file_name':'out.csv'");
    const char *run = glue_start_run(w, "");
    buf_init(&json, 1 << 20);
    assert_int_equal(
        glue_find_record(w->reader, str_of(run), GLUE_TASK, loop_wall_ms(), &json, &outcome, &err),
        STATUS_OK);
    assert_int_equal(outcome, GLUE_UNFINISHED);
    assert_run(w, run, "SUCCEEDED", "");
    buf_clear(&json);
    assert_int_equal(
        glue_find_record(w->reader, str_of(run), GLUE_TASK, loop_wall_ms(), &json, &outcome, &err),
        STATUS_OK);
    assert_int_equal(outcome, GLUE_SUCCEEDED);
    assert_int_not_equal(str_find(buf_str(&json), STR("\"JobRunState\":\"SUCCEEDED\""), 0),
                         STR_NONE);
    buf_done(&json);
    assert_int_equal(glue_find_record(w->reader, STR("jr_no"), GLUE_TASK, 0, &json, &outcome, &err),
                     STATUS_NOT_FOUND);
    assert_string_equal(err.name, "EntityNotFoundException");
}

#define NATIVE_TEST(name) cmocka_unit_test_setup_teardown(name, glue_setup, glue_teardown)

int main(int argc, char **argv)
{
    if (argc == 3)
        return serve(argv[1], argv[2]);
    const struct CMUnitTest tests[] = {
        NATIVE_TEST(parts_become_one_file_by_the_arguments_of_the_sample),
        NATIVE_TEST(a_script_job_can_be_done_by_the_builtin),
        NATIVE_TEST(columns_and_delimiters_are_as_they_are_asked_for),
        NATIVE_TEST(line_ends_and_the_byte_order_mark_are_as_they_are_asked_for),
        NATIVE_TEST(the_ledger_has_a_line_for_each_part),
        NATIVE_TEST(no_parts_are_a_file_with_a_header),
        NATIVE_TEST(many_and_large_parts_go_through),
        NATIVE_TEST(arguments_that_are_missing_or_wrong),
        NATIVE_TEST(a_bad_part_ends_the_run_and_nothing_is_published),
        NATIVE_TEST(buckets_that_are_not_there),
        NATIVE_TEST(progress_is_told_and_a_stop_is_heard),
        NATIVE_TEST(a_run_that_takes_too_long_times_out),
        NATIVE_TEST(a_run_at_an_orderly_end_is_begun_again),
        NATIVE_TEST(a_native_run_whose_process_was_killed_is_begun_again),
        NATIVE_TEST(a_script_whose_process_was_killed_has_failed_and_nothing_of_it_runs),
        NATIVE_TEST(a_script_at_an_orderly_end_has_failed),
        NATIVE_TEST(the_record_of_a_run_is_what_a_task_gets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
