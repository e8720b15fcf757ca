/* SPDX-License-Identifier: Apache-2.0 */
/* The services of `afflux serve`. A new one is a function that fills in its row, and a line in the
 * list; how the wire names it is in api/wire.c. S3 has no JSON on the wire: there it is the rest of
 * api.h, and only tasks find it in the list. */
#include "cmd/serve_services.h"

#include "cmd/cmd.h"
#include "cmd/serve_states.h"
#include "engine/connections.h"
#include "json/write.h"
#include "services/s3/s3.h"
#include <string.h>

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

static void after_events(void *arg, const struct service_operation *o, struct json_val request,
                         str answer)
{
    if (strcmp(o->name, "PutEvents") == 0)
        log_events(request);
    else if (o->is_writing)
        engine_connection_written(arg, answer);
}

static struct api_service dynamodb_row(struct serve_services *s, struct engine *e)
{
    (void)s, (void)e;
    return (struct api_service){.service = &dynamodb_service};
}

static struct api_service events_row(struct serve_services *s, struct engine *e)
{
    return (struct api_service){
        .service = &events_service, .self = &s->events, .after = after_events, .arg = e};
}

static struct api_service states_row(struct serve_services *s, struct engine *e)
{
    (void)s;
    return serve_states_row(e);
}

static void after_events_task(void *self, struct engine *e, const struct service_operation *o,
                              struct json_val request, str answer)
{
    (void)self;
    after_events(e, o, request, answer);
}

/* A service as the wire has it (e is NULL when only service and self are asked for), and what else
 * tasks have of it. */
static const struct {
    struct api_service (*row)(struct serve_services *s, struct engine *e);
    struct engine_service task;
} services[] = {
    {dynamodb_row, {0}},
    {events_row, {.after = after_events_task}},
    {states_row, {0}},
};
_Static_assert(ARRAY_LEN(services) < SERVE_SERVICES_MAX, "room for all, and S3");

size_t serve_services_rows(struct serve_services *s, struct engine *e,
                           struct api_service rows[SERVE_SERVICES_MAX])
{
    for (size_t i = 0; i < ARRAY_LEN(services); i++)
        rows[i] = services[i].row(s, e);
    return ARRAY_LEN(services);
}

void serve_services_init(struct serve_services *s, const struct service_settings *settings)
{
    struct api_service rows[SERVE_SERVICES_MAX];
    *s = (struct serve_services){.settings = settings};
    s3_objects_init(&s->objects, &s->s3);
    s->count = (uint32_t)serve_services_rows(s, NULL, rows);
    for (uint32_t i = 0; i < s->count; i++) {
        s->tasks[i] = services[i].task;
        s->tasks[i].service = rows[i].service;
        s->tasks[i].self = rows[i].self;
    }
    s->tasks[s->count++] = (struct engine_service){.service = &s3_service, .self = &s->s3};
}

enum status serve_services_store_opened(void *arg, struct store *store, struct error *err)
{
    struct serve_services *s = arg;
    return s3_new(store, s->settings, &s->s3.s3, err);
}

void serve_services_store_closing(void *arg)
{
    struct serve_services *s = arg;
    s3_free(s->s3.s3);
}

void serve_services_opened(struct serve_services *s, struct engine *e,
                           const struct service_settings *settings)
{
    s->events.box = engine_secret_box(e);
    serve_sweep_start(&s->sweep, e, settings);
}

void serve_services_closing(struct serve_services *s)
{
    serve_sweep_stop(&s->sweep);
}
