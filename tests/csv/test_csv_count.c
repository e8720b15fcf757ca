/* SPDX-License-Identifier: Apache-2.0 */
/* Rows are counted as csv_read.h reads them, whatever the text and wherever it is cut. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/buf.h"
#include "base/splitmix.h"
#include "csv/csv_count.h"
#include "csv/csv_read.h"
#include "csv/csv_write.h"

static uint64_t read_rows(str text, char delimiter)
{
    struct csv_reader r;
    uint64_t rows = 0;
    csv_reader_init(&r, delimiter);
    for (size_t used; text.n > 0; text = str_sub(text, used, text.n))
        rows += csv_read(&r, text, &used) == CSV_ROW;
    rows += csv_finish(&r) == CSV_ROW;
    csv_reader_done(&r);
    return rows;
}

/* In pieces of `step` bytes, each in a block of its own, so that no byte behind it is read. */
static uint64_t count_rows(str text, char delimiter, size_t step)
{
    struct csv_counter c;
    csv_counter_init(&c, delimiter);
    for (size_t at = 0; at < text.n; at += step) {
        str piece = str_sub(text, at, at + step < text.n ? at + step : text.n);
        char *copy = test_malloc(piece.n);
        memcpy(copy, piece.p, piece.n);
        csv_count(&c, (str){copy, piece.n});
        test_free(copy);
    }
    return csv_counted(&c);
}

static void expect(str text, char delimiter)
{
    static const size_t steps[] = {1, 2, 3, 7, 63, 64, 65, 100, 1 << 20};
    uint64_t rows = read_rows(text, delimiter);
    for (size_t i = 0; i < ARRAY_LEN(steps); i++)
        if (count_rows(text, delimiter, steps[i]) != rows)
            fail_msg("%llu rows, not %llu, in pieces of %zu: %.*s",
                     (unsigned long long)count_rows(text, delimiter, steps[i]),
                     (unsigned long long)rows, steps[i], STR_ARG(text));
}

static void rows_end_outside_of_quotes(void **state)
{
    static const struct {
        const char *text;
        uint64_t rows;
    } cases[] = {
        {"", 0},
        {"\n", 1},
        {"a", 1},
        {"a\n", 1},
        {"a,b\r\nc,d\r\n", 2},
        {"a,b\r\nc,d", 2},
        {"\"a\n\",\"\"\"\n\"\nx", 2},
        {"\"a\"\"\nb\"\n", 1},
        {"\"\",\"\"\n\"\",\"\"\n", 2},
        {"\"open\nand never closed\n", 1},
        {"a \"quote\nin a cell\n", 2},
        {"\"closed\" and more \"\nnext\n", 2},
        {"\xEF\xBB\xBF\"a\nb\"\n", 1},
        {"\xEF\xBB\xBF", 0},
        {"\xEF\xBB\"a\nb\"\n", 2},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        str text = str_of(cases[i].text);
        assert_int_equal(count_rows(text, ',', 1 << 20), cases[i].rows);
        expect(text, ',');
    }
}

static void another_delimiter_decides_where_cells_begin(void **state)
{
    (void)state;
    assert_int_equal(count_rows(STR("a;\"b\nc\"\n"), ';', 100), 1);
    assert_int_equal(count_rows(STR("a;\"b\nc\"\n"), ',', 100), 2);
    expect(STR("a;\"b\nc\"\n"), ';');
    expect(STR("a;\"b\nc\"\n"), ',');
}

/* Texts of what matters, and of not much else, so that all states meet all ends of blocks. */
static void any_text_is_counted_as_it_is_read(void **state)
{
    static const char *const sets[] = {"\"\n,a", "\"\"\"\",,\n", "\"\n,ab\r;\xEF\xBB\xBF",
                                       "aaaaaaaaaaaaaaaaaaaaaaaa\"\n,"};
    uint64_t seed = 11;
    struct buf text;
    (void)state;
    buf_init(&text, 1 << 20);
    for (int round = 0; round < 3000; round++) {
        str set = str_of(sets[splitmix64_next(&seed) % ARRAY_LEN(sets)]);
        size_t n = splitmix64_next(&seed) % 400;
        buf_clear(&text);
        for (size_t i = 0; i < n; i++)
            buf_add_byte(&text, set.p[splitmix64_next(&seed) % set.n]);
        expect(buf_str(&text), ',');
    }
    buf_done(&text);
}

static void add_cell(struct buf *text, const struct csv_dialect *d, uint64_t *seed)
{
    static const char letters[] = "ab \"\n\r,;|\t";
    char cell[90];
    size_t n = splitmix64_next(seed) % sizeof(cell);
    for (size_t i = 0; i < n; i++)
        cell[i] = letters[splitmix64_next(seed) % (sizeof(letters) - 1)];
    csv_put_cell(text, d, (str){cell, n});
}

static void rows_are_counted_as_they_were_written_in_every_dialect(void **state)
{
    enum { ROWS = 300, COLUMNS = 3 };
    static const char delimiters[] = ",;|\t";
    static const str names[COLUMNS] = {{"a\nb", 3}, {"c", 1}, {"\"", 1}};
    uint64_t seed = 5;
    struct buf text;
    (void)state;
    buf_init(&text, 1 << 24);
    for (unsigned i = 0; i < 32; i++) {
        struct csv_dialect d = {.delimiter = delimiters[i % 4],
                                .quote = i & 4 ? CSV_QUOTE_MINIMAL : CSV_QUOTE_ALL,
                                .has_crlf = i & 8,
                                .has_mark = i & 16};
        buf_clear(&text);
        csv_put_header(&text, &d, names, COLUMNS);
        for (int row = 0; row < ROWS; row++)
            for (int cell = 0; cell < COLUMNS; cell++) {
                add_cell(&text, &d, &seed);
                buf_add(&text, cell < COLUMNS - 1 ? (str){&d.delimiter, 1} : csv_line_end(&d));
            }
        assert_int_equal(count_rows(buf_str(&text), d.delimiter, 1 << 20), ROWS + 1);
        assert_int_equal(count_rows(buf_str(&text), d.delimiter, 1 + i), ROWS + 1);
    }
    buf_done(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_end_outside_of_quotes),
        cmocka_unit_test(another_delimiter_decides_where_cells_begin),
        cmocka_unit_test(any_text_is_counted_as_it_is_read),
        cmocka_unit_test(rows_are_counted_as_they_were_written_in_every_dialect),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
