/* SPDX-License-Identifier: Apache-2.0 */
/* See support.h. Relies on no test library, so that case runners use it too. */
#include "support.h"

#include "json/parse.h"
#include "json/write.h"
#include <stdio.h>
#include <stdlib.h>

NORETURN static void stop(const char *what, const char *which)
{
    fprintf(stderr, "%s: %s\n", what, which);
    exit(1);
}

char *run_quoted(const char *text)
{
    size_t n = strlen(text);
    char *copy = malloc(n + 1);
    if (!copy)
        stop("no memory", text);
    for (size_t i = 0; i <= n; i++)
        copy[i] = (char)(text[i] == '\'' ? '"' : text[i] == '`' ? '\'' : text[i]);
    return copy;
}

/* ---- an execution ---- */

void run_load_json(struct run *r, str definition, enum asl_type type, bool strict)
{
    *r = (struct run){.type = type, .now_ms = RUN_START_MS, .seed = 1};
    r->options.strict = strict;
    memcpy(r->options.token_key, "0123456789abcdef0123456789abcdef", ASL_TOKEN_KEY_BYTES);
    buf_init(&r->records, SIZE_MAX / 2);
    buf_init(&r->commands, SIZE_MAX / 2);
    buf_init(&r->batch, SIZE_MAX / 2);
    buf_init(&r->trouble, SIZE_MAX / 2);
    buf_init(&r->text, SIZE_MAX / 2);
    asl_out_init(&r->out);
    struct asl_load_options options = {.type = type};
    struct error err;
    if (asl_definition_load(definition, &options, NULL, &r->definition, &err) != STATUS_OK)
        stop(err.message, definition.p);
}

void run_load(struct run *r, const char *definition, enum asl_type type, bool strict)
{
    char *text = run_quoted(definition);
    run_load_json(r, str_of(text), type, strict);
    free(text);
}

static struct asl_exec *another(struct run *r)
{
    return asl_exec_new(r->definition, r->machine, r->type, &r->options);
}

void run_open(struct run *r)
{
    r->x = another(r);
    r->twin = r->is_bare ? NULL : another(r);
}

void run_done(struct run *r)
{
    asl_out_done(&r->out);
    asl_exec_free(r->x);
    asl_exec_free(r->twin);
    asl_definition_unref(r->definition);
    buf_done(&r->records);
    buf_done(&r->commands);
    buf_done(&r->batch);
    buf_done(&r->trouble);
    buf_done(&r->text);
}

/* ---- each step, as a store would use it ---- */

static void trouble(struct run *r, const char *what, const char *why)
{
    buf_printf(&r->trouble, "step %u: %s: %s\n", r->steps, what, why);
}

bool run_same(struct run *r, const struct asl_exec *a, const struct asl_exec *b, const char *what)
{
    struct buf left, right;
    buf_init(&left, SIZE_MAX / 2);
    buf_init(&right, SIZE_MAX / 2);
    asl_exec_print(a, &left);
    asl_exec_print(b, &right);
    bool is_same = str_eq(buf_str(&left), buf_str(&right)) && a->clock_ms == b->clock_ms &&
                   a->variable_bytes == b->variable_bytes;
    if (!is_same)
        buf_printf(&r->trouble, "step %u: %s differs:\n%.*s---\n%.*s\n", r->steps, what,
                   STR_ARG(buf_str(&left)), STR_ARG(buf_str(&right)));
    buf_done(&left);
    buf_done(&right);
    return is_same;
}

/* Every other step goes on with what came of the snapshot, so that both ways of loading count. */
static void check_snapshot(struct run *r)
{
    struct buf bytes;
    struct error err;
    struct asl_exec *x = another(r);
    buf_init(&bytes, SIZE_MAX / 2);
    asl_snapshot_write(r->x, &bytes);
    if (asl_snapshot_read(x, buf_str(&bytes), &err) != STATUS_OK)
        trouble(r, "snapshot", err.message);
    else
        run_same(r, r->x, x, "the snapshot");
    if (r->steps % 2 == 0) {
        asl_exec_free(r->twin);
        r->twin = x;
    } else {
        asl_exec_free(x);
    }
    buf_done(&bytes);
}

