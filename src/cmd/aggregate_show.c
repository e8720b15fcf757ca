/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See aggregate_show.h.
 *
 * Pages are told by the executions of *-processing, locations by the children of the map run in
 * *-parent: each has exactly one for a run of the parent, whatever its extraction came to.
 */
#include "cmd/aggregate_show.h"

#include "asl/step.h"
#include "base/utf8.h"
#include "json/value.h"

enum { TROUBLE_MAX = 16 << 10 };

void aggregate_show_init(struct aggregate_show *s, bool is_quiet, bool is_json, int64_t now_ms)
{
    *s = (struct aggregate_show){.begun_ms = now_ms, .event_ms = now_ms};
    aggregate_view_init(&s->view, is_quiet || is_json, now_ms);
    event_out_init(&s->out, is_json);
    buf_init(&s->trouble, TROUBLE_MAX);
    pthread_mutex_init(&s->mutex, NULL);
}

void aggregate_show_done(struct aggregate_show *s)
{
    event_out_done(&s->out);
    buf_done(&s->trouble);
    pthread_mutex_destroy(&s->mutex);
}

void aggregate_show_loop(struct aggregate_show *s, uint32_t number, struct engine *e,
                         struct loop *loop)
{
    s->engines[number] = e;
    s->loops[number] = loop;
}

/* ---- events ---- */

/* Writes the line, and is done with it. */
static void tell(struct aggregate_show *s, struct buf *line)
{
    event_out_write(&s->out, buf_str(line));
    buf_done(line);
}

static void tell_location(struct aggregate_show *s, const struct location_end *l)
{
    struct buf line;
    buf_init(&line, SIZE_MAX / 2);
    event_put_location(&line, loop_wall_ms(), l);
    tell(s, &line);
}

static void tell_progress(struct aggregate_show *s, const struct progress *p)
{
    struct buf line;
    buf_init(&line, SIZE_MAX / 2);
    event_put_progress(&line, loop_wall_ms(), p);
    tell(s, &line);
}

void aggregate_show_started(struct aggregate_show *s, const struct event_started *e)
{
    struct buf line;
    s->run = e->run;
    buf_init(&line, SIZE_MAX / 2);
    event_put_started(&line, loop_wall_ms(), e);
    tell(s, &line);
}

void aggregate_show_stopped(struct aggregate_show *s, str error, str cause)
{
    struct buf line;
    if (s->run.n == 0)
        return;
    buf_init(&line, SIZE_MAX / 2);
    event_put_stopped(&line, loop_wall_ms(), s->run, error, cause);
    tell(s, &line);
}

bool aggregate_show_finished(struct aggregate_show *s, const struct event_finished *e)
{
    struct buf line;
    buf_init(&line, SIZE_MAX / 2);
    event_put_finished(&line, loop_wall_ms(), e);
    tell(s, &line);
    return event_out_check(&s->out, "aggregate");
}

/* ---- steps ---- */

static void add(_Atomic uint64_t *count, uint64_t n)
{
    atomic_fetch_add_explicit(count, n, memory_order_relaxed);
}

static uint64_t now_of(const _Atomic uint64_t *count)
{
    return atomic_load_explicit(count, memory_order_relaxed);
}

static void page_over(struct aggregate_show *s, const struct asl_exec *x)
{
    struct json_val count = json_get(x->output->root, STR("count"));
    add(&s->pages, 1);
    add(&s->rows,
        json_is_number(count) && json_number(count) > 0 ? (uint64_t)json_number(count) : 0);
}

/* What the state was given that it ended in. */
static struct json_val last_input(const struct asl_out *out)
{
    for (uint32_t i = out->record_count; i > 0; i--) {
        const struct asl_record *r = &out->records[i - 1];
        if (r->kind == ASL_STATE_ENTERED && r->frame == ASL_ROOT_FRAME && r->doc)
            return r->doc->root;
    }
    return json_undefined();
}

static void note_trouble(struct aggregate_show *s, const struct location_end *l)
{
    pthread_mutex_lock(&s->mutex);
    buf_clear(&s->trouble);
    location_put_trouble(l, &s->trouble);
    aggregate_view_tell(&s->view, buf_str(&s->trouble));
    pthread_mutex_unlock(&s->mutex);
}

static void child_over(struct aggregate_show *s, const struct asl_exec *x,
                       const struct asl_out *out)
{
    struct location_end l;
    struct json_val input = x->input ? x->input->root : json_undefined();
    bool has_succeeded = x->status == ASL_EXEC_SUCCEEDED;
    if (!location_end_read(input, last_input(out), has_succeeded, x->error, x->cause, &l))
        return;
    add(&s->ended, 1);
    add(&s->failed, !has_succeeded);
    add(&s->mismatched, str_eq(l.state, STR("MISMATCH")));
    if (s->out.is_on)
        tell_location(s, &l);
    if (!str_eq(l.state, STR("COMPLETE")))
        note_trouble(s, &l);
}

void aggregate_show_step(struct aggregate_show *s, const struct asl_exec *x,
                         const struct asl_out *out)
{
    str machine = x->identity.state_machine_name;
    add(&s->steps, 1);
    if (!asl_exec_is_over(x))
        return;
    if (x->machine != x->definition->root && str_ends(machine, STR("-parent")))
        child_over(s, x, out);
    else if (x->output && str_ends(machine, STR("-processing")))
        page_over(s, x);
}

/* ---- the map run over locations ---- */

