/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Conditions of filters on one item, with Jayway's rules: numbers and texts are compared with each
 * other, and an operator that gets the wrong kind of list refuses the whole condition. A comparison
 * with a path that finds nothing is false, != too, as in the old versions that AWS seems to run
 * (since 2.1 != holds then). Patterns are PCRE2's, matched against all of a text.
 */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "jsonpath/filter.h"

#include "base/check.h"
#include "base/number.h"
#include "base/utf8.h"
#include "json/compare.h"
#include <math.h>
#include <pcre2.h>

enum {
    FILTER_PATTERN_MAX = 16384, /* bytes of a pattern */
    FILTER_PATTERN_NESTING = 100,
    FILTER_BYTES_PER_VISIT = 16,
    MATCH_BYTES_PER_VISIT = 4,
    MATCH_EFFORT_PER_BYTE = 4,
};

/* The answer of a condition. */
enum filter_answer {
    FILTER_FAILED = -2, /* the run ends */
    FILTER_REFUSED = -1,
    FILTER_NO = 0,
    FILTER_YES = 1,
};

static enum filter_answer filter_eval(struct path_run *run, const struct path_filter *f,
                                      struct json_val item);

/* ---- patterns ---- */

struct filter_pattern {
    pcre2_code *code;
};

/* What matching needs, made with the first match of a run. */
struct filter_scratch {
    pcre2_match_context *context;
    pcre2_match_data *data;
};

static void pattern_free(void *arg)
{
    struct filter_pattern *p = arg;
    pcre2_code_free(p->code);
}

/* The flags of Java's patterns as PCRE2 has them. */
static bool pattern_options(str flags, uint32_t *ret)
{
    static const struct {
        char flag;
        uint32_t option;
    } known[] = {
        {'i', PCRE2_CASELESS},
        {'m', PCRE2_MULTILINE},
        {'s', PCRE2_DOTALL},
        {'x', PCRE2_EXTENDED},
        {'u', PCRE2_UCP},
        {'U', PCRE2_UCP},
        {'d', 0},
    };
    for (size_t i = 0; i < flags.n; i++) {
        size_t at = 0;
        while (at < ARRAY_LEN(known) && known[at].flag != flags.p[i])
            at++;
        if (at == ARRAY_LEN(known))
            return false;
        *ret |= known[at].option;
    }
    return true;
}

const struct filter_pattern *filter_pattern_new(struct path_reader *r, str pattern, str flags)
{
    uint32_t options = PCRE2_UTF | PCRE2_MATCH_INVALID_UTF | PCRE2_NEVER_BACKSLASH_C;
    int code;
    size_t offset;
    if (!pattern_options(flags, &options)) {
        path_fail(r, "unknown flag of a pattern");
        return NULL;
    }
    pcre2_compile_context *context = pcre2_compile_context_create(NULL);
    pcre2_set_parens_nest_limit(context, FILTER_PATTERN_NESTING);
    pcre2_set_max_pattern_length(context, FILTER_PATTERN_MAX);
    struct filter_pattern *p = arena_alloc(r->arena, sizeof *p);
    p->code = pcre2_compile((PCRE2_SPTR)pattern.p, pattern.n, options, &code, &offset, context);
    pcre2_compile_context_free(context);
    if (p->code == NULL) {
        path_fail(r, "not a regular expression");
        return NULL;
    }
    arena_on_reset(r->arena, pattern_free, p);
    return p;
}

static struct filter_scratch *scratch_of(struct path_run *run)
{
    if (run->regex == NULL) {
        struct filter_scratch *s = arena_alloc(run->arena, sizeof *s);
        s->context = pcre2_match_context_create(NULL);
        s->data = pcre2_match_data_create(1, NULL);
        pcre2_set_depth_limit(s->context, JSONPATH_REGEX_EFFORT);
        pcre2_set_heap_limit(s->context, JSONPATH_REGEX_HEAP_KB);
        run->regex = s;
    }
    return run->regex;
}

void path_filter_done(struct path_run *run)
{
    struct filter_scratch *s = run->regex;
    if (s == NULL)
        return;
    pcre2_match_data_free(s->data);
    pcre2_match_context_free(s->context);
    run->regex = NULL;
}

