/* SPDX-License-Identifier: Apache-2.0 */
/* See events.h. */
#include "aggregate/events.h"

#include "base/time.h"
#include "json/write.h"

struct event_count {
    const char *name;
    uint64_t n;
};

static void begin(struct buf *out, int64_t now_ms, const char *name)
{
    char time[32];
    size_t n = time_print_iso(now_ms, time);
    buf_printf(out, "{\"event\":\"%s\",\"time\":\"%.*s\"", name, (int)n, time);
}

static void end(struct buf *out)
{
    buf_add(out, STR("}\n"));
}

static void put_text(struct buf *out, const char *name, str text)
{
    buf_printf(out, ",\"%s\":", name);
    json_write_string(out, text);
}

static void put_counts(struct buf *out, const struct event_count *counts, size_t count)
{
    for (size_t i = 0; i < count; i++)
        buf_printf(out, ",\"%s\":%llu", counts[i].name, (unsigned long long)counts[i].n);
}

static void put_seconds(struct buf *out, const char *name, int64_t ms)
{
    buf_printf(out, ",\"%s\":%.1f", name, (double)ms / 1000);
}

void event_put_started(struct buf *out, int64_t now_ms, const struct event_started *e)
{
    begin(out, now_ms, "started");
    put_text(out, "run", e->run);
    put_counts(out, &(struct event_count){"locations", e->locations}, 1);
    put_text(out, "file", e->file);
    put_text(out, "ledger", e->ledger);
    put_text(out, "data", e->data);
    end(out);
}

void event_put_progress(struct buf *out, int64_t now_ms, const struct progress *p)
{
    const struct event_count counts[] = {
        {"locations", p->locations},
        {"done", p->done},
        {"failed", p->failed},
        {"left", progress_left(p)},
        {"before", p->before},
        {"mismatched", p->mismatched},
        {"pages", p->pages},
        {"rows", p->rows},
        {"bytes", p->bytes},
        {"requests", p->requests},
        {"under_way", p->under_way},
        {"waiting", p->waiting},
        {"hosts_paused", p->hosts_paused},
        {"disk_refusals", p->disk_refusals},
    };
    begin(out, now_ms, "progress");
    if (p->state.n > 0)
        put_text(out, "state", p->state);
    put_seconds(out, "seconds", p->elapsed_ms);
    put_counts(out, counts, ARRAY_LEN(counts));
    buf_printf(out, ",\"requests_per_second\":%.1f", p->per_second);
    if (p->hosts_paused > 0)
        put_seconds(out, "pause_seconds", p->pause_ms);
    if (p->left_ms >= 0)
        put_seconds(out, "seconds_left", p->left_ms);
    end(out);
}

void event_put_location(struct buf *out, int64_t now_ms, const struct location_end *l)
{
    begin(out, now_ms, "location");
    put_text(out, "location_id", l->id);
    put_text(out, "state", l->state);
    if (l->has_announced)
        put_counts(out, &(struct event_count){"announced", l->announced}, 1);
    if (l->has_fetched)
        put_counts(out, &(struct event_count){"fetched", l->fetched}, 1);
    if (l->error.n > 0)
        put_text(out, "error", l->error);
    if (l->cause.n > 0)
        put_text(out, "cause", l->cause);
    end(out);
}

void event_put_finished(struct buf *out, int64_t now_ms, const struct event_finished *e)
{
    const struct event_count counts[] = {{"requests", e->last->requests},
                                         {"bytes", e->last->bytes}};
    begin(out, now_ms, "finished");
    put_text(out, "status", e->status);
    put_text(out, "run", e->run);
    buf_printf(out, ",\"was_finished\":%s,", e->was_finished ? "true" : "false");
    ledger_put_json(e->counts, e->file, out);
    put_text(out, "ledger", e->ledger);
    if (e->failure.n > 0)
        put_text(out, "failure", e->failure);
    put_seconds(out, "seconds", e->last->elapsed_ms);
    put_counts(out, counts, ARRAY_LEN(counts));
    end(out);
}

void event_put_stopped(struct buf *out, int64_t now_ms, str run, str error, str cause)
{
    begin(out, now_ms, "stopped");
    put_text(out, "run", run);
    put_text(out, "error", error);
    put_text(out, "cause", cause);
    end(out);
}
