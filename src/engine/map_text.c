/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Items of an object's text: CSV, JSON, JSON Lines. The text comes in pieces from a source and is
 * never in memory as a whole; coming back to an earlier item begins with the first byte again.
 * A mark says at which byte an item begins, where the source can go there.
 */
#include "asl/bytes.h"
#include "base/check.h"
#include "base/map.h"
#include "csv/csv_read.h"
#include "engine/map_reader.h"
#include "json/items.h"
#include "json/parse.h"
#include "json/write.h"
#include <stdlib.h>

struct text_reader {
    struct map_reader reader;
    const struct asl_item_reader *how;
    uint64_t max_items; /* 0: all */
    struct object_source *source;
    struct arena arena; /* of the item */
    struct json_val item;
    bool has_item;          /* its number is next - 1 */
    uint64_t next;          /* that the parser comes to */
    uint64_t fed;           /* bytes of the source that were read */
    uint64_t before, place; /* the bytes where item next - 1 begins, and where next does */
    uint64_t resume;        /* of CSV: where it goes on behind the headers; 0: there */

    struct json_items *items;
    struct csv_reader csv;
    str chunk; /* of CSV, not used yet */
    bool is_finished;
    struct arena header_arena;
    const str *headers;
    uint32_t header_count;
    bool has_headers;
};

static struct text_reader *text_reader_of(struct map_reader *r)
{
    return (struct text_reader *)(void *)r;
}

static enum map_read fail(struct text_reader *t, const char *cause)
{
    t->reader.error = STR("States.ItemReaderFailed");
    t->reader.cause = arena_dup(&t->header_arena, str_of(cause));
    return MAP_READ_FAILED;
}

/* ---- beginning, also again ---- */

static void begin_parser(struct text_reader *t)
{
    t->next = t->fed = t->before = t->place = t->resume = 0;
    t->has_item = t->is_finished = false;
    t->chunk = (str){0};
    t->has_headers = t->how->header_given;
    t->headers = t->how->headers;
    t->header_count = t->how->header_count;
    if (t->how->input_type == ASL_CSV)
        csv_reader_init(&t->csv, t->how->delimiter ? t->how->delimiter : ',');
    else
        t->items =
            json_items_new(t->how->input_type == ASL_JSONL ? JSON_ITEMS_LINES : JSON_ITEMS_WHOLE,
                           t->how->input_type == ASL_JSONL ? STR("") : t->how->items_pointer);
}

static void end_parser(struct text_reader *t)
{
    if (t->how->input_type == ASL_CSV)
        csv_reader_done(&t->csv);
    json_items_free(t->items);
    t->items = NULL;
}

/* ---- JSON ---- */

static enum map_read parse_item(struct text_reader *t, str text)
{
    struct error err;
    arena_reset(&t->arena);
    if (json_parse_in(&t->arena, text, NULL, &t->item, &err) == STATUS_OK)
        return MAP_READ_ITEM;
    error_wrap(&err, "The item with index %llu cannot be read", (unsigned long long)t->next);
    return fail(t, err.message);
}

static enum map_read take_json(struct text_reader *t, str key, str text)
{
    struct buf pair;
    t->reader.has_keys = key.n > 0;
    if (key.n == 0)
        return parse_item(t, text);
    buf_init(&pair, SIZE_MAX / 2);
    buf_printf(&pair, "{\"Key\":%.*s,\"Value\":%.*s}", STR_ARG(key), STR_ARG(text));
    enum map_read got = parse_item(t, buf_str(&pair));
    buf_done(&pair);
    return got;
}

static enum map_read more_json(struct text_reader *t)
{
    str bytes;
    enum map_read got = map_read_of(t->source->kind->more(t->source, &bytes));
    t->fed += got == MAP_READ_ITEM ? bytes.n : 0;
    if (got == MAP_READ_ITEM)
        json_items_feed(t->items, bytes);
    else if (got == MAP_READ_END)
        json_items_finish(t->items);
    else if (got == MAP_READ_FAILED)
        return fail(t, t->source->part.cause);
    return got;
}

