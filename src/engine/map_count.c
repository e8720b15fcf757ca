/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is kept of a map run, read back: its row, and from the rows of its children how many there
 * are of each kind and which items belong to none. A child's row has its first item as map_index
 * and the number of its items as parent_attempt.
 */
#include "asl/bytes.h"
#include "engine/map_guest.h"
#include <stdlib.h>

enum { STATE_VERSION = 1, IS_MARKING = 1, HAS_ERROR = 2, COUNT_ROWS = 1000 };

/* ---- the row's state ---- */

void map_run_state_write(const struct map_run_state *s, struct buf *out)
{
    buf_add_byte(out, STATE_VERSION);
    put_number(out, s->state);
    put_number(out, s->attempt);
    put_number(out, (s->is_marking ? IS_MARKING : 0) | (s->has_error ? HAS_ERROR : 0));
    put_text(out, s->arn);
    put_text(out, s->error);
    put_text(out, s->cause);
}

enum status map_run_state_read(str bytes, struct map_run_state *ret, struct error *err)
{
    struct byte_reader r = {.bytes = bytes};
    uint8_t version = get_byte(&r);
    struct map_run_state s = {.state = get_u32(&r)};
    s.attempt = get_u32(&r);
    uint32_t flags = get_u32(&r);
    s.is_marking = (flags & IS_MARKING) != 0;
    s.has_error = (flags & HAS_ERROR) != 0;
    s.arn = get_text(&r);
    s.error = get_text(&r);
    s.cause = get_text(&r);
    if (r.is_failed || version != STATE_VERSION || r.at != bytes.n)
        return error_set(err, STATUS_CORRUPT, "MapRunCorrupt",
                         "the state of a map run cannot be read");
    *ret = s;
    return STATUS_OK;
}

static void take_limits(struct map_run *r)
{
    struct asl_map_run *run = &r->run;
    run->max_concurrency = (uint32_t)r->row.concurrency;
    run->has_tolerated_percentage = r->row.tolerated_percentage >= 0;
    run->tolerated_percentage = r->row.tolerated_percentage;
    run->has_tolerated_count = r->row.tolerated_count >= 0 || !run->has_tolerated_percentage;
    run->tolerated_count = r->row.tolerated_count > 0 ? (uint64_t)r->row.tolerated_count : 0;
    run->redrive_count = r->row.redrives;
}

static struct asl_map_counts counts_of(const struct store_counts *c)
{
    return (struct asl_map_counts){.pending = c->pending,
                                   .running = c->running,
                                   .succeeded = c->succeeded,
                                   .failed = c->failed,
                                   .timed_out = c->timed_out,
                                   .aborted = c->aborted,
                                   .total = c->total};
}

enum status map_run_read_row(struct map_run *r, const struct store_map_run *row,
                             bool *ret_is_marking, struct error *err)
{
    struct map_run_state s;
    enum status status = map_run_state_read(row->state, &s, err);
    if (status != STATUS_OK)
        return status;
    r->row = *row;
    buf_clear(&r->cursor);
    buf_add(&r->cursor, row->cursor);
    r->row.label = r->row.uuid = r->row.cursor = r->row.state = (str){0};
    r->attempt = s.attempt;
    r->has_error = s.has_error;
    r->arn = arena_dup(&r->arena, s.arn);
    r->error = arena_dup(&r->arena, s.error);
    r->cause = arena_dup(&r->arena, s.cause);
    asl_map_run_init(&r->run, &r->plan);
    take_limits(r);
    r->run.items = counts_of(&r->row.items); /* until they are counted */
    r->run.children = counts_of(&r->row.children);
    *ret_is_marking = s.is_marking;
    return STATUS_OK;
}

/* ---- children ---- */

void map_run_add_span(struct map_run *r, uint64_t from, uint64_t to)
{
    if (r->span_count == r->span_cap) {
        r->span_cap = r->span_cap ? r->span_cap * 2 : 4;
        r->spans = realloc(r->spans, r->span_cap * sizeof(*r->spans));
        check(r->spans != NULL);
    }
    r->spans[r->span_count++] = (struct map_span){from, to};
}

