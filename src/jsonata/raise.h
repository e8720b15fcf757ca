/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What goes wrong in an expression: JSONata's error codes, their message texts, and the record of
 * one error while it is on its way out of the parser or the evaluator. Codes beginning with U are
 * afflux's own budgets; all others are those of the JSONata reference implementation.
 */
#ifndef AFFLUX_JSONATA_RAISE_H
#define AFFLUX_JSONATA_RAISE_H

#include "base/arena.h"
#include "base/buf.h"
#include "json/value.h"

#define RAISE_NO_POSITION UINT32_MAX

/* Everything in it is borrowed from the scope in which the error happened. */
struct raised {
    char code[8]; /* "T2001"; empty: no error */
    bool has_value, has_token;
    bool keeps_position; /* the next call by name on the way out does not put its own there */
    uint32_t position;   /* byte offset behind the token, as JSONata counts; RAISE_NO_POSITION */
    uint32_t start, end; /* bytes of the innermost piece of the expression that failed */
    str token;
    struct json_val value;
    struct json_val value2; /* second operand, exponent, argument number: see the message's text */
    const char *type;       /* T0412: what the array should hold */
    str text;               /* D3137, D3141: the whole message; D3140: name of the function */
};

/* Sets the code, forgets the rest. */
void raise_code(struct raised *r, const char *code);

/* Appends the message of r's code with its values filled in. An unknown code gives the code itself.
 */
void raise_message(const struct raised *r, struct buf *out);

#endif
