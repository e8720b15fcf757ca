/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rules of a Choice. A JSONPath rule is a comparison (Variable and one operator), or And, Or,
 * Not of further ones; a JSONata rule has a Condition.
 */
#include "asl/load_internal.h"

struct rule {
    struct asl_rule out;
    struct asl_condition condition;
    uint32_t operators; /* how many the rule has */
    bool is_logic;
};

static load_fn choice_operator, choice_path, choice_logic, choice_variable, choice_condition;

#define RULE(member) .offset = offsetof(struct rule, member)

#define PATH(op, text)                                                                             \
    {                                                                                              \
        .name = text, .languages = LOAD_P, .read = choice_path, .id = ASL_##op                     \
    }

static const struct field condition_fields[] = {
    PATH(STRING_EQUALS, "StringEqualsPath"),
    PATH(STRING_LESS_THAN, "StringLessThanPath"),
    PATH(STRING_GREATER_THAN, "StringGreaterThanPath"),
    PATH(STRING_LESS_THAN_EQUALS, "StringLessThanEqualsPath"),
    PATH(STRING_GREATER_THAN_EQUALS, "StringGreaterThanEqualsPath"),
    PATH(NUMERIC_EQUALS, "NumericEqualsPath"),
    PATH(NUMERIC_LESS_THAN, "NumericLessThanPath"),
    PATH(NUMERIC_GREATER_THAN, "NumericGreaterThanPath"),
    PATH(NUMERIC_LESS_THAN_EQUALS, "NumericLessThanEqualsPath"),
    PATH(NUMERIC_GREATER_THAN_EQUALS, "NumericGreaterThanEqualsPath"),
    PATH(BOOLEAN_EQUALS, "BooleanEqualsPath"),
    PATH(TIMESTAMP_EQUALS, "TimestampEqualsPath"),
    PATH(TIMESTAMP_LESS_THAN, "TimestampLessThanPath"),
    PATH(TIMESTAMP_GREATER_THAN, "TimestampGreaterThanPath"),
    PATH(TIMESTAMP_LESS_THAN_EQUALS, "TimestampLessThanEqualsPath"),
    PATH(TIMESTAMP_GREATER_THAN_EQUALS, "TimestampGreaterThanEqualsPath"),
    {.name = "And", .languages = LOAD_P, .read = choice_logic, .id = ASL_AND},
    {.name = "Or", .languages = LOAD_P, .read = choice_logic, .id = ASL_OR},
    {.name = "Not", .languages = LOAD_P, .read = choice_logic, .id = ASL_NOT},
    {.name = "Variable", .languages = LOAD_P, .read = choice_variable},
    {.name = "Comment", .read = load_comment},
#define X(op, text) {.name = text, .languages = LOAD_P, .read = choice_operator, .id = ASL_##op},
    ASL_OPERATOR_LIST(X)
#undef X
};

static const struct table condition_table = {.fields = condition_fields,
                                             .count = ARRAY_LEN(condition_fields)};

#undef PATH

/* What only rules have that are not inside others. */
static const struct field rule_fields[] = {
    {.name = "Next", .required = true},
    {.name = "Condition", .languages = LOAD_J, .required = true, .read = choice_condition},
    ROW("Assign", LOAD_BOTH, load_assign, struct rule, out.assign),
    ROW("Output", LOAD_J, load_template, struct rule, out.output),
};

static const struct table rule_table = {
    .fields = rule_fields, .count = ARRAY_LEN(rule_fields), .also = &condition_table};

/* ---- comparisons ---- */

enum operand { OPERAND_STRING, OPERAND_NUMBER, OPERAND_BOOLEAN, OPERAND_TIMESTAMP };

static enum operand choice_operand(enum asl_operator op)
{
    if (op <= ASL_STRING_MATCHES)
        return OPERAND_STRING;
    if (op <= ASL_NUMERIC_GREATER_THAN_EQUALS)
        return OPERAND_NUMBER;
    if (op >= ASL_TIMESTAMP_EQUALS && op <= ASL_TIMESTAMP_GREATER_THAN_EQUALS)
        return OPERAND_TIMESTAMP;
    return OPERAND_BOOLEAN;
}

static void choice_check_value(struct load *l, const struct at *at, enum asl_operator op,
                               struct json_val v)
{
    switch (choice_operand(op)) {
    case OPERAND_STRING: load_is_string(l, at, v); break;
    case OPERAND_NUMBER:
        if (!json_is_number(v))
            load_error(l, SCHEMA, at, NULL, "Expected value of type Float");
        break;
    case OPERAND_BOOLEAN:
        if (v.tag != JSON_BOOL)
            load_error(l, SCHEMA, at, NULL, "Expected value of type Boolean");
        break;
    case OPERAND_TIMESTAMP:
        if (load_is_string(l, at, v) && !load_is_timestamp(json_str(v)))
            load_error(l, SCHEMA, at, "write it like 2026-10-01T12:00:00Z, zone included",
                       "String does not match RFC3339 timestamp");
        break;
    }
}

