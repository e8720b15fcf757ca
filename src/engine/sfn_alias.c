/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Aliases of state machines: a name for one version, or for two with weights that say how many of
 * the executions each gets.
 */
#include "engine/sfn_internal.h"

/* ---- routing ---- */

struct routing {
    struct arn machine; /* of the versions, without one */
    struct machine_alias alias;
};

/* "[a, b]" of all routes. */
static str show_arns(struct sfn_scope *s, struct json_val routes)
{
    struct buf text;
    buf_init(&text, 1 << 16);
    for (uint32_t i = 0; i < routes.len; i++)
        buf_printf(&text, "%s%.*s", i == 0 ? "[" : ", ",
                   STR_ARG(build_get_text(routes.items[i], "stateMachineVersionArn")));
    buf_add_byte(&text, ']');
    str copy = arena_dup(s->arena, buf_str(&text));
    buf_done(&text);
    return copy;
}

/* A message as long as two ARNs need. */
static enum status bad_routing(struct sfn_scope *s, struct error *err, const char *what, str shown)
{
    buf_clear(s->words);
    buf_printf(s->words, "%s Received: %.*s", what, STR_ARG(shown));
    return sfn_invalid(s, "INVALID_ROUTING_CONFIGURATION", err, "%.*s", STR_ARG(buf_str(s->words)));
}

static uint32_t weight_of(struct json_val route)
{
    struct json_val v = json_get(route, STR("weight"));
    return json_is_number(v) ? (uint32_t)json_number(v) : 0;
}

static enum status read_route(struct sfn_scope *s, struct json_val routes, uint32_t i,
                              struct routing *ret, struct error *err)
{
    struct arn arn;
    str text = build_get_text(routes.items[i], "stateMachineVersionArn");
    enum status status = arn_read(text, 1u << ARN_STATE_MACHINE, &arn, err);
    if (status != STATUS_OK)
        return status;
    if (!arn_read_version(arn.qualifier, &ret->alias.versions[i]))
        return bad_routing(s, err, "Routing configuration must contain state machine version ARNs.",
                           show_arns(s, routes));
    if (i > 0 && !str_eq(arn.name, ret->machine.name))
        return bad_routing(s, err,
                           "Routing configuration must contain versions of the same state machine.",
                           show_arns(s, routes));
    ret->machine = arn;
    ret->machine.qualifier = (str){0};
    ret->alias.weights[i] = weight_of(routes.items[i]);
    return STATUS_OK;
}

static enum status read_routing(struct sfn_scope *s, struct routing *ret, struct error *err)
{
    struct json_val routes = json_get(s->request, STR("routingConfiguration"));
    struct machine_alias *alias = &ret->alias;
    enum status status = STATUS_OK;
    alias->route_count = routes.len; /* 1 or 2, by the shape */
    for (uint32_t i = 0; i < routes.len && status == STATUS_OK; i++)
        status = read_route(s, routes, i, ret, err);
    if (status != STATUS_OK)
        return status;
    if (routes.len == 2 && alias->versions[0] == alias->versions[1])
        return bad_routing(
            s, err, "Routing configuration must contain distinct state machine version ARNs.",
            show_arns(s, routes));
    uint32_t second = routes.len == 2 ? alias->weights[1] : 0;
    if (alias->weights[0] + second == 100)
        return STATUS_OK;
    str shown = routes.len == 2
                    ? arena_printf(s->arena, "[%u, %u]", alias->weights[0], alias->weights[1])
                    : arena_printf(s->arena, "[%u]", alias->weights[0]);
    return bad_routing(s, err, "Sum of routing configuration weights must equal 100.", shown);
}

enum status sfn_create_alias_check(struct sfn_scope *s, struct error *err)
{
    struct routing routing = {0};
    return read_routing(s, &routing, err);
}

/* ---- create and update ---- */

