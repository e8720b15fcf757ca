/* SPDX-License-Identifier: Apache-2.0 */
/* The step: budgets, times, events that do not fit, AWS's ceilings, and the clock of expressions.
 */
#include "machine_test.h"

#define LOOP_STATES                                                                                \
    "'StartAt':'A','States':{'A':{'Type':'Pass','Next':'B'},'B':{'Type':'Choice','Choices':[{"     \
    "'Variable':'$.n','NumericEquals':1,'Next':'A'}],'Default':'Z'},'Z':{'Type':'Succeed'}}}"
#define LOOP "{" LOOP_STATES
#define TASK "{'StartAt':'T','States':{'T':{'Type':'Task','Resource':'" LAMBDA "','End':true}}}"

/* ---- budgets ---- */

static void an_endless_loop_leaves_by_its_budget_and_goes_on(void **state)
{
    (void)state;
    struct run r;
    run_load(&r, LOOP, ASL_STANDARD, false);
    r.stops_between = true;
    r.options.max_moves = 10;
    assert_int_equal(run_start(&r, "{'n':1}"), STATUS_OK);
    for (unsigned i = 0; i < 5; i++) {
        assert_true(r.out.is_again);
        assert_int_equal(r.out.resume_ms, 0);
        assert_int_equal(r.record_counts[ASL_STATE_ENTERED], 5 * (i + 1));
        assert_int_equal(run_after(&r, 0), STATUS_OK);
    }
    run_finish(&r);
}

static void the_usual_budget_is_2000_moves(void **state)
{
    (void)state;
    struct run r;
    run_load(&r, LOOP, ASL_STANDARD, false);
    r.stops_between = r.is_bare = true;
    assert_int_equal(run_start(&r, "{'n':1}"), STATUS_OK);
    assert_true(r.out.is_again);
    assert_int_equal(r.record_counts[ASL_STATE_ENTERED] + r.record_counts[ASL_STATE_EXITED],
                     ASL_STEP_MOVES);
    run_finish(&r);
}

static void a_step_that_makes_many_bytes_leaves_before_its_moves_are_used(void **state)
{
    (void)state;
    struct run r;
    run_load(
        &r,
        "{'QueryLanguage':'JSONata','StartAt':'A','States':{'A':{'Type':'Pass','Output':'{% "
        "$pad(`x`, 10000) & $string($random()) %}','Next':'B'},'B':{'Type':'Choice','Choices':["
        "{'Condition':true,'Next':'A'}],'Default':'Z'},'Z':{'Type':'Succeed'}}}",
        ASL_STANDARD, false);
    r.stops_between = true;
    r.options.max_bytes = 50000;
    assert_int_equal(run_start(&r, "1"), STATUS_OK);
    assert_true(r.out.is_again);
    assert_true(r.record_counts[ASL_STATE_EXITED] >= 8 && r.record_counts[ASL_STATE_EXITED] <= 12);
    run_finish(&r);
}

static void stop_acts_between_budgets(void **state)
{
    (void)state;
    struct run r;
    run_load(&r, LOOP, ASL_STANDARD, false);
    r.stops_between = true;
    r.options.max_moves = 7;
    assert_int_equal(run_start(&r, "{'n':1}"), STATUS_OK);
    assert_true(r.out.is_again);
    struct asl_event stop = {.kind = ASL_EVENT_STOP,
                             .error = STR("Enough"),
                             .cause = STR("of this"),
                             .has_error = true,
                             .has_cause = true};
    assert_int_equal(run_event(&r, stop), STATUS_OK);
    assert_false(r.out.is_again);
    assert_end(&r, "ABORTED Enough: of this");
    assert_true(run_has_record(&r, "<-0 EXECUTION_ABORTED"));
    assert_int_equal(r.command_counts[ASL_END_EXECUTION], 1);
    run_finish(&r);
}

static void the_timeout_of_the_whole_acts_between_budgets(void **state)
{
    (void)state;
    struct run r;
    run_load(&r, "{'TimeoutSeconds':2," LOOP_STATES, ASL_STANDARD, false);
    r.stops_between = true;
    r.options.max_moves = 7;
    assert_int_equal(run_start(&r, "{'n':1}"), STATUS_OK);
    assert_int_equal(asl_exec_due(r.x), RUN_START_MS + 2000);
    assert_int_equal(run_after(&r, 1999), STATUS_OK);
    assert_true(r.out.is_again);
    assert_int_equal(run_after(&r, 1), STATUS_OK);
    assert_end(&r, "TIMED_OUT States.Timeout");
    assert_true(run_has_record(&r, "<-0 EXECUTION_TIMED_OUT"));
    assert_int_equal(asl_exec_due(r.x), ASL_NEVER);
    run_finish(&r);
}

