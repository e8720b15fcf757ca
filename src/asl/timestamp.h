/* SPDX-License-Identifier: Apache-2.0 */
/* Timestamps as the states language wants them: RFC 3339 with an upper-case T and a zone. */
#ifndef AFFLUX_ASL_TIMESTAMP_H
#define AFFLUX_ASL_TIMESTAMP_H

#include "base/str.h"

struct asl_instant {
    int64_t ms; /* Unix time, rounded down */
    int32_t ns; /* beyond: 0 to 999,999 */
};

/* False when the text is no such timestamp. Seconds may be left out, as AWS has it; digits of a
 * fraction beyond nanoseconds are dropped. */
bool asl_timestamp_parse(str text, struct asl_instant *ret);

/* <0, 0 or >0. */
int asl_instant_cmp(const struct asl_instant *a, const struct asl_instant *b);

#endif
