/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A heap of nodes that lie inside other structs: the smallest key first, and of equal keys the one
 * added first. Adding and removing any node costs O(log n) and no allocation per node. Deadlines
 * stand in one (loop/loop.h), and so does whatever else waits for its turn. Pure; one thread.
 */
#ifndef AFFLUX_LOOP_HEAP_H
#define AFFLUX_LOOP_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct loop_heap_node {
    int64_t key;
    uint64_t order; /* of entry, given by the heap */
    size_t place;   /* in the heap, from 1; 0: in none */
    void *owner;    /* the struct around it */
};

struct loop_heap {
    struct loop_heap_node **nodes;
    size_t count, cap;
    uint64_t order; /* of the node added last */
};

void loop_heap_init(struct loop_heap *heap);
/* Frees the heap's own memory; nodes still in it belong to their owners. */
void loop_heap_done(struct loop_heap *heap);

/* The node is in no heap. */
void loop_heap_add(struct loop_heap *heap, struct loop_heap_node *node, int64_t key);
/* A node in no heap is left alone. */
void loop_heap_remove(struct loop_heap *heap, struct loop_heap_node *node);

/* The first node, or NULL. */
static inline struct loop_heap_node *loop_heap_first(const struct loop_heap *heap)
{
    return heap->count == 0 ? NULL : heap->nodes[0];
}

static inline bool loop_heap_has(const struct loop_heap_node *node)
{
    return node->place != 0;
}

#endif
