/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The values of a part, one after the other, and where something stands in it. What is inside of a
 * row is csv_row_read.c's business.
 */
#include "csv/csv_rows.h"
#include "base/check.h"
#include "csv/csv_rows_internal.h"
#include "json/scan.h"
#include <stdlib.h>

enum { MARK_BYTES = 3 };

/* A text of values: the part itself, or what a string in it holds. */
struct values {
    const char *text, *end; /* padded */
    bool is_last;
    unsigned encoded; /* strings around it */
    enum csv_place at;
    size_t offset, line, column; /* of its first byte */
    struct buf *out;
};

void csv_rows_init(struct csv_rows *r, const struct csv_dialect *dialect,
                   struct csv_columns *columns)
{
    *r = (struct csv_rows){
        .dialect = dialect, .columns = columns, .least = UINT32_MAX, .enough = SIZE_MAX};
    arena_init(&r->scratch, 0);
    buf_init(&r->text, 2 * (size_t)CSV_MAX_ROW_TEXT);
    csv_rows_begin(r);
}

void csv_rows_done(struct csv_rows *r)
{
    arena_done(&r->scratch);
    buf_done(&r->text);
    free(r->cells);
    free(r->path);
    *r = (struct csv_rows){0};
}

void csv_rows_begin(struct csv_rows *r)
{
    r->rows = r->left_out = 0;
    r->at = CSV_AT_VALUE;
    r->is_begun = false;
    r->offset = 0;
    r->line = r->column = 1;
    r->place = (struct json_place){0};
    csv_row_room(r);
    csv_row_forget(r);
}

void csv_rows_columns_moved(struct csv_rows *r)
{
    r->path_n = 0;
}

/* ---- places ---- */

/* Moves a place over the bytes from p to `to`. */
static struct json_place place_after(struct json_place place, const char *p, const char *to)
{
    const char *line = NULL;
    place.offset += (size_t)(to - p);
    for (const char *at = p; (at = memchr(at, '\n', (size_t)(to - at))) != NULL;) {
        line = ++at;
        place.line++;
    }
    if (line) {
        place.column = 1;
        p = line;
    }
    for (; p < to; p++)
        place.column += ((uint8_t)*p & 0xC0) != 0x80;
    return place;
}

static struct json_place place_of(const struct values *v, const char *at)
{
    struct json_place place = {.offset = v->offset, .line = v->line, .column = v->column};
    return place_after(place, v->text, at);
}

static enum status refuse(struct csv_rows *r, const struct values *v, const char *at,
                          const char *reason, struct error *err)
{
    bool is_over = at >= v->end;
    r->place = place_of(v, at);
    return error_set(err, STATUS_INVALID, "PartSyntax", "%s",
                     is_over ? "unexpected end of the text" : reason);
}

/* Takes "line L, column C: " away from what json/ said about the text at `at`. */
static enum status refuse_as(struct csv_rows *r, const struct values *v, const char *at,
                             struct json_place inner, struct error *err)
{
    struct json_place place = place_of(v, at);
    if (inner.line > 1) {
        place.line += inner.line - 1;
        place.column = inner.column;
    } else if (inner.line == 1) {
        place.column += inner.column - 1;
    }
    place.offset += inner.offset;
    r->place = place;
    if (!err || inner.line == 0)
        return err ? err->status : STATUS_INVALID;
    struct error said = *err;
    const char *reason = strstr(said.message, ": ");
    bool is_limit = said.status == STATUS_LIMIT;
    return error_set(err, said.status, is_limit ? said.name : "PartSyntax", "%s",
                     reason ? reason + 2 : said.message);
}

static enum status refuse_size(struct csv_rows *r, const struct values *v, const char *at,
                               struct error *err)
{
    r->place = place_of(v, at);
    return error_set(err, STATUS_LIMIT, "PartTooLarge", "a row or a string is larger than %d bytes",
                     (int)CSV_MAX_ROW_TEXT);
}

