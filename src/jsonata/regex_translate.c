/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Translates JavaScript regular expressions (ECMA-262, "Patterns" with the additions of annex B,
 * without the flags u and v) for PCRE2, in one pass over the text after a short one that finds the
 * groups.
 *
 * Nothing of the pattern is handed through: characters are escaped, classes written as code point
 * ranges, references as numbers. So no construct that only PCRE2 knows can reach it, and everything
 * that JavaScript refuses is refused here or in regex_read.c, which reads the pieces. Not here:
 * compiling and matching (regex.c), sets and case folding (regex_set.c).
 */
#include "jsonata/regex_translate.h"
#include "base/arena.h"
#include "base/utf8.h"
#include "jsonata/regex.h"
#include "jsonata/regex_read.h"
#include "jsonata/regex_set.h"

enum {
    REPEAT_PCRE2_MAX = 65535,    /* the largest count PCRE2 takes */
    REPEAT_SINGLE_MAX = 1048560, /* 16 times that: counts for single characters are put together */
    GROUPS_MAX = REGEX_PATTERN_MAX / 2,
};

enum frame_kind { FRAME_GROUP, FRAME_LOOKAHEAD, FRAME_LOOKBEHIND };

struct frame {
    enum frame_kind kind;
    uint32_t number;        /* of a capturing group, otherwise 0 */
    uint32_t opened_before; /* capturing groups opened before this frame */
};

struct group_name {
    str name;
    uint32_t number;
};

enum group_state { GROUP_AHEAD, GROUP_OPEN, GROUP_CLOSED };

struct translator {
    struct regex_reader in;
    unsigned flags;
    enum regex_form form;
    struct buf *out;
    struct arena arena;   /* names and group states */
    uint32_t group_count; /* in the whole pattern */
    uint32_t opened;      /* so far */
    uint8_t *state;       /* enum group_state by group number */
    struct group_name *names;
    size_t name_count;
    struct frame frames[REGEX_NEST_MAX];
    size_t depth;
    struct regex_set set; /* scratch of the atom at hand */
};

/* How the quantifier behind an atom has to be written. */
enum atom_kind { ATOM_SINGLE, ATOM_GROUP, ATOM_LOOKAHEAD };

static const struct regex_range range_line_end[] = {{'\n', '\n'}, {'\r', '\r'}, {0x2028, 0x2029}};

/* ---- Writing ---- */

static void emit(struct translator *t, str s)
{
    buf_add(t->out, s);
}

/* One character of a literal or an end of a range. */
static void emit_char(struct translator *t, uint32_t c)
{
    if (c < 0x80 && (regex_is_letter(c) || regex_is_digit(c))) {
        buf_add_byte(t->out, (char)c);
    } else if (c > 0x20 && c < 0x7F) {
        buf_add_byte(t->out, '\\');
        buf_add_byte(t->out, (char)c);
    } else {
        buf_printf(t->out, "\\x{%x}", (unsigned)c);
    }
}

/* Matches no character, but is one: so that lengths inside lookbehinds are the same in both forms.
 */
static void emit_never(struct translator *t)
{
    if (t->form == REGEX_FORM_ASCII)
        emit(t, STR("\\x{80}"));
    else
        emit(t, STR("[^\\x{0}-\\x{10ffff}]"));
}

/*
 * Turns what a class says about UTF-16 units into what it means for code points. One that has all
 * second halves is meant for characters above U+FFFF: those whose first half it has too.
 */
static void set_to_code_points(struct regex_set *s)
{
    if (!regex_set_touches(s, 0xD800, 0xDFFF))
        return;
    bool has_low = regex_set_covers(s, 0xDC00, 0xDFFF);
    struct regex_set high = {0};
    regex_set_add_all(&high, s->ranges, s->count);
    regex_set_clip(&high, 0xD800, 0xDBFF);
    for (size_t i = 0; has_low && i < high.count; i++)
        regex_set_add(s, regex_pair_surrogates(high.ranges[i].lo, 0xDC00),
                      regex_pair_surrogates(high.ranges[i].hi, 0xDFFF));
    regex_set_done(&high);
    regex_set_add(s, REGEX_SURROGATE, REGEX_SURROGATE);
    regex_set_tidy(s);
    if (regex_set_covers(s, 0xD7FF, 0xE000))
        return; /* one range around them all, which PCRE2 takes as it is */
    size_t count = s->count;
    for (size_t i = 0; i < count; i++) {
        struct regex_range r = s->ranges[i];
        if (r.hi < 0xD800 || r.lo > 0xDFFF)
            continue;
        s->ranges[i].hi = 0xD7FF; /* empty when the range began later; dropped below */
        if (r.hi > 0xDFFF)
            regex_set_add(s, 0xE000, r.hi);
    }
    size_t kept = 0;
    for (size_t i = 0; i < s->count; i++)
        if (s->ranges[i].lo <= s->ranges[i].hi)
            s->ranges[kept++] = s->ranges[i];
    s->count = kept;
    regex_set_tidy(s);
}

