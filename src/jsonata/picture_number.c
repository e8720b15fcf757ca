/* SPDX-License-Identifier: Apache-2.0 */
/*
 * $formatNumber, first half: the picture is cut into its parts, checked (D3080 to D3093) and
 * measured. Follows "Analyzing the picture string" of XPath Functions 3.1 as JSONata reads it; the
 * differences are kept: the exponent is looked for at a position that counts the prefix twice,
 * without a decimal separator the suffix takes the place of the fraction, and where several rules
 * are broken the last one is reported. Formatting is in picture_number_format.c.
 */
#include "jsonata/picture_internal.h"
#include "jsonata/picture_number_internal.h"

struct number_parts {
    struct units all, prefix, suffix;
    struct units active; /* between prefix and suffix */
    struct units mantissa, exponent;
    struct units integer, fraction;
    bool has_exponent;
};

struct picture_number_options picture_number_defaults(void)
{
    return (struct picture_number_options){
        .decimal_separator = STR("."),
        .grouping_separator = STR(","),
        .exponent_separator = STR("e"),
        .infinity = STR("Infinity"),
        .minus_sign = STR("-"),
        .nan = STR("NaN"),
        .percent = STR("%"),
        .per_mille = STR("\xE2\x80\xB0"),
        .zero_digit = STR("0"),
        .digit = STR("#"),
        .pattern_separator = STR(";"),
    };
}

str *picture_number_option(struct picture_number_options *opt, str name)
{
    const struct {
        str name;
        str *field;
    } options[] = {
        {STR("decimal-separator"), &opt->decimal_separator},
        {STR("grouping-separator"), &opt->grouping_separator},
        {STR("exponent-separator"), &opt->exponent_separator},
        {STR("infinity"), &opt->infinity},
        {STR("minus-sign"), &opt->minus_sign},
        {STR("NaN"), &opt->nan},
        {STR("percent"), &opt->percent},
        {STR("per-mille"), &opt->per_mille},
        {STR("zero-digit"), &opt->zero_digit},
        {STR("digit"), &opt->digit},
        {STR("pattern-separator"), &opt->pattern_separator},
    };
    for (size_t i = 0; i < ARRAY_LEN(options); i++) {
        if (str_eq(options[i].name, name))
            return options[i].field;
    }
    return NULL;
}

static bool is_one(struct units text, uint16_t unit)
{
    return text.n == 1 && text.p[0] == unit;
}

static bool is_counted(const struct number_symbols *s, uint16_t unit)
{
    return number_is_digit(s, unit) || is_one(s->digit, unit);
}

static bool is_active(const struct number_symbols *s, uint16_t unit)
{
    return is_counted(s, unit) || is_one(s->decimal, unit) || is_one(s->exponent, unit) ||
           is_one(s->grouping, unit) || is_one(s->separator, unit);
}

/* Does the unit end a prefix or suffix? */
static bool is_boundary(const struct number_symbols *s, uint16_t unit)
{
    return is_active(s, unit) && !is_one(s->exponent, unit);
}

static size_t count_digits(const struct number_symbols *s, struct units u)
{
    size_t count = 0;
    for (size_t i = 0; i < u.n; i++)
        count += number_is_digit(s, u.p[i]);
    return count;
}

static size_t count_all_digits(const struct number_symbols *s, struct units u)
{
    size_t count = 0;
    for (size_t i = 0; i < u.n; i++)
        count += is_counted(s, u.p[i]);
    return count;
}

