/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See machine.h. What the API does with these records is in sfn_machine.c, sfn_version.c and
 * sfn_alias.c; here they are read and written, and found for an execution that begins.
 */
#include "engine/machine.h"
#include "base/utf8.h"
#include "engine/arn.h"
#include "engine/engine_internal.h"
#include "engine/write.h"
#include "json/parse.h"
#include "services/build.h"

/* ---- names ---- */

static bool is_name_char(uint32_t c)
{
    return c > ' ' && !(c >= 0x7F && c <= 0xA0) && c != 0xFFFE && c != 0xFFFF &&
           !utf8_is_surrogate(c) && !(c < 0x80 && strchr("<>{}[]?*\"#%\\^|~`$&,;:/", (int)c));
}

bool machine_is_name(str name)
{
    if (name.n == 0 || utf8_len(name) > ASL_MAX_NAME)
        return false;
    for (size_t at = 0; at < name.n;) {
        if (!is_name_char(utf8_next(name, &at)))
            return false;
    }
    return true;
}

/* ---- reading and writing ---- */

static enum status corrupt(struct error *err, const char *what)
{
    return error_set(err, STATUS_CORRUPT, "MachineCorrupt", "%s of a state machine cannot be read",
                     what);
}

static int64_t int_member(struct json_val object, const char *key)
{
    struct json_val v = json_get(object, str_of(key));
    return v.tag == JSON_INT ? v.i64 : json_is_number(v) ? (int64_t)json_number(v) : 0;
}

static bool bool_member(struct json_val object, const char *key)
{
    struct json_val v = json_get(object, str_of(key));
    return v.tag == JSON_BOOL && v.b;
}

/* A member's text as JSON; empty when there is none. */
static str json_member(struct json_val object, const char *key, struct arena *a)
{
    struct json_val v = json_get(object, str_of(key));
    struct buf text;
    if (v.tag == JSON_UNDEFINED)
        return (str){0};
    buf_init(&text, SIZE_MAX / 2);
    enum status status = json_write(&text, v, 0, NULL);
    str copy = status == STATUS_OK ? arena_dup(a, buf_str(&text)) : (str){0};
    buf_done(&text);
    return copy;
}

static struct machine_revision revision_of(struct json_val v, struct arena *a)
{
    return (struct machine_revision){.id = int_member(v, "revision"),
                                     .definition = int_member(v, "definition"),
                                     .uuid = build_get_text(v, "revisionId"),
                                     .role_arn = build_get_text(v, "roleArn"),
                                     .logging = json_member(v, "logging", a),
                                     .tracing = json_member(v, "tracing", a),
                                     .encryption = json_member(v, "encryption", a),
                                     .created_ms = int_member(v, "created")};
}

static void put_revision(struct object_writer *w, const struct machine_revision *v)
{
    object_int(w, "revision", v->id);
    object_int(w, "definition", v->definition);
    object_text_if(w, "revisionId", v->uuid);
    object_text_if(w, "roleArn", v->role_arn);
    object_json(w, "logging", v->logging);
    object_json(w, "tracing", v->tracing);
    object_json(w, "encryption", v->encryption);
    object_int(w, "created", v->created_ms);
}

static str taken(struct buf *text, struct arena *a)
{
    str copy = arena_dup(a, buf_str(text));
    buf_done(text);
    return copy;
}

enum status machine_properties_read(const struct store_machine *m, struct arena *a,
                                    struct machine_properties *ret, struct error *err)
{
    struct json_val v;
    *ret = (struct machine_properties){
        .revision = {.definition = m->definition, .created_ms = m->created_ms}};
    if (m->properties.n == 0)
        return STATUS_OK;
    if (json_parse_in(a, m->properties, NULL, &v, NULL) != STATUS_OK || v.tag != JSON_OBJECT)
        return corrupt(err, "the properties");
    *ret = (struct machine_properties){.revision = revision_of(v, a),
                                       .is_published = bool_member(v, "published"),
                                       .description = build_get_text(v, "description"),
                                       .last_version = (uint32_t)int_member(v, "lastVersion"),
                                       .is_deleting = bool_member(v, "deleting")};
    ret->revision.definition = m->definition;
    return STATUS_OK;
}

