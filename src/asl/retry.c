/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Retriers: which one is meant by a failure, how often it has been used, and how long it waits.
 * Only the first that matches counts; used up, it hands the failure on (reference: "Retry").
 */
#include "asl/step_internal.h"
#include <math.h>

bool asl_failure_matches(const struct asl_failure *failure, const str *errors, uint32_t count)
{
    if (failure->is_final)
        return false;
    bool is_timeout = failure->has_error && str_eq(failure->error, STR("States.Timeout"));
    for (uint32_t i = 0; i < count; i++) {
        if (str_eq(errors[i], STR("States.ALL")) ||
            (failure->has_error && str_eq(errors[i], failure->error)) ||
            (failure->is_task && !is_timeout && str_eq(errors[i], STR("States.TaskFailed"))) ||
            (failure->is_heartbeat && str_eq(errors[i], STR("States.HeartbeatTimeout"))))
            return true;
    }
    return false;
}

enum { RETRY_LONGEST_SECONDS = 31622400 /* a year: AWS's bound for MaxDelaySeconds */ };

static int64_t delay_ms(struct asl_step *s, const struct asl_retrier *r, uint32_t used)
{
    double seconds = r->interval_seconds * pow(r->backoff_rate, used);
    if (r->max_delay_seconds > 0 && seconds > r->max_delay_seconds)
        seconds = r->max_delay_seconds;
    if (!(seconds < RETRY_LONGEST_SECONDS))
        seconds = RETRY_LONGEST_SECONDS;
    if (r->jitter_full)
        seconds *= (double)(asl_seed(s) >> 11) * 0x1p-53;
    return (int64_t)(seconds * 1000);
}

bool asl_retry(struct asl_step *s, struct asl_frame *f)
{
    const struct asl_state *state = f->state;
    uint32_t i = 0;
    while (i < state->retrier_count && !asl_failure_matches(&s->failure, state->retriers[i].errors,
                                                            state->retriers[i].error_count))
        i++;
    if (i == state->retrier_count)
        return false;
    uint32_t used = f->retries ? f->retries[i] : 0;
    if (used >= state->retriers[i].max_attempts)
        return false;
    struct asl_record r = asl_record_for(f, ASL_RETRY_PLANNED);
    r.number = i;
    r.due_ms = s->event->now_ms + delay_ms(s, &state->retriers[i], used);
    asl_emit(s, &r);
    return true;
}
