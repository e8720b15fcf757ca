/* SPDX-License-Identifier: Apache-2.0 */
/* See scenario_feed.h. Chains are followed by previousEventId. */
#include "scenario_feed.h"

#include "base/check.h"
#include "json/parse.h"
#include "json/write.h"

void feed_init(struct feed *f, struct arena *arena, struct match *match, struct json_val recorded)
{
    memset(f, 0, sizeof(*f));
    f->arena = arena;
    f->match = match;
    f->recorded = recorded;
    if (recorded.tag == JSON_ARRAY)
        f->is_used = arena_zalloc(arena, recorded.len + 1);
}

/* ---- reading the recording ---- */

static str type_of(struct json_val event)
{
    return json_str(json_get(event, STR("type")));
}

static double id_of(struct json_val event, const char *key)
{
    struct json_val v = json_get(event, str_of(key));
    return json_is_number(v) ? json_number(v) : 0;
}

static struct json_val event_with(const struct feed *f, const char *key, double id)
{
    for (uint32_t i = 0; i < f->recorded.len; i++) {
        if (id_of(f->recorded.items[i], key) == id)
            return f->recorded.items[i];
    }
    return json_undefined();
}

/* The member that holds what the event says. */
static struct json_val details_of(struct json_val event)
{
    for (uint32_t i = 0; i < event.len; i++) {
        const struct json_key *key = &event.obj->shape->keys[i];
        if (str_ends((str){key->p, key->n}, STR("EventDetails")))
            return event.obj->vals[i];
    }
    return json_undefined();
}

static struct json_val detail(struct json_val event, const char *key)
{
    struct json_val details = details_of(event);
    return details.tag == JSON_OBJECT ? json_get(details, str_of(key)) : json_undefined();
}

/* The name of the state that an event belongs to: that of the Entered event on its chain. */
static str state_of(const struct feed *f, struct json_val event)
{
    for (uint32_t hops = 0; event.tag == JSON_OBJECT && hops < f->recorded.len; hops++) {
        if (str_ends(type_of(event), STR("StateEntered")))
            return json_str(detail(event, "name"));
        event = event_with(f, "id", id_of(event, "previousEventId"));
    }
    return (str){0};
}

static bool begins_work(str type)
{
    return str_eq(type, STR("TaskScheduled")) || str_eq(type, STR("ActivityScheduled")) ||
           str_eq(type, STR("LambdaFunctionScheduled")) || str_eq(type, STR("MapRunStarted"));
}

static bool is_about_work(str type)
{
    return (str_starts(type, STR("Task")) && !str_starts(type, STR("TaskState"))) ||
           str_starts(type, STR("Activity")) || str_starts(type, STR("LambdaFunction")) ||
           str_starts(type, STR("MapRun"));
}

/* What was recorded next about the same work. */
static struct json_val next_about(const struct feed *f, struct json_val event)
{
    for (uint32_t i = 0; event.tag == JSON_OBJECT && i < f->recorded.len; i++) {
        struct json_val next = f->recorded.items[i];
        if (id_of(next, "previousEventId") == id_of(event, "id") && is_about_work(type_of(next)))
            return next;
    }
    return json_undefined();
}

static struct json_val find_begin(struct feed *f, const struct asl_state *state)
{
    for (uint32_t i = 0; f->recorded.tag == JSON_ARRAY && i < f->recorded.len; i++) {
        struct json_val event = f->recorded.items[i];
        if (f->is_used[i] || !begins_work(type_of(event)) ||
            !str_eq(state_of(f, event), state->name))
            continue;
        f->is_used[i] = true;
        return event;
    }
    return json_undefined();
}

/* A map run's result is shown where its state is left. */
static struct json_val run_result(const struct feed *f, const struct feed_pending *p)
{
    double from = id_of(p->last, "id");
    for (uint32_t i = 0; i < f->recorded.len; i++) {
        struct json_val event = f->recorded.items[i];
        if (id_of(event, "id") > from && str_eq(type_of(event), STR("MapStateExited")) &&
            str_eq(json_str(detail(event, "name")), p->state->name))
            return detail(event, "output");
    }
    return json_undefined();
}

/* ---- what is wanted ---- */

static void forget(struct feed *f, uint32_t frame, uint32_t attempt)
{
    for (uint32_t i = 0; i < f->pending_count; i++) {
        if (f->pending[i].frame == frame && f->pending[i].attempt == attempt)
            f->pending[i] = f->pending[--f->pending_count];
    }
}

void feed_take(struct feed *f, const struct asl_out *out)
{
    for (uint32_t i = 0; i < out->command_count; i++) {
        const struct asl_command *c = &out->commands[i];
        if (c->kind == ASL_CANCEL_TASK || c->kind == ASL_CANCEL_MAP_RUN)
            forget(f, c->frame, c->attempt);
        if (c->kind != ASL_START_TASK && (c->kind != ASL_START_MAP_RUN || !f->map))
            continue;
        if (c->kind == ASL_START_TASK && f->is_elsewhere && f->is_elsewhere(c->state))
            continue;
        check(f->pending_count < FEED_PENDING);
        json_doc_hold(c->arguments->json, f->arena);
        f->pending[f->pending_count++] = (struct feed_pending){
            .frame = c->frame,
            .attempt = c->attempt,
            .state = c->state,
            .arguments = c->arguments->root,
            .last = find_begin(f, c->state),
        };
    }
}

/* ---- answers ---- */

