/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The result of a map run: the outputs of its children in the order of their items, read from their
 * rows, some at a time. A child that failed and was tolerated has no place in it.
 */
#include "engine/map_internal.h"
#include "json/parse.h"

enum { GATHER_AT_ONCE = 200 };

/* The child that begins with gather_index. */
static enum status add_child(struct map_run *r, struct asl_map_result *result, struct error *err)
{
    struct store_execution row;
    struct asl_map_child facts;
    struct arena a;
    arena_init(&a, 0);
    enum status status =
        store_find_child(r->all->engine->reader, r->row.id, r->gather_index, &a, &row, err);
    bool is_well = status == STATUS_OK && row.status == STORE_SUCCEEDED;
    if (is_well)
        status =
            map_child_facts(r, &row, result->transformation == ASL_WRITER_NONE, &a, &facts, err);
    if (is_well && status == STATUS_OK)
        asl_map_result_add(result, &facts);
    if (status == STATUS_OK && map_items_of(&row) == 0)
        status = error_set(err, STATUS_CORRUPT, "MapRunCorrupt", "a child without items");
    if (status == STATUS_OK)
        r->gather_index += map_items_of(&row);
    arena_done(&a);
    return status;
}

void map_result_fail(struct map_run *r, const char *error, str cause)
{
    if (r->has_error || r->run.status != ASL_MAP_RUN_IS_SUCCEEDED)
        return;
    r->has_error = true;
    r->error = str_of(error);
    r->cause = arena_dup(&r->arena, cause);
}

void map_result_set(struct map_run *r, struct buf *text)
{
    struct error err;
    if (!buf_ok(text)) {
        map_result_fail(r, "States.DataLimitExceeded",
                        STR("The result of the Map Run is too large."));
        return;
    }
    size_t n;
    char *bytes = buf_take(text, &n);
    if (json_parse_take(bytes, n, NULL, &r->result_doc, &err) != STATUS_OK)
        map_result_fail(r, "States.Runtime", str_of(err.message));
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
            asl_map_result_end(&result);
            map_result_set(r, &r->result);
            return true;
        }
        if (add_child(r, &result, &err) != STATUS_OK) {
            map_result_fail(r, "States.Runtime", str_of(err.message));
            return true;
        }
    }
    return false;
}
