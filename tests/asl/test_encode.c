/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Batches and snapshots: what is written, how much of it, and that bytes which say something else
 * are refused and leave nothing behind. That both ways of loading give the same execution is
 * checked by the driver after each step (support.h); here are executions that go through every
 * phase.
 */
#include "machine_test.h"

enum { PAGE_BYTES = 200000, SMALL_BYTES = 8000 };

/* ---- round trips ---- */

/* One that has been in every phase that lasts; ends with a failure and is redriven. */
#define ALL_PHASES                                                                                 \
    "{'StartAt':'P','States':{'P':{'Type':'Parallel','ResultPath':'$.all','Next':'E','Branches':[" \
    "{'StartAt':'T','States':{'T':{'Type':'Task','Resource':'" LAMBDA                              \
    "','TimeoutSeconds':50,'HeartbeatSeconds':5,'Credentials':{'RoleArn':'arn:aws:iam::1:role/r'}" \
    ",'Retry':[{'ErrorEquals':['A'],'MaxAttempts':1},{'ErrorEquals':['B']}],'Assign':{'v.$':'$'}," \
    "'Next':'T2'},'T2':{'Type':'Pass','Parameters':{'v.$':'$v'},'End':true}}},"                    \
    "{'StartAt':'W','States':{'W':{'Type':'Wait','Seconds':3,'End':true}}},"                       \
    "{'StartAt':'I','States':{'I':{'Type':'Map','ItemsPath':'$.items','MaxConcurrency':2,"         \
    "'ItemSelector':{'i.$':'$$.Map.Item.Value'},'ItemProcessor':{'StartAt':'IT','States':{'IT':{"  \
    "'Type':'Task','Resource':'" ACTIVITY "','TimeoutSeconds':9,'End':true}}},'End':true}}},"      \
    "{'StartAt':'D','States':{'D':{'Type':'Map','ItemsPath':'$.items','ItemProcessor':{"           \
    "'ProcessorConfig':{'Mode':'DISTRIBUTED','ExecutionType':'STANDARD'},'StartAt':'S','States':{" \
    "'S':{'Type':'Succeed'}}},'End':true}}},"                                                      \
    "{'StartAt':'C','States':{'C':{'Type':'Task','Resource':"                                      \
    "'arn:aws:states:::sqs:sendMessage.waitForTaskToken','End':true}}}]},"                         \
    "'E':{'Type':'Fail','Error':'Last','Cause':'of all'}}}"

static void walk_all_phases(struct run *r, unsigned max_moves)
{
    run_load(r, ALL_PHASES, ASL_STANDARD, false);
    r->options.max_moves = max_moves;
    assert_int_equal(run_start(r, "{ 'items' : [1, 2.0, 3] }"), STATUS_OK);
    assert_int_equal(run_fail(r, "T", "A", "first"), STATUS_OK);
    run_after(r, 1000);
    assert_int_equal(run_fail(r, "T", "B", NULL), STATUS_OK);
    run_after(r, 1000);
    struct asl_event started = run_about(r, "IT", ASL_EVENT_TASK_STARTED);
    started.worker = STR("a worker");
    assert_int_equal(run_event(r, started), STATUS_OK);
    assert_int_equal(run_event(r, run_about(r, "T", ASL_EVENT_TASK_HEARTBEAT)), STATUS_OK);
    struct error err;
    struct asl_event submitted = run_about(r, "C", ASL_EVENT_TASK_SUBMITTED);
    assert_int_equal(json_parse(STR("{\"MessageId\":1}"), NULL, &submitted.doc, &err), STATUS_OK);
    assert_int_equal(run_event(r, submitted), STATUS_OK);
    json_doc_unref(submitted.doc);
    run_after(r, 1000);
    assert_int_equal(run_succeed(r, "IT", "'one'"), STATUS_OK);
    assert_int_equal(run_event(r, (struct asl_event){.kind = ASL_EVENT_STOP}), STATUS_OK);
    assert_int_equal(run_event(r, (struct asl_event){.kind = ASL_EVENT_REDRIVE}), STATUS_OK);
    assert_int_equal(run_succeed(r, "T", "{'t':1.50}"), STATUS_OK);
    assert_int_equal(run_succeed(r, "D", "['d']"), STATUS_OK);
    assert_int_equal(run_succeed(r, "C", "null"), STATUS_OK);
    assert_int_equal(run_succeed(r, "IT", "'two'"), STATUS_OK);
    assert_int_equal(run_succeed(r, "IT", "'three'"), STATUS_OK);
    run_sleep(r);
    assert_end(r, "FAILED Last: of all");
    assert_quoted(run_document(r, r->x->root->input),
                  "{'items':[1,2.0,3],'all':[{'v':{'t':1.50}},{'items':[1,2.0,3]},['one','two',"
                  "'three'],['d'],null]}");
}

