/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The list of findings, and the one line that CreateStateMachine makes of them. Findings are made
 * by load_report.c.
 */
#include "asl/diagnostic.h"

#include "json/write.h"

void asl_diagnostics_init(struct asl_diagnostics *d)
{
    *d = (struct asl_diagnostics){.items = NULL};
    arena_init(&d->arena, 0);
}

void asl_diagnostics_done(struct asl_diagnostics *d)
{
    arena_done(&d->arena);
}

const char *asl_severity_name(enum asl_severity severity)
{
    return severity == ASL_ERROR ? "ERROR" : "WARNING";
}

struct asl_diagnostic *asl_diagnostics_add(struct asl_diagnostics *d, enum asl_severity severity)
{
    if (severity == ASL_ERROR)
        d->error_count++;
    else
        d->warning_count++;
    bool is_over = severity == ASL_WARNING && d->warning_count > ASL_MAX_WARNINGS;
    if (d->count == ASL_MAX_DIAGNOSTICS || is_over)
        return NULL;
    if (d->count == d->cap) {
        uint32_t cap = d->cap == 0 ? 8 : 2 * d->cap;
        struct asl_diagnostic *items = arena_alloc(&d->arena, cap * sizeof(*items));
        if (d->count > 0)
            memcpy(items, d->items, d->count * sizeof(*items));
        d->items = items;
        d->cap = cap;
    }
    struct asl_diagnostic *item = &d->items[d->count++];
    *item = (struct asl_diagnostic){.severity = severity, .line = 1, .column = 1};
    return item;
}

void asl_diagnostics_print_error(const struct asl_diagnostics *d, struct buf *out)
{
    const char *separator = "";
    buf_add(out, STR("Invalid State Machine Definition: '"));
    for (uint32_t i = 0; i < d->count; i++) {
        const struct asl_diagnostic *item = &d->items[i];
        if (item->severity != ASL_ERROR)
            continue;
        buf_printf(out, "%s%s: ", separator, item->code);
        buf_add(out, item->message);
        if (item->location.n > 0) {
            buf_add(out, STR(" at "));
            buf_add(out, item->location);
        }
        separator = ", ";
    }
    buf_add_byte(out, '\'');
}

static void diagnostic_print_json(const struct asl_diagnostic *item, struct buf *out)
{
    buf_printf(out, "{\"severity\":\"%s\",\"code\":\"%s\",\"message\":",
               asl_severity_name(item->severity), item->code);
    json_write_string(out, item->message);
    if (item->location.n > 0) {
        buf_add(out, STR(",\"location\":"));
        json_write_string(out, item->location);
    }
    buf_add_byte(out, '}');
}

void asl_diagnostics_print_json(const struct asl_diagnostics *d, enum asl_severity severity,
                                uint32_t max, struct buf *out)
{
    uint32_t wanted = d->error_count + (severity == ASL_WARNING ? d->warning_count : 0), count = 0;
    buf_printf(out, "{\"result\":\"%s\",\"diagnostics\":[", d->error_count > 0 ? "FAIL" : "OK");
    for (uint32_t i = 0; i < d->count && count < max; i++) {
        if (d->items[i].severity > severity)
            continue;
        buf_add(out, count++ > 0 ? STR(",") : STR(""));
        diagnostic_print_json(&d->items[i], out);
    }
    buf_printf(out, "],\"truncated\":%s}", count < wanted ? "true" : "false");
}
