/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbers and text, without locale. Printing follows ECMAScript's Number::toString
 * (ECMA-262, 6.1.6.1.20): the shortest digits that read back as the same double, plain between 1e-7
 * (exclusive) and 1e21, with an exponent ("1e+21", "1.5e-7") outside; -0 prints as 0.
 */
#ifndef AFFLUX_BASE_NUMBER_H
#define AFFLUX_BASE_NUMBER_H

#include "base/str.h"

enum { NUMBER_TEXT_MAX = 32 }; /* bytes that number_print and number_print_int may write */

/* Writes the text of a finite double, no NUL; returns its length. May touch all of out. */
size_t number_print(double value, char out[NUMBER_TEXT_MAX]);
size_t number_print_int(int64_t value, char out[NUMBER_TEXT_MAX]);

/* The double that remains of value when written with 15 significant digits (JavaScript's
 * Number(value.toPrecision(15))), as JSONata's $string does. */
double number_round15(double value);

/* Shortest decimal digits of a finite value > 0: writes them (17 at most, no NUL, no trailing
 * zeros) and the exponent so that value = 0.d1d2d3… × 10^exponent. Returns the number of digits. */
int number_digits(double value, char digits[18], int *ret_exponent);

/* JavaScript's toFixed(decimals), decimals 0 to 100: exact decimal expansion, rounded half away
 * from zero. |value| < 1e21. out needs 128 bytes; returns the length. */
size_t number_print_fixed(double value, int decimals, char out[128]);

/* Reads a JSON number that starts at text.p: [-] int [frac] [exp]. Returns the bytes read, 0 when
 * there is none. *ret_value is the nearest double (±infinity when out of range). */
size_t number_parse(str text, double *ret_value);

#endif