static struct number_parts split_side(const struct number_symbols *s, struct units all)
{
    struct number_parts p = {.all = all};
    size_t first = 0;
    while (first < all.n && !is_boundary(s, all.p[first]))
        first++;
    size_t last = all.n;
    if (first < all.n) {
        while (!is_boundary(s, all.p[last - 1]))
            last--;
    } else {
        first = 0;
    }
    p.prefix = units_sub(all, 0, first);
    p.suffix = units_sub(all, last, all.n);
    p.active = units_sub(all, first, last);
    size_t at = units_find(all, s->exponent, first);
    p.has_exponent = at != STR_NONE && at <= last;
    p.mantissa = p.has_exponent ? units_sub(p.active, 0, at) : p.active;
    if (p.has_exponent)
        p.exponent = units_sub(p.active, at + 1, p.active.n);
    size_t point = units_find(p.mantissa, s->decimal, 0);
    p.integer = units_sub(p.mantissa, 0, point);
    p.fraction = point == STR_NONE ? p.suffix : units_sub(p.mantissa, point + 1, p.mantissa.n);
    return p;
}

static bool has_twice(struct units u, struct units needle)
{
    return units_find(u, needle, 0) != units_rfind(u, needle);
}

static bool has_any(struct units u, struct units needle)
{
    return units_find(u, needle, 0) != STR_NONE;
}

/* A separator twice in a row. */
static bool has_doubled(struct units u, struct units needle)
{
    for (size_t at = units_find(u, needle, 0); at != STR_NONE; at = units_find(u, needle, at + 1)) {
        size_t next = at + needle.n;
        if (next + needle.n <= u.n &&
            units_find(units_sub(u, next, next + needle.n), needle, 0) == 0)
            return true;
        if (needle.n == 0)
            break;
    }
    return false;
}

static bool has_passive(const struct number_symbols *s, struct units u)
{
    for (size_t i = 0; i < u.n; i++) {
        if (!is_active(s, u.p[i]))
            return true;
    }
    return false;
}

/* A separator beside the decimal point, or at the end of a picture's integer part without one. */
static const char *check_grouping_place(const struct number_symbols *s,
                                        const struct number_parts *p)
{
    size_t point = units_find(p->all, s->decimal, 0);
    if (point == STR_NONE) {
        size_t end = p->integer.n == 0 ? STR_NONE : p->integer.n - 1;
        return units_is_at(p->integer, end, s->grouping) ? "D3088" : NULL;
    }
    size_t before = point == 0 ? STR_NONE : point - 1;
    bool is_beside =
        units_is_at(p->all, before, s->grouping) || units_is_at(p->all, point + 1, s->grouping);
    return is_beside ? "D3087" : NULL;
}

static bool has_digit_before_optional(const struct number_symbols *s, struct units integer)
{
    size_t at = units_find(integer, s->digit, 0);
    return at != STR_NONE && count_digits(s, units_sub(integer, 0, at)) > 0;
}

static bool has_digit_after_optional(const struct number_symbols *s, struct units fraction)
{
    size_t at = units_rfind(fraction, s->digit);
    return at != STR_NONE && count_digits(s, units_sub(fraction, at, fraction.n)) > 0;
}

/* The code of the last rule that the side breaks, or NULL. */
static const char *check_side(const struct number_symbols *s, const struct number_parts *p)
{
    const char *code = NULL;
    bool has_percent = has_any(p->all, s->percent);
    bool has_per_mille = has_any(p->all, s->per_mille);
    if (has_twice(p->all, s->decimal))
        code = "D3081";
    if (has_twice(p->all, s->percent))
        code = "D3082";
    if (has_twice(p->all, s->per_mille))
        code = "D3083";
    if (has_percent && has_per_mille)
        code = "D3084";
    if (count_all_digits(s, p->mantissa) == 0)
        code = "D3085";
    if (has_passive(s, p->active))
        code = "D3086";
    const char *place = check_grouping_place(s, p);
    if (place != NULL)
        code = place;
    if (has_doubled(p->all, s->grouping))
        code = "D3089";
    if (has_digit_before_optional(s, p->integer))
        code = "D3090";
    if (has_digit_after_optional(s, p->fraction))
        code = "D3091";
    if (p->has_exponent && p->exponent.n > 0 && (has_percent || has_per_mille))
        code = "D3092";
    if (p->has_exponent && (p->exponent.n == 0 || count_digits(s, p->exponent) < p->exponent.n))
        code = "D3093";
    return code;
}

