/* SPDX-License-Identifier: Apache-2.0 */
/*
 * $formatNumber, second half: a number in the form of an analysed picture. Two ways give the same
 * text. The plain way takes what data has nearly always, ASCII digits in regular groups, and works
 * on one 64-bit integer. The general way repeats the reference implementation's steps on
 * JavaScript's text of the number, so that infinities, huge numbers and unusual symbols come out as
 * they do there. Relies on picture_round.c. Analysis is in picture_number.c.
 */
#include "jsonata/picture_number_internal.h"

#include "base/number.h"
#include <math.h>

enum { FIXED_TEXT_MAX = 128 };

/* Writes the decimal digits of value, which has count of them (leading zeros included). */
static void write_digits(char *p, uint64_t value, size_t count)
{
    for (size_t i = count; i-- > 0; value /= 10)
        p[i] = (char)('0' + value % 10);
}

static size_t digit_count(uint64_t value)
{
    size_t count = 0;
    while (count < 20 && value >= picture_pow10[count])
        count++;
    return count;
}

/* The integer part from the right, a comma before every group but the first; returns the new start.
 */
static char *write_grouped(char *end, uint64_t value, size_t count, size_t group, char comma)
{
    char *p = end;
    size_t left = group;
    for (; count > 0; count--, value /= 10) {
        if (group > 0 && left-- == 0) {
            *--p = comma;
            left = group - 1;
        }
        *--p = (char)('0' + value % 10);
    }
    return p;
}

/* scaled: the number times 10^fraction_max, rounded, below 2^52. */
static void number_print_plain(const struct picture_number *p, const struct number_side *side,
                               uint64_t scaled, struct buf *out)
{
    enum { INTEGER_ROOM = 48, ROOM = 80 };
    char text[ROOM];
    uint64_t unit = picture_pow10[side->fraction_max];
    uint64_t whole = scaled / unit;
    uint64_t rest = scaled % unit;
    size_t fraction = side->fraction_max;
    while (fraction > side->fraction_min && rest % 10 == 0) {
        rest /= 10;
        fraction--;
    }
    size_t count = digit_count(whole);
    if (count < side->integer_min)
        count = side->integer_min;
    char *start = write_grouped(text + INTEGER_ROOM, whole, count, side->regular, p->comma);
    char *end = text + INTEGER_ROOM;
    if (fraction > 0) {
        *end++ = p->point;
        write_digits(end, rest, fraction);
        end += fraction;
    }
    size_t length = (size_t)(end - start);
    if (!buf_reserve(out, side->prefix_text.n + length + side->suffix_text.n))
        return;
    buf_add(out, side->prefix_text);
    buf_add(out, (str){start, length});
    buf_add(out, side->suffix_text);
}

/* JavaScript's toFixed of a magnitude; decimals at most 100. */
static size_t fixed_text(double value, size_t decimals, char out[FIXED_TEXT_MAX])
{
    if (isnan(value) || isinf(value)) {
        str text = isnan(value) ? STR("NaN") : STR("Infinity");
        memcpy(out, text.p, text.n);
        return text.n;
    }
    return value < 1e21 ? number_print_fixed(value, (int)decimals, out) : number_print(value, out);
}

static void push_text(struct buf *b, const struct number_symbols *s, str text)
{
    for (size_t i = 0; i < text.n; i++) {
        uint16_t unit = (unsigned char)text.p[i];
        bool is_digit = unit >= '0' && unit <= '9';
        if (is_digit && s->zero.n == 0)
            continue;
        if (is_digit)
            unit = (uint16_t)(s->zero.p[0] + (unit - '0'));
        units_push(b, (struct units){&unit, 1});
    }
}

/* The decimal separator in the place of a '.' at position at, read as JavaScript reads the second
 * argument of replace(): $$ $& $` $' stand for something. */
