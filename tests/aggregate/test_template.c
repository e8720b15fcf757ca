/* SPDX-License-Identifier: Apache-2.0 */
/* What a template means is told by evaluating what it becomes, as the workflows do. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "afflux/jsonata.h"
#include "aggregate/template.h"
#include <stdio.h>
#include <string.h>

/* What stands before the expressions in the workflows. */
static const char world[] =
    "($location := {'location_id': 'a/b', 'shop': 'Caf\xC3\xA9 & co', 'url': 'https://own/v2', "
    "'no': 7, 'open': true, 'empty': '', 'nothing': null, 'it\\u0027s \\\\': 'q', "
    "'dot.ted': 'whole', 'address': {'city': 'Porto', 'at': {'x': 1}}, 'list': [1]}; "
    "$api := 'https://api/v1'; $type_of_rows := 'to do'; $limit := 50; $offset := 100; ";

/* The result as JSON, or the error. */
static char *evaluated(str expression)
{
    static char text[16384];
    char *result;
    struct afx_error err;
    (void)snprintf(text, sizeof(text), "%s%.*s)", world, STR_ARG(expression));
    if (afx_eval_text(text, NULL, AFX_STEP_FUNCTIONS | AFX_VERSION_206, &result, &err) != AFX_OK) {
        (void)snprintf(text, sizeof(text), "%s", err.message);
        return text;
    }
    (void)snprintf(text, sizeof(text), "%s", result ? result : "nothing");
    afx_free(result);
    return text;
}

static struct template read_as(struct arena *a, const char *text, enum template_kind kind)
{
    struct template t;
    struct error err;
    if (template_read(str_of(text), kind, a, &t, &err) != STATUS_OK)
        fail_msg("%s: %s", text, err.message);
    return t;
}

static void expect(const char *text, enum template_kind kind, const char *url, const char *query)
{
    struct arena a;
    arena_init(&a, 0);
    struct template t = read_as(&a, text, kind);
    char *got = evaluated(t.url);
    if (strcmp(got, url) != 0)
        fail_msg("%s: %.*s is %s, not %s", text, STR_ARG(t.url), got, url);
    got = evaluated(t.query);
    if (strcmp(got, query) != 0)
        fail_msg("%s: %.*s is %s, not %s", text, STR_ARG(t.query), got, query);
    arena_done(&a);
}

static void expect_refused(const char *text, enum template_kind kind, enum status wanted,
                           const char *message)
{
    struct arena a;
    struct template t;
    struct error err;
    arena_init(&a, 0);
    if (template_read(str_of(text), kind, &a, &t, &err) != wanted)
        fail_msg("%s is not refused", text);
    assert_string_equal(err.name, "Template");
    if (!strstr(err.message, message))
        fail_msg("%s: %s", text, err.message);
    arena_done(&a);
}

static void a_path_has_encoded_values(void **state)
{
    (void)state;
    expect("{api}/{location_id}/get-data", TEMPLATE_PAGE, "\"https://api/v1/a%2Fb/get-data\"",
           "{}");
    expect("https://x/{shop}/{no}/{open}", TEMPLATE_SUMMARY,
           "\"https://x/Caf%C3%A9%20%26%20co/7/true\"", "{}");
    expect("https://x/{type}/{limit}/{offset}/{page}", TEMPLATE_PAGE,
           "\"https://x/to%20do/50/100/3\"", "{}");
    expect("HTTP://{shop}.example.com", TEMPLATE_API, "\"HTTP://Caf%C3%A9%20%26%20co.example.com\"",
           "{}");
    expect("https://x/%7Bplain%7D'q\\", TEMPLATE_SUMMARY, "\"https://x/%7Bplain%7D'q\\\\\"", "{}");
}

static void what_an_address_begins_with_is_taken_as_it_is(void **state)
{
    (void)state;
    expect("{url}/x", TEMPLATE_SUMMARY, "\"https://own/v2/x\"", "{}");
    expect("{url}", TEMPLATE_API, "\"https://own/v2\"", "{}");
    expect("{location_id}/{location_id}", TEMPLATE_SUMMARY, "\"a/b/a%2Fb\"", "{}");
    expect("https://x/{url}", TEMPLATE_SUMMARY, "\"https://x/https://own/v2\"", "{}");
}

