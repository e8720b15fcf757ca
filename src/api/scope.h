/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The scope of a request's credentials: for which service and region it was signed. Signatures are
 * not verified yet; this is where the parts to do it with are read. Pure.
 */
#ifndef AFFLUX_API_SCOPE_H
#define AFFLUX_API_SCOPE_H

#include "base/str.h"

enum { API_REGION_MAX = 32 }; /* bytes */

struct api_scope {
    str key_id, date;
    str region;  /* empty: none, or none that could be one */
    str service; /* "s3", "states"; empty: the request is not signed, or not so */
};

/* From the header Authorization of signature version 4 (and 4A, which names no region). */
struct api_scope api_scope_of_header(str authorization);
/* From the decoded value of X-Amz-Credential in a query. */
struct api_scope api_scope_of_credential(str credential);

#endif