static void push_point(struct buf *b, struct units point, struct units text, size_t at)
{
    for (size_t i = 0; i < point.n; i++) {
        struct units put = units_sub(point, i, i + 1);
        uint16_t next = point.p[i] == '$' && i + 1 < point.n ? point.p[i + 1] : 0;
        bool is_special = true;
        if (next == '&')
            put = units_sub(text, at, at + 1);
        else if (next == '`')
            put = units_sub(text, 0, at);
        else if (next == '\'')
            put = units_sub(text, at + 1, text.n);
        else
            is_special = next == '$';
        i += is_special;
        units_push(b, put);
    }
}

/* The number's digits with the decimal separator, zeros at both ends removed. */
static void push_stripped(struct buf *work, const struct number_symbols *s, str text)
{
    struct buf mapped;
    buf_init(&mapped, work->max);
    push_text(&mapped, s, text);
    struct units plain = units_held(&mapped);
    struct buf pointed;
    buf_init(&pointed, work->max);
    size_t at = units_find_one(plain, '.', 0);
    units_push(&pointed, units_sub(plain, 0, at));
    if (at == STR_NONE) {
        units_push(&pointed, s->decimal);
    } else {
        push_point(&pointed, s->decimal, plain, at);
        units_push(&pointed, units_sub(plain, at + 1, plain.n));
    }
    struct units all = units_held(&pointed);
    size_t from = 0;
    size_t to = all.n;
    if (s->zero.n == 1) {
        while (from < to && all.p[from] == s->zero.p[0])
            from++;
        while (to > from && all.p[to - 1] == s->zero.p[0])
            to--;
    }
    units_push(work, units_sub(all, from, to));
    work->overflowed = work->overflowed || mapped.overflowed || pointed.overflowed;
    buf_done(&mapped);
    buf_done(&pointed);
}

static int64_t position_of(struct units text, struct units needle)
{
    size_t at = units_find(text, needle, 0);
    return at == STR_NONE ? -1 : (int64_t)at;
}

static void push_zeros(struct buf *b, const struct number_symbols *s, int64_t count)
{
    for (; count > 0 && buf_ok(b); count--)
        units_push(b, s->zero);
}

/* Pads both ends with zeros to the minimum sizes. */
static void push_padded(struct buf *work, const struct picture_number *p,
                        const struct number_side *side, struct units text)
{
    int64_t point = position_of(text, p->symbols.decimal);
    int64_t right = (int64_t)side->fraction_min - ((int64_t)text.n - point - 1);
    push_zeros(work, &p->symbols, (int64_t)side->integer_min - point);
    units_push(work, text);
    push_zeros(work, &p->symbols, right);
}

/* Inserts a separator where JavaScript's slice() would cut: negative positions count from the end.
 */
static void insert_sliced(struct units_edit *e, int64_t at, struct units text)
{
    int64_t length = (int64_t)units_edit_len(e);
    if (at < 0)
        at = at + length < 0 ? 0 : at + length;
    units_edit_insert(e, (size_t)(at < length ? at : length), text);
}

static void insert_groups(struct units_edit *e, const struct picture_number *p,
                          const struct number_side *side)
{
    int64_t point = position_of(units_edit_flat(e), p->symbols.decimal);
    struct units separator = p->symbols.grouping;
    if (side->regular > 0) {
        int64_t distance = (int64_t)side->regular;
        for (int64_t at = point - distance; at > 0; at -= distance)
            insert_sliced(e, at, separator);
    } else {
        for (size_t i = 0; i < side->integer_group_count; i++, point++)
            insert_sliced(e, point - (int64_t)side->integer_groups[i], separator);
    }
    point = position_of(units_edit_flat(e), p->symbols.decimal);
    for (size_t i = 0; i < side->fraction_group_count; i++)
        insert_sliced(e, (int64_t)side->fraction_groups[i] + point + 1, separator);
}

/* text with its groups, without a decimal separator that ends it or that the picture does not have.
 */
