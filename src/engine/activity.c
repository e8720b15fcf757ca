/* SPDX-License-Identifier: Apache-2.0 */
/* See activity.h. A task whose execution does not wait any more is found out when it is to be given
 * away, and passed over. */
#include "engine/activity.h"
#include "engine/sfn_internal.h"
#include "engine/shard.h"
#include "json/parse.h"
#include "json/write.h"
#include <stdlib.h>

struct activity_task {
    struct activity_task *next;
    int64_t execution;
    uint32_t loop, frame, attempt;
    bool is_back; /* was given to a worker who had left: it has started already */
};

struct activity {
    struct activity *next;
    struct activities *all;
    struct activity_task *first, *last;
    struct engine_api_call *first_poller, *last_poller;
    uint32_t poller_count;
    str name; /* behind the struct */
};

enum { ACTIVITY_CHAINS = 256 };

struct activities {
    struct engine_api *api;
    struct activity *chains[ACTIVITY_CHAINS];
    struct idmap given; /* polls that a task is being fetched for, by number */
    uint64_t next_poll;
    struct taking *takings; /* tasks of this loop on their way to a worker */
};

uint32_t activity_loop(const struct engine *e, str name)
{
    return engine_owner(e, engine_shard_of(STR("activity"), name));
}

/* ---- queues ---- */

static struct activity **place_of(struct activities *all, str name)
{
    struct activity **at = &all->chains[engine_shard_of(STR(""), name) % ACTIVITY_CHAINS];
    while (*at && !str_eq((*at)->name, name))
        at = &(*at)->next;
    return at;
}

static struct activity *activity_of(struct activities *all, str name)
{
    struct activity **at = place_of(all, name);
    if (*at)
        return *at;
    struct activity *a = calloc(1, sizeof(*a) + name.n);
    check(a != NULL);
    memcpy(a + 1, name.p, name.n);
    a->all = all;
    a->name = (str){(const char *)(a + 1), name.n};
    *at = a;
    return a;
}

/* One that nobody waits at is gone. */
static void settle(struct activity *a)
{
    if (a->first || a->first_poller)
        return;
    *place_of(a->all, a->name) = a->next;
    free(a);
}

/* One that was given in vain is the next. */
static void push(struct activity *a, const struct activity_task *task)
{
    struct activity_task *t = malloc(sizeof(*t));
    check(t != NULL);
    *t = *task;
    t->next = t->is_back ? a->first : NULL;
    if (t->is_back && a->first) {
        a->first = t;
        return;
    }
    if (a->last)
        a->last->next = t;
    else
        a->first = t;
    a->last = t;
}

static struct activity_task pop(struct activity *a)
{
    struct activity_task *t = a->first, task = *t;
    a->first = t->next;
    if (!a->first)
        a->last = NULL;
    free(t);
    return task;
}

static void leave(struct engine_api_call *call)
{
    struct activity *a = call->activity;
    if (call->previous_poller)
        call->previous_poller->next_poller = call->next_poller;
    else
        a->first_poller = call->next_poller;
    if (call->next_poller)
        call->next_poller->previous_poller = call->previous_poller;
    else
        a->last_poller = call->previous_poller;
    a->poller_count--;
    call->activity = NULL;
    call->next_poller = call->previous_poller = NULL;
}

/* ---- giving a task away ---- */

/* To the execution's loop: does the task still wait? And back: its token and input. */
struct take_mail {
    struct engine_mail mail;
    uint32_t from;
    uint64_t poll;
    int64_t execution;
    uint32_t frame, attempt;
    bool is_back;
    str worker; /* behind the struct */
};

struct taken_mail {
    struct engine_mail mail;
    uint64_t poll;
    str token, input; /* behind the struct; token empty: it does not wait any more */
};

/* On the execution's loop, until TaskStarted is durable. */
struct taking {
    struct taking *next, **place;
    struct engine *engine;
    uint32_t from;
    uint64_t poll;
    str token, input; /* behind the struct */
};

static void serve(struct activity *a);

static void put_text(char **at, str text, str *ret)
{
    if (text.n > 0)
        memcpy(*at, text.p, text.n);
    *ret = (str){*at, text.n};
    *at += text.n;
}

