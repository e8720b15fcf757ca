/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests as AWS's model of the API has them (stepfunctions, 2016-11-23). Ceilings that hold only
 * where AWS's do (262,144 characters of data) are not here: whoever takes the data knows whether
 * they do.
 */
#include "engine/sfn_shape.h"

/* ---- values ---- */

static bool is_alias_name(str text)
{
    bool has_other = false;
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];
        bool is_digit = c >= '0' && c <= '9';
        if (!is_digit && !(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && c != '_' &&
            c != '-' && c != '.')
            return false;
        has_other = has_other || !is_digit;
    }
    return has_other;
}

static bool is_visible(str text)
{
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] < '!' || text.p[i] > '~')
            return false;
    }
    return text.n > 0;
}

static bool is_ascii(str text)
{
    for (size_t i = 0; i < text.n; i++) {
        if ((unsigned char)text.p[i] > 0x7F)
            return false;
    }
    return true;
}

static const char *const types[] = {"STANDARD", "EXPRESS", NULL};
static const char *const levels[] = {"ALL", "ERROR", "FATAL", "OFF", NULL};
static const char *const keys[] = {"AWS_OWNED_KEY", "CUSTOMER_MANAGED_KMS_KEY", NULL};
static const char *const included[] = {"ALL_DATA", "METADATA_ONLY", NULL};
static const char *const statuses[] = {
    "SUCCEEDED", "TIMED_OUT", "PENDING_REDRIVE", "ABORTED", "FAILED", "RUNNING", NULL};
static const char *const redrives[] = {"REDRIVEN", "NOT_REDRIVEN", NULL};
static const char *const inspections[] = {"INFO", "DEBUG", "TRACE", NULL};
static const char *const validations[] = {"STRICT", "PRESENT", "NONE", NULL};
static const char *const severities[] = {"ERROR", "WARNING", NULL};

static const struct shape flag = {.kind = SHAPE_BOOLEAN}, text = {.kind = SHAPE_STRING},
                          arn = {.kind = SHAPE_STRING, .min = 1, .max = 256},
                          long_arn = {.kind = SHAPE_STRING, .min = 1, .max = 2000},
                          name = {.kind = SHAPE_STRING, .min = 1, .max = 80},
                          data = {.kind = SHAPE_STRING, .is_sensitive = true},
                          definition = {.kind = SHAPE_STRING,
                                        .is_sensitive = true,
                                        .min = 1,
                                        .max = 1048576},
                          description = {.kind = SHAPE_STRING, .is_sensitive = true, .max = 256},
                          error = {.kind = SHAPE_STRING, .is_sensitive = true, .max = 256},
                          cause = {.kind = SHAPE_STRING, .is_sensitive = true, .max = 32768},
                          count = {.kind = SHAPE_INTEGER},
                          percentage = {.kind = SHAPE_NUMBER, .max = 100},
                          page_size = {.kind = SHAPE_INTEGER, .max = 1000},
                          hundred = {.kind = SHAPE_INTEGER, .max = 100},
                          page_token = {.kind = SHAPE_STRING, .min = 1, .max = 1024},
                          long_page_token = {.kind = SHAPE_STRING, .min = 1, .max = 3096},
                          task_token = {.kind = SHAPE_STRING, .min = 1, .max = 2048},
                          client_token = {.kind = SHAPE_STRING,
                                          .min = 1,
                                          .max = 64,
                                          .matches = is_visible,
                                          .pattern = "[!-~]+"},
                          trace_header = {.kind = SHAPE_STRING,
                                          .max = 256,
                                          .matches = is_ascii,
                                          .pattern = "\\p{ASCII}*"},
                          alias_name = {.kind = SHAPE_STRING,
                                        .min = 1,
                                        .max = 80,
                                        .matches = is_alias_name,
                                        .pattern = "^(?=.*[a-zA-Z_\\-\\.])[a-zA-Z0-9_\\-\\.]+$"},
                          key_id = {.kind = SHAPE_STRING, .min = 1, .max = 2048},
                          key_period = {.kind = SHAPE_INTEGER, .min = 60, .max = 900},
                          tag_key = {.kind = SHAPE_STRING, .min = 1, .max = 128},
                          tag_value = {.kind = SHAPE_STRING, .max = 256};

#define WORDS(name_, list) static const struct shape name_ = {.kind = SHAPE_STRING, .values = list}
WORDS(type, types);
WORDS(level, levels);
WORDS(key_type, keys);
WORDS(included_data, included);
WORDS(status, statuses);
WORDS(redrive_filter, redrives);
WORDS(inspection, inspections);
WORDS(validation, validations);
WORDS(severity, severities);

/* ---- structures ---- */