/* ---- events that do not fit ---- */

static void an_execution_starts_once(void **state)
{
    (void)state;
    struct run r;
    run_begin(&r, TASK, "{}");
    uint64_t last = r.x->last_event;
    assert_int_equal(run_start(&r, "{}"), STATUS_CONFLICT);
    assert_string_equal(r.err.name, "ExecutionRunning");
    assert_int_equal(r.x->last_event, last);
    assert_int_equal(r.out.record_count, 0);
    run_finish(&r);
}

static void assert_gone(struct run *r, struct asl_event event)
{
    uint64_t last = r->x->last_event;
    assert_int_equal(run_event(r, event), STATUS_NOT_FOUND);
    assert_string_equal(r->err.name, "TaskTimedOut");
    assert_int_equal(r->x->last_event, last);
    assert_int_equal(r->out.record_count, 0);
    assert_int_equal(r->out.command_count, 0);
}

static void events_about_tasks_that_are_gone_are_told_so(void **state)
{
    (void)state;
    struct run r;
    run_begin(&r, TASK, "{}");
    struct asl_event event = run_about(&r, "T", ASL_EVENT_TASK_HEARTBEAT);
    struct asl_event other = event;
    other.attempt++;
    assert_gone(&r, other); /* another attempt */
    other.attempt -= 2;
    assert_gone(&r, other);
    other = event;
    other.frame = 2;
    assert_gone(&r, other); /* another frame */
    other.frame = 0;
    assert_gone(&r, other);
    other = event;
    other.kind = ASL_EVENT_MAP_RUN_FAILED;
    assert_gone(&r, other); /* waits for something else */
    assert_int_equal(run_event(&r, event), STATUS_OK);
    assert_int_equal(run_succeed(&r, "T", "1"), STATUS_OK);
    assert_gone(&r, event); /* over */
    event.kind = ASL_EVENT_TASK_FAILED;
    assert_gone(&r, event);
    run_finish(&r);
}

static void no_task_is_waited_for_before_the_start(void **state)
{
    (void)state;
    struct run r;
    run_load(&r, TASK, ASL_STANDARD, false);
    run_open(&r);
    assert_gone(&r, (struct asl_event){.kind = ASL_EVENT_TASK_HEARTBEAT, .frame = 1, .attempt = 1});
    assert_int_equal(run_event(&r, (struct asl_event){.kind = ASL_EVENT_STOP}), STATUS_OK);
    assert_int_equal(run_event(&r, (struct asl_event){.kind = ASL_EVENT_CONTINUE}), STATUS_OK);
    assert_int_equal(r.x->status, ASL_EXEC_NEW);
    run_finish(&r);
}

static void a_result_without_a_document_is_refused(void **state)
{
    (void)state;
    struct run r;
    run_begin(&r, TASK, "{}");
    assert_int_equal(run_event(&r, run_about(&r, "T", ASL_EVENT_TASK_SUCCEEDED)), STATUS_INVALID);
    assert_string_equal(r.err.name, "InvalidOutput");
    assert_int_equal(run_succeed(&r, "T", "1"), STATUS_OK);
    assert_output(&r, "1");
    run_finish(&r);
}

static void text_that_is_no_utf8_is_refused(void **state)
{
    (void)state;
    struct run r;
    run_begin(&r, TASK, "{}");
    assert_int_equal(run_fail(&r, "T", "E", "caf\xE9"), STATUS_INVALID);
    assert_int_equal(run_fail(&r, "T", "\xFF", "c"), STATUS_INVALID);
    assert_string_equal(r.err.name, "InvalidText");
    assert_int_equal(run_fail(&r, "T", "E", "caf\xC3\xA9"), STATUS_OK);
    assert_end(&r, "FAILED E: caf\xC3\xA9");
    run_finish(&r);
    run_load(&r, TASK, ASL_STANDARD, false);
    run_open(&r);
    struct error err;
    struct asl_identity identity = {.name = STR("\xFF")};
    struct asl_event start = {.kind = ASL_EVENT_START, .identity = &identity};
    assert_int_equal(json_parse(STR("1"), NULL, &start.doc, &err), STATUS_OK);
    assert_int_equal(run_event(&r, start), STATUS_INVALID);
    assert_int_equal(r.x->status, ASL_EXEC_NEW);
    json_doc_unref(start.doc);
    run_finish(&r);
}

