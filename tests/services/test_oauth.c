/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of services/oauth.h: who fetches, who waits, and what is asked of the token endpoint. */
#include "services/oauth.h"
#include "support.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define ARN STR("arn:aws:events:r:a:connection/c/1")
#define assert_str(s, text) assert_true(str_eq(s, STR(text)))

struct caller {
    struct oauth *o;
    struct arena *arena;
    struct oauth_waiter waiter;
    enum oauth_state state;
    str token;
    unsigned told, failed;
    struct caller *leaves; /* is taken out of the line when this one is told */
};

struct world {
    struct arena arena;
    struct oauth *o;
    struct caller callers[4];
};

static void told(void *arg, const struct service_failure *failure);

static void ask(struct caller *c)
{
    c->waiter.fn = told;
    c->waiter.arg = c;
    c->state = oauth_ask(c->o, c->arena, ARN, 1, 1000, &c->waiter, &c->token);
}

static void told(void *arg, const struct service_failure *failure)
{
    struct caller *c = arg;
    c->told++;
    if (c->leaves)
        oauth_leave(&c->leaves->waiter);
    if (failure)
        c->failed++;
    else
        ask(c);
}

static int world_init(void **state)
{
    static struct world w;
    w = (struct world){.o = oauth_new()};
    arena_init(&w.arena, 0);
    for (size_t i = 0; i < 4; i++)
        w.callers[i] = (struct caller){.o = w.o, .arena = &w.arena};
    *state = &w;
    return 0;
}

static int world_done(void **state)
{
    struct world *w = *state;
    oauth_free(w->o);
    arena_done(&w->arena);
    return 0;
}

static bool answer_at(struct world *w, unsigned status, const char *body, int64_t now_ms,
                      struct service_failure *f)
{
    struct http_invoke_answer a = {.status = status, .body = str_of(body)};
    return oauth_answer(w->o, &w->arena, ARN, 1, now_ms, &a, f);
}

static const char *const token_1 = "{\"access_token\":\"t1\",\"expires_in\":3600}";

static void one_fetches_and_the_others_wait(void **state)
{
    struct world *w = *state;
    for (int i = 0; i < 3; i++)
        ask(&w->callers[i]);
    assert_int_equal(w->callers[0].state, OAUTH_FETCH);
    assert_int_equal(w->callers[1].state, OAUTH_WAIT);
    assert_int_equal(w->callers[2].state, OAUTH_WAIT);
    assert_true(answer_at(w, 200, token_1, 1000, NULL));
    for (int i = 1; i < 3; i++) {
        assert_int_equal(w->callers[i].state, OAUTH_TOKEN);
        assert_str(w->callers[i].token, "t1");
    }
    ask(&w->callers[0]);
    assert_str(w->callers[0].token, "t1");
}

static void a_failed_fetch_fails_all_who_wait(void **state)
{
    struct world *w = *state;
    struct service_failure f;
    for (int i = 0; i < 3; i++)
        ask(&w->callers[i]);
    assert_false(answer_at(w, 401, "", 1000, &f));
    assert_str(f.error, "Events.ConnectionResource.InvalidConnectionState");
    assert_str(f.cause, "The token endpoint of the connection answered 401 Unauthorized.");
    assert_int_equal(w->callers[1].failed + w->callers[2].failed, 2);
    ask(&w->callers[3]); /* the next one tries again */
    assert_int_equal(w->callers[3].state, OAUTH_FETCH);
    struct service_failure socket = {STR("States.Http.Socket"), STR("x")};
    oauth_fail(w->o, ARN, 1, &socket);
}

