/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "csv/csv_rows.h"

struct reading {
    struct csv_columns columns;
    struct csv_rows rows;
    struct buf out, in;
    struct error err;
};

static void begin(struct reading *r, const struct csv_dialect *d)
{
    csv_columns_init(&r->columns);
    csv_rows_init(&r->rows, d, &r->columns);
    buf_init(&r->out, (size_t)1 << 30);
    buf_init(&r->in, (size_t)1 << 30);
}

static void end(struct reading *r)
{
    csv_rows_done(&r->rows);
    csv_columns_done(&r->columns);
    buf_done(&r->out);
    buf_done(&r->in);
}

/* A part, in pieces that grow as the contract wants it. */
static enum status read_part(struct reading *r, str text, size_t step)
{
    size_t at = 0, used;
    enum status status = STATUS_OK;
    csv_rows_begin(&r->rows);
    buf_clear(&r->in);
    while (status == STATUS_OK) {
        size_t more = r->in.n > step ? r->in.n : step;
        str piece = str_sub(text, at, at + more);
        at += piece.n;
        assert_true(buf_reserve(&r->in, piece.n + 1));
        buf_add(&r->in, piece);
        memset(r->in.p + r->in.n, 0, JSON_TEXT_PADDING);
        status = csv_rows_read(&r->rows, buf_str(&r->in), at == text.n, &r->out, &used, &r->err);
        if (status != STATUS_OK || at == text.n)
            break;
        memmove(r->in.p, r->in.p + used, r->in.n - used);
        r->in.n -= used;
    }
    return status;
}

static void expect(const char *part, const char *rows)
{
    static const struct csv_dialect d = {.delimiter = ',', .quote = CSV_QUOTE_MINIMAL};
    for (size_t step = 1; step < 40; step++) {
        struct reading r;
        begin(&r, &d);
        assert_int_equal(read_part(&r, str_of(part), step), STATUS_OK);
        assert_int_equal(r.out.n, strlen(rows));
        assert_memory_equal(r.out.n ? r.out.p : "", rows, r.out.n);
        end(&r);
    }
}

static void refuse_text(str part, enum status status, size_t line, size_t column,
                        const char *message)
{
    static const struct csv_dialect d = {.delimiter = ',', .quote = CSV_QUOTE_ALL};
    for (size_t step = 1; step < 20; step += 3) {
        struct reading r;
        begin(&r, &d);
        assert_int_equal(read_part(&r, part, step), status);
        assert_string_equal(r.err.message, message);
        assert_int_equal(r.rows.place.line, line);
        assert_int_equal(r.rows.place.column, column);
        end(&r);
    }
}

static void refuse(const char *part, size_t line, size_t column, const char *message)
{
    refuse_text(str_of(part), STATUS_INVALID, line, column, message);
}

static void parts_are_arrays_lines_or_single_objects(void **state)
{
    (void)state;
    expect("[{\"a\":1,\"b\":\"x\"},{\"a\":2,\"b\":\"y\"}]", "1,x\n2,y\n");
    expect("{\"a\":1}\n{\"a\":2}\n\n  {\"a\":3}", "1\n2\n3\n");
    expect("{\n  \"a\" : 1 ,\n  \"b\" : 2\n}\n", "1,2\n");
    expect("[{\"a\":1}]\n[]\n[{\"a\":2}]", "1\n2\n");
    expect("[]", "");
    expect(" \n", "");
    expect("", "");
    expect("\xEF\xBB\xBF[{\"a\":1}]", "1\n");
}

static void doubly_encoded_parts_are_decoded(void **state)
{
    (void)state;
    expect("\"[{\\\"a\\\":1},{\\\"a\\\":\\\"x\\\\\\\"y\\\"}]\"", "1\n\"x\"\"y\"\n");
    expect("\"{\\\"a\\\":1}\\n{\\\"a\\\":2}\"", "1\n2\n");
    expect("[\"{\\\"a\\\":1}\",{\"a\":2}]", "1\n2\n");
    expect("\"\\\"[{\\\\\\\"a\\\\\\\":1}]\\\"\"", "1\n");
    expect("\"\"", "");
}

static void cells_are_what_the_values_say(void **state)
{
    (void)state;
    expect("{\"a\":null,\"b\":true,\"c\":false,\"d\":-0,\"e\":1.50,\"f\":1e3,\"g\":\"\"}",
           ",true,false,-0,1.50,1e3,\n");
    expect("{\"a\":12345678901234567890.1234567890}", "12345678901234567890.1234567890\n");
    expect("{\"a\":{ \"b\" : [ 1, \"x\\u0041\" ] },\"c\":[]}",
           "\"{\"\"b\"\":[1,\"\"xA\"\"]}\",[]\n");
    expect("{\"a\":\"\\ud83d\\ude00\xF0\x9F\x98\x80\"}", "\xF0\x9F\x98\x80\xF0\x9F\x98\x80\n");
    expect("{\"a\":\"\\ud800\"}", "\xEF\xBF\xBD\n");
    expect("{\"a\":\"x\\ty\\/\"}", "x\ty/\n");
    expect("{\"a\":\"l\\r\\nm\",\"b\":\"c,d\"}", "\"l\r\nm\",\"c,d\"\n");
}

