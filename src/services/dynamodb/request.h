/* SPDX-License-Identifier: Apache-2.0 */
/* The first part of an operation, on the caller's thread: JSON to fields (args.h). Functions take
 * what they need of the request and append it to args. */
#ifndef AFFLUX_SERVICES_DYNAMODB_REQUEST_H
#define AFFLUX_SERVICES_DYNAMODB_REQUEST_H

#include "services/dynamodb/args.h"
#include "services/dynamodb/expr.h"
#include "services/request_shape.h"
#include "services/service.h"

struct dynamo_request {
    const struct service_call *call;
    struct json_val json; /* the request, or the part of it that is read */
    struct buf args;
    struct dynamo_scope scope;
    struct error *err;
};

/* Shapes that several requests have in common. */
extern const struct shape dynamo_shape_table_name, dynamo_shape_text, dynamo_shape_map,
    dynamo_shape_flag, dynamo_shape_number, dynamo_shape_positive, dynamo_shape_capacity,
    dynamo_shape_metrics, dynamo_shape_on_failure, dynamo_shape_list;

/* An operation's prepare: checks the shape, reads by fn, hands out args. */
typedef enum status dynamo_request_fn(struct dynamo_request *r);
enum status dynamo_prepare(const struct service_call *c, struct json_val request,
                           const struct shape *shape, dynamo_request_fn *fn, str *ret_args,
                           struct error *err);

/* A member that is there and not null; undefined otherwise. */
struct json_val dynamo_get(const struct dynamo_request *r, const char *name);
bool dynamo_has(const struct dynamo_request *r, const char *name);
str dynamo_get_text(const struct dynamo_request *r, const char *name);
bool dynamo_get_flag(const struct dynamo_request *r, const char *name);

enum status dynamo_refuse(struct error *err, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* ValidationException unless the name of a table (or its ARN) or an index may be so; *ret is the
 * name. */
NODISCARD enum status dynamo_check_table_name(str name, str *ret, struct error *err);
NODISCARD enum status dynamo_take_table(struct dynamo_request *r);
/* A map of attribute values under this name, as members. */
NODISCARD enum status dynamo_take_item(struct dynamo_request *r, const char *name,
                                       enum dynamo_field field);
/* Where a text names one of several values, its position in the list (ended by NULL); else 0. */
int64_t dynamo_take_choice(const struct dynamo_request *r, const char *name,
                           const char *const *values);
void dynamo_take_capacity(struct dynamo_request *r);

/* Expressions. Begin before the first one and finish behind the last. `expressions` are the names
 * that the request may have, `legacy` those that stand for them in old requests and are refused;
 * both ended by NULL. */
NODISCARD enum status dynamo_begin_expressions(struct dynamo_request *r,
                                               const char *const *expressions,
                                               const char *const *legacy);
NODISCARD enum status dynamo_take_condition(struct dynamo_request *r);
NODISCARD enum status dynamo_take_filter(struct dynamo_request *r);
NODISCARD enum status dynamo_take_keys(struct dynamo_request *r);
NODISCARD enum status dynamo_take_update(struct dynamo_request *r);
/* ProjectionExpression, or AttributesToGet. */
NODISCARD enum status dynamo_take_projection(struct dynamo_request *r);
NODISCARD enum status dynamo_finish_expressions(struct dynamo_request *r);

#endif
