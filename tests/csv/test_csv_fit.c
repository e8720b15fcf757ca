/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "csv/csv_fit.h"

static const struct csv_dialect full = {.delimiter = ',', .quote = CSV_QUOTE_ALL};
static const struct csv_dialect minimal = {.delimiter = ',', .quote = CSV_QUOTE_MINIMAL};
static const struct csv_dialect dos = {
    .delimiter = ';', .quote = CSV_QUOTE_MINIMAL, .has_crlf = true};

static void expect_text(const struct buf *out, const char *wanted)
{
    assert_int_equal(out->n, strlen(wanted));
    assert_memory_equal(out->n ? out->p : "", wanted, out->n);
}

/* In pieces of any size. */
static void expect_wide(const struct csv_dialect *d, uint32_t width, const char *file,
                        const char *wanted)
{
    str all = str_of(file);
    for (size_t step = 1; step <= all.n; step++) {
        struct csv_widen w;
        struct buf out;
        buf_init(&out, 1 << 20);
        csv_widen_init(&w, d, width);
        for (size_t at = 0; at < all.n; at += step)
            csv_widen(&w, str_sub(all, at, at + step), &out);
        expect_text(&out, wanted);
        buf_done(&out);
    }
}

static void narrow_rows_get_empty_cells(void **state)
{
    (void)state;
    expect_wide(&full, 3, "\"a\"\n\"1\"\n\"1\",\"2\"\n\"1\",\"2\",\"3\"\n",
                "\"1\",\"\",\"\"\n\"1\",\"2\",\"\"\n\"1\",\"2\",\"3\"\n");
    expect_wide(&minimal, 3, "a\n1\n1,2\n,,3\n", "1,,\n1,2,\n,,3\n");
    expect_wide(&dos, 2, "a\r\n1\r\n1;2\r\n", "1;\r\n1;2\r\n");
}

static void rows_without_cells_get_all_of_them(void **state)
{
    (void)state;
    expect_wide(&full, 2, "\n\n\"1\"\n", "\"\",\"\"\n\"1\",\"\"\n");
    expect_wide(&minimal, 2, "\n\n1\n", ",\n1,\n");
    expect_wide(&minimal, 1, "\n\n1\n", "\"\"\n1\n");
    expect_wide(&dos, 1, "\r\n\r\n", "\"\"\r\n");
}

static void quotes_hide_delimiters_and_line_ends(void **state)
{
    (void)state;
    expect_wide(&full, 2, "\"h\n,\"\n\"a,\"\"\n\"\n\"b\",\",\"\n",
                "\"a,\"\"\n\",\"\"\n\"b\",\",\"\n");
    expect_wide(&dos, 2, "h\r\n\"\r\n\"\r\n", "\"\r\n\";\r\n");
}

static void a_lonely_empty_cell_is_not_lonely_any_more(void **state)
{
    (void)state;
    expect_wide(&minimal, 2, "h\n\"\"\n\"\"\"\"\nab\nabc\n", ",\n\"\"\"\",\nab,\nabc,\n");
    expect_wide(&minimal, 1, "h\n\"\"\n", "\"\"\n");
    expect_wide(&full, 2, "h\n\"\"\n", "\"\",\"\"\n");
}

static void expect_moved(const struct csv_dialect *d, const uint32_t *to, uint32_t width,
                         const char *rows, const char *wanted)
{
    struct buf out;
    buf_init(&out, 1 << 20);
    assert_int_equal(csv_move(str_of(rows), d, to, width, &out), strlen(rows));
    expect_text(&out, wanted);
    buf_done(&out);
}

static void cells_go_to_their_new_places(void **state)
{
    const uint32_t to[] = {2, 0};
    (void)state;
    expect_moved(&full, to, 3, "\"a\",\"b,\n\"\"\"\n\"c\"\n\n",
                 "\"b,\n\"\"\",\"\",\"a\"\n\"\",\"\",\"c\"\n\"\",\"\",\"\"\n");
    expect_moved(&minimal, to, 3, "a,b\nc\n\"\"\n\n", "b,,a\n,,c\n,,\n,,\n");
    expect_moved(&dos, to, 3, "a;b\r\n", "b;;a\r\n");
}

static void wide_rows_come_in_pieces(void **state)
{
    static const uint32_t to[] = {1};
    struct csv_widen w;
    struct buf out, rows;
    size_t used = 0, bytes = 0, calls = 0;
    (void)state;
    buf_init(&rows, 1 << 20);
    buf_add_fill(&rows, '\n', 5000);
    buf_init(&out, 2 * CSV_FIT_BYTES);
    for (; used < rows.n; calls++) {
        used += csv_move(str_sub(buf_str(&rows), used, rows.n), &full, to, 1000, &out);
        bytes += out.n;
        buf_clear(&out);
    }
    assert_int_equal(bytes, 5000 * 3000);
    assert_true(calls >= 14);
    csv_widen_init(&w, &full, 1000);
    assert_in_range(csv_widen_piece(&w), 300, 400);
    csv_widen_init(&w, &full, 100000);
    assert_int_equal(csv_widen_piece(&w), CSV_FIT_LEAST);
    buf_done(&out);
    buf_done(&rows);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(narrow_rows_get_empty_cells),
        cmocka_unit_test(rows_without_cells_get_all_of_them),
        cmocka_unit_test(quotes_hide_delimiters_and_line_ends),
        cmocka_unit_test(a_lonely_empty_cell_is_not_lonely_any_more),
        cmocka_unit_test(cells_go_to_their_new_places),
        cmocka_unit_test(wide_rows_come_in_pieces),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
