/* SPDX-License-Identifier: Apache-2.0 */
/*
 * State machines: created, updated, deleted. A definition is compiled before the store's thread
 * hears of it; there the machine is looked up, compared and written in one unit.
 *
 * Creating is idempotent, an update that changes nothing makes no revision (reference: "Behaviour
 * rules").
 */
#include "engine/sfn_internal.h"
#include <openssl/sha.h>

static const char DEFAULT_LOGGING[] = "{\"level\":\"OFF\",\"includeExecutionData\":false}";
static const char DEFAULT_TRACING[] = "{\"enabled\":false}";

/* ---- checks that need no data ---- */

static enum status check_role(struct sfn_scope *s, struct error *err)
{
    str role = sfn_text(s, "roleArn");
    if (!sfn_has(s, "roleArn") || str_starts(role, STR("arn:")))
        return STATUS_OK;
    return error_set(err, STATUS_INVALID, "InvalidArn", "Invalid Arn: 'Invalid ARN prefix: %.*s'",
                     STR_ARG(role));
}

static enum status check_logging(struct sfn_scope *s, struct error *err)
{
    struct json_val v = json_get(s->request, STR("loggingConfiguration"));
    if (v.tag != JSON_OBJECT)
        return STATUS_OK;
    str level = build_get_text(v, "level");
    struct json_val to = json_get(v, STR("destinations"));
    uint32_t count = to.tag == JSON_ARRAY ? to.len : 0;
    if (level.n == 0 || str_eq(level, STR("OFF")) || count == 1)
        return STATUS_OK;
    return error_set(err, STATUS_INVALID, "InvalidLoggingConfiguration",
                     "Invalid Logging Configuration: Must specify exactly one Log Destination.");
}

static enum status check_definition(struct sfn_scope *s, enum asl_type type, struct error *err)
{
    struct asl_load_options options = {.type = type, .strict = s->is_strict};
    struct asl_diagnostics found;
    struct asl_definition *d = NULL;
    str text = sfn_text(s, "definition");
    asl_diagnostics_init(&found);
    enum status status = asl_definition_load(text, &options, &found, &d, err);
    if (status == STATUS_OK)
        asl_definition_unref(d);
    else
        asl_diagnostics_print_error(&found, s->words);
    asl_diagnostics_done(&found);
    SHA256((const uint8_t *)text.p, text.n, s->hash);
    return status;
}

static enum status check_publishing(struct sfn_scope *s, struct error *err)
{
    if (!sfn_has(s, "versionDescription") || sfn_flag(s, "publish"))
        return STATUS_OK;
    return sfn_invalid(s, NULL, err, "Version description can only be set when publish is true");
}

static enum asl_type type_of(str type)
{
    return str_eq(type, STR("EXPRESS")) ? ASL_EXPRESS : ASL_STANDARD;
}

enum status sfn_create_machine_check(struct sfn_scope *s, struct error *err)
{
    str name = sfn_text(s, "name");
    if (!machine_is_name(name))
        return error_set(err, STATUS_INVALID, "InvalidName", "Invalid Name: '%.*s'", STR_ARG(name));
    enum status status = check_role(s, err);
    if (status == STATUS_OK)
        status = check_publishing(s, err);
    if (status == STATUS_OK)
        status = check_logging(s, err);
    return status == STATUS_OK ? check_definition(s, type_of(sfn_text(s, "type")), err) : status;
}

static bool changes_something(struct sfn_scope *s)
{
    static const char *const members[] = {"definition", "roleArn", "loggingConfiguration",
                                          "tracingConfiguration", "encryptionConfiguration"};
    for (size_t i = 0; i < ARRAY_LEN(members); i++) {
        if (sfn_has(s, members[i]))
            return true;
    }
    return false;
}

