/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See aggregate_summary.h. Locations that are not complete are found in the ledger's file: it has
 * those of processes before this one, too. It has a line for each type of a location.
 */
#include "cmd/aggregate_summary.h"

#include "cmd/aggregate_hint.h"
#include "cmd/eval_show.h"
#include "cmd/run_lines.h"
#include "csv/csv_read.h"
#include <stdio.h>

enum {
    SUMMARY_NAME_LEAST = 24, /* columns of a name, filled up */
    SUMMARY_NAME_MOST = 40,
    SUMMARY_STATE = 9,
    SUMMARY_WHY_LEAST = 20,
    SUMMARY_COLUMNS = 160, /* where there is no window */
    SUMMARY_PIECE = 1 << 16
};

/* ---- the ledger ---- */

enum ledger_column {
    LEDGER_ID,
    LEDGER_STATE,
    LEDGER_ANNOUNCED,
    LEDGER_FETCHED,
    LEDGER_ERROR,
    LEDGER_CAUSE,
    LEDGER_COLUMNS
};

/* One location that is being read, and those that were told. */
struct finding {
    struct buf *out;
    unsigned columns; /* of a line */
    bool has_header;
    uint32_t place[LEDGER_COLUMNS]; /* in the rows; UINT32_MAX: there is no such column */
    uint32_t told;
    struct buf id, state, why; /* id empty: none; why: of the first type that says so */
    uint64_t announced, fetched;
    const char *hint; /* of the first one that has one; NULL: none has */
};

static void read_header(struct finding *f, const struct csv_reader *row)
{
    static const char *const names[] = {"location_id", "state", "announced",
                                        "fetched",     "error", "cause"};
    for (size_t c = 0; c < LEDGER_COLUMNS; c++) {
        f->place[c] = UINT32_MAX;
        for (uint32_t i = 0; i < row->count; i++)
            if (str_eq(csv_cell(row, i), str_of(names[c])))
                f->place[c] = i;
    }
    f->has_header = true;
}

static str cell(const struct finding *f, const struct csv_reader *row, enum ledger_column column)
{
    return f->place[column] < row->count ? csv_cell(row, f->place[column]) : STR("");
}

static uint64_t number(str digits)
{
    uint64_t n = 0;
    for (size_t i = 0; i < digits.n && i < 18 && digits.p[i] >= '0' && digits.p[i] <= '9'; i++)
        n = n * 10 + (uint64_t)(digits.p[i] - '0');
    return n;
}

/* "  NAME  STATE  why". */
static void put_finding(struct finding *f)
{
    if (f->id.n == 0)
        return;
    if (f->why.n == 0 && !str_eq(buf_str(&f->state), STR("OPEN"))) {
        progress_put_count(&f->why, f->announced);
        buf_add(&f->why, STR(" announced, "));
        progress_put_count(&f->why, f->fetched);
        buf_add(&f->why, STR(" fetched"));
    }
    buf_add(f->out, STR("  "));
    unsigned name = eval_show_clipped(buf_str(&f->id), SUMMARY_NAME_MOST, f->out);
    unsigned fill = name < SUMMARY_NAME_LEAST ? SUMMARY_NAME_LEAST - name : 0;
    unsigned before = 2 + name + fill + 2 + SUMMARY_STATE + 1;
    buf_add_fill(f->out, ' ', fill + 2);
    unsigned state = eval_show_clipped(buf_str(&f->state), SUMMARY_STATE, f->out);
    buf_add_fill(f->out, ' ', SUMMARY_STATE - state + 1);
    eval_show_clipped(
        buf_str(&f->why),
        before + SUMMARY_WHY_LEAST < f->columns ? f->columns - before : SUMMARY_WHY_LEAST, f->out);
    while (f->out->n > 0 && f->out->p[f->out->n - 1] == ' ')
        f->out->n--;
    buf_add_byte(f->out, '\n');
    f->told++;
    if (!f->hint)
        f->hint = aggregate_hint(buf_str(&f->why));
    buf_clear(&f->id);
}

