/* SPDX-License-Identifier: Apache-2.0 */
/* A machine over bytes: csv_read.h says what it takes. */
#include "csv/csv_read.h"
#include "base/check.h"
#include <stdlib.h>

enum csv_state {
    CELL_BEGINS,
    IN_CELL,
    IN_QUOTES,
    AFTER_QUOTE, /* one in a quoted cell: its end, or the first of two */
    ROW_OVER,    /* the row was given */
    BROKEN
};

static const char BYTE_ORDER_MARK[] = "\xEF\xBB\xBF";
enum { MARK_BYTES = 3, MARK_OVER = MARK_BYTES };

void csv_reader_init(struct csv_reader *r, char delimiter)
{
    *r = (struct csv_reader){.delimiter = delimiter, .state = CELL_BEGINS};
    buf_init(&r->text, CSV_MAX_ROW);
}

void csv_reader_init_within(struct csv_reader *r, char delimiter)
{
    csv_reader_init(r, delimiter);
    r->mark = MARK_OVER;
}

void csv_reader_done(struct csv_reader *r)
{
    buf_done(&r->text);
    free(r->ends);
}

str csv_cell(const struct csv_reader *r, uint32_t i)
{
    if (i >= r->count)
        return STR("");
    size_t from = i > 0 ? r->ends[i - 1] : 0;
    return str_sub(buf_str(&r->text), from, r->ends[i]);
}

static void end_cell(struct csv_reader *r)
{
    if (r->count == CSV_MAX_CELLS) {
        r->state = BROKEN;
        return;
    }
    if (r->count == r->cap) {
        r->cap = r->cap ? r->cap * 2 : 16;
        r->ends = realloc(r->ends, r->cap * sizeof(*r->ends));
        check(r->ends != NULL);
    }
    r->ends[r->count++] = r->text.n;
    r->state = CELL_BEGINS;
}

/* The CR before the LF that ends a row. */
static void drop_return(struct csv_reader *r)
{
    size_t from = r->count > 0 ? r->ends[r->count - 1] : 0;
    if (r->text.n > from && r->text.p[r->text.n - 1] == '\r')
        r->text.n--;
}

/* Whole runs of plain bytes at once. */
static size_t plain_run(const struct csv_reader *r, str bytes, size_t from)
{
    size_t at = from;
    if (r->state == IN_QUOTES) {
        size_t quote = str_find_byte(bytes, '"', from);
        return (quote == STR_NONE ? bytes.n : quote) - from;
    }
    while (at < bytes.n && bytes.p[at] != r->delimiter && bytes.p[at] != '\n')
        at++;
    return at - from;
}

/* One byte where a run cannot be. True: the row is complete. */
static bool take_byte(struct csv_reader *r, char c)
{
    bool is_end = c == '\n' || c == r->delimiter;
    if (r->state == IN_QUOTES) { /* a quote: runs stop at nothing else */
        r->state = AFTER_QUOTE;
        return false;
    }
    if (r->state == CELL_BEGINS && c == '"') {
        r->state = IN_QUOTES;
        return false;
    }
    if (r->state == AFTER_QUOTE && c == '"') {
        buf_add_byte(&r->text, c);
        r->state = IN_QUOTES;
        return false;
    }
    if (!is_end) {
        buf_add_byte(&r->text, c);
        r->state = IN_CELL;
        return false;
    }
    if (c == '\n' && r->state == IN_CELL)
        drop_return(r);
    end_cell(r);
    return c == '\n';
}

static void begin_row(struct csv_reader *r)
{
    buf_clear(&r->text);
    r->count = 0;
    r->is_begun = false;
    r->state = CELL_BEGINS;
}

/* Bytes of the mark at the very beginning; given back as text when it was none. */
static size_t skip_mark(struct csv_reader *r, str bytes)
{
    size_t at = 0;
    while (r->mark < MARK_BYTES && at < bytes.n && bytes.p[at] == BYTE_ORDER_MARK[r->mark]) {
        r->mark++;
        at++;
    }
    if (r->mark < MARK_BYTES && at < bytes.n) {
        if (r->mark > 0) {
            buf_add(&r->text, (str){BYTE_ORDER_MARK, r->mark});
            r->state = IN_CELL;
            r->is_begun = true;
        }
        r->mark = MARK_OVER;
    }
    return at;
}

enum csv_got csv_read(struct csv_reader *r, str bytes, size_t *ret_used)
{
    size_t at = r->mark < MARK_OVER ? skip_mark(r, bytes) : 0;
    if (r->state == ROW_OVER)
        begin_row(r);
    while (at < bytes.n && r->state != BROKEN) {
        size_t run = r->state == IN_CELL || r->state == IN_QUOTES ? plain_run(r, bytes, at) : 0;
        r->is_begun = true;
        buf_add(&r->text, str_sub(bytes, at, at + run));
        at += run;
        bool is_over = at < bytes.n && take_byte(r, bytes.p[at++]);
        if (!buf_ok(&r->text))
            r->state = BROKEN;
        if (is_over && r->state != BROKEN) {
            r->state = ROW_OVER;
            *ret_used = at;
            return CSV_ROW;
        }
    }
    *ret_used = at;
    return r->state == BROKEN ? CSV_TOO_LARGE : CSV_MORE;
}

enum csv_got csv_finish(struct csv_reader *r)
{
    if (r->state == BROKEN)
        return CSV_TOO_LARGE;
    if (r->state == ROW_OVER || !r->is_begun)
        return CSV_END;
    end_cell(r);
    r->state = ROW_OVER;
    return CSV_ROW;
}

bool csv_is_within_quotes(const struct csv_reader *r)
{
    return r->state == IN_QUOTES;
}