static void an_execution_in_any_phase_is_loaded_as_it_was(void **state)
{
    (void)state;
    for (unsigned max_moves = 0; max_moves < 3; max_moves++) {
        struct run r;
        walk_all_phases(&r, max_moves);
        run_finish(&r);
    }
}

/* A state with retriers is left to one with more of them, just between two steps. */
static void a_snapshot_between_two_states_is_whole(void **state)
{
    (void)state;
    struct run r;
    run_load(&r,
             "{'StartAt':'A','States':{'A':{'Type':'Task','Resource':'" LAMBDA
             "','Retry':[{'ErrorEquals':['States.ALL']}],'Next':'B'},'B':{'Type':'Task','Resource':"
             "'" LAMBDA "','Retry':[{'ErrorEquals':['A']},{'ErrorEquals':['B']},{'ErrorEquals':['C'"
             "]},{'ErrorEquals':['D']},{'ErrorEquals':['E']}],'End':true}}}",
             ASL_STANDARD, false);
    r.options.max_moves = 1;
    assert_int_equal(run_start(&r, "{}"), STATUS_OK);
    assert_int_equal(run_fail(&r, "A", "X", NULL), STATUS_OK);
    run_sleep(&r);
    assert_int_equal(run_succeed(&r, "A", "1"), STATUS_OK);
    assert_int_equal(run_succeed(&r, "B", "2"), STATUS_OK);
    assert_output(&r, "2");
    run_finish(&r);
}

static void the_clients_text_of_the_input_is_kept(void **state)
{
    (void)state;
    struct run r;
    run_begin(&r, "{'StartAt':'A','States':{'A':{'Type':'Wait','Seconds':1,'End':true}}}",
              " { 'n' : 1.0 }\n");
    char *text = run_quoted(" { 'n' : 1.0 }\n");
    assert_true(str_eq(json_doc_text(r.x->input->json), str_of(text)));
    assert_true(str_eq(json_doc_text(r.twin->input->json), str_of(text)));
    free(text);
    run_sleep(&r);
    run_finish(&r);
}

/* ---- bytes ---- */

/* {"page": [...], "n": 0} of a bit more than PAGE_BYTES */
static void page_text(struct buf *b)
{
    buf_init(b, SIZE_MAX / 2);
    buf_add(b, STR("{\"page\":["));
    for (unsigned i = 0; b->n < PAGE_BYTES; i++)
        buf_printf(b, "%s{\"id\":%u,\"text\":\"row number %u of the page\"}", i ? "," : "", i, i);
    buf_add(b, STR("],\"n\":0}"));
}

/* Ten states named S0 … S9, each with these fields. */
static void ten_states(struct buf *b, const char *head, const char *fields)
{
    buf_init(b, SIZE_MAX / 2);
    buf_printf(b, "{%s'StartAt':'S0','States':{", head);
    for (unsigned i = 0; i < 10; i++)
        buf_printf(b, "'S%u':{%s,'Next':'S%u'},", i, fields, i + 1);
    buf_add(b, STR("'S10':{'Type':'Succeed'}}}"));
    buf_add_byte(b, '\0');
}