static void choice_operator(struct load *l, const struct at *at, struct json_val v,
                            const struct field *f, void *target)
{
    struct rule *rule = target;
    rule->operators++;
    rule->condition.op = (enum asl_operator)f->id;
    rule->condition.value = v;
    choice_check_value(l, at, rule->condition.op, v);
}

static void choice_path(struct load *l, const struct at *at, struct json_val v,
                        const struct field *f, void *target)
{
    struct rule *rule = target;
    rule->operators++;
    rule->condition.op = (enum asl_operator)f->id;
    rule->condition.value_path = load_compile_path(l, at, v, true, true);
}

static void choice_variable(struct load *l, const struct at *at, struct json_val v,
                            const struct field *f, void *target)
{
    struct rule *rule = target;
    (void)f;
    rule->condition.variable = load_compile_path(l, at, v, false, true);
}

/* ---- And, Or, Not ---- */

static void choice_settle(struct load *l, const struct at *at, struct json_val v,
                          const struct rule *rule)
{
    bool has_variable = json_get(v, STR("Variable")).tag != JSON_UNDEFINED;
    if (rule->operators != 1)
        load_error(l, SCHEMA, at, "one comparison (\"StringEquals\": …), or And, Or or Not",
                   rule->operators == 0 ? "A choice rule needs an operator"
                                        : "A choice rule can have one operator only");
    else if (!rule->is_logic && !has_variable)
        load_error(l, SCHEMA, at, NULL, "These fields are required: [Variable]");
    else if (rule->is_logic && has_variable)
        load_error(l, SCHEMA, at, NULL, "Field 'Variable' is not supported");
}

static void choice_inner(struct load *l, const struct at *at, struct json_val v,
                         struct asl_condition *ret)
{
    struct rule rule = {.operators = 0};
    if (!load_fields(l, at, v, &condition_table, &rule))
        return;
    choice_settle(l, at, v, &rule);
    *ret = rule.condition;
}

static void choice_logic(struct load *l, const struct at *at, struct json_val v,
                         const struct field *f, void *target)
{
    struct rule *rule = target;
    rule->operators++;
    rule->is_logic = true;
    rule->condition.op = (enum asl_operator)f->id;
    bool is_not = rule->condition.op == ASL_NOT;
    if (is_not ? !load_is_object(l, at, v) : !load_is_array(l, at, v))
        return;
    if (v.len == 0)
        load_error(l, SCHEMA, at, NULL, "Value cannot be empty");
    uint32_t count = is_not ? 1 : v.len;
    struct asl_condition *items = arena_zalloc(&l->d->arena, (count + 1) * sizeof(*items));
    if (is_not)
        choice_inner(l, at, v, &items[0]);
    for (uint32_t i = 0; !is_not && i < count; i++)
        choice_inner(l, at_index(l, at, i), v.items[i], &items[i]);
    rule->condition.operands = items;
    rule->condition.count = count;
}

/* ---- rules ---- */

static void choice_condition(struct load *l, const struct at *at, struct json_val v,
                             const struct field *f, void *target)
{
    struct rule *rule = target;
    (void)f;
    if (load_is_jsonata(l, v))
        rule->out.jsonata = load_jsonata(l, at, v);
    else if (v.tag == JSON_BOOL)
        rule->out.literal = v.b;
    else
        load_error(l, SCHEMA, at, "write \"{% … %}\" around an expression, without blanks outside",
                   "Value is neither a JSONata expression nor a boolean");
}

static void choice_rule(struct load *l, const struct at *at, struct json_val v,
                        struct asl_rule *ret)
{
    struct rule rule = {.operators = 0};
    if (!load_fields(l, at, v, &rule_table, &rule))
        return;
    if (l->language == ASL_JSONPATH) {
        choice_settle(l, at, v, &rule);
        struct asl_condition *condition = arena_alloc(&l->d->arena, sizeof(*condition));
        *condition = rule.condition;
        rule.out.condition = condition;
    }
    *ret = rule.out;
    struct json_val next = json_get(v, STR("Next"));
    if (next.tag != JSON_UNDEFINED)
        load_next(l, at_key(l, at, STR("Next")), next, NULL, &ret->next);
}

void load_choices(struct load *l, const struct at *at, struct json_val v, const struct field *f,
                  void *target)
{
    struct asl_choice *choice = target;
    (void)f;
    if (!load_is_array(l, at, v))
        return;
    if (v.len == 0)
        load_error(l, SCHEMA, at, NULL, "Value cannot be empty");
    struct asl_rule *rules = arena_zalloc(&l->d->arena, (v.len + 1) * sizeof(*rules));
    for (uint32_t i = 0; i < v.len; i++)
        choice_rule(l, at_index(l, at, i), v.items[i], &rules[i]);
    choice->rules = rules;
    choice->rule_count = v.len;
}
