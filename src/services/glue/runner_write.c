/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Units of the runner. Each looks at the row as it is by then, since a stop may have been written
 * down meanwhile, and replies with the state it leaves. What cannot be written for want of a disk
 * is submitted again until it can: nothing goes on before it is durable.
 */
#include "services/build.h"
#include "services/glue/runner_internal.h"
#include <stddef.h>
#include <stdlib.h>

enum { AGAIN_MS = 1000, FULL_MS = 50, ADMIT_PAGE = 100 };

/* ---- on the store's thread ---- */

static enum status begin_row(struct store_tx *tx, const struct glue_write *w,
                             struct store_job_run *row, struct error *err)
{
    if (str_eq(row->state, STR("STOPPING")))
        return STATUS_OK;
    row->state = STR("RUNNING");
    row->running_ms = row->modified_ms = w->now_ms;
    row->detail = (str){NULL, 0};
    return store_tx_set_job_run(tx, row, err);
}

static enum status tell_row(struct store_tx *tx, const struct glue_write *w,
                            struct store_job_run *row, struct error *err)
{
    row->detail = w->detail;
    row->modified_ms = w->now_ms;
    return store_tx_set_job_run(tx, row, err);
}

/* The next attempt of a run that failed, if its job allows one. */
static enum status add_next(struct store_tx *tx, const struct glue_write *w,
                            const struct store_job_run *row, struct arena *scratch,
                            struct error *err)
{
    struct json_val body;
    struct error unreadable;
    if (glue_run_read_body(scratch, row, &body, &unreadable) != STATUS_OK)
        return STATUS_OK; /* it failed for that very reason */
    double attempt = glue_number(body, "Attempt", 0);
    if (attempt >= glue_number(body, "MaxRetries", 0))
        return STATUS_OK;
    struct json_val next = glue_run_next_body(scratch, body, row->name);
    return glue_run_add(tx, row->job, glue_run_next_name(scratch, row->name, (int64_t)attempt + 1),
                        STR("STARTING"), next, w->now_ms, err);
}

static enum status end_row(struct store_tx *tx, const struct glue_write *w,
                           struct store_job_run *row, struct arena *scratch, struct error *err)
{
    bool was_stopping = str_eq(row->state, STR("STOPPING"));
    row->state = w->state;
    row->error = w->error;
    row->detail = w->detail;
    row->modified_ms = row->completed_ms = w->now_ms;
    enum status status = store_tx_set_job_run(tx, row, err);
    if (status == STATUS_OK && str_eq(w->state, STR("FAILED")) && !was_stopping)
        status = add_next(tx, w, row, scratch, err);
    return status;
}

static enum status write_run(struct store_tx *tx, const struct glue_write *w, struct arena *scratch,
                             struct error *err)
{
    struct store_job_run row;
    enum status status = store_find_job_run(store_tx_reader(tx), w->name, scratch, &row, err);
    if (status == STATUS_OK && row.completed_ms == STORE_NEVER) {
        if (w->kind == GLUE_BEGIN)
            status = begin_row(tx, w, &row, err);
        else if (w->kind == GLUE_TELL)
            status = tell_row(tx, w, &row, err);
        else
            status = end_row(tx, w, &row, scratch, err);
    }
    if (status == STATUS_OK)
        store_tx_reply(tx, row.state);
    return status;
}

struct admitting {
    int64_t full;      /* the job that was seen last to have no room */
    bool has_admitted; /* any */
};

/* One that waits: STARTING when its job has room. A job that is gone has room for none. */
static enum status admit_row(struct store_tx *tx, const struct glue_write *w, str name,
                             struct arena *scratch, struct admitting *a, struct error *err)
{
    struct json_val body;
    struct glue_job job;
    struct store_job_run whole, *row = &whole;
    bool has_room = false;
    struct store_reader *reader = store_tx_reader(tx);
    enum status status = store_find_job_run(reader, name, scratch, row, err);
    if (status == STATUS_OK)
        status = glue_run_read_body(scratch, row, &body, err);
    if (status == STATUS_OK)
        status = glue_job_load(scratch, reader, build_get_text(body, "JobName"), &job, err);
    if (status == STATUS_NOT_FOUND || status == STATUS_CORRUPT)
        return STATUS_OK;
    if (status == STATUS_OK)
        status =
            glue_run_has_room(reader, row->job, glue_max_concurrent(job.members), &has_room, err);
    if (status != STATUS_OK || !has_room) {
        a->full = row->job;
        return status;
    }
    a->has_admitted = true;
    row->state = STR("STARTING");
    row->modified_ms = w->now_ms;
    return store_tx_set_job_run(tx, row, err);
}

