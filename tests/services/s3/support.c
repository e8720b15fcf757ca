/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of the object service share. */
#include "support.h"
#include "base/check.h"
#include "json/parse.h"
#include "json/write.h"
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

void remove_tree(const char *path)
{
    nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

void world_open(struct world *w)
{
    struct error err;
    assert_ok(store_open(str_of(w->dir), NULL, &w->store, &err));
    assert_ok(s3_new(w->store, &w->settings, &w->s3, &err));
    assert_ok(s3_client_new(w->s3, NULL, NULL, &w->client, &err));
    w->self.s3 = w->s3;
    w->units = store_client_new(w->store, NULL, NULL);
    w->reader = s3_client_reader(w->client);
}

void world_close(struct world *w)
{
    s3_client_free(w->client);
    store_client_free(w->units);
    s3_free(w->s3);
    store_close(w->store);
}

int world_setup(void **state)
{
    struct world *w = calloc(1, sizeof(*w));
    const char *tmp = getenv("TMPDIR");
    if (!tmp)
        tmp = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
    snprintf(w->dir, sizeof(w->dir) - 8, "%s/afflux-s3.XXXXXX", tmp);
    if (!mkdtemp(w->dir))
        return -1;
    strncat(w->dir, "/data", 8);
    w->settings =
        (struct service_settings){.account = STR("000000000000"), .region = STR("us-east-1")};
    arena_init(&w->a, 0);
    world_open(w);
    *state = w;
    do_op(w, "CreateBucket", "{'Bucket': 'bucket'}");
    return 0;
}

int world_teardown(void **state)
{
    struct world *w = *state;
    world_close(w);
    arena_done(&w->a);
    *strrchr(w->dir, '/') = '\0';
    remove_tree(w->dir);
    free(w);
    return 0;
}

/* ---- operations ---- */

static str quoted(struct world *w, const char *text)
{
    str s = arena_dup(&w->a, str_of(text));
    char *p = (char *)(uintptr_t)s.p;
    for (size_t i = 0; i < s.n; i++)
        if (p[i] == '\'')
            p[i] = '"';
    return s;
}

static enum status write_op(struct world *w, const struct service_operation *o,
                            const struct service_call *call, str args, struct buf *reply,
                            struct error *err)
{
    struct service_unit u = {.operation = o, .call = *call, .args = args};
    service_unit_init(&u);
    enum status status = store_perform(w->units, &u.unit, err);
    buf_add(reply, u.unit.reply);
    store_unit_done(&u.unit);
    return status;
}

str try_op(struct world *w, const char *operation, const char *request)
{
    struct error err;
    struct json_val v;
    struct buf reply, json;
    str args, ret = {NULL, 0};
    const struct service_operation *o = service_find(&s3_service, str_of(operation));
    struct service_call call = {
        .settings = &w->settings, .self = &w->self, .now_ms = TEST_NOW_MS, .arena = &w->a};
    assert_non_null(o);
    assert_ok(json_parse_in(&w->a, quoted(w, request), NULL, &v, &err));
    buf_init(&reply, SIZE_MAX / 2);
    buf_init(&json, SIZE_MAX / 2);
    enum status status = service_prepare(o, &call, v, &args, &err);
    if (status == STATUS_OK)
        status = o->is_writing ? write_op(w, o, &call, args, &reply, &err)
                               : o->run(&call, w->reader, NULL, args, &reply, &err);
    if (status == STATUS_OK)
        status = service_answer(o, &call, buf_str(&reply), &json, &err);
    snprintf(w->error, sizeof(w->error), "%s", status == STATUS_OK ? "" : err.name);
    if (status == STATUS_OK)
        ret = arena_dup(&w->a, buf_str(&json));
    buf_done(&reply);
    buf_done(&json);
    return ret;
}

str do_op(struct world *w, const char *operation, const char *request)
{
    str answer = try_op(w, operation, request);
    if (!answer.p)
        fail_msg("%s %s: %s", operation, request, w->error);
    return answer;
}

void assert_op_fails(struct world *w, const char *operation, const char *request, const char *error)
{
    try_op(w, operation, request);
    if (strcmp(w->error, error) != 0)
        fail_msg("%s %s: %s instead of %s", operation, request, w->error, error);
}

str member(struct world *w, str json, const char *path)
{
    struct json_val v;
    struct error err;
    assert_ok(json_parse_in(&w->a, json, NULL, &v, &err));
    while (*path && v.tag != JSON_UNDEFINED) {
        size_t n = strcspn(path, ".");
        if (v.tag == JSON_ARRAY) {
            unsigned long i = strtoul(path, NULL, 10);
            v = i < v.len ? v.items[i] : json_undefined();
        } else {
            v = json_get(v, (str){path, n});
        }
        path += n + (path[n] == '.');
    }
    if (v.tag == JSON_UNDEFINED)
        return (str){NULL, 0};
    if (v.tag == JSON_STRING)
        return json_str(v);
    struct buf b;
    buf_init(&b, SIZE_MAX / 2);
    assert_ok(json_write(&b, v, 0, &err));
    str ret = arena_dup(&w->a, buf_str(&b));
    buf_done(&b);
    return ret;
}

/* ---- streams ---- */

struct outcome {
    bool is_done;
    char error[64], etag[64];
};

static void on_put(void *arg, const struct s3_put_result *result, const struct error *err)
{
    struct outcome *o = arg;
    o->is_done = true;
    snprintf(o->error, sizeof(o->error), "%s", err ? err->name : "");
    if (result)
        snprintf(o->etag, sizeof(o->etag), "%.*s", STR_ARG(result->etag));
}

const char *try_put(struct world *w, const struct s3_put_request *request, str body, size_t piece,
                    char etag[64])
{
    static char name[64];
    struct outcome o = {0};
    struct s3_put *p = NULL;
    struct error err = {.status = STATUS_OK};
    enum status status = s3_put_begin(w->client, request, &p, &err);
    for (size_t at = 0; status == STATUS_OK && at < body.n; at += piece) {
        status = s3_put_write(p, str_sub(body, at, at + piece), &err);
        if (status != STATUS_OK)
            s3_put_abort(p);
    }
    if (status == STATUS_OK)
        status = s3_put_finish(p, on_put, &o, &err);
    while (status == STATUS_OK && !o.is_done) {
        s3_client_wait(w->client);
        s3_client_turn(w->client);
    }
    snprintf(name, sizeof(name), "%s", status == STATUS_OK ? o.error : err.name);
    if (etag)
        memcpy(etag, o.etag, sizeof(o.etag));
    return name[0] ? name : NULL;
}

void put(struct world *w, const char *key, str body)
{
    struct s3_put_request q = {.bucket = STR("bucket"),
                               .key = str_of(key),
                               .algorithm = S3_NO_ALGORITHM,
                               .now_ms = TEST_NOW_MS};
    const char *error = try_put(w, &q, body, 70000, NULL);
    if (error)
        fail_msg("put %s: %s", key, error);
}

str get(struct world *w, const char *key)
{
    struct s3_get *g;
    struct error err;
    struct s3_get_request q = {.bucket = STR("bucket"), .key = str_of(key)};
    assert_ok(s3_get_begin(w->s3, w->reader, &q, &g, &err));
    char *p = arena_alloc(&w->a, (size_t)g->length + 1);
    size_t n = 0, got = 1;
    while (got > 0) {
        assert_ok(s3_get_read(g, p + n, 60000, &got, &err));
        n += got;
    }
    assert_int_equal(n, g->length);
    s3_get_end(g);
    return (str){p, n};
}

str filled(struct world *w, char c, size_t n)
{
    char *p = arena_alloc(&w->a, n + 1);
    memset(p, c, n);
    return (str){p, n};
}
