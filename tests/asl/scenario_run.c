/* SPDX-License-Identifier: Apache-2.0 */
/* See scenario_run.h. */
#include "scenario_run.h"
#include "scenario_map.h"

#include "asl/apply.h"
#include "asl/history.h"
#include "base/check.h"
#include "json/parse.h"
#include "json/write.h"

enum {
    LONGEST_RUN = 200000, /* steps */
    EVENTS_BYTES = 1 << 28,
};

#define START_MS INT64_C(1790856000000) /* 2026-10-01T12:00:00Z */

struct json_val scenario_get(const struct scenario *s, const char *key)
{
    struct json_val v = json_get(s->one, str_of(key));
    return v.tag == JSON_UNDEFINED ? json_get(s->file, str_of(key)) : v;
}

/* ---- what an execution begins with ---- */

/* The text of a member: as it is when it is text, else compact. */
static str text_of(struct scenario_run *run, struct json_val v)
{
    struct buf text;
    if (v.tag == JSON_STRING)
        return json_str(v);
    buf_init(&text, SIZE_MAX / 2);
    check(json_write(&text, v, 0, NULL) == STATUS_OK);
    str copy = arena_dup(&run->arena, buf_str(&text));
    buf_done(&text);
    return copy;
}

str scenario_definition(struct scenario_run *run, const struct scenario *s)
{
    return text_of(run, scenario_get(s, "definition"));
}

static bool load(struct scenario_run *run, const struct scenario *s)
{
    struct error err;
    bool is_express = str_eq(json_str(scenario_get(s, "type")), STR("EXPRESS"));
    struct asl_load_options options = {.type = is_express ? ASL_EXPRESS : ASL_STANDARD,
                                       .strict = true};
    str text = scenario_definition(run, s);
    if (asl_definition_load(text, &options, NULL, &run->definition, &err) == STATUS_OK)
        return true;
    run->trouble = arena_printf(&run->arena, "%s: %s", err.name, err.message);
    return false;
}

/* The value that ${N:path} stands for, from the recorded answers of the calls made first; the
 * reference itself where none was recorded. */
static str setup_value(const struct scenario *s, str reference)
{
    struct json_val setup = scenario_get(s, "setup");
    double call = 0;
    size_t at = 2;
    for (; at < reference.n && reference.p[at] >= '0' && reference.p[at] <= '9'; at++)
        call = call * 10 + (reference.p[at] - '0');
    str path = str_sub(reference, at + 1, reference.n - 1);
    for (uint32_t i = 0; setup.tag == JSON_ARRAY && i < setup.len; i++) {
        struct json_val response = json_get(setup.items[i], STR("response"));
        if (json_number(json_get(setup.items[i], STR("call"))) != call ||
            response.tag != JSON_OBJECT)
            continue;
        struct json_val v = json_get(response, path);
        if (v.tag == JSON_STRING)
            return json_str(v);
    }
    return str_sub(reference, 2, reference.n - 1);
}

static str fill_references(struct scenario_run *run, const struct scenario *s, str text)
{
    struct buf out;
    buf_init(&out, SIZE_MAX / 2);
    for (size_t from = 0; from < text.n;) {
        size_t open = str_find(text, STR("${"), from);
        size_t close = open == STR_NONE ? STR_NONE : str_find_byte(text, '}', open);
        bool is_reference = close != STR_NONE && text.p[open + 2] >= '0' && text.p[open + 2] <= '9';
        size_t to = !is_reference ? text.n : open;
        buf_add(&out, str_sub(text, from, to));
        if (is_reference)
            buf_add(&out, setup_value(s, str_sub(text, open, close + 1)));
        from = is_reference ? close + 1 : to;
    }
    str copy = arena_dup(&run->arena, buf_str(&out));
    buf_done(&out);
    return copy;
}

