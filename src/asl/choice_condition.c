/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Conditions of JSONPath choice rules. A value of another type than the operator wants makes a
 * comparison false; a path that finds nothing is a failure for all operators but IsPresent.
 */
#include "asl/step_internal.h"
#include "asl/timestamp.h"
#include "base/utf8.h"

/* ---- comparing ---- */

enum family { STRINGS, PATTERN, NUMBERS, BOOLEANS, TIMES, TYPES, LOGIC };
enum { EQUAL = 1, LESS = 2, GREATER = 4 };

struct operator_rule {
    enum family family;
    unsigned accepts; /* which outcomes of a comparison make it true */
};

static const struct operator_rule OPERATORS[] = {
    [ASL_STRING_EQUALS] = {STRINGS, EQUAL},
    [ASL_STRING_LESS_THAN] = {STRINGS, LESS},
    [ASL_STRING_GREATER_THAN] = {STRINGS, GREATER},
    [ASL_STRING_LESS_THAN_EQUALS] = {STRINGS, LESS | EQUAL},
    [ASL_STRING_GREATER_THAN_EQUALS] = {STRINGS, GREATER | EQUAL},
    [ASL_STRING_MATCHES] = {PATTERN, 0},
    [ASL_NUMERIC_EQUALS] = {NUMBERS, EQUAL},
    [ASL_NUMERIC_LESS_THAN] = {NUMBERS, LESS},
    [ASL_NUMERIC_GREATER_THAN] = {NUMBERS, GREATER},
    [ASL_NUMERIC_LESS_THAN_EQUALS] = {NUMBERS, LESS | EQUAL},
    [ASL_NUMERIC_GREATER_THAN_EQUALS] = {NUMBERS, GREATER | EQUAL},
    [ASL_BOOLEAN_EQUALS] = {BOOLEANS, EQUAL},
    [ASL_TIMESTAMP_EQUALS] = {TIMES, EQUAL},
    [ASL_TIMESTAMP_LESS_THAN] = {TIMES, LESS},
    [ASL_TIMESTAMP_GREATER_THAN] = {TIMES, GREATER},
    [ASL_TIMESTAMP_LESS_THAN_EQUALS] = {TIMES, LESS | EQUAL},
    [ASL_TIMESTAMP_GREATER_THAN_EQUALS] = {TIMES, GREATER | EQUAL},
    [ASL_IS_NULL] = {TYPES, 0},
    [ASL_IS_PRESENT] = {TYPES, 0},
    [ASL_IS_NUMERIC] = {TYPES, 0},
    [ASL_IS_STRING] = {TYPES, 0},
    [ASL_IS_BOOLEAN] = {TYPES, 0},
    [ASL_IS_TIMESTAMP] = {TYPES, 0},
    [ASL_AND] = {LOGIC, 0},
    [ASL_OR] = {LOGIC, 0},
    [ASL_NOT] = {LOGIC, 0},
};

static unsigned outcome(int order)
{
    return order < 0 ? LESS : order > 0 ? GREATER : EQUAL;
}

static bool as_time(struct json_val v, struct asl_instant *ret)
{
    return v.tag == JSON_STRING && asl_timestamp_parse(json_str(v), ret);
}

/* The wildcard * matches any run; \* and \\ are literal. Linear: only the last * is tried again. */
static bool matches(str text, str pattern)
{
    size_t t = 0, p = 0, star = STR_NONE, star_text = 0;
    while (t < text.n) {
        bool is_escaped = p + 1 < pattern.n && pattern.p[p] == '\\' &&
                          (pattern.p[p + 1] == '*' || pattern.p[p + 1] == '\\');
        if (p < pattern.n && !is_escaped && pattern.p[p] == '*') {
            star = p++;
            star_text = t;
        } else if (p < pattern.n && pattern.p[p + is_escaped] == text.p[t]) {
            p += 1u + is_escaped;
            t++;
        } else if (star != STR_NONE) {
            p = star + 1;
            t = ++star_text;
        } else {
            return false;
        }
    }
    while (p < pattern.n && pattern.p[p] == '*')
        p++;
    return p == pattern.n;
}

