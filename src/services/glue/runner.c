/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in memory, and their way. The store says what there is to do (glue_look); a run is taken
 * into memory when it is to begin, and leaves it when its end is durable.
 */
#include "services/glue/runner_internal.h"

#include "base/check.h"
#include "services/build.h"
#include "services/glue/process.h"
#include <stdio.h>
#include <stdlib.h>

enum {
    LOOK_PAGE = 100,
    SWEEP_PAGE = 100,
    SWEEP_MS = 3600000,
    AGAIN_MS = 1000, /* until the store is asked again after it could not be read */
    TEXT_BYTES = 8192,
};

/* ---- the door ---- */

static void door_unref(struct glue_door *door)
{
    if (atomic_fetch_sub(&door->references, 1) == 1)
        free(door);
}

static void look_at_natives(struct glue_runner *r)
{
    for (struct glue_run *run = r->runs, *next; run; run = next) {
        next = run->next;
        if (run->native)
            glue_native_look(run);
    }
}

static void door_opened(void *arg)
{
    struct glue_door *door = arg;
    atomic_store(&door->is_rung, false);
    bool is_kicked = atomic_exchange(&door->is_kicked, false);
    if (door->runner) {
        glue_write_take(door->runner);
        look_at_natives(door->runner);
        if (is_kicked)
            glue_look(door->runner);
    }
    door_unref(door);
}

void glue_door_ring(void *arg)
{
    struct glue_door *door = arg;
    if (atomic_exchange(&door->is_rung, true))
        return;
    atomic_fetch_add(&door->references, 1);
    loop_post(door->loop, &door->task, door_opened, door);
}

void glue_runner_kick(struct glue_runner *r)
{
    if (!r)
        return;
    atomic_store(&r->door->is_kicked, true);
    glue_door_ring(r->door);
}

/* ---- a run ---- */

str glue_run_argument(const struct glue_run *run, const char *name)
{
    struct json_val all = json_get(run->body, STR("All"));
    char with[128];
    (void)snprintf(with, sizeof(with), "--%s", name);
    struct json_val v = json_get(all, str_of(with));
    if (v.tag != JSON_STRING)
        v = json_get(all, str_of(name));
    return v.tag == JSON_STRING ? json_str(v) : (str){NULL, 0};
}

static void put_text(struct buf *out, const char *fmt, va_list args) PRINTF_LIKE(2, 0);
static void put_text(struct buf *out, const char *fmt, va_list args)
{
    char text[TEXT_BYTES];
    int n = vsnprintf(text, sizeof(text), fmt, args);
    buf_clear(out);
    if (n > 0)
        buf_add(out, (str){text, (size_t)n < sizeof(text) ? (size_t)n : sizeof(text) - 1});
}

void glue_run_tell(struct glue_run *run, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    put_text(&run->detail, fmt, args);
    va_end(args);
}

static void unlink_run(struct glue_runner *r, struct glue_run *run)
{
    struct glue_run **at = &r->runs;
    while (*at != run)
        at = &(*at)->next;
    *at = run->next;
    r->count--;
}

static void free_run(struct glue_run *run)
{
    struct loop *loop = run->runner->loop;
    glue_script_free(run);
    glue_native_free(run);
    loop_timer_stop(loop, &run->timeout);
    loop_timer_stop(loop, &run->progress);
    loop_timer_stop(loop, &run->write.again);
    glue_log_close(run->log);
    buf_done(&run->error);
    buf_done(&run->detail);
    buf_done(&run->told);
    arena_done(&run->arena);
    free(run);
}

static void submit_end(struct glue_run *run)
{
    run->write.kind = GLUE_END;
    run->write.state = str_of(run->end_state);
    run->write.error = run->error.n > 0 ? buf_str(&run->error) : (str){NULL, 0};
    run->write.detail = run->detail.n > 0 ? buf_str(&run->detail) : (str){NULL, 0};
    glue_write_submit(run->runner, &run->write);
}

