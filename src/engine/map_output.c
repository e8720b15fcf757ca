/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The result of a map run: the outputs of its children in the order of their items, read from their
 * rows, some at a time. A child that failed and was tolerated has no place in it.
 */
#include "asl/map_result.h"
#include "engine/map_internal.h"
#include "json/parse.h"
#include "json/write.h"

enum { GATHER_AT_ONCE = 200 };

/* What a Standard child has made lies in its steps. */
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
    if (status == STATUS_OK && !x->output)
        status = error_set(err, STATUS_CORRUPT, "ExecutionCorrupt", "the execution has no output");
    if (status == STATUS_OK)
        *ret = x;
    else
        asl_exec_free(x);
    return status;
}

static void fill_facts(const struct asl_exec *x, str output, str input, struct asl_map_child *c)
{
    *c = (struct asl_map_child){.status = x->status,
                                .type = x->type,
                                .execution_arn = x->identity.id,
                                .name = x->identity.name,
                                .state_machine_arn = x->identity.state_machine_id,
                                .input = input,
                                .output = output,
                                .redrive_count = x->redrive_count,
                                .start_ms = x->identity.start_ms,
                                .stop_ms = x->stop_ms};
}

static enum status add_standard(struct map_run *r, struct asl_map_result *result, int64_t id,
                                struct arena *a, struct error *err)
{
    struct asl_exec *x;
    struct asl_map_child facts;
    struct buf output, input;
    enum status status = read_standard(r, id, a, &x, err);
    if (status != STATUS_OK)
        return status;
    buf_init(&output, JSON_MAX_TEXT);
    buf_init(&input, JSON_MAX_TEXT);
    status = json_write(&output, x->output->root, 0, err);
    if (status == STATUS_OK && result->transformation == ASL_WRITER_NONE)
        status = json_write(&input, x->input->root, 0, err);
    fill_facts(x, buf_str(&output), buf_str(&input), &facts);
    if (status == STATUS_OK)
        asl_map_result_add(result, &facts);
    buf_done(&output);
    buf_done(&input);
    asl_exec_free(x);
    return status;
}

/* An Express child leaves its output only; who it was is told as far as it can be derived. */
static enum status add_express(struct map_run *r, struct asl_map_result *result,
                               const struct store_execution *row, struct arena *a,
                               struct error *err)
{
    str output;
    enum status status =
        store_find_document(r->all->engine->reader, row->id, row->output, a, &output, err);
    if (status != STATUS_OK)
        return status;
    struct asl_map_child facts = {.status = ASL_EXEC_SUCCEEDED,
                                  .type = ASL_EXPRESS,
                                  .output = output,
                                  .redrive_count = row->redrives,
                                  .start_ms = row->started_ms,
                                  .stop_ms = row->stopped_ms};
    asl_map_result_add(result, &facts);
    return STATUS_OK;
}

/* The child that begins with gather_index. */
static enum status add_child(struct map_run *r, struct asl_map_result *result, struct error *err)
{
    struct store_execution row;
    struct arena a;
    arena_init(&a, 0);
    enum status status =
        store_find_child(r->all->engine->reader, r->row.id, r->gather_index, &a, &row, err);
    if (status == STATUS_OK && row.status == STORE_SUCCEEDED)
        status = r->state->map.execution_type == ASL_EXPRESS
                     ? add_express(r, result, &row, &a, err)
                     : add_standard(r, result, row.id, &a, err);
    if (status == STATUS_OK && map_items_of(&row) == 0)
        status = error_set(err, STATUS_CORRUPT, "MapRunCorrupt", "a child without items");
    if (status == STATUS_OK)
        r->gather_index += map_items_of(&row);
    arena_done(&a);
    return status;
}

static void result_fail(struct map_run *r, const char *error, str cause)
{
    r->has_error = true;
    r->error = str_of(error);
    r->cause = arena_dup(&r->arena, cause);
}

static void finish(struct map_run *r, struct asl_map_result *result)
{
    struct error err;
    asl_map_result_end(result);
    if (!buf_ok(&r->result)) {
        result_fail(r, "States.DataLimitExceeded", STR("The result of the Map Run is too large."));
        return;
    }
    size_t n;
    char *text = buf_take(&r->result, &n);
    if (json_parse_take(text, n, NULL, &r->result_doc, &err) != STATUS_OK)
        result_fail(r, "States.Runtime", str_of(err.message));
}

bool map_result_gather(struct map_run *r)
{
    enum asl_writer_transformation form = asl_map_result_form(r->state->map.writer, false);
    struct asl_map_result result = {
        .out = &r->result, .transformation = form, .count = r->result.n > 1};
    struct error err;
    if (r->gather_index == 0) {
        buf_done(&r->result);
        buf_init(&r->result, r->all->engine->options.is_strict ? ASL_MAX_PAYLOAD : JSON_MAX_TEXT);
        asl_map_result_begin(&result, form, false, &r->result);
    }
    for (int i = 0; i < GATHER_AT_ONCE; i++) {
        if (r->gather_index >= r->run.items.total || !buf_ok(&r->result)) {
            finish(r, &result);
            return true;
        }
        if (add_child(r, &result, &err) != STATUS_OK) {
            result_fail(r, "States.Runtime", str_of(err.message));
            return true;
        }
    }
    return false;
}
