/* SPDX-License-Identifier: Apache-2.0 */
/* An engine on several loops: who runs where, and what loops tell each other. */
#include "engine_test.h"

#include "engine/team.h"
#include "json/parse.h"
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LOOPS = 3, MANY = 60, MAX_ITEMS = 1000 };

/* ---- a worker that is called on all threads ---- */

struct crew {
    pthread_mutex_t mutex;
    uint32_t asked[LOOPS]; /* tasks, by the loop that asked */
    char tokens[MANY][TOKEN_MAX];
    uint32_t token_count;
    uint32_t opened, closing;
    bool fails;
    uint32_t items[MAX_ITEMS]; /* how often a task was asked for, by its argument */
};

static uint32_t number_of(const struct engine_task *task)
{
    double n = json_is_number(task->arguments) ? json_number(task->arguments) : 0;
    return n >= 0 && n < MAX_ITEMS ? (uint32_t)n : 0;
}

/* States called keep… do not end, their tokens are remembered; fail… fails for odd numbers while it
 * is told to. */
static bool crew_work(void *arg, struct engine *e, const struct engine_task *task)
{
    struct crew *c = arg;
    str service = task->state->task.resource.resource_type;
    if (str_eq(service, STR("states")) || str_starts(service, STR("aws-sdk")))
        return false;
    bool is_kept = str_starts(task->state->name, STR("keep"));
    pthread_mutex_lock(&c->mutex);
    c->asked[engine_loop_number(e)]++;
    bool fails = c->fails && str_starts(task->state->name, STR("fail")) && number_of(task) % 2 == 1;
    if (json_is_number(task->arguments))
        c->items[number_of(task)]++;
    if (is_kept && c->token_count < MANY)
        snprintf(c->tokens[c->token_count++], TOKEN_MAX, "%.*s", STR_ARG(task->token));
    pthread_mutex_unlock(&c->mutex);
    if (is_kept)
        return true;
    struct engine_answer answer = {.kind = fails ? ASL_EVENT_TASK_FAILED : ASL_EVENT_TASK_SUCCEEDED,
                                   .error = STR("Bad"),
                                   .has_error = true};
    if (!fails)
        assert_int_equal(json_parse(STR("1"), NULL, &answer.doc, NULL), STATUS_OK);
    engine_answer_task(e, task->execution, task->frame, task->attempt, &answer);
    json_doc_unref(answer.doc);
    return true;
}

static void build(struct house *h, struct crew *c)
{
    *c = (struct crew){0};
    pthread_mutex_init(&c->mutex, NULL);
    *h = (struct house){.loops = LOOPS, .work = crew_work, .work_arg = c};
    house_build(h);
}

static void tear_down(struct house *h, struct crew *c)
{
    house_tear_down(h);
    pthread_mutex_destroy(&c->mutex);
}

static uint32_t token_count(struct house *h)
{
    struct crew *c = h->work_arg;
    pthread_mutex_lock(&c->mutex);
    uint32_t count = c->token_count;
    pthread_mutex_unlock(&c->mutex);
    return count;
}

static bool has_all_tokens(struct house *h)
{
    return token_count(h) == MANY;
}

/* ---- many executions ---- */

struct tally {
    struct house *house;
    uint32_t started, ended, refused, wanted;
    char refusal[ERROR_NAME_MAX];
};

static void count_one(struct tally *t, uint32_t *what)
{
    (*what)++;
    if (t->ended + t->refused == t->wanted)
        loop_stop(t->house->loop);
}

static void tally_started(void *arg, int64_t execution, str arn, int64_t start_ms)
{
    struct tally *t = arg;
    assert_true(execution > 0 && start_ms > 0);
    assert_true(str_starts(arn, STR("arn:aws:states:us-east-1:000000000000:e")));
    t->started++;
}

static void tally_ended(void *arg, const struct engine_result *result)
{
    struct tally *t = arg;
    assert_int_equal(result->status, ASL_EXEC_SUCCEEDED);
    assert_non_null(result->output);
    count_one(t, &t->ended);
}

static void tally_refused(void *arg, const struct error *err)
{
    struct tally *t = arg;
    snprintf(t->refusal, sizeof(t->refusal), "%s", err->name);
    count_one(t, &t->refused);
}

static void start(struct tally *t, const char *machine, const char *name, const char *input)
{
    struct error err;
    struct engine_start start = {.machine = str_of(machine),
                                 .name = str_of(name),
                                 .input = str_of(input),
                                 .started = tally_started,
                                 .ended = tally_ended,
                                 .refused = tally_refused,
                                 .arg = t};
    if (engine_start(t->house->engine, &start, &err) != STATUS_OK)
        tally_refused(t, &err);
}

