/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What AWS Step Functions itself answered, through the durable engine: the recorded executions of
 * asl/test_scenarios.c, all at once in one data folder. Tasks are answered from the recordings.
 * Status, output, error and cause are compared, and the history as the store has it; of Express
 * executions, which are not in the store, as it was when they ended. Arguments are parts of case
 * names; none runs everything and checks the counts.
 *
 * Time passes by jumps: whenever nothing is under way, to whatever is waited for next.
 */
#include "../asl/scenario_cases.h"
#include "../asl/scenario_compare.h"
#include "objects_memory.h"

#include "base/check.h"
#include "engine/engine.h"
#include "engine/inspect.h"
#include "json/parse.h"
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    SCENARIO_FILES = 219,
    SCENARIO_CASES = 607,
    SCENARIOS_PASSED = 604,
    IDLE_JUMPS = 20000, /* without a step: nobody goes on any more */
    PLAYS = 1024,
    FOLDER_BYTES = 1024,
};

/* What the engine cannot do as recorded. */
static const struct {
    const char *name, *why;
} UNLIKE[] = {
    {"activity-task-on-deleted", "needs the API: activities can be deleted"},
    {"map-item-reader-base-list-objects-v2", "needs object storage: a bucket is listed"},
    {"map-item-reader-json-no-json-list-object",
     "outdated: the items of a JSON text may be the members of an object now"},
};

/* One execution. */
struct play {
    char name[CASE_NAME]; /* of the case */
    struct case_counts *area;
    struct scenario s;
    struct scenario_run run;
    struct loop_task task;
    bool is_asked; /* for a turn of feed_play */
    bool is_again; /* its last step wants another one at once */
    bool is_express, has_ended, is_as_recorded;
    const char *missing; /* why it cannot go on, or NULL */
    str machine, execution;
    int64_t id;
};

struct stage {
    struct loop *loop;
    struct engine *engine;
    char folder[FOLDER_BYTES];
    struct arena arena;
    struct memory_objects objects;
    struct play *plays[PLAYS];
    uint32_t count, fed; /* fed: turns of feed_play that are to come */
    uint64_t steps;
};

static struct stage stage;

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
    engine_answer_task(stage.engine, p->id, event->frame, event->attempt, &answer);
    json_doc_unref(event->doc);
}

static void stop(struct play *p)
{
    struct error err;
    enum status status = engine_stop(stage.engine, p->id, (str){0}, (str){0}, &err);
    check(status == STATUS_OK || p->has_ended);
}

static void feed_play(void *arg)
{
    struct play *p = arg;
    struct asl_event event = {.kind = ASL_EVENT_CONTINUE};
    p->is_asked = false;
    stage.fed--;
    if (p->has_ended || p->is_again)
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
    stage.fed++;
    loop_defer(stage.loop, &p->task, feed_play, p);
}

/* ---- what the engine tells ---- */

static struct play *find_play(const struct asl_exec *x)
{
    if (x->machine != x->definition->root)
        return NULL; /* a map's child */
    for (uint32_t i = 0; i < stage.count; i++) {
        struct play *p = stage.plays[i];
        if (str_eq(p->execution, x->identity.name) &&
            str_eq(p->machine, x->identity.state_machine_name))
            return p;
    }
    return NULL;
}

static void compare(struct play *p, const struct asl_exec *x)
{
    scenario_read_history(&p->run);
    p->run.x = (struct asl_exec *)(uintptr_t)x; /* is read only, and not kept */
    p->is_as_recorded = scenario_is_as_recorded(&p->run, &p->s);
    p->run.x = NULL;
}

