/* SPDX-License-Identifier: Apache-2.0 */
/* Values as bytes: one form for each value, sizes as AWS counts them, and bytes that are no item.
 */
#include "support.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "json/write.h"
#include "services/dynamodb/value_json.h"

static int setup(void **state)
{
    static struct arena arena;
    arena_init(&arena, 0);
    *state = &arena;
    return 0;
}

static int teardown(void **state)
{
    arena_done(*state);
    return 0;
}

static str item(struct arena *a, const char *quoted)
{
    str members;
    struct error err;
    if (dynamo_item_from_json(a, parse_quoted(a, quoted), &members, &err) != STATUS_OK)
        fail_msg("%s: %s", quoted, err.message);
    return members;
}

static void assert_prints(str members, const char *quoted)
{
    struct buf out;
    buf_init(&out, 1 << 20);
    dynamo_item_to_json(members, &out);
    for (size_t i = 0; i < out.n; i++)
        if (out.p[i] == '"')
            out.p[i] = '\'';
    buf_add_byte(&out, '\0');
    assert_string_equal(out.p, quoted);
    buf_done(&out);
}

static void equal_items_are_equal_bytes(void **state)
{
    struct arena *a = *state;
    str x = item(a, "{'b':{'NS':['3','1.0','2']},'a':{'M':{'y':{'N':'1'},'x':{'SS':['b','a']}}}}");
    str y = item(a, "{'a':{'M':{'x':{'SS':['a','b']},'y':{'N':'1.00'}}},'b':{'NS':['1','2','3']}}");
    assert_true(str_eq(x, y));
    assert_true(dynamo_check_item(x));
    assert_prints(x, "{'a':{'M':{'x':{'SS':['a','b']},'y':{'N':'1'}}},'b':{'NS':['1','2','3']}}");
}

static void members_and_elements_are_found(void **state)
{
    struct arena *a = *state;
    str x = item(a, "{'a':{'S':'one'},'l':{'L':[{'S':'p'},{'NULL':true}]},'s':{'SS':['u','v']}}");
    assert_true(str_eq(dynamo_member(x, STR("a")).body, STR("one")));
    assert_int_equal(dynamo_member(x, STR("b")).tag, DYNAMO_NONE);
    struct dynamo_value l = dynamo_member(x, STR("l"));
    assert_int_equal(dynamo_count(l), 2);
    assert_int_equal(dynamo_at(l.body, 1).tag, DYNAMO_NULL);
    assert_int_equal(dynamo_at(l.body, 2).tag, DYNAMO_NONE);
    struct dynamo_value s = dynamo_member(x, STR("s"));
    assert_true(dynamo_set_has(s.body, STR("v")));
    assert_false(dynamo_set_has(s.body, STR("w")));
    assert_int_equal(dynamo_count(s), 2);
}

/* Developer Guide, "DynamoDB item sizes and formats". */
static void sizes_are_those_of_the_guide(void **state)
{
    static const struct {
        const char *item;
        size_t size;
    } sizes[] = {
        {"{}", 0},
        {"{'id':{'S':'abc'}}", 5},
        {"{'é':{'S':'é'}}", 4},
        {"{'n':{'N':'0'}}", 2},
        {"{'n':{'N':'12'}}", 3},
        {"{'n':{'N':'-12'}}", 4},
        {"{'n':{'N':'12345678901234567890123456789012345678'}}", 21},
        {"{'b':{'B':'AAAA'}}", 4},
        {"{'t':{'BOOL':true}}", 2},
        {"{'z':{'NULL':true}}", 2},
        {"{'l':{'L':[]}}", 4},
        {"{'m':{'M':{}}}", 4},
        {"{'l':{'L':[{'S':'ab'},{'BOOL':true}]}}", 9},
        {"{'m':{'M':{'ab':{'S':'c'}}}}", 8},
        {"{'s':{'SS':['a','bc']}}", 4},
    };
    for (size_t i = 0; i < ARRAY_LEN(sizes); i++)
        assert_int_equal(dynamo_item_size(item(*state, sizes[i].item)), sizes[i].size);
}

static void lengths_of_all_sizes_come_back(void **state)
{
    static const size_t lengths[] = {0, 1, 127, 128, 16383, 16384, 300000};
    struct arena *a = *state;
    for (size_t i = 0; i < ARRAY_LEN(lengths); i++) {
        struct buf out;
        char *text = arena_alloc(a, lengths[i] + 1);
        memset(text, 'x', lengths[i]);
        buf_init(&out, 1 << 20);
        dynamo_put_bytes(&out, STR("m"));
        size_t place = dynamo_begin(&out, DYNAMO_M);
        dynamo_put_member(&out, STR("k"), (struct dynamo_value){DYNAMO_S, {text, lengths[i]}});
        dynamo_end(&out, place);
        assert_true(dynamo_check_item(buf_str(&out)));
        struct dynamo_value m = dynamo_member(buf_str(&out), STR("m"));
        assert_int_equal(dynamo_member(m.body, STR("k")).body.n, lengths[i]);
        buf_done(&out);
    }
}

static void bytes_that_are_no_item_are_refused(void **state)
{
    const str bad[] = {
        STR("\x01"), /* a name that is cut off */
        STR("\x01"
            "a"), /* no value */
        STR("\x01"
            "a\x10\x05"
            "ab"), /* a body that is cut off */
        STR("\x01"
            "a\x10\x81\x00"
            "a"), /* a length that is longer than it need be */
        STR("\x01"
            "a\x99\x00"), /* no such tag */
        STR("\x01"
            "a\x01\x01x"), /* null with a body */
        STR("\x01"
            "a\x10\x01\xff"), /* no UTF-8 */
        STR("\x01"
            "a\x11\x01\x07"), /* no number */
        STR("\x01"
            "a\x20\x00"), /* an empty set */
        STR("\x01"
            "a\x20\x04\x01"
            "b\x01"
            "a"), /* elements out of order */
        STR("\x01"
            "a\x20\x04\x01"
            "a\x01"
            "a"), /* twice the same */
        STR("\x01"
            "b\x01\x00\x01"
            "a\x01\x00"), /* names out of order */
        STR("\x01"
            "a\x30\x03\x10\x05x"), /* a list whose value is longer than it */
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        assert_false(dynamo_check_item(bad[i]));
    assert_true(dynamo_check_item(STR("\x01"
                                      "a\x10\x01x\x01"
                                      "b\x20\x04\x01"
                                      "a\x01"
                                      "b")));
}

/* Whatever is cut off the end of an item, nothing is read behind it, and it is no item. */
static void an_item_that_is_cut_is_refused(void **state)
{
    struct arena *a = *state;
    str x = item(a, "{'a':{'M':{'l':{'L':[{'N':'1'},{'SS':['a','b']}]}}},'z':{'S':'end'}}");
    size_t first = 2 + 2 + dynamo_member(x, STR("a")).body.n; /* up to the second member */
    for (size_t n = 1; n < x.n; n++) {
        char *copy = arena_alloc(a, n);
        memcpy(copy, x.p, n);
        assert_int_equal(dynamo_check_item((str){copy, n}), n == first);
        (void)dynamo_item_size((str){copy, n});
    }
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(equal_items_are_equal_bytes),        T(members_and_elements_are_found),
        T(sizes_are_those_of_the_guide),       T(lengths_of_all_sizes_come_back),
        T(bytes_that_are_no_item_are_refused), T(an_item_that_is_cut_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
