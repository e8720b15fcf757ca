/* SPDX-License-Identifier: Apache-2.0 */
/* Map runs: described and listed from their rows, changed by the loop that carries them out. */
#include "engine/sfn_internal.h"

str sfn_map_run_arn(struct sfn_scope *s, str machine, const struct store_map_run *run)
{
    str prefix = sfn_arn_prefix(s, "mapRun");
    return arena_printf(s->arena, "%.*s%.*s/%.*s:%.*s", STR_ARG(prefix), STR_ARG(machine),
                        STR_ARG(run->label), STR_ARG(run->uuid));
}

enum status sfn_find_map_run(struct sfn_scope *s, str text, struct store_map_run *ret,
                             struct error *err)
{
    struct arn arn;
    enum status status = arn_read(text, 1u << ARN_MAP_RUN, &arn, err);
    if (status != STATUS_OK)
        return status;
    status = store_find_map_run_named(s->reader, arn.qualifier, s->arena, ret, err);
    if (status == STATUS_OK && !str_eq(sfn_map_run_arn(s, arn.name, ret), text))
        status = STATUS_NOT_FOUND;
    return status == STATUS_NOT_FOUND ? sfn_no_resource(text, err) : status;
}

/* ARN of the execution that a run belongs to, which may itself be a map child. */
static enum status parent_arn(struct sfn_scope *s, const struct store_map_run *run, str machine,
                              str *ret, struct error *err)
{
    struct store_execution row;
    struct store_map_run outer;
    enum status status = store_find_execution(s->reader, run->execution, s->arena, &row, err);
    if (status != STATUS_OK)
        return status;
    str prefix = sfn_arn_prefix(s, "execution");
    if (row.map_run == 0) {
        *ret = arena_printf(s->arena, "%.*s%.*s:%.*s", STR_ARG(prefix), STR_ARG(machine),
                            STR_ARG(row.name));
        return STATUS_OK;
    }
    status = store_find_map_run(s->reader, row.map_run, s->arena, &outer, err);
    if (status != STATUS_OK)
        return status;
    str name = engine_map_child_name(s->engine, row.map_run, row.map_index, s->arena);
    *ret = arena_printf(s->arena, "%.*s%.*s/%.*s:%.*s", STR_ARG(prefix), STR_ARG(machine),
                        STR_ARG(outer.label), STR_ARG(name));
    return STATUS_OK;
}

static void put_counts(struct object_writer *w, const char *key, const struct store_counts *c)
{
    struct object_writer counts;
    uint64_t total = c->pending + c->running + c->succeeded + c->failed + c->timed_out + c->aborted;
    object_key(w, key);
    object_begin(&counts, w->out);
    object_int(&counts, "pending", (int64_t)c->pending);
    object_int(&counts, "running", (int64_t)c->running);
    object_int(&counts, "succeeded", (int64_t)c->succeeded);
    object_int(&counts, "failed", (int64_t)c->failed);
    object_int(&counts, "timedOut", (int64_t)c->timed_out);
    object_int(&counts, "aborted", (int64_t)c->aborted);
    object_int(&counts, "total", (int64_t)(total > c->total ? total : c->total));
    object_int(&counts, "resultsWritten", (int64_t)c->succeeded);
    object_int(&counts, "failuresNotRedrivable", 0);
    object_int(&counts, "pendingRedrive", 0);
    object_end(&counts);
}

static void put_run(struct object_writer *w, const struct store_map_run *run)
{
    object_text(w, "status", str_of(store_status_name(run->status)));
    object_time(w, "startDate", run->started_ms);
    if (run->stopped_ms != STORE_NEVER)
        object_time(w, "stopDate", run->stopped_ms);
    object_int(w, "maxConcurrency", (int64_t)run->concurrency);
    object_int(w, "toleratedFailureCount", run->tolerated_count > 0 ? run->tolerated_count : 0);
    double percentage = run->tolerated_percentage > 0 ? run->tolerated_percentage : 0;
    object_key(w, "toleratedFailurePercentage");
    buf_printf(w->out, percentage == (double)(int)percentage ? "%.1f" : "%.9g", percentage);
    put_counts(w, "itemCounts", &run->items);
    put_counts(w, "executionCounts", &run->children);
}

