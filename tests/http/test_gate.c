/* SPDX-License-Identifier: Apache-2.0 */
#include "http/gate.h"
#include "http_test.h"

struct scene {
    struct world w;
    struct http_gate *gate;
    char url[128], host[64];
};

static void scene_open(struct scene *s, const struct http_limits_options *options)
{
    static const struct http_limits_options none = {0};
    world_open(&s->w, NULL);
    s->gate = http_gate_new(s->w.loop, s->w.client, options == NULL ? &none : options);
    snprintf(s->host, sizeof s->host, "http://127.0.0.1:%d", s->w.server.port);
}

static void scene_close(struct scene *s)
{
    http_gate_free(s->gate);
    world_close(&s->w);
}

static struct http_visit *scene_send(struct scene *s, const char *path,
                                     const struct http_visit_options *options, struct fetched *f)
{
    struct http_visit *visit;
    struct error err;
    struct http_request r = {.url = world_url(&s->w, s->url, path)};
    f->loop = s->w.loop;
    assert_int_equal(http_gate_send(s->gate, &r, options, fetched_done, f, &visit, &err),
                     STATUS_OK);
    return visit;
}

static void so_many_calls_are_in_flight_and_the_rest_follow(void **state)
{
    (void)state;
    enum { COUNT = 12 };
    struct scene s;
    struct fetched f[COUNT] = {0};
    int left = COUNT;
    scene_open(&s, &(struct http_limits_options){.host = {.in_flight = 3}});
    for (int i = 0; i < COUNT; i++) {
        f[i].left = &left;
        scene_send(&s, "/delay/10", NULL, &f[i]);
    }
    assert_int_equal(http_gate_waiting(s.gate), COUNT);
    loop_run(s.w.loop);
    assert_int_equal(http_gate_waiting(s.gate), 0);
    assert_int_equal(s.w.server.requests, COUNT);
    assert_int_equal(s.w.server.open_max, 3);
    for (int i = 0; i < COUNT; i++)
        http_answer_free(f[i].answer);
    scene_close(&s);
}

static void a_429_pauses_the_host_for_everybody_and_the_call_is_sent_again(void **state)
{
    (void)state;
    struct scene s;
    struct fetched first = {0}, second = {0};
    int left = 2;
    scene_open(&s, &(struct http_limits_options){.host = {.in_flight = 1}});
    first.left = second.left = &left;
    int64_t from = loop_now_ms();
    scene_send(&s, "/busy/1", &(struct http_visit_options){.resend_max = 1}, &first);
    scene_send(&s, "/hello", NULL, &second);
    loop_run(s.w.loop);
    assert_in_range(loop_now_ms() - from, 1000,
                    20000); /* both waited for the second it asked for */
    assert_non_null(first.answer);
    assert_str(answer_body(first.answer), "free");
    assert_str(answer_body(second.answer), "hello");
    assert_int_equal(s.w.server.requests, 3);
    http_answer_free(first.answer);
    http_answer_free(second.answer);
    scene_close(&s);
}

static void a_429_is_handed_over_when_sending_again_is_no_use(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        struct http_visit_options options;
        int requests;
    } cases[] = {
        {"/retry/5", {.resend_max = 0}, 1},
        {"/retry/5", {.resend_max = 3, .deadline_ms = 4000}, 1}, /* it would be over by then */
        {"/retry/0", {.resend_max = 3}, 4},
        {"/status/429", {.resend_max = 3}, 1}, /* says nothing about when */
        {"/status/503", {.resend_max = 3}, 1},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct scene s;
        struct fetched f = {0};
        scene_open(&s, NULL);
        scene_send(&s, cases[i].path, &cases[i].options, &f);
        loop_run(s.w.loop);
        assert_non_null(f.answer);
        assert_true(f.answer->status == 429 || f.answer->status == 503);
        assert_int_equal(s.w.server.requests, cases[i].requests);
        http_answer_free(f.answer);
        scene_close(&s);
    }
}