static void answer_poll(struct engine_api_call *call, str token, str input)
{
    struct object_writer w;
    buf_clear(&call->text);
    object_begin(&w, &call->text);
    if (token.n > 0) {
        object_text(&w, "taskToken", token);
        object_text(&w, "input", input);
    }
    object_end(&w);
    sfn_answer(call, buf_str(&call->text));
}

static void wait_on(struct engine_api_call *call, str name, bool is_first);
static void give_back(struct engine *e, str token);

static void take_taken(struct engine *e, struct engine_mail *mail)
{
    struct taken_mail *m = (struct taken_mail *)(void *)mail;
    struct activities *all = e && e->api ? e->api->activities : NULL;
    struct engine_api_call *call = all ? idmap_get(&all->given, m->poll) : NULL;
    if (call) {
        idmap_remove(&all->given, m->poll);
        call->poll = 0;
    }
    bool is_lost = m->token.n > 0 && (!call || sfn_has_left(call));
    if (is_lost && all)
        give_back(e, m->token);
    if (call && m->token.n > 0)
        answer_poll(call, is_lost ? (str){0} : m->token, m->input);
    else if (call)
        wait_on(call, call->activity_name, true);
    free(m);
}

static void tell_taken(struct engine *e, uint32_t to, uint64_t poll, str token, str input)
{
    struct taken_mail *m = malloc(sizeof(*m) + token.n + input.n);
    check(m != NULL);
    *m = (struct taken_mail){.mail.take = take_taken, .poll = poll};
    char *at = (char *)(m + 1);
    put_text(&at, token, &m->token);
    put_text(&at, input, &m->input);
    engine_mail_send(e, to, &m->mail);
}

static void taking_free(struct taking *t)
{
    *t->place = t->next;
    if (t->next)
        t->next->place = t->place;
    free(t);
}

static void taken_kept(void *arg, const struct error *err)
{
    struct taking *t = arg;
    tell_taken(t->engine, t->from, t->poll, err ? (str){0} : t->token, t->input);
    taking_free(t);
}

static struct taking *taking_new(struct engine *e, const struct take_mail *m, str token, str input)
{
    struct taking *t = malloc(sizeof(*t) + token.n + input.n);
    check(t != NULL);
    struct taking **place = &e->api->activities->takings;
    *t = (struct taking){
        .next = *place, .place = place, .engine = e, .from = m->from, .poll = m->poll};
    if (t->next)
        t->next->place = &t->next;
    *place = t;
    char *at = (char *)(t + 1);
    put_text(&at, token, &t->token);
    put_text(&at, input, &t->input);
    return t;
}

/* The frame of a task that waits for a worker, or for another one; NULL when it does not any more.
 */
static struct asl_frame *waiting_frame(struct engine_execution *ex, uint32_t frame,
                                       uint32_t attempt, bool is_back)
{
    struct asl_frame *f = asl_exec_frame(ex->x, frame);
    bool is_waiting = f && f->attempt == attempt && f->phase == ASL_PHASE_WORKING &&
                      f->is_started == is_back && !asl_exec_is_over(ex->x);
    return is_waiting ? f : NULL;
}

static bool begin_taking(struct engine *e, const struct take_mail *m)
{
    struct engine_execution *ex;
    struct error err;
    struct arena a;
    struct buf input;
    if (engine_execution_get(e, m->execution, &ex, &err) != STATUS_OK)
        return false;
    struct asl_frame *f = waiting_frame(ex, m->frame, m->attempt, m->is_back);
    if (!f)
        return false;
    struct engine_answer started = {.kind = ASL_EVENT_TASK_STARTED, .worker = m->worker};
    arena_init(&a, 0);
    buf_init(&input, SIZE_MAX / 2);
    struct asl_command c = asl_task_command(ex->x, f, &a);
    bool is_well = json_write(&input, c.arguments->root, 0, NULL) == STATUS_OK;
    if (is_well && m->is_back) { /* that it has started is kept */
        tell_taken(e, m->from, m->poll, c.token, buf_str(&input));
    } else if (is_well) {
        struct taking *t = taking_new(e, m, c.token, buf_str(&input));
        engine_answer_task(e, m->execution, m->frame, m->attempt, &started);
        engine_post_marker(ex, taken_kept, t);
    }
    buf_done(&input);
    arena_done(&a);
    return is_well;
}

