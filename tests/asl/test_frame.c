/* SPDX-License-Identifier: Apache-2.0 */
/* Frames by themselves: their table and tree, variables, the queue, and the heap of times. */
#include "machine_test.h"

#include "asl/frame.h"

enum { MANY = 2000 };

static struct run begin(void)
{
    struct run r;
    run_load(&r, "{'StartAt':'A','States':{'A':{'Type':'Pass','Assign':{'a':1,'b':2},'End':true}}}",
             ASL_STANDARD, false);
    run_open(&r);
    r.x->status = ASL_EXEC_RUNNING;
    return r;
}

/* The execution was never one that records made: only its memory counts. */
static void finish(struct run *r)
{
    run_done(r);
}

static struct asl_frame *frame(struct run *r, uint32_t id, struct asl_frame *parent)
{
    struct asl_frame *f = asl_frame_new(r->x, id, parent, r->x->machine);
    f->state = f->machine->start;
    return f;
}

/* ---- table and tree ---- */

static void frames_are_found_through_growth_and_removal(void **state)
{
    (void)state;
    struct run r = begin();
    struct asl_frame *root = frame(&r, 1, NULL), **frames = calloc(MANY + 2, sizeof(*frames));
    uint64_t chance = 1;
    assert_non_null(frames);
    for (uint32_t i = 0; i < 20 * MANY; i++) {
        chance = chance * UINT64_C(6364136223846793005) + 1;
        uint32_t id = 2 + (uint32_t)(chance >> 33) % MANY;
        assert_ptr_equal(asl_exec_frame(r.x, id), frames[id]);
        if (frames[id]) {
            asl_frame_remove(r.x, frames[id]);
            frames[id] = NULL;
            assert_null(asl_exec_frame(r.x, id));
        } else {
            frames[id] = frame(&r, id, root);
            assert_ptr_equal(asl_exec_frame(r.x, id), frames[id]);
        }
    }
    uint32_t count = 1;
    for (struct asl_frame *f = root->first_child; f; f = f->next_sibling, count++)
        assert_ptr_equal(frames[f->id], f);
    assert_int_equal(r.x->frames.count, count);
    free(frames);
    finish(&r);
}

static void the_next_number_is_above_all_there_were(void **state)
{
    (void)state;
    struct run r = begin();
    struct asl_frame *root = frame(&r, 1, NULL);
    assert_int_equal(r.x->next_frame, 2);
    asl_frame_remove(r.x, frame(&r, 9, root));
    assert_int_equal(r.x->next_frame, 10);
    finish(&r);
}

static void a_frame_goes_with_all_below_it(void **state)
{
    (void)state;
    struct run r = begin();
    struct asl_frame *root = frame(&r, 1, NULL), *a = frame(&r, 2, root), *b = frame(&r, 3, root);
    struct asl_frame *c = frame(&r, 4, a);
    frame(&r, 5, c);
    asl_queue_push(r.x, c);
    asl_frame_remove(r.x, a);
    assert_int_equal(r.x->frames.count, 2);
    assert_ptr_equal(root->first_child, b);
    assert_ptr_equal(root->last_child, b);
    assert_null(b->previous_sibling);
    assert_null(asl_exec_frame(r.x, 4));
    assert_null(asl_exec_frame(r.x, 5));
    assert_false(asl_exec_is_ready(r.x));
    finish(&r);
}

static void siblings_stay_in_order_whoever_goes(void **state)
{
    (void)state;
    for (uint32_t gone = 2; gone <= 4; gone++) {
        struct run r = begin();
        struct asl_frame *root = frame(&r, 1, NULL);
        for (uint32_t id = 2; id <= 4; id++)
            frame(&r, id, root);
        asl_frame_remove(r.x, asl_exec_frame(r.x, gone));
        struct asl_frame *f = root->first_child, *previous = NULL;
        for (uint32_t id = 2; id <= 4; id++) {
            if (id == gone)
                continue;
            assert_int_equal(f->id, id);
            assert_ptr_equal(f->previous_sibling, previous);
            previous = f;
            f = f->next_sibling;
        }
        assert_null(f);
        assert_ptr_equal(root->last_child, previous);
        finish(&r);
    }
}

