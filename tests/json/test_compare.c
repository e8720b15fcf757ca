/* SPDX-License-Identifier: Apache-2.0 */
#include "json_test.h"

static void expect_equal(const char *a, const char *b, bool is_equal)
{
    struct json_doc *left = doc_of(a), *right = doc_of(b);
    struct json_val x = json_doc_root(left), y = json_doc_root(right);
    if (json_equal(x, y) != is_equal || json_equal(y, x) != is_equal)
        fail_msg("%s and %s", a, b);
    if (is_equal)
        assert_true(json_hash(x, 42) == json_hash(y, 42));
    else
        assert_true(json_hash(x, 42) != json_hash(y, 42));
    json_doc_unref(left);
    json_doc_unref(right);
}

static void equal_values_are_found_equal(void **state)
{
    (void)state;
    expect_equal("1", "1.0", true);
    expect_equal("0", "-0", true);
    expect_equal("9007199254740993", "9007199254740992", true);
    expect_equal("\"a\\u0062\"", "\"ab\"", true);
    expect_equal("[1,[2,{}]]", "[1.0,[2e0,{}]]", true);
    expect_equal("{\"a\":1,\"b\":[2]}", "{\"b\":[2],\"a\":1}", true);
    expect_equal("{\"a\":{\"x\":1,\"y\":2}}", "{\"a\":{\"y\":2,\"x\":1}}", true);
    expect_equal("null", "null", true);
}

static void different_values_are_found_different(void **state)
{
    (void)state;
    expect_equal("1", "2", false);
    expect_equal("1", "\"1\"", false);
    expect_equal("true", "false", false);
    expect_equal("false", "null", false);
    expect_equal("[]", "{}", false);
    expect_equal("[1,2]", "[2,1]", false);
    expect_equal("[1]", "[1,1]", false);
    expect_equal("{\"a\":1}", "{\"b\":1}", false);
    expect_equal("{\"a\":1}", "{\"a\":2}", false);
    expect_equal("{\"a\":1,\"b\":2}", "{\"a\":2,\"b\":1}", false);
    expect_equal("{\"a\":1}", "{\"a\":1,\"b\":1}", false);
}

static void too_deep_is_told_apart(void **state)
{
    (void)state;
    enum { LEVELS = JSON_MAX_DEPTH + 1 };
    struct json_val a[LEVELS], b[LEVELS];
    struct json_val left = json_array(NULL, 0), right = left;
    for (int i = 0; i < LEVELS; i++) {
        a[i] = left;
        b[i] = right;
        left = json_array(&a[i], 1);
        right = json_array(&b[i], 1);
    }
    assert_int_equal(json_compare_equal(left, right), JSON_EQUAL_TOO_DEEP);
    assert_int_equal(json_compare_equal(a[LEVELS - 2], b[LEVELS - 2]), 1);
    assert_true(json_hash(left, 1) == json_hash(right, 1));
}

static void functions_are_equal_to_themselves(void **state)
{
    struct json_val f = {.tag = JSON_FUNCTION, .any = state}, g = {.tag = JSON_FUNCTION, .any = &f};
    assert_true(json_equal(f, f));
    assert_false(json_equal(f, g));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_values_are_found_equal),
        cmocka_unit_test(different_values_are_found_different),
        cmocka_unit_test(too_deep_is_told_apart),
        cmocka_unit_test(functions_are_equal_to_themselves),
    };
    return cmocka_run_group_tests_name("json compare", tests, NULL, NULL);
}