/* is_passed: the item is not wanted, only what comes behind it. */
static enum map_read pull_json(struct text_reader *t, bool is_passed)
{
    str key, text;
    for (;;) {
        enum map_read got = MAP_READ_END;
        switch (json_items_next(t->items, &key, &text)) {
        case JSON_ITEMS_ITEM: return is_passed ? MAP_READ_ITEM : take_json(t, key, text);
        case JSON_ITEMS_END: return MAP_READ_END;
        case JSON_ITEMS_FAILED: return fail(t, json_items_problem(t->items));
        case JSON_ITEMS_MORE: got = more_json(t); break;
        }
        if (got == MAP_READ_WAIT || got == MAP_READ_FAILED)
            return got;
    }
}

/* ---- CSV ---- */

static bool has_duplicates(const str *headers, uint32_t count)
{
    struct arena a;
    struct map seen;
    bool ret = false;
    arena_init(&a, 0);
    map_init(&seen, &a, count);
    for (uint32_t i = 0; i < count && !ret; i++) {
        uint32_t *at = map_at(&seen, headers[i]);
        ret = *at != MAP_NONE;
        *at = i;
    }
    arena_done(&a);
    return ret;
}

static void take_headers(struct text_reader *t)
{
    arena_reset(&t->header_arena);
    str *headers = arena_alloc(&t->header_arena, t->csv.count * sizeof(*headers));
    for (uint32_t i = 0; i < t->csv.count; i++)
        headers[i] = arena_dup(&t->header_arena, csv_cell(&t->csv, i));
    t->headers = headers;
    t->header_count = t->csv.count;
    t->has_headers = true;
}

/* Cells without a header are left out, headers without a cell have an empty one. */
static enum map_read take_row(struct text_reader *t)
{
    struct buf text;
    buf_init(&text, SIZE_MAX / 2);
    buf_add_byte(&text, '{');
    for (uint32_t i = 0; i < t->header_count; i++) {
        if (i > 0)
            buf_add_byte(&text, ',');
        json_write_string(&text, t->headers[i]);
        buf_add_byte(&text, ':');
        json_write_string(&text, csv_cell(&t->csv, i));
    }
    buf_add_byte(&text, '}');
    enum map_read got = parse_item(t, buf_str(&text));
    buf_done(&text);
    return got;
}

/* A row, or why there is none. */
static enum map_read next_row(struct text_reader *t)
{
    for (;;) {
        size_t used = 0;
        enum csv_got row =
            t->is_finished ? csv_finish(&t->csv) : csv_read(&t->csv, t->chunk, &used);
        t->chunk = str_sub(t->chunk, used, t->chunk.n);
        if (row == CSV_ROW)
            return MAP_READ_ITEM;
        if (row == CSV_END)
            return MAP_READ_END;
        if (row == CSV_TOO_LARGE)
            return fail(t, "A row exceeds the maximum number of bytes or cells.");
        enum map_read got = map_read_of(t->source->kind->more(t->source, &t->chunk));
        t->is_finished = got == MAP_READ_END;
        t->fed += got == MAP_READ_ITEM ? t->chunk.n : 0;
        if (got != MAP_READ_ITEM)
            t->chunk = (str){0};
        if (got == MAP_READ_FAILED)
            return fail(t, t->source->part.cause);
        if (got == MAP_READ_WAIT)
            return got;
    }
}

/* To the first byte of a row behind the first one. */
static void go_to(struct text_reader *t, uint64_t offset)
{
    t->source->kind->seek(t->source, offset);
    t->fed = offset;
    t->chunk = (str){0};
    t->is_finished = false;
    csv_reader_done(&t->csv);
    csv_reader_init_within(&t->csv, t->how->delimiter ? t->how->delimiter : ',');
}