static void check_step(struct run *r)
{
    struct error err;
    if (asl_exec_check(r->x, &err) != STATUS_OK)
        trouble(r, "check", err.message);
    buf_clear(&r->batch);
    asl_encode_batch(&r->out, &r->batch);
    r->bytes += r->batch.n;
    if (r->is_bare)
        return;
    if (asl_replay(r->twin, buf_str(&r->batch), &err) != STATUS_OK)
        trouble(r, "replay", err.message);
    else
        run_same(r, r->x, r->twin, "the twin");
    check_snapshot(r);
}

static void keep_texts(struct run *r)
{
    for (uint32_t i = 0; i < r->out.record_count; i++) {
        r->record_counts[r->out.records[i].kind]++;
        if (r->is_bare)
            continue;
        asl_record_print(r->definition, &r->out.records[i], &r->records);
        buf_add_byte(&r->records, '\n');
    }
    for (uint32_t i = 0; i < r->out.command_count; i++) {
        r->command_counts[r->out.commands[i].kind]++;
        if (r->is_bare)
            continue;
        asl_command_print(&r->out.commands[i], &r->commands);
        buf_add_byte(&r->commands, '\n');
    }
}

static enum status one_step(struct run *r, struct asl_event *event)
{
    asl_out_reset(&r->out);
    event->now_ms = r->now_ms;
    event->seed = r->seed++;
    enum status status = asl_step(r->x, event, &r->out, &r->err);
    r->steps++;
    if (status != STATUS_OK)
        return status;
    keep_texts(r);
    check_step(r);
    return STATUS_OK;
}

enum status run_event(struct run *r, struct asl_event event)
{
    enum status status = one_step(r, &event);
    while (status == STATUS_OK && r->out.is_again && !r->stops_between) {
        if (r->out.resume_ms > r->now_ms)
            r->now_ms = r->out.resume_ms;
        struct asl_event more = {.kind = ASL_EVENT_CONTINUE};
        status = one_step(r, &more);
    }
    return status;
}

/* ---- events ---- */

static struct json_doc *parse(str text)
{
    struct json_doc *doc;
    struct error err;
    if (json_parse(text, NULL, &doc, &err) != STATUS_OK)
        stop(err.message, text.n < 200 ? text.p : "a long text");
    return doc;
}

enum status run_start_json(struct run *r, str input)
{
    const struct asl_identity identity = {
        .id = STR("arn:aws:states:eu-west-1:123456789012:execution:demo:one"),
        .name = STR("one"),
        .role_arn = STR("arn:aws:iam::123456789012:role/demo"),
        .state_machine_id = STR("arn:aws:states:eu-west-1:123456789012:stateMachine:demo"),
        .state_machine_name = STR("demo"),
        .start_ms = r->now_ms,
    };
    if (!r->x)
        run_open(r);
    struct json_doc *doc = parse(input);
    enum status status = run_event(
        r, (struct asl_event){.kind = ASL_EVENT_START, .doc = doc, .identity = &identity});
    json_doc_unref(doc);
    return status;
}

enum status run_start(struct run *r, const char *input)
{
    char *text = run_quoted(input);
    enum status status = run_start_json(r, str_of(text));
    free(text);
    return status;
}

enum status run_after(struct run *r, int64_t ms)
{
    r->now_ms += ms;
    return run_event(r, (struct asl_event){.kind = ASL_EVENT_CONTINUE});
}

void run_sleep(struct run *r)
{
    for (int64_t due_ms; (due_ms = asl_exec_due(r->x)) != ASL_NEVER;) {
        if (run_after(r, due_ms > r->now_ms ? due_ms - r->now_ms : 0) != STATUS_OK)
            stop("time cannot pass", r->err.message);
    }
}

static struct asl_frame *find_frame(struct asl_frame *f, str state, bool is_waiting)
{
    if (!f)
        return NULL;
    bool waits = f->phase == ASL_PHASE_WORKING || f->phase == ASL_PHASE_MAPPING;
    if (str_eq(f->state->name, state) && (waits || !is_waiting))
        return f;
    for (struct asl_frame *child = f->first_child; child; child = child->next_sibling) {
        struct asl_frame *found = find_frame(child, state, is_waiting);
        if (found)
            return found;
    }
    return NULL;
}

