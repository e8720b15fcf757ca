/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The projection is two tables: what the type of an event is, and which members its details have.
 * The name of the details member follows from the type ("PassStateEntered" and
 * "PassStateExited" share theirs with the other states). Reference: "Execution history".
 */
#include "asl/history.h"
#include "asl/apply.h"
#include "base/check.h"
#include "json/write.h"

/* ---- types ---- */

static const char *state_type(enum asl_state_type type, enum asl_record_kind kind)
{
#define X(id, text) [ASL_##id] = {text "StateEntered", text "StateExited", text "StateAborted"},
    static const char *const names[][3] = {ASL_STATE_TYPE_LIST(X)};
#undef X
    return names[type][kind - ASL_STATE_ENTERED];
}

_Static_assert(ASL_STATE_EXITED == ASL_STATE_ENTERED + 1 &&
                   ASL_STATE_ABORTED == ASL_STATE_ENTERED + 2,
               "columns of the table above");

/* Not every kind of resource has every event: what has none of its own is told as the nearest. */
static const char *const TASK_TYPES[][3] = {
#define ROW(kind, lambda, activity, service)                                                       \
    [ASL_##kind - ASL_TASK_SCHEDULED] = {[ASL_RESOURCE_LAMBDA] = "LambdaFunction" lambda,          \
                                         [ASL_RESOURCE_ACTIVITY] = "Activity" activity,            \
                                         [ASL_RESOURCE_SERVICE] = "Task" service}
    ROW(TASK_SCHEDULED, "Scheduled", "Scheduled", "Scheduled"),
    ROW(TASK_SCHEDULE_FAILED, "ScheduleFailed", "ScheduleFailed", "StartFailed"),
    ROW(TASK_STARTED, "Started", "Started", "Started"),
    ROW(TASK_START_FAILED, "StartFailed", "ScheduleFailed", "StartFailed"),
    ROW(TASK_SUBMITTED, "Started", "Started", "Submitted"),
    ROW(TASK_SUBMIT_FAILED, "Failed", "Failed", "SubmitFailed"),
    ROW(TASK_SUCCEEDED, "Succeeded", "Succeeded", "Succeeded"),
    ROW(TASK_FAILED, "Failed", "Failed", "Failed"),
    ROW(TASK_TIMED_OUT, "TimedOut", "TimedOut", "TimedOut"),
#undef ROW
};

static const char *const TYPES[ASL_RECORD_KINDS] = {
    [ASL_EXECUTION_STARTED] = "ExecutionStarted",
    [ASL_EXECUTION_SUCCEEDED] = "ExecutionSucceeded",
    [ASL_EXECUTION_FAILED] = "ExecutionFailed",
    [ASL_EXECUTION_ABORTED] = "ExecutionAborted",
    [ASL_EXECUTION_TIMED_OUT] = "ExecutionTimedOut",
    [ASL_EXECUTION_REDRIVEN] = "ExecutionRedriven",
    [ASL_PARALLEL_STARTED] = "ParallelStateStarted",
    [ASL_PARALLEL_SUCCEEDED] = "ParallelStateSucceeded",
    [ASL_PARALLEL_FAILED] = "ParallelStateFailed",
    [ASL_MAP_STARTED] = "MapStateStarted",
    [ASL_MAP_SUCCEEDED] = "MapStateSucceeded",
    [ASL_MAP_FAILED] = "MapStateFailed",
    [ASL_ITERATION_STARTED] = "MapIterationStarted",
    [ASL_ITERATION_SUCCEEDED] = "MapIterationSucceeded",
    [ASL_ITERATION_FAILED] = "MapIterationFailed",
    [ASL_ITERATION_ABORTED] = "MapIterationAborted",
    [ASL_MAP_RUN_STARTED] = "MapRunStarted",
    [ASL_MAP_RUN_SUCCEEDED] = "MapRunSucceeded",
    [ASL_MAP_RUN_FAILED] = "MapRunFailed",
    [ASL_MAP_RUN_ABORTED] = "MapRunAborted",
    [ASL_MAP_RUN_REDRIVEN] = "MapRunRedriven",
    [ASL_EVALUATION_FAILED] = "EvaluationFailed",
};

