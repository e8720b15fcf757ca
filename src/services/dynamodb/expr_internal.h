/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the expression compiler share: tokens, the tree, and findings. */
#ifndef AFFLUX_SERVICES_DYNAMODB_EXPR_INTERNAL_H
#define AFFLUX_SERVICES_DYNAMODB_EXPR_INTERNAL_H

#include "services/dynamodb/expr.h"

enum dynamo_token_kind {
    TOKEN_END,
    TOKEN_WORD,   /* letters, digits, _ */
    TOKEN_NAME,   /* #name */
    TOKEN_VALUE,  /* :value */
    TOKEN_NUMBER, /* digits */
    TOKEN_SIGN,   /* ( ) [ ] , . + - = <> < <= > >= */
    TOKEN_BAD
};

struct dynamo_token {
    enum dynamo_token_kind kind;
    str text;
    size_t at;
};

struct dynamo_step {
    bool is_index;
    uint32_t index;
    str name;
};

struct dynamo_node {
    uint8_t op; /* a DYNAMO_… of expr.h, or the tag of a value */
    bool is_in_parens;
    str value; /* body of a value */
    struct dynamo_step *steps;
    uint32_t step_count;
    struct dynamo_node **kids;
    uint32_t count;
};

/* Of several things that are wrong, AWS tells the first of this list. */
enum dynamo_rank {
    RANK_SYNTAX,
    RANK_PARENS,
    RANK_FUNCTION,
    RANK_MISUSE,
    RANK_RESERVED,
    RANK_SECTION,
    RANK_PLACEHOLDER,
    RANK_OVERLAP,
    RANK_OPERANDS,
    RANK_DISTINCT,
    RANK_TYPES,
    RANK_NONE
};

struct dynamo_parser {
    struct dynamo_scope *scope;
    struct arena *arena;
    str text;
    struct dynamo_token before, token, ahead; /* the one read last, the one at hand, the next */
    enum dynamo_rank rank;                    /* of what was found, */
    char message[ERROR_MESSAGE_MAX];          /* in words */
    uint32_t depth, operators;
    const char *const *keywords; /* words that are no names here, ended by NULL; or NULL */
};

bool dynamo_is_reserved(str name);

/* ---- expr_lex.c ---- */

void dynamo_lex_begin(struct dynamo_parser *p, str text);
void dynamo_lex_next(struct dynamo_parser *p);
bool dynamo_is_sign(const struct dynamo_token *t, const char *sign);
bool dynamo_is_word(const struct dynamo_token *t, const char *word); /* in any case */
/* Goes on when it is the token at hand. */
bool dynamo_take_sign(struct dynamo_parser *p, const char *sign);
bool dynamo_take_word(struct dynamo_parser *p, const char *word);

/* Notes what is wrong unless something of a lower rank was noted. */
void dynamo_note(struct dynamo_parser *p, enum dynamo_rank rank, const char *fmt, ...)
    PRINTF_LIKE(3, 4);
/* A token that may not stand where it stands. Returns false. */
bool dynamo_syntax(struct dynamo_parser *p);
/* What was found as the error of an expression. */
enum status dynamo_finish(const struct dynamo_parser *p, const char *which, struct error *err);

/* ---- expr_operand.c ---- */

struct dynamo_node *dynamo_node(struct dynamo_parser *p, uint8_t op, uint32_t count);
/* False: a syntax error was noted. */
bool dynamo_parse_path(struct dynamo_parser *p, struct dynamo_node **ret);
bool dynamo_parse_value(struct dynamo_parser *p, struct dynamo_node **ret);
bool dynamo_is_function_next(const struct dynamo_parser *p);
/* Operands up to the closing parenthesis, by fn; the opening one was taken. */
typedef bool dynamo_operand_fn(struct dynamo_parser *p, struct dynamo_node **ret);
bool dynamo_parse_list(struct dynamo_parser *p, dynamo_operand_fn *fn, uint32_t max,
                       struct dynamo_node ***ret, uint32_t *ret_count);
bool dynamo_is_value(const struct dynamo_node *n);
/* "[a, [1], b]" */
str dynamo_path_text(struct arena *a, const struct dynamo_node *path);
/* Notes two of these paths that overlap or conflict. */
void dynamo_check_overlap(struct dynamo_parser *p, struct dynamo_node **paths, uint32_t count);
bool dynamo_same_path(const struct dynamo_node *a, const struct dynamo_node *b);
/* Appends the node as bytes. */
void dynamo_emit(const struct dynamo_node *n, struct buf *out);

/* ---- expr_condition.c ---- */

/* The tree of a whole condition; NULL: err is set. */
struct dynamo_node *dynamo_parse_condition(struct dynamo_parser *p, const char *which, str text,
                                           struct error *err);

#endif