static void start_many(struct tally *t, const char *machine, const char *input)
{
    for (int i = 0; i < MANY; i++) {
        char name[32];
        snprintf(name, sizeof(name), "n%d", i);
        start(t, machine, name, input);
    }
}

static void wait_for(struct tally *t)
{
    int64_t until_ms = loop_now_ms() + 20000;
    while (t->ended + t->refused < t->wanted && loop_now_ms() < until_ms)
        house_pass(t->house, 100);
    assert_int_equal(t->ended + t->refused, t->wanted);
}

static const char WORK[] = "{'StartAt':'T','States':{'T':{'Type':'Task','Resource':"
                           "'arn:aws:lambda:us-east-1:0:function:f','End':true}}}";

static void executions_spread_over_the_loops(void **state)
{
    struct house h;
    struct crew c;
    (void)state;
    build(&h, &c);
    house_machine(&h, "work", ASL_STANDARD, WORK);
    struct tally t = {.house = &h, .wanted = MANY};
    start_many(&t, "work", "{}");
    wait_for(&t);
    assert_int_equal(t.ended, MANY);
    assert_int_equal(t.started, MANY);
    for (int i = 0; i < LOOPS; i++)
        assert_true(c.asked[i] > 0);
    for (int i = 0; i < MANY; i++) {
        char name[32];
        snprintf(name, sizeof(name), "n%d", i);
        struct store_execution row = house_row(&h, "work", name);
        assert_int_equal(row.status, STORE_SUCCEEDED);
    }
    tear_down(&h, &c);
}

static void a_name_is_one_execution_on_whatever_loop(void **state)
{
    struct house h;
    struct crew c;
    (void)state;
    build(&h, &c);
    house_machine(&h, "work", ASL_STANDARD, WORK);
    struct tally t = {.house = &h, .wanted = 2 * MANY};
    start_many(&t, "work", "{\"a\":1}");
    start_many(&t, "work", "{\"a\":1.0}");
    wait_for(&t);
    assert_int_equal(t.ended, 2 * MANY);
    assert_int_equal(c.asked[0] + c.asked[1] + c.asked[2], MANY);
    assert_int_equal(house_count(&h, "work"), MANY);
    struct tally other = {.house = &h, .wanted = MANY};
    start_many(&other, "work", "{\"a\":2}");
    wait_for(&other);
    assert_int_equal(other.refused, MANY);
    assert_string_equal(other.refusal, "ExecutionAlreadyExists");
    tear_down(&h, &c);
}

static void what_cannot_be_started_is_refused(void **state)
{
    struct house h;
    struct crew c;
    (void)state;
    build(&h, &c);
    house_machine(&h, "work", ASL_STANDARD, WORK);
    struct tally t = {.house = &h, .wanted = 3};
    start(&t, "nobody", "a", "{}");
    assert_string_equal(t.refusal, "StateMachineDoesNotExist");
    start(&t, "work", "b", "{");
    assert_string_equal(t.refusal, "InvalidExecutionInput");
    start(&t, "work", "c d", "{}");
    assert_string_equal(t.refusal, "InvalidName");
    tear_down(&h, &c);
}

/* ---- parents and children ---- */

#define CHILD()                                                                                    \
    "{'StartAt':'S','States':{'S':{'Type':'Task','Resource':"                                      \
    "'arn:aws:states:::states:startExecution.sync:2','Parameters':{'StateMachineArn':"             \
    "'arn:aws:states:us-east-1:000000000000:stateMachine:work','Name.$':'$.name','Input':{}},"     \
    "'OutputPath':'$.Output','End':true}}}"

static void children_are_found_by_name_where_their_parents_are(void **state)
{
    struct house h;
    struct crew c;
    (void)state;
    build(&h, &c);
    house_machine(&h, "work", ASL_STANDARD, WORK);
    house_machine(&h, "parent", ASL_STANDARD, CHILD());
    struct tally parents = {.house = &h, .wanted = 12};
    for (int i = 0; i < 12; i++) {
        char name[32], input[64];
        snprintf(name, sizeof(name), "p%d", i);
        snprintf(input, sizeof(input), "{\"name\":\"n%d\"}", i);
        start(&parents, "parent", name, input);
    }
    wait_for(&parents);
    assert_int_equal(parents.ended, 12);
    /* by their names they would belong to other loops */
    struct tally t = {.house = &h, .wanted = MANY};
    start_many(&t, "work", "{}");
    wait_for(&t);
    assert_int_equal(t.ended, MANY);
    assert_int_equal(house_count(&h, "work"), MANY);
    tear_down(&h, &c);
}