/* The type, which the definition's checks go by, is read here and does not change. */
enum status sfn_update_machine_check(struct sfn_scope *s, struct error *err)
{
    struct arn arn;
    struct store_machine m;
    struct machine_properties p;
    enum status status =
        arn_read(sfn_text(s, "stateMachineArn"), 1u << ARN_STATE_MACHINE, &arn, err);
    if (status == STATUS_OK && !changes_something(s))
        return error_set(err, STATUS_INVALID, "MissingRequiredParameter",
                         "Either the definition, the role ARN, the LoggingConfiguration, or the "
                         "TracingConfiguration must be specified");
    if (status == STATUS_OK)
        status = check_role(s, err);
    if (status == STATUS_OK)
        status = check_publishing(s, err);
    if (status == STATUS_OK)
        status = check_logging(s, err);
    if (status != STATUS_OK || !sfn_has(s, "definition"))
        return status;
    status = sfn_find_machine(s, &arn, &m, &p, err);
    return status == STATUS_OK ? check_definition(s, type_of(m.type), err) : status;
}

/* ---- what a request asks for ---- */

static str json_text(struct sfn_scope *s, struct json_val v)
{
    struct buf text;
    buf_init(&text, SIZE_MAX / 2);
    enum status status = json_write(&text, v, 0, NULL);
    str copy = status == STATUS_OK ? arena_dup(s->arena, buf_str(&text)) : (str){0};
    buf_done(&text);
    return copy;
}

/* With the members that were left out. */
static str logging_text(struct sfn_scope *s, struct json_val v)
{
    struct buf text;
    struct object_writer w;
    str level = build_get_text(v, "level");
    struct json_val all = json_get(v, STR("includeExecutionData"));
    struct json_val to = json_get(v, STR("destinations"));
    buf_init(&text, SIZE_MAX / 2);
    object_begin(&w, &text);
    object_text(&w, "level", level.n > 0 ? level : STR("OFF"));
    object_bool(&w, "includeExecutionData", all.tag == JSON_BOOL && all.b);
    if (to.tag == JSON_ARRAY)
        object_json(&w, "destinations", json_text(s, to));
    object_end(&w);
    str copy = arena_dup(s->arena, buf_str(&text));
    buf_done(&text);
    return copy;
}

/* What the request has replaces what the revision has. */
static enum status apply_request(struct sfn_scope *s, struct machine_revision *v, struct error *err)
{
    struct json_val tracing = json_get(s->request, STR("tracingConfiguration"));
    struct json_val logging = json_get(s->request, STR("loggingConfiguration"));
    struct json_val encryption = json_get(s->request, STR("encryptionConfiguration"));
    if (sfn_has(s, "roleArn"))
        v->role_arn = sfn_text(s, "roleArn");
    if (logging.tag == JSON_OBJECT)
        v->logging = logging_text(s, logging);
    if (tracing.tag == JSON_OBJECT) {
        struct json_val on = json_get(tracing, STR("enabled"));
        v->tracing =
            on.tag == JSON_BOOL && on.b ? STR("{\"enabled\":true}") : str_of(DEFAULT_TRACING);
    }
    if (encryption.tag == JSON_OBJECT)
        v->encryption = json_text(s, encryption);
    if (v->logging.n == 0)
        v->logging = str_of(DEFAULT_LOGGING);
    if (v->tracing.n == 0)
        v->tracing = str_of(DEFAULT_TRACING);
    if (!sfn_has(s, "definition"))
        return STATUS_OK;
    str hash = {(const char *)s->hash, sizeof(s->hash)};
    return store_tx_put_definition(s->tx, hash, sfn_text(s, "definition"), &v->definition, err);
}

static bool is_same_but_role(const struct machine_revision *a, const struct machine_revision *b)
{
    return a->definition == b->definition && str_eq(a->logging, b->logging) &&
           str_eq(a->tracing, b->tracing) && str_eq(a->encryption, b->encryption);
}

static str version_arn(struct sfn_scope *s, str name, uint32_t number)
{
    str prefix = sfn_arn_prefix(s, "stateMachine");
    return arena_printf(s->arena, "%.*s%.*s:%u", STR_ARG(prefix), STR_ARG(name), number);
}

/* ---- create ---- */

static void answer_created(struct sfn_scope *s, const struct store_machine *m, uint32_t version)
{
    struct object_writer w;
    str prefix = sfn_arn_prefix(s, "stateMachine");
    object_begin(&w, s->answer);
    object_text(&w, "stateMachineArn",
                arena_printf(s->arena, "%.*s%.*s", STR_ARG(prefix), STR_ARG(m->name)));
    object_time(&w, "creationDate", m->created_ms);
    if (version > 0)
        object_text(&w, "stateMachineVersionArn", version_arn(s, m->name, version));
    object_end(&w);
}

