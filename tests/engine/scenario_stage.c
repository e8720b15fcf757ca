/* SPDX-License-Identifier: Apache-2.0 */
/* See scenario_stage.h. */
#include "scenario_stage.h"
#include "../asl/scenario_compare.h"

#include "base/check.h"
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* ---- answers ---- */

static void give(struct play *p, const struct asl_event *event)
{
    struct engine_answer answer = {.kind = event->kind,
                                   .doc = event->doc,
                                   .error = event->error,
                                   .cause = event->cause,
                                   .has_error = event->has_error,
                                   .has_cause = event->has_cause,
                                   .stage = event->stage,
                                   .worker = event->worker};
    engine_answer_task(p->stage->engine, p->id, event->frame, event->attempt, &answer);
    json_doc_unref(event->doc);
}

static void stop(struct play *p)
{
    struct error err;
    enum status status = engine_stop(p->stage->engine, p->id, (str){0}, (str){0}, &err);
    check(status == STATUS_OK || p->has_ended);
}

static void feed_play(void *arg)
{
    struct play *p = arg;
    struct asl_event event = {.kind = ASL_EVENT_CONTINUE};
    p->is_asked = false;
    p->stage->fed--;
    if (p->has_ended || p->is_again || p->stage->is_paused)
        return;
    enum feed_result fed = feed_next(&p->run.feed, &event);
    if (fed == FEED_EVENT)
        give(p, &event);
    else if (p->s.stops)
        stop(p);
    else if (fed == FEED_UNKNOWN && !p->missing)
        p->missing = "needs an answer that was not recorded";
}

static void ask(struct play *p)
{
    if (p->is_asked || p->id == 0 || p->has_ended)
        return;
    p->is_asked = true;
    p->stage->fed++;
    loop_defer(p->stage->loop, &p->task, feed_play, p);
}

/* ---- what the engine tells ---- */

static struct play *find_play(const struct stage *stage, const struct asl_exec *x)
{
    if (x->machine != x->definition->root)
        return NULL; /* a map's child */
    for (uint32_t i = 0; i < stage->count; i++) {
        struct play *p = stage->plays[i];
        if (str_eq(p->execution, x->identity.name) &&
            str_eq(p->machine, x->identity.state_machine_name))
            return p;
    }
    return NULL;
}

void play_compare(struct play *p, const struct asl_exec *x)
{
    scenario_read_history(&p->run);
    p->run.x = (struct asl_exec *)(uintptr_t)x; /* is read only, and not kept */
    p->is_as_recorded = scenario_is_as_recorded(&p->run, &p->s);
    p->run.x = NULL;
}

static void hold(struct play *p, struct asl_definition *definition)
{
    if (p->held && p->held->definition == definition)
        return;
    struct held *held = malloc(sizeof(*held));
    check(held != NULL);
    *held = (struct held){p->held, asl_definition_ref(definition)};
    p->held = held;
}

static void on_step(void *arg, const struct asl_exec *x, const struct asl_event *e,
                    const struct asl_out *out)
{
    struct stage *stage = arg;
    struct play *p = find_play(stage, x);
    (void)e;
    stage->steps++;
    if (!p)
        return;
    hold(p, x->definition);
    p->is_again = out->is_again;
    feed_take(&p->run.feed, out);
    for (uint32_t i = 0; p->is_express && i < out->record_count; i++)
        scenario_add_event(&p->run, x, &out->records[i]);
    if (p->is_express && asl_exec_is_over(x))
        play_compare(p, x);
    if (!asl_exec_is_over(x))
        ask(p);
}

static void started(void *arg, int64_t execution, str arn, int64_t start_ms)
{
    struct play *p = arg;
    (void)arn;
    (void)start_ms;
    p->id = execution;
    ask(p);
}

static void ended(void *arg, const struct engine_result *result)
{
    struct play *p = arg;
    p->id = result->execution;
    p->has_ended = true;
}

static void refused(void *arg, const struct error *err)
{
    struct play *p = arg;
    p->run.trouble = arena_printf(&p->run.arena, "%s: %s", err->name, err->message);
}

/* Tasks that the engine can do itself. */
static bool is_about_executions(const struct asl_state *state)
{
    str service = state->task.resource.resource_type;
    return str_eq(service, STR("states")) || str_eq(service, STR("aws-sdk:sfn"));
}

/* All others are answered by feed_play. */
static bool do_work(void *arg, struct engine *e, const struct engine_task *task)
{
    const struct stage *stage = arg;
    (void)e;
    return !(stage->restarts && is_about_executions(task->state));
}

static void open_engine(struct stage *stage)
{
    struct error err;
    struct engine_options options = {.data = str_of(stage->folder),
                                     .account = STR("111111111111"),
                                     .is_strict = true,
                                     .clock_speed = 0.001,
                                     .work = do_work,
                                     .work_arg = stage,
                                     .on_step = on_step,
                                     .on_step_arg = stage,
                                     .objects = &stage->objects.objects};
    check(engine_open(stage->loop, &options, &stage->engine, &err) == STATUS_OK);
}

/* ---- beginning ---- */

/* Names are the execution's own where it was given one; others are made, each another. */
static str execution_name(struct play *p)
{
    struct json_val name = scenario_get(&p->s, "execution_name");
    return name.tag == JSON_STRING
               ? json_str(name)
               : arena_printf(&p->run.arena, "11111111-2222-4333-8444-%012u", p->stage->count);
}

static bool is_name_taken(const struct play *p)
{
    for (uint32_t i = 0; i < p->stage->count; i++) {
        const struct play *other = p->stage->plays[i];
        if (str_eq(p->execution, other->execution) && str_eq(p->machine, other->machine))
            return true;
    }
    return false;
}

