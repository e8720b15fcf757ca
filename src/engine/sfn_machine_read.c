/* SPDX-License-Identifier: Apache-2.0 */
/* State machines: found by their ARNs, described, listed. */
#include "engine/sfn_internal.h"

bool sfn_is_gone(const struct store_machine *m)
{
    return str_find_byte(m->name, '/', 0) != STR_NONE;
}

static bool is_ours(const struct sfn_scope *s, const struct arn *arn)
{
    return str_eq(arn->region, s->region) && str_eq(arn->account, s->account);
}

enum status sfn_find_machine(struct sfn_scope *s, const struct arn *arn, struct store_machine *ret,
                             struct machine_properties *p, struct error *err)
{
    if (!is_ours(s, arn) || arn->qualifier.n > 0 || arn->label.n > 0)
        return sfn_no_machine(arn->text, err);
    enum status status = store_find_machine(s->reader, arn->name, s->arena, ret, err);
    if (status == STATUS_NOT_FOUND)
        return sfn_no_machine(arn->text, err);
    return status == STATUS_OK ? machine_properties_read(ret, s->arena, p, err) : status;
}

/* ---- describe ---- */

static void put_configuration(struct object_writer *w, const struct machine_revision *v)
{
    object_json(w, "loggingConfiguration",
                v->logging.n > 0 ? v->logging
                                 : STR("{\"level\":\"OFF\",\"includeExecutionData\":false}"));
    object_json(w, "tracingConfiguration",
                v->tracing.n > 0 ? v->tracing : STR("{\"enabled\":false}"));
    object_json(w, "encryptionConfiguration", v->encryption);
    object_text_if(w, "revisionId", v->uuid);
}

static void put_role(struct sfn_scope *s, struct object_writer *w, const struct machine_revision *v)
{
    object_text(w, "roleArn",
                v->role_arn.n > 0
                    ? v->role_arn
                    : arena_printf(s->arena, "arn:aws:iam::%.*s:role/afflux", STR_ARG(s->account)));
}

/* {"State": ["variable", …], …} of states that read variables; none: nothing. */
static void put_references(struct object_writer *w, const struct asl_definition *d)
{
    bool has_any = false;
    for (uint32_t i = 0; i < d->state_count; i++) {
        const struct asl_state *state = d->states[i];
        if (state->reference_count == 0)
            continue;
        if (!has_any)
            object_key(w, "variableReferences");
        buf_add_byte(w->out, has_any ? ',' : '{');
        has_any = true;
        json_write_string(w->out, state->name);
        buf_add(w->out, STR(":["));
        for (uint32_t k = 0; k < state->reference_count; k++) {
            if (k > 0)
                buf_add_byte(w->out, ',');
            json_write_string(w->out, state->references[k]);
        }
        buf_add_byte(w->out, ']');
    }
    if (has_any)
        buf_add_byte(w->out, '}');
}

static enum status put_definition(struct sfn_scope *s, struct object_writer *w, str type,
                                  int64_t definition, struct error *err)
{
    struct asl_definition *d;
    str text;
    if (str_eq(sfn_text(s, "includedData"), STR("METADATA_ONLY")))
        return STATUS_OK;
    enum status status = store_find_definition(s->reader, definition, s->arena, &text, err);
    if (status != STATUS_OK)
        return status;
    object_text(w, "definition", text);
    status = engine_definition_get(
        s->engine, definition, str_eq(type, STR("EXPRESS")) ? ASL_EXPRESS : ASL_STANDARD, &d, err);
    if (status == STATUS_OK)
        put_references(w, d);
    return status;
}

/* The version that the ARN names, or none; its revision. */
static enum status find_version(struct sfn_scope *s, const struct arn *arn,
                                const struct store_machine *m, struct machine_version *ret,
                                struct machine_revision *v, struct error *err)
{
    uint32_t number;
    enum status status = STATUS_NOT_FOUND;
    if (arn_read_version(arn->qualifier, &number))
        status = machine_find_version(s->reader, m->id, number, s->arena, ret, err);
    if (status == STATUS_OK)
        status = machine_find_revision(s->reader, m->id, ret->revision, s->arena, v, err);
    return status == STATUS_NOT_FOUND ? sfn_no_machine(arn->text, err) : status;
}

