/* SPDX-License-Identifier: Apache-2.0 */
/* See run_view.h. How lines are drawn over again is block.h's. */
#include "cmd/run_view.h"

#include "cmd/cmd.h"
#include "cmd/eval_show.h"

enum {
    VIEW_NAME_MOST = 40, /* columns of the widest name */
    VIEW_DEEPEST = 8,    /* what lies deeper is not indented more */
    VIEW_TIME = 5,
    VIEW_LEAST_DOING = 8,
    VIEW_PLAIN_STATES = 3
};

void run_view_init(struct run_view *v, bool is_off)
{
    *v = (struct run_view){.is_off = is_off, .pause_ms = RUN_VIEW_PLAIN_MS};
    block_init(&v->block);
}

int64_t run_view_wait(const struct run_view *v)
{
    return v->block.is_terminal ? RUN_VIEW_MS : RUN_VIEW_PLAIN_MS;
}

bool run_view_is_due(const struct run_view *v, int64_t now_ms)
{
    if (v->is_off)
        return false;
    if (v->begun_ms == 0)
        return true; /* the time is to be noted */
    return v->block.is_terminal ? now_ms - v->block.drawn_ms >= RUN_VIEW_MS &&
                                      now_ms - v->begun_ms >= RUN_VIEW_FIRST_MS
                                : now_ms >= v->plain_ms;
}

/* ---- a block ---- */

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
static void put_line(const struct block *b, const struct run_line *line, unsigned names,
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
        block_style(b, BLOCK_DIM, out);
        buf_add(out, time);
        block_style(b, BLOCK_OFF, out);
        at = names + 2 + width;
        if (line->doing.n > 0 && at + 2 + VIEW_LEAST_DOING <= columns) {
            buf_add(out, STR("  "));
            eval_show_clipped(line->doing, columns - at - 2, out);
        }
    }
    block_end_line(out);
}

static void put_head(const struct block *b, const struct run_sight *s, unsigned columns,
                     struct arena *a, struct buf *out)
{
    str time = run_duration(s->now_ms - s->x->identity.start_ms, a);
    str machine = s->x->identity.state_machine_name;
    str text = arena_printf(a, "%.*s%s%.*s: running for %.*s", STR_ARG(machine),
                            s->name.n > 0 ? " " : "", STR_ARG(s->name), STR_ARG(time));
    if (s->calls > 0)
        text = arena_printf(a, "%.*s, %u HTTP %s under way", STR_ARG(text), s->calls,
                            s->calls == 1 ? "call" : "calls");
    block_style(b, BLOCK_BOLD, out);
    eval_show_clipped(text, columns, out);
    block_style(b, BLOCK_OFF, out);
    block_end_line(out);
}

struct drawing {
    const struct run_sight *sight;
    struct arena *arena;
};

static uint32_t put_lines(void *arg, const struct block *b, unsigned columns, unsigned rows,
                          struct buf *out)
{
    const struct drawing *d = arg;
    struct run_lines lines;
    run_lines_make(d->sight, d->arena, &lines);
    unsigned names = widest_name(&lines);
    uint32_t room = rows - 1, shown = lines.count < room ? lines.count : room;
    bool is_cut = shown < lines.count || lines.left_out > 0;
    shown -= is_cut && shown == room;
    put_head(b, d->sight, columns, d->arena, out);
    for (uint32_t i = 0; i < shown; i++)
        put_line(b, &lines.lines[i], names, columns, d->arena, out);
    if (is_cut)
        put_line(b, &(struct run_line){.name = STR("…"), .for_ms = -1}, names, columns, d->arena,
                 out);
    return 1 + shown + is_cut;
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

static void show_block(struct run_view *v, const struct run_sight *s, int64_t now_ms)
{
    struct arena a;
    arena_init(&a, 0);
    block_draw(&v->block, now_ms, put_lines, &(struct drawing){s, &a});
    arena_done(&a);
}

void run_view_show(struct run_view *v, const struct run_sight *s, int64_t now_ms)
{
    if (!run_view_is_due(v, now_ms))
        return;
    if (v->begun_ms == 0) {
        v->begun_ms = now_ms;
        v->plain_ms = now_ms + v->pause_ms;
    } else if (v->block.is_terminal) {
        show_block(v, s, now_ms);
    } else {
        show_plain(v, s, now_ms);
    }
}

void run_view_erase(struct run_view *v)
{
    block_erase(&v->block);
}
