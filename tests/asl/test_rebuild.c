/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every recorded execution again, one move a step, and behind every step the execution is built
 * anew: from all batches that were kept since its start, and from the last snapshot with the
 * batches since. Both must be the same as the one that lives, and take turns in going on. What
 * comes out at the end must be what was recorded, as if nothing had been rebuilt.
 */
#include "asl/encode.h"
#include "base/check.h"
#include "scenario_cases.h"
#include "scenario_compare.h"

#include <stdlib.h>

enum {
    REBUILD_FILES = 219,
    REBUILD_CASES = 607,
    SNAPSHOT_EVERY = 3, /* steps */
    KEPT_MAX = 4096,    /* batches */
    PRINT_BYTES = 1 << 26,
};

struct rebuild {
    struct buf bytes;      /* all batches, one behind the other */
    size_t ends[KEPT_MAX]; /* where each ends */
    uint32_t count;
    struct buf snapshot;
    uint32_t snapshot_at; /* batches before it */
    bool has_snapshot;
    unsigned steps;
    struct asl_exec *retired; /* gone as soon as the step's documents are */
    struct buf trouble;       /* the first one */
};

static void note_trouble(struct rebuild *r, const char *what, const struct error *err)
{
    if (r->trouble.n == 0)
        buf_printf(&r->trouble, "step %u, %s: %s", r->steps, what, err->message);
}

static struct asl_exec *fresh(const struct scenario_run *run)
{
    return asl_exec_new(run->definition, NULL, run->definition->type, &run->options);
}

/* Applies the batches from `from` on; NULL when that fails. */
static struct asl_exec *replayed(struct rebuild *r, struct asl_exec *x, uint32_t from,
                                 const char *what)
{
    struct error err = {0};
    enum status status = STATUS_OK;
    for (uint32_t i = from; status == STATUS_OK && i < r->count; i++) {
        size_t begin = i > 0 ? r->ends[i - 1] : 0;
        status = asl_replay(x, str_sub(buf_str(&r->bytes), begin, r->ends[i]), &err);
    }
    if (status == STATUS_OK && x->status != ASL_EXEC_NEW)
        status = asl_exec_check(x, &err);
    if (status == STATUS_OK)
        return x;
    note_trouble(r, what, &err);
    asl_exec_free(x);
    return NULL;
}

static struct asl_exec *from_start(struct rebuild *r, const struct scenario_run *run)
{
    return replayed(r, fresh(run), 0, "from all batches");
}

static struct asl_exec *from_snapshot(struct rebuild *r, const struct scenario_run *run)
{
    struct error err;
    struct asl_exec *x = fresh(run);
    if (r->has_snapshot && asl_snapshot_read(x, buf_str(&r->snapshot), &err) != STATUS_OK) {
        note_trouble(r, "reading the snapshot", &err);
        asl_exec_free(x);
        return NULL;
    }
    return replayed(r, x, r->has_snapshot ? r->snapshot_at : 0, "from the snapshot");
}

/* ---- comparing ---- */

static size_t line_start(str text, size_t at)
{
    while (at > 0 && text.p[at - 1] != '\n')
        at--;
    return at;
}

static str line_at(str text, size_t at)
{
    size_t from = line_start(text, at), to = str_find_byte(text, '\n', at);
    return str_sub(text, from, to == STR_NONE ? text.n : to);
}

static void check_same(struct rebuild *r, const char *what, const struct asl_exec *live,
                       const struct asl_exec *x)
{
    struct buf a, b;
    if (!x || r->trouble.n > 0)
        return;
    buf_init(&a, PRINT_BYTES);
    buf_init(&b, PRINT_BYTES);
    asl_exec_print(live, &a);
    asl_exec_print(x, &b);
    str lives = buf_str(&a), is_rebuilt = buf_str(&b);
    if (!str_eq(lives, is_rebuilt)) {
        size_t at = 0;
        while (at < lives.n && at < is_rebuilt.n && lives.p[at] == is_rebuilt.p[at])
            at++;
        buf_printf(&r->trouble, "step %u, %s: lives '%.*s', rebuilt '%.*s'", r->steps, what,
                   STR_ARG(line_at(lives, at < lives.n ? at : lives.n)),
                   STR_ARG(line_at(is_rebuilt, at < is_rebuilt.n ? at : is_rebuilt.n)));
    }
    buf_done(&a);
    buf_done(&b);
}