static enum status deleting(str arn, struct error *err)
{
    return error_set(err, STATUS_CONFLICT, "StateMachineDeleting", "State Machine Deleting: '%.*s'",
                     STR_ARG(arn));
}

/* One of this name exists: the same request gives the same answer. */
static enum status create_again(struct sfn_scope *s, const struct store_machine *m,
                                struct error *err)
{
    struct machine_properties p;
    enum status status = machine_properties_read(m, s->arena, &p, err);
    if (status != STATUS_OK)
        return status;
    str prefix = sfn_arn_prefix(s, "stateMachine");
    str arn = arena_printf(s->arena, "%.*s%.*s", STR_ARG(prefix), STR_ARG(m->name));
    struct machine_revision wanted = {.id = 0};
    status = apply_request(s, &wanted, err);
    if (status != STATUS_OK)
        return status;
    if (p.is_deleting)
        return deleting(arn, err);
    str type = sfn_has(s, "type") ? sfn_text(s, "type") : STR("STANDARD");
    bool is_same = str_eq(type, m->type) && is_same_but_role(&wanted, &p.revision) &&
                   p.is_published == sfn_flag(s, "publish") &&
                   str_eq(p.description, sfn_text(s, "versionDescription"));
    if (!is_same)
        return error_set(err, STATUS_CONFLICT, "StateMachineAlreadyExists",
                         "State Machine Already Exists: '%.*s'", STR_ARG(arn));
    answer_created(s, m, p.is_published ? 1 : 0);
    return STATUS_OK;
}

/* Writes the present revision and the machine's row. */
static enum status save(struct sfn_scope *s, struct store_machine *m, struct machine_properties *p,
                        struct error *err)
{
    m->definition = p->revision.definition;
    m->properties = machine_properties_write(p, s->arena);
    return store_tx_put_machine(s->tx, m, err);
}

static enum status create_new(struct sfn_scope *s, str name, struct error *err)
{
    struct machine_properties p = {.is_published = sfn_flag(s, "publish"),
                                   .description = sfn_text(s, "versionDescription")};
    struct store_machine m = {.id = store_tx_new_id(s->tx),
                              .name = name,
                              .type = sfn_has(s, "type") ? sfn_text(s, "type") : STR("STANDARD"),
                              .created_ms = s->now_ms};
    struct machine_version version = {0};
    p.revision.id = store_tx_new_id(s->tx);
    p.revision.created_ms = s->now_ms;
    enum status status = apply_request(s, &p.revision, err);
    if (status == STATUS_OK)
        status = machine_put_revision(s->tx, m.id, &p.revision, s->arena, err);
    if (status == STATUS_OK && p.is_published)
        status = sfn_publish(s, &m, &p, p.description, &version, err);
    if (status == STATUS_OK)
        status = save(s, &m, &p, err);
    str prefix = sfn_arn_prefix(s, "stateMachine");
    str arn = arena_printf(s->arena, "%.*s%.*s", STR_ARG(prefix), STR_ARG(name));
    if (status == STATUS_OK)
        status = sfn_add_tags(s, arn, json_get(s->request, STR("tags")), err);
    if (status == STATUS_OK)
        answer_created(s, &m, version.number);
    return status;
}

enum status sfn_create_machine(struct sfn_scope *s, struct error *err)
{
    struct store_machine old;
    str name = sfn_text(s, "name");
    enum status status = store_find_machine(s->reader, name, s->arena, &old, err);
    if (status == STATUS_OK)
        return create_again(s, &old, err);
    return status == STATUS_NOT_FOUND ? create_new(s, name, err) : status;
}

/* ---- update ---- */

static enum status answer_updated(struct sfn_scope *s, const struct store_machine *m,
                                  const struct machine_properties *p, uint32_t version)
{
    struct object_writer w;
    object_begin(&w, s->answer);
    object_time(&w, "updateDate", s->now_ms);
    object_text_if(&w, "revisionId", p->revision.uuid);
    if (version > 0)
        object_text(&w, "stateMachineVersionArn", version_arn(s, m->name, version));
    object_end(&w);
    return STATUS_OK;
}