/* For each grouping separator the digits to its right (integer part) or left (fraction). The first
 * one is found in the part itself, further ones, as in the reference implementation, in the integer
 * part. */
static const size_t *group_positions(struct arena *a, const struct number_symbols *s,
                                     struct units part, struct units integer, bool is_fraction,
                                     size_t *ret_count)
{
    size_t *positions = arena_alloc(a, (part.n + integer.n + 1) * sizeof *positions);
    size_t count = 0;
    size_t digits = is_fraction ? 0 : count_all_digits(s, part);
    size_t seen = 0;
    size_t at = units_find(part, s->grouping, 0);
    while (at != STR_NONE) {
        for (; seen < at && seen < part.n; seen++) {
            size_t one = is_counted(s, part.p[seen]);
            digits = is_fraction ? digits + one : digits - one;
        }
        positions[count++] = digits;
        at = units_find(integer, s->grouping, at + 1);
    }
    *ret_count = count;
    return positions;
}

/* The distance when separators stand at all its multiples up to the leftmost one, else 0. */
static size_t regular_distance(const size_t *positions, size_t count)
{
    size_t distance = 0;
    for (size_t i = 0; i < count; i++)
        distance = picture_divisor(distance, positions[i]);
    for (size_t i = 0; i < count; i++) {
        if (positions[i] != (count - i) * distance)
            return 0;
    }
    return distance;
}

static double side_factor(const struct number_symbols *s, struct units all)
{
    if (has_any(all, s->percent))
        return 100;
    return has_any(all, s->per_mille) ? 1000 : 1;
}

static void measure_digits(const struct number_symbols *s, const struct number_parts *p,
                           struct number_side *side)
{
    side->integer_min = count_digits(s, p->integer);
    side->scaling = side->integer_min;
    side->fraction_min = count_digits(s, p->fraction);
    side->fraction_max = count_all_digits(s, p->fraction);
    if (side->integer_min == 0 && side->fraction_max == 0) {
        if (p->has_exponent)
            side->fraction_min = side->fraction_max = 1;
        else
            side->integer_min = 1;
    }
    if (p->has_exponent && side->integer_min == 0 && has_any(p->integer, s->digit))
        side->integer_min = 1;
    if (side->integer_min == 0 && side->fraction_min == 0)
        side->fraction_min = 1;
    side->exponent_min = p->has_exponent ? count_digits(s, p->exponent) : 0;
}

static struct number_side measure_side(struct arena *a, const struct number_symbols *s,
                                       const struct number_parts *p)
{
    struct number_side side = {
        .prefix = p->prefix,
        .suffix = p->suffix,
        .prefix_text = units_text(a, p->prefix),
        .suffix_text = units_text(a, p->suffix),
        .factor = side_factor(s, p->all),
        .has_point = has_any(p->all, s->decimal),
    };
    side.integer_groups =
        group_positions(a, s, p->integer, p->integer, false, &side.integer_group_count);
    side.regular = regular_distance(side.integer_groups, side.integer_group_count);
    side.fraction_groups =
        group_positions(a, s, p->fraction, p->integer, true, &side.fraction_group_count);
    measure_digits(s, p, &side);
    return side;
}

static bool is_ascii_mark(struct units text)
{
    return text.n == 1 && text.p[0] < 0x80 && (text.p[0] < '0' || text.p[0] > '9');
}

/* Do the symbols allow the plain way? */
static bool are_plain(const struct number_symbols *s)
{
    return is_one(s->zero, '0') && is_ascii_mark(s->decimal) && is_ascii_mark(s->grouping) &&
           s->decimal.p[0] != s->grouping.p[0];
}

static bool is_side_plain(const struct number_side *side)
{
    enum { INTEGER_MAX = 20 };
    bool has_plain_groups = side->regular > 0 || side->integer_group_count == 0;
    return has_plain_groups && side->fraction_group_count == 0 && side->exponent_min == 0 &&
           side->fraction_max <= PICTURE_DECIMALS_MAX && side->fraction_min <= side->fraction_max &&
           side->integer_min <= INTEGER_MAX && (side->has_point || side->fraction_max == 0);
}

