/* SPDX-License-Identifier: Apache-2.0 */
/*
 * struct ledger: what became of every location and type of an aggregation, read from the rows of
 * its locations as the workflows leave them (workflows/README.md), and written as CSV:
 *
 *   location_id,type,state,announced,fetched,written,in_csv,pages,error,cause
 *
 * States: COMPLETE, MISMATCH (fetched is not what was announced), FAILED, OPEN (nothing is known
 * yet). in_csv is known when the file has as many rows as were written in all: rows stand in the
 * order of parts, and a file has all parts or is not there. Pure.
 */
#ifndef AFFLUX_AGGREGATE_LEDGER_H
#define AFFLUX_AGGREGATE_LEDGER_H

#include "base/buf.h"
#include "base/error.h"
#include "json/value.h"

struct ledger {
    str run; /* borrowed: entries of others do not count */
    /* locations, by state */
    uint64_t locations, complete, mismatched, failed, open;
    /* of all types */
    uint64_t announced, fetched, written, pages;
};

/* Counts the rows of one answer of Query: its Items. */
void ledger_add(struct ledger *l, struct json_val items);

/* Is everything accounted for, given how many rows the CSV has? */
static inline bool ledger_agrees(const struct ledger *l, uint64_t csv_rows)
{
    return l->written == csv_rows;
}

void ledger_put_header(struct buf *out);
/* Two lines for each location of Items. is_in_csv: the CSV has all rows that were written. */
void ledger_put_rows(const struct ledger *l, struct json_val items, bool is_in_csv,
                     struct buf *out);

/* For people: lines of text with line ends; file: of the CSV, or empty when there is none. */
void ledger_put_text(const struct ledger *l, uint64_t csv_rows, str file, struct buf *out);
/* For machines: members of an object, without the braces. */
void ledger_put_json(const struct ledger *l, uint64_t csv_rows, str file, struct buf *out);

#endif
