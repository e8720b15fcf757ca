/* SPDX-License-Identifier: Apache-2.0 */
/* Decimal numbers digit by digit: text, ordered bytes, sums. Nothing else is done with them. */
#include "services/dynamodb/number.h"
#include "base/check.h"

enum {
    FORM_NEGATIVE = 1,
    FORM_ZERO = 2,
    FORM_POSITIVE = 3,
    PAIRS = DYNAMO_NUMBER_DIGITS / 2,
    /* A sum is done on a row of digits from 10^126, the carry, down to the last digit of the
     * smallest number. */
    SUM_TOP = DYNAMO_NUMBER_MAX + 1,
    SUM_DIGITS = SUM_TOP - DYNAMO_NUMBER_MIN + DYNAMO_NUMBER_DIGITS,
    EXPONENT_MAX = 100000 /* of texts; beyond it nothing is in range */
};

static enum status invalid(struct error *err, const char *text)
{
    return error_set(err, STATUS_INVALID, "ValidationException", "%s", text);
}

/* Takes count digits, the first at 10^exponent; cuts zeros at both ends. */
static enum status normalise(const uint8_t *digits, size_t count, int64_t exponent,
                             bool is_negative, struct dynamo_number *ret, struct error *err)
{
    size_t first = 0;
    while (first < count && digits[first] == 0)
        first++;
    while (count > first && digits[count - 1] == 0)
        count--;
    *ret = (struct dynamo_number){0};
    if (first == count)
        return STATUS_OK;
    exponent -= (int64_t)first;
    if (exponent > DYNAMO_NUMBER_MAX)
        return invalid(err, "Number overflow. Attempting to store a number with magnitude larger "
                            "than supported range");
    if (exponent < DYNAMO_NUMBER_MIN)
        return invalid(err, "Number underflow. Attempting to store a number with magnitude smaller "
                            "than supported range");
    if (count - first > DYNAMO_NUMBER_DIGITS)
        return invalid(err, "Attempting to store more than 38 significant digits in a Number");
    ret->is_negative = is_negative;
    ret->exponent = (int)exponent;
    ret->count = (uint32_t)(count - first);
    memcpy(ret->digits, digits + first, ret->count);
    return STATUS_OK;
}

/* ---- text ---- */

/* What is read of a text: digits without zeros in front, as many as matter. */
struct reading {
    uint8_t digits[2 * DYNAMO_NUMBER_DIGITS];
    size_t count;   /* kept, */
    int64_t before; /* digits before the point, of all from the first that is not 0 */
    bool has_digits, is_long;
};

static void read_digit(struct reading *r, uint8_t digit, bool is_fraction)
{
    r->has_digits = true;
    if (r->count == 0 && digit == 0) {
        r->before -= is_fraction;
        return;
    }
    r->before += !is_fraction;
    if (r->count < sizeof(r->digits))
        r->digits[r->count++] = digit;
    else
        r->is_long |= digit != 0;
}

static size_t read_mantissa(str text, size_t at, struct reading *r)
{
    bool is_fraction = false;
    for (; at < text.n; at++) {
        char c = text.p[at];
        if (c >= '0' && c <= '9')
            read_digit(r, (uint8_t)(c - '0'), is_fraction);
        else if (c == '.' && !is_fraction)
            is_fraction = true;
        else
            break;
    }
    return at;
}

/* Behind the exponent that may be at `at`; 0: it is none. */
static size_t read_exponent(str text, size_t at, int64_t *ret)
{
    *ret = 0;
    if (at == text.n)
        return at;
    if ((text.p[at] | 0x20) != 'e' || ++at == text.n)
        return 0;
    bool is_negative = text.p[at] == '-';
    at += text.p[at] == '-' || text.p[at] == '+';
    size_t first = at;
    for (; at < text.n && text.p[at] >= '0' && text.p[at] <= '9'; at++)
        if (*ret < EXPONENT_MAX)
            *ret = *ret * 10 + (text.p[at] - '0');
    if (is_negative)
        *ret = -*ret;
    return at == first || at < text.n ? 0 : at;
}

enum status dynamo_number_parse(str text, struct dynamo_number *ret, struct error *err)
{
    struct reading r = {0};
    int64_t exponent;
    if (text.n == 0)
        return invalid(err, "The parameter cannot be converted to a numeric value");
    bool is_negative = text.p[0] == '-';
    size_t at = read_mantissa(text, is_negative || text.p[0] == '+', &r);
    if (!r.has_digits || read_exponent(text, at, &exponent) == 0)
        return error_set(err, STATUS_INVALID, "ValidationException",
                         "The parameter cannot be converted to a numeric value: %.*s",
                         STR_ARG(str_sub(text, 0, 256)));
    if (r.is_long && r.count > 0 && r.digits[r.count - 1] == 0)
        r.digits[r.count - 1] = 1; /* what was not kept is not nothing */
    return normalise(r.digits, r.count, r.before - 1 + exponent, is_negative, ret, err);
}

void dynamo_number_print(const struct dynamo_number *n, struct buf *out)
{
    if (n->count == 0) {
        buf_add_byte(out, '0');
        return;
    }
    if (n->is_negative)
        buf_add_byte(out, '-');
    if (n->exponent < 0) {
        buf_add(out, STR("0."));
        buf_add_fill(out, '0', (size_t)(-n->exponent - 1));
    }
    for (uint32_t i = 0; i < n->count; i++) {
        if (n->exponent >= 0 && i == (uint32_t)n->exponent + 1)
            buf_add_byte(out, '.');
        buf_add_byte(out, (char)('0' + n->digits[i]));
    }
    if (n->exponent >= 0 && n->count < (uint32_t)n->exponent + 1)
        buf_add_fill(out, '0', (uint32_t)n->exponent + 1 - n->count);
}