static void assert_stored_once(const char *what, const char *definition)
{
    struct run r;
    struct buf input;
    page_text(&input);
    run_load(&r, definition, ASL_STANDARD, false);
    assert_int_equal(run_start_json(&r, buf_str(&input)), STATUS_OK);
    run_sleep(&r);
    if (r.x->status != ASL_EXEC_SUCCEEDED)
        fail_msg("%s: %s", what, run_end(&r));
    if (r.bytes < input.n || r.bytes > input.n + SMALL_BYTES)
        fail_msg("%s: %zu bytes for an input of %zu", what, r.bytes, input.n);
    struct buf snapshot;
    buf_init(&snapshot, SIZE_MAX / 2);
    asl_snapshot_write(r.x, &snapshot);
    if (snapshot.n > input.n + SMALL_BYTES)
        fail_msg("%s: a snapshot of %zu bytes for an input of %zu", what, snapshot.n, input.n);
    buf_done(&snapshot);
    buf_done(&input);
    run_finish(&r);
}

static void ten_states_that_pass_a_page_on_store_it_once(void **state)
{
    (void)state;
    static const struct {
        const char *what, *head, *fields;
    } ways[] = {
        {"by default", "", "'Type':'Pass'"},
        {"by default in JSONata", "'QueryLanguage':'JSONata',", "'Type':'Pass'"},
        {"by InputPath", "", "'Type':'Pass','InputPath':'$$.Execution.Input.page'"},
        {"by OutputPath", "", "'Type':'Pass','OutputPath':'$$.Execution.Input.page'"},
        {"by ResultPath", "", "'Type':'Pass','Result':7,'ResultPath':'$.new'"},
        {"by ResultPath null", "", "'Type':'Pass','Result':7,'ResultPath':null"},
        {"by Parameters", "", "'Type':'Pass','Parameters':{'page.$':'$.page','x':1}"},
        {"by an output that wraps it", "'QueryLanguage':'JSONata',",
         "'Type':'Pass','Output':{'page':'{% $states.input.page %}','n':'{% $states.input.n + 1 "
         "%}'}"},
        {"by an output of one expression", "'QueryLanguage':'JSONata',",
         "'Type':'Pass','Output':'{% {`page`: $states.input.page, `n`: $states.input.n + 1} %}'"},
        {"by a variable", "'QueryLanguage':'JSONata',",
         "'Type':'Pass','Assign':{'v':'{% $states.input.page ? $states.input.page : $v %}'},"
         "'Output':1"},
        {"by Wait", "", "'Type':'Wait','Seconds':1"},
    };
    for (size_t i = 0; i < ARRAY_LEN(ways); i++) {
        struct buf definition;
        ten_states(&definition, ways[i].head, ways[i].fields);
        assert_stored_once(ways[i].what, definition.p);
        buf_done(&definition);
    }
}

static void a_page_through_parallel_and_map_is_stored_once(void **state)
{
    (void)state;
    static const char *const branch =
        "{'StartAt':'%s1','States':{'%s1':{'Type':'Pass','Next':'%s2'},'%s2':{'Type':'Pass','End':"
        "true}}}";
    struct buf b;
    char one[256], two[256];
    snprintf(one, sizeof(one), branch, "A", "A", "A", "A");
    snprintf(two, sizeof(two), branch, "B", "B", "B", "B");
    buf_init(&b, SIZE_MAX / 2);
    buf_printf(&b, "{'StartAt':'P','States':{'P':{'Type':'Parallel','Branches':[%s,%s],'Next':'M'}",
               one, two);
    snprintf(one, sizeof(one), branch, "C", "C", "C", "C");
    snprintf(two, sizeof(two), branch, "D", "D", "D", "D");
    buf_printf(&b, ",'M':{'Type':'Map','ItemProcessor':%s,'Next':'N'}", one);
    buf_printf(&b,
               ",'N':{'Type':'Map','ItemSelector':{'page.$':'$$.Map.Item.Value.page','i.$':"
               "'$$.Map.Item.Index'},'ItemProcessor':%s,'Next':'Z'},'Z':{'Type':'Succeed'}}}",
               two);
    buf_add_byte(&b, '\0');
    assert_stored_once("Parallel and Map", b.p);
    buf_done(&b);
}

/* A loop of so many rounds whose state is made by `output`. */
static size_t loop_bytes(const char *input, const char *output, unsigned rounds)
{
    struct run r;
    char text[1024];
    snprintf(text, sizeof(text),
             "{'QueryLanguage':'JSONata','StartAt':'A','States':{'A':{'Type':'Pass','Output':%s,"
             "'Next':'B'},'B':{'Type':'Choice','Choices':[{'Condition':'{%% $states.input.n < %u "
             "%%}','Next':'A'}],'Default':'C'},'C':{'Type':'Succeed'}}}",
             output, rounds);
    run_load(&r, text, ASL_STANDARD, false);
    r.is_bare = true;
    assert_int_equal(run_start_json(&r, str_of(input)), STATUS_OK);
    assert_int_equal(r.x->status, ASL_EXEC_SUCCEEDED);
    size_t bytes = r.bytes;
    run_finish(&r);
    return bytes;
}

