/* SPDX-License-Identifier: Apache-2.0 */
/* The world of api_world.h. */
#include "api_world.h"
#include "base/check.h"
#include "json/write.h"
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* ---- the service ---- */

static enum status run_echo(const struct service_call *c, struct store_reader *reader,
                            struct store_tx *tx, str args, struct buf *reply, struct error *err)
{
    (void)reader, (void)err;
    check(tx == NULL && c->now_ms > 0);
    buf_printf(reply, "{\"region\":\"%.*s\",\"account\":\"%.*s\",\"you\":%.*s}",
               STR_ARG(c->settings->region), STR_ARG(c->settings->account), STR_ARG(args));
    return STATUS_OK;
}

static enum status run_fail(const struct service_call *c, struct store_reader *reader,
                            struct store_tx *tx, str args, struct buf *reply, struct error *err)
{
    (void)c, (void)reader, (void)tx, (void)args;
    buf_add(reply, STR("{\"Extra\":1}"));
    return error_set(err, STATUS_NOT_FOUND, "ResourceNotFoundException", "there is none");
}

static enum status run_full(const struct service_call *c, struct store_reader *reader,
                            struct store_tx *tx, str args, struct buf *reply, struct error *err)
{
    (void)c, (void)reader, (void)tx, (void)args, (void)reply;
    return error_set(err, STATUS_IO, "StoreFull", "the disk is full");
}

static enum status run_put(const struct service_call *c, struct store_reader *reader,
                           struct store_tx *tx, str args, struct buf *reply, struct error *err)
{
    (void)c, (void)reader;
    buf_add(reply, STR("{}"));
    return store_tx_put_thing(tx, STR("test"), STR("thing"), args, err);
}

static enum status run_get(const struct service_call *c, struct store_reader *reader,
                           struct store_tx *tx, str args, struct buf *reply, struct error *err)
{
    str body;
    (void)tx, (void)args;
    enum status status = store_find_thing(reader, STR("test"), STR("thing"), c->arena, &body, err);
    if (status == STATUS_OK)
        buf_add(reply, body);
    return status;
}

static enum status run_refuse(const struct service_call *c, struct store_reader *reader,
                              struct store_tx *tx, str args, struct buf *reply, struct error *err)
{
    enum status status = run_put(c, reader, tx, args, reply, err);
    if (status != STATUS_OK)
        return status;
    buf_clear(reply);
    buf_add(reply, STR("{\"Item\":{}}"));
    return error_set(err, STATUS_CONFLICT, "ConditionalCheckFailedException", "no");
}

static enum status prepare_check(const struct service_call *c, struct json_val request,
                                 str *ret_args, struct error *err)
{
    struct json_val v = json_get(request, STR("Number"));
    if (!json_is_number(v))
        return error_set(err, STATUS_INVALID, "ValidationException", "Number is missing");
    *ret_args = arena_printf(c->arena, "%g", json_number(v) * 2);
    return STATUS_OK;
}

static enum status answer_check(const struct service_call *c, str reply, struct buf *json,
                                struct error *err)
{
    (void)c, (void)err;
    buf_printf(json, "{\"Answer\":%.*s}", STR_ARG(reply));
    return STATUS_OK;
}

static enum status run_check(const struct service_call *c, struct store_reader *reader,
                             struct store_tx *tx, str args, struct buf *reply, struct error *err)
{
    (void)c, (void)reader, (void)tx, (void)err;
    buf_add(reply, args);
    return STATUS_OK;
}

static const struct service_operation operations[] = {
    {.name = "Check",
     .is_writing = true,
     .prepare = prepare_check,
     .run = run_check,
     .answer = answer_check},
    {.name = "Echo", .run = run_echo},
    {.name = "Fail", .run = run_fail},
    {.name = "Full", .run = run_full},
    {.name = "Get", .run = run_get},
    {.name = "Put", .is_writing = true, .run = run_put},
    {.name = "Refuse", .is_writing = true, .run = run_refuse},
};
static const struct service service = {"dynamodb", operations, ARRAY_LEN(operations)};

static void held_is_gone(void *arg)
{
    struct api_world *w = arg;
    atomic_fetch_add(&w->gone, 1);
    if (w->is_hasty) {
        api_call_answer(w->held, STR("{}"));
        w->held = NULL;
    }
}

/* A message longer than a struct error has room for. */
static void refuse_at_length(struct api_call *call)
{
    char *text = arena_alloc(api_call_arena(call), 5000);
    memset(text, 'm', 5000);
    const struct api_failure failure = {.status = STATUS_CONFLICT,
                                        .name = STR("LongException"),
                                        .message = {text, 5000},
                                        .members = STR("{\"reason\":\"x\"}")};
    api_call_refuse(call, &failure);
}

