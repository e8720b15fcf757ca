/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A definition, an input, and bytes that choose what happens: three parts with a line "----"
 * (corpus files) or a NUL byte between them. A definition of one character is one of
 * asl_machines.h.
 *
 * After each step the execution is whole, its batch replayed into a twin gives the same, and so
 * does a snapshot now and then; the run may go on with either of them.
 */
#include "asl/map_item.h"
#include "asl_machines.h"
#include "base/buf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MOST_EVENTS = 60 };

struct subject {
    struct asl_exec *x, *twin;
    struct asl_out out;
    int64_t now_ms;
    uint64_t seed;
    bool is_large; /* enough of this one */
};

/* ---- a step and what must be true after it ---- */

static void check_step(struct subject *s, enum status status, uint64_t last_event, uint8_t how)
{
    struct buf batch;
    struct error err;
    if (status != STATUS_OK) {
        require(s->out.record_count == 0 && s->out.command_count == 0);
        require(s->x->last_event == last_event);
        require_same(s->x, s->twin);
        return;
    }
    require_well(s->x);
    if (!is_small(&s->out)) {
        s->is_large = true;
        return;
    }
    buf_init(&batch, SIZE_MAX / 2);
    asl_encode_batch(&s->out, &batch);
    require(asl_replay(s->twin, buf_str(&batch), &err) == STATUS_OK);
    buf_done(&batch);
    require_same(s->x, s->twin);
    if (how & 0x80) {
        asl_exec_free(s->twin);
        s->twin = machine_copy(s->x);
    }
}

static void step(struct subject *s, struct asl_event event, uint8_t how)
{
    struct error err = {0};
    event.now_ms = s->now_ms;
    event.seed = ++s->seed;
    uint64_t last_event = s->x->last_event;
    enum status status = asl_step(s->x, &event, &s->out, &err);
    if (status != STATUS_OK)
        require(err.name[0] != '\0' && err.message[0] != '\0');
    if (s->out.resume_ms > 0) {
        require(s->out.is_again && s->out.resume_ms > s->now_ms);
        require(s->out.resume_ms <= s->now_ms + 1000);
    }
    check_step(s, status, last_event, how);
    asl_out_reset(&s->out);
}

/* ---- what bytes mean ---- */

static bool about_waiting(const struct subject *s, unsigned which, struct asl_event *event)
{
    struct asl_frame *f = machine_waiting(s->x->root, &which);
    if (!f)
        return false;
    event->frame = f->id;
    event->attempt = f->attempt;
    return true;
}

static bool is_map_run(const struct subject *s, const struct asl_event *event)
{
    return asl_exec_frame(s->x, event->frame)->phase == ASL_PHASE_MAPPING;
}

static void succeed(struct subject *s, uint8_t how, unsigned which, unsigned answer)
{
    struct asl_event event = {.kind = ASL_EVENT_TASK_SUCCEEDED};
    if (!about_waiting(s, which, &event))
        return;
    if (is_map_run(s, &event))
        event.kind = ASL_EVENT_MAP_RUN_SUCCEEDED;
    event.doc = machine_answer(answer);
    step(s, event, how);
    json_doc_unref(event.doc);
}

static void fail(struct subject *s, uint8_t how, unsigned which, unsigned error)
{
    static const char *const errors[] = {"A",
                                         "B",
                                         "States.Timeout",
                                         "States.Runtime",
                                         "States.DataLimitExceeded",
                                         "States.ExceedToleratedFailureThreshold",
                                         ""};
    struct asl_event event = {.kind = ASL_EVENT_TASK_FAILED};
    if (!about_waiting(s, which, &event))
        return;
    if (is_map_run(s, &event))
        event.kind = ASL_EVENT_MAP_RUN_FAILED;
    event.has_error = error % 8 < ARRAY_LEN(errors);
    event.error = str_of(errors[error % ARRAY_LEN(errors)]);
    event.has_cause = (error & 1) != 0;
    event.cause = str_of("the cause");
    event.stage = (enum asl_task_stage)(error / 8 % 4);
    step(s, event, how);
}

static void tell(struct subject *s, uint8_t how, unsigned which, unsigned what)
{
    static const enum asl_event_kind kinds[] = {
        ASL_EVENT_TASK_HEARTBEAT, ASL_EVENT_TASK_STARTED, ASL_EVENT_TASK_SUBMITTED,
        ASL_EVENT_TASK_SUCCEEDED /* without a document */, ASL_EVENT_MAP_RUN_SUCCEEDED};
    struct asl_event event = {.kind = kinds[what % ARRAY_LEN(kinds)], .worker = str_of("worker")};
    if (!about_waiting(s, which, &event))
        return;
    if (event.kind == ASL_EVENT_TASK_SUBMITTED)
        event.doc = machine_answer(what / 8);
    step(s, event, how);
    json_doc_unref(event.doc);
}

/* About something that is not waited for. */
static void tell_stale(struct subject *s, uint8_t how, unsigned which, unsigned what)
{
    struct asl_event event = {.kind = ASL_EVENT_TASK_FAILED, .frame = what, .attempt = which};
    about_waiting(s, which, &event);
    event.attempt += 1 + what % 3;
    uint64_t last_event = s->x->last_event;
    step(s, event, how);
    require(s->x->last_event == last_event);
}

