/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Machines that are deleted while executions run: they stay, DELETING, until none does. Their
 * executions fail at their next transition (turn.c asks here). Each loop knows all such machines;
 * the first one looks from time to time whether an execution still runs.
 *
 * A machine that had executions keeps its row under a name that nobody can give, NAME/ID, so that
 * what they did can be read until it expires. When an engine opens, the rows go whose executions
 * have all expired.
 */
#include "engine/sfn_internal.h"
#include <stdlib.h>

enum { DELETING_LOOK_MS = 1000, DELETING_AT_ONCE = 100, GONE_AT_OPEN = 10000 };

/* ---- on the store's thread ---- */

/* A page of executions at most: more is somebody's work who has time. Not known: *ret is true. */
enum status sfn_has_running(struct store_reader *r, int64_t machine, struct arena *a, bool *ret,
                            struct error *err)
{
    struct store_list_query query = {
        .machine = machine, .status_set = 1u << STORE_RUNNING, .limit = 1};
    struct store_page page;
    enum status status = store_list_executions(r, &query, a, &page, err);
    *ret = status == STATUS_OK && (page.count > 0 || page.next != 0);
    return status;
}

static enum status drop_revisions(struct store_tx *tx, int64_t machine, struct arena *a,
                                  struct error *err)
{
    struct store_names names;
    str prefix = arena_printf(a, "revision/%lld/", (long long)machine);
    do {
        enum status status = store_list_things(store_tx_reader(tx), MACHINE_SERVICE, prefix,
                                               (str){0}, DELETING_AT_ONCE, a, &names, err);
        for (uint32_t i = 0; status == STATUS_OK && i < names.count; i++)
            status = store_tx_delete_thing(tx, MACHINE_SERVICE, names.items[i], err);
        if (status != STATUS_OK)
            return status;
    } while (names.count == DELETING_AT_ONCE);
    return STATUS_OK;
}

static str gone_thing(int64_t machine, struct arena *a)
{
    return arena_printf(a, "gone/%lld", (long long)machine);
}

enum status sfn_bury_machine(struct store_tx *tx, const struct store_machine *m, struct arena *a,
                             struct error *err)
{
    struct store_list_query query = {.machine = m->id, .limit = 1};
    struct store_page page;
    struct store_machine hidden = *m;
    enum status status = store_list_executions(store_tx_reader(tx), &query, a, &page, err);
    if (status != STATUS_OK)
        return status;
    if (page.count > 0 || page.next != 0) {
        hidden.name = arena_printf(a, "%.*s/%lld", STR_ARG(m->name), (long long)m->id);
        status = store_tx_put_machine(tx, &hidden, err);
        return status == STATUS_OK
                   ? store_tx_put_thing(tx, MACHINE_SERVICE, gone_thing(m->id, a), hidden.name, err)
                   : status;
    }
    status = drop_revisions(tx, m->id, a, err);
    return status == STATUS_OK ? store_tx_delete_machine(tx, m->id, err) : status;
}

static str thing_of(int64_t machine, struct arena *a)
{
    return arena_printf(a, "deleting/%lld", (long long)machine);
}

static enum status bury_unit(struct store_tx *tx, str args, struct arena *scratch,
                             struct error *err)
{
    const int64_t *machine = (const int64_t *)(const void *)args.p;
    struct store_machine m;
    str name;
    enum status status = store_find_thing(store_tx_reader(tx), MACHINE_SERVICE,
                                          thing_of(*machine, scratch), scratch, &name, err);
    if (status == STATUS_OK)
        status = store_find_machine(store_tx_reader(tx), name, scratch, &m, err);
    if (status == STATUS_OK && m.id == *machine)
        status = sfn_bury_machine(tx, &m, scratch, err);
    if (status == STATUS_OK)
        status = store_tx_delete_thing(tx, MACHINE_SERVICE, thing_of(*machine, scratch), err);
    return status;
}

/* One that is gone, and whose executions are too. */
static enum status sweep(struct store_tx *tx, str thing, struct arena *a, struct error *err)
{
    struct store_reader *r = store_tx_reader(tx);
    struct store_list_query query = {.limit = 1};
    struct store_machine m;
    struct store_page page;
    str name;
    enum status status = store_find_thing(r, MACHINE_SERVICE, thing, a, &name, err);
    if (status == STATUS_OK)
        status = store_find_machine(r, name, a, &m, err);
    query.machine = status == STATUS_OK ? m.id : 0;
    if (status == STATUS_OK)
        status = store_list_executions(r, &query, a, &page, err);
    if (status != STATUS_OK || page.count > 0 || page.next != 0)
        return status;
    status = drop_revisions(tx, m.id, a, err);
    if (status == STATUS_OK)
        status = store_tx_delete_machine(tx, m.id, err);
    return status == STATUS_OK ? store_tx_delete_thing(tx, MACHINE_SERVICE, thing, err) : status;
}

static enum status sweep_unit(struct store_tx *tx, str args, struct arena *scratch,
                              struct error *err)
{
    struct store_names names;
    (void)args;
    enum status status = store_list_things(store_tx_reader(tx), MACHINE_SERVICE, STR("gone/"),
                                           (str){0}, GONE_AT_OPEN, scratch, &names, err);
    for (uint32_t i = 0; status == STATUS_OK && i < names.count; i++)
        status = sweep(tx, names.items[i], scratch, err);
    return status;
}

/* ---- which they are ---- */

struct deleting_mail {
    struct engine_mail mail;
    int64_t machine;
    bool is_over;
};

static uint32_t place_of(const struct engine_api *api, int64_t machine)
{
    uint32_t i = 0;
    while (i < api->deleting_count && api->deleting[i] != machine)
        i++;
    return i;
}

