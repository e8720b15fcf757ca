/* SPDX-License-Identifier: Apache-2.0 */
/* Random rows: written as JSON, made to CSV, read as CSV, compared with what they were. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/splitmix.h"
#include "csv/csv_rows.h"
#include "json/write.h"

enum { ROUNDS = 400, MAX_ROWS = 12, MAX_NAMES = 9, CELL_BYTES = 40 };

static const char *const names[MAX_NAMES] = {
    "a", "b", "\xC3\xA9t\xC3\xA9", "q\"q", "x,y", "", "l\nm", "a name of more than sixteen bytes",
    "; "};

/* Pieces that make trouble. */
static const char *const pieces[] = {"\"",
                                     ",",
                                     "\n",
                                     "\r",
                                     "\r\n",
                                     ";",
                                     "\t",
                                     "\xEF\xBB\xBF",
                                     "a",
                                     "\xF0\x9F\x98\x80",
                                     "\xC3\xA9",
                                     " ",
                                     "\\",
                                     "\x01",
                                     "'",
                                     "=",
                                     "0123456789abcdefghij"};

struct table {
    char cells[MAX_ROWS][MAX_NAMES][CELL_BYTES * 4];
    size_t sizes[MAX_ROWS][MAX_NAMES];
    bool has[MAX_ROWS][MAX_NAMES];
    unsigned rows;
};

static uint64_t seed;

static unsigned below(unsigned n)
{
    return (unsigned)(splitmix64_next(&seed) % n);
}

static void random_cell(struct table *t, unsigned row, unsigned name)
{
    char *to = t->cells[row][name];
    size_t n = 0;
    for (unsigned k = below(5); k > 0 && n < CELL_BYTES; k--) {
        unsigned which = below(ARRAY_LEN(pieces) + 1);
        str piece = which == ARRAY_LEN(pieces) ? STR("\0") : str_of(pieces[which]);
        memcpy(to + n, piece.p, piece.n);
        n += piece.n;
    }
    t->sizes[row][name] = n;
}

static void random_table(struct table *t)
{
    memset(t, 0, sizeof(*t));
    t->rows = below(MAX_ROWS);
    for (unsigned row = 0; row < t->rows; row++) {
        for (unsigned name = 0; name < MAX_NAMES; name++) {
            t->has[row][name] = below(3) > 0;
            if (t->has[row][name])
                random_cell(t, row, name);
        }
    }
}

static void put_row(const struct table *t, unsigned row, struct buf *out)
{
    unsigned first = below(MAX_NAMES), count = 0;
    buf_add_byte(out, '{');
    for (unsigned i = 0; i < MAX_NAMES; i++) {
        unsigned name = (first + i) % MAX_NAMES;
        if (!t->has[row][name])
            continue;
        if (count++ > 0)
            buf_add_byte(out, ',');
        json_write_string(out, str_of(names[name]));
        buf_add_byte(out, ':');
        json_write_string(out, (str){t->cells[row][name], t->sizes[row][name]});
    }
    buf_add_byte(out, '}');
}

static void put_part(const struct table *t, struct buf *out)
{
    bool is_array = below(2) == 0;
    if (is_array)
        buf_add_byte(out, '[');
    for (unsigned row = 0; row < t->rows; row++) {
        if (row > 0)
            buf_add_byte(out, is_array ? ',' : '\n');
        put_row(t, row, out);
    }
    if (is_array)
        buf_add_byte(out, ']');
    buf_add_fill(out, '\0', JSON_TEXT_PADDING);
    out->n -= JSON_TEXT_PADDING;
}

static void compare_row(const struct table *t, unsigned row, const struct csv_reader *r,
                        const struct csv_columns *columns)
{
    assert_int_equal(r->count, columns->listed);
    for (uint32_t i = 0; i < columns->listed; i++) {
        unsigned name = 0;
        while (!str_eq(columns->at[i].name, str_of(names[name])))
            name++;
        str cell = csv_cell(r, i);
        assert_int_equal(cell.n, t->sizes[row][name]);
        assert_memory_equal(cell.p, t->cells[row][name], cell.n);
    }
}

static void compare(const struct table *t, str csv, char delimiter,
                    const struct csv_columns *columns)
{
    struct csv_reader r;
    size_t at = 0, used;
    csv_reader_init(&r, delimiter);
    for (unsigned row = 0; row <= t->rows; row++, at += used) {
        assert_int_equal(csv_read(&r, str_sub(csv, at, csv.n), &used), CSV_ROW);
        if (row == 0) {
            for (uint32_t i = 0; i < columns->listed; i++)
                assert_true(str_eq(csv_cell(&r, i), columns->at[i].name));
        } else {
            compare_row(t, row - 1, &r, columns);
        }
    }
    assert_int_equal(at, csv.n);
    csv_reader_done(&r);
}

static void read_rows(struct csv_columns *columns, const struct csv_dialect *d, str part,
                      struct buf *out)
{
    struct csv_rows rows;
    size_t used;
    csv_rows_init(&rows, d, columns);
    assert_int_equal(csv_rows_read(&rows, part, true, out, &used, NULL), STATUS_OK);
    assert_int_equal(used, part.n);
    csv_rows_done(&rows);
}

static void header(const struct csv_columns *columns, const struct csv_dialect *d, struct buf *out)
{
    str all[MAX_NAMES];
    for (uint32_t i = 0; i < columns->listed; i++)
        all[i] = columns->at[i].name;
    csv_put_header(out, d, all, columns->listed);
}

static void random_rows_come_back(void **state)
{
    static struct table t;
    (void)state;
    for (unsigned round = 1; round <= ROUNDS; round++) {
        seed = round;
        const struct csv_dialect d = {.delimiter = ",;\t|"[below(4)],
                                      .quote = below(2) ? CSV_QUOTE_ALL : CSV_QUOTE_MINIMAL,
                                      .has_crlf = below(2) == 0,
                                      .has_mark = below(2) == 0};
        struct csv_columns columns;
        struct buf part, out;
        buf_init(&part, 1 << 20);
        buf_init(&out, 1 << 20);
        random_table(&t);
        put_part(&t, &part);
        csv_columns_init(&columns);
        read_rows(&columns, &d, buf_str(&part), &out); /* finds the columns */
        buf_clear(&out);
        header(&columns, &d, &out);
        read_rows(&columns, &d, buf_str(&part), &out);
        if (columns.listed > 0)
            compare(&t, buf_str(&out), d.delimiter, &columns);
        csv_columns_done(&columns);
        buf_done(&part);
        buf_done(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_rows_come_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
