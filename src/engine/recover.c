/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Taking up what an earlier process left: executions that have something to do are read back, what
 * they wait for is asked for again in their first turn, and messages that nobody received are
 * delivered. Those that only sleep stay on disk until their time comes. One that cannot be read is
 * left as it is and keeps nobody else from going on.
 */
#include "engine/map_run.h"
#include "engine/team.h"
#include <stdlib.h>

enum { RECOVER_AT_ONCE = 1000 };

void engine_resume(struct engine_execution *ex)
{
    struct engine *e = ex->engine;
    struct engine_action *actions;
    uint32_t count = 0;
    if (ex->is_awake)
        return;
    ex->is_awake = true; /* also when it has ended: a redrive asks for what it wants itself */
    if (ex->is_ended)
        return;
    asl_out_reset(&e->out);
    asl_pending(ex->x, &e->out);
    actions = malloc(sizeof(*actions) * (e->out.command_count + 1));
    check(actions != NULL);
    for (uint32_t i = 0; i < e->out.command_count; i++)
        actions[count++] = (struct engine_action){.kind = e->out.commands[i].kind,
                                                  .frame = e->out.commands[i].frame,
                                                  .attempt = e->out.commands[i].attempt,
                                                  .is_repeated = true};
    asl_out_reset(&e->out);
    /* A child that ended meanwhile has sent a message; that it had begun comes before that. */
    struct engine_event *events = ex->held_events = engine_events_take(ex);
    engine_perform(ex, actions, count);
    ex->held_events = NULL;
    engine_events_append(ex, events);
    free(actions);
    engine_map_child_resumed(ex);
}

static enum status recover_executions(struct engine *e, struct error *err)
{
    struct store_shards shards = engine_shards(e);
    int64_t from = 0;
    do {
        struct arena a;
        struct store_page page;
        arena_init(&a, 0);
        enum status status =
            store_list_pending(e->reader, shards, from, RECOVER_AT_ONCE, &a, &page, err);
        for (uint32_t i = 0; status == STATUS_OK && i < page.count; i++) {
            struct engine_execution *ex;
            status = engine_execution_get(e, page.rows[i].id, &ex, err);
            if (status != STATUS_OK && !engine_is_passing(status)) {
                e->figures.unreadable++;
                status = STATUS_OK;
            }
        }
        from = status == STATUS_OK ? page.next : 0;
        arena_done(&a);
        if (status != STATUS_OK)
            return status;
    } while (from != 0);
    return STATUS_OK;
}

enum status engine_recover_messages(struct engine *e, struct error *err)
{
    struct store_shards shards = engine_shards(e);
    int64_t after = 0;
    for (;;) {
        struct arena a;
        struct store_message *messages;
        uint32_t count;
        arena_init(&a, 0);
        enum status status = store_list_messages(e->reader, shards, after, RECOVER_AT_ONCE, &a,
                                                 &messages, &count, err);
        for (uint32_t i = 0; status == STATUS_OK && i < count; i++) {
            after = messages[i].id;
            engine_deliver(e, messages[i].execution, messages[i].id, messages[i].body);
        }
        arena_done(&a);
        if (status != STATUS_OK || count == 0)
            return status;
    }
}

enum status engine_recover(struct engine *e, struct error *err)
{
    enum status status = recover_executions(e, err);
    if (status == STATUS_OK)
        status = engine_recover_messages(e, err);
    if (status == STATUS_OK)
        engine_sleep_start(e);
    return status;
}
