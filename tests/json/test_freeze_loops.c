/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Loops as workflows have them: each round is an evaluation that borrows from the document of the
 * round before and freezes its result. Time per round must not grow, memory must stay in proportion
 * to the value.
 */
#include "json_test.h"
#include <malloc.h>
#include <time.h>

#if defined(__SANITIZE_ADDRESS__) || defined(AFFLUX_SLOW_TESTS)
enum { PAGE_ROUNDS = 20000, APPEND_ROUNDS = 4000 };
#else
enum { PAGE_ROUNDS = 1000000, APPEND_ROUNDS = 10000 };
#endif

enum { SPAN = APPEND_ROUNDS / 10, HEAP_NOISE = 65536 }; /* buffers of stdio, caches of malloc */

static double now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t); /* the machine may be busy with other things */
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* Bytes in use by malloc; constant under AddressSanitizer, which looks for leaks itself. */
static size_t heap_bytes(void)
{
    struct mallinfo2 info = mallinfo2();
    return info.uordblks + info.hblkhd;
}

static struct json_doc *page_doc(size_t bytes)
{
    struct buf text;
    buf_init(&text, SIZE_MAX);
    buf_add(&text, STR("{\"rows\":["));
    for (unsigned i = 0; text.n < bytes; i++)
        buf_printf(&text, "%s{\"id\":\"row-%07u\",\"amount\":%u.25,\"name\":\"some name %u\"}",
                   i ? "," : "", i, i, i);
    buf_add(&text, STR("]}"));
    struct json_doc *doc;
    struct error err;
    assert_int_equal(json_parse(buf_str(&text), NULL, &doc, &err), STATUS_OK);
    buf_done(&text);
    return doc;
}

static struct json_doc *frozen_from(struct json_doc *source, struct json_val v)
{
    struct json_freeze_options options = {
        .sources = &source, .source_count = 1, .numbers = JSON_NUMBERS_DOUBLES};
    return frozen(v, &options);
}

/* {page: page, n: n} */
static struct json_val state_of(struct json_shapes *shapes, struct json_val page, double n)
{
    struct json_obj_builder b;
    json_obj_begin(&b, shapes, 2);
    json_obj_put(&b, STR("page"), JSON_ASCII | JSON_PLAIN, page);
    json_obj_put(&b, STR("n"), JSON_ASCII | JSON_PLAIN, json_num(n));
    return json_obj_end(&b);
}

static void run_page_loop(struct json_val (*pick)(struct json_val root), const char *what)
{
    size_t heap_before = heap_bytes();
    struct json_doc *page = page_doc(1000000);
    size_t page_bytes = json_doc_bytes(page);
    struct arena arena;
    arena_init(&arena, 0);
    struct json_shapes shapes;
    json_shapes_init(&shapes, &arena);
    struct json_doc *state = frozen_from(page, state_of(&shapes, pick(json_doc_root(page)), 0));
    struct json_val kept = json_get(json_doc_root(state), STR("page"));
    json_doc_unref(page);
    size_t heap_started = heap_bytes();
    double start = now_ns();
    for (int i = 1; i <= PAGE_ROUNDS; i++) {
        arena_reset(&arena);
        json_shapes_init(&shapes, &arena);
        struct json_val root = json_doc_root(state);
        double n = json_number(json_get(root, STR("n")));
        struct json_doc *next =
            frozen_from(state, state_of(&shapes, json_get(root, STR("page")), n + 1));
        json_doc_unref(state);
        state = next;
    }
    printf("# %s: %.0f ns/round\n", what, (now_ns() - start) / PAGE_ROUNDS);
    struct json_val root = json_doc_root(state);
    assert_ptr_equal(json_get(root, STR("page")).any, kept.any);
    assert_true(json_number(json_get(root, STR("n"))) == PAGE_ROUNDS);
    assert_int_equal(json_doc_held_count(state), 1);
    assert_int_equal(json_doc_held_bytes(state), page_bytes);
    assert_true(json_doc_bytes(state) < 2000);
    assert_true(heap_bytes() < heap_started + 200000);
    arena_done(&arena);
    json_doc_unref(state);
    assert_true(heap_bytes() < heap_before + HEAP_NOISE);
}

static struct json_val pick_all(struct json_val root)
{
    return root;
}

static struct json_val pick_rows(struct json_val root)
{
    return json_get(root, STR("rows"));
}

static void a_page_and_a_counter_go_round_without_copying_the_page(void **state)
{
    (void)state;
    run_page_loop(pick_all, "page and counter");
}

static void most_of_a_page_goes_round_without_being_counted_each_time(void **state)
{
    (void)state;
    run_page_loop(pick_rows, "rows of a page and counter");
}

