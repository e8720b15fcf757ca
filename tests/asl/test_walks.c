/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Executions of definitions by chance, to which things happen by chance: answers good and bad,
 * late, twice or never; time; stops and redrives. Whatever happens, batches and snapshots give the
 * same execution (support.h looks after each step), the history is in order, an event that is
 * refused changes nothing, and nobody waits for what cannot come.
 *
 * All walks together have to meet every kind of record and of command.
 */
#include "asl/apply.h"
#include "asl/history.h"
#include "machine_test.h"
#include "random_machine.h"

enum { WALKS = 400, MOST_STEPS = 250, MOST_WAITING = 256, MOST_REDRIVES = 3, TEXT_BYTES = 1 << 24 };

struct walk {
    struct run run;
    struct chance chance;
    uint64_t last_event;
    unsigned redrives;
    uint32_t waiting_count;
    const struct asl_frame *waiting[MOST_WAITING];
};

/* ---- what holds behind each step ---- */

static void check_event(struct walk *w, const struct asl_record *r)
{
    struct buf text;
    struct json_doc *doc;
    assert_int_equal(r->event, ++w->last_event);
    assert_true(r->previous < r->event);
    for (int include_data = 0; include_data < 2; include_data++) {
        buf_init(&text, TEXT_BYTES);
        asl_history_write(w->run.x, r, include_data, &text);
        assert_true(buf_ok(&text));
        assert_int_equal(json_parse(buf_str(&text), NULL, &doc, NULL), STATUS_OK);
        json_doc_unref(doc);
        buf_done(&text);
    }
}

static enum status happen(struct walk *w, struct asl_event event)
{
    enum status status = run_event(&w->run, event);
    for (uint32_t i = 0; status == STATUS_OK && i < w->run.out.record_count; i++) {
        if (asl_record_is_event(w->run.out.records[i].kind))
            check_event(w, &w->run.out.records[i]);
    }
    assert_well(&w->run);
    return status;
}

/* ---- what happens ---- */

static void find_waiting(struct walk *w, const struct asl_frame *f)
{
    if (!f)
        return;
    for (const struct asl_frame *child = f->first_child; child; child = child->next_sibling)
        find_waiting(w, child);
    if ((f->phase == ASL_PHASE_WORKING || f->phase == ASL_PHASE_MAPPING) &&
        w->waiting_count < MOST_WAITING)
        w->waiting[w->waiting_count++] = f;
}

static struct json_doc *any_document(struct walk *w)
{
    static const char *const texts[] = {
        "null", "'text'", "{'k':1.0}", "[{'a':[1,2,3]},{'b':'x'}]",
        "{'items':[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20],'k':{'more':[true,false]}}"};
    char *text = run_quoted(texts[chance_below(&w->chance, ARRAY_LEN(texts))]);
    struct json_doc *doc;
    assert_int_equal(json_parse(str_of(text), NULL, &doc, NULL), STATUS_OK);
    free(text);
    return doc;
}

static void fill_failure(struct walk *w, struct asl_event *event)
{
    static const char *const errors[] = {"A", "B", "States.Timeout", "States.Runtime",
                                         "States.DataLimitExceeded"};
    uint32_t which = chance_below(&w->chance, 12);
    event->error = str_of(errors[which < ARRAY_LEN(errors) ? which : which % 2]);
    event->cause = STR("because");
    event->has_error = chance_below(&w->chance, 10) > 0;
    event->has_cause = chance_below(&w->chance, 4) > 0;
    event->stage = (enum asl_task_stage)(chance_below(&w->chance, 2)
                                             ? ASL_STAGE_RUN
                                             : chance_below(&w->chance, ASL_STAGE_SCHEDULE + 1));
}

static void answer(struct walk *w)
{
    static const enum asl_event_kind kinds[] = {ASL_EVENT_TASK_SUCCEEDED, ASL_EVENT_TASK_SUCCEEDED,
                                                ASL_EVENT_TASK_SUCCEEDED, ASL_EVENT_TASK_FAILED,
                                                ASL_EVENT_TASK_STARTED,   ASL_EVENT_TASK_SUBMITTED,
                                                ASL_EVENT_TASK_HEARTBEAT};
    const struct asl_frame *f = w->waiting[chance_below(&w->chance, w->waiting_count)];
    struct asl_event event = {.frame = f->id, .attempt = f->attempt, .worker = STR("w")};
    event.kind = kinds[chance_below(&w->chance, ARRAY_LEN(kinds))];
    if (f->phase == ASL_PHASE_MAPPING)
        event.kind =
            chance_below(&w->chance, 2) ? ASL_EVENT_MAP_RUN_SUCCEEDED : ASL_EVENT_MAP_RUN_FAILED;
    if (event.kind == ASL_EVENT_TASK_FAILED || event.kind == ASL_EVENT_MAP_RUN_FAILED)
        fill_failure(w, &event);
    event.doc = any_document(w);
    assert_int_equal(happen(w, event), STATUS_OK);
    json_doc_unref(event.doc);
}

/* One task in four whose time is over has stood in line meanwhile. */
static int64_t delay(void *arg, const struct asl_frame *f)
{
    struct walk *w = arg;
    return chance_below(&w->chance, 4) ? 0 : w->run.now_ms + 1 + (int64_t)f->timeout_seconds * 500;
}

