/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "aggregate/config_internal.h"

#include "json/parse.h"
#include <stdio.h>
#include <string.h>

struct world {
    struct aggregate_config c;
    struct arena a;
    bool is_strict;
};

static int begin(void **state)
{
    static struct world w;
    arena_init(&w.a, 0);
    aggregate_config_init(&w.c);
    w.is_strict = false;
    *state = &w;
    return 0;
}

static int end(void **state)
{
    struct world *w = *state;
    arena_done(&w->a);
    return 0;
}

static void same(str got, const char *wanted)
{
    if (!str_eq(got, str_of(wanted)))
        fail_msg("%.*s, not %s", STR_ARG(got), wanted);
}

static void set(struct world *w, const char *member, const char *text)
{
    struct error err;
    if (aggregate_config_set(&w->c, str_of(member), str_of(text), &w->a, &err) != STATUS_OK)
        fail_msg("%s %s", member, err.message);
}

static void refused(struct world *w, const char *member, str text, const char *why)
{
    struct error err;
    assert_int_equal(aggregate_config_set(&w->c, str_of(member), text, &w->a, &err),
                     STATUS_INVALID);
    if (!strstr(err.message, why))
        fail_msg("%s %s", member, err.message);
}

static void read_as(struct world *w, const char *text, const char *folder)
{
    struct error err;
    if (aggregate_config_read(&w->c, str_of(text), str_of(folder), &w->a, &err) != STATUS_OK)
        fail_msg("%s", err.message);
}

static void read_wrong(struct world *w, const char *text, const char *why)
{
    struct error err;
    assert_int_equal(aggregate_config_read(&w->c, str_of(text), STR(""), &w->a, &err),
                     STATUS_INVALID);
    if (strcmp(err.message, why) != 0)
        fail_msg("%s", err.message);
}

/* ---- single members ---- */

static void every_member_can_be_set_and_reset(void **state)
{
    static const char *const texts[] = {
        [CONFIG_TEXT] = "x",        [CONFIG_URL] = "http://x",  [CONFIG_TEMPLATE] = "{api}/x",
        [CONFIG_PATH] = "p",        [CONFIG_LOCATIONS] = "l",   [CONFIG_AUTH] = "none",
        [CONFIG_NAME] = "n-1_A",    [CONFIG_WORD] = "a.b-c",    [CONFIG_NUMBER] = "7",
        [CONFIG_FLAG] = "",         [CONFIG_TYPES] = "a,b,c.d", [CONFIG_COLUMNS] = "a,\"b,c\"",
        [CONFIG_QUOTE] = "minimal", [CONFIG_DELIMITER] = ";"};
    struct world *w = *state;
    for (uint32_t i = 0; i < config_member_count; i++) {
        const struct config_member *m = &config_members[i];
        assert_true(config_is_default(&w->c, m));
        set(w, m->name, texts[m->kind]);
        assert_false(config_is_default(&w->c, m));
        aggregate_config_reset(&w->c, str_of(m->name));
        assert_true(config_is_default(&w->c, m));
    }
    struct aggregate_config fresh;
    aggregate_config_init(&fresh);
    assert_memory_equal(&fresh, &w->c, sizeof(fresh));
    assert_int_equal(aggregate_config_set(&w->c, STR("nothing"), STR("x"), &w->a, NULL),
                     STATUS_NOT_FOUND);
}

