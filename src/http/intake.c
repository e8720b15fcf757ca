/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The intake of answers. Header names and values are kept in one buffer, by place because it moves;
 * the finished answer is one block for all of the head and one for the body.
 */
#include "http/intake.h"
#include "base/check.h"
#include <stdlib.h>

enum {
    INTAKE_FIRST_LINES = 16,
    INTAKE_FIRST_BODY = 4096,
    INTAKE_EXPANSION = 4, /* a compressed body is guessed to be that many times as long */
};

void http_intake_init(struct http_intake *in, size_t max_header_bytes, size_t max_body_bytes,
                      size_t padding)
{
    *in = (struct http_intake){.max_header_bytes = max_header_bytes,
                               .max_body_bytes = max_body_bytes,
                               .padding = padding,
                               .announced = UINT64_MAX};
    buf_init(&in->head, max_header_bytes);
}

void http_intake_done(struct http_intake *in)
{
    buf_done(&in->head);
    free(in->lines);
    free(in->body);
    in->lines = NULL;
    in->body = NULL;
}

/* the head */

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static str trim(str s)
{
    while (s.n > 0 && is_blank(s.p[s.n - 1]))
        s.n--;
    while (s.n > 0 && is_blank(s.p[0]))
        s = str_sub(s, 1, s.n);
    return s;
}

static bool digit_at(str s, size_t i)
{
    return i < s.n && s.p[i] >= '0' && s.p[i] <= '9';
}

/* "HTTP/1.1 200 OK", "HTTP/2 200". The phrase may be missing. */
static enum status intake_status_line(struct http_intake *in, str line, struct error *err)
{
    size_t at = 5, space = str_find_byte(line, ' ', 0);
    int version = digit_at(line, at) ? (line.p[at] - '0') * 10 : 0;
    if (version > 0 && digit_at(line, at + 2) && line.p[at + 1] == '.')
        version += line.p[at + 2] - '0';
    str rest = space == STR_NONE ? STR("") : trim(str_sub(line, space, line.n));
    bool is_number = digit_at(rest, 0) && digit_at(rest, 1) && digit_at(rest, 2) &&
                     (rest.n == 3 || rest.p[3] == ' ') && rest.p[0] != '0';
    if (version == 0 || !is_number)
        return error_set(err, STATUS_IO, "HttpBadAnswer", "the status line cannot be read");
    buf_clear(&in->head);
    in->line_count = 0;
    in->announced = UINT64_MAX;
    in->is_encoded = in->is_body_next = false;
    in->version = version;
    in->status = (rest.p[0] - '0') * 100 + (rest.p[1] - '0') * 10 + (rest.p[2] - '0');
    str reason = trim(str_sub(rest, 3, rest.n));
    in->reason_n = (uint32_t)reason.n;
    buf_add(&in->head, reason);
    return STATUS_OK;
}

static void intake_note_length(struct http_intake *in, str value)
{
    uint64_t length = 0;
    for (size_t i = 0; i < value.n; i++) {
        if (!digit_at(value, i) || length > UINT64_MAX / 100)
            return; /* the client below judges it; here it is only a hint */
        length = length * 10 + (uint64_t)(value.p[i] - '0');
    }
    if (value.n > 0)
        in->announced = length;
}

static void intake_add_line(struct http_intake *in, str name, str value)
{
    if (in->line_count == in->line_cap) {
        in->line_cap = in->line_cap == 0 ? INTAKE_FIRST_LINES : in->line_cap * 2;
        in->lines = realloc(in->lines, in->line_cap * sizeof *in->lines);
        check(in->lines != NULL);
    }
    uint32_t at = (uint32_t)in->head.n;
    in->lines[in->line_count++] =
        (struct http_line){at, (uint32_t)name.n, at + (uint32_t)name.n, (uint32_t)value.n};
    buf_add(&in->head, name);
    buf_add(&in->head, value);
    if (http_name_eq(name, STR("content-length")))
        intake_note_length(in, value);
    if (http_name_eq(name, STR("content-encoding")))
        in->is_encoded = true;
}

/* RFC 9112, 5.2: a line that begins with white space continues the one before. */
static void intake_continue_line(struct http_intake *in, str rest)
{
    if (in->line_count == 0 || rest.n == 0)
        return;
    buf_add(&in->head, STR(" "));
    buf_add(&in->head, rest);
    in->lines[in->line_count - 1].value_n += (uint32_t)rest.n + 1;
}

