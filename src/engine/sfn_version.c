/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Versions of state machines: a revision gets a number, once; numbers rise and are never used
 * again. A version that an alias names cannot be deleted.
 */
#include "engine/sfn_internal.h"

static str prefix_of(struct sfn_scope *s, int64_t machine)
{
    return arena_printf(s->arena, "version/%lld/", (long long)machine);
}

/* The number in a thing's name, which counts down. */
static uint32_t number_of(str thing)
{
    uint32_t n = 0;
    for (size_t i = str_rfind_byte(thing, '/') + 1; i < thing.n; i++)
        n = n * 10 + (uint32_t)(thing.p[i] - '0');
    return UINT32_MAX - n;
}

/* The newest one; number 0 when there is none. */
static enum status find_newest(struct sfn_scope *s, int64_t machine, struct machine_version *ret,
                               struct error *err)
{
    struct store_names names;
    *ret = (struct machine_version){0};
    enum status status = store_list_things(s->reader, MACHINE_SERVICE, prefix_of(s, machine),
                                           (str){0}, 1, s->arena, &names, err);
    if (status != STATUS_OK || names.count == 0)
        return status;
    return machine_find_version(s->reader, machine, number_of(names.items[0]), s->arena, ret, err);
}

static enum status check_room(struct sfn_scope *s, int64_t machine, struct error *err)
{
    struct store_names names;
    enum status status = store_list_things(s->reader, MACHINE_SERVICE, prefix_of(s, machine),
                                           (str){0}, SFN_MAX_VERSIONS, s->arena, &names, err);
    if (status != STATUS_OK || names.count < SFN_MAX_VERSIONS)
        return status;
    return error_set(err, STATUS_LIMIT, "ServiceQuotaExceededException",
                     "A state machine can have %d versions", SFN_MAX_VERSIONS);
}

enum status sfn_publish(struct sfn_scope *s, const struct store_machine *m,
                        struct machine_properties *p, str description, struct machine_version *ret,
                        struct error *err)
{
    enum status status = find_newest(s, m->id, ret, err);
    if (status != STATUS_OK || (ret->number > 0 && ret->revision == p->revision.id))
        return status;
    status = check_room(s, m->id, err);
    if (status != STATUS_OK)
        return status;
    *ret = (struct machine_version){.number = ++p->last_version,
                                    .revision = p->revision.id,
                                    .description = description,
                                    .created_ms = s->now_ms};
    return store_tx_put_thing(s->tx, MACHINE_SERVICE,
                              machine_version_thing(m->id, ret->number, s->arena),
                              machine_version_write(ret, s->arena), err);
}

static void put_version(struct sfn_scope *s, struct object_writer *w, str machine,
                        const struct machine_version *v)
{
    str prefix = sfn_arn_prefix(s, "stateMachine");
    object_text(
        w, "stateMachineVersionArn",
        arena_printf(s->arena, "%.*s%.*s:%u", STR_ARG(prefix), STR_ARG(machine), v->number));
    object_time(w, "creationDate", v->created_ms);
}

/* ---- operations ---- */

/* A machine that nobody created by the API has no revision yet that a version could have. */
static enum status settle_revision(struct sfn_scope *s, const struct store_machine *m,
                                   struct machine_properties *p, struct error *err)
{
    if (p->revision.id != 0)
        return STATUS_OK;
    p->revision.id = store_tx_new_id(s->tx);
    return machine_put_revision(s->tx, m->id, &p->revision, s->arena, err);
}

enum status sfn_publish_version(struct sfn_scope *s, struct error *err)
{
    struct arn arn;
    struct store_machine m;
    struct machine_properties p;
    struct machine_version version;
    struct object_writer w;
    str revision = sfn_text(s, "revisionId");
    enum status status =
        arn_read(sfn_text(s, "stateMachineArn"), 1u << ARN_STATE_MACHINE, &arn, err);
    if (status == STATUS_OK)
        status = sfn_find_machine(s, &arn, &m, &p, err);
    if (status == STATUS_OK && p.is_deleting)
        return error_set(err, STATUS_CONFLICT, "StateMachineDeleting",
                         "State Machine Deleting: '%.*s'", STR_ARG(arn.text));
    bool is_initial =
        str_eq(revision, STR("INITIAL")) && status == STATUS_OK && p.revision.uuid.n == 0;
    if (status == STATUS_OK && revision.n > 0 && !is_initial && !str_eq(revision, p.revision.uuid))
        return error_set(err, STATUS_CONFLICT, "ConflictException",
                         "Failed to publish the state machine version for revision %.*s because "
                         "the revision ID is not that of the current revision.",
                         STR_ARG(str_sub(revision, 0, 100)));
    if (status == STATUS_OK)
        status = settle_revision(s, &m, &p, err);
    if (status == STATUS_OK)
        status = sfn_publish(s, &m, &p, sfn_text(s, "description"), &version, err);
    if (status != STATUS_OK)
        return status;
    m.properties = machine_properties_write(&p, s->arena);
    object_begin(&w, s->answer);
    put_version(s, &w, m.name, &version);
    object_end(&w);
    return store_tx_put_machine(s->tx, &m, err);
}

