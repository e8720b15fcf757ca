/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs tests/cases/jsonpath/NAME.json: files of arrays of cases, by subject. Arguments are parts
 * of case names ("filters", "paths[12]"); none runs everything.
 *
 *   expr      text; or an array of texts and of [text, count], joined, for long ones
 *   data      the input; without it that of the last member of the array that has data and no expr
 *   context   the value of $$; bind: an object of variables
 *   put       a value to put at the path; result is what comes of it
 *
 * and: result, compared as JSON text without regard to the order of members, or text, compared
 * exactly; or error, a name, perhaps with message, missing (key, parent, index, variable), kind
 * (path, intrinsic) and path; or facts about a path alone: definite, reference, pointer (false
 * when it has none). "note" is for the reader.
 */
#include "support.h"

#include "json/compare.h"
#include <stdio.h>

enum { CASES_AT_LEAST = 200, PATH_BYTES = 4096, SHOWN_BYTES = 1000 };

struct report {
    char **filters;
    int filter_count;
    unsigned ran, passed, failed;
};

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

static void case_text(struct buf *out, struct json_val c)
{
    struct json_val expr = json_get(c, STR("expr"));
    if (expr.tag == JSON_STRING)
        add_part(out, expr);
    for (uint32_t i = 0; expr.tag == JSON_ARRAY && i < expr.len; i++)
        add_part(out, expr.items[i]);
}

static bool is_text(struct json_val c, const char *key, str actual)
{
    struct json_val expected = json_get(c, str_of(key));
    return expected.tag != JSON_STRING || str_eq(json_str(expected), actual);
}

static bool is_expected_error(const struct outcome *o, struct json_val c)
{
    static const char *const missing[] = {"key", "parent", "index", "variable"};
    static const char *const kinds[] = {"path", "intrinsic"};
    return o->status != STATUS_OK && is_text(c, "error", str_of(o->err.name)) &&
           is_text(c, "message", str_of(o->err.message)) &&
           is_text(c, "missing", str_of(missing[o->missing])) &&
           is_text(c, "kind", str_of(kinds[o->kind])) && is_text(c, "path", o->path);
}

static bool has_facts(struct json_val c)
{
    return json_get(c, STR("definite")).tag == JSON_BOOL ||
           json_get(c, STR("reference")).tag == JSON_BOOL ||
           json_get(c, STR("pointer")).tag != JSON_UNDEFINED;
}

static bool are_facts(struct arena *arena, str text, struct json_val c)
{
    const struct jsonpath *path;
    struct error err;
    str pointer = {0};
    struct json_val definite = json_get(c, STR("definite")),
                    reference = json_get(c, STR("reference")),
                    expected = json_get(c, STR("pointer"));
    if (jsonpath_compile(arena, text, &path, &err) != STATUS_OK)
        return false;
    bool has_pointer = jsonpath_pointer(path, &pointer);
    if (expected.tag == JSON_BOOL && has_pointer)
        return false;
    if (expected.tag == JSON_STRING && (!has_pointer || !str_eq(pointer, json_str(expected))))
        return false;
    return (definite.tag != JSON_BOOL || definite.b == jsonpath_is_definite(path)) &&
           (reference.tag != JSON_BOOL || reference.b == jsonpath_is_reference(path));
}

static void try_put(struct arena *arena, str text, struct json_val c, struct json_val input,
                    struct outcome *o)
{
    const struct jsonpath *path;
    struct json_shapes shapes;
    *o = (struct outcome){0};
    json_shapes_init(&shapes, arena);
    o->status = jsonpath_compile(arena, text, &path, &o->err);
    if (o->status == STATUS_OK)
        o->status = jsonpath_put(path, input, json_get(c, STR("put")), &shapes, &o->value, &o->err);
}

static bool is_expected(const struct outcome *o, struct json_val c, struct buf *actual)
{
    struct json_val result = json_get(c, STR("result")), text = json_get(c, STR("text"));
    if (o->status == STATUS_OK)
        support_show(actual, o->value);
    else
        buf_printf(actual, "%s: %s", o->err.name, o->err.message);
    if (o->trouble)
        buf_printf(actual, " (%s)", o->trouble);
    if (o->trouble)
        return false;
    if (json_get(c, STR("error")).tag == JSON_STRING)
        return is_expected_error(o, c);
    if (o->status != STATUS_OK)
        return false;
    if (text.tag == JSON_STRING)
        return str_eq(json_str(text), buf_str(actual));
    if (result.tag == JSON_UNDEFINED)
        support_stop("a case expects nothing", "test_cases");
    return json_equal(result, o->value);
}

