/* SPDX-License-Identifier: Apache-2.0 */
/*
 * struct csv_columns: the columns of a file in their order, found by name. Either they grow with
 * every name that is seen, or they were given, and other names are left out of the file.
 *
 * Bounds are those of the CSV reader, which must be able to read the header.
 */
#ifndef AFFLUX_CSV_CSV_COLUMNS_H
#define AFFLUX_CSV_CSV_COLUMNS_H

#include "base/map.h"
#include "csv/csv_read.h"

enum {
    CSV_MAX_COLUMNS = CSV_MAX_CELLS,
    CSV_MAX_NAMES = CSV_MAX_ROW / 4, /* bytes of all names */
    CSV_MAX_LEFT_OUT = 1000          /* names that are remembered as not listed */
};

struct csv_column {
    str name;
    const char *text; /* as a plain member of JSON: "name": and 16 bytes that can be read */
    uint32_t text_n;  /* 0: the name needs an escape in JSON */
};

struct csv_columns {
    struct arena arena;
    struct csv_column *at;
    uint32_t count, cap; /* all that are known */
    uint32_t listed;     /* the first of them are columns of the file */
    bool is_fixed;       /* the listed ones stay as they are */
    size_t bytes;        /* of all names */
    struct map map;
};

void csv_columns_init(struct csv_columns *c);
void csv_columns_done(struct csv_columns *c);
/* Exactly the columns that are there from now on. */
void csv_columns_fix(struct csv_columns *c);

/* The position of a name; one that is new is added. MAP_NONE: there are too many (the file's if
 * they are not fixed, otherwise it is one that is left out). */
uint32_t csv_columns_find(struct csv_columns *c, str name);
/* Forgets the last ones, so that count are left. */
void csv_columns_cut(struct csv_columns *c, uint32_t count);

#endif
