/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tokenizer. It relies on base/ only and knows nothing of grammar; what a token may stand next
 * to is parse.c's business. The rules (which characters end a name, how a regular expression ends,
 * which escapes a string may have) are those of the JSONata 2.x reference tokenizer.
 */
#include "jsonata/lex.h"

#include "base/number.h"
#include "base/utf8.h"
#include "jsonata/regex.h"
#include <math.h>

void lex_init(struct lexer *lx, str source, struct arena *arena, struct raised *err)
{
    *lx = (struct lexer){.source = source, .arena = arena, .err = err};
}

const char *lex_kind_name(enum token_kind kind)
{
    static const char *const names[] = {"end",    "name",   "variable", "operator",
                                        "string", "number", "value",    "regex"};
    return names[kind];
}

static int lex_peek(const struct lexer *lx, size_t ahead)
{
    return lx->at + ahead < lx->source.n ? (unsigned char)lx->source.p[lx->at + ahead] : -1;
}

static bool lex_is_space(int c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\v';
}

/* Characters that are operators by themselves and so end a name. */
static bool lex_is_operator(int c)
{
    return c > 0 && c < 128 && strchr(".[]{}(),@#;:?+-*/%|=<>^&!~", c) != NULL;
}

static bool lex_fail(struct lexer *lx, const char *code, size_t start, size_t position)
{
    raise_code(lx->err, code);
    lx->err->start = (uint32_t)start;
    lx->err->end = (uint32_t)(lx->at > start ? lx->at : start);
    lx->err->position = (uint32_t)position;
    return false;
}

/* White space and comments. */
static bool lex_skip(struct lexer *lx)
{
    for (;;) {
        while (lex_is_space(lex_peek(lx, 0)))
            lx->at++;
        if (lex_peek(lx, 0) != '/' || lex_peek(lx, 1) != '*')
            return true;
        size_t end = str_find(lx->source, STR("*/"), lx->at + 2);
        if (end == STR_NONE)
            return lex_fail(lx, "S0106", lx->at, lx->at);
        lx->at = end + 2;
    }
}

static bool lex_hex4(const struct lexer *lx, size_t at, uint32_t *ret)
{
    uint32_t unit = 0;
    if (at + 4 > lx->source.n)
        return false;
    for (size_t i = at; i < at + 4; i++) {
        int c = (unsigned char)lx->source.p[i] | 0x20;
        int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
        if (digit < 0)
            return false;
        unit = unit * 16 + (uint32_t)digit;
    }
    *ret = unit;
    return true;
}

/* lx->at is on the character behind the backslash; writes the decoded bytes. */
static bool lex_escape(struct lexer *lx, size_t start, char *out, size_t *n)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    int c = lex_peek(lx, 0);
    const char *simple = c > 0 ? strchr(from, c) : NULL;
    if (simple != NULL) {
        out[(*n)++] = to[simple - from];
        lx->at++;
        return true;
    }
    uint32_t unit, low;
    if (c != 'u') {
        lex_fail(lx, "S0103", start, lx->at);
        size_t end = lx->at;
        if (end < lx->source.n)
            utf8_next(lx->source, &end);
        lx->err->token = str_sub(lx->source, lx->at, end);
        lx->err->has_token = true;
        return false;
    }
    if (!lex_hex4(lx, lx->at + 1, &unit))
        return lex_fail(lx, "S0104", start, lx->at);
    lx->at += 5;
    if (unit >= 0xD800 && unit < 0xDC00 && lex_peek(lx, 0) == '\\' && lex_peek(lx, 1) == 'u' &&
        lex_hex4(lx, lx->at + 2, &low) && low >= 0xDC00 && low < 0xE000) {
        unit = 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
        lx->at += 6;
    }
    *n += utf8_encode(unit, out + *n);
    return true;
}

static bool lex_string(struct lexer *lx, struct token *t)
{
    size_t start = lx->at;
    char quote = lx->source.p[lx->at++];
    size_t plain = lx->at;
    while (lx->at < lx->source.n && lx->source.p[lx->at] != quote && lx->source.p[lx->at] != '\\')
        lx->at++;
    if (lex_peek(lx, 0) == quote) {
        t->text = str_sub(lx->source, plain, lx->at++);
        t->kind = TOKEN_STRING;
        return true;
    }
    char *out = arena_alloc(lx->arena, lx->source.n - plain + 4);
    size_t n = lx->at - plain;
    memcpy(out, lx->source.p + plain, n);
    while (lx->at < lx->source.n) {
        char c = lx->source.p[lx->at++];
        if (c == quote) {
            t->text = (str){out, n};
            t->kind = TOKEN_STRING;
            return true;
        }
        if (c != '\\')
            out[n++] = c;
        else if (!lex_escape(lx, start, out, &n))
            return false;
    }
    return lex_fail(lx, "S0101", start, lx->source.n);
}

/* A slash closes the expression when it is in no bracket and an even number of backslashes stands
 * before. */
static bool lex_closes_regex(const struct lexer *lx, size_t at, int depth)
{
    if (lx->source.p[at] != '/' || depth != 0)
        return false;
    size_t slashes = 0;
    while (lx->source.p[at - slashes - 1] == '\\')
        slashes++;
    return slashes % 2 == 0;
}

