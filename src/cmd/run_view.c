/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See run_view.h. The block is as many lines as were drawn, above the cursor; the next drawing goes
 * up by so many and writes over them. No line is as wide as the window, so none is broken when it
 * is drawn. A window that is made narrower may break those that stand: what is above the block is
 * never touched for that, so the rest of a broken line can stay behind.
 */
#include "cmd/run_view.h"

#include "cmd/cmd.h"
#include "cmd/eval_show.h"
#include "cmd/output.h"
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum {
    VIEW_NAME_MOST = 40, /* columns of the widest name */
    VIEW_COLUMNS = 80,   /* of a window that does not say */
    VIEW_ROWS = 24,
    VIEW_LEAST_COLUMNS = 24, /* less shows nothing */
    VIEW_DEEPEST = 8,        /* what lies deeper is not indented more */
    VIEW_TIME = 5,
    VIEW_LEAST_DOING = 8,
    VIEW_MOST_COLUMNS = 120,
    VIEW_AWAY_MS = 1000, /* so long without a drawing: the process was stopped */
    VIEW_PLAIN_STATES = 3
};

#define VIEW_BOLD "\033[1m"
#define VIEW_DIM "\033[2m"
#define VIEW_OFF "\033[0m"

void run_view_init(struct run_view *v, bool is_off)
{
    const char *term = getenv("TERM");
    *v = (struct run_view){.is_off = is_off, .pause_ms = RUN_VIEW_PLAIN_MS};
    v->is_terminal = isatty(STDERR_FILENO) && term && *term && strcmp(term, "dumb") != 0;
    v->is_colored = v->is_terminal && cmd_may_color(STDERR_FILENO);
}

int64_t run_view_wait(const struct run_view *v)
{
    return v->is_terminal ? RUN_VIEW_MS : RUN_VIEW_PLAIN_MS;
}

bool run_view_is_due(const struct run_view *v, int64_t now_ms)
{
    if (v->is_off)
        return false;
    if (v->begun_ms == 0)
        return true; /* the time is to be noted */
    return v->is_terminal
               ? now_ms - v->drawn_ms >= RUN_VIEW_MS && now_ms - v->begun_ms >= RUN_VIEW_FIRST_MS
               : now_ms >= v->plain_ms;
}

/* ---- a block ---- */

struct view_size {
    unsigned columns, rows;
};

static struct view_size window(void)
{
    struct winsize size;
    struct view_size ret = {VIEW_COLUMNS, VIEW_ROWS};
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 && size.ws_row > 0)
        ret = (struct view_size){size.ws_col, size.ws_row};
    if (ret.columns > VIEW_MOST_COLUMNS)
        ret.columns = VIEW_MOST_COLUMNS;
    return ret;
}

/* A shell's job in the background leaves the terminal to others. */
static bool is_in_front(void)
{
    pid_t group = tcgetpgrp(STDERR_FILENO);
    return group < 0 || group == getpgrp();
}

static void style(const struct run_view *v, const char *code, struct buf *out)
{
    if (v->is_colored)
        buf_add(out, str_of(code));
}

static unsigned indent_of(const struct run_line *line)
{
    return 2 + 2 * (line->depth < VIEW_DEEPEST ? line->depth : VIEW_DEEPEST);
}

/* Columns of a name with its indent. */
static unsigned name_columns(const struct run_line *line)
{
    struct buf unused;
    buf_init(&unused, 1 << 16);
    unsigned columns = eval_show_clipped(line->name, VIEW_NAME_MOST, &unused);
    buf_done(&unused);
    return indent_of(line) + columns;
}

/* Of the widest name that has something behind it. */
static unsigned widest_name(const struct run_lines *l)
{
    unsigned most = 0;
    for (uint32_t i = 0; i < l->count; i++) {
        unsigned columns = l->lines[i].for_ms >= 0 ? name_columns(&l->lines[i]) : 0;
        most = columns > most ? columns : most;
    }
    return most;
}

/* "  name  time  doing", cut where the window ends. */
static void put_line(const struct run_view *v, const struct run_line *line, unsigned names,
                     unsigned columns, struct arena *a, struct buf *out)
{
    unsigned indent = indent_of(line), room = columns - indent;
    buf_add_fill(out, ' ', indent);
    unsigned at =
        indent + eval_show_clipped(line->name, room < VIEW_NAME_MOST ? room : VIEW_NAME_MOST, out);
    str time = line->for_ms >= 0 ? run_duration(line->for_ms, a) : STR("");
    unsigned width = time.n > VIEW_TIME ? (unsigned)time.n : VIEW_TIME;
    if (time.n > 0 && names + 2 + width <= columns) {
        buf_add_fill(out, ' ', names + 2 + width - (unsigned)time.n - at);
        style(v, VIEW_DIM, out);
        buf_add(out, time);
        style(v, VIEW_OFF, out);
        at = names + 2 + width;
        if (line->doing.n > 0 && at + 2 + VIEW_LEAST_DOING <= columns) {
            buf_add(out, STR("  "));
            eval_show_clipped(line->doing, columns - at - 2, out);
        }
    }
    buf_add(out, STR("\033[K\n"));
}

