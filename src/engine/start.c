/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Executions begin: a name is found or made, and the first event posted. A Standard execution of a
 * name that exists is not begun again.
 */
#include "asl/token.h"
#include "engine/machine.h"
#include "engine/map_run.h"
#include "engine/shard.h"
#include "engine/team.h"
#include "json/compare.h"
#include "json/parse.h"
#include "json/write.h"
#include <stdlib.h>

enum status engine_find_machine(struct engine *e, str name, struct arena *a,
                                struct store_machine *ret, struct error *err)
{
    str plain = str_sub(name, 0, str_find_byte(name, ':', 0));
    enum status status = store_find_machine(e->reader, plain, a, ret, err);
    if (status != STATUS_NOT_FOUND)
        return status;
    return error_set(err, STATUS_NOT_FOUND, "StateMachineDoesNotExist",
                     "State Machine Does Not Exist: 'arn:aws:states:%.*s:%.*s:stateMachine:%.*s'",
                     STR_ARG(e->options.region), STR_ARG(e->options.account), STR_ARG(name));
}

static struct asl_identity identity_of(struct engine *e, const struct machine_target *target,
                                       str name, str unique, struct arena *a)
{
    const struct store_machine *m = &target->machine;
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
        .role_arn = target->role_arn.n > 0
                        ? target->role_arn
                        : arena_printf(a, "arn:aws:iam::%.*s:role/afflux", STR_ARG(account)),
        .state_machine_id = arena_printf(a, "arn:aws:states:%.*s:%.*s:stateMachine:%.*s",
                                         STR_ARG(region), STR_ARG(account), STR_ARG(m->name)),
        .state_machine_name = m->name,
        .start_ms = engine_now_ms(e),
    };
}

static enum status begin(struct engine *e, const struct machine_target *target, str name,
                         struct json_doc *input, const struct engine_child *child, struct arena *a,
                         struct engine_execution **ret, struct error *err)
{
    const struct store_machine *m = &target->machine;
    enum asl_type type = str_eq(m->type, STR("EXPRESS")) ? ASL_EXPRESS : ASL_STANDARD;
    struct asl_definition *d;
    enum status status = engine_definition_get(e, m->definition, type, &d, err);
    if (status != STATUS_OK)
        return status;
    int64_t id = store_new_id(e->store);
    str unique = asl_uuid_of(name, (uint64_t)id, engine_seed(e), a);
    struct asl_identity identity = identity_of(e, target, name, unique, a);
    struct store_execution row = {.id = id,
                                  .shard = engine_shard_of(m->name, name),
                                  .machine = m->id,
                                  .definition = m->definition,
                                  .name = name,
                                  .status = STORE_RUNNING,
                                  .is_pending = true,
                                  .due_ms = STORE_NEVER,
                                  .started_ms = identity.start_ms,
                                  .stopped_ms = STORE_NEVER,
                                  .redriven_ms = STORE_NEVER,
                                  .revision = target->revision,
                                  .origin = target->origin};
    if (child) {
        row.shard = child->shard;
        row.parent = child->parent;
        row.parent_frame = child->frame;
        row.parent_attempt = child->attempt | (child->is_waited_for ? 0 : ENGINE_NO_WAIT);
    }
    *ret = engine_execution_new(e, &row, type, d, NULL);
    (*ret)->is_awake = true;
    struct asl_event event = {.kind = ASL_EVENT_START, .doc = input, .identity = &identity};
    engine_post(*ret, &event, 0);
    return STATUS_OK;
}

static enum status place_of(struct engine *e, const struct store_execution *row,
                            struct engine_place *ret, struct error *err)
{
    *ret = (struct engine_place){.id = row->id, .shard = row->shard};
    return engine_owns(e, row->shard) ? engine_execution_get(e, row->id, &ret->ex, err) : STATUS_OK;
}

