/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a run's reader stands, kept with the run's row, so that after a crash the items before it
 * need not be read again; of a listing, so that what came and went meanwhile does not move the
 * rest. A mark counts as soon as all children before it have rows. It is as old as the row.
 */
#include "asl/bytes.h"
#include "engine/map_guest.h"

enum { CURSOR_VERSION = 1 };

/* The first item of the earliest child that would be lost by a crash. */
static uint64_t earliest(const struct map_run *r)
{
    uint64_t ret = map_store_earliest(r), away = map_guest_earliest(r);
    ret = away < ret ? away : ret;
    const struct engine_execution *ex;
    for (uint32_t at = 0; (ex = idmap_next(&r->all->engine->executions, &at)) != NULL;) {
        bool has_row = ex->is_kept && ex->has_begun;
        if (ex->map_run == r && !has_row && ex->row.map_index < ret)
            ret = ex->row.map_index;
    }
    return ret;
}

static void take_mark(struct map_run *r)
{
    buf_clear(&r->next_cursor);
    r->next_cursor_item = r->reader->item;
    buf_add_byte(&r->next_cursor, CURSOR_VERSION);
    put_number(&r->next_cursor, r->reader->item);
    if (!r->reader->kind->mark(r->reader, &r->next_cursor))
        buf_clear(&r->next_cursor);
}

void map_cursor_advance(struct map_run *r)
{
    if (!r->reader || !r->reader->kind->mark || r->phase != MAP_RUN_RUNNING)
        return;
    if (r->next_cursor.n == 0 && !r->is_batch_open)
        take_mark(r);
    if (r->next_cursor.n == 0 || r->next_cursor_item > earliest(r))
        return;
    struct buf passed = r->cursor;
    r->cursor = r->next_cursor;
    r->next_cursor = passed;
    buf_clear(&r->next_cursor);
}

void map_cursor_resume(struct map_run *r)
{
    struct byte_reader bytes = {.bytes = buf_str(&r->cursor)};
    bool is_known = r->cursor.n > 0 && get_byte(&bytes) == CURSOR_VERSION;
    uint64_t item = is_known ? get_number(&bytes) : 0;
    if (is_known && !bytes.is_failed && r->reader->kind->resume)
        r->reader->kind->resume(r->reader, item, str_sub(bytes.bytes, bytes.at, bytes.bytes.n));
}