enum status sfn_describe_machine(struct sfn_scope *s, struct error *err)
{
    struct arn arn, plain;
    struct store_machine m;
    struct machine_properties p;
    struct machine_version version = {0};
    struct object_writer w;
    enum status status =
        arn_read(sfn_text(s, "stateMachineArn"), 1u << ARN_STATE_MACHINE, &arn, err);
    if (status != STATUS_OK)
        return status;
    plain = arn;
    plain.qualifier = plain.label = (str){0};
    status = sfn_find_machine(s, &plain, &m, &p, err);
    if (status == STATUS_OK && arn.qualifier.n > 0)
        status = find_version(s, &arn, &m, &version, &p.revision, err);
    if (status != STATUS_OK)
        return status;
    object_begin(&w, s->answer);
    object_text(&w, "stateMachineArn", arn.text);
    object_text(&w, "name", m.name);
    object_text(&w, "status", p.is_deleting ? STR("DELETING") : STR("ACTIVE"));
    object_text(&w, "type", m.type);
    object_time(&w, "creationDate", version.number > 0 ? version.created_ms : m.created_ms);
    object_text_if(&w, "label", arn.label);
    object_text_if(&w, "description", version.description);
    put_role(s, &w, &p.revision);
    put_configuration(&w, &p.revision);
    status = put_definition(s, &w, m.type, p.revision.definition, err);
    object_end(&w);
    return status;
}

/* The revision that an execution runs; the present one where none was noted. */
static enum status revision_of(struct sfn_scope *s, const struct store_execution *row,
                               const struct store_machine *m, struct machine_revision *ret,
                               struct error *err)
{
    struct machine_properties p;
    enum status status = machine_properties_read(m, s->arena, &p, err);
    if (status != STATUS_OK)
        return status;
    *ret = p.revision;
    if (row->revision != 0 && row->revision != p.revision.id) {
        status = machine_find_revision(s->reader, m->id, row->revision, s->arena, ret, err);
        if (status == STATUS_NOT_FOUND)
            status = STATUS_OK;
    }
    ret->definition = row->definition;
    return status;
}

enum status sfn_describe_machine_for_execution(struct sfn_scope *s, struct error *err)
{
    struct store_execution row;
    struct store_machine m;
    struct machine_revision v;
    struct store_map_run run = {0};
    struct object_writer w;
    enum status status = sfn_find_execution(s, sfn_text(s, "executionArn"), &row, &m, err);
    if (status == STATUS_OK)
        status = revision_of(s, &row, &m, &v, err);
    if (status == STATUS_OK && row.map_run != 0)
        status = store_find_map_run(s->reader, row.map_run, s->arena, &run, err);
    if (status != STATUS_OK)
        return status;
    str prefix = sfn_arn_prefix(s, "stateMachine"), slash = run.label.n > 0 ? STR("/") : STR("");
    str name = str_sub(m.name, 0, str_find_byte(m.name, '/', 0));
    object_begin(&w, s->answer);
    object_text(&w, "stateMachineArn",
                arena_printf(s->arena, "%.*s%.*s%.*s%.*s", STR_ARG(prefix), STR_ARG(name),
                             STR_ARG(slash), STR_ARG(run.label)));
    object_text(&w, "name", name);
    object_time(&w, "updateDate", v.created_ms);
    object_text_if(&w, "label", run.label);
    if (run.id != 0)
        object_text(&w, "mapRunArn", sfn_map_run_arn(s, name, &run));
    put_role(s, &w, &v);
    put_configuration(&w, &v);
    status = put_definition(s, &w, m.type, v.definition, err);
    object_end(&w);
    return status;
}

/* ---- list ---- */

static void put_machine(struct sfn_scope *s, const struct store_machine *m, bool is_first)
{
    struct object_writer w;
    str prefix = sfn_arn_prefix(s, "stateMachine");
    if (!is_first)
        buf_add_byte(s->answer, ',');
    object_begin(&w, s->answer);
    object_text(&w, "stateMachineArn",
                arena_printf(s->arena, "%.*s%.*s", STR_ARG(prefix), STR_ARG(m->name)));
    object_text(&w, "name", m->name);
    object_text(&w, "type", m->type);
    object_time(&w, "creationDate", m->created_ms);
    object_end(&w);
}

/* By name. One more than the page has is looked for, so that the last page has no token. */
enum status sfn_list_machines(struct sfn_scope *s, struct error *err)
{
    struct sfn_page page;
    struct object_writer w;
    struct store_machine *rows;
    uint32_t count, given = 0;
    str last = {0};
    enum status status = sfn_page_read(s, STR("machines"), &page, err);
    str after = page.after;
    object_begin(&w, s->answer);
    object_key(&w, "stateMachines");
    buf_add_byte(s->answer, '[');
    bool has_more = false;
    do {
        if (status == STATUS_OK)
            status =
                store_list_machines(s->reader, after, page.limit + 1, s->arena, &rows, &count, err);
        for (uint32_t i = 0; status == STATUS_OK && i < count && !has_more; i++) {
            after = rows[i].name;
            if (sfn_is_gone(&rows[i]))
                continue;
            has_more = given == page.limit;
            if (!has_more)
                put_machine(s, &rows[i], given++ == 0);
            if (!has_more)
                last = rows[i].name;
        }
    } while (status == STATUS_OK && !has_more && count == page.limit + 1);
    buf_add_byte(s->answer, ']');
    if (has_more)
        sfn_page_next(s, &w, STR("machines"), last);
    object_end(&w);
    return status;
}
