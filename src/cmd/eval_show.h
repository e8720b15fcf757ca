/* SPDX-License-Identifier: Apache-2.0 */
/* Showing people what happens inside an expression: the place of an error, and each step of an
 * evaluation. */
#ifndef AFFLUX_CMD_EVAL_SHOW_H
#define AFFLUX_CMD_EVAL_SHOW_H

#include "jsonata/jsonata.h"

/* Appends the line of text that [start, end) begins in, with its number, and below it marks under
 * the place. Tabs are widened; wide and combining characters are counted as terminals show them; of
 * a long line only the part around the place is shown. */
void eval_show_place(str text, size_t start, size_t end, bool is_colored, struct buf *out);

/* Appends as much of a line as fits these columns, "…" standing for the rest; without a line break.
 * Returns the columns it takes. */
unsigned eval_show_clipped(str line, unsigned columns, struct buf *out);

/* Appends a message and a line break. Messages quote data, and data must not steer the terminal:
 * control characters are shown as U+FFFD. */
void eval_show_message(str message, struct buf *out);

/* "afflux eval: CODE: message" on stderr, and the place. file is the expression's file or NULL;
 * input says which document it was about, or is empty. */
void eval_show_error(str text, const char *file, str input, const struct jsonata_error *err);

/* One line of --trace: depth, source of the node, result; for struct jsonata_context. arg: bool,
 * coloured? */
void eval_show_trace(void *arg, uint32_t depth, str source, struct json_val result);

#endif