static void begin_finding(struct finding *f, str id, str state)
{
    buf_clear(&f->id);
    buf_clear(&f->state);
    buf_clear(&f->why);
    buf_add(&f->id, id);
    buf_add(&f->state, state);
    f->announced = f->fetched = 0;
}

static void read_row(struct finding *f, const struct csv_reader *row)
{
    str id = cell(f, row, LEDGER_ID), state = cell(f, row, LEDGER_STATE);
    str error = cell(f, row, LEDGER_ERROR), cause = cell(f, row, LEDGER_CAUSE);
    if (!f->has_header) {
        read_header(f, row);
        return;
    }
    if (!str_eq(id, buf_str(&f->id)))
        put_finding(f);
    if (str_eq(state, STR("COMPLETE")))
        return;
    if (f->id.n == 0)
        begin_finding(f, id, state);
    f->announced += number(cell(f, row, LEDGER_ANNOUNCED));
    f->fetched += number(cell(f, row, LEDGER_FETCHED));
    if (f->why.n == 0)
        buf_printf(&f->why, "%.*s%s%.*s", STR_ARG(error), error.n > 0 && cause.n > 0 ? ": " : "",
                   STR_ARG(cause));
}

static void read_ledger(struct finding *f, FILE *file)
{
    char bytes[SUMMARY_PIECE];
    struct csv_reader r;
    size_t n, used;
    enum csv_got got = CSV_ROW;
    csv_reader_init(&r, ',');
    while (f->told < AGGREGATE_SUMMARY_LOCATIONS && got != CSV_TOO_LARGE &&
           (n = fread(bytes, 1, sizeof(bytes), file)) > 0) {
        for (size_t at = 0; at < n && f->told < AGGREGATE_SUMMARY_LOCATIONS; at += used) {
            got = csv_read(&r, (str){bytes + at, n - at}, &used);
            if (got == CSV_ROW)
                read_row(f, &r);
            if (got == CSV_TOO_LARGE)
                break;
        }
    }
    if (f->told < AGGREGATE_SUMMARY_LOCATIONS)
        put_finding(f);
    csv_reader_done(&r);
}

static void put_findings(const struct aggregate_summary *s, struct buf *out)
{
    struct finding f = {.out = out, .columns = s->columns > 0 ? s->columns : SUMMARY_COLUMNS};
    struct arena a;
    uint64_t all = s->counts->locations - s->counts->complete;
    arena_init(&a, 0);
    FILE *file = all > 0 ? fopen(arena_cstr(&a, s->ledger), "r") : NULL;
    if (file) {
        buf_init(&f.id, 1 << 16);
        buf_init(&f.state, 1 << 16);
        buf_init(&f.why, 1 << 16);
        buf_add(out, STR("\nnot complete\n"));
        read_ledger(&f, file);
        if (all > f.told) {
            buf_add(out, STR("  and "));
            progress_put_count(out, all - f.told);
            buf_add(out, STR(" more\n"));
        }
        if (f.hint && s->counts->complete == 0)
            buf_printf(out, "\nhint       %s\n", f.hint);
        buf_done(&f.id);
        buf_done(&f.state);
        buf_done(&f.why);
        fclose(file);
    }
    arena_done(&a);
}

/* ---- the whole ---- */

static void put_effort(const struct progress *p, struct buf *out)
{
    struct arena a;
    double seconds = (double)p->elapsed_ms / 1000;
    arena_init(&a, 0);
    buf_add(out, STR("requests   "));
    progress_put_count(out, p->requests);
    buf_printf(out, " in %.*s, ", STR_ARG(run_duration(p->elapsed_ms, &a)));
    progress_put_rate(out, seconds > 0 ? (double)p->requests / seconds : 0);
    buf_add(out, STR("/s, "));
    progress_put_bytes(out, p->bytes);
    buf_add(out, p->before > 0 ? STR(", since it went on\n") : STR("\n"));
    arena_done(&a);
}

void aggregate_summary_put(const struct aggregate_summary *s, struct buf *out)
{
    ledger_put_text(s->counts, s->file, out);
    if (!s->was_finished)
        put_effort(s->last, out);
    buf_printf(out, "ledger     %.*s\n", STR_ARG(s->ledger));
    put_findings(s, out);
}
