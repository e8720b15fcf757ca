/* SPDX-License-Identifier: Apache-2.0 */
#include "json_test.h"
#include <math.h>

static void numbers_that_print_the_same_are_doubles(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        double value;
    } cases[] = {{"0", 0},
                 {"1", 1},
                 {"-1", -1},
                 {"1.5", 1.5},
                 {"-0.25", -0.25},
                 {"77.64", 77.64},
                 {"0.000001", 1e-6},
                 {"123456789012.345", 123456789012.345},
                 {"0.00012", 0.00012},
                 {"9007199254740992", 9007199254740992.0},
                 {"-9007199254740992", -9007199254740992.0}};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct json_doc *doc = doc_of(cases[i].text);
        struct json_val v = json_doc_root(doc);
        assert_int_equal(v.tag, JSON_NUMBER);
        assert_true(v.num == cases[i].value);
        assert_text(v, 0, cases[i].text);
        json_doc_unref(doc);
    }
}

static void other_numbers_keep_their_text(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum json_tag tag;
        const char *as_double;
    } cases[] = {{"1.0", JSON_NUMTEXT, "1"},
                 {"-0", JSON_NUMTEXT, "0"},
                 {"0.0", JSON_NUMTEXT, "0"},
                 {"12.50", JSON_NUMTEXT, "12.5"},
                 {"1e5", JSON_NUMTEXT, "100000"},
                 {"1E+2", JSON_NUMTEXT, "100"},
                 {"1.5e-7", JSON_NUMTEXT, "1.5e-7"},
                 {"0.0000001", JSON_NUMTEXT, "1e-7"},
                 {"0.1234567890123456", JSON_NUMTEXT, "0.1234567890123456"},
                 {"9007199254740993", JSON_INT, "9007199254740992"},
                 {"-9007199254740993", JSON_INT, "-9007199254740992"},
                 {"9223372036854775807", JSON_INT, "9223372036854776000"},
                 {"-9223372036854775808", JSON_INT, "-9223372036854776000"},
                 {"9223372036854775808", JSON_NUMTEXT, "9223372036854776000"},
                 {"18446744073709551616", JSON_NUMTEXT, "18446744073709552000"},
                 {"100000000000000000000000", JSON_NUMTEXT, "1e+23"}};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct json_doc *doc = doc_of(cases[i].text);
        assert_int_equal(json_doc_root(doc).tag, cases[i].tag);
        assert_text(json_doc_root(doc), 0, cases[i].text);
        assert_text(json_doc_root(doc), JSON_WRITE_DOUBLES, cases[i].as_double);
        json_doc_unref(doc);
    }
}

static void a_number_out_of_range_reads_as_infinity(void **state)
{
    (void)state;
    struct json_doc *doc = doc_of("[1e999,-1e999]");
    assert_true(isinf(json_number(json_doc_root(doc).items[0])));
    assert_true(json_number(json_doc_root(doc).items[1]) < 0);
    json_doc_unref(doc);
}

static void strings_say_what_is_in_them(void **state)
{
    (void)state;
    static const struct {
        const char *text, *value;
        unsigned flags;
    } cases[] = {{"\"plain\"", "plain", JSON_ASCII | JSON_PLAIN},
                 {"\"\"", "", JSON_ASCII | JSON_PLAIN},
                 {"\"a longer one than a vector holds\"", "a longer one than a vector holds",
                  JSON_ASCII | JSON_PLAIN},
                 {"\"gr\xc3\xbc\xc3\x9f\"", "gr\xc3\xbc\xc3\x9f", JSON_PLAIN},
                 {"\"\xed\x9f\xbf\"", "\xed\x9f\xbf", JSON_PLAIN},
                 {"\"a\\/b\"", "a/b", JSON_ASCII | JSON_PLAIN},
                 {"\"\\u00e9\"", "\xc3\xa9", JSON_PLAIN},
                 {"\"a\\nb\"", "a\nb", JSON_ASCII},
                 {"\"\\\"\"", "\"", JSON_ASCII},
                 {"\"\\\\\\b\\f\\r\\t\"", "\\\b\f\r\t", JSON_ASCII},
                 {"\"\\ud83d\\ude00\"", "\xf0\x9f\x98\x80", JSON_PLAIN},
                 {"\"\\ud83d\"", "\xed\xa0\xbd", 0},
                 {"\"0123456789abcde\\t0123456789abcdef\"", "0123456789abcde\t0123456789abcdef",
                  JSON_ASCII}};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct json_doc *doc = doc_of(cases[i].text);
        struct json_val v = json_doc_root(doc);
        assert_int_equal(v.tag, JSON_STRING);
        assert_true(str_eq(json_str(v), str_of(cases[i].value)));
        assert_int_equal(v.flags, cases[i].flags);
        json_doc_unref(doc);
    }
}

