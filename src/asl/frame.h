/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What applying records does to frames: making, removing, the queue of those that can go on, and
 * the heap of times. Only apply.c and snapshot reading use it.
 */
#ifndef AFFLUX_ASL_FRAME_H
#define AFFLUX_ASL_FRAME_H

#include "asl/exec.h"

/* A new frame at the end of its parent's children (NULL: the root). */
struct asl_frame *asl_frame_new(struct asl_exec *x, uint32_t id, struct asl_frame *parent,
                                const struct asl_machine *machine);
/* Removes it, with all below it. */
void asl_frame_remove(struct asl_exec *x, struct asl_frame *f);
void asl_frame_remove_children(struct asl_exec *x, struct asl_frame *f);
/* Forgets the work of its state: task, map run, children, times. */
void asl_frame_clear_work(struct asl_exec *x, struct asl_frame *f);

void asl_queue_push(struct asl_exec *x, struct asl_frame *f);       /* at the end */
void asl_queue_push_front(struct asl_exec *x, struct asl_frame *f); /* goes on at once */
void asl_queue_remove(struct asl_exec *x, struct asl_frame *f);     /* if it is in */

/* When the frame next wants to be woken. */
int64_t asl_frame_due(const struct asl_frame *f);
/* To be called when that may have become earlier. */
void asl_timer_note(struct asl_exec *x, const struct asl_frame *f);
/* The frame whose time came first and is at or before now; NULL when there is none. */
struct asl_frame *asl_timer_first(struct asl_exec *x, int64_t now_ms);

/* Replaces a counted document; both may be NULL. */
void asl_set(struct asl_document **place, struct asl_document *doc);

void asl_frame_assign(struct asl_exec *x, struct asl_frame *f, const struct asl_slot *slot);
void asl_frame_results(struct asl_frame *f, uint32_t total);
void asl_frame_start_machine(struct asl_exec *x, struct asl_frame *f, struct asl_document *input,
                             uint64_t chain);
void asl_exec_identify(struct asl_exec *x, const struct asl_identity *identity);

#endif
