/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Compiling and matching regular expressions with PCRE2 (8 bit, JIT where the system allows it).
 *
 * Each pattern has two compiled forms: one for ASCII subjects, which is nearly all of them and
 * needs no UTF decoding, and one for the others, made when the first such subject comes. What the
 * pattern means is settled in regex_translate.c.
 *
 * Effort: PCRE2's match limit counts anew at every start position, so it bounds a call only by
 * subject length times limit. search_in_windows() adds the bound for all positions together.
 * Forward scans without any backtracking are not counted by PCRE2 and not here.
 */
#include "jsonata/regex.h"
#include "base/buf.h"
#include "base/check.h"
#include "base/utf8.h"
#include "jsonata/regex_translate.h"
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdatomic.h>
#include <stdlib.h>

enum {
    TRANSLATED_MAX = 4 * 1024 * 1024, /* bytes of a translated pattern */
    JIT_STACK_LARGE = 512 * 1024,
    CALL_EFFORT_FACTOR = 4, /* effort of one call, in match limits */
    FIRST_EFFORT =
        16 * 1024 * 1024, /* spread over the start positions of the first, unguarded try */
    SMALL_EFFORT = 64,    /* per start position, not worth counting */
    SCRATCH_KEEP_BYTES = 64 * 1024, /* a larger copy of a subject is not kept for the next one */
};

struct regex_program {
    pcre2_code *code;
    bool has_jit;
};

/* The form for subjects beyond ASCII; written once, by whichever thread needs it first. */
struct regex_late {
    _Atomic(struct regex_program *) utf;
};

struct regex {
    char *pattern; /* JavaScript's text, pattern_n bytes */
    size_t pattern_n;
    unsigned flags;
    unsigned groups;
    struct regex_program *ascii;
    struct regex_late *late;
};

struct regex_matcher {
    uint32_t match_limit;   /* as asked for */
    uint32_t current_limit; /* as set in context */
    pcre2_match_context *context;
    size_t heap_limit_kb;
    pcre2_match_data *data;
    uint32_t pairs;         /* that data has room for */
    pcre2_match_data *slow; /* the same without JIT, freed early: PCRE2 keeps its heap in it */
    str subject;            /* of the last call, when it was not known to be ASCII */
    bool is_ascii;          /* and it was after all */
    bool has_surrogates;    /* then scratch holds its copy without them */
    char *scratch;
    size_t scratch_cap;
};

/* ---- Compiling ---- */

static enum status program_refused(int code, struct error *err)
{
    PCRE2_UCHAR text[256];
    if (pcre2_get_error_message(code, text, sizeof text) < 0)
        text[0] = 0;
    return error_set(err, STATUS_INVALID, "S0303", "the regular expression cannot be used: %s",
                     (const char *)text);
}

static void program_free(struct regex_program *p)
{
    if (!p)
        return;
    pcre2_code_free(p->code);
    free(p);
}

static enum status program_compile(str text, uint32_t options, struct regex_program **ret,
                                   struct error *err)
{
    pcre2_compile_context *context = pcre2_compile_context_create(NULL);
    check(context);
    pcre2_set_newline(context, PCRE2_NEWLINE_LF);
    pcre2_set_parens_nest_limit(context, REGEX_NEST_MAX + 8);
    pcre2_set_max_pattern_length(context, TRANSLATED_MAX);
    int code;
    PCRE2_SIZE offset;
    options |=
        PCRE2_DOTALL | PCRE2_MATCH_UNSET_BACKREF | PCRE2_NEVER_BACKSLASH_C | PCRE2_USE_OFFSET_LIMIT;
    pcre2_code *compiled =
        pcre2_compile((PCRE2_SPTR)text.p, text.n, options, &code, &offset, context);
    pcre2_compile_context_free(context);
    if (!compiled)
        return program_refused(code, err);
    struct regex_program *p = malloc(sizeof *p);
    check(p);
    p->code = compiled;
    /* Fails where memory cannot be made executable; then PCRE2 interprets. */
    p->has_jit = pcre2_jit_compile(compiled, PCRE2_JIT_COMPLETE) == 0;
    *ret = p;
    return STATUS_OK;
}