struct asl_frame *run_frame(const struct run *r, const char *state)
{
    return find_frame(r->x->root, str_of(state), false);
}

struct asl_event run_about(struct run *r, const char *state, enum asl_event_kind kind)
{
    struct asl_frame *f = find_frame(r->x->root, str_of(state), true);
    if (!f)
        stop("nothing is waited for in the state", state);
    return (struct asl_event){.kind = kind, .frame = f->id, .attempt = f->attempt};
}

enum status run_answer(struct run *r, const char *state, enum asl_event_kind kind, str json)
{
    struct asl_event event = run_about(r, state, kind);
    if (asl_exec_frame(r->x, event.frame)->phase == ASL_PHASE_MAPPING)
        event.kind = ASL_EVENT_MAP_RUN_SUCCEEDED;
    event.doc = parse(json);
    enum status status = run_event(r, event);
    json_doc_unref(event.doc);
    return status;
}

enum status run_succeed(struct run *r, const char *state, const char *result)
{
    char *text = run_quoted(result);
    enum status status = run_answer(r, state, ASL_EVENT_TASK_SUCCEEDED, str_of(text));
    free(text);
    return status;
}

enum status run_fail(struct run *r, const char *state, const char *error, const char *cause)
{
    struct asl_event event = run_about(r, state, ASL_EVENT_TASK_FAILED);
    if (asl_exec_frame(r->x, event.frame)->phase == ASL_PHASE_MAPPING)
        event.kind = ASL_EVENT_MAP_RUN_FAILED;
    event.has_error = error != NULL;
    event.has_cause = cause != NULL;
    event.error = str_of(error ? error : "");
    event.cause = str_of(cause ? cause : "");
    return run_event(r, event);
}

/* ---- what came of it ---- */

static const char *finished(struct run *r)
{
    buf_add_byte(&r->text, '\0');
    return r->text.p;
}

const char *run_document(struct run *r, const struct asl_document *doc)
{
    buf_clear(&r->text);
    if (!doc)
        buf_add(&r->text, STR("none"));
    else if (json_write(&r->text, doc->root, 0, NULL) != STATUS_OK)
        stop("a document cannot be written", "json_write");
    return finished(r);
}

const char *run_output(struct run *r)
{
    return run_document(r, r->x->output);
}

const char *run_arguments(struct run *r, const char *state)
{
    struct asl_frame *f = find_frame(r->x->root, str_of(state), true);
    return run_document(r, f ? f->arguments : NULL);
}

const char *run_end(struct run *r)
{
    const struct asl_exec *x = r->x;
    buf_clear(&r->text);
    buf_printf(&r->text, "%s", asl_status_name(x->status));
    if (x->has_error)
        buf_printf(&r->text, " %.*s", STR_ARG(x->error));
    if (x->has_cause)
        buf_printf(&r->text, ": %.*s", STR_ARG(x->cause));
    return finished(r);
}

const char *run_kinds(struct run *r)
{
    str all = buf_str(&r->records);
    buf_clear(&r->text);
    for (size_t at = 0; at < all.n;) {
        size_t end = str_find_byte(all, '\n', at);
        str line = str_sub(all, at, end);
        size_t arrow = line.p[0] >= '0' && line.p[0] <= '9' ? str_find_byte(line, ' ', 0) + 1 : 0;
        buf_add(&r->text, str_sub(line, arrow, str_find_byte(line, ' ', arrow)));
        buf_add_byte(&r->text, ' ');
        at = end + 1;
    }
    if (r->text.n > 0)
        r->text.n--;
    return finished(r);
}

static bool has_part(const struct buf *lines, const char *part)
{
    char *text = run_quoted(part);
    bool has = str_find(buf_str(lines), str_of(text), 0) != STR_NONE;
    free(text);
    return has;
}

bool run_has_record(const struct run *r, const char *part)
{
    return has_part(&r->records, part);
}

bool run_has_command(const struct run *r, const char *part)
{
    return has_part(&r->commands, part);
}
