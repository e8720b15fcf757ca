/* SPDX-License-Identifier: Apache-2.0 */
/* See run_summary.h. */
#include "cmd/run_summary.h"

#include "base/check.h"
#include "cmd/eval_show.h"
#include "cmd/run_lines.h"
#include <stdlib.h>

enum { SUMMARY_NAME_MOST = 40 };

struct run_summary_state {
    uint32_t place; /* in the order of first entries, from 1; 0: never entered */
    uint64_t entered;
    int64_t since_ms, total_ms;
    bool is_open;
};

void run_summary_done(struct run_summary *s)
{
    free(s->states);
    *s = (struct run_summary){0};
}

static void close_states(struct run_summary *s, int64_t now_ms)
{
    for (uint32_t i = 0; i < s->count; i++) {
        if (s->states[i].is_open)
            s->states[i].total_ms += now_ms - s->states[i].since_ms;
    }
}

void run_summary_note(struct run_summary *s, const struct asl_exec *x, const struct asl_record *r)
{
    bool is_end = r->kind >= ASL_EXECUTION_SUCCEEDED && r->kind <= ASL_EXECUTION_TIMED_OUT;
    if (!s->states) {
        s->count = x->definition->state_count;
        s->states = calloc(s->count + 1, sizeof(*s->states));
        check(s->states != NULL);
    }
    if (is_end)
        close_states(s, r->time_ms); /* is_open stays: there it ended */
    if (r->frame != ASL_ROOT_FRAME || r->state >= s->count)
        return;
    struct run_summary_state *state = &s->states[r->state];
    if (r->kind == ASL_STATE_ENTERED) {
        if (state->place == 0)
            state->place = ++s->entered;
        state->entered++;
        state->since_ms = r->time_ms;
        state->is_open = true;
    } else if (r->kind == ASL_STATE_EXITED && state->is_open) {
        state->total_ms += r->time_ms - state->since_ms;
        state->is_open = false;
    }
}

static uint32_t find_place(const struct run_summary *s, uint32_t place)
{
    uint32_t i = 0;
    while (s->states[i].place != place)
        i++;
    return i;
}

static unsigned widest(const struct run_summary *s, const struct asl_exec *x)
{
    unsigned most = 0;
    for (uint32_t i = 0; i < s->count; i++) {
        struct buf unused;
        buf_init(&unused, 1 << 16);
        unsigned columns =
            s->states[i].place == 0
                ? 0
                : eval_show_clipped(x->definition->states[i]->name, SUMMARY_NAME_MOST, &unused);
        buf_done(&unused);
        most = columns > most ? columns : most;
    }
    return most;
}

static void put_state(const struct run_summary_state *state, str name, unsigned names,
                      bool is_colored, struct arena *a, struct buf *out)
{
    const char *color = !is_colored ? "" : state->is_open ? "\033[31m" : "\033[32m";
    buf_printf(out, "%s%s%s ", color, state->is_open ? "✗" : "✓", is_colored ? "\033[0m" : "");
    unsigned columns = eval_show_clipped(name, SUMMARY_NAME_MOST, out);
    buf_add_fill(out, ' ', names - columns);
    buf_printf(out, "  %.*s", STR_ARG(run_duration(state->total_ms, a)));
    if (state->entered > 1)
        buf_printf(out, " in %llu times", (unsigned long long)state->entered);
    buf_add_byte(out, '\n');
}

void run_summary_write(const struct run_summary *s, const struct asl_exec *x, bool is_colored,
                       struct buf *out)
{
    struct arena a;
    if (!s->states || s->count != x->definition->state_count)
        return;
    arena_init(&a, 0);
    unsigned names = widest(s, x);
    for (uint32_t place = 1; place <= s->entered && place <= RUN_SUMMARY_MOST; place++) {
        uint32_t i = find_place(s, place);
        bool is_end_state = x->status == ASL_EXEC_SUCCEEDED;
        struct run_summary_state state = s->states[i];
        state.is_open = state.is_open && !is_end_state;
        put_state(&state, x->definition->states[i]->name, names, is_colored, &a, out);
    }
    if (s->entered > RUN_SUMMARY_MOST)
        buf_printf(out, "  … and %u more states\n", s->entered - RUN_SUMMARY_MOST);
    arena_done(&a);
}
