/* SPDX-License-Identifier: Apache-2.0 */
/*
 * afflux eval: an expression, its inputs one after the other, and their results on stdout. The
 * command line is read in eval_options.c, documents in eval_input.c, errors are shown by
 * eval_show.c, and the dialogue with programs is eval_stream.c.
 */
#include "cmd/cmd.h"

#include "base/utf8.h"
#include "cmd/eval_input.h"
#include "cmd/eval_options.h"
#include "cmd/eval_show.h"
#include "cmd/eval_stream.h"
#include "json/parse.h"
#include "json/write.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

enum {
    EVAL_EXIT_NO_RESULT = 4,     /* with -e, as jq has it */
    EVAL_STACK_MOST = 100 << 20, /* the kernel leaves at least 128 MB below the stack */
    EVAL_STACK_REST = 1 << 20,   /* for what is outside the evaluation */
};

struct eval {
    struct eval_options options;
    struct output out;
    struct buf file_text;
    str text;
    struct jsonata *expr;
    struct jsonata_scratch *scratch;
    struct arena input_arena, work;
    unsigned write_flags;
    bool has_failed;
    bool has_result, is_last_true; /* for -e */
    bool is_trace_colored;
};

/* ---- results ---- */

/* Raw text may hold halves of surrogate pairs, which UTF-8 cannot: those that belong together
 * become the character they mean, others U+FFFD. */
static void eval_print_raw(struct buf *out, str s)
{
    size_t at = utf8_check(s);
    buf_add(out, str_sub(s, 0, at));
    while (at < s.n) {
        uint32_t c = utf8_next(s, &at);
        size_t next = at;
        uint32_t low = c >= 0xD800 && c < 0xDC00 && at < s.n ? utf8_next(s, &next) : 0;
        if (low >= 0xDC00 && low < 0xE000) {
            c = 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
            at = next;
        }
        buf_add_utf8(out, utf8_is_surrogate(c) ? 0xFFFD : c);
    }
}

static void eval_fail(struct eval *e, const struct jsonata_error *err, str input)
{
    output_flush(&e->out);
    eval_show_error(e->text, e->options.text_file, input, err);
    e->has_failed = true;
}

static void eval_print_one(struct eval *e, struct json_val v, str input)
{
    struct buf *out = &e->out.buf;
    struct error err;
    size_t start = out->n;
    enum status status = STATUS_OK;
    if (e->options.is_raw && v.tag == JSON_STRING)
        eval_print_raw(out, json_str(v));
    else
        status = json_write(out, v, e->write_flags, &err);
    if (!e->options.is_joined)
        buf_add_byte(out, '\n');
    if (status == STATUS_OK && buf_ok(out)) {
        e->has_result = true;
        e->is_last_true = v.tag != JSON_NULL && !(v.tag == JSON_BOOL && !v.b);
        output_check(&e->out);
        return;
    }
    out->n = start;
    out->overflowed = false;
    struct jsonata_error shown = {.position = UINT32_MAX};
    snprintf(shown.code, sizeof(shown.code), "%s",
             status == STATUS_INVALID               ? "D1001"
             : strcmp(err.name, "JsonTooDeep") == 0 ? "U1005"
                                                    : "U1002");
    snprintf(shown.message, sizeof(shown.message), "The result: %.*s", ERROR_MESSAGE_MAX - 16,
             err.message);
    eval_fail(e, &shown, input);
}

static void eval_print(struct eval *e, struct json_val v, str input)
{
    if (v.tag == JSON_UNDEFINED || v.tag == JSON_FUNCTION)
        return;
    if (!e->options.is_by_line || v.tag != JSON_ARRAY) {
        eval_print_one(e, v, input);
        return;
    }
    for (uint32_t i = 0; i < v.len; i++)
        eval_print_one(e, v.items[i], input);
}

/* ---- evaluating ---- */

