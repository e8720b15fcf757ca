/* SPDX-License-Identifier: Apache-2.0 */
/* Runs that are scripts, with a real python3. Skipped where there is none. */
#include "glue_world.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* It is told of after it is durable. */
static void assert_told(struct glue_world *w, uint32_t count)
{
    int64_t end = loop_now_ms() + GLUE_TEST_MS;
    while (w->ended < count && loop_now_ms() < end)
        glue_turn(w, 1);
    glue_turn(w, 10);
    assert_int_equal(w->ended, count);
}

static const char shows_its_world[] =
    "import sys, os\n"
    "from awsglue.utils import getResolvedOptions\n"
    "a = getResolvedOptions(sys.argv, ['JOB_NAME', 'task_id', 'note', 'fixed'])\n"
    "print('task', a['task_id'], 'note', a['note'], 'fixed', a['fixed'], 'job', a['JOB_NAME'])\n"
    "print('run', a['JOB_RUN_ID'] == os.environ['AFFLUX_JOB_RUN_ID'])\n"
    "print(os.environ['AWS_ENDPOINT_URL'], os.environ['AWS_REGION'])\n"
    "print('secret', 'AWS_SESSION_TOKEN' in os.environ)\n"
    "print('here', os.path.samefile(os.getcwd(), os.path.dirname(os.path.abspath(__file__))))\n"
    "print('complaint', file=sys.stderr)\n";

static void a_script_gets_its_arguments_and_finds_the_services(void **state)
{
    struct glue_world *w = *state;
    assert_int_equal(setenv("AWS_SESSION_TOKEN", "outside", 1), 0);
    glue_world_open(w);
    glue_script_job(w, shows_its_world,
                    "'DefaultArguments':{'--task_id':'t1','--note':'default','--fixed':'no'},"
                    "'NonOverridableArguments':{'--fixed':'yes'}");
    const char *run = glue_start_run(w, "'Arguments':{'--note':'--as it is','--fixed':'maybe'}");
    assert_run(w, run, "SUCCEEDED", "");
    const char *log = glue_log(w, run);
    assert_non_null(strstr(log, "task t1 note --as it is fixed yes job j\n"));
    assert_non_null(strstr(log, "run True\n"));
    assert_non_null(strstr(log, "http://127.0.0.1:4599 eu-west-9\n"));
    assert_non_null(strstr(log, "secret False\n"));
    assert_non_null(strstr(log, "here True\n"));
    assert_non_null(strstr(log, "complaint\n"));
    assert_told(w, 1);
}

static void a_script_that_exits_with_words_has_failed_with_them(void **state)
{
    struct glue_world *w = *state;
    glue_world_open(w);
    glue_script_job(w, "import sys\nsys.exit('No JSON files found to process.')\n", "");
    assert_run(w, glue_start_run(w, ""), "FAILED", "No JSON files found to process.");
}

static void a_script_that_raises_has_failed_with_the_last_lines(void **state)
{
    struct glue_world *w = *state;
    glue_world_open(w);
    glue_script_job(w, "print('x' * 5000)\nimport nothing_like_this\n", "");
    assert_run(w, glue_start_run(w, ""), "FAILED", "No module named 'nothing_like_this'");
}

static void a_script_that_says_nothing_has_failed_with_its_code(void **state)
{
    struct glue_world *w = *state;
    glue_world_open(w);
    glue_script_job(w, "import os\nos._exit(7)\n", "");
    assert_run(w, glue_start_run(w, ""), "FAILED", "The script ended with exit code 7.");
}

static void a_script_that_is_killed_has_failed_with_the_signal(void **state)
{
    struct glue_world *w = *state;
    glue_world_open(w);
    glue_script_job(w, "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)\n", "");
    assert_run(w, glue_start_run(w, ""), "FAILED", "The script was ended by signal 9 (Killed).");
}

static void bytes_that_are_no_text_do_not_get_into_the_error(void **state)
{
    struct glue_world *w = *state;
    glue_world_open(w);
    glue_script_job(w, "import os\nos.write(2, b'a\\xff\\x00b')\nos._exit(1)\n", "");
    assert_run(w, glue_start_run(w, ""), "FAILED", "a? b");
}

