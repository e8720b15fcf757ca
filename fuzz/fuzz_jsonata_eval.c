/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An expression, optionally followed by a line "----" and a JSON text (corpus files), or by a NUL
 * byte and a JSON text (what libFuzzer finds more easily). Evaluated with small budgets; the result
 * is written, frozen, and given to $string. The same evaluation is done twice, the second time with
 * a used context: the results must be the same (a budget may be crossed only once: how memory is
 * used depends on what was there).
 */
#include "base/buf.h"
#include "json/compare.h"
#include "json/freeze.h"
#include "json/parse.h"
#include "json/write.h"
#include "jsonata/jsonata.h"
#include <math.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
    STEPS = 200000,
    DEPTH = 200,
    BYTES = 8 << 20, /* filling them takes the sanitizers a second or two */
    REGEX_EFFORT = 10000,
    STACK_BYTES = 2 << 20,
    RESULT_BYTES = 1 << 20,
    NOW_MS = 1700000000,
};

static void require(bool is_true)
{
    if (!is_true)
        abort();
}

struct subject {
    struct arena arena;
    struct jsonata_scratch *scratch;
    struct json_val input, variable;
};

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

static enum status evaluate(struct subject *s, const struct jsonata *x, struct json_val *ret)
{
    struct jsonata_binding bindings[] = {{STR("v"), s->variable}, {STR("sum"), s->input}};
    struct jsonata_error err;
    struct jsonata_context context = {
        .arena = &s->arena,
        .input = s->input,
        .bindings = bindings,
        .binding_count = 1 + (s->input.tag == JSON_NUMBER),
        .limits = {.steps = STEPS,
                   .depth = DEPTH,
                   .bytes = BYTES,
                   .regex_effort = REGEX_EFFORT,
                   .garbage_bytes = 1, /* loops tidy up between any two rounds */
                   .stack_bytes = STACK_BYTES},
        .now_ms = INT64_C(1000) * NOW_MS,
        .seed = 1,
        .scratch = s->scratch,
    };
    enum status status = jsonata_evaluate(x, &context, ret, &err);
    if (status == STATUS_OK)
        return status;
    str text = jsonata_text(x);
    require(err.code[0] != '\0' && err.message[0] != '\0');
    require(err.start <= text.n && err.end <= text.n && err.start <= err.end);
    return status;
}

static bool has_value(struct json_val v)
{
    require(v.tag <= JSON_FUNCTION);
    return v.tag != JSON_UNDEFINED && v.tag != JSON_FUNCTION;
}

static enum status write_result(struct json_val v, struct buf *out)
{
    struct error err;
    buf_init(out, RESULT_BYTES);
    return json_write(out, v, JSON_WRITE_DOUBLES, &err);
}

/* What was written is JSON. A frozen copy is written the same way. */
static void check_result(struct json_val v)
{
    struct buf text, again;
    struct json_doc *frozen, *parsed;
    struct error err;
    struct json_freeze_options options = {.max_bytes = BYTES, .numbers = JSON_NUMBERS_DOUBLES};
    if (write_result(v, &text) == STATUS_OK) {
        require(json_parse(buf_str(&text), NULL, &parsed, &err) == STATUS_OK);
        json_doc_unref(parsed);
        if (json_freeze(v, &options, &frozen, &err) == STATUS_OK) {
            require(write_result(json_doc_root(frozen), &again) == STATUS_OK);
            require(str_eq(buf_str(&text), buf_str(&again)));
            buf_done(&again);
            json_doc_unref(frozen);
        }
    }
    buf_done(&text);
}

/* $string of the result, and other ways to walk all of it. */
static void check_as_input(struct subject *s, struct json_val v)
{
    static const char *const texts[] = {"[$string($), $distinct($), $ = $, $type($), **]"};
    struct json_doc *frozen;
    struct error err;
    struct json_freeze_options options = {.max_bytes = BYTES};
    if (json_freeze(v, &options, &frozen, &err) != STATUS_OK)
        return;
    s->input = json_doc_root(frozen);
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        struct jsonata *x;
        struct jsonata_error jsonata_err;
        struct json_val result;
        require(jsonata_compile(str_of(texts[i]), 0, &x, &jsonata_err) == STATUS_OK);
        if (evaluate(s, x, &result) == STATUS_OK && has_value(result))
            check_result(result);
        jsonata_free(x);
    }
    arena_reset(&s->arena);
    json_doc_unref(frozen);
}

static void check_evaluated(struct subject *s, const struct jsonata *x)
{
    struct json_val first, second;
    struct buf text, again;
    enum status status = evaluate(s, x, &first);
    bool is_value = status == STATUS_OK && has_value(first);
    bool is_text = is_value && write_result(first, &text) == STATUS_OK;
    if (is_value && !is_text)
        buf_done(&text);
    if (is_value)
        check_result(first);
    enum status status_again = evaluate(s, x, &second);
    bool is_limited = status == STATUS_LIMIT || status_again == STATUS_LIMIT;
    require(is_limited || status_again == status);
    if (is_text && status_again == STATUS_OK) {
        require(write_result(second, &again) == STATUS_OK);
        require(str_eq(buf_str(&text), buf_str(&again)));
        buf_done(&again);
    }
    if (is_text)
        buf_done(&text);
    if (is_value)
        check_as_input(s, first);
    arena_reset(&s->arena);
}

static void check_expression(struct subject *s, str expression, unsigned flags,
                             struct json_val input)
{
    struct jsonata *x;
    struct jsonata_error err;
    str unknown;
    if (jsonata_compile(expression, flags, &x, &err) != STATUS_OK)
        return;
    s->input = input;
    check_evaluated(s, x);
    /* the functions of Step Functions look like unknown variables elsewhere */
    if (flags == 0 && jsonata_free_variable(x, 0, &unknown))
        check_expression(s, expression, JSONATA_STEP_FUNCTIONS, input);
    jsonata_free(x);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    str expression, json;
    struct json_doc *input = NULL, *variable = NULL;
    struct error err;
    split((str){(const char *)data, size}, &expression, &json);
    if (json.n > 0 && json_parse(json, NULL, &input, &err) != STATUS_OK)
        input = NULL;
    require(json_parse(STR("{\"a\": [1, 2.0, {\"b\": \"c\"}], \"s\": \"text\"}"), NULL, &variable,
                       &err) == STATUS_OK);
    struct subject s = {.scratch = jsonata_scratch_new(), .variable = json_doc_root(variable)};
    arena_init(&s.arena, 0);
    check_expression(&s, expression, 0, input ? json_doc_root(input) : json_undefined());
    arena_done(&s.arena);
    jsonata_scratch_free(s.scratch);
    json_doc_unref(variable);
    json_doc_unref(input);
    return 0;
}