static bool own(void *arg, struct api_call *call, str operation, struct json_val request)
{
    struct api_world *w = arg;
    check(request.tag == JSON_OBJECT);
    if (str_eq(operation, STR("Now"))) {
        api_call_answer(call, STR("{\"now\":true}"));
        return true;
    }
    if (str_eq(operation, STR("Long"))) {
        refuse_at_length(call);
        return true;
    }
    if (!str_eq(operation, STR("Hold")))
        return false;
    w->held = call;
    api_call_on_gone(call, held_is_gone, w);
    atomic_fetch_add(&w->holds, 1);
    return true;
}

static void after(void *arg, const struct service_operation *o, struct json_val request, str answer)
{
    struct api_world *w = arg;
    check(o->name && request.tag == JSON_OBJECT && answer.n >= 2);
    atomic_fetch_add(&w->after, 1);
}

/* ---- the world ---- */

static void *run_loop(void *arg)
{
    struct api_world *w = arg;
    loop_run(w->loop);
    return NULL;
}

void api_world_open(struct api_world *w, api_rest_fn *rest)
{
    struct error err;
    struct http_address address;
    static const str names[] = {{"afflux.lan", 10}};
    *w = (struct api_world){.settings = {STR("123456789012"), STR("us-east-1"), false},
                            .hosts = {names, 1}};
    snprintf(w->folder, sizeof(w->folder), "/tmp/afflux-api-XXXXXX");
    check(mkdtemp(w->folder) != NULL);
    check(store_open(str_of(w->folder), NULL, &w->store, &err) == STATUS_OK);
    check(loop_new(&w->loop, &err) == STATUS_OK);
    w->board = api_board_new(1);
    struct api_service row = {.service = &service, .own = own, .after = after, .arg = w};
    struct api_options options = {.loop = w->loop,
                                  .board = w->board,
                                  .store = w->store,
                                  .settings = &w->settings,
                                  .hosts = &w->hosts,
                                  .services = &row,
                                  .service_count = 1,
                                  .rest = rest,
                                  .rest_arg = w};
    check(http_address_read(STR("127.0.0.1:0"), &address, &err) == STATUS_OK);
    check(http_listen(&address, &options.listen_fd, 1, &err) == STATUS_OK);
    w->port = ntohs(address.of.v4.sin_port);
    check(api_open(&options, &w->api, &err) == STATUS_OK);
    check(pthread_create(&w->thread, NULL, run_loop, w) == 0);
}

static void has_closed(void *arg)
{
    struct api_world *w = arg;
    atomic_store(&w->is_closed, true);
}

static void begin_close(void *arg)
{
    struct api_world *w = arg;
    api_close(w->api, has_closed, w);
}

int64_t api_world_close(struct api_world *w)
{
    int64_t start = loop_now_ms();
    loop_post(w->loop, &w->close_task, begin_close, w);
    while (!atomic_load(&w->is_closed) && loop_now_ms() - start < 20000)
        usleep(2000);
    check(atomic_load(&w->is_closed));
    return loop_now_ms() - start;
}

void api_world_end(struct api_world *w)
{
    loop_stop(w->loop);
    check(pthread_join(w->thread, NULL) == 0);
    api_free(w->api); /* also of one that was not closed */
    loop_free(w->loop);
    store_close(w->store);
    api_board_free(w->board);
    DIR *dir = opendir(w->folder);
    check(dir != NULL);
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;)
        (void)unlinkat(dirfd(dir), entry->d_name, 0);
    closedir(dir);
    (void)rmdir(w->folder);
}

static void answer_held(void *arg)
{
    struct api_world *w = arg;
    if (w->held)
        api_call_answer(w->held, STR("{\"held\":true}"));
    w->held = NULL;
    atomic_store(&w->holds, 0);
}

void api_world_answer_held(struct api_world *w)
{
    loop_post(w->loop, &w->answer_task, answer_held, w);
    check(api_world_wait(&w->holds, 0));
}

bool api_world_wait(atomic_int *counter, int value)
{
    for (int i = 0; i < 2000 && atomic_load(counter) != value; i++)
        usleep(5000);
    return atomic_load(counter) == value;
}

char *api_world_call(struct api_world *w, const char *target, const char *headers, const char *body)
{
    struct buf b;
    buf_init(&b, SIZE_MAX / 2);
    buf_printf(
        &b,
        "POST / HTTP/1.1\r\nHost: localhost:%u\r\nX-Amz-Target: %s\r\n%sConnection: close\r\n"
        "Content-Length: %zu\r\n\r\n",
        w->port, target, headers, strlen(body));
    buf_add(&b, str_of(body));
    char *said = raw_ask(w->port, buf_str(&b));
    buf_done(&b);
    return said;
}
