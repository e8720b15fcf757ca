/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Evaluating what a definition says in the scope of a state: templates, JSONata, paths and calls,
 * and fields that may be any of them. Values live in the step's scratch memory or in documents;
 * asl_keep makes a document of one.
 *
 * Texts of failures are AWS's (reference: "Evaluation failures", "Missing nodes").
 */
#include "asl/step_internal.h"
#include "json/freeze.h"
#include "json/parse.h"
#include "json/write.h"
#include <stdlib.h>

struct asl_scope asl_scope_of(struct asl_step *s, struct asl_frame *f)
{
    (void)s;
    return (struct asl_scope){
        .frame = f, .input = f->input->root, .input_doc = f->input, .base = f->input->root};
}

struct asl_value asl_value_of(struct asl_document *doc)
{
    return (struct asl_value){.v = doc->root, .doc = doc};
}

/* ---- JSONata ---- */

enum { SEES_INPUT = 1, SEES_RESULT = 2, SEES_ERROR = 4, SEES_CONTEXT = 8 };

static const struct json_shape *states_shape(struct asl_exec *x, unsigned sees)
{
    static const str names[] = {{"input", 5}, {"result", 6}, {"errorOutput", 11}, {"context", 7}};
    if (!x->states_shapes[sees]) {
        struct shape_node *node = &x->shapes.root;
        for (unsigned i = 0; i < ARRAY_LEN(names); i++) {
            uint32_t at;
            if (sees & 1u << i)
                node = json_shapes_step(&x->shapes, node, names[i], JSON_ASCII | JSON_PLAIN, &at);
        }
        x->states_shapes[sees] = json_shapes_of(&x->shapes, node);
    }
    return x->states_shapes[sees];
}

/* The variable $states, with what this expression can see of it. */
static struct json_val states_object(struct asl_step *s, struct asl_scope *scope,
                                     const struct asl_jsonata *j)
{
    bool has_result = scope->result.tag != JSON_UNDEFINED;
    bool has_error = scope->error_output.tag != JSON_UNDEFINED;
    unsigned sees = SEES_INPUT | (has_result ? SEES_RESULT : 0) | (has_error ? SEES_ERROR : 0) |
                    (j->reads_context ? SEES_CONTEXT : 0);
    struct json_object *states = json_obj_new(&s->out->scratch, states_shape(s->x, sees));
    struct json_val *at = states->vals;
    *at++ = scope->input;
    if (has_result)
        *at++ = scope->result;
    if (has_error)
        *at++ = scope->error_output;
    if (j->reads_context)
        *at = asl_context(s, scope);
    return json_object(states);
}

enum { BINDINGS_FEW = 8 };

static bool jsonata_threw(struct asl_step *s, const struct asl_frame *f,
                          const struct asl_jsonata *j, const struct jsonata_error *err)
{
    const char *what = NULL;
    if (strcmp(err->code, "U1002") == 0)
        what = "Expression evaluation memory limit exceeded: Check for excessive memory usage";
    else if (strcmp(err->code, "D1011") == 0 || strcmp(err->code, "D1012") == 0)
        what = "Stack overflow error: Check for non-terminating recursive function. Consider "
               "rewriting as tail-recursive";
    if (what)
        return asl_fail_evaluation(s, f, j->field,
                                   "The JSONata expression '%.*s' specified for the field '%.*s' "
                                   "threw an error during evaluation: %s",
                                   STR_ARG(j->text), STR_ARG(j->field), what);
    return asl_fail_evaluation(s, f, j->field,
                               "The JSONata expression '%.*s' specified for the field '%.*s' "
                               "threw an error during evaluation. %s: %s",
                               STR_ARG(j->text), STR_ARG(j->field), err->code, err->message);
}

