/* SPDX-License-Identifier: Apache-2.0 */
/* Limits under a clock of the test's own. */
#include "http/limits.h"
#include "http_test.h"

static struct http_limits *limits_of(struct http_limit host, struct http_limit key)
{
    return http_limits_new(&(struct http_limits_options){.host = host, .key = key});
}

/* How many go now; they stay in flight. */
static int let_go(struct http_limits *l, int64_t now_ms)
{
    int count = 0;
    while (http_limits_next(l, now_ms) != NULL)
        count++;
    return count;
}

static void leave_all(struct http_limits *l, struct http_ticket *tickets, size_t count, int64_t now)
{
    for (size_t i = 0; i < count; i++)
        http_limits_leave(l, &tickets[i], now);
}

static void without_limits_everything_goes_in_order(void **state)
{
    (void)state;
    struct http_limits *l = limits_of((struct http_limit){0}, (struct http_limit){0});
    struct http_ticket t[20] = {0};
    for (size_t i = 0; i < ARRAY_LEN(t); i++)
        http_limits_ask(l, &t[i], i % 3 == 0 ? STR("a") : STR("b"), STR(""), 0);
    assert_int_equal(http_limits_wake_ms(l, 0), 0);
    for (size_t i = 0; i < ARRAY_LEN(t); i++)
        assert_ptr_equal(http_limits_next(l, 0), &t[i]);
    assert_null(http_limits_next(l, 0));
    assert_int_equal(http_limits_wake_ms(l, 0), INT64_MAX);
    assert_int_equal(http_limits_lanes(l), 2);
    leave_all(l, t, ARRAY_LEN(t), 1);
    assert_int_equal(http_limits_lanes(l), 0); /* nothing to remember */
    http_limits_free(l);
    http_limits_free(NULL);
}

static void only_so_many_of_a_host_are_in_flight(void **state)
{
    (void)state;
    struct http_limits *l = limits_of((struct http_limit){.in_flight = 2}, (struct http_limit){0});
    struct http_ticket t[5] = {0}, other = {0};
    for (size_t i = 0; i < ARRAY_LEN(t); i++)
        http_limits_ask(l, &t[i], STR("h"), STR(""), 0);
    http_limits_ask(l, &other, STR("elsewhere"), STR(""), 0);
    assert_int_equal(let_go(l, 0), 3); /* another host does not wait for this one */
    assert_int_equal(other.state, HTTP_TICKET_IN_FLIGHT);
    assert_int_equal(t[2].state, HTTP_TICKET_WAITING);
    http_limits_leave(l, &t[0], 5);
    assert_ptr_equal(http_limits_next(l, 5), &t[2]);
    assert_null(http_limits_next(l, 5));
    http_limits_leave(l, &t[3], 6); /* gives up */
    http_limits_leave(l, &t[3], 6);
    http_limits_leave(l, &t[1], 6);
    assert_ptr_equal(http_limits_next(l, 6), &t[4]);
    leave_all(l, t, ARRAY_LEN(t), 7);
    http_limits_leave(l, &other, 7);
    http_limits_free(l);
}

static void only_so_many_are_in_flight_in_all(void **state)
{
    (void)state;
    struct http_limits *l = http_limits_new(
        &(struct http_limits_options){.in_flight = 3, .host = {.in_flight = 2, .per_second = 100}});
    struct http_ticket t[6] = {0};
    for (size_t i = 0; i < ARRAY_LEN(t); i++)
        http_limits_ask(l, &t[i], i < 3 ? STR("a") : STR("b"), STR(""), 0);
    assert_ptr_equal(http_limits_next(l, 0), &t[0]);
    assert_ptr_equal(http_limits_next(l, 0), &t[1]);
    assert_ptr_equal(http_limits_next(l, 0), &t[3]);        /* t[2] waits for its host, */
    assert_null(http_limits_next(l, 0));                    /* t[4] for anybody to leave: */
    assert_int_equal(http_limits_wake_ms(l, 0), INT64_MAX); /* time does not help */
    http_limits_leave(l, &t[3], 1);
    assert_int_equal(http_limits_wake_ms(l, 1), 1);
    assert_ptr_equal(http_limits_next(l, 1), &t[4]);
    assert_null(http_limits_next(l, 1));
    http_limits_leave(l, &t[5], 2); /* gives up, and frees no place */
    assert_null(http_limits_next(l, 2));
    http_limits_leave(l, &t[0], 2);
    assert_ptr_equal(http_limits_next(l, 2), &t[2]);
    leave_all(l, t, ARRAY_LEN(t), 3);
    http_limits_free(l);
}

