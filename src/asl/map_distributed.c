/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A distributed Map's part in its execution: finds out what a map run needs, asks for one, and
 * takes its result. The run itself (reading items, child executions, counting) is whoever carries
 * the command out; asl_map_item gives it the input that an item's child gets.
 */
#include "asl/map_item.h"
#include "asl/step_internal.h"
#include "asl/token.h"
#include <math.h>

/* ---- what the run is told ---- */

struct run_builder {
    struct asl_step *s;
    struct asl_scope *scope;
    struct json_obj_builder object;
    bool is_well;
};

static void put(struct run_builder *b, const char *key, struct json_val v)
{
    json_obj_put(&b->object, str_of(key), JSON_ASCII | JSON_PLAIN, v);
}

static void put_template(struct run_builder *b, const char *key, const struct asl_template *t)
{
    struct json_val v;
    if (!b->is_well || !t)
        return;
    b->is_well = asl_eval_template(b->s, b->scope, t, &v);
    if (b->is_well)
        put(b, key, v);
}

enum number_kind { COUNT, PERCENTAGE, LIMIT };

static bool number_fits(struct run_builder *b, const char *key, const struct asl_number *n,
                        enum number_kind kind, struct json_val v)
{
    const struct asl_frame *f = b->scope->frame;
    const char *error = n->jsonata ? "States.QueryEvaluationError" : "States.Runtime";
    bool is_number = json_is_number(v);
    double d = is_number ? json_number(v) : 0;
    if (!is_number || (kind != PERCENTAGE && floor(d) != d)) {
        str shown = asl_value_text(b->s, v);
        str path = n->path ? jsonpath_text(n->path) : n->jsonata ? n->jsonata->text : STR("");
        return asl_fail_in(b->s, f, error,
                           "The %s%s field refers to value \"%.*s\" which is not a valid %s: %.*s",
                           key, n->path ? "Path" : "", STR_ARG(shown),
                           kind == PERCENTAGE ? "float" : "integer", STR_ARG(path));
    }
    if (kind == PERCENTAGE && (d < 0 || d > 100))
        return asl_fail_in(b->s, f, error, "%s must be between 0 and 100.", key);
    if (kind == COUNT && d < 0)
        return asl_fail_in(b->s, f, error, "%s cannot be negative.", key);
    if (kind == LIMIT && d < 0)
        return asl_fail_plain(b->s, "States.ItemReaderFailed", "field %s must be positive", key);
    return true;
}

static void put_number(struct run_builder *b, const char *key, const struct asl_number *n,
                       enum number_kind kind)
{
    struct json_val v;
    bool has = false;
    if (!b->is_well)
        return;
    b->is_well =
        asl_eval_number(b->s, b->scope, n, &v, &has) && (!has || number_fits(b, key, n, kind, v));
    if (b->is_well && has)
        put(b, key, v);
}

static str map_run_arn(struct asl_step *s, struct asl_frame *f, uint32_t attempt)
{
    str id = s->x->identity.id, name = s->x->identity.state_machine_name;
    size_t at = 0; /* behind arn:aws:states:REGION:ACCOUNT */
    for (int i = 0; i < 5 && at != STR_NONE; i++)
        at = str_find_byte(id, ':', i == 0 ? 0 : at + 1);
    str scope = at == STR_NONE ? STR("arn:aws:states:us-east-1:000000000000") : str_sub(id, 0, at);
    str uuid = asl_uuid_of(id, f->id, attempt, &s->out->arena);
    str label = f->state->map.label;
    return arena_printf(&s->out->arena, "%.*s:mapRun:%.*s/%.*s:%.*s", STR_ARG(scope), STR_ARG(name),
                        STR_ARG(label), STR_ARG(uuid));
}

