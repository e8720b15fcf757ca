/* SPDX-License-Identifier: Apache-2.0 */
/* What the cmocka programs of the machine share: support.h with assertions. */
#ifndef AFFLUX_TESTS_ASL_MACHINE_TEST_H
#define AFFLUX_TESTS_ASL_MACHINE_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "json/parse.h"
#include "json/write.h"
#include "support.h"
#include <stdio.h>
#include <stdlib.h>

#define LAMBDA "arn:aws:states:::lambda:invoke"
#define ACTIVITY "arn:aws:states:eu-west-1:123456789012:activity:work"

static inline void run_begin(struct run *r, const char *definition, const char *input)
{
    run_load(r, definition, ASL_STANDARD, false);
    assert_int_equal(run_start(r, input), STATUS_OK);
}

static inline void assert_well(const struct run *r)
{
    if (r->trouble.n > 0)
        fail_msg("%.*s", STR_ARG(buf_str(&r->trouble)));
}

static inline void run_finish(struct run *r)
{
    assert_well(r);
    run_done(r);
}

static inline void assert_quoted(const char *actual, const char *expected)
{
    char *text = run_quoted(expected);
    if (strcmp(actual, text) != 0)
        fail_msg("expected %s\nbut got  %s", text, actual);
    free(text);
}

static inline void assert_output(struct run *r, const char *expected)
{
    if (r->x->status != ASL_EXEC_SUCCEEDED)
        fail_msg("expected the output %s\nbut the end is %s", expected, run_end(r));
    assert_quoted(run_output(r), expected);
}

static inline void assert_end(struct run *r, const char *expected)
{
    assert_quoted(run_end(r), expected);
}

#endif
