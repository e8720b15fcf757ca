/* SPDX-License-Identifier: Apache-2.0 */
/* Functions on numbers and truth; formatting by pictures is in fn_format.c. */
#include "base/number.h"
#include "jsonata/function.h"
#include "jsonata/picture.h"
#include <math.h>

static const struct json_val number_failed = {.tag = VAL_FAILED};

/* ---- aggregation ---- */

static inline double number_total(struct json_val list)
{
    double total = 0;
    for (uint32_t i = 0; i < list.len; i++)
        total += json_number(list.items[i]);
    return total;
}

struct json_val fn_sum(struct ev *e, const struct call *c)
{
    if (c->args[0].tag == JSON_UNDEFINED)
        return c->args[0];
    if (!ev_charge(e, c->args[0].len / 8, c->node))
        return number_failed;
    return json_num(number_total(c->args[0]));
}

struct json_val fn_count(struct ev *e, const struct call *c)
{
    (void)e;
    return json_num(c->args[0].tag == JSON_UNDEFINED ? 0 : c->args[0].len);
}

struct json_val fn_average(struct ev *e, const struct call *c)
{
    if (c->args[0].tag == JSON_UNDEFINED || c->args[0].len == 0)
        return json_undefined();
    if (!ev_charge(e, c->args[0].len / 8, c->node))
        return number_failed;
    return json_num(number_total(c->args[0]) / c->args[0].len);
}

/* JavaScript's Math.max and Math.min: NaN wins. */
static struct json_val number_extreme(struct ev *e, const struct call *c, double sign)
{
    struct json_val list = c->args[0];
    if (list.tag == JSON_UNDEFINED || list.len == 0)
        return json_undefined();
    if (!ev_charge(e, list.len / 8, c->node))
        return number_failed;
    double best = json_number(list.items[0]);
    for (uint32_t i = 1; i < list.len && !isnan(best); i++) {
        double v = json_number(list.items[i]);
        if (isnan(v) || v * sign > best * sign)
            best = v;
    }
    return json_num(best);
}

struct json_val fn_max(struct ev *e, const struct call *c)
{
    return number_extreme(e, c, 1);
}

struct json_val fn_min(struct ev *e, const struct call *c)
{
    return number_extreme(e, c, -1);
}

/* ---- conversion ---- */

/* 0x…, 0o…, 0b… as JavaScript's Number() reads them; NaN when it is something else. */
static double number_prefixed(str s)
{
    unsigned base = 0;
    if (s.n > 2 && s.p[0] == '0')
        base = (s.p[1] | 0x20) == 'x'   ? 16
               : (s.p[1] | 0x20) == 'o' ? 8
               : (s.p[1] | 0x20) == 'b' ? 2
                                        : 0;
    double value = 0;
    if (base == 0)
        return (double)NAN;
    for (size_t i = 2; i < s.n; i++) {
        int ch = s.p[i] | 0x20;
        unsigned digit = s.p[i] >= '0' && s.p[i] <= '9' ? (unsigned)(s.p[i] - '0')
                         : ch >= 'a' && ch <= 'f'       ? (unsigned)(ch - 'a' + 10)
                                                        : 99;
        if (digit >= base)
            return (double)NAN;
        value = value * base + digit;
    }
    return value;
}

/* -?[0-9]+(\.[0-9]+)?([Ee][-+]?[0-9]+)?: JSON's numbers, but leading zeros are fine. */
static bool number_decimal(str s, double *ret)
{
    size_t zeros = 0, sign = s.n > 0 && s.p[0] == '-';
    while (sign + zeros + 1 < s.n && s.p[sign + zeros] == '0' && s.p[sign + zeros + 1] >= '0' &&
           s.p[sign + zeros + 1] <= '9')
        zeros++;
    str digits = str_sub(s, sign + zeros, s.n);
    if (digits.n == 0 || digits.p[0] == '-' || number_parse(digits, ret) != digits.n ||
        !isfinite(*ret))
        return false;
    if (sign)
        *ret = -*ret;
    return true;
}

struct json_val fn_number(struct ev *e, const struct call *c)
{
    struct json_val v = c->args[0];
    double num;
    if (v.tag == JSON_UNDEFINED || json_is_number(v))
        return v;
    if (v.tag == JSON_BOOL)
        return json_num(v.b);
    if (v.tag == JSON_STRING) {
        if (number_decimal(json_str(v), &num))
            return json_num(num);
        num = number_prefixed(json_str(v));
        if (!isnan(num))
            return json_num(num);
    }
    return ev_fail_value(e, "D3030", c->node, v);
}

struct json_val fn_boolean(struct ev *e, const struct call *c)
{
    return ev_boolean(e, c->args[0]);
}

struct json_val fn_not(struct ev *e, const struct call *c)
{
    struct json_val b = ev_boolean(e, c->args[0]);
    return b.tag == JSON_BOOL ? json_bool(!b.b) : b;
}

/* ---- arithmetic ---- */

struct json_val fn_floor(struct ev *e, const struct call *c)
{
    (void)e;
    return c->args[0].tag == JSON_UNDEFINED ? c->args[0] : json_num(floor(json_number(c->args[0])));
}

struct json_val fn_ceil(struct ev *e, const struct call *c)
{
    (void)e;
    return c->args[0].tag == JSON_UNDEFINED ? c->args[0] : json_num(ceil(json_number(c->args[0])));
}

struct json_val fn_abs(struct ev *e, const struct call *c)
{
    (void)e;
    return c->args[0].tag == JSON_UNDEFINED ? c->args[0] : json_num(fabs(json_number(c->args[0])));
}

struct json_val fn_round(struct ev *e, const struct call *c)
{
    (void)e;
    if (c->args[0].tag == JSON_UNDEFINED)
        return c->args[0];
    double precision = c->args[1].tag == JSON_UNDEFINED ? 0 : json_number(c->args[1]);
    return json_num(picture_round(json_number(c->args[0]), precision));
}

struct json_val fn_sqrt(struct ev *e, const struct call *c)
{
    if (c->args[0].tag == JSON_UNDEFINED)
        return c->args[0];
    double v = json_number(c->args[0]);
    return v < 0 ? ev_fail_value(e, "D3060", c->node, c->args[0]) : json_num(sqrt(v));
}

struct json_val fn_power(struct ev *e, const struct call *c)
{
    if (c->args[0].tag == JSON_UNDEFINED)
        return c->args[0];
    double base = json_number(c->args[0]);
    double exponent = json_is_number(c->args[1]) ? json_number(c->args[1]) : (double)NAN;
    /* ECMA-262 differs from C where the base is ±1 and the exponent not finite */
    double v = fabs(base) == 1 && !isfinite(exponent) ? (double)NAN : pow(base, exponent);
    if (isfinite(v))
        return json_num(v);
    ev_fail_value(e, "D3061", c->node, c->args[0]);
    e->err.value2 = c->args[1];
    return number_failed;
}