bool sfn_is_deleting(const struct engine_api *api, int64_t machine)
{
    return api->deleting_count > 0 && place_of(api, machine) < api->deleting_count;
}

static void add(struct engine_api *api, int64_t machine)
{
    if (place_of(api, machine) < api->deleting_count)
        return;
    if (api->deleting_count == api->deleting_cap) {
        api->deleting_cap = api->deleting_cap ? api->deleting_cap * 2 : 8;
        api->deleting = realloc(api->deleting, sizeof(*api->deleting) * api->deleting_cap);
        check(api->deleting != NULL);
    }
    api->deleting[api->deleting_count++] = machine;
}

static void drop(struct engine_api *api, int64_t machine)
{
    uint32_t i = place_of(api, machine);
    if (i < api->deleting_count)
        api->deleting[i] = api->deleting[--api->deleting_count];
}

static void look_later(struct engine_api *api);

static void take_mail(struct engine *e, struct engine_mail *mail)
{
    struct deleting_mail *m = (struct deleting_mail *)(void *)mail;
    if (e && e->api && m->is_over)
        drop(e->api, m->machine);
    else if (e && e->api)
        add(e->api, m->machine);
    if (e && e->api)
        look_later(e->api);
    free(m);
}

static void tell_all(struct engine_api *api, int64_t machine, bool is_over)
{
    struct engine *e = api->engine;
    for (uint32_t i = 0; i < e->team->count; i++) {
        struct deleting_mail *m = malloc(sizeof(*m));
        check(m != NULL);
        *m = (struct deleting_mail){.mail.take = take_mail, .machine = machine, .is_over = is_over};
        engine_mail_send(e, i, &m->mail);
    }
}

void sfn_deleting_told(struct engine_api *api, str reply)
{
    int64_t machine = 0;
    for (size_t i = 0; i < reply.n; i++)
        machine = machine * 10 + (reply.p[i] - '0');
    if (machine != 0)
        tell_all(api, machine, false);
}

/* ---- are they over? ---- */

/* A page of its executions. */
static enum status look_at(struct engine_api *api, int64_t machine, bool *ret_over,
                           struct error *err)
{
    struct store_list_query query = {.machine = machine,
                                     .status_set = 1u << STORE_RUNNING,
                                     .from = api->deleting_from,
                                     .limit = 1};
    struct store_page page;
    struct arena a;
    arena_init(&a, 0);
    enum status status = store_list_executions(api->engine->reader, &query, &a, &page, err);
    *ret_over = status == STATUS_OK && page.count == 0 && page.next == 0;
    if (status == STATUS_OK)
        api->deleting_from = page.next;
    if (status == STATUS_OK && page.count > 0) { /* one runs: now the next machine */
        api->deleting_at++;
        api->deleting_from = 0;
    }
    arena_done(&a);
    return status;
}

static void look(void *arg)
{
    struct engine_api *api = arg;
    struct error err;
    bool is_over = false;
    if (api->deleting_count == 0 || api->is_deleting_asked)
        return;
    int64_t machine = api->deleting[api->deleting_at % api->deleting_count];
    if (machine != api->deleting_machine)
        api->deleting_from = 0;
    api->deleting_machine = machine;
    if (look_at(api, machine, &is_over, &err) == STATUS_OK && is_over) {
        api->deleting_unit = (struct store_unit){
            .run = bury_unit,
            .args = {(const char *)&api->deleting_machine, sizeof(api->deleting_machine)}};
        api->is_deleting_asked = store_submit(api->client, &api->deleting_unit, &err) == STATUS_OK;
    }
    if (!api->is_deleting_asked)
        look_later(api);
}

static void look_later(struct engine_api *api)
{
    struct engine *e = api->engine;
    if (e->number == 0 && api->deleting_count > 0 && !api->is_deleting_asked &&
        !loop_timer_is_running(&api->deleting_timer))
        loop_timer_start(e->loop, &api->deleting_timer, loop_now_ms() + DELETING_LOOK_MS, look,
                         api);
}

void sfn_deleting_back(struct engine_api *api)
{
    enum status status = api->deleting_unit.status;
    api->is_deleting_asked = false;
    store_unit_done(&api->deleting_unit);
    api->deleting_from = 0;
    if (status == STATUS_OK || status == STATUS_NOT_FOUND)
        tell_all(api, api->deleting_machine, true);
    else
        look_later(api);
}

/* ---- open and close ---- */

enum status sfn_deleting_open(struct engine_api *api, struct error *err)
{
    struct store_names names = {0};
    enum status status;
    str after = {0};
    struct arena a;
    arena_init(&a, 0);
    do {
        status = store_list_things(api->engine->reader, MACHINE_SERVICE, STR("deleting/"), after,
                                   DELETING_AT_ONCE, &a, &names, err);
        for (uint32_t i = 0; status == STATUS_OK && i < names.count; i++) {
            int64_t machine = 0;
            after = names.items[i];
            for (size_t k = sizeof("deleting/") - 1; k < after.n; k++)
                machine = machine * 10 + (after.p[k] - '0');
            add(api, machine);
        }
    } while (status == STATUS_OK && names.count == DELETING_AT_ONCE);
    arena_done(&a);
    look_later(api);
    api->sweep_unit = (struct store_unit){.run = sweep_unit};
    if (status == STATUS_OK && api->engine->number == 0)
        status = store_submit(api->client, &api->sweep_unit, err);
    return status;
}

void sfn_deleting_close(struct engine_api *api)
{
    loop_timer_stop(api->engine->loop, &api->deleting_timer);
    store_unit_done(&api->deleting_unit);
    store_unit_done(&api->sweep_unit);
    free(api->deleting);
}