static bool is_task_kind(enum asl_record_kind kind)
{
    return kind >= ASL_TASK_SCHEDULED && kind <= ASL_TASK_TIMED_OUT;
}

const char *asl_history_type(const struct asl_definition *d, const struct asl_record *r)
{
    if (is_task_kind(r->kind)) {
        const struct asl_resource *resource = &d->states[r->state]->task.resource;
        return TASK_TYPES[r->kind - ASL_TASK_SCHEDULED][resource->kind];
    }
    if (r->kind >= ASL_STATE_ENTERED && r->kind <= ASL_STATE_ABORTED)
        return state_type(d->states[r->state]->type, r->kind);
    return TYPES[r->kind];
}

/* ---- which members the details have ---- */

enum {
    NAME = 1 << 0,     /* name: of the state */
    STATE = 1 << 1,    /* state: the same in another event */
    INPUT = 1 << 2,    /* input, inputDetails */
    OUTPUT = 1 << 3,   /* output, outputDetails */
    ERROR = 1 << 4,    /* error, cause: those there are */
    RESOURCE = 1 << 5, /* resource; services: resourceType too */
    REQUEST = 1 << 6, /* services: parameters, region; others: input; time spans, taskCredentials */
    ASSIGNED = 1 << 7,  /* assignedVariables, where some were */
    ROLE = 1 << 8,      /* roleArn */
    LENGTH = 1 << 9,    /* length */
    INDEX = 1 << 10,    /* index */
    RUN = 1 << 11,      /* mapRunArn */
    REDRIVES = 1 << 12, /* redriveCount */
    WORKER = 1 << 13,   /* workerName, where one was given */
    LOCATION = 1 << 14, /* location, where there is one */
};

/* 0: the event has no details member. */
static const unsigned MEMBERS[ASL_RECORD_KINDS] = {
    [ASL_EXECUTION_STARTED] = INPUT | ROLE,
    [ASL_EXECUTION_SUCCEEDED] = OUTPUT,
    [ASL_EXECUTION_FAILED] = ERROR,
    [ASL_EXECUTION_ABORTED] = ERROR,
    [ASL_EXECUTION_TIMED_OUT] = ERROR,
    [ASL_EXECUTION_REDRIVEN] = REDRIVES,
    [ASL_STATE_ENTERED] = NAME | INPUT,
    [ASL_STATE_EXITED] = NAME | OUTPUT | ASSIGNED,
    [ASL_TASK_SCHEDULED] = RESOURCE | REQUEST,
    [ASL_TASK_SCHEDULE_FAILED] = RESOURCE | ERROR,
    [ASL_TASK_STARTED] = RESOURCE | WORKER,
    [ASL_TASK_START_FAILED] = RESOURCE | ERROR,
    [ASL_TASK_SUBMITTED] = RESOURCE | OUTPUT,
    [ASL_TASK_SUBMIT_FAILED] = RESOURCE | ERROR,
    [ASL_TASK_SUCCEEDED] = RESOURCE | OUTPUT,
    [ASL_TASK_FAILED] = RESOURCE | ERROR,
    [ASL_TASK_TIMED_OUT] = RESOURCE | ERROR,
    [ASL_MAP_STARTED] = LENGTH,
    [ASL_ITERATION_STARTED] = NAME | INDEX,
    [ASL_ITERATION_SUCCEEDED] = NAME | INDEX,
    [ASL_ITERATION_FAILED] = NAME | INDEX,
    [ASL_ITERATION_ABORTED] = NAME | INDEX,
    [ASL_MAP_RUN_STARTED] = RUN,
    [ASL_MAP_RUN_FAILED] = ERROR,
    [ASL_MAP_RUN_REDRIVEN] = RUN | REDRIVES,
    [ASL_EVALUATION_FAILED] = ERROR | LOCATION | STATE,
};