static void stopping_what_is_over_changes_nothing(void **state)
{
    (void)state;
    struct run r;
    run_begin(&r, "{'StartAt':'A','States':{'A':{'Type':'Succeed'}}}", "{}");
    assert_int_equal(run_event(&r, (struct asl_event){.kind = ASL_EVENT_STOP}), STATUS_OK);
    assert_int_equal(r.out.record_count, 0);
    assert_output(&r, "{}");
    run_finish(&r);
}

static void stopping_cancels_what_is_waited_for(void **state)
{
    (void)state;
    struct run r;
    run_begin(&r, TASK, "{}");
    assert_int_equal(run_event(&r, (struct asl_event){.kind = ASL_EVENT_STOP}), STATUS_OK);
    assert_end(&r, "ABORTED");
    assert_true(run_has_command(&r, "cancel task frame=1 attempt=1 state='T'"));
    run_finish(&r);
}

/* ---- after loading ---- */

static void what_is_waited_for_is_asked_for_again(void **state)
{
    (void)state;
    struct run r;
    run_begin(&r,
              "{'StartAt':'P','States':{'P':{'Type':'Parallel','End':true,'Branches':[{'StartAt':"
              "'T','States':{'T':{'Type':'Task','Resource':'" ACTIVITY "','TimeoutSeconds':9,'End':"
              "true}}},{'StartAt':'W','States':{'W':{'Type':'Wait','Seconds':5,'End':true}}},{"
              "'StartAt':'M','States':{'M':{'Type':'Map','ItemProcessor':{'ProcessorConfig':{'Mode'"
              ":'DISTRIBUTED','ExecutionType':'STANDARD'},'StartAt':'S','States':{'S':{'Type':"
              "'Succeed'}}},'End':true}}}]}}}",
              "[1]");
    assert_int_equal(r.out.command_count, 2);
    str token = r.out.commands[0].token;
    assert_true(token.n > 0);
    struct asl_out out;
    asl_out_init(&out);
    asl_pending(r.x, &out);
    assert_int_equal(out.command_count, 2);
    for (uint32_t i = 0; i < 2; i++) {
        assert_true(out.commands[i].is_repeated);
        assert_int_equal(out.commands[i].kind, r.out.commands[i].kind);
        assert_int_equal(out.commands[i].frame, r.out.commands[i].frame);
        assert_int_equal(out.commands[i].attempt, r.out.commands[i].attempt);
        assert_ptr_equal(out.commands[i].arguments, r.out.commands[i].arguments);
    }
    assert_true(str_eq(out.commands[0].token, token));
    asl_out_reset(&out);
    asl_out_done(&out);
    run_finish(&r);
}

/* ---- determinism ---- */

#define LIVELY                                                                                     \
    "{'QueryLanguage':'JSONata','StartAt':'A','States':{'A':{'Type':'Pass','Output':{'r':'{% "     \
    "$random() %}','u':'{% $uuid() %}','m':'{% $millis() %}'},'Next':'T'},'T':{'Type':'Task',"     \
    "'Resource':'" LAMBDA "','Arguments':'{% $now() %}','Retry':[{'ErrorEquals':['States.ALL'],"   \
    "'JitterStrategy':'FULL'}],'End':true}}}"

static void lively_run(struct run *r, uint64_t seed, struct buf *all)
{
    run_load(r, LIVELY, ASL_STANDARD, false);
    r->seed = seed;
    assert_int_equal(run_start(r, "{}"), STATUS_OK);
    buf_add(all, buf_str(&r->batch));
    assert_int_equal(run_fail(r, "T", "E", NULL), STATUS_OK);
    buf_add(all, buf_str(&r->batch));
    run_sleep(r);
    buf_add(all, buf_str(&r->batch));
    assert_int_equal(run_succeed(r, "T", "1"), STATUS_OK);
    buf_add(all, buf_str(&r->batch));
    run_finish(r);
}

