/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests to the sample third party: what they ask for, the key, and what the book's verdict makes
 * of the answer. Everything is answered on the loop on which it was asked.
 */
#include "thirdparty/thirdparty_internal.h"
#include <stdio.h>
#include <stdlib.h>

/* A request for a location, in the arena of its exchange. */
struct ask {
    struct thirdparty_loop *at;
    struct http_exchange *x;
    struct loop_timer timer;
    enum book_subject subject;
    enum book_verdict verdict;
    uint32_t location;
    enum thirdparty_state state;
    uint32_t offset, limit;
    char *half;    /* BOOK_CUT: the page, */
    size_t half_n; /* and how much of it is sent */
};

/* ---- answers ---- */

static const struct http_header json_type = {{"Content-Type", 12}, {"application/json", 16}};

static void answer_with(struct thirdparty *t, struct http_exchange *x, int status, str body,
                        bool is_taken)
{
    book_status(t->book, status);
    http_exchange_answer(x, &(struct http_reply){.status = status,
                                                 .headers = &json_type,
                                                 .header_count = 1,
                                                 .body = body,
                                                 .is_taken = is_taken});
}

static void answer_error(struct thirdparty *t, struct http_exchange *x, int status,
                         const char *message)
{
    answer_with(t, x, status,
                arena_printf(http_exchange_arena(x),
                             "{\"error\":{\"status\":%d,\"message\":\"%s\"}}", status, message),
                false);
}

static void answer_busy(struct thirdparty *t, struct http_exchange *x)
{
    const struct http_header headers[] = {json_type, {STR("Retry-After"), str_of(t->retry_after)}};
    book_status(t->book, 429);
    http_exchange_answer(x,
                         &(struct http_reply){.status = 429,
                                              .headers = headers,
                                              .header_count = 2,
                                              .body = STR("{\"error\":{\"status\":429,\"message\":"
                                                          "\"slow down\"}}")});
}

static void answer_garbage(struct thirdparty *t, struct http_exchange *x)
{
    const struct http_header type = {STR("Content-Type"), STR("text/html; charset=utf-8")};
    book_status(t->book, 200);
    http_exchange_answer(
        x, &(struct http_reply){.status = 200,
                                .headers = &type,
                                .header_count = 1,
                                .body = STR("<!doctype html>\n<title>Maintenance</title>\n"
                                            "<p>We will be back soon.\n")});
}

/* ---- summaries ---- */

static uint32_t announced(uint32_t rows, struct fault f)
{
    switch ((int)f.kind) {
    case FAULT_EMPTY: return 0;
    case FAULT_OVER: return rows + f.number;
    case FAULT_UNDER: return rows > f.number ? rows - f.number : 0;
    default: return rows;
    }
}

static void answer_summary(struct ask *a)
{
    struct thirdparty *t = a->at->party;
    struct fault f = book_fault(t->book, a->location);
    char body[100];
    uint32_t rows[THIRDPARTY_STATES];
    for (int state = 0; state < THIRDPARTY_STATES; state++)
        rows[state] = announced(
            thirdparty_location_rows(&t->world, a->location, (enum thirdparty_state)state), f);
    int n = snprintf(body, sizeof(body), "{\"states\":{\"failed\":%u,\"rejected\":%u}}",
                     rows[THIRDPARTY_FAILED], rows[THIRDPARTY_REJECTED]);
    answer_with(t, a->x, 200, (str){body, (size_t)n}, false);
}

/* ---- pages ---- */

/* What there is to be had, by the fault of the location. */
static struct page_ask page_of(const struct ask *a)
{
    const struct thirdparty *t = a->at->party;
    struct fault f = book_fault(t->book, a->location);
    struct page_ask p = {.location = a->location,
                         .state = a->state,
                         .offset = a->offset,
                         .has_gaps = f.kind == FAULT_GAPS,
                         .total = thirdparty_location_rows(&t->world, a->location, a->state)};
    if (f.kind == FAULT_EMPTY)
        p.total = 0;
    if (f.kind == FAULT_ENDLESS)
        p.total = UINT32_MAX;
    if (f.kind == FAULT_REPEAT && a->offset == a->limit)
        p.offset = 0;
    uint32_t asked_left = p.total > a->offset ? p.total - a->offset : 0;
    p.rows = asked_left < a->limit ? asked_left : a->limit;
    if (p.offset > p.total)
        p.offset = p.total;
    return p;
}

