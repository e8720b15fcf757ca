/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DynamoDB's numbers: decimal, at most 38 digits, magnitudes from 1E-130 to below 1E+126, exact.
 * They are kept as bytes whose order is that of the numbers, so that keys and comparisons need no
 * decoding. Equal numbers have equal bytes: 1, 1.0 and 10e-1 are one.
 *
 *   zero      02
 *   positive  03 exponent+130 pair+1 … 00     two digits a pair, from the first that is not 0
 *   negative  01 and all bytes behind it inverted
 *
 * The form ends by itself, so other bytes may follow it in a key.
 */
#ifndef AFFLUX_SERVICES_DYNAMODB_NUMBER_H
#define AFFLUX_SERVICES_DYNAMODB_NUMBER_H

#include "base/buf.h"
#include "base/error.h"

enum {
    DYNAMO_NUMBER_DIGITS = 38,
    DYNAMO_NUMBER_BYTES = 22, /* of the longest form */
    DYNAMO_NUMBER_MIN = -130, /* exponents of the first digit */
    DYNAMO_NUMBER_MAX = 125,
    DYNAMO_NUMBER_TEXT = 300 /* bytes of the longest text */
};

/* 0.d1d2d3… × 10^(exponent + 1); d1 is not 0, nor is the last. count 0 is zero. */
struct dynamo_number {
    bool is_negative;
    int exponent;
    uint32_t count;
    uint8_t digits[DYNAMO_NUMBER_DIGITS];
};

/* Errors are ValidationException with AWS's texts. */
NODISCARD enum status dynamo_number_parse(str text, struct dynamo_number *ret, struct error *err);
/* Plain decimal text, without exponent, as AWS prints it. */
void dynamo_number_print(const struct dynamo_number *n, struct buf *out);

/* Returns the number of bytes. */
size_t dynamo_number_encode(const struct dynamo_number *n, char out[DYNAMO_NUMBER_BYTES]);
/* False for bytes that are no number's. */
NODISCARD bool dynamo_number_decode(str bytes, struct dynamo_number *ret);

/* a + b, or a - b. Refused when the result has more than 38 digits or is out of range. */
NODISCARD enum status dynamo_number_add(const struct dynamo_number *a,
                                        const struct dynamo_number *b, bool is_minus,
                                        struct dynamo_number *ret, struct error *err);

void dynamo_number_of(uint64_t value, struct dynamo_number *ret);
/* The whole part when it fits 0 to INT64_MAX, else -1: times and sizes. */
int64_t dynamo_number_whole(const struct dynamo_number *n);

#endif
