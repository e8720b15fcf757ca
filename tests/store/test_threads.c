/* SPDX-License-Identifier: Apache-2.0 */
/* Several threads submit and read at once; for the thread sanitizer, and for order. */
#include "support.h"
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

enum { THREADS = 4, RUNNERS = 16, STEPS = 40 };

struct runner {
    struct store_unit unit;
    struct op ops[2];
    unsigned steps;
};

struct loop {
    pthread_t thread;
    struct world *w;
    pthread_mutex_t lock;
    pthread_cond_t woken;
    bool is_woken;
    unsigned failures;
};

static void on_wake(void *arg)
{
    struct loop *l = arg;
    pthread_mutex_lock(&l->lock);
    l->is_woken = true;
    pthread_cond_signal(&l->woken);
    pthread_mutex_unlock(&l->lock);
}

static void wait_woken(struct loop *l)
{
    pthread_mutex_lock(&l->lock);
    while (!l->is_woken)
        pthread_cond_wait(&l->woken, &l->lock);
    l->is_woken = false;
    pthread_mutex_unlock(&l->lock);
}

static void submit(struct loop *l, struct store_client *c, struct runner *r)
{
    struct error err;
    size_t from = r->steps == 0 ? 0 : 1;
    r->ops[1].prev = r->ops[1].number;
    r->ops[1].number = store_new_id(l->w->s);
    r->unit.run = run_ops;
    r->unit.args = (str){(const char *)&r->ops[from], (2 - from) * sizeof(r->ops[0])};
    l->failures += store_submit(c, &r->unit, &err) != STATUS_OK;
}

/* What came back is there for a reader at once. */
static void look(struct loop *l, struct store_reader *r, const struct runner *of, struct arena *a)
{
    struct store_loaded loaded;
    struct error err;
    if (store_load(r, of->ops[1].id, a, &loaded, &err) != STATUS_OK ||
        loaded.execution.tail != of->ops[1].number || loaded.step_count != of->steps)
        l->failures++;
    arena_reset(a);
}

static void *run_loop(void *arg)
{
    struct loop *l = arg;
    struct runner *runners = calloc(RUNNERS, sizeof(*runners));
    struct store_client *c = store_client_new(l->w->s, on_wake, l);
    struct store_reader *r = NULL;
    struct arena a;
    struct error err;
    arena_init(&a, 0);
    l->failures += store_reader_open(str_of(l->w->dir), NULL, &r, &err) != STATUS_OK;
    for (int i = 0; i < RUNNERS; i++) {
        runners[i].ops[0] = (struct op){.kind = OP_START, .execution = sample_execution(l->w, "")};
        runners[i].ops[1] = (struct op){
            .kind = OP_APPEND, .id = runners[i].ops[0].execution.id, .body = STR("a step")};
        submit(l, c, &runners[i]);
    }
    for (unsigned ended = 0; ended < RUNNERS && l->failures == 0;) {
        wait_woken(l);
        for (struct store_unit *u = store_take(c), *next; u; u = next) {
            struct runner *of = (struct runner *)(void *)u;
            next = u->next;
            l->failures += u->status != STATUS_OK;
            of->steps++;
            if (of->steps % 8 == 0)
                look(l, r, of, &a);
            if (of->steps < STEPS)
                submit(l, c, of);
            else
                ended++;
        }
    }
    store_reader_close(r);
    store_client_free(c);
    arena_done(&a);
    free(runners);
    return NULL;
}

static void loops_write_and_read_at_once(void **state)
{
    (void)state;
    struct world w;
    struct loop loops[THREADS];
    world_init(&w);
    w.options.checkpoint_pages = 20;
    world_open(&w);
    for (int i = 0; i < THREADS; i++) {
        loops[i] = (struct loop){.w = &w};
        pthread_mutex_init(&loops[i].lock, NULL);
        pthread_cond_init(&loops[i].woken, NULL);
        assert_int_equal(pthread_create(&loops[i].thread, NULL, run_loop, &loops[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(loops[i].thread, NULL);
        assert_int_equal(loops[i].failures, 0);
        pthread_cond_destroy(&loops[i].woken);
        pthread_mutex_destroy(&loops[i].lock);
    }
    assert_int_equal(sql_number(&w, "SELECT count(*) FROM step"), THREADS * RUNNERS * STEPS);
    struct store_metrics m;
    store_get_metrics(w.s, &m);
    assert_int_equal(m.in_flight, 0);
    assert_whole(&w);
    world_done(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(loops_write_and_read_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
