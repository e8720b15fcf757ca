/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the wire knows of services that speak JSON (the models' "json" protocols): how they are
 * named in requests, and how they put answers and errors. What they do is not here
 * (services/service.h).
 */
#ifndef AFFLUX_API_WIRE_H
#define AFFLUX_API_WIRE_H

#include "base/buf.h"
#include "base/error.h"

struct api_wire {
    const char *name;         /* of its struct service */
    const char *scope;        /* in credential scopes; the models' signingName or endpointPrefix */
    const char *target;       /* before the operation in X-Amz-Target */
    const char *content_type; /* of answers */
    const char *type_prefix;  /* before the service's own errors in __type */
    const char *internal;     /* what it calls its own failures */
    size_t body_max;          /* bytes of a request */
    bool has_crc;             /* X-Amz-Crc32 */
    bool has_long_ids;        /* of requests: 52 letters instead of a UUID */
};

/* The service that X-Amz-Target names, and the operation; NULL: none that there is. */
const struct api_wire *api_wire_of_target(str target, str *ret_operation);
const struct api_wire *api_wire_of_scope(str service);
const struct api_wire *api_wire_of_name(str name);
/* For requests that name no service. */
extern const struct api_wire api_wire_plain;

struct api_failure {
    enum status status;
    str name, message; /* as a struct error has them, or longer */
    str members;       /* further ones, the text of a JSON object; or empty */
};
/* Appends the body of an error. Returns the status of HTTP. */
int api_wire_put_error(const struct api_wire *w, const struct api_failure *f, struct buf *out);

#endif