static void who_waits_goes_on_with_an_abandoned_fetch(void **state)
{
    struct world *w = *state;
    for (int i = 0; i < 3; i++)
        ask(&w->callers[i]);
    oauth_abandon(w->o, ARN, 1);
    assert_int_equal(w->callers[1].state, OAUTH_FETCH);
    assert_int_equal(w->callers[2].state, OAUTH_WAIT);
    oauth_leave(&w->callers[2].waiter);
    oauth_leave(&w->callers[2].waiter); /* no harm */
    assert_true(answer_at(w, 200, token_1, 1000, NULL));
    assert_int_equal(w->callers[2].state, OAUTH_WAIT);
}

static void who_leaves_while_others_are_told_is_not_told(void **state)
{
    struct world *w = *state;
    for (int i = 0; i < 4; i++)
        ask(&w->callers[i]);
    w->callers[1].leaves = &w->callers[2];
    assert_true(answer_at(w, 200, token_1, 1000, NULL));
    assert_int_equal(w->callers[1].told, 1);
    assert_int_equal(w->callers[2].told, 0);
    assert_int_equal(w->callers[3].told, 1);
}

static enum oauth_state state_at(struct world *w, int64_t revision, int64_t now_ms)
{
    str token;
    struct oauth_waiter none = {0};
    return oauth_ask(w->o, &w->arena, ARN, revision, now_ms, &none, &token);
}

static void a_token_ends_a_little_early(void **state)
{
    struct world *w = *state;
    ask(&w->callers[0]);
    assert_true(answer_at(w, 200, token_1, 1000, NULL));
    assert_int_equal(state_at(w, 1, 1000 + 3600000 - OAUTH_EARLY_MS - 1), OAUTH_TOKEN);
    assert_int_equal(state_at(w, 1, 1000 + 3600000 - OAUTH_EARLY_MS), OAUTH_FETCH);
    assert_true(answer_at(w, 200, "{\"access_token\":\"t\",\"expires_in\":\"10\"}", 0, NULL));
    assert_int_equal(state_at(w, 1, 8999), OAUTH_TOKEN);
    assert_int_equal(state_at(w, 1, 9000), OAUTH_FETCH);
    assert_true(answer_at(w, 200, "{\"access_token\":\"t\"}", 0, NULL));
    assert_int_equal(state_at(w, 1, INT64_MAX - 1), OAUTH_TOKEN);
}

static void a_refused_token_is_fetched_anew_once(void **state)
{
    struct world *w = *state;
    ask(&w->callers[0]);
    assert_true(answer_at(w, 200, token_1, 1000, NULL));
    oauth_refuse(w->o, ARN, 1, STR("t1"));
    assert_int_equal(state_at(w, 1, 1000), OAUTH_FETCH);
    assert_true(answer_at(w, 200, "{\"access_token\":\"t2\"}", 1000, NULL));
    oauth_refuse(w->o, ARN, 1, STR("t1")); /* a slower call with the old one */
    assert_int_equal(state_at(w, 1, 1000), OAUTH_TOKEN);
}

static void a_changed_connection_needs_another_token(void **state)
{
    struct world *w = *state;
    ask(&w->callers[0]);
    assert_true(answer_at(w, 200, token_1, 1000, NULL));
    assert_int_equal(state_at(w, 2, 1000), OAUTH_FETCH);
    oauth_abandon(w->o, ARN, 2);
}

static void the_number_of_tokens_is_bounded(void **state)
{
    struct world *w = *state;
    str token;
    struct oauth_waiter none = {0};
    struct http_invoke_answer a = {.status = 200, .body = STR("{\"access_token\":\"t\"}")};
    for (int i = 0; i < OAUTH_MAX_TOKENS + 10; i++) {
        str arn = arena_printf(&w->arena, "arn:%d", i);
        assert_int_equal(oauth_ask(w->o, &w->arena, arn, 1, 0, &none, &token), OAUTH_FETCH);
        assert_true(oauth_answer(w->o, &w->arena, arn, 1, 0, &a, NULL));
    }
    assert_int_equal(oauth_ask(w->o, &w->arena, STR("arn:0"), 1, 0, &none, &token), OAUTH_FETCH);
    oauth_abandon(w->o, STR("arn:0"), 1);
}