bool asl_eval_jsonata(struct asl_step *s, struct asl_scope *scope, const struct asl_jsonata *j,
                      struct json_val *ret)
{
    struct jsonata_binding few[BINDINGS_FEW] UNINIT, *bindings = few;
    if (j->variable_count >= BINDINGS_FEW)
        bindings =
            arena_alloc(&s->out->scratch, sizeof(*bindings) * ((size_t)j->variable_count + 1));
    struct jsonata_context context = {.arena = &s->out->scratch,
                                      .input = json_undefined(),
                                      .bindings = bindings,
                                      .limits = s->x->options.jsonata,
                                      .scratch = s->out->jsonata};
    bindings[context.binding_count++] =
        (struct jsonata_binding){STR("states"), states_object(s, scope, j)};
    for (uint32_t i = 0; i < j->variable_count; i++) {
        struct asl_document *value = asl_frame_variable(scope->frame, j->variables[i]);
        if (value)
            bindings[context.binding_count++] =
                (struct jsonata_binding){s->x->definition->variables[j->variables[i]], value->root};
    }
    if (jsonata_reads_clock(j->code))
        context.now_ms = asl_clock(s);
    if (jsonata_reads_random(j->code))
        context.seed = asl_seed(s);
    struct jsonata_error err UNINIT;
    if (jsonata_evaluate(j->code, &context, ret, &err) != STATUS_OK)
        return jsonata_threw(s, scope->frame, j, &err);
    if (ret->tag == JSON_UNDEFINED)
        return asl_fail_evaluation(s, scope->frame, j->field,
                                   "The JSONata expression '%.*s' specified for the field '%.*s' "
                                   "returned nothing (undefined).",
                                   STR_ARG(j->text), STR_ARG(j->field));
    if (ret->tag >= JSON_FUNCTION)
        return asl_fail_evaluation(s, scope->frame, j->field,
                                   "The JSONata expression '%.*s' specified for the field '%.*s' "
                                   "returned an unsupported result type.",
                                   STR_ARG(j->text), STR_ARG(j->field));
    return true;
}

str asl_value_text(struct asl_step *s, struct json_val v)
{
    struct buf text;
    buf_init(&text, ASL_MAX_PAYLOAD);
    enum status status = json_write(&text, v, 0, NULL);
    str copy = arena_dup(&s->out->arena, status == STATUS_OK ? buf_str(&text) : STR("…"));
    buf_done(&text);
    return copy;
}

bool asl_expect_type(struct asl_step *s, const struct asl_frame *f, const struct asl_jsonata *j,
                     struct json_val v, enum json_tag tag, const char *type)
{
    if (v.tag == tag || (tag == JSON_NUMBER && json_is_number(v)))
        return true;
    str text = asl_value_text(s, v);
    return asl_fail_evaluation(
        s, f, j->field,
        "The JSONata expression '%.*s' specified for the field '%.*s' returned an unexpected "
        "result type. Expected '%s', but was '%s' for value: %.*s",
        STR_ARG(j->text), STR_ARG(j->field), type, json_type_name(v), STR_ARG(text));
}

/* ---- paths and calls ---- */

struct env_arg {
    struct asl_step *s;
    struct asl_scope *scope;
};

static struct json_val env_context(void *arg)
{
    struct env_arg *env = arg;
    return asl_context(env->s, env->scope);
}

static struct asl_document *find_variable(struct asl_step *s, const struct asl_scope *scope,
                                          str name)
{
    asl_variable variable = asl_definition_variable(s->x->definition, name);
    return variable == ASL_NO_VARIABLE ? NULL : asl_frame_variable(scope->frame, variable);
}

bool asl_scope_has_variable(struct asl_step *s, const struct asl_scope *scope, str name)
{
    return find_variable(s, scope, name) != NULL;
}

static bool env_variable(void *arg, str name, struct json_val *ret)
{
    struct env_arg *env = arg;
    struct asl_document *doc = find_variable(env->s, env->scope, name);
    if (doc)
        *ret = doc->root;
    return doc != NULL;
}

/* ret_found NULL: a path that finds nothing is a failure, but for an index past the end. ret_path:
 * which path it was, also within a call. */
