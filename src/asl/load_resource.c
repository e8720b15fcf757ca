/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Resource: what a Task does, told by its ARN. Optimized integrations are a closed list, the table
 * here; any operation of any service is accepted behind aws-sdk.
 */
#include "asl/load_internal.h"

#include <stdio.h>

enum { R = 1, S = 2, S2 = 4, T = 8 }; /* request-response, .sync, .sync:2, .waitForTaskToken */

struct integration {
    const char *service, *action;
    unsigned patterns;
    const char *required[4]; /* arguments without which the call cannot be made */
};

static const struct integration integrations[] = {
    /* service, action, patterns, required arguments where they are known */
    {"apigateway", "invoke", R | T, {"ApiEndpoint", "Method"}},
    {"athena", "getQueryExecution", R, {NULL}},
    {"athena", "getQueryResults", R, {NULL}},
    {"athena", "startQueryExecution", R | S, {"QueryString"}},
    {"athena", "stopQueryExecution", R, {NULL}},
    {"batch", "submitJob", R | S, {"JobName", "JobDefinition", "JobQueue"}},
    {"bedrock", "createModelCustomizationJob", R | S, {NULL}},
    {"bedrock", "invokeModel", R, {"ModelId"}},
    {"codebuild", "batchDeleteBuilds", R, {NULL}},
    {"codebuild", "batchGetReports", R, {NULL}},
    {"codebuild", "deleteBuildBatch", R, {NULL}},
    {"codebuild", "retryBuildBatch", R | S, {NULL}},
    {"codebuild", "startBuild", R | S, {"ProjectName"}},
    {"codebuild", "startBuildBatch", R | S, {NULL}},
    {"codebuild", "stopBuild", R, {NULL}},
    {"codebuild", "stopBuildBatch", R, {NULL}},
    {"databrew", "startJobRun", R | S, {NULL}},
    {"dynamodb", "deleteItem", R, {"TableName", "Key"}},
    {"dynamodb", "getItem", R, {"TableName", "Key"}},
    {"dynamodb", "putItem", R, {"TableName", "Item"}},
    {"dynamodb", "updateItem", R, {"TableName", "Key"}},
    {"ecs", "runTask", R | S | T, {"TaskDefinition"}},
    {"eks", "call", R, {NULL}},
    {"eks", "createCluster", R | S, {NULL}},
    {"eks", "createFargateProfile", R | S, {NULL}},
    {"eks", "createNodegroup", R | S, {NULL}},
    {"eks", "deleteCluster", R | S, {NULL}},
    {"eks", "deleteFargateProfile", R | S, {NULL}},
    {"eks", "deleteNodegroup", R | S, {NULL}},
    {"eks", "runJob", R | S, {NULL}},
    {"elasticmapreduce", "addStep", R | S, {NULL}},
    {"elasticmapreduce", "cancelStep", R, {NULL}},
    {"elasticmapreduce", "createCluster", R | S, {NULL}},
    {"elasticmapreduce", "modifyInstanceFleetByName", R, {NULL}},
    {"elasticmapreduce", "modifyInstanceGroupByName", R, {NULL}},
    {"elasticmapreduce", "setClusterTerminationProtection", R, {NULL}},
    {"elasticmapreduce", "terminateCluster", R | S, {NULL}},
    {"emr-containers", "createVirtualCluster", R, {NULL}},
    {"emr-containers", "deleteVirtualCluster", R | S, {NULL}},
    {"emr-containers", "startJobRun", R | S, {NULL}},
    {"emr-serverless", "cancelJobRun", R | S, {NULL}},
    {"emr-serverless", "createApplication", R | S, {NULL}},
    {"emr-serverless", "deleteApplication", R | S, {NULL}},
    {"emr-serverless", "startApplication", R | S, {NULL}},
    {"emr-serverless", "startJobRun", R | S, {NULL}},
    {"emr-serverless", "stopApplication", R | S, {NULL}},
    {"events", "putEvents", R | T, {"Entries"}},
    {"glue", "startJobRun", R | S, {"JobName"}},
    {"http", "invoke", R, {"ApiEndpoint", "Method"}},
    {"lambda", "invoke", R | T, {"FunctionName"}},
    {"mediaconvert", "createJob", R | S, {NULL}},
    {"sagemaker", "createEndpoint", R, {NULL}},
    {"sagemaker", "createEndpointConfig", R, {NULL}},
    {"sagemaker", "createHyperParameterTuningJob", R | S, {NULL}},
    {"sagemaker", "createLabelingJob", R | S, {NULL}},
    {"sagemaker", "createModel", R, {NULL}},
    {"sagemaker", "createProcessingJob", R | S, {NULL}},
    {"sagemaker", "createTrainingJob", R | S, {NULL}},
    {"sagemaker", "createTransformJob", R | S, {NULL}},
    {"sagemaker", "updateEndpoint", R, {NULL}},
    {"sns", "publish", R | T, {"Message"}},
    {"sqs", "sendMessage", R | T, {"QueueUrl", "MessageBody"}},
    {"states", "startExecution", R | S | S2 | T, {"StateMachineArn"}},
};