static void pass_time(struct subject *s, uint8_t how, unsigned which, unsigned what)
{
    static const int64_t jumps[] = {0, 1, 49, 1000, 5000, 60000, 86400000};
    int64_t due_ms = asl_exec_due(s->x);
    if (which % 2 == 0 && due_ms != ASL_NEVER && due_ms > s->now_ms &&
        due_ms < s->now_ms + INT64_C(1000000000000))
        s->now_ms = due_ms;
    else
        s->now_ms += jumps[what % ARRAY_LEN(jumps)];
    step(s, (struct asl_event){.kind = ASL_EVENT_CONTINUE}, how);
}

static void swap(struct subject *s)
{
    struct asl_exec *x = s->x;
    s->x = s->twin;
    s->twin = x;
    asl_pending(s->x, &s->out);
    require(s->x->status != ASL_EXEC_RUNNING ||
            s->out.command_count == machine_count_waiting(s->x->root));
    asl_out_reset(&s->out);
}

static void make_item(struct subject *s, unsigned which, unsigned what)
{
    struct asl_event event = {.kind = ASL_EVENT_CONTINUE};
    if (!about_waiting(s, which, &event) || !is_map_run(s, &event))
        return;
    struct json_doc *doc = machine_answer(what);
    struct asl_map_item item = {.value = json_doc_root(doc),
                                .has_keys = what & 1,
                                .index = what,
                                .source = str_of("STATE_DATA"),
                                .now_ms = s->now_ms,
                                .seed = ++s->seed};
    struct asl_item_failure failed;
    struct json_val v;
    /* an item may be given the time, which is no batch's business */
    int64_t clock_ms = s->x->clock_ms;
    if (asl_map_item(s->x, event.frame, &item, &s->out, &v, &failed) == STATUS_OK)
        require(v.tag != JSON_UNDEFINED);
    s->x->clock_ms = clock_ms;
    asl_out_reset(&s->out);
    json_doc_unref(doc);
}

static void happen(struct subject *s, uint8_t how, unsigned which, unsigned what)
{
    switch (how & 0x0F) {
    case 0:
    case 1:
    case 2: succeed(s, how, which, what); return;
    case 3:
    case 4: fail(s, how, which, what); return;
    case 5: tell(s, how, which, what); return;
    case 6: tell_stale(s, how, which, what); return;
    case 7:
    case 8: pass_time(s, how, which, what); return;
    case 9: step(s, (struct asl_event){.kind = ASL_EVENT_STOP}, how); return;
    case 10:
    case 11: step(s, (struct asl_event){.kind = ASL_EVENT_REDRIVE}, how); return;
    case 12: s->x->options.max_moves = s->twin->options.max_moves = 1 + what % 8; return;
    case 13: swap(s); return;
    case 14: make_item(s, which, what); return;
    default: s->x->options.max_moves = s->twin->options.max_moves = 200; return;
    }
}

/* ---- the input ---- */

static void run(struct asl_definition *d, enum asl_type type, struct json_doc *input, str bytes)
{
    struct subject s = {.now_ms = MACHINES_NOW_MS};
    struct asl_options options = machine_options(bytes.n > 0 && (bytes.p[0] & 1));
    asl_out_init(&s.out);
    s.x = asl_exec_new(d, NULL, type, &options);
    s.twin = asl_exec_new(d, NULL, type, &options);
    step(&s,
         (struct asl_event){.kind = ASL_EVENT_START, .doc = input, .identity = machine_identity()},
         0);
    for (size_t i = 1; i + 1 < bytes.n && i < (size_t)2 * MOST_EVENTS && !s.is_large; i += 2) {
        uint8_t how = (uint8_t)bytes.p[i], what = (uint8_t)bytes.p[i + 1];
        happen(&s, how, how >> 4 & 7, what);
        if (!s.is_large && asl_exec_is_ready(s.x))
            step(&s, (struct asl_event){.kind = ASL_EVENT_CONTINUE}, how);
    }
    asl_out_done(&s.out);
    asl_exec_free(s.x);
    asl_exec_free(s.twin);
}

/* The part up to the next mark; the rest stays in *all. */
static str next_part(str *all)
{
    static const str marks[] = {{"\n----\n", 6}, {"\0", 1}};
    str part = *all;
    for (size_t i = 0; i < ARRAY_LEN(marks); i++) {
        size_t at = str_find(*all, marks[i], 0);
        if (at == STR_NONE)
            continue;
        part = str_sub(*all, 0, at);
        *all = str_sub(*all, at + marks[i].n, all->n);
        return part;
    }
    *all = (str){"", 0};
    return part;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    str rest = {(const char *)data, size};
    str text = next_part(&rest), json = next_part(&rest);
    enum asl_type type = rest.n > 0 && (rest.p[0] & 2) ? ASL_EXPRESS : ASL_STANDARD;
    struct asl_definition *d = NULL;
    struct json_doc *input = NULL;
    struct error err;
    struct asl_load_options options = {.type = type};
    if (text.n == 1)
        d = machine_load((uint8_t)text.p[0], type);
    else if (asl_definition_load(text, &options, NULL, &d, &err) != STATUS_OK)
        d = NULL;
    if (d && json_parse(json, NULL, &input, &err) == STATUS_OK)
        run(d, type, input, rest);
    json_doc_unref(input);
    asl_definition_unref(d);
    return 0;
}