bool asl_eval_path(struct asl_step *s, struct asl_scope *scope, const struct jsonpath_expr *e,
                   struct json_val *ret, enum jsonpath_missing *ret_missing, str *ret_path,
                   bool *ret_found)
{
    struct env_arg arg = {s, scope};
    struct jsonpath_env env = {.arena = &s->out->scratch,
                               .shapes = asl_shapes(s),
                               .input = scope->base,
                               .context = env_context,
                               .variable = env_variable,
                               .arg = &arg};
    if (jsonpath_expr_is_random(e))
        env.seed = asl_seed(s);
    enum jsonpath_missing missing = JSONPATH_MISSING_KEY;
    enum jsonpath_failure kind = JSONPATH_FAILED_PATH;
    str path = {0};
    struct error err UNINIT;
    enum status status = jsonpath_expr_eval(e, &env, ret, &missing, &kind, &path, &err);
    if (ret_found)
        *ret_found = status == STATUS_OK;
    if (status == STATUS_OK)
        return true;
    if (ret_missing)
        *ret_missing = missing;
    if (ret_path)
        *ret_path = path;
    if (status == STATUS_NOT_FOUND && ret_found)
        return true;
    return asl_fail_in(s, scope->frame,
                       kind == JSONPATH_FAILED_INTRINSIC ? "States.IntrinsicFailure"
                                                         : "States.Runtime",
                       "%s", err.message);
}

static bool template_path(struct asl_step *s, struct asl_scope *scope, const struct asl_template *t,
                          struct json_val *ret)
{
    enum jsonpath_missing missing = JSONPATH_MISSING_KEY;
    bool is_found;
    str text = {0};
    if (!asl_eval_path(s, scope, t->path, ret, &missing, &text, &is_found))
        return false;
    if (is_found)
        return true;
    const struct jsonpath *path = jsonpath_expr_path(t->path);
    if (path && missing == JSONPATH_MISSING_INDEX) {
        *ret = json_null(); /* as AWS does past the end of an array */
        return true;
    }
    str input = asl_value_text(s, scope->base);
    return asl_fail_in(s, scope->frame, "States.Runtime",
                       "The JSONPath '%.*s' specified for the field '%.*s' could not be found in "
                       "the input '%.*s'",
                       STR_ARG(text), STR_ARG(t->field), STR_ARG(input));
}

bool asl_path_root(struct asl_step *s, struct asl_scope *scope, const struct jsonpath *path,
                   struct asl_value base, struct asl_value *ret)
{
    *ret = base;
    if (jsonpath_root(path) == JSONPATH_CONTEXT) {
        *ret = (struct asl_value){.v = asl_context(s, scope)};
    } else if (jsonpath_root(path) == JSONPATH_VARIABLE) {
        str name = jsonpath_variable(path);
        struct asl_document *doc = find_variable(s, scope, name);
        if (!doc)
            return asl_fail_in(s, scope->frame, "States.Runtime",
                               "The variable '%.*s' has not been assigned.", STR_ARG(name));
        *ret = asl_value_of(doc);
    }
    return true;
}

bool asl_eval_field_path(struct asl_step *s, struct asl_scope *scope, const struct jsonpath *path,
                         struct asl_value base, struct asl_value *ret)
{
    struct asl_value root;
    if (!asl_path_root(s, scope, path, base, &root))
        return false;
    struct json_val v;
    enum jsonpath_missing missing;
    struct error err UNINIT;
    enum status status = jsonpath_eval(path, root.v, &s->out->scratch, &v, &missing, &err);
    if (status != STATUS_OK) {
        str text = jsonpath_text(path);
        return asl_fail_in(s, scope->frame, "States.Runtime", "Invalid path '%.*s' : %s",
                           STR_ARG(text), err.message);
    }
    str pointer;
    *ret = (struct asl_value){.v = v};
    if (root.doc && jsonpath_pointer(path, &pointer)) {
        ret->doc = root.doc;
        ret->path = root.path.n == 0 ? pointer
                                     : arena_printf(&s->out->scratch, "%.*s%.*s",
                                                    STR_ARG(root.path), STR_ARG(pointer));
    }
    return true;
}

/* ---- templates ---- */

static bool template_object(struct asl_step *s, struct asl_scope *scope,
                            const struct asl_template *t, struct json_val *ret)
{
    struct json_object *obj = json_obj_new(&s->out->scratch, t->shape);
    for (uint32_t i = 0; i < t->count; i++) {
        if (!asl_eval_template(s, scope, &t->items[i], &obj->vals[i]))
            return false;
    }
    *ret = json_object(obj);
    return true;
}