/* t->set as one character of the pattern. */
static void emit_set(struct translator *t, bool negate)
{
    struct regex_set *s = &t->set;
    regex_set_tidy(s);
    uint32_t max = REGEX_CODE_POINT_MAX;
    if (t->form == REGEX_FORM_ASCII) {
        max = 0x7F;
        regex_set_clip(s, 0, max);
    } else {
        if (t->flags & REGEX_CASELESS)
            regex_set_fold(s);
        set_to_code_points(s);
    }
    if (regex_set_touches(s, REGEX_CODE_POINT_MAX, REGEX_CODE_POINT_MAX)) {
        /* PCRE2 matches [^a] faster than the ranges around it. */
        regex_set_invert(s);
        negate = !negate;
    }
    bool is_all = regex_set_covers(s, 0, max);
    if (is_all || s->count == 0) {
        if (is_all != negate)
            buf_add_byte(t->out, '.');
        else
            emit_never(t);
        return;
    }
    if (s->count == 1 && s->ranges[0].lo == s->ranges[0].hi && !negate) {
        emit_char(t, s->ranges[0].lo);
        return;
    }
    emit(t, negate ? STR("[^") : STR("["));
    for (size_t i = 0; i < s->count; i++) {
        emit_char(t, s->ranges[i].lo);
        if (s->ranges[i].hi > s->ranges[i].lo) {
            buf_add_byte(t->out, '-');
            emit_char(t, s->ranges[i].hi);
        }
    }
    buf_add_byte(t->out, ']');
}

static void emit_ranges(struct translator *t, const struct regex_range *ranges, size_t count,
                        bool negate)
{
    t->set.count = 0;
    regex_set_add_all(&t->set, ranges, count);
    emit_set(t, negate);
}

static void emit_literal(struct translator *t, uint32_t c)
{
    if (c < 0x80 && (t->form == REGEX_FORM_ASCII || !(t->flags & REGEX_CASELESS))) {
        emit_char(t, c);
        return;
    }
    struct regex_range r = {c, c};
    emit_ranges(t, &r, 1, false);
}

/* ---- Quantifiers ---- */

static void emit_repeat(struct translator *t, struct regex_repeat r)
{
    if (r.max == REGEX_REPEAT_INFINITE && r.min <= 1)
        buf_add_byte(t->out, r.min ? '+' : '*');
    else if (r.max == REGEX_REPEAT_INFINITE)
        buf_printf(t->out, "{%u,}", (unsigned)r.min);
    else
        buf_printf(t->out, "{%u,%u}", (unsigned)r.min, (unsigned)r.max);
    if (r.lazy)
        buf_add_byte(t->out, '?');
}

/* The atom that was emitted from atom_start on, repeated as often as the counts need parts of
 * 65535. */
static void emit_long_repeat(struct translator *t, size_t atom_start, struct regex_repeat r)
{
    size_t n = t->out->n - atom_start;
    str atom = arena_dup(&t->arena, (str){t->out->p + atom_start, n});
    for (bool is_first = true;; is_first = false) {
        struct regex_repeat part = {r.min > REPEAT_PCRE2_MAX ? REPEAT_PCRE2_MAX : r.min,
                                    r.max > REPEAT_PCRE2_MAX ? REPEAT_PCRE2_MAX : r.max, r.lazy};
        if (r.max == REGEX_REPEAT_INFINITE && r.min == part.min)
            part.max = REGEX_REPEAT_INFINITE;
        if (!is_first)
            emit(t, atom);
        emit_repeat(t, part);
        if (part.max == r.max)
            return;
        r.min -= part.min;
        r.max -= r.max == REGEX_REPEAT_INFINITE ? 0 : part.max;
    }
}

