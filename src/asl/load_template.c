/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Everything that is computed when the machine runs: expressions "{% … %}", paths, and values built
 * of them (templates, Assign). All are compiled here, once.
 */
#include "asl/load_internal.h"

#include "base/utf8.h"
#include "jsonata/references.h"

/* ---- JSONata ---- */

bool load_is_jsonata(const struct load *l, struct json_val v)
{
    if (l->language != ASL_JSONATA || v.tag != JSON_STRING)
        return false;
    str s = json_str(v);
    return s.n >= 4 && str_starts(s, STR("{%")) && str_ends(s, STR("%}"));
}

static bool jsonata_is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* The text between the markers; *ret_from is where it starts. */
static str jsonata_inside(str s, size_t *ret_from)
{
    size_t from = 2, to = s.n - 2;
    while (from < to && jsonata_is_blank(s.p[from]))
        from++;
    while (to > from && jsonata_is_blank(s.p[to - 1]))
        to--;
    *ret_from = from;
    return str_sub(s, from, to);
}

struct jsonata_use {
    struct load *l;
    const struct at *at;
    struct asl_jsonata *x;
    size_t from; /* of the expression in its string */
};

static void jsonata_refuse(struct jsonata_use *use, const struct jsonata_reference *ref,
                           const char *hint, str message)
{
    struct load *l = use->l;
    load_error_within(l, "UNSUPPORTED_JSONATA_EXPRESSION", use->at, hint, use->from + ref->start,
                      use->from + ref->end, message);
}

static void jsonata_member(void *arg, const struct jsonata_reference *member)
{
    struct jsonata_use *use = arg;
    struct asl_jsonata *x = use->x;
    unsigned may = use->l->reads;
    bool is_result = str_eq(member->name, STR("result"));
    bool is_error = str_eq(member->name, STR("errorOutput"));
    bool is_whole = member->name.n == 0;
    x->reads_input |= is_whole || str_eq(member->name, STR("input"));
    x->reads_context |= is_whole || str_eq(member->name, STR("context"));
    x->reads_result |= is_whole || is_result;
    x->reads_error |= is_whole || is_error;
    if (is_result && (may & LOAD_RESULT) == 0)
        jsonata_refuse(
            use, member,
            "$states.result exists in Output and Assign of Task, Parallel and Map states",
            STR("Reference to '$states.result' is not supported here."));
    if (is_error && (may & LOAD_ERROR) == 0)
        jsonata_refuse(use, member,
                       "$states.errorOutput exists in Output and Assign of a Catch entry",
                       STR("Reference to '$states.errorOutput' is not supported here."));
}

static void jsonata_free_code(void *code)
{
    jsonata_free(code);
}

static bool jsonata_compile_in(struct jsonata_use *use)
{
    struct load *l = use->l;
    struct jsonata_error err;
    unsigned flags = JSONATA_STEP_FUNCTIONS | (l->options->strict ? JSONATA_VERSION_206 : 0);
    if (jsonata_compile(use->x->text, flags, &use->x->code, &err) != STATUS_OK) {
        load_error_within(l, "INVALID_JSONATA_EXPRESSION", use->at, NULL, use->from + err.start,
                          use->from + err.end, str_of(err.message));
        return false;
    }
    arena_on_reset(&l->d->arena, jsonata_free_code, use->x->code);
    return true;
}

static bool jsonata_has_room(struct load *l, const struct at *at)
{
    if (l->expressions.count < ASL_MAX_EXPRESSIONS)
        return true;
    if (!l->has_too_many_expressions)
        load_error(l, SCHEMA, at, NULL, "A definition may have up to %d JSONata expressions",
                   ASL_MAX_EXPRESSIONS);
    l->has_too_many_expressions = true;
    return false;
}

