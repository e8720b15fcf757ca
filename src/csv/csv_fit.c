/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Our own rows read again, without taking their quotes off: a delimiter or a line end outside
 * quotes is one, and a doubled quote closes and opens, which comes to the same.
 *
 * One thing is not the same in a wider row: the "" that stands for a lonely empty cell where quotes
 * are used only when needed.
 */
#include "csv/csv_fit.h"
#include "base/check.h"
#include <stdlib.h>

/* Empty cells behind `from` others. */
static void put_empty(struct buf *out, const struct csv_dialect *d, uint32_t from, uint32_t to)
{
    str empty = csv_empty_cell(d);
    for (uint32_t i = from; i < to; i++) {
        if (i > 0)
            buf_add_byte(out, d->delimiter);
        buf_add(out, empty);
    }
    if (from == 0 && to == 1 && empty.n == 0)
        buf_add(out, STR("\"\""));
}

static bool is_lonely(const struct csv_dialect *d, str row)
{
    return d->quote == CSV_QUOTE_MINIMAL && str_eq(row, STR("\"\""));
}

/* ---- wider ---- */

void csv_widen_init(struct csv_widen *w, const struct csv_dialect *dialect, uint32_t width)
{
    *w = (struct csv_widen){.dialect = dialect, .width = width, .is_skipping = true};
}

static void put_run(struct csv_widen *w, str run, struct buf *out)
{
    uint64_t before = w->bytes;
    w->bytes += run.n;
    if (w->is_skipping)
        return;
    if (w->bytes <= sizeof(w->held)) {
        if (run.n > 0)
            memcpy(w->held + before, run.p, run.n);
        return;
    }
    if (before <= sizeof(w->held))
        buf_add(out, (str){w->held, (size_t)before});
    buf_add(out, run);
}

static void end_row(struct csv_widen *w, struct buf *out)
{
    str held = {w->held, w->bytes <= sizeof(w->held) ? (size_t)w->bytes : 0};
    uint32_t cells = w->bytes == 0 ? 0 : w->cells + 1;
    if (!w->is_skipping) {
        if (is_lonely(w->dialect, held) && w->width > 1)
            cells = 0;
        else
            buf_add(out, held);
        put_empty(out, w->dialect, cells, w->width);
        buf_add(out, csv_line_end(w->dialect));
    }
    w->is_skipping = false;
    w->cells = 0;
    w->bytes = 0;
}

size_t csv_widen_piece(const struct csv_widen *w)
{
    size_t row = (size_t)w->width * 3 + 2; /* "", and the line end */
    size_t n = CSV_FIT_BYTES / row;
    return n < CSV_FIT_LEAST ? CSV_FIT_LEAST : n;
}

void csv_widen(struct csv_widen *w, str bytes, struct buf *out)
{
    size_t from = 0, at = 0;
    while (at < bytes.n) {
        if (w->in_quotes) {
            size_t quote = str_find_byte(bytes, '"', at);
            w->in_quotes = quote == STR_NONE;
            at = quote == STR_NONE ? bytes.n : quote + 1;
            continue;
        }
        char c = bytes.p[at++];
        if (c == '"') {
            w->in_quotes = true;
        } else if (c == w->dialect->delimiter) {
            w->cells++;
        } else if (c == '\n' || c == '\r') {
            put_run(w, str_sub(bytes, from, at - 1), out);
            from = at;
            if (c == '\n')
                end_row(w, out);
        }
    }
    put_run(w, str_sub(bytes, from, at), out);
}

/* ---- moved ---- */

struct cells {
    str *at; /* by their new places */
    const uint32_t *to;
    uint32_t width;
};

/* The cells of the row at `from`; where its line end begins. */
static size_t find_cells(str rows, size_t from, char delimiter, struct cells *cells)
{
    bool in_quotes = false;
    uint32_t cell = 0;
    size_t start = from;
    for (size_t at = from;; at++) {
        char c = rows.p[at];
        if (c == '"')
            in_quotes = !in_quotes;
        else if (!in_quotes && (c == delimiter || c == '\r' || c == '\n')) {
            if (c == delimiter || at > from)
                cells->at[cells->to[cell++]] = str_sub(rows, start, at);
            start = at + 1;
            if (c != delimiter)
                return at;
        }
    }
}

static void put_moved(const struct cells *cells, const struct csv_dialect *d, struct buf *out)
{
    for (uint32_t i = 0; i < cells->width; i++) {
        str cell = cells->at[i];
        if (i > 0)
            buf_add_byte(out, d->delimiter);
        if (cell.n == 0 || (cells->width > 1 && is_lonely(d, cell)))
            cell = csv_empty_cell(d);
        buf_add(out, cell);
    }
    if (cells->width == 1 && out->n > 0 && cells->at[0].n == 0 && d->quote == CSV_QUOTE_MINIMAL)
        buf_add(out, STR("\"\""));
    buf_add(out, csv_line_end(d));
}

size_t csv_move(str rows, const struct csv_dialect *dialect, const uint32_t *to, uint32_t width,
                struct buf *out)
{
    struct cells cells = {.at = malloc((width + 1) * sizeof(str)), .to = to, .width = width};
    check(cells.at != NULL);
    size_t at = 0;
    while (at < rows.n && out->n < CSV_FIT_BYTES) {
        memset(cells.at, 0, width * sizeof(str));
        at = find_cells(rows, at, dialect->delimiter, &cells);
        at += csv_line_end(dialect).n;
        put_moved(&cells, dialect, out);
    }
    free(cells.at);
    return at;
}
