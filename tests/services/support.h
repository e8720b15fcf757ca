/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the case runners of this folder share. A file of cases is a JSON array of objects, each with
 * a name. Expected values may hold "<any>" in a text, which stands for any characters; a text that
 * is just "<any>" stands for any value.
 */
#ifndef AFFLUX_TESTS_SERVICES_SUPPORT_H
#define AFFLUX_TESTS_SERVICES_SUPPORT_H

#include "base/arena.h"
#include "base/buf.h"
#include "json/value.h"

/* A case that fails says why. */
typedef bool case_fn(struct arena *arena, struct json_val c, struct buf *why);

/* Runs the cases of tests/cases/services/NAME whose names contain one of the arguments (none: all).
 * What main returns. */
int run_cases(const char *name, case_fn *fn, int argc, char **argv);

bool is_as_expected(struct json_val expected, struct json_val actual);
/* False, and both sides in why, when they differ. */
bool expect_value(struct buf *why, const char *what, struct json_val expected,
                  struct json_val actual);

struct json_val value_of_text(str text);
/* A value as JSON in the arena. */
str text_of_value(struct arena *arena, struct json_val v);
/* JSON written with ' for ", to be readable in C. */
struct json_val parse_quoted(struct arena *arena, const char *text);

#endif
