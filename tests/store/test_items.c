/* SPDX-License-Identifier: Apache-2.0 */
/* Rows by key in spaces: order, both directions, bounds, counts, and clearing a space. */
#include "support.h"
#include "store/items.h"

enum { SPACE = 7, OTHER = 8 };

/* What a unit of these tests does. */
struct write {
    enum { PUT, DELETE, COUNT, CLEAR } kind;
    int64_t space;
    str key, body;
    int64_t items, bytes;
    bool is_refused; /* after it has written */
    uint32_t cleared;
};

static enum status run_write(struct store_tx *tx, str args, struct arena *scratch,
                             struct error *err)
{
    struct write *w;
    (void)scratch;
    memcpy(&w, args.p, sizeof(w));
    enum status status = STATUS_OK;
    switch (w->kind) {
    case PUT: status = store_tx_put_item(tx, w->space, w->key, w->body, err); break;
    case DELETE: status = store_tx_delete_item(tx, w->space, w->key, err); break;
    case COUNT: status = store_tx_count_items(tx, w->space, w->items, w->bytes, err); break;
    case CLEAR:
        status = store_tx_clear_items(tx, w->space, (uint32_t)w->items, &w->cleared, err);
        break;
    }
    if (status == STATUS_OK && w->is_refused)
        return error_set(err, STATUS_CONFLICT, "Refused", "on purpose");
    return status;
}

static enum status perform(struct world *world, struct write *w)
{
    struct error err;
    struct store_unit unit = {.run = run_write, .args = {(const char *)&w, sizeof(w)}};
    enum status status = store_perform(world->c, &unit, &err);
    store_unit_done(&unit);
    return status;
}

static void put(struct world *world, int64_t space, str key, const char *body)
{
    struct write w = {.kind = PUT, .space = space, .key = key, .body = str_of(body)};
    assert_int_equal(perform(world, &w), STATUS_OK);
}

/* The bodies that a walk meets. */
static void assert_walk(struct world *world, str from, str to, bool is_reverse, const char *wanted)
{
    struct error err;
    struct store_items_walk walk;
    struct store_item item;
    char text[64] = "";
    bool has;
    struct store_items_query q = {SPACE, from, to, is_reverse};
    assert_ok(store_walk_items(world->r, &q, &walk, &err));
    for (;;) {
        assert_ok(store_walk_next(&walk, &has, &item, &err));
        if (!has)
            break;
        strncat(text, item.body.p, item.body.n);
    }
    store_walk_end(&walk);
    assert_string_equal(text, wanted);
}

static void rows_lie_in_the_order_of_their_bytes(void **state)
{
    struct world *w = *state;
    const str none = {NULL, 0};
    put(w, SPACE, STR("b"), "b");
    put(w, SPACE, STR("\xff"), "f");
    put(w, SPACE, STR(""), "0");
    put(w, SPACE, STR("a\0"), "z");
    put(w, SPACE, STR("a"), "a");
    put(w, OTHER, STR("a"), "X");
    put(w, SPACE - 1, STR("z"), "X");
    assert_walk(w, none, none, false, "0azbf");
    assert_walk(w, none, none, true, "fbza0");
    assert_walk(w, STR("a"), STR("b"), false, "az");
    assert_walk(w, STR("a"), STR("b"), true, "za");
    assert_walk(w, STR("a\0"), none, false, "zbf");
    assert_walk(w, STR("a\0"), none, true, "fbz");
    assert_walk(w, none, STR("a"), false, "0");
    assert_walk(w, STR("b"), STR("a"), false, "");
    world_close(w);
    world_open(w);
    assert_walk(w, none, none, false, "0azbf");
}

static void a_row_is_replaced_and_deleted(void **state)
{
    struct world *w = *state;
    struct error err;
    str body;
    put(w, SPACE, STR("k"), "one");
    put(w, SPACE, STR("k"), "two");
    assert_ok(store_find_item(w->r, SPACE, STR("k"), &w->a, &body, &err));
    assert_str(body, "two");
    assert_int_equal(store_find_item(w->r, OTHER, STR("k"), &w->a, &body, &err), STATUS_NOT_FOUND);
    struct write gone = {.kind = DELETE, .space = SPACE, .key = STR("k")};
    assert_int_equal(perform(w, &gone), STATUS_OK);
    assert_int_equal(perform(w, &gone), STATUS_OK);
    assert_int_equal(store_find_item(w->r, SPACE, STR("k"), &w->a, &body, &err), STATUS_NOT_FOUND);
    assert_whole(w);
}

