/* SPDX-License-Identifier: Apache-2.0 */
/*
 * $formatNumber, $formatInteger, $parseInteger and $formatBase: numbers to text and back, by the
 * pictures of picture.h. $string and $number are in fn_string.c and fn_number.c.
 */
#include "jsonata/fn_picture.h"
#include "jsonata/function.h"

#include "base/number.h"
#include <math.h>

/* The reference breaks off with an exception of JavaScript's own. */
static struct json_val format_broken(struct ev *e, const struct call *c, struct json_val value)
{
    return ev_fail_value(e, "D3160", c->node, value);
}

/* ---- $formatNumber ---- */

/* A picture with its options, in ev->memos. */
struct format_picture {
    struct picture_number_options options;
    const struct picture_number *analysed;
};

static bool format_same_options(const struct picture_number_options *a,
                                const struct picture_number_options *b)
{
    return str_eq(a->decimal_separator, b->decimal_separator) &&
           str_eq(a->grouping_separator, b->grouping_separator) &&
           str_eq(a->exponent_separator, b->exponent_separator) &&
           str_eq(a->minus_sign, b->minus_sign) && str_eq(a->percent, b->percent) &&
           str_eq(a->per_mille, b->per_mille) && str_eq(a->zero_digit, b->zero_digit) &&
           str_eq(a->digit, b->digit) && str_eq(a->pattern_separator, b->pattern_separator);
}

static bool format_read_options(struct ev *e, const struct call *c,
                                struct picture_number_options *ret)
{
    struct json_val object = c->args[2];
    *ret = picture_number_defaults();
    for (uint32_t i = 0; i < object.len; i++) {
        const struct json_key *key = &object.obj->shape->keys[i];
        str *option = picture_number_option(ret, (str){key->p, key->n});
        if (option == NULL)
            continue;
        struct json_val value = object.obj->vals[i];
        /* JavaScript would turn other values into text, but it asks the zero digit for its code. */
        if (value.tag != JSON_STRING && (option == &ret->zero_digit || json_is_container(value) ||
                                         value.tag == JSON_FUNCTION)) {
            format_broken(e, c, value);
            return false;
        }
        value = ev_string(e, value, false, c->node);
        if (ev_failed(value))
            return false;
        *option = json_str(value);
    }
    return true;
}

static bool format_with_options(struct ev *e, const struct call *c, struct fn_picture *p)
{
    struct picture_number_options options;
    struct picture_error err = {0};
    str text = json_str(c->args[1]);
    if (!format_read_options(e, c, &options))
        return false;
    const struct site_memo *memo = NULL;
    while ((memo = fn_picture_next(e, memo, FN_PICTURE_NUMBER_OPTIONS, text)) != NULL) {
        const struct format_picture *known = memo->memo;
        if (format_same_options(&known->options, &options)) {
            *p = (struct fn_picture){.analysed = known, .kept = true};
            return true;
        }
    }
    *p = (struct fn_picture){.mark = arena_mark(e->arena)};
    struct format_picture *picture = arena_alloc(e->arena, sizeof(*picture));
    picture->options = options;
    if (!picture_number_analyse(e->arena, text, &options, &picture->analysed, &err)) {
        fn_picture_failed(e, c->node, &err);
        return false;
    }
    p->analysed = picture;
    fn_picture_keep(e, FN_PICTURE_NUMBER_OPTIONS, text, p);
    return true;
}

static bool format_plain(struct ev *e, const struct call *c, struct fn_picture *p)
{
    struct picture_error err = {0};
    const struct picture_number *analysed;
    str text = json_str(c->args[1]);
    if (fn_picture_find(e, FN_PICTURE_NUMBER, text, p))
        return true;
    if (!picture_number_analyse(e->arena, text, NULL, &analysed, &err)) {
        fn_picture_failed(e, c->node, &err);
        return false;
    }
    p->analysed = analysed;
    fn_picture_keep(e, FN_PICTURE_NUMBER, text, p);
    return true;
}

struct json_val fn_format_number(struct ev *e, const struct call *c)
{
    struct picture_error err = {0};
    struct fn_picture p;
    if (c->args[0].tag == JSON_UNDEFINED)
        return c->args[0];
    if (c->args[1].tag != JSON_STRING)
        return format_broken(e, c, c->args[1]);
    bool has_options = c->args[2].tag == JSON_OBJECT;
    if (!(has_options ? format_with_options(e, c, &p) : format_plain(e, c, &p)))
        return (struct json_val){.tag = VAL_FAILED};
    const struct picture_number *picture =
        has_options ? ((const struct format_picture *)p.analysed)->analysed : p.analysed;
    struct buf *out = fn_picture_scratch(e);
    if (!picture_number_format(picture, json_number(c->args[0]), out, &err))
        return fn_picture_failed(e, c->node, &err);
    fn_picture_done(e, &p);
    return fn_picture_text(e, c->node, 0);
}