static void numbers_have_bounds(void **state)
{
    static const struct {
        const char *member;
        uint32_t low, high;
    } bounds[] = {
        {"page_size", 1, AGGREGATE_PAGE_SIZE_MAX},
        {"concurrency", 1, AGGREGATE_CONCURRENCY_MAX},
        {"per_host", 0, AGGREGATE_CONCURRENCY_MAX},
        {"rate", 0, AGGREGATE_RATE_MAX},
        {"retries", 0, AGGREGATE_RETRIES_MAX},
        {"timeout", 1, AGGREGATE_TIMEOUT_MAX},
        {"tolerate", 0, 100},
        {"loops", 1, AGGREGATE_LOOPS_MAX},
    };
    struct world *w = *state;
    char text[40], json[80];
    for (size_t i = 0; i < ARRAY_LEN(bounds); i++) {
        snprintf(text, sizeof(text), "%u", bounds[i].high);
        set(w, bounds[i].member, text);
        snprintf(json, sizeof(json), "{\"%s\": %u}", bounds[i].member, bounds[i].low);
        read_as(w, json, "");
        snprintf(text, sizeof(text), "%u", bounds[i].high + 1);
        refused(w, bounds[i].member, str_of(text), "is a number from");
        snprintf(json, sizeof(json), "{\"%s\": %u}", bounds[i].member, bounds[i].high + 1);
        assert_int_equal(aggregate_config_read(&w->c, str_of(json), STR(""), &w->a, NULL),
                         STATUS_INVALID);
    }
    refused(w, "page_size", STR("0"), "is a number from 1 to 100000, not '0'");
    refused(w, "page_size", STR(""), "is a number");
    refused(w, "page_size", STR("1x"), "is a number");
    refused(w, "page_size", STR("-1"), "is a number");
    refused(w, "page_size", STR("99999999999999999999999"), "is a number");
}

static void texts_are_checked_by_what_they_are(void **state)
{
    struct world *w = *state;
    refused(w, "api", STR("ftp://x"), "begins with https:// or http://, not 'ftp://x'");
    refused(w, "api", STR(""), "is empty");
    refused(w, "row", STR("a\xFF"), "not UTF-8");
    refused(w, "row", STR("a\0b"), "has a NUL");
    refused(w, "page_url", STR("/x"), "begins with https://, http:// or a place like {api}");
    refused(w, "auth", STR("key"), "is api-key:HEADER=SECRET");
    refused(w, "name", STR("a.b"), "letters, digits, '_' or '-', which 'a.b' has not");
    refused(w, "name", STR("12345678901234567890123456789012345678901"), "has 1 to 40");
    refused(w, "tables.tasks", STR("ab"), "has 3 to 255");
    refused(w, "quote", STR("none"), "is all or minimal, not 'none'");
    refused(w, "delimiter", STR("x"), "is 'tab', or one character");
    refused(w, "delimiter", STR(";;"), "is 'tab', or one character");
    set(w, "delimiter", "tab");
    assert_int_equal(w->c.delimiter, '\t');

    static char large[AGGREGATE_TEXT_MAX + 1];
    memset(large, 'x', sizeof(large));
    refused(w, "row", (str){large, sizeof(large)}, "has more than 65536 bytes");
}

static void credentials_in_an_address_are_refused_without_repeating_them(void **state)
{
    static const char *const bad[] = {"https://me:s3cret@x/y", "http://me@x", "http://@x"};
    static const char *const good[] = {"https://x/@y", "https://x?a@b", "https://x#@", "https://x"};
    struct world *w = *state;
    struct error err;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        refused(w, "api", str_of(bad[i]), "has credentials in it");
        refused(w, "page_url", str_of(bad[i]), "has credentials in it");
        assert_int_equal(aggregate_config_set(&w->c, STR("token_url"), str_of(bad[i]), &w->a, &err),
                         STATUS_INVALID);
        assert_null(strstr(err.message, "s3cret"));
    }
    for (size_t i = 0; i < ARRAY_LEN(good); i++)
        set(w, "api", good[i]);
    set(w, "page_url", "{api}/@{page}");
}

