/* SPDX-License-Identifier: Apache-2.0 */
/* See progress.h. */
#include "aggregate/progress.h"

#include "base/utf8.h"

/* ---- rates ---- */

void progress_rate_add(struct progress_rate *r, int64_t now_ms, uint64_t total)
{
    uint32_t newest = (r->next + PROGRESS_SAMPLES - 1) % PROGRESS_SAMPLES;
    r->last.at_ms = now_ms;
    r->last.total = total;
    if (r->count > 0 && now_ms - r->samples[newest].at_ms < PROGRESS_SPACING_MS)
        return;
    r->samples[r->next].at_ms = now_ms;
    r->samples[r->next].total = total;
    r->next = (r->next + 1) % PROGRESS_SAMPLES;
    r->count += r->count < PROGRESS_SAMPLES;
}

double progress_rate_per_second(const struct progress_rate *r)
{
    uint32_t oldest = r->count < PROGRESS_SAMPLES ? 0 : r->next;
    int64_t ms = r->last.at_ms - r->samples[oldest].at_ms;
    return ms > 0 ? (double)(r->last.total - r->samples[oldest].total) * 1000 / (double)ms : 0;
}

int64_t progress_left_ms(uint64_t done, int64_t in_ms, uint64_t left)
{
    static const double longest_ms = 1e15; /* as good as never, and fits */
    if (done == 0 || in_ms < PROGRESS_GUESS_MS)
        return -1;
    double ms = (double)in_ms / (double)done * (double)left;
    return ms < longest_ms ? (int64_t)ms : -1;
}

/* ---- numbers for people ---- */

void progress_put_count(struct buf *out, uint64_t n)
{
    if (n >= 1000) {
        progress_put_count(out, n / 1000);
        buf_printf(out, ",%03u", (unsigned)(n % 1000));
    } else {
        buf_printf(out, "%u", (unsigned)n);
    }
}

void progress_put_bytes(struct buf *out, uint64_t n)
{
    static const double kilo = 1e3, mega = 1e6, giga = 1e9;
    if ((double)n < mega)
        buf_printf(out, "%.1f kB", (double)n / kilo);
    else if ((double)n < giga)
        buf_printf(out, "%.1f MB", (double)n / mega);
    else
        buf_printf(out, "%.2f GB", (double)n / giga);
}

void progress_put_rate(struct buf *out, double per_second)
{
    if (per_second < 9.95)
        buf_printf(out, "%.1f", per_second);
    else
        progress_put_count(out, (uint64_t)(per_second + 0.5));
}

/* ---- the end of a location ---- */

static bool read_count(struct json_val v, uint64_t *ret)
{
    static const double most = 9007199254740992.0;
    if (!json_is_number(v) || !(json_number(v) >= 0) || json_number(v) > most)
        return false;
    *ret = (uint64_t)json_number(v);
    return true;
}

static str text_of(struct json_val v)
{
    return v.tag == JSON_STRING ? json_str(v) : STR("");
}

bool location_end_read(struct json_val input, struct json_val facts, bool has_succeeded, str error,
                       str cause, struct location_end *ret)
{
    struct json_val id = json_get(json_get(input, STR("location")), STR("location_id"));
    str state = text_of(json_get(facts, STR("state")));
    if (id.tag != JSON_STRING)
        return false;
    *ret = (struct location_end){.id = json_str(id)};
    ret->has_announced = read_count(json_get(facts, STR("announced")), &ret->announced);
    ret->has_fetched = read_count(json_get(facts, STR("fetched")), &ret->fetched);
    if (has_succeeded) {
        ret->state = str_eq(state, STR("MISMATCH")) ? STR("MISMATCH") : STR("COMPLETE");
    } else {
        ret->state = STR("FAILED");
        ret->error = utf8_prefix(error, PROGRESS_CAUSE_MAX);
        ret->cause = utf8_prefix(cause, PROGRESS_CAUSE_MAX);
    }
    return true;
}
