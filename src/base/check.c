/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The end of a broken invariant: one line on stderr, then abort. It relies on nothing else of this
 * program, because whatever it would rely on may be what is broken.
 */
#include "base/check.h"

#include <stdio.h>
#include <stdlib.h>

COLD void check_failed(const char *file, int line, const char *what)
{
    fprintf(stderr, "%s:%d: check failed: %s\n", file, line, what);
    abort();
}
