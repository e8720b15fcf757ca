/* SPDX-License-Identifier: Apache-2.0 */
/*
 * struct block: lines on a terminal (stderr) that are drawn over again while something runs, and go
 * when it is over. The cursor stays below them, and nothing of the terminal is switched on or off,
 * so there is nothing to restore, however the process ends. What the lines say is the caller's.
 */
#ifndef AFFLUX_CMD_BLOCK_H
#define AFFLUX_CMD_BLOCK_H

#include "base/buf.h"

#define BLOCK_BOLD "\033[1m"
#define BLOCK_DIM "\033[2m"
#define BLOCK_RED "\033[31m"
#define BLOCK_GREEN "\033[32m"
#define BLOCK_YELLOW "\033[33m"
#define BLOCK_OFF "\033[0m"

struct block {
    bool is_terminal, is_colored;
    bool was_drawn;
    uint32_t drawn;   /* lines above the cursor that are the block's */
    int64_t drawn_ms; /* the last time */
};

/* Appends lines, each ended by block_end_line and of `columns` columns at most, and returns how
 * many; at most `rows`. */
typedef uint32_t block_lines_fn(void *arg, const struct block *b, unsigned columns, unsigned rows,
                                struct buf *out);

void block_init(struct block *b);
/* Draws it over what was drawn before; in a window that is too small, nothing. */
void block_draw(struct block *b, int64_t now_ms, block_lines_fn *fn, void *arg);
/* Takes it away, before anything else is printed. */
void block_erase(struct block *b);

/* A style begins or ends, where there are colours. */
void block_style(const struct block *b, const char *code, struct buf *out);
void block_end_line(struct buf *out);

#endif
