/* SPDX-License-Identifier: Apache-2.0 */
#include "json_test.h"
#include <math.h>

/* [base, base + 1, …], count of them, with text of `pad` bytes at the end. */
static struct json_doc *list_doc(unsigned base, unsigned count, unsigned pad)
{
    struct buf b;
    buf_init(&b, SIZE_MAX);
    buf_add_byte(&b, '[');
    for (unsigned i = 0; i < count; i++)
        buf_printf(&b, "%u,", base + i);
    buf_add_byte(&b, '"');
    buf_add_fill(&b, 'x', pad);
    buf_add(&b, STR("\"]"));
    struct json_doc *doc;
    assert_int_equal(json_parse(buf_str(&b), NULL, &doc, NULL), STATUS_OK);
    buf_done(&b);
    return doc;
}

static struct json_doc *frozen_with(struct json_val v, struct json_doc **sources, size_t count)
{
    struct json_freeze_options options = {.sources = sources, .source_count = count};
    return frozen(v, &options);
}

/* {a: first, b: second} */
static struct json_val pair_of(struct arena *arena, struct json_val first, struct json_val second)
{
    struct json_shapes *shapes = arena_alloc(arena, sizeof(*shapes));
    json_shapes_init(shapes, arena);
    struct json_obj_builder b;
    json_obj_begin(&b, shapes, 2);
    json_obj_put(&b, STR("a"), JSON_ASCII | JSON_PLAIN, first);
    json_obj_put(&b, STR("b"), JSON_ASCII | JSON_PLAIN, second);
    return json_obj_end(&b);
}

static struct json_val member(struct json_doc *doc, const char *key)
{
    return json_get(json_doc_root(doc), str_of(key));
}

static enum status freeze_error(struct json_val v, const struct json_freeze_options *options,
                                const char *name)
{
    struct json_doc *doc = NULL;
    struct error err = {0};
    enum status status = json_freeze(v, options, &doc, &err);
    assert_null(doc);
    assert_string_equal(err.name, name);
    return status;
}

static void a_frozen_value_owns_everything(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "null",
        "\"text\"",
        "[]",
        "{}",
        "[1,\"\",true,false,{\"a\":[{\"b\":1.0}],\"c\":9007199254740993}]",
        "{\"k0\":0,\"k1\":1,\"k2\":2,\"k3\":3,\"k4\":4,\"k5\":5,\"k6\":6,\"k7\":7,\"k8\":8}"};
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        struct json_doc *source = doc_of(texts[i]);
        struct json_doc *copy = frozen_with(json_doc_root(source), &source, 1);
        json_doc_unref(source);
        assert_text(json_doc_root(copy), 0, texts[i]);
        assert_int_equal(json_doc_held_count(copy), 0);
        assert_int_equal(json_doc_text(copy).n, 0);
        json_doc_unref(copy);
    }
}

/* Many objects with equal keys, each from a document of its own, and some that differ from them. */
static void objects_with_equal_keys_share_a_shape(void **state)
{
    (void)state;
    enum { COUNT = 200 };
    static const char *const texts[] = {
        "{\"a\":1,\"b\":{\"c\":2}}", "{\"b\":{\"c\":2},\"a\":1}", "{\"a\":1}", "{\"a\":1,\"b2\":1}",
        "{\"a1\":1,\"b\":1}",        "{\"x\":1,\"b\":1}",         "{}"};
    struct json_doc *sources[COUNT];
    struct json_val items[COUNT];
    struct buf expected;
    buf_init(&expected, SIZE_MAX);
    for (size_t i = 0; i < COUNT; i++) {
        const char *text = texts[i % 2 ? i / 2 % ARRAY_LEN(texts) : 0];
        sources[i] = doc_of(text);
        items[i] = json_doc_root(sources[i]);
        buf_printf(&expected, "%c%s", i == 0 ? '[' : ',', text);
    }
    buf_add_byte(&expected, ']');
    buf_add_byte(&expected, '\0');
    struct json_doc *copy = frozen_with(json_array(items, COUNT), sources, COUNT);
    struct json_val root = json_doc_root(copy);
    for (size_t i = 0; i < COUNT; i++)
        json_doc_unref(sources[i]);
    for (size_t i = 0; i < COUNT; i += 2)
        assert_ptr_equal(root.items[i].obj->shape, root.items[0].obj->shape);
    assert_text(root, 0, buf_str(&expected).p);
    json_doc_unref(copy);
    buf_done(&expected);
}

