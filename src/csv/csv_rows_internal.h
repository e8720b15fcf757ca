/* SPDX-License-Identifier: Apache-2.0 */
/* One row on its way from JSON to CSV, shared by csv_rows.c, csv_row_read.c and csv_row_put.c. */
#ifndef AFFLUX_CSV_CSV_ROWS_INTERNAL_H
#define AFFLUX_CSV_CSV_ROWS_INTERNAL_H

#include "csv/csv_rows.h"

enum csv_cell_kind {
    CELL_EMPTY,
    CELL_PLAIN, /* neither quotes nor line ends; 16 bytes behind it can be read */
    CELL_TEXT
};

struct csv_cell {
    const char *p;
    uint32_t n;
    uint32_t kind; /* enum csv_cell_kind */
};

enum row_got {
    ROW_DONE,
    ROW_MORE,    /* the text ends within the row */
    ROW_UNUSUAL, /* not for the fast way */
};

/* The object at *at, where a brace is, into r->cells; moves *at behind it. Accepts nothing that
 * json/ would not, and leaves everything unusual to csv_row_parse. */
enum row_got csv_row_scan(struct csv_rows *r, const char **at, const char *end);

/* Any object, through json/. place: of what is refused, within the text. */
NODISCARD enum status csv_row_parse(struct csv_rows *r, str text, size_t *ret_used,
                                    struct json_place *place, struct error *err);

/* Behind the array or object at p, by counting brackets only; NULL: it does not end before end. */
const char *csv_skip_container(const char *p, const char *end);

/* Room for a cell of every column. */
void csv_row_room(struct csv_rows *r);
/* Cells to a row of text; the cells are empty afterwards. */
void csv_row_put(struct csv_rows *r, struct buf *out);
void csv_row_forget(struct csv_rows *r);

#endif