static enum status make_revision(struct sfn_scope *s, const struct store_machine *m,
                                 struct machine_revision *v, struct error *err)
{
    v->id = store_tx_new_id(s->tx);
    v->uuid = asl_uuid_of(m->name, s->seed, (uint64_t)v->id, s->arena);
    v->created_ms = s->now_ms;
    return machine_put_revision(s->tx, m->id, v, s->arena, err);
}

enum status sfn_update_machine(struct sfn_scope *s, struct error *err)
{
    struct arn arn;
    struct store_machine m;
    struct machine_properties p;
    struct machine_version version = {0};
    enum status status =
        arn_read(sfn_text(s, "stateMachineArn"), 1u << ARN_STATE_MACHINE, &arn, err);
    if (status == STATUS_OK)
        status = sfn_find_machine(s, &arn, &m, &p, err);
    if (status != STATUS_OK)
        return status;
    if (p.is_deleting)
        return deleting(arn.text, err);
    struct machine_revision wanted = p.revision;
    status = apply_request(s, &wanted, err);
    if (status == STATUS_OK &&
        !(is_same_but_role(&wanted, &p.revision) && str_eq(wanted.role_arn, p.revision.role_arn))) {
        p.revision = wanted;
        status = make_revision(s, &m, &p.revision, err);
    }
    if (status == STATUS_OK && sfn_flag(s, "publish"))
        status = sfn_publish(s, &m, &p, sfn_text(s, "versionDescription"), &version, err);
    if (status == STATUS_OK)
        status = save(s, &m, &p, err);
    return status == STATUS_OK ? answer_updated(s, &m, &p, version.number) : status;
}

/* ---- delete ---- */

enum status sfn_delete_things(struct sfn_scope *s, const char *kind, int64_t machine,
                              struct error *err)
{
    enum { AT_ONCE = 500 };
    struct store_names names;
    str prefix = arena_printf(s->arena, "%s/%lld/", kind, (long long)machine);
    do {
        enum status status = store_list_things(s->reader, MACHINE_SERVICE, prefix, (str){0},
                                               AT_ONCE, s->arena, &names, err);
        for (uint32_t i = 0; status == STATUS_OK && i < names.count; i++)
            status = store_tx_delete_thing(s->tx, MACHINE_SERVICE, names.items[i], err);
        if (status != STATUS_OK)
            return status;
    } while (names.count == AT_ONCE);
    return STATUS_OK;
}

/* Executions run: it is marked, and its id is the reply. */
static enum status mark_deleting(struct sfn_scope *s, struct store_machine *m,
                                 struct machine_properties *p, struct error *err)
{
    p->is_deleting = true;
    enum status status = save(s, m, p, err);
    if (status == STATUS_OK)
        status = store_tx_put_thing(s->tx, MACHINE_SERVICE,
                                    arena_printf(s->arena, "deleting/%lld", (long long)m->id),
                                    m->name, err);
    buf_printf(s->answer, "%lld", (long long)m->id);
    return status;
}

enum status sfn_delete_machine(struct sfn_scope *s, struct error *err)
{
    struct arn arn;
    struct store_machine m;
    struct machine_properties p;
    bool is_running = false;
    enum status status =
        arn_read(sfn_text(s, "stateMachineArn"), 1u << ARN_STATE_MACHINE, &arn, err);
    if (status != STATUS_OK)
        return status;
    status = sfn_find_machine(s, &arn, &m, &p, err);
    if (status == STATUS_NOT_FOUND || (status == STATUS_OK && p.is_deleting))
        return STATUS_OK; /* as if it had been there */
    if (status == STATUS_OK)
        status = sfn_delete_things(s, "version", m.id, err);
    if (status == STATUS_OK)
        status = sfn_delete_things(s, "alias", m.id, err);
    if (status == STATUS_OK)
        status = sfn_drop_tags(s, arn.text, err);
    if (status == STATUS_OK)
        status = sfn_has_running(s->reader, m.id, s->arena, &is_running, err);
    if (status != STATUS_OK)
        return status;
    return is_running ? mark_deleting(s, &m, &p, err) : sfn_bury_machine(s->tx, &m, s->arena, err);
}