static void what_only_evaluators_know_is_cleared(void **state)
{
    (void)state;
    struct json_val items[3] = {json_undefined(),
                                {.tag = JSON_FUNCTION},
                                json_string(STR("s"), JSON_ASCII | JSON_GROW | JSON_FLAG_USER)};
    items[2].extra = 7;
    struct json_val v = json_array(items, 3);
    v.flags = JSON_FLAG_USER;
    v.extra = 9;
    struct json_doc *doc = frozen(v, NULL);
    struct json_val root = json_doc_root(doc);
    assert_text(root, 0, "[null,\"\",\"s\"]");
    assert_int_equal(root.flags, 0);
    assert_int_equal(root.extra, 0);
    assert_int_equal(root.items[2].flags, JSON_ASCII);
    assert_int_equal(root.items[2].extra, 0);
    json_doc_unref(doc);
}

static void what_is_no_value_is_refused(void **state)
{
    (void)state;
    struct json_val infinite = json_num(HUGE_VAL);
    assert_int_equal(freeze_error(json_undefined(), NULL, "JsonValue"), STATUS_INVALID);
    assert_int_equal(freeze_error((struct json_val){.tag = JSON_FUNCTION}, NULL, "JsonValue"),
                     STATUS_INVALID);
    assert_int_equal(freeze_error(json_array(&infinite, 1), NULL, "JsonNumber"), STATUS_INVALID);
}

static void numbers_become_doubles_on_request(void **state)
{
    (void)state;
    struct json_doc *source = doc_of("[1.0,9007199254740993,1e2]");
    struct json_freeze_options options = {
        .sources = &source, .source_count = 1, .numbers = JSON_NUMBERS_DOUBLES};
    struct json_doc *doc = frozen(json_doc_root(source), &options);
    assert_text(json_doc_root(doc), 0, "[1,9007199254740992,100]");
    json_doc_unref(doc);
    doc = frozen(json_doc_root(source), NULL);
    assert_text(json_doc_root(doc), 0, "[1.0,9007199254740993,1e2]");
    json_doc_unref(doc);
    options.numbers = JSON_NUMBERS_EXACT;
    doc = frozen(json_doc_root(source), &options);
    assert_text(json_doc_root(doc), 0, "[1,9007199254740993,100]");
    json_doc_unref(doc);
    json_doc_unref(source);
    source = doc_of("[-123456789012345678901234567890,1234567890123456.5,-0,0.10]");
    doc = frozen(json_doc_root(source), &options);
    assert_text(json_doc_root(doc), 0,
                "[-123456789012345678901234567890,1234567890123456.5,0,0.1]");
    json_doc_unref(doc);
    json_doc_unref(source);
    options.numbers = JSON_NUMBERS_DOUBLES;
    source = doc_of("[1e999]");
    assert_int_equal(freeze_error(json_doc_root(source), &options, "JsonNumber"), STATUS_INVALID);
    json_doc_unref(source);
}

static void doubles_are_doubles_in_large_parts_as_well(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b, SIZE_MAX);
    buf_add(&b, STR("[1.0,\""));
    buf_add_fill(&b, 'x', 9000);
    buf_add(&b, STR("\"]"));
    struct json_doc *source;
    assert_int_equal(json_parse(buf_str(&b), NULL, &source, NULL), STATUS_OK);
    struct json_freeze_options options = {
        .sources = &source, .source_count = 1, .numbers = JSON_NUMBERS_DOUBLES};
    struct json_doc *doc = frozen(json_doc_root(source), &options);
    assert_int_equal(json_doc_root(doc).items[0].tag, JSON_NUMBER);
    json_doc_unref(doc);
    json_doc_unref(source);
    buf_done(&b);
}

