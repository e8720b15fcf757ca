/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signatures: parsing and fitting. Nearly every call has exactly one fitting argument per
 * parameter; that is tried first. The general case is a small backtracking matcher over kinds of
 * arguments.
 */
#include "jsonata/signature.h"

enum { SIG_ALL = SIG_S | SIG_N | SIG_B | SIG_L | SIG_A | SIG_O | SIG_F | SIG_M };

static unsigned signature_mask(char letter)
{
    switch (letter) {
    case 's': return SIG_S;
    case 'n': return SIG_N;
    case 'b': return SIG_B;
    case 'l': return SIG_L;
    case 'a': return SIG_A;
    case 'o': return SIG_O;
    case 'f': return SIG_F;
    case 'm': return SIG_M;
    default: return 0;
    }
}

static const uint8_t signature_types[256] = {
    [JSON_UNDEFINED] = SIG_M, [JSON_NULL] = SIG_L,     [JSON_BOOL] = SIG_B,   [JSON_NUMBER] = SIG_N,
    [JSON_INT] = SIG_N,       [JSON_NUMTEXT] = SIG_N,  [JSON_STRING] = SIG_S, [JSON_ARRAY] = SIG_A,
    [JSON_OBJECT] = SIG_O,    [JSON_FUNCTION] = SIG_F,
};

unsigned signature_type_of(struct json_val v)
{
    unsigned type = signature_types[v.tag];
    return type != 0 ? type : SIG_M;
}

/* ---- parsing ---- */

/* Position of the bracket that closes the one at `at`, or the end of the text. */
static size_t signature_closing(str text, size_t at, char open, char close)
{
    int depth = 1;
    while (++at < text.n) {
        if (text.p[at] == close && --depth == 0)
            return at;
        if (text.p[at] == open)
            depth++;
    }
    return text.n;
}

static bool signature_fail(struct raised *err, const char *code, size_t at, str value)
{
    raise_code(err, code);
    err->position = (uint32_t)at;
    err->value = json_string(value, 0);
    err->has_value = true;
    return false;
}

static bool signature_choice(str text, size_t *at, struct parameter *p, struct raised *err)
{
    size_t end = signature_closing(text, *at, '(', ')');
    str choice = str_sub(text, *at + 1, end);
    if (str_find_byte(choice, '<', 0) != STR_NONE)
        return signature_fail(err, "S0402", *at, choice);
    p->type = '(';
    p->mask = SIG_M;
    for (size_t i = 0; i < choice.n; i++)
        p->mask |= (uint8_t)signature_mask(choice.p[i]);
    *at = end;
    return true;
}

/* The letter as text that outlives the signature. */
static str signature_letter_text(char letter)
{
    static const char letters[] = "snblaofjx(";
    const char *at = letter != '\0' ? strchr(letters, letter) : NULL;
    return at != NULL ? (str){at, 1} : STR("");
}

static bool signature_subtype(str text, size_t *at, struct parameter *p, struct raised *err)
{
    if (p->type != 'a' && p->type != 'f')
        return signature_fail(err, "S0401", *at, signature_letter_text(p->type));
    size_t end = signature_closing(text, *at, '<', '>');
    if (end > *at + 1)
        p->subtype = text.p[*at + 1];
    p->subtype_one = end == *at + 2;
    *at = end;
    return true;
}

static void signature_letter(struct parameter *p, char letter)
{
    p->type = letter;
    switch (letter) {
    case 'f': p->mask = SIG_F; break;
    case 'j': p->mask = SIG_ALL & ~SIG_F; break;
    case 'a':
    case 'x': p->mask = SIG_ALL; break;
    default: p->mask = (uint8_t)(signature_mask(letter) | SIG_M); break;
    }
}

