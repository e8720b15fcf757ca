/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A service for tests, under the name of dynamodb: it counts.
 *
 *   UpdateItem {"Key": k}   adds one to k, answers {"Count": n}
 *   GetItem {"Key": k}      answers {"Count": n}
 *   DeleteItem {"Key": k}   adds one to k and refuses: ConditionalCheckFailedException
 *   PutItem                 refuses: ValidationException
 */
#ifndef AFFLUX_TESTS_COUNTER_SERVICE_H
#define AFFLUX_TESTS_COUNTER_SERVICE_H

#include "services/service.h"

extern const struct service counter_service;
/* What is kept of a key. */
uint32_t counter_value(struct store_reader *reader, str key);

#endif
