/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A process's loops begin and end here: the first is the caller's, the others get a thread each.
 * What they share is opened before the first and closed after the last of them. Mails between them
 * are here too.
 */
#include "engine/team.h"
#include "engine/token_key.h"
#include <pthread.h>
#include <stdlib.h>

struct engine_member {
    struct engine_team *team;
    uint32_t number;
    struct loop *loop;
    struct engine_door *door;
    struct engine *engine; /* of its thread */
    pthread_t thread;
    bool is_running;
    struct loop_task close_task;
    /* How opening came out: is_settled under the mutex. */
    pthread_mutex_t mutex;
    pthread_cond_t settled;
    bool is_settled;
    enum status status;
    struct error error;
    struct engine_figures figures; /* as they were a moment ago, under the mutex */
};

/* ---- doors and mails ---- */

void engine_door_unref(struct engine_door *door)
{
    if (atomic_fetch_sub(&door->references, 1) == 1)
        free(door);
}

static struct engine_door *door_new(struct loop *loop)
{
    struct engine_door *door = calloc(1, sizeof(*door));
    check(door != NULL);
    door->loop = loop;
    atomic_init(&door->references, 1);
    atomic_init(&door->is_taken_asked, false);
    return door;
}

static void take_mail(void *arg)
{
    struct engine_mail *mail = arg;
    struct engine_door *door = mail->door;
    mail->take(door->engine, mail);
    engine_door_unref(door);
}

void engine_mail_send(struct engine *from, uint32_t to, struct engine_mail *mail)
{
    struct engine_door *door = from->team->members[to].door;
    engine_door_ref(door);
    mail->door = door;
    loop_post(door->loop, &mail->task, take_mail, mail);
}

struct store_shards engine_shards_of(const struct engine *e, uint32_t loop)
{
    uint32_t n = e->team->count;
    return (struct store_shards){(loop * STORE_SHARDS + n - 1) / n,
                                 ((loop + 1) * STORE_SHARDS + n - 1) / n - 1};
}

/* ---- figures ---- */

void engine_publish(const struct engine *e)
{
    struct engine_member *m = &e->team->members[e->number];
    struct engine_figures figures = engine_figures(e);
    if (e->team->count == 1)
        return;
    pthread_mutex_lock(&m->mutex);
    m->figures = figures;
    pthread_mutex_unlock(&m->mutex);
}

struct engine_figures engine_figures_of_all(const struct engine *e)
{
    struct engine_figures all = engine_figures(e);
    for (uint32_t i = 0; i < e->team->count; i++) {
        struct engine_member *m = &e->team->members[i];
        if (i == e->number)
            continue;
        pthread_mutex_lock(&m->mutex);
        struct engine_figures one = m->figures;
        pthread_mutex_unlock(&m->mutex);
        all.steps += one.steps;
        all.records += one.records;
        all.moves += one.moves;
        all.retried += one.retried;
        all.in_memory += one.in_memory;
        all.in_flight += one.in_flight;
        all.unreadable += one.unreadable;
        all.calls += one.calls;
        all.calls_waiting += one.calls_waiting;
        all.called += one.called;
        all.requests += one.requests;
        all.received += one.received;
    }
    return all;
}

/* ---- a loop on its own thread ---- */

static void settle(struct engine_member *m, enum status status, const struct error *err)
{
    pthread_mutex_lock(&m->mutex);
    m->is_settled = true;
    m->status = status;
    if (status != STATUS_OK)
        m->error = *err;
    pthread_cond_signal(&m->settled);
    pthread_mutex_unlock(&m->mutex);
}

static void *run_member(void *arg)
{
    struct engine_member *m = arg;
    struct error err;
    enum status status = engine_open_one(m->team, m->number, m->loop, m->door, &m->engine, &err);
    settle(m, status, &err);
    if (status == STATUS_OK)
        loop_run(m->loop);
    engine_close_one(m->engine);
    m->engine = NULL;
    return NULL;
}

static enum status start_member(struct engine_member *m, struct error *err)
{
    enum status status = loop_new(&m->loop, err);
    if (status != STATUS_OK)
        return status;
    m->door = door_new(m->loop);
    return STATUS_OK;
}

static enum status start_thread(struct engine_member *m, struct error *err)
{
    if (pthread_create(&m->thread, NULL, run_member, m) != 0)
        return error_set(err, STATUS_UNAVAILABLE, "EngineThread",
                         "the system gives no more threads");
    m->is_running = true;
    pthread_mutex_lock(&m->mutex);
    while (!m->is_settled)
        pthread_cond_wait(&m->settled, &m->mutex);
    pthread_mutex_unlock(&m->mutex);
    if (m->status != STATUS_OK)
        *err = m->error;
    return m->status;
}