enum status engine_find_named(struct engine *e, int64_t machine, str name, struct engine_place *ret,
                              struct error *err)
{
    struct store_execution row;
    struct arena a;
    struct engine_execution *ex = engine_index_find(e, machine, name);
    *ret = (struct engine_place){.ex = ex};
    if (ex) {
        ret->id = ex->row.id;
        ret->shard = ex->row.shard;
        return STATUS_OK;
    }
    arena_init(&a, 0);
    enum status status = store_find_execution_named(e->reader, machine, name, &a, &row, err);
    if (status == STATUS_OK)
        status = place_of(e, &row, ret, err);
    arena_done(&a);
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

static enum status exists(const struct engine *e, str machine, str name, struct error *err)
{
    return error_set(err, STATUS_CONFLICT, "ExecutionAlreadyExists",
                     "Execution Already Exists: 'arn:aws:states:%.*s:%.*s:execution:%.*s:%.*s'",
                     STR_ARG(e->options.region), STR_ARG(e->options.account), STR_ARG(machine),
                     STR_ARG(name));
}

void engine_say_exists(const struct engine_execution *ex, struct error *err)
{
    exists(ex->engine, ex->x->identity.state_machine_name, ex->row.name, err);
}

/* Where a Standard execution of this name is, or is to be: with its parent, or by its name. */
static enum status find_place(struct engine *e, const struct store_machine *m, str name,
                              const struct engine_child *child, struct engine_execution **ret_old,
                              uint32_t *ret_loop, struct error *err)
{
    struct engine_place old;
    enum status status = engine_find_named(e, m->id, name, &old, err);
    if (status != STATUS_OK)
        return status;
    *ret_old = old.ex;
    if (old.ex || (child && old.id != 0)) /* the parent's own would be here */
        return exists(e, m->name, name, err);
    if (child)
        return STATUS_OK;
    *ret_loop = engine_owner(e, old.id != 0 ? old.shard : engine_shard_of(m->name, name));
    if (*ret_loop != e->number)
        return error_set(err, STATUS_UNAVAILABLE, "EngineElsewhere", "another loop has it");
    return STATUS_OK;
}

enum status engine_begin(struct engine *e, str machine, str name, struct json_doc *input,
                         const struct engine_child *child, struct engine_execution **ret,
                         uint32_t *ret_loop, struct error *err)
{
    struct arena a;
    struct machine_target target;
    arena_init(&a, 0);
    *ret = NULL;
    *ret_loop = e->number;
    enum status status = machine_find_target(e, machine, &a, &target, err);
    if (status == STATUS_OK && !machine_is_name(name))
        status =
            error_set(err, STATUS_INVALID, "InvalidName", "Invalid Name: '%.*s'", STR_ARG(name));
    if (status == STATUS_OK && str_eq(target.machine.type, STR("STANDARD")))
        status = find_place(e, &target.machine, name, child, ret, ret_loop, err);
    if (status == STATUS_OK)
        status = begin(e, &target, name, input, child, &a, ret, err);
    arena_done(&a);
    return status;
}

/* ---- from outside ---- */

static void watch(struct engine_execution *ex, const struct engine_start *start)
{
    struct engine_watcher *w = malloc(sizeof(*w));
    check(w != NULL);
    *w = (struct engine_watcher){.next = ex->watchers,
                                 .ended = start->ended,
                                 .refused = start->refused,
                                 .started = start->started,
                                 .arg = start->arg};
    ex->watchers = w;
    engine_queue(ex); /* who watches is told in a turn */
}

/* Of an execution that may not have had its first turn. */
static struct json_val input_of(const struct engine_execution *ex)
{
    if (ex->x->input)
        return ex->x->input->root;
    const struct engine_event *ev = ex->first_event;
    return ev && ev->event.doc ? json_doc_root(ev->event.doc) : json_undefined();
}

/* While the store cannot write, nothing new is begun. */
static enum status check_store(const struct engine *e, struct error *err)
{
    if (!e->is_stalled)
        return STATUS_OK;
    *err = e->stall_error;
    return err->status;
}

enum status engine_start_here(struct engine *e, const struct engine_start *start,
                              uint32_t *ret_loop, struct error *err)
{
    struct json_doc *input;
    struct engine_execution *ex = NULL;
    enum status status = check_store(e, err);
    if (status != STATUS_OK)
        return status;
    status = json_parse(start->input, NULL, &input, err);
    if (status != STATUS_OK) {
        struct error cause = *err;
        return error_set(err, STATUS_INVALID, "InvalidExecutionInput",
                         "Invalid State Machine Execution Input: '%s'", cause.message);
    }
    status = engine_begin(e, start->machine, start->name, input, NULL, &ex, ret_loop, err);
    /* One of this name exists: the same input means the same execution. */
    if (status == STATUS_CONFLICT && ex && !(start->refuses_ended && ex->is_ended) &&
        json_equal(input_of(ex), json_doc_root(input)))
        status = STATUS_OK;
    if (status == STATUS_OK)
        watch(ex, start);
    json_doc_unref(input);
    return status;
}

enum status engine_start(struct engine *e, const struct engine_start *start, struct error *err)
{
    struct engine_start named = *start;
    struct arena a;
    uint32_t loop = e->number;
    arena_init(&a, 0);
    if (named.name.n == 0)
        named.name = asl_uuid_of(named.machine, engine_seed(e), 0, &a);
    enum status status = engine_start_here(e, &named, &loop, err);
    if (loop != e->number) {
        engine_start_there(e, loop, &named);
        status = STATUS_OK;
    }
    arena_done(&a);
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

enum status engine_when_kept(struct engine *e, int64_t execution, engine_kept_fn *fn, void *arg,
                             struct error *err)
{
    struct engine_execution *ex;
    enum status status = find_or_say(e, execution, &ex, err);
    if (status == STATUS_OK)
        engine_post_marker(ex, fn, arg);
    return status;
}

/* ---- by ARN and by token ---- */

static enum status no_such(str arn, struct error *err)
{
    return error_set(err, STATUS_NOT_FOUND, "ExecutionDoesNotExist",
                     "Execution Does Not Exist: '%.*s'", STR_ARG(arn));
}

/* …:execution:MACHINE/LABEL:UUID */
static enum status find_map_child(struct engine *e, str arn, str uuid, struct engine_place *ret,
                                  struct error *err)
{
    struct store_execution row;
    struct arena a;
    arena_init(&a, 0);
    enum status status = engine_map_find_child(e, uuid, &a, &row, err);
    if (status == STATUS_OK)
        status = place_of(e, &row, ret, err);
    arena_done(&a);
    bool is_it = status == STATUS_OK && (!ret->ex || str_eq(ret->ex->x->identity.id, arn));
    return is_it ? STATUS_OK : no_such(arn, err);
}

/* arn:aws:states:REGION:ACCOUNT:execution:MACHINE:NAME; an Express execution cannot be asked for,
 * as on AWS. */
enum status engine_find_arn(struct engine *e, str arn, struct engine_place *ret, struct error *err)
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
    if (count != 8 || !str_eq(parts[5], STR("execution")))
        return no_such(arn, err);
    if (str_find_byte(parts[6], '/', 0) != STR_NONE)
        return find_map_child(e, arn, parts[7], ret, err);
    struct arena a;
    struct store_machine m;
    arena_init(&a, 0);
    enum status status = store_find_machine(e->reader, parts[6], &a, &m, err);
    if (status == STATUS_OK)
        status = engine_find_named(e, m.id, parts[7], ret, err);
    arena_done(&a);
    if (status == STATUS_NOT_FOUND || (status == STATUS_OK && ret->id == 0))
        return no_such(arn, err);
    return status;
}

static enum status timed_out(struct error *err)
{
    return error_set(err, STATUS_NOT_FOUND, "TaskTimedOut",
                     "Task Timed Out: 'Provided task does not exist anymore'");
}

/* Does the task of a token still wait? An execution of another loop is read for this: what is
 * durable is what can have given the token away. */
static enum status check_waiting(struct engine *e, const struct engine_place *place,
                                 const struct asl_token *t, struct error *err)
{
    struct asl_exec *x = place->ex ? place->ex->x : NULL;
    if (!x && engine_execution_peek(e, place->id, &x, err) != STATUS_OK)
        return err->status == STATUS_NOT_FOUND ? timed_out(err) : err->status;
    const struct asl_frame *f = asl_exec_frame(x, t->frame);
    bool is_waiting =
        f && f->attempt == t->attempt && f->phase == ASL_PHASE_WORKING && !asl_exec_is_over(x);
    if (!place->ex)
        asl_exec_free(x);
    return is_waiting ? STATUS_OK : timed_out(err);
}

enum status engine_find_waiting(struct engine *e, str token, struct arena *a,
                                struct engine_place *ret, struct asl_token *t, struct error *err)
{
    enum status status = asl_token_read(token, e->token_key, a, t, err);
    if (status == STATUS_OK)
        status = engine_find_arn(e, t->execution, ret, err);
    if (status != STATUS_OK)
        return status == STATUS_NOT_FOUND ? timed_out(err) : status;
    return check_waiting(e, ret, t, err);
}

/* To an execution of another loop an answer goes as the bytes of a message. */
static void answer_there(struct engine *e, const struct engine_place *to, const struct asl_token *t,
                         const struct engine_answer *answer)
{
    struct engine_message m = {.frame = t->frame,
                               .attempt = t->attempt,
                               .kind = answer->kind,
                               .error = answer->error,
                               .cause = answer->cause,
                               .has_error = answer->has_error,
                               .has_cause = answer->has_cause,
                               .stage = answer->stage};
    struct buf text, body;
    buf_init(&text, SIZE_MAX / 2);
    buf_init(&body, SIZE_MAX / 2);
    if (answer->doc && json_write(&text, json_doc_root(answer->doc), 0, NULL) == STATUS_OK)
        m.document = buf_str(&text);
    engine_message_write(&m, &body);
    engine_send(e, &(struct store_message){
                       .shard = to->shard, .execution = to->id, .body = buf_str(&body)});
    buf_done(&text);
    buf_done(&body);
}

enum status engine_answer_token(struct engine *e, str token, const struct engine_answer *answer,
                                struct error *err)
{
    struct arena a;
    struct asl_token t;
    struct engine_place to;
    arena_init(&a, 0);
    enum status status = engine_find_waiting(e, token, &a, &to, &t, err);
    if (status == STATUS_OK && answer->kind == ASL_EVENT_TASK_SUCCEEDED && !answer->doc)
        status = error_set(err, STATUS_INVALID, "InvalidOutput", "Invalid Output: ''");
    if (status == STATUS_OK && to.ex)
        engine_answer_task(e, to.id, t.frame, t.attempt, answer);
    else if (status == STATUS_OK)
        answer_there(e, &to, &t, answer);
    arena_done(&a);
    return status;
}