str scenario_input(struct scenario_run *run, const struct scenario *s)
{
    struct json_val input = scenario_get(s, "input"), raw = scenario_get(s, "input_text");
    struct buf text;
    buf_init(&text, SIZE_MAX / 2);
    if (raw.tag == JSON_STRING)
        buf_add(&text, json_str(raw));
    else if (input.tag == JSON_UNDEFINED || input.tag == JSON_NULL)
        buf_add(&text, STR("{}"));
    else
        check(json_write(&text, input, 0, NULL) == STATUS_OK);
    str filled = fill_references(run, s, buf_str(&text));
    buf_done(&text);
    return filled;
}

/* NULL: it refers to an answer that was not recorded. */
static struct json_doc *input_of(struct scenario_run *run, const struct scenario *s)
{
    struct json_doc *doc;
    return json_parse(scenario_input(run, s), NULL, &doc, NULL) == STATUS_OK ? doc : NULL;
}

/* Is it not among those that were deleted before the execution started? */
static bool has_activity(void *arg, str arn)
{
    struct json_val setup = scenario_get(arg, "setup");
    for (uint32_t i = 0; setup.tag == JSON_ARRAY && i < setup.len; i++) {
        str operation = json_str(json_get(setup.items[i], STR("operation")));
        struct json_val request = json_get(setup.items[i], STR("request"));
        if (str_eq(operation, STR("DeleteActivity")) &&
            str_eq(json_str(json_get(request, STR("activityArn"))), arn))
            return false;
    }
    return true;
}

static str execution_arn(struct scenario_run *run, str machine, str execution)
{
    if (run->definition->type == ASL_STANDARD)
        return arena_printf(&run->arena,
                            "arn:aws:states:us-east-1:111111111111:execution:%.*s:%.*s",
                            STR_ARG(machine), STR_ARG(execution));
    return arena_printf(&run->arena, "arn:aws:states:us-east-1:111111111111:express:%.*s:%.*s:%s",
                        STR_ARG(machine), STR_ARG(execution),
                        "66666666-7777-4888-8999-aaaaaaaaaaaa");
}

static struct asl_identity identity_of(struct scenario_run *run, const struct scenario *s)
{
    struct json_val name = scenario_get(s, "execution_name");
    str machine = json_str(scenario_get(s, "state_machine_name"));
    str execution =
        name.tag == JSON_STRING ? json_str(name) : STR("11111111-2222-4333-8444-555555555555");
    return (struct asl_identity){
        .id = execution_arn(run, machine, execution),
        .name = execution,
        .role_arn = json_str(scenario_get(s, "role_arn")),
        .state_machine_id =
            arena_printf(&run->arena, "arn:aws:states:us-east-1:111111111111:stateMachine:%.*s",
                         STR_ARG(machine)),
        .state_machine_name = machine,
        .start_ms = run->now_ms,
    };
}

static bool carry_out_map(void *arg, const struct feed_pending *p, struct asl_event *event)
{
    return scenario_map(arg, p->frame, p->state, p->arguments, event);
}

/* ---- beginning and end ---- */

void scenario_run_init(struct scenario_run *run, const struct scenario *s, uint32_t max_moves,
                       scenario_watch watch, void *watch_arg)
{
    memset(run, 0, sizeof(*run));
    arena_init(&run->arena, 0);
    match_init(&run->match, &run->arena, scenario_get(s, "lenient_paths"));
    feed_init(&run->feed, &run->arena, &run->match,
              json_get(scenario_get(s, "expect"), STR("history")));
    run->feed.map = carry_out_map;
    run->feed.map_arg = run;
    buf_init(&run->events, EVENTS_BYTES);
    run->scenario = *s;
    run->options = (struct asl_options){.strict = true,
                                        .max_moves = max_moves,
                                        .has_activity = has_activity,
                                        .has_activity_arg = &run->scenario};
    run->watch = watch;
    run->watch_arg = watch_arg;
    run->now_ms = START_MS;
}