static void a_page_that_is_passed_on_a_thousand_times_is_written_once(void **state)
{
    (void)state;
    struct buf input;
    page_text(&input);
    buf_add_byte(&input, '\0');
    size_t bytes = loop_bytes(
        input.p, "{'page':'{% $states.input.page %}','n':'{% $states.input.n + 1 %}'}", 1000);
    if (bytes > input.n + 150 * 1000)
        fail_msg("%zu bytes", bytes);
    buf_done(&input);
}

static void a_loop_that_appends_writes_linear_bytes(void **state)
{
    (void)state;
    static const char *const output =
        "{'list':'{% $append($states.input.list, [{`n`: $states.input.n, `text`: `an item`}]) "
        "%}','n':'{% $states.input.n + 1 %}'}";
    size_t bytes[3];
    static const unsigned rounds[] = {1000, 2000, 4000};
    for (size_t i = 0; i < 3; i++)
        bytes[i] = loop_bytes("{\"list\":[],\"n\":0}", output, rounds[i]);
    size_t first = bytes[1] - bytes[0], second = bytes[2] - bytes[1];
    if (second > first * 5 / 2)
        fail_msg("%zu bytes for 1,000 more rounds, then %zu for 2,000", first, second);
}

/* ---- what is not so ---- */

/* Everything a run wrote, batch by batch. */
struct kept {
    struct buf batches[32];
    unsigned count;
    struct buf snapshots[32];
};

static void keep(struct kept *k, struct run *r)
{
    assert_true(k->count < ARRAY_LEN(k->batches));
    struct buf *batch = &k->batches[k->count], *snapshot = &k->snapshots[k->count];
    buf_init(batch, SIZE_MAX / 2);
    buf_init(snapshot, SIZE_MAX / 2);
    buf_add(batch, buf_str(&r->batch));
    asl_snapshot_write(r->x, snapshot);
    k->count++;
}

static void kept_done(struct kept *k)
{
    for (unsigned i = 0; i < k->count; i++) {
        buf_done(&k->batches[i]);
        buf_done(&k->snapshots[i]);
    }
}

#define TRIED                                                                                      \
    "{'StartAt':'P','States':{'P':{'Type':'Parallel','Next':'Z','Branches':[{'StartAt':'T',"       \
    "'States':{'T':{'Type':'Task','Resource':'" LAMBDA                                             \
    "','TimeoutSeconds':50,'Retry':[{'ErrorEquals':['A']}],'Assign':{'v.$':'$'},'End':true}}},{"   \
    "'StartAt':'W','States':{'W':{'Type':'Wait','Seconds':3,'End':true}}},{'StartAt':'I','States'" \
    ":{'I':{'Type':'Map','ItemsPath':'$.i','ItemProcessor':{'StartAt':'IT','States':{'IT':{'Type'" \
    ":'Task','Resource':'" ACTIVITY "','End':true}}},'End':true}}}]},'Z':{'Type':'Pass','End':"    \
    "true}}}"

static void tried_run(struct run *r, struct kept *k)
{
    *k = (struct kept){.count = 0};
    run_load(r, TRIED, ASL_STANDARD, false);
    r->is_bare = true;
    assert_int_equal(run_start(r, "{'i':[[1,2,3],'x']}"), STATUS_OK);
    keep(k, r);
    assert_int_equal(run_fail(r, "T", "A", "cause"), STATUS_OK);
    keep(k, r);
    assert_int_equal(run_after(r, 1000), STATUS_OK);
    keep(k, r);
    assert_int_equal(run_succeed(r, "IT", "{'a':[1,2]}"), STATUS_OK);
    keep(k, r);
    assert_int_equal(run_event(r, (struct asl_event){.kind = ASL_EVENT_STOP}), STATUS_OK);
    keep(k, r);
    assert_int_equal(run_event(r, (struct asl_event){.kind = ASL_EVENT_REDRIVE}), STATUS_OK);
    keep(k, r);
    assert_int_equal(run_succeed(r, "T", "'done'"), STATUS_OK);
    keep(k, r);
}

