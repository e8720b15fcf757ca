/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which record fits where, and what asl_exec_check finds. The table of phases here is written from
 * the drawing in asl/exec.h, not from the one in apply.c.
 */
#include "machine_test.h"

#include "asl/apply.h"

/* An execution with a frame for every kind of record: a Parallel of a Task with a retrier, a Wait,
 * a Map that has started one of two iterations, and a distributed Map. */
#define ALL                                                                                        \
    "{'StartAt':'P','States':{'P':{'Type':'Parallel','End':true,'Branches':[{'StartAt':'T',"       \
    "'States':{'T':{'Type':'Task','Resource':'" LAMBDA                                             \
    "','Retry':[{'ErrorEquals':['E']}],'Assign':{'v':1},'End':true}}},{'StartAt':'W','States':{"   \
    "'W':{'Type':'Wait','Seconds':9,'End':true}}},{'StartAt':'M','States':{'M':{'Type':'Map',"     \
    "'MaxConcurrency':1,'ItemProcessor':{'StartAt':'I','States':{'I':{'Type':'Task','Resource':'"  \
    "" LAMBDA "','End':true}}},'End':true}}},{'StartAt':'D','States':{'D':{'Type':'Map',"          \
    "'ItemProcessor':{'ProcessorConfig':{'Mode':'DISTRIBUTED','ExecutionType':'STANDARD'},"        \
    "'StartAt':'S','States':{'S':{'Type':'Succeed'}}},'End':true}}}]}}}"

#define LIVE "ENTERING RUNNING WORKING SLEEPING RETRYING STARTING BRANCHING MAPPING FINISHING "
#define ENTERED "RUNNING WORKING SLEEPING RETRYING STARTING BRANCHING MAPPING FINISHING "

struct row {
    enum asl_record_kind kind;
    const char *state;  /* where the frame stands */
    const char *phases; /* in which it fits */
    bool is_event, needs_doc, needs_state;
    int64_t number;
};

static const struct row ROWS[] = {
    {ASL_STATE_ENTERED, "T", "ENTERING ", true, true, true, 0},
    {ASL_STATE_EXITED, "T", ENTERED, true, true, true, 0},
    {ASL_STATE_ABORTED, "T", ENTERED, true, false, true, 0},
    {ASL_TASK_SCHEDULED, "T", "RUNNING ", true, true, true, 0},
    {ASL_TASK_SCHEDULE_FAILED, "T", "WORKING ", true, false, true, 0},
    {ASL_TASK_STARTED, "T", "WORKING ", true, false, true, 0},
    {ASL_TASK_START_FAILED, "T", "WORKING ", true, false, true, 0},
    {ASL_TASK_SUBMITTED, "T", "WORKING ", true, true, true, 0},
    {ASL_TASK_SUBMIT_FAILED, "T", "WORKING ", true, false, true, 0},
    {ASL_TASK_SUCCEEDED, "T", "WORKING ", true, true, true, 0},
    {ASL_TASK_FAILED, "T", "WORKING ", true, false, true, 0},
    {ASL_TASK_TIMED_OUT, "T", "WORKING ", true, false, true, 0},
    {ASL_PARALLEL_STARTED, "P", "RUNNING ", true, true, false, 4},
    {ASL_PARALLEL_FAILED, "P", ENTERED, true, false, false, 0},
    {ASL_MAP_STARTED, "M", "RUNNING ", true, true, false, 2},
    {ASL_MAP_FAILED, "M", ENTERED, true, false, false, 0},
    {ASL_ITERATION_STARTED, "M", "STARTING BRANCHING ", true, true, false, 1},
    {ASL_ITERATION_SUCCEEDED, "I", "ENDED ", true, true, false, 0},
    {ASL_ITERATION_FAILED, "I", "FAILED ", true, false, false, 0},
    {ASL_ITERATION_ABORTED, "I", LIVE, true, false, false, 0},
    {ASL_MAP_RUN_STARTED, "D", "RUNNING ", true, true, false, 0},
    {ASL_MAP_RUN_SUCCEEDED, "D", "MAPPING ", true, true, false, 0},
    {ASL_MAP_RUN_FAILED, "D", "MAPPING ", true, false, false, 0},
    {ASL_MAP_RUN_ABORTED, "D", "MAPPING ", true, false, false, 0},
    {ASL_MAP_RUN_REDRIVEN, "D", "MAPPING ", true, false, false, 0},
    {ASL_EVALUATION_FAILED, "T", ENTERED, true, false, true, 0},
    {ASL_BRANCH_SUCCEEDED, "T", "ENDED ", false, true, false, 0},
    {ASL_FRAME_FAILED, "T", LIVE, false, false, false, 0},
    {ASL_FRAME_ABORTED, "T", LIVE, false, false, false, 0},
    {ASL_FRAME_RESUMED, "T", "FAILED ABORTED ", false, false, false, ASL_PHASE_RUNNING},
    {ASL_WAIT_BEGUN, "W", "RUNNING ", false, false, false, 0},
    {ASL_RETRY_PLANNED, "T", ENTERED, false, false, false, 0},
    {ASL_RETRY_BEGUN, "T", "RETRYING ", false, false, false, 0},
    {ASL_STATE_FINISHED, "W", "RUNNING SLEEPING ", false, true, false, 0},
    {ASL_HEARTBEAT, "T", "WORKING ", false, false, false, 0},
    {ASL_TASK_DELAYED, "T", "WORKING ", false, false, false, 0},
};