static bool lex_regex(struct lexer *lx, struct token *t)
{
    size_t start = lx->at++;
    int depth = 0;
    for (; lx->at < lx->source.n; lx->at++) {
        char c = lx->source.p[lx->at];
        if (lex_closes_regex(lx, lx->at, depth)) {
            t->text = str_sub(lx->source, start + 1, lx->at);
            if (t->text.n == 0)
                return lex_fail(lx, "S0301", start, lx->at);
            lx->at++;
            for (; lex_peek(lx, 0) == 'i' || lex_peek(lx, 0) == 'm'; lx->at++)
                t->flags |= lex_peek(lx, 0) == 'i' ? REGEX_CASELESS : REGEX_MULTILINE;
            t->kind = TOKEN_REGEX;
            return true;
        }
        bool escaped = lx->source.p[lx->at - 1] == '\\';
        if ((c == '(' || c == '[' || c == '{') && !escaped)
            depth++;
        if ((c == ')' || c == ']' || c == '}') && !escaped)
            depth--;
    }
    return lex_fail(lx, "S0302", start, lx->at);
}

/* Length of the number (0|[1-9][0-9]*)(.[0-9]+)?([Ee][-+]?[0-9]+)? at the cursor, 0 when there is
 * none. */
static size_t lex_number_length(const struct lexer *lx)
{
    size_t n = 0, digits;
    if (lex_peek(lx, 0) == '0')
        n = 1;
    else
        while (lex_peek(lx, n) >= '0' && lex_peek(lx, n) <= '9')
            n++;
    if (n == 0)
        return 0;
    for (digits = 1; lex_peek(lx, n + digits) >= '0' && lex_peek(lx, n + digits) <= '9';)
        digits++;
    if (lex_peek(lx, n) == '.' && digits > 1)
        n += digits;
    if ((lex_peek(lx, n) | 0x20) == 'e') {
        size_t sign = lex_peek(lx, n + 1) == '-' || lex_peek(lx, n + 1) == '+' ? 2 : 1;
        for (digits = 0;
             lex_peek(lx, n + sign + digits) >= '0' && lex_peek(lx, n + sign + digits) <= '9';)
            digits++;
        if (digits > 0)
            n += sign + digits;
    }
    return n;
}

static bool lex_number(struct lexer *lx, size_t n, struct token *t)
{
    double value;
    t->text = str_sub(lx->source, lx->at, lx->at + n);
    if (number_parse(t->text, &value) != n || !isfinite(value)) {
        size_t start = lx->at;
        lex_fail(lx, "S0102", start, start);
        lx->err->end = (uint32_t)(start + n);
        lx->err->token = t->text;
        lx->err->has_token = true;
        return false;
    }
    lx->at += n;
    t->kind = TOKEN_NUMBER;
    t->value = json_num(value);
    return true;
}

static bool lex_name(struct lexer *lx, struct token *t)
{
    size_t start = lx->at;
    if (lx->source.p[lx->at] == '`') {
        size_t end = str_find_byte(lx->source, '`', lx->at + 1);
        if (end == STR_NONE) {
            lx->at = lx->source.n;
            return lex_fail(lx, "S0105", start, lx->source.n);
        }
        t->text = str_sub(lx->source, start + 1, end);
        t->kind = TOKEN_NAME;
        lx->at = end + 1;
        return true;
    }
    while (lx->at < lx->source.n && !lex_is_space(lex_peek(lx, 0)) &&
           !lex_is_operator(lex_peek(lx, 0)))
        lx->at++;
    t->text = str_sub(lx->source, start, lx->at);
    t->kind = TOKEN_NAME;
    if (t->text.p[0] == '$') {
        t->text = str_sub(t->text, 1, t->text.n);
        t->kind = TOKEN_VARIABLE;
    } else if (str_eq(t->text, STR("or")) || str_eq(t->text, STR("and")) ||
               str_eq(t->text, STR("in"))) {
        t->kind = TOKEN_OPERATOR;
    } else if (str_eq(t->text, STR("true")) || str_eq(t->text, STR("false"))) {
        t->kind = TOKEN_VALUE;
        t->value = json_bool(t->text.n == 4);
    } else if (str_eq(t->text, STR("null"))) {
        t->kind = TOKEN_VALUE;
        t->value = json_null();
    }
    return true;
}

bool lex_next(struct lexer *lx, bool after_operand, struct token *ret)
{
    static const char pairs[][3] = {"..", ":=", "!=", ">=", "<=", "**", "~>", "?:", "??"};
    *ret = (struct token){.kind = TOKEN_END};
    if (!lex_skip(lx))
        return false;
    ret->start = ret->end = (uint32_t)lx->at;
    int c = lex_peek(lx, 0);
    if (c < 0)
        return true;
    size_t n = 0;
    bool ok = true;
    size_t known = ARRAY_LEN(pairs) - (lx->version_206 ? 2 : 0);
    for (size_t i = 0; i < known; i++)
        if (c == pairs[i][0] && lex_peek(lx, 1) == pairs[i][1])
            n = 2;
    if (c == '/' && !after_operand) {
        ok = lex_regex(lx, ret);
    } else if (n == 2 || lex_is_operator(c)) {
        n = n == 2 ? 2 : 1;
        ret->kind = TOKEN_OPERATOR;
        ret->text = str_sub(lx->source, lx->at, lx->at + n);
        lx->at += n;
    } else if (c == '"' || c == '\'') {
        ok = lex_string(lx, ret);
    } else if ((n = lex_number_length(lx)) > 0) {
        ok = lex_number(lx, n, ret);
    } else {
        ok = lex_name(lx, ret);
    }
    ret->end = (uint32_t)lx->at;
    return ok;
}
