/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Executions begin: a name is found or made, and the first event posted. A Standard execution of a
 * name that exists is not begun again.
 */
#include "asl/token.h"
#include "engine/engine_internal.h"
#include "engine/shard.h"
#include "json/compare.h"
#include "json/parse.h"
#include <stdlib.h>

static enum status find_machine(struct engine *e, str name, struct arena *a,
                                struct store_machine *ret, struct error *err)
{
    enum status status = store_find_machine(e->reader, name, a, ret, err);
    if (status != STATUS_NOT_FOUND)
        return status;
    return error_set(err, STATUS_NOT_FOUND, "StateMachineDoesNotExist",
                     "State Machine Does Not Exist: 'arn:aws:states:%.*s:%.*s:stateMachine:%.*s'",
                     STR_ARG(e->options.region), STR_ARG(e->options.account), STR_ARG(name));
}

static bool is_name(str name)
{
    if (name.n == 0 || name.n > ASL_MAX_NAME)
        return false;
    for (size_t i = 0; i < name.n; i++) {
        unsigned char c = (unsigned char)name.p[i];
        if (c <= ' ' || c == 0x7F || strchr("<>{}[]?*\"#%\\^|~`$&,;:/", c))
            return false;
    }
    return true;
}

static struct asl_identity identity_of(struct engine *e, const struct store_machine *m, str name,
                                       str unique, struct arena *a)
{
    str region = e->options.region, account = e->options.account;
    bool is_express = str_eq(m->type, STR("EXPRESS"));
    str id =
        arena_printf(a, "arn:aws:states:%.*s:%.*s:%s:%.*s:%.*s", STR_ARG(region), STR_ARG(account),
                     is_express ? "express" : "execution", STR_ARG(m->name), STR_ARG(name));
    if (is_express)
        id = arena_printf(a, "%.*s:%.*s", STR_ARG(id), STR_ARG(unique));
    return (struct asl_identity){
        .id = id,
        .name = name,
        .role_arn = arena_printf(a, "arn:aws:iam::%.*s:role/afflux", STR_ARG(account)),
        .state_machine_id = arena_printf(a, "arn:aws:states:%.*s:%.*s:stateMachine:%.*s",
                                         STR_ARG(region), STR_ARG(account), STR_ARG(m->name)),
        .state_machine_name = m->name,
        .start_ms = engine_now_ms(e),
    };
}

static enum status begin(struct engine *e, const struct store_machine *m, str name,
                         struct json_doc *input, const struct engine_child *child, struct arena *a,
                         struct engine_execution **ret, struct error *err)
{
    enum asl_type type = str_eq(m->type, STR("EXPRESS")) ? ASL_EXPRESS : ASL_STANDARD;
    struct asl_definition *d;
    enum status status = engine_definition_get(e, m->definition, type, &d, err);
    if (status != STATUS_OK)
        return status;
    int64_t id = store_new_id(e->store);
    str unique = asl_uuid_of(name, (uint64_t)id, engine_seed(e), a);
    struct asl_identity identity = identity_of(e, m, name, unique, a);
    struct store_execution row = {.id = id,
                                  .shard = engine_shard_of(m->name, name),
                                  .machine = m->id,
                                  .definition = m->definition,
                                  .name = name,
                                  .status = STORE_RUNNING,
                                  .due_ms = STORE_NEVER,
                                  .started_ms = identity.start_ms,
                                  .stopped_ms = STORE_NEVER,
                                  .redriven_ms = STORE_NEVER};
    if (child) {
        row.parent = child->is_waited_for ? child->parent : 0;
        row.parent_frame = child->frame;
        row.parent_attempt = child->attempt;
    }
    *ret = engine_execution_new(e, &row, type, d, NULL);
    (*ret)->is_awake = true;
    struct asl_event event = {.kind = ASL_EVENT_START, .doc = input, .identity = &identity};
    engine_post(*ret, &event, 0);
    return STATUS_OK;
}

/* The execution of this name, or NULL. */
static enum status find_named(struct engine *e, int64_t machine, str name, struct arena *a,
                              struct engine_execution **ret, struct error *err)
{
    struct store_execution row;
    *ret = NULL;
    for (uint32_t i = 0; e->executions && i <= e->execution_mask; i++) {
        struct engine_execution *ex = e->executions[i]; /* begun, but not kept yet */
        if (ex && ex->is_kept && ex->row.machine == machine && ex->row.tail == 0 &&
            str_eq(ex->row.name, name)) {
            *ret = ex;
            return STATUS_OK;
        }
    }
    enum status status = store_find_execution_named(e->reader, machine, name, a, &row, err);
    if (status == STATUS_NOT_FOUND)
        return STATUS_OK;
    return status == STATUS_OK ? engine_execution_get(e, row.id, ret, err) : status;
}

enum status engine_begin(struct engine *e, str machine, str name, struct json_doc *input,
                         const struct engine_child *child, struct engine_execution **ret,
                         struct error *err)
{
    struct arena a;
    struct store_machine m;
    arena_init(&a, 0);
    struct engine_execution *old = NULL;
    enum status status = find_machine(e, machine, &a, &m, err);
    if (status == STATUS_OK && name.n == 0)
        name = asl_uuid_of(machine, engine_seed(e), 0, &a);
    if (status == STATUS_OK && !is_name(name))
        status =
            error_set(err, STATUS_INVALID, "InvalidName", "Invalid Name: '%.*s'", STR_ARG(name));
    if (status == STATUS_OK && str_eq(m.type, STR("STANDARD")))
        status = find_named(e, m.id, name, &a, &old, err);
    if (status == STATUS_OK && old) {
        *ret = old;
        status = error_set(err, STATUS_CONFLICT, "ExecutionAlreadyExists",
                           "Execution Already Exists: '%.*s'", STR_ARG(old->x->identity.id));
    } else if (status == STATUS_OK) {
        status = begin(e, &m, name, input, child, &a, ret, err);
    }
    arena_done(&a);
    return status;
}