static ssize_t read_half(void *arg, uint64_t at, char *out, size_t max)
{
    const struct ask *a = arg;
    if (at >= a->half_n)
        return HTTP_READ_FAILED;
    size_t n = a->half_n - (size_t)at < max ? a->half_n - (size_t)at : max;
    memcpy(out, a->half + at, n);
    return (ssize_t)n;
}

static void answer_page(struct ask *a)
{
    struct thirdparty *t = a->at->party;
    struct page_ask p = page_of(a);
    size_t n;
    char *body = page_body(a->at->pages, &p, &n);
    if (a->verdict == BOOK_CUT) {
        a->half = body;
        a->half_n = n / 2;
        book_status(t->book, 0);
        http_exchange_answer(a->x, &(struct http_reply){.status = 200,
                                                        .headers = &json_type,
                                                        .header_count = 1,
                                                        .read = read_half,
                                                        .read_arg = a,
                                                        .size = n});
        return;
    }
    book_page_given(t->book, a->location, a->state, a->offset, p.rows);
    answer_with(t, a->x, 200, (str){body, n}, true);
}

/* ---- requests for a location ---- */

static void ask_ended(void *arg, bool is_sent)
{
    struct ask *a = arg;
    (void)is_sent;
    loop_timer_stop(a->at->loop, &a->timer);
    free(a->half);
    book_end(a->at->party->book, a->location);
}

static void ask_answer(void *arg)
{
    struct ask *a = arg;
    struct thirdparty *t = a->at->party;
    switch (a->verdict) {
    case BOOK_BUSY: answer_busy(t, a->x); break;
    case BOOK_ERROR: answer_error(t, a->x, 500, "internal error"); break;
    case BOOK_DOWN: answer_error(t, a->x, 503, "not available"); break;
    case BOOK_GARBAGE: answer_garbage(t, a->x); break;
    case BOOK_HANG: book_status(t->book, 0); break;
    case BOOK_RESET:
        book_status(t->book, 0);
        http_exchange_abort(a->x);
        break;
    case BOOK_ANSWER:
    case BOOK_CUT:
        if (a->subject == BOOK_PAGE)
            answer_page(a);
        else
            answer_summary(a);
        break;
    }
}

static void ask_begin(struct ask *wanted)
{
    struct ask *a = arena_alloc(http_exchange_arena(wanted->x), sizeof(*a));
    *a = *wanted;
    struct book *book = a->at->party->book;
    struct fault f = book_fault(book, a->location);
    int64_t now = loop_now_ms();
    int64_t takes_ms = a->at->party->latency_ms + (f.kind == FAULT_SLOW ? f.number : 0);
    a->verdict = book_begin(book, a->location, a->subject, now);
    http_exchange_on_end(a->x, ask_ended, a);
    if (takes_ms > 0)
        loop_timer_start(a->at->loop, &a->timer, now + takes_ms, ask_answer, a);
    else
        ask_answer(a);
}

/* ---- what is asked ---- */

/* A whole number up to max, or the default when it is not given. */
static bool query_number(struct arena *arena, str query, str name, uint32_t max, uint32_t *ret)
{
    str text = http_query_get(arena, query, name);
    uint64_t n = 0;
    if (text.p == NULL)
        return true;
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] < '0' || text.p[i] > '9' || n > max)
            return false;
        n = n * 10 + (uint64_t)(text.p[i] - '0');
    }
    *ret = (uint32_t)n;
    return text.n > 0 && n <= max;
}

/* NULL, or what is wrong with the query of a page. */
static const char *ask_read_query(struct ask *a)
{
    str query = http_exchange_target(a->x)->query;
    struct arena *arena = http_exchange_arena(a->x);
    a->limit = THIRDPARTY_LIMIT;
    a->state = thirdparty_state_find(http_query_get(arena, query, STR("state")));
    if (a->state == THIRDPARTY_STATES)
        return "state must be failed or rejected";
    if (!query_number(arena, query, STR("limit"), PAGE_LIMIT_MAX, &a->limit) || a->limit == 0)
        return "limit must be a number from 1 to 1000";
    if (!query_number(arena, query, STR("offset"), INT32_MAX, &a->offset))
        return "offset must be a number, at least 0";
    return NULL;
}

