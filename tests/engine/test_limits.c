/* SPDX-License-Identifier: Apache-2.0 */
/* What an engine does when its store is behind, and with messages that nobody is there for. */
#include "engine_test.h"

#include "api_server.h"
#include "engine/engine_internal.h"
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LOOPS = 3, MANY = 60, LARGE = 30 << 10 };

/* ---- a store that stands still ---- */

/* Groups wait before their commit while there are none left to pass. */
struct barrier {
    pthread_mutex_t mutex;
    pthread_cond_t moved;
    uint32_t pass; /* groups that may go; UINT32_MAX: all */
    uint32_t passed, waiting;
};

struct site {
    struct house h;
    struct store_options store;
    struct barrier barrier;
    struct api_server api;
    bool has_api;
};

static void at_store(void *arg, const char *name)
{
    struct barrier *b = arg;
    if (strcmp(name, STORE_GROUP_WRITTEN) != 0)
        return;
    pthread_mutex_lock(&b->mutex);
    b->waiting++;
    pthread_cond_broadcast(&b->moved);
    while (b->pass == 0)
        pthread_cond_wait(&b->moved, &b->mutex);
    b->pass -= b->pass != UINT32_MAX;
    b->waiting--;
    b->passed++;
    pthread_mutex_unlock(&b->mutex);
}

static void let_pass(struct site *s, uint32_t groups)
{
    pthread_mutex_lock(&s->barrier.mutex);
    s->barrier.pass = groups;
    pthread_cond_broadcast(&s->barrier.moved);
    pthread_mutex_unlock(&s->barrier.mutex);
}

static bool store_waits(struct house *h)
{
    struct site *s = (struct site *)(void *)h; /* its first member */
    pthread_mutex_lock(&s->barrier.mutex);
    bool ret = s->barrier.waiting > 0;
    pthread_mutex_unlock(&s->barrier.mutex);
    return ret;
}

static bool works_not(void *arg, struct engine *e, const struct engine_task *task)
{
    (void)arg;
    (void)e;
    (void)task;
    return false;
}

static int site_open(void **state)
{
    struct site *s = calloc(1, sizeof(*s));
    assert_non_null(s);
    pthread_mutex_init(&s->barrier.mutex, NULL);
    pthread_cond_init(&s->barrier.moved, NULL);
    s->barrier.pass = UINT32_MAX;
    s->store.at_point = at_store;
    s->store.point_arg = &s->barrier;
    s->h.store = &s->store;
    s->h.work = works_not;
    house_build(&s->h);
    *state = s;
    return 0;
}

static int site_close(void **state)
{
    struct site *s = *state;
    let_pass(s, UINT32_MAX);
    house_tear_down(&s->h);
    if (s->has_api)
        api_server_stop(&s->api);
    pthread_cond_destroy(&s->barrier.moved);
    pthread_mutex_destroy(&s->barrier.mutex);
    free(s);
    return 0;
}

static const char PASS[] = "{'StartAt':'P','States':{'P':{'Type':'Pass','End':true}}}";

static void start_some(struct site *s, uint32_t from, uint32_t to, const char *input)
{
    char name[16];
    for (uint32_t i = from; i < to; i++) {
        snprintf(name, sizeof(name), "e%u", i);
        house_start_unwatched(&s->h, "pass", name, input);
    }
}

static bool none_in_memory(struct house *h)
{
    return engine_figures_of_all(h->engine).in_memory == 0;
}

/* A JSON text of so many bytes; the caller frees it. */
static char *text_of(size_t n)
{
    char *text = malloc(n + 3);
    assert_non_null(text);
    memset(text, 'x', n + 2);
    text[0] = text[n + 1] = '"';
    text[n + 2] = '\0';
    return text;
}

/* ---- commits on their way ---- */

static void nobody_takes_a_turn_while_many_commits_are_under_way(void **state)
{
    struct site *s = *state;
    house_close(&s->h);
    s->h.max_in_flight = 4;
    house_open(&s->h);
    house_machine(&s->h, "pass", ASL_STANDARD, PASS);
    let_pass(s, 0);
    start_some(s, 0, MANY, "{}");
    assert_true(house_until(&s->h, store_waits, 5000));
    house_pass(&s->h, 100);
    struct engine_figures figures = engine_figures(s->h.engine);
    assert_int_equal(figures.in_flight, 4);
    assert_int_equal(figures.steps, 4);
    assert_int_equal(figures.in_memory, MANY); /* they wait */
    let_pass(s, UINT32_MAX);
    assert_true(house_until(&s->h, none_in_memory, 5000));
    assert_int_equal(house_count(&s->h, "pass"), MANY);
    assert_int_equal(house_row(&s->h, "pass", "e59").status, STORE_SUCCEEDED);
}