static void count_row(struct map_run *r, const struct store_execution *row, uint64_t *below)
{
    struct engine *e = r->all->engine;
    const struct engine_execution *ex = engine_find(e, row->id);
    bool is_away = map_guest_is_away(r, row->id);
    enum asl_status status = map_status_of(row->status);
    uint64_t items = map_items_of(row), end = row->map_index + items;
    if (*below == UINT64_MAX) {
        map_run_add_span(r, end, UINT64_MAX);
        if (!r->run.is_all_found && end > r->run.items.total)
            asl_map_run_found(&r->run, end - r->run.items.total);
    } else if (end < *below) {
        map_run_add_span(r, end, *below);
    }
    *below = row->map_index;
    if (row->status == STORE_PENDING_REDRIVE && !ex && !is_away) {
        asl_map_run_child_planned(&r->run, items);
        r->is_redriven = true;
        return;
    }
    asl_map_run_child_started(&r->run, items, false);
    if (status != ASL_EXEC_RUNNING && (!ex || ex->is_ended)) {
        asl_map_run_child_ended(&r->run, items, status);
        map_guest_forget(r, row->id);
    } else if (!engine_owns(e, row->shard)) {
        map_guest_remember(r, row);
    }
}

/* Rows come latest first, spans are wanted from the first on. */
static void turn_spans(struct map_run *r)
{
    for (uint32_t i = 0, j = r->span_count; i + 1 < j; i++) {
        struct map_span span = r->spans[i];
        r->spans[i] = r->spans[--j];
        r->spans[j] = span;
    }
}

static enum status count_rows(struct map_run *r, struct error *err)
{
    struct store_list_query query = {.map_run = r->row.id, .limit = COUNT_ROWS};
    uint64_t below = UINT64_MAX;
    enum status status;
    do {
        struct arena a;
        struct store_page page;
        arena_init(&a, 0);
        status = store_list_executions(r->all->engine->reader, &query, &a, &page, err);
        for (uint32_t i = 0; status == STATUS_OK && i < page.count; i++)
            count_row(r, &page.rows[i], &below);
        query.from = status == STATUS_OK ? page.next : 0;
        arena_done(&a);
    } while (query.from != 0);
    if (below == UINT64_MAX)
        map_run_add_span(r, 0, UINT64_MAX);
    else if (below > 0)
        map_run_add_span(r, 0, below);
    turn_spans(r);
    return status;
}

/* Is a child in memory that has no row yet? */
static bool is_beginning(struct map_run *r)
{
    struct engine *e = r->all->engine;
    const struct engine_execution *ex;
    bool ret = false;
    for (uint32_t at = 0; !ret && (ex = idmap_next(&e->executions, &at)) != NULL;) {
        struct store_execution row;
        struct arena a;
        struct error err;
        if (ex->map_run != r)
            continue;
        arena_init(&a, 0);
        ret =
            store_find_child(e->reader, r->row.id, ex->row.map_index, &a, &row, &err) != STATUS_OK;
        arena_done(&a);
    }
    return ret;
}

enum status map_run_count(struct map_run *r, struct error *err)
{
    uint64_t total = r->reader ? r->reader->total : r->row.items.total;
    if (r->is_stale && (is_beginning(r) || map_guest_is_beginning(r)))
        return error_set(err, STATUS_BUSY, "MapRunBusy", "children are being begun");
    asl_map_run_init(&r->run, &r->plan);
    take_limits(r);
    r->span_count = r->span_at = 0;
    r->again_count = r->again_at = 0;
    r->again_from = 0;
    r->is_read = false;
    if (total != UINT64_MAX) {
        asl_map_run_found(&r->run, total);
        r->run.is_all_found = true; /* decided below */
    }
    enum status status = count_rows(r, err);
    if (status == STATUS_OK && total != UINT64_MAX)
        asl_map_run_all_found(&r->run);
    r->is_stale = status != STATUS_OK;
    return status;
}