static void a_frame_whose_memory_was_used_has_nothing_of_the_one_before(void **state)
{
    (void)state;
    struct run r = begin();
    struct asl_frame *root = frame(&r, 1, NULL), *a = frame(&r, 2, root);
    asl_frame_results(a, 3);
    a->started = a->ended = 2;
    a->attempt = 7;
    a->retry_count = 3;
    a->is_entered = a->fails_whole = true;
    a->due_ms = 5;
    a->map_run_arn = str_dup(STR("arn"));
    asl_queue_push(r.x, a);
    asl_frame_remove(r.x, a);
    struct asl_frame *b = frame(&r, 3, root);
    assert_ptr_equal(a, b);
    assert_true(!b->results && b->started == 0 && b->attempt == 0 && b->retry_count == 0);
    assert_true(!b->is_entered && !b->fails_whole && !b->is_ready && b->map_run_arn.n == 0);
    assert_int_equal(asl_frame_due(b), ASL_NEVER);
    finish(&r);
}

/* ---- variables ---- */

static struct asl_document *number(struct run *r, const char *text)
{
    struct json_doc *json;
    struct error err;
    assert_int_equal(json_parse(str_of(text), NULL, &json, &err), STATUS_OK);
    return asl_document_new(&r->x->documents, json, 0);
}

static void variables_are_looked_up_from_the_inside_out(void **state)
{
    (void)state;
    struct run r = begin();
    struct asl_frame *root = frame(&r, 1, NULL), *child = frame(&r, 2, root);
    struct asl_document *one = number(&r, "1"), *two = number(&r, "2"), *three = number(&r, "3");
    asl_frame_assign(r.x, root, &(struct asl_slot){0, one});
    assert_ptr_equal(asl_frame_variable(child, 0), one);
    assert_null(asl_frame_variable(child, 1));
    asl_frame_assign(r.x, child, &(struct asl_slot){1, two});
    assert_ptr_equal(asl_frame_variable(child, 1), two);
    assert_null(asl_frame_variable(root, 1));
    asl_frame_assign(r.x, root, &(struct asl_slot){0, three});
    assert_ptr_equal(asl_frame_variable(child, 0), three);
    assert_int_equal(root->variable_count, 1);
    assert_int_equal(one->refs, 1);
    assert_int_equal(three->refs, 2);
    asl_document_unref(one);
    asl_document_unref(two);
    asl_document_unref(three);
    finish(&r);
}

/* ---- the queue ---- */

static void expect_queue(const struct run *r, const char *expected)
{
    char text[64] = "";
    const struct asl_frame *previous = NULL;
    for (const struct asl_frame *f = r->x->first_ready; f; previous = f, f = f->next_ready) {
        size_t n = strlen(text);
        snprintf(text + n, sizeof(text) - n, "%u ", (unsigned)f->id);
        assert_ptr_equal(f->previous_ready, previous);
        assert_true(f->is_ready);
    }
    assert_ptr_equal(r->x->last_ready, previous);
    assert_string_equal(text, expected);
}

static void the_queue_is_first_in_first_out(void **state)
{
    (void)state;
    struct run r = begin();
    struct asl_frame *f[6] = {NULL, frame(&r, 1, NULL)};
    for (uint32_t id = 2; id <= 5; id++)
        f[id] = frame(&r, id, f[1]);
    expect_queue(&r, "");
    for (uint32_t id = 1; id <= 4; id++)
        asl_queue_push(r.x, f[id]);
    expect_queue(&r, "1 2 3 4 ");
    asl_queue_push_front(r.x, f[5]);
    expect_queue(&r, "5 1 2 3 4 ");
    asl_queue_push(r.x, f[1]); /* once only, and at the end */
    expect_queue(&r, "5 2 3 4 1 ");
    asl_queue_push_front(r.x, f[3]);
    expect_queue(&r, "3 5 2 4 1 ");
    asl_queue_remove(r.x, f[2]);
    asl_queue_remove(r.x, f[2]);
    expect_queue(&r, "3 5 4 1 ");
    asl_queue_remove(r.x, f[3]);
    asl_queue_remove(r.x, f[1]);
    expect_queue(&r, "5 4 ");
    asl_queue_remove(r.x, f[5]);
    asl_queue_remove(r.x, f[4]);
    expect_queue(&r, "");
    assert_false(asl_exec_is_ready(r.x));
    finish(&r);
}

/* ---- times ---- */

static void sleep_until(struct run *r, struct asl_frame *f, int64_t due_ms)
{
    f->phase = ASL_PHASE_SLEEPING;
    f->due_ms = due_ms;
    asl_timer_note(r->x, f);
}

