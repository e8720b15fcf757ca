/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CSV text to rows of cells, in pieces as they come: RFC 4180 with any delimiter of one byte.
 * Forgiving where files in the wild are: rows may have different numbers of cells, a quote inside a
 * cell that does not begin with one is itself, and so is what follows a closing quote. Rows end
 * with LF or CR LF; a byte order mark at the beginning is left out. Text is not checked as UTF-8.
 */
#ifndef AFFLUX_CSV_CSV_READ_H
#define AFFLUX_CSV_CSV_READ_H

#include "base/buf.h"

enum { CSV_MAX_ROW = 16 << 20 /* bytes of all cells */, CSV_MAX_CELLS = 100000 /* of a row */ };

enum csv_got {
    CSV_ROW,
    CSV_MORE,     /* all bytes are used, the row is not complete */
    CSV_END,      /* csv_finish: there is no further row */
    CSV_TOO_LARGE /* a row is over the limits: nothing more can be read */
};

struct csv_reader {
    char delimiter;
    uint32_t count; /* cells of the row */
    struct buf text;
    size_t *ends; /* of the cells in text */
    uint32_t cap;
    int state;
    bool is_begun; /* something of a row was read */
    uint8_t mark;  /* bytes of the byte order mark that were seen */
};

void csv_reader_init(struct csv_reader *r, char delimiter);
/* The bytes that come are not the beginning of the text: a byte order mark is part of a cell. */
void csv_reader_init_within(struct csv_reader *r, char delimiter);
void csv_reader_done(struct csv_reader *r);

/* Reads up to the end of a row at most; *ret_used bytes are used. The row stays until the next
 * call. */
enum csv_got csv_read(struct csv_reader *r, str bytes, size_t *ret_used);
/* There are no more bytes: CSV_ROW for a last row without an end, then CSV_END. */
enum csv_got csv_finish(struct csv_reader *r);
/* Is what was read the beginning of a cell whose closing quote has not come? */
bool csv_is_within_quotes(const struct csv_reader *r);

/* A cell of the row; empty behind the last one. */
str csv_cell(const struct csv_reader *r, uint32_t i);

#endif