static struct units join_units(struct arena *a, struct units x, struct units y)
{
    uint16_t *p = arena_alloc(a, (x.n + y.n) * sizeof *p);
    memcpy(p, x.p, x.n * sizeof *p);
    memcpy(p + x.n, y.p, y.n * sizeof *p);
    return (struct units){p, x.n + y.n};
}

static size_t options_size(const struct picture_number_options *o)
{
    return o->decimal_separator.n + o->grouping_separator.n + o->exponent_separator.n +
           o->minus_sign.n + o->percent.n + o->per_mille.n + o->zero_digit.n + o->digit.n +
           o->pattern_separator.n;
}

static struct number_symbols read_symbols(struct arena *a, const struct picture_number_options *o)
{
    return (struct number_symbols){
        .decimal = units_of(a, o->decimal_separator),
        .grouping = units_of(a, o->grouping_separator),
        .exponent = units_of(a, o->exponent_separator),
        .minus = units_of(a, o->minus_sign),
        .percent = units_of(a, o->percent),
        .per_mille = units_of(a, o->per_mille),
        .zero = units_of(a, o->zero_digit),
        .digit = units_of(a, o->digit),
        .separator = units_of(a, o->pattern_separator),
    };
}

/* Cuts the picture at the pattern separator into one or two sides. An empty separator cuts at every
 * unit. */
static bool split_picture(const struct number_symbols *s, struct units picture,
                          struct units sides[2], size_t *ret_count, struct picture_error *err)
{
    if (s->separator.n == 0) {
        if (picture.n == 0)
            return picture_fail(err, "D3160"); /* no side at all */
        *ret_count = picture.n;
        sides[0] = units_sub(picture, 0, 1);
        sides[1] = units_sub(picture, 1, 2);
        return picture.n <= 2 || picture_fail(err, "D3080");
    }
    size_t cut = units_find(picture, s->separator, 0);
    *ret_count = cut == STR_NONE ? 1 : 2;
    sides[0] = units_sub(picture, 0, cut);
    if (cut == STR_NONE)
        return true;
    sides[1] = units_sub(picture, cut + s->separator.n, picture.n);
    return !has_any(sides[1], s->separator) || picture_fail(err, "D3080");
}

bool picture_number_analyse(struct arena *a, str picture, const struct picture_number_options *opt,
                            const struct picture_number **ret, struct picture_error *err)
{
    struct picture_number_options defaults = picture_number_defaults();
    if (opt == NULL)
        opt = &defaults;
    size_t size = picture.n + options_size(opt);
    if (size > SIZE_MAX / 128 || !arena_room(a, size * 64))
        return picture_fail(err, "U1002");
    struct picture_number *p = arena_zalloc(a, sizeof *p);
    p->symbols = read_symbols(a, opt);
    struct units texts[2] = {{NULL, 0}, {NULL, 0}};
    size_t count = 0;
    if (!split_picture(&p->symbols, units_of(a, picture), texts, &count, err))
        return false;
    struct number_parts parts[2] = {0};
    for (size_t i = 0; i < count; i++) {
        parts[i] = split_side(&p->symbols, texts[i]);
        const char *code = check_side(&p->symbols, &parts[i]);
        if (code != NULL)
            return picture_fail(err, code);
    }
    p->positive = measure_side(a, &p->symbols, &parts[0]);
    if (count == 2) {
        p->negative = measure_side(a, &p->symbols, &parts[1]);
    } else {
        p->negative = p->positive;
        p->negative.prefix = join_units(a, p->symbols.minus, p->positive.prefix);
        p->negative.prefix_text = units_text(a, p->negative.prefix);
    }
    if (are_plain(&p->symbols)) {
        p->point = (char)p->symbols.decimal.p[0];
        p->comma = (char)p->symbols.grouping.p[0];
        p->positive.is_plain = is_side_plain(&p->positive);
        p->negative.is_plain = is_side_plain(&p->negative);
    }
    *ret = p;
    return true;
}
