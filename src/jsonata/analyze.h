/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tree as written to the tree as meant: dots become paths, brackets become filters of a step,
 * groups and sorts find their place, `%` learns which step it refers to, calls in tail position are
 * marked. Each tree is rewritten once, in place.
 */
#ifndef AFFLUX_JSONATA_ANALYZE_H
#define AFFLUX_JSONATA_ANALYZE_H

#include "jsonata/ast.h"
#include "jsonata/symbol.h"

/* The rewritten tree, or NULL with err set. Names of variables become symbols. */
struct node *analyze_expression(struct node *n, struct arena *arena, struct symbols *symbols,
                                struct raised *err);

#endif
