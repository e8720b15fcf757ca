/* SPDX-License-Identifier: Apache-2.0 */
/* Opening and closing, clock and chance, and the definitions that the loop has compiled. */
#include "engine/engine_internal.h"
#include "base/splitmix.h"
#include "engine/map_run.h"
#include "json/parse.h"
#include <errno.h>
#include <fcntl.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

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

static bool draw(void *bytes, int n)
{
    return RAND_bytes(bytes, n) == 1;
}

/* ---- the key of task tokens ---- */

static enum status key_error(struct error *err, const char *path, const char *what)
{
    return error_set(err, STATUS_IO, "EngineKey", "%s: %s", path, what);
}

static enum status make_key(struct engine *e, const char *path, struct error *err)
{
    struct arena a;
    arena_init(&a, 0);
    char *part = arena_cstr(&a, arena_printf(&a, "%s.new", path));
    char *folder = arena_cstr(&a, e->options.data);
    int file = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    bool is_made = file >= 0 && draw(e->token_key, sizeof(e->token_key)) &&
                   write(file, e->token_key, sizeof(e->token_key)) == sizeof(e->token_key) &&
                   fsync(file) == 0;
    if (file >= 0)
        close(file);
    is_made = is_made && rename(part, path) == 0;
    int dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    is_made = dir >= 0 && is_made && fsync(dir) == 0;
    if (dir >= 0)
        close(dir);
    arena_done(&a);
    return is_made ? STATUS_OK : key_error(err, path, "the key cannot be made");
}

/* Made once for each data folder; readable by its owner only. Tokens that were given away must
 * still be good after a power cut, so it is durable before the first one is. */
static enum status read_key(struct engine *e, struct error *err)
{
    char *path =
        arena_cstr(&e->arena, arena_printf(&e->arena, "%.*s/token.key", STR_ARG(e->options.data)));
    FILE *f = fopen(path, "rb");
    if (!f && errno == ENOENT)
        return make_key(e, path, err);
    if (!f)
        return key_error(err, path, "the key cannot be opened");
    size_t n = fread(e->token_key, 1, sizeof(e->token_key), f);
    fclose(f);
    return n == sizeof(e->token_key) ? STATUS_OK : key_error(err, path, "the key is cut off");
}

/* ---- open and close ---- */

static void keep_options(struct engine *e, const struct engine_options *options)
{
    e->options = *options;
    e->options.data = str_of(arena_cstr(&e->arena, options->data));
    e->options.account =
        options->account.n > 0 ? arena_dup(&e->arena, options->account) : STR("000000000000");
    e->options.region =
        options->region.n > 0 ? arena_dup(&e->arena, options->region) : STR("us-east-1");
    if (options->ca_file)
        e->options.ca_file = arena_cstr(&e->arena, str_of(options->ca_file));
    if (e->options.max_idle == 0)
        e->options.max_idle = ENGINE_MAX_IDLE;
    e->clock_base_ms = loop_wall_ms();
    e->clock_start_ms = loop_now_ms();
}

static enum status open_all(struct engine *e, struct error *err)
{
    enum status status = store_open(e->options.data, e->options.store, &e->store, err);
    if (status != STATUS_OK)
        return status;
    const char *vfs = e->options.store ? e->options.store->vfs : NULL;
    status = store_reader_open(e->options.data, vfs, &e->reader, err);
    if (status == STATUS_OK)
        status = read_key(e, err);
    if (status != STATUS_OK)
        return status;
    status = engine_http_open(e, err);
    if (status != STATUS_OK)
        return status;
    e->client = store_client_new(e->store, engine_wake, e->door);
    engine_map_open(e);
    return engine_recover(e, err);
}

enum status engine_open(struct loop *loop, const struct engine_options *options,
                        struct engine **ret, struct error *err)
{
    struct engine *e = calloc(1, sizeof(*e));
    check(e != NULL);
    e->loop = loop;
    e->door = calloc(1, sizeof(*e->door));
    check(e->door != NULL);
    *e->door = (struct engine_door){.engine = e, .loop = loop};
    arena_init(&e->arena, 0);
    asl_out_init(&e->out);
    keep_options(e, options);
    enum status status = draw(&e->seed, sizeof(e->seed))
                             ? open_all(e, err)
                             : error_set(err, STATUS_UNAVAILABLE, "EngineRandom",
                                         "the system gives no random bytes");
    if (status == STATUS_OK)
        *ret = e;
    else
        engine_close(e);
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

void engine_door_leave(struct engine_door *door)
{
    if (!door->is_turn_asked && !atomic_load(&door->is_taken_asked))
        free(door);
}

void engine_close(struct engine *e)
{
    if (!e)
        return;
    e->is_closing = true;
    engine_http_close(e);
    store_client_free(e->client); /* waits; what comes back is not acted upon */
    engine_map_close(e);
    loop_timer_stop(e->loop, &e->sleep_timer);
    loop_timer_stop(e->loop, &e->stall_timer);
    free_executions(e);
    asl_out_done(&e->out);
    free_definitions(e);
    store_reader_close(e->reader);
    if (e->store)
        store_close(e->store);
    arena_done(&e->arena);
    e->door->engine = NULL;
    engine_door_leave(e->door);
    free(e);
}

struct engine_figures engine_figures(const struct engine *e)
{
    struct engine_figures figures = e->figures;
    figures.in_memory = e->executions.count;
    figures.calls = engine_http_calls(e);
    return figures;
}

void engine_store_metrics(const struct engine *e, struct store_metrics *ret)
{
    store_get_metrics(e->store, ret);
}

/* ---- definitions ---- */

struct asl_options engine_asl_options(const struct engine *e)
{
    struct asl_options options = {.strict = e->options.is_strict};
    memcpy(options.token_key, e->token_key, sizeof(options.token_key));
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