/* ---- values ---- */

static enum status read_values(struct csv_rows *r, struct values *v, const char **ret_at,
                               struct error *err);

static enum status parse_row(struct csv_rows *r, const struct values *v, const char **at,
                             const char *stop, struct error *err)
{
    struct json_place place = {0};
    struct error said;
    size_t used = 0;
    str text = {*at, (size_t)((stop ? stop : v->end) - *at)};
    enum status status = csv_row_parse(r, text, &used, &place, &said);
    if (status != STATUS_OK) {
        csv_row_forget(r);
        if (err)
            *err = said;
        refuse_as(r, v, *at, place, err);
        return status;
    }
    *at = stop ? stop : *at + used;
    return STATUS_OK;
}

/* The object at *at becomes a row. *ret_is_over: the text ends within it. */
static enum status read_row(struct csv_rows *r, const struct values *v, const char **at,
                            bool *ret_is_over, struct error *err)
{
    const char *start = *at;
    enum row_got got = csv_row_scan(r, at, v->end);
    if (UNLIKELY(got != ROW_DONE)) {
        const char *stop = csv_skip_container(start, v->end);
        size_t n = (size_t)((stop ? stop : v->end) - start);
        if (n > CSV_MAX_ROW_TEXT)
            return refuse_size(r, v, start, err);
        *ret_is_over = !stop && !v->is_last;
        if (*ret_is_over)
            return STATUS_OK;
        enum status status = parse_row(r, v, at, stop, err);
        if (status != STATUS_OK)
            return status;
    }
    if (UNLIKELY(*at - start > CSV_MAX_ROW_TEXT))
        return refuse_size(r, v, start, err);
    csv_row_put(r, v->out);
    return buf_ok(v->out) ? STATUS_OK : refuse_size(r, v, start, err);
}

/* The rows of a text that stood in a string at `at`. */
static enum status read_inner(struct csv_rows *r, const struct values *v, const char *at, str text,
                              struct error *err)
{
    const char *rest = NULL;
    char *copy = malloc(text.n + JSON_TEXT_PADDING);
    check(copy != NULL);
    memcpy(copy, text.p, text.n);
    memset(copy + text.n, 0, JSON_TEXT_PADDING);
    arena_reset(&r->scratch); /* rows use it */
    struct values inner = {.text = copy,
                           .end = copy + text.n,
                           .is_last = true,
                           .encoded = v->encoded + 1,
                           .line = 1,
                           .column = 1,
                           .out = v->out};
    enum status status = read_values(r, &inner, &rest, err);
    if (status != STATUS_OK) {
        error_wrap(err, "in the text of this string, line %zu, column %zu", r->place.line,
                   r->place.column);
        r->place = place_of(v, at);
    }
    free(copy);
    return status;
}

/* json/ finds the words for a string that it refused. */
static enum status refuse_string(struct csv_rows *r, const struct values *v, const char *at,
                                 struct error *err)
{
    struct json_place place = {0};
    struct json_parse_options options = {.allow_rest = true, .place = &place};
    struct json_val value;
    struct error said;
    enum status status =
        json_parse_in(&r->scratch, (str){at, (size_t)(v->end - at)}, &options, &value, &said);
    arena_reset(&r->scratch);
    check(status != STATUS_OK);
    if (err)
        *err = said;
    refuse_as(r, v, at, place, err);
    return status;
}

static enum status read_encoded(struct csv_rows *r, const struct values *v, const char **at,
                                bool *ret_is_over, struct error *err)
{
    const char *start = *at, *stop = csv_skip_container(start, v->end);
    struct json_val value;
    if ((stop ? stop : v->end) - start > CSV_MAX_ROW_TEXT)
        return refuse_size(r, v, start, err);
    *ret_is_over = !stop && !v->is_last;
    if (*ret_is_over)
        return STATUS_OK;
    if (v->encoded == CSV_MAX_ENCODED)
        return refuse(r, v, start, "a string in too many strings", err);
    if (!json_read_string(&r->scratch, at, v->end, &value))
        return refuse_string(r, v, start, err);
    return read_inner(r, v, start, json_str(value), err);
}

