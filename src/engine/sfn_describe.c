/* SPDX-License-Identifier: Apache-2.0 */
/* One execution: found by its ARN, described from the store. */
#include "engine/sfn_internal.h"

/* ---- by ARN ---- */

/* Machines that were deleted and had executions stand behind NAME/ in the order of names. */
static enum status find_among_gone(struct sfn_scope *s, const struct arn *arn,
                                   struct store_execution *ret, struct store_machine *m,
                                   struct error *err)
{
    struct store_machine *rows;
    uint32_t count;
    str after = arena_printf(s->arena, "%.*s/", STR_ARG(arn->name)), prefix = after;
    do {
        enum status status =
            store_list_machines(s->reader, after, SFN_PAGE_DEFAULT, s->arena, &rows, &count, err);
        if (status != STATUS_OK)
            return status;
        for (uint32_t i = 0; i < count && str_starts(rows[i].name, prefix); i++) {
            after = rows[i].name;
            *m = rows[i];
            status =
                store_find_execution_named(s->reader, m->id, arn->qualifier, s->arena, ret, err);
            if (status != STATUS_NOT_FOUND)
                return status;
        }
    } while (count == SFN_PAGE_DEFAULT && str_starts(rows[count - 1].name, prefix));
    return sfn_no_execution(arn->text, err);
}

static enum status find_child(struct sfn_scope *s, const struct arn *arn,
                              struct store_execution *ret, struct store_machine *m,
                              struct error *err)
{
    enum status status = engine_map_find_child(s->engine, arn->qualifier, s->arena, ret, err);
    if (status == STATUS_OK)
        status = store_find_machine(s->reader, arn->name, s->arena, m, err);
    if (status == STATUS_NOT_FOUND || (status == STATUS_OK && m->id != ret->machine))
        return sfn_no_execution(arn->text, err);
    return status;
}

enum status sfn_find_execution(struct sfn_scope *s, str text, struct store_execution *ret,
                               struct store_machine *m, struct error *err)
{
    struct arn arn;
    enum status status = arn_read(text, 1u << ARN_EXECUTION, &arn, err);
    if (status != STATUS_OK)
        return status;
    if (!str_eq(arn.region, s->region) || !str_eq(arn.account, s->account))
        return sfn_no_execution(text, err);
    if (arn.label.n > 0)
        return find_child(s, &arn, ret, m, err);
    status = store_find_machine(s->reader, arn.name, s->arena, m, err);
    if (status == STATUS_OK)
        status = store_find_execution_named(s->reader, m->id, arn.qualifier, s->arena, ret, err);
    return status == STATUS_NOT_FOUND ? find_among_gone(s, &arn, ret, m, err) : status;
}

/* ---- what is known of it ---- */

void sfn_put_origin(struct sfn_scope *s, struct object_writer *w, str machine, str origin)
{
    struct machine_origin o = machine_origin_read(origin, s->arena);
    str prefix = sfn_arn_prefix(s, "stateMachine");
    if (o.version != 0)
        object_text(
            w, "stateMachineVersionArn",
            arena_printf(s->arena, "%.*s%.*s:%u", STR_ARG(prefix), STR_ARG(machine), o.version));
    if (o.alias.n > 0)
        object_text(w, "stateMachineAliasArn",
                    arena_printf(s->arena, "%.*s%.*s:%.*s", STR_ARG(prefix), STR_ARG(machine),
                                 STR_ARG(o.alias)));
}

enum { REDRIVE_DAYS = 14, REDRIVE_EVENTS = 24999 };

const char *sfn_redrive_refusal(const struct sfn_scope *s, const struct store_execution *row,
                                uint64_t events, bool is_deleting)
{
    bool is_old = row->stopped_ms != STORE_NEVER &&
                  s->now_ms - row->stopped_ms > (int64_t)REDRIVE_DAYS * TIME_MS_PER_DAY;
    if (row->status == STORE_RUNNING)
        return "Execution is RUNNING and cannot be redriven";
    if (row->status == STORE_SUCCEEDED)
        return "Execution is SUCCEEDED and cannot be redriven";
    if (row->status == STORE_PENDING_REDRIVE)
        return "Execution is PENDING_REDRIVE and cannot be redriven";
    if (is_deleting)
        return "State machine is in DELETING status";
    if (s->is_strict && events >= REDRIVE_EVENTS)
        return "Execution history event limit exceeded";
    if (s->is_strict && is_old)
        return "Execution redrivable period exceeded";
    return NULL;
}

