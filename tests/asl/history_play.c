/* SPDX-License-Identifier: Apache-2.0 */
/* See history_play.h. */
#include "history_play.h"

#include "asl/apply.h"
#include "asl/history.h"
#include "base/check.h"
#include "json/parse.h"
#include "json/write.h"
#include "../jsonata/support.h"
#include <stdio.h>

enum { PATH_BYTES = 4096, STEPS = 1000, HISTORY_BYTES = 1 << 24 };

#define START_MS INT64_C(1767225600007) /* 2026-01-01T00:00:00.007Z */

/* ---- reading a case ---- */

static str text_in(struct json_val object, const char *key)
{
    struct json_val v = json_get(object, str_of(key));
    return v.tag == JSON_STRING ? json_str(v) : STR("");
}

static bool flag_in(struct json_val object, const char *key)
{
    struct json_val v = json_get(object, str_of(key));
    return v.tag == JSON_BOOL && v.b;
}

static struct json_doc *doc_of(struct json_val v)
{
    struct buf text;
    struct json_doc *doc;
    buf_init(&text, HISTORY_BYTES);
    check(json_write(&text, v, 0, NULL) == STATUS_OK);
    check(json_parse(buf_str(&text), NULL, &doc, NULL) == STATUS_OK);
    buf_done(&text);
    return doc;
}

static void load(struct play *p, struct json_val c)
{
    struct buf text;
    struct error err;
    bool is_express = str_eq(text_in(c, "type"), STR("EXPRESS"));
    struct asl_load_options options = {.type = is_express ? ASL_EXPRESS : ASL_STANDARD};
    buf_init(&text, HISTORY_BYTES);
    check(json_write(&text, json_get(c, STR("definition")), 0, NULL) == STATUS_OK);
    if (asl_definition_load(buf_str(&text), &options, NULL, &p->definition, &err) != STATUS_OK)
        support_stop(err.message, arena_cstr(&p->arena, text_in(c, "name")));
    buf_done(&text);
}

/* ---- lines ---- */

/* What stands behind the frame of an event: the name of the details member and its text. */
static void show_event(struct play *p, const struct asl_record *r)
{
    struct buf text, frame;
    struct json_val event;
    buf_init(&text, HISTORY_BYTES);
    buf_init(&frame, HISTORY_BYTES);
    asl_history_write(p->x, r, p->include_data, &text);
    const char *type = asl_history_type(p->definition, r);
    buf_printf(&frame,
               "{\"timestamp\":%lld.%03lld,\"type\":\"%s\",\"id\":%llu,\"previousEventId\":%llu",
               (long long)p->now_ms / 1000, (long long)p->now_ms % 1000, type,
               (unsigned long long)r->event, (unsigned long long)r->previous);
    if (!str_starts(buf_str(&text), buf_str(&frame)))
        p->trouble = "an event does not begin as it should";
    check(json_parse_in(&p->arena, buf_str(&text), NULL, &event, NULL) == STATUS_OK);
    buf_printf(&p->lines, "%llu<-%llu %s", (unsigned long long)r->event,
               (unsigned long long)r->previous, type);
    for (uint32_t i = 4; i < event.len; i++) {
        const struct json_key *key = &event.obj->shape->keys[i];
        buf_printf(&p->lines, " %.*s ", (int)key->n, key->p);
        check(json_write(&p->lines, event.obj->vals[i], 0, NULL) == STATUS_OK);
    }
    buf_add_byte(&p->lines, '\n');
    buf_done(&text);
    buf_done(&frame);
}

/* ---- playing ---- */

static bool step_once(struct play *p, struct asl_event *event)
{
    struct error err;
    event->now_ms = p->now_ms;
    event->seed = ++p->seed;
    bool is_well = asl_step(p->x, event, &p->out, &err) == STATUS_OK;
    for (uint32_t i = 0; is_well && i < p->out.record_count; i++) {
        if (asl_record_is_event(p->out.records[i].kind))
            show_event(p, &p->out.records[i]);
    }
    if (is_well && p->watch)
        p->watch(p->watch_arg, p, &p->out);
    return is_well;
}

/* With what is left when a step has used its moves. */
static bool step(struct play *p, struct asl_event *event)
{
    struct asl_event go_on = {.kind = ASL_EVENT_CONTINUE};
    bool is_well = step_once(p, event);
    for (int i = 0; is_well && p->out.is_again && i < STEPS; i++) {
        if (p->now_ms < p->out.resume_ms)
            p->now_ms = p->out.resume_ms;
        asl_out_reset(&p->out);
        is_well = step_once(p, &go_on);
    }
    asl_out_reset(&p->out);
    return is_well;
}

/* Time passes; false when nothing would happen. */
static bool pass(struct play *p)
{
    struct asl_event event = {.kind = ASL_EVENT_CONTINUE};
    int64_t due_ms = asl_exec_due(p->x);
    if (asl_exec_is_over(p->x) || due_ms == ASL_NEVER)
        return false;
    if (due_ms > p->now_ms)
        p->now_ms = due_ms;
    return step(p, &event);
}

static const struct asl_frame *find_waiting(const struct asl_frame *f, str state)
{
    if (!f)
        return NULL;
    for (const struct asl_frame *child = f->first_child; child; child = child->next_sibling) {
        const struct asl_frame *found = find_waiting(child, state);
        if (found)
            return found;
    }
    bool is_waiting = f->phase == ASL_PHASE_WORKING || f->phase == ASL_PHASE_MAPPING;
    return is_waiting && str_eq(f->state->name, state) ? f : NULL;
}

