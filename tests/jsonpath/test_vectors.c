/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What AWS answered, where a path or an intrinsic function alone makes the answer: files in the
 * folder states/ of $AFFLUX_VECTORS (default: shared/vectors beside the source tree) whose only
 * state is a Pass state with one `.$` parameter. Every `.$` value, path and Variable of all
 * recorded definitions, and of those found in the wild, must compile.
 */
#include "support.h"

#include "json/compare.h"
#include "json/parse.h"
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

enum {
    EXIT_SKIPPED = 77,
    PATH_BYTES = 4096,
    ANSWERS_AT_LEAST = 100,
    TEXTS_AT_LEAST = 1000,
    DEPTH_MAX = 100
};

struct tally {
    unsigned answers, texts, failed;
    const char *file;
};

/* ---- texts that must compile ---- */

static void compile_text(struct tally *t, str key, str text)
{
    const struct jsonpath_expr *x;
    struct error err;
    struct arena arena;
    bool is_place =
        str_ends(key, STR(".$")) || str_ends(key, STR("Path")) || str_eq(key, STR("Variable"));
    bool is_path = str_starts(text, STR("$")) || str_starts(text, STR("States."));
    /* ${Name}: of deployment tools */
    if (!is_place || !is_path || str_find(text, STR("${"), 0) != STR_NONE)
        return;
    arena_init(&arena, 0);
    t->texts++;
    if (jsonpath_expr_compile(&arena, text, &x, &err) != STATUS_OK) {
        printf("%s: \"%.*s\": \"%.*s\": %s\n", t->file, STR_ARG(key), STR_ARG(text), err.message);
        t->failed++;
    }
    arena_done(&arena);
}

static void compile_all(struct tally *t, struct json_val v, unsigned depth)
{
    for (uint32_t i = 0; json_is_container(v) && depth < DEPTH_MAX && i < v.len; i++) {
        bool is_object = v.tag == JSON_OBJECT;
        struct json_val child = is_object ? v.obj->vals[i] : v.items[i];
        if (is_object && child.tag == JSON_STRING)
            compile_text(t, (str){v.obj->shape->keys[i].p, v.obj->shape->keys[i].n},
                         json_str(child));
        compile_all(t, child, depth + 1);
    }
}

/* ---- answers ---- */

/* Does the actual value match, where placeholders match anything? */
static bool is_answer(struct json_val expected, struct json_val actual)
{
    if (expected.tag == JSON_STRING && str_starts(json_str(expected), STR("<")))
        return true;
    return json_equal(expected, actual);
}

/* The one `.$` parameter of the one state; false when the definition is another. */
static bool only_parameter(struct json_val definition, str *ret_key, struct json_val *ret_text)
{
    struct json_val states =
        definition.tag == JSON_OBJECT ? json_get(definition, STR("States")) : json_undefined();
    if (states.tag != JSON_OBJECT || states.len != 1 || states.obj->vals[0].tag != JSON_OBJECT)
        return false;
    struct json_val state = states.obj->vals[0], type = json_get(state, STR("Type"));
    struct json_val parameters = json_get(state, STR("Parameters"));
    if (type.tag != JSON_STRING || !str_eq(json_str(type), STR("Pass")) || state.len != 3 ||
        parameters.tag != JSON_OBJECT || parameters.len != 1)
        return false;
    const struct json_key *key = &parameters.obj->shape->keys[0];
    *ret_key = (str){key->p, key->n};
    *ret_text = parameters.obj->vals[0];
    return str_ends(*ret_key, STR(".$")) && ret_text->tag == JSON_STRING;
}

/* $$ as far as it is known here: Execution.Input. */
static struct json_val context_of(struct arena *arena, struct json_val input)
{
    struct json_shapes *shapes = arena_alloc(arena, sizeof *shapes);
    struct json_obj_builder b;
    json_shapes_init(shapes, arena);
    json_obj_begin(&b, shapes, 1);
    json_obj_put(&b, STR("Input"), 0, input);
    struct json_val execution = json_obj_end(&b);
    json_obj_begin(&b, shapes, 1);
    json_obj_put(&b, STR("Execution"), 0, execution);
    return json_obj_end(&b);
}