static bool template_array(struct asl_step *s, struct asl_scope *scope,
                           const struct asl_template *t, struct json_val *ret)
{
    struct json_val *items = arena_alloc(&s->out->scratch, sizeof(*items) * t->count);
    for (uint32_t i = 0; i < t->count; i++) {
        if (!asl_eval_template(s, scope, &t->items[i], &items[i]))
            return false;
    }
    *ret = json_array(items, t->count);
    return true;
}

bool asl_eval_template(struct asl_step *s, struct asl_scope *scope, const struct asl_template *t,
                       struct json_val *ret)
{
    switch (t->kind) {
    case ASL_TEMPLATE_LITERAL: *ret = t->literal; return true;
    case ASL_TEMPLATE_JSONATA: return asl_eval_jsonata(s, scope, t->jsonata, ret);
    case ASL_TEMPLATE_PATH: return template_path(s, scope, t, ret);
    case ASL_TEMPLATE_OBJECT: return template_object(s, scope, t, ret);
    case ASL_TEMPLATE_ARRAY: return template_array(s, scope, t, ret);
    }
    unreachable();
}

/* ---- fields ---- */

/* As recorded: a path may lead to a text that is a number. */
static struct json_val number_of_text(struct asl_step *s, struct json_val v)
{
    struct json_val number;
    if (v.tag != JSON_STRING ||
        json_parse_in(&s->out->scratch, json_str(v), NULL, &number, NULL) != STATUS_OK)
        return v;
    return json_is_number(number) ? number : v;
}

bool asl_eval_number(struct asl_step *s, struct asl_scope *scope, const struct asl_number *n,
                     struct json_val *ret, bool *ret_has)
{
    *ret_has = n->kind != ASL_FIELD_ABSENT;
    if (n->kind == ASL_FIELD_LITERAL) {
        *ret = json_num(n->value);
    } else if (n->kind == ASL_FIELD_PATH) {
        struct asl_value found;
        if (!asl_eval_field_path(s, scope, n->path, (struct asl_value){.v = scope->base}, &found))
            return false;
        *ret = number_of_text(s, found.v);
    } else if (n->kind == ASL_FIELD_JSONATA) {
        return asl_eval_jsonata(s, scope, n->jsonata, ret) &&
               asl_expect_type(s, scope->frame, n->jsonata, *ret, JSON_NUMBER, "number");
    }
    return true;
}

bool asl_eval_text(struct asl_step *s, struct asl_scope *scope, const struct asl_text *t,
                   const char *field, str *ret, bool *ret_has)
{
    struct json_val v;
    *ret_has = t->kind != ASL_FIELD_ABSENT;
    if (t->kind == ASL_FIELD_ABSENT)
        return true;
    if (t->kind == ASL_FIELD_LITERAL) {
        *ret = t->value;
        return true;
    }
    if (t->kind == ASL_FIELD_JSONATA) {
        if (!asl_eval_jsonata(s, scope, t->jsonata, &v) ||
            !asl_expect_type(s, scope->frame, t->jsonata, v, JSON_STRING, "string"))
            return false;
    } else {
        struct asl_template template = {
            .kind = ASL_TEMPLATE_PATH, .path = t->path, .field = str_of(field)};
        if (!template_path(s, scope, &template, &v))
            return false;
        if (v.tag != JSON_STRING)
            return asl_fail_in(s, scope->frame, "States.Runtime",
                               "The value of the field '%s' must be a string", field);
    }
    *ret = arena_dup(&s->out->arena, json_str(v));
    return true;
}

/* ---- keeping ---- */

static bool is_large(const struct asl_document *doc)
{
    return json_doc_held_count(doc->json) > 0 || json_doc_bytes(doc->json) >= JSON_HOLD_MIN_BYTES;
}

struct sources {
    struct asl_document *docs[32];
    uint32_t count;
};

static void add_source(struct sources *list, struct asl_document *doc)
{
    if (!doc || list->count == ARRAY_LEN(list->docs) || !is_large(doc))
        return;
    for (uint32_t i = 0; i < list->count; i++) {
        if (list->docs[i] == doc)
            return;
    }
    list->docs[list->count++] = doc;
}

