/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A service: one table of operations. Two doors lead to it, the wire (api/) and a workflow's tasks
 * (engine/), so that whoever comes through either meets the same checks, errors and results.
 *
 * What an operation reads and writes must be one transaction, and those run on the store's thread.
 * Therefore an operation has three parts, and between them go bytes:
 *
 *   JSON request ──prepare──► args ──run──► reply ──answer──► JSON answer
 *   thread of the caller      a unit of the store,     thread of the caller
 *                             or the caller's reader
 *
 * Prepare does all that needs no data (checks, texts to compiled forms), as the store's thread is
 * one for all. An operation that writes runs within a unit; what it wrote is undone when it does
 * not return STATUS_OK. One that only reads runs on the caller's thread.
 */
#ifndef AFFLUX_SERVICES_SERVICE_H
#define AFFLUX_SERVICES_SERVICE_H

#include "base/buf.h"
#include "json/value.h"
#include "store/tx.h"

/* Of the process; the same for all services. */
struct service_settings {
    str account, region; /* "000000000000", "us-east-1" */
    bool is_strict;      /* AWS's ceilings */
};

/* What every part of an operation is told. */
struct service_call {
    const struct service_settings *settings;
    void *self;          /* what the service has for its process; threads share it */
    int64_t now_ms;      /* one time for all parts of a call */
    struct arena *arena; /* for as long as the part's result is needed */
};

/* Errors carry the service's names, "ResourceNotFoundException"; those of the store go out as they
 * are. */

/* *ret_args lies in the arena. */
typedef enum status service_prepare_fn(const struct service_call *c, struct json_val request,
                                       str *ret_args, struct error *err);
/* tx is NULL in an operation that only reads. Appends to reply; when it refuses, what reply has are
 * further members of the error, as the text of a JSON object, or nothing. */
typedef enum status service_run_fn(const struct service_call *c, struct store_reader *reader,
                                   struct store_tx *tx, str args, struct buf *reply,
                                   struct error *err);
/* Appends the answer's JSON text. */
typedef enum status service_answer_fn(const struct service_call *c, str reply, struct buf *json,
                                      struct error *err);

struct service_operation {
    const char *name; /* "PutItem" */
    bool is_writing;
    service_prepare_fn *prepare; /* NULL: args is the request as JSON text */
    service_run_fn *run;
    service_answer_fn *answer; /* NULL: reply is the answer */
};

struct service {
    const char *name;                           /* in ARNs and task resources: "dynamodb" */
    const struct service_operation *operations; /* in the order of their names, */
    uint32_t count;
};

/* NULL when there is no such operation. */
const struct service_operation *service_find(const struct service *s, str name);

/* The first part: args in the call's arena. */
NODISCARD enum status service_prepare(const struct service_operation *o,
                                      const struct service_call *c, struct json_val request,
                                      str *ret_args, struct error *err);

/* An operation that writes, to be submitted. Everything but `unit` is set by the caller, and stays
 * his until the unit is taken back; unit.reply is then what run left. */
struct service_unit {
    struct store_unit unit;
    const struct service_operation *operation;
    struct service_call call; /* its arena is replaced by the unit's scratch */
    str args;
};
/* Fills in unit. */
void service_unit_init(struct service_unit *u);

/* The last part. */
NODISCARD enum status service_answer(const struct service_operation *o,
                                     const struct service_call *c, str reply, struct buf *json,
                                     struct error *err);

/* All parts of an operation that only reads: of JSON text, to a value in the call's arena. */
NODISCARD enum status service_read(const struct service_operation *o, const struct service_call *c,
                                   struct store_reader *reader, str request, struct json_val *ret,
                                   struct error *err);

#endif