static void take_take(struct engine *e, struct engine_mail *mail)
{
    struct take_mail *m = (struct take_mail *)(void *)mail;
    if (e && e->api && !begin_taking(e, m))
        tell_taken(e, m->from, m->poll, (str){0}, (str){0});
    free(m);
}

static void ask_for(struct engine_api_call *call, const struct activity_task *task)
{
    struct activities *all = call->api->activities;
    struct engine *e = call->api->engine;
    struct take_mail *m = malloc(sizeof(*m) + call->worker.n);
    check(m != NULL);
    call->poll = ++all->next_poll;
    idmap_put(&all->given, call->poll, call);
    *m = (struct take_mail){.mail.take = take_take,
                            .from = e->number,
                            .poll = call->poll,
                            .execution = task->execution,
                            .frame = task->frame,
                            .attempt = task->attempt,
                            .is_back = task->is_back};
    char *at = (char *)(m + 1);
    put_text(&at, call->worker, &m->worker);
    engine_mail_send(e, task->loop, &m->mail);
}

static void serve(struct activity *a)
{
    while (a->first && a->first_poller) {
        struct engine_api_call *call = a->first_poller;
        leave(call);
        if (sfn_has_left(call)) {
            answer_poll(call, (str){0}, (str){0});
            continue;
        }
        struct activity_task task = pop(a);
        ask_for(call, &task);
    }
    settle(a);
}

/* ---- tasks come ---- */

struct offer_mail {
    struct engine_mail mail;
    struct activity_task task;
    str name; /* behind the struct */
};

static void take_offer(struct engine *e, struct engine_mail *mail)
{
    struct offer_mail *m = (struct offer_mail *)(void *)mail;
    if (e && e->api) {
        struct activity *a = activity_of(e->api->activities, m->name);
        push(a, &m->task);
        serve(a);
    }
    free(m);
}

/* The name in an activity's ARN; empty when it is none of ours. */
static str name_in(const struct engine *e, str text)
{
    struct arn arn;
    struct error err;
    bool is_ours = arn_read(text, 1u << ARN_ACTIVITY, &arn, &err) == STATUS_OK &&
                   str_eq(arn.region, e->options.region) && str_eq(arn.account, e->options.account);
    return is_ours ? arn.name : (str){0};
}

static void offer(struct engine_execution *ex, const struct asl_frame *f, bool is_back)
{
    struct engine *e = ex->engine;
    str name = name_in(e, f->state->task.resource.arn);
    if (name.n == 0)
        return;
    struct offer_mail *m = malloc(sizeof(*m) + name.n);
    check(m != NULL);
    *m = (struct offer_mail){.mail.take = take_offer,
                             .task = {.execution = ex->row.id,
                                      .loop = e->number,
                                      .frame = f->id,
                                      .attempt = f->attempt,
                                      .is_back = is_back}};
    char *at = (char *)(m + 1);
    put_text(&at, name, &m->name);
    engine_mail_send(e, activity_loop(e, name), &m->mail);
}

void activity_offer(struct engine_execution *ex, const struct asl_command *c)
{
    const struct asl_frame *f = asl_exec_frame(ex->x, c->frame);
    if (f && !f->is_started) /* else a worker has it */
        offer(ex, f, false);
}

/* ---- tasks come back ---- */

/* To the execution's loop: nobody got the task that has started. */
struct back_mail {
    struct engine_mail mail;
    int64_t execution;
    uint32_t frame, attempt;
};

static void take_back(struct engine *e, struct engine_mail *mail)
{
    struct back_mail *m = (struct back_mail *)(void *)mail;
    struct engine_execution *ex;
    struct error err;
    if (e && e->api && engine_execution_get(e, m->execution, &ex, &err) == STATUS_OK) {
        struct asl_frame *f = waiting_frame(ex, m->frame, m->attempt, true);
        if (f)
            offer(ex, f, true);
    }
    free(m);
}