/* Every document that expressions of the scope can have taken from. */
static void find_sources(struct asl_step *s, const struct asl_scope *scope, struct sources *list)
{
    list->count = 0;
    add_source(list, scope->input_doc);
    add_source(list, scope->result_doc);
    for (const struct asl_frame *f = scope->frame; f; f = f->parent) {
        for (uint32_t i = 0; i < f->variable_count; i++)
            add_source(list, f->variables[i].value);
        add_source(list, f->items);
    }
    add_source(list, s->x->input);
}

/* A value that is a whole document already. */
static struct asl_document *document_of(const struct asl_scope *scope, struct json_val v,
                                        enum json_numbers numbers)
{
    struct asl_document *docs[] = {scope->input_doc, scope->result_doc};
    for (uint32_t i = 0; i < ARRAY_LEN(docs) && json_is_container(v); i++) {
        if (docs[i] && docs[i]->root.tag == v.tag && docs[i]->root.any == v.any &&
            docs[i]->root.len == v.len &&
            !(numbers != JSON_NUMBERS_KEPT && json_doc_has_number_text(docs[i]->json)))
            return docs[i];
    }
    return NULL;
}

static void add_document(struct asl_out *out, struct asl_document *doc)
{
    if (out->document_count == out->document_cap) {
        out->document_cap = out->document_cap ? out->document_cap * 2 : 64;
        out->documents = realloc(out->documents, sizeof(struct asl_document *) * out->document_cap);
        check(out->documents != NULL);
    }
    out->documents[out->document_count++] = doc;
    out->bytes += json_doc_bytes(doc->json);
}

bool asl_keep(struct asl_step *s, const struct asl_scope *scope, struct asl_value value,
              struct asl_document **ret)
{
    enum json_numbers numbers = JSON_NUMBERS_KEPT;
    if (scope->frame && scope->frame->state->language == ASL_JSONATA)
        numbers = asl_numbers(s->x->options.strict);
    if (!value.doc && (value.doc = document_of(scope, value.v, numbers)) != NULL)
        value.path = STR("");
    if (value.doc && value.path.n == 0) {
        *ret = value.doc;
        return true;
    }
    struct error err UNINIT;
    enum status status;
    if (value.doc && json_is_container(value.v)) {
        status = asl_document_part(&s->x->documents, value.doc, value.path, value.v, ret, &err);
    } else {
        struct sources sources UNINIT;
        find_sources(s, scope, &sources);
        status = asl_document_freeze(&s->x->documents, value.v, sources.docs, sources.count,
                                     numbers, ret, &err);
    }
    if (status != STATUS_OK)
        return asl_fail_in(s, scope->frame,
                           status == STATUS_LIMIT ? "States.DataLimitExceeded" : "States.Runtime",
                           "%s", err.message);
    add_document(s->out, *ret);
    return true;
}

bool asl_keep_children(struct asl_step *s, const struct asl_frame *f, struct asl_document **ret)
{
    struct sources sources UNINIT;
    sources.count = 0;
    struct json_val *items = arena_alloc(&s->out->scratch, sizeof(*items) * f->total);
    for (uint32_t i = 0; i < f->total; i++) {
        items[i] = f->results[i]->root;
        add_source(&sources, f->results[i]);
    }
    struct error err UNINIT;
    enum status status =
        asl_document_freeze(&s->x->documents, json_array(items, f->total), sources.docs,
                            sources.count, JSON_NUMBERS_KEPT, ret, &err);
    if (status != STATUS_OK)
        return asl_fail_in(s, f, "States.DataLimitExceeded", "%s", err.message);
    add_document(s->out, *ret);
    return true;
}

struct asl_document *asl_adopt(struct asl_step *s, struct json_doc *json, bool keeps_text)
{
    struct asl_document *doc = asl_document_new(&s->x->documents, json_doc_ref(json), 0);
    doc->keeps_text = keeps_text && json_doc_text(json).n > 0;
    add_document(s->out, doc);
    return doc;
}
