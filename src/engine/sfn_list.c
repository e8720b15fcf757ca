/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lists of executions: of a machine, a version or an alias, newest first; or of a map run. A page
 * looks at a bounded number of rows, so one that filters may be short and have a next.
 */
#include "engine/sfn_internal.h"

enum { LIST_PAGES = 10 /* of the store, for one of ours */ };

struct listing {
    struct sfn_scope *s;
    struct store_list_query query;
    struct sfn_page page;
    str subject;                  /* for tokens */
    str machine, label;           /* names */
    str map_run_arn;              /* children; else empty */
    struct machine_origin origin; /* wanted: of a version or alias */
    bool wants_redriven, wants_not_redriven;
    uint32_t given;
    int64_t last; /* where the next page begins */
    bool has_more;
};

/* ---- what is asked for ---- */

static bool find_status(str name, unsigned *ret)
{
    for (unsigned i = 0; i < STORE_STATUS_COUNT; i++) {
        if (str_eq(name, str_of(store_status_name((enum store_status)i)))) {
            *ret = 1u << i;
            return true;
        }
    }
    return false;
}

static enum status not_supported(struct error *err)
{
    return error_set(err, STATUS_INVALID, "StateMachineTypeNotSupported",
                     "This operation is not supported by this type of state machine");
}

static enum status read_qualifier(struct listing *l, const struct arn *arn)
{
    if (arn->qualifier.n > 0 && !arn_read_version(arn->qualifier, &l->origin.version))
        l->origin.alias = arn->qualifier;
    return STATUS_OK;
}

static enum status of_machine(struct listing *l, struct error *err)
{
    struct sfn_scope *s = l->s;
    struct arn arn, plain;
    struct store_machine m;
    struct machine_properties p;
    enum status status =
        arn_read(sfn_text(s, "stateMachineArn"), 1u << ARN_STATE_MACHINE, &arn, err);
    if (status != STATUS_OK)
        return status;
    plain = arn;
    plain.qualifier = (str){0};
    status = sfn_find_machine(s, &plain, &m, &p, err);
    if (status != STATUS_OK)
        return status;
    if (str_eq(m.type, STR("EXPRESS")))
        return not_supported(err);
    l->query.machine = m.id;
    l->machine = m.name;
    return read_qualifier(l, &arn);
}

/* Express children have no rows of their own while they run. */
static enum status check_type(struct listing *l, const struct store_map_run *run, struct error *err)
{
    struct sfn_scope *s = l->s;
    struct store_execution parent;
    struct asl_definition *d;
    enum status status = store_find_execution(s->reader, run->execution, s->arena, &parent, err);
    if (status == STATUS_OK)
        status = engine_definition_get(s->engine, parent.definition, ASL_STANDARD, &d, err);
    for (uint32_t i = 0; status == STATUS_OK && i < d->state_count; i++) {
        const struct asl_state *state = d->states[i];
        if (state->type == ASL_MAP && str_eq(state->map.label, run->label) &&
            state->map.execution_type == ASL_EXPRESS)
            return not_supported(err);
    }
    return status;
}

static enum status of_map_run(struct listing *l, struct error *err)
{
    struct sfn_scope *s = l->s;
    struct arn arn;
    struct store_map_run run;
    str text = sfn_text(s, "mapRunArn");
    enum status status = arn_read(text, 1u << ARN_MAP_RUN, &arn, err);
    if (status == STATUS_OK)
        status = sfn_find_map_run(s, text, &run, err);
    if (status == STATUS_OK)
        status = check_type(l, &run, err);
    if (status != STATUS_OK)
        return status;
    l->query.map_run = run.id;
    l->machine = arn.name;
    l->label = arn.label;
    l->map_run_arn = text;
    return STATUS_OK;
}

static enum status read_request(struct listing *l, struct error *err)
{
    struct sfn_scope *s = l->s;
    bool by_machine = sfn_has(s, "stateMachineArn"), by_run = sfn_has(s, "mapRunArn");
    if (by_machine == by_run)
        return sfn_invalid(s, by_run ? NULL : "MISSING_REQUIRED_PARAMETER", err,
                           "Must provide exactly one of stateMachineArn and mapRunArn");
    str redrives = sfn_text(s, "redriveFilter"), status_name = sfn_text(s, "statusFilter");
    l->wants_redriven = str_eq(redrives, STR("REDRIVEN"));
    l->wants_not_redriven = str_eq(redrives, STR("NOT_REDRIVEN"));
    if (status_name.n > 0 && !find_status(status_name, &l->query.status_set))
        l->query.status_set = 0; /* cannot be: the shape has checked it */
    l->subject = arena_printf(
        s->arena, "executions %.*s %.*s %.*s %.*s", STR_ARG(sfn_text(s, "stateMachineArn")),
        STR_ARG(sfn_text(s, "mapRunArn")), STR_ARG(status_name), STR_ARG(redrives));
    enum status status = sfn_page_read(s, l->subject, &l->page, err);
    if (status == STATUS_OK)
        status = by_machine ? of_machine(l, err) : of_map_run(l, err);
    for (size_t i = 0; i < l->page.after.n; i++)
        l->query.from = l->query.from * 10 + (l->page.after.p[i] - '0');
    return status;
}

