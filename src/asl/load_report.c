/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a finding is made: its code and message as AWS has them, its location as a path of keys, and
 * for people line, column and a hint. Codes and texts are those of the section on validation in the
 * manual; where AWS's text is not known, it is worded in the same manner.
 */
#include "asl/load_internal.h"

#include "base/utf8.h"
#include <stdio.h>

enum { JSON_SHOWN_MAX = 500 };

const struct at *at_key(struct load *l, const struct at *up, str key)
{
    struct at *at = arena_alloc(&l->scratch, sizeof(*at));
    *at = (struct at){.up = up, .key = key};
    return at;
}

const struct at *at_index(struct load *l, const struct at *up, uint32_t index)
{
    struct at *at = arena_alloc(&l->scratch, sizeof(*at));
    *at = (struct at){.up = up, .index = index, .is_index = true};
    return at;
}

static void at_print(struct buf *out, const struct at *at, const struct at *from)
{
    if (at == from || at->up == NULL)
        return;
    at_print(out, at->up, from);
    if (at->is_index) {
        buf_printf(out, "[%u]", at->index);
        return;
    }
    if (from == NULL || at->up != from)
        buf_add_byte(out, '/');
    buf_add(out, at->key);
}

str at_text(struct arena *arena, const struct at *at, const struct at *from)
{
    struct buf text;
    if (at == NULL)
        return STR("");
    if (at->up == NULL)
        return STR("/");
    buf_init(&text, SIZE_MAX);
    at_print(&text, at, from);
    str copy = arena_dup(arena, buf_str(&text));
    buf_done(&text);
    return copy;
}

void *list_push(struct load *l, struct list *list, size_t size)
{
    if (list->count == list->cap) {
        uint32_t cap = list->cap == 0 ? 16 : 2 * list->cap;
        void *items = arena_alloc(&l->scratch, cap * size);
        if (list->count > 0)
            memcpy(items, list->items, list->count * size);
        list->items = items;
        list->cap = cap;
    }
    return (char *)list->items + size * list->count++;
}

struct guess guess_begin(str word)
{
    return (struct guess){.word = word, .best = STR(""), .least = 3};
}

void guess_try(struct guess *g, str name)
{
    unsigned distance = str_distance(g->word, name);
    if (distance >= g->least || distance >= name.n)
        return;
    g->least = distance;
    g->best = name;
}

const char *guess_hint(struct load *l, const struct guess *g)
{
    if (g->best.n == 0)
        return NULL;
    return arena_cstr(&l->out->arena,
                      arena_printf(&l->scratch, "did you mean '%.*s'?", STR_ARG(g->best)));
}

static void report_place(struct load *l, struct asl_diagnostic *item, struct span span)
{
    str before = str_sub(l->text, 0, span.start);
    size_t line_start = 0, newline;
    item->offset = span.start;
    item->length = span.end - span.start;
    item->line = 1;
    while ((newline = str_find_byte(before, '\n', line_start)) != STR_NONE) {
        line_start = newline + 1;
        item->line++;
    }
    item->column = utf8_len(str_sub(before, line_start, before.n)) + 1;
}

/* NULL when there are too many. */
static struct asl_diagnostic *report(struct load *l, enum asl_severity severity, const char *code,
                                     const struct at *at, const char *hint)
{
    struct asl_diagnostic *item = asl_diagnostics_add(l->out, severity);
    if (item == NULL)
        return NULL;
    item->code = code;
    item->hint = hint;
    item->location = at_text(&l->out->arena, at, NULL);
    report_place(l, item, place_find(l, at));
    return item;
}

static PRINTF_LIKE(2, 0) str report_format(struct arena *arena, const char *fmt, va_list args)
{
    va_list again;
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, fmt, again);
    va_end(again);
    if (n < 0)
        return STR("");
    char *text = arena_alloc(arena, (size_t)n + 1);
    vsnprintf(text, (size_t)n + 1, fmt, args);
    return (str){text, (size_t)n};
}

struct asl_diagnostic *load_error(struct load *l, const char *code, const struct at *at,
                                  const char *hint, const char *fmt, ...)
{
    va_list args;
    struct asl_diagnostic *item = report(l, ASL_ERROR, code, at, hint);
    if (item == NULL)
        return NULL;
    va_start(args, fmt);
    item->message = report_format(&l->out->arena, fmt, args);
    va_end(args);
    return item;
}

void load_warning(struct load *l, const char *code, const struct at *at, const char *hint,
                  const char *fmt, ...)
{
    va_list args;
    struct asl_diagnostic *item = report(l, ASL_WARNING, code, at, hint);
    if (item == NULL)
        return;
    va_start(args, fmt);
    item->message = report_format(&l->out->arena, fmt, args);
    va_end(args);
}

void load_error_within(struct load *l, const char *code, const struct at *at, const char *hint,
                       size_t from, size_t to, str message)
{
    struct asl_diagnostic *item = report(l, ASL_ERROR, code, at, hint);
    if (item == NULL)
        return;
    item->message = arena_dup(&l->out->arena, message);
    str raw = str_sub(l->text, item->offset, item->offset + item->length);
    if (to < from || to + 2 > raw.n || str_find_byte(raw, '\\', 0) != STR_NONE)
        return;
    report_place(l, item, (struct span){item->offset + 1 + from, item->offset + 1 + to});
}

void load_point(struct load *l, struct asl_diagnostic *item, const struct at *at)
{
    if (item != NULL)
        report_place(l, item, place_find(l, at));
}

void load_point_key(struct load *l, struct asl_diagnostic *item, const struct at *at)
{
    if (item != NULL)
        report_place(l, item, place_find_key(l, at));
}

/* As the parser of AWS words it: what is wrong, and the start of the text. */
void load_error_json(struct load *l, const char *reason, size_t offset, size_t line, size_t column)
{
    struct asl_diagnostic *item = asl_diagnostics_add(l->out, ASL_ERROR);
    if (item == NULL)
        return;
    str text =
        str_sub(l->text, 0, utf8_check(l->text)); /* all of it, unless that is what is wrong */
    str shown = str_sub(text, 0, JSON_SHOWN_MAX);
    shown.n = utf8_check(shown);
    str rest = STR("");
    if (shown.n < text.n)
        rest = arena_printf(&l->scratch, "[truncated %zu chars]",
                            utf8_len(str_sub(text, shown.n, text.n)));
    item->code = "INVALID_JSON_DESCRIPTION";
    item->message = arena_printf(&l->out->arena,
                                 "%s\n at [Source: (String)\"%.*s\"%.*s; line: %zu, column: %zu]",
                                 reason, STR_ARG(shown), STR_ARG(rest), line, column);
    item->offset = offset;
    item->line = line;
    item->column = column;
}
