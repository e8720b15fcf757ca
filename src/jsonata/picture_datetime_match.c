/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Splitting a text among the parts of a date picture. The reference implementation builds a regular
 * expression for this; here each part says which ends are possible from a start, in the order in
 * which that expression tries them, and a search with backtracking takes the first combination that
 * reaches the end of the text. Starts from which the rest is known to fail are remembered, so the
 * work is bounded by parts × length². What the pieces mean is in picture_datetime_parse.c.
 */
#include "jsonata/picture_internal.h"

#include "jsonata/regex_set.h"
#include <math.h>

enum {
    SMALL_PARTS = 24,
    SMALL_MEMO = 32,
    STEPS_MAX = 1 << 22, /* ends tried and characters read over */
    MEMO_MAX = 1 << 24   /* bytes; larger searches rely on STEPS_MAX alone */
};

/* A part that has been given a start, with the ends it may have. */
struct match_frame {
    size_t start, end; /* end: the one in use */
    size_t low;        /* ends go down from end to this one, unless they are listed: */
    size_t list_from, list_at, list_to;
    bool is_listed;
};

struct match_search {
    const struct picture_datetime *picture;
    struct units text;
    struct match_frame *frames; /* one per part */
    uint64_t *failed;           /* bit part × (text.n + 1) + start; NULL: not kept */
    struct buf ends;            /* listed ends of all frames in use, a stack */
    struct buf visits;          /* scratch of list_word_ends */
    size_t steps;
};

/* Canonicalize of ECMA-262 without the u flag. */
static uint16_t fold_unit(uint16_t unit)
{
    if (unit < 0x80)
        return unit >= 'a' && unit <= 'z' ? unit - ('a' - 'A') : unit;
    for (size_t i = 0; i < regex_fold_run_count; i++) {
        const struct regex_fold_run *run = &regex_fold_runs[i];
        if (unit >= run->lo && unit <= run->hi && (unit - run->lo) % run->stride == 0)
            return (uint16_t)(unit + run->delta);
    }
    return unit;
}

/* The position behind literal when the text has it at position at, without regard to case; else
 * STR_NONE. */
static size_t skip_literal(struct units text, size_t at, struct units literal)
{
    if (literal.n > text.n - at)
        return STR_NONE;
    for (size_t i = 0; i < literal.n; i++) {
        uint16_t unit = text.p[at + i];
        if (unit != literal.p[i] && fold_unit(unit) != fold_unit(literal.p[i]))
            return STR_NONE;
    }
    return at + literal.n;
}

static size_t skip_ascii(struct units text, size_t at, const char *literal)
{
    uint16_t units[32];
    size_t n = 0;
    for (; n < ARRAY_LEN(units) && literal[n] != '\0'; n++)
        units[n] = (unsigned char)literal[n];
    return skip_literal(text, at, (struct units){units, n});
}

enum unit_class { CLASS_DIGIT, CLASS_LETTER, CLASS_ROMAN };

static bool is_in_class(uint16_t unit, enum unit_class class)
{
    uint16_t upper = unit >= 'a' && unit <= 'z' ? unit - ('a' - 'A') : unit;
    switch (class) {
    case CLASS_DIGIT: return unit >= '0' && unit <= '9';
    case CLASS_LETTER: return upper >= 'A' && upper <= 'Z';
    case CLASS_ROMAN: return upper != 0 && upper < 0x80 && strchr("MDCLXVI", upper) != NULL;
    }
    return false;
}

static size_t skip_class(struct match_search *s, size_t at, enum unit_class class)
{
    size_t start = at;
    while (at < s->text.n && is_in_class(s->text.p[at], class))
        at++;
    s->steps += (at - start) / 16;
    return at;
}

/* The frame's only end. */
static bool set_end(struct match_frame *f, size_t end)
{
    f->end = end;
    f->low = end;
    return end != STR_NONE;
}

/* One or more of a class from position at, the longest first. */
static bool set_run(struct match_search *s, struct match_frame *f, size_t at, enum unit_class class)
{
    f->end = skip_class(s, at, class);
    f->low = at + 1;
    return f->end > at;
}

static void list_end(struct match_search *s, size_t end)
{
    buf_add(&s->ends, (str){(const char *)&end, sizeof end});
    s->steps++;
}

static size_t listed_end(const struct match_search *s, size_t index)
{
    size_t end;
    memcpy(&end, s->ends.p + index * sizeof end, sizeof end);
    return end;
}

static size_t listed_count(const struct match_search *s)
{
    return s->ends.n / sizeof(size_t);
}

static bool set_listed(struct match_search *s, struct match_frame *f, size_t from)
{
    f->is_listed = true;
    f->list_from = from;
    f->list_at = from;
    f->list_to = listed_count(s);
    if (f->list_to > from)
        f->end = listed_end(s, from);
    return f->list_to > from;
}

/* Where a word was found and which one is to be tried next from there. */
struct word_visit {
    size_t at, next_word;
};

/* All ends of a row of number words, deepest first: a row is left only when no word continues it.
 */