/* ---- tokens ---- */

static const char KEEP[] =
    "{'StartAt':'keep','States':{'keep':{'Type':'Task','Resource':"
    "'arn:aws:states:::lambda:invoke.waitForTaskToken','Parameters':{'FunctionName':'f',"
    "'Payload':{'t.$':'$$.Task.Token'}},'End':true}}}";
static const char TELL[] =
    "{'StartAt':'S','States':{'S':{'Type':'Task','Resource':"
    "'arn:aws:states:::aws-sdk:sfn:sendTaskSuccess','Parameters':{'TaskToken.$':'$.token',"
    "'Output':{'told':7}},'End':true}}}";

static void tokens_are_answered_from_any_loop(void **state)
{
    struct house h;
    struct crew c;
    struct error err;
    (void)state;
    build(&h, &c);
    house_machine(&h, "keep", ASL_STANDARD, KEEP);
    house_machine(&h, "tell", ASL_STANDARD, TELL);
    struct tally t = {.house = &h, .wanted = MANY}, tellers = {.house = &h, .wanted = MANY / 2};
    start_many(&t, "keep", "{}");
    assert_true(house_until(&h, has_all_tokens, 20000));
    struct engine_answer answer = {.kind = ASL_EVENT_TASK_SUCCEEDED};
    assert_int_equal(json_parse(STR("{\"told\":8}"), NULL, &answer.doc, NULL), STATUS_OK);
    for (int i = 0; i < MANY; i++) {
        char name[32], input[TOKEN_MAX + 32];
        snprintf(name, sizeof(name), "t%d", i);
        snprintf(input, sizeof(input), "{\"token\":\"%s\"}", c.tokens[i]);
        if (i % 2 == 0)
            start(&tellers, "tell", name, input);
        else if (engine_answer_token(h.engine, str_of(c.tokens[i]), &answer, &err) != STATUS_OK)
            fail_msg("%s: %s", err.name, err.message);
    }
    json_doc_unref(answer.doc);
    wait_for(&t);
    wait_for(&tellers);
    assert_int_equal(t.ended, MANY);
    assert_int_equal(tellers.ended, MANY / 2);
    /* they wait no more, wherever they are */
    for (int i = 0; i < MANY; i++) {
        answer = (struct engine_answer){.kind = ASL_EVENT_TASK_HEARTBEAT};
        assert_int_equal(engine_answer_token(h.engine, str_of(c.tokens[i]), &answer, &err),
                         STATUS_NOT_FOUND);
        assert_string_equal(err.name, "TaskTimedOut");
    }
    tear_down(&h, &c);
}

static void another_number_of_loops_goes_on_with_what_is_kept(void **state)
{
    struct house h;
    struct crew c;
    (void)state;
    build(&h, &c);
    house_machine(&h, "keep", ASL_STANDARD, KEEP);
    struct tally t = {.house = &h, .wanted = MANY};
    start_many(&t, "keep", "{}");
    assert_true(house_until(&h, has_all_tokens, 20000));
    static const uint32_t loops[] = {1, 2, LOOPS};
    for (size_t i = 0; i < ARRAY_LEN(loops); i++) {
        house_close(&h);
        h.loops = loops[i];
        c.token_count = 0; /* asked again, as nobody said that the task was submitted */
        house_open(&h);
        assert_true(house_until(&h, has_all_tokens, 20000));
    }
    tear_down(&h, &c);
}

/* ---- map runs ---- */

#define MAP(type, states, more)                                                                    \
    "{'StartAt':'M','States':{'M':{'Type':'Map'," more                                             \
    "'ItemProcessor':{'ProcessorConfig':{'Mode':'DISTRIBUTED','ExecutionType':'" type "'},"        \
    "'StartAt':'" states "','States':{'" states "':{"
#define TASK "'Type':'Task','Resource':'arn:aws:lambda:us-east-1:0:function:f','End':true}}},"
#define NAP "'Type':'Wait','Seconds':3600,'End':true}}},"
#define REST "'End':true}}}"

static char *numbers(uint32_t count)
{
    struct buf text;
    size_t n;
    buf_init(&text, SIZE_MAX / 2);
    for (uint32_t i = 0; i < count; i++)
        buf_printf(&text, "%c%u", i == 0 ? '[' : ',', i);
    buf_add(&text, (str){"]", 2}); /* with a NUL */
    return buf_take(&text, &n);
}

