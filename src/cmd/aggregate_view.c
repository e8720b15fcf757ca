/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See aggregate_view.h. The same facts make the lines of the block and the plain line; each put_…
 * has one of them.
 *
 *   ━━━━━━━━━━━━━━━━━━━━━╸──────  78 %  41 s, 12 s to go
 *   locations  809 done (300 before), 3 failed, 188 left
 *   rows       1,204,331 in 3,412 pages, 482.1 MB
 *   requests   152/s, 20 under way, 36 waiting; 2 hosts asked for a pause, 12 s at most
 *   trouble    ghent-corner-0176 failed: States.Http.Socket: Failed to connect …
 */
#include "cmd/aggregate_view.h"

#include "cmd/cmd.h"
#include "cmd/eval_show.h"
#include "cmd/run_lines.h"

enum {
    VIEW_LABEL = 11,      /* columns, with the space behind it */
    VIEW_BESIDE_BAR = 32, /* that the bar leaves */
    VIEW_BAR_LEAST = 10,
    VIEW_BAR_MOST = 60,
    VIEW_TEXT_MAX = 64 << 10,
    VIEW_TROUBLE_COLUMNS = 300 /* of a plain line */
};

void aggregate_view_init(struct aggregate_view *v, bool is_off, int64_t now_ms)
{
    *v = (struct aggregate_view){.is_off = is_off, .plain_ms = now_ms};
    block_init(&v->block);
}

/* ---- facts ---- */

static void put_duration(struct buf *out, int64_t ms)
{
    struct arena a;
    arena_init(&a, 0);
    buf_add(out, run_duration(ms, &a));
    arena_done(&a);
}

/* What lies ahead is not known to a tenth of a second. */
static void put_ahead(struct buf *out, int64_t ms)
{
    int64_t seconds = (ms + 999) / 1000;
    if (seconds < 10)
        buf_printf(out, "%d s", (int)seconds);
    else
        put_duration(out, seconds * 1000);
}

static void put_number(struct buf *out, uint64_t n, const char *what)
{
    progress_put_count(out, n);
    buf_add(out, str_of(what));
}

static void put_locations(const struct progress *p, struct buf *out)
{
    put_number(out, p->done, " done");
    if (p->before > 0) {
        buf_add(out, STR(" ("));
        put_number(out, p->before, " before)");
    }
    buf_add(out, STR(", "));
    put_number(out, p->failed, " failed, ");
    if (p->mismatched > 0)
        put_number(out, p->mismatched, " with other counts than announced, ");
    put_number(out, progress_left(p), " left");
}

static void put_rows(const struct progress *p, struct buf *out)
{
    put_number(out, p->rows, " in ");
    put_number(out, p->pages, p->pages == 1 ? " page, " : " pages, ");
    progress_put_bytes(out, p->bytes);
}

static void put_requests(const struct progress *p, const char *unit, struct buf *out)
{
    progress_put_rate(out, p->per_second);
    buf_add(out, str_of(unit));
    buf_printf(out, ", %u under way", p->under_way);
    if (p->waiting > 0)
        buf_printf(out, ", %u waiting", p->waiting);
}

/* What is in the way just now; often nothing. */
static void put_hindrance(const struct progress *p, struct buf *out)
{
    if (p->hosts_paused > 0) {
        buf_printf(out, "; %u %s asked for a pause, ", p->hosts_paused,
                   p->hosts_paused == 1 ? "host" : "hosts");
        put_ahead(out, p->pause_ms);
        buf_add(out, p->hosts_paused == 1 ? STR("") : STR(" at most"));
    }
    if (p->disk_refusals > 0) {
        buf_add(out, STR("; the disk refused "));
        put_number(out, p->disk_refusals, p->disk_refusals == 1 ? " time" : " times");
    }
}

static void put_time(const struct progress *p, struct buf *out)
{
    put_duration(out, p->elapsed_ms);
    if (p->left_ms >= 0 && progress_left(p) > 0) {
        buf_add(out, STR(", "));
        put_ahead(out, p->left_ms);
        buf_add(out, STR(" to go"));
    } else if (p->state.n > 0) {
        buf_printf(out, ", %.*s", STR_ARG(p->state));
    }
}

void location_put_trouble(const struct location_end *l, struct buf *out)
{
    buf_add(out, l->id);
    if (!str_eq(l->state, STR("FAILED"))) {
        if (l->has_announced && l->has_fetched) {
            buf_add(out, STR(": "));
            put_number(out, l->announced, " rows announced, ");
            put_number(out, l->fetched, " fetched");
        } else {
            buf_add(out, STR(" has other counts than announced"));
        }
        return;
    }
    buf_printf(out, " failed%s%.*s", l->error.n > 0 ? ": " : "", STR_ARG(l->error));
    buf_printf(out, "%s%.*s", l->cause.n > 0 ? ": " : "", STR_ARG(l->cause));
}

/* ---- the block ---- */

struct view_line {
    const struct block *block;
    unsigned left; /* columns */
    struct buf *out;
    struct buf text; /* of the piece that is being made */
};

static void add_piece(struct view_line *l, const char *style)
{
    block_style(l->block, style, l->out);
    l->left -= eval_show_clipped(buf_str(&l->text), l->left, l->out);
    block_style(l->block, BLOCK_OFF, l->out);
    buf_clear(&l->text);
}

