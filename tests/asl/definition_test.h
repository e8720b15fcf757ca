/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of definitions share: loading a text, and failing with what was found in it. */
#ifndef AFFLUX_TESTS_ASL_DEFINITION_TEST_H
#define AFFLUX_TESTS_ASL_DEFINITION_TEST_H

#include "asl/definition.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static inline struct asl_definition *load_as(str text, enum asl_type type)
{
    struct asl_load_options options = {.type = type};
    struct asl_definition *d = NULL;
    struct error err = {0};
    if (asl_definition_load(text, &options, NULL, &d, &err) != STATUS_OK)
        fail_msg("%s", err.message);
    return d;
}

/* Texts in the tests have ' where JSON has ". */
static inline struct asl_definition *load_ok(const char *text)
{
    struct buf json;
    buf_init(&json, SIZE_MAX);
    for (; *text != '\0'; text++)
        buf_add_byte(&json, *text == '\'' ? '"' : *text);
    struct asl_definition *d = load_as(buf_str(&json), ASL_STANDARD);
    buf_done(&json);
    return d;
}

static inline const struct asl_state *state_of(const struct asl_definition *d, const char *name)
{
    const struct asl_state *state = asl_definition_find(d, str_of(name));
    assert_non_null(state);
    return state;
}

#define assert_str(actual, expected)                                                               \
    do {                                                                                           \
        str assert_str_ = (actual);                                                                \
        if (!str_eq(assert_str_, str_of(expected)))                                                \
            fail_msg("'%.*s' is not '%s'", STR_ARG(assert_str_), (expected));                      \
    } while (0)

#endif