str machine_properties_write(const struct machine_properties *p, struct arena *a)
{
    struct buf text;
    struct object_writer w;
    buf_init(&text, SIZE_MAX / 2);
    object_begin(&w, &text);
    put_revision(&w, &p->revision);
    if (p->is_published)
        object_bool(&w, "published", true);
    object_text_if(&w, "description", p->description);
    object_int(&w, "lastVersion", p->last_version);
    if (p->is_deleting)
        object_bool(&w, "deleting", true);
    object_end(&w);
    return taken(&text, a);
}

/* ---- things ---- */

static enum status find(struct store_reader *r, str name, struct arena *a, struct json_val *ret,
                        struct error *err)
{
    str body;
    enum status status = store_find_thing(r, MACHINE_SERVICE, name, a, &body, err);
    if (status != STATUS_OK)
        return status;
    if (json_parse_in(a, body, NULL, ret, NULL) != STATUS_OK || ret->tag != JSON_OBJECT)
        return corrupt(err, "a version or alias");
    return STATUS_OK;
}

static str revision_thing(int64_t machine, int64_t revision, struct arena *a)
{
    return arena_printf(a, "revision/%lld/%lld", (long long)machine, (long long)revision);
}

enum status machine_find_revision(struct store_reader *r, int64_t machine, int64_t revision,
                                  struct arena *a, struct machine_revision *ret, struct error *err)
{
    struct json_val v;
    enum status status = find(r, revision_thing(machine, revision, a), a, &v, err);
    if (status == STATUS_OK)
        *ret = revision_of(v, a);
    return status;
}

enum status machine_put_revision(struct store_tx *tx, int64_t machine,
                                 const struct machine_revision *v, struct arena *a,
                                 struct error *err)
{
    struct buf text;
    struct object_writer w;
    buf_init(&text, SIZE_MAX / 2);
    object_begin(&w, &text);
    put_revision(&w, v);
    object_end(&w);
    return store_tx_put_thing(tx, MACHINE_SERVICE, revision_thing(machine, v->id, a),
                              taken(&text, a), err);
}

str machine_version_thing(int64_t machine, uint32_t number, struct arena *a)
{
    return arena_printf(a, "version/%lld/%010u", (long long)machine, UINT32_MAX - number);
}

enum status machine_find_version(struct store_reader *r, int64_t machine, uint32_t number,
                                 struct arena *a, struct machine_version *ret, struct error *err)
{
    struct json_val v;
    enum status status = find(r, machine_version_thing(machine, number, a), a, &v, err);
    if (status != STATUS_OK)
        return status;
    *ret = (struct machine_version){.number = number,
                                    .revision = int_member(v, "revision"),
                                    .description = build_get_text(v, "description"),
                                    .created_ms = int_member(v, "created")};
    return STATUS_OK;
}

str machine_version_write(const struct machine_version *v, struct arena *a)
{
    struct buf text;
    struct object_writer w;
    buf_init(&text, SIZE_MAX / 2);
    object_begin(&w, &text);
    object_int(&w, "revision", v->revision);
    object_text_if(&w, "description", v->description);
    object_int(&w, "created", v->created_ms);
    object_end(&w);
    return taken(&text, a);
}

str machine_alias_thing(int64_t machine, str name, struct arena *a)
{
    return arena_printf(a, "alias/%lld/%.*s", (long long)machine, STR_ARG(name));
}

enum status machine_find_alias(struct store_reader *r, int64_t machine, str name, struct arena *a,
                               struct machine_alias *ret, struct error *err)
{
    struct json_val v;
    enum status status = find(r, machine_alias_thing(machine, name, a), a, &v, err);
    if (status != STATUS_OK)
        return status;
    struct json_val routes = json_get(v, STR("routes"));
    struct machine_alias alias = {.description = build_get_text(v, "description"),
                                  .created_ms = int_member(v, "created"),
                                  .updated_ms = int_member(v, "updated")};
    for (uint32_t i = 0; routes.tag == JSON_ARRAY && i < routes.len && i < MACHINE_ROUTES; i++) {
        alias.versions[i] = (uint32_t)int_member(routes.items[i], "version");
        alias.weights[i] = (uint32_t)int_member(routes.items[i], "weight");
        alias.route_count++;
    }
    if (alias.route_count == 0)
        return corrupt(err, "an alias");
    *ret = alias;
    return STATUS_OK;
}