#define STRUCTURE(name_, ...)                                                                      \
    static const struct shape_member name_##_members[] = {__VA_ARGS__{.name = NULL}};              \
    static const struct shape name_ = {.kind = SHAPE_STRUCTURE, .members = name_##_members}
#define REQUEST(name_, ...)                                                                        \
    static const struct shape_member name_##_request[] = {__VA_ARGS__{.name = NULL}};              \
    const struct shape sfn_shape_##name_ = {.kind = SHAPE_STRUCTURE, .members = name_##_request}
#define LIST_OF(name_, item_)                                                                      \
    static const struct shape name_ = {.kind = SHAPE_LIST, .item = &(item_)}
#define MAY(member, shape_) {.name = member, .shape = &(shape_)},
#define MUST(member, shape_) {.name = member, .shape = &(shape_), .is_required = true},

STRUCTURE(tag_pair, MAY("key", tag_key) MAY("value", tag_value));
LIST_OF(tag_list, tag_pair);
LIST_OF(tag_keys, tag_key);
STRUCTURE(log_group, MAY("logGroupArn", arn));
STRUCTURE(destination, MAY("cloudWatchLogsLogGroup", log_group));
LIST_OF(destinations, destination);
STRUCTURE(logging,
          MAY("level", level) MAY("includeExecutionData", flag) MAY("destinations", destinations));
STRUCTURE(tracing, MAY("enabled", flag));
STRUCTURE(encryption, MUST("type", key_type) MAY("kmsKeyId", key_id)
                          MAY("kmsDataKeyReusePeriodSeconds", key_period));

static const struct shape_member route_members[] = {MUST("stateMachineVersionArn", arn)
                                                        MUST("weight", hundred){.name = NULL}};
static const struct shape route = {
    .kind = SHAPE_STRUCTURE, .members = route_members, .type_name = "RoutingConfigurationListItem"};
static const struct shape routes = {.kind = SHAPE_LIST, .item = &route, .min = 1, .max = 2};

STRUCTURE(error_output, MAY("error", error) MAY("cause", cause));
STRUCTURE(mock, MAY("result", data) MAY("errorOutput", error_output)
                    MAY("fieldValidationMode", validation));
STRUCTURE(test_configuration,
          MAY("retrierRetryCount", count) MAY("errorCausedByState", name)
              MAY("mapIterationFailureCount", count) MAY("mapItemReaderData", data));

/* ---- requests ---- */

REQUEST(create_activity,
        MUST("name", name) MAY("tags", tag_list) MAY("encryptionConfiguration", encryption));
REQUEST(create_machine, MUST("name", name) MUST("definition", definition) MUST("roleArn", arn)
                            MAY("type", type) MAY("loggingConfiguration", logging)
                                MAY("tags", tag_list) MAY("tracingConfiguration", tracing)
                                    MAY("publish", flag) MAY("versionDescription", description)
                                        MAY("encryptionConfiguration", encryption));
REQUEST(create_alias, MAY("description", description) MUST("name", alias_name)
                          MUST("routingConfiguration", routes));
REQUEST(activity, MUST("activityArn", arn));
REQUEST(machine, MUST("stateMachineArn", arn));
REQUEST(alias, MUST("stateMachineAliasArn", arn));
REQUEST(version, MUST("stateMachineVersionArn", long_arn));
REQUEST(describe_machine, MUST("stateMachineArn", arn) MAY("includedData", included_data));
REQUEST(describe_execution, MUST("executionArn", arn) MAY("includedData", included_data));
REQUEST(map_run, MUST("mapRunArn", long_arn));
REQUEST(get_activity_task, MUST("activityArn", arn) MAY("workerName", name));
REQUEST(get_history,
        MUST("executionArn", arn) MAY("maxResults", page_size) MAY("reverseOrder", flag)
            MAY("nextToken", page_token) MAY("includeExecutionData", flag));
REQUEST(list, MAY("maxResults", page_size) MAY("nextToken", page_token));
REQUEST(list_executions, MAY("stateMachineArn", arn) MAY("statusFilter", status)
                             MAY("maxResults", page_size) MAY("nextToken", long_page_token)
                                 MAY("mapRunArn", long_arn) MAY("redriveFilter", redrive_filter));
REQUEST(list_map_runs,
        MUST("executionArn", arn) MAY("maxResults", page_size) MAY("nextToken", page_token));
REQUEST(list_of_machine,
        MUST("stateMachineArn", arn) MAY("nextToken", page_token) MAY("maxResults", page_size));
REQUEST(tags, MUST("resourceArn", arn));
REQUEST(publish,
        MUST("stateMachineArn", arn) MAY("revisionId", text) MAY("description", description));
REQUEST(redrive, MUST("executionArn", arn) MAY("clientToken", client_token));
REQUEST(send_failure, MUST("taskToken", task_token) MAY("error", error) MAY("cause", cause));
REQUEST(send_heartbeat, MUST("taskToken", task_token));
REQUEST(send_success, MUST("taskToken", task_token) MUST("output", data));
REQUEST(start, MUST("stateMachineArn", arn) MAY("name", name) MAY("input", data)
                   MAY("traceHeader", trace_header));
REQUEST(start_sync, MUST("stateMachineArn", arn) MAY("name", name) MAY("input", data)
                        MAY("traceHeader", trace_header) MAY("includedData", included_data));
REQUEST(stop, MUST("executionArn", arn) MAY("error", error) MAY("cause", cause));
REQUEST(tag, MUST("resourceArn", arn) MUST("tags", tag_list));
REQUEST(test_state, MUST("definition", definition) MAY("roleArn", arn) MAY("input", data)
                        MAY("inspectionLevel", inspection) MAY("revealSecrets", flag)
                            MAY("variables", data) MAY("stateName", name) MAY("mock", mock)
                                MAY("context", data) MAY("stateConfiguration", test_configuration));
REQUEST(untag, MUST("resourceArn", arn) MUST("tagKeys", tag_keys));
REQUEST(update_map_run,
        MUST("mapRunArn", long_arn) MAY("maxConcurrency", count)
            MAY("toleratedFailurePercentage", percentage) MAY("toleratedFailureCount", count));
REQUEST(update_machine,
        MUST("stateMachineArn", arn) MAY("definition", definition) MAY("roleArn", arn)
            MAY("loggingConfiguration", logging) MAY("tracingConfiguration", tracing)
                MAY("publish", flag) MAY("versionDescription", description)
                    MAY("encryptionConfiguration", encryption));
REQUEST(update_alias, MUST("stateMachineAliasArn", arn) MAY("description", description)
                          MAY("routingConfiguration", routes));
REQUEST(validate, MUST("definition", definition) MAY("type", type) MAY("severity", severity)
                      MAY("maxResults", hundred));