static void nobody_takes_a_turn_while_large_commits_are_under_way(void **state)
{
    struct site *s = *state;
    char *large = text_of(LARGE);
    house_close(&s->h);
    s->h.max_in_flight_bytes = 3 * LARGE;
    house_open(&s->h);
    house_machine(&s->h, "pass", ASL_STANDARD, PASS);
    let_pass(s, 0);
    start_some(s, 0, MANY, large);
    assert_true(house_until(&s->h, store_waits, 5000));
    house_pass(&s->h, 100);
    assert_int_equal(engine_figures(s->h.engine).in_flight, 3);
    let_pass(s, UINT32_MAX);
    assert_true(house_until(&s->h, none_in_memory, 5000));
    assert_int_equal(house_row(&s->h, "pass", "e59").status, STORE_SUCCEEDED);
    free(large);
}

static bool has_called(struct house *h)
{
    return engine_figures(h->engine).calls > 0;
}

static void make_api(struct site *s)
{
    static const char request[] =
        "{\"Name\":\"c\",\"AuthorizationType\":\"API_KEY\",\"AuthParameters\":{"
        "\"ApiKeyAuthParameters\":{\"ApiKeyName\":\"X-Key\",\"ApiKeyValue\":\"k\"}}}";
    char text[512];
    struct buf answer;
    struct error err;
    api_server_start(&s->api);
    s->has_api = true;
    buf_init(&answer, SIZE_MAX / 2);
    assert_int_equal(
        engine_connection(s->h.engine, STR("CreateConnection"), STR(request), &answer, &err),
        STATUS_OK);
    buf_done(&answer);
    snprintf(text, sizeof(text),
             "{'StartAt':'C','States':{'C':{'Type':'Task','Resource':'arn:aws:states:::http:invoke'"
             ",'Parameters':{'ApiEndpoint':'http://127.0.0.1:%d/echo','Method':'GET',"
             "'InvocationConfig':{'ConnectionArn':'arn:aws:events:us-east-1:000000000000:"
             "connection/c'}},'OutputPath':'$.StatusCode','End':true}}}",
             s->api.port);
    house_machine(&s->h, "call", ASL_STANDARD, text);
}

/* Large commits are half of what may be under way: answers would be more than the store can take
 * in, so none is asked for. */
static void calls_are_held_while_the_store_is_behind(void **state)
{
    struct site *s = *state;
    char *large = text_of(LARGE);
    house_close(&s->h);
    s->h.max_in_flight_bytes = 2 * LARGE;
    house_open(&s->h);
    house_machine(&s->h, "pass", ASL_STANDARD, PASS);
    make_api(s);
    let_pass(s, 0);
    house_start(&s->h, "call", "c", "{}");
    assert_true(house_until(&s->h, store_waits, 5000)); /* with the beginning of the call */
    start_some(s, 0, 1, large);
    house_pass(&s->h, 100);
    let_pass(s, 1);
    assert_true(house_until(&s->h, has_called, 5000));
    house_pass(&s->h, 300);
    assert_int_equal(engine_figures(s->h.engine).calls, 1);
    assert_int_equal(s->api.requests, 0);
    let_pass(s, UINT32_MAX);
    assert_true(house_wait(&s->h, 5000));
    assert_string_equal(s->h.output, "200");
    assert_int_equal(s->api.requests, 1);
    free(large);
}

/* ---- the store's queue ---- */

static void check_queue(struct site *s)
{
    struct store_metrics m;
    let_pass(s, 0);
    start_some(s, 0, MANY, "{}");
    assert_true(house_until(&s->h, store_waits, 5000));
    house_pass(&s->h, 100);
    engine_store_metrics(s->h.engine, &m);
    assert_in_range(m.in_flight, 1, 2 * LOOPS); /* two of each loop's, the rest waits in line */
    assert_true(engine_figures_of_all(s->h.engine).in_flight > 2 * LOOPS);
    let_pass(s, UINT32_MAX);
    assert_true(house_until(&s->h, none_in_memory, 10000));
    assert_int_equal(house_count(&s->h, "pass"), MANY);
    for (uint32_t i = 0; i < MANY; i++) {
        char name[16];
        snprintf(name, sizeof(name), "e%u", i);
        assert_int_equal(house_row(&s->h, "pass", name).status, STORE_SUCCEEDED);
    }
}

static void loops_wait_for_room_in_the_queue_of_the_store(void **state)
{
    struct site *s = *state;
    house_close(&s->h);
    s->h.loops = LOOPS;
    s->store.queue_units = 2;
    house_open(&s->h);
    house_machine(&s->h, "pass", ASL_STANDARD, PASS);
    check_queue(s);
}

/* Each unit alone is more than the bytes that there may be: one goes at a time. */
static void loops_wait_for_room_for_bytes(void **state)
{
    struct site *s = *state;
    house_close(&s->h);
    s->h.loops = LOOPS;
    s->store.queue_bytes = 1;
    house_open(&s->h);
    house_machine(&s->h, "pass", ASL_STANDARD, PASS);
    check_queue(s);
}

static const char *const map_types[] = {"STANDARD", "EXPRESS"};