static const char *const PHASES[] = {
#define X(id, text) #id " ",
    ASL_PHASE_LIST(X)
#undef X
};

static struct asl_record record_of(const struct run *r, const struct row *row,
                                   const struct asl_frame *f)
{
    struct asl_record record = {.kind = row->kind,
                                .frame = f->id,
                                .state = f->state->number,
                                .next = ASL_NO_STATE,
                                .child = r->x->next_frame,
                                .number = row->number,
                                .doc = row->needs_doc ? r->x->input : NULL};
    record.event = row->is_event ? r->x->last_event + 1 : 0;
    record.previous = 0;
    return record;
}

static bool fits(const struct run *r, const struct asl_record *record)
{
    struct error err = {0};
    enum status status = asl_record_check(r->x, record, &err);
    if (status == STATUS_OK)
        return true;
    assert_int_equal(status, STATUS_CORRUPT);
    assert_string_equal(err.name, "RecordCorrupt");
    assert_non_null(strstr(err.message, asl_record_kind_name(record->kind)));
    return false;
}

static void a_record_in_a_wrong_phase_is_refused(void **state)
{
    (void)state;
    struct run r;
    run_begin(&r, ALL, "[1,2]");
    for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
        struct asl_frame *f = run_frame(&r, ROWS[i].state);
        struct asl_record record = record_of(&r, &ROWS[i], f);
        enum asl_phase was = f->phase;
        for (size_t phase = 0; phase < ARRAY_LEN(PHASES); phase++) {
            f->phase = (enum asl_phase)phase;
            bool expected = strstr(ROWS[i].phases, PHASES[phase]) != NULL;
            if (fits(&r, &record) != expected)
                fail_msg("%s in %s", asl_record_kind_name(record.kind), PHASES[phase]);
        }
        f->phase = was;
    }
    run_finish(&r);
}

static enum asl_phase first_phase(const char *phases)
{
    for (size_t i = 0; i < ARRAY_LEN(PHASES); i++) {
        if (strstr(phases, PHASES[i]))
            return (enum asl_phase)i;
    }
    fail_msg("%s", phases);
    return ASL_PHASE_ENTERING;
}

/* Each record is right but for one thing. */
static void a_record_that_says_something_else_is_refused(void **state)
{
    (void)state;
    struct run r;
    run_begin(&r, ALL, "[1,2]");
    for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
        struct asl_frame *f = run_frame(&r, ROWS[i].state);
        struct asl_record right = record_of(&r, &ROWS[i], f), wrong;
        enum asl_phase was = f->phase;
        f->phase = first_phase(ROWS[i].phases);
        assert_true(fits(&r, &right));
        wrong = right;
        wrong.frame = 99;
        assert_false(fits(&r, &wrong));
        wrong = right;
        wrong.event += 1;
        assert_false(fits(&r, &wrong));
        if (ROWS[i].is_event) {
            wrong.event = 0;
            assert_false(fits(&r, &wrong));
            wrong.event = r.x->last_event;
            assert_false(fits(&r, &wrong));
        }
        wrong = right;
        wrong.doc = NULL;
        if (ROWS[i].needs_doc)
            assert_false(fits(&r, &wrong));
        wrong = right;
        wrong.state = run_frame(&r, "W")->state->number + (f == run_frame(&r, "W"));
        if (ROWS[i].needs_state)
            assert_false(fits(&r, &wrong));
        r.x->status = ASL_EXEC_FAILED;
        assert_false(fits(&r, &right));
        r.x->status = ASL_EXEC_RUNNING;
        f->phase = was;
    }
    run_finish(&r);
}

