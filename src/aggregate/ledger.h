/* SPDX-License-Identifier: Apache-2.0 */
/*
 * struct ledger: what became of every location and type of an aggregation, read from the rows of
 * its locations as the workflows leave them (workflows/README.md) and from the tally of the parts
 * that the CSV was made of, and written as CSV (docs/formats/ledger.md):
 *
 *   location_id,type,state,announced,fetched,written,in_csv,pages,error,cause
 *
 * States: COMPLETE, MISMATCH (fetched is not what was announced, or the CSV does not have what was
 * written), FAILED, OPEN (nothing is known yet). Pure.
 */
#ifndef AFFLUX_AGGREGATE_LEDGER_H
#define AFFLUX_AGGREGATE_LEDGER_H

#include "aggregate/tally.h"
#include "json/value.h"

/* What is known of the CSV's rows. */
enum ledger_csv {
    LEDGER_NO_CSV,
    LEDGER_COUNTED,    /* as many as the tally has, which says whose they are */
    LEDGER_AS_WRITTEN, /* there is no tally, but as many as were written in all */
    LEDGER_DIFFERS     /* neither: whose rows are in it is not known */
};

struct ledger {
    str run; /* borrowed, as all texts: entries of others do not count */
    const str *types;
    uint32_t type_count;

    /* of the CSV: see ledger_set_csv */
    enum ledger_csv csv;
    uint64_t csv_rows;
    const struct tally *tally; /* or NULL */

    /* locations, by state */
    uint64_t locations, complete, mismatched, failed, open;
    uint64_t misfiled; /* whose rows in the CSV are not those written; those that failed are not
                          among them */
    /* of all types */
    uint64_t announced, fetched, written, pages;
    uint64_t in_csv;                     /* if LEDGER_COUNTED: of locations that are known */
    uint64_t announcements, unannounced; /* locations and types, with or without a number */
};

/* Begins. */
void ledger_init(struct ledger *l, str run, const str *types, uint32_t type_count);

/* Counts the rows of one answer of Query: its Items. Where the CSV is known, with it. */
void ledger_add(struct ledger *l, struct json_val items);

/* There is a CSV with so many rows, made of the parts of a tally (NULL: there is none, or none that
 * can be read, which is is_unreadable). After locations were counted, which begins anew then. */
void ledger_set_csv(struct ledger *l, uint64_t csv_rows, const struct tally *tally,
                    bool is_unreadable);

/* Is the CSV there, and is every row in it accounted for? */
bool ledger_agrees(const struct ledger *l);
/* Is every location complete, and every row accounted for? */
bool ledger_is_whole(const struct ledger *l);

/* The id of a location whose row says COMPLETE, while the CSV does not have its rows; else empty.
 */
str ledger_unmarked(const struct ledger *l, struct json_val item);

void ledger_put_header(struct buf *out);
/* A line for each location of Items and type. */
void ledger_put_rows(const struct ledger *l, struct json_val items, struct buf *out);
/* Behind the last location: a line for rows of the CSV that no location explains, if there are. */
void ledger_put_rest(const struct ledger *l, struct buf *out);

/* For people: lines of text with line ends; file: of the CSV, or empty when there is none. */
void ledger_put_text(const struct ledger *l, str file, struct buf *out);
/* What is wrong with the CSV, a sentence a line; nothing when it agrees. */
void ledger_put_trouble(const struct ledger *l, str file, struct buf *out);
/* For machines: members of an object, without the braces. */
void ledger_put_json(const struct ledger *l, str file, struct buf *out);

#endif
