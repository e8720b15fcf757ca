/* SPDX-License-Identifier: Apache-2.0 */
/*
 * struct aggregate_config: what an aggregation is. It comes from a configuration file
 * (docs/configuration.md), from options, or from both, and goes into the workflows and the engine.
 * Pure: paths are texts here, and nobody opens them.
 */
#ifndef AFFLUX_AGGREGATE_CONFIG_H
#define AFFLUX_AGGREGATE_CONFIG_H

#include "base/arena.h"
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
    AGGREGATE_TIMEOUT_MAX = 3600,
    AGGREGATE_PAGE_TIMEOUT = 86400, /* of a page, with all that is tried again and waited for */
    AGGREGATE_LOOPS_MAX = 64,
    AGGREGATE_TEXT_MAX = 64 << 10, /* bytes of a text */
    AGGREGATE_FILE_MAX = 4 << 20,  /* bytes of a configuration file */
    AGGREGATE_TOLERATE = 100       /* percent */
};

/* What locations begin with that are the items of a table, and no path. */
#define AGGREGATE_TABLE "table:"

/* All texts are borrowed, with a NUL behind their end; empty ones are not given. */
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
    str out, data;    /* paths */
    bool keeps_parts; /* in the data folder, when all is in the CSV */
    const str *columns;
    uint32_t column_count; /* 0: all that occur */
    char delimiter;
    bool is_minimal; /* cells are quoted only where they must be */
    bool is_crlf, has_bom;

    uint32_t loops; /* threads; 0: one per core */

    /* how it is deployed */
    str workflows; /* path of a folder; empty: those of the program */
    str tasks_table, locations_table, parts_bucket, output_bucket, job;
};

/* As many locations are at work as there are calls at a time, each with several pages, so that
 * calls never wait for the disk; but not so many that a call stands in line for longer than it may
 * take.
 */
static inline uint32_t aggregate_locations_at_once(const struct aggregate_config *c)
{
    return c->concurrency > 0 ? c->concurrency : AGGREGATE_CONCURRENCY;
}

/* Everything that has a default has it; the rest is empty. */
void aggregate_config_init(struct aggregate_config *c);

/*
 * Sets a member ("page_size", "tables.tasks") from a text as options have it: lists with commas, ""
 * for a flag. The text is borrowed; what more is needed goes into the arena. STATUS_INVALID
 * "Config" with a message that begins behind the member's name: "is a number from 1 to 100000, not
 * 'x'". STATUS_NOT_FOUND: there is no such member.
 */
NODISCARD enum status aggregate_config_set(struct aggregate_config *c, str member, str text,
                                           struct arena *a, struct error *err);
/* Back to its default. */
void aggregate_config_reset(struct aggregate_config *c, str member);

/*
 * Sets what the text of a configuration file has. Paths that are not absolute are put behind
 * folder (of the file; empty: left alone). All is copied into the arena. Members that begin with //
 * are not looked at. STATUS_INVALID "Config" for members that are not known, with the nearest one
 * that is, wrong types, ranges, and members that exclude each other; errors of json/parse.h.
 */
NODISCARD enum status aggregate_config_read(struct aggregate_config *c, str text, str folder,
                                            struct arena *a, struct error *err);
/* Replaces each path that it has (a list's, a secret's too) by what fn makes of it; both have a NUL
 * behind their end. */
void aggregate_config_paths(struct aggregate_config *c, str (*fn)(void *arg, str path), void *arg,
                            struct arena *a);
/* Appends a configuration file that says the same, with examples of what is not set, in lines for
 * people. */
void aggregate_config_write(const struct aggregate_config *c, struct buf *out);

/* Members that cannot be given together. */
struct aggregate_pair {
    const char *one, *other;
};
extern const struct aggregate_pair aggregate_pairs[];
extern const uint32_t aggregate_pair_count;

/* Has it all that an aggregation needs, does it fit together, and can its addresses and expressions
 * be read (is_strict: by AWS's version of JSONata, too)? STATUS_INVALID "Config", the errors of
 * template_read; *ret_member is whom the message is about, and it begins behind its name. */
NODISCARD enum status aggregate_config_check(const struct aggregate_config *c, bool is_strict,
                                             const char **ret_member, struct error *err);

/* Appends all that makes a difference to what comes out, each member with its name: what two
 * configurations of the same aggregation have in common. How fast, how often tried, with which
 * credentials and where to is not in it. */
void aggregate_config_identity(const struct aggregate_config *c, struct buf *out);

#endif
