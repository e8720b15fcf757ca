/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See block.h. The next drawing goes up by as many lines as were drawn, and writes over them. No
 * line is as wide as the window, so none is broken when it is drawn. A window that is made narrower
 * may break those that stand: what is above the block is never touched for that, so the rest of a
 * broken line can stay behind.
 */
#include "cmd/block.h"

#include "cmd/cmd.h"
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum {
    BLOCK_COLUMNS = 80, /* of a window that does not say */
    BLOCK_ROWS = 24,
    BLOCK_LEAST_COLUMNS = 24, /* less shows nothing */
    BLOCK_MOST_COLUMNS = 120,
    BLOCK_AWAY_MS = 1000 /* so long without a drawing: the process was stopped */
};

struct block_size {
    unsigned columns, rows;
};

void block_init(struct block *b)
{
    const char *term = getenv("TERM");
    *b = (struct block){0};
    b->is_terminal = isatty(STDERR_FILENO) && term && *term && strcmp(term, "dumb") != 0;
    b->is_colored = b->is_terminal && cmd_may_color(STDERR_FILENO);
}

static struct block_size window(void)
{
    struct winsize size;
    struct block_size ret = {BLOCK_COLUMNS, BLOCK_ROWS};
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 && size.ws_row > 0)
        ret = (struct block_size){size.ws_col, size.ws_row};
    if (ret.columns > BLOCK_MOST_COLUMNS)
        ret.columns = BLOCK_MOST_COLUMNS;
    return ret;
}

/* A shell's job in the background leaves the terminal to others. */
static bool is_in_front(void)
{
    pid_t group = tcgetpgrp(STDERR_FILENO);
    return group < 0 || group == getpgrp();
}

static void send(const struct buf *text)
{
    size_t at = 0;
    while (at < text->n) {
        ssize_t n = write(STDERR_FILENO, text->p + at, text->n - at);
        if (n <= 0)
            return; /* nobody is left to see it */
        at += (size_t)n;
    }
}

/* Goes up to where the block begins. */
static void put_up(const struct block *b, struct buf *out)
{
    if (b->drawn > 0)
        buf_printf(out, "\033[%uA", b->drawn);
    buf_add_byte(out, '\r');
}

void block_draw(struct block *b, int64_t now_ms, block_lines_fn *fn, void *arg)
{
    struct buf text;
    struct block_size size = window();
    if (now_ms - b->drawn_ms > BLOCK_AWAY_MS)
        b->drawn = 0; /* others may have written meanwhile */
    b->drawn_ms = now_ms;
    if (!is_in_front())
        return;
    buf_init(&text, 1 << 20);
    put_up(b, &text);
    b->drawn = 0;
    if (size.columns > BLOCK_LEAST_COLUMNS && size.rows > 2)
        b->drawn = fn(arg, b, size.columns - 1, size.rows - 1, &text);
    buf_add(&text, STR("\033[J"));
    b->was_drawn = true;
    send(&text);
    buf_done(&text);
}

void block_erase(struct block *b)
{
    struct buf text;
    if (b->drawn == 0 || !is_in_front())
        return;
    buf_init(&text, 256);
    put_up(b, &text);
    buf_add(&text, STR("\033[J"));
    send(&text);
    buf_done(&text);
    b->drawn = 0;
}

void block_style(const struct block *b, const char *code, struct buf *out)
{
    if (b->is_colored)
        buf_add(out, str_of(code));
}

void block_end_line(struct buf *out)
{
    buf_add(out, STR("\033[K\n"));
}