static void spark_can_be_made_and_says_what_is_missing_when_it_is_used(void **state)
{
    struct glue_world *w = *state;
    glue_world_open(w);
    glue_script_job(w,
                    "import sys\n"
                    "from awsglue.context import GlueContext\n"
                    "from awsglue.job import Job\n"
                    "from awsglue.transforms import *\n"
                    "from awsglue.dynamicframe import DynamicFrame\n"
                    "from pyspark.context import SparkContext\n"
                    "from pyspark.sql import functions as F\n"
                    "from pyspark.sql.types import StructType\n"
                    "g = GlueContext(SparkContext.getOrCreate())\n"
                    "spark = g.spark_session\n"
                    "job = Job(g)\n"
                    "job.init('j', {})\n"
                    "print('made')\n"
                    "spark.read.json('s3://b/x')\n",
                    "");
    const char *run = glue_start_run(w, "");
    assert_run(w, run, "FAILED", "SparkSession.read.json was used, which needs Spark");
    assert_non_null(strstr(glue_log(w, run), "made\n"));
}

static void modules_beside_the_script_are_fetched(void **state)
{
    struct glue_world *w = *state;
    glue_world_open(w);
    glue_put(w, "lib/helper.py", "VALUE = 42\n");
    glue_script_job(w, "import helper\nprint('value', helper.VALUE)\n", "");
    const char *run = glue_start_run(w, "'Arguments':{'--extra-py-files':'s3://b/lib/helper.py'}");
    assert_run(w, run, "SUCCEEDED", "");
    assert_non_null(strstr(glue_log(w, run), "value 42\n"));
    run = glue_start_run(w, "'Arguments':{'--extra-py-files':'s3://b/lib/other.py'}");
    assert_run(w, run, "FAILED", "s3://b/lib/other.py cannot be read: There is no such object.");
    run = glue_start_run(w, "'Arguments':{'--extra-py-files':'s3://b/s.py'}");
    assert_run(w, run, "FAILED", "another file of the run has its name.");
    run = glue_start_run(w, "'Arguments':{'--extra-py-files':'elsewhere'}");
    assert_run(w, run, "FAILED", "elsewhere is not the place of a file");
}

/* A botocore of the script's own, which does not know AWS_ENDPOINT_URL, or does. */
static void an_old_boto3_is_told_where_the_services_are(void **state)
{
    struct glue_world *w = *state;
    glue_world_open(w);
    glue_script_job(w,
                    "import os, sys\n"
                    "os.mkdir('botocore')\n"
                    "open('botocore/__init__.py', 'w').write('__version__ = %r' % sys.argv[-1])\n"
                    "open('botocore/session.py', 'w').write('class Session:\\n'\n"
                    "    '    def create_client(self, service_name, region_name=None, '\n"
                    "    'api_version=None, use_ssl=True, verify=None, endpoint_url=None):\\n'\n"
                    "    '        return endpoint_url\\n')\n"
                    "import botocore.session\n"
                    "s = botocore.session.Session()\n"
                    "print('client', s.create_client('s3'),\n"
                    "      s.create_client('s3', endpoint_url='x'))\n",
                    "");
    const char *run = glue_start_run(w, "'Arguments':{'--version':'1.29.27'}");
    assert_run(w, run, "SUCCEEDED", "");
    assert_non_null(strstr(glue_log(w, run), "client http://127.0.0.1:4599 x\n"));
    run = glue_start_run(w, "'Arguments':{'--version':'1.31.0'}");
    assert_run(w, run, "SUCCEEDED", "");
    assert_non_null(strstr(glue_log(w, run), "client None x\n"));
}

/* ---- what cannot be ---- */

static void scripts_that_are_not_allowed_fail(void **state)
{
    struct glue_world *w = *state;
    w->options.allows_scripts = false;
    glue_world_open(w);
    glue_script_job(w, "print(1)\n", "");
    assert_run(w, glue_start_run(w, ""), "FAILED", "start it with --allow-scripts");
}

static void a_missing_interpreter_fails(void **state)
{
    struct glue_world *w = *state;
    w->options.python = "python-of-nobody";
    glue_world_open(w);
    glue_script_job(w, "print(1)\n", "");
    assert_run(w, glue_start_run(w, ""), "FAILED",
               "The interpreter python-of-nobody of scripts is not on this machine.");
}

