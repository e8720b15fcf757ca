/* SPDX-License-Identifier: Apache-2.0 */
/* One loop's engine: opening and closing, clock and chance, and the definitions it has compiled.
 * What several loops share is opened in team.c. */
#include "engine/engine_internal.h"
#include "base/splitmix.h"
#include "engine/activity.h"
#include "engine/sfn_internal.h"
#include "engine/map_run.h"
#include "engine/pauses.h"
#include "json/parse.h"
#include "engine/team.h"
#include "engine/unit.h"
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <stdlib.h>

/* ---- clock and chance ---- */

int64_t engine_now_ms(const struct engine *e)
{
    double speed = e->options.clock_speed;
    if (speed <= 0)
        return loop_wall_ms();
    return e->clock_base_ms + (int64_t)((double)(loop_now_ms() - e->clock_start_ms) * speed);
}

int64_t engine_loop_ms(const struct engine *e, int64_t wait_ms)
{
    double speed = e->options.clock_speed;
    if (wait_ms <= 0)
        return loop_now_ms();
    return loop_now_ms() + (speed > 0 ? (int64_t)((double)wait_ms / speed) + 1 : wait_ms);
}

static bool is_still(const struct engine *e)
{
    return !e->door->is_turn_asked && !e->first_queued && !e->first_waiting &&
           e->figures.in_flight == 0 && engine_http_calls(e) == 0 && engine_maps_are_still(e) &&
           engine_units_are_still(e);
}

bool engine_skip(struct engine *e)
{
    if (e->options.clock_speed <= 0 || !is_still(e))
        return false;
    int64_t skipped_ms = loop_skip(e->loop);
    e->clock_start_ms -= skipped_ms;
    return skipped_ms > 0;
}

uint64_t engine_seed(struct engine *e)
{
    return splitmix64_next(&e->seed);
}

void engine_point(const struct engine *e, const char *name)
{
    if (e->options.at_point)
        e->options.at_point(e->options.point_arg, name);
}

bool engine_is_passing(enum status status)
{
    return status != STATUS_OK && status != STATUS_CONFLICT && status != STATUS_NOT_FOUND &&
           status != STATUS_INVALID && status != STATUS_CORRUPT;
}

/* ---- open and close ---- */

static void share(struct engine *e, struct engine_team *team)
{
    e->team = team;
    e->store = team->store;
    e->options = team->options;
    memcpy(e->token_key, team->token_key, sizeof(e->token_key));
    e->settings = (struct service_settings){.account = team->options.account,
                                            .region = team->options.region,
                                            .is_strict = team->options.is_strict};
    e->clock_base_ms = team->clock_base_ms;
    e->clock_start_ms = team->clock_start_ms;
}

static enum status open_all(struct engine *e, struct error *err)
{
    const struct engine_options *o = &e->options;
    if (RAND_bytes((unsigned char *)&e->seed, sizeof(e->seed)) != 1)
        return error_set(err, STATUS_UNAVAILABLE, "EngineRandom",
                         "the system gives no random bytes");
    enum status status =
        store_reader_open(o->data, o->store ? o->store->vfs : NULL, &e->reader, err);
    if (status == STATUS_OK)
        store_reader_follow(e->reader, e->store);
    if (status == STATUS_OK)
        status = engine_http_open(e, err);
    if (status != STATUS_OK)
        return status;
    e->client = store_client_new(e->store, engine_wake, e->door);
    engine_units_open(e);
    engine_map_open(e);
    status = engine_pauses_open(e, err);
    if (status == STATUS_OK)
        status = engine_api_open(e, err);
    if (status == STATUS_OK)
        status = engine_recover(e, err);
    if (status == STATUS_OK && o->loop_opened)
        status = o->loop_opened(o->loop_arg, e, e->loop, err);
    e->is_open = status == STATUS_OK;
    return status;
}

enum status engine_open_one(struct engine_team *team, uint32_t number, struct loop *loop,
                            struct engine_door *door, struct engine **ret, struct error *err)
{
    struct engine *e = calloc(1, sizeof(*e));
    check(e != NULL);
    e->loop = loop;
    e->number = number;
    e->door = door;
    door->engine = e;
    engine_door_ref(door);
    arena_init(&e->arena, 0);
    asl_out_init(&e->out);
    share(e, team);
    enum status status = open_all(e, err);
    if (status == STATUS_OK)
        *ret = e;
    else
        engine_close_one(e);
    return status;
}

static void free_definitions(struct engine *e)
{
    while (e->definitions) {
        struct engine_definition *d = e->definitions;
        e->definitions = d->next;
        asl_definition_unref(d->definition);
        free(d);
    }
}

static void free_executions(struct engine *e)
{
    engine_commits_done(e);
    struct engine_execution *ex;
    for (uint32_t at = 0; (ex = idmap_next(&e->executions, &at)) != NULL;) {
        engine_execution_free(ex);
        at--; /* another one may have moved here */
    }
    check(e->executions.count == 0);
    idmap_done(&e->executions);
    free(e->named);
}