/* ---- behind each step ---- */

static void retire(struct rebuild *r, struct asl_exec *x)
{
    asl_exec_free(r->retired);
    r->retired = x;
}

static void keep(struct rebuild *r, struct scenario_run *run, const struct asl_out *out)
{
    if (out->record_count > 0) {
        check(r->count < KEPT_MAX);
        asl_encode_batch(out, &r->bytes);
        r->ends[r->count++] = r->bytes.n;
    }
    if (r->steps % SNAPSHOT_EVERY == 0) {
        buf_clear(&r->snapshot);
        asl_snapshot_write(run->x, &r->snapshot);
        r->snapshot_at = r->count;
        r->has_snapshot = true;
    }
    check(buf_ok(&r->bytes) && buf_ok(&r->snapshot));
}

static void rebuild(void *arg, struct scenario_run *run, const struct asl_event *event,
                    struct asl_out *out)
{
    struct rebuild *r = arg;
    (void)event;
    retire(r, NULL);
    r->steps++;
    keep(r, run, out);
    struct asl_exec *a = from_start(r, run), *b = from_snapshot(r, run);
    bool is_first = r->steps % 2 == 0;
    check_same(r, "from all batches", run->x, a);
    check_same(r, "from the snapshot", run->x, b);
    struct asl_exec *next = is_first ? a : b, *other = is_first ? b : a;
    asl_exec_free(other);
    if (!next)
        return;
    next->clock_ms = run->x->clock_ms; /* not kept: in life, time has passed by then */
    retire(r, run->x);
    run->x = next;
}

/* ---- a case ---- */

static void play(struct case_report *report, const struct scenario *s, struct rebuild *r)
{
    struct scenario_run plain, run;
    scenario_run_init(&plain, s, 1, NULL, NULL);
    scenario_run_init(&run, s, 1, rebuild, r);
    enum scenario_end as_it_is = scenario_play(&plain, s), end = scenario_play(&run, s);
    if (r->trouble.n > 0)
        case_failed(report, "rebuilt", buf_str(&r->trouble));
    else if (end != as_it_is)
        case_failed(report, "ends in another way when rebuilt", run.trouble);
    else if (!str_eq(buf_str(&plain.events), buf_str(&run.events)))
        case_failed(report, "another history when rebuilt", buf_str(&run.events));
    else if (end == SCENARIO_NEEDS)
        case_skipped(report, "needs an answer that was not recorded");
    else if (end != SCENARIO_OVER)
        case_failed(report, "does not end", run.trouble);
    else if (!scenario_is_as_recorded(&run, s))
        case_failed(report, "differs", buf_str(&run.match.difference));
    else
        case_passed(report);
    scenario_run_done(&run);
    retire(r, NULL);
    scenario_run_done(&plain);
}

static void run_case(struct case_report *report, const struct scenario *s)
{
    struct rebuild *r = calloc(1, sizeof(*r));
    check(r != NULL);
    buf_init(&r->bytes, PRINT_BYTES);
    buf_init(&r->snapshot, PRINT_BYTES);
    buf_init(&r->trouble, PRINT_BYTES);
    play(report, s, r);
    buf_done(&r->bytes);
    buf_done(&r->snapshot);
    buf_done(&r->trouble);
    free(r);
}

int main(int argc, char **argv)
{
    struct case_report report = {.title = "rebuild", .filters = argv + 1, .filter_count = argc - 1};
    return cases_run(&report, run_case, REBUILD_FILES, REBUILD_CASES);
}