static void parameters_are_decoded_and_not_encoded_again(void **state)
{
    (void)state;
    expect("{api}?state={type}&limit={limit}&offset={offset}&page={page}", TEMPLATE_PAGE,
           "\"https://api/v1\"",
           "{\"state\":\"to do\",\"limit\":\"50\",\"offset\":\"100\",\"page\":\"3\"}");
    expect("{api}?a%20b=c%2Bd+e&q={shop}-{location_id}", TEMPLATE_SUMMARY, "\"https://api/v1\"",
           "{\"a b\":\"c+d e\",\"q\":\"Caf\xC3\xA9 & co-a/b\"}");
    expect("{api}?f&g=&&h=a=b&", TEMPLATE_SUMMARY, "\"https://api/v1\"",
           "{\"f\":\"\",\"g\":\"\",\"h\":\"a=b\"}");
    expect("{api}?{shop}={no}", TEMPLATE_SUMMARY, "\"https://api/v1\"",
           "{\"Caf\xC3\xA9 & co\":\"7\"}");
    expect("{api}?x=%27%5C%0A%00?", TEMPLATE_SUMMARY, "\"https://api/v1\"",
           "{\"x\":\"'\\\\\\n\\u0000?\"}");
    expect("{api}?", TEMPLATE_SUMMARY, "\"https://api/v1\"", "{}");
}

static void a_parameter_that_is_there_twice_has_two_values(void **state)
{
    (void)state;
    expect("{api}?f=a&x=1&f={no}&f=c", TEMPLATE_SUMMARY, "\"https://api/v1\"",
           "{\"f\":[\"a\",\"7\",\"c\"],\"x\":\"1\"}");
}

static void columns_may_have_any_name(void **state)
{
    (void)state;
    expect("{api}/{it's \\}", TEMPLATE_SUMMARY, "\"https://api/v1/q\"", "{}");
    expect("{api}/{dot.ted}/{address.city}/{address.at.x}", TEMPLATE_SUMMARY,
           "\"https://api/v1/whole/Porto/1\"", "{}");
    expect("{api}?a?={address.city}", TEMPLATE_SUMMARY, "\"https://api/v1\"", "{\"a?\":\"Porto\"}");
}

static void a_location_without_the_column_is_an_error_that_names_it(void **state)
{
    static const char *const names[] = {"none",         "empty",     "nothing", "list",
                                        "address",      "none.city", "shop.x",  "address.none",
                                        "address.at.y", "what?&=#"};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        char text[100], wanted[100];
        struct arena a;
        arena_init(&a, 0);
        (void)snprintf(text, sizeof(text), "{api}/{%s}?x={%s}", names[i], names[i]);
        (void)snprintf(wanted, sizeof(wanted), "the location a/b has no %s", names[i]);
        struct template t = read_as(&a, text, TEMPLATE_SUMMARY);
        assert_string_equal(evaluated(t.url), wanted);
        assert_string_equal(evaluated(t.query), wanted);
        arena_done(&a);
    }
}

static void it_says_how_pages_are_told_apart(void **state)
{
    struct arena a;
    (void)state;
    arena_init(&a, 0);
    struct template t = read_as(&a, "{api}/{page}", TEMPLATE_PAGE);
    assert_true(t.has_page && !t.has_offset);
    t = read_as(&a, "{api}?o={offset}", TEMPLATE_PAGE);
    assert_true(!t.has_page && t.has_offset);
    t = read_as(&a, "{api}?offset=1", TEMPLATE_PAGE);
    assert_true(!t.has_page && !t.has_offset);
    arena_done(&a);
}

static void slashes_at_the_end_of_an_api_are_left_out(void **state)
{
    (void)state;
    expect("https://{shop}/v1//", TEMPLATE_API, "\"https://Caf%C3%A9%20%26%20co/v1\"", "{}");
    expect("https://x/v1/", TEMPLATE_SUMMARY, "\"https://x/v1/\"", "{}");
}

