/* SPDX-License-Identifier: Apache-2.0 */
/* Simulations for tests. */
#include "world.h"

#include "asl/apply.h"
#include "asl/history.h"
#include "asl/token.h"
#include "json/write.h"

static void note_step(void *arg, const struct asl_exec *x, const struct asl_event *e,
                      const struct asl_out *out)
{
    struct world *w = arg;
    w->steps++;
    if (x->machine != x->definition->root)
        return;
    for (uint32_t i = 0; i < out->record_count; i++) {
        if (asl_record_is_event(out->records[i].kind))
            buf_printf(&w->log, "%s@%g ", asl_history_type(x->definition, &out->records[i]),
                       (double)(e->now_ms - WORLD_START) / 1000);
    }
    buf_add_byte(&w->log, '\0');
    w->log.n--;
}

void world_open(struct world *w, const char *definition, const char *mocks)
{
    memset(w, 0, sizeof(*w));
    arena_init(&w->arena, 0);
    buf_init(&w->log, 1 << 24);
    buf_init(&w->text, 1 << 24);
    struct asl_load_options load = {.type = ASL_STANDARD};
    enum status status =
        asl_definition_load(str_of(definition), &load, NULL, &w->definition, &w->err);
    if (status != STATUS_OK)
        fail_msg("%s", w->err.message);
    if (mocks &&
        sim_mocks_load(str_of(mocks), NULL, w->definition, &w->mocks, &w->err) != STATUS_OK)
        fail_msg("%s", w->err.message);
    w->options = (struct sim_options){.start_ms = WORLD_START,
                                      .seed = 1,
                                      .name = STR("test"),
                                      .mocks = w->mocks,
                                      .max_steps = 100000,
                                      .on_step = note_step,
                                      .arg = w};
}

void world_close(struct world *w)
{
    sim_free(w->sim);
    sim_mocks_free(w->mocks);
    asl_definition_unref(w->definition);
    buf_done(&w->log);
    buf_done(&w->text);
    arena_done(&w->arena);
}

void world_start(struct world *w, const char *input)
{
    w->sim = sim_new(w->definition, w->type, &w->options);
    w->status = sim_start(w->sim, str_of(input), &w->err);
}

void world_finish(struct world *w)
{
    w->status = sim_run(w->sim, &w->err);
}

void world_run(struct world *w, const char *input)
{
    world_start(w, input);
    if (w->status == STATUS_OK)
        world_finish(w);
}

void world_until(struct world *w, double seconds)
{
    int64_t until_ms = WORLD_START + (int64_t)(seconds * 1000);
    while (w->status == STATUS_OK && sim_next(w->sim) <= until_ms)
        w->status = sim_turn(w->sim, &w->err);
    sim_advance(w->sim, until_ms);
}

const char *world_end(struct world *w)
{
    const struct asl_exec *x = sim_root(w->sim);
    buf_clear(&w->text);
    if (w->status != STATUS_OK) {
        buf_printf(&w->text, "%s: %s", w->err.name, w->err.message);
    } else {
        buf_printf(&w->text, "%s", asl_status_name(x->status));
        if (x->output) {
            buf_add_byte(&w->text, ' ');
            assert_int_equal(json_write(&w->text, x->output->root, 0, NULL), STATUS_OK);
        }
        if (x->has_error)
            buf_printf(&w->text, " %.*s", STR_ARG(x->error));
        if (x->has_cause)
            buf_printf(&w->text, ": %.*s", STR_ARG(x->cause));
    }
    buf_add_byte(&w->text, '\0');
    return w->text.p;
}

double world_seconds(const struct world *w)
{
    return (double)(sim_now(w->sim) - WORLD_START) / 1000;
}

static const struct asl_frame *find_frame(const struct asl_frame *f, str state)
{
    for (const struct asl_frame *child = f->first_child; child; child = child->next_sibling) {
        const struct asl_frame *found = find_frame(child, state);
        if (found)
            return found;
    }
    return f->phase == ASL_PHASE_WORKING && str_eq(f->state->name, state) ? f : NULL;
}

str world_token(struct world *w, const char *state)
{
    const struct asl_exec *x = sim_root(w->sim);
    const struct asl_frame *f = find_frame(x->root, str_of(state));
    assert_non_null(f);
    return asl_token_make(x, f->id, f->attempt, &w->arena);
}