static bool quantify(struct translator *t, enum atom_kind kind, size_t atom_start)
{
    struct regex_repeat r;
    size_t at = t->in.at;
    if (!regex_take_quantifier(&t->in, &r))
        return true;
    if (r.min > r.max) {
        t->in.at = at;
        return regex_refuse(&t->in, "numbers out of order in {} quantifier");
    }
    if (kind == ATOM_LOOKAHEAD) {
        /* An iteration that takes nothing counts only when it is required, and once says all. */
        if (r.min == 0)
            emit(t, STR("{0}"));
        return true;
    }
    uint32_t largest = r.max == REGEX_REPEAT_INFINITE ? r.min : r.max;
    if (largest <= REPEAT_PCRE2_MAX) {
        emit_repeat(t, r);
    } else if (kind == ATOM_SINGLE && largest <= REPEAT_SINGLE_MAX) {
        emit_long_repeat(t, atom_start, r);
    } else {
        t->in.at = at;
        return regex_refuse(&t->in, "repeat count too large");
    }
    return true;
}

static bool translate_class(struct translator *t)
{
    size_t start = t->out->n;
    bool negate;
    if (!regex_take_class(&t->in, &t->set, &negate))
        return false;
    if (!negate)
        regex_join_halves(&t->in, &t->set);
    emit_set(t, negate);
    return quantify(t, ATOM_SINGLE, start);
}

static bool translate_char(struct translator *t, uint32_t c)
{
    size_t start = t->out->n;
    t->set.count = 0;
    regex_set_add(&t->set, c, c);
    if (regex_is_high_surrogate(c) && regex_join_halves(&t->in, &t->set))
        emit_set(t, false);
    else
        emit_literal(t, c);
    return quantify(t, ATOM_SINGLE, start);
}

/* ---- Groups ---- */

/* Behind "(?<" or "\k<": a name up to and with '>'. Letters beyond ASCII are not looked up. */
static bool take_name(struct translator *t, str *ret)
{
    char *name = arena_alloc(&t->arena, t->in.src.n + 4);
    size_t n = 0;
    while (regex_peek(&t->in) != '>') {
        if (t->in.at >= t->in.src.n)
            return regex_refuse(&t->in, "invalid capture group name");
        uint32_t c = regex_take(&t->in);
        if (c == '\\') {
            if (!regex_take_if(&t->in, STR("u")))
                return regex_refuse(&t->in, "invalid capture group name");
            if (regex_take_if(&t->in, STR("{"))) {
                size_t digits = 0;
                while (digits < 6 && regex_hex_at(&t->in, t->in.at + digits, 1) != REGEX_END)
                    digits++;
                c = digits ? regex_hex_at(&t->in, t->in.at, digits) : REGEX_END;
                t->in.at += digits;
                if (!regex_take_if(&t->in, STR("}")))
                    c = REGEX_END;
            } else {
                c = regex_take_unicode_escape(&t->in, false);
            }
        }
        bool fits =
            c >= 0x80 ? c <= REGEX_CODE_POINT_MAX
                      : regex_is_letter(c) || c == '$' || c == '_' || (n > 0 && regex_is_digit(c));
        if (!fits)
            return regex_refuse(&t->in, "invalid capture group name");
        n += utf8_encode(c, name + n);
    }
    t->in.at++;
    if (n == 0)
        return regex_refuse(&t->in, "invalid capture group name");
    *ret = (str){name, n};
    arena_shrink(&t->arena, name, t->in.src.n + 4, n);
    return true;
}

static const struct group_name *find_name(const struct translator *t, str name)
{
    for (size_t i = 0; i < t->name_count; i++)
        if (str_eq(t->names[i].name, name))
            return &t->names[i];
    return NULL;
}