static void push_grouped(struct buf *b, const struct picture_number *p,
                         const struct number_side *side, struct units text)
{
    size_t groups = side->integer_group_count + side->fraction_group_count;
    if (side->regular > 0)
        groups += text.n / side->regular;
    size_t more = groups * p->symbols.grouping.n;
    struct units_edit e;
    if (!units_edit_init(&e, text, more, b->max / sizeof(uint16_t))) {
        b->overflowed = true;
        return;
    }
    insert_groups(&e, p, side);
    struct units all = units_edit_flat(&e);
    int64_t point = position_of(all, p->symbols.decimal);
    if (all.n > 0 && (!side->has_point || point == (int64_t)all.n - 1))
        all.n--;
    units_push(b, all);
    units_edit_done(&e);
}

static void push_exponent(struct buf *b, const struct picture_number *p,
                          const struct number_side *side, int exponent)
{
    char digits[NUMBER_TEXT_MAX];
    size_t n = number_print_int(exponent < 0 ? -exponent : exponent, digits);
    units_push(b, p->symbols.exponent);
    if (exponent < 0)
        units_push(b, p->symbols.minus);
    /* The pad is counted in digits, which are one unit each, or nothing without a zero digit. */
    size_t shown = p->symbols.zero.n == 0 ? 0 : n;
    push_zeros(b, &p->symbols, (int64_t)side->exponent_min - (int64_t)shown);
    push_text(b, &p->symbols, (str){digits, n});
}

/* Moves the decimal point until the mantissa has the digits that the picture shows before it. */
static bool scale_mantissa(const struct number_side *side, double *mantissa, int *ret_exponent)
{
    double most = pow(10, (double)side->scaling);
    double least = pow(10, (double)side->scaling - 1);
    int exponent = 0;
    if (isinf(*mantissa) && !isinf(most))
        return false; /* never gets smaller */
    if (*mantissa != 0) {
        for (; fabs(*mantissa) < least; exponent--)
            *mantissa *= 10;
        for (; fabs(*mantissa) > most; exponent++)
            *mantissa /= 10;
    }
    *ret_exponent = exponent;
    return true;
}

static bool number_print_general(const struct picture_number *p, const struct number_side *side,
                                 double value, struct buf *out, struct picture_error *err)
{
    int exponent = 0;
    if (side->exponent_min > 0 && !scale_mantissa(side, &value, &exponent))
        return picture_fail(err, "D3160");
    if (side->fraction_max > 100)
        return picture_fail(err, "D3160");
    double rounded = fabs(picture_round(value, (double)side->fraction_max));
    char fixed[FIXED_TEXT_MAX];
    size_t n = fixed_text(rounded, side->fraction_max, fixed);

    size_t max = units_room(out) * sizeof(uint16_t);
    struct buf stripped;
    struct buf padded;
    struct buf all;
    buf_init(&stripped, max);
    buf_init(&padded, max);
    buf_init(&all, max);
    push_stripped(&stripped, &p->symbols, (str){fixed, n});
    push_padded(&padded, p, side, units_held(&stripped));
    units_push(&all, side->prefix);
    push_grouped(&all, p, side, units_held(&padded));
    if (side->exponent_min > 0)
        push_exponent(&all, p, side, exponent);
    units_push(&all, side->suffix);
    if (buf_ok(&stripped) && buf_ok(&padded) && buf_ok(&all))
        units_print(out, units_held(&all));
    else
        out->overflowed = true;
    buf_done(&stripped);
    buf_done(&padded);
    buf_done(&all);
    return true;
}

bool picture_number_format(const struct picture_number *p, double value, struct buf *out,
                           struct picture_error *err)
{
    const struct number_side *side = value >= 0 ? &p->positive : &p->negative;
    double adjusted = side->factor == 1 ? value : value * side->factor;
    uint64_t scaled;
    if (side->is_plain && picture_decimal(fabs(adjusted), (int)side->fraction_max, &scaled)) {
        number_print_plain(p, side, scaled, out);
        return true;
    }
    return number_print_general(p, side, adjusted, out, err);
}
