/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The dialogue of --stream. One answer for each line, whatever the line holds, so that a peer can
 * count. Memory is reused from line to line: one arena for the question, one for the evaluation
 * (its limit is
 * --max-bytes), and the compiled expressions in a cache.
 */
#include "cmd/eval_stream.h"

#include "cmd/cmd.h"
#include "cmd/eval_cache.h"
#include "cmd/reader.h"
#include "json/parse.h"
#include "json/write.h"
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { STREAM_KEEP = 16 << 20 }; /* bytes */

struct stream {
    struct eval_options *options;
    struct output out;
    struct reader in;
    struct arena question, work;
    struct eval_cache cache;
    struct jsonata_scratch *scratch;
};

struct stream_question {
    str expr;
    bool has_expr;
    unsigned flags;
    struct json_val data, bind;
    struct jsonata_limits limits;
};

/* ---- answers ---- */

static void stream_begin_error(struct stream *s, const char *name, const char *message)
{
    struct buf *out = &s->out.buf;
    buf_add(out, STR("{\"error\":"));
    json_write_string(out, str_of(name));
    buf_add(out, STR(",\"message\":"));
    json_write_string(out, str_of(message));
}

static void stream_refuse(struct stream *s, const char *name, const char *message)
{
    stream_begin_error(s, name, message);
    buf_add(&s->out.buf, STR("}\n"));
}

static void stream_answer_error(struct stream *s, const struct jsonata_error *err)
{
    struct buf *out = &s->out.buf;
    stream_begin_error(s, err->code, err->message);
    if (err->position != UINT32_MAX)
        buf_printf(out, ",\"position\":%u", err->position);
    if (err->has_token) {
        buf_add(out, STR(",\"token\":"));
        json_write_string(out, str_of(err->token));
    }
    if (err->has_value && err->value[0] != '\0') {
        buf_add(out, STR(",\"value\":"));
        json_write_string(out, str_of(err->value));
    }
    buf_add(out, STR("}\n"));
}

static void stream_answer(struct stream *s, struct json_val result)
{
    struct buf *out = &s->out.buf;
    struct error err;
    size_t start = out->n;
    if (result.tag == JSON_UNDEFINED || result.tag == JSON_FUNCTION) {
        buf_add(out, STR("{}\n"));
        return;
    }
    buf_add(out, STR("{\"result\":"));
    enum status status = json_write(out, result, JSON_WRITE_DOUBLES, &err);
    buf_add(out, STR("}\n"));
    if (status == STATUS_OK && buf_ok(out))
        return;
    out->n = start;
    out->overflowed = false;
    stream_refuse(s, status == STATUS_INVALID ? "D1001" : err.name, err.message);
}

/* ---- questions ---- */

static bool question_limit(struct json_val v, uint64_t max, uint64_t *ret)
{
    double number = json_is_number(v) ? json_number(v) : 0;
    if (!(number >= 1 && number <= (double)max))
        return false;
    *ret = (uint64_t)number;
    return true;
}

static bool question_flags(struct json_val v, unsigned *flags)
{
    for (uint32_t i = 0; v.tag == JSON_ARRAY && i < v.len; i++) {
        unsigned flag =
            v.items[i].tag == JSON_STRING ? eval_options_dialect(json_str(v.items[i])) : 0;
        if (flag == 0)
            return false;
        *flags |= flag;
    }
    return v.tag == JSON_ARRAY;
}

/* What a limit of the command line says is the most that a question can ask for. */
static uint64_t question_least(uint64_t of_options, uint64_t asked)
{
    return of_options != 0 && of_options < asked ? of_options : asked;
}

/* Takes one member over; what is wrong with it, or NULL. */
static const char *question_member(struct stream_question *q, str key, struct json_val v)
{
    uint64_t n;
    if (str_eq(key, STR("expr"))) {
        q->expr = json_str(v);
        q->has_expr = v.tag == JSON_STRING;
        return q->has_expr ? NULL : "expr must be a string";
    }
    if (str_eq(key, STR("data"))) {
        q->data = v;
        return NULL;
    }
    if (str_eq(key, STR("bind"))) {
        q->bind = v;
        return v.tag == JSON_OBJECT ? NULL : "bind must be an object";
    }
    if (str_eq(key, STR("flags")))
        return question_flags(v, &q->flags) ? NULL : "flags: step-functions, strict-aws";
    if (str_eq(key, STR("steps"))) {
        if (!question_limit(v, (uint64_t)1 << 53, &n))
            return "steps must be a positive number";
        q->limits.steps = question_least(q->limits.steps, n);
        return NULL;
    }
    if (str_eq(key, STR("depth"))) {
        if (!question_limit(v, UINT32_MAX, &n))
            return "depth must be a positive number";
        q->limits.depth = (uint32_t)question_least(q->limits.depth, n);
        return NULL;
    }
    return "members are expr, data, bind, steps, depth, flags";
}

static const char *question_read(struct stream_question *q, struct json_val line)
{
    if (line.tag != JSON_OBJECT)
        return "a line must be an object with the member expr";
    for (uint32_t i = 0; i < line.len; i++) {
        const struct json_key *key = &line.obj->shape->keys[i];
        const char *wrong = question_member(q, (str){key->p, key->n}, line.obj->vals[i]);
        if (wrong)
            return wrong;
    }
    return q->has_expr ? NULL : "the member expr is missing";
}