/* The recorded value as the text that AWS had: texts are texts of JSON, others were parsed. */
static struct json_doc *document_of(struct feed *f, struct json_val v)
{
    struct buf text;
    struct json_doc *doc;
    buf_init(&text, SIZE_MAX / 2);
    if (v.tag == JSON_STRING)
        buf_add(&text, json_str(v));
    else
        check(json_write(&text, v, 0, NULL) == STATUS_OK);
    str filled = match_fill(f->match, buf_str(&text));
    if (json_parse(filled, NULL, &doc, NULL) != STATUS_OK) {
        buf_clear(&text);
        json_write_string(&text, filled);
        check(json_parse(buf_str(&text), NULL, &doc, NULL) == STATUS_OK);
    }
    buf_done(&text);
    return doc;
}

static void set_failure(struct feed *f, struct json_val recorded, struct asl_event *event)
{
    struct json_val error = detail(recorded, "error"), cause = detail(recorded, "cause");
    event->has_error = error.tag == JSON_STRING;
    event->has_cause = cause.tag != JSON_UNDEFINED;
    if (event->has_error)
        event->error = match_fill(f->match, json_str(error));
    if (cause.tag == JSON_STRING) {
        event->cause = match_fill(f->match, json_str(cause));
    } else if (event->has_cause) { /* a text that held JSON */
        struct buf text;
        buf_init(&text, SIZE_MAX / 2);
        check(json_write(&text, cause, 0, NULL) == STATUS_OK);
        event->cause = match_fill(f->match, buf_str(&text));
        buf_done(&text);
    }
}

static const struct {
    const char *ending;
    enum asl_event_kind kind;
    enum asl_task_stage stage;
} ANSWERS[] = {
    {"StartFailed", ASL_EVENT_TASK_FAILED, ASL_STAGE_START},
    {"ScheduleFailed", ASL_EVENT_TASK_FAILED, ASL_STAGE_SCHEDULE},
    {"SubmitFailed", ASL_EVENT_TASK_FAILED, ASL_STAGE_SUBMIT},
    {"Failed", ASL_EVENT_TASK_FAILED, ASL_STAGE_RUN},
    {"Started", ASL_EVENT_TASK_STARTED, ASL_STAGE_RUN},
    {"Submitted", ASL_EVENT_TASK_SUBMITTED, ASL_STAGE_RUN},
    {"Succeeded", ASL_EVENT_TASK_SUCCEEDED, ASL_STAGE_RUN},
};

static void answer_run(struct feed *f, const struct feed_pending *p, struct json_val recorded,
                       struct asl_event *event)
{
    if (str_eq(type_of(recorded), STR("MapRunFailed"))) {
        event->kind = ASL_EVENT_MAP_RUN_FAILED;
        set_failure(f, recorded, event);
        return;
    }
    struct json_val result = run_result(f, p);
    event->kind = ASL_EVENT_MAP_RUN_SUCCEEDED;
    event->doc = document_of(f, result.tag == JSON_UNDEFINED ? json_null() : result);
}

static void answer(struct feed *f, const struct feed_pending *p, struct json_val recorded,
                   struct asl_event *event)
{
    if (p->state->type == ASL_MAP) {
        if (!f->map(f->map_arg, p, event))
            answer_run(f, p, recorded, event);
        return;
    }
    for (size_t i = 0; i < ARRAY_LEN(ANSWERS); i++) {
        if (!str_ends(type_of(recorded), str_of(ANSWERS[i].ending)))
            continue;
        event->kind = ANSWERS[i].kind;
        event->stage = ANSWERS[i].stage;
        break;
    }
    if (event->kind == ASL_EVENT_TASK_FAILED)
        set_failure(f, recorded, event);
    else if (event->kind == ASL_EVENT_TASK_STARTED)
        event->worker = detail(recorded, "workerName").tag == JSON_STRING
                            ? json_str(detail(recorded, "workerName"))
                            : STR("");
    else
        event->doc = document_of(f, detail(recorded, "output"));
}

/* Other tasks than activities start by themselves: that is no answer. */
static struct json_val skip_start(const struct feed *f, struct feed_pending *p)
{
    struct json_val next = next_about(f, p->last);
    bool is_activity =
        p->state->type == ASL_TASK && p->state->task.resource.kind == ASL_RESOURCE_ACTIVITY;
    if (next.tag == JSON_OBJECT && !is_activity && str_ends(type_of(next), STR("Started"))) {
        p->last = next;
        next = next_about(f, next);
    }
    return next;
}

enum feed_result feed_next(struct feed *f, struct asl_event *event)
{
    struct feed_pending *first = NULL;
    struct json_val first_event = json_undefined();
    bool is_unknown = false;
    for (uint32_t i = 0; i < f->pending_count; i++) {
        struct feed_pending *p = &f->pending[i];
        is_unknown = is_unknown || p->last.tag == JSON_UNDEFINED;
        struct json_val next = skip_start(f, p);
        if (next.tag != JSON_OBJECT || str_ends(type_of(next), STR("TimedOut")))
            continue;
        if (!first || id_of(next, "id") < id_of(first_event, "id")) {
            first = p;
            first_event = next;
        }
    }
    if (!first)
        return is_unknown ? FEED_UNKNOWN : FEED_WAIT;
    event->frame = first->frame;
    event->attempt = first->attempt;
    answer(f, first, first_event, event);
    first->last = first_event;
    if (event->kind != ASL_EVENT_TASK_STARTED && event->kind != ASL_EVENT_TASK_SUBMITTED)
        forget(f, first->frame, first->attempt);
    return FEED_EVENT;
}
