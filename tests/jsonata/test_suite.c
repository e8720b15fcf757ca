/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs the official JSONata suite: every file of $AFFLUX_VECTORS/jsonata/groups (default: the
 * folder shared/vectors beside the source tree). Arguments are parts of case names; none runs
 * everything and checks that the suite is complete.
 *
 * How the suite is read:
 * - errors are compared by code, and by token, value and message where the case gives them;
 * - results are compared by deep equality with numbers as doubles, `unordered` ones as multisets;
 * - depth goes to limits.depth, timelimit to limits.steps (STEPS_PER_MS);
 * - U1001 is the code the suite's own time box raises from outside the language, for too deep a
 * stack as well as for running too long. Here these are budgets of the evaluator: D1011 (depth),
 * D1012 (steps).
 *
 * Each case is evaluated twice from one compiled expression (see support.h).
 */
#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    SUITE_FILES = 1318, /* case files and the .jsonata files they name */
    SUITE_CASES = 1686,
    STEPS_PER_MS = 20000,
    EXIT_SKIPPED = 77,
    PATH_BYTES = 4096,
};

/* Cases that test the JavaScript host and not the language, by name and with the reason. None so
 * far. */
struct host_case {
    const char *name, *reason;
};

static const struct host_case host_cases[] = {{NULL, NULL}};

struct suite {
    const char *folder;
    struct arena arena; /* the datasets */
    struct json_val *datasets;
    const char *const *dataset_names;
    uint32_t dataset_count;
    unsigned files, cases;
    struct report report;
};

static const char *suite_path(char out[PATH_BYTES], const char *a, const char *b, const char *c)
{
    int n = snprintf(out, PATH_BYTES, "%s/%s/%s", a, b, c);
    if (n < 0 || n >= PATH_BYTES)
        support_stop("path is too long", a);
    return out;
}

/* ---- what a case gives to the evaluator ---- */

static void load_datasets(struct suite *s)
{
    char folder[PATH_BYTES], path[PATH_BYTES];
    suite_path(folder, s->folder, "datasets", ".");
    s->dataset_count = support_list(&s->arena, folder, ".json", &s->dataset_names);
    s->datasets = arena_alloc(&s->arena, s->dataset_count * sizeof(*s->datasets));
    for (uint32_t i = 0; i < s->dataset_count; i++)
        s->datasets[i] =
            support_json(&s->arena, suite_path(path, s->folder, "datasets", s->dataset_names[i]));
}

static struct json_val dataset_of(const struct suite *s, str name)
{
    for (uint32_t i = 0; i < s->dataset_count; i++) {
        str file = str_of(s->dataset_names[i]);
        if (str_eq(str_sub(file, 0, file.n - strlen(".json")), name))
            return s->datasets[i];
    }
    support_stop("a case names a dataset that is not there", s->folder);
}

static struct json_val suite_input(const struct suite *s, struct json_val c)
{
    struct json_val data = json_get(c, STR("data")), dataset = json_get(c, STR("dataset"));
    if (data.tag != JSON_UNDEFINED)
        return data;
    return dataset.tag == JSON_STRING ? dataset_of(s, json_str(dataset)) : json_undefined();
}

static str suite_text(const struct suite *s, struct arena *arena, const char *group,
                      struct json_val c)
{
    struct json_val expr = json_get(c, STR("expr")), file = json_get(c, STR("expr-file"));
    if (expr.tag == JSON_STRING)
        return json_str(expr);
    if (file.tag != JSON_STRING)
        support_stop("a case has no expression", group);
    char folder[PATH_BYTES], path[PATH_BYTES];
    suite_path(folder, s->folder, "groups", group);
    suite_path(path, folder, ".", arena_cstr(arena, json_str(file)));
    struct buf text;
    support_read(path, &text);
    str copy = arena_dup(arena, buf_str(&text));
    buf_done(&text);
    return copy;
}

static struct jsonata_limits suite_limits(struct json_val c)
{
    struct jsonata_limits limits = {0};
    struct json_val depth = json_get(c, STR("depth")), ms = json_get(c, STR("timelimit"));
    if (json_is_number(depth))
        limits.depth = (uint32_t)json_number(depth);
    if (json_is_number(ms))
        limits.steps = (uint64_t)(json_number(ms) * STEPS_PER_MS);
    return limits;
}

/* ---- what a case expects ---- */

static bool is_code(const struct jsonata_error *err, str code)
{
    str actual = str_of(err->code);
    if (str_eq(code, STR("U1001")))
        return str_eq(actual, STR("D1011")) || str_eq(actual, STR("D1012"));
    return str_eq(actual, code);
}

/* error: an object with code and perhaps token, value, message, functionName; or the case itself.
 */
static bool is_suite_error(const struct jsonata_error *err, struct json_val error)
{
    struct json_val code = json_get(error, STR("code")), token = json_get(error, STR("token"));
    struct json_val value = json_get(error, STR("value"));
    struct json_val message = json_get(error, STR("message"));
    struct json_val function = json_get(error, STR("functionName"));
    bool same = is_code(err, json_str(code));
    if (token.tag == JSON_STRING)
        same = same && err->has_token && str_eq(str_of(err->token), json_str(token));
    if (message.tag == JSON_STRING)
        same = same && str_eq(str_of(err->message), json_str(message));
    if (function.tag == JSON_STRING)
        same = same && str_find(str_of(err->message), json_str(function), 0) != STR_NONE;
    return same && support_is_value(err, value);
}