static void switched_off_it_neither_waits_nor_sends_again(void **state)
{
    (void)state;
    struct scene s;
    struct fetched f[5] = {0};
    int left = 5;
    scene_open(&s, &(struct http_limits_options){.is_off = true, .host = {.in_flight = 1}});
    for (int i = 0; i < 5; i++) {
        f[i].left = &left;
        scene_send(&s, i == 0 ? "/retry/30" : "/delay/50",
                   &(struct http_visit_options){.resend_max = 1}, &f[i]);
    }
    loop_run(s.w.loop);
    assert_true(s.w.server.open_max >= 4);
    assert_int_equal(s.w.server.requests, 5);
    for (int i = 0; i < 5; i++)
        http_answer_free(f[i].answer);
    scene_close(&s);
}

static void those_who_wait_keep_their_deadlines(void **state)
{
    (void)state;
    struct scene s;
    struct fetched in_flight = {0}, waiting = {0};
    int left = 2;
    scene_open(&s, &(struct http_limits_options){.host = {.in_flight = 1}});
    in_flight.left = waiting.left = &left;
    scene_send(&s, "/hang", &(struct http_visit_options){.deadline_ms = 60}, &in_flight);
    scene_send(&s, "/hello", &(struct http_visit_options){.deadline_ms = 30}, &waiting);
    loop_run(s.w.loop);
    assert_null(in_flight.answer);
    assert_null(waiting.answer);
    assert_string_equal(in_flight.err.name, "HttpTimedOut");
    assert_string_equal(in_flight.err.message, "no complete answer within 60 ms, waiting included");
    assert_string_equal(waiting.err.name, "HttpTimedOut");
    assert_string_equal(waiting.err.message,
                        "the limits of the host let it wait for more than 30 ms");
    assert_int_equal(http_client_in_flight(s.w.client), 0);
    scene_close(&s);
}

static void a_canceled_visit_makes_room_for_the_next(void **state)
{
    (void)state;
    struct scene s;
    struct fetched hung = {0}, silent = {0}, f = {0};
    scene_open(&s, &(struct http_limits_options){.key = {.in_flight = 1}});
    struct http_visit_options key = {.key = STR("connection-1")};
    struct http_visit *hangs = scene_send(&s, "/hang", &key, &hung);
    struct http_visit *waits = scene_send(&s, "/hello", &key, &silent);
    scene_send(&s, "/hello", &key, &f);
    struct loop_timer timer = {0};
    loop_timer_start(s.w.loop, &timer, loop_now_ms() + 30, (loop_fn *)loop_stop, s.w.loop);
    loop_run(s.w.loop);
    assert_int_equal(http_client_in_flight(s.w.client), 1);
    assert_int_equal(http_gate_waiting(s.gate), 2);
    http_visit_cancel(waits);
    http_visit_cancel(hangs);
    loop_run(s.w.loop);
    assert_non_null(f.answer);
    assert_false(hung.is_done || silent.is_done);
    http_answer_free(f.answer);
    scene_close(&s);
}

static void a_gate_may_be_freed_with_visits_in_every_state(void **state)
{
    (void)state;
    struct scene s;
    struct fetched f[4] = {0};
    scene_open(&s, &(struct http_limits_options){.host = {.in_flight = 2, .per_second = 1000}});
    for (int i = 0; i < 3; i++)
        scene_send(&s, "/hang", &(struct http_visit_options){.deadline_ms = 10000}, &f[i]);
    struct loop_timer timer = {0};
    loop_timer_start(s.w.loop, &timer, loop_now_ms() + 20, (loop_fn *)loop_stop, s.w.loop);
    loop_run(s.w.loop);
    scene_send(&s, "/hang", NULL, &f[3]); /* its turn is not yet looked for */
    scene_close(&s);
    for (int i = 0; i < 4; i++)
        assert_false(f[i].is_done);
}

struct release {
    struct loop_timer timer;
    struct scene *s;
    int requests; /* that the server had seen when it was let go */
};

static void let_go(void *arg)
{
    struct release *r = arg;
    r->requests = r->s->w.server.requests;
    http_gate_hold(r->s->gate, false);
}

