/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON of a part to rows of CSV, as the text comes, in memory that depends on the longest row only.
 *
 * A part is any number of JSON values behind each other (JSON Lines, or one value): an object is a
 * row, an array has objects as its items, a string holds text that is a part again (what a workflow
 * writes that calls $string() on a body which is serialized anyway). A byte order mark in front is
 * left out. A part without any value has no rows.
 *
 * Cells: text as it is, numbers as they were written, true and false as words, null as an empty
 * cell, arrays and objects as compact JSON. What a row does not have is an empty cell. Of members
 * with the same name the last wins. A lone surrogate (which UTF-8 cannot say) becomes U+FFFD.
 *
 * A row is as wide as there were columns when it was read, so rows before a new column are
 * narrower than those behind it: csv_fit.h widens them.
 */
#ifndef AFFLUX_CSV_CSV_ROWS_H
#define AFFLUX_CSV_CSV_ROWS_H

#include "base/error.h"
#include "csv/csv_columns.h"
#include "csv/csv_write.h"
#include "json/parse.h"

enum {
    CSV_MAX_ROW_TEXT = CSV_MAX_ROW, /* bytes of JSON of one row, or of one string that holds rows */
    CSV_MAX_ENCODED = 4             /* strings in strings */
};

struct csv_cell;

/* Where in a text of values we are. */
enum csv_place { CSV_AT_VALUE, CSV_AT_FIRST_ITEM, CSV_AT_ITEM, CSV_BEHIND_ITEM };

struct csv_rows {
    const struct csv_dialect *dialect;
    struct csv_columns *columns; /* grows; see csv_rows_columns_moved */
    uint64_t rows;               /* of the part */
    uint64_t left_out;           /* members that are no listed columns */
    uint32_t least;              /* the narrowest row written; the caller sets it to UINT32_MAX */
    struct json_place place;     /* of what was refused; line 0: it has no place */
    size_t enough; /* bytes of output at which reading stops; csv_rows_init sets SIZE_MAX. Few bytes
                      of JSON can be many of CSV: {} where there are a thousand columns */
    bool is_full;  /* it did: the text is not at its end, take the output away and go on */

    /* inside */
    struct csv_cell *cells; /* of a row, by column; empty between rows */
    uint32_t cell_cap;
    uint32_t *path; /* the columns of the last row's members in their order */
    uint32_t path_n, path_cap;
    struct arena scratch; /* of a row */
    bool has_scratch;     /* something is in it */
    struct buf text;      /* of a nested value */
    enum csv_place at;
    bool is_begun;
    size_t offset, line, column; /* of the text to come */
};

/* Both are borrowed. */
void csv_rows_init(struct csv_rows *r, const struct csv_dialect *dialect,
                   struct csv_columns *columns);
void csv_rows_done(struct csv_rows *r);
/* The beginning of another part. */
void csv_rows_begin(struct csv_rows *r);
/* Positions of columns have changed, or some are gone. */
void csv_rows_columns_moved(struct csv_rows *r);

/* Appends the rows of text to out. JSON_TEXT_PADDING zero bytes lie behind the text. *ret_used
 * bytes were read; the rest is to come again, with more behind it (twice as much, so that time
 * stays linear), until is_last.
 * STATUS_INVALID "PartSyntax": it is not as above. STATUS_LIMIT "PartTooLarge", "JsonTooDeep",
 * "TooManyColumns". r->place says where, the message does not. What was appended stays. */
NODISCARD enum status csv_rows_read(struct csv_rows *r, str text, bool is_last, struct buf *out,
                                    size_t *ret_used, struct error *err);

#endif