enum status http_intake_line(struct http_intake *in, str line, struct error *err)
{
    if (line.n > in->max_header_bytes - in->header_bytes)
        return error_set(err, STATUS_LIMIT, "HttpTooLarge",
                         "the answer has more than %zu bytes of headers", in->max_header_bytes);
    in->header_bytes += line.n;
    str text = trim(line);
    if (str_starts(line, STR("HTTP/")) && (in->status < 200 || !in->is_body_next))
        return intake_status_line(in, text, err);
    if (in->status == 0)
        return error_set(err, STATUS_IO, "HttpBadAnswer", "the answer has no status line");
    if (in->is_body_next)
        return STATUS_OK;
    if (text.n == 0) {
        in->is_body_next = true;
        return STATUS_OK;
    }
    size_t colon = str_find_byte(text, ':', 0);
    if (is_blank(line.p[0]))
        intake_continue_line(in, text);
    else if (colon != STR_NONE)
        intake_add_line(in, trim(str_sub(text, 0, colon)), trim(str_sub(text, colon + 1, text.n)));
    return STATUS_OK;
}

/* the body */

static size_t min_size(size_t a, size_t b)
{
    return a < b ? a : b;
}

static size_t intake_first_cap(const struct http_intake *in)
{
    if (in->announced == UINT64_MAX)
        return INTAKE_FIRST_BODY;
    size_t cap = min_size(in->announced, HTTP_BELIEVED_BYTES);
    return in->is_encoded ? min_size(cap * INTAKE_EXPANSION, HTTP_BELIEVED_BYTES) : cap;
}

/* Room for a body of n bytes: twice as much as before, but not more than was announced. */
static void intake_grow_body(struct http_intake *in, size_t n)
{
    size_t cap = in->body == NULL ? intake_first_cap(in) : in->body_cap * 2;
    if (!in->is_encoded && in->announced >= n && in->announced < cap)
        cap = in->announced;
    cap = min_size(cap, in->max_body_bytes);
    if (cap < n)
        cap = n;
    in->body = realloc(in->body, cap + in->padding + 1); /* + 1: never of size 0 */
    check(in->body != NULL);
    in->body_cap = cap;
}

enum status http_intake_body(struct http_intake *in, str bytes, struct error *err)
{
    bool is_announced = in->announced != UINT64_MAX && !in->is_encoded;
    if (bytes.n > in->max_body_bytes - in->body_n ||
        (in->body == NULL && is_announced && in->announced > in->max_body_bytes))
        return error_set(err, STATUS_LIMIT, "HttpTooLarge",
                         "the answer has a body of more than %zu bytes", in->max_body_bytes);
    if (in->body == NULL || bytes.n > in->body_cap - in->body_n)
        intake_grow_body(in, in->body_n + bytes.n);
    if (bytes.n > 0)
        memcpy(in->body + in->body_n, bytes.p, bytes.n);
    in->body_n += bytes.n;
    return STATUS_OK;
}

/* the answer */

static struct http_answer *intake_make_answer(const struct http_intake *in)
{
    size_t lines_size = in->line_count * sizeof(struct http_header);
    struct http_answer *answer = malloc(sizeof *answer + lines_size + in->head.n);
    check(answer != NULL);
    struct http_header *headers = (struct http_header *)(answer + 1);
    char *head = (char *)headers + lines_size;
    if (in->head.n > 0)
        memcpy(head, in->head.p, in->head.n);
    for (size_t i = 0; i < in->line_count; i++) {
        const struct http_line *line = &in->lines[i];
        headers[i] = (struct http_header){{head + line->name_at, line->name_n},
                                          {head + line->value_at, line->value_n}};
    }
    *answer = (struct http_answer){.status = in->status,
                                   .version = in->version,
                                   .reason = {head, in->reason_n},
                                   .headers = headers,
                                   .header_count = in->line_count};
    return answer;
}

enum status http_intake_take(struct http_intake *in, struct http_answer **ret_answer,
                             struct error *err)
{
    if (in->status == 0)
        return error_set(err, STATUS_IO, "HttpBadAnswer", "the answer has no status line");
    struct http_answer *answer = intake_make_answer(in);
    if (in->body == NULL || in->body_cap - in->body_n > in->body_n / 4) {
        in->body = realloc(in->body, in->body_n + in->padding + 1);
        check(in->body != NULL);
    }
    answer->body = in->body;
    answer->body_size = in->body_n;
    in->body = NULL;
    http_intake_done(in);
    http_intake_init(in, in->max_header_bytes, in->max_body_bytes, in->padding);
    *ret_answer = answer;
    return STATUS_OK;
}