static bool has_key(const struct thirdparty *t, const struct http_exchange *x)
{
    str given = http_exchange_header(x, "Authorization");
    if (t->key[0] == '\0')
        return true;
    if (str_starts(given, STR("Bearer ")))
        given = str_sub(given, 7, given.n);
    else if (given.n == 0)
        given = http_exchange_header(x, "X-Api-Key");
    return str_eq(given, str_of(t->key));
}

/* path: behind THIRDPARTY_API. */
static void answer_location(struct thirdparty_loop *at, struct http_exchange *x, str path)
{
    struct thirdparty *t = at->party;
    struct ask a = {.at = at, .x = x};
    struct http_walk walk = http_walk_path(path);
    str id, what, more;
    bool is_form = http_walk_segment(&walk, &id) && http_walk_segment(&walk, &what) &&
                   !http_walk_segment(&walk, &more);
    if (is_form && str_eq(what, STR("get-data")))
        a.subject = BOOK_PAGE;
    else if (!is_form || !str_eq(what, STR("get-summary"))) {
        answer_error(t, x, 404, "no such resource");
        return;
    }
    id = http_target_decode(http_exchange_arena(x), id, false);
    const char *wrong = a.subject == BOOK_PAGE ? ask_read_query(&a) : NULL;
    if (!thirdparty_location_find(&t->world, id, &a.location))
        answer_error(t, x, 404, "no such location");
    else if (wrong != NULL)
        answer_error(t, x, 400, wrong);
    else
        ask_begin(&a);
}

/* ---- for tests and people ---- */

static void answer_text(struct http_exchange *x, const char *type, struct buf *text)
{
    const struct http_header header = {STR("Content-Type"), str_of(type)};
    size_t n;
    char *body = buf_take(text, &n);
    http_exchange_answer(x, &(struct http_reply){.status = 200,
                                                 .headers = &header,
                                                 .header_count = 1,
                                                 .body = {body, n},
                                                 .is_taken = true});
}

static void answer_stats(struct thirdparty *t, struct http_exchange *x)
{
    struct arena *arena = http_exchange_arena(x);
    str query = http_exchange_target(x)->query;
    str one = http_query_get(arena, query, STR("location"));
    struct book_selection s = {.has_one = one.p != NULL,
                               .is_brief = http_query_get(arena, query, STR("brief")).p != NULL};
    struct buf text;
    if (s.has_one && !thirdparty_location_find(&t->world, one, &s.one)) {
        answer_error(t, x, 404, "no such location");
        return;
    }
    buf_init(&text, SIZE_MAX / 2);
    book_print(t->book, &s, &text);
    answer_text(x, "application/json", &text);
}

static void answer_locations(struct thirdparty *t, struct http_exchange *x)
{
    struct buf text;
    buf_init(&text, SIZE_MAX / 2);
    thirdparty_locations(t, &text);
    answer_text(x, "text/csv", &text);
}

void answer_request(void *arg, struct http_exchange *x)
{
    struct thirdparty_loop *at = arg;
    struct thirdparty *t = at->party;
    str path = http_exchange_target(x)->path;
    if (!str_eq(http_exchange_method(x), STR("GET")))
        answer_error(t, x, 405, "only GET");
    else if (str_eq(path, STR("/_stats")))
        answer_stats(t, x);
    else if (str_eq(path, STR("/_locations")))
        answer_locations(t, x);
    else if (!str_starts(path, STR(THIRDPARTY_API "/")))
        answer_error(t, x, 404, "no such resource");
    else if (!has_key(t, x))
        answer_error(t, x, 401, "a valid API key is needed");
    else
        answer_location(at, x, str_sub(path, sizeof(THIRDPARTY_API) - 1, path.n));
}

void answer_refuse(void *arg, struct http_exchange *x, enum http_refusal why)
{
    struct thirdparty_loop *at = arg;
    answer_error(at->party, x, http_refusal_status(why), "refused");
}
