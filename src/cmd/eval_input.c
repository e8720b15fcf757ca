/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From bytes to documents. The parser wants a whole text, so the end of each document is looked for
 * first: brackets and quotes are counted, nothing is judged. What is no JSON is cut somewhere and
 * refused by the parser, whose place is then moved to where the text stands in the file.
 */
#include "cmd/eval_input.h"

#include "cmd/cmd.h"
#include "json/parse.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { INPUT_TAKE_FROM = 1 << 20 }; /* a text this long is not copied for the parser */

bool eval_input_open(struct eval_input *in, const char *path, size_t max_text,
                     struct output *output)
{
    bool is_stdin = strcmp(path, "-") == 0;
    *in = (struct eval_input){.name = is_stdin ? "stdin" : path, .max_text = max_text};
    in->line = in->column = 1;
    int fd = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        output_flush(output);
        cmd_error("eval", "cannot open %s: %s", path, strerrordesc_np(errno));
        return false;
    }
    reader_init(&in->reader, fd, output);
    while (in->reader.buf.n < 3 && reader_fill(&in->reader))
        ;
    if (str_starts(reader_unread(&in->reader), STR("\xEF\xBB\xBF")))
        in->reader.at = 3;
    return true;
}

void eval_input_close(struct eval_input *in)
{
    if (in->reader.fd != STDIN_FILENO)
        close(in->reader.fd);
    reader_done(&in->reader);
}

/* ---- where a document ends ---- */

