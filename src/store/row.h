/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rows of the store as the floors above see them: plain structs of numbers and slices. Bodies
 * (steps, snapshots, documents, messages) are opaque bytes. docs/formats/store.md describes the
 * tables behind them.
 *
 * Ids begin with 1 and are never given out twice in the life of a data folder; 0 means none. Times
 * are milliseconds since 1970; STORE_NEVER is a time that has not come. Both are NULL in the file.
 */
#ifndef AFFLUX_STORE_ROW_H
#define AFFLUX_STORE_ROW_H

#include "base/str.h"

#define STORE_NEVER INT64_MAX

/* A row with longer bodies is refused: STATUS_LIMIT (StoreTooLarge). */
enum { STORE_ROW_MAX = 256 << 20 };

#define STORE_STATUS_LIST(X)                                                                       \
    X(RUNNING, "RUNNING")                                                                          \
    X(SUCCEEDED, "SUCCEEDED")                                                                      \
    X(FAILED, "FAILED")                                                                            \
    X(TIMED_OUT, "TIMED_OUT")                                                                      \
    X(ABORTED, "ABORTED")                                                                          \
    X(PENDING_REDRIVE, "PENDING_REDRIVE") /* a map child that will run again */                    \
    X(DELETING, "DELETING")               /* expired, its rows are being removed: never read */

enum store_status {
#define X(id, text) STORE_##id,
    STORE_STATUS_LIST(X)
#undef X
};
enum { STORE_STATUS_COUNT = STORE_DELETING + 1 };
const char *store_status_name(enum store_status status);

struct store_machine {
    int64_t id;
    str name; /* unique */
    str type; /* STANDARD, EXPRESS */
    int64_t definition;
    int64_t created_ms;
    str properties; /* whatever else belongs to it, opaque */
};

enum { STORE_SHARDS = 256 };

struct store_execution {
    int64_t id;
    uint32_t shard;     /* below STORE_SHARDS */
    int64_t machine;    /* store_machine.id */
    int64_t definition; /* the revision it started with */
    str name;           /* unique within its machine; empty in map children, where it is derived */
    int64_t parent;     /* the execution that waits for its end, */
    uint32_t parent_frame, parent_attempt; /* and in what; of a map child, see the format's page */
    int64_t map_run;                       /* of a map child, */
    uint64_t map_index;                    /* with its position */
    enum store_status status;
    bool is_pending;    /* has something to do when it is loaded: commands, moves */
    int64_t due_ms;     /* left memory and sleeps until then */
    int64_t tail;       /* its last step */
    int64_t started_ms; /* */
    int64_t stopped_ms;
    int64_t input, output; /* numbers of documents of its own */
    str error, cause;      /* p is NULL when there is none */
    uint32_t redrives;
    int64_t redriven_ms;
    int64_t revision; /* of its machine, as whoever keeps machines counts them; 0: unknown */
    str origin;       /* what it was started through, opaque text; empty: the machine itself */
};

/* How an execution ended. */
struct store_ending {
    enum store_status status;
    int64_t stopped_ms;
    int64_t output;
    str error, cause; /* p NULL: none */
};

struct store_step {
    int64_t id;
    int64_t execution;
    int64_t prev; /* the step before it; 0 in the first */
    str body;
};

struct store_message {
    int64_t id;
    uint32_t shard;
    int64_t execution; /* the receiver */
    str body;
};

/* In the order of DescribeMapRun's names. */
struct store_counts {
    uint64_t pending, running, succeeded, failed, timed_out, aborted, total;
};

struct store_map_run {
    int64_t id;
    int64_t execution; /* that asked for it, */
    uint32_t frame, attempt;
    str label;
    enum store_status status;
    int64_t started_ms, stopped_ms;
    uint32_t redrives;
    uint64_t concurrency;        /* children at once; 0: no limit */
    double tolerated_percentage; /* of failed items; negative: not given */
    int64_t tolerated_count;     /* negative: not given */
    struct store_counts items, children;
    str uuid;   /* the last part of its ARN; empty in rows of older versions */
    str cursor; /* where its reader of items stands, opaque */
    str state;  /* whatever else is needed to go on, opaque */
};

#endif