static void what_is_held_waits_until_it_is_let_go(void **state)
{
    (void)state;
    struct scene s;
    struct fetched f[3] = {0};
    int left = 3;
    scene_open(&s, NULL);
    struct release r = {.s = &s, .requests = -1};
    http_gate_hold(s.gate, true);
    for (int i = 0; i < 3; i++) {
        f[i].left = &left;
        scene_send(&s, "/hello", NULL, &f[i]);
    }
    loop_timer_start(s.w.loop, &r.timer, loop_now_ms() + 80, let_go, &r);
    loop_run(s.w.loop);
    assert_int_equal(r.requests, 0);
    for (int i = 0; i < 3; i++) {
        assert_str(answer_body(f[i].answer), "hello");
        http_answer_free(f[i].answer);
    }
    scene_close(&s);
}

static void limits_can_be_set_for_one_host(void **state)
{
    (void)state;
    struct scene s;
    struct fetched f[6] = {0};
    int left = 6;
    scene_open(&s, NULL);
    http_gate_limit(s.gate, HTTP_LANE_HOST, str_of(s.host), &(struct http_limit){.in_flight = 2});
    for (int i = 0; i < 6; i++) {
        f[i].left = &left;
        scene_send(&s, "/delay/5", NULL, &f[i]);
    }
    loop_run(s.w.loop);
    assert_int_equal(s.w.server.open_max, 2);
    for (int i = 0; i < 6; i++)
        http_answer_free(f[i].answer);
    scene_close(&s);
}

static void errors_of_the_client_come_through_and_free_the_place(void **state)
{
    (void)state;
    struct scene s;
    struct fetched cut = {0}, f = {0};
    int left = 2;
    scene_open(&s, &(struct http_limits_options){.host = {.in_flight = 1}});
    cut.left = f.left = &left;
    scene_send(&s, "/cut", NULL, &cut);
    scene_send(&s, "/hello", NULL, &f);
    loop_run(s.w.loop);
    assert_string_equal(cut.err.name, "HttpAborted");
    assert_non_null(f.answer);
    http_answer_free(f.answer);
    struct http_visit *visit;
    struct error err;
    struct http_request bad = {.url = STR("http://[/")};
    assert_int_equal(http_gate_send(s.gate, &bad, NULL, fetched_done, &f, &visit, &err),
                     STATUS_INVALID);
    assert_string_equal(err.name, "HttpInvalid");
    bad.url = STR("gopher://h/");
    assert_int_equal(http_gate_send(s.gate, &bad, NULL, fetched_done, &f, &visit, &err),
                     STATUS_INVALID);
    scene_close(&s);
}

static void hosts_have_one_name(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"https://API.Example.com/a/b?c=d", "https://api.example.com:443"},
        {"https://api.example.com:443", "https://api.example.com:443"},
        {"HTTP://api.example.com", "http://api.example.com:80"},
        {"http://user:secret@h:8080/", "http://h:8080"},
        {"http://[::1]:99/", "http://[::1]:99"},
    };
    struct buf name;
    struct error err;
    buf_init(&name, 1024);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        assert_int_equal(http_gate_host(str_of(cases[i][0]), &name, &err), STATUS_OK);
        assert_str(buf_str(&name), cases[i][1]);
    }
    assert_int_equal(http_gate_host(STR("http://"), &name, &err), STATUS_INVALID);
    buf_done(&name);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(so_many_calls_are_in_flight_and_the_rest_follow),
        cmocka_unit_test(a_429_pauses_the_host_for_everybody_and_the_call_is_sent_again),
        cmocka_unit_test(a_429_is_handed_over_when_sending_again_is_no_use),
        cmocka_unit_test(switched_off_it_neither_waits_nor_sends_again),
        cmocka_unit_test(those_who_wait_keep_their_deadlines),
        cmocka_unit_test(a_canceled_visit_makes_room_for_the_next),
        cmocka_unit_test(a_gate_may_be_freed_with_visits_in_every_state),
        cmocka_unit_test(what_is_held_waits_until_it_is_let_go),
        cmocka_unit_test(limits_can_be_set_for_one_host),
        cmocka_unit_test(errors_of_the_client_come_through_and_free_the_place),
        cmocka_unit_test(hosts_have_one_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