static void an_interpreter_that_is_no_program_fails(void **state)
{
    struct glue_world *w = *state;
    char path[2 * GLUE_PATH];
    glue_put(w, "no-program", "\x7f not one");
    (void)snprintf(path, sizeof(path), "%s/b/no-program", w->objects_dir);
    assert_int_equal(chmod(path, 0700), 0);
    w->options.python = path;
    glue_world_open(w);
    glue_script_job(w, "print(1)\n", "");
    assert_run(w, glue_start_run(w, ""), "FAILED", "cannot be started: Exec format error");
}

static void missing_modules_of_ours_fail(void **state)
{
    struct glue_world *w = *state;
    w->options.modules = w->objects_dir;
    glue_world_open(w);
    glue_script_job(w, "print(1)\n", "");
    assert_run(w, glue_start_run(w, ""), "FAILED", "share/afflux/python");
}

static void a_script_that_is_not_there_fails(void **state)
{
    struct glue_world *w = *state;
    char path[2 * GLUE_PATH];
    glue_world_open(w);
    glue_script_job(w, "print(1)\n", "");
    (void)snprintf(path, sizeof(path), "%s/b/s.py", w->objects_dir);
    assert_int_equal(unlink(path), 0);
    assert_run(w, glue_start_run(w, ""), "FAILED",
               "s3://b/s.py cannot be read: There is no such object.");
}

static void a_script_that_is_too_large_fails(void **state)
{
    struct glue_world *w = *state;
    char path[2 * GLUE_PATH];
    glue_world_open(w);
    glue_script_job(w, "", "");
    (void)snprintf(path, sizeof(path), "%s/b/s.py", w->objects_dir);
    assert_int_equal(truncate(path, GLUE_MAX_SCRIPT + 1), 0);
    assert_run(w, glue_start_run(w, ""), "FAILED", "it is larger than 16 MB.");
}

static void languages_that_are_not_python_fail(void **state)
{
    struct glue_world *w = *state;
    glue_world_open(w);
    glue_script_job(w, "print(1)\n", "");
    assert_run(w, glue_start_run(w, "'Arguments':{'--job-language':'scala'}"), "FAILED",
               "--job-language is scala");
    (void)glue_call(w, "UpdateJob",
                    "{'JobName':'j','JobUpdate':{'Command':{'Name':'glueray',"
                    "'ScriptLocation':'s3://b/s.py'}}}");
    assert_run(w, glue_start_run(w, ""), "FAILED", "Only Python scripts can be run here");
    (void)glue_call(w, "UpdateJob",
                    "{'JobName':'j','JobUpdate':{'Command':{'Name':'glueetl',"
                    "'ScriptLocation':'s3://b/s.py','PythonVersion':'2'}}}");
    assert_run(w, glue_start_run(w, ""), "FAILED", "Python 2 is not available here");
}

/* ---- ending them ---- */

static const char sleeps[] = "import subprocess, os, time\n"
                             "child = subprocess.Popen(['sleep', '1000'])\n"
                             "print('child', child.pid)\n"
                             "print('self', os.getpid(), flush=True)\n"
                             "time.sleep(1000)\n";
static const char is_stubborn[] = "import signal, os, time\n"
                                  "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
                                  "print('self', os.getpid(), flush=True)\n"
                                  "while True: time.sleep(1)\n";

static void stop(struct glue_world *w, const char *run)
{
    str request = arena_printf(&w->arena, "{'JobName':'j','JobRunIds':['%s']}", run);
    (void)glue_call(w, "BatchStopJobRun", arena_cstr(&w->arena, request));
}

static void a_script_is_stopped_with_its_children(void **state)
{
    struct glue_world *w = *state;
    glue_world_open(w);
    glue_script_job(w, sleeps, "");
    const char *run = glue_start_run(w, "");
    long child = glue_logged_number(w, run, "child "), self = glue_logged_number(w, run, "self ");
    stop(w, run);
    assert_run(w, run, "STOPPED", "");
    assert_process_goes(self);
    assert_process_goes(child);
}

static void a_script_that_does_not_listen_is_killed(void **state)
{
    struct glue_world *w = *state;
    glue_world_open(w);
    glue_script_job(w, is_stubborn, "");
    const char *run = glue_start_run(w, "");
    long self = glue_logged_number(w, run, "self ");
    int64_t began = loop_now_ms();
    stop(w, run);
    assert_run(w, run, "STOPPED", "");
    assert_true(loop_now_ms() - began >= w->options.grace_ms);
    assert_process_goes(self);
}