static void lists_are_lists_of_different_names(void **state)
{
    struct world *w = *state;
    set(w, "types", "a,b");
    assert_int_equal(w->c.type_count, 2);
    same(w->c.types[1], "b");
    set(w, "columns", "a,\"b,c\",d e");
    assert_int_equal(w->c.column_count, 3);
    same(w->c.columns[1], "b,c");
    refused(w, "types", STR("a,b,a"), "has 'a' twice");
    refused(w, "types", STR("a b"), "which 'a b' is not");
    refused(w, "types", STR("a,"), "which '' is not");
    refused(w, "types", STR("12345678901234567890123456789012345678901"), "up to 40 letters");
    refused(w, "types", STR("1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17"), "has 1 to 16 names");
    refused(w, "columns", STR("a,,b"), "has a name that is empty");
    refused(w, "columns", STR("a\nb"), "is a list of names");
    same(w->c.columns[1], "b,c"); /* what is refused changes nothing */

    struct buf many;
    buf_init(&many, 1 << 20);
    for (int i = 0; i <= AGGREGATE_COLUMNS_MAX; i++)
        buf_printf(&many, "%sc%d", i > 0 ? "," : "", i);
    refused(w, "columns", buf_str(&many), "has 1 to 1000 names, not 1001");
    buf_done(&many);
}

/* ---- files ---- */

static void a_file_is_read_with_paths_from_its_folder(void **state)
{
    struct world *w = *state;
    read_as(w,
            "{\"//\": 1, \"// rows\": [], \"api\": \"https://x/\\u00e9\", \"auth\": "
            "\"basic:me=file:pw\", \"locations\": \"l.csv\", \"out\": \"/o.csv\", \"crlf\": true, "
            "\"types\": [\"a\"], \"page_size\": 1e2, \"tables\": {\"tasks\": \"tasks\"}, "
            "\"buckets\": {\"parts\": \"parts\", \"// x\": 2}, \"workflows\": \"w/\", "
            "\"delimiter\": \";\", \"quote\": \"minimal\", \"rate\": 0}",
            "shop");
    same(w->c.api, "https://x/\xC3\xA9");
    same(w->c.auth, "basic:me=file:shop/pw");
    same(w->c.locations, "shop/l.csv");
    same(w->c.out, "/o.csv");
    same(w->c.workflows, "shop/w/");
    same(w->c.tasks_table, "tasks");
    same(w->c.parts_bucket, "parts");
    assert_true(w->c.is_crlf && w->c.is_minimal && w->c.delimiter == ';');
    assert_int_equal(w->c.page_size, 100);
    assert_int_equal(w->c.type_count, 1);
    assert_int_equal(w->c.locations.p[w->c.locations.n], 0);
    assert_int_equal(w->c.api.p[w->c.api.n], 0);
    assert_int_equal(w->c.types[0].p[1], 0);
    read_as(w, "{\"locations\": \"table:shops/1\", \"auth\": \"basic:me=env:pw\"}", "shop/");
    same(w->c.locations, "table:shops/1");
    same(w->c.auth, "basic:me=env:pw");
    read_as(w, "{\"locations\": \"l.csv\"}", "");
    same(w->c.locations, "l.csv");
}

static void what_is_wrong_in_a_file_is_named(void **state)
{
    static const struct {
        const char *text, *why;
    } cases[] = {
        {"[]", "it is an object, not array"},
        {"{\"page_sise\": 1}", "page_sise is not known; did you mean page_size?"},
        {"{\"bucket\": 1}", "bucket is not known; did you mean buckets?"},
        {"{\"something_else\": 1}", "something_else is not known"},
        {"{\"tables\": {\"task\": \"x\"}}", "tables.task is not known; did you mean tasks?"},
        {"{\"tables\": {\"parts\": \"x\"}}", "tables.parts is not known"},
        {"{\"tables\": 1}", "tables is an object, not number"},
        {"{\"tables.tasks\": 1}", "tables.tasks is a text, not number"},
        {"{\"api\": null}", "api is a text, not null"},
        {"{\"page_size\": \"4\"}", "page_size is a number from 1 to 100000, not string"},
        {"{\"page_size\": 1.5}", "page_size is a whole number from 1 to 100000, not 1.5"},
        {"{\"page_size\": -1}", "page_size is a whole number from 1 to 100000, not -1"},
        {"{\"rate\": 1e300}", "rate is a whole number from 0 to 100000, not 1e+300"},
        {"{\"bom\": \"yes\"}", "bom is true or false, not string"},
        {"{\"types\": \"a,b\"}", "types is an array of texts, not string"},
        {"{\"types\": []}", "types has 1 to 16 names, not 0"},
        {"{\"types\": [\"a\", 1]}", "types has texts, not number"},
        {"{\"columns\": [\"a\\u0000b\"]}",
         "columns has a name that is empty, not UTF-8, or has a NUL"},
        {"{\"out\": \"a\\u0000b\"}", "out is not UTF-8, or has a NUL"},
        {"{\"auth\": \"none\", \"connection\": \"x\"}", "auth and connection exclude each other"},
        {"{\"no_summary\": true, \"summary\": \"1\"}", "no_summary and summary exclude each other"},
        {"{\"api\": }", "line 1, column 9: expected a value here"},
    };
    struct world *w = *state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        read_wrong(w, cases[i].text, cases[i].why);
    read_as(w, "{\"no_summary\": false, \"summary\": \"1\"}", "");
}