static bool is_suite_result(const struct trial *t, struct json_val c)
{
    struct json_val error = json_get(c, STR("error"));
    if (json_get(c, STR("code")).tag == JSON_STRING)
        error = c;
    if (error.tag == JSON_OBJECT)
        return t->status != STATUS_OK && is_suite_error(&t->err, error);
    if (t->status != STATUS_OK)
        return false;
    if (json_get(c, STR("undefinedResult")).tag != JSON_UNDEFINED)
        return t->value.tag == JSON_UNDEFINED;
    return support_equal(json_get(c, STR("result")), t->value,
                         json_get(c, STR("unordered")).tag == JSON_BOOL);
}

static void show_suite_expected(struct buf *out, struct json_val c)
{
    static const char *const keys[] = {"error", "code", "token"};
    struct json_val result = json_get(c, STR("result"));
    if (result.tag != JSON_UNDEFINED)
        support_show(out, result);
    else if (json_get(c, STR("undefinedResult")).tag != JSON_UNDEFINED)
        buf_add(out, STR("undefined"));
    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        struct json_val v = json_get(c, str_of(keys[i]));
        if (v.tag == JSON_UNDEFINED)
            continue;
        buf_printf(out, "%s ", keys[i]);
        support_show(out, v);
    }
}

/* ---- running ---- */

static const struct host_case *find_host_case(const char *name)
{
    for (const struct host_case *h = host_cases; h->name != NULL; h++) {
        if (strcmp(h->name, name) == 0)
            return h;
    }
    return NULL;
}

static void run_suite_case(struct suite *s, const char *group, const char *name, struct json_val c)
{
    s->cases++;
    if (!report_wants(&s->report, name))
        return;
    if (find_host_case(name) != NULL) {
        s->report.skipped++;
        return;
    }
    struct arena arena;
    arena_init(&arena, 0);
    struct jsonata_context context = {
        .input = suite_input(s, c),
        .limits = suite_limits(c),
        .now_ms = INT64_C(1790856000000),
        .seed = 1,
    };
    context.binding_count =
        support_bindings(&arena, json_get(c, STR("bindings")), &context.bindings);
    str text = suite_text(s, &arena, group, c);
    struct trial t;
    struct buf expected;
    trial_run(&t, text, 0, &context);
    buf_init(&expected, SIZE_MAX);
    show_suite_expected(&expected, c);
    report_case(&s->report, is_suite_result(&t, c), name, text, buf_str(&expected), &t);
    buf_done(&expected);
    trial_done(&t);
    arena_done(&arena);
}

static void run_suite_file(struct suite *s, const char *folder, const char *group, const char *file)
{
    char path[PATH_BYTES], name[PATH_BYTES];
    struct arena arena;
    arena_init(&arena, 0);
    struct json_val cases = support_json(&arena, suite_path(path, folder, ".", file));
    int stem = (int)(strlen(file) - strlen(".json"));
    if (cases.tag != JSON_ARRAY) {
        snprintf(name, sizeof(name), "%s/%.*s", group, stem, file);
        run_suite_case(s, group, name, cases);
    }
    for (uint32_t i = 0; cases.tag == JSON_ARRAY && i < cases.len; i++) {
        snprintf(name, sizeof(name), "%s/%.*s[%u]", group, stem, file, i);
        run_suite_case(s, group, name, cases.items[i]);
    }
    arena_done(&arena);
}

static void run_suite_group(struct suite *s, const char *group)
{
    struct arena arena;
    arena_init(&arena, 0);
    char folder[PATH_BYTES];
    suite_path(folder, s->folder, "groups", group);
    const char *const *files;
    s->files += support_list(&arena, folder, ".jsonata", &files);
    uint32_t count = support_list(&arena, folder, ".json", &files);
    s->files += count;
    for (uint32_t i = 0; i < count; i++)
        run_suite_file(s, folder, group, files[i]);
    arena_done(&arena);
}

static void run_suite(struct suite *s)
{
    char folder[PATH_BYTES];
    const char *const *groups;
    load_datasets(s);
    suite_path(folder, s->folder, "groups", ".");
    uint32_t count = support_list(&s->arena, folder, "", &groups);
    for (uint32_t i = 0; i < count; i++)
        run_suite_group(s, groups[i]);
}

static bool is_complete(const struct suite *s)
{
    if (s->files == SUITE_FILES && s->cases == SUITE_CASES)
        return true;
    printf("jsonata suite: found %u cases in %u files, expected %d in %d\n", s->cases, s->files,
           SUITE_CASES, SUITE_FILES);
    return false;
}

int main(int argc, char **argv)
{
    char folder[PATH_BYTES];
    const char *vectors = getenv("AFFLUX_VECTORS");
    suite_path(folder, vectors ? vectors : SOURCE_ROOT "/../shared/vectors", "jsonata", ".");
    if (access(folder, R_OK) != 0) {
        const char *require = getenv("AFFLUX_REQUIRE_VECTORS");
        printf("jsonata suite: no vectors at %s\n", folder);
        return require && strcmp(require, "1") == 0 ? 1 : EXIT_SKIPPED;
    }
    struct suite s = {.folder = folder, .report = {.filters = argv + 1, .filter_count = argc - 1}};
    arena_init(&s.arena, 0);
    run_suite(&s);
    arena_done(&s.arena);
    const struct report *r = &s.report;
    for (const struct host_case *h = host_cases; h->name != NULL; h++)
        printf("host-only %s: %s\n", h->name, h->reason);
    printf("jsonata suite: %u cases ran, %u pass, %u fail, %u host-only\n", r->ran, r->passed,
           r->failed, r->skipped);
    printf("cases: %u passed, %u failed, %u skipped\n", r->passed, r->failed, r->skipped);
    return r->failed == 0 && r->ran > 0 && is_complete(&s) ? 0 : 1;
}