static void a_script_that_ends_leaves_nothing_running(void **state)
{
    struct glue_world *w = *state;
    glue_world_open(w);
    glue_script_job(w,
                    "import subprocess\n"
                    "print('child', subprocess.Popen(['sleep', '1000']).pid)\n",
                    "");
    const char *run = glue_start_run(w, "");
    assert_run(w, run, "SUCCEEDED", "");
    assert_process_goes(glue_logged_number(w, run, "child "));
}

static void a_script_that_takes_too_long_times_out(void **state)
{
    struct glue_world *w = *state;
    w->options.minute_ms = 20;
    glue_world_open(w);
    glue_script_job(w, sleeps, "'Timeout':50");
    const char *run = glue_start_run(w, "'Timeout':20");
    assert_run(w, run, "TIMEOUT", "longer than its timeout of 20 minutes");
    assert_told(w, 1);
}

static void a_deleted_job_stops_its_runs(void **state)
{
    struct glue_world *w = *state;
    glue_world_open(w);
    glue_script_job(w, sleeps, "");
    const char *run = glue_start_run(w, "");
    long self = glue_logged_number(w, run, "self ");
    (void)glue_call(w, "DeleteJob", "{'JobName':'j'}");
    assert_run(w, run, "STOPPED", "");
    assert_process_goes(self);
}

/* ---- several ---- */

static void a_run_that_failed_is_tried_again_as_often_as_its_job_says(void **state)
{
    struct glue_world *w = *state;
    char next[2][128];
    glue_world_open(w);
    glue_script_job(w,
                    "import sys\n"
                    "print(sys.argv[1:3])\n"
                    "sys.exit('again' if 'attempt_2' not in sys.argv[4] else None)\n",
                    "'MaxRetries':5");
    const char *run = glue_start_run(w, "'Arguments':{'--a':'1'}");
    assert_run(w, run, "FAILED", "again");
    (void)snprintf(next[0], sizeof(next[0]), "%.80s_attempt_1", run);
    (void)snprintf(next[1], sizeof(next[1]), "%.80s_attempt_2", run);
    assert_run(w, next[0], "FAILED", "again");
    assert_run(w, next[1], "SUCCEEDED", "");
    assert_string_equal(glue_text(w, glue_run_now(w, next[1]), "PreviousRunId"), next[0]);
    struct json_val all = glue_call(w, "GetJobRuns", "{'JobName':'j'}");
    assert_int_equal(json_get(all, STR("JobRuns")).len, 3);
}

static void no_more_runs_are_at_work_than_there_are_places(void **state)
{
    struct glue_world *w = *state;
    w->options.at_once = 1;
    glue_world_open(w);
    glue_script_job(w, sleeps, "'ExecutionProperty':{'MaxConcurrentRuns':2}");
    const char *first = glue_start_run(w, ""), *second = glue_start_run(w, "");
    glue_wait_log(w, first, "self ");
    glue_turn(w, 50);
    assert_string_equal(glue_text(w, glue_run_now(w, second), "JobRunState"), "STARTING");
    stop(w, first);
    assert_run(w, first, "STOPPED", "");
    glue_wait_log(w, second, "self ");
    stop(w, second);
    assert_run(w, second, "STOPPED", "");
}

static void a_run_that_has_not_begun_is_stopped(void **state)
{
    struct glue_world *w = *state;
    w->options.at_once = 1;
    glue_world_open(w);
    glue_script_job(w, sleeps, "'ExecutionProperty':{'MaxConcurrentRuns':2}");
    const char *first = glue_start_run(w, ""), *second = glue_start_run(w, "");
    glue_wait_log(w, first, "self ");
    stop(w, second);
    assert_run(w, second, "STOPPED", "");
    assert_null(glue_log(w, second));
    stop(w, first);
    assert_run(w, first, "STOPPED", "");
}

static void a_run_in_line_starts_when_the_one_before_it_has_ended(void **state)
{
    struct glue_world *w = *state;
    glue_world_open(w);
    glue_script_job(w, sleeps, "'JobRunQueuingEnabled':true");
    const char *first = glue_start_run(w, ""), *second = glue_start_run(w, "");
    glue_wait_log(w, first, "self ");
    glue_turn(w, 50);
    assert_string_equal(glue_text(w, glue_run_now(w, second), "JobRunState"), "WAITING");
    stop(w, first);
    glue_wait_log(w, second, "self ");
    stop(w, second);
    assert_run(w, second, "STOPPED", "");
}