static void put_head(const struct run_view *v, const struct run_sight *s, unsigned columns,
                     struct arena *a, struct buf *out)
{
    str time = run_duration(s->now_ms - s->x->identity.start_ms, a);
    str machine = s->x->identity.state_machine_name;
    str text = arena_printf(a, "%.*s%s%.*s: running for %.*s", STR_ARG(machine),
                            s->name.n > 0 ? " " : "", STR_ARG(s->name), STR_ARG(time));
    if (s->calls > 0)
        text = arena_printf(a, "%.*s, %u HTTP %s under way", STR_ARG(text), s->calls,
                            s->calls == 1 ? "call" : "calls");
    style(v, VIEW_BOLD, out);
    eval_show_clipped(text, columns, out);
    style(v, VIEW_OFF, out);
    buf_add(out, STR("\033[K\n"));
}

/* Goes up to where the block begins. */
static void put_up(const struct run_view *v, struct buf *out)
{
    if (v->drawn > 0)
        buf_printf(out, "\033[%uA", v->drawn);
    buf_add_byte(out, '\r');
}

static void draw(struct run_view *v, const struct run_sight *s, struct arena *a, struct buf *out)
{
    struct run_lines lines;
    struct view_size size = window();
    unsigned columns = size.columns - 1, rows = size.rows - 1;
    put_up(v, out);
    v->drawn = 0;
    run_lines_make(s, a, &lines);
    if (columns >= VIEW_LEAST_COLUMNS && rows > 1) {
        unsigned names = widest_name(&lines);
        uint32_t room = rows - 1, shown = lines.count < room ? lines.count : room;
        bool is_cut = shown < lines.count || lines.left_out > 0;
        shown -= is_cut && shown == room;
        put_head(v, s, columns, a, out);
        for (uint32_t i = 0; i < shown; i++)
            put_line(v, &lines.lines[i], names, columns, a, out);
        if (is_cut)
            put_line(v, &(struct run_line){.name = STR("…"), .for_ms = -1}, names, columns, a, out);
        v->drawn = 1 + shown + is_cut;
    }
    buf_add(out, STR("\033[J"));
    v->was_drawn = true;
}

/* ---- plain lines ---- */

static void put_plain(const struct run_sight *s, struct arena *a, struct buf *out)
{
    struct run_lines lines;
    run_lines_make(s, a, &lines);
    str time = run_duration(s->now_ms - s->x->identity.start_ms, a);
    buf_printf(out, "running for %.*s", STR_ARG(time));
    for (uint32_t i = 0; i < lines.count && i < VIEW_PLAIN_STATES; i++) {
        const struct run_line *line = &lines.lines[i];
        buf_printf(out, "; %.*s%s%.*s", STR_ARG(line->name), line->doing.n > 0 ? ": " : "",
                   STR_ARG(line->doing));
    }
    if (lines.count > VIEW_PLAIN_STATES)
        buf_add(out, STR("; …"));
}

static void show_plain(struct run_view *v, const struct run_sight *s, int64_t now_ms)
{
    struct arena a;
    struct buf text, shown;
    arena_init(&a, 0);
    buf_init(&text, 1 << 16);
    buf_init(&shown, 1 << 16);
    put_plain(s, &a, &text);
    eval_show_message(buf_str(&text), &shown);
    cmd_error("run", "%.*s", (int)shown.n - 1, shown.p);
    v->pause_ms = 2 * v->pause_ms < RUN_VIEW_PLAIN_MOST ? 2 * v->pause_ms : RUN_VIEW_PLAIN_MOST;
    v->plain_ms = now_ms + v->pause_ms;
    buf_done(&text);
    buf_done(&shown);
    arena_done(&a);
}

/* ---- from outside ---- */

static void send(struct buf *text)
{
    size_t at = 0;
    while (at < text->n) {
        ssize_t n = write(STDERR_FILENO, text->p + at, text->n - at);
        if (n <= 0)
            return; /* nobody is left to see it */
        at += (size_t)n;
    }
}

static void show_block(struct run_view *v, const struct run_sight *s, int64_t now_ms)
{
    struct arena a;
    struct buf text;
    if (now_ms - v->drawn_ms > VIEW_AWAY_MS)
        v->drawn = 0; /* others may have written meanwhile */
    v->drawn_ms = now_ms;
    if (!is_in_front())
        return;
    arena_init(&a, 0);
    buf_init(&text, 1 << 20);
    draw(v, s, &a, &text);
    send(&text);
    buf_done(&text);
    arena_done(&a);
}

void run_view_show(struct run_view *v, const struct run_sight *s, int64_t now_ms)
{
    if (!run_view_is_due(v, now_ms))
        return;
    if (v->begun_ms == 0) {
        v->begun_ms = now_ms;
        v->plain_ms = now_ms + v->pause_ms;
    } else if (v->is_terminal) {
        show_block(v, s, now_ms);
    } else {
        show_plain(v, s, now_ms);
    }
}

void run_view_erase(struct run_view *v)
{
    struct buf text;
    if (v->drawn == 0 || !is_in_front())
        return;
    buf_init(&text, 256);
    put_up(v, &text);
    buf_add(&text, STR("\033[J"));
    send(&text);
    buf_done(&text);
    v->drawn = 0;
}