static void children_of_a_map_run_are_on_all_loops(void **state)
{
    static const char *const machines[] = {MAP("STANDARD", "ok", "") TASK REST,
                                           MAP("EXPRESS", "ok", "") TASK REST};
    struct house h;
    struct crew c;
    char *input = numbers(MAX_ITEMS);
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(machines); i++) {
        build(&h, &c);
        house_machine(&h, "map", ASL_STANDARD, machines[i]);
        const char *output = house_run(&h, "map", "a", input);
        assert_int_equal(strlen(output), 2 * MAX_ITEMS + 1);
        for (int n = 0; n < MAX_ITEMS; n++)
            assert_int_equal(c.items[n], 1);
        for (int n = 0; n < LOOPS; n++)
            assert_true(c.asked[n] >= MAX_ITEMS / LOOPS);
        tear_down(&h, &c);
    }
    free(input);
}

/* What is asked for on the loop that the execution belongs to, as soon as that stands. */
struct request {
    int64_t execution;
    bool is_redrive; /* or a stop */
};

static enum status ask_at_home(void *arg, struct engine *e, struct loop *loop, struct error *err)
{
    const struct request *r = arg;
    uint32_t home;
    (void)loop;
    enum status status = engine_loop_of(e, r->execution, &home, err);
    if (status != STATUS_OK || home != engine_loop_number(e))
        return status;
    return r->is_redrive ? engine_redrive(e, r->execution, err)
                         : engine_stop(e, r->execution, STR(""), STR(""), err);
}

static enum store_status status_of(struct house *h)
{
    return house_row(h, "map", "a").status;
}

static bool has_ended(struct house *h)
{
    return status_of(h) != STORE_RUNNING;
}

static bool has_succeeded(struct house *h)
{
    return status_of(h) == STORE_SUCCEEDED;
}

static void ask(struct house *h, struct request *r)
{
    h->loop_opened = ask_at_home;
    h->loop_arg = r;
    house_reopen(h);
    h->loop_opened = NULL;
}

static void failed_children_of_all_loops_run_again(void **state)
{
    static const char *const machines[] = {
        MAP("STANDARD", "fail", "'ToleratedFailurePercentage':49,") TASK REST,
        MAP("EXPRESS", "fail", "'ToleratedFailurePercentage':49,") TASK REST};
    struct house h;
    struct crew c;
    char *input = numbers(100);
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(machines); i++) {
        build(&h, &c);
        c.fails = true;
        house_machine(&h, "map", ASL_STANDARD, machines[i]);
        house_start(&h, "map", "a", input);
        assert_true(house_wait(&h, 20000));
        assert_int_equal(h.status, ASL_EXEC_FAILED);
        c.fails = false;
        memset(c.items, 0, sizeof(c.items));
        struct request r = {.execution = h.execution, .is_redrive = true};
        ask(&h, &r);
        assert_true(house_until(&h, has_succeeded, 20000));
        for (uint32_t n = 0; n < 100; n++) /* those that were aborted run again, too */
            assert_in_range(c.items[n], n % 2, 1);
        tear_down(&h, &c);
    }
    free(input);
}

static bool has_begun_all(struct house *h)
{
    return engine_figures_of_all(h->engine).in_memory >= MANY + 1;
}

static void stopping_reaches_children_of_all_loops(void **state)
{
    static const char *const machines[] = {MAP("STANDARD", "nap", "") NAP REST,
                                           MAP("EXPRESS", "nap", "") NAP REST};
    struct house h;
    struct crew c;
    char *input = numbers(MANY);
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(machines); i++) {
        build(&h, &c);
        house_machine(&h, "map", ASL_STANDARD, machines[i]);
        house_start_unwatched(&h, "map", "a", input);
        assert_true(house_until(&h, has_begun_all, 20000));
        struct request r = {.execution = house_row(&h, "map", "a").id};
        ask(&h, &r);
        assert_true(house_until(&h, has_ended, 20000));
        assert_int_equal(status_of(&h), STORE_ABORTED);
        for (int round = 0; round < 100 && engine_figures_of_all(h.engine).in_memory > 0; round++)
            house_pass(&h, 50);
        assert_int_equal(engine_figures_of_all(h.engine).in_memory, 0);
        tear_down(&h, &c);
    }
    free(input);
}

