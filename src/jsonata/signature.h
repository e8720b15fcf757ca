/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Function signatures such as <s-nn?:s>: parsing them, and fitting the arguments of a call to them.
 * Fitting means what the reference implementation's generated regular expression means: each
 * parameter takes one argument (or none when optional, or several with +), first choice first, with
 * backtracking; a parameter marked - that got none takes the context value.
 */
#ifndef AFFLUX_JSONATA_SIGNATURE_H
#define AFFLUX_JSONATA_SIGNATURE_H

#include "jsonata/raise.h"

enum { SIGNATURE_MAX_PARAMS = 16 };

/* One bit per kind of argument, named after the letters of signatures. */
enum signature_type {
    SIG_S = 1,
    SIG_N = 2,
    SIG_B = 4,
    SIG_L = 8, /* null */
    SIG_A = 16,
    SIG_O = 32,
    SIG_F = 64,
    SIG_M = 128, /* missing */
};

struct parameter {
    uint8_t mask; /* enum signature_type: what it takes */
    char type;    /* letter; '(' for a choice */
    char subtype; /* of an array's items; 0 = any */
    bool
        subtype_one; /* the subtype is one letter (a longer one never equals a single argument's) */
    bool optional;   /* ? or - */
    bool many;       /* + */
    bool context;    /* - */
};

struct signature {
    uint32_t count;
    struct parameter params[SIGNATURE_MAX_PARAMS];
};

/* text includes the angle brackets. False with err set (S0401, S0402; err->position is relative to
 * text). */
bool signature_parse(str text, struct signature *ret, struct raised *err);

unsigned signature_type_of(struct json_val v);

/* Does `count` arguments always mean: argument i for parameter i, nothing for the rest? Then
 * signature_fit_direct may be tried. */
bool signature_is_direct(const struct signature *s, uint32_t count);
/* The quick way for such calls: true when all arguments fit as they are (missing ones are filled
 * in). False says nothing; signature_apply decides. */
bool signature_fit_direct(const struct signature *s, struct json_val *args, uint32_t count);

struct signature_fit {
    struct json_val *args; /* in: as given; out: one per parameter (or more with +) */
    uint32_t count;        /* args has room for SIGNATURE_MAX_PARAMS more than are given */
    struct json_val context;
    struct arena *arena; /* for single values that become arrays */
};

/* False with err set to T0410, T0411 or T0412 (value, argument number in value2). */
bool signature_apply(const struct signature *s, struct signature_fit *fit, struct raised *err);

#endif
