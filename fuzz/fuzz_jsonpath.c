/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A path or a call of an intrinsic function, optionally followed by a line "----" and a JSON text
 * (corpus files), or by a NUL byte and a JSON text (what libFuzzer finds more easily). It is
 * evaluated twice, with the document as input, context and variable; both results must be the
 * same, and JSON. What is put at a Reference Path must be found there.
 */
#include "base/buf.h"
#include "base/utf8.h"
#include "json/parse.h"
#include "json/write.h"
#include "jsonpath/expr.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ARENA_BYTES = 64 << 20, RESULT_BYTES = 1 << 20 };

static void require(bool is_true)
{
    if (!is_true)
        abort();
}

/* Cuts the input in two; without a mark, all of it is the expression. */
static void split(str all, str *ret_expression, str *ret_json)
{
    str marks[] = {{"\0", 1}, STR("\n----\n")};
    *ret_expression = all;
    *ret_json = (str){0};
    for (size_t i = 0; i < ARRAY_LEN(marks); i++) {
        size_t at = str_find(all, marks[i], 0);
        if (at == STR_NONE)
            continue;
        *ret_expression = str_sub(all, 0, at);
        *ret_json = str_sub(all, at + marks[i].n, all.n);
        return;
    }
}

static struct json_val context(void *arg)
{
    return *(const struct json_val *)arg;
}

static bool variable(void *arg, str name, struct json_val *ret)
{
    *ret = *(const struct json_val *)arg;
    return !str_eq(name, STR("unset"));
}

struct answer {
    enum status status;
    struct buf text;
};

static struct answer evaluate(const struct jsonpath_expr *x, struct json_val input)
{
    struct answer answer;
    struct arena arena;
    struct json_shapes shapes;
    struct json_val v;
    struct error err;
    enum jsonpath_missing missing;
    enum jsonpath_failure kind;
    str path;
    arena_init(&arena, ARENA_BYTES);
    json_shapes_init(&shapes, &arena);
    struct jsonpath_env env = {.arena = &arena,
                               .shapes = &shapes,
                               .input = input,
                               .context = context,
                               .variable = variable,
                               .arg = &input,
                               .seed = 1};
    answer.status = jsonpath_expr_eval(x, &env, &v, &missing, &kind, &path, &err);
    buf_init(&answer.text, RESULT_BYTES);
    if (answer.status != STATUS_OK)
        require(err.status == answer.status && err.message[0] != '\0');
    else if (json_write(&answer.text, v, 0, &err) != STATUS_OK)
        require(err.status == STATUS_LIMIT);
    arena_done(&arena);
    return answer;
}

static void check_expression(str text, struct json_val input)
{
    struct arena arena;
    const struct jsonpath_expr *x;
    struct error err;
    struct json_val again;
    arena_init(&arena, 0);
    if (jsonpath_expr_compile(&arena, text, &x, &err) == STATUS_OK) {
        struct answer a = evaluate(x, input), b = evaluate(x, input);
        require(a.status == b.status);
        require(str_eq(buf_str(&a.text), buf_str(&b.text)));
        if (a.status == STATUS_OK && buf_ok(&a.text) && a.text.n > 0)
            require(json_parse_in(&arena, buf_str(&a.text), NULL, &again, &err) == STATUS_OK);
        buf_done(&a.text);
        buf_done(&b.text);
    }
    arena_done(&arena);
}

static void check_put(str text, struct json_val input)
{
    struct arena arena;
    struct json_shapes shapes;
    struct json_val put, found;
    struct error err;
    enum jsonpath_missing missing;
    const struct jsonpath *path;
    str pointer;
    arena_init(&arena, 0);
    json_shapes_init(&shapes, &arena);
    if (jsonpath_compile(&arena, text, &path, &err) == STATUS_OK) {
        require(!jsonpath_pointer(path, &pointer) || jsonpath_is_reference(path));
        require(!jsonpath_is_reference(path) || jsonpath_is_definite(path));
        if (jsonpath_put(path, input, json_num(7), &shapes, &put, &err) == STATUS_OK) {
            require(jsonpath_eval(path, put, &arena, &found, &missing, &err) == STATUS_OK);
            require(found.tag == JSON_NUMBER && json_number(found) == 7);
        }
    }
    arena_done(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    str expression, json;
    struct json_doc *input = NULL;
    struct error err;
    split((str){(const char *)data, size}, &expression, &json);
    if (utf8_check(expression) != expression.n)
        return 0;
    if (json.n == 0 || json_parse(json, NULL, &input, &err) != STATUS_OK)
        require(
            json_parse(STR("{\"a\": [1, 2.0, {\"b\": \"c\", \"a\": [-1]}], \"b\": {\"a\": null},"
                           " \"s\": \"text\", \"n\": 5}"),
                       NULL, &input, &err) == STATUS_OK);
    check_expression(expression, json_doc_root(input));
    check_put(expression, json_doc_root(input));
    json_doc_unref(input);
    return 0;
}