static void stop_loop(void *arg)
{
    struct engine_member *m = arg;
    loop_stop(m->loop);
}

/* ---- the team ---- */

static void keep_options(struct engine_team *team, const struct engine_options *options)
{
    struct engine_options *o = &team->options;
    *o = *options;
    o->data = str_of(arena_cstr(&team->arena, options->data));
    o->account =
        options->account.n > 0 ? arena_dup(&team->arena, options->account) : STR("000000000000");
    o->region = options->region.n > 0 ? arena_dup(&team->arena, options->region) : STR("us-east-1");
    if (options->ca_file)
        o->ca_file = arena_cstr(&team->arena, str_of(options->ca_file));
    if (o->max_idle == 0)
        o->max_idle = ENGINE_MAX_IDLE;
    team->clock_base_ms = loop_wall_ms();
    team->clock_start_ms = loop_now_ms();
}

static struct engine_team *team_new(struct loop *first, const struct engine_options *options)
{
    struct engine_team *team = calloc(1, sizeof(*team));
    check(team != NULL);
    arena_init(&team->arena, 0);
    keep_options(team, options);
    team->count = options->loops > 0 ? options->loops : 1;
    if (team->count > ENGINE_MAX_LOOPS)
        team->count = ENGINE_MAX_LOOPS;
    team->members = calloc(team->count, sizeof(*team->members));
    check(team->members != NULL);
    for (uint32_t i = 0; i < team->count; i++) {
        struct engine_member *m = &team->members[i];
        m->team = team;
        m->number = i;
        pthread_mutex_init(&m->mutex, NULL);
        pthread_cond_init(&m->settled, NULL);
    }
    team->members[0].loop = first;
    team->members[0].door = door_new(first);
    return team;
}

/* Threads first: when they are gone nobody sends mails to the first loop any more, and what was
 * sent to theirs is freed with their loops. */
static void team_close(struct engine_team *team)
{
    for (uint32_t i = 1; i < team->count; i++) {
        struct engine_member *m = &team->members[i];
        if (m->is_running && m->status == STATUS_OK)
            loop_post(m->loop, &m->close_task, stop_loop, m);
    }
    for (uint32_t i = 1; i < team->count; i++) {
        if (team->members[i].is_running)
            pthread_join(team->members[i].thread, NULL);
    }
    engine_close_one(team->members[0].engine);
    for (uint32_t i = 0; i < team->count; i++) {
        struct engine_member *m = &team->members[i];
        if (i > 0)
            loop_free(m->loop);
        if (m->door)
            engine_door_unref(m->door);
        pthread_mutex_destroy(&m->mutex);
        pthread_cond_destroy(&m->settled);
    }
    if (team->has_told_store && team->options.store_closing)
        team->options.store_closing(team->options.store_arg);
    if (team->store)
        store_close(team->store);
    arena_done(&team->arena);
    free(team->members);
    free(team);
}

static enum status open_shared(struct engine_team *team, struct error *err)
{
    const struct engine_options *o = &team->options;
    enum status status = store_open(o->data, o->store, &team->store, err);
    if (status == STATUS_OK)
        status = engine_read_key(o->data, team->token_key, err);
    if (status == STATUS_OK && o->store_opened)
        status = o->store_opened(o->store_arg, team->store, err);
    team->has_told_store = status == STATUS_OK;
    return status;
}

/* Every loop can be sent mails before the first of them opens. */
static enum status open_members(struct engine_team *team, struct error *err)
{
    struct engine_member *first = &team->members[0];
    enum status status = STATUS_OK;
    for (uint32_t i = 1; i < team->count && status == STATUS_OK; i++)
        status = start_member(&team->members[i], err);
    if (status == STATUS_OK)
        status = engine_open_one(team, 0, first->loop, first->door, &first->engine, err);
    for (uint32_t i = 1; i < team->count && status == STATUS_OK; i++)
        status = start_thread(&team->members[i], err);
    return status;
}

enum status engine_open(struct loop *loop, const struct engine_options *options,
                        struct engine **ret, struct error *err)
{
    struct engine_team *team = team_new(loop, options);
    enum status status = open_shared(team, err);
    if (status == STATUS_OK)
        status = open_members(team, err);
    if (status == STATUS_OK)
        *ret = team->members[0].engine;
    else
        team_close(team);
    return status;
}

void engine_close(struct engine *e)
{
    if (e)
        team_close(e->team);
}