static bool scan_group(struct translator *t)
{
    bool is_named = regex_take_if(&t->in, STR("?<"));
    if (is_named ? regex_peek(&t->in) == '=' || regex_peek(&t->in) == '!'
                 : regex_peek(&t->in) == '?')
        return true;
    if (t->group_count == GROUPS_MAX)
        return regex_refuse(&t->in, "too many groups");
    t->group_count++;
    if (!is_named)
        return true;
    str name;
    if (!take_name(t, &name))
        return false;
    if (find_name(t, name))
        return regex_refuse(&t->in, "duplicate capture group name");
    t->names[t->name_count++] = (struct group_name){name, t->group_count};
    return true;
}

/* Counts the groups and collects their names: what a reference means depends on those behind it
 * too. */
static bool scan_groups(struct translator *t)
{
    bool in_class = false;
    size_t named = 0;
    for (size_t at = str_find(t->in.src, STR("(?<"), 0); at != STR_NONE;
         at = str_find(t->in.src, STR("(?<"), at + 3))
        named++;
    t->names = arena_alloc(&t->arena, named * sizeof *t->names);
    while (t->in.at < t->in.src.n) {
        uint32_t c = regex_take(&t->in);
        if (c == '\\' && t->in.at < t->in.src.n)
            regex_take(&t->in);
        else if (c == '[')
            in_class = true;
        else if (c == ']')
            in_class = false;
        else if (c == '(' && !in_class && !scan_group(t))
            return false;
    }
    t->in.at = 0;
    t->in.has_names = t->name_count > 0;
    t->state = arena_zalloc(&t->arena, t->group_count + 1);
    return true;
}

struct group_opening {
    const char *text; /* in the pattern, behind '('; the same is emitted */
    enum frame_kind kind;
};

static const struct group_opening group_openings[] = {
    {"?:", FRAME_GROUP},       {"?=", FRAME_LOOKAHEAD},   {"?!", FRAME_LOOKAHEAD},
    {"?<=", FRAME_LOOKBEHIND}, {"?<!", FRAME_LOOKBEHIND},
};

static bool open_group(struct translator *t)
{
    if (t->depth == REGEX_NEST_MAX)
        return regex_refuse(&t->in, "groups are nested too deeply");
    struct frame *f = &t->frames[t->depth++];
    *f = (struct frame){.kind = FRAME_GROUP, .opened_before = t->opened};
    buf_add_byte(t->out, '(');
    for (size_t i = 0; i < ARRAY_LEN(group_openings); i++) {
        str text = str_of(group_openings[i].text);
        if (regex_take_if(&t->in, text)) {
            f->kind = group_openings[i].kind;
            emit(t, text);
            return true;
        }
    }
    str name;
    if (regex_take_if(&t->in, STR("?<"))) {
        if (!take_name(t, &name))
            return false;
    } else if (regex_peek(&t->in) == '?') {
        return regex_refuse(&t->in, "invalid group");
    }
    f->number = ++t->opened;
    t->state[f->number] = GROUP_OPEN;
    return true;
}

static bool close_group(struct translator *t)
{
    if (t->depth == 0)
        return regex_refuse(&t->in, "unmatched ')'");
    struct frame f = t->frames[--t->depth];
    buf_add_byte(t->out, ')');
    t->state[f.number] = GROUP_CLOSED;
    /* A quantifier behind a lookbehind is found by the caller, as one with nothing to repeat. */
    if (f.kind == FRAME_LOOKBEHIND)
        return true;
    return quantify(t, f.kind == FRAME_GROUP ? ATOM_GROUP : ATOM_LOOKAHEAD, 0);
}

/*
 * A group has no text where it is still open or comes later: JavaScript unsets groups when a
 * repetition starts again, so such references match the empty text. Lookbehinds are matched from
 * right to left, so there it is the other way round; what remains PCRE2 refuses.
 */
static bool translate_reference(struct translator *t, uint32_t group)
{
    bool is_empty = t->state[group] != GROUP_CLOSED;
    for (size_t i = t->depth; i-- > 0;) {
        if (t->frames[i].kind == FRAME_LOOKBEHIND)
            is_empty = t->state[group] == GROUP_OPEN ||
                       (t->state[group] == GROUP_CLOSED && group > t->frames[i].opened_before);
        if (t->frames[i].kind != FRAME_GROUP)
            break;
    }
    if (is_empty)
        emit(t, STR("(?:)"));
    else if (t->flags & REGEX_CASELESS && t->form == REGEX_FORM_UTF)
        buf_printf(t->out, "(?i:\\g{%u})", (unsigned)group);
    else
        buf_printf(t->out, "\\g{%u}", (unsigned)group);
    return quantify(t, ATOM_GROUP, 0);
}