void glue_run_over(struct glue_run *run, const char *state, const char *fmt, ...)
{
    va_list args;
    check(run->phase != GLUE_ENDING);
    va_start(args, fmt);
    put_text(&run->error, fmt, args);
    va_end(args);
    run->phase = GLUE_ENDING;
    run->end_state = state;
    bool has_succeeded = strcmp(state, "SUCCEEDED") == 0;
    if (run->is_out_of_time && !has_succeeded) {
        run->end_state = "TIMEOUT";
        buf_clear(&run->error);
        buf_printf(&run->error, "The job run took longer than its timeout of %.0f minutes.",
                   glue_number(run->body, "Timeout", 0));
    } else if (run->is_stopping && !has_succeeded) {
        run->end_state = "STOPPED";
        buf_clear(&run->error);
    }
    if (run->log)
        glue_log_line(run->log, "%s%s%.*s", run->end_state, run->error.n ? ": " : "",
                      STR_ARG(buf_str(&run->error)));
    loop_timer_stop(run->runner->loop, &run->timeout);
    loop_timer_stop(run->runner->loop, &run->progress);
    if (!run->write.is_under_way)
        submit_end(run);
}

static void sweep(void *arg);

static bool is_native(const struct glue_run *run)
{
    return glue_is_consolidate(json_get(run->body, STR("Command")));
}

/* ---- stop, timeout, progress ---- */

static void stop_work(struct glue_run *run)
{
    if (run->script)
        glue_script_stop(run);
    if (run->native)
        glue_native_stop(run);
}

static void stop_run(struct glue_run *run)
{
    if (run->is_stopping)
        return;
    run->is_stopping = true;
    if (run->phase == GLUE_AT_WORK)
        stop_work(run);
}

static void time_is_up(void *arg)
{
    struct glue_run *run = arg;
    run->is_out_of_time = true;
    stop_work(run);
}

static void tell_progress(void *arg)
{
    struct glue_run *run = arg;
    struct glue_runner *r = run->runner;
    loop_timer_start(r->loop, &run->progress, loop_now_ms() + r->options.progress_ms, tell_progress,
                     run);
    if (run->native)
        glue_native_tell(run);
    if (run->write.is_under_way || str_eq(buf_str(&run->detail), buf_str(&run->told)))
        return;
    buf_clear(&run->told);
    buf_add(&run->told, buf_str(&run->detail));
    run->write.kind = GLUE_TELL;
    run->write.detail = buf_str(&run->told);
    glue_write_submit(r, &run->write);
}

/* ---- the beginning ---- */

static void begin_work(struct glue_run *run)
{
    struct glue_runner *r = run->runner;
    struct error err;
    run->phase = GLUE_AT_WORK;
    if (glue_log_open(buf_str(&r->logs), run->name, r->options.log_bytes, &run->log, &err) !=
        STATUS_OK) {
        glue_run_over(run, "FAILED", "%s", err.message);
        return;
    }
    double minutes = glue_number(run->body, "Timeout", 0);
    if (minutes > 0)
        loop_timer_start(r->loop, &run->timeout,
                         loop_now_ms() + (int64_t)(minutes * (double)r->options.minute_ms),
                         time_is_up, run);
    loop_timer_start(r->loop, &run->progress, loop_now_ms() + r->options.progress_ms, tell_progress,
                     run);
    str job = build_get_text(run->body, "JobName");
    glue_log_line(run->log, "run %.*s of the job %.*s begins", STR_ARG(run->name), STR_ARG(job));
    if (is_native(run))
        glue_native_begin(run);
    else
        glue_script_begin(run);
}

static void look_again(void *arg)
{
    glue_look(arg);
}

static struct glue_run *new_run(struct glue_runner *r, const struct store_job_run *row)
{
    struct glue_run *run = calloc(1, sizeof(*run));
    check(run != NULL);
    arena_init(&run->arena, 0);
    buf_init(&run->error, TEXT_BYTES);
    buf_init(&run->detail, TEXT_BYTES);
    buf_init(&run->told, TEXT_BYTES);
    run->runner = r;
    run->id = row->id;
    run->name = arena_dup(&run->arena, row->name);
    run->write.run = run;
    run->write.name = run->name;
    run->next = r->runs;
    r->runs = run;
    r->count++;
    return run;
}