static enum status does_not_exist(struct error *err)
{
    return error_set(err, STATUS_NOT_FOUND, "ResourceNotFound",
                     "Request references a resource that does not exist.");
}

/* Are the versions there? */
static enum status check_versions(struct sfn_scope *s, int64_t machine,
                                  const struct machine_alias *alias, struct error *err)
{
    struct machine_version v;
    for (uint32_t i = 0; i < alias->route_count; i++) {
        enum status status =
            machine_find_version(s->reader, machine, alias->versions[i], s->arena, &v, err);
        if (status == STATUS_NOT_FOUND)
            return does_not_exist(err);
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}

static bool is_same_routing(const struct machine_alias *a, const struct machine_alias *b)
{
    if (a->route_count != b->route_count)
        return false;
    for (uint32_t i = 0; i < a->route_count; i++) {
        if (a->versions[i] != b->versions[i] || a->weights[i] != b->weights[i])
            return false;
    }
    return true;
}

static str alias_arn(struct sfn_scope *s, str machine, str name)
{
    str prefix = sfn_arn_prefix(s, "stateMachine");
    return arena_printf(s->arena, "%.*s%.*s:%.*s", STR_ARG(prefix), STR_ARG(machine),
                        STR_ARG(name));
}

static enum status check_room(struct sfn_scope *s, int64_t machine, struct error *err)
{
    struct store_names names;
    str prefix = arena_printf(s->arena, "alias/%lld/", (long long)machine);
    enum status status = store_list_things(s->reader, MACHINE_SERVICE, prefix, (str){0},
                                           SFN_MAX_ALIASES, s->arena, &names, err);
    if (status != STATUS_OK || names.count < SFN_MAX_ALIASES)
        return status;
    return error_set(err, STATUS_LIMIT, "ServiceQuotaExceededException",
                     "A state machine can have %d aliases", SFN_MAX_ALIASES);
}

static enum status save(struct sfn_scope *s, int64_t machine, str name,
                        const struct machine_alias *alias, struct error *err)
{
    return store_tx_put_thing(s->tx, MACHINE_SERVICE, machine_alias_thing(machine, name, s->arena),
                              machine_alias_write(alias, s->arena), err);
}

enum status sfn_create_alias(struct sfn_scope *s, struct error *err)
{
    struct routing routing = {0};
    struct store_machine m;
    struct machine_properties p;
    struct machine_alias old, *alias = &routing.alias;
    struct object_writer w;
    str name = sfn_text(s, "name");
    enum status status = read_routing(s, &routing, err);
    if (status == STATUS_OK)
        status = sfn_find_machine(s, &routing.machine, &m, &p, err);
    if (status == STATUS_NOT_FOUND)
        return does_not_exist(err);
    if (status == STATUS_OK && p.is_deleting)
        return error_set(err, STATUS_CONFLICT, "StateMachineDeleting",
                         "State Machine Deleting: '%.*s'", STR_ARG(routing.machine.text));
    if (status == STATUS_OK)
        status = check_versions(s, m.id, alias, err);
    if (status != STATUS_OK)
        return status;
    alias->description = sfn_text(s, "description");
    alias->created_ms = alias->updated_ms = s->now_ms;
    status = machine_find_alias(s->reader, m.id, name, s->arena, &old, err);
    if (status == STATUS_NOT_FOUND)
        status = check_room(s, m.id, err);
    else if (status == STATUS_OK && is_same_routing(&old, alias) &&
             str_eq(old.description, alias->description))
        *alias = old;
    else if (status == STATUS_OK)
        return error_set(err, STATUS_CONFLICT, "ConflictException",
                         "Failed to create alias because an alias with the same name and a "
                         "different routing configuration already exists.");
    if (status == STATUS_OK)
        status = save(s, m.id, name, alias, err);
    object_begin(&w, s->answer);
    object_text(&w, "stateMachineAliasArn", alias_arn(s, m.name, name));
    object_time(&w, "creationDate", alias->created_ms);
    object_end(&w);
    return status;
}

/* The alias that the request's ARN names. STATUS_NOT_FOUND without words of its own. */
static enum status find_alias(struct sfn_scope *s, struct arn *arn, struct store_machine *m,
                              struct machine_alias *ret, struct error *err)
{
    struct machine_properties p;
    uint32_t number;
    enum status status =
        arn_read(sfn_text(s, "stateMachineAliasArn"), 1u << ARN_STATE_MACHINE, arn, err);
    if (status != STATUS_OK)
        return status;
    if (arn->qualifier.n == 0 || arn_read_version(arn->qualifier, &number))
        return error_set(err, STATUS_INVALID, "InvalidArn",
                         "Invalid Arn: 'Invalid state machine alias ARN: %.*s'",
                         STR_ARG(arn->text));
    struct arn plain = *arn;
    plain.qualifier = (str){0};
    status = sfn_find_machine(s, &plain, m, &p, err);
    return status == STATUS_OK
               ? machine_find_alias(s->reader, m->id, arn->qualifier, s->arena, ret, err)
               : status;
}

enum status sfn_update_alias_check(struct sfn_scope *s, struct error *err)
{
    struct routing routing = {0};
    if (!sfn_has(s, "routingConfiguration") && !sfn_has(s, "description"))
        return sfn_invalid(s, "MISSING_REQUIRED_PARAMETER", err,
                           "Either the description or the routing configuration must be "
                           "specified");
    return sfn_has(s, "routingConfiguration") ? read_routing(s, &routing, err) : STATUS_OK;
}

enum status sfn_update_alias(struct sfn_scope *s, struct error *err)
{
    struct arn arn;
    struct store_machine m;
    struct machine_alias alias;
    struct routing routing = {0};
    struct object_writer w;
    enum status status = find_alias(s, &arn, &m, &alias, err);
    if (status == STATUS_NOT_FOUND)
        return does_not_exist(err);
    if (status == STATUS_OK && sfn_has(s, "routingConfiguration")) {
        status = read_routing(s, &routing, err);
        if (status == STATUS_OK && !str_eq(routing.machine.name, arn.name))
            return does_not_exist(err);
        if (status == STATUS_OK)
            status = check_versions(s, m.id, &routing.alias, err);
        routing.alias.description = alias.description;
        routing.alias.created_ms = alias.created_ms;
        alias = routing.alias;
    }
    if (status != STATUS_OK)
        return status;
    if (sfn_has(s, "description"))
        alias.description = sfn_text(s, "description");
    alias.updated_ms = s->now_ms;
    object_begin(&w, s->answer);
    object_time(&w, "updateDate", alias.updated_ms);
    object_end(&w);
    return save(s, m.id, arn.qualifier, &alias, err);
}

enum status sfn_delete_alias(struct sfn_scope *s, struct error *err)
{
    struct arn arn;
    struct store_machine m;
    struct machine_alias alias;
    enum status status = find_alias(s, &arn, &m, &alias, err);
    buf_add(s->answer, STR("{}"));
    if (status == STATUS_NOT_FOUND)
        return STATUS_OK;
    if (status != STATUS_OK)
        return status;
    return store_tx_delete_thing(s->tx, MACHINE_SERVICE,
                                 machine_alias_thing(m.id, arn.qualifier, s->arena), err);
}

/* ---- describe and list ---- */

enum status sfn_describe_alias(struct sfn_scope *s, struct error *err)
{
    struct arn arn;
    struct store_machine m;
    struct machine_alias alias;
    struct object_writer w, route;
    enum status status = find_alias(s, &arn, &m, &alias, err);
    if (status == STATUS_NOT_FOUND)
        return does_not_exist(err);
    if (status != STATUS_OK)
        return status;
    object_begin(&w, s->answer);
    object_text(&w, "stateMachineAliasArn", arn.text);
    object_text(&w, "name", arn.qualifier);
    object_text_if(&w, "description", alias.description);
    object_key(&w, "routingConfiguration");
    for (uint32_t i = 0; i < alias.route_count; i++) {
        str prefix = sfn_arn_prefix(s, "stateMachine");
        buf_add_byte(s->answer, i == 0 ? '[' : ',');
        object_begin(&route, s->answer);
        object_text(&route, "stateMachineVersionArn",
                    arena_printf(s->arena, "%.*s%.*s:%u", STR_ARG(prefix), STR_ARG(m.name),
                                 alias.versions[i]));
        object_int(&route, "weight", alias.weights[i]);
        object_end(&route);
    }
    buf_add_byte(s->answer, ']');
    object_time(&w, "creationDate", alias.created_ms);
    object_time(&w, "updateDate", alias.updated_ms);
    object_end(&w);
    return STATUS_OK;
}

/* Does an alias route to this version? 0: any. */
static bool routes_to(const struct machine_alias *alias, uint32_t number)
{
    for (uint32_t i = 0; i < alias->route_count; i++) {
        if (alias->versions[i] == number)
            return true;
    }
    return number == 0;
}

/* A page of aliases, written; *ret_last is set when there are more behind it. There are
 * SFN_MAX_ALIASES of a machine at most. */
static enum status put_aliases(struct sfn_scope *s, const struct store_machine *m, uint32_t number,
                               const struct sfn_page *page, str *ret_last, struct error *err)
{
    struct store_names names;
    struct object_writer item;
    str prefix = arena_printf(s->arena, "alias/%lld/", (long long)m->id), last = {0};
    uint32_t given = 0;
    enum status status = store_list_things(s->reader, MACHINE_SERVICE, prefix, page->after,
                                           SFN_MAX_ALIASES, s->arena, &names, err);
    for (uint32_t i = 0; status == STATUS_OK && i < names.count; i++) {
        struct machine_alias alias;
        str name = str_sub(names.items[i], prefix.n, names.items[i].n);
        status = machine_find_alias(s->reader, m->id, name, s->arena, &alias, err);
        if (status != STATUS_OK || !routes_to(&alias, number))
            continue;
        if (given == page->limit) {
            *ret_last = last;
            break;
        }
        if (given++ > 0)
            buf_add_byte(s->answer, ',');
        object_begin(&item, s->answer);
        object_text(&item, "stateMachineAliasArn", alias_arn(s, m->name, name));
        object_time(&item, "creationDate", alias.created_ms);
        object_end(&item);
        last = names.items[i];
    }
    return status;
}

/* All of a machine, or those that route to a version; by name. */
enum status sfn_list_aliases(struct sfn_scope *s, struct error *err)
{
    struct arn arn, plain;
    struct store_machine m;
    struct machine_properties p;
    struct sfn_page page;
    struct object_writer w;
    uint32_t number = 0;
    str last = {0};
    enum status status =
        arn_read(sfn_text(s, "stateMachineArn"), 1u << ARN_STATE_MACHINE, &arn, err);
    if (status == STATUS_OK)
        status = sfn_page_read(s, arn.text, &page, err);
    if (status == STATUS_OK && arn.qualifier.n > 0 && !arn_read_version(arn.qualifier, &number))
        return sfn_no_machine(arn.text, err);
    if (status != STATUS_OK)
        return status;
    plain = arn;
    plain.qualifier = (str){0};
    status = sfn_find_machine(s, &plain, &m, &p, err);
    if (status != STATUS_OK)
        return status;
    object_begin(&w, s->answer);
    object_key(&w, "stateMachineAliases");
    buf_add_byte(s->answer, '[');
    status = put_aliases(s, &m, number, &page, &last, err);
    buf_add_byte(s->answer, ']');
    if (last.n > 0)
        sfn_page_next(s, &w, arn.text, last);
    object_end(&w);
    return status;
}
