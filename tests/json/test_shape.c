/* SPDX-License-Identifier: Apache-2.0 */
#include "json_test.h"

static str key_of(char out[16], const char *prefix, unsigned i)
{
    return (str){out, (size_t)snprintf(out, 16, "%s%u", prefix, i)};
}

static void same_keys_in_the_same_order_are_one_shape(void **state)
{
    (void)state;
    struct arena arena;
    struct json_shapes shapes;
    arena_init(&arena, 0);
    json_shapes_init(&shapes, &arena);
    const struct json_shape *found[3];
    for (int i = 0; i < 3; i++) {
        uint32_t at;
        struct shape_node *node = &shapes.root;
        node = json_shapes_step(&shapes, node, i == 2 ? STR("b") : STR("a"), JSON_PLAIN, &at);
        node = json_shapes_step(&shapes, node, i == 2 ? STR("a") : STR("b"), JSON_PLAIN, &at);
        found[i] = json_shapes_of(&shapes, node);
    }
    assert_ptr_equal(found[0], found[1]);
    assert_ptr_not_equal(found[0], found[2]);
    assert_int_equal(found[2]->count, 2);
    assert_int_equal(json_shape_find(found[2], STR("a"), json_key_hash(STR("a"))), 1);
    assert_int_equal(json_shape_find(found[2], STR("c"), json_key_hash(STR("c"))), -1);
    arena_done(&arena);
}

static void a_key_on_the_way_is_told_with_its_position(void **state)
{
    (void)state;
    struct arena arena;
    struct json_shapes shapes;
    char text[16];
    arena_init(&arena, 0);
    json_shapes_init(&shapes, &arena);
    struct shape_node *node = &shapes.root;
    uint32_t at;
    for (unsigned i = 0; i < SHAPE_TRIE_MAX; i++) {
        node = json_shapes_step(&shapes, node, key_of(text, "key", i), JSON_PLAIN, &at);
        assert_non_null(node);
        assert_int_equal(node->count, i + 1);
        assert_null(json_shapes_step(&shapes, node, key_of(text, "key", i / 2), 0, &at));
        assert_int_equal(at, i / 2);
    }
    assert_null(json_shapes_step(&shapes, node, STR("one more"), 0, &at));
    assert_int_equal(at, UINT32_MAX);
    arena_done(&arena);
}

static void keys_are_laid_out_for_the_writer(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, 0);
    static const char *const names[] = {"", "a", "thirteen chars", "more than sixteen bytes in it"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        struct json_key key = json_key_new(&arena, str_of(names[i]), JSON_ASCII);
        assert_int_equal(key.p[-1], '"');
        assert_int_equal(key.p[key.n], '"');
        assert_int_equal(key.p[key.n + 1], ':');
        char head[16];
        memcpy(head, key.p - 1, sizeof(head)); /* can be read: AddressSanitizer would object */
        assert_int_equal(head[0], '"');
        assert_int_equal(key.hash, json_key_hash(str_of(names[i])));
    }
    arena_done(&arena);
}

static void the_builder_makes_objects_of_any_width(void **state)
{
    (void)state;
    static const unsigned widths[] = {0, 1, 5, 8, 9, 128, 129, 1000};
    for (size_t w = 0; w < ARRAY_LEN(widths); w++) {
        struct arena arena;
        struct json_shapes shapes;
        struct json_obj_builder b;
        char text[16];
        arena_init(&arena, 0);
        json_shapes_init(&shapes, &arena);
        json_obj_begin(&b, &shapes, w % 2 ? widths[w] : 0);
        for (unsigned i = 0; i < widths[w]; i++) {
            assert_null(json_obj_find(&b, key_of(text, "k", i)));
            json_obj_put(&b, key_of(text, "k", i), JSON_PLAIN, json_num(i));
            json_obj_put(&b, key_of(text, "k", i / 2), 0, json_num(i / 2 + 0.5));
            assert_true(json_obj_find(&b, key_of(text, "k", i / 2))->num == i / 2 + 0.5);
        }
        struct json_val v = json_obj_end(&b);
        assert_int_equal(v.len, widths[w]);
        for (unsigned i = 0; i < widths[w]; i++) {
            double n = json_number(json_get(v, key_of(text, "k", i)));
            assert_true(n == i || n == i + 0.5);
        }
        arena_done(&arena);
    }
}

static void hashes_of_similar_keys_differ(void **state)
{
    (void)state;
    char a[16], b[16];
    unsigned same = 0;
    for (unsigned i = 0; i < 2000; i++) {
        for (unsigned k = i + 1; k < i + 10; k++)
            same += json_key_hash(key_of(a, "f", i)) == json_key_hash(key_of(b, "f", k));
    }
    assert_int_equal(same, 0);
    assert_int_not_equal(json_key_hash(STR("")), json_key_hash(STR("a")));
    assert_int_not_equal(json_key_hash(STR("ab")), json_key_hash(STR("ba")));
}

static void text_flags_are_found_by_looking(void **state)
{
    (void)state;
    assert_int_equal(json_text_flags(STR("")), JSON_ASCII | JSON_PLAIN);
    assert_int_equal(json_text_flags(STR("all plain, and longer than sixteen")),
                     JSON_ASCII | JSON_PLAIN);
    assert_int_equal(json_text_flags(STR("not plain, and longer than sixteen\n")), JSON_ASCII);
    assert_int_equal(json_text_flags(STR("\"")), JSON_ASCII);
    assert_int_equal(json_text_flags(STR("\xc3\xa9")), JSON_PLAIN);
    assert_int_equal(json_text_flags(STR("\xed\x9f\xbf")), JSON_PLAIN);
    assert_int_equal(json_text_flags(STR("\xed\xa0\x80")), 0);
    assert_int_equal(json_text_flags(STR("\xed\x9f\xbf\xed\xa0\x80")), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_keys_in_the_same_order_are_one_shape),
        cmocka_unit_test(a_key_on_the_way_is_told_with_its_position),
        cmocka_unit_test(keys_are_laid_out_for_the_writer),
        cmocka_unit_test(the_builder_makes_objects_of_any_width),
        cmocka_unit_test(hashes_of_similar_keys_differ),
        cmocka_unit_test(text_flags_are_found_by_looking),
    };
    return cmocka_run_group_tests_name("json shape", tests, NULL, NULL);
}
