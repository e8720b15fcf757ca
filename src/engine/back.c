/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Commits on their way to the store, and what becomes of them when they are back. One that is
 * durable has its commands performed and its messages delivered. One that the store refuses means
 * that what is in memory is not what is kept: it is read again, one path instead of an undo. One
 * that fails because the disk does is tried again, as it is, until there is room: nothing is asked
 * of the world twice, and no event is lost. Only a start from outside is given up at once, and
 * there are no new ones meanwhile.
 */
#include "engine/team.h"
#include <stdlib.h>

enum { STALL_FIRST_MS = 100, STALL_LONGEST_MS = 5000 };

static size_t most_bytes(const struct engine *e)
{
    size_t given = e->options.max_in_flight_bytes;
    return given > 0 ? given : ENGINE_MAX_IN_FLIGHT_BYTES;
}

bool engine_is_behind(const struct engine *e)
{
    uint32_t given = e->options.max_in_flight;
    return e->figures.in_flight >= (given > 0 ? given : ENGINE_MAX_IN_FLIGHT) ||
           e->in_flight_bytes >= most_bytes(e);
}

/* Answers make commits. When the store is behind, those that were asked for come in and wait, and
 * others are not asked for. */
static void hold_calls(struct engine *e)
{
    size_t most = most_bytes(e);
    if (e->in_flight_bytes >= most / 2)
        engine_http_hold(e, true);
    else if (e->in_flight_bytes <= most / 4)
        engine_http_hold(e, false);
}

/* ---- there ---- */

static void wait_for_store(struct engine_commit *c)
{
    struct engine *e = c->engine;
    c->next_waiting = NULL;
    if (e->last_waiting)
        e->last_waiting->next_waiting = c;
    else
        e->first_waiting = c;
    e->last_waiting = c;
}

/* When the store has too many, some come back, and with them the next try. */
static void hand_over(struct engine *e)
{
    struct error err;
    while (!e->is_stalled && e->first_waiting) {
        struct engine_commit *c = e->first_waiting;
        if (store_submit(e->client, &c->unit, &err) != STATUS_OK)
            return;
        e->first_waiting = c->next_waiting;
        if (!e->first_waiting)
            e->last_waiting = NULL;
    }
}

void engine_submit(struct engine_commit *c)
{
    c->engine->figures.in_flight++;
    c->bytes = c->step.n + c->snapshot.n + c->texts.n;
    c->engine->in_flight_bytes += c->bytes;
    hold_calls(c->engine);
    wait_for_store(c);
    hand_over(c->engine);
}

static void try_again(void *arg)
{
    struct engine *e = arg;
    e->is_stalled = false;
    hand_over(e);
}

static void stall(struct engine_commit *c)
{
    struct engine *e = c->engine;
    e->figures.retried++;
    e->stall_error = c->unit.error;
    store_unit_done(&c->unit);
    wait_for_store(c);
    if (e->is_stalled)
        return;
    e->is_stalled = true;
    e->stall_ms = e->stall_ms ? e->stall_ms * 2 : STALL_FIRST_MS;
    if (e->stall_ms > STALL_LONGEST_MS)
        e->stall_ms = STALL_LONGEST_MS;
    loop_timer_start(e->loop, &e->stall_timer, loop_now_ms() + e->stall_ms, try_again, e);
}

/* ---- back again ---- */

static void deliver_all(struct engine *e, const struct commit_args *a)
{
    if (a->message_count > 0)
        engine_point(e, "inbox written");
    for (uint32_t i = 0; i < a->message_count; i++)
        engine_send(e, &a->messages[i]);
}

static void is_durable(struct engine_commit *c)
{
    struct engine_execution *ex = c->ex;
    struct engine *e = c->engine;
    if (c->args.snapshot.n > 0)
        engine_point(e, "snapshot written");
    if (c->is_sleep) {
        if (!ex->first_event && !ex->watchers)
            engine_execution_free(ex);
        else /* something came meanwhile: it is awake after all */
            engine_queue(ex);
        return;
    }
    engine_point(e, "after commit");
    if (c->args.is_start) {
        ex->has_begun = true;
        engine_tell_started(ex);
        engine_child_begun(ex);
    }
    deliver_all(e, &c->args); /* before its end is: it may have answered its parent's token */
    if (!ex->is_kept)
        engine_tell_asker_and_parent(ex);
    engine_event_tell(c->event, NULL);
    engine_committed(ex, c->actions, c->action_count);
    engine_point(e, "after command");
}

static void was_refused(struct engine_commit *c)
{
    struct engine_execution *ex = c->ex;
    if (c->args.is_start) {
        if (str_eq(str_of(c->unit.error.name), STR("StoreNameTaken")))
            engine_say_exists(ex, &c->unit.error); /* begun on another loop at the same time */
        engine_refuse(ex, &c->unit.error);
        return;
    }
    ex->is_stale = true;
    bool is_gone = str_eq(str_of(c->unit.error.name), STR("StoreMessageGone"));
    if (c->event && !is_gone) {
        engine_post_again(ex, c->event);
        c->event = NULL;
    }
    engine_queue(ex);
}

static void come_back(struct engine_commit *c)
{
    struct engine *e = c->engine;
    enum status status = c->unit.status;
    bool is_new = c->args.is_start && c->ex->asker.execution == 0;
    bool is_refused = status == STATUS_CONFLICT || status == STATUS_NOT_FOUND;
    if (status != STATUS_OK && !is_refused && !is_new) {
        stall(c);
        return;
    }
    e->figures.in_flight--;
    e->in_flight_bytes -= c->bytes;
    if (status == STATUS_OK)
        e->stall_ms = 0;
    if (c->ex) {
        c->ex->in_flight = NULL;
        if (status == STATUS_OK)
            is_durable(c);
        else
            was_refused(c);
    }
    engine_commit_free(c);
}

static void take_all_back(struct engine *e)
{
    e->turn_ms = engine_now_ms(e);
    for (struct store_unit *u = store_take(e->client), *next; u; u = next) {
        next = u->next;
        come_back((struct engine_commit *)(void *)u); /* its first member */
    }
    hand_over(e);
    hold_calls(e);
    if (e->first_queued && !engine_is_behind(e))
        engine_turn_soon(e);
    engine_publish(e);
}

static void take_back(void *arg)
{
    struct engine_door *door = arg;
    struct engine *e = door->engine;
    atomic_store(&door->is_taken_asked, false);
    if (e)
        take_all_back(e);
    engine_door_unref(door);
}

/* On the store's thread. */
void engine_wake(void *arg)
{
    struct engine_door *door = arg;
    if (atomic_exchange(&door->is_taken_asked, true))
        return;
    engine_door_ref(door);
    loop_post(door->loop, &door->taken, take_back, door);
}
