/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Values to JSON text, compact by default. Numbers go out as they came in (JSON_INT, JSON_NUMTEXT),
 * doubles as JavaScript prints them. A lone surrogate becomes an escape; all other text stays
 * UTF-8. A function is written as "" and undefined inside an array as null (both are JSONata's
 * rules, for values still in an evaluation).
 */
#ifndef AFFLUX_JSON_WRITE_H
#define AFFLUX_JSON_WRITE_H

#include "base/buf.h"
#include "base/error.h"
#include "json/value.h"

enum json_write_flag {
    JSON_WRITE_PRETTY = 1,  /* two spaces, as JSON.stringify(v, null, 2) */
    JSON_WRITE_DOUBLES = 2, /* every number as the double it is: 1.0 becomes 1 */
    JSON_WRITE_PRECISION15 =
        4,                 /* as DOUBLES; fractions with 15 significant digits: JSONata's $string */
    JSON_WRITE_COLOR = 8,  /* ANSI colours for a terminal */
    JSON_WRITE_EXACT = 16, /* as DOUBLES, but integers that no double is stay as they are */
};

/* Appends to out. STATUS_LIMIT "JsonTooDeep" or "JsonTooLarge" (out's maximum), STATUS_INVALID
 * "JsonNumber" for a number that is not finite. What was appended before an error stays. */
NODISCARD enum status json_write(struct buf *out, struct json_val value, unsigned flags,
                                 struct error *err);

/* Appends text as a JSON string with its quotes. */
void json_write_string(struct buf *out, str text);

#endif