/* Reads changed bytes of batch `at` behind the good ones before it, or of a snapshot, and goes on
 * with what was believed. Nothing may be left when the execution is freed (asl_documents_done
 * insists on it, and AddressSanitizer looks for leaks). */
static bool is_believed(struct run *r, const struct kept *k, unsigned at, str bytes,
                        bool is_snapshot)
{
    struct error err = {0};
    enum status status = STATUS_OK;
    struct asl_exec *x = asl_exec_new(r->definition, NULL, ASL_STANDARD, &r->options);
    for (unsigned i = 0; i < at && !is_snapshot; i++)
        assert_int_equal(asl_replay(x, buf_str(&k->batches[i]), &err), STATUS_OK);
    status = is_snapshot ? asl_snapshot_read(x, bytes, &err) : asl_replay(x, bytes, &err);
    if (status == STATUS_CORRUPT)
        assert_true(err.name[0] != '\0' && err.message[0] != '\0');
    else
        assert_int_equal(status, STATUS_OK);
    if (status == STATUS_OK)
        status = asl_exec_check(x, &err);
    if (status == STATUS_OK) {
        struct asl_event more = {
            .kind = ASL_EVENT_CONTINUE, .now_ms = r->now_ms + 100000, .seed = 1};
        asl_out_reset(&r->out);
        assert_int_equal(asl_step(x, &more, &r->out, &err), STATUS_OK);
        assert_int_equal(asl_exec_check(x, &err), STATUS_OK);
        asl_out_reset(&r->out);
    }
    asl_exec_free(x);
    return status == STATUS_OK;
}

static void a_batch_or_snapshot_that_is_cut_anywhere_is_refused(void **state)
{
    (void)state;
    struct run r;
    struct kept k;
    tried_run(&r, &k);
    for (unsigned i = 0; i < k.count; i++) {
        str batch = buf_str(&k.batches[i]), snapshot = buf_str(&k.snapshots[i]);
        assert_true(is_believed(&r, &k, i, batch, false));
        assert_true(is_believed(&r, &k, i, snapshot, true));
        for (size_t n = 0; n < batch.n; n++)
            assert_false(is_believed(&r, &k, i, str_sub(batch, 0, n), false));
        for (size_t n = 0; n < snapshot.n; n++)
            assert_false(is_believed(&r, &k, i, str_sub(snapshot, 0, n), true));
    }
    kept_done(&k);
    run_finish(&r);
}

static void bytes_behind_the_end_are_refused(void **state)
{
    (void)state;
    struct run r;
    struct kept k;
    tried_run(&r, &k);
    for (unsigned i = 0; i < k.count; i++) {
        buf_add_byte(&k.batches[i], 0);
        buf_add_byte(&k.snapshots[i], 0);
        assert_false(is_believed(&r, &k, i, buf_str(&k.snapshots[i]), true));
        assert_false(is_believed(&r, &k, i, buf_str(&k.batches[i]), false));
        k.batches[i].n--;
    }
    kept_done(&k);
    run_finish(&r);
}

/* Whatever a changed byte says, it is refused or can be gone on with. */
static void a_changed_byte_anywhere_does_no_harm(void **state)
{
    (void)state;
    static const unsigned char changes[] = {0x01, 0x80, 0xFF, 0x20};
    struct run r;
    struct kept k;
    unsigned refused = 0;
    tried_run(&r, &k);
    for (unsigned i = 0; i < k.count; i++) {
        struct buf *both[] = {&k.batches[i], &k.snapshots[i]};
        for (size_t at = 0; at < both[0]->n + both[1]->n; at++) {
            bool is_snapshot = at >= both[0]->n;
            struct buf *b = both[is_snapshot];
            size_t place = is_snapshot ? at - both[0]->n : at;
            for (size_t c = 0; c < sizeof(changes); c++) {
                b->p[place] = (char)(b->p[place] ^ changes[c]);
                refused += !is_believed(&r, &k, i, buf_str(b), is_snapshot);
                b->p[place] = (char)(b->p[place] ^ changes[c]);
            }
        }
    }
    assert_true(refused > 1000);
    kept_done(&k);
    run_finish(&r);
}

