/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of the loop share. */
#ifndef AFFLUX_LOOP_TEST_H
#define AFFLUX_LOOP_TEST_H

#include "base/attr.h"
#include "base/check.h"
#include "loop/loop.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

static inline struct loop *test_loop(void)
{
    struct loop *loop;
    struct error err;
    assert_int_equal(loop_new(&loop, &err), STATUS_OK);
    return loop;
}

static inline void test_stop(void *loop)
{
    loop_stop(loop);
}

#endif
