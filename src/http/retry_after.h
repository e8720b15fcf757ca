/* SPDX-License-Identifier: Apache-2.0 */
/* The Retry-After header (RFC 9110, 10.2.3): seconds, or a date in one of three old forms. Pure. */
#ifndef AFFLUX_HTTP_RETRY_AFTER_H
#define AFFLUX_HTTP_RETRY_AFTER_H

#include "base/str.h"

/* How many milliseconds from wall_ms (since 1970) on it asks to wait; a date that is past gives 0.
 * False when the value is neither. */
bool http_retry_after(str value, int64_t wall_ms, int64_t *ret_wait_ms);

/* "Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994", in
 * milliseconds since 1970. Two digits of a year mean the one nearest to wall_ms that is at most 50
 * years ahead. The name of the day is not checked. */
bool http_date_parse(str value, int64_t wall_ms, int64_t *ret_ms);

#endif
