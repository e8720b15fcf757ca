/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Running one execution: what the engine's loop does around asl_step, without a world. Time is a
 * number that moves on with each step.
 */
#include "bench_asl.h"

#include "json/write.h"
#include <stdio.h>

static const int64_t begin_ms = INT64_C(1790856000000);

struct asl_exec *bench_new_exec(const struct bench_machine *machine, enum asl_type type)
{
    struct asl_options options = {.strict = false};
    return asl_exec_new(machine->definition, NULL, type, &options);
}

void bench_run_init(struct bench_run *r, const struct bench_machine *machine, enum asl_type type)
{
    *r = (struct bench_run){.machine = machine, .now_ms = begin_ms};
    r->x = bench_new_exec(machine, type);
    asl_out_init(&r->out);
    buf_init(&r->batch, SIZE_MAX / 2);
}

void bench_run_done(struct bench_run *r)
{
    bench_run_end(r);
    asl_out_done(&r->out);
    buf_done(&r->batch);
}

void bench_run_end(struct bench_run *r)
{
    asl_exec_free(r->x);
    r->x = NULL;
}

static void keep_batch(struct bench_run *r)
{
    buf_clear(&r->batch);
    asl_encode_batch(&r->out, &r->batch);
    r->kept_bytes += r->batch.n;
    if (!r->batches)
        return;
    uint64_t n = r->batch.n;
    buf_add(r->batches, (str){(const char *)&n, sizeof(n)});
    buf_add(r->batches, buf_str(&r->batch));
}

static void count_out(struct bench_run *r)
{
    r->steps++;
    for (uint32_t i = 0; i < r->out.record_count; i++) {
        r->transitions += r->out.records[i].kind == ASL_STATE_ENTERED;
        r->moves += r->out.records[i].kind == ASL_STATE_ENTERED ||
                    r->out.records[i].kind == ASL_STATE_EXITED;
    }
    for (uint32_t i = 0; i < r->out.command_count; i++) {
        if (r->out.commands[i].kind != ASL_START_TASK)
            continue;
        r->task_frame = r->out.commands[i].frame;
        r->task_attempt = r->out.commands[i].attempt;
    }
    r->is_again = r->out.is_again;
}

void bench_run_step(struct bench_run *r, struct asl_event event)
{
    struct error err;
    event.now_ms = r->now_ms++;
    event.seed = r->steps + 1;
    if (asl_step(r->x, &event, &r->out, &err) != STATUS_OK)
        bench_asl_stop(err.message);
    if (r->keeps)
        keep_batch(r);
    count_out(r);
    asl_out_reset(&r->out);
}

void bench_run_start(struct bench_run *r)
{
    const struct asl_identity identity = {
        .id = STR("arn:aws:states:us-east-1:123456789012:execution:bench:run"),
        .name = STR("run"),
        .role_arn = STR("arn:aws:iam::123456789012:role/bench"),
        .state_machine_id = STR("arn:aws:states:us-east-1:123456789012:stateMachine:bench"),
        .state_machine_name = STR("bench"),
        .start_ms = r->now_ms};
    bench_run_step(r, (struct asl_event){.kind = ASL_EVENT_START,
                                         .doc = r->machine->input,
                                         .identity = &identity});
}

void bench_run_on(struct bench_run *r)
{
    while (r->is_again)
        bench_run_step(r, (struct asl_event){.kind = ASL_EVENT_CONTINUE});
}

void bench_run_check(const struct bench_run *r)
{
    struct buf text;
    if (r->x->status != ASL_EXEC_SUCCEEDED) {
        fprintf(stderr, "%.*s: %.*s\n", STR_ARG(r->x->error), STR_ARG(r->x->cause));
        bench_asl_stop("an execution has not succeeded");
    }
    buf_init(&text, SIZE_MAX / 2);
    if (json_write(&text, r->x->output->root, 0, NULL) != STATUS_OK ||
        !str_eq(buf_str(&text), r->machine->output))
        bench_asl_stop("an execution has another output than it must have");
    buf_done(&text);
}
