/* SPDX-License-Identifier: Apache-2.0 */
/* See engine_test.h. */
#include "engine_test.h"

#include "base/check.h"
#include "json/parse.h"
#include "json/write.h"
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void house_open(struct house *h)
{
    struct error err;
    struct engine_options options = {.data = str_of(h->folder),
                                     .loops = h->loops,
                                     .is_strict = h->is_strict,
                                     .clock_speed = h->clock_speed,
                                     .max_idle = h->max_idle,
                                     .max_in_flight = h->max_in_flight,
                                     .max_in_flight_bytes = h->max_in_flight_bytes,
                                     .store = h->store,
                                     .loop_opened = h->loop_opened,
                                     .loop_arg = h->loop_arg,
                                     .services = h->services,
                                     .service_count = h->service_count,
                                     .objects = h->objects,
                                     .store_opened = h->store_opened,
                                     .store_closing = h->store_closing,
                                     .store_arg = h->store_arg,
                                     .work = h->work ? h->work : house_work,
                                     .work_arg = h->work ? h->work_arg : h};
    if (loop_new(&h->loop, &err) != STATUS_OK ||
        engine_open(h->loop, &options, &h->engine, &err) != STATUS_OK)
        fail_msg("%s: %s", err.name, err.message);
}

void house_build(struct house *h)
{
    const char *tmp = getenv("TMPDIR");
    snprintf(h->folder, sizeof(h->folder), "%s/afflux-engine-XXXXXX", tmp ? tmp : "/tmp");
    assert_non_null(mkdtemp(h->folder));
    house_open(h);
}

void house_close(struct house *h)
{
    engine_close(h->engine);
    loop_free(h->loop);
    h->engine = NULL;
    h->loop = NULL;
}

void house_reopen(struct house *h)
{
    house_close(h);
    house_open(h);
}

static void remove_folder(const char *path)
{
    DIR *dir = opendir(path);
    char file[FOLDER_MAX * 2];
    for (struct dirent *entry; dir && (entry = readdir(dir)) != NULL;) {
        snprintf(file, sizeof(file), "%s/%s", path, entry->d_name);
        unlink(file);
    }
    if (dir)
        closedir(dir);
    rmdir(path);
}

void house_tear_down(struct house *h)
{
    if (h->engine)
        house_close(h);
    remove_folder(h->folder);
    free(h->output);
    h->output = NULL;
}

void house_machine(struct house *h, const char *name, enum asl_type type, const char *definition)
{
    struct error err;
    char *text = strdup(definition);
    for (char *c = text; *c; c++)
        *c = *c == '\'' ? '"' : *c == '`' ? '\'' : *c;
    if (engine_put_machine(h->engine, str_of(name), type, str_of(text), &err) != STATUS_OK)
        fail_msg("%s: %s", err.name, err.message);
    free(text);
}

/* ---- the worker ---- */

bool house_work(void *arg, struct engine *e, const struct engine_task *task)
{
    struct house *h = arg;
    str name = task->state->name;
    str service = task->state->task.resource.resource_type;
    if (str_eq(service, STR("states")) || str_starts(service, STR("aws-sdk")))
        return false;
    h->asked++;
    if (task->token.n > 0)
        snprintf(h->token, sizeof(h->token), "%.*s", STR_ARG(task->token));
    if (str_starts(name, STR("never")))
        return true;
    bool fails =
        str_starts(name, STR("fail")) || (str_starts(name, STR("flaky")) && task->retry_count < 2);
    struct buf text;
    struct engine_answer answer = {.kind = fails ? ASL_EVENT_TASK_FAILED : ASL_EVENT_TASK_SUCCEEDED,
                                   .error = STR("Bad"),
                                   .has_error = true};
    buf_init(&text, SIZE_MAX / 2);
    if (str_starts(name, STR("echo")))
        assert_int_equal(json_write(&text, task->arguments, 0, NULL), STATUS_OK);
    else
        buf_add(&text, STR("{\"ok\":true}"));
    if (!fails)
        assert_int_equal(json_parse(buf_str(&text), NULL, &answer.doc, NULL), STATUS_OK);
    engine_answer_task(e, task->execution, task->frame, task->attempt, &answer);
    json_doc_unref(answer.doc);
    buf_done(&text);
    return true;
}

static void keep_output(struct house *h, const struct engine_result *result)
{
    struct buf text;
    size_t n;
    buf_init(&text, SIZE_MAX / 2);
    if (result->output) {
        assert_int_equal(json_write(&text, json_doc_root(result->output), 0, NULL), STATUS_OK);
    } else {
        buf_printf(&text, "%.*s: %.*s", STR_ARG(result->error), STR_ARG(result->cause));
    }
    buf_add_byte(&text, '\0');
    free(h->output);
    h->output = buf_take(&text, &n);
}