/* PCRE2 does not say what a match took. So each is tried with little effort first, which costs
 * little of the budget; the few that need more are tried again and cost much. Going over a text
 * once or twice is always allowed. */
static const struct match_try {
    uint32_t effort, visits;
} match_tries[] = {{2000, 20}, {JSONPATH_REGEX_EFFORT, 20000}};

static enum filter_answer match_text(struct path_run *run, const struct filter_pattern *p, str text)
{
    struct filter_scratch *s = scratch_of(run);
    int rc = PCRE2_ERROR_MATCHLIMIT;
    for (size_t i = 0; i < ARRAY_LEN(match_tries) && rc == PCRE2_ERROR_MATCHLIMIT; i++) {
        if (!path_charge(run, match_tries[i].visits + (uint32_t)text.n / MATCH_BYTES_PER_VISIT))
            return FILTER_FAILED;
        pcre2_set_match_limit(s->context,
                              match_tries[i].effort + MATCH_EFFORT_PER_BYTE * (uint32_t)text.n);
        rc = pcre2_match(p->code, (PCRE2_SPTR)(text.n ? text.p : ""), text.n, 0,
                         PCRE2_ANCHORED | PCRE2_ENDANCHORED, s->data, s->context);
    }
    if (rc >= 0)
        return FILTER_YES;
    if (rc == PCRE2_ERROR_NOMATCH)
        return FILTER_NO;
    path_run_fail(run, STATUS_LIMIT, "JsonPathLimit", "a regular expression takes too much effort");
    return FILTER_FAILED;
}

/* ---- values as text ---- */

/* A number as text, in buffer when it has none of its own. */
static str number_text(struct json_val v, char buffer[NUMBER_TEXT_MAX])
{
    if (v.tag == JSON_NUMTEXT)
        return json_str(v);
    size_t n = v.tag == JSON_INT ? number_print_int(v.i64, buffer) : number_print(v.num, buffer);
    return (str){buffer, n};
}

/* What a pattern sees of a value; nothing of arrays and objects. */
static enum filter_answer match_value(struct path_run *run, const struct filter_pattern *p,
                                      struct json_val v)
{
    char buffer[NUMBER_TEXT_MAX];
    str text = {"", 0};
    if (v.tag == JSON_STRING)
        text = json_str(v);
    else if (json_is_number(v))
        text = number_text(v, buffer);
    else if (v.tag == JSON_BOOL)
        text = v.b ? STR("true") : STR("false");
    return match_text(run, p, text);
}

static enum filter_answer match_any(struct path_run *run, const struct filter_pattern *p,
                                    struct json_val v)
{
    if (v.tag != JSON_ARRAY)
        return match_value(run, p, v);
    for (uint32_t i = 0; i < v.len; i++) {
        enum filter_answer answer = match_value(run, p, v.items[i]);
        if (answer != FILTER_NO)
            return answer;
    }
    return FILTER_NO;
}

/* ---- comparisons ---- */

static int order_of(double a, double b)
{
    return a < b ? -1 : a > b;
}

static int compare_numbers(struct json_val a, struct json_val b)
{
    if (a.tag == JSON_INT && b.tag == JSON_INT)
        return a.i64 < b.i64 ? -1 : a.i64 > b.i64;
    return order_of(json_number(a), json_number(b));
}

/* <0, 0, >0; false when the two have no order. A number meets a text as text. */
static bool values_order(struct json_val a, struct json_val b, int *ret)
{
    char buffer[NUMBER_TEXT_MAX];
    if (json_is_number(a) && json_is_number(b))
        *ret = compare_numbers(a, b);
    else if (a.tag == JSON_STRING && b.tag == JSON_STRING)
        *ret = utf8_cmp_utf16(json_str(a), json_str(b));
    else if (a.tag == JSON_STRING && json_is_number(b))
        *ret = utf8_cmp_utf16(json_str(a), number_text(b, buffer));
    else if (json_is_number(a) && b.tag == JSON_STRING)
        *ret = utf8_cmp_utf16(number_text(a, buffer), json_str(b));
    else
        return false;
    return true;
}