bool signature_parse(str text, struct signature *ret, struct raised *err)
{
    struct parameter none = {0}, *last = &none;
    *ret = (struct signature){0};
    for (size_t at = 1; at < text.n && text.p[at] != ':'; at++) {
        char c = text.p[at];
        if (c == '\0' || strchr("snbloafjx(", c) != NULL) {
            if (ret->count == SIGNATURE_MAX_PARAMS)
                return signature_fail(err, "S0403", at, text);
            last = &ret->params[ret->count++];
            if (c != '(')
                signature_letter(last, c);
            else if (!signature_choice(text, &at, last, err))
                return false;
        } else if (c == '<') {
            if (!signature_subtype(text, &at, last, err))
                return false;
        } else if (c == '-') {
            last->context = last->optional = true;
        } else if (c == '?') {
            last->optional = true;
        } else if (c == '+') {
            last->many = true;
        }
    }
    return true;
}

/* ---- fitting ---- */

struct sig_match {
    const struct signature *s;
    const uint8_t *types;
    uint32_t count;
    uint8_t *taken; /* arguments per parameter */
    uint32_t effort;
};

/* Matches parameters from p on against arguments from a on; `whole` demands that all arguments are
 * used. Greedy, as the reference's regular expression is. */
static bool sig_match_from(struct sig_match *m, uint32_t p, uint32_t a, uint32_t stop, bool whole)
{
    if (p == stop)
        return !whole || a == m->count;
    const struct parameter *par = &m->s->params[p];
    uint32_t most = 0, least = par->optional ? 0 : 1;
    while (a + most < m->count && (par->mask & m->types[a + most]) && (most == 0 || par->many))
        most++;
    for (uint32_t take = most; take + 1 > least; take--) {
        m->taken[p] = (uint8_t)take;
        if (m->effort-- == 0)
            return false;
        if (sig_match_from(m, p + 1, a + take, stop, whole))
            return true;
        if (take == 0)
            break;
    }
    return false;
}

static const char *sig_plural(char subtype)
{
    switch (subtype) {
    case 'a': return "arrays";
    case 'b': return "booleans";
    case 'f': return "functions";
    case 'n': return "numbers";
    case 'o': return "objects";
    case 's': return "strings";
    default: return "undefined";
    }
}

static bool sig_fail_argument(struct raised *err, const char *code, struct json_val v,
                              uint32_t index)
{
    raise_code(err, code);
    err->value = v;
    err->has_value = true;
    err->value2 = json_num(index);
    return false;
}

/* Is v (or are its items) what the array parameter wants? Makes a single value an array of one. */
static bool sig_fit_array(const struct parameter *par, struct arena *arena, struct json_val *v,
                          unsigned taken)
{
    unsigned type = signature_type_of(*v), want = signature_mask(par->subtype);
    if (type == SIG_M)
        return true;
    if (type != SIG_A) {
        if (par->subtype != 0 && (!par->subtype_one || taken != 1 || type != want))
            return false;
        struct json_val *one = arena_alloc(arena, sizeof(*one));
        *one = *v;
        *v = json_array(one, 1);
        return true;
    }
    if (par->subtype == 0)
        return true;
    for (uint32_t i = 0; i < v->len; i++)
        if (signature_type_of(v->items[i]) != want)
            return false;
    return true;
}

static bool sig_wants_array(const struct parameter *par)
{
    return par->type == 'a';
}

/* The straight case: argument i belongs to parameter i, what is missing is optional and not the
 * context. */
static bool sig_fit_direct(const struct signature *s, struct signature_fit *fit, bool *ret_ok,
                           struct raised *err)
{
    if (fit->count > s->count)
        return false;
    for (uint32_t i = 0; i < s->count; i++) {
        const struct parameter *par = &s->params[i];
        if (par->many)
            return false;
        if (i >= fit->count ? !par->optional || par->context
                            : !(par->mask & signature_type_of(fit->args[i])))
            return false;
    }
    for (uint32_t i = 0; i < fit->count; i++) {
        const struct parameter *par = &s->params[i];
        if (sig_wants_array(par) && !sig_fit_array(par, fit->arena, &fit->args[i], 1)) {
            sig_fail_argument(err, "T0412", fit->args[i], i + 1);
            err->type = sig_plural(par->subtype);
            *ret_ok = false;
            return true;
        }
    }
    for (uint32_t i = fit->count; i < s->count; i++)
        fit->args[i] = json_undefined();
    fit->count = s->count;
    *ret_ok = true;
    return true;
}

