/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "csv/csv_write.h"

static void expect_cell(const struct csv_dialect *d, str text, str wanted)
{
    struct buf out;
    buf_init(&out, 1 << 20);
    csv_put_cell(&out, d, text);
    assert_int_equal(out.n, wanted.n);
    assert_memory_equal(out.n ? out.p : "", wanted.p, wanted.n);
    buf_done(&out);
}

static void all_cells_are_quoted_by_default(void **state)
{
    struct csv_dialect d = csv_dialect_default();
    (void)state;
    expect_cell(&d, STR(""), STR("\"\""));
    expect_cell(&d, STR("a"), STR("\"a\""));
    expect_cell(&d, STR("a\"b\""), STR("\"a\"\"b\"\"\""));
    expect_cell(&d, STR("a,\r\nb"), STR("\"a,\r\nb\""));
    expect_cell(&d, STR("a\0b"), STR("\"a\0b\""));
}

static void minimal_quoting_quotes_what_could_not_be_read(void **state)
{
    struct csv_dialect d = {.delimiter = ';', .quote = CSV_QUOTE_MINIMAL};
    (void)state;
    expect_cell(&d, STR(""), STR(""));
    expect_cell(&d, STR("a, b"), STR("a, b"));
    expect_cell(&d, STR("a;b"), STR("\"a;b\""));
    expect_cell(&d, STR("\""), STR("\"\"\"\""));
    expect_cell(&d, STR("a\nb"), STR("\"a\nb\""));
    expect_cell(&d, STR("a\r"), STR("\"a\r\""));
    expect_cell(&d,
                STR("\xEF\xBB\xBF"
                    "a"),
                STR("\"\xEF\xBB\xBF"
                    "a\""));
}

static void expect_header(const struct csv_dialect *d, const str *names, uint32_t count, str wanted)
{
    struct buf out;
    buf_init(&out, 1 << 20);
    csv_put_header(&out, d, names, count);
    assert_int_equal(out.n, wanted.n);
    assert_memory_equal(out.p, wanted.p, wanted.n);
    buf_done(&out);
}

static void a_header_has_mark_names_and_line_end(void **state)
{
    const str names[] = {STR("a"), STR("b\"")};
    struct csv_dialect d = csv_dialect_default();
    (void)state;
    expect_header(&d, names, 2, STR("\"a\",\"b\"\"\"\n"));
    expect_header(&d, names, 0, STR("\n"));
    d = (struct csv_dialect){
        .delimiter = '\t', .quote = CSV_QUOTE_MINIMAL, .has_crlf = true, .has_mark = true};
    expect_header(&d, names, 2,
                  STR("\xEF\xBB\xBF"
                      "a\t\"b\"\"\"\r\n"));
}

static void a_lonely_empty_name_is_no_empty_line(void **state)
{
    const str names[] = {STR("")};
    struct csv_dialect d = {.delimiter = ',', .quote = CSV_QUOTE_MINIMAL};
    (void)state;
    expect_header(&d, names, 1, STR("\"\"\n"));
}

static void delimiters_are_no_part_of_numbers_and_words(void **state)
{
    const char good[] = ",;\t|: \x01~_", bad[] = "\"\r\n+-.eE0azZ\x80";
    (void)state;
    for (const char *c = good; *c; c++)
        assert_true(csv_is_delimiter(*c));
    for (const char *c = bad; *c; c++)
        assert_false(csv_is_delimiter(*c));
    assert_false(csv_is_delimiter('\0'));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_cells_are_quoted_by_default),
        cmocka_unit_test(minimal_quoting_quotes_what_could_not_be_read),
        cmocka_unit_test(a_header_has_mark_names_and_line_end),
        cmocka_unit_test(a_lonely_empty_name_is_no_empty_line),
        cmocka_unit_test(delimiters_are_no_part_of_numbers_and_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