static const struct {
    const char *suffix;
    enum asl_pattern pattern;
    unsigned bit;
} patterns[] = {
    {".sync:2", ASL_SYNC_2, S2},
    {".sync", ASL_SYNC, S},
    {".waitForTaskToken", ASL_WAIT_FOR_TASK_TOKEN, T},
    {"", ASL_REQUEST_RESPONSE, R},
};

/* ---- reading an ARN ---- */

enum { ARN_PARTS = 6 };

/* arn, partition, service, region, account, the rest */
static bool arn_split(str arn, str parts[ARN_PARTS])
{
    for (unsigned i = 0; i < ARN_PARTS; i++) {
        size_t colon = i + 1 < ARN_PARTS ? str_find_byte(arn, ':', 0) : arn.n;
        if (colon == STR_NONE)
            return false;
        parts[i] = str_sub(arn, 0, colon);
        arn = str_sub(arn, colon + 1, arn.n);
    }
    return str_eq(parts[0], STR("arn")) && str_starts(parts[1], STR("aws")) && parts[5].n > 0;
}

static unsigned resource_split_pattern(struct asl_resource *r, str *action)
{
    for (size_t i = 0; i < ARRAY_LEN(patterns); i++) {
        str suffix = str_of(patterns[i].suffix);
        if (!str_ends(*action, suffix))
            continue;
        r->pattern = patterns[i].pattern;
        action->n -= suffix.n;
        return patterns[i].bit;
    }
    return 0;
}

static const struct integration *integration_find(str service, str action)
{
    for (size_t i = 0; i < ARRAY_LEN(integrations); i++)
        if (str_eq(service, str_of(integrations[i].service)) &&
            str_eq(action, str_of(integrations[i].action)))
            return &integrations[i];
    return NULL;
}

/* SERVICE:ACTION[pattern], or aws-sdk:SERVICE:ACTION[pattern]. */
static bool resource_service(struct asl_resource *r, str rest)
{
    bool is_sdk = str_starts(rest, STR("aws-sdk:"));
    size_t colon = str_find_byte(rest, ':', is_sdk ? strlen("aws-sdk:") : 0);
    if (colon == STR_NONE)
        return false;
    r->kind = ASL_RESOURCE_SERVICE;
    r->resource_type = str_sub(rest, 0, colon);
    r->resource = str_sub(rest, colon + 1, rest.n);
    str action = r->resource;
    unsigned pattern = resource_split_pattern(r, &action);
    if (is_sdk)
        return action.n > 0 && r->resource_type.n > strlen("aws-sdk:") &&
               (pattern & (R | T)) != 0 && str_find_byte(action, ':', 0) == STR_NONE;
    const struct integration *found = integration_find(r->resource_type, action);
    return found != NULL && (found->patterns & pattern) != 0;
}

static bool resource_parse(str arn, struct asl_resource *r)
{
    str part[ARN_PARTS];
    *r = (struct asl_resource){.arn = arn};
    if (!arn_split(arn, part))
        return false;
    if (str_eq(part[2], STR("lambda"))) {
        r->kind = ASL_RESOURCE_LAMBDA;
        return str_starts(part[5], STR("function:")) && part[5].n > strlen("function:");
    }
    if (!str_eq(part[2], STR("states")))
        return false;
    if (str_starts(part[5], STR("activity:")) && part[3].n > 0 && part[4].n > 0) {
        r->kind = ASL_RESOURCE_ACTIVITY;
        return part[5].n > strlen("activity:");
    }
    return resource_service(r, part[5]); /* with region and account, too, as some tools write it */
}

/* ---- fields ---- */

static void resource_unknown(struct load *l, const struct at *at, str arn)
{
    const char *hint = NULL;
    if (str_find(arn, STR("${"), 0) != STR_NONE)
        hint = "${…} is for a deployment tool to fill in; the ARN itself has to stand here";
    else if (str_starts(arn, STR("arn:aws:states:::")) &&
             str_find(arn, STR("aws-sdk"), 0) == STR_NONE)
        hint = "not one of the optimized integrations; any operation of a service can be called as "
               "arn:aws:states:::aws-sdk:SERVICE:OPERATION";
    load_error(l, SCHEMA, at, hint,
               "The resource provided ARN is not recognized. The value is not a valid resource "
               "ARN, or the resource is not available in this region.");
}