static void plain_strings_point_into_the_kept_text(void **state)
{
    (void)state;
    struct json_doc *doc = doc_of("[\"here\"]");
    assert_ptr_equal(json_doc_root(doc).items[0].ptr, json_doc_text(doc).p + 2);
    assert_true(json_doc_owns(doc, json_doc_root(doc).items));
    assert_false(json_doc_owns(doc, state));
    json_doc_unref(doc);
}

static void refusals_say_where_and_why(void **state)
{
    (void)state;
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"", "line 1, column 1: unexpected end of the text"},
        {"{\"a\":1 \"b\":2}", "line 1, column 8: expected ',' or '}' after a member"},
        {"[1 2]", "line 1, column 4: expected ',' or ']' after a value"},
        {"[1,]", "line 1, column 4: a comma must be followed by another value"},
        {"{\"a\":1,}", "line 1, column 8: a comma must be followed by another member"},
        {"{a:1}", "line 1, column 2: expected a member name in double quotes"},
        {"{\"a\" 1}", "line 1, column 6: expected ':' after a member name"},
        {"[\n  01\n]", "line 2, column 3: a number cannot start with 0 followed by digits"},
        {"[1.]", "line 1, column 4: expected a digit after the decimal point"},
        {"[1e]", "line 1, column 4: expected a digit in the exponent"},
        {"[-]", "line 1, column 3: expected a digit after '-'"},
        {"[+1]", "line 1, column 2: a number cannot start with '+'"},
        {"[.5]", "line 1, column 2: a number cannot start with a decimal point"},
        {"-", "line 1, column 2: unexpected end of the text inside a number"},
        {"1.", "line 1, column 3: unexpected end of the text inside a number"},
        {"[NaN]", "line 1, column 2: Infinity and NaN are not JSON"},
        {"['a']", "line 1, column 2: strings need double quotes"},
        {"[1] // x", "line 1, column 5: unexpected text behind the value"},
        {"[/* x */]", "line 1, column 2: comments are not JSON"},
        {"\"a\tb\"", "line 1, column 3: control character U+0009 in a string must be escaped"},
        {"[\"\xc3\xa9\xc3\xa9\x01\"]",
         "line 1, column 5: control character U+0001 in a string must be escaped"},
        {"\"abc", "line 1, column 5: unexpected end of the text inside a string"},
        {"\"abc\\", "line 1, column 6: unexpected end of the text inside a string"},
        {"\"\\x\"", "line 1, column 2: unknown escape in a string"},
        {"\"\\u12g4\"", "line 1, column 2: \\u must be followed by four hexadecimal digits"},
        {"[\"\xff\"]", "line 1, column 3: invalid UTF-8"},
        {"[\"ok\xc3\x28\"]", "line 1, column 5: invalid UTF-8"},
        {"\xef\xbb\xbf{}", "line 1, column 1: a byte order mark is not allowed"},
        {"{\"a\":tru}",
         "line 1, column 6: expected a value (object, array, string, number, true, false or null)"},
        {"]", "line 1, column 1: expected a value here"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct json_doc *doc = NULL;
        struct error err = {0};
        assert_int_equal(parse_exact(str_of(cases[i].text), NULL, &doc, &err), STATUS_INVALID);
        assert_null(doc);
        assert_string_equal(err.name, "JsonSyntax");
        assert_string_equal(err.message, cases[i].message);
    }
}

static void the_place_of_a_refusal_is_told(void **state)
{
    (void)state;
    struct json_place place;
    struct json_parse_options options = {.place = &place};
    struct json_doc *doc;
    str text = STR("{\n \"\xc3\xa9\": x}");
    assert_int_equal(parse_exact(text, &options, &doc, NULL), STATUS_INVALID);
    assert_int_equal(place.offset, 9);
    assert_int_equal(place.line, 2);
    assert_int_equal(place.column, 7);
}

static void every_prefix_of_a_text_is_refused(void **state)
{
    (void)state;
    str text =
        STR("{\"key\":[1,-2.5e3,\"\\u00e9\xc3\xa9\",{\"key\":true}],\"b\" : null,\"key\":\"\"}");
    for (size_t n = 0; n < text.n; n++) {
        struct json_doc *doc;
        assert_int_equal(parse_exact((str){text.p, n}, NULL, &doc, NULL), STATUS_INVALID);
    }
}

