/* SPDX-License-Identifier: Apache-2.0 */
/* Units of a loop on their way to the store and back (engine/unit.h). When the store has too many
 * of this loop, the others wait in line. */
#include "engine/unit.h"
#include "engine/team.h"
#include <stdlib.h>

struct engine_units {
    struct engine_door *door; /* so that a task that is on its way finds the engine, or nobody */
    struct store_client *client;
    struct engine_unit *there; /* with the store */
    struct engine_unit *first, **last;
    struct loop_task task;
    atomic_bool is_asked;
    bool is_closed;
};

static void link_unit(struct engine_unit **list, struct engine_unit *u)
{
    u->next = *list;
    u->place = list;
    if (u->next)
        u->next->place = &u->next;
    *list = u;
}

static void unlink_unit(struct engine_unit *u)
{
    *u->place = u->next;
    if (u->next)
        u->next->place = u->place;
}

static void hand_over(struct engine_units *all)
{
    struct error err;
    while (all->first) {
        struct engine_unit *u = all->first;
        if (store_submit(all->client, &u->unit, &err) != STATUS_OK)
            return; /* some are there, and come back */
        all->first = u->next;
        if (!all->first)
            all->last = &all->first;
        link_unit(&all->there, u);
    }
}

static void take_back(void *arg)
{
    struct engine_units *all = arg;
    struct engine_door *door = all->door;
    struct engine *e = door->engine;
    atomic_store(&all->is_asked, false);
    if (all->is_closed) {
        free(all);
        engine_door_unref(door);
        return;
    }
    for (struct store_unit *unit = store_take(all->client), *next; unit; unit = next) {
        struct engine_unit *u = (struct engine_unit *)(void *)unit; /* its first member */
        next = unit->next;
        unlink_unit(u);
        u->back(e, u);
    }
    hand_over(all);
    engine_door_unref(door);
}

/* On the store's thread. */
static void wake(void *arg)
{
    struct engine_units *all = arg;
    if (atomic_exchange(&all->is_asked, true))
        return;
    engine_door_ref(all->door);
    loop_post(all->door->loop, &all->task, take_back, all);
}

bool engine_units_are_still(const struct engine *e)
{
    return !e->units || (!e->units->there && !e->units->first);
}

void engine_unit_submit(struct engine *e, struct engine_unit *u)
{
    struct engine_units *all = e->units;
    u->next = NULL;
    *all->last = u;
    all->last = &u->next;
    hand_over(all);
}

void engine_units_open(struct engine *e)
{
    struct engine_units *all = calloc(1, sizeof(*all));
    check(all != NULL);
    all->door = e->door;
    all->last = &all->first;
    atomic_init(&all->is_asked, false);
    all->client = store_client_new(e->store, wake, all);
    e->units = all;
}

static void drop(struct engine_unit *u)
{
    store_unit_done(&u->unit);
    u->drop(u);
}

void engine_units_close(struct engine *e)
{
    struct engine_units *all = e->units;
    if (!all)
        return;
    e->units = NULL;
    store_client_free(all->client); /* all units are ours again */
    while (all->there) {
        struct engine_unit *u = all->there;
        unlink_unit(u);
        drop(u);
    }
    while (all->first) {
        struct engine_unit *u = all->first;
        all->first = u->next;
        drop(u);
    }
    all->is_closed = true;
    if (!atomic_load(&all->is_asked)) /* else the task frees it */
        free(all);
}
