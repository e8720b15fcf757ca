/* SPDX-License-Identifier: Apache-2.0 */
/* Runs of jobs: rows, their lists, and how few rows the lists look at. */
#include "store/job_runs.h"
#include "support.h"

enum kind { ADD, SET, DELETE };
struct write {
    enum kind kind;
    struct store_job_run run;
};

static enum status run_write(struct store_tx *tx, str args, struct arena *scratch,
                             struct error *err)
{
    const struct write *w = (const struct write *)(const void *)args.p;
    (void)scratch;
    if (w->kind == DELETE)
        return store_tx_delete_job_run(tx, w->run.id, err);
    return w->kind == ADD ? store_tx_add_job_run(tx, &w->run, err)
                          : store_tx_set_job_run(tx, &w->run, err);
}

static enum status write_run(struct world *w, enum kind kind, const struct store_job_run *run,
                             struct error *err)
{
    struct write write = {kind, *run};
    struct store_unit unit = {.run = run_write, .args = {(const char *)&write, sizeof(write)}};
    enum status status = store_perform(w->c, &unit, err);
    store_unit_done(&unit);
    return status;
}

static struct store_job_run sample(struct world *w, int64_t job, const char *name,
                                   const char *state)
{
    return (struct store_job_run){.id = store_new_id(w->s),
                                  .job = job,
                                  .name = str_of(name),
                                  .state = str_of(state),
                                  .started_ms = 100,
                                  .modified_ms = 100,
                                  .running_ms = STORE_NEVER,
                                  .completed_ms = STORE_NEVER,
                                  .body = STR("{}")};
}

static struct store_job_run add(struct world *w, int64_t job, const char *name, const char *state)
{
    struct error err;
    struct store_job_run run = sample(w, job, name, state);
    assert_ok(write_run(w, ADD, &run, &err));
    return run;
}

static void complete(struct world *w, struct store_job_run run, int64_t ms)
{
    struct error err;
    run.state = STR("SUCCEEDED");
    run.completed_ms = ms;
    assert_ok(write_run(w, SET, &run, &err));
}

static void assert_names(const struct store_job_runs *runs, const char *wanted)
{
    char text[128] = "";
    for (uint32_t i = 0; i < runs->count; i++)
        strncat(text, runs->rows[i].name.p, runs->rows[i].name.n);
    assert_string_equal(text, wanted);
}

static void a_run_comes_back_as_it_was_written(void **state)
{
    struct world *w = *state;
    struct error err;
    struct store_job_run run = add(w, 7, "jr_a", "STARTING"), found;
    run.state = STR("FAILED");
    run.modified_ms = 300;
    run.running_ms = 200;
    run.completed_ms = 300;
    run.error = STR("it broke");
    run.detail = STR("half");
    assert_ok(write_run(w, SET, &run, &err));
    world_close(w);
    world_open(w);
    assert_ok(store_find_job_run(w->r, STR("jr_a"), &w->a, &found, &err));
    assert_int_equal(found.id, run.id);
    assert_int_equal(found.job, 7);
    assert_str(found.state, "FAILED");
    assert_int_equal(found.started_ms, 100);
    assert_int_equal(found.running_ms, 200);
    assert_int_equal(found.completed_ms, 300);
    assert_str(found.error, "it broke");
    assert_str(found.detail, "half");
    assert_str(found.body, "{}");
    assert_whole(w);
}

static void what_is_not_there_is_not_found(void **state)
{
    struct world *w = *state;
    struct error err;
    struct store_job_run run = sample(w, 1, "jr_a", "STARTING"), found;
    assert_int_equal(store_find_job_run(w->r, STR("jr_a"), &w->a, &found, &err), STATUS_NOT_FOUND);
    assert_int_equal(write_run(w, SET, &run, &err), STATUS_NOT_FOUND);
    assert_int_equal(write_run(w, DELETE, &run, &err), STATUS_NOT_FOUND);
}

