/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tables: members, bounds and patterns of the requests, as the API's model has them. Patterns are
 * functions here; what each stands for is written beside it, as AWS's messages show it.
 */
#include "services/glue/shape.h"

#include "base/utf8.h"

/* ---- patterns ---- */

static bool has_controls(str text, str allowed)
{
    for (size_t i = 0; i < text.n; i++)
        if ((unsigned char)text.p[i] < 0x20 && str_find_byte(allowed, text.p[i], 0) == STR_NONE)
            return true;
    return false;
}

#define LINE_PATTERN "[\\u0020-\\uD7FF\\uE000-\\uFFFD\\uD800\\uDC00-\\uDBFF\\uDFFF\\t]*"
static bool is_line(str text)
{
    return !has_controls(text, STR("\t"));
}

#define LINES_PATTERN "[\\u0020-\\uD7FF\\uE000-\\uFFFD\\uD800\\uDC00-\\uDBFF\\uDFFF\\r\\n\\t]*"
static bool is_lines(str text)
{
    return !has_controls(text, STR("\r\n\t"));
}

#define PYTHON_PATTERN "^([2-3]|3[.]9)$"
static bool is_python_version(str text)
{
    return str_eq(text, STR("2")) || str_eq(text, STR("3")) || str_eq(text, STR("3.9"));
}

static bool is_word(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

#define VERSION_PATTERN "^(\\w+\\.)+\\w+$"
static bool is_version(str text)
{
    size_t words = 0, letters = 0;
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] != '.') {
            if (!is_word(text.p[i]))
                return false;
            letters++;
        } else if (letters == 0) {
            return false;
        } else {
            words++;
            letters = 0;
        }
    }
    return words > 0 && letters > 0;
}

#define WINDOW_PATTERN "^(Sun|Mon|Tue|Wed|Thu|Fri|Sat):([01]?[0-9]|2[0-3])$"
static bool is_window(str text)
{
    static const char days[] = "Sun Mon Tue Wed Thu Fri Sat";
    if (text.n < 5 || text.n > 6 || text.p[3] != ':' ||
        str_find(STR(days), str_sub(text, 0, 3), 0) % 4 != 0)
        return false;
    unsigned hour = 0;
    for (size_t i = 4; i < text.n; i++) {
        if (text.p[i] < '0' || text.p[i] > '9')
            return false;
        hour = hour * 10 + (unsigned)(text.p[i] - '0');
    }
    return hour < 24;
}

#define ARN_PATTERN "arn:aws(-(cn|us-gov|iso(-[bef])?))?:glue:.*"
static bool is_arn(str text)
{
    static const char *const partitions[] = {"aws",       "aws-cn",    "aws-us-gov", "aws-iso",
                                             "aws-iso-b", "aws-iso-e", "aws-iso-f"};
    if (!str_starts(text, STR("arn:")))
        return false;
    size_t end = str_find_byte(text, ':', 4);
    if (end == STR_NONE || !str_starts(str_sub(text, end, text.n), STR(":glue:")))
        return false;
    for (size_t i = 0; i < ARRAY_LEN(partitions); i++)
        if (str_eq(str_sub(text, 4, end), str_of(partitions[i])))
            return true;
    return false;
}

/* ---- texts and numbers ---- */

static const char *const modes[] = {"SCRIPT", "VISUAL", "NOTEBOOK", NULL};
static const char *const workers[] = {"Standard", "G.1X", "G.2X", "G.025X",
                                      "G.4X",     "G.8X", "Z.2X", NULL};
static const char *const classes[] = {"FLEX", "STANDARD", NULL};
static const char *const providers[] = {"GITHUB", "GITLAB", "BITBUCKET", "AWS_CODE_COMMIT", NULL};
static const char *const strategies[] = {"PERSONAL_ACCESS_TOKEN", "AWS_SECRETS_MANAGER", NULL};

static const struct shape name_text = {
    .kind = SHAPE_STRING, .min = 1, .max = 255, .matches = is_line, .pattern = LINE_PATTERN};