/* ---- from outside ---- */

static void watch(struct engine_execution *ex, const struct engine_start *start)
{
    struct engine_watcher *w = malloc(sizeof(*w));
    check(w != NULL);
    *w = (struct engine_watcher){
        .next = ex->watchers, .ended = start->ended, .refused = start->refused, .arg = start->arg};
    ex->watchers = w;
}

/* One of this name exists: the same input means the same execution. */
static enum status join(struct engine_execution *ex, const struct engine_start *start,
                        struct json_doc *input, struct error *err)
{
    if (!ex->x->input || !json_equal(ex->x->input->root, json_doc_root(input)))
        return STATUS_CONFLICT;
    (void)err;
    watch(ex, start);
    if (ex->is_ended)
        engine_tell_watchers(ex);
    else
        engine_resume(ex);
    return STATUS_OK;
}

enum status engine_start(struct engine *e, const struct engine_start *start, struct error *err)
{
    struct json_doc *input;
    struct engine_execution *ex = NULL;
    enum status status = json_parse(start->input, NULL, &input, err);
    if (status != STATUS_OK)
        return error_set(err, STATUS_INVALID, "InvalidExecutionInput",
                         "Invalid State Machine Execution Input: '%s'", err->message);
    status = engine_begin(e, start->machine, start->name, input, NULL, &ex, err);
    if (status == STATUS_OK)
        watch(ex, start);
    else if (status == STATUS_CONFLICT && ex)
        status = join(ex, start, input, err);
    json_doc_unref(input);
    return status;
}

static enum status find_or_say(struct engine *e, int64_t execution, struct engine_execution **ret,
                               struct error *err)
{
    enum status status = engine_execution_get(e, execution, ret, err);
    if (status == STATUS_NOT_FOUND)
        return error_set(err, status, "ExecutionDoesNotExist", "Execution Does Not Exist");
    return status;
}

enum status engine_stop(struct engine *e, int64_t execution, str error, str cause,
                        struct error *err)
{
    struct engine_execution *ex;
    enum status status = find_or_say(e, execution, &ex, err);
    if (status != STATUS_OK)
        return status;
    struct asl_event event = {.kind = ASL_EVENT_STOP,
                              .error = error,
                              .cause = cause,
                              .has_error = error.n > 0,
                              .has_cause = cause.n > 0};
    engine_post(ex, &event, 0);
    return STATUS_OK;
}

enum status engine_redrive(struct engine *e, int64_t execution, struct error *err)
{
    struct engine_execution *ex;
    enum status status = find_or_say(e, execution, &ex, err);
    if (status != STATUS_OK)
        return status;
    if (!ex->is_ended || ex->x->status == ASL_EXEC_SUCCEEDED)
        return error_set(err, STATUS_CONFLICT, "ExecutionNotRedrivable",
                         "Execution is %s and cannot be redriven", asl_status_name(ex->x->status));
    struct asl_event event = {.kind = ASL_EVENT_REDRIVE};
    engine_post(ex, &event, 0);
    return STATUS_OK;
}

enum status engine_answer_token(struct engine *e, str token, const struct engine_answer *answer,
                                struct error *err)
{
    struct arena a;
    struct asl_token t;
    struct engine_execution *ex = NULL;
    arena_init(&a, 0);
    enum status status = asl_token_read(token, e->token_key, &a, &t, err);
    if (status == STATUS_OK)
        status = engine_find_arn(e, t.execution, &ex, err);
    if (status == STATUS_OK) {
        struct asl_frame *f = asl_exec_frame(ex->x, t.frame);
        if (!f || f->attempt != t.attempt || f->phase != ASL_PHASE_WORKING)
            status = error_set(err, STATUS_NOT_FOUND, "TaskTimedOut",
                               "Task Timed Out: 'Provided task does not exist anymore'");
        else
            engine_answer_task(e, ex->row.id, t.frame, t.attempt, answer);
    }
    arena_done(&a);
    return status;
}

/* arn:aws:states:R:A:execution:MACHINE:NAME, or …:express:MACHINE:NAME:UUID */
enum status engine_find_arn(struct engine *e, str arn, struct engine_execution **ret,
                            struct error *err)
{
    str parts[9];
    size_t count = 0, at = 0;
    while (count < ARRAY_LEN(parts)) {
        size_t end = str_find_byte(arn, ':', at);
        parts[count++] = str_sub(arn, at, end);
        if (end == STR_NONE)
            break;
        at = end + 1;
    }
    for (uint32_t i = 0; e->executions && i <= e->execution_mask; i++) {
        struct engine_execution *ex = e->executions[i];
        if (ex && str_eq(ex->x->identity.id, arn)) {
            *ret = ex;
            return STATUS_OK;
        }
    }
    if (count == 8 && str_eq(parts[5], STR("execution"))) {
        struct arena a;
        struct store_machine m;
        arena_init(&a, 0);
        enum status status = find_machine(e, parts[6], &a, &m, err);
        *ret = NULL;
        if (status == STATUS_OK)
            status = find_named(e, m.id, parts[7], &a, ret, err);
        arena_done(&a);
        if (status != STATUS_OK || *ret)
            return status;
    }
    return error_set(err, STATUS_NOT_FOUND, "ExecutionDoesNotExist",
                     "Execution Does Not Exist: '%.*s'", STR_ARG(arn));
}