static enum asl_event_kind kind_of(str name)
{
    for (int kind = 0; kind <= ASL_EVENT_REDRIVE; kind++) {
        if (str_eq(name, str_of(asl_event_kind_name((enum asl_event_kind)kind))))
            return (enum asl_event_kind)kind;
    }
    support_stop("no such event", "tests/cases/asl/history");
}

static enum asl_task_stage stage_of(str name)
{
    return str_eq(name, STR("submit"))     ? ASL_STAGE_SUBMIT
           : str_eq(name, STR("start"))    ? ASL_STAGE_START
           : str_eq(name, STR("schedule")) ? ASL_STAGE_SCHEDULE
                                           : ASL_STAGE_RUN;
}

static void happen(struct play *p, struct json_val e)
{
    struct asl_event event = {.kind = kind_of(text_in(e, "kind"))};
    struct json_val output = json_get(e, STR("output"));
    str state = text_in(e, "state");
    event.has_error = json_get(e, STR("error")).tag == JSON_STRING;
    event.has_cause = json_get(e, STR("cause")).tag == JSON_STRING;
    event.error = text_in(e, "error");
    event.cause = text_in(e, "cause");
    event.worker = text_in(e, "worker");
    event.stage = stage_of(text_in(e, "stage"));
    if (state.n > 0) {
        const struct asl_frame *f = find_waiting(p->x->root, state);
        while (!f && pass(p))
            f = find_waiting(p->x->root, state);
        if (!f) {
            p->trouble = "a state does not wait for its event";
            return;
        }
        event.frame = f->id;
        event.attempt = f->attempt;
    }
    if (output.tag != JSON_UNDEFINED)
        event.doc = doc_of(output);
    if (!step(p, &event))
        p->trouble = "an event is refused";
    json_doc_unref(event.doc);
}

static void play(struct play *p, struct json_val c)
{
    struct asl_identity identity = {
        .id = STR("arn:aws:states:eu-west-1:123456789012:execution:job:run-1"),
        .name = STR("run-1"),
        .role_arn = STR("arn:aws:iam::123456789012:role/demo"),
        .state_machine_id = STR("arn:aws:states:eu-west-1:123456789012:stateMachine:job"),
        .state_machine_name = STR("job"),
        .start_ms = START_MS};
    struct asl_event start = {.kind = ASL_EVENT_START, .identity = &identity};
    struct json_val events = json_get(c, STR("events"));
    check(json_parse(text_in(c, "input"), NULL, &start.doc, NULL) == STATUS_OK);
    step(p, &start);
    json_doc_unref(start.doc);
    for (uint32_t i = 0; events.tag == JSON_ARRAY && i < events.len; i++)
        happen(p, events.items[i]);
    for (int i = 0; i < STEPS && pass(p); i++)
        ;
}

/* ---- cases ---- */

void play_case(struct play *p, struct json_val c, uint32_t max_moves, play_watch watch,
               void *watch_arg)
{
    memset(p, 0, sizeof(*p));
    p->now_ms = START_MS;
    p->include_data = !flag_in(c, "no_data");
    p->options = (struct asl_options){.strict = flag_in(c, "strict"), .max_moves = max_moves};
    p->watch = watch;
    p->watch_arg = watch_arg;
    arena_init(&p->arena, 0);
    buf_init(&p->lines, HISTORY_BYTES);
    load(p, c);
    p->x = asl_exec_new(p->definition, NULL, p->definition->type, &p->options);
    asl_out_init(&p->out);
    play(p, c);
}

void play_done(struct play *p)
{
    asl_out_done(&p->out);
    asl_exec_free(p->x);
    asl_definition_unref(p->definition);
    buf_done(&p->lines);
    arena_done(&p->arena);
}

bool play_is_as_expected(const struct play *p, struct json_val c)
{
    struct buf lines;
    struct json_val expected = json_get(c, STR("history"));
    buf_init(&lines, HISTORY_BYTES);
    for (uint32_t i = 0; expected.tag == JSON_ARRAY && i < expected.len; i++) {
        buf_add(&lines, json_str(expected.items[i]));
        buf_add_byte(&lines, '\n');
    }
    bool same = !p->trouble && str_eq(buf_str(&p->lines), buf_str(&lines));
    buf_done(&lines);
    return same;
}

static bool is_wanted(const char *name, char **filters, int filter_count)
{
    for (int i = 0; i < filter_count; i++) {
        if (strstr(name, filters[i]))
            return true;
    }
    return filter_count == 0;
}

void play_each(char **filters, int filter_count, play_fn fn, void *arg)
{
    const char *const *files;
    struct arena arena;
    arena_init(&arena, 0);
    const char *folder = SOURCE_ROOT "/tests/cases/asl/history";
    uint32_t count = support_list(&arena, folder, ".json", &files);
    for (uint32_t i = 0; i < count; i++) {
        char path[PATH_BYTES], name[PATH_BYTES];
        snprintf(path, sizeof(path), "%s/%s", folder, files[i]);
        struct json_val cases = support_json(&arena, path);
        for (uint32_t k = 0; k < cases.len; k++) {
            snprintf(name, sizeof(name), "%.64s: %.*s", files[i],
                     STR_ARG(text_in(cases.items[k], "name")));
            if (is_wanted(name, filters, filter_count))
                fn(arg, name, cases.items[k]);
        }
    }
    arena_done(&arena);
}
