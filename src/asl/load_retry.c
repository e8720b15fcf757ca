/* SPDX-License-Identifier: Apache-2.0 */
/* Retry and Catch. */
#include "asl/load_internal.h"

enum { RETRY_MAX = 99999999, RETRY_DELAY_MAX = 31622399 };

static const char *const jitter_words[] = {"NONE", "FULL", NULL};

struct retrier {
    struct asl_retrier out;
    double max_attempts;
    unsigned jitter;
    struct json_val errors;
};

#define RETRIER(member) .offset = offsetof(struct retrier, member)

static const struct field retrier_fields[] = {
    {.name = "ErrorEquals", .required = true, .read = load_value, RETRIER(errors)},
    ROW_NUMBER("IntervalSeconds", load_plain_int, 1, RETRY_MAX, struct retrier,
               out.interval_seconds),
    ROW_NUMBER("MaxAttempts", load_plain_int, 0, RETRY_MAX, struct retrier, max_attempts),
    ROW_NUMBER("BackoffRate", load_plain_float, 1, 1e9, struct retrier, out.backoff_rate),
    ROW_NUMBER("MaxDelaySeconds", load_plain_int, 1, RETRY_DELAY_MAX, struct retrier,
               out.max_delay_seconds),
    ROW_WORD("JitterStrategy", jitter_words, struct retrier, jitter),
    {.name = "Comment", .read = load_comment},
};

static const struct table retrier_table = {.fields = retrier_fields,
                                           .count = ARRAY_LEN(retrier_fields)};

struct catcher {
    struct asl_catcher out;
    struct json_val errors;
};

#define CATCHER(member) .offset = offsetof(struct catcher, member)

static const struct field catcher_fields[] = {
    {.name = "ErrorEquals", .required = true, .read = load_value, CATCHER(errors)},
    {.name = "Next", .required = true},
    ROW("ResultPath", LOAD_P, load_result_path, struct catcher, out.result_path),
    {.name = "Output",
     .languages = LOAD_J,
     .read = load_template,
     .reads = LOAD_ERROR,
     CATCHER(out.output)},
    {.name = "Assign", .read = load_assign, .reads = LOAD_ERROR, CATCHER(out.assign)},
    {.name = "Comment", .read = load_comment},
};

static const struct table catcher_table = {.fields = catcher_fields,
                                           .count = ARRAY_LEN(catcher_fields)};

/* States.ALL stands alone, and in the last entry. */
static void errors_read(struct load *l, const struct at *up, struct json_val v, bool is_last,
                        const str **ret, uint32_t *ret_count)
{
    const struct at *at = at_key(l, up, STR("ErrorEquals"));
    if (v.tag == JSON_UNDEFINED || !load_strings(l, at, v, ret, ret_count))
        return;
    if (v.len == 0)
        load_error(l, SCHEMA, at, NULL, "Value cannot be empty");
    for (uint32_t i = 0; i < v.len; i++) {
        if (!str_eq((*ret)[i], STR("States.ALL")))
            continue;
        if (v.len > 1)
            load_error(l, SCHEMA, at, NULL, "'States.ALL' must be the only error name");
        else if (!is_last)
            load_error(l, SCHEMA, at, "it would keep the entries behind it from ever being used",
                       "'States.ALL' must be in the last entry");
    }
}

static void retrier_read(struct load *l, const struct at *at, struct json_val v, bool is_last,
                         struct asl_retrier *ret)
{
    struct retrier r = {
        .out = {.interval_seconds = 1, .backoff_rate = 2}, .max_attempts = 3, .jitter = 0};
    if (!load_fields(l, at, v, &retrier_table, &r))
        return;
    errors_read(l, at, r.errors, is_last, &r.out.errors, &r.out.error_count);
    r.out.max_attempts = (int64_t)r.max_attempts;
    r.out.jitter_full = r.jitter == 1;
    if (r.out.max_delay_seconds > 0 && r.out.max_delay_seconds <= r.out.interval_seconds)
        load_error(l, SCHEMA, at, NULL, "MaxDelaySeconds must be greater than IntervalSeconds");
    *ret = r.out;
}

void load_retry(struct load *l, const struct at *at, struct json_val v, const struct field *f,
                void *target)
{
    struct asl_state *state = target;
    (void)f;
    if (!load_is_array(l, at, v))
        return;
    struct asl_retrier *items = arena_zalloc(&l->d->arena, (v.len + 1) * sizeof(*items));
    for (uint32_t i = 0; i < v.len; i++)
        retrier_read(l, at_index(l, at, i), v.items[i], i + 1 == v.len, &items[i]);
    state->retriers = items;
    state->retrier_count = v.len;
}

void load_catch(struct load *l, const struct at *at, struct json_val v, const struct field *f,
                void *target)
{
    struct asl_state *state = target;
    (void)f;
    if (!load_is_array(l, at, v))
        return;
    struct asl_catcher *items = arena_zalloc(&l->d->arena, (v.len + 1) * sizeof(*items));
    for (uint32_t i = 0; i < v.len; i++) {
        struct catcher c = {.errors = json_undefined()};
        const struct at *here = at_index(l, at, i);
        if (!load_fields(l, here, v.items[i], &catcher_table, &c))
            continue;
        errors_read(l, here, c.errors, i + 1 == v.len, &c.out.errors, &c.out.error_count);
        items[i] = c.out;
        struct json_val next = json_get(v.items[i], STR("Next"));
        if (next.tag != JSON_UNDEFINED)
            load_next(l, at_key(l, here, STR("Next")), next, NULL, &items[i].next);
    }
    state->catchers = items;
    state->catcher_count = v.len;
}
