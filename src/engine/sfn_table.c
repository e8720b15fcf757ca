/* SPDX-License-Identifier: Apache-2.0 */
/* Every operation of the Step Functions API: its name, the shape of its request, who does it. */
#include "engine/sfn_internal.h"
#include "engine/sfn_shape.h"

#define READS(name_, shape_, run_)                                                                 \
    {                                                                                              \
        .name = name_, .shape = &sfn_shape_##shape_, .run = run_                                   \
    }
#define WRITES(name_, shape_, prepare_, run_)                                                      \
    {                                                                                              \
        .name = name_, .shape = &sfn_shape_##shape_, .prepare = prepare_, .run = run_,             \
        .is_writing = true                                                                         \
    }
#define BEGINS(name_, shape_, begin_)                                                              \
    {                                                                                              \
        .name = name_, .shape = &sfn_shape_##shape_, .begin = begin_                               \
    }

const struct sfn_operation sfn_operations[] = {
    WRITES("CreateActivity", create_activity, NULL, sfn_create_activity),
    WRITES("CreateStateMachine", create_machine, sfn_create_machine_check, sfn_create_machine),
    WRITES("CreateStateMachineAlias", create_alias, sfn_create_alias_check, sfn_create_alias),
    WRITES("DeleteActivity", activity, NULL, sfn_delete_activity),
    WRITES("DeleteStateMachine", machine, NULL, sfn_delete_machine),
    WRITES("DeleteStateMachineAlias", alias, NULL, sfn_delete_alias),
    WRITES("DeleteStateMachineVersion", version, NULL, sfn_delete_version),
    READS("DescribeActivity", activity, sfn_describe_activity),
    READS("DescribeExecution", describe_execution, sfn_describe_execution),
    READS("DescribeMapRun", map_run, sfn_describe_map_run),
    READS("DescribeStateMachine", describe_machine, sfn_describe_machine),
    READS("DescribeStateMachineAlias", alias, sfn_describe_alias),
    READS("DescribeStateMachineForExecution", describe_execution,
          sfn_describe_machine_for_execution),
    BEGINS("GetActivityTask", get_activity_task, sfn_get_activity_task),
    READS("GetExecutionHistory", get_history, sfn_get_history),
    READS("ListActivities", list, sfn_list_activities),
    READS("ListExecutions", list_executions, sfn_list_executions),
    READS("ListMapRuns", list_map_runs, sfn_list_map_runs),
    READS("ListStateMachineAliases", list_of_machine, sfn_list_aliases),
    READS("ListStateMachineVersions", list_of_machine, sfn_list_versions),
    READS("ListStateMachines", list, sfn_list_machines),
    READS("ListTagsForResource", tags, sfn_list_tags),
    WRITES("PublishStateMachineVersion", publish, NULL, sfn_publish_version),
    BEGINS("RedriveExecution", redrive, sfn_redrive_execution),
    BEGINS("SendTaskFailure", send_failure, sfn_send_failure),
    BEGINS("SendTaskHeartbeat", send_heartbeat, sfn_send_heartbeat),
    BEGINS("SendTaskSuccess", send_success, sfn_send_success),
    BEGINS("StartExecution", start, sfn_start_execution),
    BEGINS("StartSyncExecution", start_sync, sfn_start_sync_execution),
    BEGINS("StopExecution", stop, sfn_stop_execution),
    WRITES("TagResource", tag, NULL, sfn_tag_resource),
    BEGINS("TestState", test_state, sfn_test_state),
    WRITES("UntagResource", untag, NULL, sfn_untag_resource),
    BEGINS("UpdateMapRun", update_map_run, sfn_update_map_run),
    WRITES("UpdateStateMachine", update_machine, sfn_update_machine_check, sfn_update_machine),
    WRITES("UpdateStateMachineAlias", update_alias, sfn_update_alias_check, sfn_update_alias),
    READS("ValidateStateMachineDefinition", validate, sfn_validate_definition),
};

const struct sfn_operation *sfn_find_operation(str name)
{
    for (size_t i = 0; i < ARRAY_LEN(sfn_operations); i++) {
        if (str_eq(name, str_of(sfn_operations[i].name)))
            return &sfn_operations[i];
    }
    return NULL;
}
