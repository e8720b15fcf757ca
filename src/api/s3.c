/* SPDX-License-Identifier: Apache-2.0 */
/* A request of S3's REST from its head to its door, and its end; units of the store come back
 * here. */
#include "api/s3.h"

#include "api/api_internal.h"
#include "api/s3_internal.h"
#include "base/check.h"
#include "services/s3/name.h"
#include <stdlib.h>

/* What the store's thread calls; outlives the api_s3 while a task is on its way. */
struct api_s3_door {
    struct api_s3 *s3; /* NULL: freed */
    struct loop *loop;
    struct loop_task task;
    atomic_bool is_asked;
};

static void door_take(void *arg)
{
    struct api_s3_door *door = arg;
    atomic_store(&door->is_asked, false);
    if (!door->s3) {
        free(door);
        return;
    }
    for (struct store_unit *u = store_take(door->s3->store), *next; u; u = next) {
        next = u->next;
        api_s3_call_back((struct api_s3_call *)(void *)u);
    }
}

static void door_wake(void *arg)
{
    struct api_s3_door *door = arg;
    if (!atomic_exchange(&door->is_asked, true))
        loop_post(door->loop, &door->task, door_take, door);
}

/* ---- calls ---- */

static void call_free(struct api_s3_call *call)
{
    if (call->next)
        call->next->previous = call->previous;
    if (call->previous)
        call->previous->next = call->next;
    else
        call->s3->under_way = call->next;
    call->s3->held -= call->held;
    store_unit_done(&call->unit.unit);
    s3_put_abort(call->put);
    s3_get_end(call->get);
    arena_done(&call->arena);
    free(call);
}

void api_s3_settle(struct api_s3_call *call)
{
    if (!call->x && !call->is_busy && !call->is_putting)
        call_free(call);
}

static void call_ended(void *arg, bool is_sent)
{
    struct api_s3_call *call = arg;
    (void)is_sent;
    call->x = NULL;
    api_s3_settle(call);
}

static struct api_s3_call *call_new(struct api_s3 *s, struct http_exchange *x,
                                    const struct api_rest *rest)
{
    struct api_s3_call *call = calloc(1, sizeof(*call));
    check(call != NULL);
    call->s3 = s;
    call->x = x;
    arena_init(&call->arena, 0);
    call->settings = *s->settings;
    call->settings.region = arena_dup(&call->arena, rest->region);
    call->now_ms = loop_wall_ms();
    memcpy(call->id, rest->request, strlen(rest->request) + 1);
    api_new_id(rest->api, true, call->long_id);
    call->next = s->under_way;
    if (call->next)
        call->next->previous = call;
    s->under_way = call;
    http_exchange_on_end(x, call_ended, call);
    return call;
}

void api_s3_submit(struct api_s3_call *call)
{
    struct error err;
    service_unit_init(&call->unit);
    call->is_busy = true;
    if (store_submit(call->s3->store, &call->unit.unit, &err) != STATUS_OK)
        api_s3_fail(call, &err);
}

enum status api_s3_find_bucket(struct api_s3_call *call, struct store_bucket *ret,
                               struct error *err)
{
    if (s3_check_bucket_name(call->bucket, err) != STATUS_OK)
        return err->status;
    enum status status =
        store_find_bucket(s3_client_reader(call->s3->client), call->bucket, &call->arena, ret, err);
    if (status == STATUS_NOT_FOUND)
        return s3_fail(S3_NoSuchBucket, err);
    return status == STATUS_OK ? STATUS_OK : s3_fail_inside(err);
}

/* ---- requests ---- */

/* The path is decoded behind its first slash only, as keys may have slashes in escapes. */
static void read_place(struct api_s3_call *call, const struct api_rest *rest)
{
    const struct http_target *t = http_exchange_target(call->x);
    struct arena *a = &call->arena;
    str path = str_starts(t->path, STR("/")) ? str_sub(t->path, 1, t->path.n) : STR("");
    call->method = arena_dup(a, http_exchange_method(call->x));
    call->query = arena_dup(a, t->query);
    call->resource = arena_dup(a, http_target_decode(a, t->path, false));
    if (rest->bucket.n > 0) {
        call->bucket = arena_dup(a, rest->bucket);
    } else {
        size_t slash = str_find_byte(path, '/', 0);
        call->bucket = arena_dup(a, http_target_decode(a, str_sub(path, 0, slash), false));
        path = slash == STR_NONE ? STR("") : str_sub(path, slash + 1, path.n);
    }
    call->key = arena_dup(a, http_target_decode(a, path, false));
}

void api_s3_rest(void *arg, struct http_exchange *x, const struct api_rest *rest)
{
    struct api_s3_call *call = call_new(arg, x, rest);
    struct error err;
    read_place(call, rest);
    if (api_s3_check_headers(call, &err) != STATUS_OK || api_s3_route(call, &err) != STATUS_OK)
        api_s3_fail(call, &err);
    else if (call->key.n > 0 && call->bucket.n == 0) {
        (void)!s3_fail(S3_InvalidBucketName, &err);
        api_s3_fail(call, &err);
    } else {
        call->route->begin(call);
    }
}

/* ---- opening and closing ---- */

enum status api_s3_new(struct s3_port *port, const struct service_settings *settings,
                       struct api_s3 **ret, struct error *err)
{
    struct s3_hash_kinds kinds;
    if (s3_hash_kinds_init(&kinds, err) != STATUS_OK)
        return err->status;
    struct api_s3 *s = calloc(1, sizeof(*s));
    struct api_s3_door *door = calloc(1, sizeof(*door));
    check(s != NULL && door != NULL);
    *door = (struct api_s3_door){.s3 = s, .loop = s3_port_loop(port)};
    *s = (struct api_s3){.port = port,
                         .self = {s3_port_service(port)},
                         .client = s3_port_client(port),
                         .settings = settings,
                         .door = door,
                         .kinds = kinds,
                         .store =
                             store_client_new(s3_store(s3_port_service(port)), door_wake, door)};
    *ret = s;
    return STATUS_OK;
}

static bool has_puts(const struct api_s3 *s)
{
    for (const struct api_s3_call *call = s->under_way; call; call = call->next)
        if (call->is_putting)
            return true;
    return false;
}

void api_s3_free(struct api_s3 *s)
{
    if (!s)
        return;
    while (has_puts(s)) { /* their exchanges are gone, but done is told to them */
        s3_client_wait(s->client);
        s3_client_turn(s->client);
    }
    store_client_free(s->store); /* waits */
    while (s->under_way)
        call_free(s->under_way);
    s3_hash_kinds_done(&s->kinds);
    s->door->s3 = NULL;
    if (!atomic_load(&s->door->is_asked))
        free(s->door);
    free(s);
}