bool asl_map_run_begin(struct asl_step *s, struct asl_frame *f, struct asl_scope *scope,
                       struct asl_value items)
{
    const struct asl_map *map = &f->state->map;
    struct run_builder b = {.s = s, .scope = scope, .is_well = true};
    struct asl_record r = asl_record_for(f, ASL_MAP_RUN_STARTED);
    r.attempt = f->attempt + 1;
    r.text = map_run_arn(s, f, r.attempt);
    json_obj_begin(&b.object, asl_shapes(s), 12);
    put(&b, "MapRunArn", json_string(r.text, 0));
    if (items.v.tag == JSON_ARRAY)
        put(&b, "Items", items.v);
    if (f->has_keys)
        put(&b, "HasKeys", json_bool(true));
    put(&b, "MaxConcurrency", json_num(f->concurrency));
    put_number(&b, "ToleratedFailureCount", &map->tolerated_count, COUNT);
    put_number(&b, "ToleratedFailurePercentage", &map->tolerated_percentage, PERCENTAGE);
    if (map->reader) {
        put_template(&b, "Reader", map->reader->arguments);
        put_number(&b, "MaxItems", &map->reader->max_items, LIMIT);
    }
    if (map->batcher) {
        put_number(&b, "MaxItemsPerBatch", &map->batcher->max_items, LIMIT);
        put_number(&b, "MaxInputBytesPerBatch", &map->batcher->max_bytes, LIMIT);
        put_template(&b, "BatchInput", map->batcher->batch_input);
    }
    if (map->writer)
        put_template(&b, "Writer", map->writer->arguments);
    struct asl_value value = {.v = json_obj_end(&b.object)};
    if (!b.is_well || !asl_keep(s, scope, value, &r.doc))
        return false;
    asl_emit(s, &r);
    if (!s->is_history_full)
        asl_command_add(s, asl_map_run_command(f, ASL_START_MAP_RUN));
    return true;
}

struct asl_command asl_map_run_command(struct asl_frame *f, enum asl_command_kind kind)
{
    return (struct asl_command){.kind = kind,
                                .frame = f->id,
                                .attempt = f->attempt,
                                .state = f->state,
                                .arguments = f->map_run,
                                .retry_count = f->retry_count,
                                .timeout_ms = ASL_NEVER,
                                .heartbeat_ms = ASL_NEVER};
}

/* ---- its end ---- */

static void run_succeeded(struct asl_step *s, struct asl_frame *f)
{
    struct asl_record r = asl_record_for(f, ASL_MAP_RUN_SUCCEEDED);
    r.doc = asl_adopt(s, s->event->doc, false);
    asl_emit(s, &r);
    if (s->is_history_full)
        return;
    struct asl_record done = asl_record_for(f, ASL_MAP_SUCCEEDED);
    done.doc = r.doc;
    asl_emit_after(s, &done, f->run_ended);
}

static void run_failed(struct asl_step *s, struct asl_frame *f)
{
    const struct asl_event *e = s->event;
    struct asl_record r = asl_record_for(f, ASL_MAP_RUN_FAILED);
    r.has_error = e->has_error;
    r.has_cause = e->has_cause;
    r.error = arena_dup(&s->out->arena, e->error);
    r.cause = arena_dup(&s->out->arena, e->cause);
    asl_emit(s, &r);
    s->failure = (struct asl_failure){
        .error = r.error, .cause = r.cause, .has_error = r.has_error, .has_cause = r.has_cause};
    s->failure.is_final = e->has_error && str_eq(e->error, STR("States.Runtime"));
    if (!s->is_history_full)
        asl_state_failed(s, f);
}

enum status asl_map_run_event(struct asl_step *s, struct asl_frame *f, struct error *err)
{
    if (s->event->kind == ASL_EVENT_MAP_RUN_FAILED) {
        run_failed(s, f);
        return STATUS_OK;
    }
    if (!s->event->doc)
        return error_set(err, STATUS_INVALID, "InvalidOutput", "The event has no document");
    run_succeeded(s, f);
    return STATUS_OK;
}

/* ---- items of a run ---- */

enum status asl_map_item(struct asl_exec *x, uint32_t frame, const struct asl_map_item *item,
                         struct asl_out *out, struct json_val *ret, struct asl_item_failure *failed)
{
    struct asl_frame *f = asl_exec_frame(x, frame);
    check(f && f->phase == ASL_PHASE_MAPPING);
    struct asl_event event = {
        .kind = ASL_EVENT_CONTINUE, .now_ms = item->now_ms, .seed = item->seed};
    struct asl_step s = {.x = x, .event = &event, .out = out};
    arena_reset(&out->scratch);
    *ret = item->value;
    if (!f->state->map.item_selector)
        return STATUS_OK;
    struct asl_scope scope = asl_scope_of(&s, f);
    struct asl_value unused;
    scope.item = item->value;
    scope.item_index = item->index;
    scope.item_source = item->source;
    if (item->has_keys) {
        scope.item_key = json_get(item->value, STR("Key"));
        scope.item = json_get(item->value, STR("Value"));
    }
    if (asl_flow_input(&s, &scope, &unused) &&
        asl_eval_template(&s, &scope, f->state->map.item_selector, ret))
        return STATUS_OK;
    *failed = (struct asl_item_failure){s.failure.error, s.failure.cause};
    return STATUS_INVALID;
}
