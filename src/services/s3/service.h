/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The operations of the object service as one table, JSON in and JSON out, with the names of the
 * API's model: what a workflow's aws-sdk:s3 tasks do, and what the HTTP door does but for bodies
 * (services/s3/s3.h) and lists of keys (services/s3/list.h). `self` of a call is a struct s3_self,
 * which has its service when the store is open.
 *
 * PutObject and UploadPart take Body as a value and keep its JSON text, as the service integration
 * does; GetObject gives Body as a text, with U+FFFD for bytes that are none. Times are texts,
 * "2026-11-25T23:49:03Z".
 */
#ifndef AFFLUX_SERVICES_S3_SERVICE_H
#define AFFLUX_SERVICES_S3_SERVICE_H

#include "services/service.h"

struct s3;
struct s3_self {
    struct s3 *s3;
};

extern const struct service s3_service;

#endif
