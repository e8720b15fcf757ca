/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSONata text to tokens, one at a time. A token is a slice of the source; only string literals
 * with escapes are decoded into the arena. Whether '/' starts a regular expression depends on what
 * the parser expects next, so the caller says it.
 */
#ifndef AFFLUX_JSONATA_LEX_H
#define AFFLUX_JSONATA_LEX_H

#include "jsonata/raise.h"

enum token_kind {
    TOKEN_END,
    TOKEN_NAME,
    TOKEN_VARIABLE,
    TOKEN_OPERATOR, /* `text` is the operator; and, or, in are operators too */
    TOKEN_STRING,
    TOKEN_NUMBER,
    TOKEN_VALUE, /* true, false, null */
    TOKEN_REGEX,
};

struct token {
    enum token_kind kind;
    uint32_t start, end;   /* bytes of the source */
    str text;              /* name, variable without $, operator, string, pattern of the regex */
    unsigned flags;        /* regex: enum regex_flag */
    struct json_val value; /* number, value */
};

struct lexer {
    str source;
    size_t at;
    struct arena *arena; /* must live as long as the tokens */
    struct raised *err;
    bool version_206; /* JSONata 2.0.6: `?:` and `??` are two tokens each */
};

void lex_init(struct lexer *lx, str source, struct arena *arena, struct raised *err);

/* Reads the next token; false with err set when there is none to be had. after_operand: a '/'
 * divides. */
bool lex_next(struct lexer *lx, bool after_operand, struct token *ret);

const char *lex_kind_name(enum token_kind kind);

#endif
