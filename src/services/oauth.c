/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The cache of tokens: a hash table of (ARN, revision). An entry has a token, or someone who
 * fetches one, or neither. The request and what counts as a token are in oauth_request.c.
 */
#include "services/oauth.h"

#include "base/check.h"
#include "base/map.h"
#include "services/oauth_request.h"
#include <stdlib.h>

enum { OAUTH_BUCKETS = 1024 };

struct oauth_entry {
    struct oauth_entry *next;
    struct buf arn, token;
    int64_t revision;
    int64_t usable_until_ms; /* INT64_MAX: nobody said */
    bool is_fetching;
    struct oauth_waiter line; /* a ring: who came first is line.next */
};

struct oauth {
    struct oauth_entry *buckets[OAUTH_BUCKETS];
    uint32_t count;
};

struct oauth *oauth_new(void)
{
    struct oauth *o = calloc(1, sizeof *o);
    check(o != NULL);
    return o;
}

/* ---- entries ---- */

static struct oauth_entry **bucket_of(struct oauth *o, str arn)
{
    return &o->buckets[hash_bytes(arn, 0) % OAUTH_BUCKETS];
}

static bool is_idle(const struct oauth_entry *e)
{
    return !e->is_fetching && e->line.next == &e->line;
}

static void drop_entry(struct oauth *o, struct oauth_entry **at)
{
    struct oauth_entry *e = *at;
    check(is_idle(e));
    *at = e->next;
    o->count--;
    secret_wipe(&e->token);
    buf_done(&e->arn);
    free(e);
}

/* Makes room: entries without a usable token first; when there are none, all that are idle. */
static void purge(struct oauth *o, int64_t now_ms)
{
    for (int pass = 0; pass < 2 && o->count >= OAUTH_MAX_TOKENS; pass++)
        for (size_t i = 0; i < OAUTH_BUCKETS; i++)
            for (struct oauth_entry **at = &o->buckets[i]; *at;)
                if (is_idle(*at) &&
                    (pass == 1 || (*at)->token.n == 0 || (*at)->usable_until_ms <= now_ms))
                    drop_entry(o, at);
                else
                    at = &(*at)->next;
}

static struct oauth_entry *find_entry(struct oauth *o, str arn, int64_t revision)
{
    for (struct oauth_entry *e = *bucket_of(o, arn); e; e = e->next)
        if (e->revision == revision && str_eq(buf_str(&e->arn), arn))
            return e;
    return NULL;
}

static struct oauth_entry *make_entry(struct oauth *o, str arn, int64_t revision, int64_t now_ms)
{
    purge(o, now_ms);
    /* Tokens of other revisions of the connection are of no use any more. */
    for (struct oauth_entry **at = bucket_of(o, arn); *at;)
        if (is_idle(*at) && str_eq(buf_str(&(*at)->arn), arn))
            drop_entry(o, at);
        else
            at = &(*at)->next;
    struct oauth_entry *e = calloc(1, sizeof *e);
    check(e != NULL);
    e->revision = revision;
    e->line.next = e->line.prev = &e->line;
    buf_init(&e->arn, arn.n);
    buf_add(&e->arn, arn);
    buf_init(&e->token, OAUTH_MAX_TOKEN_BYTES);
    struct oauth_entry **bucket = bucket_of(o, arn);
    e->next = *bucket;
    *bucket = e;
    o->count++;
    return e;
}

static void forget_token(struct oauth_entry *e)
{
    secret_wipe(&e->token);
}

void oauth_free(struct oauth *o)
{
    for (size_t i = 0; o && i < OAUTH_BUCKETS; i++)
        while (o->buckets[i])
            drop_entry(o, &o->buckets[i]);
    free(o);
}

/* ---- the line ---- */

static bool is_line_empty(const struct oauth_waiter *line)
{
    return line->next == line;
}

static void join_line(struct oauth_waiter *line, struct oauth_waiter *w)
{
    w->next = line;
    w->prev = line->prev;
    line->prev->next = w;
    line->prev = w;
}

void oauth_leave(struct oauth_waiter *w)
{
    if (!w->next)
        return;
    w->prev->next = w->next;
    w->next->prev = w->prev;
    w->next = w->prev = NULL;
}

/* Everyone who is in line now is told; who asks again joins a new line. */
static void tell_line(struct oauth_entry *e, const struct service_failure *failure)
{
    struct oauth_waiter now;
    now.next = now.prev = &now;
    while (!is_line_empty(&e->line)) {
        struct oauth_waiter *w = e->line.next;
        oauth_leave(w);
        join_line(&now, w);
    }
    while (!is_line_empty(&now)) {
        struct oauth_waiter *w = now.next;
        oauth_leave(w);
        w->fn(w->arg, failure);
    }
}

/* ---- asking ---- */

enum oauth_state oauth_ask(struct oauth *o, struct arena *arena, str arn, int64_t revision,
                           int64_t now_ms, struct oauth_waiter *waiter, str *ret_token)
{
    struct oauth_entry *e = find_entry(o, arn, revision);
    if (!e)
        e = make_entry(o, arn, revision, now_ms);
    if (e->is_fetching) {
        join_line(&e->line, waiter);
        return OAUTH_WAIT;
    }
    if (e->token.n > 0 && now_ms < e->usable_until_ms) {
        *ret_token = arena_dup(arena, buf_str(&e->token));
        return OAUTH_TOKEN;
    }
    forget_token(e);
    e->is_fetching = true;
    return OAUTH_FETCH;
}

/* The entry whose token the caller fetches. */
static struct oauth_entry *fetched_entry(struct oauth *o, str arn, int64_t revision)
{
    struct oauth_entry *e = find_entry(o, arn, revision);
    check(e && e->is_fetching);
    e->is_fetching = false;
    return e;
}

bool oauth_answer(struct oauth *o, struct arena *arena, str arn, int64_t revision, int64_t now_ms,
                  const struct http_invoke_answer *answer, struct service_failure *ret_failure)
{
    struct service_failure failure;
    struct oauth_entry *e = fetched_entry(o, arn, revision);
    str token;
    int64_t life_ms;
    if (!oauth_read_token(arena, answer, &token, &life_ms, &failure)) {
        tell_line(e, &failure);
        if (ret_failure)
            *ret_failure = failure;
        return false;
    }
    buf_add(&e->token, token);
    int64_t early_ms = life_ms / OAUTH_EARLY_PART;
    if (early_ms > OAUTH_EARLY_MS)
        early_ms = OAUTH_EARLY_MS;
    e->usable_until_ms = life_ms == INT64_MAX ? INT64_MAX : now_ms + life_ms - early_ms;
    tell_line(e, NULL);
    return true;
}

void oauth_fail(struct oauth *o, str arn, int64_t revision, const struct service_failure *failure)
{
    tell_line(fetched_entry(o, arn, revision), failure);
}

void oauth_abandon(struct oauth *o, str arn, int64_t revision)
{
    tell_line(fetched_entry(o, arn, revision), NULL);
}

void oauth_refuse(struct oauth *o, str arn, int64_t revision, str token)
{
    struct oauth_entry *e = find_entry(o, arn, revision);
    if (e && str_eq(buf_str(&e->token), token))
        forget_token(e);
}