static void put_redrives(struct object_writer *w, const struct store_execution *row,
                         const char *refusal)
{
    bool is_child = row->map_run != 0;
    object_int(w, "redriveCount", row->redrives);
    if (row->redriven_ms != STORE_NEVER)
        object_time(w, "redriveDate", row->redriven_ms);
    object_text(w, "redriveStatus",
                refusal    ? STR("NOT_REDRIVABLE")
                : is_child ? STR("REDRIVABLE_BY_MAP_RUN")
                           : STR("REDRIVABLE"));
    if (refusal)
        object_text(w, "redriveStatusReason", str_of(refusal));
}

void sfn_put_document(struct object_writer *w, const char *key, const struct asl_document *doc)
{
    struct buf text;
    if (doc->keeps_text) {
        object_text(w, key, json_doc_text(doc->json));
        return;
    }
    buf_init(&text, SIZE_MAX / 2);
    if (json_write(&text, doc->root, 0, NULL) == STATUS_OK)
        object_text(w, key, buf_str(&text));
    buf_done(&text);
}

/* The row was read before: what the execution did since is not told. */
static void put_data(struct object_writer *w, const struct asl_exec *x,
                     const struct store_execution *row)
{
    if (x->input) {
        sfn_put_document(w, "input", x->input);
        object_json(w, "inputDetails", STR("{\"included\":true}"));
    }
    if (x->output && row->status == STORE_SUCCEEDED) {
        sfn_put_document(w, "output", x->output);
        object_json(w, "outputDetails", STR("{\"included\":true}"));
    }
}

static void put_row(struct object_writer *w, const struct store_execution *row)
{
    object_text(w, "status", str_of(store_status_name(row->status)));
    object_time(w, "startDate", row->started_ms);
    if (row->stopped_ms != STORE_NEVER)
        object_time(w, "stopDate", row->stopped_ms);
    if (row->error.p && row->status != STORE_TIMED_OUT)
        object_text(w, "error", row->error);
    if (row->cause.p && row->status != STORE_TIMED_OUT)
        object_text(w, "cause", row->cause);
}

static enum status put_map_run(struct sfn_scope *s, struct object_writer *w,
                               const struct store_execution *row, str machine, struct error *err)
{
    struct store_map_run run;
    if (row->map_run == 0)
        return STATUS_OK;
    enum status status = store_find_map_run(s->reader, row->map_run, s->arena, &run, err);
    if (status == STATUS_OK)
        object_text(w, "mapRunArn", sfn_map_run_arn(s, machine, &run));
    return status;
}

enum status sfn_describe_execution(struct sfn_scope *s, struct error *err)
{
    struct store_execution row;
    struct store_machine m;
    struct machine_properties p;
    struct asl_exec *x;
    struct object_writer w;
    enum status status = sfn_find_execution(s, sfn_text(s, "executionArn"), &row, &m, err);
    if (status == STATUS_OK)
        status = machine_properties_read(&m, s->arena, &p, err);
    if (status == STATUS_OK)
        status = engine_execution_peek(s->engine, row.id, &x, err);
    if (status != STATUS_OK)
        return status;
    str machine = str_sub(m.name, 0, str_find_byte(m.name, '/', 0));
    object_begin(&w, s->answer);
    object_text(&w, "executionArn", x->identity.id);
    object_text(&w, "stateMachineArn", x->identity.state_machine_id);
    object_text(&w, "name", x->identity.name);
    put_row(&w, &row);
    if (!str_eq(sfn_text(s, "includedData"), STR("METADATA_ONLY")))
        put_data(&w, x, &row);
    sfn_put_origin(s, &w, machine, row.origin);
    status = put_map_run(s, &w, &row, machine, err);
    put_redrives(&w, &row,
                 sfn_redrive_refusal(s, &row, x->last_event, p.is_deleting || sfn_is_gone(&m)));
    object_end(&w);
    asl_exec_free(x);
    return status;
}
