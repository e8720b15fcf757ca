/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as a part. What comes out must be the same whether the text comes as a whole or in
 * pieces, in both ways of quoting; it must be readable as CSV; and where json/ reads the text as an
 * array of objects, its cells must be what json/ finds in it. The first byte chooses the pieces.
 */
#include "csv/csv_fit.h"
#include "csv/csv_rows.h"
#include "json/write.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { OUT_MAX = 64 << 20 };

static void require(bool is_true)
{
    if (!is_true)
        abort();
}

struct outcome {
    struct csv_columns columns;
    struct buf out;
    enum status status;
    uint64_t rows;
    struct json_place place;
};

static enum status read_piece(struct csv_rows *r, str text, bool is_last, struct buf *out,
                              size_t *used)
{
    struct error err = {0};
    char *padded = malloc(text.n + JSON_TEXT_PADDING);
    require(padded != NULL);
    if (text.n > 0)
        memcpy(padded, text.p, text.n);
    memset(padded + text.n, 0, JSON_TEXT_PADDING);
    *used = 0;
    enum status status = csv_rows_read(r, (str){padded, text.n}, is_last, out, used, &err);
    require(*used <= text.n);
    require(status == STATUS_OK || err.message[0] != '\0');
    free(padded);
    return status;
}

static void read_all(struct outcome *o, str text, size_t step, const struct csv_dialect *d)
{
    struct csv_rows r;
    size_t from = 0, to = 0, used;
    csv_columns_init(&o->columns);
    buf_init(&o->out, OUT_MAX);
    csv_rows_init(&r, d, &o->columns);
    r.enough = step;
    do {
        if (!r.is_full)
            to = text.n - to > step ? to + step : text.n;
        o->status = read_piece(&r, str_sub(text, from, to), to == text.n, &o->out, &used);
        from += used;
        r.enough = o->out.n + step;
    } while (o->status == STATUS_OK && (to < text.n || r.is_full));
    o->rows = r.rows;
    o->place = r.place;
    csv_rows_done(&r);
}

static void outcome_done(struct outcome *o)
{
    csv_columns_done(&o->columns);
    buf_done(&o->out);
}

/* Rows of one width, without the header. */
static void widened(const struct outcome *o, const struct csv_dialect *d, struct buf *ret)
{
    struct csv_widen w;
    buf_init(ret, OUT_MAX);
    csv_widen_init(&w, d, o->columns.listed);
    csv_widen(&w, STR("\n"), ret);
    csv_widen(&w, buf_str(&o->out), ret);
    require(!w.in_quotes && w.bytes == 0);
}

static void check_cell(str cell, struct json_val row, str name)
{
    struct json_val v = json_get(row, name);
    struct buf text;
    buf_init(&text, OUT_MAX);
    if (v.tag == JSON_STRING)
        buf_add(&text, json_str(v));
    else if (v.tag != JSON_UNDEFINED && v.tag != JSON_NULL)
        require(json_write(&text, v, 0, NULL) == STATUS_OK);
    require(cell.n == text.n);
    for (size_t i = 0; i < cell.n; i++) /* surrogates were replaced */
        require(cell.p[i] == text.p[i] || (uint8_t)cell.p[i] >= 0xBD);
    buf_done(&text);
}

/* items: NULL when only the number of rows is known. */
static void check_rows(const struct outcome *o, const struct csv_dialect *d,
                       const struct json_val *items)
{
    struct csv_reader reader;
    struct buf text;
    uint64_t rows = 0;
    widened(o, d, &text);
    csv_reader_init(&reader, d->delimiter);
    for (size_t at = 0, used; at < text.n; at += used) {
        require(csv_read(&reader, str_sub(buf_str(&text), at, text.n), &used) == CSV_ROW);
        require(reader.count == o->columns.listed || o->columns.listed == 0);
        for (uint32_t i = 0; items && i < o->columns.listed; i++)
            check_cell(csv_cell(&reader, i), items[rows], o->columns.at[i].name);
        rows++;
    }
    require(rows == o->rows);
    csv_reader_done(&reader);
    buf_done(&text);
}

/* The items of the text when it is an array of objects without lone surrogates in keys. */
static const struct json_val *items_of(const struct json_doc *doc, uint64_t *ret_count)
{
    struct json_val root = json_doc_root(doc);
    if (root.tag != JSON_ARRAY)
        return NULL;
    for (uint32_t i = 0; i < root.len; i++) {
        if (root.items[i].tag != JSON_OBJECT)
            return NULL;
        for (uint32_t k = 0; k < root.items[i].len; k++) {
            if (!(root.items[i].obj->shape->keys[k].flags & JSON_PLAIN))
                return NULL;
        }
    }
    *ret_count = root.len;
    return root.items;
}

static void check_against_json(const struct outcome *o, const struct csv_dialect *d, str text)
{
    struct json_doc *doc = NULL;
    uint64_t count = 0;
    const struct json_parse_options options = {.max_depth = JSON_MAX_DEPTH};
    if (json_parse(text, &options, &doc, NULL) != STATUS_OK) {
        if (o->status == STATUS_OK)
            check_rows(o, d, NULL);
        return;
    }
    const struct json_val *items = items_of(doc, &count);
    if (items) {
        require(o->status == STATUS_OK);
        require(o->rows == count);
    }
    if (o->status == STATUS_OK)
        check_rows(o, d, items);
    json_doc_unref(doc);
}

static void check_dialect(str text, size_t step, const struct csv_dialect *d)
{
    struct outcome whole, pieces;
    read_all(&whole, text, SIZE_MAX / 2, d);
    read_all(&pieces, text, step, d);
    require(whole.status == pieces.status);
    require(whole.rows == pieces.rows);
    require(str_eq(buf_str(&whole.out), buf_str(&pieces.out)));
    require(whole.place.line == pieces.place.line && whole.place.column == pieces.place.column);
    require(whole.place.offset == pieces.place.offset && whole.place.offset <= text.n);
    check_against_json(&whole, d, text);
    outcome_done(&whole);
    outcome_done(&pieces);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct csv_dialect all = csv_dialect_default(), minimal = {.delimiter = ';', .has_crlf = true};
    if (size == 0)
        return 0;
    str text = {(const char *)data + 1, size - 1};
    size_t step = 1 + data[0] % 64;
    minimal.quote = CSV_QUOTE_MINIMAL;
    check_dialect(text, step, &all);
    check_dialect(text, step, &minimal);
    return 0;
}
