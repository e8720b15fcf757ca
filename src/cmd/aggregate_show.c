/* SPDX-License-Identifier: Apache-2.0 */
/* See aggregate_show.h. */
#include "cmd/aggregate_show.h"

#include "asl/exec.h"
#include "json/value.h"
#include <stdio.h>
#include <unistd.h>

void aggregate_show_init(struct aggregate_show *s, bool is_quiet, int64_t now_ms)
{
    *s = (struct aggregate_show){.is_off = is_quiet,
                                 .is_terminal = isatty(STDERR_FILENO) == 1,
                                 .begun_ms = now_ms,
                                 .plain_ms = now_ms};
}

void aggregate_show_loop(struct aggregate_show *s, uint32_t number, struct engine *e,
                         struct loop *loop)
{
    s->engines[number] = e;
    s->loops[number] = loop;
}

void aggregate_show_step(struct aggregate_show *s, const struct asl_exec *x)
{
    atomic_fetch_add_explicit(&s->steps, 1, memory_order_relaxed);
    if (x->status != ASL_EXEC_SUCCEEDED || !x->output ||
        !str_ends(x->identity.state_machine_name, STR("-processing")))
        return;
    struct json_val count = json_get(x->output->root, STR("count"));
    uint64_t rows = json_is_number(count) ? (uint64_t)json_number(count) : 0;
    atomic_fetch_add_explicit(&s->pages, 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&s->rows, rows, memory_order_relaxed);
}

/* ---- the map run over locations ---- */

static void told(void *arg)
{
    struct aggregate_show *s = arg;
    s->is_looking = false;
    s->has_counts |= s->has_seen;
    if (s->has_seen)
        s->now = s->seen;
}

/* On the parent's loop. */
static void look(void *arg)
{
    struct aggregate_show *s = arg;
    struct engine *e = s->engines[s->number];
    const struct asl_exec *x = e ? engine_look(e, s->execution) : NULL;
    const struct asl_frame *f = x ? x->root : NULL;
    struct asl_map_run run;
    s->has_seen =
        f && f->phase == ASL_PHASE_MAPPING && engine_look_map(e, s->execution, f->id, &run);
    if (s->has_seen)
        s->seen = run.items;
    loop_post(s->loops[0], &s->tell, told, s);
}

static void ask(struct aggregate_show *s, struct engine *e, int64_t execution)
{
    if (execution == 0 || s->is_looking)
        return;
    if (s->execution != execution && engine_loop_of(e, execution, &s->number, NULL) != STATUS_OK)
        return;
    s->execution = execution;
    s->is_looking = true;
    loop_post(s->loops[s->number], &s->look, look, s);
}

/* ---- the line ---- */

/* How long it takes still, if it goes on as it did in this process; once that can be told. */
static void put_left(struct aggregate_show *s, uint64_t over, uint64_t all, int64_t now_ms)
{
    if (s->first_ms == 0) {
        s->first_ms = now_ms;
        s->first_done = over;
    }
    if (over <= s->first_done || now_ms - s->first_ms < AGGREGATE_GUESS_MS)
        return;
    double ms = (double)(now_ms - s->first_ms) / (double)(over - s->first_done);
    uint64_t left = (uint64_t)(ms * (double)(all - over) / 1000);
    fprintf(stderr, "; about %llu:%02llu:%02llu to go", (unsigned long long)(left / 3600),
            (unsigned long long)(left / 60 % 60), (unsigned long long)(left % 60));
}

void aggregate_show_now(struct aggregate_show *s, struct engine *e, int64_t execution,
                        int64_t now_ms)
{
    bool is_due = s->is_terminal || now_ms - s->plain_ms >= AGGREGATE_PLAIN_MS;
    double seconds = (double)(now_ms - s->begun_ms) / 1000;
    if (s->is_off)
        return;
    ask(s, e, execution);
    if (!is_due || !s->has_counts)
        return;
    const struct asl_map_counts *c = &s->now;
    uint64_t done = c->succeeded, failed = c->failed + c->timed_out + c->aborted;
    uint64_t all = c->total > s->locations ? c->total : s->locations;
    s->plain_ms = now_ms;
    s->was_drawn = s->is_terminal;
    struct engine_figures figures = engine_figures_of_all(e);
    fprintf(stderr,
            "%slocations: %llu done, %llu failed, %llu left; %llu pages, %llu rows; %.0f calls/s, "
            "%u under way",
            s->is_terminal ? "\r\033[?7l" : "afflux aggregate: ", (unsigned long long)done,
            (unsigned long long)failed, (unsigned long long)(all - done - failed),
            (unsigned long long)s->pages, (unsigned long long)s->rows,
            seconds > 0 ? (double)figures.called / seconds : 0.0, figures.calls);
    put_left(s, done + failed, all, now_ms);
    if (figures.retried > 0)
        fprintf(stderr, "; the disk refused %llu times", (unsigned long long)figures.retried);
    fputs(s->is_terminal ? "\033[K\033[?7h" : "\n", stderr); /* a long one is cut, not wrapped */
    fflush(stderr);
}

void aggregate_show_clear(struct aggregate_show *s)
{
    if (s->was_drawn)
        fputs("\r\033[K", stderr);
    s->was_drawn = false;
}