static bool compares(enum asl_operator op, struct json_val a, struct json_val b)
{
    const struct operator_rule *rule = &OPERATORS[op];
    struct asl_instant at, bt;
    switch (rule->family) {
    case STRINGS:
        return a.tag == JSON_STRING && b.tag == JSON_STRING &&
               (rule->accepts & outcome(utf8_cmp_utf16(json_str(a), json_str(b))));
    case PATTERN:
        return a.tag == JSON_STRING && b.tag == JSON_STRING && matches(json_str(a), json_str(b));
    case NUMBERS: {
        if (!json_is_number(a) || !json_is_number(b))
            return false;
        double x = json_number(a), y = json_number(b);
        return rule->accepts & (x < y ? LESS : x > y ? GREATER : EQUAL);
    }
    case BOOLEANS: return a.tag == JSON_BOOL && b.tag == JSON_BOOL && a.b == b.b;
    case TIMES:
        return as_time(a, &at) && as_time(b, &bt) &&
               (rule->accepts & outcome(asl_instant_cmp(&at, &bt)));
    case TYPES:
    case LOGIC: break;
    }
    unreachable();
}

static bool has_type(enum asl_operator op, struct json_val v)
{
    struct asl_instant t;
    switch ((int)op) {
    case ASL_IS_NULL: return v.tag == JSON_NULL;
    case ASL_IS_PRESENT: return true;
    case ASL_IS_NUMERIC: return json_is_number(v);
    case ASL_IS_STRING: return v.tag == JSON_STRING;
    case ASL_IS_BOOLEAN: return v.tag == JSON_BOOL;
    case ASL_IS_TIMESTAMP: return as_time(v, &t);
    default: unreachable();
    }
}

/* ---- conditions ---- */

struct condition_run {
    struct asl_step *s;
    struct asl_scope *scope;
    struct asl_value input;
};

static bool find(struct condition_run *run, const struct jsonpath *path, struct json_val *ret,
                 bool *ret_found)
{
    struct asl_value root;
    enum jsonpath_missing missing;
    struct error err UNINIT;
    if (!asl_path_root(run->s, run->scope, path, run->input, &root))
        return false;
    enum status status = jsonpath_eval(path, root.v, &run->s->out->scratch, ret, &missing, &err);
    *ret_found = status == STATUS_OK;
    if (status == STATUS_OK || status == STATUS_NOT_FOUND)
        return true;
    return asl_fail_in(run->s, run->scope->frame, "States.Runtime", "%s", err.message);
}

static bool find_or_fail(struct condition_run *run, const struct jsonpath *path,
                         struct json_val *ret)
{
    bool is_found;
    if (!find(run, path, ret, &is_found))
        return false;
    str text = jsonpath_text(path);
    return is_found ||
           asl_fail_in(run->s, run->scope->frame, "States.Runtime",
                       "Invalid path '%.*s': The choice state's condition path references an "
                       "invalid value.",
                       STR_ARG(text));
}

static bool is_present(struct condition_run *run, const struct asl_condition *c, bool *ret)
{
    struct json_val v;
    bool is_found;
    if (jsonpath_root(c->variable) == JSONPATH_VARIABLE &&
        !asl_scope_has_variable(run->s, run->scope, jsonpath_variable(c->variable)))
        is_found = false;
    else if (!find(run, c->variable, &v, &is_found))
        return false;
    *ret = is_found == c->value.b;
    return true;
}

static bool comparison(struct condition_run *run, const struct asl_condition *c, bool *ret)
{
    struct json_val v, other = c->value;
    if (c->op == ASL_IS_PRESENT)
        return is_present(run, c, ret);
    if (!find_or_fail(run, c->variable, &v) ||
        (c->value_path && !find_or_fail(run, c->value_path, &other)))
        return false;
    if (OPERATORS[c->op].family == TYPES)
        *ret = has_type(c->op, v) == c->value.b;
    else
        *ret = compares(c->op, v, other);
    return true;
}

static bool holds(struct condition_run *run, const struct asl_condition *c, bool *ret)
{
    if (OPERATORS[c->op].family != LOGIC)
        return comparison(run, c, ret);
    for (uint32_t i = 0; i < c->count; i++) {
        if (!holds(run, &c->operands[i], ret))
            return false;
        if (c->op == ASL_NOT)
            *ret = !*ret;
        else if (*ret == (c->op == ASL_OR))
            return true;
    }
    return true;
}

bool asl_condition_holds(struct asl_step *s, struct asl_scope *scope, struct asl_value input,
                         const struct asl_condition *c, bool *ret)
{
    struct condition_run run = {s, scope, input};
    return holds(&run, c, ret);
}