static void nul_is_a_byte_like_others(void **state)
{
    struct csv_dialect d = csv_dialect_default();
    struct reading r;
    (void)state;
    begin(&r, &d);
    assert_int_equal(read_part(&r, STR("{\"a\":\"x\\u0000y\"}"), 5), STATUS_OK);
    assert_int_equal(r.out.n, 6);
    assert_memory_equal(r.out.p, "\"x\0y\"\n", 6);
    end(&r);
}

static void columns_are_the_union_in_order_of_first_sight(void **state)
{
    (void)state;
    expect("[{\"b\":1},{\"a\":2,\"b\":3},{\"c\":4,\"a\":5},{}]", "1\n3,2\n,5,4\n,,\n");
    expect("[{},{}]", "\n\n");
    expect("[{\"a\":\"\"},{}]", "\"\"\n\"\"\n");
}

static void keys_are_the_same_however_they_are_written(void **state)
{
    (void)state;
    expect("[{\"a\":1},{\"\\u0061\":2},{ \"a\" : 3}]", "1\n2\n3\n");
    expect("[{\"\xC3\xA9\":1},{\"\\u00e9\":2}]", "1\n2\n");
    expect("[{\"a_name_longer_than_sixteen_bytes\":1},{\"a_name_longer_than_sixteen_bytez\":2}]",
           "1\n,2\n");
    expect("[{\"\":1},{\"\":2}]", "1\n2\n");
}

static void of_duplicates_the_last_wins(void **state)
{
    (void)state;
    expect("[{\"a\":1,\"b\":2,\"a\":3},{\"a\":1,\"a\":null,\"b\":4}]", "3,2\n,4\n");
}

static void given_columns_are_kept_and_others_left_out(void **state)
{
    struct csv_dialect d = csv_dialect_default();
    struct reading r;
    (void)state;
    begin(&r, &d);
    csv_columns_find(&r.columns, STR("b"));
    csv_columns_find(&r.columns, STR("z"));
    csv_columns_fix(&r.columns);
    assert_int_equal(read_part(&r, STR("[{\"a\":1,\"b\":2},{\"b\":3,\"c\":[4],\"a\":5}]"), 7),
                     STATUS_OK);
    buf_add_byte(&r.out, '\0');
    assert_string_equal(r.out.p, "\"2\",\"\"\n\"3\",\"\"\n");
    assert_int_equal(r.rows.left_out, 3);
    assert_int_equal(r.rows.rows, 2);
    end(&r);
}

static void reading_stops_when_there_is_enough(void **state)
{
    struct csv_dialect d = csv_dialect_default();
    struct reading r;
    size_t at = 0, used;
    unsigned calls = 0;
    str part = STR("[{\"a\":1},{\"a\":2},\n{\"a\":3},{}{\0");
    (void)state;
    begin(&r, &d);
    buf_add(&r.in, part);
    memset(r.in.p + r.in.n, 0, JSON_TEXT_PADDING);
    do {
        r.rows.enough = r.out.n + 1;
        enum status status = csv_rows_read(&r.rows, str_sub(buf_str(&r.in), at, part.n), true,
                                           &r.out, &used, &r.err);
        assert_int_equal(status, calls < 4 ? STATUS_OK : STATUS_INVALID);
        at += used;
        calls++;
    } while (calls < 5);
    assert_int_equal(r.rows.rows, 4);
    assert_int_equal(r.rows.place.line, 2);
    assert_int_equal(r.rows.place.column, 11);
    end(&r);
}

static void what_is_no_row_is_refused_with_its_place(void **state)
{
    (void)state;
    refuse("[{\"a\":1},\n 2]", 2, 2, "expected an object, whose members are the cells of a row");
    refuse("[[{\"a\":1}]]", 1, 2, "expected an object, whose members are the cells of a row");
    refuse("null", 1, 1, "expected an object, whose members are the cells of a row");
    refuse("a,b\n1,2\n", 1, 1, "expected an object, whose members are the cells of a row");
    refuse("[{\"a\":1}]]", 1, 10, "expected an object, whose members are the cells of a row");
    refuse("[{\"a\":1} {\"a\":2}]", 1, 10, "expected ',' or ']' after an item");
    refuse("[{\"a\":1},]", 1, 10, "expected an object, whose members are the cells of a row");
}