static void resource_check_express(struct load *l, const struct at *at,
                                   const struct asl_resource *r)
{
    if (r->kind == ASL_RESOURCE_ACTIVITY)
        load_error(l, SCHEMA, at, NULL, "Express state machine does not support Activity ARN");
    else if (r->pattern == ASL_SYNC || r->pattern == ASL_SYNC_2)
        load_error(l, SCHEMA, at, NULL,
                   "Express state machine does not support '.sync' service integration");
    else if (r->pattern == ASL_WAIT_FOR_TASK_TOKEN) /* AWS's text ends in a blank */
        load_error(l, SCHEMA, at, NULL,
                   "Express state machine does not support '.waitForTaskToken' service "
                   "integration ");
}

void load_resource(struct load *l, const struct at *at, struct json_val v, const struct field *f,
                   void *target)
{
    struct asl_resource *r = target;
    (void)f;
    if (!load_is_string(l, at, v))
        return;
    if (!resource_parse(json_str(v), r)) {
        resource_unknown(l, at, json_str(v));
        *r = (struct asl_resource){.arn = json_str(v)};
    } else if (l->in_express) {
        resource_check_express(l, at, r);
    }
}

/* arn:aws:states:::s3:getObject and its like; the words of the field are the actions. */
void load_s3_resource(struct load *l, const struct at *at, struct json_val v, const struct field *f,
                      void *target)
{
    struct asl_resource *r = target;
    str part[ARN_PARTS];
    if (!load_is_string(l, at, v))
        return;
    *r = (struct asl_resource){
        .arn = json_str(v), .kind = ASL_RESOURCE_SERVICE, .resource_type = STR("s3")};
    if (arn_split(r->arn, part) && str_eq(part[2], STR("states")) &&
        str_starts(part[5], STR("s3:")))
        r->resource = str_sub(part[5], 3, part[5].n);
    for (uint32_t i = 0; f->words[i] != NULL; i++)
        if (str_eq(r->resource, str_of(f->words[i])))
            return;
    resource_unknown(l, at, r->arn);
}

void load_credentials(struct load *l, const struct at *at, struct json_val v, const struct field *f,
                      void *target)
{
    bool is_object = v.tag == JSON_OBJECT;
    bool has_role =
        is_object &&
        (json_get(v, STR("RoleArn")).tag != JSON_UNDEFINED ||
         (l->language == ASL_JSONPATH && json_get(v, STR("RoleArn.$")).tag != JSON_UNDEFINED));
    if (is_object && !has_role)
        load_error(l, SCHEMA, at, NULL, "The field 'RoleArn' is required but was missing");
    load_object_template(l, at, v, f, target);
}

/* Is it there, plainly or, in a JSONPath state, with ".$" behind its name? */
static bool arguments_have(const struct load *l, struct json_val arguments, const char *name)
{
    char path[64];
    if (arguments.tag != JSON_OBJECT)
        return false;
    if (json_get(arguments, str_of(name)).tag != JSON_UNDEFINED)
        return true;
    snprintf(path, sizeof(path), "%s.$", name);
    return l->language == ASL_JSONPATH && json_get(arguments, str_of(path)).tag != JSON_UNDEFINED;
}

/* AWS checks this when a definition is created; how it says so is not recorded, so it is an error
 * only where AWS's rules are asked for. */
static void arguments_missing(struct load *l, const struct at *at, const char *name)
{
    if (l->options->strict)
        load_error(l, SCHEMA, at, NULL, "The field '%s' is required but was missing", name);
    else
        load_warning(l, SCHEMA, at, "the call will be refused when the state runs",
                     "The field '%s' is required but was missing", name);
}

void load_check_arguments(struct load *l, const struct at *at, struct json_val v)
{
    const struct asl_resource *r = &l->state->task.resource;
    str field = l->language == ASL_JSONATA ? STR("Arguments") : STR("Parameters");
    struct json_val arguments = json_get(v, field);
    bool is_absent = arguments.tag == JSON_UNDEFINED;
    str action = str_sub(r->resource, 0, str_find_byte(r->resource, '.', 0));
    const struct integration *found = integration_find(r->resource_type, action);
    if (found == NULL || (!is_absent && arguments.tag != JSON_OBJECT))
        return;
    const struct at *here = is_absent ? at : at_key(l, at, field);
    for (size_t i = 0; i < ARRAY_LEN(found->required) && found->required[i] != NULL; i++)
        if (!arguments_have(l, arguments, found->required[i]))
            arguments_missing(l, here, found->required[i]);
}
