/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Errors with the line they are about, and the lines of --trace. Columns on a terminal are counted
 * here, with libc's table of character widths; nothing else in afflux needs a locale.
 */
#include "cmd/eval_show.h"

#include "base/utf8.h"
#include "cmd/cmd.h"
#include "cmd/output.h"
#include "json/write.h"
#include <locale.h>
#include <unistd.h>
#include <wchar.h>

enum {
    SHOW_TAB = 4,
    SHOW_WIDTH = 100, /* columns of a line that are shown */
    SHOW_BEFORE = 40, /* columns before the place that remain when the line is too long */
    TRACE_SOURCE = 48,
    TRACE_RESULT = 80,
    TRACE_INDENT_MAX = 30,
};

#define SHOW_RED "\033[1;31m"
#define SHOW_DIM "\033[2m"
#define SHOW_OFF "\033[0m"

/* ---- columns ---- */

static unsigned show_width(uint32_t c, unsigned column)
{
    if (c == '\t')
        return SHOW_TAB - column % SHOW_TAB;
    if (c < 0x20 || c == 0x7F)
        return 1;
    int width = c < 0x80 ? 1 : wcwidth((wchar_t)c);
    return width < 0 ? 1 : (unsigned)width;
}

/* Columns that the first n bytes of a line take. */
static unsigned show_columns(str line, size_t n)
{
    unsigned column = 0;
    for (size_t at = 0; at < n;)
        column += show_width(utf8_next(line, &at), column);
    return column;
}

/* A character as it can be shown: no control characters, no halves of surrogate pairs. */
static void show_char(uint32_t c, unsigned width, struct buf *out)
{
    if (c == '\t')
        buf_add_fill(out, ' ', width);
    else if (c < 0x20 || c == 0x7F || (c >= 0x80 && c < 0xA0) || utf8_is_surrogate(c))
        buf_add_utf8(out, 0xFFFD);
    else
        buf_add_utf8(out, c);
}

/* Writes the columns [from, to) of a line, "…" standing for what is left out. */
static void show_line(str line, unsigned from, unsigned to, struct buf *out)
{
    unsigned column = 0;
    if (from > 0)
        buf_add(out, STR("…"));
    for (size_t at = 0; at < line.n;) {
        uint32_t c = utf8_next(line, &at);
        unsigned width = show_width(c, column);
        if (column >= to) {
            buf_add(out, STR("…"));
            break;
        }
        if (column >= from)
            show_char(c, width, out);
        else if (column + width > from)
            buf_add_fill(out, ' ', column + width - from); /* a wide one, cut in half */
        column += width;
    }
    buf_add_byte(out, '\n');
}

static locale_t show_locale_set(locale_t *ret_before)
{
    locale_t utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
    *ret_before = utf8 ? uselocale(utf8) : (locale_t)0;
    return utf8;
}

static void show_locale_reset(locale_t utf8, locale_t before)
{
    if (utf8) {
        uselocale(before);
        freelocale(utf8);
    }
}

unsigned eval_show_clipped(str line, unsigned columns, struct buf *out)
{
    locale_t before, utf8 = show_locale_set(&before);
    bool is_whole = show_columns(line, line.n) <= columns;
    unsigned column = 0, end = is_whole || columns == 0 ? columns : columns - 1;
    for (size_t at = 0; at < line.n;) {
        uint32_t c = utf8_next(line, &at);
        unsigned width = show_width(c, column);
        if (column + width > end)
            break;
        show_char(c, width, out);
        column += width;
    }
    if (!is_whole && columns > 0) {
        buf_add(out, STR("…"));
        column++;
    }
    show_locale_reset(utf8, before);
    return column;
}

/* ---- places ---- */

static str show_line_at(str text, size_t at, size_t *ret_number, size_t *ret_start)
{
    size_t number = 1, start = 0, newline;
    while ((newline = str_find_byte(text, '\n', start)) < at) {
        start = newline + 1;
        number++;
    }
    size_t end = newline == STR_NONE ? text.n : newline;
    if (end > start && text.p[end - 1] == '\r')
        end--;
    *ret_number = number;
    *ret_start = start;
    return str_sub(text, start, end);
}

static void show_marks(unsigned indent, unsigned count, bool is_colored, struct buf *out)
{
    buf_add_fill(out, ' ', indent);
    buf_add(out, is_colored ? STR(SHOW_RED) : STR(""));
    buf_add_fill(out, '^', count);
    buf_add(out, is_colored ? STR(SHOW_OFF) : STR(""));
    buf_add_byte(out, '\n');
}

