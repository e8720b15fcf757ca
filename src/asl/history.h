/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records as the events of AWS's history, the way GetExecutionHistory shows them. One record is one
 * event or none; nothing is kept for the history beside the records.
 */
#ifndef AFFLUX_ASL_HISTORY_H
#define AFFLUX_ASL_HISTORY_H

#include "asl/record.h"
#include "base/buf.h"

/* The event's type, "PassStateEntered"; NULL for a kind that is no event (asl_record_is_event). */
const char *asl_history_type(const struct asl_definition *d, const struct asl_record *r);

/*
 * Appends the event as a JSON object. The record must be an event, and its documents must live.
 * include_data false: without what the workflow's data shows (inputs, outputs, parameters,
 * variables); names, ARNs, errors and causes stay. What does not fit out is seen by buf_ok.
 */
void asl_history_write(const struct asl_exec *x, const struct asl_record *r, bool include_data,
                       struct buf *out);

#endif