void scenario_run_done(struct scenario_run *run)
{
    asl_exec_free(run->x);
    asl_definition_unref(run->definition);
    buf_done(&run->events);
    match_done(&run->match);
    arena_done(&run->arena);
}

/* ---- steps ---- */

void scenario_add_event(struct scenario_run *run, const struct asl_exec *x,
                        const struct asl_record *r)
{
    if (!asl_record_is_event(r->kind))
        return;
    if (run->events.n > 0)
        buf_add_byte(&run->events, ',');
    asl_history_write(x, r, true, &run->events);
}

static bool step(struct scenario_run *run, struct asl_event *event, struct asl_out *out)
{
    struct error err;
    event->now_ms = run->now_ms;
    event->seed = ++run->seed;
    if (asl_step(run->x, event, out, &err) != STATUS_OK) {
        run->trouble = arena_printf(&run->arena, "%s: %s", err.name, err.message);
        return false;
    }
    for (uint32_t i = 0; i < out->record_count; i++)
        scenario_add_event(run, run->x, &out->records[i]);
    feed_take(&run->feed, out);
    if (run->watch)
        run->watch(run->watch_arg, run, event, out);
    return true;
}

/* What comes next: an answer, a time, or StopExecution. SCENARIO_OVER: event is filled in. */
static enum scenario_end next_event(struct scenario_run *run, const struct scenario *s,
                                    const struct asl_out *out, struct asl_event *event)
{
    *event = (struct asl_event){.kind = ASL_EVENT_CONTINUE};
    if (out->is_again) {
        if (run->now_ms < out->resume_ms)
            run->now_ms = out->resume_ms;
        return SCENARIO_OVER;
    }
    enum feed_result fed = feed_next(&run->feed, event);
    if (fed == FEED_EVENT)
        return SCENARIO_OVER;
    int64_t due_ms = asl_exec_due(run->x);
    if (s->stops) {
        event->kind = ASL_EVENT_STOP;
        return SCENARIO_OVER;
    }
    if (fed == FEED_UNKNOWN)
        return SCENARIO_NEEDS;
    if (due_ms == ASL_NEVER)
        return SCENARIO_STUCK;
    if (run->now_ms < due_ms)
        run->now_ms = due_ms;
    return SCENARIO_OVER;
}

static enum scenario_end play(struct scenario_run *run, const struct scenario *s,
                              struct asl_out *out)
{
    struct asl_identity identity = identity_of(run, s);
    struct asl_event event = {
        .kind = ASL_EVENT_START, .doc = input_of(run, s), .identity = &identity};
    if (!event.doc)
        return SCENARIO_NEEDS;
    run->x = asl_exec_new(run->definition, NULL, run->definition->type, &run->options);
    for (uint32_t steps = 0; steps < LONGEST_RUN; steps++) {
        bool is_well = step(run, &event, out);
        json_doc_unref(event.doc);
        enum scenario_end end = SCENARIO_STUCK;
        if (is_well && !asl_exec_is_over(run->x))
            end = next_event(run, s, out, &event);
        asl_out_reset(out);
        if (is_well && asl_exec_is_over(run->x))
            return SCENARIO_OVER;
        if (!is_well || end != SCENARIO_OVER)
            return end;
    }
    return SCENARIO_STUCK;
}

void scenario_read_history(struct scenario_run *run)
{
    struct error err;
    buf_insert(&run->events, 0, STR("["));
    buf_add_byte(&run->events, ']');
    check(buf_ok(&run->events));
    check(json_parse_in(&run->arena, buf_str(&run->events), NULL, &run->history, &err) ==
          STATUS_OK);
}

enum scenario_end scenario_play(struct scenario_run *run, const struct scenario *s)
{
    struct asl_out out;
    if (!load(run, s))
        return SCENARIO_REFUSED;
    asl_out_init(&out);
    enum scenario_end end = play(run, s, &out);
    asl_out_done(&out);
    scenario_read_history(run);
    return end;
}