static void an_answer_without_a_token_fails(void **state)
{
    struct world *w = *state;
    static const char *const bodies[] = {"",
                                         "{",
                                         "[]",
                                         "{}",
                                         "{\"access_token\":1}",
                                         "{\"access_token\":\"\"}",
                                         "{\"access_token\":\"a b\"}",
                                         "{\"access_token\":\"a\\r\\nb\"}",
                                         "access_token=x"};
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        struct service_failure f;
        ask(&w->callers[0]);
        assert_int_equal(w->callers[0].state, OAUTH_FETCH);
        assert_false(answer_at(w, 200, bodies[i], 1000, &f));
        assert_str(f.error, "Events.ConnectionResource.InvalidConnectionState");
    }
}

/* ---- the request ---- */

static const struct connection_parameter body_items[] = {
    {{"scope", 5}, {"a b", 3}}, {{"grant_type", 10}, {"client_credentials", 18}}};
static const struct connection_parameter query_items[] = {{{"q", 1}, {"1", 1}}};
static const struct connection_parameter header_items[] = {{{"accept", 6}, {"x/y", 3}}};

static struct connection_auth auth_of(const char *method, bool has_parameters)
{
    struct connection_auth a = {.type = CONNECTION_OAUTH,
                                .client_id = STR("id"),
                                .client_secret = STR("s&"),
                                .endpoint = STR("https://a.example.com/token"),
                                .method = str_of(method)};
    if (has_parameters)
        a.token_http = (struct connection_http){
            .headers = {header_items, 1}, .query = {query_items, 1}, .body = {body_items, 2}};
    return a;
}

static void parameters_go_as_a_form(void **state)
{
    struct world *w = *state;
    struct http_invoke_options o = {.is_strict = true};
    struct http_invoke_request r;
    struct connection_auth a = auth_of("POST", true);
    assert_true(oauth_request(&w->arena, &o, &a, &r, NULL));
    assert_str(r.method, "POST");
    assert_str(r.url, "https://a.example.com/token?q=1");
    assert_str(r.body, "client_id=id&client_secret=s%26&scope=a%20b&grant_type=client_credentials");
    assert_int_equal(r.header_count, 3);
    assert_str(r.headers[0].value, "x/y");
    assert_str(r.headers[1].value, "application/x-www-form-urlencoded");
    a = auth_of("GET", true);
    assert_true(oauth_request(&w->arena, &o, &a, &r, NULL));
    assert_false(r.has_body);
    assert_str(r.url, "https://a.example.com/token?q=1&client_id=id&client_secret=s%26&scope=a%20b&"
                      "grant_type=client_credentials");
}

static void a_grant_type_is_added_beyond_aws(void **state)
{
    struct world *w = *state;
    struct http_invoke_options o = {.is_strict = true};
    struct http_invoke_request r;
    struct connection_auth a = auth_of("PUT", false);
    assert_true(oauth_request(&w->arena, &o, &a, &r, NULL));
    assert_str(r.body, "client_id=id&client_secret=s%26");
    o.is_strict = false;
    assert_true(oauth_request(&w->arena, &o, &a, &r, NULL));
    assert_str(r.body, "grant_type=client_credentials&client_id=id&client_secret=s%26");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, world_init, world_done)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(one_fetches_and_the_others_wait),
        TEST(a_failed_fetch_fails_all_who_wait),
        TEST(who_waits_goes_on_with_an_abandoned_fetch),
        TEST(who_leaves_while_others_are_told_is_not_told),
        TEST(a_token_ends_a_little_early),
        TEST(a_refused_token_is_fetched_anew_once),
        TEST(a_changed_connection_needs_another_token),
        TEST(the_number_of_tokens_is_bounded),
        TEST(an_answer_without_a_token_fails),
        TEST(parameters_go_as_a_form),
        TEST(a_grant_type_is_added_beyond_aws),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
