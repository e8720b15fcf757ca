/* SPDX-License-Identifier: Apache-2.0 */
/* What a token endpoint answers; for oauth.c. */
#ifndef AFFLUX_SERVICES_OAUTH_REQUEST_H
#define AFFLUX_SERVICES_OAUTH_REQUEST_H

#include "services/oauth.h"

/* *ret_token lies in the arena; *ret_life_ms is INT64_MAX when the answer names none. False: there
 * is no token in it. */
bool oauth_read_token(struct arena *arena, const struct http_invoke_answer *answer, str *ret_token,
                      int64_t *ret_life_ms, struct service_failure *ret_failure);

#endif