/* Newest first. */
enum status sfn_list_versions(struct sfn_scope *s, struct error *err)
{
    struct arn arn;
    struct store_machine m = {0};
    struct machine_properties p;
    struct sfn_page page = {0};
    struct store_names names = {0};
    struct object_writer w, item;
    enum status status =
        arn_read(sfn_text(s, "stateMachineArn"), 1u << ARN_STATE_MACHINE, &arn, err);
    if (status == STATUS_OK)
        status = sfn_page_read(s, arn.text, &page, err);
    if (status == STATUS_OK)
        status = sfn_find_machine(s, &arn, &m, &p, err);
    if (status == STATUS_OK)
        status = store_list_things(s->reader, MACHINE_SERVICE, prefix_of(s, m.id), page.after,
                                   page.limit + 1, s->arena, &names, err);
    object_begin(&w, s->answer);
    object_key(&w, "stateMachineVersions");
    buf_add_byte(s->answer, '[');
    for (uint32_t i = 0; status == STATUS_OK && i < names.count && i < page.limit; i++) {
        struct machine_version v;
        status =
            machine_find_version(s->reader, m.id, number_of(names.items[i]), s->arena, &v, err);
        if (status != STATUS_OK)
            break;
        if (i > 0)
            buf_add_byte(s->answer, ',');
        object_begin(&item, s->answer);
        put_version(s, &item, m.name, &v);
        object_end(&item);
    }
    buf_add_byte(s->answer, ']');
    if (status == STATUS_OK && names.count > page.limit)
        sfn_page_next(s, &w, arn.text, names.items[page.limit - 1]);
    object_end(&w);
    return status;
}

/* Names of aliases that route to a version: "[A, B]". */
static enum status list_users(struct sfn_scope *s, int64_t machine, uint32_t number,
                              struct buf *ret, struct error *err)
{
    struct store_names names;
    str prefix = arena_printf(s->arena, "alias/%lld/", (long long)machine);
    enum status status = store_list_things(s->reader, MACHINE_SERVICE, prefix, (str){0},
                                           SFN_MAX_ALIASES, s->arena, &names, err);
    for (uint32_t i = 0; status == STATUS_OK && i < names.count; i++) {
        struct machine_alias alias;
        str name = str_sub(names.items[i], prefix.n, names.items[i].n);
        status = machine_find_alias(s->reader, machine, name, s->arena, &alias, err);
        for (uint32_t k = 0; status == STATUS_OK && k < alias.route_count; k++) {
            if (alias.versions[k] == number)
                buf_printf(ret, "%s%.*s", ret->n > 0 ? ", " : "", STR_ARG(name));
        }
    }
    return status;
}

enum status sfn_delete_version(struct sfn_scope *s, struct error *err)
{
    struct arn arn, plain;
    struct store_machine m;
    struct machine_properties p;
    struct buf users;
    uint32_t number;
    enum status status =
        arn_read(sfn_text(s, "stateMachineVersionArn"), 1u << ARN_STATE_MACHINE, &arn, err);
    if (status != STATUS_OK)
        return status;
    if (!arn_read_version(arn.qualifier, &number))
        return error_set(err, STATUS_INVALID, "InvalidArn",
                         "Invalid Arn: 'Invalid state machine version ARN: %.*s'",
                         STR_ARG(arn.text));
    buf_add(s->answer, STR("{}"));
    plain = arn;
    plain.qualifier = (str){0};
    status = sfn_find_machine(s, &plain, &m, &p, err);
    if (status != STATUS_OK)
        return status == STATUS_NOT_FOUND ? STATUS_OK : status;
    buf_init(&users, 1 << 16);
    status = list_users(s, m.id, number, &users, err);
    if (status == STATUS_OK && users.n > 0)
        status = error_set(err, STATUS_CONFLICT, "ConflictException",
                           "Version to be deleted must not be referenced by an alias. Current list "
                           "of aliases referencing this version: [%.*s]",
                           STR_ARG(buf_str(&users)));
    buf_done(&users);
    struct machine_version v;
    if (status == STATUS_OK)
        status = machine_find_version(s->reader, m.id, number, s->arena, &v, err);
    if (status == STATUS_OK)
        return store_tx_delete_thing(s->tx, MACHINE_SERVICE,
                                     machine_version_thing(m.id, number, s->arena), err);
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}