static void a_rate_lets_through_a_burst_and_then_evenly(void **state)
{
    (void)state;
    struct http_limits *l =
        limits_of((struct http_limit){.per_second = 10, .burst = 3}, (struct http_limit){0});
    struct http_ticket t[10] = {0};
    for (size_t i = 0; i < ARRAY_LEN(t); i++)
        http_limits_ask(l, &t[i], STR("h"), STR(""), 1000);
    assert_int_equal(let_go(l, 1000), 3);
    for (int i = 1; i <= 7; i++) {
        int64_t due = 1000 + i * 100;
        assert_int_equal(http_limits_wake_ms(l, due - 100), due);
        assert_int_equal(let_go(l, due - 1), 0);
        assert_int_equal(let_go(l, due), 1);
    }
    leave_all(l, t, ARRAY_LEN(t), 1700);
    assert_int_equal(http_limits_lanes(l), 1); /* remembered until the tokens are back */
    assert_int_equal(http_limits_wake_ms(l, 1700), 2000);
    assert_null(http_limits_next(l, 2000));
    assert_int_equal(http_limits_lanes(l), 0);
    http_limits_free(l);
}

static void slow_rates_lose_nothing_to_rounding(void **state)
{
    (void)state;
    struct http_limits *l =
        limits_of((struct http_limit){.per_second = 0.7}, (struct http_limit){0});
    struct http_ticket t[50] = {0};
    int64_t now = 0;
    for (size_t i = 0; i < ARRAY_LEN(t); i++)
        http_limits_ask(l, &t[i], STR("h"), STR(""), now);
    int gone = 0;
    for (int wakes = 0; gone < (int)ARRAY_LEN(t); wakes++) {
        assert_true(wakes < 110);
        gone += let_go(l, now);
        if (gone < (int)ARRAY_LEN(t))
            now = http_limits_wake_ms(l, now);
    }
    assert_in_range(now, 69999, 70110); /* 49 intervals of 1428.57 ms, each rounded up */
    leave_all(l, t, ARRAY_LEN(t), now);
    http_limits_free(l);
}

static void a_key_is_limited_across_hosts(void **state)
{
    (void)state;
    struct http_limits *l = limits_of((struct http_limit){0}, (struct http_limit){.in_flight = 1});
    struct http_ticket a = {0}, b = {0}, c = {0};
    http_limits_ask(l, &a, STR("h1"), STR("k"), 0);
    http_limits_ask(l, &b, STR("h2"), STR("k"), 0);
    http_limits_ask(l, &c, STR("h2"), STR("other"), 0);
    assert_ptr_equal(http_limits_next(l, 0), &a);
    assert_ptr_equal(http_limits_next(l, 0), &c);
    assert_null(http_limits_next(l, 0));
    http_limits_leave(l, &a, 0);
    assert_ptr_equal(http_limits_next(l, 0), &b);
    http_limits_leave(l, &b, 0);
    http_limits_leave(l, &c, 0);
    http_limits_free(l);
}

static void a_paused_host_waits_and_others_do_not(void **state)
{
    (void)state;
    struct http_limits *l = limits_of((struct http_limit){0}, (struct http_limit){0});
    struct http_ticket t[3] = {0};
    assert_true(http_limits_pause(l, STR("h"), 500, 0));
    http_limits_ask(l, &t[0], STR("h"), STR(""), 0);
    http_limits_ask(l, &t[1], STR("h"), STR("k"), 0);
    http_limits_ask(l, &t[2], STR("g"), STR("k"), 0);
    assert_int_equal(let_go(l, 0), 1);
    assert_int_equal(http_limits_wake_ms(l, 0), 500);
    http_limits_pause(l, STR("h"), 300, 10); /* the longer one stays */
    assert_int_equal(let_go(l, 499), 0);
    http_limits_pause(l, STR("h"), 800, 499);
    assert_int_equal(let_go(l, 500), 0);
    assert_int_equal(http_limits_wake_ms(l, 500), 800);
    assert_int_equal(let_go(l, 800), 2);
    leave_all(l, t, 3, 801);
    assert_int_equal(http_limits_lanes(l), 0);
    http_limits_free(l);
}

