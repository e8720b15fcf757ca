/* SPDX-License-Identifier: Apache-2.0 */
/*
 * struct tally: how many rows of each location and type a CSV has, counted from the ledger of the
 * parts it was made of (docs/formats/ledger.md), which is read in pieces as they come. Keys of
 * parts are parts/TASK/RUN/LOCATION/TYPE/OFFSET.json, each between slashes as $encodeUrlComponent
 * makes it. Pure.
 *
 * Memory: 16 bytes for each location and type that has rows, in a table that is between 58 % and
 * 87 % full (18 to 28 bytes each), and the table before it while it grows; not depending on the
 * number of parts. What tells two apart is 64 bits of a hash: that two of a million are taken for
 * one happens once in 40 million runs, and shows as rows that do not agree.
 */
#ifndef AFFLUX_AGGREGATE_TALLY_H
#define AFFLUX_AGGREGATE_TALLY_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"

enum { TALLY_LINE_MAX = 64 << 10 /* bytes of a line */ };

struct tally_slot {
    uint64_t hash; /* 0: empty */
    uint64_t rows;
};

struct tally {
    str task, run; /* borrowed */
    uint64_t seed;
    struct tally_slot *slots;
    size_t count, cap;
    uint64_t parts;
    uint64_t rows;   /* of all parts, also of those with other keys */
    struct buf line; /* the beginning of one whose end has not come */
    struct buf key;  /* what is read from it */
    struct arena arena;
};

/* seed: any number; for those who would like to choose locations whose hashes meet. */
void tally_init(struct tally *t, str task, str run, uint64_t seed);
void tally_done(struct tally *t);

/* STATUS_CORRUPT "PartsLedger", with the line: it is none of a part, or too long. */
NODISCARD enum status tally_read(struct tally *t, str bytes, struct error *err);
/* There are no more bytes. */
NODISCARD enum status tally_finish(struct tally *t, struct error *err);

/* Rows in the CSV; 0: there are none. */
uint64_t tally_rows(const struct tally *t, str location, str type);

#endif