/* The bindings of the command line, then those of the question, which win. */
static void question_bind(struct stream *s, const struct stream_question *q,
                          struct jsonata_context *context)
{
    const struct eval_options *o = s->options;
    context->bindings = o->bindings;
    context->binding_count = o->binding_count;
    if (q->bind.tag != JSON_OBJECT || q->bind.len == 0)
        return;
    struct jsonata_binding *all =
        arena_alloc(&s->question, sizeof(*all) * ((size_t)o->binding_count + q->bind.len));
    uint32_t count = 0;
    for (; count < o->binding_count; count++)
        all[count] = o->bindings[count];
    for (uint32_t i = 0; i < q->bind.len; i++) {
        const struct json_key *key = &q->bind.obj->shape->keys[i];
        all[count++] = (struct jsonata_binding){{key->p, key->n}, q->bind.obj->vals[i]};
    }
    context->bindings = all;
    context->binding_count = count;
}

static void stream_evaluate(struct stream *s, const struct stream_question *q)
{
    const struct jsonata *expr;
    struct jsonata_error err;
    struct json_val result;
    struct jsonata_context context = {
        .arena = &s->work,
        .input = q->data,
        .limits = q->limits,
        .now_ms = eval_options_now(s->options),
        .seed = eval_options_seed(s->options),
        .scratch = s->scratch,
    };
    question_bind(s, q, &context);
    if (eval_cache_get(&s->cache, q->expr, q->flags, &expr, &err) == STATUS_OK &&
        jsonata_evaluate(expr, &context, &result, &err) == STATUS_OK)
        stream_answer(s, result);
    else
        stream_answer_error(s, &err);
}

/* Empty for the next line; what an extraordinary one took is given back. */
static void stream_forget(struct arena *a)
{
    if (arena_used(a) > STREAM_KEEP)
        arena_done(a);
    else
        arena_reset(a);
}

static void stream_line(struct stream *s, str line)
{
    struct error err;
    struct json_val value;
    struct stream_question q = {
        .data = json_undefined(),
        .bind = json_undefined(),
        .flags = s->options->flags,
        .limits = s->options->limits,
    };
    if (json_parse_in(&s->question, line, NULL, &value, &err) != STATUS_OK) {
        stream_refuse(s, err.name, err.message);
    } else {
        const char *wrong = question_read(&q, value);
        if (wrong)
            stream_refuse(s, "Usage", wrong);
        else
            stream_evaluate(s, &q);
    }
    stream_forget(&s->work);
    stream_forget(&s->question);
}

/* ---- lines ---- */

/* Drops the rest of a line that is too long; false when the input ends before its end. */
static bool stream_skip_line(struct stream *s)
{
    for (;;) {
        str unread = reader_unread(&s->in);
        size_t newline = str_find_byte(unread, '\n', 0);
        if (newline != STR_NONE) {
            s->in.at += newline + 1;
            return true;
        }
        s->in.at += unread.n;
        if (!reader_fill(&s->in))
            return false;
    }
}

static bool stream_too_long(struct stream *s)
{
    char message[96];
    snprintf(message, sizeof(message), "the line is longer than %zu bytes", s->options->max_text);
    stream_refuse(s, "JsonTooLarge", message);
    return stream_skip_line(s);
}

/* Takes the next line and answers it; false at the end of the input. */
static bool stream_next(struct stream *s)
{
    size_t looked_at = 0, newline;
    while ((newline = str_find_byte(reader_unread(&s->in), '\n', looked_at)) == STR_NONE) {
        looked_at = reader_unread(&s->in).n;
        if (looked_at > s->options->max_text)
            return stream_too_long(s);
        if (!reader_fill(&s->in)) {
            if (looked_at > 0) /* a last line without line break */
                stream_line(s, reader_unread(&s->in));
            return false;
        }
    }
    str line = str_sub(reader_unread(&s->in), 0, newline);
    if (line.n > s->options->max_text)
        return stream_too_long(s);
    s->in.at += newline + 1;
    stream_line(s, line);
    return output_check(&s->out);
}

int eval_stream(struct eval_options *options)
{
    struct stream s = {.options = options, .scratch = jsonata_scratch_new()};
    output_init(&s.out, STDOUT_FILENO, "eval");
    reader_init(&s.in, STDIN_FILENO, &s.out);
    arena_init(&s.question, 0);
    arena_init(&s.work, 0);
    eval_cache_init(&s.cache);
    while (stream_next(&s))
        ;
    bool is_written = output_flush(&s.out);
    if (s.in.error != 0)
        cmd_error("eval", "cannot read stdin: %s", strerrordesc_np(s.in.error));
    eval_cache_done(&s.cache);
    jsonata_scratch_free(s.scratch);
    arena_done(&s.work);
    arena_done(&s.question);
    reader_done(&s.in);
    output_done(&s.out);
    return is_written && s.in.error == 0 ? CMD_OK : CMD_FAILED;
}