static void the_same_events_and_seeds_give_the_same_bytes(void **state)
{
    (void)state;
    struct run r;
    struct buf all[3];
    static const uint64_t seeds[] = {7, 7, 8};
    for (size_t i = 0; i < 3; i++) {
        buf_init(&all[i], SIZE_MAX / 2);
        lively_run(&r, seeds[i], &all[i]);
    }
    assert_true(str_eq(buf_str(&all[0]), buf_str(&all[1])));
    assert_false(str_eq(buf_str(&all[0]), buf_str(&all[2])));
    for (size_t i = 0; i < 3; i++)
        buf_done(&all[i]);
}

/* ---- the clock ---- */

/* Each round adds $millis() to a list. */
#define CLOCK                                                                                      \
    "{'QueryLanguage':'JSONata','StartAt':'A','States':{'A':{'Type':'Pass','Output':'{% $append("  \
    "$states.input, [$millis()]) %}','Next':'B'},'B':{'Type':'Choice','Choices':[{'Condition':'{"  \
    "% $count($states.input) < 200 %}','Next':'A'}],'Default':'C'},'C':{'Type':'Succeed'}}}"

static void a_time_is_never_given_out_twice_and_at_most_50_ms_ahead(void **state)
{
    (void)state;
    struct run r;
    run_load(&r, CLOCK, ASL_STANDARD, false);
    r.stops_between = true;
    assert_int_equal(run_start(&r, "[]"), STATUS_OK);
    unsigned waits = 0;
    while (r.x->status == ASL_EXEC_RUNNING) {
        assert_true(r.out.is_again);
        assert_true(r.x->clock_ms <= r.now_ms + 50);
        if (r.out.resume_ms > 0) {
            assert_true(r.out.resume_ms > r.now_ms && r.out.resume_ms <= r.now_ms + 50);
            waits++;
        }
        assert_int_equal(run_after(&r, r.out.resume_ms > 0 ? r.out.resume_ms - r.now_ms : 0),
                         STATUS_OK);
    }
    assert_true(waits > 100);
    struct json_val list = r.x->output->root;
    assert_int_equal(list.len, 200);
    for (uint32_t i = 1; i < list.len; i++)
        assert_true(json_number(list.items[i]) > json_number(list.items[i - 1]));
    run_finish(&r);
}

static void expressions_of_one_state_see_one_time(void **state)
{
    (void)state;
    struct run r;
    run_begin(&r,
              "{'QueryLanguage':'JSONata','StartAt':'A','States':{'A':{'Type':'Pass','Assign':{'v':"
              "'{% $millis() %}'},'Output':{'a':'{% $millis() %}','b':'{% $now() %}'},'Next':'B'},"
              "'B':{'Type':'Pass','Output':'{% $states.input.a = $v and $toMillis($states.input.b)"
              " = $v and $millis() > $v %}','End':true}}}",
              "{}");
    assert_output(&r, "true");
    run_finish(&r);
}

/* The twin of the driver is compared by its clock too; here it goes on alone. */
static void a_time_is_not_given_out_again_after_recovery(void **state)
{
    (void)state;
    struct run r;
    run_begin(&r,
              "{'QueryLanguage':'JSONata','StartAt':'A','States':{'A':{'Type':'Pass','Output':'{% "
              "$millis() %}','Next':'B'},'B':{'Type':'Wait','Seconds':0,'Next':'C'},'C':{'Type':"
              "'Task','Resource':'" LAMBDA "','Arguments':'{% [$states.input, $millis()] "
              "%}','End':true}}}",
              "{}");
    assert_int_equal(r.x->clock_ms, RUN_START_MS + 1);
    assert_int_equal(r.twin->clock_ms, RUN_START_MS + 1);
    assert_quoted(run_arguments(&r, "C"), "[1767225600000,1767225600001]");
    run_finish(&r);
}

static void tasks_that_time_out_together_do_not_run_ahead(void **state)
{
    (void)state;
    struct run r;
    run_load(&r,
             "{'QueryLanguage':'JSONata','StartAt':'M','States':{'M':{'Type':'Map','Items':'{% [1.."
             "120] %}','ItemProcessor':{'StartAt':'T','States':{'T':{'Type':'Task','Resource':"
             "'" LAMBDA "','TimeoutSeconds':1,'Catch':[{'ErrorEquals':['States.ALL'],'Output':'{% "
             "$millis() %}','Next':'D'}],'End':true},'D':{'Type':'Succeed'}}},'Next':'E'},'E':{"
             "'Type':'Pass','Output':'{% $count($distinct($states.input)) %}','End':true}}}",
             ASL_STANDARD, false);
    r.is_bare = true;
    assert_int_equal(run_start(&r, "{}"), STATUS_OK);
    r.stops_between = true;
    assert_int_equal(run_after(&r, 1000), STATUS_OK);
    while (r.x->status == ASL_EXEC_RUNNING) {
        assert_true(r.out.is_again);
        assert_true(r.x->clock_ms <= r.now_ms + 50);
        assert_int_equal(run_after(&r, r.out.resume_ms > 0 ? r.out.resume_ms - r.now_ms : 0),
                         STATUS_OK);
    }
    assert_output(&r, "120");
    run_finish(&r);
}

