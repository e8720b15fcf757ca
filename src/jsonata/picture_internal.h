/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the picture files share: errors, integer pictures (which date pictures are made of) and the
 * analysed form of date pictures. NAN stands for JavaScript's undefined in widths: every comparison
 * fails alike.
 */
#ifndef AFFLUX_JSONATA_PICTURE_INTERNAL_H
#define AFFLUX_JSONATA_PICTURE_INTERNAL_H

#include "jsonata/picture.h"
#include "jsonata/units.h"

enum { PICTURE_DECIMALS_MAX = 15 }; /* of picture_decimal */

/* Sets the code, returns false. */
bool picture_fail(struct picture_error *err, const char *code);
bool picture_fail_text(struct picture_error *err, const char *code, str text);

extern const uint64_t picture_pow10[20];
/* A double above 0 rounded to decimals (0 to 15) digits as picture_round does, times 10^decimals:
 * false when this short way cannot tell (large or exotic values). *ret < 2^52, so its digits are
 * also toFixed's. */
bool picture_decimal(double value, int decimals, uint64_t *ret);

enum integer_kind {
    INTEGER_DECIMAL,
    INTEGER_LETTERS,
    INTEGER_ROMAN,
    INTEGER_WORDS,
    INTEGER_SEQUENCE /* anything else: refused when used */
};
enum letter_case { LETTER_LOWER, LETTER_UPPER, LETTER_TITLE };

struct integer_separator {
    size_t position; /* digits to its right */
    uint32_t character;
};

struct picture_integer {
    enum integer_kind kind;
    enum letter_case letter_case;
    bool is_ordinal;
    str token; /* INTEGER_SEQUENCE: the picture */
    /* INTEGER_DECIMAL: */
    uint32_t zero;    /* code point of the digit 0 */
    double mandatory; /* digits at least; a width modifier may have put anything here; else NAN */
    double optional;  /* number of # signs; else NAN */
    double parse_digits; /* digits to read exactly; NAN or 0: one or more */
    size_t regular;      /* a separator every so many digits; 0: where separators says */
    const struct integer_separator *separators; /* right to left */
    size_t separator_count;
};

bool integer_analyse(struct arena *a, struct units picture, struct picture_integer **ret,
                     struct picture_error *err);
/* Appends value, which must be an integer, infinite or NaN (or a fraction below 1: a year cut
 * oddly). */
bool integer_print(const struct picture_integer *p, double value, struct buf *out,
                   struct picture_error *err);
bool integer_read(const struct picture_integer *p, struct units text, double *ret,
                  struct picture_error *err);

/* Number words, "One Thousand, Two Hundred and Six": false when value is not finite. */
bool words_print(double value, bool is_ordinal, struct buf *out);
/* NaN when a part is no number word. */
double words_read(struct units text);
/* Which words the text can begin with at position at, ignoring case: the length of the first that
 * fits, trying from word number *at_word on, which is moved behind it; 0 when there is none.
 * Includes "and", '-', ',' and ' '. The order is the one in which the reference implementation
 * tries them. */
size_t words_match(struct units text, size_t at, size_t *at_word);

enum name_case { NAME_NONE, NAME_LOWER, NAME_UPPER, NAME_TITLE };

struct datetime_part {
    bool is_literal;
    str literal;
    struct units literal_units;
    uint16_t component;
    str component_text;
    enum name_case names;
    bool is_traditional;             /* modifier t: Z for UTC */
    bool has_width;                  /* a comma was there */
    bool has_max;                    /* and a maximum, number or not */
    double width_min, width_max;     /* NAN: none */
    double year_digits;              /* years are cut to so many digits; -1: not */
    struct picture_integer *integer; /* NULL: no integer format */
};

struct picture_datetime {
    struct datetime_part *parts;
    size_t count;
    bool is_readable; /* or parsing with it gives parse_error */
    struct picture_error parse_error;
};

extern const char datetime_months[12][10];
extern const char datetime_days[8][10]; /* 1 = Monday */

/* Would the part make JavaScript refuse the regular expression? */
bool datetime_zone_is_broken(const struct datetime_part *part);

/* One UTC instant with its calendar fields; all fields are NaN when the time is outside
 * JavaScript's range. */
struct moment {
    double ms;
    double year, month, day; /* month 0 to 11 */
    double weekday;          /* 0 = Sunday */
    double hour, minute, second, millisecond;
};
struct moment moment_at(double ms);
/* JavaScript's Date.UTC: years 0 to 99 are 1900 to 1999, fields may overflow, NaN outside its
 * range. */
double moment_utc(double year, double month, double day, double hour, double minute, double second,
                  double millisecond);
/* The number behind a component letter (P: 0 am, 1 pm; NaN where there is none). */
double moment_component(const struct moment *m, uint16_t component);

/* A part's piece of the text, [start, end). Pieces of all parts lie side by side. */
struct datetime_span {
    size_t start, end;
};
enum datetime_match { DATETIME_MATCHED, DATETIME_UNMATCHED, DATETIME_TOO_LONG };
/* Splits text among the parts; spans has one row per part. */
enum datetime_match datetime_match(const struct picture_datetime *p, struct units text,
                                   struct datetime_span *spans);

/* The greatest common divisor: distances of separators that stand regularly. */
size_t picture_divisor(size_t x, size_t y);

#endif