static void the_earliest_comes_first_and_of_two_the_older_frame(void **state)
{
    (void)state;
    static const int64_t times[] = {50, 20, 40, 20, 10, 30};
    static const uint32_t order[] = {6, 3, 5, 7, 4, 2};
    struct run r = begin();
    struct asl_frame *root = frame(&r, 1, NULL);
    for (uint32_t i = 0; i < ARRAY_LEN(times); i++)
        sleep_until(&r, frame(&r, i + 2, root), times[i]);
    assert_int_equal(asl_exec_due(r.x), 10);
    assert_null(asl_timer_first(r.x, 9));
    for (size_t i = 0; i < ARRAY_LEN(order); i++) {
        struct asl_frame *f = asl_timer_first(r.x, 100);
        assert_int_equal(f->id, order[i]);
        f->phase = ASL_PHASE_RUNNING;
    }
    assert_null(asl_timer_first(r.x, 100));
    assert_int_equal(asl_exec_due(r.x), ASL_NEVER);
    finish(&r);
}

static void a_time_that_changed_or_a_frame_that_is_gone_does_not_count(void **state)
{
    (void)state;
    struct run r = begin();
    struct asl_frame *root = frame(&r, 1, NULL), *a = frame(&r, 2, root), *b = frame(&r, 3, root);
    sleep_until(&r, a, 10);
    sleep_until(&r, b, 20);
    sleep_until(&r, a, 30);
    assert_int_equal(asl_exec_due(r.x), 20);
    asl_frame_remove(r.x, b);
    assert_int_equal(asl_exec_due(r.x), 30);
    sleep_until(&r, a, 5);
    assert_int_equal(asl_exec_due(r.x), 5);
    finish(&r);
}

static void a_task_is_due_at_its_timeout_or_heartbeat_whichever_is_first(void **state)
{
    (void)state;
    struct run r = begin();
    struct asl_frame *root = frame(&r, 1, NULL);
    root->phase = ASL_PHASE_WORKING;
    assert_int_equal(asl_frame_due(root), ASL_NEVER);
    root->timeout_ms = 50;
    assert_int_equal(asl_frame_due(root), 50);
    root->heartbeat_ms = 20;
    assert_int_equal(asl_frame_due(root), 20);
    root->heartbeat_ms = 70;
    assert_int_equal(asl_frame_due(root), 50);
    root->phase = ASL_PHASE_RUNNING;
    assert_int_equal(asl_frame_due(root), ASL_NEVER);
    finish(&r);
}

static void the_whole_is_due_at_its_deadline(void **state)
{
    (void)state;
    struct run r = begin();
    struct asl_frame *root = frame(&r, 1, NULL);
    r.x->deadline_ms = 40;
    assert_int_equal(asl_exec_due(r.x), 40);
    sleep_until(&r, root, 60);
    assert_int_equal(asl_exec_due(r.x), 40);
    sleep_until(&r, root, 30);
    assert_int_equal(asl_exec_due(r.x), 30);
    r.x->status = ASL_EXEC_ABORTED;
    assert_int_equal(asl_exec_due(r.x), ASL_NEVER);
    finish(&r);
}

static void heartbeats_without_end_do_not_fill_the_heap(void **state)
{
    (void)state;
    struct run r = begin();
    struct asl_frame *root = frame(&r, 1, NULL), *f[10];
    for (uint32_t i = 0; i < 10; i++)
        f[i] = frame(&r, i + 2, root);
    sleep_until(&r, root, 1000000);
    for (uint32_t n = 0; n < 100000; n++)
        sleep_until(&r, f[n % 10], 2000000 + n);
    assert_true(r.x->timer_count <= 256);
    assert_int_equal(asl_exec_due(r.x), 1000000);
    root->phase = ASL_PHASE_RUNNING;
    for (uint32_t n = 99990; n < 100000; n++) {
        struct asl_frame *first = asl_timer_first(r.x, INT64_MAX);
        assert_ptr_equal(first, f[n % 10]);
        assert_int_equal(first->due_ms, 2000000 + n);
        first->phase = ASL_PHASE_RUNNING;
    }
    assert_null(asl_timer_first(r.x, INT64_MAX));
    finish(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frames_are_found_through_growth_and_removal),
        cmocka_unit_test(the_next_number_is_above_all_there_were),
        cmocka_unit_test(a_frame_goes_with_all_below_it),
        cmocka_unit_test(siblings_stay_in_order_whoever_goes),
        cmocka_unit_test(a_frame_whose_memory_was_used_has_nothing_of_the_one_before),
        cmocka_unit_test(variables_are_looked_up_from_the_inside_out),
        cmocka_unit_test(the_queue_is_first_in_first_out),
        cmocka_unit_test(the_earliest_comes_first_and_of_two_the_older_frame),
        cmocka_unit_test(a_time_that_changed_or_a_frame_that_is_gone_does_not_count),
        cmocka_unit_test(a_task_is_due_at_its_timeout_or_heartbeat_whichever_is_first),
        cmocka_unit_test(the_whole_is_due_at_its_deadline),
        cmocka_unit_test(heartbeats_without_end_do_not_fill_the_heap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