/* What stands between values. False: the value at *at is next, or the text is over. */
static bool step_over(struct values *v, const char **at)
{
    char c = **at;
    switch (v->at) {
    case CSV_AT_VALUE:
        if (c != '[')
            return false;
        v->at = CSV_AT_FIRST_ITEM;
        break;
    case CSV_AT_FIRST_ITEM:
        if (c != ']')
            return false;
        v->at = CSV_AT_VALUE;
        break;
    case CSV_BEHIND_ITEM:
        if (c != ',' && c != ']')
            return false;
        v->at = c == ',' ? CSV_AT_ITEM : CSV_AT_VALUE;
        break;
    case CSV_AT_ITEM: return false;
    }
    (*at)++;
    return true;
}

static enum status read_values(struct csv_rows *r, struct values *v, const char **ret_at,
                               struct error *err)
{
    const char *p = v->text;
    for (;;) {
        bool is_over = false;
        enum status status = STATUS_OK;
        p = scan_space(p);
        *ret_at = p;
        if (p >= v->end)
            break;
        if (step_over(v, &p))
            continue;
        if (v->at == CSV_BEHIND_ITEM)
            return refuse(r, v, p, "expected ',' or ']' after an item", err);
        if (LIKELY(*p == '{'))
            status = read_row(r, v, &p, &is_over, err);
        else if (*p == '"')
            status = read_encoded(r, v, &p, &is_over, err);
        else
            return refuse(r, v, p, "expected an object, whose members are the cells of a row", err);
        if (status != STATUS_OK || is_over)
            return status;
        if (v->at != CSV_AT_VALUE)
            v->at = CSV_BEHIND_ITEM;
        if (UNLIKELY(v->out->n >= r->enough && v->encoded == 0)) {
            r->is_full = true;
            *ret_at = p;
            return STATUS_OK;
        }
    }
    if (v->is_last && v->at != CSV_AT_VALUE)
        return refuse(r, v, v->end, "", err);
    return STATUS_OK;
}

/* ---- the part ---- */

/* A byte order mark in front; false: it cannot be told yet. */
static bool skip_mark(struct csv_rows *r, struct values *v, size_t *ret_used)
{
    static const char mark[] = "\xEF\xBB\xBF";
    size_t n = (size_t)(v->end - v->text);
    *ret_used = 0;
    if (r->is_begun)
        return true;
    if (n < MARK_BYTES && !v->is_last && memcmp(v->text, mark, n) == 0)
        return false;
    r->is_begun = true;
    if (n >= MARK_BYTES && memcmp(v->text, mark, MARK_BYTES) == 0)
        *ret_used = MARK_BYTES;
    v->text += *ret_used;
    v->offset += *ret_used;
    return true;
}

enum status csv_rows_read(struct csv_rows *r, str text, bool is_last, struct buf *out,
                          size_t *ret_used, struct error *err)
{
    const char *rest;
    size_t mark;
    struct values v = {.text = text.p,
                       .end = text.p + text.n,
                       .is_last = is_last,
                       .at = r->at,
                       .offset = r->offset,
                       .line = r->line,
                       .column = r->column,
                       .out = out};
    if (!skip_mark(r, &v, &mark)) {
        *ret_used = 0;
        return STATUS_OK;
    }
    csv_row_room(r);
    r->is_full = false;
    enum status status = read_values(r, &v, &rest, err);
    if (status != STATUS_OK)
        return status;
    if (!is_last || r->is_full) { /* nobody asks behind the end; counting takes time */
        struct json_place place = place_of(&v, rest);
        r->offset = place.offset;
        r->line = place.line;
        r->column = place.column;
    }
    r->at = v.at;
    *ret_used = mark + (size_t)(rest - v.text);
    return STATUS_OK;
}