static const struct shape description_text = {
    .kind = SHAPE_STRING, .max = 2048, .matches = is_lines, .pattern = LINES_PATTERN};
static const struct shape any_text = {.kind = SHAPE_STRING};
static const struct shape mode_text = {.kind = SHAPE_STRING, .values = modes};
static const struct shape worker_text = {.kind = SHAPE_STRING, .values = workers};
static const struct shape class_text = {.kind = SHAPE_STRING, .max = 16, .values = classes};
static const struct shape location_text = {.kind = SHAPE_STRING, .max = 400000};
static const struct shape python_text = {
    .kind = SHAPE_STRING, .matches = is_python_version, .pattern = PYTHON_PATTERN};
static const struct shape runtime_text = {.kind = SHAPE_STRING, .max = 64};
static const struct shape connection_text = {.kind = SHAPE_STRING, .max = 255};
static const struct shape version_text = {
    .kind = SHAPE_STRING, .min = 1, .max = 255, .matches = is_version, .pattern = VERSION_PATTERN};
static const struct shape window_text = {
    .kind = SHAPE_STRING, .matches = is_window, .pattern = WINDOW_PATTERN};
static const struct shape arn_text = {
    .kind = SHAPE_STRING, .min = 1, .max = 10240, .matches = is_arn, .pattern = ARN_PATTERN};
static const struct shape provider_text = {.kind = SHAPE_STRING, .values = providers};
static const struct shape strategy_text = {.kind = SHAPE_STRING, .values = strategies};
static const struct shape short_text = {.kind = SHAPE_STRING, .min = 1, .max = 512};
static const struct shape secret_text = {
    .kind = SHAPE_STRING, .min = 1, .max = 512, .is_sensitive = true};
static const struct shape policy_text = {.kind = SHAPE_STRING, .min = 2, .max = 2048};
static const struct shape tag_key = {.kind = SHAPE_STRING, .min = 1, .max = 128};
static const struct shape tag_value = {.kind = SHAPE_STRING, .max = 256};
static const struct shape truth = {.kind = SHAPE_BOOLEAN};
static const struct shape integer = {.kind = SHAPE_INTEGER, .min = INT32_MIN, .max = INT32_MAX};
static const struct shape positive = {.kind = SHAPE_INTEGER, .min = 1, .max = INT32_MAX};
static const struct shape number = {.kind = SHAPE_NUMBER};
static const struct shape page_size = {.kind = SHAPE_INTEGER, .min = 1, .max = 1000};
static const struct shape run_page_size = {.kind = SHAPE_INTEGER, .min = 1, .max = 200};

/* ---- parts ---- */