/* input: where the document is, for messages; empty when it goes without saying. */
static void eval_document(struct eval *e, struct json_val value, str input)
{
    struct jsonata_error err;
    struct json_val result;
    struct jsonata_context context = {
        .arena = &e->work,
        .input = value,
        .bindings = e->options.bindings,
        .binding_count = e->options.binding_count,
        .limits = e->options.limits,
        .now_ms = eval_options_now(&e->options),
        .seed = eval_options_seed(&e->options),
        .scratch = e->scratch,
        .trace = e->options.is_traced ? eval_show_trace : NULL,
        .trace_arg = &e->is_trace_colored,
    };
    if (jsonata_evaluate(e->expr, &context, &result, &err) == STATUS_OK)
        eval_print(e, result, input);
    else
        eval_fail(e, &err, input);
    arena_reset(&e->work);
}

static void eval_one(struct eval *e, const struct eval_input *in, struct json_val value)
{
    char input[512] = "";
    if (in->documents > 1 || e->options.file_count > 1)
        snprintf(input, sizeof(input), "%s:%zu", in->name, in->document_line);
    eval_document(e, value, str_of(input));
}

/* All documents of one file: their text behind that of the others for --slurp, evaluated otherwise.
 */
static void eval_file(struct eval *e, const char *path, struct buf *all)
{
    struct eval_input in;
    struct json_val value;
    enum eval_input_result result;
    if (!eval_input_open(&in, path, e->options.max_text, &e->out)) {
        e->has_failed = true;
        return;
    }
    while ((result = eval_input_next(&in, &e->input_arena, &value)) == EVAL_INPUT_DOCUMENT &&
           !e->out.has_failed) {
        if (all) {
            buf_add(all, in.document);
            buf_add_byte(all, ',');
        } else {
            eval_one(e, &in, value);
        }
        arena_reset(&e->input_arena);
    }
    e->has_failed |= result == EVAL_INPUT_FAILED;
    eval_input_close(&in);
}

/*
 * All documents as one array. Each was parsed alone, so that a bad one is found where it stands;
 * now all are parsed once more together, so that their objects share shapes and take no more memory
 * than an array in a file would.
 */
static void eval_slurped(struct eval *e, struct buf *all)
{
    struct json_doc *doc;
    struct error err;
    if (all->n > 1)
        all->n--; /* the last comma */
    buf_add_byte(all, ']');
    if (!buf_ok(all)) {
        cmd_error("eval", "the documents together are longer than %zu bytes", all->max);
        e->has_failed = true;
        return;
    }
    size_t n;
    char *text = buf_take(all, &n);
    if (json_parse_take(text, n, NULL, &doc, &err) != STATUS_OK) {
        cmd_error("eval", "the documents do not fit into one array: %s", err.message);
        e->has_failed = true;
        return;
    }
    eval_document(e, json_doc_root(doc), STR(""));
    json_doc_unref(doc);
}

static void eval_inputs(struct eval *e)
{
    const struct eval_options *o = &e->options;
    struct buf all;
    buf_init(&all, JSON_MAX_TEXT);
    buf_add_byte(&all, '[');
    for (size_t i = 0; i < o->file_count; i++)
        eval_file(e, o->files[i], o->is_slurped ? &all : NULL);
    if (o->file_count == 0)
        eval_file(e, "-", o->is_slurped ? &all : NULL);
    if (o->is_slurped && !e->has_failed) /* half of the data would give a wrong answer */
        eval_slurped(e, &all);
    buf_done(&all);
}

static void eval_values(struct eval *e)
{
    struct jsonata_error err;
    unsigned flags = e->options.flags | (e->options.is_traced ? JSONATA_TRACE : 0);
    if (jsonata_compile(e->text, flags, &e->expr, &err) != STATUS_OK)
        eval_fail(e, &err, STR(""));
    else if (e->options.is_without_input)
        eval_document(e, json_undefined(), STR(""));
    else
        eval_inputs(e);
}

/* ---- the expression itself ---- */