static void show_place_in(str text, size_t start, size_t end, bool is_colored, struct buf *out)
{
    size_t number, line_start;
    str line = show_line_at(text, start, &number, &line_start);
    size_t first = start - line_start, last = end - line_start;
    first = first < line.n ? first : line.n;
    last = last < line.n ? last : line.n;
    unsigned column = show_columns(line, first), width = show_columns(line, last) - column;
    unsigned from = 0, to = show_columns(line, line.n);
    if (to > SHOW_WIDTH) {
        from = column > SHOW_BEFORE ? column - SHOW_BEFORE : 0;
        to = from + SHOW_WIDTH < to ? from + SHOW_WIDTH : to;
    }
    if (width > to - column)
        width = to - column;
    size_t begin = out->n;
    buf_printf(out, "%5zu | ", number);
    unsigned gutter = (unsigned)(out->n - begin);
    show_line(line, from, to, out);
    show_marks(gutter + (from > 0) + column - from, width ? width : 1, is_colored, out);
}

/* The end of a text is shown on the last line that has something. */
static str show_trim(str text, size_t *start)
{
    if (*start < text.n)
        return text;
    while (text.n > 0 && (text.p[text.n - 1] == '\n' || text.p[text.n - 1] == '\r'))
        text.n--;
    *start = text.n;
    return text;
}

void eval_show_place(str text, size_t start, size_t end, bool is_colored, struct buf *out)
{
    locale_t before, utf8 = show_locale_set(&before);
    text = show_trim(text, &start);
    end = end < start ? start : end < text.n ? end : text.n;
    show_place_in(text, start, end, is_colored, out);
    show_locale_reset(utf8, before);
}

static void show_where(str text, const char *file, const struct jsonata_error *err, struct buf *out)
{
    size_t number, start, at = err->start;
    text = show_trim(text, &at);
    str line = show_line_at(text, at, &number, &start);
    size_t column = at - start < line.n ? at - start : line.n;
    buf_printf(out, "  in %s:%zu:%zu\n", file, number, utf8_len(str_sub(line, 0, column)) + 1);
}

void eval_show_message(str message, struct buf *out)
{
    for (size_t at = 0; at < message.n;) {
        uint32_t c = utf8_next(message, &at);
        show_char(c == '\n' || c == '\r' ? ' ' : c, 1, out);
    }
    buf_add_byte(out, '\n');
}

void eval_show_error(str text, const char *file, str input, const struct jsonata_error *err)
{
    struct output out;
    bool is_colored = cmd_may_color(STDERR_FILENO);
    bool has_place = err->end > 0 || err->start > 0;
    output_init(&out, STDERR_FILENO, NULL);
    buf_printf(&out.buf, "afflux eval: %s%s%s: ", is_colored ? SHOW_RED : "", err->code,
               is_colored ? SHOW_OFF : "");
    eval_show_message(str_of(err->message), &out.buf);
    if (has_place && file)
        show_where(text, file, err, &out.buf);
    if (has_place)
        eval_show_place(text, err->start, err->end, is_colored, &out.buf);
    if (input.n > 0)
        buf_printf(&out.buf, "  with the input at %.*s\n", STR_ARG(input));
    output_flush(&out);
    output_done(&out);
}

/* ---- tracing ---- */

/* Text on one line, at most max characters. */
static void trace_add(struct buf *out, str text, unsigned max)
{
    bool is_after_space = true;
    unsigned count = 0;
    for (size_t at = 0; at < text.n; count++) {
        uint32_t c = utf8_next(text, &at);
        if (count == max) {
            buf_add(out, STR("…"));
            return;
        }
        bool is_space = c == ' ' || c == '\t' || c == '\n' || c == '\r';
        if (!is_space)
            show_char(c, 1, out);
        else if (!is_after_space)
            buf_add_byte(out, ' ');
        is_after_space = is_space;
    }
}

static void trace_add_result(struct buf *out, struct json_val result)
{
    struct buf json;
    struct error ignored;
    if (result.tag == JSON_UNDEFINED || result.tag == JSON_FUNCTION) {
        buf_add(out, result.tag == JSON_FUNCTION ? STR("function") : STR("undefined"));
        return;
    }
    /* A large result is not written in full to be cut. */
    buf_init(&json, (size_t)TRACE_RESULT * 4 + 16);
    if (json_write(&json, result, JSON_WRITE_DOUBLES, &ignored) != STATUS_OK)
        json.n = utf8_check(buf_str(&json));
    trace_add(out, buf_str(&json), TRACE_RESULT);
    buf_done(&json);
}

void eval_show_trace(void *arg, uint32_t depth, str source, struct json_val result)
{
    const bool *is_colored = arg;
    struct output out;
    output_init(&out, STDERR_FILENO, NULL);
    if (depth > TRACE_INDENT_MAX)
        buf_printf(&out.buf, "%*s(%u) ", TRACE_INDENT_MAX * 2, "", depth);
    else
        buf_add_fill(&out.buf, ' ', (size_t)depth * 2);
    trace_add(&out.buf, source, TRACE_SOURCE);
    buf_add(&out.buf, *is_colored ? STR(SHOW_DIM " => " SHOW_OFF) : STR(" => "));
    trace_add_result(&out.buf, result);
    buf_add_byte(&out.buf, '\n');
    output_flush(&out);
    output_done(&out);
}
