/* SPDX-License-Identifier: Apache-2.0 */
/*
 * aws-sdk:sfn:OPERATION for every operation of the API that work_states.c has no better way for. A
 * task says names in PascalCase and the API in camelCase; texts that hold JSON may be given as
 * values; times come back as text, as the SDK gives them.
 *
 * A call of a process that ended is made again: at least once, as calls that leave the process are.
 */
#include "engine/sfn_internal.h"
#include "json/parse.h"
#include <stdlib.h>

struct sfn_task {
    struct sfn_task *next, **place;
    struct engine *engine;
    int64_t execution;
    uint32_t frame, attempt;
    struct engine_api_call *call;
};

static void task_free(struct sfn_task *t)
{
    *t->place = t->next;
    if (t->next)
        t->next->place = t->place;
    free(t);
}

/* ---- names and values ---- */

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

static char upper(char c)
{
    return c >= 'a' && c <= 'z' ? (char)(c - 32) : c;
}

static bool is_time(str key, struct json_val v)
{
    return json_is_number(v) && (str_ends(key, STR("Date")) || str_eq(key, STR("timestamp")));
}

static void write_time(struct buf *out, struct json_val v)
{
    char text[32];
    size_t n = time_print_iso((int64_t)(json_number(v) * 1000 + 0.5), text);
    json_write_string(out, (str){text, n});
}

/* Members whose own keys are data. */
static bool has_names(str key)
{
    return str_eq(key, STR("variableReferences")) || str_eq(key, STR("assignedVariables"));
}

static void rename_value(struct buf *out, struct json_val v, bool to_task);

static void rename_members(struct buf *out, struct json_val v, bool to_task)
{
    buf_add_byte(out, '{');
    for (uint32_t i = 0; i < v.len; i++) {
        str key = {v.obj->shape->keys[i].p, v.obj->shape->keys[i].n};
        struct buf name;
        buf_init(&name, SIZE_MAX / 2);
        buf_add(&name, key);
        if (key.n > 0)
            name.p[0] = to_task ? upper(key.p[0]) : lower(key.p[0]);
        if (i > 0)
            buf_add_byte(out, ',');
        json_write_string(out, buf_str(&name));
        buf_add_byte(out, ':');
        if (to_task && is_time(key, v.obj->vals[i]))
            write_time(out, v.obj->vals[i]);
        else if (to_task && has_names(key))
            (void)!json_write(out, v.obj->vals[i], 0, NULL);
        else
            rename_value(out, v.obj->vals[i], to_task);
        buf_done(&name);
    }
    buf_add_byte(out, '}');
}

static void rename_value(struct buf *out, struct json_val v, bool to_task)
{
    if (v.tag == JSON_OBJECT) {
        rename_members(out, v, to_task);
    } else if (v.tag == JSON_ARRAY) {
        buf_add_byte(out, '[');
        for (uint32_t i = 0; i < v.len; i++) {
            if (i > 0)
                buf_add_byte(out, ',');
            rename_value(out, v.items[i], to_task);
        }
        buf_add_byte(out, ']');
    } else if (json_write(out, v, 0, NULL) != STATUS_OK) {
        buf_add(out, STR("null")); /* a document has only what can be written */
    }
}

static bool wants_text(const struct shape *shape, str key)
{
    for (const struct shape_member *m = shape->members; m->name; m++) {
        if (str_eq(key, str_of(m->name)))
            return m->shape->kind == SHAPE_STRING;
    }
    return false;
}

/* The task's arguments as the operation's request. */
static void write_request(struct buf *out, struct json_val arguments, const struct shape *shape)
{
    struct buf text;
    buf_init(&text, SIZE_MAX / 2);
    buf_add_byte(out, '{');
    for (uint32_t i = 0; arguments.tag == JSON_OBJECT && i < arguments.len; i++) {
        const struct json_key *key = &arguments.obj->shape->keys[i];
        struct json_val v = arguments.obj->vals[i];
        buf_clear(&text);
        buf_add(&text, (str){key->p, key->n});
        if (key->n > 0)
            text.p[0] = lower(text.p[0]);
        if (i > 0)
            buf_add_byte(out, ',');
        bool as_text = json_is_container(v) && wants_text(shape, buf_str(&text));
        json_write_string(out, buf_str(&text));
        buf_add_byte(out, ':');
        buf_clear(&text);
        if (as_text && json_write(&text, v, 0, NULL) == STATUS_OK)
            json_write_string(out, buf_str(&text));
        else
            rename_value(out, v, false);
    }
    buf_add_byte(out, '}');
    buf_done(&text);
}