#define STRUCTURE(name, ...)                                                                       \
    static const struct shape_member name##_members[] = {__VA_ARGS__, {NULL, NULL, false}};        \
    static const struct shape name = {.kind = SHAPE_STRUCTURE, .members = name##_members}
#define REQUEST(name, ...)                                                                         \
    static const struct shape_member name##_members[] = {__VA_ARGS__, {NULL, NULL, false}};        \
    const struct shape name = {.kind = SHAPE_STRUCTURE, .members = name##_members}

static const struct shape arguments = {.kind = SHAPE_MAP, .key = &any_text, .item = &any_text};
static const struct shape tags = {
    .kind = SHAPE_MAP, .max = 50, .key = &tag_key, .item = &tag_value};
static const struct shape tag_keys = {.kind = SHAPE_LIST, .max = 50, .item = &tag_key};
static const struct shape names = {.kind = SHAPE_LIST, .item = &name_text};
static const struct shape run_names = {.kind = SHAPE_LIST, .min = 1, .max = 25, .item = &name_text};
static const struct shape connection_names = {
    .kind = SHAPE_LIST, .max = 1000, .item = &connection_text};
/* Graphs of visual jobs are kept and given back, nothing else. */
static const struct shape_member no_members[] = {{NULL, NULL, false}};
static const struct shape anything = {.kind = SHAPE_STRUCTURE, .members = no_members};

STRUCTURE(execution_property, {"MaxConcurrentRuns", &integer, false});
STRUCTURE(command, {"Name", &any_text, false}, {"ScriptLocation", &location_text, false},
          {"PythonVersion", &python_text, false}, {"Runtime", &runtime_text, false});
STRUCTURE(connections, {"Connections", &connection_names, false});
STRUCTURE(notification, {"NotifyDelayAfter", &positive, false});
STRUCTURE(source_control, {"Provider", &provider_text, false}, {"Repository", &short_text, false},
          {"Owner", &short_text, false}, {"Branch", &short_text, false},
          {"Folder", &short_text, false}, {"LastCommitId", &short_text, false},
          {"AuthStrategy", &strategy_text, false}, {"AuthToken", &secret_text, false});

/* What a job to create and one to change have in common; is_new: what must be there. */
#define JOB_MEMBERS(is_new)                                                                        \
    {"JobMode", &mode_text, false}, {"JobRunQueuingEnabled", &truth, false},                       \
        {"Description", &description_text, false}, {"LogUri", &any_text, false},                   \
        {"Role", &any_text, is_new}, {"ExecutionProperty", &execution_property, false},            \
        {"Command", &command, is_new}, {"DefaultArguments", &arguments, false},                    \
        {"NonOverridableArguments", &arguments, false}, {"Connections", &connections, false},      \
        {"MaxRetries", &integer, false}, {"AllocatedCapacity", &integer, false},                   \
        {"Timeout", &positive, false}, {"MaxCapacity", &number, false},                            \
        {"WorkerType", &worker_text, false}, {"NumberOfWorkers", &integer, false},                 \
        {"SecurityConfiguration", &name_text, false},                                              \
        {"NotificationProperty", &notification, false}, {"GlueVersion", &version_text, false},     \
        {"CodeGenConfigurationNodes", &anything, false}, {"ExecutionClass", &class_text, false},   \
        {"SourceControlDetails", &source_control, false},                                          \
    {                                                                                              \
        "MaintenanceWindow", &window_text, false                                                   \
    }

STRUCTURE(job_update, JOB_MEMBERS(false));

/* ---- requests ---- */

REQUEST(glue_create_job_shape, {"Name", &name_text, true}, JOB_MEMBERS(true),
        {"Tags", &tags, false});
REQUEST(glue_update_job_shape, {"JobName", &name_text, true}, {"JobUpdate", &job_update, true});
REQUEST(glue_job_name_shape, {"JobName", &name_text, true});
REQUEST(glue_list_shape, {"NextToken", &any_text, false}, {"MaxResults", &page_size, false});
REQUEST(glue_list_names_shape, {"NextToken", &any_text, false}, {"MaxResults", &page_size, false},
        {"Tags", &tags, false});
REQUEST(glue_job_names_shape, {"JobNames", &names, true});
REQUEST(glue_start_shape, {"JobName", &name_text, true}, {"JobRunQueuingEnabled", &truth, false},
        {"JobRunId", &name_text, false}, {"Arguments", &arguments, false},
        {"AllocatedCapacity", &integer, false}, {"Timeout", &positive, false},
        {"MaxCapacity", &number, false}, {"SecurityConfiguration", &name_text, false},
        {"NotificationProperty", &notification, false}, {"WorkerType", &worker_text, false},
        {"NumberOfWorkers", &integer, false}, {"ExecutionClass", &class_text, false},
        {"ExecutionRoleSessionPolicy", &policy_text, false});
REQUEST(glue_run_shape, {"JobName", &name_text, true}, {"RunId", &name_text, true},
        {"PredecessorsIncluded", &truth, false});
REQUEST(glue_runs_shape, {"JobName", &name_text, true}, {"NextToken", &any_text, false},
        {"MaxResults", &run_page_size, false});
REQUEST(glue_stop_shape, {"JobName", &name_text, true}, {"JobRunIds", &run_names, true});
REQUEST(glue_arn_shape, {"ResourceArn", &arn_text, true});
REQUEST(glue_tag_shape, {"ResourceArn", &arn_text, true}, {"TagsToAdd", &tags, true});
REQUEST(glue_untag_shape, {"ResourceArn", &arn_text, true}, {"TagsToRemove", &tag_keys, true});