static struct aggregate_tally tally_of(const struct aggregate_show *s)
{
    return (struct aggregate_tally){now_of(&s->ended), now_of(&s->failed), now_of(&s->mismatched)};
}

/* Locations end, and are counted, a moment before the map run hears of it: what it knows and was
 * not counted here is at least so many, and what is most of these over time is the truth. */
static void take_counts(struct aggregate_show *s)
{
    const struct asl_map_counts *c = &s->known.counts;
    const struct aggregate_tally *t = &s->known.tally;
    uint64_t failed = c->failed + c->timed_out + c->aborted, over = failed + c->succeeded;
    uint64_t ended_here = t->ended - s->base.ended, failed_here = t->failed - s->base.failed;
    if (!s->has_counts)
        s->first_ms = loop_now_ms();
    s->has_counts = true;
    if (over > ended_here + s->before)
        s->before = over - ended_here;
    if (failed > failed_here + s->before_failed)
        s->before_failed = failed - failed_here;
    if (c->total > s->locations)
        s->locations = c->total;
}

static void told(void *arg)
{
    struct aggregate_show *s = arg;
    s->is_looking = false;
    if (!s->seen.is_there || s->seen.execution != s->execution)
        return;
    s->known = s->seen;
    if (s->known.has_counts)
        take_counts(s);
}

/* On the parent's loop. */
static void look(void *arg)
{
    struct aggregate_show *s = arg;
    struct engine *e = s->engines[s->number];
    const struct asl_exec *x = e ? engine_look(e, s->asked) : NULL;
    const struct asl_frame *f = x ? x->root : NULL;
    struct asl_map_run run;
    s->seen = (struct aggregate_seen){
        .execution = s->asked, .is_there = f && f->state, .tally = tally_of(s)};
    if (s->seen.is_there) {
        str name = utf8_prefix(f->state->name, sizeof(s->seen.state));
        memcpy(s->seen.state, name.p, name.n);
        s->seen.state_n = name.n;
        s->seen.has_counts =
            f->phase == ASL_PHASE_MAPPING && engine_look_map(e, s->asked, f->id, &run);
        if (s->seen.has_counts)
            s->seen.counts = run.items;
    }
    loop_post(s->loops[0], &s->tell, told, s);
}

void aggregate_show_again(struct aggregate_show *s, uint64_t locations)
{
    s->locations = locations;
    s->execution = 0; /* nobody is looked at now, and what was seen of another counts no more */
    s->base = tally_of(s);
    s->has_counts = false;
    s->before = s->before_failed = 0;
}

static void ask(struct aggregate_show *s, struct engine *e, int64_t execution)
{
    struct error err;
    if (execution == 0 || s->is_looking)
        return;
    if (s->execution != execution && engine_loop_of(e, execution, &s->number, &err) != STATUS_OK)
        return;
    s->execution = s->asked = execution;
    s->is_looking = true;
    loop_post(s->loops[s->number], &s->look, look, s);
}

/* ---- how it stands ---- */

void aggregate_show_progress(const struct aggregate_show *s, struct engine *e, int64_t now_ms,
                             struct progress *ret)
{
    struct engine_figures f = engine_figures_of_all(e);
    struct aggregate_tally t = tally_of(s);
    uint64_t ended = t.ended - s->base.ended, failed = t.failed - s->base.failed;
    *ret = (struct progress){.elapsed_ms = now_ms - s->begun_ms,
                             .state = {s->known.state, s->known.state_n},
                             .locations = s->locations,
                             .done = ended - failed + s->before - s->before_failed,
                             .failed = failed + s->before_failed,
                             .before = s->before,
                             .mismatched = t.mismatched - s->base.mismatched,
                             .pages = now_of(&s->pages),
                             .rows = now_of(&s->rows),
                             .bytes = f.received,
                             .requests = f.requests,
                             .per_second = progress_rate_per_second(&s->rate),
                             .under_way = f.calls > f.calls_waiting ? f.calls - f.calls_waiting : 0,
                             .waiting = f.calls_waiting,
                             .hosts_paused = f.hosts_paused,
                             .pause_ms = f.pause_ms,
                             .disk_refusals = f.retried,
                             .left_ms = -1};
    if (s->has_counts)
        ret->left_ms = progress_left_ms(ended, now_ms - s->first_ms, progress_left(ret));
}

static void show(struct aggregate_show *s, const struct progress *p, int64_t now_ms)
{
    struct buf trouble;
    buf_init(&trouble, TROUBLE_MAX);
    pthread_mutex_lock(&s->mutex);
    buf_add(&trouble, buf_str(&s->trouble));
    pthread_mutex_unlock(&s->mutex);
    aggregate_view_show(&s->view, p, buf_str(&trouble), now_ms);
    buf_done(&trouble);
}

void aggregate_show_now(struct aggregate_show *s, struct engine *e, int64_t execution,
                        int64_t now_ms)
{
    struct progress p;
    if (s->view.is_off && !s->out.is_on)
        return;
    ask(s, e, execution);
    progress_rate_add(&s->rate, now_ms, engine_figures_of_all(e).requests);
    aggregate_show_progress(s, e, now_ms, &p);
    show(s, &p, now_ms);
    if (s->out.is_on && now_ms - s->event_ms >= AGGREGATE_EVENT_MS) {
        s->event_ms = now_ms;
        tell_progress(s, &p);
    }
}

void aggregate_show_clear(struct aggregate_show *s)
{
    aggregate_view_clear(&s->view);
}