static void a_record_in_a_state_of_another_type_is_refused(void **state)
{
    (void)state;
    static const struct {
        enum asl_record_kind kind;
        const char *state;
    } cases[] = {
        {ASL_TASK_SCHEDULED, "W"},   {ASL_TASK_SUCCEEDED, "M"},   {ASL_HEARTBEAT, "P"},
        {ASL_PARALLEL_STARTED, "M"}, {ASL_MAP_STARTED, "P"},      {ASL_MAP_RUN_STARTED, "M"},
        {ASL_MAP_RUN_STARTED, "T"},  {ASL_MAP_SUCCEEDED, "P"},    {ASL_BRANCH_STARTED, "M"},
        {ASL_RETRY_PLANNED, "W"},    {ASL_ITERATION_STARTED, "P"}};
    struct run r;
    run_begin(&r, ALL, "[1,2]");
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct row row = {cases[i].kind, cases[i].state, LIVE, asl_record_is_event(cases[i].kind),
                          true,          true,           0};
        struct asl_frame *f = run_frame(&r, row.state);
        struct asl_record record = record_of(&r, &row, f);
        enum asl_phase was = f->phase;
        for (size_t phase = 0; phase < ARRAY_LEN(PHASES); phase++) {
            f->phase = (enum asl_phase)phase;
            if (fits(&r, &record))
                fail_msg("%s in %s", asl_record_kind_name(record.kind), row.state);
        }
        f->phase = was;
    }
    run_finish(&r);
}

static void numbers_out_of_range_are_refused(void **state)
{
    (void)state;
    static const struct {
        enum asl_record_kind kind;
        const char *state;
        enum asl_phase phase;
        int64_t right, wrong[3];
    } cases[] = {
        {ASL_RETRY_PLANNED, "T", ASL_PHASE_RUNNING, 0, {-1, 1, INT64_MAX}},
        {ASL_FRAME_RESUMED, "T", ASL_PHASE_FAILED, ASL_PHASE_ENTERING, {-1, ASL_PHASE_WORKING, 99}},
        {ASL_FRAME_RESUMED,
         "T",
         ASL_PHASE_ABORTED,
         ASL_PHASE_RUNNING,
         {ASL_PHASE_BRANCHING, ASL_PHASE_FINISHING, ASL_PHASE_MAPPING}},
        {ASL_PARALLEL_STARTED, "P", ASL_PHASE_RUNNING, 4, {3, 5, -1}},
        {ASL_MAP_STARTED, "M", ASL_PHASE_RUNNING, 2, {1, 3, -1}},
        {ASL_ITERATION_STARTED, "M", ASL_PHASE_STARTING, 1, {0, 2, -1}},
    };
    struct run r;
    run_begin(&r, ALL, "[1,2]");
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct row row = {cases[i].kind, cases[i].state, LIVE, asl_record_is_event(cases[i].kind),
                          true,          true,           0};
        struct asl_frame *f = run_frame(&r, row.state);
        struct asl_record record = record_of(&r, &row, f);
        enum asl_phase was = f->phase;
        f->phase = cases[i].phase;
        record.number = cases[i].right;
        assert_true(fits(&r, &record));
        for (size_t k = 0; k < 3; k++) {
            record.number = cases[i].wrong[k];
            if (fits(&r, &record))
                fail_msg("%s: %lld", asl_record_kind_name(record.kind), (long long)record.number);
        }
        f->phase = was;
    }
    run_finish(&r);
}

static void a_child_has_the_next_number_and_room(void **state)
{
    (void)state;
    struct run r;
    run_begin(&r, ALL, "[1,2]");
    struct asl_frame *m = run_frame(&r, "M");
    struct row row = {ASL_ITERATION_STARTED, "M", LIVE, true, true, true, 1};
    struct asl_record record = record_of(&r, &row, m);
    assert_true(fits(&r, &record));
    record.child = r.x->next_frame - 1; /* one that was there */
    assert_false(fits(&r, &record));
    record.child = UINT32_MAX;
    assert_false(fits(&r, &record));
    record.child = r.x->next_frame;
    m->started = m->total;
    record.number = m->total;
    assert_false(fits(&r, &record));
    m->started = 1;
    run_finish(&r);
}

