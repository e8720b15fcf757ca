/* SPDX-License-Identifier: Apache-2.0 */
/* Texts to tokens, and what is said about tokens that may not stand where they do. */
#include "services/dynamodb/expr_internal.h"
#include <stdio.h>

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_part(char c)
{
    return is_letter(c) || is_digit(c) || c == '_';
}

static size_t skip_space(str text, size_t at)
{
    while (at < text.n &&
           (text.p[at] == ' ' || text.p[at] == '\t' || text.p[at] == '\r' || text.p[at] == '\n'))
        at++;
    return at;
}

static size_t skip_parts(str text, size_t at)
{
    while (at < text.n && is_part(text.p[at]))
        at++;
    return at;
}

static struct dynamo_token read_token(str text, size_t at)
{
    struct dynamo_token t = {.kind = TOKEN_END, .at = at};
    size_t end = at + 1;
    if (at == text.n) {
        t.text = STR("<EOF>");
        return t;
    }
    char c = text.p[at];
    if (is_letter(c)) {
        t.kind = TOKEN_WORD;
        end = skip_parts(text, at);
    } else if (c == '#' || c == ':') {
        end = skip_parts(text, at + 1);
        t.kind = end == at + 1 ? TOKEN_BAD : c == '#' ? TOKEN_NAME : TOKEN_VALUE;
    } else if (is_digit(c)) {
        t.kind = TOKEN_NUMBER;
        while (end < text.n && is_digit(text.p[end]))
            end++;
    } else if (strchr("()[],.+-=<>", c) && c != '\0') {
        t.kind = TOKEN_SIGN;
        char next = end < text.n ? text.p[end] : '\0';
        end += (c == '<' && (next == '>' || next == '=')) || (c == '>' && next == '=');
    } else {
        t.kind = TOKEN_BAD;
        while (end < text.n && ((unsigned char)text.p[end] & 0xC0) == 0x80)
            end++; /* a whole character */
    }
    t.text = str_sub(text, at, end);
    return t;
}

static size_t end_of(const struct dynamo_token *t)
{
    return t->at + (t->kind == TOKEN_END ? 0 : t->text.n);
}

void dynamo_lex_begin(struct dynamo_parser *p, str text)
{
    p->text = text;
    p->token = read_token(text, skip_space(text, 0));
    p->before = (struct dynamo_token){.kind = TOKEN_END, .at = p->token.at};
    p->ahead = read_token(text, skip_space(text, end_of(&p->token)));
}

void dynamo_lex_next(struct dynamo_parser *p)
{
    p->before = p->token;
    p->token = p->ahead;
    p->ahead = read_token(p->text, skip_space(p->text, end_of(&p->token)));
}

bool dynamo_is_sign(const struct dynamo_token *t, const char *sign)
{
    return t->kind == TOKEN_SIGN && str_eq(t->text, str_of(sign));
}

bool dynamo_is_word(const struct dynamo_token *t, const char *word)
{
    if (t->kind != TOKEN_WORD || t->text.n != strlen(word))
        return false;
    for (size_t i = 0; i < t->text.n; i++) {
        char c = t->text.p[i];
        if ((c >= 'a' && c <= 'z' ? c - 32 : c) != word[i])
            return false;
    }
    return true;
}

bool dynamo_take_sign(struct dynamo_parser *p, const char *sign)
{
    if (!dynamo_is_sign(&p->token, sign))
        return false;
    dynamo_lex_next(p);
    return true;
}

bool dynamo_take_word(struct dynamo_parser *p, const char *word)
{
    if (!dynamo_is_word(&p->token, word))
        return false;
    dynamo_lex_next(p);
    return true;
}

/* ---- findings ---- */

void dynamo_note(struct dynamo_parser *p, enum dynamo_rank rank, const char *fmt, ...)
{
    va_list args;
    if (rank >= p->rank)
        return;
    p->rank = rank;
    struct error e; /* which cuts a text at a character's boundary */
    va_start(args, fmt);
    error_vset(&e, STATUS_INVALID, "ValidationException", fmt, args);
    va_end(args);
    memcpy(p->message, e.message, sizeof(p->message));
}

bool dynamo_syntax(struct dynamo_parser *p)
{
    const struct dynamo_token *last = p->token.kind == TOKEN_END   ? &p->before
                                      : p->ahead.kind == TOKEN_END ? &p->token
                                                                   : &p->ahead;
    size_t from = p->before.at, to = end_of(last);
    dynamo_note(p, RANK_SYNTAX, "Syntax error; token: \"%.*s\", near: \"%.*s\"",
                STR_ARG(p->token.text), STR_ARG(str_sub(p->text, from, to)));
    return false;
}

enum status dynamo_finish(const struct dynamo_parser *p, const char *which, struct error *err)
{
    if (p->rank == RANK_NONE)
        return STATUS_OK;
    return error_set(err, STATUS_INVALID, "ValidationException", "Invalid %s: %s", which,
                     p->message);
}