/* ---- AWS's ceilings ---- */

static void a_history_has_25000_events_and_no_more(void **state)
{
    (void)state;
    struct run r;
    run_load(&r, LOOP, ASL_STANDARD, true);
    r.is_bare = true;
    assert_int_equal(run_start(&r, "{'n':1}"), STATUS_OK);
    assert_int_equal(r.x->last_event, 25000);
    assert_end(&r, "FAILED States.Runtime: The execution reached the maximum number of history "
                   "events (25000).");
    const struct asl_record *last = &r.out.records[r.out.record_count - 1];
    assert_int_equal(last->kind, ASL_EXECUTION_FAILED);
    assert_int_equal(last->previous, 24999);
    assert_int_equal(run_event(&r, (struct asl_event){.kind = ASL_EVENT_REDRIVE}), STATUS_CONFLICT);
    assert_string_equal(r.err.name, "ExecutionNotRedrivable");
    run_finish(&r);
}

static void express_has_no_history_to_fill(void **state)
{
    (void)state;
    struct run r;
    run_load(&r, LOOP, ASL_EXPRESS, true);
    r.is_bare = r.stops_between = true;
    assert_int_equal(run_start(&r, "{'n':1}"), STATUS_OK);
    for (unsigned i = 0; i < 15; i++)
        assert_int_equal(run_after(&r, 0), STATUS_OK);
    assert_true(r.x->last_event > 25000);
    assert_int_equal(r.x->status, ASL_EXEC_RUNNING);
    run_finish(&r);
}

#define FULL_TASK                                                                                  \
    "'Z':{'Type':'Task','Resource':'" LAMBDA "','TimeoutSeconds':1,'Catch':[{'ErrorEquals':["      \
    "'States.ALL'],'Next':'A'}],'End':true}"

static void a_full_history_ends_whatever_comes(void **state)
{
    (void)state;
    static const char *const machine =
        "{'StartAt':'Z','States':{" FULL_TASK ",'A':{'Type':'Succeed'}}}";
    /* what was there when the event came: so near the end that each of its records is tried */
    for (uint64_t left = 0; left < 4; left++) {
        for (int what = 0; what < 3; what++) {
            struct run r;
            run_load(&r, machine, ASL_STANDARD, true);
            r.is_bare = true;
            assert_int_equal(run_start(&r, "{}"), STATUS_OK);
            r.x->last_event = ASL_MAX_HISTORY - 1 - left;
            if (what == 0)
                assert_int_equal(run_after(&r, 1000), STATUS_OK);
            else if (what == 1)
                assert_int_equal(run_fail(&r, "Z", "E", NULL), STATUS_OK);
            else
                assert_int_equal(run_succeed(&r, "Z", "1"), STATUS_OK);
            assert_int_equal(r.x->last_event <= ASL_MAX_HISTORY, 1);
            assert_true(asl_exec_is_over(r.x));
            if (left < 2)
                assert_int_equal(r.x->last_event, ASL_MAX_HISTORY);
            run_finish(&r);
        }
    }
}

static void a_full_history_ends_iterations_wherever_they_are(void **state)
{
    (void)state;
    static const char *const machine =
        "{'StartAt':'M','States':{'M':{'Type':'Map','ItemProcessor':{'StartAt':'P','States':{'P':{"
        "'Type':'Pass','Next':'T'},'T':{'Type':'Task','Resource':'" LAMBDA
        "','Next':'Q'},'Q':{'Type':'Pass','End':true}}},'Next':'S'},'S':{'Type':'Succeed'}}}";
    for (uint64_t left = 0; left < 12; left++) {
        struct run r;
        run_load(&r, machine, ASL_STANDARD, true);
        r.is_bare = true;
        assert_int_equal(run_start(&r, "[1,2]"), STATUS_OK);
        r.x->last_event = ASL_MAX_HISTORY - 1 - left;
        for (unsigned i = 0; i < 2 && r.x->status == ASL_EXEC_RUNNING; i++)
            assert_int_equal(run_succeed(&r, "T", "1"), STATUS_OK);
        assert_true(asl_exec_is_over(r.x));
        assert_true(r.x->last_event <= ASL_MAX_HISTORY);
        if (r.x->status == ASL_EXEC_FAILED) { /* and the limit lifted, it can go on */
            r.x->options.strict = false;
            assert_int_equal(run_event(&r, (struct asl_event){.kind = ASL_EVENT_REDRIVE}),
                             STATUS_OK);
            for (unsigned i = 0; i < 4 && r.x->status == ASL_EXEC_RUNNING; i++)
                assert_int_equal(run_succeed(&r, "T", "1"), STATUS_OK);
            assert_output(&r, "[1,1]");
        }
        run_finish(&r);
    }
}

