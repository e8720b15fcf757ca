/* SPDX-License-Identifier: Apache-2.0 */
/* A regular expression as a function of JSONata: a match object, whose `next` gives the following
 * match. */
#ifndef AFFLUX_JSONATA_FN_REGEX_H
#define AFFLUX_JSONATA_FN_REGEX_H

#include "jsonata/eval.h"

/* {match, start, end, groups, next} or undefined. follows: a match before this one ended at offset,
 * so an empty match is refused (D1004). */
struct json_val fn_regex_call(struct ev *e, const struct node *regex, struct json_val subject,
                              size_t offset, bool follows);

#endif
