/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tasks of activities that wait for a worker. Each activity's tasks stand in one queue, on the loop
 * that its name belongs to; a worker's poll goes there too. Which loop an execution is on does not
 * matter: what the queue has is where the task is, and the task is asked for when a worker comes.
 *
 *   task begins ─mail─► queue ◄─poll           the queue's loop
 *                         │ worker
 *                         └─mail─► taken? its TaskStarted durable ─mail─► the poll is answered
 *
 * Whether the worker is still there is asked before a task is fetched for it, and once more when
 * the poll is to be answered, on the loop that its client is on. A task whose worker has left by
 * then goes back to its queue, before all others; it has started, and its times go on.
 *
 * Nothing here is kept: a task that was not taken stands in its execution, which asks for it again
 * when it is read back.
 */
#ifndef AFFLUX_ENGINE_ACTIVITY_H
#define AFFLUX_ENGINE_ACTIVITY_H

#include "engine/engine_internal.h"

/* A task has begun, or is there again after its execution was read: one that stands in the queue
 * twice is given away once. */
void activity_offer(struct engine_execution *ex, const struct asl_command *c);
/* Is there an activity with this ARN? For asl_options. */
bool activity_is_there(void *engine, str arn);

#endif
