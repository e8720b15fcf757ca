/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs tests/cases/asl/validate/NAME.json: arrays of definitions with what is to be found in them.
 * Arguments are parts of case names ("choice", "a rule needs"); none runs everything.
 *
 *   name        a sentence
 *   definition  a value; or text, the text itself
 *   type        "EXPRESS"; strict: true
 *   expected    findings in order, "CODE: message at /location", warnings with "warning " in front
 *
 * Each finding must lie within the text, with the line and column that belong to its offset.
 */
#include "../jsonata/support.h"

#include "asl/definition.h"
#include "base/utf8.h"
#include "json/write.h"
#include <stdio.h>

enum { CASES_AT_LEAST = 250, PATH_BYTES = 4096 };

static void case_text(struct buf *out, struct json_val c)
{
    struct error err;
    struct json_val text = json_get(c, STR("text"));
    if (text.tag == JSON_STRING)
        buf_add(out, json_str(text));
    else if (json_write(out, json_get(c, STR("definition")), 0, &err) != STATUS_OK)
        support_stop(err.message, "a definition");
}

static struct asl_load_options case_options(struct json_val c)
{
    struct json_val type = json_get(c, STR("type")), strict = json_get(c, STR("strict"));
    return (struct asl_load_options){
        .type = type.tag == JSON_STRING && str_eq(json_str(type), STR("EXPRESS")) ? ASL_EXPRESS
                                                                                  : ASL_STANDARD,
        .strict = strict.tag == JSON_BOOL && strict.b};
}

static void show_finding(struct buf *out, const struct asl_diagnostic *item)
{
    buf_printf(out, "%s%s: ", item->severity == ASL_WARNING ? "warning " : "", item->code);
    buf_add(out, item->message);
    if (item->location.n > 0) {
        buf_add(out, STR(" at "));
        buf_add(out, item->location);
    }
    buf_add_byte(out, '\n');
}

static void show_expected(struct buf *out, struct json_val expected)
{
    for (uint32_t i = 0; i < expected.len; i++) {
        buf_add(out, json_str(expected.items[i]));
        buf_add_byte(out, '\n');
    }
}

static bool is_place_right(str text, const struct asl_diagnostic *item)
{
    size_t line = 1, start = 0;
    if (item->offset + item->length > text.n)
        return false;
    for (size_t i = 0; i < item->offset; i++) {
        if (text.p[i] != '\n')
            continue;
        line++;
        start = i + 1;
    }
    return item->line == line && item->column == utf8_len(str_sub(text, start, item->offset)) + 1;
}

static void run_case(struct report *r, const char *file, struct json_val c)
{
    char name[PATH_BYTES];
    struct asl_diagnostics found;
    struct asl_definition *definition = NULL;
    struct error err;
    snprintf(name, sizeof(name), "%s: %.*s", file, STR_ARG(json_str(json_get(c, STR("name")))));
    if (!report_wants(r, name))
        return;
    struct buf text, actual, expected;
    buf_init(&text, SIZE_MAX);
    buf_init(&actual, SIZE_MAX);
    buf_init(&expected, SIZE_MAX);
    asl_diagnostics_init(&found);
    case_text(&text, c);
    show_expected(&expected, json_get(c, STR("expected")));
    struct asl_load_options options = case_options(c);
    enum status status = asl_definition_load(buf_str(&text), &options, &found, &definition, &err);
    bool passed = (status == STATUS_OK) == (found.error_count == 0);
    for (uint32_t i = 0; i < found.count; i++) {
        show_finding(&actual, &found.items[i]);
        passed = passed && is_place_right(buf_str(&text), &found.items[i]);
    }
    passed = passed && str_eq(buf_str(&actual), buf_str(&expected));
    r->ran++;
    r->passed += passed;
    r->failed += !passed;
    if (!passed)
        printf("FAIL %s\n  expected %.*s\n  actual   %.*s\n", name, STR_ARG(buf_str(&expected)),
               STR_ARG(buf_str(&actual)));
    if (status == STATUS_OK)
        asl_definition_unref(definition);
    asl_diagnostics_done(&found);
    buf_done(&text);
    buf_done(&actual);
    buf_done(&expected);
}

int main(int argc, char **argv)
{
    const char *folder = SOURCE_ROOT "/tests/cases/asl/validate";
    struct report r = {.filters = argv + 1, .filter_count = argc - 1};
    struct arena arena;
    const char *const *files;
    arena_init(&arena, 0);
    uint32_t count = support_list(&arena, folder, ".json", &files);
    for (uint32_t i = 0; i < count; i++) {
        char path[PATH_BYTES];
        snprintf(path, sizeof(path), "%s/%s", folder, files[i]);
        struct json_val cases = support_json(&arena, path);
        for (uint32_t k = 0; k < cases.len; k++)
            run_case(&r, files[i], cases.items[k]);
    }
    arena_done(&arena);
    printf("cases: %u passed, %u failed, %u skipped\n", r.passed, r.failed, r.skipped);
    bool is_complete = r.filter_count > 0 || r.ran >= CASES_AT_LEAST;
    return r.failed == 0 && r.ran > 0 && is_complete ? 0 : 1;
}