str machine_alias_write(const struct machine_alias *v, struct arena *a)
{
    struct buf text;
    struct object_writer w;
    buf_init(&text, SIZE_MAX / 2);
    object_begin(&w, &text);
    object_text_if(&w, "description", v->description);
    object_key(&w, "routes");
    for (uint32_t i = 0; i < v->route_count; i++)
        buf_printf(&text, "%s{\"version\":%u,\"weight\":%u}", i == 0 ? "[" : ",", v->versions[i],
                   v->weights[i]);
    buf_add_byte(&text, ']');
    object_int(&w, "created", v->created_ms);
    object_int(&w, "updated", v->updated_ms);
    object_end(&w);
    return taken(&text, a);
}

/* ---- what an execution runs ---- */

/* One of the versions, by their weights. */
static uint32_t choose(const struct machine_alias *alias, uint64_t seed)
{
    uint32_t draw = (uint32_t)(seed % 100);
    return alias->route_count == 1 || draw < alias->weights[0] ? alias->versions[0]
                                                               : alias->versions[1];
}

/* NAME:VERSION or NAME:ALIAS, for a machine that is there. */
static enum status find_qualified(struct engine *e, str qualifier, struct arena *a,
                                  struct machine_target *t, struct error *err)
{
    struct machine_version version;
    struct machine_revision revision;
    struct machine_alias alias;
    uint32_t number;
    enum status status = STATUS_OK;
    bool is_alias = !arn_read_version(qualifier, &number);
    if (is_alias)
        status = machine_find_alias(e->reader, t->machine.id, qualifier, a, &alias, err);
    if (status == STATUS_OK && is_alias)
        number = choose(&alias, engine_seed(e));
    if (status == STATUS_OK)
        status = machine_find_version(e->reader, t->machine.id, number, a, &version, err);
    if (status == STATUS_OK)
        status =
            machine_find_revision(e->reader, t->machine.id, version.revision, a, &revision, err);
    if (status != STATUS_OK)
        return status;
    t->revision = revision.id;
    t->machine.definition = revision.definition;
    t->role_arn = revision.role_arn;
    t->origin = is_alias ? arena_printf(a, "{\"version\":%u,\"alias\":\"%.*s\"}", number,
                                        STR_ARG(qualifier)) /* of letters, digits, . - _ */
                         : arena_printf(a, "{\"version\":%u}", number);
    return STATUS_OK;
}

static enum status refuse(struct engine *e, const char *error, const char *what, str qualified,
                          struct error *err)
{
    return error_set(err, STATUS_NOT_FOUND, error,
                     "State Machine %s: 'arn:aws:states:%.*s:%.*s:stateMachine:%.*s'", what,
                     STR_ARG(e->options.region), STR_ARG(e->options.account), STR_ARG(qualified));
}

enum status machine_find_target(struct engine *e, str qualified, struct arena *a,
                                struct machine_target *ret, struct error *err)
{
    struct machine_target t = {0};
    struct machine_properties p;
    size_t colon = str_find_byte(qualified, ':', 0);
    enum status status =
        store_find_machine(e->reader, str_sub(qualified, 0, colon), a, &t.machine, err);
    if (status == STATUS_OK)
        status = machine_properties_read(&t.machine, a, &p, err);
    if (status == STATUS_OK && p.is_deleting)
        return refuse(e, "StateMachineDeleting", "Deleting", qualified, err);
    if (status == STATUS_OK) {
        t.revision = p.revision.id;
        t.role_arn = p.revision.role_arn;
        if (colon != STR_NONE)
            status = find_qualified(e, str_sub(qualified, colon + 1, qualified.n), a, &t, err);
    }
    if (status == STATUS_NOT_FOUND)
        return refuse(e, "StateMachineDoesNotExist", "Does Not Exist", qualified, err);
    if (status == STATUS_OK)
        *ret = t;
    return status;
}

struct machine_origin machine_origin_read(str origin, struct arena *a)
{
    struct json_val v;
    if (origin.n == 0 || json_parse_in(a, origin, NULL, &v, NULL) != STATUS_OK)
        return (struct machine_origin){0};
    return (struct machine_origin){.version = (uint32_t)int_member(v, "version"),
                                   .alias = build_get_text(v, "alias")};
}
