/* SPDX-License-Identifier: Apache-2.0 */
/* See api_sequence.h. */
#include "api_sequence.h"

#include "../asl/scenario_match.h"
#include "base/check.h"
#include "json/parse.h"
#include "json/shape.h"
#include "json/write.h"
#include <stdlib.h>

enum { CALL_MS = 30000, POLL_MS = 40000, POLL_PAUSE_MS = 20, MAX_CALLS = 200 };

struct sequence {
    struct api_house *house;
    struct arena *arena;
    struct match match;
    struct json_val calls;
    struct json_val answers[MAX_CALLS]; /* by their numbers */
    struct json_shapes shapes;
};

/* ---- references ---- */

static struct json_val parse(struct sequence *q, str text)
{
    struct json_val v;
    return json_parse_in(q->arena, text, NULL, &v, NULL) == STATUS_OK ? v : json_undefined();
}

static uint32_t read_number(str text, size_t *at)
{
    uint32_t n = 0;
    while (*at < text.n && text.p[*at] >= '0' && text.p[*at] <= '9')
        n = n * 10 + (uint32_t)(text.p[(*at)++] - '0');
    return n;
}

/* a.b[0]|c from a value. */
static struct json_val walk(struct sequence *q, struct json_val v, str path)
{
    size_t at = 0;
    while (at < path.n) {
        if (path.p[at] == '[') {
            at++;
            uint32_t index = read_number(path, &at);
            at++;
            v = v.tag == JSON_ARRAY && index < v.len ? v.items[index] : json_undefined();
        } else if (path.p[at] == '|') {
            v = v.tag == JSON_STRING ? parse(q, json_str(v)) : v;
            at++;
        } else {
            size_t from = path.p[at] == '.' ? at + 1 : at;
            at = from;
            while (at < path.n && !strchr(".[|", path.p[at]))
                at++;
            v = v.tag == JSON_OBJECT ? json_get(v, str_sub(path, from, at)) : json_undefined();
        }
    }
    return v;
}

static str text_of(struct sequence *q, struct json_val v)
{
    struct buf text;
    if (v.tag == JSON_STRING)
        return json_str(v);
    buf_init(&text, SIZE_MAX / 2);
    enum status status = json_write(&text, v, 0, NULL);
    str copy = status == STATUS_OK ? arena_dup(q->arena, buf_str(&text)) : (str){0};
    buf_done(&text);
    return copy;
}

/* ${N:path} within a text. */
static str fill_text(struct sequence *q, str text)
{
    struct buf out;
    buf_init(&out, SIZE_MAX / 2);
    size_t at = 0;
    for (;;) {
        size_t found = str_find(text, STR("${"), at);
        buf_add(&out, str_sub(text, at, found));
        if (found == STR_NONE)
            break;
        size_t p = found + 2;
        uint32_t number = read_number(text, &p);
        size_t end = str_find_byte(text, '}', p);
        struct json_val v = number < MAX_CALLS ? q->answers[number] : json_undefined();
        buf_add(&out, text_of(q, walk(q, v, str_sub(text, p + 1, end))));
        at = end + 1;
    }
    str copy = arena_dup(q->arena, buf_str(&out));
    buf_done(&out);
    return copy;
}

static struct json_val fill(struct sequence *q, struct json_val v)
{
    if (v.tag == JSON_STRING)
        return json_string(fill_text(q, json_str(v)), 0);
    if (v.tag == JSON_ARRAY) {
        struct json_val *items = arena_alloc(q->arena, sizeof(*items) * (v.len + 1));
        for (uint32_t i = 0; i < v.len; i++)
            items[i] = fill(q, v.items[i]);
        return json_array(items, v.len);
    }
    if (v.tag != JSON_OBJECT)
        return v;
    struct json_obj_builder b;
    json_obj_begin(&b, &q->shapes, v.len);
    for (uint32_t i = 0; i < v.len; i++) {
        const struct json_key *key = &v.obj->shape->keys[i];
        json_obj_put(&b, (str){key->p, key->n}, key->flags, fill(q, v.obj->vals[i]));
    }
    return json_obj_end(&b);
}

/* ---- comparing ---- */

static struct json_val member(struct json_val v, const char *key)
{
    return v.tag == JSON_OBJECT ? json_get(v, str_of(key)) : json_undefined();
}

static bool is_lenient_message(const struct sequence *q)
{
    struct json_val list = q->match.lenient;
    for (uint32_t i = 0; list.tag == JSON_ARRAY && i < list.len; i++) {
        str path = json_str(list.items[i]);
        if (str_ends(path, STR("essage")) || str_ends(path, STR("exception_value")))
            return true;
    }
    return false;
}

/* Some recordings are of a program that stood in for AWS; its words are not AWS's. */
static bool is_foreign(str message)
{
    return str_starts(message, STR("Error="));
}

static bool error_fits(struct sequence *q, struct json_val expected, const struct api_outcome *o)
{
    struct json_val code = member(expected, "code"), message = member(expected, "message");
    if (!match_member(&q->match, STR("error"), code, json_string(o->error, 0)))
        return false;
    if (message.tag != JSON_STRING || is_lenient_message(q) || is_foreign(json_str(message)))
        return true;
    return match_member(&q->match, STR("message"), message, json_string(o->message, 0));
}