static struct json_val item_of(struct arena *arena, int i, bool is_object)
{
    if (!is_object)
        return json_num(i);
    struct json_shapes *shapes = arena_alloc(arena, sizeof(*shapes));
    json_shapes_init(shapes, arena);
    struct json_obj_builder b;
    json_obj_begin(&b, shapes, 2);
    str name = arena_printf(arena, "item number %d", i);
    json_obj_put(&b, STR("name"), JSON_ASCII | JSON_PLAIN, json_string(name, JSON_ASCII));
    json_obj_put(&b, STR("i"), JSON_ASCII | JSON_PLAIN, json_num(i));
    return json_obj_end(&b);
}

static void check_list(struct json_val list, bool is_object)
{
    assert_int_equal(list.len, APPEND_ROUNDS);
    for (uint32_t i = 0; i < list.len; i++) {
        struct json_val n = is_object ? json_get(list.items[i], STR("i")) : list.items[i];
        assert_true(json_number(n) == i);
        if (is_object) {
            char name[32];
            int length = snprintf(name, sizeof(name), "item number %u", i);
            assert_true(str_eq(json_str(json_get(list.items[i], STR("name"))),
                               (str){name, (size_t)length}));
        }
    }
}

/* {page: list, n: n}, and with a page beside it the list must find a document of its own. */
static void run_append_loop(bool is_object, bool with_page, size_t item_bytes, const char *what)
{
    size_t heap_before = heap_bytes();
    struct json_doc *page = with_page ? page_doc(200000) : NULL;
    size_t page_bytes = with_page ? json_doc_bytes(page) : 0;
    struct arena arena;
    arena_init(&arena, 0);
    struct json_shapes shapes;
    json_shapes_init(&shapes, &arena);
    struct json_val first =
        state_of(&shapes, json_array(NULL, 0), 0); /* page: the list, n: the page or a number */
    if (with_page)
        ((struct json_object *)(uintptr_t)first.obj)->vals[1] = json_doc_root(page);
    struct json_doc *state = page ? frozen_from(page, first) : frozen(first, NULL);
    json_doc_unref(page);
    double start = now_ns(), first_span = 0, last_span = 0;
    for (int i = 0; i < APPEND_ROUNDS; i++) {
        arena_reset(&arena);
        json_shapes_init(&shapes, &arena);
        struct json_val root = json_doc_root(state);
        struct json_val list =
            appended(&arena, json_get(root, STR("page")), item_of(&arena, i, is_object));
        struct json_val next_root = state_of(&shapes, list, i);
        if (with_page)
            ((struct json_object *)(uintptr_t)next_root.obj)->vals[1] = json_get(root, STR("n"));
        struct json_doc *next = frozen_from(state, next_root);
        json_doc_unref(state);
        state = next;
        if (i == SPAN - 1)
            first_span = now_ns() - start;
        if (i == APPEND_ROUNDS - SPAN - 1)
            last_span = now_ns();
    }
    last_span = now_ns() - last_span;
    printf("# %s: %.0f ns/round in the first %d, %.0f in the last\n", what, first_span / SPAN, SPAN,
           last_span / SPAN);
    check_list(json_get(json_doc_root(state), STR("page")), is_object);
    assert_in_range(json_doc_held_count(state), 1, with_page ? 2 : 1);
    /* room of half the list, and the shape once */
    assert_true(json_doc_held_bytes(state) - page_bytes < APPEND_ROUNDS * item_bytes * 2);
    arena_done(&arena);
    assert_true(heap_bytes() <
                heap_before + page_bytes * 2 + APPEND_ROUNDS * item_bytes * 6 + 100000);
    json_doc_unref(state);
    assert_true(heap_bytes() < heap_before + HEAP_NOISE);
    /* a round that copies the list would cost the last ones ten times as much and more */
    assert_true(last_span < 8 * first_span + 5e6);
}

static void a_list_of_numbers_grows_in_place(void **state)
{
    (void)state;
    run_append_loop(false, false, 16, "append a number");
}

static void a_list_of_objects_grows_in_place(void **state)
{
    (void)state;
    run_append_loop(true, false, 96, "append an object");
}

static void a_list_grows_in_place_beside_a_page(void **state)
{
    (void)state;
    run_append_loop(true, true, 96, "append an object beside a page");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_page_and_a_counter_go_round_without_copying_the_page),
        cmocka_unit_test(most_of_a_page_goes_round_without_being_counted_each_time),
        cmocka_unit_test(a_list_of_numbers_grows_in_place),
        cmocka_unit_test(a_list_of_objects_grows_in_place),
        cmocka_unit_test(a_list_grows_in_place_beside_a_page),
    };
    return cmocka_run_group_tests_name("json freeze in loops", tests, NULL, NULL);
}