static void malformed_json_is_refused_with_its_place(void **state)
{
    (void)state;
    refuse("[{\"a\":1},\n{\"a\" 2}]", 2, 6, "expected ':' after a member name");
    refuse("{\"a\":1}\n{\"\xC3\xA9\":01}", 2, 6, "a number cannot start with 0 followed by digits");
    refuse("[{\"a\":1},{\"a\":\"b", 1, 17, "unexpected end of the text inside a string");
    refuse("[{\"a\":1},{\"a\":", 1, 15, "unexpected end of the text");
    refuse("[{\"a\":1}", 1, 9, "unexpected end of the text");
    refuse("[{\"a\":1},", 1, 10, "unexpected end of the text");
    refuse("{\"a\":\"\x01\"}", 1, 7, "control character U+0001 in a string must be escaped");
    refuse("{\"a\":\"\\x\"}", 1, 7, "unknown escape in a string");
    refuse("{\"a\":\n\n [1,}", 3, 5, "expected a value here");
    refuse_text(STR("{\"a\":\"\xFF\"}"), STATUS_INVALID, 1, 7, "invalid UTF-8");
    refuse_text(STR("{\"\xED\xA0\x80\":1}"), STATUS_INVALID, 1, 3, "invalid UTF-8");
    refuse_text(STR("[{\"a\":1},\0{}]"), STATUS_INVALID, 1, 10,
                "expected an object, whose members are the cells of a row");
}

static void a_bad_text_in_a_string_has_two_places(void **state)
{
    (void)state;
    refuse("[{\"a\":1},\n\"[{\\\"a\\\":1},\\n {\\\"a\\\"}]\"]", 2, 1,
           "in the text of this string, line 2, column 6: expected ':' after a member name");
    refuse("\"\\q\"", 1, 2, "unknown escape in a string");
    refuse("\"[", 1, 3, "unexpected end of the text inside a string");
    refuse("\"\\\"\\\\\\\"\\\\\\\\\\\\\\\"\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\"\\\\\\\\\\\\\\\"\\\\\\\""
           "\\\"\"",
           1, 1,
           "in the text of this string, line 1, column 1: in the text of this string, line 1, "
           "column 1: in the text of this string, line 1, column 1: in the text of this string, "
           "line 1, column 1: a string in too many strings");
}

static void nesting_has_a_limit(void **state)
{
    struct buf part;
    (void)state;
    buf_init(&part, 1 << 20);
    buf_add(&part, STR("{\"a\":"));
    buf_add_fill(&part, '[', JSON_MAX_DEPTH);
    buf_add_fill(&part, ']', JSON_MAX_DEPTH);
    buf_add_byte(&part, '}');
    refuse_text(buf_str(&part), STATUS_LIMIT, 1, 5 + JSON_MAX_DEPTH,
                "nested deeper than 1000 levels");
    buf_done(&part);
}

static void rows_have_a_size_limit(void **state)
{
    struct csv_dialect d = csv_dialect_default();
    struct reading r;
    struct buf part;
    (void)state;
    buf_init(&part, (size_t)1 << 30);
    buf_add(&part, STR("[{\"a\":1},\n{\"a\":\""));
    buf_add_fill(&part, 'x', CSV_MAX_ROW_TEXT);
    for (unsigned is_whole = 0; is_whole < 2; is_whole++) {
        begin(&r, &d);
        assert_int_equal(read_part(&r, buf_str(&part), 1 << 20), STATUS_LIMIT);
        assert_string_equal(r.err.name, "PartTooLarge");
        assert_int_equal(r.rows.place.line, 2);
        end(&r);
        buf_add(&part, STR("\"}]"));
    }
    part.n = 0;
    buf_add_byte(&part, '"');
    buf_add_fill(&part, ' ', CSV_MAX_ROW_TEXT);
    buf_add_byte(&part, '"');
    begin(&r, &d);
    assert_int_equal(read_part(&r, buf_str(&part), 1 << 20), STATUS_LIMIT);
    end(&r);
    buf_done(&part);
}

static void columns_have_a_limit(void **state)
{
    struct csv_dialect d = csv_dialect_default();
    struct reading r;
    struct buf part;
    (void)state;
    buf_init(&part, (size_t)1 << 30);
    buf_add(&part, STR("\n{"));
    for (unsigned i = 0; i <= CSV_MAX_COLUMNS; i++)
        buf_printf(&part, "%s\"%u\":1", i > 0 ? "," : "", i);
    buf_add(&part, STR("}"));
    begin(&r, &d);
    assert_int_equal(read_part(&r, buf_str(&part), 1 << 20), STATUS_LIMIT);
    assert_string_equal(r.err.name, "TooManyColumns");
    assert_int_equal(r.rows.place.line, 2);
    end(&r);
    buf_done(&part);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts_are_arrays_lines_or_single_objects),
        cmocka_unit_test(doubly_encoded_parts_are_decoded),
        cmocka_unit_test(cells_are_what_the_values_say),
        cmocka_unit_test(nul_is_a_byte_like_others),
        cmocka_unit_test(columns_are_the_union_in_order_of_first_sight),
        cmocka_unit_test(keys_are_the_same_however_they_are_written),
        cmocka_unit_test(of_duplicates_the_last_wins),
        cmocka_unit_test(given_columns_are_kept_and_others_left_out),
        cmocka_unit_test(reading_stops_when_there_is_enough),
        cmocka_unit_test(what_is_no_row_is_refused_with_its_place),
        cmocka_unit_test(malformed_json_is_refused_with_its_place),
        cmocka_unit_test(a_bad_text_in_a_string_has_two_places),
        cmocka_unit_test(nesting_has_a_limit),
        cmocka_unit_test(rows_have_a_size_limit),
        cmocka_unit_test(columns_have_a_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