/* A function or an activity says its resource once, when it is scheduled. */
static unsigned members_of(const struct asl_record *r, const struct asl_state *state)
{
    unsigned members = MEMBERS[r->kind];
    if (!is_task_kind(r->kind))
        return members;
    enum asl_resource_kind kind = state->task.resource.kind;
    if (kind != ASL_RESOURCE_SERVICE && !(members & REQUEST))
        members &= ~(unsigned)RESOURCE;
    if (kind != ASL_RESOURCE_ACTIVITY)
        members &= ~(unsigned)WORKER;
    return members;
}

/* ---- writing ---- */

struct event_writer {
    const struct asl_exec *x;
    const struct asl_record *r;
    const struct asl_state *state; /* NULL where the event has none */
    bool include_data;
    bool has_members;
    struct buf *out;
};

static void put_key(struct event_writer *w, const char *key)
{
    if (w->has_members)
        buf_add_byte(w->out, ',');
    w->has_members = true;
    buf_printf(w->out, "\"%s\":", key);
}

static void put_text(struct event_writer *w, const char *key, str text)
{
    put_key(w, key);
    json_write_string(w->out, text);
}

static void put_number(struct event_writer *w, const char *key, double number)
{
    put_key(w, key);
    buf_printf(w->out, "%.0f", number);
}

/* A document as text in a string: compact, but the client's input as it came where is_raw. */
static void write_document(struct event_writer *w, const struct asl_document *doc, bool is_raw)
{
    struct buf text;
    if (is_raw && doc->keeps_text) {
        json_write_string(w->out, json_doc_text(doc->json));
        return;
    }
    buf_init(&text, w->out->max - w->out->n);
    if (json_write(&text, doc->root, 0, NULL) != STATUS_OK)
        w->out->overflowed = true; /* a document has only what can be written: it did not fit */
    json_write_string(w->out, buf_str(&text));
    buf_done(&text);
}

static void put_data(struct event_writer *w, const char *key, const char *details, bool is_raw)
{
    if (!w->include_data)
        return;
    put_key(w, key);
    write_document(w, w->r->doc, is_raw);
    if (details) {
        put_key(w, details);
        buf_add(w->out, STR("{\"truncated\":false}"));
    }
}

/* The first state's input is shown as the client sent it, like the execution's; behind another
 * state the same document is that state's output. */
static bool is_raw_input(const struct asl_record *r)
{
    return r->kind == ASL_EXECUTION_STARTED || r->previous == 0;
}

static void put_assigned(struct event_writer *w)
{
    const struct asl_record *r = w->r;
    if (!w->include_data || r->assigned_count == 0)
        return;
    put_key(w, "assignedVariables");
    buf_add_byte(w->out, '{');
    for (uint32_t i = 0; i < r->assigned_count; i++) {
        if (i > 0)
            buf_add_byte(w->out, ',');
        json_write_string(w->out, w->x->definition->variables[r->assigned[i].variable]);
        buf_add_byte(w->out, ':');
        write_document(w, r->assigned[i].value, false);
    }
    buf_add_byte(w->out, '}');
    put_key(w, "assignedVariablesDetails");
    buf_add(w->out, STR("{\"truncated\":false}"));
}

/* The part of an ARN between its third and fourth colon. */
static str region_of(str arn)
{
    size_t from = 0;
    for (int i = 0; i < 3; i++) {
        size_t colon = str_find_byte(arn, ':', from);
        if (colon == STR_NONE)
            return STR("");
        from = colon + 1;
    }
    size_t end = str_find_byte(arn, ':', from);
    return end == STR_NONE ? STR("") : str_sub(arn, from, end);
}

static void put_resource(struct event_writer *w)
{
    const struct asl_resource *resource = &w->state->task.resource;
    if (resource->kind == ASL_RESOURCE_SERVICE) {
        put_text(w, "resourceType", resource->resource_type);
        put_text(w, "resource", resource->resource);
    } else {
        put_text(w, "resource", resource->arn);
    }
}

