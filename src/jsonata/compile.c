/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From text to a compiled expression: parse, analyze, link, each in a file of its own. This one
 * owns the result, and turns errors into the form the outside sees.
 */
#include "jsonata/compile.h"

#include "base/check.h"
#include "base/utf8.h"
#include "json/write.h"
#include "jsonata/analyze.h"
#include "jsonata/function.h"
#include "jsonata/jsonata.h"
#include "jsonata/regex.h"
#include <stdio.h>
#include <stdlib.h>

enum { COMPILE_FIRST_BYTES = 4064 /* definitions keep hundreds of short ones, of 4 to 10 KB */ };

/* Where the text is not UTF-8; lone surrogates pass, since JSON text around an expression can hold
 * them. */
static size_t compile_invalid_at(str text)
{
    size_t at = 0;
    for (;;) {
        at += utf8_check(str_sub(text, at, text.n));
        const unsigned char *p = (const unsigned char *)text.p + at;
        bool surrogate = text.n - at >= 3 && p[0] == 0xED && p[1] >= 0xA0 && p[1] <= 0xBF &&
                         (p[2] & 0xC0) == 0x80;
        if (!surrogate)
            return at;
        at += 3;
    }
}

static bool compile_is_text(str text, struct raised *err)
{
    size_t bad = compile_invalid_at(text);
    if (bad == text.n)
        return true;
    raise_code(err, "U1007");
    err->start = (uint32_t)bad;
    err->end = err->start + 1;
    return false;
}

struct node *compile_tree(str text, struct linker *l, struct regex_list *regexes,
                          struct raised *err)
{
    struct parse_options options = {.version_206 = (l->flags & JSONATA_VERSION_206) != 0};
    raise_code(err, "");
    if (text.n > JSONATA_MAX_TEXT) {
        raise_code(err, "U1006");
        err->value = json_num((double)JSONATA_MAX_TEXT);
        err->has_value = true;
        return NULL;
    }
    if (!compile_is_text(text, err))
        return NULL;
    struct node *n = parse_expression(text, l->arena, &options, regexes, err);
    if (n != NULL)
        n = analyze_expression(n, l->arena, l->symbols, err);
    return n != NULL ? link_expression(l, n) : NULL;
}

/* Cuts at a character boundary. */
static void compile_cut(str s, char *out, size_t size)
{
    size_t n = s.n < size ? s.n : size - 1;
    while (n > 0 && n < s.n && ((unsigned char)s.p[n] & 0xC0) == 0x80)
        n--;
    if (n > 0)
        memcpy(out, s.p, n);
    out[n] = '\0';
}

void compile_report(const struct raised *r, str source, struct jsonata_error *ret)
{
    struct buf text;
    struct error ignored;
    memset(ret, 0, sizeof(*ret));
    memcpy(ret->code, r->code, sizeof(ret->code));
    ret->start = r->start <= source.n ? r->start : (uint32_t)source.n;
    ret->end = r->end <= source.n ? r->end : (uint32_t)source.n;
    ret->position = UINT32_MAX;
    if (r->position != RAISE_NO_POSITION)
        ret->position = (uint32_t)utf8_utf16_len(str_sub(source, 0, r->position));
    ret->has_token = r->has_token;
    if (r->has_token)
        compile_cut(r->token, ret->token, sizeof(ret->token));
    ret->has_value = r->has_value;
    buf_init(&text, sizeof(ret->message) * 8);
    raise_message(r, &text);
    compile_cut(buf_str(&text), ret->message, sizeof(ret->message));
    buf_clear(&text);
    if (r->has_value && r->value.tag < JSON_TAG_USER && r->value.tag != JSON_UNDEFINED &&
        json_write(&text, r->value, JSON_WRITE_DOUBLES, &ignored) == STATUS_OK &&
        text.n < sizeof(ret->value))
        compile_cut(buf_str(&text), ret->value, sizeof(ret->value));
    buf_done(&text);
}

