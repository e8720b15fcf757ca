/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A whole execution as bytes: who it is, its documents in the order of their numbers, its frames
 * (each before its children), and the queue. What is derived (times, tables) is made anew.
 *
 * Documents link to earlier ones that still live, so that what they share in memory is written once
 * and shared again afterwards. What is read is believed only after asl_exec_check.
 */
#include "asl/encode_document.h"
#include "asl/encode_internal.h"
#include "asl/frame.h"
#include "base/check.h"
#include <stdlib.h>

/* ---- writing ---- */

static int by_number(const void *a, const void *b)
{
    const struct asl_document *left = *(struct asl_document *const *)a;
    const struct asl_document *right = *(struct asl_document *const *)b;
    return left->number < right->number ? -1 : left->number > right->number;
}

static void put_documents(struct asl_exec *x, struct buf *b)
{
    const struct asl_documents *d = &x->documents;
    struct asl_document **docs = malloc(sizeof(struct asl_document *) * (d->map.count + 1));
    uint32_t count = 0, at = 0;
    check(docs != NULL);
    for (struct asl_document *doc; (doc = idmap_next(&d->map, &at)) != NULL;)
        docs[count++] = doc;
    if (count > 1)
        qsort(docs, count, sizeof(*docs), by_number);
    put_number(b, count);
    for (uint32_t i = 0; i < count; i++) {
        bool has_links = docs[i]->link_count > 0; /* a batch is still to be written */
        if (!has_links)
            asl_document_relink(docs[i], docs, i);
        asl_encode_document(docs[i], b);
        if (!has_links)
            asl_document_seal(docs[i]);
    }
    free(docs);
}

static void put_doc(struct buf *b, const struct asl_document *doc)
{
    put_number(b, doc ? doc->number : 0);
}

static void put_state(struct buf *b, const struct asl_frame *f)
{
    put_number(b, f->id);
    put_number(b, f->index);
    put_number(b, f->state->number);
    put_number(b, f->phase);
    put_doc(b, f->input);
    put_doc(b, f->result);
    put_number(b, f->variable_count);
    for (uint32_t i = 0; i < f->variable_count; i++) {
        put_number(b, f->variables[i].variable);
        put_doc(b, f->variables[i].value);
    }
    put_number(b, f->chain);
    put_number(b, f->is_entered);
    put_number(b, f->entered);
    put_number(b, f->entered_previous);
    put_signed(b, f->entered_ms);
    put_number(b, f->retry_count);
    put_number(b, f->retries ? f->state->retrier_count : 0);
    for (uint32_t i = 0; f->retries && i < f->state->retrier_count; i++)
        put_number(b, f->retries[i]);
}

static void put_work(struct buf *b, const struct asl_frame *f)
{
    put_number(b, f->attempt);
    put_signed(b, f->due_ms);
    put_signed(b, f->timeout_ms);
    put_signed(b, f->heartbeat_ms);
    put_double(b, f->timeout_seconds);
    put_double(b, f->heartbeat_seconds);
    put_doc(b, f->arguments);
    put_doc(b, f->credentials);
    put_number(b, f->is_started);
    put_number(b, f->is_submitted);
    put_number(b, f->fails_whole);
    put_doc(b, f->items);
    put_number(b, f->has_keys);
    put_number(b, f->results ? (uint64_t)f->total + 1 : 0);
    for (uint32_t i = 0; f->results && i < f->total; i++)
        put_doc(b, f->results[i]);
    put_number(b, f->started);
    put_number(b, f->ended);
    put_number(b, f->concurrency);
    put_number(b, f->run_ended);
    put_doc(b, f->map_run);
    put_text(b, f->map_run_arn);
}

static void put_frame(struct buf *b, const struct asl_frame *f)
{
    uint32_t children = 0;
    for (const struct asl_frame *child = f->first_child; child; child = child->next_sibling)
        children++;
    put_state(b, f);
    put_work(b, f);
    put_number(b, children);
    for (const struct asl_frame *child = f->first_child; child; child = child->next_sibling)
        put_frame(b, child);
}

static void put_head(struct buf *b, const struct asl_exec *x)
{
    asl_put_identity(b, &x->identity);
    put_number(b, x->status);
    put_number(b, x->has_error);
    put_number(b, x->has_cause);
    put_text(b, x->error);
    put_text(b, x->cause);
    put_number(b, x->redrive_count);
    put_signed(b, x->redrive_ms);
    put_signed(b, x->stop_ms);
    put_signed(b, x->deadline_ms);
    put_number(b, x->last_event);
    put_number(b, x->next_frame);
    put_number(b, x->documents.next);
    put_signed(b, x->clock_ms);
}

