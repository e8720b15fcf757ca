/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs our own cases, tests/cases/jsonata/NAME.json: files of arrays of cases, by subject.
 * Arguments are parts of case names ("regex", "paths[12]"); none runs everything.
 *
 *   expr       text; or an array of texts and of [text, count], joined, for long ones
 *   data       the input; without it that of the last member of the array that has data and no
 * expr, if any bind       an object of variables flags      "step-functions", "2.0.6" limits steps,
 * depth, bytes, regex_effort now, seed  of the context
 *
 * and one of: result; "undefined": true; "function": true; "not_finite": true, a number JSON does
 * not have; error, a code, perhaps with position, token, value, message. Where npm's jsonata 2.2.2
 * has an answer, the expected one is npm's. Further members
 * ("note") are for the reader.
 *
 * Each case is evaluated twice from one compiled expression (see support.h).
 */
#include "support.h"

#include <math.h>
#include <stdio.h>

enum { CASES_AT_LEAST = 250, PATH_BYTES = 4096 };

static const int64_t default_now_ms = INT64_C(1790856000000); /* 2026-10-01T12:00:00Z */

/* ---- reading a case ---- */

static void add_part(struct buf *out, struct json_val part)
{
    if (part.tag == JSON_STRING) {
        buf_add(out, json_str(part));
        return;
    }
    if (part.tag != JSON_ARRAY || part.len != 2)
        support_stop("a part of expr is neither a text nor [text, count]", "test_cases");
    for (double i = 0; i < json_number(part.items[1]); i++)
        buf_add(out, json_str(part.items[0]));
}

static void own_text(struct buf *out, struct json_val c)
{
    struct json_val expr = json_get(c, STR("expr"));
    if (expr.tag == JSON_STRING) {
        add_part(out, expr);
        return;
    }
    if (expr.tag != JSON_ARRAY)
        support_stop("a case has no expr", "test_cases");
    for (uint32_t i = 0; i < expr.len; i++)
        add_part(out, expr.items[i]);
}

static unsigned own_flags(struct json_val c)
{
    struct json_val flags = json_get(c, STR("flags"));
    unsigned all = 0;
    for (uint32_t i = 0; flags.tag == JSON_ARRAY && i < flags.len; i++) {
        str name = json_str(flags.items[i]);
        if (str_eq(name, STR("step-functions")))
            all |= JSONATA_STEP_FUNCTIONS;
        else if (str_eq(name, STR("2.0.6")))
            all |= JSONATA_VERSION_206;
        else
            support_stop("unknown flag", "test_cases");
    }
    return all;
}

static double number_in(struct json_val object, const char *key, double otherwise)
{
    struct json_val v =
        object.tag == JSON_OBJECT ? json_get(object, str_of(key)) : json_undefined();
    return json_is_number(v) ? json_number(v) : otherwise;
}

static struct jsonata_context own_context(struct arena *arena, struct json_val c,
                                          struct json_val shared)
{
    struct json_val limits = json_get(c, STR("limits")), data = json_get(c, STR("data"));
    struct jsonata_context context = {
        .input = data.tag == JSON_UNDEFINED ? shared : data,
        .limits = {.steps = (uint64_t)number_in(limits, "steps", 0),
                   .depth = (uint32_t)number_in(limits, "depth", 0),
                   .bytes = (size_t)number_in(limits, "bytes", 0),
                   .regex_effort = (uint32_t)number_in(limits, "regex_effort", 0)},
        .now_ms = (int64_t)number_in(c, "now", (double)default_now_ms),
        .seed = (uint64_t)number_in(c, "seed", 1),
    };
    context.binding_count = support_bindings(arena, json_get(c, STR("bind")), &context.bindings);
    return context;
}

/* ---- judging it ---- */

static bool is_same_text(struct json_val expected, bool has, const char *actual)
{
    return expected.tag != JSON_STRING || (has && str_eq(json_str(expected), str_of(actual)));
}

static bool is_own_error(const struct jsonata_error *err, struct json_val c)
{
    struct json_val position = json_get(c, STR("position")), value = json_get(c, STR("value"));
    bool same = is_same_text(json_get(c, STR("error")), true, err->code) &&
                is_same_text(json_get(c, STR("token")), err->has_token, err->token) &&
                is_same_text(json_get(c, STR("message")), true, err->message);
    if (json_is_number(position))
        same = same && err->position == (uint32_t)json_number(position);
    return same && support_is_value(err, value);
}

