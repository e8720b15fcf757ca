/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is kept of a map run's child that has ended, as its record in a file of results shows it: of
 * a Standard child from its steps, of an Express one from its row and documents.
 */
#include "engine/map_internal.h"
#include "json/parse.h"
#include "json/write.h"

/* What a Standard child was given and has made lies in its steps. */
static enum status read_standard(struct map_run *r, int64_t id, struct arena *a,
                                 struct asl_exec **ret, struct error *err)
{
    struct engine *e = r->all->engine;
    struct asl_options options = engine_asl_options(e);
    struct store_loaded loaded;
    enum status status = store_load(e->reader, id, a, &loaded, err);
    if (status != STATUS_OK)
        return status;
    struct asl_exec *x = asl_exec_new(r->code, r->state->map.processor, ASL_STANDARD, &options);
    if (loaded.snapshot.p)
        status = asl_snapshot_read(x, loaded.snapshot, err);
    for (uint32_t i = 0; i < loaded.step_count && status == STATUS_OK; i++)
        status = asl_replay(x, loaded.steps[i].body, err);
    if (status == STATUS_OK &&
        (!asl_exec_is_over(x) || !x->input || (x->status == ASL_EXEC_SUCCEEDED && !x->output)))
        status = error_set(err, STATUS_CORRUPT, "ExecutionCorrupt",
                           "a child that has ended lacks its end");
    if (status == STATUS_OK)
        *ret = x;
    else
        asl_exec_free(x);
    return status;
}

/* ret->p is NULL where there is no document. */
static enum status write_document(const struct asl_document *d, struct arena *a, str *ret,
                                  struct error *err)
{
    struct buf text;
    enum status status = STATUS_OK;
    buf_init(&text, JSON_MAX_TEXT);
    if (d)
        status = json_write(&text, d->root, 0, err);
    *ret = arena_dup(a, buf_str(&text));
    buf_done(&text);
    return status;
}

static enum status standard_facts(struct map_run *r, int64_t id, bool is_whole, struct arena *a,
                                  struct asl_map_child *ret, struct error *err)
{
    struct asl_exec *x;
    enum status status = read_standard(r, id, a, &x, err);
    if (status != STATUS_OK)
        return status;
    *ret = (struct asl_map_child){.status = x->status,
                                  .type = x->type,
                                  .execution_arn = arena_dup(a, x->identity.id),
                                  .name = arena_dup(a, x->identity.name),
                                  .state_machine_arn = arena_dup(a, x->identity.state_machine_id),
                                  .error = arena_dup(a, x->error),
                                  .cause = arena_dup(a, x->cause),
                                  .has_error = x->has_error,
                                  .has_cause = x->has_cause,
                                  .redrive_count = x->redrive_count,
                                  .start_ms = x->identity.start_ms,
                                  .stop_ms = x->stop_ms};
    status = write_document(x->output, a, &ret->output, err);
    if (status == STATUS_OK && is_whole)
        status = write_document(x->input, a, &ret->input, err);
    asl_exec_free(x);
    return status;
}

static enum status express_facts(struct map_run *r, const struct store_execution *row,
                                 bool is_whole, struct arena *a, struct asl_map_child *ret,
                                 struct error *err)
{
    struct engine *e = r->all->engine;
    const struct engine_execution *parent = engine_find(e, r->row.execution);
    bool is_marked = row->status == STORE_PENDING_REDRIVE;
    *ret = (struct asl_map_child){
        .status = is_marked ? ASL_EXEC_FAILED : map_status_of(row->status),
        .type = ASL_EXPRESS,
        .error = row->error,
        .cause = row->cause,
        .has_error = row->error.p != NULL,
        .has_cause = row->cause.p != NULL,
        .redrive_count = row->redrives,
        .start_ms = row->started_ms,
        .stop_ms = row->stopped_ms,
    };
    if (is_whole && parent) {
        struct asl_identity who = map_child_identity(r, parent, row, a);
        ret->execution_arn = who.id;
        ret->name = who.name;
        ret->state_machine_arn = who.state_machine_id;
    }
    enum status status = STATUS_OK;
    if (ret->status == ASL_EXEC_SUCCEEDED)
        status = store_find_document(e->reader, row->id, row->output, a, &ret->output, err);
    if (status == STATUS_OK && is_whole && row->input != 0)
        status = store_find_document(e->reader, row->id, row->input, a, &ret->input, err);
    return status;
}

enum status map_child_facts(struct map_run *r, const struct store_execution *row, bool is_whole,
                            struct arena *a, struct asl_map_child *ret, struct error *err)
{
    if (r->state->map.execution_type == ASL_EXPRESS)
        return express_facts(r, row, is_whole, a, ret, err);
    return standard_facts(r, row->id, is_whole, a, ret, err);
}