/* Of every byte of a file that is cut off or spoiled nothing worse comes than an error. */
static void a_file_may_be_spoiled_anywhere(void **state)
{
    struct world *w = *state;
    struct buf text;
    buf_init(&text, 1 << 20);
    aggregate_config_write(&w->c, &text);
    for (size_t i = 0; i + 2 < text.n; i++) { /* but for "}\n" */
        struct error err;
        char was = text.p[i];
        aggregate_config_init(&w->c);
        assert_int_equal(
            aggregate_config_read(&w->c, str_sub(buf_str(&text), 0, i), STR(""), &w->a, &err),
            STATUS_INVALID);
        text.p[i] = (char)(was ^ 0x12);
        enum status status = aggregate_config_read(&w->c, buf_str(&text), STR("f"), &w->a, &err);
        assert_true(status == STATUS_OK || status == STATUS_INVALID);
        text.p[i] = was;
        arena_reset(&w->a);
    }
    buf_done(&text);
}

static void a_file_that_was_written_says_the_same(void **state)
{
    static const char *const options[][2] = {
        {"name", "shop"},
        {"api", "https://x"},
        {"page_url", "{api}/p?q={page}"},
        {"auth", "none"},
        {"concurrency", "7"},
        {"types", "a,b"},
        {"columns", "\"a,\""},
        {"row", "$row.\"x\"\n\\"},
        {"bom", ""},
        {"delimiter", "tab"},
        {"tables.locations", "places"},
        {"buckets.parts", "the-parts"},
        {"buckets.output", "the-output"},
        {"job", "j"},
        {"out", "o.csv"},
        {"quote", "minimal"},
        {"loops", "3"},
    };
    struct world *w = *state;
    struct aggregate_config first;
    struct buf text, again;
    buf_init(&text, 1 << 20);
    buf_init(&again, 1 << 20);
    for (size_t i = 0; i < ARRAY_LEN(options); i++)
        set(w, options[i][0], options[i][1]);
    first = w->c;
    aggregate_config_write(&w->c, &text);
    aggregate_config_init(&w->c);
    read_as(w, arena_cstr(&w->a, buf_str(&text)), "");
    for (uint32_t i = 0; i < config_member_count; i++) {
        buf_clear(&again);
        config_put_value(&first, &config_members[i], &again);
        buf_add_byte(&again, 0);
        size_t n = again.n - 1;
        config_put_value(&w->c, &config_members[i], &again);
        if (!str_eq(str_sub(buf_str(&again), 0, n), str_sub(buf_str(&again), n + 1, again.n)))
            fail_msg("%s: %.*s", config_members[i].name, STR_ARG(buf_str(&text)));
    }
    buf_done(&text);
    buf_done(&again);
}

/* The one that is written of nothing shows examples, and they can be read when they are taken in.
 */
