/* SPDX-License-Identifier: Apache-2.0 */
/* See glue_world.h. */
#include "support.h" /* its expect_value is a macro of cmocka's */

#include "glue_world.h"

#include "base/check.h"
#include "json/parse.h"
#include "services/build.h"
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { FILE_BYTES = 16 << 20 };

/* ---- a world ---- */

static void told(void *arg, str run, enum glue_outcome outcome)
{
    struct glue_world *w = arg;
    (void)run, (void)outcome;
    w->ended++;
}

void glue_world_init(struct glue_world *w, const char *dir)
{
    *w = (struct glue_world){
        .settings = {.account = STR("000000000000"), .region = STR("eu-west-9")}};
    (void)snprintf(w->dir, sizeof(w->dir), "%s", dir ? dir : "/tmp/afflux-glue-XXXXXX");
    check(dir || mkdtemp(w->dir) != NULL);
    (void)snprintf(w->data, sizeof(w->data), "%.400s/data", w->dir);
    (void)snprintf(w->objects_dir, sizeof(w->objects_dir), "%.400s/objects", w->dir);
    char bucket[GLUE_PATH + 8];
    (void)snprintf(bucket, sizeof(bucket), "%s/b", w->objects_dir);
    check(mkdir(w->objects_dir, 0700) == 0 || errno == EEXIST);
    check(mkdir(bucket, 0700) == 0 || errno == EEXIST);
    arena_init(&w->arena, 0);
    w->options = (struct glue_runner_options){.settings = &w->settings,
                                              .allows_scripts = true,
                                              .modules = SOURCE_ROOT "/share/python",
                                              .endpoint = STR("http://127.0.0.1:4599"),
                                              .progress_ms = 20,
                                              .grace_ms = 300,
                                              .ended = told,
                                              .arg = w};
}

void glue_world_open(struct glue_world *w)
{
    struct error err;
    if (store_open(str_of(w->data), NULL, &w->store, &err) != STATUS_OK ||
        store_reader_open(str_of(w->data), NULL, &w->reader, &err) != STATUS_OK ||
        loop_new(&w->loop, &err) != STATUS_OK ||
        objects_folder_open(w->objects_dir, &w->objects, &err) != STATUS_OK)
        fail_msg("%s", err.message);
    w->client = store_client_new(w->store, NULL, NULL);
    w->options.loop = w->loop;
    w->options.store = w->store;
    if (!w->options.objects)
        w->options.objects = w->objects;
    if (glue_runner_open(&w->options, &w->runner, &err) != STATUS_OK)
        fail_msg("%s", err.message);
}

void glue_world_close(struct glue_world *w)
{
    if (!w->store)
        return;
    if (w->options.objects == w->objects)
        w->options.objects = NULL;
    glue_runner_close(w->runner);
    loop_free(w->loop);
    objects_folder_close(w->objects);
    store_client_free(w->client);
    store_reader_close(w->reader);
    store_close(w->store);
    w->store = NULL;
}

int glue_setup(void **state)
{
    struct glue_world *w = malloc(sizeof(*w));
    check(w != NULL);
    glue_world_init(w, NULL);
    *state = w;
    return 0;
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
    (void)st, (void)kind, (void)ftw;
    return remove(path);
}

int glue_teardown(void **state)
{
    struct glue_world *w = *state;
    glue_world_close(w);
    (void)nftw(w->dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    arena_done(&w->arena);
    free(w);
    return 0;
}

/* ---- files ---- */

void glue_put(struct glue_world *w, const char *key, const char *text)
{
    char path[2 * GLUE_PATH];
    (void)snprintf(path, sizeof(path), "%s/b/%s", w->objects_dir, key);
    for (char *slash = path + strlen(w->objects_dir) + 3; (slash = strchr(slash, '/')) != NULL;
         slash++) {
        *slash = '\0';
        check(mkdir(path, 0700) == 0 || errno == EEXIST);
        *slash = '/';
    }
    FILE *file = fopen(path, "wb");
    check(file != NULL && fwrite(text, 1, strlen(text), file) == strlen(text));
    check(fclose(file) == 0);
}

char *glue_file(struct glue_world *w, const char *path)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        return NULL;
    struct buf text;
    buf_init(&text, FILE_BYTES);
    for (size_t n = 1; n > 0; text.n += n) {
        check(buf_reserve(&text, 65536));
        n = fread(text.p + text.n, 1, 65536, file);
    }
    (void)fclose(file);
    char *copy = arena_cstr(&w->arena, buf_str(&text));
    buf_done(&text);
    return copy;
}

char *glue_get(struct glue_world *w, const char *key)
{
    char path[2 * GLUE_PATH];
    (void)snprintf(path, sizeof(path), "%s/b/%s", w->objects_dir, key);
    return glue_file(w, path);
}

char *glue_log(struct glue_world *w, const char *run)
{
    char path[2 * GLUE_PATH];
    (void)snprintf(path, sizeof(path), "%s/glue/logs/%s.log", w->data, run);
    return glue_file(w, path);
}

/* ---- operations ---- */

