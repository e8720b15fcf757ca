/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Public API: expressions, contexts, evaluation, errors. See include/afflux/jsonata.h for the
 * contracts. Values and documents are in api_value.c.
 *
 * This is a door around the library, not a part of it: nothing else in src/ includes the public
 * header. All that the library itself may not do, reading the clock and the random source, is in
 * system_inputs().
 */
#include "base/check.h"
#include "json/parse.h"
#include "jsonata/api_internal.h"
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>

struct api_binding {
    char *name;
    struct json_doc *doc; /* of afx_bind_json, else NULL */
};

struct afx_context {
    struct arena arena;
    struct jsonata_scratch *scratch;
    struct jsonata_limits limits;
    int64_t now_ms;
    uint64_t seed;
    bool is_system_clock, is_system_seed;
    struct jsonata_binding *bindings; /* with room for binding_cap */
    struct api_binding *owned;        /* what belongs to them */
    uint32_t binding_count, binding_cap;
};

/* ---- the outside ---- */

/* The only place in src/jsonata that asks the system for anything but memory. */
static void system_inputs(int64_t *ret_now_ms, uint64_t *ret_seed)
{
    struct timespec now = {0};
    clock_gettime(CLOCK_REALTIME, &now);
    *ret_now_ms = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
    if (getrandom(ret_seed, sizeof(*ret_seed), 0) != (ssize_t)sizeof(*ret_seed))
        *ret_seed = (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* ---- text and errors ---- */

bool api_str(const char *text, size_t bytes, str *ret)
{
    if (!text && bytes != 0)
        return false;
    *ret = (str){text ? text : "", bytes == AFX_NUL_TERMINATED ? strlen(text) : bytes};
    return true;
}

/* Copies a NUL-terminated text, cut between characters. */
static void api_copy(char *to, size_t size, const char *from)
{
    size_t n = strnlen(from, size);
    if (n == size) {
        n--;
        while (n > 0 && ((uint8_t)from[n] & 0xC0) == 0x80)
            n--;
    }
    memcpy(to, from, n);
    to[n] = '\0';
}

enum afx_status api_fail(struct afx_error *err, enum afx_status status, const char *code,
                         const char *message)
{
    if (!err)
        return status;
    *err = (struct afx_error){.status = status,
                              .position = AFX_NO_POSITION,
                              .start = AFX_NO_POSITION,
                              .end = AFX_NO_POSITION};
    api_copy(err->code, sizeof(err->code), code);
    api_copy(err->message, sizeof(err->message), message);
    return status;
}

enum afx_status api_misuse(struct afx_error *err, const char *what)
{
    return api_fail(err, AFX_MISUSE, "Misuse", what);
}

enum afx_status api_fail_json(struct afx_error *err, const struct error *from, uint32_t at)
{
    enum afx_status status = from->status == STATUS_LIMIT ? AFX_LIMIT : AFX_INVALID;
    api_fail(err, status, from->name, from->message);
    if (err && at != AFX_NO_POSITION) {
        err->start = at;
        err->end = at + 1;
    }
    return status;
}

/* Text that is no UTF-8 has a code of the library's own, but is not a limit. */
static enum afx_status api_fail_jsonata(struct afx_error *err, enum status from_status,
                                        const struct jsonata_error *from)
{
    bool is_limit = from_status == STATUS_LIMIT && strcmp(from->code, "U1007") != 0;
    enum afx_status status = is_limit ? AFX_LIMIT : AFX_INVALID;
    api_fail(err, status, from->code, from->message);
    if (!err)
        return status;
    err->position = from->position;
    err->start = from->start;
    err->end = from->end;
    if (from->has_token)
        api_copy(err->token, sizeof(err->token), from->token);
    if (from->has_value)
        api_copy(err->value, sizeof(err->value), from->value);
    return status;
}

const char *afx_version(void)
{
    return AFFLUX_JSONATA_VERSION;
}

/* ---- expressions ---- */

/* The public name of struct jsonata. */
static struct jsonata *api_jsonata(const struct afx_expr *expr)
{
    return (struct jsonata *)(uintptr_t)expr;
}

enum afx_status afx_compile(const char *text, size_t text_bytes, unsigned flags,
                            struct afx_expr **ret_expr, struct afx_error *err)
{
    struct jsonata_error jsonata_err;
    struct jsonata *x;
    str s;
    if (!ret_expr || !api_str(text, text_bytes, &s))
        return api_misuse(err, "no expression, or no place for what is made of it");
    if (flags & ~(unsigned)(AFX_STEP_FUNCTIONS | AFX_VERSION_206))
        return api_misuse(err, "there is no such flag for compiling");
    unsigned jsonata_flags = (flags & AFX_STEP_FUNCTIONS ? JSONATA_STEP_FUNCTIONS : 0) |
                             (flags & AFX_VERSION_206 ? JSONATA_VERSION_206 : 0);
    enum status status = jsonata_compile(s, jsonata_flags, &x, &jsonata_err);
    if (status != STATUS_OK)
        return api_fail_jsonata(err, status, &jsonata_err);
    *ret_expr = (struct afx_expr *)x;
    return AFX_OK;
}

void afx_expr_free(struct afx_expr *expr)
{
    jsonata_free(api_jsonata(expr));
}

struct afx_text afx_expr_text(const struct afx_expr *expr)
{
    return api_text(expr ? jsonata_text(api_jsonata(expr)) : STR(""));
}

bool afx_reads_clock(const struct afx_expr *expr)
{
    return expr && jsonata_reads_clock(api_jsonata(expr));
}

bool afx_reads_random(const struct afx_expr *expr)
{
    return expr && jsonata_reads_random(api_jsonata(expr));
}

bool afx_free_variable(const struct afx_expr *expr, size_t index, struct afx_text *ret_name)
{
    str name;
    if (!expr || index >= UINT32_MAX ||
        !jsonata_free_variable(api_jsonata(expr), (uint32_t)index, &name))
        return false;
    *ret_name = api_text(name);
    return true;
}

/* ---- contexts ---- */

struct afx_context *afx_context_new(void)
{
    struct afx_context *context = calloc(1, sizeof(*context));
    check(context != NULL);
    arena_init(&context->arena, 0);
    context->scratch = jsonata_scratch_new();
    return context;
}

static void binding_release(struct api_binding *owned)
{
    free(owned->name);
    json_doc_unref(owned->doc);
}

void afx_context_free(struct afx_context *context)
{
    if (!context)
        return;
    arena_done(&context->arena);
    jsonata_scratch_free(context->scratch);
    for (uint32_t i = 0; i < context->binding_count; i++)
        binding_release(&context->owned[i]);
    free(context->bindings);
    free(context->owned);
    free(context);
}

void afx_context_reset(struct afx_context *context)
{
    if (context)
        arena_reset(&context->arena);
}

size_t afx_context_bytes(const struct afx_context *context)
{
    return context ? arena_used(&context->arena) : 0;
}

/* What the evaluator computes with; higher values would mean nothing. */
static uint64_t api_highest(enum afx_limit limit)
{
    if (limit == AFX_LIMIT_STEPS)
        return INT64_MAX;
    if (limit == AFX_LIMIT_BYTES)
        return PTRDIFF_MAX / 2;
    return limit == AFX_LIMIT_STACK_BYTES ? INT32_MAX : UINT32_MAX;
}

enum afx_status afx_context_set_limit(struct afx_context *context, enum afx_limit limit,
                                      uint64_t value)
{
    if (!context)
        return AFX_MISUSE;
    if (value > api_highest(limit))
        return AFX_MISUSE;
    struct jsonata_limits *limits = &context->limits;
    switch (limit) {
    case AFX_LIMIT_STEPS: limits->steps = value; break;
    case AFX_LIMIT_DEPTH: limits->depth = (uint32_t)value; break;
    case AFX_LIMIT_BYTES: limits->bytes = (size_t)value; break;
    case AFX_LIMIT_REGEX_EFFORT: limits->regex_effort = (uint32_t)value; break;
    case AFX_LIMIT_STACK_BYTES: limits->stack_bytes = (size_t)value; break;
    default: return AFX_MISUSE; /* callers may pass any number */
    }
    return AFX_OK;
}

void afx_context_set_clock(struct afx_context *context, int64_t unix_ms)
{
    if (!context)
        return;
    context->now_ms = unix_ms;
    context->is_system_clock = false;
}

void afx_context_set_seed(struct afx_context *context, uint64_t seed)
{
    if (!context)
        return;
    context->seed = seed;
    context->is_system_seed = false;
}

void afx_context_use_system(struct afx_context *context)
{
    if (context)
        context->is_system_clock = context->is_system_seed = true;
}

/* ---- values on their way in ---- */

/*
 * A function belongs to the expression that made it and must not get into another one. Documents
 * have none; results are searched, with the budget of an evaluation, since a result may contain one
 * value very often. 1: there is one, 0: none, -1: the budget was too small or the value nested too
 * deep.
 */
static int find_function(struct json_val v, uint64_t *steps, unsigned depth)
{
    if (v.tag >= JSON_FUNCTION)
        return 1;
    if (!json_is_container(v))
        return 0;
    if (depth > JSON_MAX_DEPTH || *steps < v.len)
        return -1;
    *steps -= v.len;
    const struct json_val *inner = v.tag == JSON_ARRAY ? v.items : v.obj->vals;
    int found = 0;
    for (uint32_t i = 0; found == 0 && i < v.len; i++)
        found = find_function(inner[i], steps, depth + 1);
    return found;
}

/* The value as evaluators take it: without what the last evaluator or the walk over it left there.
 */
static enum afx_status take_value(const struct afx_context *context, struct afx_value value,
                                  struct json_val *ret, struct afx_error *err)
{
    struct json_val v = api_val(value);
    uint64_t steps = context->limits.steps ? context->limits.steps : JSONATA_DEFAULT_STEPS;
    int found = api_is_in_document(v) ? 0 : find_function(v, &steps, 0);
    if (found > 0)
        return api_fail(err, AFX_INVALID, "Function",
                        "a function cannot leave the evaluation that made it");
    if (found < 0)
        return api_fail(err, AFX_LIMIT, "D1012",
                        "the value is too large or too deep to be looked through");
    v.flags &= JSON_FLAG_USER - 1;
    *ret = api_mark(v, false);
    return AFX_OK;
}

/* ---- variables ---- */

static uint32_t binding_find(const struct afx_context *context, str name)
{
    uint32_t i = 0;
    while (i < context->binding_count && !str_eq(context->bindings[i].name, name))
        i++;
    return i;
}

/* Results may still refer to a document that is replaced: it stays until the next reset. */
static void binding_let_go(struct afx_context *context, struct api_binding *owned)
{
    if (owned->doc) {
        json_doc_hold(owned->doc, &context->arena);
        json_doc_unref(owned->doc);
        owned->doc = NULL;
    }
}

static uint32_t binding_add(struct afx_context *context, str name)
{
    if (context->binding_count == context->binding_cap) {
        uint32_t cap = context->binding_cap ? context->binding_cap * 2 : 8;
        context->bindings = realloc(context->bindings, cap * sizeof(*context->bindings));
        context->owned = realloc(context->owned, cap * sizeof(*context->owned));
        check(context->bindings != NULL && context->owned != NULL);
        context->binding_cap = cap;
    }
    char *copy = malloc(name.n);
    check(copy != NULL);
    memcpy(copy, name.p, name.n);
    uint32_t at = context->binding_count++;
    context->bindings[at] = (struct jsonata_binding){.name = {copy, name.n}};
    context->owned[at] = (struct api_binding){.name = copy};
    return at;
}

static void binding_set(struct afx_context *context, str name, struct json_val v,
                        struct json_doc *doc)
{
    uint32_t at = binding_find(context, name);
    if (at == context->binding_count)
        at = binding_add(context, name);
    binding_let_go(context, &context->owned[at]);
    context->bindings[at].value = v;
    context->owned[at].doc = doc;
}

enum afx_status afx_bind(struct afx_context *context, const char *name, size_t name_bytes,
                         struct afx_value value, struct afx_error *err)
{
    struct json_val v;
    str s;
    if (!context || !api_str(name, name_bytes, &s) || s.n == 0)
        return api_misuse(err, "no context, or a variable without a name");
    enum afx_status status = take_value(context, value, &v, err);
    if (status == AFX_OK)
        binding_set(context, s, v, NULL);
    return status;
}

enum afx_status afx_bind_json(struct afx_context *context, const char *name, size_t name_bytes,
                              const char *json, size_t json_bytes, struct afx_error *err)
{
    struct afx_document *document;
    str s;
    if (!context || !api_str(name, name_bytes, &s) || s.n == 0)
        return api_misuse(err, "no context, or a variable without a name");
    enum afx_status status = afx_document_parse(json, json_bytes, &document, err);
    if (status != AFX_OK)
        return status;
    struct json_doc *doc = (struct json_doc *)document;
    binding_set(context, s, json_doc_root(doc), doc);
    return AFX_OK;
}

bool afx_unbind(struct afx_context *context, const char *name, size_t name_bytes)
{
    str s;
    if (!context || !api_str(name, name_bytes, &s))
        return false;
    uint32_t at = binding_find(context, s);
    if (at == context->binding_count)
        return false;
    binding_let_go(context, &context->owned[at]);
    binding_release(&context->owned[at]);
    uint32_t last = --context->binding_count;
    context->bindings[at] = context->bindings[last];
    context->owned[at] = context->owned[last];
    return true;
}

/* ---- evaluating ---- */

enum afx_status afx_evaluate(struct afx_context *context, const struct afx_expr *expr,
                             struct afx_value input, struct afx_value *ret_value,
                             struct afx_error *err)
{
    struct jsonata_error jsonata_err;
    struct json_val in, result;
    if (!context || !expr || !ret_value)
        return api_misuse(err, "no context, no expression, or no place for the result");
    enum afx_status taken = take_value(context, input, &in, err);
    if (taken != AFX_OK)
        return taken;
    struct jsonata_context inner = {.arena = &context->arena,
                                    .input = in,
                                    .bindings = context->bindings,
                                    .binding_count = context->binding_count,
                                    .scratch = context->scratch,
                                    .limits = context->limits,
                                    .now_ms = context->now_ms,
                                    .seed = context->seed};
    if (context->is_system_clock || context->is_system_seed) {
        int64_t now_ms;
        uint64_t seed;
        system_inputs(&now_ms, &seed);
        inner.now_ms = context->is_system_clock ? now_ms : inner.now_ms;
        inner.seed = context->is_system_seed ? seed : inner.seed;
    }
    enum status status = jsonata_evaluate(api_jsonata(expr), &inner, &result, &jsonata_err);
    if (status != STATUS_OK)
        return api_fail_jsonata(err, status, &jsonata_err);
    *ret_value = api_value(api_mark(result, false));
    return AFX_OK;
}

static enum afx_status eval_parsed(const struct afx_expr *expr, struct afx_value input,
                                   char **ret_text, struct afx_error *err)
{
    struct afx_context *context = afx_context_new();
    struct afx_value result;
    afx_context_use_system(context);
    enum afx_status status = afx_evaluate(context, expr, input, &result, err);
    if (status == AFX_OK)
        status = afx_write(result, 0, 0, ret_text, NULL, err);
    afx_context_free(context);
    return status;
}

enum afx_status afx_eval_text(const char *expression, const char *json, unsigned flags,
                              char **ret_text, struct afx_error *err)
{
    struct afx_expr *expr = NULL;
    struct afx_document *document = NULL;
    if (!expression || !ret_text)
        return api_misuse(err, "no expression, or no place for the result");
    enum afx_status status = afx_compile(expression, AFX_NUL_TERMINATED, flags, &expr, err);
    if (status == AFX_OK && json)
        status = afx_document_parse(json, AFX_NUL_TERMINATED, &document, err);
    if (status == AFX_OK)
        status = eval_parsed(expr, afx_document_root(document), ret_text, err);
    afx_document_free(document);
    afx_expr_free(expr);
    return status;
}
