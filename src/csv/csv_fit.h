/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows that were written before all columns were known, made to fit: cells put to other places, and
 * empty cells behind them. The result is byte for byte what writing with all columns from the
 * beginning would have given. Takes only text that csv_rows.h wrote in the same dialect.
 */
#ifndef AFFLUX_CSV_CSV_FIT_H
#define AFFLUX_CSV_CSV_FIT_H

#include "csv/csv_write.h"

enum { CSV_FIT_BYTES = 1 << 20, CSV_FIT_LEAST = 64 };

/* Widens a whole file, in pieces as they come. A byte can become a row: csv_widen_piece says how
 * many to give at a time. */
struct csv_widen {
    const struct csv_dialect *dialect;
    uint32_t width;
    bool is_skipping; /* the first row, which is the old header */
    /* of the row at hand */
    bool in_quotes;
    uint32_t cells;
    uint64_t bytes;
    char held[2]; /* its first bytes, until there are more */
};

void csv_widen_init(struct csv_widen *w, const struct csv_dialect *dialect, uint32_t width);
void csv_widen(struct csv_widen *w, str bytes, struct buf *out);
/* Bytes that become no more than CSV_FIT_BYTES, or CSV_FIT_LEAST of them. */
size_t csv_widen_piece(const struct csv_widen *w);

/* Appends whole rows to out, each with its cell i at to[i], and `width` cells. to has an entry for
 * every cell that a row has, and none twice. Stops when there are CSV_FIT_BYTES in out; returns the
 * bytes used. */
size_t csv_move(str rows, const struct csv_dialect *dialect, const uint32_t *to, uint32_t width,
                struct buf *out);

#endif