static enum map_read pull_csv(struct text_reader *t, bool is_passed)
{
    if (!t->has_headers) {
        enum map_read got = next_row(t);
        if (got != MAP_READ_ITEM)
            return got;
        take_headers(t);
        if (t->resume > 0)
            go_to(t, t->resume);
    }
    if (t->next == 0 && has_duplicates(t->headers, t->header_count))
        return fail(t, "CSV headers cannot contain duplicates.");
    enum map_read got = next_row(t);
    return got != MAP_READ_ITEM || is_passed ? got : take_row(t);
}

/* ---- the reader ---- */

static enum map_read text_peek(struct map_reader *r, struct json_val *ret)
{
    struct text_reader *t = text_reader_of(r);
    if (t->max_items > 0 && r->item >= t->max_items)
        return MAP_READ_END;
    if (r->item < t->next && !(t->has_item && r->item == t->next - 1)) {
        end_parser(t);
        begin_parser(t);
        t->source->kind->seek(t->source, 0);
    }
    while (t->next <= r->item) {
        bool is_passed = t->next < r->item;
        enum map_read got =
            t->how->input_type == ASL_CSV ? pull_csv(t, is_passed) : pull_json(t, is_passed);
        t->has_item = got == MAP_READ_ITEM && !is_passed;
        if (got == MAP_READ_END)
            r->total = t->next;
        if (got != MAP_READ_ITEM)
            return got;
        t->next++;
        t->before = t->place;
        t->place = t->fed - (t->items ? json_items_left(t->items) : t->chunk.n);
    }
    *ret = t->item;
    return MAP_READ_ITEM;
}

static void text_seek(struct map_reader *r, uint64_t item)
{
    r->item = item;
}

static bool text_mark(const struct map_reader *r, struct buf *out)
{
    const struct text_reader *t = (const struct text_reader *)(const void *)r;
    bool is_next = r->item == t->next, is_last = t->has_item && r->item + 1 == t->next;
    uint64_t place = is_next ? t->place : t->before;
    put_number(out, place);
    put_number(out, t->items && json_items_are_members(t->items));
    return t->source->is_seekable && r->item > 0 && place > 0 && (is_next || is_last);
}

static void text_resume(struct map_reader *r, uint64_t item, str mark)
{
    struct text_reader *t = text_reader_of(r);
    struct byte_reader bytes = {.bytes = mark};
    uint64_t place = get_number(&bytes), are_members = get_number(&bytes);
    end_parser(t);
    begin_parser(t);
    r->item = item;
    t->source->kind->seek(t->source, 0);
    if (bytes.is_failed || place == 0 || !t->source->is_seekable)
        return; /* then from the first on */
    t->next = item;
    t->place = place;
    if (t->items) {
        json_items_resume(t->items, are_members != 0);
        t->source->kind->seek(t->source, place);
        t->fed = place;
    } else if (t->has_headers) {
        go_to(t, place);
    } else {
        t->resume = place;
    }
}

static void text_free(struct map_reader *r)
{
    struct text_reader *t = text_reader_of(r);
    end_parser(t);
    t->source->kind->free(t->source);
    arena_done(&t->arena);
    arena_done(&t->header_arena);
    free(t);
}

static const struct map_reader_kind text_kind = {.peek = text_peek,
                                                 .seek = text_seek,
                                                 .mark = text_mark,
                                                 .resume = text_resume,
                                                 .free = text_free};

static void source_ready(void *arg)
{
    struct text_reader *t = arg;
    if (t->reader.ready)
        t->reader.ready(t->reader.ready_arg);
}

struct map_reader *map_reader_of_text(const struct asl_item_reader *how, uint64_t max_items,
                                      struct object_source *source)
{
    struct text_reader *t = calloc(1, sizeof(*t));
    check(t != NULL);
    t->reader.kind = &text_kind;
    t->reader.total = UINT64_MAX;
    t->how = how;
    t->max_items = max_items;
    t->source = source;
    source->part.ready = source_ready;
    source->part.ready_arg = t;
    arena_init(&t->arena, 0);
    arena_init(&t->header_arena, 0);
    begin_parser(t);
    return &t->reader;
}
