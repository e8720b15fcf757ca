/* SPDX-License-Identifier: Apache-2.0 */
/* Calls on a store of the test's own. */
#include "dynamodb_world.h"
#include "store/reader.h"
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

NORETURN static void stop(const char *what)
{
    fprintf(stderr, "dynamodb_world: %s\n", what);
    exit(2);
}

static void open_store(struct dynamodb_world *w)
{
    struct error err;
    if (store_open(str_of(w->dir), NULL, &w->store, &err) != STATUS_OK ||
        store_reader_open(str_of(w->dir), NULL, &w->reader, &err) != STATUS_OK)
        stop(err.message);
    w->client = store_client_new(w->store, NULL, NULL);
}

static void close_store(struct dynamodb_world *w)
{
    store_client_free(w->client);
    store_reader_close(w->reader);
    store_close(w->store);
}

void dynamodb_world_open(struct dynamodb_world *w)
{
    const char *base = getenv("TMPDIR");
    if (!base) /* memory where there is such a folder: nothing here needs a disk to be true */
        base = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
    *w = (struct dynamodb_world){.settings = {STR("000000000000"), STR("us-east-1"), false},
                                 .now_ms = INT64_C(1767225600500)};
    (void)snprintf(w->root, sizeof(w->root), "%s/afflux-dynamodb-XXXXXX", base);
    if (!mkdtemp(w->root))
        stop("no temporary folder");
    (void)snprintf(w->dir, sizeof(w->dir), "%s/data", w->root);
    open_store(w);
}

void dynamodb_world_again(struct dynamodb_world *w)
{
    close_store(w);
    open_store(w);
}

void dynamodb_world_close(struct dynamodb_world *w)
{
    close_store(w);
    DIR *dir = opendir(w->dir);
    for (struct dirent *e; dir && (e = readdir(dir)) != NULL;) {
        char path[512];
        (void)snprintf(path, sizeof(path), "%s/%s", w->dir, e->d_name);
        (void)unlink(path);
    }
    if (dir)
        closedir(dir);
    (void)rmdir(w->dir);
    (void)rmdir(w->root);
}

/* As api/ and engine/ do it: what writes is a unit, what reads runs here. */
static enum status run(struct dynamodb_world *w, const struct service_operation *o,
                       const struct service_call *c, str args, struct buf *reply, struct error *err)
{
    if (!o->is_writing)
        return o->run(c, w->reader, NULL, args, reply, err);
    struct service_unit u = {.operation = o, .call = *c, .args = args};
    service_unit_init(&u);
    enum status status = store_perform(w->client, &u.unit, err);
    buf_add(reply, u.unit.reply);
    store_unit_done(&u.unit);
    return status;
}

enum status dynamodb_call(struct dynamodb_world *w, str operation, struct json_val request,
                          struct buf *json, struct error *err)
{
    const struct service_operation *o = service_find(&dynamodb_service, operation);
    if (!o)
        return error_set(err, STATUS_INVALID, "UnknownOperationException", "no such operation");
    struct arena arena;
    struct buf reply;
    str args;
    arena_init(&arena, 0);
    buf_init(&reply, SIZE_MAX / 2);
    struct service_call c = {.settings = &w->settings, .now_ms = w->now_ms, .arena = &arena};
    enum status status = service_prepare(o, &c, request, &args, err);
    if (status == STATUS_OK) {
        status = run(w, o, &c, args, &reply, err);
        if (status == STATUS_OK)
            status = service_answer(o, &c, buf_str(&reply), json, err);
        else
            buf_add(json, buf_str(&reply));
    }
    buf_done(&reply);
    arena_done(&arena);
    return status;
}

bool dynamodb_world_sweep(struct dynamodb_world *w)
{
    struct dynamodb_sweep s;
    struct error err;
    dynamodb_sweep_init(&s, &w->settings, w->now_ms);
    if (store_perform(w->client, &s.unit, &err) != STATUS_OK)
        stop(err.message);
    bool more = dynamodb_sweep_has_more(&s);
    store_unit_done(&s.unit);
    return !more;
}