static void nesting_is_limited(void **state)
{
    (void)state;
    enum { DEEP = JSON_MAX_DEPTH + 1 };
    char text[2 * DEEP];
    memset(text, '[', DEEP);
    memset(text + DEEP, ']', DEEP);
    struct json_doc *doc;
    struct error err;
    assert_int_equal(parse_exact((str){text, 2 * DEEP}, NULL, &doc, &err), STATUS_LIMIT);
    assert_string_equal(err.name, "JsonTooDeep");
    assert_int_equal(parse_exact((str){text + 1, 2 * DEEP - 2}, NULL, &doc, &err), STATUS_OK);
    json_doc_unref(doc);
    struct json_parse_options options = {.max_depth = 2};
    assert_int_equal(parse_exact(STR("[[1]]"), &options, &doc, &err), STATUS_OK);
    json_doc_unref(doc);
    assert_int_equal(parse_exact(STR("[[{}]]"), &options, &doc, &err), STATUS_LIMIT);
}

static void size_is_limited(void **state)
{
    (void)state;
    struct json_parse_options options = {.max_bytes = 4};
    struct json_doc *doc;
    struct error err;
    assert_int_equal(parse_exact(STR("[10]"), &options, &doc, &err), STATUS_OK);
    json_doc_unref(doc);
    assert_int_equal(parse_exact(STR("[100]"), &options, &doc, &err), STATUS_LIMIT);
    assert_string_equal(err.name, "JsonTooLarge");
    assert_int_equal(json_parse_take(malloc(5 + JSON_TEXT_PADDING), 5, &options, &doc, &err),
                     STATUS_LIMIT);
}

static void what_follows_the_value_can_be_left(void **state)
{
    (void)state;
    size_t used = 0;
    struct json_parse_options options = {.allow_rest = true, .ret_used = &used};
    struct json_doc *doc;
    assert_int_equal(parse_exact(STR(" {\"a\":1} \n[2]"), &options, &doc, NULL), STATUS_OK);
    assert_int_equal(used, 10);
    assert_text(json_doc_root(doc), 0, "{\"a\":1}");
    json_doc_unref(doc);
}

static void of_duplicate_members_the_last_wins_at_the_place_of_the_first(void **state)
{
    (void)state;
    assert_reads_as("{\"a\":1,\"b\":2,\"a\":3}", "{\"a\":3,\"b\":2}");
    assert_reads_as("{\"a\":{\"x\":1,\"x\":{\"y\":1,\"y\":[2]}},\"a\":[{\"z\":1,\"z\":2}],\"c\":0}",
                    "{\"a\":[{\"z\":2}],\"c\":0}");
    assert_reads_as("{\"a\":1,\"\\u0061\":2}", "{\"a\":2}");
}

static void a_predicted_key_is_still_compared(void **state)
{
    (void)state;
    assert_reads_as("[{\"ab\":1,\"cd\":2},{\"ab\":1,\"ce\":2},{\"a\":1},{\"abc\":1},{}]",
                    "[{\"ab\":1,\"cd\":2},{\"ab\":1,\"ce\":2},{\"a\":1},{\"abc\":1},{}]");
    struct json_doc *doc;
    /* the bytes of a key with a quote in it look like this text, which is wrong */
    assert_int_equal(parse_exact(STR("[{\"a\\\"b\":1},{\"a\"b\":2}]"), NULL, &doc, NULL),
                     STATUS_INVALID);
    assert_reads_as("[{\"a key with more than sixteen bytes\":1},{\"a key with more than sixteen "
                    "byteS\":2},{\"a key with more\":3}]",
                    "[{\"a key with more than sixteen bytes\":1},{\"a key with more than sixteen "
                    "byteS\":2},{\"a key with more\":3}]");
}

static void records_share_their_shape(void **state)
{
    (void)state;
    struct json_doc *doc = doc_of("[{\"id\":1,\"c\":{\"x\":1}},\n {\"id\" : 2, \"c\":{\"x\":1}}]");
    const struct json_val *items = json_doc_root(doc).items;
    assert_ptr_equal(items[0].obj->shape, items[1].obj->shape);
    assert_ptr_equal(json_get(items[0], STR("c")).obj->shape,
                     json_get(items[1], STR("c")).obj->shape);
    json_doc_unref(doc);
}

/* {"k0":0,"k1":1,…}; from 129 on keys are too many for the trie. */
static char *many_members(unsigned count, const char *prefix, const char *suffix)
{
    struct buf b;
    buf_init(&b, SIZE_MAX);
    buf_add(&b, str_of(prefix));
    for (unsigned i = 0; i < count; i++)
        buf_printf(&b, "%s\"k%u\":%u", i ? "," : "{", i, i);
    buf_add(&b, str_of(suffix));
    buf_add_byte(&b, '\0');
    size_t n;
    return buf_take(&b, &n);
}

