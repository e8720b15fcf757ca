/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How tasks name services, their operations and their errors: each service has the name of its
 * optimized integrations and that of the SDK (aws-sdk:…), and errors are spelled by whichever was
 * used. Pure.
 */
#ifndef AFFLUX_ENGINE_DIALECT_H
#define AFFLUX_ENGINE_DIALECT_H

#include "asl/definition.h"
#include "base/arena.h"
#include "base/error.h"

struct dialect {
    const char *service;         /* struct service.name */
    const char *task, *sdk_task; /* in resources: "events", and behind aws-sdk: "eventbridge" */
    const char *sdk;             /* in errors of the SDK: "DynamoDb" */
    const char *older;           /* in errors of optimized integrations: "DynamoDB" */
    const char *older_service;   /* and in their causes: "AmazonDynamoDBv2" */
    const char *older_any;       /* error for codes that the model does not name; NULL: the code */
    const char *const *modelled; /* codes that it names, ended by NULL; NULL: all */
    const char *media_type;      /* of the envelope that optimized results have; NULL: none */
};

/* The dialect of a task's resource; NULL when no service here has this name. *ret_operation is as
 * the service spells it, in `a`; *ret_is_sdk: behind aws-sdk. */
const struct dialect *dialect_find(const struct asl_resource *r, struct arena *a,
                                   str *ret_operation, bool *ret_is_sdk);

struct dialect_error {
    str error, cause;
};
/* What a workflow sees of a service's error; texts in `a` (or as they are). */
struct dialect_error dialect_spell(const struct dialect *d, bool is_sdk, const struct error *err,
                                   str request_id, struct arena *a);

#endif
