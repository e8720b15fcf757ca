/* SPDX-License-Identifier: Apache-2.0 */
/* ARNs of Step Functions, and names of what they name. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/attr.h"
#include "base/utf8.h"
#include "engine/arn.h"
#include "engine/machine.h"

#define ALL                                                                                        \
    (1u << ARN_STATE_MACHINE | 1u << ARN_EXECUTION | 1u << ARN_EXPRESS | 1u << ARN_MAP_RUN |       \
     1u << ARN_ACTIVITY)
#define PREFIX "arn:aws:states:eu-west-1:123456789012:"

static struct arn read(const char *text)
{
    struct arn arn;
    struct error err;
    if (arn_read(str_of(text), ALL, &arn, &err) != STATUS_OK)
        fail_msg("%s: %s", text, err.message);
    return arn;
}

static void assert_is(const char *text, enum arn_kind kind, const char *name, const char *label,
                      const char *qualifier)
{
    struct arn arn = read(text);
    assert_int_equal(arn.kind, kind);
    assert_true(str_eq(arn.name, str_of(name)));
    assert_true(str_eq(arn.label, str_of(label)));
    assert_true(str_eq(arn.qualifier, str_of(qualifier)));
    assert_true(str_eq(arn.region, STR("eu-west-1")));
    assert_true(str_eq(arn.account, STR("123456789012")));
}

static void each_kind_has_its_parts(void **state)
{
    (void)state;
    assert_is(PREFIX "stateMachine:m", ARN_STATE_MACHINE, "m", "", "");
    assert_is(PREFIX "stateMachine:m:12", ARN_STATE_MACHINE, "m", "", "12");
    assert_is(PREFIX "stateMachine:m:PROD", ARN_STATE_MACHINE, "m", "", "PROD");
    assert_is(PREFIX "stateMachine:m/L", ARN_STATE_MACHINE, "m", "L", "");
    assert_is(PREFIX "execution:m:x", ARN_EXECUTION, "m", "", "x");
    assert_is(PREFIX "execution:m/L:x", ARN_EXECUTION, "m", "L", "x");
    assert_is(PREFIX "express:m:x:u", ARN_EXPRESS, "m", "", "x:u");
    assert_is(PREFIX "mapRun:m/L:u", ARN_MAP_RUN, "m", "L", "u");
    assert_is(PREFIX "activity:a", ARN_ACTIVITY, "a", "", "");
}

static void what_is_no_arn_is_refused_with_words(void **state)
{
    static const struct {
        const char *text, *message;
    } wrong[] = {
        {"", "Invalid Arn: 'Invalid ARN prefix: '"},
        {"m", "Invalid Arn: 'Invalid ARN prefix: m'"},
        {"arn:other:states:r:a:activity:x",
         "Invalid Arn: 'Invalid ARN prefix: arn:other:states:r:a:activity:x'"},
        {"arn:aws:s3:r:a:activity:x", "Invalid Arn: 'Invalid ARN service: s3'"},
        {"arn:aws:states:r:a", "Invalid Arn: 'Invalid ARN: arn:aws:states:r:a'"},
        {"arn:aws:states:r:a:thing:x",
         "Invalid Arn: 'Resource type not valid in this context: thing'"},
        {PREFIX "stateMachine:", "Invalid Arn: 'Invalid ARN: " PREFIX "stateMachine:'"},
        {PREFIX "stateMachine:m:", "Invalid Arn: 'Invalid ARN: " PREFIX "stateMachine:m:'"},
        {PREFIX "stateMachine:m:1:2", "Invalid Arn: 'Invalid ARN: " PREFIX "stateMachine:m:1:2'"},
        {PREFIX "execution:m", "Invalid Arn: 'Invalid ARN: " PREFIX "execution:m'"},
        {PREFIX "mapRun:m:u", "Invalid Arn: 'Invalid ARN: " PREFIX "mapRun:m:u'"},
        {PREFIX "activity:a:b", "Invalid Arn: 'Invalid ARN: " PREFIX "activity:a:b'"},
    };
    struct arn arn;
    struct error err;
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        assert_int_equal(arn_read(str_of(wrong[i].text), ALL, &arn, &err), STATUS_INVALID);
        assert_string_equal(err.name, "InvalidArn");
        assert_string_equal(err.message, wrong[i].message);
    }
}

static void a_kind_that_does_not_fit_here_is_refused(void **state)
{
    struct arn arn;
    struct error err;
    (void)state;
    assert_int_equal(arn_read(STR(PREFIX "express:m:x:u"), 1u << ARN_EXECUTION, &arn, &err),
                     STATUS_INVALID);
    assert_string_equal(err.message,
                        "Invalid Arn: 'Resource type not valid in this context: express'");
}

static void a_long_one_is_shown_to_a_whole_character(void **state)
{
    char text[401];
    struct arn arn;
    struct error err;
    (void)state;
    for (size_t from = 0; from < 2; from++) {
        memset(text, 'x', sizeof(text));
        for (size_t i = from; i + 2 < sizeof(text); i += 2)
            memcpy(text + i, "\xc3\xa4", 2);
        assert_int_equal(arn_read((str){text, sizeof(text)}, UINT32_MAX, &arn, &err),
                         STATUS_INVALID);
        str said = str_of(err.message);
        assert_int_equal(utf8_check(said), said.n);
    }
}

static void versions_are_numbers_from_one(void **state)
{
    uint32_t n = 0;
    (void)state;
    assert_true(arn_read_version(STR("1"), &n) && n == 1);
    assert_true(arn_read_version(STR("999999999"), &n) && n == 999999999);
    assert_false(arn_read_version(STR("1000000000"), &n));
    assert_false(arn_read_version(STR("0"), &n));
    assert_false(arn_read_version(STR("01"), &n));
    assert_false(arn_read_version(STR("1a"), &n));
    assert_false(arn_read_version(STR(""), &n));
}

static void names_have_80_characters_and_none_that_are_excluded(void **state)
{
    static const char excluded[] = " \t\n<>{}[]?*\"#%\\^|~`$&,;:/\x7f";
    char name[] = "a?b", longest[81 * 2 + 1];
    (void)state;
    for (size_t i = 0; i < sizeof(excluded) - 1; i++) {
        name[1] = excluded[i];
        assert_false(machine_is_name((str){name, 3}));
    }
    for (size_t i = 0; i < 81; i++)
        memcpy(longest + 2 * i, "\xc3\xa4", 2);
    assert_true(machine_is_name((str){longest, 160}));
    assert_false(machine_is_name((str){longest, 162}));
    assert_true(machine_is_name(STR("a.b-c_(d)'!@=+")));
    assert_false(machine_is_name(STR("")));
    assert_false(machine_is_name(STR("a\xc2\x85")));
    assert_false(machine_is_name(STR("a\xef\xbf\xbe")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_kind_has_its_parts),
        cmocka_unit_test(what_is_no_arn_is_refused_with_words),
        cmocka_unit_test(a_kind_that_does_not_fit_here_is_refused),
        cmocka_unit_test(a_long_one_is_shown_to_a_whole_character),
        cmocka_unit_test(versions_are_numbers_from_one),
        cmocka_unit_test(names_have_80_characters_and_none_that_are_excluded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