static void what_is_no_template_is_refused(void **state)
{
    static const struct {
        const char *text;
        enum template_kind kind;
        const char *message;
    } cases[] = {
        {"", TEMPLATE_PAGE, "begins with neither"},
        {"example.com/{type}", TEMPLATE_PAGE, "begins with neither"},
        {"ftp://x", TEMPLATE_API, "begins with neither"},
        {"https://", TEMPLATE_API, "begins with neither"},
        {"?x={api}", TEMPLATE_PAGE, "begins with neither"},
        {"{api}/{type", TEMPLATE_PAGE, "a { without its }"},
        {"{api}?x={type", TEMPLATE_PAGE, "a { without its }"},
        {"{api}/type}", TEMPLATE_PAGE, "a } without its {"},
        {"{api}?a}=b", TEMPLATE_PAGE, "a } without its {"},
        {"{api}/{}", TEMPLATE_PAGE, "{} has no name"},
        {"{api}/{{type}}", TEMPLATE_PAGE, "is not a name in braces"},
        {"{api}/{a\nb}", TEMPLATE_PAGE, "is not a name in braces"},
        {"{api}/{type}", TEMPLATE_SUMMARY, "{type} is not known here"},
        {"{api}?p={page}", TEMPLATE_SUMMARY, "{page} is not known here"},
        {"{api}/x", TEMPLATE_API, "{api} is not known here"},
        {"https://x?y=1", TEMPLATE_API, "no parameters"},
        {"https://x/#y", TEMPLATE_API, "'#' has no meaning"},
        {"{api}?x=#", TEMPLATE_PAGE, "'#' has no meaning"},
        {"{api}?x=5%", TEMPLATE_PAGE, "a % without two digits"},
        {"{api}?x=%2", TEMPLATE_PAGE, "a % without two digits"},
        {"{api}?%zz=1", TEMPLATE_PAGE, "a % without two digits"},
        {"{api}?x=%C3", TEMPLATE_PAGE, "is not UTF-8"},
        {"{api}/\xC3", TEMPLATE_PAGE, "it is not UTF-8"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        expect_refused(cases[i].text, cases[i].kind, STATUS_INVALID, cases[i].message);
}

static void a_name_has_at_most_32_dots(void **state)
{
    char text[100] = "{api}?x={";
    struct arena a;
    (void)state;
    memset(text + 9, '.', TEMPLATE_DEPTH + 1);
    memcpy(text + 9 + TEMPLATE_DEPTH + 1, "}", 2);
    expect_refused(text, TEMPLATE_SUMMARY, STATUS_LIMIT, "more than 32 dots");
    memcpy(text + 9 + TEMPLATE_DEPTH, "}", 2);
    arena_init(&a, 0);
    struct template t = read_as(&a, text, TEMPLATE_SUMMARY);
    assert_non_null(strstr(evaluated(t.query), "the location a/b has no ...."));
    arena_done(&a);
}

static void limits_hold(void **state)
{
    char text[TEMPLATE_MAX + 2] = "https://x/";
    (void)state;
    memset(text + 10, 'a', sizeof(text) - 11);
    text[TEMPLATE_MAX + 1] = 0;
    expect_refused(text, TEMPLATE_PAGE, STATUS_LIMIT, "more than 4096 bytes");
    text[TEMPLATE_MAX] = 0;
    struct arena a;
    arena_init(&a, 0);
    (void)read_as(&a, text, TEMPLATE_PAGE);
    arena_done(&a);

    size_t n = 0;
    for (int i = 0; i <= TEMPLATE_PIECES; i++, n += 4)
        memcpy(text + n, "{no}", 5);
    expect_refused(text, TEMPLATE_PAGE, STATUS_LIMIT, "more than 100 names");
    arena_init(&a, 0);
    (void)read_as(&a, text + 4, TEMPLATE_PAGE);
    arena_done(&a);

    n = (size_t)snprintf(text, sizeof(text), "{api}?");
    for (int i = 0; i <= TEMPLATE_PARAMETERS; i++)
        n += (size_t)snprintf(text + n, sizeof(text) - n, "a=%d&", i);
    expect_refused(text, TEMPLATE_PAGE, STATUS_LIMIT, "more than 100 parameters");
    *strrchr(text, 'a') = 0;
    arena_init(&a, 0);
    (void)read_as(&a, text, TEMPLATE_PAGE);
    arena_done(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_path_has_encoded_values),
        cmocka_unit_test(what_an_address_begins_with_is_taken_as_it_is),
        cmocka_unit_test(parameters_are_decoded_and_not_encoded_again),
        cmocka_unit_test(a_parameter_that_is_there_twice_has_two_values),
        cmocka_unit_test(columns_may_have_any_name),
        cmocka_unit_test(a_location_without_the_column_is_an_error_that_names_it),
        cmocka_unit_test(it_says_how_pages_are_told_apart),
        cmocka_unit_test(slashes_at_the_end_of_an_api_are_left_out),
        cmocka_unit_test(what_is_no_template_is_refused),
        cmocka_unit_test(a_name_has_at_most_32_dots),
        cmocka_unit_test(limits_hold),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
