/* SPDX-License-Identifier: Apache-2.0 */
/* See serve_deploy.h. Machines are made by operations of the Step Functions API, which keep what
 * others may have added to them: versions, aliases, tags. */
#include "cmd/serve_deploy.h"

#include "base/check.h"
#include "cmd/serve_folder.h"
#include "engine/api.h"
#include "json/parse.h"
#include "json/write.h"
#include <stdio.h>
#include <stdlib.h>

enum { SETUPS_MAX = 10000 }; /* of the same list, while they are kept */

struct serve_deploy {
    struct serve_folder *folders;
    size_t count;
    struct engine *engine;
    const bool *is_stopped;

    /* what is waited for */
    bool is_over;
    enum status status;
    struct error err;
    struct buf answer;
};

/* ---- reading ---- */

static enum status check_name(const struct serve_deploy *d, size_t i, struct error *err)
{
    str name = serve_folder_name(&d->folders[i]);
    for (size_t k = 0; k < i; k++)
        if (str_eq(serve_folder_name(&d->folders[k]), name))
            return error_set(err, STATUS_INVALID, "Deploy", "%s and %s have the same name, %.*s",
                             d->folders[k].dir, d->folders[i].dir, STR_ARG(name));
    return STATUS_OK;
}

enum status serve_deploy_read(const char *const *dirs, size_t count, str data,
                              const struct service_settings *settings, struct serve_deploy **ret,
                              struct error *err)
{
    struct serve_deploy *d = malloc(sizeof(*d));
    check(d != NULL);
    *d = (struct serve_deploy){.folders = calloc(count > 0 ? count : 1, sizeof(*d->folders))};
    check(d->folders != NULL);
    buf_init(&d->answer, SIZE_MAX / 2);
    enum status status = STATUS_OK;
    for (size_t i = 0; i < count && status == STATUS_OK; i++) {
        status = serve_folder_read(&d->folders[i], dirs[i], data, settings, err);
        d->count++;
        if (status == STATUS_OK)
            status = check_name(d, i, err);
    }
    if (status == STATUS_OK)
        *ret = d;
    else
        serve_deploy_free(d);
    return status;
}

void serve_deploy_free(struct serve_deploy *d)
{
    if (!d)
        return;
    for (size_t i = 0; i < d->count; i++)
        serve_folder_done(&d->folders[i]);
    free(d->folders);
    buf_done(&d->answer);
    free(d);
}

enum status serve_deploy_trust(const struct serve_deploy *d, const char **ret_ca_file,
                               struct error *err)
{
    const struct serve_folder *first = NULL;
    for (size_t i = 0; i < d->count; i++) {
        const struct serve_folder *f = &d->folders[i];
        if (f->config.ca_file.n == 0)
            continue;
        if (first && !str_eq(first->config.ca_file, f->config.ca_file))
            return error_set(err, STATUS_INVALID, "Deploy",
                             "%s: ca_file is another one than that of %s; with --ca-file the "
                             "server has one for all",
                             f->file, first->file);
        first = f;
    }
    if (first)
        *ret_ca_file = first->config.ca_file.p;
    return STATUS_OK;
}

/* ---- waiting ---- */

static void begin_waiting(struct serve_deploy *d)
{
    d->is_over = false;
    buf_clear(&d->answer);
}

static void over(struct serve_deploy *d, enum status status)
{
    d->status = status;
    d->is_over = true;
    loop_stop(engine_loop(d->engine));
}

static enum status wait(struct serve_deploy *d, struct error *err)
{
    while (!d->is_over && !*d->is_stopped)
        loop_run(engine_loop(d->engine));
    if (!d->is_over)
        return error_set(err, STATUS_CANCELED, "Canceled", "a signal ended it");
    if (d->status != STATUS_OK)
        *err = d->err;
    return d->status;
}