enum status sfn_describe_map_run(struct sfn_scope *s, struct error *err)
{
    struct arn arn;
    struct store_map_run run;
    struct object_writer w;
    str text = sfn_text(s, "mapRunArn"), parent;
    enum status status = arn_read(text, 1u << ARN_MAP_RUN, &arn, err);
    if (status == STATUS_OK)
        status = sfn_find_map_run(s, text, &run, err);
    if (status == STATUS_OK)
        status = parent_arn(s, &run, arn.name, &parent, err);
    if (status != STATUS_OK)
        return status;
    object_begin(&w, s->answer);
    object_text(&w, "mapRunArn", text);
    object_text(&w, "executionArn", parent);
    put_run(&w, &run);
    object_int(&w, "redriveCount", run.redrives);
    object_end(&w);
    return STATUS_OK;
}

/* ---- list ---- */

static void put_item(struct sfn_scope *s, const struct store_map_run *run, str machine, str parent)
{
    struct object_writer w;
    str prefix = sfn_arn_prefix(s, "stateMachine");
    object_begin(&w, s->answer);
    object_text(&w, "executionArn", parent);
    object_text(&w, "mapRunArn", sfn_map_run_arn(s, machine, run));
    object_text(&w, "stateMachineArn",
                arena_printf(s->arena, "%.*s%.*s/%.*s", STR_ARG(prefix), STR_ARG(machine),
                             STR_ARG(run->label)));
    object_time(&w, "startDate", run->started_ms);
    if (run->stopped_ms != STORE_NEVER)
        object_time(&w, "stopDate", run->stopped_ms);
    object_end(&w);
}

enum status sfn_list_map_runs(struct sfn_scope *s, struct error *err)
{
    struct store_execution row;
    struct store_machine m;
    struct sfn_page page;
    struct store_map_run *runs;
    struct object_writer w;
    uint32_t count = 0;
    int64_t after = 0;
    str arn = sfn_text(s, "executionArn");
    str subject = arena_printf(s->arena, "map runs %.*s", STR_ARG(arn));
    enum status status = sfn_find_execution(s, arn, &row, &m, err);
    if (status == STATUS_OK)
        status = sfn_page_read(s, subject, &page, err);
    for (size_t i = 0; status == STATUS_OK && i < page.after.n; i++)
        after = after * 10 + (page.after.p[i] - '0');
    if (status == STATUS_OK)
        status = store_list_map_runs(s->reader, row.id, after, page.limit + 1, s->arena, &runs,
                                     &count, err);
    if (status != STATUS_OK)
        return status;
    str machine = str_sub(m.name, 0, str_find_byte(m.name, '/', 0));
    object_begin(&w, s->answer);
    object_key(&w, "mapRuns");
    buf_add_byte(s->answer, '[');
    for (uint32_t i = 0; i < count && i < page.limit; i++) {
        if (i > 0)
            buf_add_byte(s->answer, ',');
        put_item(s, &runs[i], machine, arn);
    }
    buf_add_byte(s->answer, ']');
    if (count > page.limit)
        sfn_page_next(s, &w, subject,
                      arena_printf(s->arena, "%lld", (long long)runs[page.limit - 1].id));
    object_end(&w);
    return STATUS_OK;
}

/* ---- update ---- */

static struct map_run_change change_of(const struct sfn_scope *s)
{
    double concurrency = sfn_number(s, "maxConcurrency");
    return (struct map_run_change){
        .has_concurrency = sfn_has(s, "maxConcurrency"),
        .has_tolerated_count = sfn_has(s, "toleratedFailureCount"),
        .has_tolerated_percentage = sfn_has(s, "toleratedFailurePercentage"),
        .concurrency = concurrency < UINT32_MAX ? (uint32_t)concurrency : UINT32_MAX,
        .tolerated_count = (uint64_t)sfn_number(s, "toleratedFailureCount"),
        .tolerated_percentage = sfn_number(s, "toleratedFailurePercentage"),
    };
}

void sfn_update_map_run(struct engine_api_call *call, struct sfn_scope *s)
{
    struct engine *e = call->api->engine;
    struct store_map_run run;
    struct store_execution parent;
    struct error err;
    struct map_run_change change = change_of(s);
    enum status status = sfn_find_map_run(s, sfn_text(s, "mapRunArn"), &run, &err);
    if (status == STATUS_OK)
        status = store_find_execution(s->reader, run.execution, s->arena, &parent, &err);
    if (status == STATUS_OK && sfn_forward(call, s, engine_owner(e, parent.shard)))
        return;
    if (status == STATUS_OK)
        status = engine_map_update(e, run.id, &change, &err);
    if (status == STATUS_CONFLICT) {
        struct error cause = err;
        status = sfn_invalid(s, "CANNOT_UPDATE_COMPLETED_MAP_RUN", &err, "%s", cause.message);
    }
    if (status == STATUS_OK)
        sfn_answer(call, STR("{}"));
    else
        sfn_refuse_in(call, s, &err);
}