static void variables_and_the_next_state_are_those_of_the_machine(void **state)
{
    (void)state;
    struct run r;
    run_begin(&r, ALL, "[1,2]");
    struct asl_frame *t = run_frame(&r, "T");
    struct row row = {ASL_STATE_EXITED, "T", LIVE, true, true, true, 0};
    struct asl_record record = record_of(&r, &row, t);
    struct asl_slot slot = {0, r.x->input};
    record.assigned = &slot;
    record.assigned_count = 1;
    assert_true(fits(&r, &record));
    slot.variable = 1;
    assert_false(fits(&r, &record));
    slot = (struct asl_slot){0, NULL};
    assert_false(fits(&r, &record));
    record.assigned_count = 0;
    record.next = run_frame(&r, "W")->state->number; /* of another branch */
    assert_false(fits(&r, &record));
    record.next = r.definition->state_count;
    assert_false(fits(&r, &record));
    record.next = t->state->number;
    assert_true(fits(&r, &record));
    run_finish(&r);
}

static void records_of_the_whole_fit_its_status(void **state)
{
    (void)state;
    static const struct {
        enum asl_record_kind kind;
        const char *statuses;
    } cases[] = {{ASL_EXECUTION_FAILED, "RUNNING"},
                 {ASL_EXECUTION_ABORTED, "RUNNING"},
                 {ASL_EXECUTION_TIMED_OUT, "RUNNING"},
                 {ASL_EXECUTION_REDRIVEN, "FAILED TIMED_OUT ABORTED"},
                 {ASL_EXECUTION_STARTED, ""}};
    struct run r;
    run_begin(&r, ALL, "[1,2]");
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        for (int status = ASL_EXEC_NEW; status <= ASL_EXEC_ABORTED; status++) {
            struct asl_record record = {.kind = cases[i].kind,
                                        .event = r.x->last_event + 1,
                                        .doc = r.x->input,
                                        .identity = &r.x->identity};
            r.x->status = (enum asl_status)status;
            bool expected = strstr(cases[i].statuses, asl_status_name(r.x->status)) != NULL;
            if (fits(&r, &record) != expected)
                fail_msg("%s in %s", asl_record_kind_name(record.kind),
                         asl_status_name(r.x->status));
        }
    }
    r.x->status = ASL_EXEC_RUNNING;
    run_finish(&r);
}

/* ---- asl_exec_check ---- */

static void expect_fault(struct run *r, const char *fault)
{
    struct error err = {0};
    assert_int_equal(asl_exec_check(r->x, &err), STATUS_CORRUPT);
    assert_string_equal(err.name, "ExecutionCorrupt");
    if (!strstr(err.message, fault))
        fail_msg("expected %s, got %s", fault, err.message);
}

/* Puts something in a place as long as the check runs. */
#define WITH(r, place, value, fault)                                                               \
    do {                                                                                           \
        __typeof__(place) was = (place);                                                           \
        (place) = (value);                                                                         \
        expect_fault(r, fault);                                                                    \
        (place) = was;                                                                             \
        assert_int_equal(asl_exec_check((r)->x, NULL), STATUS_OK);                                 \
    } while (0)

static void a_fault_of_the_whole_is_found(void **state)
{
    (void)state;
    struct run r;
    run_begin(&r, ALL, "[1,2]");
    struct asl_exec *x = r.x;
    WITH(&r, x->root, NULL, "no frames");
    WITH(&r, x->status, ASL_EXEC_NEW, "should have none");
    WITH(&r, x->status, ASL_EXEC_SUCCEEDED, "should have none");
    WITH(&r, x->status, ASL_EXEC_FAILED, "is over in an execution that is not");
    WITH(&r, x->input, NULL, "no input");
    WITH(&r, x->output, x->input, "no output, or should have none");
    WITH(&r, x->root->id, 2, "another number");
    WITH(&r, x->last_event, UINT64_MAX, "out of range");
    WITH(&r, x->documents.next, UINT64_MAX, "out of range");
    WITH(&r, x->clock_ms, -1, "out of range");
    WITH(&r, x->clock_ms, INT64_MAX, "out of range");
    run_finish(&r);
}