/* Takes a row into memory: it begins, or its end is written. */
static void take_run(struct glue_runner *r, const struct store_job_run *listed)
{
    struct error err;
    struct glue_run *run = new_run(r, listed);
    struct store_job_run whole, *row = &whole;
    if (store_find_job_run(r->reader, listed->name, &run->arena, row, &err) != STATUS_OK) {
        unlink_run(r, run); /* it is looked for again */
        free_run(run);
        loop_timer_start(r->loop, &r->look_timer, loop_now_ms() + AGAIN_MS, look_again, r);
        return;
    }
    bool was_running = str_eq(row->state, STR("RUNNING"));
    bool is_stopping = str_eq(row->state, STR("STOPPING"));
    if (glue_run_read_body(&run->arena, row, &run->body, &err) != STATUS_OK) {
        glue_run_over(run, "FAILED", "%s", err.message);
        return;
    }
    if ((was_running || is_stopping) && !is_native(run))
        (void)glue_process_kill_left(run->name);
    run->is_stopping = is_stopping;
    if (is_stopping) {
        glue_run_over(run, "STOPPED", "%s", "");
    } else if (was_running && !is_native(run)) {
        glue_run_over(run, "FAILED", "The server that ran the script ended before the script did.");
    } else {
        run->write.kind = GLUE_BEGIN;
        glue_write_submit(r, &run->write);
    }
}

void glue_written(struct glue_runner *r, struct glue_write *w, str state)
{
    struct glue_run *run = w->run;
    if (w->kind == GLUE_ADMIT) {
        if (state.n > 0)
            glue_look(r);
    } else if (w->kind == GLUE_SWEEP) {
        free(w->ids);
        w->ids = NULL;
        loop_timer_start(r->loop, &r->sweep_timer, loop_now_ms() + 1, sweep, r);
    } else if (run->phase == GLUE_ENDING && w->kind != GLUE_END) {
        submit_end(run);
    } else if (w->kind == GLUE_END) {
        char name[GLUE_RUN_NAME + 64];
        (void)snprintf(name, sizeof(name), "%.*s", STR_ARG(run->name));
        bool has_succeeded = strcmp(run->end_state, "SUCCEEDED") == 0;
        unlink_run(r, run);
        free_run(run);
        if (r->options.ended)
            r->options.ended(r->options.arg, str_of(name),
                             has_succeeded ? GLUE_SUCCEEDED : GLUE_FAILED);
        glue_runner_kick(r);
    } else if (w->kind == GLUE_BEGIN) {
        if (str_eq(state, STR("RUNNING")) && !run->is_stopping)
            begin_work(run);
        else
            glue_run_over(run, "STOPPED", "%s", "");
    }
}

/* ---- looking ---- */

static struct glue_run *find_run(struct glue_runner *r, int64_t id)
{
    struct glue_run *run = r->runs;
    while (run && run->id != id)
        run = run->next;
    return run;
}

static void look_at(struct glue_runner *r, const struct store_job_run *row, bool *ret_waits)
{
    struct glue_run *run = find_run(r, row->id);
    bool is_stopping = str_eq(row->state, STR("STOPPING"));
    if (run) {
        if (is_stopping)
            stop_run(run);
    } else if (str_eq(row->state, STR("WAITING"))) {
        *ret_waits = true;
    } else if (is_stopping || r->count < r->options.at_once) {
        take_run(r, row);
    }
}

void glue_look(struct glue_runner *r)
{
    struct store_job_runs page = {.count = LOOK_PAGE};
    struct arena arena;
    struct error err;
    bool waits = false;
    for (int64_t after = 0; page.count == LOOK_PAGE;) {
        arena_init(&arena, 0);
        if (store_list_open_job_runs(r->reader, after, LOOK_PAGE, &arena, &page, &err) !=
            STATUS_OK) {
            page.count = 0;
            loop_timer_start(r->loop, &r->look_timer, loop_now_ms() + AGAIN_MS, look_again, r);
        }
        for (uint32_t i = 0; i < page.count; i++) {
            after = page.rows[i].id;
            look_at(r, &page.rows[i], &waits);
        }
        arena_done(&arena);
    }
    if (waits && !r->admit.is_under_way)
        glue_write_submit(r, &r->admit);
}