/* ---- $formatInteger, $parseInteger ---- */

static bool integer_picture(struct ev *e, const struct call *c, struct fn_picture *p)
{
    struct picture_error err = {0};
    const struct picture_integer *analysed;
    if (c->args[1].tag != JSON_STRING) {
        format_broken(e, c, c->args[1]);
        return false;
    }
    str text = json_str(c->args[1]);
    if (fn_picture_find(e, FN_PICTURE_INTEGER, text, p))
        return true;
    if (!picture_integer_analyse(e->arena, text, &analysed, &err)) {
        fn_picture_failed(e, c->node, &err);
        return false;
    }
    p->analysed = analysed;
    fn_picture_keep(e, FN_PICTURE_INTEGER, text, p);
    return true;
}

struct json_val fn_format_integer(struct ev *e, const struct call *c)
{
    struct picture_error err = {0};
    struct fn_picture p;
    if (c->args[0].tag == JSON_UNDEFINED)
        return c->args[0];
    if (!integer_picture(e, c, &p))
        return (struct json_val){.tag = VAL_FAILED};
    struct buf *out = fn_picture_scratch(e);
    if (!picture_integer_format(p.analysed, json_number(c->args[0]), out, &err))
        return fn_picture_failed(e, c->node, &err);
    fn_picture_done(e, &p);
    return fn_picture_text(e, c->node, 0);
}

struct json_val fn_parse_integer(struct ev *e, const struct call *c)
{
    struct picture_error err = {0};
    struct fn_picture p;
    double result;
    if (c->args[0].tag == JSON_UNDEFINED)
        return c->args[0];
    if (!integer_picture(e, c, &p))
        return (struct json_val){.tag = VAL_FAILED};
    if (!picture_integer_parse(p.analysed, json_str(c->args[0]), &result, &err))
        return fn_picture_failed(e, c->node, &err);
    fn_picture_done(e, &p);
    return json_num(result);
}

/* ---- $formatBase ---- */

enum { FORMAT_BASE_MAX = 1100 }; /* the largest double has 1,024 binary digits */

/*
 * The digits of an integer >= 0, written to the end of out; returns where they begin. V8 gives
 * zeros for digits that a double does not determine: it divides as long as a quotient has 2^53 or
 * more, without looking at what each division loses, and takes digits from the rest.
 */
static size_t base_digits(double value, double radix, char out[FORMAT_BASE_MAX])
{
    size_t at = FORMAT_BASE_MAX;
    while (value / radix >= 0x1p53) {
        value /= radix;
        out[--at] = '0';
    }
    do {
        double digit = fmod(value, radix);
        out[--at] = "0123456789abcdefghijklmnopqrstuvwxyz"[(int)digit];
        value = (value - digit) / radix;
    } while (value > 0);
    return at;
}

static str base_text(double value, double radix, char out[FORMAT_BASE_MAX])
{
    if (isnan(value))
        return STR("NaN");
    if (isinf(value))
        return value < 0 ? STR("-Infinity") : STR("Infinity");
    if (radix == 10)
        return (str){out, number_print(value, out)};
    size_t at = base_digits(fabs(value), radix, out);
    if (value < 0)
        out[--at] = '-';
    return (str){out + at, FORMAT_BASE_MAX - at};
}

static double base_rounded(double value)
{
    return value == trunc(value) ? value : picture_round(value, 0);
}

struct json_val fn_format_base(struct ev *e, const struct call *c)
{
    char digits[FORMAT_BASE_MAX] UNINIT;
    if (c->args[0].tag == JSON_UNDEFINED)
        return c->args[0];
    double value = base_rounded(json_number(c->args[0])), radix = 10;
    if (c->args[1].tag != JSON_UNDEFINED)
        radix = base_rounded(json_number(c->args[1]));
    if (!(radix >= 2 && radix <= 36))
        return ev_fail_value(e, "D3100", c->node, json_num(radix));
    str text = base_text(value, radix, digits);
    char *copy = ev_alloc(e, text.n);
    if (copy == NULL)
        return (struct json_val){.tag = VAL_FAILED};
    memcpy(copy, text.p, text.n);
    return json_string((str){copy, text.n}, JSON_ASCII | JSON_PLAIN);
}