static void answered(void *arg, const struct engine_api_answer *a)
{
    struct serve_deploy *d = arg;
    buf_add(&d->answer, a->body);
    if (a->status != STATUS_OK)
        error_set(&d->err, a->status, "Deploy", "%.*s", STR_ARG(a->message));
    over(d, a->status);
}

/* An operation of the API, from a request that was written here to an answer in d->answer. */
static enum status call(struct serve_deploy *d, str operation, const struct buf *request,
                        struct error *err)
{
    struct json_doc *doc;
    enum status status = json_parse(buf_str(request), NULL, &doc, err);
    if (status != STATUS_OK)
        return status;
    begin_waiting(d);
    struct engine_api_call *c =
        engine_api_call(d->engine, operation, json_doc_root(doc), answered, d);
    status = wait(d, err);
    if (!d->is_over)
        engine_api_cancel(c);
    json_doc_unref(doc);
    return status;
}

/* ---- machines ---- */

static void put_member(struct buf *out, const char *name, str text)
{
    buf_printf(out, "%c\"%s\":", out->n > 0 ? ',' : '{', name);
    json_write_string(out, text);
}

static str answer_text(const struct serve_deploy *d, str member, struct arena *a)
{
    struct json_val root;
    if (json_parse_in(a, buf_str(&d->answer), NULL, &root, NULL) != STATUS_OK)
        return (str){0};
    struct json_val v = json_get(root, member);
    return v.tag == JSON_STRING ? json_str(v) : (str){0};
}

/* *ret_is_there: it is, and of the type that it has to be of. */
static enum status look(struct serve_deploy *d, str arn, enum asl_type type, struct arena *a,
                        bool *ret_is_there, struct error *err)
{
    struct buf request;
    buf_init(&request, SIZE_MAX / 2);
    put_member(&request, "stateMachineArn", arn);
    buf_add_byte(&request, '}');
    enum status status = call(d, STR("DescribeStateMachine"), &request, err);
    buf_done(&request);
    *ret_is_there = status == STATUS_OK;
    if (status != STATUS_OK)
        return status == STATUS_NOT_FOUND ? STATUS_OK : status;
    str wanted = type == ASL_EXPRESS ? STR("EXPRESS") : STR("STANDARD");
    str found = answer_text(d, STR("type"), a);
    return str_eq(found, wanted) ? STATUS_OK
                                 : error_set(err, STATUS_CONFLICT, "Deploy",
                                             "there is one of another type, %.*s", STR_ARG(found));
}

static enum status put_machine(struct serve_deploy *d, const struct serve_folder *f,
                               enum deploy_flow flow, str definition, struct arena *a,
                               str *ret_version, struct error *err)
{
    const struct deployment *what = &f->deployment;
    struct buf request;
    bool is_there;
    str arn = deployment_arn(what, flow, a);
    enum asl_type type = deploy_flow_type(flow);
    enum status status = look(d, arn, type, a, &is_there, err);
    if (status != STATUS_OK)
        return status;
    buf_init(&request, SIZE_MAX / 2);
    if (is_there) {
        put_member(&request, "stateMachineArn", arn);
    } else {
        put_member(&request, "name", deployment_machine(what, flow, a));
        put_member(&request, "type", type == ASL_EXPRESS ? STR("EXPRESS") : STR("STANDARD"));
        put_member(&request, "roleArn",
                   arena_printf(a, "arn:aws:iam::%.*s:role/afflux", STR_ARG(what->names.account)));
    }
    put_member(&request, "definition", definition);
    buf_add(&request, STR(",\"publish\":true}"));
    status =
        call(d, is_there ? STR("UpdateStateMachine") : STR("CreateStateMachine"), &request, err);
    buf_done(&request);
    if (status == STATUS_OK)
        *ret_version = answer_text(d, STR("stateMachineVersionArn"), a);
    return status;
}