void asl_snapshot_write(struct asl_exec *x, struct buf *b)
{
    buf_add_byte(b, ASL_SNAPSHOT_VERSION);
    put_head(b, x);
    put_documents(x, b);
    put_doc(b, x->input);
    put_doc(b, x->output);
    put_number(b, x->root != NULL);
    if (x->root)
        put_frame(b, x->root);
    uint32_t ready = 0;
    for (const struct asl_frame *f = x->first_ready; f; f = f->next_ready)
        ready++;
    put_number(b, ready);
    for (const struct asl_frame *f = x->first_ready; f; f = f->next_ready)
        put_number(b, f->id);
}

/* ---- reading ---- */

struct snapshot_reader {
    struct byte_reader r;
    struct asl_exec *x;
    struct asl_document **held; /* all, until the frames hold them */
    uint32_t held_count;
    struct error *err;
};

static void get_head(struct snapshot_reader *s)
{
    struct asl_exec *x = s->x;
    struct byte_reader *r = &s->r;
    asl_get_identity(r, &x->arena, &x->identity);
    uint32_t status = get_u32(r);
    x->has_error = get_u32(r) != 0;
    x->has_cause = get_u32(r) != 0;
    x->error = arena_dup(&x->arena, get_text(r));
    x->cause = arena_dup(&x->arena, get_text(r));
    x->redrive_count = get_u32(r);
    x->redrive_ms = get_signed(r);
    x->stop_ms = get_signed(r);
    x->deadline_ms = get_signed(r);
    x->last_event = get_number(r);
    x->next_frame = get_u32(r);
    x->documents.next = get_number(r);
    x->clock_ms = get_signed(r);
    if (status > ASL_EXEC_ABORTED || x->next_frame == 0 || x->documents.next == 0)
        r->is_failed = true;
    else
        x->status = (enum asl_status)status;
}

static enum status get_documents(struct snapshot_reader *s)
{
    uint32_t count = get_count(&s->r);
    s->held = calloc((size_t)count + 1, sizeof(*s->held));
    check(s->held != NULL);
    for (uint32_t i = 0; i < count; i++) {
        struct asl_document *doc;
        enum status status = asl_decode_document(&s->x->documents, &s->r, &doc, s->err);
        if (status != STATUS_OK)
            return status;
        s->held[s->held_count++] = doc;
    }
    return STATUS_OK;
}

static void get_doc(struct snapshot_reader *s, struct asl_document **place)
{
    uint64_t number = get_number(&s->r);
    struct asl_document *doc = number ? asl_documents_find(&s->x->documents, number) : NULL;
    if (number != 0 && !doc)
        s->r.is_failed = true;
    asl_set(place, doc);
}

static void get_variables(struct snapshot_reader *s, struct asl_frame *f)
{
    uint32_t count = get_count(&s->r);
    for (uint32_t i = 0; i < count && !s->r.is_failed; i++) {
        struct asl_slot slot = {.variable = get_u32(&s->r)};
        get_doc(s, &slot.value);
        if (!slot.value || slot.variable >= s->x->definition->variable_count)
            s->r.is_failed = true;
        else
            asl_frame_assign(s->x, f, &slot);
        asl_document_unref(slot.value);
    }
}

static void get_state(struct snapshot_reader *s, struct asl_frame *f)
{
    struct byte_reader *r = &s->r;
    uint32_t state = get_u32(r), phase = get_u32(r);
    if (state >= s->x->definition->state_count || phase > ASL_PHASE_ENDED) {
        r->is_failed = true;
        return;
    }
    f->state = s->x->definition->states[state];
    f->phase = (enum asl_phase)phase;
    get_doc(s, &f->input);
    get_doc(s, &f->result);
    get_variables(s, f);
    f->chain = get_number(r);
    f->is_entered = get_u32(r) != 0;
    f->entered = get_number(r);
    f->entered_previous = get_number(r);
    f->entered_ms = get_signed(r);
    f->retry_count = get_u32(r);
    uint32_t retriers = get_count(r);
    if (retriers != 0 && retriers != f->state->retrier_count)
        r->is_failed = true;
    if (retriers == 0 || r->is_failed)
        return;
    f->retries = calloc(retriers, sizeof(*f->retries));
    check(f->retries != NULL);
    for (uint32_t i = 0; i < retriers; i++)
        f->retries[i] = get_u32(r);
}

