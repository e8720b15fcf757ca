/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What map runs write: their own row, marks of children that a redrive runs again, and Express
 * children that have ended. A unit that the store could not write is handed to it again after a
 * while, so that nothing here is lost but by the end of the process, after which it is made again.
 */
#include "asl/map_result.h"
#include "engine/map_guest.h"
#include "json/write.h"
#include <stdlib.h>

enum { MARK_ROWS = 500 };

struct row_args {
    enum map_save how;
    struct store_map_run row;
};

struct child_args {
    struct store_execution row;
    bool is_again;         /* its row is there already, marked to run again */
    int64_t input, output; /* numbers; 0: none */
    str input_body, output_body;
    struct store_ending ending;
};

struct map_unit {
    struct store_unit unit;
    struct map_unit *next, *previous;
    struct map_unit *next_waiting; /* in the line before the store */
    struct map_runs *all;
    struct map_run *run;
    bool is_failed;
    bool is_child;
    struct row_args row;
    struct child_args child;
    struct buf texts;
};

/* ---- on the store's thread ---- */

/* Marks some of the children that failed; the reply says whether there may be more. */
static enum status mark(struct store_tx *tx, int64_t map_run, struct arena *scratch,
                        struct error *err)
{
    struct store_page page;
    struct store_list_query query = {.map_run = map_run,
                                     .status_set = 1u << STORE_FAILED | 1u << STORE_TIMED_OUT |
                                                   1u << STORE_ABORTED,
                                     .limit = MARK_ROWS};
    enum status status = STATUS_OK;
    do {
        status = store_list_executions(store_tx_reader(tx), &query, scratch, &page, err);
        query.from = page.next;
    } while (status == STATUS_OK && page.count == 0 && page.next != 0);
    if (status != STATUS_OK)
        return status;
    for (uint32_t i = 0; i < page.count && status == STATUS_OK; i++)
        status = store_tx_set_status(tx, page.rows[i].id, STORE_PENDING_REDRIVE, err);
    if (page.next != 0)
        store_tx_reply(tx, STR("more"));
    return status;
}

static enum status write_row(struct store_tx *tx, str args, struct arena *scratch,
                             struct error *err)
{
    const struct row_args *a = (const struct row_args *)(const void *)args.p;
    if (a->how == MAP_SAVE_NEW)
        return store_tx_start_map_run(tx, &a->row, err);
    enum status status = store_tx_set_map_run(tx, &a->row, err);
    if (status == STATUS_OK && a->how == MAP_SAVE_MARK)
        status = mark(tx, a->row.id, scratch, err);
    return status;
}

static enum status write_child(struct store_tx *tx, str args, struct arena *scratch,
                               struct error *err)
{
    const struct child_args *a = (const struct child_args *)(const void *)args.p;
    (void)scratch;
    enum status status = a->is_again ? store_tx_redrive(tx, a->row.id, a->row.started_ms, err)
                                     : store_tx_start(tx, &a->row, err);
    if (status == STATUS_OK && a->input_body.n > 0)
        status = store_tx_put_document(tx, a->row.id, a->input, a->input_body, err);
    if (status == STATUS_OK && a->output_body.n > 0)
        status = store_tx_put_document(tx, a->row.id, a->output, a->output_body, err);
    if (status == STATUS_OK)
        status = store_tx_end(tx, a->row.id, &a->ending, err);
    return status;
}

/* ---- making them ---- */

static struct map_unit *unit_new(struct map_run *r)
{
    struct map_runs *all = r->all;
    struct map_unit *u = calloc(1, sizeof(*u));
    check(u != NULL);
    u->all = all;
    u->run = r;
    buf_init(&u->texts, SIZE_MAX / 2);
    u->next = all->units;
    if (all->units)
        all->units->previous = u;
    all->units = u;
    return u;
}

static void unit_free(struct map_unit *u)
{
    struct map_runs *all = u->all;
    if (u->previous)
        u->previous->next = u->next;
    else
        all->units = u->next;
    if (u->next)
        u->next->previous = u->previous;
    store_unit_done(&u->unit);
    buf_done(&u->texts);
    free(u);
}