static void a_large_part_is_kept_by_reference(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, 0);
    struct json_doc *source = list_doc(0, 1000, 0);
    struct json_val page = json_doc_root(source);
    struct json_doc *doc = frozen_with(pair_of(&arena, page, json_num(1)), &source, 1);
    size_t bytes = json_doc_bytes(source);
    arena_done(&arena);
    json_doc_unref(source);
    assert_ptr_equal(member(doc, "a").items, page.items);
    assert_int_equal(json_doc_held_count(doc), 1);
    assert_int_equal(json_doc_held_bytes(doc), bytes);
    assert_true(json_doc_bytes(doc) < 2000);
    assert_true(json_number(page.items[999]) == 999);
    json_doc_unref(doc);
}

static void a_small_part_of_a_page_is_copied(void **state)
{
    (void)state;
    struct json_doc *source = list_doc(0, 10000, 5000);
    struct json_doc *doc = frozen_with(json_doc_root(source).items[10000], &source, 1);
    json_doc_unref(source); /* a string over 4 KB, but far from a quarter of its document */
    assert_int_equal(json_doc_held_count(doc), 0);
    assert_int_equal(json_doc_root(doc).len, 5000);
    assert_int_equal(json_doc_root(doc).ptr[4999], 'x');
    json_doc_unref(doc);
}

static void a_long_string_is_kept_by_reference(void **state)
{
    (void)state;
    struct json_doc *source = list_doc(0, 10, 50000);
    struct json_val text = json_doc_root(source).items[10];
    struct json_doc *doc = frozen_with(text, &source, 1);
    json_doc_unref(source);
    assert_ptr_equal(json_doc_root(doc).ptr, text.ptr);
    assert_int_equal(json_doc_held_count(doc), 1);
    json_doc_unref(doc);
}

static void no_chain_of_documents_forms(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, 0);
    struct json_doc *page = list_doc(0, 1000, 0);
    struct json_doc *first =
        frozen_with(pair_of(&arena, json_doc_root(page), json_num(1)), &page, 1);
    struct json_doc *second =
        frozen_with(pair_of(&arena, json_doc_root(first), json_num(2)), &first, 1);
    json_doc_unref(first);
    json_doc_unref(page);
    assert_int_equal(json_doc_held_count(second), 1);
    struct json_val kept = json_get(member(second, "a"), STR("a"));
    assert_true(json_number(kept.items[999]) == 999);
    json_doc_unref(second);
    arena_done(&arena);
}

static void eight_documents_are_held_and_the_rest_is_copied(void **state)
{
    (void)state;
    enum { PAGES = 11 };
    struct json_doc *pages[PAGES];
    struct arena arena;
    arena_init(&arena, 0);
    struct json_val v = json_null();
    for (unsigned i = 0; i < PAGES; i++) {
        pages[i] = list_doc(i, 1000, 0);
        v = pair_of(&arena, json_doc_root(pages[i]), v);
    }
    struct json_doc *doc = frozen_with(v, pages, PAGES);
    for (unsigned i = 0; i < PAGES; i++)
        json_doc_unref(pages[i]);
    assert_int_equal(json_doc_held_count(doc), JSON_MAX_HELD);
    struct json_val at = json_doc_root(doc);
    for (unsigned i = PAGES; i-- > 0; at = json_get(at, STR("b")))
        assert_true(json_number(json_get(at, STR("a")).items[0]) == i);
    json_doc_unref(doc);
    arena_done(&arena);
}

static void any_number_of_sources_is_searched(void **state)
{
    (void)state;
    enum { SOURCES = 100 };
    struct json_doc *sources[SOURCES];
    for (unsigned i = 0; i < SOURCES; i++)
        sources[i] = list_doc(i, 1000, 0);
    for (unsigned i = 0; i < SOURCES; i++) {
        struct json_doc *doc = frozen_with(json_doc_root(sources[i]), sources, SOURCES);
        assert_int_equal(json_doc_held_count(doc), 1);
        assert_ptr_equal(json_doc_root(doc).items, json_doc_root(sources[i]).items);
        json_doc_unref(doc);
    }
    for (unsigned i = 0; i < SOURCES; i++)
        json_doc_unref(sources[i]);
}