static void examples_of_a_file_can_be_read(void **state)
{
    struct world *w = *state;
    struct buf text, taken;
    buf_init(&text, 1 << 20);
    buf_init(&taken, 1 << 20);
    aggregate_config_write(&w->c, &text);
    for (size_t i = 0; i < text.n; i++) {
        bool is_mark = str_starts(str_sub(buf_str(&text), i, text.n), STR("\"// "));
        buf_add_byte(&taken, text.p[i]);
        i += is_mark ? 3 : 0;
    }
    read_as(w, arena_cstr(&w->a, buf_str(&taken)), "");
    same(w->c.page_url, "{api}/{location_id}/get-data?state={type}&limit={limit}&offset={offset}");
    assert_int_equal(w->c.column_count, 2);
    buf_done(&text);
    buf_done(&taken);
}

/* ---- wholes ---- */

static void expect_whole(struct world *w, const char *wanted_member, const char *why)
{
    struct error err = {0};
    const char *member = "";
    enum status status = aggregate_config_check(&w->c, w->is_strict, &member, &err);
    assert_int_equal(status, wanted_member ? STATUS_INVALID : STATUS_OK);
    if (wanted_member) {
        assert_string_equal(member, wanted_member);
        if (!strstr(err.message, why))
            fail_msg("%s %s", member, err.message);
    }
}

static void what_is_missing_is_named_one_after_the_other(void **state)
{
    struct world *w = *state;
    expect_whole(w, "api", "is missing");
    set(w, "api", "http://x");
    expect_whole(w, "locations", "is missing");
    set(w, "locations", "l");
    expect_whole(w, "auth", "is missing");
    set(w, "auth", "none");
    expect_whole(w, "out", "is missing");
    set(w, "out", "a.txt");
    expect_whole(w, "out", "ends with .csv, not 'a.txt'");
    set(w, "out", ".csv");
    expect_whole(w, "out", "ends with .csv");
    set(w, "out", "a.csv");
    expect_whole(w, NULL, "");
    set(w, "scope", "s");
    expect_whole(w, "scope", "is for oauth");
    set(w, "token_url", "http://x");
    expect_whole(w, "token_url", "is for oauth");
    set(w, "auth", "oauth:a=env:B");
    expect_whole(w, NULL, "");
    aggregate_config_reset(&w->c, STR("token_url"));
    expect_whole(w, "token_url", "is missing");
    aggregate_config_reset(&w->c, STR("auth"));
    set(w, "connection", "c.json");
    expect_whole(w, NULL, "");
}

static void an_api_is_needed_only_where_it_is_named(void **state)
{
    struct world *w = *state;
    set(w, "locations", "l");
    set(w, "auth", "none");
    set(w, "out", "a.csv");
    set(w, "page_url", "http://{host}/p");
    expect_whole(w, "api", "is missing");
    set(w, "no_summary", "");
    expect_whole(w, NULL, "");
    aggregate_config_reset(&w->c, STR("no_summary"));
    set(w, "summary_url", "{api}/s");
    expect_whole(w, "api", "is missing");
    set(w, "summary_url", "{url}/s");
    expect_whole(w, NULL, "");
}

static void addresses_and_expressions_that_cannot_be_read_are_named(void **state)
{
    static const struct {
        const char *member, *text, *why;
    } cases[] = {
        {"api", "http://x/{region", "is no address: a { without its }"},
        {"api", "http://x?y=1", "is no address: where an API begins"},
        {"summary_url", "{api}/{type}", "is no address: {type} is not known here"},
        {"page_url", "{api}/}", "is no address: a } without its {"},
        {"summary", "$x.(", "is no JSONata: "},
        {"rows", "[", "is no JSONata: "},
        {"row", "'\xC3\xA9' & $row.(", "(character 13)"},
        {"more", "1 +", "is no JSONata: "},
    };
    struct world *w = *state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        aggregate_config_init(&w->c);
        set(w, "api", "http://x");
        set(w, "locations", "l");
        set(w, "auth", "none");
        set(w, "out", "a.csv");
        expect_whole(w, NULL, "");
        set(w, cases[i].member, cases[i].text);
        expect_whole(w, cases[i].member, cases[i].why);
    }
}

