/* SPDX-License-Identifier: Apache-2.0 */
/* See run_lines.h. The frames of an execution are walked from its root. */
#include "cmd/run_lines.h"

#include "base/time.h"

struct writer {
    const struct run_sight *sight;
    struct arena *arena;
    struct run_lines *lines;
};

str run_duration(int64_t ms, struct arena *a)
{
    int64_t s = ms / 1000;
    if (ms < 0)
        return STR("0 s");
    if (s < 10)
        return arena_printf(a, "%d.%d s", (int)s, (int)(ms % 1000 / 100));
    if (s < 60)
        return arena_printf(a, "%d s", (int)s);
    if (s < 3600)
        return arena_printf(a, "%d min %02d s", (int)(s / 60), (int)(s % 60));
    if (s < 86400)
        return arena_printf(a, "%d h %02d min", (int)(s / 3600), (int)(s / 60 % 60));
    return arena_printf(a, "%lld d %02d h", (long long)(s / 86400), (int)(s / 3600 % 24));
}

/* ---- what a frame does ---- */

static str left(const struct writer *w, int64_t until_ms)
{
    return run_duration(until_ms - w->sight->now_ms, w->arena);
}

/* The time of day, with the date when that is another one. */
static str moment(const struct writer *w, int64_t ms)
{
    char text[32];
    size_t n = time_print_iso(ms, text);
    bool is_today = ms / TIME_MS_PER_DAY == w->sight->now_ms / TIME_MS_PER_DAY;
    if (n != 24)
        return arena_dup(w->arena, (str){text, n});
    return is_today ? arena_printf(w->arena, "%.8sZ", text + 11)
                    : arena_printf(w->arena, "%.10s %.8sZ", text, text + 11);
}

static str argument(const struct asl_frame *f, const char *key)
{
    struct json_val v = json_undefined();
    if (f->arguments && f->arguments->root.tag == JSON_OBJECT)
        v = json_get(f->arguments->root, str_of(key));
    return v.tag == JSON_STRING ? json_str(v) : (str){0};
}

/* Method and address, without what stands behind a question mark. */
static str http_call(const struct writer *w, const struct asl_frame *f)
{
    str method = argument(f, "Method"), address = argument(f, "ApiEndpoint");
    size_t query = str_find_byte(address, '?', 0);
    return arena_printf(w->arena, "%.*s %.*s", STR_ARG(method.n > 0 ? method : STR("GET")),
                        STR_ARG(str_sub(address, 0, query == STR_NONE ? address.n : query)));
}

static str work(const struct writer *w, const struct asl_frame *f)
{
    const struct asl_resource *r = &f->state->task.resource;
    if (r->kind == ASL_RESOURCE_ACTIVITY)
        return f->is_started ? STR("a worker has it") : STR("waits for a worker");
    if (r->pattern == ASL_WAIT_FOR_TASK_TOKEN && f->is_submitted)
        return STR("waits for its task token");
    if (r->kind == ASL_RESOURCE_SERVICE && str_eq(r->resource_type, STR("http")))
        return http_call(w, f);
    if (r->kind == ASL_RESOURCE_SERVICE)
        return arena_printf(w->arena, "%s%.*s:%.*s", f->is_submitted ? "waits for the end of " : "",
                            STR_ARG(r->resource_type), STR_ARG(r->resource));
    return r->arn;
}

static str task(const struct writer *w, const struct asl_frame *f)
{
    str text = work(w, f);
    if (f->retry_count > 0)
        text = arena_printf(w->arena, "%.*s, attempt %u", STR_ARG(text), f->retry_count + 1);
    int64_t until_ms = f->timeout_ms < f->heartbeat_ms ? f->timeout_ms : f->heartbeat_ms;
    if (f->timeout_seconds <= 0 && f->heartbeat_seconds <= 0)
        return text;
    if (until_ms == ASL_NEVER || until_ms <= 0)
        return text;
    return arena_printf(w->arena, "%.*s, %.*s left", STR_ARG(text), STR_ARG(left(w, until_ms)));
}