/* ---- logs ---- */

static void a_log_has_a_bounded_size_and_keeps_its_end(void **state)
{
    struct glue_world *w = *state;
    struct stat now, older;
    char path[2 * GLUE_PATH];
    w->options.log_bytes = 64 << 10;
    glue_world_open(w);
    glue_script_job(w, "for i in range(100000): print('line', i)\nprint('the', 'end')\n", "");
    const char *run = glue_start_run(w, "");
    assert_run(w, run, "SUCCEEDED", "");
    (void)snprintf(path, sizeof(path), "%s/glue/logs/%s.log", w->data, run);
    assert_int_equal(stat(path, &now), 0);
    (void)snprintf(path, sizeof(path), "%s/glue/logs/%s.log.1", w->data, run);
    assert_int_equal(stat(path, &older), 0);
    assert_true(now.st_size <= 32 << 10);
    assert_true(older.st_size == 32 << 10);
    assert_non_null(strstr(glue_log(w, run), "the end\n"));
}

static void runs_and_logs_go_when_they_are_old(void **state)
{
    struct glue_world *w = *state;
    struct error err;
    struct store_job_run row;
    glue_world_open(w);
    glue_script_job(w, "print(1)\n", "");
    const char *run = glue_start_run(w, "");
    assert_run(w, run, "SUCCEEDED", "");
    assert_non_null(glue_log(w, run));
    glue_world_close(w);
    w->options.retention_ms = 1;
    glue_world_open(w);
    int64_t end = loop_now_ms() + GLUE_TEST_MS;
    while (store_find_job_run(w->reader, str_of(run), &w->arena, &row, &err) == STATUS_OK) {
        assert_true(loop_now_ms() < end);
        glue_turn(w, 10);
    }
    assert_null(glue_log(w, run));
}

#define SCRIPT_TEST(name) cmocka_unit_test_setup_teardown(name, glue_setup, glue_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCRIPT_TEST(a_script_gets_its_arguments_and_finds_the_services),
        SCRIPT_TEST(a_script_that_exits_with_words_has_failed_with_them),
        SCRIPT_TEST(a_script_that_raises_has_failed_with_the_last_lines),
        SCRIPT_TEST(a_script_that_says_nothing_has_failed_with_its_code),
        SCRIPT_TEST(a_script_that_is_killed_has_failed_with_the_signal),
        SCRIPT_TEST(bytes_that_are_no_text_do_not_get_into_the_error),
        SCRIPT_TEST(spark_can_be_made_and_says_what_is_missing_when_it_is_used),
        SCRIPT_TEST(modules_beside_the_script_are_fetched),
        SCRIPT_TEST(an_old_boto3_is_told_where_the_services_are),
        SCRIPT_TEST(scripts_that_are_not_allowed_fail),
        SCRIPT_TEST(a_missing_interpreter_fails),
        SCRIPT_TEST(an_interpreter_that_is_no_program_fails),
        SCRIPT_TEST(missing_modules_of_ours_fail),
        SCRIPT_TEST(a_script_that_is_not_there_fails),
        SCRIPT_TEST(a_script_that_is_too_large_fails),
        SCRIPT_TEST(languages_that_are_not_python_fail),
        SCRIPT_TEST(a_script_is_stopped_with_its_children),
        SCRIPT_TEST(a_script_that_does_not_listen_is_killed),
        SCRIPT_TEST(a_script_that_ends_leaves_nothing_running),
        SCRIPT_TEST(a_script_that_takes_too_long_times_out),
        SCRIPT_TEST(a_deleted_job_stops_its_runs),
        SCRIPT_TEST(a_run_that_failed_is_tried_again_as_often_as_its_job_says),
        SCRIPT_TEST(no_more_runs_are_at_work_than_there_are_places),
        SCRIPT_TEST(a_run_that_has_not_begun_is_stopped),
        SCRIPT_TEST(a_run_in_line_starts_when_the_one_before_it_has_ended),
        SCRIPT_TEST(a_log_has_a_bounded_size_and_keeps_its_end),
        SCRIPT_TEST(runs_and_logs_go_when_they_are_old),
    };
    return has_python() ? cmocka_run_group_tests(tests, NULL, NULL) : 77;
}
