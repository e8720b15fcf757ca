/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The power is cut at every sync of a run and at moments in between: the folder that is left opens,
 * is whole, and has everything that had come back by then.
 */
#include "support.h"
#include "store/faulty.h"
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

enum { STEPS = 160, EXECUTIONS = 4 };

/* What had come back when so much had been written. */
struct acknowledged {
    size_t position;
    int64_t execution, tail;
};

struct history {
    struct acknowledged *acks;
    size_t count;
};

/* A step, the message that caused it received and another one sent, all in one unit: of each
 * execution with steps there is one message at any time. */
static int64_t step_on(struct world *w, int64_t execution, int64_t tail, int64_t *message,
                       const char *body)
{
    struct op ops[] = {{.kind = OP_APPEND,
                        .id = execution,
                        .prev = tail,
                        .number = store_new_id(w->s),
                        .body = str_of(body)},
                       {.kind = OP_SEND, .id = store_new_id(w->s), .prev = execution},
                       {.kind = OP_RECEIVE, .id = *message}};
    do_ops(w, ops, tail == 0 ? 2 : 3);
    *message = ops[1].id;
    return ops[0].number;
}

static struct history run(struct world *w, struct store_faulty *f)
{
    struct history h = {calloc(STEPS + EXECUTIONS, sizeof(*h.acks)), 0};
    int64_t executions[EXECUTIONS], tails[EXECUTIONS] = {0}, messages[EXECUTIONS] = {0};
    char body[2000];
    memset(body, 'b', sizeof(body) - 1);
    body[sizeof(body) - 1] = '\0';
    for (int i = 0; i < STEPS; i++) {
        int which = i % EXECUTIONS;
        if (i < EXECUTIONS)
            executions[which] = start_execution(w, "");
        else
            tails[which] = step_on(w, executions[which], tails[which], &messages[which], body);
        h.acks[h.count++] =
            (struct acknowledged){store_faulty_position(f), executions[which], tails[which]};
    }
    return h;
}

static void assert_has(struct world *w, const struct acknowledged *ack)
{
    struct store_execution e;
    struct error err;
    assert_ok(store_find_execution(w->r, ack->execution, &w->a, &e, &err));
    assert_true(e.tail >= ack->tail);
}

static void cut(struct store_faulty *f, const struct history *h, size_t position, uint64_t seed)
{
    struct world w;
    struct error err;
    world_init(&w);
    mkdir(w.dir, 0700);
    assert_ok(store_faulty_cut(f, position, seed, str_of(w.dir), &err));
    enum status status = world_try_open(&w, &err);
    if (status != STATUS_OK)
        fail_msg("cut at %zu with seed %llu: %s", position, (unsigned long long)seed, err.message);
    assert_whole(&w);
    for (size_t i = 0; i < h->count && h->acks[i].position <= position; i++)
        assert_has(&w, &h->acks[i]);
    assert_int_equal(sql_number(&w, "SELECT count(*) FROM execution e WHERE (tail IS NOT NULL) <> "
                                    "(SELECT count(*) FROM inbox i WHERE i.execution = e.id)"),
                     0);
    struct op definition = {.kind = OP_DEFINITION, .body = STR("{}")};
    do_op(&w, definition);
    int64_t e = start_execution(&w, "after the cut"); /* and it goes on, with new ids */
    assert_true(position < h->acks[h->count - 1].position || e > h->acks[h->count - 1].tail);
    append_step(&w, e, 0, "a step");
    assert_whole(&w);
    world_done(&w);
}

static void what_came_back_survives_a_power_cut(void **state)
{
    (void)state;
    bool is_long = getenv("AFFLUX_LONG") && *getenv("AFFLUX_LONG");
    struct store_faulty *f = store_faulty_new("faulty");
    struct world w;
    world_init(&w);
    w.options.vfs = "faulty";
    w.options.checkpoint_pages = 60; /* several copies of the log, and logs begun anew */
    store_faulty_record(f);
    world_open(&w);
    size_t opened = store_faulty_position(f);
    struct history h = run(&w, f);
    struct store_metrics m;
    store_get_metrics(w.s, &m);
    assert_true(m.checkpoints >= 2);
    world_close(&w);
    size_t end = store_faulty_position(f), cuts = 0;
    for (size_t at = opened; at <= end; at++) {
        if (store_faulty_is_sync(f, at) || at % (is_long ? 2 : 11) == 0) {
            cut(f, &h, at, at * 7919);
            cuts++;
        }
    }
    cut(f, &h, end, 1);
    assert_true(cuts > STEPS);
    free(h.acks);
    w.options.vfs = NULL;
    world_done(&w);
    store_faulty_free(f);
}

/* While the folder is made: an empty one is left, or a good one. */
static void a_cut_while_the_folder_is_made_is_survived(void **state)
{
    (void)state;
    struct store_faulty *f = store_faulty_new("faulty");
    struct world w;
    struct history none = {&(struct acknowledged){SIZE_MAX, 0, 0}, 1};
    world_init(&w);
    w.options.vfs = "faulty";
    store_faulty_record(f);
    world_open(&w);
    size_t end = store_faulty_position(f);
    for (size_t at = 0; at <= end; at++)
        if (store_faulty_is_sync(f, at) || at % 4 == 0)
            cut(f, &none, at, at);
    w.options.vfs = "faulty";
    world_done(&w);
    store_faulty_free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_came_back_survives_a_power_cut),
        cmocka_unit_test(a_cut_while_the_folder_is_made_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
