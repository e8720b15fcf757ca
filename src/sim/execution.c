/* SPDX-License-Identifier: Apache-2.0 */
/* One execution in the simulated world: it is stepped, and what it asks for is carried out. */
#include "sim/sim_internal.h"
#include "base/check.h"
#include "json/parse.h"
#include <stdlib.h>

struct sim_exec *sim_exec_new(struct sim *s, const struct asl_machine *machine, enum asl_type type)
{
    struct sim_exec *e = calloc(1, sizeof(*e));
    check(e != NULL);
    s->execs = sim_grow(s->execs, s->exec_count, &s->exec_cap, sizeof(*s->execs));
    e->number = s->exec_count;
    e->x = asl_exec_new(s->definition, machine, type, &s->options.asl);
    e->wake_ms = ASL_NEVER;
    s->execs[s->exec_count++] = e;
    return e;
}

void sim_exec_free(struct sim *s, uint32_t number)
{
    struct sim_exec *e = s->execs[number];
    if (!e)
        return;
    asl_exec_free(e->x);
    free(e);
    s->execs[number] = NULL;
}

static void carry_out(struct sim *s, struct sim_exec *e, const struct asl_command *c)
{
    switch (c->kind) {
    case ASL_START_TASK: sim_answer_task(s, e, c); break;
    case ASL_START_MAP_RUN: sim_run_start(s, e, c); break;
    case ASL_CANCEL_MAP_RUN: sim_run_cancel(s, e, c); break;
    case ASL_REDRIVE_MAP_RUN: sim_run_redrive(s, e, c); break;
    case ASL_CANCEL_TASK: /* its answer will find nobody */
    case ASL_END_EXECUTION: break;
    }
}

/* When the execution wants to go on is kept in the agenda once. */
static void plan_wake(struct sim *s, struct sim_exec *e)
{
    int64_t due = ASL_NEVER;
    if (s->out.is_again)
        due = s->out.resume_ms > s->now_ms ? s->out.resume_ms : s->now_ms;
    else if (!asl_exec_is_over(e->x))
        due = asl_exec_due(e->x);
    if (due == ASL_NEVER)
        e->wake = 0;
    else if (e->wake == 0 || due != e->wake_ms)
        e->wake = sim_agenda_add(&s->agenda, due, SIM_WAKE, e->number, NULL);
    e->wake_ms = due;
}

enum status sim_exec_step(struct sim *s, struct sim_exec *e, struct asl_event *event,
                          struct error *err)
{
    uint64_t most = s->options.max_steps ? s->options.max_steps : SIM_DEFAULT_STEPS;
    if (s->steps++ >= most) {
        sim_fail(s, STATUS_LIMIT, "StepLimit", "the simulation has made %llu steps",
                 (unsigned long long)most);
        return sim_failure(s, err);
    }
    event->now_ms = s->now_ms;
    event->seed = sim_seed(s);
    asl_out_reset(&s->out);
    enum status status = asl_step(e->x, event, &s->out, err);
    if (status != STATUS_OK)
        return status;
    if (s->options.on_step)
        s->options.on_step(s->options.arg, e->x, event, &s->out);
    for (uint32_t i = 0; i < s->out.command_count; i++)
        carry_out(s, e, &s->out.commands[i]);
    plan_wake(s, e);
    asl_out_reset(&s->out);
    if (asl_exec_is_over(e->x) && !e->is_noted) {
        e->is_noted = true;
        if (e->run)
            sim_run_child_over(s, e);
    }
    return sim_failure(s, err);
}

enum status sim_exec_start(struct sim *s, struct sim_exec *e, str input,
                           const struct asl_identity *identity, struct error *err)
{
    struct asl_event event = {.kind = ASL_EVENT_START, .identity = identity};
    enum status status = json_parse(input, NULL, &event.doc, err);
    if (status != STATUS_OK)
        return status;
    status = sim_exec_step(s, e, &event, err);
    json_doc_unref(event.doc);
    return status;
}
