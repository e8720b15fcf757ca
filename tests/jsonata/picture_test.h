/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the picture tests share: cases as rows of tables, and results as text in which an error is
 * its code, followed by its value: "D3132 q".
 */
#ifndef AFFLUX_TESTS_PICTURE_TEST_H
#define AFFLUX_TESTS_PICTURE_TEST_H

#include "jsonata/picture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

/* Replaces what out holds with the error. */
static inline void picture_test_error(struct buf *out, const struct picture_error *err)
{
    buf_clear(out);
    buf_add(out, str_of(err->code));
    if (err->has_text)
        buf_printf(out, " %.*s", STR_ARG(err->text));
    if (err->has_number)
        buf_printf(out, " %g", err->number);
}

/* Compares with the text that is wanted, and says for which picture it differs. */
static inline void picture_test_same(const char *picture, const struct buf *out, const char *wanted)
{
    if (!buf_ok(out) || !str_eq(buf_str(out), str_of(wanted)))
        fail_msg("picture \"%s\": \"%.*s\" instead of \"%s\"", picture, STR_ARG(buf_str(out)),
                 wanted);
}

#endif
