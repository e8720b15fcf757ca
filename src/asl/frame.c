/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Frames of an execution: their memory, the tree, the queue of those that can go on, and the times
 * they wait for. Nothing here knows what states do.
 *
 * The queue is first in, first out, so branches advance side by side. Times are in a heap whose
 * entries are never taken out when they change: an entry counts only if its frame still wants just
 * that.
 */
#include "asl/frame.h"
#include "base/check.h"
#include <stdlib.h>

struct asl_frame *asl_exec_frame(const struct asl_exec *x, uint32_t id)
{
    return idmap_get(&x->frames, id);
}

/* ---- making and removing ---- */

static void link_to_parent(struct asl_frame *f, struct asl_frame *parent)
{
    f->parent = parent;
    f->previous_sibling = parent->last_child;
    if (parent->last_child)
        parent->last_child->next_sibling = f;
    else
        parent->first_child = f;
    parent->last_child = f;
}

static void unlink_from_parent(struct asl_frame *f)
{
    struct asl_frame *parent = f->parent;
    if (f->previous_sibling)
        f->previous_sibling->next_sibling = f->next_sibling;
    else
        parent->first_child = f->next_sibling;
    if (f->next_sibling)
        f->next_sibling->previous_sibling = f->previous_sibling;
    else
        parent->last_child = f->previous_sibling;
}

struct asl_frame *asl_frame_new(struct asl_exec *x, uint32_t id, struct asl_frame *parent,
                                const struct asl_machine *machine)
{
    struct asl_frame *f = x->idle;
    if (f)
        x->idle = f->next_ready;
    else
        f = malloc(sizeof(*f));
    check(f != NULL);
    *f = (struct asl_frame){.id = id,
                            .machine = machine,
                            .due_ms = ASL_NEVER,
                            .timeout_ms = ASL_NEVER,
                            .heartbeat_ms = ASL_NEVER};
    if (parent)
        link_to_parent(f, parent);
    else
        x->root = f;
    idmap_put(&x->frames, id, f);
    if (id >= x->next_frame)
        x->next_frame = id + 1;
    return f;
}

void asl_frame_clear_work(struct asl_exec *x, struct asl_frame *f)
{
    if (f->first_child)
        asl_frame_remove_children(x, f);
    for (uint32_t i = 0; f->results && i < f->total; i++)
        asl_document_unref(f->results[i]);
    free(f->results);
    f->results = NULL;
    f->total = f->started = f->ended = f->concurrency = 0;
    asl_set(&f->items, NULL);
    asl_set(&f->arguments, NULL);
    asl_set(&f->credentials, NULL);
    asl_set(&f->map_run, NULL);
    free((char *)(uintptr_t)f->map_run_arn.p);
    f->map_run_arn = (str){0};
    f->due_ms = f->timeout_ms = f->heartbeat_ms = ASL_NEVER;
    f->timeout_seconds = f->heartbeat_seconds = 0;
    f->is_started = f->is_submitted = f->fails_whole = false;
}

static void frame_free(struct asl_exec *x, struct asl_frame *f)
{
    asl_queue_remove(x, f);
    asl_frame_clear_work(x, f);
    asl_set(&f->input, NULL);
    asl_set(&f->result, NULL);
    for (uint32_t i = 0; i < f->variable_count; i++) {
        if (x->options.strict)
            x->variable_bytes -= asl_document_size(f->variables[i].value);
        asl_document_unref(f->variables[i].value);
    }
    free(f->variables);
    free(f->retries);
    idmap_remove(&x->frames, f->id);
    f->next_ready = x->idle;
    x->idle = f;
}

/* The tree is as deep as the definition nests machines, which is bounded. */
void asl_frame_remove_children(struct asl_exec *x, struct asl_frame *f)
{
    while (f->first_child)
        asl_frame_remove(x, f->first_child);
}

void asl_frame_remove(struct asl_exec *x, struct asl_frame *f)
{
    asl_frame_remove_children(x, f);
    if (f->parent)
        unlink_from_parent(f);
    else
        x->root = NULL;
    frame_free(x, f);
}

void asl_set(struct asl_document **place, struct asl_document *doc)
{
    if (doc)
        asl_document_ref(doc);
    asl_document_unref(*place);
    *place = doc;
}

void asl_frame_results(struct asl_frame *f, uint32_t total)
{
    f->total = total;
    f->results = calloc((size_t)total + 1, sizeof(struct asl_document *));
    check(f->results != NULL);
}

void asl_frame_start_machine(struct asl_exec *x, struct asl_frame *f, struct asl_document *input,
                             uint64_t chain)
{
    f->state = f->machine->start;
    asl_set(&f->input, input);
    f->chain = chain;
    f->phase = ASL_PHASE_ENTERING;
    asl_queue_push(x, f);
}

/* ---- variables ---- */

struct asl_document *asl_frame_variable(const struct asl_frame *f, asl_variable variable)
{
    for (; f; f = f->parent) {
        for (uint32_t i = 0; i < f->variable_count; i++) {
            if (f->variables[i].variable == variable)
                return f->variables[i].value;
        }
    }
    return NULL;
}

static struct asl_slot *variable_slot(struct asl_frame *f, asl_variable variable)
{
    for (uint32_t i = 0; i < f->variable_count; i++) {
        if (f->variables[i].variable == variable)
            return &f->variables[i];
    }
    if (f->variable_count == f->variable_cap) {
        f->variable_cap = f->variable_cap ? f->variable_cap * 2 : 4;
        f->variables = realloc(f->variables, sizeof(*f->variables) * f->variable_cap);
        check(f->variables != NULL);
    }
    struct asl_slot *slot = &f->variables[f->variable_count++];
    *slot = (struct asl_slot){.variable = variable};
    return slot;
}

