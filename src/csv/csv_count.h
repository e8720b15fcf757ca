/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How many rows CSV text has, as csv_read.h reads it, in pieces as they come; without cells, so
 * there are no limits, and a file is counted about as fast as it is read. Line ends in quoted cells
 * end no row, a last row needs no line end, a byte order mark at the beginning is none of the text.
 */
#ifndef AFFLUX_CSV_CSV_COUNT_H
#define AFFLUX_CSV_CSV_COUNT_H

#include "base/str.h"

struct csv_counter {
    char delimiter;
    uint8_t state;
    uint8_t mark;    /* bytes of the byte order mark that were seen */
    bool is_begun;   /* something of a row was read that has no end yet */
    uint64_t closed; /* rows with a line end */
};

void csv_counter_init(struct csv_counter *c, char delimiter);
void csv_count(struct csv_counter *c, str bytes);

/* Of all that was read, if nothing follows; with the header. */
static inline uint64_t csv_counted(const struct csv_counter *c)
{
    return c->closed + c->is_begun;
}

#endif
