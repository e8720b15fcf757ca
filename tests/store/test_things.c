/* SPDX-License-Identifier: Apache-2.0 */
/* What services keep under names. */
#include "store/items.h"
#include "support.h"
#include <stdio.h>
#include <stdlib.h>

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

/* ---- what readers remember ---- */

static void assert_thing(struct world *w, struct store_reader *r, const char *name,
                         const char *wanted)
{
    struct error err;
    str body;
    if (!wanted) {
        assert_int_equal(store_find_thing(r, STR("s"), str_of(name), &w->a, &body, &err),
                         STATUS_NOT_FOUND);
        return;
    }
    assert_ok(store_find_thing(r, STR("s"), str_of(name), &w->a, &body, &err));
    assert_str(body, wanted);
}

static void a_reader_that_follows_sees_every_change_that_was_given_back(void **state)
{
    struct world *w = *state;
    store_reader_follow(w->r, w->s);
    assert_thing(w, w->r, "a", NULL);
    assert_int_equal(put(w, "s", "a", "one"), STATUS_OK);
    assert_thing(w, w->r, "a", "one");
    assert_thing(w, w->r, "a", "one");
    assert_int_equal(put(w, "s", "a", "two"), STATUS_OK);
    assert_thing(w, w->r, "a", "two");
    assert_int_equal(put(w, "s", "a", NULL), STATUS_OK);
    assert_thing(w, w->r, "a", NULL);
    assert_int_equal(put(w, "s", "a", ""), STATUS_OK);
    assert_thing(w, w->r, "a", "");
    assert_thing(w, w->r, "a", "");
}

static void what_was_read_in_one_reading_is_not_taken_for_newer_than_that(void **state)
{
    struct world *w = *state;
    struct error err;
    bool began;
    store_reader_follow(w->r, w->s);
    assert_int_equal(put(w, "s", "a", "one"), STATUS_OK);
    assert_int_equal(put(w, "s", "b", "other"), STATUS_OK);
    assert_ok(store_begin_reading(w->r, &began, &err));
    assert_thing(w, w->r, "b", "other");
    assert_int_equal(put(w, "s", "a", "two"), STATUS_OK);
    assert_thing(w, w->r, "a", "one"); /* as it was when the reading began */
    store_end_reading(w->r, began);
    assert_thing(w, w->r, "a", "two");
}

static void what_was_read_is_not_read_again_until_something_is_written(void **state)
{
    struct world *w = *state;
    store_reader_follow(w->r, w->s);
    assert_int_equal(put(w, "s", "a", "one"), STATUS_OK);
    assert_thing(w, w->r, "a", "one");
    sql_number(w, "UPDATE service SET body = x'3233' WHERE name = 'a'"); /* behind its back */
    assert_thing(w, w->r, "a", "one");
    assert_int_equal(put(w, "s", "b", "other"), STATUS_OK);
    assert_thing(w, w->r, "a", "23");
}

static void a_reader_of_its_own_remembers_nothing(void **state)
{
    struct world *w = *state;
    assert_int_equal(put(w, "s", "a", "one"), STATUS_OK);
    assert_thing(w, w->r, "a", "one");
    sql_number(w, "UPDATE service SET body = x'3233' WHERE name = 'a'");
    assert_thing(w, w->r, "a", "23");
}

static void more_than_is_remembered_and_long_ones_are_read_right(void **state)
{
    struct world *w = *state;
    char name[16], body[16], *large = malloc(100001);
    store_reader_follow(w->r, w->s);
    assert_non_null(large);
    memset(large, 'x', 100000);
    large[100000] = 0;
    for (int i = 0; i < 100; i++) {
        snprintf(name, sizeof(name), "n%d", i);
        snprintf(body, sizeof(body), "b%d", i);
        assert_int_equal(put(w, "s", name, body), STATUS_OK);
    }
    assert_int_equal(put(w, "s", "large", large), STATUS_OK);
    for (int i = 0; i < 200; i++) {
        snprintf(name, sizeof(name), "n%d", i % 100);
        snprintf(body, sizeof(body), "b%d", i % 100);
        assert_thing(w, w->r, name, body);
        assert_thing(w, w->r, "large", large);
    }
    free(large);
}

/* Reads, writes, reads; refuses in the end. */
static enum status run_refused(struct store_tx *tx, str args, struct arena *scratch,
                               struct error *ret_err)
{
    struct store_reader *r = store_tx_reader(tx);
    struct error err;
    str body;
    (void)args;
    for (int i = 0; i < 2; i++) {
        assert_ok(store_find_thing(r, STR("s"), STR("a"), scratch, &body, &err));
        assert_str(body, "one");
    }
    assert_ok(store_tx_put_thing(tx, STR("s"), STR("a"), STR("two"), &err));
    for (int i = 0; i < 2; i++) {
        assert_ok(store_find_thing(r, STR("s"), STR("a"), scratch, &body, &err));
        assert_str(body, "two");
    }
    return error_set(ret_err, STATUS_INVALID, "Test", "refused");
}

static enum status run_look(struct store_tx *tx, str args, struct arena *scratch, struct error *err)
{
    str body;
    (void)args;
    if (store_find_thing(store_tx_reader(tx), STR("s"), STR("a"), scratch, &body, err) != STATUS_OK)
        return err->status;
    store_tx_reply(tx, body);
    return STATUS_OK;
}

static void a_unit_sees_what_it_wrote_and_nobody_what_was_undone(void **state)
{
    struct world *w = *state;
    struct error err;
    struct store_unit refused = {.run = run_refused}, look = {.run = run_look};
    store_reader_follow(w->r, w->s);
    assert_int_equal(put(w, "s", "a", "one"), STATUS_OK);
    assert_int_equal(store_perform(w->c, &refused, &err), STATUS_INVALID);
    assert_thing(w, w->r, "a", "one");
    assert_ok(store_perform(w->c, &look, &err));
    assert_str(look.reply, "one");
    store_unit_done(&look);
}

static void a_machine_is_remembered_until_it_changes(void **state)
{
    struct world *w = *state;
    struct error err;
    struct store_machine m;
    store_reader_follow(w->r, w->s);
    do_op(w, (struct op){.kind = OP_MACHINE, .id = 7, .body = STR("collect")});
    for (int i = 0; i < 2; i++) {
        assert_ok(store_find_machine(w->r, STR("collect"), &w->a, &m, &err));
        assert_int_equal(m.id, 7);
        assert_int_equal(m.definition, 1);
        assert_int_equal(m.created_ms, 5);
        assert_str(m.name, "collect");
        assert_str(m.type, "STANDARD");
        assert_str(m.properties, "p");
    }
    sql_number(w, "UPDATE machine SET type = 'EXPRESS'");
    assert_ok(store_find_machine(w->r, STR("collect"), &w->a, &m, &err));
    assert_str(m.type, "STANDARD");
    assert_int_equal(put(w, "s", "a", "one"), STATUS_OK);
    assert_ok(store_find_machine(w->r, STR("collect"), &w->a, &m, &err));
    assert_str(m.type, "EXPRESS");
}

#define T(f) cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(a_thing_is_put_replaced_and_deleted),
        T(things_are_listed_by_name),
        T(a_reader_that_follows_sees_every_change_that_was_given_back),
        T(what_was_read_in_one_reading_is_not_taken_for_newer_than_that),
        T(what_was_read_is_not_read_again_until_something_is_written),
        T(a_reader_of_its_own_remembers_nothing),
        T(more_than_is_remembered_and_long_ones_are_read_right),
        T(a_unit_sees_what_it_wrote_and_nobody_what_was_undone),
        T(a_machine_is_remembered_until_it_changes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