/* Undefined in an array and functions have a text, null and "", but no equal in JSON. */
static bool has_same_text(struct json_val a, struct json_val b)
{
    struct buf left, right;
    buf_init(&left, SIZE_MAX);
    buf_init(&right, SIZE_MAX);
    support_show(&left, a);
    support_show(&right, b);
    bool same = str_eq(buf_str(&left), buf_str(&right));
    buf_done(&left);
    buf_done(&right);
    return same;
}

static bool is_own_result(const struct trial *t, struct json_val c)
{
    struct json_val result = json_get(c, STR("result"));
    if (json_get(c, STR("error")).tag == JSON_STRING)
        return t->status != STATUS_OK && is_own_error(&t->err, c);
    if (t->status != STATUS_OK)
        return false;
    if (json_get(c, STR("undefined")).tag == JSON_BOOL)
        return t->value.tag == JSON_UNDEFINED;
    if (json_get(c, STR("function")).tag == JSON_BOOL)
        return t->value.tag == JSON_FUNCTION;
    if (json_get(c, STR("not_finite")).tag == JSON_BOOL)
        return json_is_number(t->value) && !isfinite(json_number(t->value));
    if (result.tag == JSON_UNDEFINED)
        support_stop("a case expects nothing", "test_cases");
    return support_equal(result, t->value, false) || has_same_text(result, t->value);
}

static void show_own_expected(struct buf *out, struct json_val c)
{
    static const char *const keys[] = {"result",   "undefined", "function", "not_finite", "error",
                                       "position", "token",     "value",    "message"};
    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        struct json_val v = json_get(c, str_of(keys[i]));
        if (v.tag == JSON_UNDEFINED)
            continue;
        if (i > 0)
            buf_printf(out, "%s ", keys[i]);
        support_show(out, v);
        buf_add_byte(out, ' ');
    }
}

/* ---- running ---- */

static void run_own_case(struct report *r, const char *name, struct json_val c,
                         struct json_val shared)
{
    if (!report_wants(r, name))
        return;
    struct arena arena;
    struct buf text, expected;
    struct trial t;
    arena_init(&arena, 0);
    buf_init(&text, SIZE_MAX);
    buf_init(&expected, SIZE_MAX);
    struct jsonata_context context = own_context(&arena, c, shared);
    own_text(&text, c);
    show_own_expected(&expected, c);
    trial_run(&t, buf_str(&text), own_flags(c), &context);
    report_case(r, is_own_result(&t, c), name, buf_str(&text), buf_str(&expected), &t);
    trial_done(&t);
    buf_done(&expected);
    buf_done(&text);
    arena_done(&arena);
}

static void run_own_file(struct report *r, const char *file)
{
    char path[PATH_BYTES], name[PATH_BYTES];
    struct arena arena;
    arena_init(&arena, 0);
    snprintf(path, sizeof(path), "%s/%s", SOURCE_ROOT "/tests/cases/jsonata", file);
    struct json_val cases = support_json(&arena, path);
    if (cases.tag != JSON_ARRAY)
        support_stop("is not an array of cases", path);
    struct json_val shared = json_undefined();
    for (uint32_t i = 0; i < cases.len; i++) {
        if (json_get(cases.items[i], STR("expr")).tag == JSON_UNDEFINED) {
            shared = json_get(cases.items[i], STR("data"));
            continue;
        }
        snprintf(name, sizeof(name), "%.*s[%u]", (int)(strlen(file) - strlen(".json")), file, i);
        run_own_case(r, name, cases.items[i], shared);
    }
    arena_done(&arena);
}

int main(int argc, char **argv)
{
    struct report r = {.filters = argv + 1, .filter_count = argc - 1};
    struct arena arena;
    const char *const *files;
    arena_init(&arena, 0);
    uint32_t count = support_list(&arena, SOURCE_ROOT "/tests/cases/jsonata", ".json", &files);
    for (uint32_t i = 0; i < count; i++)
        run_own_file(&r, files[i]);
    arena_done(&arena);
    printf("cases: %u passed, %u failed, %u skipped\n", r.passed, r.failed, r.skipped);
    if (r.filter_count == 0 && r.ran < CASES_AT_LEAST) {
        printf("only %u cases of at least %d were found\n", r.ran, CASES_AT_LEAST);
        return 1;
    }
    return r.failed == 0 && r.ran > 0 ? 0 : 1;
}