struct json_val glue_call(struct glue_world *w, const char *operation, const char *request)
{
    struct error err;
    struct json_val answer = json_undefined();
    struct buf json;
    str args;
    const struct service_operation *o = service_find(&glue_service, str_of(operation));
    struct service_call c = {
        .settings = &w->settings, .now_ms = loop_wall_ms(), .arena = &w->arena};
    check(o != NULL);
    buf_init(&json, SIZE_MAX / 2);
    enum status status = service_prepare(o, &c, parse_quoted(&w->arena, request), &args, &err);
    if (status == STATUS_OK && !o->is_writing)
        status = o->run(&c, w->reader, NULL, args, &json, &err);
    if (status == STATUS_OK && o->is_writing) {
        struct service_unit u = {.operation = o, .call = c, .args = args};
        service_unit_init(&u);
        status = store_perform(w->client, &u.unit, &err);
        buf_add(&json, u.unit.reply);
        store_unit_done(&u.unit);
        if (status == STATUS_OK && glue_is_for_runner(o))
            glue_runner_kick(w->runner);
    }
    if (status == STATUS_OK)
        status = json_parse_in(&w->arena, buf_str(&json), NULL, &answer, &err);
    buf_done(&json);
    if (status != STATUS_OK)
        fail_msg("%s: %s: %s", operation, err.name, err.message);
    return answer;
}

void glue_script_job(struct glue_world *w, const char *script, const char *more)
{
    glue_put(w, "s.py", script);
    str request = arena_printf(&w->arena,
                               "{'Name':'j','Role':'r','Command':{'Name':'glueetl',"
                               "'ScriptLocation':'s3://b/s.py'}%s%s}",
                               *more ? "," : "", more);
    (void)glue_call(w, "CreateJob", arena_cstr(&w->arena, request));
}

const char *glue_start_run(struct glue_world *w, const char *more)
{
    str request = arena_printf(&w->arena, "{'JobName':'j'%s%s}", *more ? "," : "", more);
    struct json_val v = glue_call(w, "StartJobRun", arena_cstr(&w->arena, request));
    return glue_text(w, v, "JobRunId");
}

const char *glue_text(struct glue_world *w, struct json_val object, const char *name)
{
    return arena_cstr(&w->arena, build_get_text(object, name));
}

struct json_val glue_run_now(struct glue_world *w, const char *run)
{
    struct error err;
    struct json_val v = json_undefined();
    struct store_job_run row;
    if (store_find_job_run(w->reader, str_of(run), &w->arena, &row, &err) != STATUS_OK ||
        glue_run_value(&w->arena, &row, GLUE_WIRE, loop_wall_ms(), &v, &err) != STATUS_OK)
        fail_msg("%s", err.message);
    return v;
}

/* ---- waiting ---- */

static void stop_loop(void *loop)
{
    loop_stop(loop);
}

void glue_turn(struct glue_world *w, int64_t ms)
{
    struct loop_timer timer = {0};
    loop_timer_start(w->loop, &timer, loop_now_ms() + ms, stop_loop, w->loop);
    loop_run(w->loop);
    loop_timer_stop(w->loop, &timer);
}

struct json_val glue_wait(struct glue_world *w, const char *run)
{
    int64_t end = loop_now_ms() + GLUE_TEST_MS;
    while (json_get(glue_run_now(w, run), STR("CompletedOn")).tag == JSON_UNDEFINED) {
        if (loop_now_ms() > end)
            fail_msg("the run did not end: %s", glue_log(w, run));
        glue_turn(w, 10);
    }
    return glue_run_now(w, run);
}

void glue_wait_log(struct glue_world *w, const char *run, const char *text)
{
    int64_t end = loop_now_ms() + GLUE_TEST_MS;
    const char *log;
    while (!(log = glue_log(w, run)) || !strstr(log, text)) {
        if (loop_now_ms() > end)
            fail_msg("the log does not say %s: %s", text, log ? log : "there is none");
        glue_turn(w, 10);
    }
}

void glue_wait_state(struct glue_world *w, const char *run, const char *state)
{
    int64_t end = loop_now_ms() + GLUE_TEST_MS;
    while (strcmp(glue_text(w, glue_run_now(w, run), "JobRunState"), state) != 0) {
        if (loop_now_ms() > end)
            fail_msg("the run is not %s", state);
        glue_turn(w, 10);
    }
}

void assert_run(struct glue_world *w, const char *run, const char *state, const char *error)
{
    struct json_val v = glue_wait(w, run);
    const char *message = glue_text(w, v, "ErrorMessage");
    if (strcmp(glue_text(w, v, "JobRunState"), state) != 0)
        fail_msg("%s instead of %s: %s", glue_text(w, v, "JobRunState"), state, message);
    if (*error ? !strstr(message, error) : *message != '\0')
        fail_msg("the error is %s instead of %s", message, error);
}

/* ---- processes ---- */

long glue_logged_number(struct glue_world *w, const char *run, const char *text)
{
    glue_wait_log(w, run, text);
    const char *at = strstr(glue_log(w, run), text) + strlen(text);
    long number = strtol(at, NULL, 10);
    assert_true(number > 0);
    return number;
}

/* A zombie that nobody has waited for yet counts as gone. */
static bool is_alive(long pid)
{
    char path[64], state = 'Z', text[512] = "";
    (void)snprintf(path, sizeof(path), "/proc/%ld/stat", pid);
    FILE *file = fopen(path, "r");
    if (!file)
        return false;
    size_t n = fread(text, 1, sizeof(text) - 1, file);
    (void)fclose(file);
    const char *close = n > 0 ? strrchr(text, ')') : NULL;
    if (close && close[1] == ' ')
        state = close[2];
    return state != 'Z' && state != 'X';
}

void assert_process_goes(long pid)
{
    struct timespec t = {0, 10000000};
    for (int i = 0; is_alive(pid); i++) {
        if (i > GLUE_TEST_MS / 10)
            fail_msg("process %ld is still there", pid);
        nanosleep(&t, NULL);
    }
}

bool has_python(void)
{
    if (system("python3 -c pass >/dev/null 2>&1") == 0)
        return true;
    printf("skipped: there is no python3\n");
    return false;
}
