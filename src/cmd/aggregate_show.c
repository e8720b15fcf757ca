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

void aggregate_show_step(struct aggregate_show *s, const struct asl_exec *x)
{
    if (x->status != ASL_EXEC_SUCCEEDED || !x->output ||
        !str_ends(x->identity.state_machine_name, STR("-processing")))
        return;
    struct json_val count = json_get(x->output->root, STR("count"));
    s->pages++;
    s->rows += json_is_number(count) ? (uint64_t)json_number(count) : 0;
}

/* The map run over locations, if there is one now. */
static bool find_map(const struct engine *e, int64_t execution, struct asl_map_run *ret)
{
    const struct asl_exec *x = execution != 0 ? engine_look(e, execution) : NULL;
    const struct asl_frame *f = x ? x->root : NULL;
    return f && f->phase == ASL_PHASE_MAPPING && engine_look_map(e, execution, f->id, ret);
}

void aggregate_show_now(struct aggregate_show *s, const struct engine *e, int64_t execution,
                        int64_t now_ms)
{
    struct asl_map_run run;
    bool is_due = s->is_terminal || now_ms - s->plain_ms >= AGGREGATE_PLAIN_MS;
    double seconds = (double)(now_ms - s->begun_ms) / 1000;
    if (s->is_off || !is_due || !find_map(e, execution, &run))
        return;
    const struct asl_map_counts *c = &run.items;
    uint64_t done = c->succeeded, failed = c->failed + c->timed_out + c->aborted;
    uint64_t all = c->total > s->locations ? c->total : s->locations;
    s->plain_ms = now_ms;
    s->was_drawn = s->is_terminal;
    fprintf(stderr,
            "%slocations: %llu done, %llu failed, %llu left; %llu pages (%.0f/s), %llu rows, %u "
            "calls under way%s",
            s->is_terminal ? "\r" : "afflux aggregate: ", (unsigned long long)done,
            (unsigned long long)failed, (unsigned long long)(all - done - failed),
            (unsigned long long)s->pages, seconds > 0 ? (double)s->pages / seconds : 0.0,
            (unsigned long long)s->rows, engine_figures(e).calls, s->is_terminal ? "\033[K" : "\n");
    fflush(stderr);
}

void aggregate_show_clear(struct aggregate_show *s)
{
    if (s->was_drawn)
        fputs("\r\033[K", stderr);
    s->was_drawn = false;
}
