/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Picture strings: the formats of $formatNumber, $formatInteger, $parseInteger, $fromMillis and
 * $toMillis, and the rounding of $round, as functions on text and numbers without an evaluator.
 * They do what JSONata's reference implementation does, including where that differs from the XPath
 * functions it follows: numbers pass through JavaScript's number texts, and what its regular
 * expressions accept is what is read.
 *
 * A picture is analysed once into an arena and used many times; an analysed picture is immutable.
 * It borrows from the arena only, not from the picture text or the options. All functions return
 * false and fill err on failure; out then holds a part of the text. Output that exceeds the buf's
 * maximum is not an error here: the caller asks buf_ok().
 */
#ifndef AFFLUX_JSONATA_PICTURE_H
#define AFFLUX_JSONATA_PICTURE_H

#include "base/arena.h"
#include "base/attr.h"
#include "base/buf.h"
#include "base/str.h"

/* Beside JSONata's own codes:
 * D3160  the reference implementation breaks off with an exception of JavaScript itself or never
 * ends: more than 100 decimals, words for infinity, a picture that makes a broken regular
 * expression U1002  the picture is too large for the arena's limit U1003  reading a date takes too
 * many steps */
struct picture_error {
    char code[8];
    bool has_text;   /* D3110, D3130, D3132, D3133: text is JSONata's `value` of the error */
    bool has_number; /* D3134: number is */
    str text;        /* borrowed from the arena of the analysis, or the text to read (D3110) */
    double number;
};

/* $round: half to even on the number's shortest decimal text. Any double as precision: one that is
 * not an integer gives NaN, as in JavaScript. Infinities stay for precision 0 and become NaN
 * otherwise. */
double picture_round(double value, double precision);

/* The eleven properties of $formatNumber's third argument. */
struct picture_number_options {
    str decimal_separator;
    str grouping_separator;
    str exponent_separator;
    str infinity; /* without effect, as is nan */
    str minus_sign;
    str nan;
    str percent;
    str per_mille;
    str zero_digit;
    str digit;
    str pattern_separator;
};
struct picture_number_options picture_number_defaults(void);
/* The option with JSONata's name ("decimal-separator"), NULL when there is none. */
str *picture_number_option(struct picture_number_options *opt, str name);

struct picture_number;
/* opt NULL: the defaults. D3080 to D3093. */
NODISCARD bool picture_number_analyse(struct arena *a, str picture,
                                      const struct picture_number_options *opt,
                                      const struct picture_number **ret, struct picture_error *err);
/* Infinities and NaN included. */
NODISCARD bool picture_number_format(const struct picture_number *p, double value, struct buf *out,
                                     struct picture_error *err);

struct picture_integer;
/* D3131. */
NODISCARD bool picture_integer_analyse(struct arena *a, str picture,
                                       const struct picture_integer **ret,
                                       struct picture_error *err);
/* value is floored. D3130. */
NODISCARD bool picture_integer_format(const struct picture_integer *p, double value,
                                      struct buf *out, struct picture_error *err);
/* *ret is NaN where the text is no number of this form. D3130. */
NODISCARD bool picture_integer_parse(const struct picture_integer *p, str text, double *ret,
                                     struct picture_error *err);

struct picture_datetime;
/* D3131, D3132, D3135. */
NODISCARD bool picture_datetime_analyse(struct arena *a, str picture,
                                        const struct picture_datetime **ret,
                                        struct picture_error *err);
/* timezone NULL: UTC. D3130, D3133, D3134. */
NODISCARD bool picture_datetime_format(const struct picture_datetime *p, double ms,
                                       const str *timezone, struct buf *out,
                                       struct picture_error *err);
/* *ret_matched is false where JSONata gives nothing. *ret_ms may be NaN. Missing leading parts come
 * from now_ms. D3130, D3133, D3136. */
NODISCARD bool picture_datetime_parse(const struct picture_datetime *p, str text, double now_ms,
                                      bool *ret_matched, double *ret_ms, struct picture_error *err);

/* $fromMillis and $toMillis without a picture. Parsing: D3110; NaN for what has the form of a
 * timestamp but does not exist (month 13). */
void picture_iso_format(double ms, const str *timezone, struct buf *out);
NODISCARD bool picture_iso_parse(str text, double *ret_ms, struct picture_error *err);

#endif
