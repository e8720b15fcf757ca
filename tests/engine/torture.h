/* SPDX-License-Identifier: Apache-2.0 */
/* The torture program: torture_main.c runs workflows, torture_report.c says what is kept of them.
 */
#ifndef AFFLUX_TESTS_TORTURE_H
#define AFFLUX_TESTS_TORTURE_H

#include "base/buf.h"

/* Prints, for each execution in the store of a folder, its end, its output and how often it was in
 * each state; checks that each event of its history is there once. False: something is wrong, and
 * the text says what. */
bool torture_report(const char *folder, struct buf *out);

#endif