static void a_map_run_goes_on_with_another_number_of_loops(void **state)
{
    static const char *const machines[] = {MAP("STANDARD", "ok", "'MaxConcurrency':20,") TASK REST,
                                           MAP("EXPRESS", "ok", "'MaxConcurrency':20,") TASK REST};
    static const uint32_t loops[] = {1, 2, LOOPS, 2, LOOPS, 1, LOOPS};
    struct house h;
    struct crew c;
    char *input = numbers(MAX_ITEMS);
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(machines); i++) {
        build(&h, &c);
        house_machine(&h, "map", ASL_STANDARD, machines[i]);
        house_start_unwatched(&h, "map", "a", input);
        for (size_t k = 0; k < ARRAY_LEN(loops); k++) {
            house_pass(&h, 3);
            h.loops = loops[k];
            house_reopen(&h);
        }
        const char *output = house_run(&h, "map", "a", input);
        assert_int_equal(h.status, ASL_EXEC_SUCCEEDED);
        assert_int_equal(strlen(output), 2 * MAX_ITEMS + 1);
        for (int n = 0; n < MAX_ITEMS; n++) /* again only if it was under way at a close */
            assert_in_range(c.items[n], 1, 1 + ARRAY_LEN(loops));
        tear_down(&h, &c);
    }
    free(input);
}

/* ---- opening and closing ---- */

static enum status loop_opened(void *arg, struct engine *e, struct loop *loop, struct error *err)
{
    struct crew *c = arg;
    assert_ptr_equal(engine_loop(e), loop);
    pthread_mutex_lock(&c->mutex);
    bool is_last = ++c->opened == LOOPS && c->token_count == MANY;
    pthread_mutex_unlock(&c->mutex);
    return is_last ? error_set(err, STATUS_IO, "NoListener", "none") : STATUS_OK;
}

static void loop_closing(void *arg, struct engine *e)
{
    struct crew *c = arg;
    (void)e;
    pthread_mutex_lock(&c->mutex);
    c->closing++;
    pthread_mutex_unlock(&c->mutex);
}

static void each_loop_says_when_it_opens_and_closes(void **state)
{
    struct house h;
    struct crew c;
    struct error err;
    struct engine *e;
    (void)state;
    build(&h, &c);
    house_close(&h);
    assert_int_equal(loop_new(&h.loop, &err), STATUS_OK);
    struct engine_options options = {.data = str_of(h.folder),
                                     .loops = LOOPS,
                                     .loop_opened = loop_opened,
                                     .loop_closing = loop_closing,
                                     .loop_arg = &c};
    assert_int_equal(engine_open(h.loop, &options, &e, &err), STATUS_OK);
    assert_int_equal(c.opened, LOOPS);
    engine_close(e);
    assert_int_equal(c.closing, LOOPS);
    c.opened = c.closing = 0;
    c.token_count = MANY; /* now the last one fails */
    assert_int_equal(engine_open(h.loop, &options, &e, &err), STATUS_IO);
    assert_string_equal(err.name, "NoListener");
    assert_int_equal(c.closing, LOOPS - 1);
    loop_free(h.loop);
    house_open(&h);
    tear_down(&h, &c);
}

static void closing_in_the_middle_of_work_loses_nothing(void **state)
{
    struct house h;
    struct crew c;
    (void)state;
    build(&h, &c);
    house_machine(&h, "work", ASL_STANDARD, WORK);
    for (int round = 0; round < 5; round++) {
        struct tally t = {.house = &h, .wanted = MANY};
        start_many(&t, "work", "{}");
        house_pass(&h, round);
        house_reopen(&h);
    }
    struct tally t = {.house = &h, .wanted = MANY};
    start_many(&t, "work", "{}");
    wait_for(&t);
    assert_int_equal(t.ended, MANY);
    assert_int_equal(house_count(&h, "work"), MANY);
    tear_down(&h, &c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(executions_spread_over_the_loops),
        cmocka_unit_test(a_name_is_one_execution_on_whatever_loop),
        cmocka_unit_test(what_cannot_be_started_is_refused),
        cmocka_unit_test(children_are_found_by_name_where_their_parents_are),
        cmocka_unit_test(tokens_are_answered_from_any_loop),
        cmocka_unit_test(another_number_of_loops_goes_on_with_what_is_kept),
        cmocka_unit_test(children_of_a_map_run_are_on_all_loops),
        cmocka_unit_test(failed_children_of_all_loops_run_again),
        cmocka_unit_test(stopping_reaches_children_of_all_loops),
        cmocka_unit_test(a_map_run_goes_on_with_another_number_of_loops),
        cmocka_unit_test(each_loop_says_when_it_opens_and_closes),
        cmocka_unit_test(closing_in_the_middle_of_work_loses_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
