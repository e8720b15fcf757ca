/* SPDX-License-Identifier: Apache-2.0 */
/* What services keep under names. */
#include "support.h"

struct put {
    str service, name, body; /* body.p NULL: delete */
};

static enum status run_put(struct store_tx *tx, str args, struct arena *scratch, struct error *err)
{
    const struct put *p = (const struct put *)(const void *)args.p;
    (void)scratch;
    return p->body.p ? store_tx_put_thing(tx, p->service, p->name, p->body, err)
                     : store_tx_delete_thing(tx, p->service, p->name, err);
}

static enum status put(struct world *w, const char *service, const char *name, const char *body)
{
    struct error err;
    struct put p = {str_of(service), str_of(name), body ? str_of(body) : (str){0}};
    struct store_unit unit = {.run = run_put, .args = {(const char *)&p, sizeof(p)}};
    enum status status = store_perform(w->c, &unit, &err);
    store_unit_done(&unit);
    return status;
}

static void a_thing_is_put_replaced_and_deleted(void **state)
{
    struct world *w = *state;
    struct error err;
    str body;
    assert_int_equal(put(w, "connection", "a", "one"), STATUS_OK);
    assert_int_equal(put(w, "connection", "a", "two"), STATUS_OK);
    assert_int_equal(put(w, "other", "a", ""), STATUS_OK);
    world_close(w);
    world_open(w);
    assert_ok(store_find_thing(w->r, STR("connection"), STR("a"), &w->a, &body, &err));
    assert_str(body, "two");
    assert_ok(store_find_thing(w->r, STR("other"), STR("a"), &w->a, &body, &err));
    assert_int_equal(body.n, 0);
    assert_int_equal(put(w, "connection", "a", NULL), STATUS_OK);
    assert_int_equal(put(w, "connection", "a", NULL), STATUS_NOT_FOUND);
    assert_int_equal(store_find_thing(w->r, STR("connection"), STR("a"), &w->a, &body, &err),
                     STATUS_NOT_FOUND);
    assert_whole(w);
}

static void assert_listed(struct world *w, const char *prefix, const char *after, uint32_t limit,
                          const char *wanted)
{
    struct error err;
    char text[128] = "";
    struct store_names names;
    assert_ok(store_list_things(w->r, STR("s"), str_of(prefix), str_of(after), limit, &w->a, &names,
                                &err));
    for (uint32_t i = 0; i < names.count; i++)
        strncat(text, names.items[i].p, names.items[i].n);
    assert_string_equal(text, wanted);
}

static void things_are_listed_by_name(void **state)
{
    struct world *w = *state;
    static const char *const names[] = {"b2", "a1", "B", "b1", "c", "b3"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        assert_int_equal(put(w, "s", names[i], "x"), STATUS_OK);
    assert_int_equal(put(w, "t", "b4", "x"), STATUS_OK);
    assert_listed(w, "", "", 10, "Ba1b1b2b3c");
    assert_listed(w, "b", "", 10, "b1b2b3");
    assert_listed(w, "b", "b1", 1, "b2");
    assert_listed(w, "b", "b3", 10, "");
    assert_listed(w, "d", "", 10, "");
    assert_listed(w, "b", "", 0, "");
}

#define T(f) cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(a_thing_is_put_replaced_and_deleted),
        T(things_are_listed_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
