/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an expression refers to, found in its tree: whether it reads the input document, and which
 * members of a variable it uses. For definitions in which expressions have no input and everything
 * comes by one variable ($states).
 */
#ifndef AFFLUX_JSONATA_REFERENCES_H
#define AFFLUX_JSONATA_REFERENCES_H

#include "jsonata/jsonata.h"

struct jsonata_reference {
    str name;
    uint32_t start, end; /* bytes of the expression */
};

/*
 * The first place that reads the input of the evaluation: a name, "$", "$$", "*" or "**" that
 * nothing around it gives a context. A step behind the first of a path, a filter, a group, a sort
 * and a transform give one; the body of a function does not, since `$` in it is what it was where
 * the function was made. False when there is none.
 */
bool jsonata_reads_input(const struct jsonata *x, struct jsonata_reference *ret);

/* Calls visit for each use of the variable (without $): with the member behind it in $name.member,
 * or with an empty name where it is used in any other way and all of it may be read. The latter
 * once more at the end when there are members and a `%`, which may lead back from them. */
typedef void jsonata_member_fn(void *arg, const struct jsonata_reference *member);
void jsonata_members(const struct jsonata *x, str variable, jsonata_member_fn *visit, void *arg);

#endif
