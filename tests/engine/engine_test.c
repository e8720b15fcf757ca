/* SPDX-License-Identifier: Apache-2.0 */
/* See engine_test.h. */
#include "engine_test.h"

#include "base/check.h"
#include "json/write.h"
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

void house_open(struct house *h)
{
    struct error err;
    struct engine_options options = {.data = str_of(h->folder),
                                     .is_strict = h->is_strict,
                                     .clock_speed = h->clock_speed,
                                     .work = h->work,
                                     .work_arg = h->work_arg};
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
    if (engine_put_machine(h->engine, str_of(name), type, str_of(definition), &err) != STATUS_OK)
        fail_msg("%s: %s", err.name, err.message);
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