static void get_results(struct snapshot_reader *s, struct asl_frame *f)
{
    uint32_t total = get_count(&s->r);
    if (total == 0)
        return;
    asl_frame_results(f, total - 1);
    for (uint32_t i = 0; i < f->total; i++)
        get_doc(s, &f->results[i]);
}

static void get_work(struct snapshot_reader *s, struct asl_frame *f)
{
    struct byte_reader *r = &s->r;
    f->attempt = get_u32(r);
    f->due_ms = get_signed(r);
    f->timeout_ms = get_signed(r);
    f->heartbeat_ms = get_signed(r);
    f->timeout_seconds = get_double(r);
    f->heartbeat_seconds = get_double(r);
    get_doc(s, &f->arguments);
    get_doc(s, &f->credentials);
    f->is_started = get_u32(r) != 0;
    f->is_submitted = get_u32(r) != 0;
    f->fails_whole = get_u32(r) != 0;
    get_doc(s, &f->items);
    f->has_keys = get_u32(r) != 0;
    get_results(s, f);
    f->started = get_u32(r);
    f->ended = get_u32(r);
    f->concurrency = get_u32(r);
    f->run_ended = get_number(r);
    get_doc(s, &f->map_run);
    f->map_run_arn = str_dup(get_text(r));
}

/* What a child of this frame runs; NULL when it cannot have such a child. */
static const struct asl_machine *child_machine(const struct asl_frame *parent, uint32_t index)
{
    const struct asl_state *state = parent->state;
    if (state->type == ASL_MAP && !state->map.is_distributed)
        return state->map.processor;
    if (state->type == ASL_PARALLEL && index < state->parallel.branch_count)
        return state->parallel.branches[index];
    return NULL;
}

static void get_frame(struct snapshot_reader *s, struct asl_frame *parent)
{
    struct byte_reader *r = &s->r;
    uint32_t id = get_u32(r), index = get_u32(r);
    const struct asl_machine *machine = parent ? child_machine(parent, index) : s->x->machine;
    if (r->is_failed || id >= s->x->next_frame || id == 0 || !machine || asl_exec_frame(s->x, id)) {
        r->is_failed = true;
        return;
    }
    struct asl_frame *f = asl_frame_new(s->x, id, parent, machine);
    f->index = index;
    get_state(s, f);
    if (!r->is_failed)
        get_work(s, f);
    uint32_t children = get_count(r);
    for (uint32_t i = 0; i < children && !r->is_failed; i++)
        get_frame(s, f);
    if (!r->is_failed)
        asl_timer_note(s->x, f);
}

static void get_queue(struct snapshot_reader *s)
{
    uint32_t count = get_count(&s->r);
    for (uint32_t i = 0; i < count; i++) {
        struct asl_frame *f = asl_exec_frame(s->x, get_u32(&s->r));
        if (!f || f->is_ready) {
            s->r.is_failed = true;
            return;
        }
        asl_queue_push(s->x, f);
    }
}

static enum status read_all(struct snapshot_reader *s)
{
    if (get_byte(&s->r) != ASL_SNAPSHOT_VERSION)
        return error_set(s->err, STATUS_CORRUPT, "SnapshotCorrupt",
                         "the snapshot has a version that is not known here");
    get_head(s);
    uint64_t next = s->x->documents.next;
    enum status status = get_documents(s);
    if (status != STATUS_OK)
        return STATUS_CORRUPT;
    s->r.is_failed = s->r.is_failed || s->x->documents.next != next;
    get_doc(s, &s->x->input);
    get_doc(s, &s->x->output);
    if (get_u32(&s->r) != 0)
        get_frame(s, NULL);
    if (!s->r.is_failed)
        get_queue(s);
    if (s->r.is_failed || s->r.at != s->r.bytes.n)
        return error_set(s->err, STATUS_CORRUPT, "SnapshotCorrupt",
                         "the snapshot is cut off or contradicts itself");
    return asl_exec_check(s->x, s->err);
}

enum status asl_snapshot_read(struct asl_exec *x, str bytes, struct error *err)
{
    check(x->status == ASL_EXEC_NEW && !x->root);
    struct snapshot_reader s = {.r = {.bytes = bytes}, .x = x, .err = err};
    enum status status = read_all(&s);
    for (uint32_t i = 0; i < s.held_count; i++)
        asl_document_unref(s.held[i]);
    free(s.held);
    return status;
}
