/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bytes as they may come from a disk: batches and snapshots. Four bytes choose the definition, how
 * far an execution of it has come, and what the rest is: a batch or snapshot as it stands, or
 * changes to a good one (place, place, byte). What is believed must be whole and can be gone on
 * with.
 */
#include "asl_machines.h"
#include "base/buf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MOST_EVENTS = 12, STEPS_AFTER = 8, MOST_BATCHES = 16 };

struct subject {
    struct asl_definition *d;
    struct asl_exec *x;
    struct asl_out out;
    int64_t now_ms;
    uint64_t seed;
    struct buf batch; /* of the last step */
};

static struct asl_exec *fresh(struct subject *s)
{
    struct asl_options options = machine_options(false);
    return asl_exec_new(s->d, NULL, ASL_STANDARD, &options);
}

static enum status step(struct subject *s, struct asl_exec *x, struct asl_event event)
{
    struct error err;
    event.now_ms = s->now_ms;
    event.seed = ++s->seed;
    return asl_step(x, &event, &s->out, &err);
}

/* Something that fits happens: an answer, a failure, time, a stop, a redrive. */
static enum status happen(struct subject *s, struct asl_exec *x, unsigned what)
{
    struct asl_event event = {.kind = ASL_EVENT_CONTINUE};
    unsigned which = what % 3;
    struct asl_frame *f = x->status == ASL_EXEC_RUNNING ? machine_waiting(x->root, &which) : NULL;
    if (asl_exec_is_over(x)) {
        event.kind = ASL_EVENT_REDRIVE;
    } else if (f && what % 5 != 4) {
        bool is_run = f->phase == ASL_PHASE_MAPPING;
        event = (struct asl_event){.frame = f->id, .attempt = f->attempt, .error = {"A", 1}};
        event.has_error = what % 5 == 3;
        if (event.has_error)
            event.kind = is_run ? ASL_EVENT_MAP_RUN_FAILED : ASL_EVENT_TASK_FAILED;
        else
            event.kind = is_run ? ASL_EVENT_MAP_RUN_SUCCEEDED : ASL_EVENT_TASK_SUCCEEDED;
        event.doc = event.has_error ? NULL : machine_answer(what);
    } else if (what % 7 == 6) {
        event.kind = ASL_EVENT_STOP;
    } else {
        s->now_ms += 10000;
    }
    enum status status = step(s, x, event);
    json_doc_unref(event.doc);
    return status;
}

/* Brings s->x as far as the bytes say, by good steps. */
static void come_so_far(struct subject *s, unsigned events)
{
    struct json_doc *input = machine_answer(4);
    s->x = fresh(s);
    struct asl_event start = {
        .kind = ASL_EVENT_START, .doc = input, .identity = machine_identity()};
    require(step(s, s->x, start) == STATUS_OK);
    for (unsigned i = 0;; i++) {
        require_well(s->x);
        buf_clear(&s->batch);
        asl_encode_batch(&s->out, &s->batch);
        bool is_small_still = is_small(&s->out);
        asl_out_reset(&s->out);
        if (i == events || s->x->status == ASL_EXEC_SUCCEEDED || !is_small_still)
            break;
        if (happen(s, s->x, i) != STATUS_OK)
            break;
    }
    json_doc_unref(input);
}

/* What was believed: whole, and can be gone on with. */
static void go_on(struct subject *s, struct asl_exec *x)
{
    struct error err = {0};
    struct asl_exec *copy = machine_copy(x);
    for (unsigned i = 0; i < STEPS_AFTER && x->status != ASL_EXEC_SUCCEEDED; i++) {
        struct buf batch;
        enum status status = happen(s, x, i);
        bool is_small_still = is_small(&s->out);
        if (status == STATUS_OK)
            require_well(x);
        if (status == STATUS_OK && is_small_still) {
            buf_init(&batch, SIZE_MAX / 2);
            asl_encode_batch(&s->out, &batch);
            if (asl_replay(copy, buf_str(&batch), &err) != STATUS_OK)
                fprintf(stderr, "%s\n", err.message);
            require(err.name[0] == '\0');
            require_same(x, copy);
            buf_done(&batch);
        }
        asl_out_reset(&s->out);
        if (status != STATUS_OK || !is_small_still)
            break;
    }
    asl_exec_free(copy);
}