static void a_pause_has_a_limit_and_is_forgotten_after_it(void **state)
{
    (void)state;
    struct http_limits *l = limits_of((struct http_limit){0}, (struct http_limit){0});
    struct http_ticket t = {0};
    http_limits_pause(l, STR("h"), INT64_MAX, 7);
    assert_int_equal(http_limits_lanes(l), 1);
    http_limits_ask(l, &t, STR("h"), STR(""), 7);
    assert_int_equal(http_limits_wake_ms(l, 7), 7 + HTTP_PAUSE_MAX_MS);
    http_limits_leave(l, &t, 8);
    assert_null(http_limits_next(l, 7 + HTTP_PAUSE_MAX_MS));
    assert_int_equal(http_limits_lanes(l), 0);
    http_limits_free(l);
}

static void pauses_are_counted_while_they_last(void **state)
{
    (void)state;
    struct http_limits *l = limits_of((struct http_limit){0}, (struct http_limit){0});
    struct http_ticket t = {0};
    int64_t longest = 99;
    assert_int_equal(http_limits_paused(l, 0, &longest), 0);
    assert_int_equal(longest, 0);
    http_limits_ask(l, &t, STR("b"), STR(""), 0); /* a lane that stays in use */
    http_limits_pause(l, STR("a"), 100, 0);
    http_limits_pause(l, STR("b"), 300, 0);
    http_limits_pause(l, STR("b"), 50, 0); /* is longer already */
    assert_int_equal(http_limits_paused(l, 10, &longest), 2);
    assert_int_equal(longest, 290);
    http_limits_pause(l, STR("a"), 400, 10); /* again, and counted once */
    assert_int_equal(http_limits_paused(l, 299, &longest), 2);
    assert_int_equal(longest, 101);
    assert_int_equal(http_limits_paused(l, 300, &longest), 1);
    assert_int_equal(http_limits_paused(l, 400, &longest), 0);
    assert_int_equal(longest, 0);
    http_limits_pause(l, STR("b"), 500, 400);
    assert_int_equal(http_limits_paused(l, 401, &longest), 1);
    assert_int_equal(longest, 99);
    http_limits_leave(l, &t, 600);
    assert_null(http_limits_next(l, 600));
    assert_int_equal(http_limits_lanes(l), 0);
    assert_int_equal(http_limits_paused(l, 600, &longest), 0);
    http_limits_free(l);
}

static void one_that_comes_again_keeps_its_place(void **state)
{
    (void)state;
    struct http_limits *l = limits_of((struct http_limit){.in_flight = 2}, (struct http_limit){0});
    struct http_ticket t[5] = {0};
    for (size_t i = 0; i < ARRAY_LEN(t); i++)
        http_limits_ask(l, &t[i], STR("h"), STR(""), 0);
    assert_int_equal(let_go(l, 0), 2);
    http_limits_leave(l, &t[1], 0);
    http_limits_leave(l, &t[0], 0);
    http_limits_ask(l, &t[1], STR("h"), STR(""), 0);
    http_limits_ask(l, &t[0], STR("h"), STR(""), 0);
    assert_ptr_equal(http_limits_next(l, 0), &t[0]);
    assert_ptr_equal(http_limits_next(l, 0), &t[1]);
    leave_all(l, t, ARRAY_LEN(t), 0);
    http_limits_free(l);
}