static enum filter_answer values_equal(struct path_run *run, struct json_val a, struct json_val b)
{
    char buffer[NUMBER_TEXT_MAX];
    if (json_is_number(a) && json_is_number(b))
        return compare_numbers(a, b) == 0;
    if (a.tag == JSON_STRING && json_is_number(b))
        return str_eq(json_str(a), number_text(b, buffer));
    if (json_is_number(a) && b.tag == JSON_STRING) {
        double value;
        size_t n = number_parse(json_str(b), &value);
        return n > 0 && n == b.len && value == json_number(a);
    }
    int64_t steps = run->visits;
    int equal = json_compare_within(a, b, &steps);
    if (!path_charge(run, steps < 0 ? UINT32_MAX : run->visits - (uint32_t)steps))
        return FILTER_FAILED;
    return equal == 1;
}

/* Is v in the array? */
static enum filter_answer list_has(struct path_run *run, struct json_val list, struct json_val v)
{
    if (!path_charge(run, list.len))
        return FILTER_FAILED;
    for (uint32_t i = 0; i < list.len; i++) {
        enum filter_answer answer = values_equal(run, v, list.items[i]);
        if (answer != FILTER_NO)
            return answer;
    }
    return FILTER_NO;
}

static enum filter_answer invert(enum filter_answer answer)
{
    return answer == FILTER_YES ? FILTER_NO : answer == FILTER_NO ? FILTER_YES : answer;
}

/* How many items of a are in b: stops at the first that is (or is not) when asked for it. */
static enum filter_answer lists_share(struct path_run *run, struct json_val a, struct json_val b,
                                      enum filter_answer stop_at)
{
    for (uint32_t i = 0; i < a.len; i++) {
        enum filter_answer answer = list_has(run, b, a.items[i]);
        if (answer < 0 || answer == stop_at)
            return answer;
    }
    return invert(stop_at);
}

/* The operators between two arrays. */
static enum filter_answer compare_lists(struct path_run *run, enum filter_operator op,
                                        struct json_val a, struct json_val b)
{
    if (!json_is_container(b) || (!json_is_container(a) && op != FILTER_ALL))
        return FILTER_REFUSED;
    if (op == FILTER_ALL)
        return a.tag == JSON_ARRAY && b.tag == JSON_ARRAY ? lists_share(run, b, a, FILTER_NO)
                                                          : FILTER_NO;
    if (a.tag != JSON_ARRAY || b.tag != JSON_ARRAY)
        return FILTER_NO;
    if (op == FILTER_SUBSETOF)
        return lists_share(run, a, b, FILTER_NO);
    enum filter_answer shared = lists_share(run, a, b, FILTER_YES);
    return op == FILTER_NONEOF ? invert(shared) : shared;
}

static enum filter_answer compare_in(struct path_run *run, struct json_val a, struct json_val b)
{
    if (b.tag == JSON_ARRAY)
        return list_has(run, b, a);
    return b.tag == JSON_OBJECT ? FILTER_NO : FILTER_REFUSED;
}

static enum filter_answer compare_contains(struct path_run *run, struct json_val a,
                                           struct json_val b)
{
    if (a.tag == JSON_ARRAY)
        return list_has(run, a, b);
    if (a.tag != JSON_STRING || b.tag != JSON_STRING)
        return FILTER_NO;
    if (!path_charge(run, a.len / FILTER_BYTES_PER_VISIT))
        return FILTER_FAILED;
    return str_find(json_str(a), json_str(b), 0) != STR_NONE;
}

static enum filter_answer compare_size(struct json_val a, struct json_val b)
{
    if (!json_is_number(b))
        return FILTER_NO;
    double size = trunc(json_number(b));
    if (a.tag == JSON_STRING)
        return (double)utf8_utf16_len(json_str(a)) == size;
    return a.tag == JSON_ARRAY && a.len == size;
}

static enum filter_answer compare_empty(struct json_val a, struct json_val b)
{
    if (a.tag != JSON_STRING && !json_is_container(a))
        return FILTER_NO;
    return b.tag == JSON_BOOL ? (a.len == 0) == b.b : FILTER_REFUSED;
}

static enum filter_answer compare_order(enum filter_operator op, struct json_val a,
                                        struct json_val b)
{
    int order;
    if (!values_order(a, b, &order))
        return FILTER_NO;
    switch ((int)op) {
    case FILTER_LT: return order < 0;
    case FILTER_LE: return order <= 0;
    case FILTER_GT: return order > 0;
    default: return order >= 0;
    }
}