void asl_frame_assign(struct asl_exec *x, struct asl_frame *f, const struct asl_slot *from)
{
    struct asl_slot *slot = variable_slot(f, from->variable);
    if (x->options.strict) {
        if (slot->value)
            x->variable_bytes -= asl_document_size(slot->value);
        x->variable_bytes += asl_document_size(from->value);
    }
    asl_set(&slot->value, from->value);
}

/* ---- the queue ---- */

void asl_queue_push(struct asl_exec *x, struct asl_frame *f)
{
    if (f->is_ready)
        asl_queue_remove(x, f);
    f->is_ready = true;
    f->next_ready = NULL;
    f->previous_ready = x->last_ready;
    if (x->last_ready)
        x->last_ready->next_ready = f;
    else
        x->first_ready = f;
    x->last_ready = f;
}

void asl_queue_push_front(struct asl_exec *x, struct asl_frame *f)
{
    if (f->is_ready)
        asl_queue_remove(x, f);
    f->is_ready = true;
    f->previous_ready = NULL;
    f->next_ready = x->first_ready;
    if (x->first_ready)
        x->first_ready->previous_ready = f;
    else
        x->last_ready = f;
    x->first_ready = f;
}

void asl_queue_remove(struct asl_exec *x, struct asl_frame *f)
{
    if (!f->is_ready)
        return;
    f->is_ready = false;
    if (f->previous_ready)
        f->previous_ready->next_ready = f->next_ready;
    else
        x->first_ready = f->next_ready;
    if (f->next_ready)
        f->next_ready->previous_ready = f->previous_ready;
    else
        x->last_ready = f->previous_ready;
    f->next_ready = f->previous_ready = NULL;
}

/* ---- times ---- */

enum { TIMERS_FEW = 64 /* not worth sweeping */ };

int64_t asl_frame_due(const struct asl_frame *f)
{
    if (f->phase == ASL_PHASE_SLEEPING || f->phase == ASL_PHASE_RETRYING)
        return f->due_ms;
    if (f->phase != ASL_PHASE_WORKING)
        return ASL_NEVER;
    return f->timeout_ms < f->heartbeat_ms ? f->timeout_ms : f->heartbeat_ms;
}

static bool is_earlier(const struct asl_timer *a, const struct asl_timer *b)
{
    return a->due_ms != b->due_ms ? a->due_ms < b->due_ms : a->frame < b->frame;
}

static void timer_swap(struct asl_timer *a, struct asl_timer *b)
{
    struct asl_timer other = *a;
    *a = *b;
    *b = other;
}

static void timer_add(struct asl_exec *x, const struct asl_frame *f)
{
    int64_t due_ms = asl_frame_due(f);
    if (due_ms == ASL_NEVER)
        return;
    if (x->timer_count == x->timer_cap) {
        x->timer_cap = x->timer_cap ? x->timer_cap * 2 : 4;
        x->timers = realloc(x->timers, sizeof(*x->timers) * x->timer_cap);
        check(x->timers != NULL);
    }
    uint32_t at = x->timer_count++;
    x->timers[at] = (struct asl_timer){due_ms, f->id};
    for (; at > 0 && is_earlier(&x->timers[at], &x->timers[(at - 1) / 2]); at = (at - 1) / 2)
        timer_swap(&x->timers[at], &x->timers[(at - 1) / 2]);
}

/* Entries that no longer count would pile up where times are far away. */
static void timers_sweep(struct asl_exec *x)
{
    struct asl_frame *f;
    uint32_t at = 0;
    x->timer_count = 0;
    while ((f = idmap_next(&x->frames, &at)) != NULL)
        timer_add(x, f);
}

void asl_timer_note(struct asl_exec *x, const struct asl_frame *f)
{
    if (x->timer_count >= TIMERS_FEW && x->timer_count / 4 > x->frames.count)
        timers_sweep(x); /* finds f too */
    else
        timer_add(x, f);
}

static void timer_pop(struct asl_exec *x)
{
    x->timers[0] = x->timers[--x->timer_count];
    uint32_t at = 0;
    for (;;) {
        uint32_t least = at, left = at * 2 + 1;
        for (uint32_t child = left; child < left + 2 && child < x->timer_count; child++) {
            if (is_earlier(&x->timers[child], &x->timers[least]))
                least = child;
        }
        if (least == at)
            return;
        timer_swap(&x->timers[at], &x->timers[least]);
        at = least;
    }
}

/* The frame of the heap's first entry that still counts. */
static struct asl_frame *timer_top(struct asl_exec *x)
{
    while (x->timer_count > 0) {
        struct asl_frame *f = asl_exec_frame(x, x->timers[0].frame);
        if (f && asl_frame_due(f) == x->timers[0].due_ms)
            return f;
        timer_pop(x);
    }
    return NULL;
}

struct asl_frame *asl_timer_first(struct asl_exec *x, int64_t now_ms)
{
    struct asl_frame *f = timer_top(x);
    return f && asl_frame_due(f) <= now_ms ? f : NULL;
}

int64_t asl_exec_due(struct asl_exec *x)
{
    if (x->status != ASL_EXEC_RUNNING)
        return ASL_NEVER;
    struct asl_frame *f = timer_top(x);
    int64_t due_ms = f ? asl_frame_due(f) : ASL_NEVER;
    return due_ms < x->deadline_ms ? due_ms : x->deadline_ms;
}
