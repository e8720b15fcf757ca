/* SPDX-License-Identifier: Apache-2.0 */
/*
 * struct aggregate_config: what an aggregation is. It comes from a configuration file
 * (docs/configuration.md), from options, or from both, and goes into the workflows and the engine.
 * Pure: paths are texts here, and nobody opens them.
 */
#ifndef AFFLUX_AGGREGATE_CONFIG_H
#define AFFLUX_AGGREGATE_CONFIG_H

#include "base/buf.h"
#include "base/error.h"

enum {
    AGGREGATE_TYPES_MAX = 16,
    AGGREGATE_TYPE_MAX = 40, /* bytes; letters, digits, '_', '-', '.' */
    AGGREGATE_COLUMNS_MAX = 1000,
    AGGREGATE_NAME_MAX = 40, /* of machines, before "-extraction" */
    AGGREGATE_PAGE_SIZE = 400,
    AGGREGATE_PAGE_SIZE_MAX = 100000,
    AGGREGATE_CONCURRENCY = 20,
    AGGREGATE_CONCURRENCY_MAX = 10000,
    AGGREGATE_RATE_MAX = 100000,
    AGGREGATE_RETRIES = 4,
    AGGREGATE_RETRIES_MAX = 100,
    AGGREGATE_TIMEOUT = 60, /* seconds */
    AGGREGATE_TIMEOUT_MAX = 240,
    AGGREGATE_TOLERATE = 100 /* percent */
};

/* All texts are borrowed; empty ones are not given. */
struct aggregate_config {
    str name; /* of what is deployed; "aggregate" unless given */

    /* whom to ask, and how */
    str api;         /* where it begins; {COLUMN} of a location is filled in */
    str summary_url; /* templates: {api}, {location_id}, {COLUMN}, */
    str page_url;    /* and {type}, {limit}, {offset}, {page} (from 1), also behind the "?" */
    bool has_no_summary;
    str auth;                    /* HOW, as --auth has it */
    str token_url, scope;        /* of oauth */
    str connection;              /* path of a file as `run --connections` takes; its first one */
    str ca_file;                 /* path */
    uint32_t concurrency;        /* calls at a time, in all */
    uint32_t per_host;           /* calls at a time to one; 0: as many as in all */
    uint32_t rate;               /* calls a second to one; 0: no limit */
    uint32_t retries, timeout_s; /* of a call */

    /* what to ask for, and what it means; expressions are JSONata */
    str locations; /* path of a list, or table:NAME[/KEY] */
    const str *types;
    uint32_t type_count;
    uint32_t page_size;
    uint32_t tolerate; /* percent of the locations that may fail */
    str summary;       /* of $body, $headers: counts by type; null where one is not known */
    str rows;          /* of $body: an array */
    str row;           /* of $row, $location, $type_of_rows: an object */
    str more;          /* of $body, $headers, $rows, $offset, $limit: is there another page? */

    /* what comes out */
    str out, data; /* paths */
    const str *columns;
    uint32_t column_count; /* 0: all that occur */
    char delimiter;
    bool is_minimal; /* cells are quoted only where they must be */
    bool is_crlf, has_bom;

    /* how it is deployed */
    str workflows; /* path of a folder; empty: those of the program */
    str tasks_table, locations_table, parts_bucket, output_bucket, job;
};

/* Everything that has a default has it; the rest is empty. */
void aggregate_config_init(struct aggregate_config *c);

/* Appends all that makes a difference to what comes out, each member with its name: what two
 * configurations of the same aggregation have in common. How fast, how often tried, with which
 * credentials and where to is not in it. */
void aggregate_config_identity(const struct aggregate_config *c, struct buf *out);

#endif