/* Machines that the setup makes for it to start. */
static enum status put_others(struct play *p, struct error *err)
{
    struct json_val setup = scenario_get(&p->s, "setup");
    enum status status = STATUS_OK;
    for (uint32_t i = 0; setup.tag == JSON_ARRAY && i < setup.len && status == STATUS_OK; i++) {
        struct json_val request = json_get(setup.items[i], STR("request"));
        str operation = json_str(json_get(setup.items[i], STR("operation")));
        struct json_val name = json_get(request, STR("name"));
        if (!str_eq(operation, STR("CreateStateMachine")) ||
            str_eq(json_str(name), p->machine)) /* of a sequence: itself */
            continue;
        struct scenario other = {.file = request, .one = request};
        bool is_express = str_eq(json_str(json_get(request, STR("type"))), STR("EXPRESS"));
        status = engine_put_machine(p->stage->engine, json_str(name),
                                    is_express ? ASL_EXPRESS : ASL_STANDARD,
                                    scenario_definition(&p->run, &other), err);
    }
    return status;
}

/* Begins it, or goes on watching it after a restart. */
static enum status start(struct play *p, struct error *err)
{
    struct engine_start how = {.machine = p->machine,
                               .name = p->execution,
                               .input = scenario_input(&p->run, &p->s),
                               .started = started,
                               .ended = ended,
                               .refused = refused,
                               .arg = p};
    return engine_start(p->stage->engine, &how, err);
}

static enum status begin(struct play *p, struct error *err)
{
    enum asl_type type = p->is_express ? ASL_EXPRESS : ASL_STANDARD;
    str definition = scenario_definition(&p->run, &p->s);
    enum status status = engine_put_machine(p->stage->engine, p->machine, type, definition, err);
    if (status == STATUS_OK && p->stage->restarts)
        status = put_others(p, err);
    return status == STATUS_OK ? start(p, err) : status;
}

/* What the setup puts into buckets. */
static void put_objects(struct play *p)
{
    struct json_val setup = scenario_get(&p->s, "setup");
    struct arena *a = &p->run.arena;
    for (uint32_t i = 0; setup.tag == JSON_ARRAY && i < setup.len; i++) {
        struct json_val request = json_get(setup.items[i], STR("request"));
        struct json_val body = json_get(request, STR("Body"));
        if (body.tag == JSON_STRING)
            memory_objects_set(
                &p->stage->objects, arena_cstr(a, json_str(json_get(request, STR("Bucket")))),
                arena_cstr(a, json_str(json_get(request, STR("Key")))), json_str(body));
    }
}

void stage_begin(struct stage *stage, const struct case_report *r, const struct scenario *s)
{
    struct play *p = calloc(1, sizeof(*p));
    struct error err;
    check(p != NULL && stage->count < STAGE_PLAYS);
    p->stage = stage;
    snprintf(p->name, sizeof(p->name), "%s", r->name);
    p->area = r->area;
    p->s = *s;
    scenario_run_init(&p->run, s, 0, NULL, NULL);
    p->run.feed.map = NULL;
    p->run.feed.is_elsewhere = stage->restarts ? is_about_executions : NULL;
    p->run.match.recorded = json_str(scenario_get(s, "role_arn"));
    p->run.match.ours = STR("arn:aws:iam::111111111111:role/afflux");
    p->is_express = str_eq(json_str(scenario_get(s, "type")), STR("EXPRESS"));
    p->machine = json_str(scenario_get(s, "state_machine_name"));
    p->execution = execution_name(p);
    put_objects(p);
    if (is_name_taken(p))
        p->missing = "another case has its name";
    else if (p->is_express && stage->restarts)
        p->missing = "Express executions do not survive";
    else if (begin(p, &err) != STATUS_OK)
        p->run.trouble = arena_printf(&p->run.arena, "%s: %s", err.name, err.message);
    stage->plays[stage->count++] = p;
}

bool play_is_waited_for(const struct play *p)
{
    return !p->has_ended && !p->missing && p->run.trouble.n == 0;
}

/* ---- the stage ---- */

void stage_open(struct stage *stage, bool restarts)
{
    const char *tmp = getenv("TMPDIR");
    struct error err;
    *stage = (struct stage){.restarts = restarts};
    arena_init(&stage->arena, 0);
    memory_objects_init(&stage->objects);
    snprintf(stage->folder, sizeof(stage->folder), "%s/afflux-scenarios-XXXXXX",
             tmp ? tmp : "/tmp");
    check(mkdtemp(stage->folder) != NULL);
    check(loop_new(&stage->loop, &err) == STATUS_OK);
    open_engine(stage);
}

static void play_free(struct play *p)
{
    while (p->held) {
        struct held *held = p->held;
        p->held = held->next;
        asl_definition_unref(held->definition);
        free(held);
    }
    scenario_run_done(&p->run);
    free(p);
}

void stage_close(struct stage *stage)
{
    char path[STAGE_FOLDER + 256];
    engine_close(stage->engine);
    loop_free(stage->loop);
    for (uint32_t i = 0; i < stage->count; i++)
        play_free(stage->plays[i]);
    memory_objects_done(&stage->objects);
    arena_done(&stage->arena);
    DIR *dir = opendir(stage->folder);
    for (struct dirent *entry; dir && (entry = readdir(dir)) != NULL;) {
        snprintf(path, sizeof(path), "%s/%s", stage->folder, entry->d_name);
        unlink(path);
    }
    if (dir)
        closedir(dir);
    rmdir(stage->folder);
}

void stage_reopen(struct stage *stage)
{
    struct error err;
    engine_close(stage->engine);
    open_engine(stage);
    for (uint32_t i = 0; i < stage->count; i++) {
        if (play_is_waited_for(stage->plays[i]))
            check(start(stage->plays[i], &err) == STATUS_OK);
    }
}