const struct asl_jsonata *load_jsonata(struct load *l, const struct at *at, struct json_val v)
{
    if (!jsonata_has_room(l, at))
        return NULL;
    struct asl_jsonata *x = arena_zalloc(&l->d->arena, sizeof(*x));
    struct jsonata_use use = {.l = l, .at = at, .x = x};
    struct jsonata_reference ref;
    x->text = jsonata_inside(json_str(v), &use.from);
    x->field = at_text(&l->d->arena, at, l->state_at);
    if (!jsonata_compile_in(&use))
        return NULL;
    if (jsonata_reads_input(x->code, &ref))
        jsonata_refuse(&use, &ref,
                       "expressions have no input of their own; start at $states.input, at another "
                       "member of $states, or at a variable",
                       arena_printf(&l->scratch,
                                    "Reference to '%.*s' at the top level is not supported.",
                                    STR_ARG(ref.name)));
    jsonata_members(x->code, STR("states"), jsonata_member, &use);
    *(struct asl_jsonata **)list_push(l, &l->expressions, sizeof(x)) = x;
    for (uint32_t i = 0; jsonata_free_variable(x->code, i, &ref.name); i++)
        load_reference(l, ref.name);
    return x;
}

/* ---- paths ---- */

const struct jsonpath_expr *load_compile_expr(struct load *l, struct json_val v)
{
    const struct jsonpath_expr *expr;
    struct error ignored;
    str name;
    if (v.tag != JSON_STRING ||
        jsonpath_expr_compile(&l->d->arena, json_str(v), &expr, &ignored) != STATUS_OK)
        return NULL;
    for (uint32_t i = 0; jsonpath_expr_variable(expr, i, &name); i++)
        load_reference(l, name);
    return expr;
}

const struct jsonpath *load_compile_path(struct load *l, const struct at *at, struct json_val v,
                                         bool reference, bool context)
{
    const struct jsonpath *path = NULL;
    struct error err;
    if (!load_is_string(l, at, v))
        return NULL;
    if (jsonpath_compile(&l->d->arena, json_str(v), &path, &err) != STATUS_OK) {
        if (reference)
            load_error(l, SCHEMA, at, NULL, "Value is not a Reference Path");
        else
            load_error(l, SCHEMA, at, NULL, "Value is not a valid JSONPath");
        return NULL;
    }
    load_reference(l, jsonpath_variable(path));
    bool is_context = jsonpath_root(path) == JSONPATH_CONTEXT;
    if (reference && (!jsonpath_is_reference(path) || (is_context && !context))) {
        const char *hint = is_context ? "the context object ($$) cannot be used here"
                                      : "it must name one place: only .name, ['name'] and [index]";
        load_error(l, SCHEMA, at, hint, "Value is not a Reference Path");
        return NULL;
    }
    return path;
}

static void load_some_path(struct load *l, const struct at *at, struct json_val v,
                           struct asl_path *target, bool reference, bool context)
{
    if (v.tag == JSON_NULL) {
        target->kind = ASL_PATH_NULL;
        return;
    }
    target->path = load_compile_path(l, at, v, reference, context);
    target->kind = ASL_PATH_SET;
}

void load_path(struct load *l, const struct at *at, struct json_val v, const struct field *f,
               void *target)
{
    (void)f;
    load_some_path(l, at, v, target, false, true);
}

void load_result_path(struct load *l, const struct at *at, struct json_val v, const struct field *f,
                      void *target)
{
    (void)f;
    load_some_path(l, at, v, target, true, false);
    struct asl_path *path = target;
    if (path->path != NULL && jsonpath_root(path->path) == JSONPATH_VARIABLE)
        load_error(l, SCHEMA, at, "use Assign to set a variable", "Value is not a Reference Path");
}

void load_items_path(struct load *l, const struct at *at, struct json_val v, const struct field *f,
                     void *target)
{
    struct asl_path *path = target;
    (void)f;
    path->kind = ASL_PATH_SET;
    path->path = load_compile_path(l, at, v, true, true);
}

/* ---- templates ---- */

static void template_read(struct load *l, const struct at *at, struct json_val v,
                          struct asl_template *t);

static bool template_is_literal(const struct asl_template *t)
{
    return t->kind == ASL_TEMPLATE_LITERAL;
}