static bool is_same_type(struct json_val a, struct json_val b)
{
    return (json_is_number(a) && json_is_number(b)) ||
           (json_is_container(a) && json_is_container(b)) || a.tag == b.tag;
}

static enum filter_answer compare(struct path_run *run, enum filter_operator op, struct json_val a,
                                  struct json_val b)
{
    switch (op) {
    case FILTER_EQ: return values_equal(run, a, b);
    case FILTER_NE: return invert(values_equal(run, a, b));
    case FILTER_SAME: return is_same_type(a, b) ? values_equal(run, a, b) : FILTER_NO;
    case FILTER_NOT_SAME: return is_same_type(a, b) ? invert(values_equal(run, a, b)) : FILTER_YES;
    case FILTER_LE:
    case FILTER_GE:
    case FILTER_LT:
    case FILTER_GT: return compare_order(op, a, b);
    case FILTER_MATCHES: return FILTER_NO; /* neither side is a pattern */
    case FILTER_IN: return compare_in(run, a, b);
    case FILTER_NIN: return invert(compare_in(run, a, b));
    case FILTER_ALL:
    case FILTER_SUBSETOF:
    case FILTER_ANYOF:
    case FILTER_NONEOF: return compare_lists(run, op, a, b);
    case FILTER_SIZE: return compare_size(a, b);
    case FILTER_EMPTY: return compare_empty(a, b);
    case FILTER_CONTAINS: return compare_contains(run, a, b);
    }
    unreachable();
}

/* ---- conditions ---- */

/* false: the run failed. A path that finds nothing is undefined. */
static bool operand_value(struct path_run *run, const struct filter_operand *operand,
                          struct json_val item, struct json_val *ret)
{
    struct path_miss miss;
    *ret = operand->value;
    if (operand->path == NULL)
        return true;
    return path_value(run, operand->path, operand->path->is_current ? item : run->root, ret, &miss);
}

static enum filter_answer eval_compare(struct path_run *run, const struct path_filter *f,
                                       struct json_val item)
{
    struct json_val a, b;
    if (!operand_value(run, &f->left, item, &a) || !operand_value(run, &f->right, item, &b))
        return FILTER_FAILED;
    if ((f->left.path && a.tag == JSON_UNDEFINED) || (f->right.path && b.tag == JSON_UNDEFINED))
        return FILTER_NO;
    const struct filter_pattern *left = f->left.pattern, *right = f->right.pattern;
    if (left == NULL && right == NULL)
        return compare(run, (enum filter_operator)f->op, a, b);
    if (f->op != FILTER_MATCHES || (left != NULL && right != NULL))
        return f->op == FILTER_NE || f->op == FILTER_NOT_SAME;
    return left ? match_any(run, left, b) : match_any(run, right, a);
}

static enum filter_answer eval_exists(struct path_run *run, const struct path_filter *f,
                                      struct json_val item)
{
    struct json_val v;
    if (!operand_value(run, &f->left, item, &v))
        return FILTER_FAILED;
    return (v.tag != JSON_UNDEFINED) != f->is_inverted;
}

static enum filter_answer filter_eval(struct path_run *run, const struct path_filter *f,
                                      struct json_val item)
{
    enum filter_answer stop_at = f->kind == FILTER_OR ? FILTER_YES : FILTER_NO;
    if (!path_charge(run, 1))
        return FILTER_FAILED;
    switch ((enum filter_kind)f->kind) {
    case FILTER_COMPARE: return eval_compare(run, f, item);
    case FILTER_EXISTS: return eval_exists(run, f, item);
    case FILTER_NOT: return invert(filter_eval(run, f->first, item));
    case FILTER_AND:
    case FILTER_OR: break;
    }
    for (const struct path_filter *part = f->first; part; part = part->next) {
        enum filter_answer answer = filter_eval(run, part, item);
        if (answer < 0 || answer == stop_at)
            return answer;
    }
    return invert(stop_at);
}

bool path_filter_accepts(struct path_run *run, const struct path_filter *filter,
                         struct json_val item, bool *ret)
{
    enum filter_answer answer = filter_eval(run, filter, item);
    *ret = answer == FILTER_YES;
    return answer != FILTER_FAILED;
}
