/* SPDX-License-Identifier: Apache-2.0 */
/* Cells of a row to CSV text. Text that came from JSON without an escape holds neither quotes nor
 * line ends, so it is copied without a look at it. */
#include "csv/csv_rows_internal.h"

enum { CELL_AROUND = 4 /* two quotes, a delimiter, and one to spare */, COPY_STEP = 16 };

/* May read and write up to 15 bytes more. */
static ALWAYS_INLINE void copy_ahead(char *to, const char *from, size_t n)
{
    for (size_t at = 0; at < n; at += COPY_STEP)
        memcpy(to + at, from + at, COPY_STEP);
}

static ALWAYS_INLINE char *put_plain(char *to, const struct csv_cell *cell)
{
    *to++ = '"';
    copy_ahead(to, cell->p, cell->n);
    to += cell->n;
    *to++ = '"';
    return to;
}

/* All cells quoted; a delimiter behind each. */
static void put_all(struct csv_rows *r, struct buf *out)
{
    uint32_t count = r->columns->listed;
    char delimiter = r->dialect->delimiter;
    for (uint32_t i = 0; i < count; i++) {
        struct csv_cell *cell = &r->cells[i];
        if (UNLIKELY(!buf_reserve(out, cell->n + CELL_AROUND)))
            return;
        if (LIKELY(cell->kind != CELL_TEXT)) {
            out->n = (size_t)(put_plain(out->p + out->n, cell) - out->p);
            out->p[out->n++] = delimiter;
        } else {
            csv_put_cell(out, r->dialect, (str){cell->p, cell->n});
            buf_add_byte(out, delimiter);
        }
        *cell = (struct csv_cell){0};
    }
}

/* Most cells need no quotes, and can have nothing but a delimiter that would. */
static ALWAYS_INLINE bool is_bare(const struct csv_cell *cell, char delimiter)
{
    return cell->kind == CELL_EMPTY ||
           (cell->kind == CELL_PLAIN && cell->n > 0 && (uint8_t)cell->p[0] < 0x80 &&
            !memchr(cell->p, delimiter, cell->n));
}

/* Quotes where they are needed. */
static void put_some(struct csv_rows *r, struct buf *out)
{
    uint32_t count = r->columns->listed;
    char delimiter = r->dialect->delimiter;
    if (count == 1 && r->cells[0].n == 0)
        buf_add(out, STR("\"\"")); /* an empty line is a row without cells */
    for (uint32_t i = 0; i < count; i++) {
        struct csv_cell *cell = &r->cells[i];
        if (UNLIKELY(!buf_reserve(out, cell->n + CELL_AROUND)))
            return;
        if (LIKELY(is_bare(cell, delimiter))) {
            copy_ahead(out->p + out->n, cell->p, cell->n);
            out->n += cell->n;
        } else {
            csv_put_cell(out, r->dialect, (str){cell->p, cell->n});
        }
        buf_add_byte(out, delimiter);
        *cell = (struct csv_cell){0};
    }
}

void csv_row_put(struct csv_rows *r, struct buf *out)
{
    uint32_t count = r->columns->listed;
    if (r->dialect->quote == CSV_QUOTE_ALL)
        put_all(r, out);
    else
        put_some(r, out);
    if (count > 0 && buf_ok(out))
        out->n--; /* the last delimiter */
    buf_add(out, csv_line_end(r->dialect));
    if (count < r->least)
        r->least = count;
    if (r->has_scratch)
        arena_reset(&r->scratch);
    r->has_scratch = false;
    r->rows++;
}