/* A JSON string of so many bytes with its quotes. */
static str text_of_bytes(size_t bytes)
{
    char *p = malloc(bytes);
    assert_non_null(p);
    memset(p, 'x', bytes);
    p[0] = p[bytes - 1] = '"';
    return (str){p, bytes};
}

static void start_with_bytes(struct run *r, const char *definition, size_t bytes)
{
    str text = text_of_bytes(bytes);
    run_load(r, definition, ASL_STANDARD, true);
    r->is_bare = true;
    assert_int_equal(run_start_json(r, text), STATUS_OK);
    free((char *)(uintptr_t)text.p);
}

static void an_output_of_262144_bytes_fits_and_one_more_does_not(void **state)
{
    (void)state;
    static const char *const machine = "{'StartAt':'A','States':{'A':{'Type':'Pass','End':true}}}";
    struct run r;
    start_with_bytes(&r, machine, 262144);
    assert_int_equal(r.x->status, ASL_EXEC_SUCCEEDED);
    run_finish(&r);
    start_with_bytes(&r, machine, 262145);
    assert_end(&r, "FAILED States.DataLimitExceeded: The state/task `A` returned a result with a "
                   "size exceeding the maximum number of bytes service limit.");
    run_finish(&r);
}

static void a_result_of_262144_bytes_fits_and_one_more_can_be_caught(void **state)
{
    (void)state;
    for (size_t more = 0; more < 2; more++) {
        struct run r;
        struct error err;
        run_load(&r,
                 "{'StartAt':'T','States':{'T':{'Type':'Task','Resource':'" LAMBDA
                 "','ResultSelector':{'ok':true},'Catch':[{'ErrorEquals':['States.ALL'],'Next':'C'}"
                 "],'End':true},'C':{'Type':'Succeed'}}}",
                 ASL_STANDARD, true);
        assert_int_equal(run_start(&r, "{}"), STATUS_OK);
        struct asl_event event = run_about(&r, "T", ASL_EVENT_TASK_SUCCEEDED);
        str text = text_of_bytes(262144 + more);
        assert_int_equal(json_parse(text, NULL, &event.doc, &err), STATUS_OK);
        assert_int_equal(run_event(&r, event), STATUS_OK);
        assert_output(&r, more == 0
                              ? "{'ok':true}"
                              : "{'Error':'States.DataLimitExceeded','Cause':'The state/task "
                                "`lambda` returned a result with a size exceeding the maximum "
                                "number of bytes service limit.'}");
        json_doc_unref(event.doc);
        free((char *)(uintptr_t)text.p);
        run_finish(&r);
    }
}

static void nothing_is_too_large_without_the_ceilings(void **state)
{
    (void)state;
    struct run r;
    str text = text_of_bytes(1 << 20);
    run_load(&r, "{'StartAt':'A','States':{'A':{'Type':'Pass','End':true}}}", ASL_STANDARD, false);
    assert_int_equal(run_start_json(&r, text), STATUS_OK);
    assert_int_equal(r.x->status, ASL_EXEC_SUCCEEDED);
    free((char *)(uintptr_t)text.p);
    run_finish(&r);
}