/* ---- answers ---- */

static void answer_error(struct sfn_task *t, const struct engine_api_answer *a)
{
    struct arena arena;
    arena_init(&arena, 0);
    str request = asl_uuid_of(STR("request"), engine_seed(t->engine), 0, &arena);
    const char *end = str_ends(a->error, STR("Exception")) ? "" : "Exception";
    struct engine_answer answer = {
        .kind = ASL_EVENT_TASK_FAILED,
        .error = arena_printf(&arena, "Sfn.%.*s%s", STR_ARG(a->error), end),
        .cause = arena_printf(&arena,
                              "%.*s (Service: Sfn, Status Code: 400, Request ID: %.*s) (SDK "
                              "Attempt Count: 1)",
                              STR_ARG(a->message), STR_ARG(request)),
        .has_error = true,
        .has_cause = true,
    };
    engine_answer_task(t->engine, t->execution, t->frame, t->attempt, &answer);
    arena_done(&arena);
}

static void answer_result(struct sfn_task *t, str body)
{
    struct json_doc *doc, *made;
    struct buf text;
    check(json_parse(body, NULL, &doc, NULL) == STATUS_OK); /* we wrote it */
    buf_init(&text, SIZE_MAX / 2);
    rename_value(&text, json_doc_root(doc), true);
    check(json_parse(buf_str(&text), NULL, &made, NULL) == STATUS_OK);
    struct engine_answer answer = {.kind = ASL_EVENT_TASK_SUCCEEDED, .doc = made};
    engine_answer_task(t->engine, t->execution, t->frame, t->attempt, &answer);
    json_doc_unref(made);
    json_doc_unref(doc);
    buf_done(&text);
}

static void answered(void *arg, const struct engine_api_answer *a)
{
    struct sfn_task *t = arg;
    if (a->status == STATUS_OK)
        answer_result(t, a->body);
    else
        answer_error(t, a);
    task_free(t);
}

/* ---- calls ---- */

static struct sfn_task *task_new(struct engine_execution *ex, const struct asl_command *c)
{
    struct sfn_task *t = malloc(sizeof(*t)), **place = &ex->engine->api->tasks;
    check(t != NULL);
    *t = (struct sfn_task){.next = *place,
                           .place = place,
                           .engine = ex->engine,
                           .execution = ex->row.id,
                           .frame = c->frame,
                           .attempt = c->attempt};
    if (t->next)
        t->next->place = &t->next;
    *place = t;
    return t;
}

static const struct sfn_operation *operation_of(const struct asl_resource *r)
{
    char name[64];
    if (!str_eq(r->resource_type, STR("aws-sdk:sfn")) || r->resource.n == 0 ||
        r->resource.n >= sizeof(name) || r->pattern != ASL_REQUEST_RESPONSE)
        return NULL;
    memcpy(name, r->resource.p, r->resource.n);
    name[0] = upper(name[0]);
    return sfn_find_operation((str){name, r->resource.n});
}

bool engine_work_sfn(struct engine_execution *ex, const struct asl_command *c)
{
    const struct sfn_operation *o = operation_of(&c->state->task.resource);
    struct json_doc *request;
    struct buf text;
    if (!o)
        return false;
    buf_init(&text, SIZE_MAX / 2);
    write_request(&text, c->arguments->root, o->shape);
    check(json_parse(buf_str(&text), NULL, &request, NULL) == STATUS_OK);
    struct sfn_task *t = task_new(ex, c);
    struct engine_api_call *call =
        engine_api_call(ex->engine, str_of(o->name), json_doc_root(request), answered, t);
    if (call) /* else it was answered, and the task is gone */
        t->call = call;
    json_doc_unref(request);
    buf_done(&text);
    return true;
}

bool engine_cancel_sfn(struct engine_execution *ex, const struct engine_action *action)
{
    struct sfn_task *t = ex->engine->api->tasks;
    while (t && !(t->execution == ex->row.id && t->frame == action->frame &&
                  t->attempt == action->attempt))
        t = t->next;
    if (!t)
        return false;
    if (t->call)
        engine_api_cancel(t->call);
    task_free(t);
    return true;
}

void sfn_tasks_close(struct engine_api *api)
{
    while (api->tasks)
        task_free(api->tasks);
}