static enum status form_compile(str pattern, unsigned flags, enum regex_form form,
                                struct regex_program **ret, unsigned *ret_groups, struct error *err)
{
    struct buf text;
    buf_init(&text, TRANSLATED_MAX);
    enum status status = regex_translate(pattern, flags, form, &text, ret_groups, err);
    if (status == STATUS_OK) {
        uint32_t options = form == REGEX_FORM_UTF ? PCRE2_UTF : 0;
        if (form == REGEX_FORM_ASCII && flags & REGEX_CASELESS)
            options = PCRE2_CASELESS;
        status = program_compile(text.n ? buf_str(&text) : STR(""), options, ret, err);
    }
    buf_done(&text);
    return status;
}

enum status regex_compile(str pattern, unsigned flags, struct regex **ret, struct error *err)
{
    struct regex_program *ascii = NULL;
    unsigned groups = 0;
    enum status status = form_compile(pattern, flags, REGEX_FORM_ASCII, &ascii, &groups, err);
    if (status != STATUS_OK)
        return status;
    struct regex *re = malloc(sizeof *re);
    struct regex_late *late = malloc(sizeof *late);
    char *copy = malloc(pattern.n + 1);
    check(re && late && copy);
    if (pattern.n)
        memcpy(copy, pattern.p, pattern.n);
    atomic_init(&late->utf, NULL);
    *re = (struct regex){copy, pattern.n, flags, groups, ascii, late};
    *ret = re;
    return STATUS_OK;
}

void regex_free(struct regex *re)
{
    if (!re)
        return;
    program_free(re->ascii);
    program_free(atomic_load(&re->late->utf));
    free(re->late);
    free(re->pattern);
    free(re);
}

unsigned regex_group_count(const struct regex *re)
{
    return re->groups;
}

/* The form for non-ASCII subjects, or NULL and err. */
static const struct regex_program *utf_program(const struct regex *re, struct error *err)
{
    struct regex_program *p = atomic_load_explicit(&re->late->utf, memory_order_acquire);
    if (p)
        return p;
    unsigned groups;
    str pattern = {re->pattern, re->pattern_n};
    if (form_compile(pattern, re->flags, REGEX_FORM_UTF, &p, &groups, err) != STATUS_OK)
        return NULL;
    struct regex_program *expected = NULL;
    if (atomic_compare_exchange_strong(&re->late->utf, &expected, p))
        return p;
    program_free(p);
    return expected;
}

/* ---- The matcher ---- */

struct regex_matcher *regex_matcher_new(uint32_t match_limit, uint32_t depth_limit,
                                        size_t heap_limit_kb)
{
    struct regex_matcher *m = calloc(1, sizeof *m);
    check(m);
    m->match_limit = match_limit ? match_limit : REGEX_MATCH_LIMIT;
    m->context = pcre2_match_context_create(NULL);
    check(m->context);
    if (heap_limit_kb == 0 || heap_limit_kb > UINT32_MAX)
        heap_limit_kb = REGEX_HEAP_LIMIT_KB;
    m->heap_limit_kb = heap_limit_kb;
    pcre2_set_heap_limit(m->context, (uint32_t)heap_limit_kb);
    pcre2_set_depth_limit(m->context, depth_limit ? depth_limit : REGEX_DEPTH_LIMIT);
    /* No JIT stack: PCRE2 then takes 32 KB of the machine's stack, which serves nearly every match
     * and makes a matcher cheap to have. See run_with_large_stack. */
    return m;
}

void regex_matcher_free(struct regex_matcher *m)
{
    if (!m)
        return;
    pcre2_match_data_free(m->slow);
    pcre2_match_data_free(m->data);
    pcre2_match_context_free(m->context);
    free(m->scratch);
    free(m);
}

static COLD void matcher_make_room(struct regex_matcher *m, uint32_t pairs)
{
    pcre2_match_data_free(m->data);
    m->pairs = pairs < 16 ? 16 : pairs;
    m->data = pcre2_match_data_create(m->pairs, NULL);
    check(m->data);
}

/* Puts REGEX_SURROGATE for each lone surrogate (ED A0..BF xx), which PCRE2 takes for broken UTF-8.
 */