static enum status put_machines(struct serve_deploy *d, const struct serve_folder *f,
                                struct error *err)
{
    str versions[DEPLOY_FLOWS] = {0};
    struct arena a;
    struct buf text;
    enum status status = STATUS_OK;
    arena_init(&a, 0);
    buf_init(&text, SIZE_MAX / 2);
    for (size_t i = 0; i < DEPLOY_FLOWS && status == STATUS_OK; i++) {
        enum deploy_flow flow = (enum deploy_flow)i;
        buf_clear(&text);
        status = deployment_fill(&f->deployment, flow, versions, &text, err);
        if (status == STATUS_OK)
            status = put_machine(d, f, flow, buf_str(&text), &a, &versions[i], err);
        if (status != STATUS_OK)
            status = error_wrap(err, "machine %.*s",
                                STR_ARG(deployment_machine(&f->deployment, flow, &a)));
    }
    buf_done(&text);
    arena_done(&a);
    return status;
}

/* ---- the setup ---- */

static void setup_ended(void *arg, const struct engine_result *result)
{
    struct serve_deploy *d = arg;
    enum status status = STATUS_OK;
    if (result->status != ASL_EXEC_SUCCEEDED)
        status = error_set(&d->err, STATUS_INVALID, "Deploy",
                           "what it needs could not be made: "
                           "%.*s: %.*s",
                           STR_ARG(result->error), STR_ARG(result->cause));
    over(d, status);
}

static void setup_refused(void *arg, const struct error *err)
{
    struct serve_deploy *d = arg;
    d->err = *err;
    over(d, err->status);
}

/* The first name that is free, or whose execution another process left unfinished: two never work
 * on the same list at a time. */
static enum status run_setup(struct serve_deploy *d, const struct serve_folder *f,
                             struct error *err)
{
    struct arena a;
    arena_init(&a, 0);
    struct engine_start start = {.machine = deployment_machine(&f->deployment, DEPLOY_SETUP, &a),
                                 .input = buf_str(&f->setup),
                                 .ended = setup_ended,
                                 .refused = setup_refused,
                                 .arg = d,
                                 .refuses_ended = true};
    str base = f->registered.n > 0 ? f->registered : STR("setup");
    enum status status = STATUS_CONFLICT; /* said at once, or by the loop that it belongs to */
    for (int i = 1; i <= SETUPS_MAX && status == STATUS_CONFLICT; i++) {
        struct arena_mark mark = arena_mark(&a);
        start.name = arena_printf(&a, "%.*s-%d", STR_ARG(base), i);
        begin_waiting(d);
        status = engine_start(d->engine, &start, err);
        if (status == STATUS_OK)
            status = wait(d, err);
        arena_release(&a, mark);
    }
    arena_done(&a);
    return status;
}

/* ---- all of it ---- */

static void say(const struct serve_folder *f)
{
    struct arena a;
    arena_init(&a, 0);
    str name = serve_folder_name(f);
    str task = f->registered.n > 0 ? name : STR("…");
    str arn = deployment_arn(&f->deployment, DEPLOY_PARENT, &a);
    printf("deployed %.*s: aws stepfunctions start-execution --state-machine-arn %.*s "
           "--input '{\"task_id\": \"%.*s\", \"task_sort_key\": \"%.*s\"}'\n",
           STR_ARG(name), STR_ARG(arn), STR_ARG(task), STR_ARG(task));
    fflush(stdout);
    arena_done(&a);
}

enum status serve_deploy_put(struct serve_deploy *d, struct engine *e, const bool *is_stopped,
                             struct error *err)
{
    enum status status = STATUS_OK;
    d->engine = e;
    d->is_stopped = is_stopped;
    for (size_t i = 0; i < d->count && status == STATUS_OK; i++) {
        struct serve_folder *f = &d->folders[i];
        status = deployment_put_connection(&f->deployment, e, err);
        if (status == STATUS_OK)
            deployment_limit(&f->deployment, e);
        if (status == STATUS_OK)
            status = put_machines(d, f, err);
        if (status == STATUS_OK)
            status = run_setup(d, f, err);
        if (status == STATUS_OK)
            say(f);
        else
            status = error_wrap(err, "%s", f->dir);
    }
    return status;
}