static void on_step(void *arg, const struct asl_exec *x, const struct asl_event *e,
                    const struct asl_out *out)
{
    struct play *p = find_play(x);
    (void)arg;
    (void)e;
    stage.steps++;
    if (!p)
        return;
    p->is_again = out->is_again;
    feed_take(&p->run.feed, out);
    for (uint32_t i = 0; p->is_express && i < out->record_count; i++)
        scenario_add_event(&p->run, x, &out->records[i]);
    if (p->is_express && asl_exec_is_over(x))
        compare(p, x);
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

/* All tasks are answered by feed_play. */
static bool do_work(void *arg, struct engine *e, const struct engine_task *task)
{
    (void)arg;
    (void)e;
    (void)task;
    return true;
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
                &stage.objects, arena_cstr(a, json_str(json_get(request, STR("Bucket")))),
                arena_cstr(a, json_str(json_get(request, STR("Key")))), json_str(body));
    }
}

/* ---- beginning ---- */

/* Names are the execution's own where it was given one; others are made, each another. */
static str execution_name(struct play *p)
{
    struct json_val name = scenario_get(&p->s, "execution_name");
    return name.tag == JSON_STRING
               ? json_str(name)
               : arena_printf(&p->run.arena, "11111111-2222-4333-8444-%012u", stage.count);
}

static bool is_name_taken(const struct play *p)
{
    for (uint32_t i = 0; i < stage.count; i++) {
        const struct play *other = stage.plays[i];
        if (str_eq(p->execution, other->execution) && str_eq(p->machine, other->machine))
            return true;
    }
    return false;
}

static enum status start(struct play *p, struct error *err)
{
    enum asl_type type = p->is_express ? ASL_EXPRESS : ASL_STANDARD;
    str definition = scenario_definition(&p->run, &p->s);
    struct engine_start how = {.machine = p->machine,
                               .name = p->execution,
                               .input = scenario_input(&p->run, &p->s),
                               .started = started,
                               .ended = ended,
                               .refused = refused,
                               .arg = p};
    enum status status = engine_put_machine(stage.engine, p->machine, type, definition, err);
    return status == STATUS_OK ? engine_start(stage.engine, &how, err) : status;
}

static const char *why_unlike(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(UNLIKE); i++) {
        if (strstr(name, UNLIKE[i].name))
            return UNLIKE[i].why;
    }
    return NULL;
}

static void begin_case(struct case_report *r, const struct scenario *s)
{
    struct play *p = calloc(1, sizeof(*p));
    struct error err;
    if (why_unlike(r->name)) {
        free(p);
        case_skipped(r, why_unlike(r->name));
        return;
    }
    check(p != NULL && stage.count < PLAYS);
    snprintf(p->name, sizeof(p->name), "%s", r->name);
    p->area = r->area;
    p->s = *s;
    scenario_run_init(&p->run, s, 0, NULL, NULL);
    p->run.feed.map = NULL;
    p->run.match.recorded = json_str(scenario_get(s, "role_arn"));
    p->run.match.ours = STR("arn:aws:iam::111111111111:role/afflux");
    p->is_express = str_eq(json_str(scenario_get(s, "type")), STR("EXPRESS"));
    p->machine = json_str(scenario_get(s, "state_machine_name"));
    p->execution = execution_name(p);
    put_objects(p);
    if (is_name_taken(p))
        p->missing = "another case has its name";
    else if (start(p, &err) != STATUS_OK)
        p->run.trouble = arena_printf(&p->run.arena, "%s: %s", err.name, err.message);
    stage.plays[stage.count++] = p;
}

/* ---- until nobody goes on ---- */

static void stop_loop(void *loop)
{
    loop_stop(loop);
}

static bool is_waited_for(const struct play *p)
{
    return !p->has_ended && !p->missing && p->run.trouble.n == 0;
}

static bool all_are_over(void)
{
    uint32_t i = 0;
    while (i < stage.count && !is_waited_for(stage.plays[i]))
        i++;
    return i == stage.count;
}

static void run_stage(void)
{
    struct loop_timer timer = {0};
    uint64_t steps = 0;
    for (uint32_t jumps = 0; jumps < IDLE_JUMPS && !all_are_over();) {
        loop_timer_start(stage.loop, &timer, loop_now_ms() + 1, stop_loop, stage.loop);
        loop_run(stage.loop);
        jumps = stage.steps == steps ? jumps : 0;
        steps = stage.steps;
        if (stage.fed == 0 && engine_skip(stage.engine))
            jumps++;
    }
    loop_timer_stop(stage.loop, &timer);
}