static bool matcher_hide_surrogates(struct regex_matcher *m, str s)
{
    const char *p = s.p;
    const char *end = s.p + s.n;
    while ((p = memchr(p, 0xED, (size_t)(end - p))) && (unsigned char)p[1] < 0xA0)
        p += 3;
    if (!p)
        return false;
    if (s.n > m->scratch_cap || (m->scratch_cap > SCRATCH_KEEP_BYTES && s.n < m->scratch_cap / 2)) {
        free(m->scratch);
        m->scratch = malloc(s.n);
        check(m->scratch);
        m->scratch_cap = s.n;
    }
    memcpy(m->scratch, s.p, s.n);
    char substitute[4];
    utf8_encode(REGEX_SURROGATE, substitute);
    for (char *q = m->scratch + (p - s.p); q; q = memchr(q, 0xED, (size_t)(m->scratch + s.n - q))) {
        if ((unsigned char)q[1] >= 0xA0)
            memcpy(q, substitute, 3);
        q += 3;
    }
    return true;
}

static void matcher_look_at(struct regex_matcher *m, str subject)
{
    m->subject = subject;
    m->is_ascii = utf8_is_ascii(subject);
    m->has_surrogates = !m->is_ascii && matcher_hide_surrogates(m, subject);
}

/* ---- Matching ---- */

struct search {
    struct regex_matcher *m;
    const struct regex_program *program;
    str subject;
    pcre2_match_data *found;      /* where the offsets of the last run are */
    pcre2_jit_stack *large_stack; /* for this call only, when the matcher's was too small */
};

static void set_limit(struct regex_matcher *m, uint32_t limit)
{
    if (m->current_limit == limit)
        return;
    m->current_limit = limit;
    pcre2_set_match_limit(m->context, limit);
}

static COLD int run_interpreted(struct search *s, size_t at)
{
    struct regex_matcher *m = s->m;
    if (!m->slow)
        m->slow = pcre2_match_data_create(m->pairs, NULL);
    check(m->slow);
    s->found = m->slow;
    return pcre2_match(s->program->code, (PCRE2_SPTR)s->subject.p, s->subject.n, at,
                       PCRE2_NO_UTF_CHECK | PCRE2_NO_JIT, m->slow, m->context);
}

static int run_jit(struct search *s, size_t at)
{
    struct regex_matcher *m = s->m;
    return pcre2_jit_match(s->program->code, (PCRE2_SPTR)s->subject.p, s->subject.n, at, 0, m->data,
                           m->context);
}

/* Once more, and the rest of this call, with a stack that may take as much as the heap without JIT.
 */
static COLD int run_with_large_stack(struct search *s, size_t at)
{
    s->large_stack = pcre2_jit_stack_create(JIT_STACK_LARGE, s->m->heap_limit_kb * 1024, NULL);
    if (!s->large_stack)
        return PCRE2_ERROR_JIT_STACKLIMIT;
    pcre2_jit_stack_assign(s->m->context, NULL, s->large_stack);
    return run_jit(s, at);
}

static COLD void drop_large_stack(struct search *s)
{
    pcre2_jit_stack_assign(s->m->context, NULL, NULL);
    pcre2_jit_stack_free(s->large_stack);
}

/* One call of PCRE2; its result code. */
static int run_program(struct search *s, size_t at, uint32_t limit)
{
    set_limit(s->m, limit);
    if (UNLIKELY(!s->program->has_jit))
        return run_interpreted(s, at);
    int rc = run_jit(s, at);
    if (UNLIKELY(rc == PCRE2_ERROR_JIT_STACKLIMIT && !s->large_stack))
        return run_with_large_stack(s, at);
    return rc;
}

static size_t next_boundary(str s, size_t at)
{
    while (at < s.n && ((unsigned char)s.p[at] & 0xC0) == 0x80)
        at++;
    return at;
}