static bool set_word_ends(struct match_search *s, struct match_frame *f)
{
    size_t from = listed_count(s);
    struct word_visit visit = {f->start, 0};
    buf_clear(&s->visits);
    for (;;) {
        size_t n = s->steps < STEPS_MAX ? words_match(s->text, visit.at, &visit.next_word) : 0;
        s->steps += 4;
        if (n > 0) {
            buf_add(&s->visits, (str){(const char *)&visit, sizeof visit});
            visit = (struct word_visit){visit.at + n, 0};
            continue;
        }
        if (visit.at > f->start)
            list_end(s, visit.at);
        if (s->visits.n == 0)
            break;
        s->visits.n -= sizeof visit;
        memcpy(&visit, s->visits.p + s->visits.n, sizeof visit);
    }
    return set_listed(s, f, from);
}

static bool is_line_end(uint16_t unit)
{
    return unit == '\n' || unit == '\r' || unit == 0x2028 || unit == 0x2029;
}

static const struct integer_separator *zone_separator(const struct datetime_part *part)
{
    return part->integer->regular > 0 ? &part->integer->separators[0] : NULL;
}

/* The separator goes into the regular expression as it is: these make it invalid, … */
bool datetime_zone_is_broken(const struct datetime_part *part)
{
    if (part->is_literal || (part->component != 'Z' && part->component != 'z'))
        return false;
    const struct integer_separator *separator = zone_separator(part);
    return separator != NULL && separator->character < 0x80 && separator->character != 0 &&
           strchr("+*()", (int)separator->character) != NULL;
}

/* … and with these it accepts nothing that is a time zone. */
static bool is_hopeless(uint32_t separator)
{
    return separator < 0x80 && separator != 0 && strchr("^$|\\[", (int)separator) != NULL;
}

static size_t skip_separator(struct units text, size_t at, uint32_t separator)
{
    if (separator == '.')
        return at < text.n && !is_line_end(text.p[at]) ? at + 1 : STR_NONE;
    uint16_t units[2] = {(uint16_t)separator, 0};
    size_t n = 1;
    if (separator >= 0x10000) {
        units[0] = (uint16_t)(0xD800 + ((separator - 0x10000) >> 10));
        units[n++] = (uint16_t)(0xDC00 + (separator & 0x3FF));
    }
    return skip_literal(text, at, (struct units){units, n});
}

/* Digits, separator, digits; the longest hours first, for each the longest minutes. A question mark
 * makes the hours as short as possible and is no separator. */
static bool set_zone_pair(struct match_search *s, struct match_frame *f, size_t at,
                          uint32_t separator)
{
    size_t from = listed_count(s);
    size_t most = skip_class(s, at, CLASS_DIGIT);
    bool is_lazy = separator == '?';
    for (size_t i = 0; i < most - at; i++) {
        size_t hours = is_lazy ? at + 1 + i : most - i;
        size_t next = is_lazy ? hours : skip_separator(s->text, hours, separator);
        if (next == STR_NONE || s->steps > STEPS_MAX)
            continue;
        for (size_t end = skip_class(s, next, CLASS_DIGIT); end > next; end--)
            list_end(s, end);
    }
    return set_listed(s, f, from);
}

static bool set_zone(struct match_search *s, struct match_frame *f,
                     const struct datetime_part *part)
{
    size_t at = part->component == 'z' ? skip_ascii(s->text, f->start, "GMT") : f->start;
    if (at == STR_NONE || at >= s->text.n || (s->text.p[at] != '-' && s->text.p[at] != '+'))
        return false;
    const struct integer_separator *separator = zone_separator(part);
    if (separator == NULL)
        return set_run(s, f, at + 1, CLASS_DIGIT);
    return !is_hopeless(separator->character) && set_zone_pair(s, f, at + 1, separator->character);
}

static size_t skip_ending(struct units text, size_t at)
{
    static const char endings[][3] = {"th", "st", "nd", "rd"};
    for (size_t i = 0; i < ARRAY_LEN(endings); i++) {
        size_t end = skip_ascii(text, at, endings[i]);
        if (end != STR_NONE)
            return end;
    }
    return STR_NONE;
}

/* Exactly so many digits. A negative number, which only an odd width gives, is a literal "{-2}" in
 * the regular expression, behind one digit. */
static size_t skip_digits(struct match_search *s, size_t at, double count)
{
    if (fabs(count) >= 1e9)
        return STR_NONE;
    size_t digits = count > 0 ? (size_t)count : 1;
    if (digits > s->text.n - at || skip_class(s, at, CLASS_DIGIT) - at < digits)
        return STR_NONE;
    if (count > 0)
        return at + digits;
    char literal[16] = "{-";
    size_t n = 2;
    size_t divisor = 1;
    for (size_t left = (size_t)-count; left / divisor >= 10;)
        divisor *= 10;
    for (; divisor > 0; divisor /= 10)
        literal[n++] = (char)('0' + (size_t)-count / divisor % 10);
    literal[n++] = '}';
    literal[n] = '\0';
    return skip_ascii(s->text, at + 1, literal);
}