/* A key that ends in ".$" has an expression behind it. */
static bool template_is_expr_key(const struct load *l, str key)
{
    return l->language == ASL_JSONPATH && key.n > 2 && str_ends(key, STR(".$"));
}

static void template_read_expr(struct load *l, const struct at *at, str key, struct json_val v,
                               struct asl_template *t)
{
    t->kind = ASL_TEMPLATE_PATH;
    t->field = key;
    t->text = v.tag == JSON_STRING ? json_str(v) : STR("");
    t->path = load_compile_expr(l, v);
    if (t->path == NULL)
        load_point(l,
                   load_error(l, SCHEMA, at, NULL,
                              "The value for the field '%.*s' must be a valid JSONPath or a valid "
                              "intrinsic function call",
                              STR_ARG(key)),
                   at_key(l, at, key));
}

/* A text that looks like a path under a key without ".$" is probably meant as one. */
static void template_warn(struct load *l, const struct at *at, str key, struct json_val v)
{
    if (l->language != ASL_JSONPATH || v.tag != JSON_STRING)
        return;
    str s = json_str(v);
    bool is_path =
        str_starts(s, STR("$.")) || str_starts(s, STR("$$.")) || str_starts(s, STR("$["));
    if (is_path || str_starts(s, STR("States.")))
        load_warning(l, "NO_DOLLAR", at_key(l, at, key),
                     "as it is, the text itself is the value; end the key in '.$' to have it "
                     "evaluated",
                     "No .$ on a field that appears to be a JSONPath or Intrinsic Function");
}

static void template_refuse_both(struct load *l, const struct at *at, str name)
{
    load_error(l, SCHEMA, at, NULL,
               "There should only be one of the following fields: [%.*s, %.*s.$]", STR_ARG(name),
               STR_ARG(name));
}

static void template_object(struct load *l, const struct at *at, struct json_val v,
                            struct asl_template *t)
{
    struct asl_template *items = arena_zalloc(&l->d->arena, (v.len + 1) * sizeof(*items));
    struct json_obj_builder keys;
    bool is_literal = true;
    json_obj_begin(&keys, &l->d->shapes, v.len);
    uint32_t count = 0;
    for (uint32_t i = 0; i < v.len; i++) {
        const struct json_key *key = &v.obj->shape->keys[i];
        str written = {key->p, key->n}, name = written;
        bool is_expr = template_is_expr_key(l, written);
        if (is_expr)
            name.n -= 2;
        if (json_obj_find(&keys, name) != NULL) {
            template_refuse_both(l, at, name);
            continue;
        }
        json_obj_put(&keys, name, json_text_flags(name), json_null());
        struct asl_template *item = &items[count++];
        if (is_expr)
            template_read_expr(l, at, written, v.obj->vals[i], item);
        else
            template_read(l, at_key(l, at, written), v.obj->vals[i], item);
        if (!is_expr)
            template_warn(l, at, written, v.obj->vals[i]);
        is_literal = is_literal && template_is_literal(item);
    }
    struct json_val built = json_obj_end(&keys);
    if (is_literal)
        return;
    t->kind = ASL_TEMPLATE_OBJECT;
    t->items = items;
    t->count = count;
    t->shape = built.obj->shape;
}

static void template_array(struct load *l, const struct at *at, struct json_val v,
                           struct asl_template *t)
{
    struct asl_template *items = arena_zalloc(&l->d->arena, (v.len + 1) * sizeof(*items));
    bool is_literal = true;
    for (uint32_t i = 0; i < v.len; i++) {
        template_read(l, at_index(l, at, i), v.items[i], &items[i]);
        is_literal = is_literal && template_is_literal(&items[i]);
    }
    if (is_literal)
        return;
    t->kind = ASL_TEMPLATE_ARRAY;
    t->items = items;
    t->count = v.len;
}