bool signature_is_direct(const struct signature *s, uint32_t count)
{
    if (count > s->count)
        return false;
    for (uint32_t i = 0; i < s->count; i++)
        if (s->params[i].many || (i >= count && (!s->params[i].optional || s->params[i].context)))
            return false;
    return true;
}

bool signature_fit_direct(const struct signature *s, struct json_val *args, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        const struct parameter *par = &s->params[i];
        unsigned type = signature_types[args[i].tag];
        if (!(par->mask & type))
            return false;
        if (par->type == 'a' && (type != SIG_A || par->subtype != 0) && type != SIG_M) {
            unsigned want = signature_mask(par->subtype);
            if (type != SIG_A)
                return false;
            for (uint32_t k = 0; k < args[i].len; k++)
                if (UNLIKELY(signature_types[args[i].items[k].tag] != want))
                    return false;
        }
    }
    for (uint32_t i = count; i < s->count; i++)
        args[i] = json_undefined();
    return true;
}

/* Which argument is to blame: the first behind the longest run of parameters that can be matched.
 */
static bool sig_blame(const struct signature *s, const struct signature_fit *fit,
                      struct sig_match *m, struct raised *err)
{
    uint32_t good = 0;
    for (uint32_t p = 0; p < s->count; p++) {
        if (!sig_match_from(m, 0, 0, p + 1, false))
            break;
        good = 0;
        for (uint32_t i = 0; i <= p; i++)
            good += m->taken[i];
    }
    return sig_fail_argument(err, "T0410", good < fit->count ? fit->args[good] : json_undefined(),
                             good + 1);
}

/* Hands out the arguments as matched. */
static bool sig_distribute(const struct signature *s, struct signature_fit *fit,
                           const struct sig_match *m, const struct json_val *given,
                           struct raised *err)
{
    uint32_t a = 0, n = 0;
    for (uint32_t p = 0; p < s->count; p++) {
        const struct parameter *par = &s->params[p];
        if (m->taken[p] == 0 && par->context) {
            if (!(par->mask & signature_type_of(fit->context)))
                return sig_fail_argument(err, "T0411", fit->context, a + 1);
            fit->args[n++] = fit->context;
            continue;
        }
        if (m->taken[p] == 0) {
            fit->args[n++] = a < m->count ? given[a] : json_undefined();
            a++;
        }
        for (uint32_t k = 0; k < m->taken[p]; k++, a++) {
            fit->args[n] = given[a];
            if (sig_wants_array(par) &&
                !sig_fit_array(par, fit->arena, &fit->args[n], m->taken[p])) {
                sig_fail_argument(err, "T0412", given[a], a + 1);
                err->type = sig_plural(par->subtype);
                return false;
            }
            n++;
        }
    }
    fit->count = n;
    return true;
}

bool signature_apply(const struct signature *s, struct signature_fit *fit, struct raised *err)
{
    bool ok;
    if (LIKELY(sig_fit_direct(s, fit, &ok, err)))
        return ok;
    uint8_t taken[SIGNATURE_MAX_PARAMS];
    uint32_t count = fit->count;
    if (count > UINT8_MAX)
        return sig_fail_argument(err, "T0410", fit->args[UINT8_MAX], UINT8_MAX + 1);
    struct json_val *given = arena_alloc(fit->arena, sizeof(*given) * (count + 1));
    uint8_t *types = arena_alloc(fit->arena, count + 1);
    for (uint32_t i = 0; i < count; i++) {
        given[i] = fit->args[i];
        types[i] = (uint8_t)signature_type_of(given[i]);
    }
    struct sig_match m = {.s = s, .types = types, .count = count, .taken = taken, .effort = 100000};
    if (!sig_match_from(&m, 0, 0, s->count, true)) {
        m.effort = 100000;
        return sig_blame(s, fit, &m, err);
    }
    return sig_distribute(s, fit, &m, given, err);
}