/* ---- the end ---- */

static void add_event(void *arg, const struct asl_exec *x, const struct asl_record *r)
{
    struct play *p = arg;
    scenario_add_event(&p->run, x, r);
}

static void compare_kept(void *arg, const struct asl_exec *x)
{
    compare(arg, x);
}

static void report(struct case_report *r, struct play *p, struct inspect *i)
{
    struct error err;
    enum status status = STATUS_OK;
    r->name = p->name;
    r->area = p->area;
    if (p->run.trouble.n > 0 || p->missing) {
        if (p->missing)
            case_skipped(r, p->missing);
        else
            case_failed(r, "refused", p->run.trouble);
        return;
    }
    if (p->has_ended && !p->is_express)
        status = inspect_records(i, p->id, add_event, p, &err);
    if (p->has_ended && !p->is_express && status == STATUS_OK)
        status = inspect_exec(i, p->id, compare_kept, p, &err);
    if (!p->has_ended)
        case_failed(r, "does not end", STR(""));
    else if (status != STATUS_OK)
        case_failed(r, "cannot be read", str_of(err.message));
    else if (p->is_as_recorded)
        case_passed(r);
    else
        case_failed(r, "differs", buf_str(&p->run.match.difference));
}

static void run_and_report(struct case_report *r)
{
    struct inspect *i;
    struct error err;
    run_stage();
    check(inspect_open(str_of(stage.folder), &i, &err) == STATUS_OK);
    for (uint32_t k = 0; k < stage.count; k++)
        report(r, stage.plays[k], i);
    inspect_close(i);
}

static void open_stage(void)
{
    const char *tmp = getenv("TMPDIR");
    struct error err;
    arena_init(&stage.arena, 0);
    memory_objects_init(&stage.objects);
    snprintf(stage.folder, sizeof(stage.folder), "%s/afflux-scenarios-XXXXXX", tmp ? tmp : "/tmp");
    check(mkdtemp(stage.folder) != NULL);
    struct engine_options options = {.data = str_of(stage.folder),
                                     .account = STR("111111111111"),
                                     .is_strict = true,
                                     .clock_speed = 0.001,
                                     .work = do_work,
                                     .on_step = on_step,
                                     .objects = &stage.objects.objects};
    check(loop_new(&stage.loop, &err) == STATUS_OK);
    check(engine_open(stage.loop, &options, &stage.engine, &err) == STATUS_OK);
}

static void close_stage(void)
{
    char path[FOLDER_BYTES + 256];
    engine_close(stage.engine);
    loop_free(stage.loop);
    for (uint32_t i = 0; i < stage.count; i++) {
        scenario_run_done(&stage.plays[i]->run);
        free(stage.plays[i]);
    }
    memory_objects_done(&stage.objects);
    arena_done(&stage.arena);
    DIR *dir = opendir(stage.folder);
    for (struct dirent *entry; dir && (entry = readdir(dir)) != NULL;) {
        snprintf(path, sizeof(path), "%s/%s", stage.folder, entry->d_name);
        unlink(path);
    }
    if (dir)
        closedir(dir);
    rmdir(stage.folder);
}

int main(int argc, char **argv)
{
    struct case_report r = {.title = "engine scenarios",
                            .filters = argv + 1,
                            .filter_count = argc - 1,
                            .kept = &stage.arena,
                            .end = run_and_report};
    open_stage();
    int code = cases_run(&r, begin_case, SCENARIO_FILES, SCENARIO_CASES);
    close_stage();
    unsigned passed = 0;
    for (uint32_t i = 0; i < r.area_count; i++)
        passed += r.areas[i].passed;
    if (code != 0 || argc > 1 || passed == SCENARIOS_PASSED)
        return code;
    printf("%u passed, expected %u\n", passed, SCENARIOS_PASSED);
    return 1;
}