static bool is_right(const struct outcome *o, struct json_val output, str key)
{
    if (o->trouble)
        return false;
    if (output.tag == JSON_UNDEFINED) /* a failure */
        return o->is_compiled && o->status == STATUS_NOT_FOUND;
    return o->status == STATUS_OK && output.tag == JSON_OBJECT &&
           is_answer(json_get(output, str_sub(key, 0, key.n - 2)), o->value);
}

static void check_answer(struct tally *t, struct json_val definition, struct json_val c)
{
    str key;
    struct json_val text, expect = json_get(c, STR("expect"));
    if (expect.tag != JSON_OBJECT || !only_parameter(definition, &key, &text) ||
        str_find(json_str(text), STR("$$.StateMachine"), 0) != STR_NONE)
        return;
    struct arena arena;
    struct outcome o;
    struct buf shown;
    arena_init(&arena, 0);
    buf_init(&shown, SIZE_MAX);
    struct trial trial = {.input = json_get(c, STR("input")), .seed = 1};
    trial.context = context_of(&arena, trial.input);
    support_try(&arena, json_str(text), &trial, &o);
    t->answers++;
    if (!is_right(&o, json_get(expect, STR("output")), key)) {
        support_show(&shown, o.status == STATUS_OK ? o.value : json_undefined());
        printf("%s: %.*s: %.*s, not as recorded: %s\n", t->file, STR_ARG(json_str(text)),
               STR_ARG(buf_str(&shown)), o.status == STATUS_OK ? "" : o.err.message);
        t->failed++;
    }
    buf_done(&shown);
    arena_done(&arena);
}

static void run_file(struct tally *t, const char *path)
{
    struct arena arena;
    arena_init(&arena, 0);
    struct json_val file = support_json(&arena, path);
    if (file.tag == JSON_OBJECT) {
        struct json_val cases = json_get(file, STR("cases"));
        struct json_val definition = json_get(file, STR("definition"));
        t->file = path;
        compile_all(t, definition.tag == JSON_OBJECT ? definition : file, 0);
        if (cases.tag != JSON_ARRAY)
            check_answer(t, definition, file);
        for (uint32_t i = 0; cases.tag == JSON_ARRAY && i < cases.len; i++) {
            struct json_val own = json_get(cases.items[i], STR("definition"));
            check_answer(t, own.tag == JSON_UNDEFINED ? definition : own, cases.items[i]);
        }
    }
    arena_done(&arena);
}

static void run_folder(struct tally *t, const char *root, const char *name)
{
    char folder[PATH_BYTES], path[2 * PATH_BYTES];
    struct arena arena;
    const char *const *files;
    arena_init(&arena, 0);
    snprintf(folder, sizeof(folder), "%s/%s", root, name);
    uint32_t count = support_list(&arena, folder, &files);
    for (uint32_t i = 0; i < count; i++) {
        snprintf(path, sizeof(path), "%s/%s", folder, files[i]);
        run_file(t, path);
    }
    arena_done(&arena);
}

int main(void)
{
    static const char *const folders[] = {"states/intrinsic_functions",
                                          "states/base",
                                          "states/evaluate_jsonata",
                                          "states/choice_operators",
                                          "states/scenarios",
                                          "states/assign",
                                          "states/context_object",
                                          "states/comments",
                                          "states/services",
                                          "states/error_handling",
                                          "states/timeouts",
                                          "states/callback",
                                          "asl-corpus"};
    const char *root = getenv("AFFLUX_VECTORS");
    const char *required = getenv("AFFLUX_REQUIRE_VECTORS");
    struct tally t = {0};
    struct stat st;
    if (root == NULL)
        root = SOURCE_ROOT "/../shared/vectors";
    if (stat(root, &st) != 0 && !(required && strcmp(required, "1") == 0)) {
        printf("%s is not there: skipped\n", root);
        return EXIT_SKIPPED;
    }
    for (size_t i = 0; i < ARRAY_LEN(folders); i++)
        run_folder(&t, root, folders[i]);
    printf("%u answers and %u texts\n", t.answers, t.texts);
    printf("cases: %u passed, %u failed, 0 skipped\n", t.answers + t.texts - t.failed, t.failed);
    return t.failed == 0 && t.answers >= ANSWERS_AT_LEAST && t.texts >= TEXTS_AT_LEAST ? 0 : 1;
}