static void a_refused_unit_leaves_no_row(void **state)
{
    struct world *w = *state;
    struct error err;
    str body;
    put(w, SPACE, STR("k"), "one");
    struct write change = {
        .kind = PUT, .space = SPACE, .key = STR("k"), .body = STR("two"), .is_refused = true};
    assert_int_equal(perform(w, &change), STATUS_CONFLICT);
    assert_ok(store_find_item(w->r, SPACE, STR("k"), &w->a, &body, &err));
    assert_str(body, "one");
}

static void counts_add_up(void **state)
{
    struct world *w = *state;
    struct error err;
    int64_t items = -1, bytes = -1;
    assert_ok(store_find_item_count(w->r, SPACE, &items, &bytes, &err));
    assert_int_equal(items, 0);
    assert_int_equal(bytes, 0);
    struct write more = {.kind = COUNT, .space = SPACE, .items = 2, .bytes = 100};
    struct write less = {.kind = COUNT, .space = SPACE, .items = -1, .bytes = -30};
    assert_int_equal(perform(w, &more), STATUS_OK);
    assert_int_equal(perform(w, &less), STATUS_OK);
    assert_ok(store_find_item_count(w->r, SPACE, &items, &bytes, &err));
    assert_int_equal(items, 1);
    assert_int_equal(bytes, 70);
}

static void a_space_is_cleared_in_steps(void **state)
{
    struct world *w = *state;
    struct error err;
    int64_t items, bytes;
    str body;
    for (int i = 0; i < 5; i++)
        put(w, SPACE, (str){(const char[]){(char)('a' + i)}, 1}, "x");
    put(w, OTHER, STR("a"), "x");
    struct write count = {.kind = COUNT, .space = SPACE, .items = 5, .bytes = 5};
    struct write clear = {.kind = CLEAR, .space = SPACE, .items = 3};
    assert_int_equal(perform(w, &count), STATUS_OK);
    assert_int_equal(perform(w, &clear), STATUS_OK);
    assert_int_equal(clear.cleared, 3);
    assert_walk(w, (str){NULL, 0}, (str){NULL, 0}, false, "xx");
    assert_int_equal(perform(w, &clear), STATUS_OK);
    assert_int_equal(clear.cleared, 2);
    assert_ok(store_find_item_count(w->r, SPACE, &items, &bytes, &err));
    assert_int_equal(items, 0);
    assert_ok(store_find_item(w->r, OTHER, STR("a"), &w->a, &body, &err));
    assert_whole(w);
}

static void readings_between_begin_and_end_see_the_same(void **state)
{
    struct world *w = *state;
    struct error err;
    bool began;
    str body;
    put(w, SPACE, STR("k"), "one");
    assert_ok(store_begin_reading(w->r, &began, &err));
    assert_true(began);
    assert_ok(store_find_item(w->r, SPACE, STR("k"), &w->a, &body, &err));
    put(w, SPACE, STR("k"), "two");
    assert_ok(store_find_item(w->r, SPACE, STR("k"), &w->a, &body, &err));
    assert_str(body, "one");
    store_end_reading(w->r, began);
    assert_ok(store_find_item(w->r, SPACE, STR("k"), &w->a, &body, &err));
    assert_str(body, "two");
}

static void a_row_that_does_not_fit_the_arena_is_refused(void **state)
{
    struct world *w = *state;
    struct error err;
    struct arena small;
    str body;
    char long_body[2000];
    memset(long_body, 'x', sizeof(long_body));
    struct write big = {
        .kind = PUT, .space = SPACE, .key = STR("k"), .body = {long_body, sizeof(long_body)}};
    assert_int_equal(perform(w, &big), STATUS_OK);
    arena_init(&small, 1000);
    assert_int_equal(store_find_item(w->r, SPACE, STR("k"), &small, &body, &err), STATUS_LIMIT);
    arena_done(&small);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
    const struct CMUnitTest tests[] = {
        T(rows_lie_in_the_order_of_their_bytes),
        T(a_row_is_replaced_and_deleted),
        T(a_refused_unit_leaves_no_row),
        T(counts_add_up),
        T(a_space_is_cleared_in_steps),
        T(readings_between_begin_and_end_see_the_same),
        T(a_row_that_does_not_fit_the_arena_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