/* An answer that comes too late, or was never asked for. */
static void answer_wrongly(struct walk *w)
{
    struct asl_event event = {.kind = ASL_EVENT_TASK_SUCCEEDED,
                              .frame = chance_below(&w->chance, 20),
                              .attempt = 1000,
                              .doc = any_document(w)};
    struct buf before, after;
    buf_init(&before, TEXT_BYTES);
    buf_init(&after, TEXT_BYTES);
    asl_exec_print(w->run.x, &before);
    assert_int_equal(happen(w, event), STATUS_NOT_FOUND);
    asl_exec_print(w->run.x, &after);
    assert_true(str_eq(buf_str(&before), buf_str(&after)));
    assert_int_equal(w->run.out.record_count + w->run.out.command_count, 0);
    buf_done(&before);
    buf_done(&after);
    json_doc_unref(event.doc);
}

static void pass_time(struct walk *w, int64_t due_ms)
{
    int64_t late_ms = chance_below(&w->chance, 4) ? 0 : chance_below(&w->chance, 3000);
    if (due_ms != ASL_NEVER && due_ms > w->run.now_ms)
        w->run.now_ms = due_ms;
    w->run.now_ms += late_ms;
    assert_int_equal(happen(w, (struct asl_event){.kind = ASL_EVENT_CONTINUE}), STATUS_OK);
}

/* One thing; false when the walk is over. */
static bool go_on(struct walk *w)
{
    struct asl_exec *x = w->run.x;
    if (w->run.out.is_again) {
        if (w->run.now_ms < w->run.out.resume_ms)
            w->run.now_ms = w->run.out.resume_ms;
        return happen(w, (struct asl_event){.kind = ASL_EVENT_CONTINUE}) == STATUS_OK;
    }
    if (asl_exec_is_over(x)) {
        if (x->status == ASL_EXEC_SUCCEEDED || w->redrives++ == MOST_REDRIVES)
            return false;
        return happen(w, (struct asl_event){.kind = ASL_EVENT_REDRIVE}) == STATUS_OK;
    }
    int64_t due_ms = asl_exec_due(x);
    w->waiting_count = 0;
    find_waiting(w, x->root);
    if (w->waiting_count == 0 && due_ms == ASL_NEVER)
        fail_msg("waits for nothing");
    uint32_t what = chance_below(&w->chance, 100);
    if (what < 2)
        happen(w, (struct asl_event){.kind = ASL_EVENT_STOP});
    else if (what < 10)
        answer_wrongly(w);
    else if (what < 75 && w->waiting_count > 0)
        answer(w);
    else
        pass_time(w, due_ms);
    return true;
}

/* ---- walks ---- */

struct seen {
    unsigned records[ASL_RECORD_KINDS], commands[RUN_COMMAND_KINDS];
};

/* A definition in the quotes of run_load. */
static void load(struct walk *w)
{
    struct buf text;
    buf_init(&text, TEXT_BYTES);
    random_machine(&w->chance, false, &text);
    for (size_t i = 0; i < text.n; i++)
        text.p[i] = (char)(text.p[i] == '\'' ? '`' : text.p[i]);
    buf_add_byte(&text, '\0');
    run_load(&w->run, text.p, ASL_STANDARD, chance_below(&w->chance, 2) == 0);
    buf_done(&text);
}

static void walk(uint64_t seed, struct seen *seen)
{
    static const uint32_t moves[] = {0, 1, 3};
    struct walk w = {.chance = {seed << 32}};
    load(&w);
    w.run.options.max_moves = moves[chance_below(&w.chance, 3)];
    w.run.stops_between = true;
    w.run.options.delay = delay;
    w.run.options.delay_arg = &w;
    run_open(&w.run);
    struct asl_identity identity = {
        .id = STR("arn:aws:states:eu-west-1:123456789012:execution:walk:one"),
        .name = STR("one"),
        .role_arn = STR("arn:aws:iam::123456789012:role/demo"),
        .state_machine_id = STR("arn:aws:states:eu-west-1:123456789012:stateMachine:walk"),
        .state_machine_name = STR("walk"),
        .start_ms = w.run.now_ms};
    struct asl_event start = {.kind = ASL_EVENT_START, .identity = &identity};
    assert_int_equal(
        json_parse(STR("{ \"list\": [1, {\"k\": 2}, [3]], \"k\": 0 }"), NULL, &start.doc, NULL),
        STATUS_OK);
    assert_int_equal(happen(&w, start), STATUS_OK);
    json_doc_unref(start.doc);
    for (int i = 0; i < MOST_STEPS && go_on(&w); i++)
        ;
    for (int i = 0; i < ASL_RECORD_KINDS; i++)
        seen->records[i] += w.run.record_counts[i];
    for (int i = 0; i < RUN_COMMAND_KINDS; i++)
        seen->commands[i] += w.run.command_counts[i];
    run_finish(&w.run);
}

static void whatever_happens_the_execution_can_be_rebuilt(void **state)
{
    (void)state;
    struct seen seen = {0};
    for (uint64_t seed = 1; seed <= WALKS; seed++) {
        walk(seed, &seen);
    }
    for (int i = 0; i < ASL_RECORD_KINDS; i++) {
        if (seen.records[i] == 0)
            fail_msg("no walk met %s", asl_record_kind_name((enum asl_record_kind)i));
    }
    for (int i = 0; i < RUN_COMMAND_KINDS; i++) {
        if (seen.commands[i] == 0)
            fail_msg("no walk met %s", asl_command_kind_name((enum asl_command_kind)i));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whatever_happens_the_execution_can_be_rebuilt)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