static bool eval_read_text(struct eval *e)
{
    const char *path = e->options.text_file;
    e->text = path ? STR("") : str_of(e->options.text);
    if (path) {
        if (!reader_read_file(path, JSONATA_MAX_TEXT, &e->file_text)) {
            cmd_error("eval", "cannot read the expression from %s: %s", path,
                      strerrordesc_np(errno));
            return false;
        }
        e->text = buf_str(&e->file_text);
    }
    if (utf8_check(e->text) == e->text.n)
        return true;
    cmd_error("eval", "the expression is not valid UTF-8 at byte %zu", utf8_check(e->text) + 1);
    return false;
}

static void eval_show_inside(struct eval *e)
{
    struct jsonata_error err;
    enum status status;
    if (e->options.mode == EVAL_TOKENS) {
        status = jsonata_print_tokens(e->text, e->options.flags, &e->out.buf, &err);
    } else {
        status = jsonata_compile(e->text, e->options.flags, &e->expr, &err);
        if (status == STATUS_OK)
            jsonata_print_tree(e->expr, &e->out.buf);
    }
    if (status != STATUS_OK)
        eval_fail(e, &err, STR(""));
}

/* ---- the command ---- */

static unsigned eval_write_flags(const struct eval_options *o)
{
    bool is_colored = o->color > 0 || (o->color == 0 && cmd_may_color(STDOUT_FILENO));
    return JSON_WRITE_DOUBLES | (o->is_compact ? 0 : JSON_WRITE_PRETTY) |
           (is_colored ? JSON_WRITE_COLOR : 0);
}

/* Who asks for a greater depth than the default gets the stack for it, as far as the system allows.
 */
static void eval_raise_stack(struct eval_options *o)
{
    struct rlimit limit;
    if (o->limits.depth <= JSONATA_DEFAULT_DEPTH || getrlimit(RLIMIT_STACK, &limit) != 0)
        return;
    rlim_t most = limit.rlim_max < EVAL_STACK_MOST ? limit.rlim_max : EVAL_STACK_MOST;
    if (limit.rlim_cur < most) {
        limit.rlim_cur = most;
        if (setrlimit(RLIMIT_STACK, &limit) != 0)
            return;
    }
    o->limits.stack_bytes = most - EVAL_STACK_REST;
}

static int eval_exit_code(const struct eval *e)
{
    if (e->has_failed)
        return CMD_FAILED;
    if (!e->options.has_exit_status || (e->has_result && e->is_last_true))
        return CMD_OK;
    return e->has_result ? CMD_FAILED : EVAL_EXIT_NO_RESULT;
}

static int eval_run(struct eval *e)
{
    output_init(&e->out, STDOUT_FILENO, "eval");
    e->scratch = jsonata_scratch_new();
    e->write_flags = eval_write_flags(&e->options);
    e->is_trace_colored = cmd_may_color(STDERR_FILENO);
    if (!eval_read_text(e))
        e->has_failed = true;
    else if (e->options.mode == EVAL_VALUES)
        eval_values(e);
    else
        eval_show_inside(e);
    e->has_failed |= !output_flush(&e->out);
    jsonata_scratch_free(e->scratch);
    jsonata_free(e->expr);
    output_done(&e->out);
    buf_done(&e->file_text);
    return eval_exit_code(e);
}

static int eval_print_help(void)
{
    struct buf text;
    buf_init(&text, 1 << 16);
    cmd_eval_help(&text);
    int code = cmd_print("eval", buf_str(&text));
    buf_done(&text);
    return code;
}

int cmd_eval(int argc, char **argv)
{
    struct eval e = {.text = STR("")};
    int code = eval_options_read(&e.options, argc, argv);
    if (code == CMD_OK) {
        eval_raise_stack(&e.options);
        arena_init(&e.work, 0);
        arena_init(&e.input_arena, 0);
        code = e.options.mode == EVAL_HELP     ? eval_print_help()
               : e.options.mode == EVAL_STREAM ? eval_stream(&e.options)
                                               : eval_run(&e);
        arena_done(&e.input_arena);
        arena_done(&e.work);
    }
    eval_options_done(&e.options);
    return code;
}
