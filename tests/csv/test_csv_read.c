/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "csv/csv_read.h"

static void add_row(const struct csv_reader *r, struct buf *out)
{
    for (uint32_t i = 0; i < r->count; i++)
        buf_printf(out, "[%.*s]", STR_ARG(csv_cell(r, i)));
    buf_add(out, STR(";"));
}

/* All rows as "[cell][cell];…", read in pieces of `step` bytes. */
static void read_all(const char *text, char delimiter, size_t step, struct buf *out)
{
    struct csv_reader r;
    str all = str_of(text);
    enum csv_got got = CSV_MORE;
    csv_reader_init(&r, delimiter);
    for (size_t at = 0; at < all.n && got != CSV_TOO_LARGE;) {
        size_t used, n = all.n - at < step ? all.n - at : step;
        char *copy = test_malloc(n); /* so that no byte behind it is read */
        memcpy(copy, all.p + at, n);
        got = csv_read(&r, (str){copy, n}, &used);
        test_free(copy);
        at += used;
        if (got == CSV_ROW)
            add_row(&r, out);
    }
    while ((got = csv_finish(&r)) == CSV_ROW)
        add_row(&r, out);
    assert_int_equal(got, CSV_END);
    csv_reader_done(&r);
}

static void expect(const char *text, char delimiter, const char *rows)
{
    for (size_t step = 1; step < 20; step++) {
        struct buf out;
        buf_init(&out, SIZE_MAX / 2);
        read_all(text, delimiter, step, &out);
        buf_add_byte(&out, '\0');
        assert_string_equal(out.p, rows);
        buf_done(&out);
    }
}

static void rows_end_with_either_line_end(void **state)
{
    (void)state;
    expect("a,b\nc,d\n", ',', "[a][b];[c][d];");
    expect("a,b\r\nc,d", ',', "[a][b];[c][d];");
    expect("a\rb\n", ',', "[a\rb];");
    expect("", ',', "");
    expect("a,", ',', "[a][];");
}

static void an_empty_line_is_a_row_of_one_empty_cell(void **state)
{
    (void)state;
    expect("a\n\nb\n", ',', "[a];[];[b];");
    expect("\r\n", ',', "[];");
}

static void quotes_hold_delimiters_line_ends_and_quotes(void **state)
{
    (void)state;
    expect("\"a,b\",\"c\nd\"\n\"e\"\"f\"\n", ',', "[a,b][c\nd];[e\"f];");
    expect("\"\",\"\"\"\"", ',', "[][\"];");
    expect("\"a\"\r\n\"b\"", ',', "[a];[b];");
    expect("\"a\r\"\n", ',', "[a\r];");
}

static void quotes_elsewhere_are_themselves(void **state)
{
    (void)state;
    expect("a\"b,\"c\"d\n", ',', "[a\"b][cd];");
    expect("\"open\nend", ',', "[open\nend];");
}

static void any_byte_delimits(void **state)
{
    (void)state;
    expect("a|b,c\n", '|', "[a][b,c];");
    expect("a\tb\n", '\t', "[a][b];");
    expect("a b\n", ' ', "[a][b];");
    expect("a;b\n", ';', "[a][b];");
}

static void a_byte_order_mark_is_left_out(void **state)
{
    (void)state;
    expect("\xEF\xBB\xBF"
           "a,b\n",
           ',', "[a][b];");
    expect("\xEF\xBB"
           "a\n",
           ',',
           "[\xEF\xBB"
           "a];");
    expect("a\xEF\xBB\xBF\n", ',', "[a\xEF\xBB\xBF];");
}

static void rows_that_are_too_large_are_refused(void **state)
{
    static char block[65536];
    struct csv_reader r;
    enum csv_got got = CSV_MORE;
    size_t used, total = 0;
    (void)state;
    memset(block, 'x', sizeof(block));
    csv_reader_init(&r, ',');
    while (got == CSV_MORE && total < 2 * (size_t)CSV_MAX_ROW) {
        got = csv_read(&r, (str){block, sizeof(block)}, &used);
        total += used;
    }
    assert_int_equal(got, CSV_TOO_LARGE);
    assert_int_equal(csv_finish(&r), CSV_TOO_LARGE);
    csv_reader_done(&r);
    memset(block, ',', sizeof(block));
    csv_reader_init(&r, ',');
    assert_int_equal(csv_read(&r, (str){block, sizeof(block)}, &used), CSV_MORE);
    assert_int_equal(csv_read(&r, (str){block, sizeof(block)}, &used), CSV_TOO_LARGE);
    csv_reader_done(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_end_with_either_line_end),
        cmocka_unit_test(an_empty_line_is_a_row_of_one_empty_cell),
        cmocka_unit_test(quotes_hold_delimiters_line_ends_and_quotes),
        cmocka_unit_test(quotes_elsewhere_are_themselves),
        cmocka_unit_test(any_byte_delimits),
        cmocka_unit_test(a_byte_order_mark_is_left_out),
        cmocka_unit_test(rows_that_are_too_large_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
