/* SPDX-License-Identifier: Apache-2.0 */
/* Shows executions: --trace as lines on stderr, --history and --json as JSON; and what went wrong.
 */
#include "cmd/run_show.h"

#include "asl/apply.h"
#include "asl/history.h"
#include "base/time.h"
#include "cmd/cmd.h"
#include "cmd/eval_show.h"
#include "cmd/run_hint.h"
#include "json/write.h"
#include <unistd.h>

void run_show_init(struct run_show *s)
{
    *s = (struct run_show){.start_ms = 0};
    buf_init(&s->history, RUN_MAX_HISTORY);
}

void run_show_done(struct run_show *s)
{
    buf_done(&s->history);
    run_summary_done(&s->summary);
}

/* ---- steps ---- */

/* A line that data cannot use to steer the terminal. */
static void trace_line(struct buf *out, const char *mark, const struct buf *text)
{
    buf_add(out, str_of(mark));
    eval_show_message(buf_str(text), out);
}

void run_show_trace(const struct run_show *s, const struct asl_exec *x, const struct asl_event *e,
                    const struct asl_out *out)
{
    struct output err;
    struct buf line;
    output_init(&err, STDERR_FILENO, "run");
    buf_init(&line, 1 << 20);
    buf_printf(&line, "+%.3f %.*s: ", (double)(e->now_ms - s->start_ms) / 1000,
               STR_ARG(x->identity.name));
    asl_event_print(e, &line);
    trace_line(&err.buf, "", &line);
    for (uint32_t i = 0; i < out->record_count; i++) {
        buf_clear(&line);
        asl_record_print(x->definition, &out->records[i], &line);
        trace_line(&err.buf, "    ", &line);
    }
    for (uint32_t i = 0; i < out->command_count; i++) {
        buf_clear(&line);
        asl_command_print(&out->commands[i], &line);
        trace_line(&err.buf, "    -> ", &line);
    }
    buf_done(&line);
    output_flush(&err);
    output_done(&err);
}

void run_show_record(struct run_show *s, const struct asl_exec *x, const struct asl_record *r)
{
    if (s->is_history_cut || !asl_record_is_event(r->kind))
        return;
    size_t before = s->history.n;
    if (s->is_json && s->event_count > 0)
        buf_add_byte(&s->history, ',');
    asl_history_write(x, r, true, &s->history);
    if (!s->is_json)
        buf_add_byte(&s->history, '\n');
    s->event_count++;
    s->is_history_cut = !buf_ok(&s->history);
    if (s->is_history_cut)
        s->history.n = before;
}

static bool is_root(const struct asl_exec *x)
{
    return x->machine == x->definition->root;
}

void run_show_step(void *arg, const struct asl_exec *x, const struct asl_event *e,
                   const struct asl_out *out)
{
    struct run_show *s = arg;
    s->stop_ms = e->now_ms;
    if (s->is_traced)
        run_show_trace(s, x, e, out);
    for (uint32_t i = 0; is_root(x) && i < out->record_count; i++) {
        run_summary_note(&s->summary, x, &out->records[i]);
        if (s->is_history)
            run_show_record(s, x, &out->records[i]);
    }
}

/* ---- the end ---- */

void run_show_summary(struct run_show *s, const struct asl_exec *root)
{
    struct output err;
    run_view_erase(&s->view);
    if (!s->view.block.was_drawn)
        return;
    output_init(&err, STDERR_FILENO, "run");
    run_summary_write(&s->summary, root, s->view.block.is_colored, &err.buf);
    output_flush(&err);
    output_done(&err);
}

static void put_text(struct buf *out, const char *key, str text)
{
    buf_printf(out, ",\"%s\":", key);
    json_write_string(out, text);
}

static void put_time(struct buf *out, const char *key, int64_t ms)
{
    char text[32];
    size_t n = time_print_iso(ms, text);
    put_text(out, key, (str){text, n});
}

/* What JSON cannot be is never in a document, and what does not fit is seen by buf_ok. */
static void put_output(const struct asl_exec *x, struct buf *out)
{
    if (json_write(out, x->output->root, 0, NULL) != STATUS_OK)
        out->overflowed = true;
}

static void put_result(const struct asl_exec *x, struct buf *out)
{
    if (x->status == ASL_EXEC_SUCCEEDED) {
        buf_add(out, STR(",\"output\":"));
        put_output(x, out);
    }
    if (x->has_error)
        put_text(out, "error", x->error);
    if (x->has_cause)
        put_text(out, "cause", x->cause);
}

void run_show_end(const struct run_show *s, const struct asl_exec *root, struct buf *out)
{
    if (s->is_json) {
        buf_printf(out, "{\"status\":\"%s\"", asl_status_name(root->status));
        put_text(out, "executionArn", root->identity.id);
        put_text(out, "name", root->identity.name);
        put_time(out, "startDate", root->identity.start_ms);
        put_time(out, "stopDate", s->stop_ms);
        put_result(root, out);
        if (s->is_history) {
            buf_add(out, STR(",\"events\":["));
            buf_add(out, buf_str(&s->history));
            buf_add_byte(out, ']');
        }
        buf_add(out, STR("}\n"));
    } else if (s->is_history) {
        buf_add(out, buf_str(&s->history));
    } else if (root->status == ASL_EXEC_SUCCEEDED) {
        put_output(root, out);
        buf_add_byte(out, '\n');
    }
}

/* ---- messages ---- */

void run_say(struct buf *text)
{
    struct buf shown;
    buf_init(&shown, SIZE_MAX / 2);
    size_t n = text->n < RUN_MESSAGE_BYTES ? text->n : RUN_MESSAGE_BYTES;
    while (n < text->n && n > 0 && ((unsigned char)text->p[n] & 0xC0) == 0x80)
        n--; /* not within a character */
    eval_show_message(str_sub(buf_str(text), 0, n), &shown);
    cmd_error("run", "%.*s%s", (int)shown.n - 1, shown.p, n < text->n ? "…" : "");
    buf_done(&shown);
    buf_done(text);
}

void run_say_error(const char *about, const struct error *err)
{
    struct buf text;
    buf_init(&text, SIZE_MAX / 2);
    buf_printf(&text, "%s%s%s", about ? about : "", about ? ": " : "", err->message);
    run_say(&text);
}

void run_say_failure(const struct asl_exec *root, const char *input)
{
    struct buf text;
    struct arena a;
    arena_init(&a, 0);
    str where = run_where(root, &a);
    buf_init(&text, SIZE_MAX / 2);
    buf_add(&text, str_of(asl_status_name(root->status)));
    if (where.n > 0)
        buf_printf(&text, " in \"%.*s\"", STR_ARG(where));
    buf_add(&text, STR(": "));
    arena_done(&a);
    buf_add(&text, root->has_error ? root->error : STR("no error given"));
    if (root->has_cause) {
        buf_add(&text, STR(": "));
        buf_add(&text, root->cause);
    }
    run_say(&text);
    run_hint_failure(root, input);
}