/* ---- items ---- */

static bool fits(const struct listing *l, const struct store_execution *row)
{
    if ((l->wants_redriven && row->redrives == 0) || (l->wants_not_redriven && row->redrives > 0))
        return false;
    if (l->origin.version == 0 && l->origin.alias.n == 0)
        return true;
    struct machine_origin o = machine_origin_read(row->origin, l->s->arena);
    return l->origin.alias.n > 0 ? str_eq(o.alias, l->origin.alias)
                                 : o.version == l->origin.version;
}

static void put_item(struct listing *l, const struct store_execution *row)
{
    struct sfn_scope *s = l->s;
    struct object_writer w;
    str machines = sfn_arn_prefix(s, "stateMachine"), executions = sfn_arn_prefix(s, "execution");
    str slash = l->label.n > 0 ? STR("/") : STR("");
    str place = arena_printf(s->arena, "%.*s%.*s%.*s", STR_ARG(l->machine), STR_ARG(slash),
                             STR_ARG(l->label));
    str name = row->map_run != 0
                   ? engine_map_child_name(s->engine, row->map_run, row->map_index, s->arena)
                   : row->name;
    if (l->given++ > 0)
        buf_add_byte(s->answer, ',');
    object_begin(&w, s->answer);
    object_text(&w, "executionArn",
                arena_printf(s->arena, "%.*s%.*s:%.*s", STR_ARG(executions), STR_ARG(place),
                             STR_ARG(name)));
    object_text(&w, "stateMachineArn",
                arena_printf(s->arena, "%.*s%.*s", STR_ARG(machines), STR_ARG(place)));
    object_text(&w, "name", name);
    object_text(&w, "status", str_of(store_status_name(row->status)));
    object_time(&w, "startDate", row->started_ms);
    if (row->stopped_ms != STORE_NEVER)
        object_time(&w, "stopDate", row->stopped_ms);
    object_text_if(&w, "mapRunArn", l->map_run_arn);
    if (row->map_run != 0)
        object_int(&w, "itemCount", row->parent_attempt);
    sfn_put_origin(s, &w, l->machine, row->origin);
    object_int(&w, "redriveCount", row->redrives);
    if (row->redriven_ms != STORE_NEVER)
        object_time(&w, "redriveDate", row->redriven_ms);
    object_end(&w);
}

/* A page of the store's. Its rows are let go of when they are written. */
static enum status put_page(struct listing *l, struct error *err)
{
    struct arena *arena = l->s->arena;
    struct arena_mark mark = arena_mark(arena);
    struct store_page page;
    l->query.limit = l->page.limit + 1;
    enum status status = store_list_executions(l->s->reader, &l->query, arena, &page, err);
    if (status != STATUS_OK)
        return status;
    for (uint32_t i = 0; i < page.count && !l->has_more; i++) {
        if (!fits(l, &page.rows[i]))
            continue;
        if (l->given == l->page.limit) {
            l->has_more = true;
            break;
        }
        put_item(l, &page.rows[i]);
        l->last = l->query.map_run != 0 ? (int64_t)page.rows[i].map_index : page.rows[i].id;
    }
    l->query.from = page.next;
    arena_release(arena, mark);
    return STATUS_OK;
}

enum status sfn_list_executions(struct sfn_scope *s, struct error *err)
{
    struct listing l = {.s = s};
    struct object_writer w;
    enum status status = read_request(&l, err);
    object_begin(&w, s->answer);
    object_key(&w, "executions");
    buf_add_byte(s->answer, '[');
    int pages = 0;
    do {
        if (status == STATUS_OK)
            status = put_page(&l, err);
    } while (status == STATUS_OK && !l.has_more && l.query.from != 0 && ++pages < LIST_PAGES);
    buf_add_byte(s->answer, ']');
    if (status == STATUS_OK && !l.has_more && l.query.from != 0)
        l.last = l.query.from; /* there may be more */
    if (status == STATUS_OK && (l.has_more || l.query.from != 0))
        sfn_page_next(s, &w, l.subject, arena_printf(s->arena, "%lld", (long long)l.last));
    object_end(&w);
    return status;
}
