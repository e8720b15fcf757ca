/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cells to CSV text by RFC 4180: how a file of cells looks, and the one place where cells are
 * quoted. What the bytes of a cell are (line breaks, NUL) does not matter; whoever writes text
 * hands valid text in. Reading is csv_read.h.
 *
 * An empty line is a row without any cell. So a row whose only cell is empty is written as ""
 * also where quotes are used only when needed.
 */
#ifndef AFFLUX_CSV_CSV_WRITE_H
#define AFFLUX_CSV_CSV_WRITE_H

#include "base/buf.h"

enum csv_quote {
    CSV_QUOTE_ALL,    /* every cell, the empty ones too */
    CSV_QUOTE_MINIMAL /* cells that could not be read otherwise */
};

struct csv_dialect {
    char delimiter; /* csv_is_delimiter */
    enum csv_quote quote;
    bool has_crlf; /* rows end with CR LF instead of LF */
    bool has_mark; /* the file begins with a byte order mark */
};

/* Commas, all cells quoted, LF, no mark: what pandas writes with QUOTE_ALL on Linux. */
struct csv_dialect csv_dialect_default(void);

/* ASCII that is no letter, no digit, and nothing that quoting, line ends or numbers need. */
bool csv_is_delimiter(char c);

/* Appends a cell; delimiters between cells are the caller's. */
void csv_put_cell(struct buf *out, const struct csv_dialect *d, str text);
/* Would the cell be quoted under CSV_QUOTE_MINIMAL? */
bool csv_needs_quotes(const struct csv_dialect *d, str text);

static inline str csv_line_end(const struct csv_dialect *d)
{
    return d->has_crlf ? STR("\r\n") : STR("\n");
}
/* A cell that holds nothing. */
static inline str csv_empty_cell(const struct csv_dialect *d)
{
    return d->quote == CSV_QUOTE_ALL ? STR("\"\"") : STR("");
}

/* The byte order mark if there is one, the names, the line end. */
void csv_put_header(struct buf *out, const struct csv_dialect *d, const str *names, uint32_t count);

#endif