static void switched_off_nothing_waits(void **state)
{
    (void)state;
    struct http_limits *l = http_limits_new(&(struct http_limits_options){
        .is_off = true, .host = {.in_flight = 1, .per_second = 1}, .key = {.in_flight = 1}});
    struct http_ticket t[100] = {0};
    assert_false(http_limits_pause(l, STR("h"), 1000, 0));
    for (size_t i = 0; i < ARRAY_LEN(t); i++)
        http_limits_ask(l, &t[i], STR("h"), STR("k"), 0);
    assert_int_equal(let_go(l, 0), ARRAY_LEN(t));
    leave_all(l, t, ARRAY_LEN(t), 0);
    assert_int_equal(http_limits_lanes(l), 0);
    http_limits_free(l);
}

static void a_limit_that_is_set_acts_on_those_who_wait(void **state)
{
    (void)state;
    struct http_limits *l = limits_of((struct http_limit){.in_flight = 1}, (struct http_limit){0});
    struct http_ticket t[6] = {0};
    for (size_t i = 0; i < ARRAY_LEN(t); i++)
        http_limits_ask(l, &t[i], STR("h"), STR("k"), 0);
    assert_int_equal(let_go(l, 0), 1);
    http_limits_set(l, HTTP_LANE_HOST, STR("h"), &(struct http_limit){.in_flight = 4}, 1);
    assert_int_equal(let_go(l, 1), 3);
    http_limits_set(l, HTTP_LANE_KEY, STR("k"), &(struct http_limit){.per_second = 2}, 2);
    http_limits_leave(l, &t[0], 2);
    http_limits_leave(l, &t[1], 2);
    assert_int_equal(let_go(l, 2), 2);
    leave_all(l, t, ARRAY_LEN(t), 3);
    assert_int_equal(http_limits_lanes(l), 2); /* their own limits stay */
    http_limits_free(l);
}

/* A model that looks at every ticket each time, against random calls, ends, pauses and hours. */

enum { MODEL_TICKETS = 60, MODEL_HOSTS = 5, MODEL_KEYS = 4, MODEL_MOVES = 40000 };

struct model {
    struct http_ticket tickets[MODEL_TICKETS];
    int host[MODEL_TICKETS], key[MODEL_TICKETS]; /* key 0: none */
    int in_flight[2][MODEL_HOSTS];               /* hosts, keys */
    int64_t paused_until[MODEL_HOSTS];
    uint32_t seed;
};

static uint32_t model_random(struct model *m, uint32_t below)
{
    m->seed = m->seed * 1664525u + 1013904223u;
    return (m->seed >> 8) % below;
}

/* Limits by number: host h lets h + 1 through, key k lets k + 1 through. */
static struct http_ticket *model_next(struct model *m, int64_t now)
{
    struct http_ticket *best = NULL;
    for (int i = 0; i < MODEL_TICKETS; i++) {
        struct http_ticket *t = &m->tickets[i];
        int h = m->host[i], k = m->key[i];
        if (t->state == HTTP_TICKET_WAITING && m->in_flight[0][h] < h + 1 &&
            m->paused_until[h] <= now && (k == 0 || m->in_flight[1][k] < k + 1) &&
            (best == NULL || t->order < best->order))
            best = t;
    }
    return best;
}

static void model_leave(struct model *m, struct http_limits *l, int i, int64_t now)
{
    if (m->tickets[i].state == HTTP_TICKET_IN_FLIGHT) {
        m->in_flight[0][m->host[i]]--;
        m->in_flight[1][m->key[i]]--;
    }
    http_limits_leave(l, &m->tickets[i], now);
    if (model_random(m, 3) > 0)
        m->tickets[i].order = 0;
}

static void model_move(struct model *m, struct http_limits *l, int64_t now)
{
    int i = (int)model_random(m, MODEL_TICKETS);
    char host[2] = {'h', 0}, key[2] = {'k', 0};
    if (model_random(m, 50) == 0) {
        int h = (int)model_random(m, MODEL_HOSTS);
        int64_t until = now + model_random(m, 40);
        host[1] = (char)('0' + h);
        http_limits_pause(l, (str){host, 2}, until, now);
        if (until > m->paused_until[h])
            m->paused_until[h] = until;
    } else if (m->tickets[i].state == HTTP_TICKET_OUT) {
        m->host[i] = (int)model_random(m, MODEL_HOSTS);
        m->key[i] = (int)model_random(m, MODEL_KEYS);
        host[1] = (char)('0' + m->host[i]);
        key[1] = (char)('0' + m->key[i]);
        http_limits_ask(l, &m->tickets[i], (str){host, 2}, (str){key, m->key[i] == 0 ? 0 : 2}, now);
    } else if (m->tickets[i].state == HTTP_TICKET_IN_FLIGHT || model_random(m, 4) == 0) {
        model_leave(m, l, i, now);
    }
}