static void objects_of_any_width_find_their_members(void **state)
{
    (void)state;
    static const unsigned widths[] = {1, 8, 9, 64, 127, 128, 129, 130, 256, 257, 1000, 20000};
    for (size_t w = 0; w < ARRAY_LEN(widths); w++) {
        char *text = many_members(widths[w], "", "}");
        struct json_doc *doc = doc_of(text);
        struct json_val v = json_doc_root(doc);
        assert_int_equal(v.len, widths[w]);
        for (unsigned i = 0; i < widths[w]; i++) {
            char key[16];
            int n = snprintf(key, sizeof(key), "k%u", i);
            assert_true(json_number(json_get(v, (str){key, (size_t)n})) == i);
        }
        assert_int_equal(json_get(v, STR("none")).tag, JSON_UNDEFINED);
        assert_text(v, 0, text);
        json_doc_unref(doc);
        free(text);
    }
}

static void wide_objects_inside_wide_objects_keep_apart(void **state)
{
    (void)state;
    char *inner = many_members(200, "", ",\"k3\":[],\"k199\":{\"a\":1}}");
    struct buf b;
    buf_init(&b, SIZE_MAX);
    buf_add_byte(&b, '{');
    for (int i = 0; i < 150; i++)
        buf_printf(&b, "\"o%d\":%s,", i, inner);
    buf_add(&b, STR("\"o7\":7,\"o149\":\"last\"}"));
    buf_add_byte(&b, '\0');
    struct json_doc *doc = doc_of(b.p);
    struct json_val v = json_doc_root(doc);
    assert_int_equal(v.len, 150);
    assert_true(json_number(json_get(v, STR("o7"))) == 7);
    assert_int_equal(json_get(v, STR("o149")).tag, JSON_STRING);
    struct json_val o148 = json_get(v, STR("o148"));
    assert_int_equal(o148.len, 200);
    assert_int_equal(json_get(o148, STR("k3")).tag, JSON_ARRAY);
    assert_true(json_number(json_get(json_get(o148, STR("k199")), STR("a"))) == 1);
    json_doc_unref(doc);
    buf_done(&b);
    free(inner);
}

static void values_can_live_in_an_arena(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, 0);
    struct json_val v;
    char text[] = "{\"a\":[\"b\",1.0]}";
    assert_int_equal(json_parse_in(&arena, str_of(text), NULL, &v, NULL), STATUS_OK);
    memset(text, 'x', sizeof(text));
    assert_text(v, 0, "{\"a\":[\"b\",1.0]}");
    arena_done(&arena);
}

static void text_can_be_handed_over(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b, 100);
    buf_add(&b, STR("[1,\"two\"]"));
    size_t n;
    char *text = buf_take(&b, &n);
    struct json_doc *doc;
    assert_int_equal(json_parse_take(text, n, NULL, &doc, NULL), STATUS_OK);
    assert_ptr_equal(json_doc_text(doc).p, text);
    assert_text(json_doc_root(doc), 0, "[1,\"two\"]");
    json_doc_unref(doc);
    struct error err;
    char *bad = calloc(1, 1 + JSON_TEXT_PADDING);
    assert_non_null(bad);
    bad[0] = '[';
    assert_int_equal(json_parse_take(bad, 1, NULL, &doc, &err), STATUS_INVALID);
}

static void an_arena_can_keep_a_document(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, 0);
    struct json_doc *doc = doc_of("[\"kept\"]");
    struct json_val v = json_doc_root(doc);
    json_doc_hold(doc, &arena);
    json_doc_unref(doc);
    assert_text(v, 0, "[\"kept\"]");
    arena_done(&arena); /* AddressSanitizer sees a leak, or that it went too early */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_that_print_the_same_are_doubles),
        cmocka_unit_test(other_numbers_keep_their_text),
        cmocka_unit_test(a_number_out_of_range_reads_as_infinity),
        cmocka_unit_test(strings_say_what_is_in_them),
        cmocka_unit_test(plain_strings_point_into_the_kept_text),
        cmocka_unit_test(refusals_say_where_and_why),
        cmocka_unit_test(the_place_of_a_refusal_is_told),
        cmocka_unit_test(every_prefix_of_a_text_is_refused),
        cmocka_unit_test(nesting_is_limited),
        cmocka_unit_test(size_is_limited),
        cmocka_unit_test(what_follows_the_value_can_be_left),
        cmocka_unit_test(of_duplicate_members_the_last_wins_at_the_place_of_the_first),
        cmocka_unit_test(a_predicted_key_is_still_compared),
        cmocka_unit_test(records_share_their_shape),
        cmocka_unit_test(objects_of_any_width_find_their_members),
        cmocka_unit_test(wide_objects_inside_wide_objects_keep_apart),
        cmocka_unit_test(values_can_live_in_an_arena),
        cmocka_unit_test(text_can_be_handed_over),
        cmocka_unit_test(an_arena_can_keep_a_document),
    };
    return cmocka_run_group_tests_name("json parse", tests, NULL, NULL);
}