static bool run_case(struct arena *arena, struct json_val c, struct json_val shared, str text,
                     struct buf *actual)
{
    struct json_val data = json_get(c, STR("data"));
    struct trial trial = {.input = data.tag == JSON_UNDEFINED ? shared : data,
                          .context = json_get(c, STR("context")),
                          .bind = json_get(c, STR("bind")),
                          .seed = 1};
    struct outcome o;
    if (has_facts(c) && !are_facts(arena, text, c)) {
        buf_add(actual, STR("other facts"));
        return false;
    }
    if (has_facts(c) && json_get(c, STR("result")).tag == JSON_UNDEFINED)
        return true;
    if (json_get(c, STR("put")).tag != JSON_UNDEFINED)
        try_put(arena, text, c, trial.input, &o);
    else
        support_try(arena, text, &trial, &o);
    return is_expected(&o, c, actual);
}

static bool report_wants(const struct report *r, const char *name)
{
    for (int i = 0; i < r->filter_count; i++)
        if (strstr(name, r->filters[i]) != NULL)
            return true;
    return r->filter_count == 0;
}

static void report_case(struct report *r, const char *name, struct json_val c,
                        struct json_val shared)
{
    struct arena arena;
    struct buf text, actual, expected;
    if (!report_wants(r, name))
        return;
    arena_init(&arena, 0);
    buf_init(&text, SIZE_MAX);
    buf_init(&actual, SIZE_MAX);
    buf_init(&expected, SIZE_MAX);
    case_text(&text, c);
    support_show(&expected, c);
    r->ran++;
    if (run_case(&arena, c, shared, buf_str(&text), &actual)) {
        r->passed++;
    } else {
        r->failed++;
        str wanted = str_sub(buf_str(&expected), 0, SHOWN_BYTES);
        str given = str_sub(buf_str(&actual), 0, SHOWN_BYTES);
        printf("%s: %.*s\n    gave %.*s\n", name, STR_ARG(wanted), STR_ARG(given));
    }
    buf_done(&text);
    buf_done(&actual);
    buf_done(&expected);
    arena_done(&arena);
}

static void run_file(struct report *r, const char *file)
{
    char path[PATH_BYTES], name[PATH_BYTES];
    struct arena arena;
    arena_init(&arena, 0);
    snprintf(path, sizeof(path), "%s/%s", SOURCE_ROOT "/tests/cases/jsonpath", file);
    struct json_val cases = support_json(&arena, path), shared = json_undefined();
    if (cases.tag != JSON_ARRAY)
        support_stop("is not an array of cases", path);
    for (uint32_t i = 0; i < cases.len; i++) {
        if (json_get(cases.items[i], STR("expr")).tag == JSON_UNDEFINED) {
            shared = json_get(cases.items[i], STR("data"));
            continue;
        }
        snprintf(name, sizeof(name), "%.*s[%u]", (int)(strlen(file) - strlen(".json")), file, i);
        report_case(r, name, cases.items[i], shared);
    }
    arena_done(&arena);
}

int main(int argc, char **argv)
{
    struct report r = {.filters = argv + 1, .filter_count = argc - 1};
    struct arena arena;
    const char *const *files;
    arena_init(&arena, 0);
    uint32_t count = support_list(&arena, SOURCE_ROOT "/tests/cases/jsonpath", &files);
    for (uint32_t i = 0; i < count; i++)
        run_file(&r, files[i]);
    arena_done(&arena);
    printf("cases: %u passed, %u failed, 0 skipped\n", r.passed, r.failed);
    if (r.filter_count == 0 && r.ran < CASES_AT_LEAST) {
        printf("only %u cases of at least %d were found\n", r.ran, CASES_AT_LEAST);
        return 1;
    }
    return r.failed == 0 && r.ran > 0 ? 0 : 1;
}
