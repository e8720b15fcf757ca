/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ARNs of Step Functions, taken apart (reference: "ARNs"). Pure; whether what an ARN names is
 * there is somebody else's question.
 */
#ifndef AFFLUX_ENGINE_ARN_H
#define AFFLUX_ENGINE_ARN_H

#include "base/error.h"
#include "base/str.h"

enum arn_kind {
    ARN_STATE_MACHINE, /* …:stateMachine:NAME[/LABEL][:VERSION or :ALIAS] */
    ARN_EXECUTION,     /* …:execution:NAME[/LABEL]:EXECUTION */
    ARN_EXPRESS,       /* …:express:NAME[/LABEL]:EXECUTION:UUID */
    ARN_MAP_RUN,       /* …:mapRun:NAME/LABEL:UUID */
    ARN_ACTIVITY,      /* …:activity:NAME */
};

/* Slices of the text. */
struct arn {
    enum arn_kind kind;
    str text, region, account;
    str name;      /* of the machine or activity */
    str label;     /* of a Map; empty: none */
    str qualifier; /* of a machine: version or alias; of others what comes behind the name */
};

/* kinds: those that fit here, bits 1 << ARN_…. STATUS_INVALID "InvalidArn". */
NODISCARD enum status arn_read(str text, unsigned kinds, struct arn *ret, struct error *err);
/* Is a machine's qualifier the number of a version? Otherwise it is an alias. */
bool arn_read_version(str qualifier, uint32_t *ret);

#endif
