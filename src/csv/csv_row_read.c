/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One object of JSON text to cells.
 *
 * Why there are two ways: json/ reads 3.4 GB/s of such records when it gets a whole part, but a
 * part can be of any size, and row by row it is a fifth of that, for what it sets up each time. So
 * rows are walked in the text, value by value, predicting that a row has the members of the last
 * one in their order; cells point into the text. Whatever is not plain sailing (a key with an
 * escape, anything malformed) is left to json/, which has the last word about what is JSON, and the
 * words for what is not.
 */
#include "base/check.h"
#include "base/utf8.h"
#include "csv/csv_rows_internal.h"
#include "json/parse_number.h"
#include "json/scan.h"
#include "json/write.h"
#include <stdlib.h>

void csv_row_room(struct csv_rows *r)
{
    uint32_t cap = r->columns->cap;
    if (r->cell_cap >= cap)
        return;
    r->cells = realloc(r->cells, cap * sizeof(*r->cells));
    check(r->cells != NULL);
    memset(r->cells + r->cell_cap, 0, (cap - r->cell_cap) * sizeof(*r->cells));
    r->cell_cap = cap;
}

void csv_row_forget(struct csv_rows *r)
{
    if (r->cell_cap > 0)
        memset(r->cells, 0, r->columns->count * sizeof(*r->cells));
    arena_reset(&r->scratch);
    r->has_scratch = false;
}

/* The text of a decoded string lies in the scratch arena, which is ours to write to. */
static str without_surrogates(str text)
{
    char *p = (char *)(uintptr_t)text.p;
    for (size_t i = 0; i + 2 < text.n; i++) {
        if ((uint8_t)p[i] == 0xED && (uint8_t)p[i + 1] >= 0xA0)
            memcpy(p + i, "\xEF\xBF\xBD", 3);
    }
    return text;
}

/* ---- the fast way ---- */

static enum row_got stopped(const char *p, const char *end)
{
    return p >= end ? ROW_MORE : ROW_UNUSUAL;
}

static void path_set(struct csv_rows *r, uint32_t member, uint32_t column)
{
    if (member > r->path_n || r->columns->at[column].text_n == 0)
        return;
    if (member == r->path_cap) {
        r->path_cap = r->path_cap ? r->path_cap * 2 : 16;
        r->path = realloc(r->path, r->path_cap * sizeof(*r->path));
        check(r->path != NULL);
    }
    r->path[member] = column;
    if (member == r->path_n)
        r->path_n++;
}

/* A key that was not predicted. */
static NOINLINE enum row_got key_scan(struct csv_rows *r, const char **at, const char *end,
                                      uint32_t member, uint32_t *ret_column)
{
    const char *start = *at + 1;
    uint64_t high;
    if (**at != '"')
        return stopped(*at, end);
    const char *p = scan_string(start, &high);
    str name = {start, (size_t)(p - start)};
    if (*p != '"')
        return stopped(p, end);
    if (high != 0 && utf8_check(name) != name.n)
        return ROW_UNUSUAL;
    p = scan_space(p + 1);
    if (*p != ':')
        return stopped(p, end);
    *ret_column = csv_columns_find(r->columns, name);
    if (*ret_column != MAP_NONE) {
        csv_row_room(r);
        path_set(r, member, *ret_column);
    } else if (!r->columns->is_fixed) {
        return ROW_UNUSUAL; /* too many */
    }
    *at = p + 1;
    return ROW_DONE;
}

static NOINLINE enum row_got string_scan(struct csv_rows *r, const char **at, const char *end,
                                         struct csv_cell *ret)
{
    struct json_val v;
    r->has_scratch = true;
    if (!json_read_string(&r->scratch, at, end, &v))
        return csv_skip_container(*at, end) ? ROW_UNUSUAL : ROW_MORE;
    str text = json_str(v);
    if (!(v.flags & JSON_PLAIN))
        text = without_surrogates(text);
    *ret = (struct csv_cell){text.p, (uint32_t)text.n, CELL_TEXT};
    return ROW_DONE;
}

static bool nested_text(struct csv_rows *r, struct json_val v, str *ret)
{
    buf_clear(&r->text);
    if (json_write(&r->text, v, 0, NULL) != STATUS_OK)
        return false;
    *ret = arena_dup(&r->scratch, buf_str(&r->text));
    return true;
}

static NOINLINE enum row_got nested_scan(struct csv_rows *r, const char **at, const char *end,
                                         struct csv_cell *ret)
{
    const struct json_parse_options options = {.max_depth = JSON_MAX_DEPTH - 1};
    const char *stop = csv_skip_container(*at, end);
    struct json_val v;
    str text;
    if (!stop)
        return ROW_MORE;
    r->has_scratch = true;
    if (json_parse_in(&r->scratch, (str){*at, (size_t)(stop - *at)}, &options, &v, NULL) !=
            STATUS_OK ||
        !nested_text(r, v, &text))
        return ROW_UNUSUAL;
    *ret = (struct csv_cell){text.p, (uint32_t)text.n, CELL_TEXT};
    *at = stop;
    return ROW_DONE;
}

static ALWAYS_INLINE enum row_got word_scan(const char **at, const char *end, str word,
                                            struct csv_cell *ret)
{
    if (memcmp(*at, word.p, word.n) != 0) /* padded */
        return (size_t)(end - *at) < word.n ? ROW_MORE : ROW_UNUSUAL;
    *ret = (struct csv_cell){*at, (uint32_t)word.n, CELL_PLAIN};
    *at += word.n;
    return ROW_DONE;
}