/* When the store has too many of this loop, some come back, and with them the next try. */
static void hand_over(struct map_runs *all)
{
    struct error err;
    while (all->first_waiting) {
        struct map_unit *u = all->first_waiting;
        if (store_submit(all->client, &u->unit, &err) != STATUS_OK)
            return;
        all->first_waiting = u->next_waiting;
        if (!all->first_waiting)
            all->last_waiting = NULL;
    }
}

static void submit(struct map_unit *u)
{
    struct map_runs *all = u->all;
    u->is_failed = false;
    u->next_waiting = NULL;
    if (all->last_waiting)
        all->last_waiting->next_waiting = u;
    else
        all->first_waiting = u;
    all->last_waiting = u;
    hand_over(all);
}

static struct store_counts kept_counts(const struct asl_map_counts *c)
{
    return (struct store_counts){.pending = c->pending,
                                 .running = c->running,
                                 .succeeded = c->succeeded,
                                 .failed = c->failed,
                                 .timed_out = c->timed_out,
                                 .aborted = c->aborted,
                                 .total = c->total};
}

void map_store_fill(struct map_run *r)
{
    const struct asl_map_run *run = &r->run;
    struct store_map_run *row = &r->row;
    row->concurrency = run->max_concurrency;
    row->tolerated_percentage = run->has_tolerated_percentage ? run->tolerated_percentage : -1;
    row->tolerated_count = run->has_tolerated_count && run->tolerated_count < INT64_MAX
                               ? (int64_t)run->tolerated_count
                               : -1;
    row->items = kept_counts(&run->items);
    row->children = kept_counts(&run->children);
    row->children.pending = asl_map_run_pending_children(run);
}

void map_store_save(struct map_run *r, enum map_save how)
{
    struct map_unit *u = unit_new(r);
    struct map_run_state state = {.state = r->state->number,
                                  .attempt = r->attempt,
                                  .is_marking = how == MAP_SAVE_MARK,
                                  .has_error = r->has_error,
                                  .arn = r->arn,
                                  .error = r->error,
                                  .cause = r->cause};
    check(!r->is_saving);
    map_store_fill(r);
    map_cursor_advance(r);
    map_run_state_write(&state, &u->texts);
    size_t n = u->texts.n;
    buf_add(&u->texts, buf_str(&r->cursor));
    u->row.how = how;
    u->row.row = r->row;
    u->row.row.state = str_sub(buf_str(&u->texts), 0, n);
    u->row.row.cursor = str_sub(buf_str(&u->texts), n, u->texts.n);
    u->unit.run = write_row;
    u->unit.args = (str){(const char *)&u->row, sizeof(u->row)};
    r->is_saving = true;
    r->is_dirty = false;
    r->unsaved = 0;
    submit(u);
}

bool map_store_has(const struct map_run *r)
{
    const struct map_unit *u = r->all->units;
    while (u && u->run != r)
        u = u->next;
    return u != NULL;
}

uint64_t map_store_earliest(const struct map_run *r)
{
    uint64_t ret = UINT64_MAX;
    for (const struct map_unit *u = r->all->units; u; u = u->next) {
        if (u->run == r && u->is_child && u->child.row.map_index < ret)
            ret = u->child.row.map_index;
    }
    return ret;
}

static enum store_status kept_status(enum asl_status status)
{
    static const enum store_status kept[] = {
        [ASL_EXEC_SUCCEEDED] = STORE_SUCCEEDED,
        [ASL_EXEC_FAILED] = STORE_FAILED,
        [ASL_EXEC_TIMED_OUT] = STORE_TIMED_OUT,
        [ASL_EXEC_ABORTED] = STORE_ABORTED,
    };
    return kept[status];
}

/* All texts are in one block, which moves while it grows: they are placed at the end. */
static str add_text(struct buf *texts, str s)
{
    buf_add(texts, s);
    return (str){NULL, s.n};
}

static str add_document(struct buf *texts, const struct asl_document *d)
{
    size_t before = texts->n;
    if (json_write(texts, d->root, 0, NULL) != STATUS_OK)
        texts->n = before;
    return (str){NULL, texts->n - before};
}

static void place_text(str *s, const char **at)
{
    s->p = *at;
    *at += s->n;
}

