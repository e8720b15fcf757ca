/* SPDX-License-Identifier: Apache-2.0 */
/* Paths: what cases as data cannot say. Budgets, sharing, what is kept and what is copied. */
#include "base/buf.h"
#include "json/parse.h"
#include "json/write.h"
#include "jsonpath/path.h"
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static struct json_val parse(struct arena *a, str text)
{
    struct json_val v;
    struct error err;
    assert_int_equal(json_parse_in(a, text, NULL, &v, &err), STATUS_OK);
    return v;
}

static const struct jsonpath *compile(struct arena *a, const char *text)
{
    const struct jsonpath *path = NULL;
    struct error err;
    assert_int_equal(jsonpath_compile(a, str_of(text), &path, &err), STATUS_OK);
    return path;
}

static enum status eval(const struct jsonpath *path, struct json_val root, struct arena *a,
                        struct json_val *ret)
{
    struct error err;
    enum jsonpath_missing missing;
    enum status status = jsonpath_eval(path, root, a, ret, &missing, &err);
    if (status == STATUS_LIMIT)
        assert_string_equal(err.name, "JsonPathLimit");
    return status;
}

/* open x count, middle, close x count */
static struct json_val nested(struct arena *a, const char *open, const char *middle,
                              const char *close, unsigned count)
{
    struct buf text;
    buf_init(&text, SIZE_MAX);
    for (unsigned i = 0; i < count; i++)
        buf_add(&text, str_of(open));
    buf_add(&text, str_of(middle));
    for (unsigned i = 0; i < count; i++)
        buf_add(&text, str_of(close));
    struct json_val v = parse(a, buf_str(&text));
    buf_done(&text);
    return v;
}

static struct json_val many(struct arena *a, uint32_t count)
{
    struct json_val *items = arena_alloc(a, sizeof *items * count);
    for (uint32_t i = 0; i < count; i++)
        items[i] = json_num(i);
    return json_array(items, count);
}

static void the_parts_of_a_path_are_told(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a, 0);
    const struct jsonpath *path = compile(&a, " $order.items[0] ");
    assert_int_equal(jsonpath_root(path), JSONPATH_VARIABLE);
    assert_true(str_eq(jsonpath_variable(path), STR("order")));
    assert_true(str_eq(jsonpath_text(path), STR("$order.items[0]")));
    assert_false(jsonpath_is_root(path));
    assert_true(jsonpath_is_root(compile(&a, "$$")));
    assert_int_equal(jsonpath_root(compile(&a, "$$")), JSONPATH_CONTEXT);
    assert_int_equal(jsonpath_root(compile(&a, "$")), JSONPATH_INPUT);
    arena_done(&a);
}

static void all_items_of_an_array_are_not_copied(void **state)
{
    (void)state;
    struct arena a;
    struct json_val v;
    arena_init(&a, 0);
    struct json_val root = parse(&a, STR("{\"a\": [1, 2, 3]}"));
    const struct jsonpath *all = compile(&a, "$.a[*]"), *rest = compile(&a, "$.a[1:]");
    size_t before = arena_used(&a);
    assert_int_equal(eval(all, root, &a, &v), STATUS_OK);
    assert_ptr_equal(v.items, json_get(root, STR("a")).items);
    assert_int_equal(eval(rest, root, &a, &v), STATUS_OK);
    assert_ptr_equal(v.items, json_get(root, STR("a")).items + 1);
    assert_int_equal(v.len, 2);
    assert_int_equal(arena_used(&a), before);
    arena_done(&a);
}

static void a_scan_reaches_the_deepest_document(void **state)
{
    (void)state;
    struct arena a;
    struct json_val v;
    arena_init(&a, 0);
    struct json_val deep = nested(&a, "{\"a\":", "1", "}", JSON_MAX_DEPTH);
    assert_int_equal(eval(compile(&a, "$..a"), deep, &a, &v), STATUS_OK);
    assert_int_equal(v.len, JSON_MAX_DEPTH);
    assert_int_equal(eval(compile(&a, "$..none"), deep, &a, &v), STATUS_OK);
    assert_int_equal(v.len, 0);
    arena_done(&a);
}

static void scans_within_scans_end_at_a_budget(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "$..a..a..a",
        "$..*..*..*..*",
        "$..[?(@..[?(@..[?(@..[?(@..x == 1)])])])]",
        "$..[?(@..x == 1 || @..[?(@..y == 2)] size 99)]",
    };
    struct arena a;
    struct json_val v;
    arena_init(&a, 0);
    struct json_val deep = nested(&a, "{\"a\":", "1", "}", JSON_MAX_DEPTH);
    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        assert_int_equal(eval(compile(&a, texts[i]), deep, &a, &v), STATUS_LIMIT);
    arena_done(&a);
}

static void too_many_results_are_refused(void **state)
{
    (void)state;
    struct arena a;
    struct json_val v;
    arena_init(&a, 0);
    const struct jsonpath *path = compile(&a, "$..*");
    assert_int_equal(eval(path, many(&a, JSONPATH_MAX_RESULTS), &a, &v), STATUS_OK);
    assert_int_equal(v.len, JSONPATH_MAX_RESULTS);
    assert_int_equal(eval(path, many(&a, JSONPATH_MAX_RESULTS + 1), &a, &v), STATUS_LIMIT);
    arena_done(&a);
}

