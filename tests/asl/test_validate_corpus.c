/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Definitions found in the wild (vectors/asl-corpus): each is accepted, but for those listed here
 * with the reason, which break a rule of the language. Arguments are parts of file names.
 *
 * What a deployment tool would fill in, ${Name}, becomes something that fits its place: an ARN of a
 * function where it is a whole Resource, parts of an ARN by its name, 1 outside of texts, a name
 * elsewhere.
 */
#include "../jsonata/support.h"

#include "asl/definition.h"
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { EXIT_SKIPPED = 77, PATH_BYTES = 4096, CORPUS_FILES = 149 };

static const struct {
    const char *file, *reason, *finding; /* what must be among the findings */
} refused[] = {
    {"sfn-iot-data-analytics-dataset__statemachine.asl.json", "no JSON: \"a\": \"a\": \"b\"",
     "INVALID_JSON_DESCRIPTION"},
    {"shared-fallback-state-jsonata__statemachine.asl.json",
     "QueryLanguage stands among the states",
     "Expected value of type Object at /States/QueryLanguage"},
};

/* ---- placeholders ---- */

static bool has_word(str s, const char *word)
{
    return str_find(s, str_of(word), 0) != STR_NONE;
}

/* Does the text end in  "Resource": "  ? */
static bool is_resource(str before)
{
    size_t n = before.n;
    if (n == 0 || before.p[n - 1] != '"')
        return false;
    for (n--; n > 0 && (isspace((unsigned char)before.p[n - 1]) || before.p[n - 1] == ':');)
        n--;
    return str_ends(str_sub(before, 0, n), STR("\"Resource\""));
}

static str filler(str before, bool in_text, str name)
{
    if (!in_text)
        return STR("1");
    if (is_resource(before))
        return STR("arn:aws:lambda:us-east-1:123456789012:function:name");
    if (has_word(name, "artition"))
        return STR("aws");
    if (has_word(name, "egion"))
        return STR("us-east-1");
    if (has_word(name, "ccount"))
        return STR("123456789012");
    return STR("name");
}

static void fill(struct buf *out, str text)
{
    bool in_text = false;
    buf_init(out, SIZE_MAX);
    for (size_t i = 0; i < text.n;) {
        size_t end = str_starts(str_sub(text, i, text.n), STR("${")) ? str_find_byte(text, '}', i)
                                                                     : STR_NONE;
        if (end != STR_NONE) {
            buf_add(out, filler(buf_str(out), in_text, str_sub(text, i, end)));
            i = end + 1;
            continue;
        }
        if (in_text && text.p[i] == '\\' && i + 1 < text.n)
            buf_add_byte(out, text.p[i++]);
        else if (text.p[i] == '"')
            in_text = !in_text;
        buf_add_byte(out, text.p[i++]);
    }
}

/* ---- files ---- */

static const char *expected_finding(const char *file, const char **ret_reason)
{
    for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
        if (strcmp(refused[i].file, file) != 0)
            continue;
        *ret_reason = refused[i].reason;
        return refused[i].finding;
    }
    return NULL;
}

static void run_file(struct report *r, const char *folder, const char *file)
{
    char path[PATH_BYTES];
    struct buf raw, text, answer;
    struct asl_diagnostics found;
    struct asl_definition *definition;
    struct asl_load_options options = {.type = ASL_STANDARD};
    const char *reason = "";
    if (snprintf(path, sizeof(path), "%s/%s", folder, file) >= (int)sizeof(path))
        support_stop("is too long", folder);
    support_read(path, &raw);
    fill(&text, buf_str(&raw));
    buf_init(&answer, SIZE_MAX);
    asl_diagnostics_init(&found);
    enum status status = asl_definition_load(buf_str(&text), &options, &found, &definition, NULL);
    if (status == STATUS_OK)
        asl_definition_unref(definition);
    else
        asl_diagnostics_print_error(&found, &answer);
    const char *expected = expected_finding(file, &reason);
    bool passed = expected == NULL ? status == STATUS_OK
                                   : str_find(buf_str(&answer), str_of(expected), 0) != STR_NONE;
    r->ran++;
    r->passed += passed;
    r->failed += !passed;
    if (!passed)
        printf("FAIL %s: %.*s\n", file, STR_ARG(buf_str(&answer)));
    else if (expected != NULL)
        printf("refused, and rightly: %s: %s\n", file, reason);
    asl_diagnostics_done(&found);
    buf_done(&answer);
    buf_done(&text);
    buf_done(&raw);
}

int main(int argc, char **argv)
{
    char folder[PATH_BYTES];
    const char *vectors = getenv("AFFLUX_VECTORS");
    snprintf(folder, sizeof(folder), "%s/asl-corpus",
             vectors ? vectors : SOURCE_ROOT "/../shared/vectors");
    if (access(folder, R_OK) != 0) {
        const char *require = getenv("AFFLUX_REQUIRE_VECTORS");
        printf("definitions found in the wild: none at %s\n", folder);
        return require && strcmp(require, "1") == 0 ? 1 : EXIT_SKIPPED;
    }
    struct report r = {.filters = argv + 1, .filter_count = argc - 1};
    struct arena arena;
    const char *const *files;
    arena_init(&arena, 0);
    uint32_t count = support_list(&arena, folder, ".asl.json", &files);
    for (uint32_t i = 0; i < count; i++)
        if (report_wants(&r, files[i]))
            run_file(&r, folder, files[i]);
    arena_done(&arena);
    printf("cases: %u passed, %u failed, %u skipped\n", r.passed, r.failed, r.skipped);
    bool is_complete = r.filter_count > 0 || r.ran == CORPUS_FILES;
    return r.failed == 0 && r.ran > 0 && is_complete ? 0 : 1;
}