/* Texts of what is shared may be much longer than the bytes. */
static bool has_small_documents(const struct asl_exec *x)
{
    struct buf text;
    buf_init(&text, 1 << 18);
    struct asl_document *doc;
    uint32_t at = 0;
    while (buf_ok(&text) && (doc = idmap_next(&x->documents.map, &at)) != NULL)
        asl_document_write(doc, &text);
    bool is_all_small = buf_ok(&text);
    buf_done(&text);
    return is_all_small;
}

static void believe(struct subject *s, struct asl_exec *x, enum status status, struct error *err)
{
    require(status == STATUS_OK || status == STATUS_CORRUPT);
    if (status != STATUS_OK)
        require(err->name[0] != '\0' && err->message[0] != '\0');
    else if (has_small_documents(x) && asl_exec_check(x, err) == STATUS_OK &&
             x->status != ASL_EXEC_NEW)
        go_on(s, x);
    asl_exec_free(x);
}

static void read_snapshot(struct subject *s, str bytes)
{
    struct error err = {0};
    struct asl_exec *x = fresh(s);
    believe(s, x, asl_snapshot_read(x, bytes, &err), &err);
}

/* Batches, each with two bytes of length before it, behind the good steps. */
static void read_batches(struct subject *s, str bytes)
{
    struct error err = {0};
    struct asl_exec *x = machine_copy(s->x);
    enum status status = STATUS_OK;
    for (unsigned i = 0; status == STATUS_OK && bytes.n > 2 && i < MOST_BATCHES; i++) {
        size_t n = (uint8_t)bytes.p[0] | (size_t)(uint8_t)bytes.p[1] << 8;
        status = asl_replay(x, str_sub(bytes, 2, 2 + n), &err);
        bytes = str_sub(bytes, 2 + n, bytes.n);
    }
    believe(s, x, status, &err);
}

static void change(struct buf *good, str changes)
{
    for (size_t i = 0; i + 2 < changes.n && good->n > 0; i += 3) {
        size_t place = ((uint8_t)changes.p[i] | (size_t)(uint8_t)changes.p[i + 1] << 8) % good->n;
        good->p[place] = changes.p[i + 2];
    }
}

static void read_changed_snapshot(struct subject *s, str changes)
{
    struct buf good;
    buf_init(&good, SIZE_MAX / 2);
    asl_snapshot_write(s->x, &good);
    change(&good, changes);
    read_snapshot(s, buf_str(&good));
    buf_done(&good);
}

/* The last batch, changed, behind all before it. */
static void read_changed_batch(struct subject *s, unsigned events, str changes)
{
    struct error err = {0};
    struct buf good;
    buf_init(&good, SIZE_MAX / 2);
    buf_add(&good, buf_str(&s->batch));
    change(&good, changes);
    asl_exec_free(s->x);
    s->x = NULL;
    s->now_ms = MACHINES_NOW_MS;
    s->seed = 0;
    struct asl_exec *x;
    if (events > 0) {
        come_so_far(s, events - 1);
        x = machine_copy(s->x);
    } else {
        x = fresh(s);
    }
    believe(s, x, asl_replay(x, buf_str(&good), &err), &err);
    buf_done(&good);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 4)
        return 0;
    struct subject s = {.d = machine_load(data[0], ASL_STANDARD), .now_ms = MACHINES_NOW_MS};
    require(s.d != NULL);
    asl_out_init(&s.out);
    buf_init(&s.batch, SIZE_MAX / 2);
    unsigned events = data[1] % MOST_EVENTS;
    str rest = {(const char *)data + 4, size - 4};
    come_so_far(&s, events);
    switch (data[2] % 4) {
    case 0: read_snapshot(&s, rest); break;
    case 1: read_batches(&s, rest); break;
    case 2: read_changed_snapshot(&s, rest); break;
    default: read_changed_batch(&s, events, rest); break;
    }
    asl_out_done(&s.out);
    asl_exec_free(s.x);
    buf_done(&s.batch);
    asl_definition_unref(s.d);
    return 0;
}