/* Rows of runs and of Express children stand in line, too; and nothing of the loop stands still. */
static void map_runs_wait_for_room_in_the_queue(void **state)
{
    struct site *s = *state;
    char text[512], name[16];
    house_close(&s->h);
    s->store.queue_units = 1;
    for (uint32_t i = 0; i < 4; i++) {
        s->h.loops = i < 2 ? 1 : LOOPS;
        house_open(&s->h);
        snprintf(text, sizeof(text),
                 "{'StartAt':'M','States':{'M':{'Type':'Map','ItemProcessor':{'ProcessorConfig':{"
                 "'Mode':'DISTRIBUTED','ExecutionType':'%s'},'StartAt':'P','States':{'P':{'Type':"
                 "'Pass','End':true}}},'End':true}}}",
                 map_types[i % 2]);
        house_machine(&s->h, "map", ASL_STANDARD, text);
        snprintf(name, sizeof(name), "m%u", i);
        assert_string_equal(
            house_run(&s->h, "map", name, "[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20]"),
            "[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20]");
        house_close(&s->h);
    }
    house_open(&s->h);
}

/* ---- messages ---- */

struct letter {
    struct store_message message;
};

static enum status write_letter(struct store_tx *tx, str args, struct arena *scratch,
                                struct error *err)
{
    const struct letter *l = (const struct letter *)(const void *)args.p;
    (void)scratch;
    return store_tx_send(tx, &l->message, err);
}

/* Into the inbox, as an earlier process may have left it. */
static void put_letter(struct site *s, int64_t to, str body)
{
    struct store *store;
    struct error err;
    assert_int_equal(store_open(str_of(s->h.folder), NULL, &store, &err), STATUS_OK);
    struct letter l = {
        .message = {.id = store_new_id(store), .shard = 7, .execution = to, .body = body}};
    struct store_unit unit = {.run = write_letter, .args = {(const char *)&l, sizeof(l)}};
    struct store_client *client = store_client_new(store, NULL, NULL);
    assert_int_equal(store_perform(client, &unit, &err), STATUS_OK);
    store_unit_done(&unit);
    store_client_free(client);
    store_close(store);
}

static uint32_t letters(struct house *h)
{
    struct store_reader *reader;
    struct store_message *messages;
    struct error err;
    struct arena a;
    uint32_t count;
    arena_init(&a, 0);
    assert_int_equal(store_reader_open(str_of(h->folder), NULL, &reader, &err), STATUS_OK);
    struct store_shards all = {0, STORE_SHARDS - 1};
    assert_int_equal(store_list_messages(reader, all, 0, 100, &a, &messages, &count, &err),
                     STATUS_OK);
    store_reader_close(reader);
    arena_done(&a);
    return count;
}

static bool has_no_letters(struct house *h)
{
    return letters(h) == 0;
}

static void a_message_to_nobody_is_removed(void **state)
{
    struct site *s = *state;
    struct engine_message stop = {.kind = ASL_EVENT_STOP};
    struct buf body;
    buf_init(&body, SIZE_MAX / 2);
    engine_message_write(&stop, &body);
    house_machine(&s->h, "pass", ASL_STANDARD, PASS);
    house_run(&s->h, "pass", "e", "{}");
    int64_t ended = s->h.execution;
    house_close(&s->h);
    put_letter(s, 1 << 20, buf_str(&body)); /* to one that was never there, */
    put_letter(s, ended, buf_str(&body));   /* and to one that has ended */
    assert_int_equal(letters(&s->h), 2);
    house_open(&s->h);
    assert_true(house_until(&s->h, has_no_letters, 5000));
    assert_int_equal(house_row(&s->h, "pass", "e").status, STORE_SUCCEEDED);
    assert_true(house_until(&s->h, none_in_memory, 5000));
    buf_done(&body);
}

/* Nothing is known of what it says: it stays for whoever can read it, and is in nobody's way. */
static void a_message_that_cannot_be_read_stays(void **state)
{
    struct site *s = *state;
    house_machine(&s->h, "pass", ASL_STANDARD, PASS);
    house_run(&s->h, "pass", "e", "{}");
    int64_t ended = s->h.execution;
    house_close(&s->h);
    put_letter(s, ended, STR("\377nonsense"));
    house_open(&s->h);
    house_run(&s->h, "pass", "f", "{}");
    house_pass(&s->h, 200);
    assert_int_equal(letters(&s->h), 1);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, site_open, site_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(nobody_takes_a_turn_while_many_commits_are_under_way),
        TEST(nobody_takes_a_turn_while_large_commits_are_under_way),
        TEST(calls_are_held_while_the_store_is_behind),
        TEST(loops_wait_for_room_in_the_queue_of_the_store),
        TEST(loops_wait_for_room_for_bytes),
        TEST(map_runs_wait_for_room_in_the_queue),
        TEST(a_message_to_nobody_is_removed),
        TEST(a_message_that_cannot_be_read_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