/* One start position with rising limits; *left is what the call may still spend. */
static int search_here(struct search *s, size_t at, uint64_t *left)
{
    uint32_t limit = SMALL_EFFORT;
    do {
        limit = limit > s->m->match_limit / 16 ? s->m->match_limit : limit * 16;
        if (limit > *left)
            return PCRE2_ERROR_MATCHLIMIT;
        *left -= limit;
        int rc = run_program(s, at, limit);
        if (rc != PCRE2_ERROR_MATCHLIMIT)
            return rc;
    } while (limit < s->m->match_limit);
    return PCRE2_ERROR_MATCHLIMIT;
}

/*
 * The careful way, after an unguarded try met a start position that takes effort. Windows of start
 * positions are tried with a small limit, halved until the window that fails is one position, which
 * alone gets a larger one and is charged for it.
 */
static COLD int search_in_windows(struct search *s, size_t at)
{
    struct regex_matcher *m = s->m;
    uint64_t left = (uint64_t)m->match_limit * CALL_EFFORT_FACTOR;
    size_t width = 64;
    int rc = PCRE2_ERROR_NOMATCH;
    while (at <= s->subject.n && rc == PCRE2_ERROR_NOMATCH) {
        size_t rest = s->subject.n - at;
        width = width > rest + 1 ? rest + 1 : width;
        pcre2_set_offset_limit(m->context, at + width - 1);
        rc = run_program(s, at, SMALL_EFFORT);
        if (rc == PCRE2_ERROR_MATCHLIMIT && width > 1) {
            width /= 2;
            rc = PCRE2_ERROR_NOMATCH;
            continue;
        }
        if (rc == PCRE2_ERROR_MATCHLIMIT)
            rc = search_here(s, at, &left);
        at = at + width > s->subject.n ? s->subject.n + 1 : next_boundary(s->subject, at + width);
        width *= 2;
    }
    pcre2_set_offset_limit(m->context, PCRE2_UNSET);
    return rc;
}

static int search_subject(struct search *s, size_t start_offset)
{
    uint32_t limit = (uint32_t)(FIRST_EFFORT / (s->subject.n - start_offset + 1));
    limit = limit < SMALL_EFFORT ? SMALL_EFFORT : limit;
    limit = limit > s->m->match_limit ? s->m->match_limit : limit;
    int rc = run_program(s, start_offset, limit);
    if (UNLIKELY(rc == PCRE2_ERROR_MATCHLIMIT && limit < s->m->match_limit))
        return search_in_windows(s, start_offset);
    return rc;
}

static COLD int match_failed(int code, struct error *err)
{
    switch (code) {
    case PCRE2_ERROR_MATCHLIMIT:
    case PCRE2_ERROR_DEPTHLIMIT:
    case PCRE2_ERROR_HEAPLIMIT:
    case PCRE2_ERROR_JIT_STACKLIMIT:
        error_set(err, STATUS_LIMIT, "D1014", "the regular expression takes too much effort");
        return -1;
    default:
        error_set(err, STATUS_INVALID, "S0303", "the regular expression failed: %d", code);
        return -1;
    }
}

int regex_exec(const struct regex *re, struct regex_matcher *m, str subject, unsigned subject_flags,
               size_t start_offset, const size_t **ret_ovector, struct error *err)
{
    struct search s = {.m = m, .program = re->ascii, .subject = subject};
    if (UNLIKELY(m->slow)) {
        pcre2_match_data_free(m->slow);
        m->slow = NULL;
    }
    if (!(subject_flags & REGEX_ASCII)) {
        if (!(subject_flags & REGEX_SAME) || m->subject.p != subject.p || m->subject.n != subject.n)
            matcher_look_at(m, subject);
        if (!m->is_ascii)
            s.program = utf_program(re, err);
        if (!s.program)
            return -1;
        if (UNLIKELY(m->has_surrogates))
            s.subject.p = m->scratch;
    }
    if (!s.subject.p)
        s.subject.p = "";
    if (UNLIKELY(re->groups >= m->pairs))
        matcher_make_room(m, re->groups + 1);
    s.found = m->data;
    int rc = search_subject(&s, start_offset);
    if (UNLIKELY(s.large_stack))
        drop_large_stack(&s);
    if (rc == PCRE2_ERROR_NOMATCH)
        return 0;
    if (UNLIKELY(rc < 0))
        return match_failed(rc, err);
    *ret_ovector = pcre2_get_ovector_pointer(s.found);
    return 1;
}