/* t is zeroed. What turns out to hold no expression stays the literal that it is set to first. */
static void template_read(struct load *l, const struct at *at, struct json_val v,
                          struct asl_template *t)
{
    t->kind = ASL_TEMPLATE_LITERAL;
    t->literal = v;
    if (load_is_jsonata(l, v)) {
        t->kind = ASL_TEMPLATE_JSONATA;
        t->jsonata = load_jsonata(l, at, v);
    } else if (v.tag == JSON_OBJECT) {
        template_object(l, at, v, t);
    } else if (v.tag == JSON_ARRAY) {
        template_array(l, at, v, t);
    }
}

void load_template(struct load *l, const struct at *at, struct json_val v, const struct field *f,
                   void *target)
{
    (void)f;
    struct asl_template *t = arena_zalloc(&l->d->arena, sizeof(*t));
    template_read(l, at, v, t);
    *(const struct asl_template **)target = t;
}

void load_object_template(struct load *l, const struct at *at, struct json_val v,
                          const struct field *f, void *target)
{
    if (load_is_jsonata(l, v) || load_is_object(l, at, v))
        load_template(l, at, v, f, target);
}

void load_items(struct load *l, const struct at *at, struct json_val v, const struct field *f,
                void *target)
{
    bool is_right = load_is_jsonata(l, v) || json_is_container(v);
    if (!is_right)
        load_error(l, SCHEMA, at, NULL, "Expected value of type Array");
    load_template(l, at, v, f, target);
}

/* ---- Assign ---- */

static bool name_is_letter(uint32_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c >= 0x80;
}

/* An identifier: letters, digits and _, no digit first. */
static bool name_is_identifier(str name)
{
    for (size_t at = 0; at < name.n;) {
        bool is_first = at == 0;
        uint32_t c = utf8_next(name, &at);
        bool is_digit = c >= '0' && c <= '9';
        if (!name_is_letter(c) && (is_first || !is_digit))
            return false;
    }
    return name.n > 0;
}

static asl_variable assign_variable(struct load *l, const struct at *at, str name)
{
    if (utf8_len(name) > ASL_MAX_NAME)
        load_error(l, SCHEMA, at, NULL, "Variable names may have up to %d characters",
                   ASL_MAX_NAME);
    else if (!name_is_identifier(name))
        load_error(l, SCHEMA, at, "letters, digits and _, and no digit first; no path, no '$'",
                   "'%.*s' is not a valid variable name", STR_ARG(name));
    else if (str_eq(name, STR("states")))
        load_error(l, SCHEMA, at, NULL, "The variable name 'states' is reserved");
    uint32_t *place = map_at(&l->variables, name);
    if (*place == MAP_NONE) {
        *place = l->names_of_variables.count;
        *(str *)list_push(l, &l->names_of_variables, sizeof(str)) = name;
    }
    struct assigned *noted = list_push(l, &l->assigns, sizeof(*noted));
    *noted = (struct assigned){at, *place, l->state->machine};
    return *place;
}

void load_assign(struct load *l, const struct at *at, struct json_val v, const struct field *f,
                 void *target)
{
    struct asl_assign *assign = target;
    (void)f;
    if (!load_is_object(l, at, v))
        return;
    struct asl_assignment *items = arena_zalloc(&l->d->arena, (v.len + 1) * sizeof(*items));
    for (uint32_t i = 0; i < v.len; i++) {
        const struct json_key *key = &v.obj->shape->keys[i];
        str written = {key->p, key->n}, name = written;
        const struct at *here = at_key(l, at, written);
        bool is_expr = template_is_expr_key(l, written);
        if (is_expr)
            name.n -= 2;
        if (is_expr && json_get(v, name).tag != JSON_UNDEFINED)
            template_refuse_both(l, at, name);
        items[i].variable = assign_variable(l, here, name);
        if (is_expr)
            template_read_expr(l, at, written, v.obj->vals[i], &items[i].value);
        else
            template_read(l, here, v.obj->vals[i], &items[i].value);
        if (!is_expr)
            template_warn(l, at, written, v.obj->vals[i]);
    }
    assign->items = items;
    assign->count = v.len;
}