/* One that does not wait any more, as its time has passed, is nobody's loss. */
static void give_back(struct engine *e, str token)
{
    struct engine_place to;
    struct asl_token t;
    struct error err;
    struct arena a;
    arena_init(&a, 0);
    if (engine_find_waiting(e, token, &a, &to, &t, &err) == STATUS_OK) {
        struct back_mail *m = malloc(sizeof(*m));
        check(m != NULL);
        *m = (struct back_mail){
            .mail.take = take_back, .execution = to.id, .frame = t.frame, .attempt = t.attempt};
        engine_mail_send(e, engine_owner(e, to.shard), &m->mail);
    }
    arena_done(&a);
}

void activity_answer_lost(struct engine *e, str answer)
{
    struct json_val v;
    struct arena a;
    arena_init(&a, 0);
    if (json_parse_in(&a, answer, NULL, &v, NULL) == STATUS_OK) {
        str token = build_get_text(v, "taskToken");
        if (token.n > 0)
            give_back(e, token);
    }
    arena_done(&a);
}

bool activity_is_there(void *engine, str arn)
{
    struct engine *e = engine;
    struct arena a;
    str name = name_in(e, arn);
    arena_init(&a, 0);
    bool is_there = name.n > 0 && sfn_has_activity(e->reader, name, &a);
    arena_done(&a);
    return is_there;
}

/* ---- polls come ---- */

static void poll_over(void *arg)
{
    struct engine_api_call *call = arg;
    struct activity *a = call->activity;
    if (!a)
        return; /* a task is on its way */
    leave(call);
    settle(a);
    answer_poll(call, (str){0}, (str){0});
}

static void wait_on(struct engine_api_call *call, str name, bool is_first)
{
    struct activity *a = activity_of(call->api->activities, name);
    call->activity = a;
    a->poller_count++;
    if (is_first) {
        call->next_poller = a->first_poller;
        if (a->first_poller)
            a->first_poller->previous_poller = call;
        else
            a->last_poller = call;
        a->first_poller = call;
    } else {
        call->previous_poller = a->last_poller;
        if (a->last_poller)
            a->last_poller->next_poller = call;
        else
            a->first_poller = call;
        a->last_poller = call;
    }
    if (!loop_timer_is_running(&call->timer) && is_first) {
        poll_over(call); /* its time has passed meanwhile */
        return;
    }
    serve(a);
}

void activity_poll(struct engine_api_call *call, str name, str worker)
{
    struct engine *e = call->api->engine;
    struct activity *a = *place_of(call->api->activities, name);
    struct error err;
    if (a && a->poller_count >= SFN_ACTIVITY_POLLERS) {
        error_set(&err, STATUS_LIMIT, "ActivityWorkerLimitExceeded",
                  "An activity can have %d workers that wait", SFN_ACTIVITY_POLLERS);
        sfn_refuse(call, &err);
        return;
    }
    call->worker = arena_dup(&call->arena, worker);
    call->activity_name = arena_dup(&call->arena, name);
    loop_timer_start(e->loop, &call->timer, engine_loop_ms(e, SFN_POLL_MS), poll_over, call);
    wait_on(call, call->activity_name, false);
}

void activity_poll_end(struct engine_api_call *call)
{
    struct activity *a = call->activity;
    if (a) {
        leave(call);
        settle(a);
    }
    if (call->poll != 0)
        idmap_remove(&call->api->activities->given, call->poll);
    call->poll = 0;
}

/* ---- open and close ---- */

struct activities *activities_new(struct engine_api *api)
{
    struct activities *all = calloc(1, sizeof(*all));
    check(all != NULL);
    all->api = api;
    return all;
}

void activities_free(struct activities *all)
{
    while (all->takings)
        taking_free(all->takings);
    for (size_t i = 0; i < ACTIVITY_CHAINS; i++) {
        while (all->chains[i]) {
            struct activity *a = all->chains[i];
            all->chains[i] = a->next;
            while (a->first)
                pop(a);
            free(a);
        }
    }
    idmap_done(&all->given);
    free(all);
}
