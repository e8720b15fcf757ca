/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The DynamoDB-compatible service: its table of operations (services/service.h) and the work beside
 * them. It keeps nothing in memory, so a call's `self` is NULL.
 *
 * Prepare checks and compiles requests (request.h, expr.h), run reads and writes rows of the store
 * (op.h, key.h), answer prints. Errors carry AWS's names: ValidationException,
 * SerializationException (STATUS_INVALID), ResourceNotFoundException (STATUS_NOT_FOUND),
 * ResourceInUseException, ConditionalCheckFailedException, TransactionCanceledException,
 * IdempotentParameterMismatchException (STATUS_CONFLICT), LimitExceededException (STATUS_LIMIT).
 */
#ifndef AFFLUX_SERVICES_DYNAMODB_DYNAMODB_H
#define AFFLUX_SERVICES_DYNAMODB_DYNAMODB_H

#include "services/service.h"

extern const struct service dynamodb_service;

/*
 * A unit that takes one step of the work beside operations: items that have expired go, rows of
 * deleted tables go, indexes that were added to a table are filled. To be submitted once a minute
 * or so, and again at once while dynamodb_sweep_has_more says so of a unit that came back. Without
 * it expired items are still not shown, but their rows stay, and an index added to a table of more
 * than 5,000 items is never complete.
 */
struct dynamodb_sweep {
    struct store_unit unit;
    const struct service_settings *settings;
    int64_t now_ms;
};
void dynamodb_sweep_init(struct dynamodb_sweep *s, const struct service_settings *settings,
                         int64_t now_ms);
bool dynamodb_sweep_has_more(const struct dynamodb_sweep *s);

#endif
