/* SPDX-License-Identifier: Apache-2.0 */
/* See scenario_map.h. */
#include "scenario_map.h"

#include "asl/map_batch.h"
#include "asl/map_item.h"
#include "asl/map_result.h"
#include "asl/map_run.h"
#include "asl/token.h"
#include "base/check.h"
#include "json/parse.h"

enum { CHILD_BYTES = 1 << 24, CHILD_STEPS = 100000 };

struct map_work {
    struct scenario_run *run;
    uint32_t frame;
    const struct asl_state *state;
    struct asl_map_run_plan plan;
    struct asl_map_run counts;
    struct asl_map_result result;
    struct asl_out out;
    uint32_t next;
    bool has_failed; /* an item could not be made an input */
    str error, cause;
};

/* ---- a child ---- */

static void identify(struct map_work *w, struct asl_identity *child)
{
    const struct asl_identity *parent = &w->run->x->identity;
    struct arena *a = &w->run->arena;
    size_t label = str_find(w->plan.arn, STR(":mapRun:"), 0) + strlen(":mapRun:");
    str machine = str_sub(w->plan.arn, label, str_find_byte(w->plan.arn, ':', label));
    *child = *parent;
    child->name = asl_uuid_of(w->plan.arn, w->next, 0, a);
    child->state_machine_id = arena_printf(
        a, "arn:aws:states:us-east-1:111111111111:stateMachine:%.*s", STR_ARG(machine));
    child->id = arena_printf(a, "arn:aws:states:us-east-1:111111111111:execution:%.*s:%.*s",
                             STR_ARG(machine), STR_ARG(child->name));
    child->start_ms = w->run->now_ms;
}

/* Steps until it is over; tasks of children have no answers. */
static void play_child(struct map_work *w, struct asl_exec *x, struct json_doc *input)
{
    struct asl_identity identity;
    struct asl_event event = {.kind = ASL_EVENT_START, .doc = input, .identity = &identity};
    identify(w, &identity);
    for (uint32_t steps = 0; steps < CHILD_STEPS && !asl_exec_is_over(x); steps++) {
        struct error err;
        event.now_ms = w->run->now_ms;
        event.seed = ++w->run->seed;
        check(asl_step(x, &event, &w->out, &err) == STATUS_OK);
        event = (struct asl_event){.kind = ASL_EVENT_CONTINUE};
        int64_t due_ms = w->out.is_again ? w->out.resume_ms : asl_exec_due(x);
        asl_out_reset(&w->out);
        if (due_ms != ASL_NEVER && due_ms > w->run->now_ms)
            w->run->now_ms = due_ms;
    }
    check(asl_exec_is_over(x));
}

static void add_result(struct map_work *w, const struct asl_exec *x, str input)
{
    struct buf output;
    struct asl_map_child child = {.status = x->status,
                                  .type = x->type,
                                  .execution_arn = x->identity.id,
                                  .name = x->identity.name,
                                  .state_machine_arn = x->identity.state_machine_id,
                                  .input = input,
                                  .error = x->error,
                                  .cause = x->cause,
                                  .has_error = x->has_error,
                                  .has_cause = x->has_cause,
                                  .start_ms = x->identity.start_ms,
                                  .stop_ms = x->stop_ms};
    buf_init(&output, CHILD_BYTES);
    if (x->status == ASL_EXEC_SUCCEEDED) {
        asl_document_write(x->output, &output);
        child.output = buf_str(&output);
        asl_map_result_add(&w->result, &child);
    }
    buf_done(&output);
}

static void run_child(struct map_work *w, str input, uint64_t items)
{
    struct scenario_run *run = w->run;
    const struct asl_map *map = &w->state->map;
    struct asl_exec *x =
        asl_exec_new(run->definition, map->processor, map->execution_type, &run->options);
    struct json_doc *doc;
    check(json_parse(input, NULL, &doc, NULL) == STATUS_OK);
    asl_map_run_child_started(&w->counts, items, false);
    play_child(w, x, doc);
    json_doc_unref(doc);
    asl_map_run_child_ended(&w->counts, items, x->status);
    add_result(w, x, input);
    asl_exec_free(x);
}

/* ---- the run ---- */

static enum asl_map_batch_added add_item(struct map_work *w, struct asl_map_batch *batch)
{
    struct asl_item_failure failed;
    struct json_val value;
    struct asl_map_item item = {.value = w->plan.items.items[w->next],
                                .has_keys = w->plan.has_keys,
                                .index = w->next,
                                .source = STR("STATE_DATA"),
                                .now_ms = w->run->now_ms,
                                .seed = ++w->run->seed};
    enum asl_map_batch_added added = ASL_MAP_BATCH_TOO_LARGE;
    if (asl_map_item(w->run->x, w->frame, &item, &w->out, &value, &failed) == STATUS_OK) {
        added = asl_map_batch_add(batch, value);
    } else {
        w->has_failed = true;
        w->error = arena_dup(&w->run->arena, failed.error);
        w->cause = arena_dup(&w->run->arena, failed.cause);
    }
    asl_out_reset(&w->out);
    return added;
}

static void next_child(struct map_work *w)
{
    struct asl_map_batch batch;
    struct buf input;
    enum asl_map_batch_added added = ASL_MAP_BATCH_TAKEN;
    enum json_numbers numbers = asl_map_numbers(w->state, true);
    buf_init(&input, CHILD_BYTES);
    asl_map_batch_begin(&batch, &w->plan, numbers, &input);
    while (w->next < w->plan.items.len && added == ASL_MAP_BATCH_TAKEN) {
        added = add_item(w, &batch);
        w->next += added == ASL_MAP_BATCH_TAKEN;
    }
    asl_map_batch_end(&batch);
    check(added != ASL_MAP_BATCH_TOO_LARGE || w->has_failed);
    if (!w->has_failed)
        run_child(w, buf_str(&input), batch.count);
    buf_done(&input);
}

static void fill_event(struct map_work *w, struct buf *result, struct asl_event *event)
{
    if (w->counts.status == ASL_MAP_RUN_IS_SUCCEEDED && !w->has_failed) {
        event->kind = ASL_EVENT_MAP_RUN_SUCCEEDED;
        check(json_parse(buf_str(result), NULL, &event->doc, NULL) == STATUS_OK);
        return;
    }
    event->kind = ASL_EVENT_MAP_RUN_FAILED;
    event->has_error = event->has_cause = true;
    event->error = w->has_failed ? w->error : STR(ASL_MAP_RUN_ERROR);
    event->cause = w->has_failed ? w->cause : STR(ASL_MAP_RUN_CAUSE);
}

bool scenario_map(struct scenario_run *run, uint32_t frame, const struct asl_state *state,
                  struct json_val arguments, struct asl_event *event)
{
    struct map_work w = {.run = run, .frame = frame, .state = state};
    struct buf result;
    asl_map_run_plan_read(arguments, state, true, &w.plan);
    if (w.plan.items.tag != JSON_ARRAY)
        return false;
    asl_out_init(&w.out);
    buf_init(&result, CHILD_BYTES);
    asl_map_run_init(&w.counts, &w.plan);
    asl_map_run_found(&w.counts, w.plan.items.len);
    asl_map_run_all_found(&w.counts);
    asl_map_result_begin(&w.result, asl_map_result_form(state->map.writer, false), false, &result);
    while (!w.has_failed && asl_map_run_room(&w.counts) > 0 && w.next < w.plan.items.len)
        next_child(&w);
    asl_map_result_end(&w.result);
    fill_event(&w, &result, event);
    buf_done(&result);
    asl_out_done(&w.out);
    return true;
}
