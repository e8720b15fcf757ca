/* SPDX-License-Identifier: Apache-2.0 */
/* See api_test.h. */
#include "api_test.h"

#include "base/check.h"
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void api_house_open(struct api_house *h)
{
    struct error err;
    struct engine_options options = {.data = str_of(h->folder),
                                     .account = str_of(h->account ? h->account : "111111111111"),
                                     .loops = h->loops,
                                     .store = h->store,
                                     .is_strict = h->is_strict,
                                     .services = h->services,
                                     .service_count = h->service_count,
                                     .clock_speed = h->clock_speed};
    if (loop_new(&h->loop, &err) != STATUS_OK ||
        engine_open(h->loop, &options, &h->engine, &err) != STATUS_OK) {
        fprintf(stderr, "%s: %s\n", err.name, err.message);
        abort();
    }
}

void api_house_build(struct api_house *h)
{
    const char *tmp = getenv("TMPDIR");
    snprintf(h->folder, sizeof(h->folder), "%s/afflux-api-XXXXXX", tmp ? tmp : "/tmp");
    check(mkdtemp(h->folder) != NULL);
    api_house_open(h);
}

void api_house_close(struct api_house *h)
{
    engine_close(h->engine);
    loop_free(h->loop);
    h->engine = NULL;
    h->loop = NULL;
}

void api_house_tear_down(struct api_house *h)
{
    char file[API_FOLDER_MAX * 2];
    if (h->engine)
        api_house_close(h);
    DIR *dir = opendir(h->folder);
    for (struct dirent *entry; dir && (entry = readdir(dir)) != NULL;) {
        snprintf(file, sizeof(file), "%s/%s", h->folder, entry->d_name);
        unlink(file);
    }
    if (dir)
        closedir(dir);
    rmdir(h->folder);
}

static void stop_loop(void *loop)
{
    loop_stop(loop);
}

void api_house_pass(struct api_house *h, int64_t ms)
{
    struct loop_timer timer = {0};
    loop_timer_start(h->loop, &timer, loop_now_ms() + ms, stop_loop, h->loop);
    loop_run(h->loop);
    loop_timer_stop(h->loop, &timer);
}

struct waiting {
    struct api_house *house;
    struct arena *arena;
    struct api_outcome *outcome;
    bool is_inside; /* the loop does not run yet */
};

static void answered(void *arg, const struct engine_api_answer *answer)
{
    struct waiting *w = arg;
    *w->outcome = (struct api_outcome){.is_answered = true,
                                       .is_ok = answer->status == STATUS_OK,
                                       .body = arena_dup(w->arena, answer->body),
                                       .error = arena_dup(w->arena, answer->error),
                                       .message = arena_dup(w->arena, answer->message),
                                       .fields = arena_dup(w->arena, answer->fields)};
    if (!w->is_inside)
        loop_stop(w->house->loop);
}

struct api_outcome api_house_call(struct api_house *h, struct arena *a, const char *operation,
                                  struct json_val request, int64_t ms)
{
    struct api_outcome outcome = {0};
    struct waiting waiting = {.house = h, .arena = a, .outcome = &outcome, .is_inside = true};
    struct engine_api_call *call =
        engine_api_call(h->engine, str_of(operation), request, answered, &waiting);
    waiting.is_inside = false;
    int64_t until_ms = loop_now_ms() + ms;
    while (call && !outcome.is_answered && loop_now_ms() < until_ms)
        api_house_pass(h, until_ms - loop_now_ms());
    if (call && !outcome.is_answered)
        engine_api_cancel(call);
    return outcome;
}