static enum status admit(struct store_tx *tx, const struct glue_write *w, struct arena *scratch,
                         struct error *err)
{
    struct store_job_runs page = {.count = ADMIT_PAGE};
    struct admitting a = {0};
    for (int64_t after = 0; page.count == ADMIT_PAGE;) {
        if (store_list_open_job_runs(store_tx_reader(tx), after, ADMIT_PAGE, scratch, &page, err) !=
            STATUS_OK)
            return err->status;
        for (uint32_t i = 0; i < page.count; i++) {
            after = page.rows[i].id;
            if (str_eq(page.rows[i].state, STR("WAITING")) && page.rows[i].job != a.full &&
                admit_row(tx, w, page.rows[i].name, scratch, &a, err) != STATUS_OK)
                return err->status;
        }
    }
    store_tx_reply(tx, a.has_admitted ? STR("STARTING") : STR(""));
    return STATUS_OK;
}

static enum status sweep(struct store_tx *tx, const struct glue_write *w, struct error *err)
{
    for (uint32_t i = 0; i < w->count; i++)
        if (store_tx_delete_job_run(tx, w->ids[i], err) != STATUS_OK)
            return err->status;
    return STATUS_OK;
}

static enum status run_write(struct store_tx *tx, str args, struct arena *scratch,
                             struct error *err)
{
    const struct glue_write *w = (const struct glue_write *)(const void *)args.p;
    if (w->kind == GLUE_SWEEP)
        return sweep(tx, w, err);
    return w->kind == GLUE_ADMIT ? admit(tx, w, scratch, err) : write_run(tx, w, scratch, err);
}

/* ---- on the loop ---- */

static struct glue_runner *runner_of(struct glue_write *w);

static void submit_again(void *arg)
{
    struct glue_write *w = arg;
    glue_write_submit(runner_of(w), w);
}

/* Writes of no run lie in the runner itself. */
static struct glue_runner *runner_of(struct glue_write *w)
{
    if (w->run)
        return w->run->runner;
    size_t at = w->kind == GLUE_ADMIT ? offsetof(struct glue_runner, admit)
                                      : offsetof(struct glue_runner, sweep);
    return (struct glue_runner *)(void *)((char *)w - at);
}

void glue_write_submit(struct glue_runner *r, struct glue_write *w)
{
    struct error err;
    w->is_under_way = true;
    w->now_ms = loop_wall_ms();
    w->unit = (struct store_unit){.run = run_write, .args = {(const char *)w, sizeof(*w)}};
    if (store_submit(r->client, &w->unit, &err) != STATUS_OK)
        loop_timer_start(r->loop, &w->again, loop_now_ms() + FULL_MS, submit_again, w);
}

static void take_one(struct glue_runner *r, struct glue_write *w)
{
    str reply = w->unit.reply; /* w may be gone below */
    w->unit.reply = (str){NULL, 0};
    enum status status = w->unit.status;
    bool is_lost = status != STATUS_OK && status != STATUS_NOT_FOUND;
    if (r->is_closing) {
        w->is_under_way = false;
    } else if (is_lost) {
        loop_timer_start(r->loop, &w->again, loop_now_ms() + AGAIN_MS, submit_again, w);
    } else {
        w->is_under_way = false;
        glue_written(r, w, status == STATUS_OK ? reply : STR("gone"));
    }
    free((void *)(uintptr_t)reply.p);
}

void glue_write_take(struct glue_runner *r)
{
    for (struct store_unit *u = store_take(r->client), *next; u; u = next) {
        next = u->next;
        take_one(r, (struct glue_write *)(void *)u); /* its unit is its first member */
    }
}
