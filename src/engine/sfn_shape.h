/* SPDX-License-Identifier: Apache-2.0 */
/* Shapes of the requests of the Step Functions API, one for each operation. */
#ifndef AFFLUX_ENGINE_SFN_SHAPE_H
#define AFFLUX_ENGINE_SFN_SHAPE_H

#include "services/request_shape.h"

#define SFN_SHAPE_LIST(X)                                                                          \
    X(create_activity)                                                                             \
    X(create_machine)                                                                              \
    X(create_alias)                                                                                \
    X(activity)                                                                                    \
    X(machine)                                                                                     \
    X(alias)                                                                                       \
    X(version)                                                                                     \
    X(describe_machine)                                                                            \
    X(describe_execution)                                                                          \
    X(map_run)                                                                                     \
    X(get_activity_task)                                                                           \
    X(get_history)                                                                                 \
    X(list)                                                                                        \
    X(list_executions)                                                                             \
    X(list_map_runs)                                                                               \
    X(list_of_machine)                                                                             \
    X(tags)                                                                                        \
    X(publish)                                                                                     \
    X(redrive)                                                                                     \
    X(send_failure)                                                                                \
    X(send_heartbeat)                                                                              \
    X(send_success)                                                                                \
    X(start)                                                                                       \
    X(start_sync)                                                                                  \
    X(stop)                                                                                        \
    X(tag)                                                                                         \
    X(test_state)                                                                                  \
    X(untag)                                                                                       \
    X(update_map_run)                                                                              \
    X(update_machine)                                                                              \
    X(update_alias)                                                                                \
    X(validate)

#define X(name) extern const struct shape sfn_shape_##name;
SFN_SHAPE_LIST(X)
#undef X

#endif