static void limits_hold(void **state)
{
    (void)state;
    struct json_val levels[JSON_MAX_DEPTH + 1], v = json_array(NULL, 0);
    for (int i = 0; i < JSON_MAX_DEPTH; i++) {
        levels[i] = v;
        v = json_array(&levels[i], 1);
    }
    assert_int_equal(freeze_error(v, NULL, "JsonTooDeep"), STATUS_LIMIT);
    struct json_doc *doc = frozen(levels[JSON_MAX_DEPTH - 1], NULL);
    json_doc_unref(doc);
    struct json_doc *source = doc_of("[\"0123456789\"]");
    struct json_freeze_options options = {.max_bytes = 20};
    assert_int_equal(freeze_error(json_doc_root(source), &options, "JsonTooLarge"), STATUS_LIMIT);
    options.max_bytes = 2000;
    doc = frozen(json_doc_root(source), &options);
    json_doc_unref(doc);
    json_doc_unref(source);
}

static void depth_counts_through_kept_parts(void **state)
{
    (void)state;
    enum { DEEP = 800 };
    struct buf b;
    buf_init(&b, SIZE_MAX);
    buf_add_fill(&b, '[', DEEP);
    buf_add_byte(&b, '"');
    buf_add_fill(&b, 'x', 9000);
    buf_add_byte(&b, '"');
    buf_add_fill(&b, ']', DEEP);
    struct json_doc *source;
    assert_int_equal(json_parse(buf_str(&b), NULL, &source, NULL), STATUS_OK);
    buf_done(&b);
    struct json_val levels[DEEP], v = json_doc_root(source);
    struct json_freeze_options options = {.sources = &source, .source_count = 1};
    for (int i = 0; i < JSON_MAX_DEPTH - DEEP; i++) {
        levels[i] = v;
        v = json_array(&levels[i], 1);
    }
    struct json_doc *doc = frozen(v, &options);
    assert_int_equal(json_doc_held_count(doc), 1);
    json_doc_unref(doc);
    struct json_val more = json_array(&v, 1);
    assert_int_equal(freeze_error(more, &options, "JsonTooDeep"), STATUS_LIMIT);
    json_doc_unref(source);
}

/* ---- arrays that grow ---- */

/* A frozen array of 300 numbers with room behind it. */
static struct json_doc *growing_doc(void)
{
    struct json_doc *source = list_doc(0, 300, 0), *doc = frozen(json_doc_root(source), NULL);
    json_doc_unref(source);
    assert_true(json_doc_root(doc).flags & JSON_GROW);
    return doc;
}

static void an_array_appended_to_is_not_copied(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, 0);
    struct json_doc *first = growing_doc();
    struct json_val old = json_doc_root(first);
    struct json_val text = json_string(arena_dup(&arena, STR("new one")), JSON_ASCII);
    struct json_val list = appended(&arena, old, pair_of(&arena, text, json_num(5)));
    assert_ptr_equal(list.items, old.items);
    struct json_doc *second = frozen_with(list, &first, 1);
    arena_done(&arena);
    json_doc_unref(first);
    assert_ptr_equal(json_doc_root(second).items, old.items);
    assert_int_equal(json_doc_root(second).len, old.len + 1);
    assert_text(json_doc_root(second).items[old.len], 0, "{\"a\":\"new one\",\"b\":5}");
    assert_int_equal(json_doc_held_count(second), 1);
    json_doc_unref(second);
}

static void of_two_who_append_the_second_gets_a_copy(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, 0);
    struct json_doc *first = growing_doc();
    struct json_val old = json_doc_root(first);
    struct json_doc *left = frozen_with(appended(&arena, old, json_num(-1)), &first, 1);
    struct json_doc *right = frozen_with(appended(&arena, old, json_num(-2)), &first, 1);
    assert_ptr_not_equal(json_doc_root(left).items, json_doc_root(right).items);
    assert_true(json_doc_root(left).items[old.len].num == -1);
    assert_true(json_doc_root(right).items[old.len].num == -2);
    assert_int_equal(json_doc_root(first).len, old.len);
    json_doc_unref(first);
    json_doc_unref(left);
    json_doc_unref(right);
    arena_done(&arena);
}

