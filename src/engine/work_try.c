/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An operation of one of our services as a task would do it, but for nobody's execution: TestState
 * shows what it gives. One that writes is a unit of the store; it happens once or fails.
 */
#include "engine/work_services.h"

#include "json/parse.h"
#include <stdlib.h>

struct attempt {
    struct engine_unit unit; /* first: a unit that is back is its attempt */
    struct engine_service_task *task;
    service_tried_fn *fn;
    void *arg;
};

static void attempt_free(struct attempt *a)
{
    service_task_free(a->task);
    store_unit_done(&a->unit.unit);
    free(a);
}

static void succeed(struct attempt *a, str json)
{
    struct json_doc *doc = NULL;
    check(json_parse(json, NULL, &doc, NULL) == STATUS_OK); /* we wrote it */
    service_task_tell(a->task, json);
    a->fn(a->arg, doc, (str){0}, (str){0});
    json_doc_unref(doc);
}

static void fail(struct attempt *a, const struct error *err)
{
    struct engine_service_task *t = a->task;
    struct dialect_error said = dialect_spell(t->dialect, t->is_sdk, err, t->request_id, &t->arena);
    a->fn(a->arg, NULL, said.error, said.cause);
}

/* On the store's thread. */
static enum status write_unit(struct store_tx *tx, str args, struct arena *scratch,
                              struct error *err)
{
    const struct attempt *a = (const struct attempt *)(const void *)args.p;
    struct buf json;
    buf_init(&json, SIZE_MAX / 2);
    enum status status = service_task_run(a->task, scratch, store_tx_reader(tx), tx, &json, err);
    if (status == STATUS_OK)
        store_tx_reply(tx, buf_str(&json));
    buf_done(&json);
    return status;
}

static void come_back(struct engine *e, struct engine_unit *u)
{
    struct attempt *a = (struct attempt *)(void *)u;
    (void)e;
    if (u->unit.status == STATUS_OK)
        succeed(a, u->unit.reply);
    else
        fail(a, &u->unit.error);
    attempt_free(a);
}

static void drop(struct engine_unit *u)
{
    attempt_free((struct attempt *)(void *)u);
}

static void read_now(struct attempt *a)
{
    struct engine_service_task *t = a->task;
    struct error err;
    struct buf json;
    buf_init(&json, SIZE_MAX / 2);
    if (service_task_run(t, &t->arena, t->engine->reader, NULL, &json, &err) == STATUS_OK)
        succeed(a, buf_str(&json));
    else
        fail(a, &err);
    buf_done(&json);
}

bool service_can_try(struct engine *e, const struct asl_resource *r)
{
    struct engine_service_task *t =
        r->pattern == ASL_REQUEST_RESPONSE ? service_task_for(e, r) : NULL;
    if (t)
        service_task_free(t);
    return t != NULL;
}

void service_try(struct engine *e, const struct asl_resource *r, struct json_doc *arguments,
                 service_tried_fn *fn, void *arg)
{
    struct attempt *a = calloc(1, sizeof(*a));
    struct error err;
    check(a != NULL);
    *a = (struct attempt){.task = service_task_for(e, r), .fn = fn, .arg = arg};
    struct engine_service_task *t = a->task;
    check(t != NULL); /* service_can_try said so */
    t->arguments = json_doc_ref(arguments);
    t->request_id = asl_uuid_of(STR("test"), engine_seed(e), 0, &t->arena);
    enum status status =
        service_prepare(t->operation, &t->call, json_doc_root(arguments), &t->args, &err);
    if (status == STATUS_OK && t->operation->is_writing) {
        a->unit =
            (struct engine_unit){.unit = {.run = write_unit, .args = {(const char *)a, sizeof(*a)}},
                                 .back = come_back,
                                 .drop = drop};
        engine_unit_submit(e, &a->unit);
        return;
    }
    if (status == STATUS_OK)
        read_now(a);
    else
        fail(a, &err);
    attempt_free(a);
}