static void put_request(struct event_writer *w)
{
    const struct asl_record *r = w->r;
    if (w->state->task.resource.kind == ASL_RESOURCE_SERVICE) {
        put_text(w, "region", region_of(w->x->identity.id));
        put_data(w, "parameters", NULL, false);
    } else {
        put_data(w, "input", "inputDetails", false);
    }
    if (r->timeout_seconds > 0)
        put_number(w, "timeoutInSeconds", r->timeout_seconds);
    if (r->heartbeat_seconds > 0)
        put_number(w, "heartbeatInSeconds", r->heartbeat_seconds);
    if (!r->credentials)
        return;
    struct json_val role = json_get(r->credentials->root, STR("RoleArn"));
    put_key(w, "taskCredentials");
    buf_add(w->out, STR("{\"roleArn\":"));
    json_write_string(w->out, role.tag == JSON_STRING ? json_str(role) : STR(""));
    buf_add_byte(w->out, '}');
}

static void put_failure(struct event_writer *w)
{
    if (w->r->has_error)
        put_text(w, "error", w->r->error);
    if (w->r->has_cause)
        put_text(w, "cause", w->r->cause);
}

static void put_details(struct event_writer *w, unsigned members)
{
    const struct asl_record *r = w->r;
    if (members & NAME)
        put_text(w, "name", w->state->name);
    if (members & RESOURCE)
        put_resource(w);
    if (members & INPUT)
        put_data(w, "input", "inputDetails", is_raw_input(r));
    if (members & OUTPUT)
        put_data(w, "output", "outputDetails", false);
    if (members & REQUEST)
        put_request(w);
    if (members & ASSIGNED)
        put_assigned(w);
    if (members & ROLE)
        put_text(w, "roleArn", w->x->identity.role_arn);
    if (members & LENGTH)
        put_number(w, "length", (double)r->number);
    if (members & INDEX)
        put_number(w, "index", (double)r->number);
    if (members & RUN)
        put_text(w, "mapRunArn", r->text);
    if (members & REDRIVES)
        put_number(w, "redriveCount", (double)r->number);
    if (members & WORKER && r->text.n > 0)
        put_text(w, "workerName", r->text);
    if (members & ERROR)
        put_failure(w);
    if (members & LOCATION && r->text.n > 0)
        put_text(w, "location", r->text);
    if (members & STATE)
        put_text(w, "state", w->state->name);
}

/* All states share two names; other events have that of their type. */
static void put_details_key(struct event_writer *w, const char *type)
{
    if (w->r->kind == ASL_STATE_ENTERED)
        type = "StateEntered";
    else if (w->r->kind == ASL_STATE_EXITED)
        type = "StateExited";
    buf_printf(w->out, ",\"%c%sEventDetails\":{", type[0] | 0x20, type + 1);
}

void asl_history_write(const struct asl_exec *x, const struct asl_record *r, bool include_data,
                       struct buf *out)
{
    const char *type = asl_history_type(x->definition, r);
    check(type != NULL);
    struct event_writer w = {.x = x, .r = r, .include_data = include_data, .out = out};
    if (r->state != ASL_NO_STATE)
        w.state = x->definition->states[r->state];
    /* Times before 1970 do not come from a clock; they are shown as its first moment. */
    unsigned long long ms = r->time_ms > 0 ? (unsigned long long)r->time_ms : 0;
    buf_printf(
        out, "{\"timestamp\":%llu.%03llu,\"type\":\"%s\",\"id\":%llu,\"previousEventId\":%llu",
        ms / 1000, ms % 1000, type, (unsigned long long)r->event, (unsigned long long)r->previous);
    unsigned members = members_of(r, w.state);
    bool has_details =
        MEMBERS[r->kind] != 0 &&
        !(r->kind == ASL_TASK_STARTED && w.state->task.resource.kind == ASL_RESOURCE_LAMBDA);
    if (has_details) {
        put_details_key(&w, type);
        put_details(&w, members);
        buf_add_byte(out, '}');
    }
    buf_add_byte(out, '}');
}
