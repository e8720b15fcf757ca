/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Resource: what a Task does, told by its ARN. Optimized integrations are a closed list, the table
 * here; any operation of any service is accepted behind aws-sdk.
 */
#include "asl/load_internal.h"

enum { R = 1, S = 2, S2 = 4, T = 8 }; /* request-response, .sync, .sync:2, .waitForTaskToken */

struct integration {
    const char *service, *action;
    unsigned patterns;
};

static const struct integration integrations[] = {
    {"apigateway", "invoke", R | T},
    {"athena", "getQueryExecution", R},
    {"athena", "getQueryResults", R},
    {"athena", "startQueryExecution", R | S},
    {"athena", "stopQueryExecution", R},
    {"batch", "submitJob", R | S},
    {"bedrock", "createModelCustomizationJob", R | S},
    {"bedrock", "invokeModel", R},
    {"codebuild", "batchDeleteBuilds", R},
    {"codebuild", "batchGetReports", R},
    {"codebuild", "deleteBuildBatch", R},
    {"codebuild", "retryBuildBatch", R | S},
    {"codebuild", "startBuild", R | S},
    {"codebuild", "startBuildBatch", R | S},
    {"codebuild", "stopBuild", R},
    {"codebuild", "stopBuildBatch", R},
    {"databrew", "startJobRun", R | S},
    {"dynamodb", "deleteItem", R},
    {"dynamodb", "getItem", R},
    {"dynamodb", "putItem", R},
    {"dynamodb", "updateItem", R},
    {"ecs", "runTask", R | S | T},
    {"eks", "call", R},
    {"eks", "createCluster", R | S},
    {"eks", "createFargateProfile", R | S},
    {"eks", "createNodegroup", R | S},
    {"eks", "deleteCluster", R | S},
    {"eks", "deleteFargateProfile", R | S},
    {"eks", "deleteNodegroup", R | S},
    {"eks", "runJob", R | S},
    {"elasticmapreduce", "addStep", R | S},
    {"elasticmapreduce", "cancelStep", R},
    {"elasticmapreduce", "createCluster", R | S},
    {"elasticmapreduce", "modifyInstanceFleetByName", R},
    {"elasticmapreduce", "modifyInstanceGroupByName", R},
    {"elasticmapreduce", "setClusterTerminationProtection", R},
    {"elasticmapreduce", "terminateCluster", R | S},
    {"emr-containers", "createVirtualCluster", R},
    {"emr-containers", "deleteVirtualCluster", R | S},
    {"emr-containers", "startJobRun", R | S},
    {"emr-serverless", "cancelJobRun", R | S},
    {"emr-serverless", "createApplication", R | S},
    {"emr-serverless", "deleteApplication", R | S},
    {"emr-serverless", "startApplication", R | S},
    {"emr-serverless", "startJobRun", R | S},
    {"emr-serverless", "stopApplication", R | S},
    {"events", "putEvents", R | T},
    {"glue", "startJobRun", R | S},
    {"http", "invoke", R},
    {"lambda", "invoke", R | T},
    {"mediaconvert", "createJob", R | S},
    {"sagemaker", "createEndpoint", R},
    {"sagemaker", "createEndpointConfig", R},
    {"sagemaker", "createHyperParameterTuningJob", R | S},
    {"sagemaker", "createLabelingJob", R | S},
    {"sagemaker", "createModel", R},
    {"sagemaker", "createProcessingJob", R | S},
    {"sagemaker", "createTrainingJob", R | S},
    {"sagemaker", "createTransformJob", R | S},
    {"sagemaker", "updateEndpoint", R},
    {"sns", "publish", R | T},
    {"sqs", "sendMessage", R | T},
    {"states", "startExecution", R | S | S2 | T},
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
    for (size_t i = 0; i < ARRAY_LEN(integrations); i++)
        if (str_eq(r->resource_type, str_of(integrations[i].service)) &&
            str_eq(action, str_of(integrations[i].action)))
            return (integrations[i].patterns & pattern) != 0;
    return false;
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
    if (str_starts(arn, STR("arn:aws:states:::")) && str_find(arn, STR("aws-sdk"), 0) == STR_NONE)
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
    if (!resource_parse(json_str(v), r))
        resource_unknown(l, at, json_str(v));
    else if (l->in_express)
        resource_check_express(l, at, r);
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