static void begin_line(struct view_line *l, const char *label, const char *style, unsigned columns)
{
    l->left = columns;
    buf_printf(&l->text, "%-*s", VIEW_LABEL, label);
    add_piece(l, style);
}

static void add_cells(struct view_line *l, const char *style, const char *cell, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        buf_add(&l->text, str_of(cell));
    if (count > 0)
        add_piece(l, style);
}

static unsigned cells_of(uint64_t n, uint64_t all, unsigned cells)
{
    return all == 0 ? 0 : n >= all ? cells : (unsigned)(n * cells / all);
}

/* In half cells: what is done, what has failed (seen as soon as one has), what is left. */
static void put_bar(const struct progress *p, struct view_line *l, unsigned columns)
{
    unsigned room = columns > VIEW_BESIDE_BAR ? columns - VIEW_BESIDE_BAR : 0;
    unsigned cells = room < VIEW_BAR_LEAST  ? VIEW_BAR_LEAST
                     : room > VIEW_BAR_MOST ? VIEW_BAR_MOST
                                            : room;
    uint64_t over = p->done + p->failed;
    unsigned halves = cells_of(over, p->locations, 2 * cells);
    unsigned bad = cells_of(p->failed, p->locations, cells);
    if (p->failed > 0 && bad == 0 && halves >= 2)
        bad = 1;
    unsigned full = halves / 2, half = halves % 2;
    l->left = columns;
    add_cells(l, BLOCK_GREEN, "━", full - bad);
    add_cells(l, BLOCK_RED, "━", bad);
    add_cells(l, bad > 0 ? BLOCK_RED : BLOCK_GREEN, "╸", half);
    add_cells(l, BLOCK_DIM, "─", cells - full - half);
    if (p->locations > 0)
        buf_printf(&l->text, " %3u %%  ", cells_of(over, p->locations, 100));
    else
        buf_add(&l->text, STR("        "));
    add_piece(l, BLOCK_BOLD);
    put_time(p, &l->text);
    add_piece(l, "");
    block_end_line(l->out);
}

struct view_sight {
    const struct progress *p;
    str trouble;
};

static uint32_t put_lines(void *arg, const struct block *b, unsigned columns, unsigned rows,
                          struct buf *out)
{
    const struct view_sight *s = arg;
    struct view_line l = {.block = b, .out = out};
    uint32_t count = s->trouble.n > 0 ? 5 : 4;
    buf_init(&l.text, VIEW_TEXT_MAX);
    put_bar(s->p, &l, columns);
    for (uint32_t i = 1; i < count && i < rows; i++) {
        static const char *const labels[] = {NULL, "locations", "rows", "requests", "trouble"};
        begin_line(&l, labels[i], i == 4 ? BLOCK_RED : BLOCK_DIM, columns);
        if (i == 1)
            put_locations(s->p, &l.text);
        else if (i == 2)
            put_rows(s->p, &l.text);
        else if (i == 3)
            put_requests(s->p, "/s", &l.text);
        else
            buf_add(&l.text, s->trouble);
        add_piece(&l, "");
        if (i == 3) {
            put_hindrance(s->p, &l.text);
            add_piece(&l, BLOCK_YELLOW);
        }
        block_end_line(out);
    }
    buf_done(&l.text);
    return count < rows ? count : rows;
}

/* ---- plain lines ---- */

static void say(str text)
{
    struct buf shown;
    buf_init(&shown, SIZE_MAX / 2);
    eval_show_message(text, &shown);
    cmd_error("aggregate", "%.*s", (int)shown.n - 1, shown.p);
    buf_done(&shown);
}

static void say_plain(const struct progress *p)
{
    struct buf text;
    buf_init(&text, VIEW_TEXT_MAX);
    buf_add(&text, STR("locations: "));
    put_locations(p, &text);
    buf_add(&text, STR("; rows: "));
    put_rows(p, &text);
    buf_add(&text, STR("; "));
    put_requests(p, " requests/s", &text);
    put_hindrance(p, &text);
    buf_add(&text, STR("; "));
    put_time(p, &text);
    say(buf_str(&text));
    buf_done(&text);
}

void aggregate_view_tell(struct aggregate_view *v, str trouble)
{
    struct buf text;
    if (v->is_off || v->block.is_terminal || v->told > AGGREGATE_TOLD_MAX)
        return;
    buf_init(&text, VIEW_TEXT_MAX);
    if (v->told++ < AGGREGATE_TOLD_MAX)
        eval_show_clipped(trouble, VIEW_TROUBLE_COLUMNS, &text);
    else
        buf_add(&text, STR("and more; the ledger has them all at the end"));
    say(buf_str(&text));
    buf_done(&text);
}

/* ---- from outside ---- */

void aggregate_view_show(struct aggregate_view *v, const struct progress *p, str trouble,
                         int64_t now_ms)
{
    if (v->is_off)
        return;
    if (v->block.is_terminal) {
        struct view_sight sight = {p, trouble};
        if (p->elapsed_ms >= AGGREGATE_FIRST_MS)
            block_draw(&v->block, now_ms, put_lines, &sight);
    } else if (now_ms - v->plain_ms >= AGGREGATE_PLAIN_MS) {
        v->plain_ms = now_ms;
        say_plain(p);
    }
}

void aggregate_view_clear(struct aggregate_view *v)
{
    block_erase(&v->block);
}