void engine_close_one(struct engine *e)
{
    if (!e)
        return;
    if (e->is_open && e->options.loop_closing)
        e->options.loop_closing(e->options.loop_arg, e);
    e->is_closing = true;
    engine_relays_close(e);
    engine_http_close(e);
    engine_units_close(e);
    store_client_free(e->client); /* waits; what comes back is not acted upon */
    engine_map_close(e);
    loop_timer_stop(e->loop, &e->sleep_timer);
    loop_timer_stop(e->loop, &e->stall_timer);
    free_executions(e);
    engine_api_close(e);
    asl_out_done(&e->out);
    free_definitions(e);
    store_reader_close(e->reader);
    arena_done(&e->arena);
    e->door->engine = NULL;
    engine_door_unref(e->door);
    free(e);
}

struct loop *engine_loop(const struct engine *e)
{
    return e->loop;
}

struct engine_figures engine_figures(const struct engine *e)
{
    struct engine_figures figures = e->figures;
    figures.in_memory = e->executions.count;
    engine_http_figures(e, &figures);
    return figures;
}

void engine_store_metrics(const struct engine *e, struct store_metrics *ret)
{
    store_get_metrics(e->store, ret);
}

/* ---- definitions ---- */

struct asl_options engine_asl_options(const struct engine *e)
{
    struct asl_options options = {
        .strict = e->options.is_strict, .clock_stride = e->team->count, .clock_phase = e->number};
    memcpy(options.token_key, e->token_key, sizeof(options.token_key));
    if (!e->options.work) { /* whoever stands in for services stands in for activities too */
        options.has_activity = activity_is_there;
        options.has_activity_arg = (void *)(uintptr_t)e;
    }
    if (!e->options.is_strict) {
        options.delay = engine_http_delay;
        options.delay_arg = (void *)(uintptr_t)e;
    }
    return options;
}

static enum status compile(struct engine *e, str text, enum asl_type type,
                           struct asl_definition **ret, struct error *err)
{
    struct asl_load_options options = {.type = type, .strict = e->options.is_strict};
    return asl_definition_load(text, &options, NULL, ret, err);
}

static struct engine_definition *find_definition(struct engine *e, int64_t id, enum asl_type type)
{
    struct engine_definition **at = &e->definitions;
    while (*at && ((*at)->id != id || (*at)->type != type))
        at = &(*at)->next;
    struct engine_definition *d = *at;
    if (d) { /* to the front */
        *at = d->next;
        d->next = e->definitions;
        e->definitions = d;
    }
    return d;
}

/* Executions hold theirs; what nobody uses any more is compiled again when it is needed. */
static void forget_last_definition(struct engine *e)
{
    struct engine_definition **at = &e->definitions;
    while ((*at)->next)
        at = &(*at)->next;
    asl_definition_unref((*at)->definition);
    free(*at);
    *at = NULL;
    e->definition_count--;
}

enum status engine_definition_get(struct engine *e, int64_t id, enum asl_type type,
                                  struct asl_definition **ret, struct error *err)
{
    struct engine_definition *d = find_definition(e, id, type);
    if (d) {
        *ret = d->definition;
        return STATUS_OK;
    }
    struct arena a;
    str text;
    arena_init(&a, 0);
    enum status status = store_find_definition(e->reader, id, &a, &text, err);
    if (status == STATUS_OK)
        status = compile(e, text, type, ret, err);
    arena_done(&a);
    if (status != STATUS_OK)
        return status;
    if (e->definition_count == ENGINE_MAX_DEFINITIONS)
        forget_last_definition(e);
    d = malloc(sizeof(*d));
    check(d != NULL);
    *d = (struct engine_definition){
        .next = e->definitions, .id = id, .definition = *ret, .type = type};
    e->definitions = d;
    e->definition_count++;
    return STATUS_OK;
}

struct put_machine {
    str hash, text;
    struct store_machine machine;
};

static enum status write_machine(struct store_tx *tx, str args, struct arena *scratch,
                                 struct error *err)
{
    const struct put_machine *put = (const struct put_machine *)(const void *)args.p;
    struct store_machine machine = put->machine, old;
    enum status status =
        store_tx_put_definition(tx, put->hash, put->text, &machine.definition, err);
    if (status != STATUS_OK)
        return status;
    status = store_find_machine(store_tx_reader(tx), machine.name, scratch, &old, err);
    if (status == STATUS_OK)
        machine.id = old.id;
    else if (status != STATUS_NOT_FOUND)
        return status;
    return store_tx_put_machine(tx, &machine, err);
}

enum status engine_put_machine(struct engine *e, str name, enum asl_type type, str definition,
                               struct error *err)
{
    uint8_t hash[SHA256_DIGEST_LENGTH];
    struct asl_definition *d;
    if (name.n == 0 || name.n > ASL_MAX_NAME)
        return error_set(err, STATUS_INVALID, "InvalidName", "Invalid Name: '%.*s'", STR_ARG(name));
    enum status status = compile(e, definition, type, &d, err);
    if (status != STATUS_OK)
        return status;
    asl_definition_unref(d);
    SHA256((const uint8_t *)definition.p, definition.n, hash);
    struct put_machine put = {
        .hash = {(const char *)hash, sizeof(hash)},
        .text = definition,
        .machine = {.id = store_new_id(e->store),
                    .name = name,
                    .type = type == ASL_EXPRESS ? STR("EXPRESS") : STR("STANDARD"),
                    .created_ms = engine_now_ms(e)}};
    struct store_unit unit = {.run = write_machine, .args = {(const char *)&put, sizeof(put)}};
    struct store_client *client = store_client_new(e->store, NULL, NULL);
    status = store_perform(client, &unit, err);
    store_unit_done(&unit);
    store_client_free(client);
    return status;
}