static void results_stay_within_the_limit_of_the_arena(void **state)
{
    (void)state;
    struct arena a, small;
    struct json_val v;
    arena_init(&a, 0);
    arena_init(&small, 1 << 16);
    assert_int_equal(eval(compile(&a, "$..*"), many(&a, 100000), &small, &v), STATUS_LIMIT);
    arena_done(&small);
    arena_done(&a);
}

static void costly_patterns_end_at_a_budget(void **state)
{
    (void)state;
    struct arena a;
    struct json_val v;
    arena_init(&a, 0);
    struct json_val *items = arena_alloc(&a, sizeof *items * 10000);
    /* more than the little effort, less than all of it */
    for (int i = 0; i < 10000; i++)
        items[i] = json_string(STR("aaaaaaaaaaaaaaac"), 0);
    const struct jsonpath *path = compile(&a, "$[?(@ =~ /(a|aa)*[bd]/)]");
    assert_int_equal(eval(path, json_array(items, 100), &a, &v), STATUS_OK);
    assert_int_equal(eval(path, json_array(items, 10000), &a, &v), STATUS_LIMIT);
    arena_done(&a);
}

static void a_long_text_is_matched(void **state)
{
    (void)state;
    enum { LENGTH = 1000000 };
    struct arena a;
    struct json_val v, item;
    arena_init(&a, 0);
    char *text = arena_alloc(&a, LENGTH);
    memset(text, 'a', LENGTH);
    item = json_string((str){text, LENGTH}, 0);
    const struct jsonpath *path = compile(&a, "$[?(@ =~ /.*b.*/ || @ =~ /.*[bc].*|.*aaa.*a/)]");
    assert_int_equal(eval(path, json_array(&item, 1), &a, &v), STATUS_OK);
    assert_int_equal(v.len, 1);
    arena_done(&a);
}

static void putting_leaves_the_old_value_as_it_was(void **state)
{
    (void)state;
    struct arena a;
    struct json_shapes shapes;
    struct json_val v;
    struct error err;
    struct buf text;
    arena_init(&a, 0);
    json_shapes_init(&shapes, &a);
    str source = STR("{\"a\":{\"b\":[1,{\"c\":2}]},\"d\":{}}");
    struct json_val root = parse(&a, source);
    assert_int_equal(jsonpath_put(compile(&a, "$.a.b[1].c"), root, json_null(), &shapes, &v, &err),
                     STATUS_OK);
    buf_init(&text, SIZE_MAX);
    assert_int_equal(json_write(&text, root, 0, &err), STATUS_OK);
    assert_true(str_eq(buf_str(&text), source));
    /* what lies beside the way is shared, and so are the shapes */
    assert_ptr_equal(json_get(v, STR("d")).obj, json_get(root, STR("d")).obj);
    assert_ptr_equal(v.obj->shape, root.obj->shape);
    buf_done(&text);
    arena_done(&a);
}

static void an_error_without_a_place_for_it_is_allowed(void **state)
{
    (void)state;
    struct arena a;
    const struct jsonpath *path;
    struct json_val v;
    enum jsonpath_missing missing;
    arena_init(&a, 0);
    assert_int_equal(jsonpath_compile(&a, STR("$["), &path, NULL), STATUS_INVALID);
    path = compile(&a, "$.a");
    assert_int_equal(jsonpath_eval(path, json_num(1), &a, &v, &missing, NULL), STATUS_NOT_FOUND);
    assert_int_equal(missing, JSONPATH_MISSING_PARENT);
    arena_done(&a);
}

/* ---- threads ---- */

struct shared {
    const struct jsonpath *path;
    struct json_val root;
};

static void *evaluate_often(void *arg)
{
    enum { ROUNDS = 200 };
    const struct shared *s = arg;
    struct arena a;
    uintptr_t found = 0;
    arena_init(&a, 0);
    for (int i = 0; i < ROUNDS; i++) {
        struct json_val v = json_undefined();
        if (eval(s->path, s->root, &a, &v) == STATUS_OK)
            found += v.len;
        arena_reset(&a);
    }
    arena_done(&a);
    return (void *)found;
}

static void threads_share_a_path(void **state)
{
    (void)state;
    struct arena a;
    pthread_t threads[4];
    arena_init(&a, 0);
    struct shared s = {compile(&a, "$..[?(@.n =~ /x+/i && @.m in [1, 2])].n"),
                       parse(&a, STR("[{\"n\": \"xX\", \"m\": 1}, {\"n\": \"y\", \"m\": 2}]"))};
    for (size_t i = 0; i < ARRAY_LEN(threads); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, evaluate_often, &s), 0);
    for (size_t i = 0; i < ARRAY_LEN(threads); i++) {
        void *found;
        assert_int_equal(pthread_join(threads[i], &found), 0);
        assert_int_equal((uintptr_t)found, 200);
    }
    arena_done(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_parts_of_a_path_are_told),
        cmocka_unit_test(all_items_of_an_array_are_not_copied),
        cmocka_unit_test(a_scan_reaches_the_deepest_document),
        cmocka_unit_test(scans_within_scans_end_at_a_budget),
        cmocka_unit_test(too_many_results_are_refused),
        cmocka_unit_test(results_stay_within_the_limit_of_the_arena),
        cmocka_unit_test(costly_patterns_end_at_a_budget),
        cmocka_unit_test(a_long_text_is_matched),
        cmocka_unit_test(putting_leaves_the_old_value_as_it_was),
        cmocka_unit_test(an_error_without_a_place_for_it_is_allowed),
        cmocka_unit_test(threads_share_a_path),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