/* Lists without an order. */
static int by_text(const void *a, const void *b)
{
    return str_cmp(json_str(*(const struct json_val *)a), json_str(*(const struct json_val *)b));
}

static struct json_val in_order(struct sequence *q, struct json_val answer)
{
    struct json_val references = member(answer, "variableReferences");
    for (uint32_t i = 0; references.tag == JSON_OBJECT && i < references.len; i++) {
        struct json_val list = references.obj->vals[i];
        qsort((void *)(uintptr_t)list.items, list.len, sizeof(*list.items), by_text);
    }
    (void)q;
    return answer;
}

static str outcome_text(struct sequence *q, const struct api_outcome *o)
{
    return o->is_ok ? STR("success")
                    : arena_printf(q->arena, "%.*s: %.*s", STR_ARG(o->error),
                                   STR_ARG(str_sub(o->message, 0, 300)));
}

static bool differs(struct sequence *q, const char *what, const struct api_outcome *o)
{
    if (q->match.difference.n == 0) {
        str came = o->is_answered ? outcome_text(q, o) : STR("no answer");
        buf_printf(&q->match.difference, "%s, came %.*s", what, STR_ARG(came));
    }
    return false;
}

static bool fits(struct sequence *q, struct json_val call, const struct api_outcome *o,
                 struct json_val answer)
{
    struct json_val error = member(call, "error"), response = member(call, "response");
    struct json_val code = member(call, "unrecorded_error");
    if (!o->is_answered)
        return differs(q, "an answer was recorded", o);
    if (error.tag == JSON_OBJECT)
        return !o->is_ok ? error_fits(q, error, o) : differs(q, "an error was recorded", o);
    if (code.tag == JSON_STRING)
        return !o->is_ok || differs(q, "an error was recorded", o);
    if (!o->is_ok)
        return differs(q, "success was recorded", o);
    return response.tag == JSON_UNDEFINED ||
           match_member(&q->match, STR("response"), in_order(q, response), in_order(q, answer));
}

/* ---- calls ---- */

static bool is_reached(struct json_val until, struct json_val answer)
{
    struct json_val status = member(until, "status"), event = member(until, "last_event");
    struct json_val events = member(answer, "events");
    if (status.tag == JSON_STRING)
        return str_eq(json_str(status), text_of(NULL, member(answer, "status")));
    if (event.tag != JSON_STRING)
        return true;
    if (events.tag != JSON_ARRAY || events.len == 0)
        return false;
    struct json_val type = member(events.items[events.len - 1], "type");
    return type.tag == JSON_STRING && str_eq(json_str(type), json_str(event));
}

static bool play_call(struct sequence *q, struct json_val call)
{
    struct json_val request = fill(q, member(call, "request")), until = member(call, "until");
    struct json_val poll = member(call, "poll");
    bool is_poll = poll.tag == JSON_BOOL && poll.b;
    str operation = json_str(member(call, "operation"));
    uint32_t number = (uint32_t)json_number(member(call, "call"));
    int64_t until_ms = loop_now_ms() + POLL_MS;
    char *name = arena_cstr(q->arena, operation);
    for (;;) {
        struct api_outcome o = api_house_call(q->house, q->arena, name, request, CALL_MS);
        struct json_val answer = o.is_ok ? parse(q, o.body) : json_undefined();
        uint32_t bindings = q->match.binding_count;
        if (number < MAX_CALLS)
            q->answers[number] = answer;
        bool is_there = !o.is_ok || is_reached(until, answer);
        q->match.quiet++;
        bool is_well = is_there && fits(q, call, &o, answer);
        q->match.quiet--;
        if (is_well)
            return true;
        q->match.binding_count = bindings;
        bool again = (is_poll || until.tag == JSON_OBJECT) && loop_now_ms() < until_ms &&
                     (!is_there || is_poll);
        if (!again) {
            buf_clear(&q->match.difference);

            return is_there ? fits(q, call, &o, answer) : differs(q, "its end was recorded", &o);
        }
        api_house_pass(q->house, POLL_PAUSE_MS);
    }
}

bool api_sequence_play(struct api_house *options, struct json_val file, struct arena *a,
                       str *ret_difference)
{
    struct api_house house = *options;
    struct sequence *q = arena_zalloc(a, sizeof(*q));
    q->house = &house;
    q->arena = a;
    q->calls = member(file, "calls");
    match_init(&q->match, a, member(file, "lenient_paths"));
    json_shapes_init(&q->shapes, a);
    api_house_build(&house);
    bool same = true;
    for (uint32_t i = 0; i < q->calls.len && same; i++) {
        same = play_call(q, q->calls.items[i]);
        if (!same)
            *ret_difference = arena_printf(
                a, "call %u, %.*s: %.*s", (unsigned)json_number(member(q->calls.items[i], "call")),
                STR_ARG(json_str(member(q->calls.items[i], "operation"))),
                STR_ARG(buf_str(&q->match.difference)));
    }
    api_house_tear_down(&house);
    match_done(&q->match);
    return same;
}