/* ---- retention ---- */

static void sweep(void *arg)
{
    struct glue_runner *r = arg;
    struct store_job_runs page;
    struct arena arena;
    struct error err;
    arena_init(&arena, 0);
    enum status status = store_list_ended_job_runs(
        r->reader, loop_wall_ms() - r->options.retention_ms, SWEEP_PAGE, &arena, &page, &err);
    if (status == STATUS_OK && page.count > 0 && !r->sweep.is_under_way) {
        r->sweep.ids = calloc(page.count, sizeof(*r->sweep.ids));
        check(r->sweep.ids != NULL);
        r->sweep.count = page.count;
        for (uint32_t i = 0; i < page.count; i++) {
            glue_log_remove(buf_str(&r->logs), page.rows[i].name);
            r->sweep.ids[i] = page.rows[i].id;
        }
        glue_write_submit(r, &r->sweep);
    } else {
        loop_timer_start(r->loop, &r->sweep_timer, loop_now_ms() + SWEEP_MS, sweep, r);
    }
    arena_done(&arena);
}

/* ---- open and close ---- */

static void set_defaults(struct glue_runner_options *o)
{
    o->at_once = o->at_once ? o->at_once : GLUE_AT_ONCE;
    o->log_bytes = o->log_bytes ? o->log_bytes : GLUE_LOG_BYTES;
    o->grace_ms = o->grace_ms ? o->grace_ms : GLUE_GRACE_MS;
    o->progress_ms = o->progress_ms ? o->progress_ms : GLUE_PROGRESS_MS;
    o->minute_ms = o->minute_ms ? o->minute_ms : 60000;
}

enum status glue_runner_open(const struct glue_runner_options *options, struct glue_runner **ret,
                             struct error *err)
{
    struct glue_runner *r = calloc(1, sizeof(*r));
    check(r != NULL);
    r->options = *options;
    set_defaults(&r->options);
    r->loop = options->loop;
    r->endpoint = str_dup(options->endpoint);
    r->admit.kind = GLUE_ADMIT;
    r->sweep.kind = GLUE_SWEEP;
    r->door = calloc(1, sizeof(*r->door));
    check(r->door != NULL);
    *r->door = (struct glue_door){.loop = r->loop, .runner = r};
    atomic_init(&r->door->references, 1);
    if (glue_folder_open(r, err) != STATUS_OK ||
        store_reader_open(store_dir(options->store), NULL, &r->reader, err) != STATUS_OK) {
        glue_runner_close(r);
        return err->status;
    }
    r->client = store_client_new(options->store, glue_door_ring, r->door);
    if (r->options.retention_ms > 0)
        loop_timer_start(r->loop, &r->sweep_timer, loop_now_ms(), sweep, r);
    glue_runner_kick(r);
    *ret = r;
    return STATUS_OK;
}

void glue_runner_close(struct glue_runner *r)
{
    if (!r)
        return;
    r->is_closing = true;
    r->door->runner = NULL;
    store_client_free(r->client); /* waits; what comes back is not acted upon */
    while (r->runs) {
        struct glue_run *run = r->runs;
        r->runs = run->next;
        if (run->write.is_under_way)
            store_unit_done(&run->write.unit);
        free_run(run);
    }
    store_unit_done(&r->admit.unit);
    store_unit_done(&r->sweep.unit);
    free(r->sweep.ids);
    loop_timer_stop(r->loop, &r->sweep_timer);
    loop_timer_stop(r->loop, &r->look_timer);
    loop_timer_stop(r->loop, &r->admit.again);
    loop_timer_stop(r->loop, &r->sweep.again);
    store_reader_close(r->reader);
    glue_folder_close(r);
    free((void *)(uintptr_t)r->endpoint.p);
    door_unref(r->door);
    free(r);
}