static void an_unknown_version_is_refused(void **state)
{
    (void)state;
    struct run r;
    struct kept k;
    tried_run(&r, &k);
    struct error err;
    struct asl_exec *x = asl_exec_new(r.definition, NULL, ASL_STANDARD, &r.options);
    k.batches[0].p[0] = ASL_BATCH_VERSION + 1;
    k.snapshots[0].p[0] = ASL_SNAPSHOT_VERSION + 1;
    assert_int_equal(asl_replay(x, buf_str(&k.batches[0]), &err), STATUS_CORRUPT);
    assert_string_equal(err.name, "BatchCorrupt");
    assert_non_null(strstr(err.message, "version"));
    assert_int_equal(asl_snapshot_read(x, buf_str(&k.snapshots[0]), &err), STATUS_CORRUPT);
    assert_string_equal(err.name, "SnapshotCorrupt");
    assert_non_null(strstr(err.message, "version"));
    asl_exec_free(x);
    kept_done(&k);
    run_finish(&r);
}

static void a_batch_is_not_applied_twice(void **state)
{
    (void)state;
    struct run r;
    struct kept k;
    struct error err;
    tried_run(&r, &k);
    for (unsigned i = 0; i < k.count; i++) {
        struct asl_exec *x = asl_exec_new(r.definition, NULL, ASL_STANDARD, &r.options);
        for (unsigned n = 0; n <= i; n++)
            assert_int_equal(asl_replay(x, buf_str(&k.batches[n]), &err), STATUS_OK);
        assert_int_equal(asl_replay(x, buf_str(&k.batches[i]), &err), STATUS_CORRUPT);
        asl_exec_free(x);
    }
    kept_done(&k);
    run_finish(&r);
}

/* What is read for its records alone: documents join a table of the reader's own. */
static void a_batch_can_be_read_without_an_execution(void **state)
{
    (void)state;
    struct run r;
    struct kept k;
    struct error err;
    struct arena a;
    struct asl_documents d;
    struct asl_batch batch;
    tried_run(&r, &k);
    arena_init(&a, 0);
    asl_documents_init(&d);
    assert_int_equal(
        asl_decode_batch(&d, r.definition, 0, buf_str(&k.batches[0]), &a, &batch, &err), STATUS_OK);
    assert_int_equal(batch.records[0].kind, ASL_EXECUTION_STARTED);
    assert_int_equal(batch.records[0].event, 1);
    assert_int_equal(batch.records[0].time_ms, RUN_START_MS);
    assert_true(str_eq(batch.records[0].identity->name, STR("one")));
    assert_int_equal(batch.records[1].kind, ASL_STATE_ENTERED);
    assert_int_equal(batch.records[1].event, 2);
    assert_int_equal(batch.records[1].previous, 0);
    assert_true(d.map.count > 0);
    asl_batch_release(&batch);
    assert_int_equal(d.map.count, 0);
    asl_documents_done(&d);
    arena_done(&a);
    kept_done(&k);
    run_finish(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_execution_in_any_phase_is_loaded_as_it_was),
        cmocka_unit_test(a_snapshot_between_two_states_is_whole),
        cmocka_unit_test(the_clients_text_of_the_input_is_kept),
        cmocka_unit_test(ten_states_that_pass_a_page_on_store_it_once),
        cmocka_unit_test(a_page_through_parallel_and_map_is_stored_once),
        cmocka_unit_test(a_page_that_is_passed_on_a_thousand_times_is_written_once),
        cmocka_unit_test(a_loop_that_appends_writes_linear_bytes),
        cmocka_unit_test(a_batch_or_snapshot_that_is_cut_anywhere_is_refused),
        cmocka_unit_test(bytes_behind_the_end_are_refused),
        cmocka_unit_test(a_changed_byte_anywhere_does_no_harm),
        cmocka_unit_test(an_unknown_version_is_refused),
        cmocka_unit_test(a_batch_is_not_applied_twice),
        cmocka_unit_test(a_batch_can_be_read_without_an_execution),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