static void it_chooses_as_one_who_looks_at_everybody(void **state)
{
    (void)state;
    static struct model m;
    struct http_limits *l = limits_of((struct http_limit){0}, (struct http_limit){0});
    m.seed = 11;
    for (int i = 0; i < MODEL_HOSTS; i++) {
        char host[2] = {'h', (char)('0' + i)}, key[2] = {'k', (char)('0' + i)};
        struct http_limit limit = {.in_flight = (uint32_t)i + 1};
        http_limits_set(l, HTTP_LANE_HOST, (str){host, 2}, &limit, 0);
        http_limits_set(l, HTTP_LANE_KEY, (str){key, 2}, &limit, 0);
    }
    int64_t now = 0;
    int gone = 0;
    for (int move = 0; move < MODEL_MOVES; move++) {
        model_move(&m, l, now);
        if (model_random(&m, 3) == 0)
            continue;
        now += model_random(&m, 3);
        struct http_ticket *expected, *t;
        do {
            expected = model_next(&m, now);
            assert_true(expected == NULL || http_limits_wake_ms(l, now) <= now);
            t = http_limits_next(l, now);
            assert_ptr_equal(t, expected);
            if (t != NULL) {
                m.in_flight[0][m.host[t - m.tickets]]++;
                m.in_flight[1][m.key[t - m.tickets]]++;
                gone++;
            }
        } while (t != NULL);
    }
    assert_true(gone > MODEL_MOVES / 20);
    leave_all(l, m.tickets, MODEL_TICKETS, now);
    http_limits_free(l);
}

static void many_hosts_that_wait_cost_little(void **state)
{
    (void)state;
    enum { HOSTS = 20000 };
    struct http_limits *l = limits_of((struct http_limit){0}, (struct http_limit){.in_flight = 3});
    struct http_ticket *t = calloc(HOSTS, sizeof *t);
    assert_non_null(t);
    for (int i = 0; i < HOSTS; i++) {
        char host[32];
        int n = snprintf(host, sizeof host, "https://host-%d:443", i);
        http_limits_ask(l, &t[i], (str){host, (size_t)n}, STR("one key"), 0);
    }
    int gone = let_go(l, 0);
    assert_int_equal(gone, 3);
    for (int i = 0; i < HOSTS; i++) {
        http_limits_leave(l, &t[i], i); /* quadratic work would not end in time */
        gone += let_go(l, i);
    }
    assert_int_equal(gone, HOSTS);
    assert_int_equal(http_limits_lanes(l), 0);
    free(t);
    http_limits_free(l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_limits_everything_goes_in_order),
        cmocka_unit_test(only_so_many_of_a_host_are_in_flight),
        cmocka_unit_test(only_so_many_are_in_flight_in_all),
        cmocka_unit_test(a_rate_lets_through_a_burst_and_then_evenly),
        cmocka_unit_test(slow_rates_lose_nothing_to_rounding),
        cmocka_unit_test(a_key_is_limited_across_hosts),
        cmocka_unit_test(a_paused_host_waits_and_others_do_not),
        cmocka_unit_test(a_pause_has_a_limit_and_is_forgotten_after_it),
        cmocka_unit_test(pauses_are_counted_while_they_last),
        cmocka_unit_test(one_that_comes_again_keeps_its_place),
        cmocka_unit_test(switched_off_nothing_waits),
        cmocka_unit_test(a_limit_that_is_set_acts_on_those_who_wait),
        cmocka_unit_test(it_chooses_as_one_who_looks_at_everybody),
        cmocka_unit_test(many_hosts_that_wait_cost_little),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