static void what_a_failed_evaluation_appended_is_never_read(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, 0);
    struct json_doc *first = growing_doc();
    struct json_val old = json_doc_root(first);
    struct json_val lost = json_string(arena_dup(&arena, STR("lost")), JSON_ASCII);
    assert_ptr_equal(appended(&arena, old, lost).items, old.items);
    arena_reset(&arena); /* it failed, nothing is frozen */
    struct json_val list = appended(&arena, old, json_num(7));
    assert_ptr_not_equal(list.items, old.items);
    struct json_doc *second = frozen_with(list, &first, 1);
    json_doc_unref(first);
    arena_done(&arena);
    assert_int_equal(json_doc_root(second).len, old.len + 1);
    assert_true(json_doc_root(second).items[old.len].num == 7);
    json_doc_unref(second);
}

static void two_lengths_of_one_array_can_be_frozen_together(void **state)
{
    (void)state;
    for (int order = 0; order < 2; order++) {
        struct arena arena;
        arena_init(&arena, 0);
        struct json_doc *first = growing_doc();
        struct json_val text = json_string(arena_dup(&arena, STR("x")), JSON_ASCII);
        struct json_val one = appended(&arena, json_doc_root(first), pair_of(&arena, text, text));
        struct json_val two = appended(&arena, one, json_array(&one, 1));
        struct json_doc *second =
            frozen_with(pair_of(&arena, order ? one : two, order ? two : one), &first, 1);
        json_doc_unref(first);
        arena_done(&arena);
        struct json_val longer = member(second, order ? "b" : "a");
        struct json_val shorter = member(second, order ? "a" : "b");
        assert_int_equal(longer.len, shorter.len + 1);
        assert_true(json_equal(longer.items[shorter.len].items[0], shorter));
        assert_text(shorter.items[shorter.len - 1], 0, "{\"a\":\"x\",\"b\":\"x\"}");
        json_doc_unref(second);
    }
}

static void a_full_array_moves_to_a_larger_one(void **state)
{
    (void)state;
    struct json_doc *doc = growing_doc();
    uint32_t cap = json_grow_of(json_doc_root(doc))->cap;
    assert_in_range(cap, 301 * 3 / 2, 301 * 2);
    unsigned moves = 0;
    for (unsigned i = 0; i < 1000; i++) {
        struct arena arena;
        arena_init(&arena, 0);
        struct json_val old = json_doc_root(doc);
        struct json_doc *next = frozen_with(appended(&arena, old, json_num(i)), &doc, 1);
        moves += json_doc_root(next).items != old.items;
        json_doc_unref(doc);
        arena_done(&arena);
        doc = next;
    }
    assert_int_equal(json_doc_root(doc).len, 1301);
    assert_true(json_doc_root(doc).items[1300].num == 999);
    assert_in_range(moves, 2, 4);
    json_doc_unref(doc);
}

/* ---- anything, compared by its text ---- */

struct random {
    uint64_t state;
    struct arena arena;
    struct json_doc *docs[4];
};

static unsigned any(struct random *r, unsigned below)
{
    r->state = r->state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (unsigned)(r->state >> 33) % below;
}

/* Some part of some document. */
static struct json_val any_part(struct random *r)
{
    struct json_val v = json_doc_root(r->docs[any(r, ARRAY_LEN(r->docs))]);
    while (json_is_container(v) && v.len > 0 && any(r, 3) != 0) {
        const struct json_val *items = v.tag == JSON_OBJECT ? v.obj->vals : v.items;
        v = items[any(r, 2) ? 0 : any(r, v.len)];
    }
    return v;
}

