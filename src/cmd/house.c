/* SPDX-License-Identifier: Apache-2.0 */
/* See house.h. A new service is a row of the list, with what it has for its process in struct
 * house; how the wire names it is in api/wire.c. */
#include "cmd/house.h"

#include "base/check.h"
#include "cmd/cmd.h"
#include "engine/connections.h"
#include "json/parse.h"
#include "json/write.h"
#include "services/s3/s3.h"
#include <string.h>

/* ---- events ---- */

enum { EVENT_SHOWN = 2000 /* bytes of an event in the log */ };

/* Nobody wants events yet: they are logged. */
static void log_events(struct json_val request)
{
    struct json_val entries = json_get(request, STR("Entries"));
    for (uint32_t i = 0; entries.tag == JSON_ARRAY && i < entries.len; i++) {
        struct buf text;
        buf_init(&text, SIZE_MAX / 2);
        if (json_write(&text, entries.items[i], 0, NULL) == STATUS_OK)
            cmd_error("serve", "event %.*s", STR_ARG(str_sub(buf_str(&text), 0, EVENT_SHOWN)));
        buf_done(&text);
    }
}

static void after_events(void *self, struct engine *e, const struct service_operation *o,
                         struct json_val request, str answer)
{
    (void)self;
    if (strcmp(o->name, "PutEvents") == 0)
        log_events(request);
    else if (o->is_writing)
        engine_connection_written(e, answer);
}

/* ---- jobs ---- */

static void after_jobs(void *self, struct engine *e, const struct service_operation *o,
                       struct json_val request, str answer)
{
    struct house *h = self;
    (void)e, (void)request, (void)answer;
    if (glue_is_for_runner(o))
        glue_runner_kick(h->jobs);
}

/* The member of a job's answer; its text in the arena. */
static str run_of(str answer, struct arena *a)
{
    struct json_val v;
    if (json_parse_in(a, answer, NULL, &v, NULL) != STATUS_OK)
        return (str){0};
    v = json_get(v, STR("JobRunId"));
    return v.tag == JSON_STRING ? json_str(v) : (str){0};
}

static enum status look_at_job(void *self, struct store_reader *reader, str answer, int64_t now_ms,
                               struct buf *json, enum engine_stand *ret, struct error *err)
{
    static const enum engine_stand stands[] = {[GLUE_UNFINISHED] = ENGINE_UNFINISHED,
                                               [GLUE_SUCCEEDED] = ENGINE_SUCCEEDED,
                                               [GLUE_FAILED] = ENGINE_FAILED};
    enum glue_outcome outcome;
    struct arena a;
    (void)self;
    arena_init(&a, 0);
    enum status status =
        glue_find_record(reader, run_of(answer, &a), GLUE_TASK, now_ms, json, &outcome, err);
    if (status == STATUS_OK)
        *ret = stands[outcome];
    arena_done(&a);
    return status;
}

static enum status stop_job(void *self, struct json_val request, str answer, struct buf *json,
                            struct error *err)
{
    struct arena a;
    (void)self, (void)err;
    arena_init(&a, 0);
    struct json_val name = json_get(request, STR("JobName"));
    buf_add(json, STR("{\"JobName\":"));
    json_write_string(json, name.tag == JSON_STRING ? json_str(name) : STR(""));
    buf_add(json, STR(",\"JobRunIds\":["));
    json_write_string(json, run_of(answer, &a));
    buf_add(json, STR("]}"));
    arena_done(&a);
    return STATUS_OK;
}

/* ---- all of them ---- */

static void add(struct house *h, struct engine_service service)
{
    check(h->count < HOUSE_SERVICES_MAX);
    h->tasks[h->count++] = service;
}

void house_init(struct house *h, const struct service_settings *settings,
                const struct house_options *options)
{
    *h = (struct house){.settings = *settings};
    if (options)
        h->options = *options;
    if (h->settings.account.n == 0)
        h->settings.account = STR(HOUSE_ACCOUNT);
    if (h->settings.region.n == 0)
        h->settings.region = STR(HOUSE_REGION);
    s3_objects_init(&h->objects, &h->s3);
    add(h, (struct engine_service){.service = &dynamodb_service});
    add(h, (struct engine_service){
               .service = &events_service, .self = &h->events, .after = after_events});
    add(h, (struct engine_service){.service = &glue_service,
                                   .self = h,
                                   .after = after_jobs,
                                   .look = look_at_job,
                                   .stop = "BatchStopJobRun",
                                   .stop_request = stop_job});
    add(h, (struct engine_service){.service = &s3_service, .self = &h->s3});
}

static enum status store_opened(void *arg, struct store *store, struct error *err)
{
    struct house *h = arg;
    return s3_new(store, &h->settings, &h->s3.s3, err);
}

static void store_closing(void *arg)
{
    struct house *h = arg;
    if (h->is_shrinking)
        s3_shrink(h->s3.s3, HOUSE_SHRINK_MS);
    s3_free(h->s3.s3);
    h->s3.s3 = NULL;
}

static enum status loop_opened(void *arg, struct engine *e, struct loop *loop, struct error *err)
{
    (void)loop;
    return house_opened(arg, e, err);
}

static void loop_closing(void *arg, struct engine *e)
{
    house_closing(arg, e);
}

void house_fill(struct house *h, struct engine_options *o)
{
    h->store = (struct store_options){.retention_ms = h->options.keep_ms};
    o->store = &h->store;
    o->services = h->tasks;
    o->service_count = h->count;
    o->objects = &h->objects.objects;
    o->store_opened = store_opened;
    o->store_closing = store_closing;
    o->store_arg = h;
    o->loop_opened = loop_opened;
    o->loop_closing = loop_closing;
    o->loop_arg = h;
}

enum status house_opened(struct house *h, struct engine *e, struct error *err)
{
    if (engine_loop_number(e) != 0)
        return STATUS_OK;
    struct glue_runner_options jobs = {.loop = engine_loop(e),
                                       .store = engine_store(e),
                                       .objects = &h->objects.objects,
                                       .settings = &h->settings,
                                       .allows_scripts = h->options.allows_scripts,
                                       .endpoint = h->options.endpoint,
                                       .retention_ms = h->options.keep_ms};
    h->events.box = engine_secret_box(e);
    enum status status = glue_runner_open(&jobs, &h->jobs, err);
    if (status == STATUS_OK)
        house_sweep_start(&h->sweep, e, &h->settings);
    return status;
}

void house_closing(struct house *h, struct engine *e)
{
    if (engine_loop_number(e) != 0)
        return;
    house_sweep_stop(&h->sweep);
    glue_runner_close(h->jobs);
    h->jobs = NULL;
}
