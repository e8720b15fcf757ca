/* SPDX-License-Identifier: Apache-2.0 */
/* See house_sweep.h. One step is one unit of the store, so that others' units come between. */
#include "cmd/house_sweep.h"

static void sweep(void *arg);

static void wait(struct house_sweep *s, int64_t ms)
{
    loop_timer_start(engine_loop(s->engine), &s->timer, loop_now_ms() + ms, sweep, s);
}

static void back(struct engine *e, struct engine_unit *u)
{
    struct house_sweep *s = (struct house_sweep *)(void *)u; /* its first member */
    (void)e;
    s->tables.unit.status = u->unit.status;
    s->tables.unit.reply = u->unit.reply;
    bool has_more = u->unit.status == STATUS_OK && dynamodb_sweep_has_more(&s->tables);
    store_unit_done(&u->unit);
    wait(s, has_more ? 0 : HOUSE_SWEEP_MS); /* a store that cannot write is asked again later */
}

static void drop(struct engine_unit *u)
{
    (void)u; /* it lies in the house's struct */
}

static void sweep(void *arg)
{
    struct house_sweep *s = arg;
    dynamodb_sweep_init(&s->tables, s->settings, loop_wall_ms());
    s->unit = (struct engine_unit){.unit = s->tables.unit, .back = back, .drop = drop};
    engine_unit_submit(s->engine, &s->unit);
}

void house_sweep_start(struct house_sweep *s, struct engine *e,
                       const struct service_settings *settings)
{
    *s = (struct house_sweep){.engine = e, .settings = settings};
    wait(s, HOUSE_SWEEP_FIRST_MS);
}

void house_sweep_stop(struct house_sweep *s)
{
    if (s->engine)
        loop_timer_stop(engine_loop(s->engine), &s->timer);
}
