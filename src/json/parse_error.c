/* SPDX-License-Identifier: Apache-2.0 */
/* Why a text was refused, in words, and where: line and column are counted only then. */
#include "base/utf8.h"
#include "json/parse_internal.h"
#include <stdio.h>

static void explain(struct parser *ps, const char *at, const char *reason)
{
    ps->bad_at = at;
    ps->reason = reason;
}

void parse_explain(struct parser *ps, const char *p, const char *expected)
{
    if (p >= ps->end)
        explain(ps, ps->end, "unexpected end of the text");
    else
        explain(ps, p, expected);
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool starts_with(const struct parser *ps, const char *p, const char *word)
{
    size_t n = strlen(word);
    return (size_t)(ps->end - p) >= n && memcmp(p, word, n) == 0;
}

void parse_explain_number(struct parser *ps, const char *p)
{
    const char *at = p;
    if (*at == '-')
        at++;
    if (at >= ps->end)
        explain(ps, ps->end, "unexpected end of the text inside a number");
    else if (starts_with(ps, at, "Infinity") || starts_with(ps, at, "NaN"))
        explain(ps, p, "Infinity and NaN are not JSON");
    else if (!is_digit(*at))
        explain(ps, at, "expected a digit after '-'");
    else if (*at == '0' && is_digit(at[1]))
        explain(ps, p, "a number cannot start with 0 followed by digits");
    else {
        while (is_digit(*at))
            at++;
        bool is_fraction = *at == '.';
        if (is_fraction && is_digit(at[1])) {
            at++;
            while (is_digit(*at))
                at++;
            is_fraction = false;
        }
        if (!is_fraction && (at[1] == '+' || at[1] == '-'))
            at++;
        at++;
        if (at >= ps->end)
            explain(ps, ps->end, "unexpected end of the text inside a number");
        else
            explain(ps, at,
                    is_fraction ? "expected a digit after the decimal point"
                                : "expected a digit in the exponent");
    }
}

void parse_explain_value(struct parser *ps, const char *p)
{
    if (p >= ps->end)
        explain(ps, ps->end, "unexpected end of the text");
    else if (*p == '+')
        explain(ps, p, "a number cannot start with '+'");
    else if (*p == '.')
        explain(ps, p, "a number cannot start with a decimal point");
    else if (*p == '\'')
        explain(ps, p, "strings need double quotes");
    else if (*p == '/')
        explain(ps, p, "comments are not JSON");
    else if (starts_with(ps, p, "NaN") || starts_with(ps, p, "Infinity"))
        explain(ps, p, "Infinity and NaN are not JSON");
    else if (starts_with(ps, p, "\xEF\xBB\xBF"))
        explain(ps, p, "a byte order mark is not allowed");
    else if ((uint8_t)*p >= 0x80 && utf8_check((str){p, (size_t)(ps->end - p)}) == 0)
        explain(ps, p, "invalid UTF-8");
    else if (*p == ']' || *p == '}' || *p == ',')
        explain(ps, p, "expected a value here");
    else
        explain(ps, p, "expected a value (object, array, string, number, true, false or null)");
}

/* Text before a refused byte was read already, strings in it were checked; stray bytes count as
 * one. */
static void place_find(const struct parser *ps, struct json_place *place)
{
    const char *line_start = ps->text;
    *place = (struct json_place){.offset = (size_t)(ps->bad_at - ps->text), .line = 1, .column = 1};
    for (const char *p = ps->text; p < ps->bad_at; p++) {
        if (*p == '\n') {
            place->line++;
            line_start = p + 1;
        }
    }
    for (const char *p = line_start; p < ps->bad_at; p++)
        place->column += ((uint8_t)*p & 0xC0) != 0x80;
}

enum status parse_refuse(struct parser *ps, struct json_place *ret_place, struct error *err)
{
    struct json_place place;
    place_find(ps, &place);
    if (ret_place)
        *ret_place = place;
    if (ps->depth > ps->max_depth)
        return error_set(err, STATUS_LIMIT, "JsonTooDeep",
                         "line %zu, column %zu: nested deeper than %u levels", place.line,
                         place.column, ps->max_depth);
    char control[64];
    if (!ps->reason) {
        snprintf(control, sizeof(control), "control character U+%04X in a string must be escaped",
                 (unsigned)(uint8_t)*ps->bad_at);
        ps->reason = control;
    }
    enum status status = error_set(err, STATUS_INVALID, "JsonSyntax", "line %zu, column %zu: %s",
                                   place.line, place.column, ps->reason);
    ps->reason = NULL;
    return status;
}