static bool translate_named_reference(struct translator *t)
{
    str name;
    if (!regex_take_if(&t->in, STR("<")))
        return regex_refuse(&t->in, "invalid named reference");
    if (!take_name(t, &name))
        return false;
    const struct group_name *g = find_name(t, name);
    return g ? translate_reference(t, g->number)
             : regex_refuse(&t->in, "invalid named capture referenced");
}

/* ---- The pattern ---- */

static bool translate_escape(struct translator *t)
{
    size_t start = t->out->n;
    if (t->in.at >= t->in.src.n)
        return regex_refuse(&t->in, "\\ at end of pattern");
    if (regex_take_if(&t->in, STR("b")) || regex_take_if(&t->in, STR("B"))) {
        emit(t, (str){t->in.src.p + t->in.at - 2, 2});
        return true;
    }
    t->set.count = 0;
    if (regex_take_class_escape(&t->in, &t->set)) {
        emit_set(t, false);
        return quantify(t, ATOM_SINGLE, start);
    }
    if (t->name_count > 0 && regex_take_if(&t->in, STR("k")))
        return translate_named_reference(t);
    uint32_t c = regex_peek(&t->in);
    if (c >= '1' && c <= '9') {
        size_t at = t->in.at;
        uint32_t number = regex_take_count(&t->in);
        if (number <= t->group_count)
            return translate_reference(t, number);
        t->in.at = at;
    }
    return translate_char(t, regex_take_character_escape(&t->in, false));
}

/* PCRE2 knows no set of line ends that is JavaScript's: so "no character but a line end on that
 * side". */
static void emit_line_border(struct translator *t, str look)
{
    emit(t, look);
    emit_ranges(t, range_line_end, ARRAY_LEN(range_line_end), true);
    buf_add_byte(t->out, ')');
}

static bool translate_term(struct translator *t)
{
    size_t start = t->out->n;
    struct regex_repeat r;
    if (regex_take_quantifier(&t->in, &r))
        return regex_refuse(&t->in, "nothing to repeat");
    uint32_t c = regex_take(&t->in);
    switch (c) {
    case '|': buf_add_byte(t->out, '|'); return true;
    case '(': return open_group(t);
    case ')': return close_group(t);
    case '[': return translate_class(t);
    case '\\': return translate_escape(t);
    case '^':
        if (t->flags & REGEX_MULTILINE)
            emit_line_border(t, STR("(?<!"));
        else
            buf_add_byte(t->out, '^');
        return true;
    case '$':
        if (t->flags & REGEX_MULTILINE)
            emit_line_border(t, STR("(?!"));
        else
            emit(t, STR("\\z"));
        return true;
    case '.':
        emit_ranges(t, range_line_end, ARRAY_LEN(range_line_end), true);
        return quantify(t, ATOM_SINGLE, start);
    default: return translate_char(t, c);
    }
}

static bool translate_pattern(struct translator *t)
{
    if (!scan_groups(t))
        return false;
    while (t->in.at < t->in.src.n)
        if (!translate_term(t))
            return false;
    return t->depth == 0 || regex_refuse(&t->in, "unterminated group");
}

enum status regex_translate(str pattern, unsigned flags, enum regex_form form, struct buf *out,
                            unsigned *ret_groups, struct error *err)
{
    if (pattern.n > REGEX_PATTERN_MAX)
        return error_set(err, STATUS_INVALID, "S0303",
                         "the regular expression is longer than %d bytes", REGEX_PATTERN_MAX);
    struct translator t = {
        .in = {.src = pattern, .err = err}, .flags = flags, .form = form, .out = out};
    arena_init(&t.arena, 0);
    bool done = translate_pattern(&t);
    *ret_groups = done ? t.group_count : *ret_groups;
    regex_set_done(&t.set);
    arena_done(&t.arena);
    if (done && !buf_ok(out))
        return error_set(err, STATUS_INVALID, "S0303", "the regular expression is too large");
    return done ? STATUS_OK : STATUS_INVALID;
}