static void ended(void *arg, const struct engine_result *result)
{
    struct house *h = arg;
    h->has_ended = true;
    h->status = result->status;
    h->execution = result->execution;
    keep_output(h, result);
    loop_stop(h->loop);
}

static void refused(void *arg, const struct error *err)
{
    (void)arg;
    fail_msg("refused: %s: %s", err->name, err->message);
}

void house_start(struct house *h, const char *machine, const char *name, const char *input)
{
    struct error err;
    struct engine_start start = {.machine = str_of(machine),
                                 .name = str_of(name),
                                 .input = str_of(input),
                                 .ended = ended,
                                 .refused = refused,
                                 .arg = h};
    h->has_ended = false;
    if (engine_start(h->engine, &start, &err) != STATUS_OK)
        fail_msg("%s: %s", err.name, err.message);
}

static void stop_loop(void *loop)
{
    loop_stop(loop);
}

void house_pass(struct house *h, int64_t ms)
{
    struct loop_timer timer = {0};
    loop_timer_start(h->loop, &timer, loop_now_ms() + ms, stop_loop, h->loop);
    loop_run(h->loop);
    loop_timer_stop(h->loop, &timer);
}

bool house_wait(struct house *h, int64_t ms)
{
    int64_t until_ms = loop_now_ms() + ms;
    while (!h->has_ended && loop_now_ms() < until_ms)
        house_pass(h, until_ms - loop_now_ms());
    return h->has_ended;
}

const char *house_run(struct house *h, const char *machine, const char *name, const char *input)
{
    house_start(h, machine, name, input);
    if (!house_wait(h, 20000))
        fail_msg("the execution did not end");
    return h->output;
}

void house_start_unwatched(struct house *h, const char *machine, const char *name,
                           const char *input)
{
    struct error err;
    struct engine_start start = {.machine = str_of(machine),
                                 .name = str_of(name),
                                 .input = str_of(input),
                                 .refused = refused,
                                 .arg = h};
    if (engine_start(h->engine, &start, &err) != STATUS_OK)
        fail_msg("%s: %s", err.name, err.message);
}

bool house_until(struct house *h, bool (*is_so)(struct house *h), int64_t ms)
{
    int64_t until_ms = loop_now_ms() + ms;
    while (!is_so(h) && loop_now_ms() < until_ms)
        house_pass(h, 5);
    return is_so(h);
}

/* ---- what the store has ---- */

static struct store_reader *open_reader(struct house *h, const char *machine, struct arena *a,
                                        struct store_machine *ret)
{
    struct store_reader *reader;
    struct error err;
    const char *vfs = h->store ? h->store->vfs : NULL;
    assert_int_equal(store_reader_open(str_of(h->folder), vfs, &reader, &err), STATUS_OK);
    if (machine)
        assert_int_equal(store_find_machine(reader, str_of(machine), a, ret, &err), STATUS_OK);
    return reader;
}

struct store_execution house_row(struct house *h, const char *machine, const char *name)
{
    struct arena a;
    struct store_machine m;
    struct store_execution row = {0};
    struct error err;
    arena_init(&a, 0);
    struct store_reader *reader = open_reader(h, machine, &a, &m);
    enum status status = store_find_execution_named(reader, m.id, str_of(name), &a, &row, &err);
    store_reader_close(reader);
    arena_done(&a);
    row.name = row.error = row.cause = (str){0};
    return status == STATUS_OK ? row : (struct store_execution){0};
}

uint32_t house_count(struct house *h, const char *machine)
{
    struct arena a;
    struct store_machine m;
    struct store_page page;
    struct error err;
    arena_init(&a, 0);
    struct store_reader *reader = open_reader(h, machine, &a, &m);
    struct store_list_query query = {.machine = m.id, .limit = STORE_PAGE_ROWS};
    assert_int_equal(store_list_executions(reader, &query, &a, &page, &err), STATUS_OK);
    store_reader_close(reader);
    arena_done(&a);
    return page.count;
}

uint32_t house_steps(struct house *h, int64_t execution)
{
    struct arena a;
    int64_t *ids;
    uint32_t count;
    struct error err;
    arena_init(&a, 0);
    struct store_reader *reader = open_reader(h, NULL, &a, NULL);
    assert_int_equal(store_list_steps(reader, execution, &a, &ids, &count, &err), STATUS_OK);
    store_reader_close(reader);
    arena_done(&a);
    return count;
}