static void what_only_newer_jsonata_has_is_refused_when_strict(void **state)
{
    struct world *w = *state;
    set(w, "api", "http://x");
    set(w, "locations", "l");
    set(w, "auth", "none");
    set(w, "out", "a.csv");
    set(w, "rows", "$body.a ?? []");
    expect_whole(w, NULL, "");
    w->is_strict = true;
    expect_whole(w, "rows", "is no JSONata");
}

static void only_what_makes_a_difference_to_the_result_is_its_identity(void **state)
{
    static const char *const others[] = {"concurrency", "per_host", "rate",
                                         "retries",     "timeout",  "loops"};
    struct world *w = *state;
    struct buf first, now;
    buf_init(&first, 1 << 20);
    buf_init(&now, 1 << 20);
    aggregate_config_identity(&w->c, &first);
    for (size_t i = 0; i < ARRAY_LEN(others); i++)
        set(w, others[i], "9");
    set(w, "out", "o.csv");
    set(w, "data", "d");
    set(w, "auth", "none");
    set(w, "ca_file", "c");
    set(w, "types", "failed,rejected"); /* what they are anyhow */
    aggregate_config_identity(&w->c, &now);
    assert_true(str_eq(buf_str(&first), buf_str(&now)));
    for (uint32_t i = 0; i < config_member_count; i++) {
        const struct config_member *m = &config_members[i];
        if (!m->is_result)
            continue;
        aggregate_config_init(&w->c);
        set(w, m->name,
            m->kind == CONFIG_NUMBER      ? "9"
            : m->kind == CONFIG_QUOTE     ? "minimal"
            : m->kind == CONFIG_TYPES     ? "x"
            : m->kind == CONFIG_DELIMITER ? ";"
                                          : "http://x");
        buf_clear(&now);
        aggregate_config_identity(&w->c, &now);
        assert_false(str_eq(buf_str(&first), buf_str(&now)));
    }
    buf_done(&first);
    buf_done(&now);
}

static str shout(void *arg, str path)
{
    return arena_printf(arg, "<%.*s>", STR_ARG(path));
}

static void paths_can_be_replaced_wherever_they_are(void **state)
{
    struct world *w = *state;
    set(w, "locations", "l");
    set(w, "auth", "basic:a=file:s");
    set(w, "out", "o");
    set(w, "row", "r");
    aggregate_config_paths(&w->c, shout, &w->a, &w->a);
    same(w->c.locations, "<l>");
    same(w->c.auth, "basic:a=file:<s>");
    same(w->c.out, "<o>");
    same(w->c.row, "r");
    same(w->c.data, "");
    set(w, "locations", "table:x");
    aggregate_config_paths(&w->c, shout, &w->a, &w->a);
    same(w->c.locations, "table:x");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_member_can_be_set_and_reset),
        TEST(numbers_have_bounds),
        TEST(texts_are_checked_by_what_they_are),
        TEST(credentials_in_an_address_are_refused_without_repeating_them),
        TEST(lists_are_lists_of_different_names),
        TEST(a_file_is_read_with_paths_from_its_folder),
        TEST(what_is_wrong_in_a_file_is_named),
        TEST(a_file_may_be_spoiled_anywhere),
        TEST(a_file_that_was_written_says_the_same),
        TEST(examples_of_a_file_can_be_read),
        TEST(what_is_missing_is_named_one_after_the_other),
        TEST(an_api_is_needed_only_where_it_is_named),
        TEST(addresses_and_expressions_that_cannot_be_read_are_named),
        TEST(what_only_newer_jsonata_has_is_refused_when_strict),
        TEST(only_what_makes_a_difference_to_the_result_is_its_identity),
        TEST(paths_can_be_replaced_wherever_they_are),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