static struct json_val any_value(struct random *r, unsigned depth)
{
    char text[32];
    switch (depth == 0 ? any(r, 3) : any(r, 9)) {
    case 0: return json_num(any(r, 1000) / 4.0);
    case 1: {
        int n = snprintf(text, sizeof(text), "text %u", any(r, 1000));
        return json_string(arena_dup(&r->arena, (str){text, (size_t)n}), JSON_ASCII);
    }
    case 2: {
        char *p = arena_alloc(&r->arena, 6000);
        memset(p, 'a' + (int)any(r, 26), 6000);
        return json_string((str){p, any(r, 20) ? 10 : 6000}, JSON_ASCII);
    }
    case 3: return pair_of(&r->arena, any_value(r, depth - 1), any_value(r, depth - 1));
    case 4:
    case 5: {
        struct json_val list = any_part(r);
        if (list.tag != JSON_ARRAY)
            list = json_array(NULL, 0);
        for (unsigned i = any(r, 6); i > 0; i--)
            list = appended(&r->arena, list, any_value(r, depth - 1));
        return list;
    }
    case 6: {
        struct json_val list = json_array(NULL, 0);
        for (unsigned i = any(r, 400); i > 0; i--)
            list = appended(&r->arena, list, any(r, 50) ? json_num(i) : any_value(r, 0));
        return list;
    }
    default: return any_part(r);
    }
}

static void whatever_is_frozen_keeps_its_text(void **state)
{
    (void)state;
    struct random r = {.state = 20261001};
    arena_init(&r.arena, 0);
    for (size_t i = 0; i < ARRAY_LEN(r.docs); i++)
        r.docs[i] = list_doc((unsigned)i, 200 + 300 * (unsigned)i, 3000 * (unsigned)i);
    for (unsigned round = 0; round < 3000; round++) {
        struct json_val v = any_value(&r, 1 + any(&r, 4));
        if (any(&r, 10) == 0) { /* an evaluation that fails */
            arena_reset(&r.arena);
            continue;
        }
        struct json_freeze_options options = {
            .sources = r.docs, .source_count = ARRAY_LEN(r.docs), .max_bytes = 3000000};
        char *before = text_of(v, 0);
        struct json_doc *doc = NULL;
        size_t slot = any(&r, ARRAY_LEN(r.docs));
        if (json_freeze(v, &options, &doc, NULL) != STATUS_OK || strlen(before) > 1000000) {
            json_doc_unref(doc);
            doc = list_doc(round, 300, 100);
        } else {
            assert_int_equal(json_doc_root(doc).flags & ~(JSON_ASCII | JSON_PLAIN | JSON_GROW), 0);
        }
        if (json_doc_root(doc).tag == v.tag && strlen(before) <= 1000000) {
            arena_reset(&r.arena);
            json_doc_unref(r.docs[slot]);
            char *after = text_of(json_doc_root(doc), 0);
            if (json_doc_text(doc).n == 0)
                assert_string_equal(before, after);
            free(after);
        } else {
            arena_reset(&r.arena);
            json_doc_unref(r.docs[slot]);
        }
        free(before);
        r.docs[slot] = doc;
    }
    for (size_t i = 0; i < ARRAY_LEN(r.docs); i++)
        json_doc_unref(r.docs[i]);
    arena_done(&r.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_frozen_value_owns_everything),
        cmocka_unit_test(objects_with_equal_keys_share_a_shape),
        cmocka_unit_test(what_only_evaluators_know_is_cleared),
        cmocka_unit_test(what_is_no_value_is_refused),
        cmocka_unit_test(numbers_become_doubles_on_request),
        cmocka_unit_test(doubles_are_doubles_in_large_parts_as_well),
        cmocka_unit_test(a_large_part_is_kept_by_reference),
        cmocka_unit_test(a_small_part_of_a_page_is_copied),
        cmocka_unit_test(a_long_string_is_kept_by_reference),
        cmocka_unit_test(no_chain_of_documents_forms),
        cmocka_unit_test(eight_documents_are_held_and_the_rest_is_copied),
        cmocka_unit_test(any_number_of_sources_is_searched),
        cmocka_unit_test(limits_hold),
        cmocka_unit_test(depth_counts_through_kept_parts),
        cmocka_unit_test(an_array_appended_to_is_not_copied),
        cmocka_unit_test(of_two_who_append_the_second_gets_a_copy),
        cmocka_unit_test(what_a_failed_evaluation_appended_is_never_read),
        cmocka_unit_test(two_lengths_of_one_array_can_be_frozen_together),
        cmocka_unit_test(a_full_array_moves_to_a_larger_one),
        cmocka_unit_test(whatever_is_frozen_keeps_its_text),
    };
    return cmocka_run_group_tests_name("json freeze", tests, NULL, NULL);
}