static bool set_decimal(struct match_search *s, struct match_frame *f,
                        const struct picture_integer *p)
{
    bool is_fixed = p->parse_digits < 0 || p->parse_digits > 0;
    if (!is_fixed && !p->is_ordinal)
        return set_run(s, f, f->start, CLASS_DIGIT);
    size_t end =
        is_fixed ? skip_digits(s, f->start, p->parse_digits) : skip_class(s, f->start, CLASS_DIGIT);
    if (end == STR_NONE || end == f->start)
        return false;
    return set_end(f, p->is_ordinal ? skip_ending(s->text, end) : end);
}

static bool set_ends(struct match_search *s, struct match_frame *f,
                     const struct datetime_part *part)
{
    if (part->is_literal)
        return set_end(f, skip_literal(s->text, f->start, part->literal_units));
    if (part->component == 'Z' || part->component == 'z')
        return set_zone(s, f, part);
    if (part->component == 'f')
        return set_run(s, f, f->start, CLASS_DIGIT);
    if (part->integer == NULL)
        return set_run(s, f, f->start, CLASS_LETTER);
    switch (part->integer->kind) {
    case INTEGER_DECIMAL: return set_decimal(s, f, part->integer);
    case INTEGER_LETTERS: return set_run(s, f, f->start, CLASS_LETTER);
    case INTEGER_ROMAN: return set_run(s, f, f->start, CLASS_ROMAN);
    case INTEGER_WORDS: return set_word_ends(s, f);
    case INTEGER_SEQUENCE: break;
    }
    return false;
}

static bool next_end(struct match_search *s, struct match_frame *f)
{
    if (f->is_listed) {
        if (++f->list_at >= f->list_to)
            return false;
        f->end = listed_end(s, f->list_at);
        return true;
    }
    return f->end-- > f->low;
}

static bool has_failed(const struct match_search *s, size_t part, size_t start)
{
    size_t bit = part * (s->text.n + 1) + start;
    return s->failed != NULL && (s->failed[bit / 64] >> (bit % 64) & 1) != 0;
}

static void set_failed(struct match_search *s, size_t part, size_t start)
{
    size_t bit = part * (s->text.n + 1) + start;
    if (s->failed != NULL)
        s->failed[bit / 64] |= 1ULL << (bit % 64);
}

static bool enter_part(struct match_search *s, size_t part, size_t start)
{
    struct match_frame *f = &s->frames[part];
    *f = (struct match_frame){.start = start, .list_from = listed_count(s)};
    return !has_failed(s, part, start) && set_ends(s, f, &s->picture->parts[part]);
}

/* Leaves the part at its start for good. */
static void leave_part(struct match_search *s, size_t part)
{
    set_failed(s, part, s->frames[part].start);
    s->ends.n = s->frames[part].list_from * sizeof(size_t);
}

static enum datetime_match search(struct match_search *s)
{
    size_t count = s->picture->count;
    if (count == 0)
        return s->text.n == 0 ? DATETIME_MATCHED : DATETIME_UNMATCHED;
    size_t part = 0;
    bool has_end = enter_part(s, 0, 0);
    while (s->steps++ < STEPS_MAX) {
        if (!has_end) {
            leave_part(s, part);
            if (part == 0)
                return DATETIME_UNMATCHED;
            part--;
            has_end = next_end(s, &s->frames[part]);
            continue;
        }
        size_t end = s->frames[part].end;
        if (part + 1 < count)
            has_end = enter_part(s, ++part, end);
        else if (end == s->text.n)
            return DATETIME_MATCHED;
        else
            has_end = next_end(s, &s->frames[part]);
    }
    return DATETIME_TOO_LONG;
}

enum datetime_match datetime_match(const struct picture_datetime *p, struct units text,
                                   struct datetime_span *spans)
{
    struct match_frame frames[SMALL_PARTS];
    uint64_t failed[SMALL_MEMO];
    struct match_search s = {.picture = p, .text = text, .frames = frames};
    struct buf frame_memory;
    struct buf memo;
    buf_init(&frame_memory, SIZE_MAX);
    buf_init(&memo, MEMO_MAX);
    buf_init(&s.ends, SIZE_MAX);
    buf_init(&s.visits, SIZE_MAX);
    if (p->count > SMALL_PARTS) {
        buf_add_fill(&frame_memory, '\0', p->count * sizeof *s.frames);
        s.frames = (struct match_frame *)(void *)frame_memory.p;
    }
    size_t words = p->count < MEMO_MAX ? p->count * (text.n + 1) / 64 + 1 : SIZE_MAX;
    if (words <= SMALL_MEMO) {
        memset(failed, 0, words * sizeof *failed);
        s.failed = failed;
    } else if (words <= MEMO_MAX / sizeof *failed) {
        buf_add_fill(&memo, '\0', words * sizeof *failed);
        s.failed = (uint64_t *)(void *)memo.p;
    }
    enum datetime_match found = search(&s);
    for (size_t i = 0; i < p->count && found == DATETIME_MATCHED; i++)
        spans[i] = (struct datetime_span){s.frames[i].start, s.frames[i].end};
    buf_done(&frame_memory);
    buf_done(&memo);
    buf_done(&s.ends);
    buf_done(&s.visits);
    return found;
}
