/* SPDX-License-Identifier: Apache-2.0 */
/*
 * check(): invariants that hold unless the program has a bug. A broken one prints its place and
 * aborts, in release builds too: a crash followed by recovery is a path a durable engine must
 * survive anyway. Never use it for anything that input, the disk or the network can cause.
 */
#ifndef AFFLUX_BASE_CHECK_H
#define AFFLUX_BASE_CHECK_H

#include "base/attr.h"

NORETURN void check_failed(const char *file, int line, const char *what);

#define check(cond)                                                                                \
    do {                                                                                           \
        if (UNLIKELY(!(cond)))                                                                     \
            check_failed(__FILE__, __LINE__, #cond);                                               \
    } while (0)

#define unreachable() check_failed(__FILE__, __LINE__, "unreachable")

#endif