/* ---- bytes ---- */

size_t dynamo_number_encode(const struct dynamo_number *n, char out[DYNAMO_NUMBER_BYTES])
{
    if (n->count == 0) {
        out[0] = FORM_ZERO;
        return 1;
    }
    uint8_t invert = n->is_negative ? 0xFF : 0;
    size_t at = 0;
    out[at++] = n->is_negative ? FORM_NEGATIVE : FORM_POSITIVE;
    out[at++] = (char)((uint8_t)(n->exponent - DYNAMO_NUMBER_MIN) ^ invert);
    for (uint32_t i = 0; i < n->count; i += 2) {
        unsigned second = i + 1 < n->count ? n->digits[i + 1] : 0;
        out[at++] = (char)((uint8_t)(n->digits[i] * 10u + second + 1) ^ invert);
    }
    out[at++] = (char)invert;
    return at;
}

bool dynamo_number_decode(str bytes, struct dynamo_number *ret)
{
    *ret = (struct dynamo_number){0};
    if (bytes.n == 1 && bytes.p[0] == FORM_ZERO)
        return true;
    if (bytes.n < 4 || bytes.n > PAIRS + 3 ||
        (bytes.p[0] != FORM_POSITIVE && bytes.p[0] != FORM_NEGATIVE))
        return false;
    ret->is_negative = bytes.p[0] == FORM_NEGATIVE;
    uint8_t invert = ret->is_negative ? 0xFF : 0;
    ret->exponent = ((uint8_t)bytes.p[1] ^ invert) + DYNAMO_NUMBER_MIN;
    for (size_t at = 2; at + 1 < bytes.n; at++) {
        unsigned pair = ((uint8_t)bytes.p[at] ^ invert) - 1u;
        if (pair > 99)
            return false;
        ret->digits[ret->count++] = (uint8_t)(pair / 10);
        ret->digits[ret->count++] = (uint8_t)(pair % 10);
    }
    if (ret->digits[ret->count - 1] == 0)
        ret->count--;
    return ((uint8_t)bytes.p[bytes.n - 1] ^ invert) == 0 && ret->digits[0] != 0 &&
           ret->digits[ret->count - 1] != 0;
}

/* ---- sums ---- */

static void spread(const struct dynamo_number *n, uint8_t row[SUM_DIGITS])
{
    memset(row, 0, SUM_DIGITS);
    if (n->count > 0)
        memcpy(row + (SUM_TOP - n->exponent), n->digits, n->count);
}

/* row += other */
static void add_rows(uint8_t row[SUM_DIGITS], const uint8_t other[SUM_DIGITS])
{
    unsigned carry = 0;
    for (int i = SUM_DIGITS - 1; i >= 0; i--) {
        unsigned sum = row[i] + other[i] + carry;
        carry = sum >= 10;
        row[i] = (uint8_t)(sum - (carry ? 10 : 0));
    }
    check(carry == 0);
}

/* ret = row - other, of which row is the larger. */
static void subtract_rows(const uint8_t row[SUM_DIGITS], const uint8_t other[SUM_DIGITS],
                          uint8_t ret[SUM_DIGITS])
{
    int borrow = 0;
    for (int i = SUM_DIGITS - 1; i >= 0; i--) {
        int rest = row[i] - other[i] - borrow;
        borrow = rest < 0;
        ret[i] = (uint8_t)(rest + (borrow ? 10 : 0));
    }
    check(borrow == 0);
}

enum status dynamo_number_add(const struct dynamo_number *a, const struct dynamo_number *b,
                              bool is_minus, struct dynamo_number *ret, struct error *err)
{
    uint8_t left[SUM_DIGITS], right[SUM_DIGITS], rest[SUM_DIGITS];
    bool is_b_negative = b->is_negative != is_minus;
    spread(a, left);
    spread(b, right);
    if (a->is_negative == is_b_negative) {
        add_rows(left, right);
        return normalise(left, SUM_DIGITS, SUM_TOP, a->is_negative, ret, err);
    }
    bool is_left_larger = memcmp(left, right, SUM_DIGITS) >= 0;
    if (is_left_larger)
        subtract_rows(left, right, rest);
    else
        subtract_rows(right, left, rest);
    return normalise(rest, SUM_DIGITS, SUM_TOP, is_left_larger ? a->is_negative : is_b_negative,
                     ret, err);
}

void dynamo_number_of(uint64_t value, struct dynamo_number *ret)
{
    uint8_t digits[20];
    for (int i = 19; i >= 0; i--, value /= 10)
        digits[i] = (uint8_t)(value % 10);
    check(normalise(digits, sizeof(digits), 19, false, ret, NULL) == STATUS_OK);
}

int64_t dynamo_number_whole(const struct dynamo_number *n)
{
    int64_t value = 0;
    if (n->is_negative || n->exponent > 17)
        return n->count == 0 ? 0 : -1;
    for (int i = 0; i <= n->exponent; i++)
        value = value * 10 + ((uint32_t)i < n->count ? n->digits[i] : 0);
    return value;
}