static void the_variables_of_one_assign_have_262144_bytes_together(void **state)
{
    (void)state;
    static const struct {
        const char *assign, *end;
    } cases[] = {
        {"{'a':'{% $pad(``, 262142, `x`) %}'}", "SUCCEEDED"},
        {"{'a':'{% $pad(``, 262143, `x`) %}'}",
         "FAILED States.DataLimitExceeded: An error occurred while executing the state `A` "
         "(entered "
         "at the event id #2). The variables assigned exceed the maximum number of bytes service "
         "limit for one Assign."},
        {"{'a':'{% $pad(``, 200000, `x`) %}','b':'{% $pad(``, 62140, `x`) %}'}", "SUCCEEDED"},
        {"{'a':'{% $pad(``, 200000, `x`) %}','b':'{% $pad(``, 62141, `x`) %}'}",
         "FAILED States.DataLimitExceeded: An error occurred while executing the state `A` "
         "(entered "
         "at the event id #2). The variables assigned exceed the maximum number of bytes service "
         "limit for one Assign."},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct run r;
        char text[512];
        snprintf(text, sizeof(text),
                 "{'QueryLanguage':'JSONata','StartAt':'A','States':{'A':{'Type':'Pass','Assign':%s"
                 ",'End':true}}}",
                 cases[i].assign);
        run_load(&r, text, ASL_STANDARD, true);
        assert_int_equal(run_start(&r, "1"), STATUS_OK);
        assert_end(&r, cases[i].end);
        assert_int_equal(r.record_counts[ASL_EVALUATION_FAILED],
                         r.x->status == ASL_EXEC_FAILED ? 1 : 0);
        run_finish(&r);
    }
}

/* Each iteration has a variable of 262,144 bytes; 40 of them are 10 MiB to the byte. */
static void all_variables_have_10_mib_together(void **state)
{
    (void)state;
    for (unsigned more = 0; more < 2; more++) {
        struct run r;
        char text[1024];
        snprintf(text, sizeof(text),
                 "{'QueryLanguage':'JSONata','StartAt':'A','States':{'A':{'Type':'Pass'%s,'Next':"
                 "'M'},'M':{'Type':'Map','Items':'{%% [1..40] %%}','ItemProcessor':{'StartAt':'V',"
                 "'States':{'V':{'Type':'Pass','Assign':{'v':'{%% $pad(``, 262142, `x`) %%}'},"
                 "'Output':1,'Next':'W'},'W':{'Type':'Wait','Seconds':1,'End':true}}},'Next':'E'},"
                 "'E':{'Type':'Pass','Assign':{'x':1},'Output':'{%% $count($states.input) "
                 "%%}','End':true}}}",
                 more ? ",'Assign':{'w':1}" : "");
        run_load(&r, text, ASL_STANDARD, true);
        r.is_bare = true;
        assert_int_equal(run_start(&r, "1"), STATUS_OK);
        if (more == 0) {
            assert_int_equal(r.x->variable_bytes, 10485760);
            run_sleep(&r);
            assert_output(&r, "40");
            assert_int_equal(r.x->variable_bytes, 0);
        } else {
            assert_end(&r, "FAILED States.DataLimitExceeded: An error occurred while executing the "
                           "state `V` (entered at the event id #85). The variables of the "
                           "execution exceed the maximum number of bytes service limit.");
        }
        run_finish(&r);
    }
}

static void a_variable_that_is_set_again_counts_once(void **state)
{
    (void)state;
    struct run r;
    run_load(&r,
             "{'QueryLanguage':'JSONata','StartAt':'A','States':{'A':{'Type':'Pass','Assign':{'v':"
             "'{% $pad(``, 262142, `x`) %}'},'Output':'{% $states.input + 1 %}','Next':'B'},'B':{"
             "'Type':'Choice','Choices':[{'Condition':'{% $states.input < 60 %}','Next':'A'}],"
             "'Default':'C'},'C':{'Type':'Succeed'}}}",
             ASL_STANDARD, true);
    r.is_bare = true;
    assert_int_equal(run_start(&r, "0"), STATUS_OK);
    assert_output(&r, "60");
    run_finish(&r);
}

#define LONG_WAIT "'StartAt':'W','States':{'W':{'Type':'Wait','Seconds':1000,'End':true}}}"