/* The names that are used and not bound inside; `$` and `%`'s labels are none. */
static void compile_free_variables(struct jsonata *x, const struct linker *l)
{
    uint32_t end = symbols_end(&x->symbols);
    x->free_symbols = arena_alloc(&x->arena, sizeof(*x->free_symbols) * end);
    x->used = arena_alloc(&x->arena, sizeof(*x->used) * end);
    for (uint32_t i = 1; i < end; i++)
        if (i >= x->symbols.first || l->refs[i] != NULL || l->mentioned[i])
            x->used[x->used_count++] = (struct used_name){symbols_name(&x->symbols, i), i};
    for (uint32_t i = x->symbols.first; i < end; i++)
        if (!l->bound[i] && i != x->dollar && symbols_name(&x->symbols, i).p[0] != '!')
            x->free_symbols[x->free_count++] = i;
}

enum status jsonata_compile(str text, unsigned flags, struct jsonata **ret,
                            struct jsonata_error *err)
{
    struct raised raised;
    struct jsonata *x = calloc(1, sizeof(*x));
    check(x != NULL);
    arena_init(&x->arena, 0);
    x->arena.first_size = COMPILE_FIRST_BYTES;
    x->text = arena_dup(&x->arena, text.n <= JSONATA_MAX_TEXT ? text : STR(""));
    x->flags = flags;
    symbols_init(&x->symbols, &x->arena, NULL);
    x->dollar = symbols_intern(&x->symbols, STR("$"));
    json_shapes_init(&x->shapes, &x->arena);
    struct linker l = {
        .arena = &x->arena, .symbols = &x->symbols, .shapes = &x->shapes, .flags = flags};
    x->root = compile_tree(text.n <= JSONATA_MAX_TEXT ? x->text : text, &l, &x->regexes, &raised);
    x->slots = l.slots;
    x->dynamic = l.dynamic;
    x->reads_clock = l.reads_clock || l.dynamic;
    x->reads_random = l.reads_random || l.dynamic;
    if (x->root != NULL) {
        compile_free_variables(x, &l);
        *ret = x;
        return STATUS_OK;
    }
    if (err != NULL)
        compile_report(&raised, text.n <= JSONATA_MAX_TEXT ? text : STR(""), err);
    jsonata_free(x);
    bool limit = raised.code[0] == 'U' && strcmp(raised.code, "U1007") != 0;
    return limit ? STATUS_LIMIT : STATUS_INVALID;
}

void jsonata_free(struct jsonata *x)
{
    if (x == NULL)
        return;
    for (uint32_t i = 0; i < x->regexes.count; i++)
        regex_free(x->regexes.items[i]);
    free(x->regexes.items);
    arena_done(&x->arena);
    free(x);
}

str jsonata_text(const struct jsonata *x)
{
    return x->text;
}

bool jsonata_reads_clock(const struct jsonata *x)
{
    return x->reads_clock;
}

bool jsonata_reads_random(const struct jsonata *x)
{
    return x->reads_random;
}

bool jsonata_free_variable(const struct jsonata *x, uint32_t i, str *ret_name)
{
    if (i >= x->free_count)
        return false;
    *ret_name = symbols_name(&x->symbols, x->free_symbols[i]);
    return true;
}

void jsonata_print_tree(const struct jsonata *x, struct buf *out)
{
    ast_print(x->root, out);
}

enum status jsonata_print_tokens(str text, unsigned flags, struct buf *out,
                                 struct jsonata_error *err)
{
    struct arena arena;
    struct lexer lx;
    struct raised raised;
    struct token t;
    bool after_operand = false, ok = compile_is_text(text, &raised);
    arena_init(&arena, 0);
    lex_init(&lx, text, &arena, &raised);
    lx.version_206 = (flags & JSONATA_VERSION_206) != 0;
    while (ok && (ok = lex_next(&lx, after_operand, &t)) && t.kind != TOKEN_END) {
        buf_printf(out, "%5u-%-5u %-9s %.*s\n", t.start, t.end, lex_kind_name(t.kind),
                   STR_ARG(str_sub(text, t.start, t.end)));
        str op = t.text;
        after_operand = t.kind != TOKEN_OPERATOR || str_eq(op, STR(")")) || str_eq(op, STR("]")) ||
                        str_eq(op, STR("}"));
    }
    if (!ok && err != NULL)
        compile_report(&raised, text, err);
    arena_done(&arena);
    return ok ? STATUS_OK : STATUS_INVALID;
}