static void a_fault_of_a_frame_is_found(void **state)
{
    (void)state;
    struct run r;
    run_begin(&r, ALL, "[1,2]");
    struct asl_frame *t = run_frame(&r, "T"), *w = run_frame(&r, "W"), *d = run_frame(&r, "D");
    WITH(&r, t->state, w->state, "another machine");
    WITH(&r, t->input, NULL, "no input");
    WITH(&r, t->phase, ASL_PHASE_FAILED, "is over");
    WITH(&r, t->phase, ASL_PHASE_ABORTED, "is over");
    WITH(&r, t->phase, ASL_PHASE_RUNNING, "queue");
    WITH(&r, t->phase, ASL_PHASE_ENDED, "has ended and is still there");
    WITH(&r, t->phase, ASL_PHASE_SLEEPING, "sleeps outside of a Wait");
    WITH(&r, t->phase, ASL_PHASE_RETRYING, "retries without a retrier");
    WITH(&r, t->phase, ASL_PHASE_BRANCHING, "waits for no child");
    WITH(&r, t->phase, ASL_PHASE_MAPPING, "waits for no map run");
    WITH(&r, t->is_ready, true, "queue");
    WITH(&r, t->arguments, NULL, "has no task");
    WITH(&r, w->phase, ASL_PHASE_WORKING, "has no task");
    WITH(&r, d->map_run, NULL, "waits for no map run");
    WITH(&r, d->ended, 1, "without a place for their results");
    WITH(&r, d->total, 1, "without a place for their results");
    WITH(&r, t->timeout_seconds, -1, "time span");
    WITH(&r, t->heartbeat_seconds, 1e10, "time span");
    WITH(&r, t->chain, r.x->last_event + 1, "has not happened");
    WITH(&r, t->entered, r.x->last_event + 1, "has not happened");
    WITH(&r, t->entered_previous, r.x->last_event + 1, "has not happened");
    WITH(&r, d->run_ended, r.x->last_event + 1, "has not happened");
    run_finish(&r);
}

static void a_fault_among_children_is_found(void **state)
{
    (void)state;
    struct run r;
    run_begin(&r, ALL, "[1,2]");
    struct asl_frame *p = r.x->root, *m = run_frame(&r, "M"), *i = run_frame(&r, "I");
    WITH(&r, p->total, 5, "another number of children");
    WITH(&r, m->started, 3, "another number of children");
    WITH(&r, m->started, 2, "miscounted");
    WITH(&r, p->started, 5, "another number of children");
    WITH(&r, p->ended, 1, "miscounted");
    WITH(&r, i->index, 1, "has a child twice");
    WITH(&r, p->first_child->next_sibling->index, 0, "has a child twice");
    WITH(&r, m->results[0], r.x->input, "has a child twice, or one that has ended");
    WITH(&r, m->results[1], r.x->input, "miscounted");
    WITH(&r, m->items, NULL, "another number of children");
    WITH(&r, m->concurrency, 2, "waits for no child"); /* there is room for another */
    run_finish(&r);
}

static void a_fault_of_a_frame_that_can_go_on_is_found(void **state)
{
    (void)state;
    struct run r;
    run_load(&r, ALL, ASL_STANDARD, false);
    r.options.max_moves = 1;
    r.stops_between = true;
    assert_int_equal(run_start(&r, "[1,2]"), STATUS_OK);
    struct asl_frame *p = r.x->root;
    assert_int_equal(p->phase, ASL_PHASE_RUNNING);
    WITH(&r, p->is_ready, false, "queue");
    WITH(&r, p->phase, ASL_PHASE_ENTERING, "entered twice");
    WITH(&r, p->phase, ASL_PHASE_STARTING, "has no child to start");
    WITH(&r, p->phase, ASL_PHASE_FINISHING, "finishes without a result");
    WITH(&r, p->phase, ASL_PHASE_WORKING, "queue");
    run_finish(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_record_in_a_wrong_phase_is_refused),
        cmocka_unit_test(a_record_that_says_something_else_is_refused),
        cmocka_unit_test(a_record_in_a_state_of_another_type_is_refused),
        cmocka_unit_test(numbers_out_of_range_are_refused),
        cmocka_unit_test(a_child_has_the_next_number_and_room),
        cmocka_unit_test(variables_and_the_next_state_are_those_of_the_machine),
        cmocka_unit_test(records_of_the_whole_fit_its_status),
        cmocka_unit_test(a_fault_of_the_whole_is_found),
        cmocka_unit_test(a_fault_of_a_frame_is_found),
        cmocka_unit_test(a_fault_among_children_is_found),
        cmocka_unit_test(a_fault_of_a_frame_that_can_go_on_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