static ALWAYS_INLINE enum row_got number_scan(const char **at, const char *end,
                                              struct csv_cell *ret)
{
    struct json_val v;
    const char *p = number_read(*at, &v);
    if (!p)
        return stopped(*at, end);
    if (p >= end)
        return ROW_MORE;
    *ret = (struct csv_cell){*at, (uint32_t)(p - *at), CELL_PLAIN};
    *at = p;
    return ROW_DONE;
}

static ALWAYS_INLINE enum row_got value_scan(struct csv_rows *r, const char **at, const char *end,
                                             struct csv_cell *ret)
{
    const char *start = *at + 1, *p;
    uint64_t high;
    enum row_got got;
    switch (**at) {
    case '"':
        p = scan_string(start, &high);
        if (UNLIKELY(*p != '"' || high != 0))
            return string_scan(r, at, end, ret);
        *ret = (struct csv_cell){start, (uint32_t)(p - start), CELL_PLAIN};
        *at = p + 1;
        return ROW_DONE;
    case 'n':
        got = word_scan(at, end, STR("null"), ret);
        *ret = (struct csv_cell){0};
        return got;
    case 't': return word_scan(at, end, STR("true"), ret);
    case 'f': return word_scan(at, end, STR("false"), ret);
    case '{':
    case '[': return nested_scan(r, at, end, ret);
    default: return number_scan(at, end, ret);
    }
}

/* `"key":` and the value behind it. */
static ALWAYS_INLINE enum row_got member_scan(struct csv_rows *r, const char **at, const char *end,
                                              uint32_t member)
{
    const struct csv_column *likely = NULL;
    struct csv_cell cell = {0};
    uint32_t column = 0;
    if (LIKELY(member < r->path_n)) {
        column = r->path[member];
        likely = &r->columns->at[column];
    }
    if (LIKELY(likely && scan_same(*at, end, likely->text, likely->text_n))) {
        *at += likely->text_n;
    } else {
        enum row_got got = key_scan(r, at, end, member, &column);
        if (UNLIKELY(got != ROW_DONE))
            return got;
    }
    *at = scan_space(*at);
    enum row_got got = value_scan(r, at, end, &cell);
    if (LIKELY(column < r->columns->listed))
        r->cells[column] = cell;
    else
        r->left_out++;
    return got;
}

enum row_got csv_row_scan(struct csv_rows *r, const char **at, const char *end)
{
    const char *p = scan_space(*at + 1);
    uint64_t left_out = r->left_out;
    enum row_got got = ROW_DONE;
    if (*p == '}') {
        *at = p + 1;
        return ROW_DONE;
    }
    for (uint32_t member = 0; got == ROW_DONE; member++) {
        got = member_scan(r, &p, end, member);
        if (UNLIKELY(got != ROW_DONE))
            break;
        p = scan_space(p);
        if (*p == '}') {
            *at = p + 1;
            return ROW_DONE;
        }
        if (UNLIKELY(*p != ','))
            got = stopped(p, end);
        else
            p = scan_space(p + 1);
    }
    r->left_out = left_out;
    csv_row_forget(r);
    return got;
}

/* ---- brackets ---- */

static const char *skip_string(const char *p, const char *end)
{
    uint64_t high;
    for (p = scan_string(p + 1, &high); *p != '"'; p = scan_string(p, &high)) {
        if (p >= end || (*p == '\\' && p + 1 >= end))
            return NULL;
        p += *p == '\\' ? 2 : 1;
    }
    return p + 1;
}

const char *csv_skip_container(const char *p, const char *end)
{
    size_t depth = 0;
    while (p < end) {
        switch (*p) {
        case '"':
            p = skip_string(p, end);
            if (!p)
                return NULL;
            break;
        case '{':
        case '[':
            depth++;
            p++;
            break;
        case '}':
        case ']':
            depth--;
            p++;
            break;
        default: p++;
        }
        if (depth == 0)
            return p;
    }
    return NULL;
}

/* ---- the other way ---- */

static bool cell_of_value(struct csv_rows *r, struct json_val v, struct csv_cell *ret)
{
    str text = STR("");
    if (v.tag == JSON_STRING)
        text = v.flags & JSON_PLAIN ? json_str(v) : without_surrogates(json_str(v));
    else if (v.tag != JSON_NULL && !nested_text(r, v, &text))
        return false;
    *ret = (struct csv_cell){text.p, (uint32_t)text.n, CELL_TEXT};
    return true;
}

static enum status too_large(struct error *err)
{
    return error_set(err, STATUS_LIMIT, "PartTooLarge", "a row is larger than %d bytes",
                     (int)CSV_MAX_ROW_TEXT);
}

enum status csv_row_parse(struct csv_rows *r, str text, size_t *ret_used, struct json_place *place,
                          struct error *err)
{
    struct json_parse_options options = {.allow_rest = true, .ret_used = ret_used, .place = place};
    struct json_val row;
    r->has_scratch = true;
    enum status status = json_parse_in(&r->scratch, text, &options, &row, err);
    if (status != STATUS_OK)
        return status;
    for (uint32_t i = 0; i < row.len; i++) {
        const struct json_key *key = &row.obj->shape->keys[i];
        str name = {key->p, key->n};
        if (!(key->flags & JSON_PLAIN))
            name = without_surrogates(arena_dup(&r->scratch, name));
        uint32_t column = csv_columns_find(r->columns, name);
        if (column == MAP_NONE && !r->columns->is_fixed)
            return error_set(err, STATUS_LIMIT, "TooManyColumns",
                             "more than %d columns, or %d bytes of their names", CSV_MAX_COLUMNS,
                             CSV_MAX_NAMES);
        csv_row_room(r);
        if (column >= r->columns->listed)
            r->left_out++;
        else if (!cell_of_value(r, row.obj->vals[i], &r->cells[column]))
            return too_large(err);
    }
    return STATUS_OK;
}