/* A redrive needs the input, the Map's result the output, and whole records need both. */
static void choose_documents(const struct map_run *r, struct child_args *a, bool is_well)
{
    const struct asl_result_writer *writer = r->state->map.writer;
    bool are_whole = asl_map_result_form(writer, writer && writer->has_resource) == ASL_WRITER_NONE;
    if (is_well)
        a->output = (int64_t)a->row.redrives + 2;
    if (!a->is_again && (!is_well || are_whole))
        a->input = a->row.input = 1;
}

void map_store_keep(struct map_run *r, const struct engine_execution *ex)
{
    const struct asl_exec *x = ex->x;
    struct map_unit *u = unit_new(r);
    struct child_args *a = &u->child;
    bool is_well = x->status == ASL_EXEC_SUCCEEDED;
    u->is_child = true;
    a->row = ex->row;
    a->row.name = (str){0};
    a->row.due_ms = STORE_NEVER;
    a->is_again = ex->row.redrives > 0;
    choose_documents(r, a, is_well);
    a->input_body = a->input ? add_document(&u->texts, x->input) : (str){0};
    a->output_body = a->output ? add_document(&u->texts, x->output) : (str){0};
    a->ending = (struct store_ending){
        .status = kept_status(x->status), .stopped_ms = x->stop_ms, .output = a->output};
    str error = add_text(&u->texts, x->has_error ? x->error : (str){0});
    str cause = add_text(&u->texts, x->has_cause ? x->cause : (str){0});
    const char *at = u->texts.p;
    place_text(&a->input_body, &at);
    place_text(&a->output_body, &at);
    place_text(&error, &at);
    place_text(&cause, &at);
    a->ending.error = x->has_error ? error : (str){0};
    a->ending.cause = x->has_cause ? cause : (str){0};
    u->unit.run = write_child;
    u->unit.args = (str){(const char *)a, sizeof(*a)};
    submit(u);
}

/* ---- back again ---- */

static void retry(void *arg)
{
    struct map_runs *all = arg;
    for (struct map_unit *u = all->units; u; u = u->next) {
        if (u->is_failed)
            submit(u);
    }
}

/* It will not be written by trying again: the run's rows are gone. */
static bool is_refused(const struct map_unit *u)
{
    return u->unit.status == STATUS_NOT_FOUND || u->unit.status == STATUS_CONFLICT;
}

static void come_back(struct map_runs *all, struct map_unit *u)
{
    struct map_run *r = u->run;
    if (u->unit.status != STATUS_OK && !is_refused(u)) {
        store_unit_done(&u->unit);
        u->is_failed = true;
        if (!loop_timer_is_running(&all->retry_timer))
            loop_timer_start(all->engine->loop, &all->retry_timer, loop_now_ms() + MAP_RETRY_MS,
                             retry, all);
        return;
    }
    bool is_child = u->is_child, has_more = u->unit.reply.n > 0;
    int64_t id = u->child.row.id;
    uint64_t items = map_items_of(&u->child.row);
    enum asl_status status = map_status_of(u->child.ending.status);
    unit_free(u);
    if (is_child) {
        map_child_ended(r, id, items, status);
        return;
    }
    r->is_saving = false;
    map_run_saved(r, has_more);
}

static void take_back(void *arg)
{
    struct map_runs *all = arg;
    atomic_store(&all->is_taken_asked, false);
    if (all->is_closed) {
        map_store_close(all);
        return;
    }
    for (struct store_unit *u = store_take(all->client), *next; u; u = next) {
        next = u->next;
        come_back(all, (struct map_unit *)(void *)u); /* its first member */
    }
    hand_over(all);
}

/* On the store's thread. */
void map_store_wake(void *arg)
{
    struct map_runs *all = arg;
    if (!atomic_exchange(&all->is_taken_asked, true))
        loop_post(all->engine->loop, &all->taken_task, take_back, all);
}

void map_store_wait(struct map_runs *all)
{
    store_client_free(all->client);
    all->client = NULL;
}

/* Tasks that are on their way to the loop still name it: the last of them frees it. */
void map_store_close(struct map_runs *all)
{
    if (!all->is_closed) {
        all->is_closed = true;
        map_store_wait(all);
        loop_timer_stop(all->engine->loop, &all->retry_timer);
        while (all->units)
            unit_free(all->units);
    }
    if (!all->is_pump_asked && !atomic_load(&all->is_taken_asked))
        free(all);
}
