/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Executions, records, events and commands as text for people: `afflux run --trace`, tests, and
 * whoever sits in a debugger. Equal executions print equally, so tests compare these texts.
 */
#include "asl/command.h"
#include "asl/event.h"
#include "asl/record.h"
#include "base/time.h"
#include "json/write.h"

const char *asl_event_kind_name(enum asl_event_kind kind)
{
    static const char *const names[] = {
#define X(id, text) [ASL_EVENT_##id] = text,
        ASL_EVENT_LIST(X)
#undef X
    };
    return names[kind];
}

const char *asl_command_kind_name(enum asl_command_kind kind)
{
    static const char *const names[] = {
#define X(id, text) [ASL_##id] = text,
        ASL_COMMAND_LIST(X)
#undef X
    };
    return names[kind];
}

enum { SHOWN_BYTES = 200 /* of a document on one line */ };

static void print_value(struct buf *out, struct json_val v, size_t shown)
{
    struct buf text;
    buf_init(&text, SIZE_MAX / 2);
    if (json_write(&text, v, 0, NULL) == STATUS_OK) {
        str s = buf_str(&text);
        bool is_cut = shown > 0 && s.n > shown;
        while (is_cut && shown > 0 && ((unsigned char)s.p[shown] & 0xC0) == 0x80)
            shown--;
        buf_add(out, is_cut ? str_sub(s, 0, shown) : s);
        if (is_cut)
            buf_add(out, STR("…"));
    }
    buf_done(&text);
}

static void print_document(struct buf *out, const char *label, const struct asl_document *doc)
{
    if (!doc)
        return;
    buf_printf(out, " %s=#%llu ", label, (unsigned long long)doc->number);
    print_value(out, doc->root, SHOWN_BYTES);
}

static void print_text(struct buf *out, const char *label, bool has, str s)
{
    if (!has)
        return;
    buf_printf(out, " %s=", label);
    json_write_string(out, s);
}

static void print_time(struct buf *out, const char *label, int64_t ms)
{
    char text[32];
    if (ms == 0 || ms == ASL_NEVER)
        return;
    size_t n = time_print_iso(ms, text);
    buf_printf(out, " %s=%.*s", label, (int)n, text);
}

static void print_count(struct buf *out, const char *label, int64_t n)
{
    if (n != 0)
        buf_printf(out, " %s=%lld", label, (long long)n);
}

/* ---- records, events, commands ---- */

void asl_record_print(const struct asl_definition *d, const struct asl_record *r, struct buf *out)
{
    if (r->event != 0)
        buf_printf(out, "%llu<-%llu ", (unsigned long long)r->event,
                   (unsigned long long)r->previous);
    buf_printf(out, "%s", asl_record_kind_name(r->kind));
    print_count(out, "frame", r->frame);
    if (r->state != ASL_NO_STATE)
        print_text(out, "state", true, d->states[r->state]->name);
    if (r->next != ASL_NO_STATE)
        print_text(out, "next", true, d->states[r->next]->name);
    print_count(out, "child", r->child);
    print_count(out, "attempt", r->attempt);
    print_count(out, "number", r->number);
    print_time(out, "due", r->due_ms);
    print_time(out, "timeout", r->timeout_ms);
    print_time(out, "heartbeat", r->heartbeat_ms);
    print_text(out, "error", r->has_error, r->error);
    print_text(out, "cause", r->has_cause, r->cause);
    print_text(out, "text", r->text.n > 0, r->text);
    print_document(out, "doc", r->doc);
    print_document(out, "credentials", r->credentials);
    for (uint32_t i = 0; i < r->assigned_count; i++) {
        buf_printf(out, " $%.*s", STR_ARG(d->variables[r->assigned[i].variable]));
        print_document(out, "", r->assigned[i].value);
    }
}

void asl_event_print(const struct asl_event *e, struct buf *out)
{
    buf_printf(out, "%s", asl_event_kind_name(e->kind));
    print_count(out, "frame", e->frame);
    print_count(out, "attempt", e->attempt);
    print_time(out, "at", e->now_ms);
    print_text(out, "error", e->has_error, e->error);
    print_text(out, "cause", e->has_cause, e->cause);
    print_text(out, "worker", e->worker.n > 0, e->worker);
    if (e->doc) {
        buf_add(out, STR(" doc="));
        print_value(out, json_doc_root(e->doc), SHOWN_BYTES);
    }
}

void asl_command_print(const struct asl_command *c, struct buf *out)
{
    buf_printf(out, "%s", asl_command_kind_name(c->kind));
    print_count(out, "frame", c->frame);
    print_count(out, "attempt", c->attempt);
    if (c->state) {
        print_text(out, "state", true, c->state->name);
        if (c->state->type == ASL_TASK)
            print_text(out, "resource", true, c->state->task.resource.arn);
    }
    print_document(out, "arguments", c->arguments);
    print_document(out, "credentials", c->credentials);
    print_text(out, "token", c->token.n > 0, c->token);
    print_time(out, "timeout", c->timeout_ms);
    print_time(out, "heartbeat", c->heartbeat_ms);
    if (c->is_repeated)
        buf_add(out, STR(" repeated"));
}