static void a_name_is_given_once(void **state)
{
    struct world *w = *state;
    struct error err;
    (void)add(w, 1, "jr_a", "STARTING");
    struct store_job_run again = sample(w, 2, "jr_a", "STARTING");
    assert_int_equal(write_run(w, ADD, &again, &err), STATUS_CONFLICT);
    assert_string_equal(err.name, "StoreNameTaken");
}

static void runs_of_a_job_are_listed_newest_first(void **state)
{
    struct world *w = *state;
    struct error err;
    struct store_job_runs runs;
    (void)add(w, 1, "a", "STARTING");
    (void)add(w, 2, "x", "STARTING");
    (void)add(w, 1, "b", "STARTING");
    (void)add(w, 1, "c", "STARTING");
    assert_ok(store_list_job_runs(w->r, 1, 0, 2, &w->a, &runs, &err));
    assert_names(&runs, "cb");
    assert_ok(store_list_job_runs(w->r, 1, runs.rows[1].id, 2, &w->a, &runs, &err));
    assert_names(&runs, "a");
}

static void unfinished_runs_are_listed_oldest_first_and_counted(void **state)
{
    struct world *w = *state;
    struct error err;
    struct store_job_runs runs;
    uint32_t count;
    struct store_job_run a = add(w, 1, "a", "STARTING"), b = add(w, 1, "b", "RUNNING");
    (void)add(w, 2, "c", "RUNNING");
    (void)add(w, 1, "d", "WAITING");
    complete(w, a, 500);
    assert_ok(store_list_open_job_runs(w->r, 0, 10, &w->a, &runs, &err));
    assert_names(&runs, "bcd");
    assert_ok(store_list_open_job_runs(w->r, b.id, 1, &w->a, &runs, &err));
    assert_names(&runs, "c");
    assert_ok(store_count_open_job_runs(w->r, 1, STR("WAITING"), &count, &err));
    assert_int_equal(count, 1);
    assert_ok(store_count_open_job_runs(w->r, 3, STR("WAITING"), &count, &err));
    assert_int_equal(count, 0);
}

static void ended_runs_are_listed_by_their_end(void **state)
{
    struct world *w = *state;
    struct error err;
    struct store_job_runs runs;
    struct store_job_run a = add(w, 1, "a", "RUNNING"), b = add(w, 1, "b", "RUNNING");
    (void)add(w, 1, "c", "RUNNING");
    complete(w, a, 500);
    complete(w, b, 400);
    assert_ok(store_list_ended_job_runs(w->r, 501, 10, &w->a, &runs, &err));
    assert_names(&runs, "ba");
    assert_ok(store_list_ended_job_runs(w->r, 500, 10, &w->a, &runs, &err));
    assert_names(&runs, "b");
    assert_ok(write_run(w, DELETE, &runs.rows[0], &err));
    assert_ok(store_list_ended_job_runs(w->r, 501, 10, &w->a, &runs, &err));
    assert_names(&runs, "a");
}

static void rows_that_have_no_room_are_refused(void **state)
{
    struct world *w = *state;
    struct error err;
    struct store_job_runs runs;
    struct arena small;
    (void)add(w, 1, "a", "RUNNING");
    arena_init(&small, 64);
    assert_int_equal(store_list_job_runs(w->r, 1, 0, 10, &small, &runs, &err), STATUS_LIMIT);
    arena_done(&small);
    assert_ok(store_list_job_runs(w->r, 1, 0, 10, &w->a, &runs, &err)); /* nothing is held */
    assert_names(&runs, "a");
}

#define T(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(a_run_comes_back_as_it_was_written),
        T(what_is_not_there_is_not_found),
        T(a_name_is_given_once),
        T(runs_of_a_job_are_listed_newest_first),
        T(unfinished_runs_are_listed_oldest_first_and_counted),
        T(ended_runs_are_listed_by_their_end),
        T(rows_that_have_no_room_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