static void express_ends_after_five_minutes(void **state)
{
    (void)state;
    static const struct {
        const char *definition;
        enum asl_type type;
        bool strict;
        int64_t due_ms;
    } cases[] = {
        {"{" LONG_WAIT, ASL_EXPRESS, true, 300000},
        {"{'TimeoutSeconds':400," LONG_WAIT, ASL_EXPRESS, true, 300000},
        {"{'TimeoutSeconds':200," LONG_WAIT, ASL_EXPRESS, true, 200000},
        {"{" LONG_WAIT, ASL_EXPRESS, false, 1000000},
        {"{" LONG_WAIT, ASL_STANDARD, true, 1000000},
        {"{'TimeoutSeconds':400," LONG_WAIT, ASL_STANDARD, true, 400000},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct run r;
        run_load(&r, cases[i].definition, cases[i].type, cases[i].strict);
        assert_int_equal(run_start(&r, "{}"), STATUS_OK);
        assert_int_equal(asl_exec_due(r.x) - RUN_START_MS, cases[i].due_ms);
        assert_int_equal(run_after(&r, cases[i].due_ms), STATUS_OK);
        assert_int_equal(r.x->status,
                         cases[i].due_ms == 1000000 ? ASL_EXEC_SUCCEEDED : ASL_EXEC_TIMED_OUT);
        run_finish(&r);
    }
}

static void forty_iterations_run_at_once_under_the_ceilings(void **state)
{
    (void)state;
    static const struct {
        const char *concurrency;
        bool strict;
        uint32_t at_once;
    } cases[] = {{"0", true, 40},   {"50", true, 40},  {"40", true, 40}, {"7", true, 7},
                 {"0", false, 100}, {"50", false, 50}, {"7", false, 7}};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct run r;
        char text[512];
        snprintf(
            text, sizeof(text),
            "{'QueryLanguage':'JSONata','StartAt':'M','States':{'M':{'Type':'Map','Items':'{%% "
            "[1..100] %%}','MaxConcurrency':%s,'ItemProcessor':{'StartAt':'W','States':{'W':{"
            "'Type':'Wait','Seconds':1,'End':true}}},'End':true}}}",
            cases[i].concurrency);
        run_load(&r, text, ASL_STANDARD, cases[i].strict);
        assert_int_equal(run_start(&r, "{}"), STATUS_OK);
        struct asl_frame *map = r.x->root;
        assert_int_equal(map->started, cases[i].at_once);
        assert_int_equal(map->ended, 0);
        run_sleep(&r);
        assert_int_equal(r.x->status, ASL_EXEC_SUCCEEDED);
        assert_int_equal(r.record_counts[ASL_ITERATION_SUCCEEDED], 100);
        run_finish(&r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_endless_loop_leaves_by_its_budget_and_goes_on),
        cmocka_unit_test(the_usual_budget_is_2000_moves),
        cmocka_unit_test(a_step_that_makes_many_bytes_leaves_before_its_moves_are_used),
        cmocka_unit_test(stop_acts_between_budgets),
        cmocka_unit_test(the_timeout_of_the_whole_acts_between_budgets),
        cmocka_unit_test(an_execution_starts_once),
        cmocka_unit_test(events_about_tasks_that_are_gone_are_told_so),
        cmocka_unit_test(no_task_is_waited_for_before_the_start),
        cmocka_unit_test(a_result_without_a_document_is_refused),
        cmocka_unit_test(text_that_is_no_utf8_is_refused),
        cmocka_unit_test(stopping_what_is_over_changes_nothing),
        cmocka_unit_test(stopping_cancels_what_is_waited_for),
        cmocka_unit_test(what_is_waited_for_is_asked_for_again),
        cmocka_unit_test(the_same_events_and_seeds_give_the_same_bytes),
        cmocka_unit_test(a_time_is_never_given_out_twice_and_at_most_50_ms_ahead),
        cmocka_unit_test(expressions_of_one_state_see_one_time),
        cmocka_unit_test(a_time_is_not_given_out_again_after_recovery),
        cmocka_unit_test(tasks_that_time_out_together_do_not_run_ahead),
        cmocka_unit_test(a_history_has_25000_events_and_no_more),
        cmocka_unit_test(express_has_no_history_to_fill),
        cmocka_unit_test(a_full_history_ends_whatever_comes),
        cmocka_unit_test(a_full_history_ends_iterations_wherever_they_are),
        cmocka_unit_test(an_output_of_262144_bytes_fits_and_one_more_does_not),
        cmocka_unit_test(a_result_of_262144_bytes_fits_and_one_more_can_be_caught),
        cmocka_unit_test(nothing_is_too_large_without_the_ceilings),
        cmocka_unit_test(the_variables_of_one_assign_have_262144_bytes_together),
        cmocka_unit_test(all_variables_have_10_mib_together),
        cmocka_unit_test(a_variable_that_is_set_again_counts_once),
        cmocka_unit_test(express_ends_after_five_minutes),
        cmocka_unit_test(forty_iterations_run_at_once_under_the_ceilings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