/* ---- executions ---- */

static void print_line(struct buf *out, unsigned depth, const char *label,
                       const struct asl_document *doc)
{
    if (!doc)
        return;
    buf_add_fill(out, ' ', (size_t)depth * 2);
    buf_printf(out, "%s #%llu ", label, (unsigned long long)doc->number);
    print_value(out, doc->root, 0);
    buf_add_byte(out, '\n');
}

static void print_children(const struct asl_exec *x, const struct asl_frame *f, unsigned depth,
                           struct buf *out);

static void print_frame(const struct asl_exec *x, const struct asl_frame *f, unsigned depth,
                        struct buf *out)
{
    buf_add_fill(out, ' ', (size_t)depth * 2);
    buf_printf(out, "frame %u %s in ", (unsigned)f->id, asl_phase_name(f->phase));
    json_write_string(out, f->state->name);
    print_count(out, "index", f->index);
    buf_printf(out, " chain=%llu", (unsigned long long)f->chain);
    if (f->is_entered) {
        print_count(out, "entered", (int64_t)f->entered);
        print_count(out, "after", (int64_t)f->entered_previous);
        print_time(out, "at", f->entered_ms);
    }
    print_count(out, "attempt", f->attempt);
    print_count(out, "retries", f->retry_count);
    for (uint32_t i = 0; f->retries && i < f->state->retrier_count; i++)
        buf_printf(out, "%c%u", i == 0 ? ':' : ',', (unsigned)f->retries[i]);
    print_time(out, "due", f->due_ms);
    print_time(out, "timeout", f->timeout_ms);
    print_time(out, "heartbeat", f->heartbeat_ms);
    if (f->timeout_seconds > 0 || f->heartbeat_seconds > 0)
        buf_printf(out, " within=%gs every=%gs", f->timeout_seconds, f->heartbeat_seconds);
    print_count(out, "run-ended", (int64_t)f->run_ended);
    if (!f->results)
        print_count(out, "at-once", f->concurrency);
    buf_printf(out, "%s%s%s\n", f->is_started ? " started" : "",
               f->is_submitted ? " submitted" : "", f->fails_whole ? " whole" : "");
    depth++;
    print_line(out, depth, "input", f->input);
    print_line(out, depth, "result", f->result);
    print_line(out, depth, "arguments", f->arguments);
    print_line(out, depth, "credentials", f->credentials);
    for (uint32_t i = 0; i < f->variable_count; i++) {
        buf_add_fill(out, ' ', (size_t)depth * 2);
        buf_printf(out, "$%.*s", STR_ARG(x->definition->variables[f->variables[i].variable]));
        print_line(out, 0, "", f->variables[i].value);
    }
    print_children(x, f, depth, out);
}

static void print_children(const struct asl_exec *x, const struct asl_frame *f, unsigned depth,
                           struct buf *out)
{
    print_line(out, depth, f->has_keys ? "pairs" : "items", f->items);
    print_line(out, depth, "map run", f->map_run);
    if (f->map_run_arn.n > 0) {
        buf_add_fill(out, ' ', (size_t)depth * 2);
        buf_printf(out, "%.*s\n", STR_ARG(f->map_run_arn));
    }
    if (!f->results)
        return;
    buf_add_fill(out, ' ', (size_t)depth * 2);
    buf_printf(out, "children %u started %u ended %u at once %u\n", (unsigned)f->total,
               (unsigned)f->started, (unsigned)f->ended, (unsigned)f->concurrency);
    for (uint32_t i = 0; i < f->total; i++)
        print_line(out, depth, "output", f->results[i]);
    for (const struct asl_frame *child = f->first_child; child; child = child->next_sibling)
        print_frame(x, child, depth, out);
}

void asl_exec_print(const struct asl_exec *x, struct buf *out)
{
    buf_printf(out, "%s", asl_status_name(x->status));
    print_text(out, "id", true, x->identity.id);
    print_time(out, "start", x->identity.start_ms);
    print_time(out, "stop", x->stop_ms);
    print_time(out, "deadline", x->deadline_ms);
    print_text(out, "error", x->has_error, x->error);
    print_text(out, "cause", x->has_cause, x->cause);
    print_count(out, "redrives", x->redrive_count);
    buf_printf(out, " events=%llu frames=%u next=%llu,%u\n", (unsigned long long)x->last_event,
               (unsigned)x->frames.count, (unsigned long long)x->documents.next,
               (unsigned)x->next_frame);
    print_line(out, 1, "input", x->input);
    print_line(out, 1, "output", x->output);
    if (x->root)
        print_frame(x, x->root, 1, out);
    buf_add(out, STR("  ready"));
    for (const struct asl_frame *f = x->first_ready; f; f = f->next_ready)
        buf_printf(out, " %u", (unsigned)f->id);
    buf_add_byte(out, '\n');
}
