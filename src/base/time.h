/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Civil time: days, dates and ISO 8601 text in the proleptic Gregorian calendar, UTC. Pure
 * arithmetic on milliseconds since 1970-01-01T00:00:00Z; no clock, no time zone data base.
 */
#ifndef AFFLUX_BASE_TIME_H
#define AFFLUX_BASE_TIME_H

#include "base/str.h"

enum { TIME_MS_PER_DAY = 86400000 };

struct civil {
    int64_t year; /* may be negative */
    int month;    /* 1 to 12 */
    int day;      /* 1 to 31 */
    int hour, minute, second, millisecond;
};

/* Days since 1970-01-01 of a date; month and day may lie outside their range (month 13 is next
 * January). */
int64_t time_days(int64_t year, int64_t month, int64_t day);
/* 0 = Sunday … 6 = Saturday. */
int time_weekday(int64_t days);
struct civil time_civil(int64_t ms);
int64_t time_ms(const struct civil *c);

/* "2026-10-01T12:00:00.000Z", 24 bytes for years 0 to 9999 (longer beyond, at most 32). Returns the
 * length. */
size_t time_print_iso(int64_t ms, char out[32]);

/* "Wed, 25 Nov 2026 23:49:03 GMT" (RFC 9110, section 5.6.7), with a NUL; years 0 to 9999. */
enum { TIME_HTTP_BYTES = 30 };
void time_print_http(int64_t ms, char out[TIME_HTTP_BYTES]);

/* Reads an ISO 8601 timestamp as JavaScript's Date.parse does for the forms
 * YYYY[-MM[-DD]][THH:mm[:ss[.sss]]][Z|±HH:mm|±HHmm]; a time without zone is taken as UTC. False
 * when it is none of these or a field is out of range. */
bool time_parse_iso(str text, int64_t *ret_ms);

#endif