static bool input_is_space(char c)
{
    return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

/* How far the search has come; nothing is looked at twice when more bytes arrive. */
struct input_search {
    size_t at;
    uint64_t depth;
    bool is_in_string;
};

/* From inside a string to behind its end; false when that has not been read. */
static bool input_skip_string(str s, size_t *at)
{
    size_t i = *at;
    while (i < s.n && s.p[i] != '"') {
        if (s.p[i] == '\\' && i + 1 == s.n)
            break;
        i += s.p[i] == '\\' ? 2 : 1;
    }
    bool is_closed = i < s.n && s.p[i] == '"';
    *at = i + is_closed;
    return is_closed;
}

static bool input_find_close(str s, struct input_search *f)
{
    for (;;) {
        if (f->is_in_string && !input_skip_string(s, &f->at))
            return false;
        f->is_in_string = false;
        char c = '\0';
        while (f->at < s.n && (c = s.p[f->at]) != '"' && c != '{' && c != '}' && c != '[' &&
               c != ']')
            f->at++;
        if (f->at == s.n)
            return false;
        f->at++;
        if (c == '"')
            f->is_in_string = true;
        else if (c == '{' || c == '[')
            f->depth++;
        else if (--f->depth == 0)
            return true;
    }
}

/* Is the end of the document at the start of s known? Then f->at is behind it. */
static bool input_find_end(str s, struct input_search *f)
{
    static const char delimiters[] = "{}[]\",: \t\r\n";
    if (s.n == 0)
        return false;
    if (s.p[0] == '{' || s.p[0] == '[')
        return input_find_close(s, f);
    if (s.p[0] == '"') {
        f->at += f->at == 0;
        return input_skip_string(s, &f->at);
    }
    if (memchr("}],:", s.p[0], 4)) {
        f->at = 1;
        return true;
    }
    while (f->at < s.n && (s.p[f->at] == '\0' || !strchr(delimiters, s.p[f->at])))
        f->at++;
    return f->at < s.n;
}

/* ---- places ---- */

static void input_advance(struct eval_input *in, size_t n)
{
    const char *p = in->reader.buf.p + in->reader.at, *end = p + n;
    const char *newline;
    in->reader.at += n;
    while (p < end && (newline = memchr(p, '\n', (size_t)(end - p))) != NULL) {
        in->line++;
        in->column = 1;
        p = newline + 1;
    }
    for (; p < end; p++)
        in->column += ((unsigned char)*p & 0xC0) != 0x80;
}

static void input_skip_space(struct eval_input *in)
{
    do {
        str s = reader_unread(&in->reader);
        size_t n = 0;
        while (n < s.n && input_is_space(s.p[n]))
            n++;
        if (n > 0)
            input_advance(in, n);
        if (n < s.n)
            return;
    } while (reader_fill(&in->reader));
}

static enum eval_input_result input_fail(struct eval_input *in, const struct json_place *place,
                                         const char *reason)
{
    size_t line = in->line + place->line - 1;
    size_t column = place->line == 1 ? in->column + place->column - 1 : place->column;
    output_flush(in->reader.output);
    struct output err;
    output_init(&err, STDERR_FILENO, NULL);
    buf_printf(&err.buf, "%s:%zu:%zu: %s\n", in->name, line, column, reason);
    output_flush(&err);
    output_done(&err);
    return EVAL_INPUT_FAILED;
}

/* ---- parsing ---- */

/* A long text goes to the parser with the buffer it lies in; what was read behind it moves to a new
 * one. */
static enum status input_parse_long(struct eval_input *in, size_t n, struct arena *arena,
                                    const struct json_parse_options *options, struct json_val *ret,
                                    struct error *err)
{
    struct buf *buf = &in->reader.buf;
    struct buf rest;
    struct json_doc *doc;
    buf_init(&rest, buf->max);
    buf_add(&rest, str_sub(reader_unread(&in->reader), n, SIZE_MAX));
    if (in->reader.at > 0)
        memmove(buf->p, buf->p + in->reader.at, n);
    char *text = buf->p;
    *buf = rest;
    in->reader.at = 0;
    enum status status = json_parse_take(text, n, options, &doc, err);
    if (status != STATUS_OK)
        return status;
    *ret = json_doc_root(doc);
    in->document = json_doc_text(doc);
    json_doc_hold(doc, arena);
    json_doc_unref(doc);
    return STATUS_OK;
}

static enum eval_input_result input_parse(struct eval_input *in, size_t n, struct arena *arena,
                                          struct json_val *ret)
{
    struct json_place place = {.line = 1, .column = 1};
    struct json_parse_options options = {.place = &place};
    struct error err;
    enum status status;
    size_t line = in->line, column = in->column;
    str text = str_sub(reader_unread(&in->reader), 0, n);
    in->document_line = line;
    in->document = text;
    input_advance(in, n);
    if (n >= INPUT_TAKE_FROM) {
        in->reader.at -= n;
        status = input_parse_long(in, n, arena, &options, ret, &err);
    } else {
        status = json_parse_in(arena, text, &options, ret, &err);
    }
    if (status == STATUS_OK) {
        in->documents++;
        return EVAL_INPUT_DOCUMENT;
    }
    in->line = line;
    in->column = column;
    const char *reason = strncmp(err.message, "line ", 5) == 0 ? strstr(err.message, ": ") : NULL;
    return input_fail(in, &place, reason ? reason + 2 : err.message);
}

enum eval_input_result eval_input_next(struct eval_input *in, struct arena *arena,
                                       struct json_val *ret)
{
    struct input_search f = {0};
    input_skip_space(in);
    bool is_found;
    while (!(is_found = input_find_end(reader_unread(&in->reader), &f)) &&
           reader_unread(&in->reader).n <= in->max_text && reader_fill(&in->reader))
        ;
    size_t n = is_found ? f.at : reader_unread(&in->reader).n;
    if (in->reader.error != 0) {
        output_flush(in->reader.output);
        cmd_error("eval", "cannot read %s: %s", in->name, strerrordesc_np(in->reader.error));
        return EVAL_INPUT_FAILED;
    }
    if (n > in->max_text) {
        char reason[96];
        snprintf(reason, sizeof(reason), "the document is longer than %zu bytes", in->max_text);
        return input_fail(in, &(struct json_place){.line = 1, .column = 1}, reason);
    }
    return n == 0 ? EVAL_INPUT_END : input_parse(in, n, arena, ret);
}
