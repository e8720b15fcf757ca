/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Access tokens of OAuth connections (client credentials, RFC 6749, 4.4): which request gets one,
 * and a cache that lets one caller fetch while the others wait. No I/O: whoever is told OAUTH_FETCH
 * makes the call and says how it ended.
 *
 *   oauth_ask ──► OAUTH_TOKEN   use it; when the target refuses it, oauth_refuse and ask once more
 *             ──► OAUTH_WAIT    in line until the waiter's fn comes
 *             ──► OAUTH_FETCH   oauth_request, the call, then exactly one of
 *                               oauth_answer, oauth_fail, oauth_abandon
 *
 * Tokens belong to a connection in one revision; they live in memory only. One thread.
 */
#ifndef AFFLUX_SERVICES_OAUTH_H
#define AFFLUX_SERVICES_OAUTH_H

#include "services/http_invoke.h"

enum {
    OAUTH_MAX_TOKENS = 4096,            /* kept at a time; fetched ones are fetched anew */
    OAUTH_MAX_TOKEN_BYTES = 32 << 10,   /* of one token */
    OAUTH_MAX_ANSWER_BYTES = 256 << 10, /* of a token endpoint's answer */
    OAUTH_EARLY_MS = 30000,             /* a token is not used in its last moments: this, or */
    OAUTH_EARLY_PART = 10,              /* a tenth of its life if that is less */
};

struct oauth;
struct oauth_entry;

/* failure: the fetch failed, and so does this call; NULL: ask again. Not called after oauth_leave.
 * It may ask, leave and abandon. */
typedef void oauth_wait_fn(void *arg, const struct service_failure *failure);

/* Lies in the struct of whoever waits; all zero is one that does not. */
struct oauth_waiter {
    struct oauth_waiter *next, *prev;
    oauth_wait_fn *fn;
    void *arg;
};

struct oauth *oauth_new(void);
/* Nobody waits or fetches any more. NULL is allowed. */
void oauth_free(struct oauth *o);

enum oauth_state { OAUTH_TOKEN, OAUTH_FETCH, OAUTH_WAIT };

/* *ret_token, with OAUTH_TOKEN, lies in the arena. waiter, with fn and arg set, is used only with
 * OAUTH_WAIT. */
enum oauth_state oauth_ask(struct oauth *o, struct arena *arena, str arn, int64_t revision,
                           int64_t now_ms, struct oauth_waiter *waiter, str *ret_token);
/* Out of the line; fine when it is in none. */
void oauth_leave(struct oauth_waiter *waiter);

/* The request for a token, in the arena. False: it cannot be made (ret_failure). */
bool oauth_request(struct arena *arena, const struct http_invoke_options *o,
                   const struct connection_auth *auth, struct http_invoke_request *ret,
                   struct service_failure *ret_failure);

/* The token endpoint's answer. True: there is a token now; the waiters ask again. False: the
 * waiters fail as ret_failure (in the arena) says, and so should the caller. */
bool oauth_answer(struct oauth *o, struct arena *arena, str arn, int64_t revision, int64_t now_ms,
                  const struct http_invoke_answer *answer, struct service_failure *ret_failure);
/* There was no answer; the waiters fail with this. */
void oauth_fail(struct oauth *o, str arn, int64_t revision, const struct service_failure *failure);
/* The caller stops fetching; one of the waiters goes on with it. */
void oauth_abandon(struct oauth *o, str arn, int64_t revision);

/* The target refused this token (401, 407): it is not given out again. */
void oauth_refuse(struct oauth *o, str arn, int64_t revision, str token);

#endif