static str map_run(const struct writer *w, const struct asl_frame *f)
{
    struct asl_map_run run;
    struct buf text;
    if (!w->sight->map_run || !w->sight->map_run(w->sight->arg, f->id, &run))
        return STR("map run");
    const struct asl_map_counts *c = &run.children;
    uint64_t known = c->pending + c->running + c->succeeded + c->failed + c->timed_out + c->aborted;
    uint64_t all = known + asl_map_run_pending_children(&run) - c->pending;
    buf_init(&text, 1024);
    buf_printf(&text, "map run: %llu%s children, %llu running, %llu succeeded",
               (unsigned long long)all, run.is_all_found ? "" : "+", (unsigned long long)c->running,
               (unsigned long long)c->succeeded);
    if (c->failed + c->timed_out > 0)
        buf_printf(&text, ", %llu failed", (unsigned long long)(c->failed + c->timed_out));
    str ret = arena_dup(w->arena, buf_str(&text));
    buf_done(&text);
    return ret;
}

static str children(const struct writer *w, const struct asl_frame *f)
{
    if (f->state->type != ASL_MAP)
        return arena_printf(w->arena, "%u of %u branches done", f->ended, f->total);
    return arena_printf(w->arena, "%u of %u done, %u running", f->ended, f->total,
                        f->started - f->ended);
}

static str doing(const struct writer *w, const struct asl_frame *f)
{
    switch (f->phase) {
    case ASL_PHASE_WORKING: return task(w, f);
    case ASL_PHASE_SLEEPING:
        return arena_printf(w->arena, "until %.*s, %.*s left", STR_ARG(moment(w, f->due_ms)),
                            STR_ARG(left(w, f->due_ms)));
    case ASL_PHASE_RETRYING:
        return arena_printf(w->arena, "failed, attempt %u in %.*s", f->retry_count + 1,
                            STR_ARG(left(w, f->due_ms)));
    case ASL_PHASE_STARTING:
    case ASL_PHASE_BRANCHING: return children(w, f);
    case ASL_PHASE_MAPPING: return map_run(w, f);
    case ASL_PHASE_ENTERING:
    case ASL_PHASE_RUNNING:
    case ASL_PHASE_FINISHING:
    case ASL_PHASE_FAILED:
    case ASL_PHASE_ABORTED:
    case ASL_PHASE_ENDED: break;
    }
    return (str){0};
}

/* ---- lines ---- */

static void add(struct writer *w, struct run_line line)
{
    struct run_lines *l = w->lines;
    if (l->count < RUN_LINES_MAX)
        l->lines[l->count++] = line;
    else
        l->left_out++;
}

static bool is_at_work(const struct asl_frame *f)
{
    return f->state && f->phase != ASL_PHASE_FAILED && f->phase != ASL_PHASE_ABORTED &&
           f->phase != ASL_PHASE_ENDED;
}

static str line_name(const struct writer *w, const struct asl_frame *f)
{
    bool is_iteration = f->parent && f->parent->state && f->parent->state->type == ASL_MAP;
    return is_iteration ? arena_printf(w->arena, "[%u] %.*s", f->index, STR_ARG(f->state->name))
                        : f->state->name;
}

static void add_frame(struct writer *w, const struct asl_frame *f, uint32_t depth);

static void add_children(struct writer *w, const struct asl_frame *f, uint32_t depth)
{
    uint32_t shown = 0, more = 0;
    for (const struct asl_frame *c = f->first_child; c; c = c->next_sibling) {
        if (!is_at_work(c))
            continue;
        if (shown++ < RUN_LINES_CHILDREN)
            add_frame(w, c, depth);
        else
            more++;
    }
    if (more > 0)
        add(w, (struct run_line){.depth = depth,
                                 .name = arena_printf(w->arena, "… and %u more", more),
                                 .for_ms = -1});
}

/* Machines lie in each other at most as deep as definitions may be nested. */
static void add_frame(struct writer *w, const struct asl_frame *f, uint32_t depth)
{
    if (!is_at_work(f))
        return;
    int64_t for_ms = f->is_entered ? w->sight->now_ms - f->entered_ms : 0;
    add(w, (struct run_line){.depth = depth,
                             .name = line_name(w, f),
                             .doing = doing(w, f),
                             .for_ms = for_ms > 0 ? for_ms : 0});
    add_children(w, f, depth + 1);
}

void run_lines_make(const struct run_sight *sight, struct arena *a, struct run_lines *ret)
{
    struct writer w = {sight, a, ret};
    ret->count = ret->left_out = 0;
    if (sight->x->root)
        add_frame(&w, sight->x->root, 0);
}
