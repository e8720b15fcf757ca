/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The heap of heap.h: four children per node, so that a step down reads one cache line of pointers
 * and there are half as many steps as with two.
 */
#include "loop/heap.h"
#include "base/check.h"
#include <stdlib.h>

enum { HEAP_CHILDREN = 4, HEAP_FIRST_CAP = 64 };

void loop_heap_init(struct loop_heap *heap)
{
    *heap = (struct loop_heap){0};
}

void loop_heap_done(struct loop_heap *heap)
{
    free(heap->nodes);
    *heap = (struct loop_heap){0};
}

static bool heap_is_before(const struct loop_heap_node *a, const struct loop_heap_node *b)
{
    return a->key != b->key ? a->key < b->key : a->order < b->order;
}

static void heap_put(struct loop_heap *heap, size_t at, struct loop_heap_node *node)
{
    heap->nodes[at] = node;
    node->place = at + 1;
}

static void heap_rise(struct loop_heap *heap, size_t at, struct loop_heap_node *node)
{
    while (at > 0) {
        size_t parent = (at - 1) / HEAP_CHILDREN;
        if (!heap_is_before(node, heap->nodes[parent]))
            break;
        heap_put(heap, at, heap->nodes[parent]);
        at = parent;
    }
    heap_put(heap, at, node);
}

static void heap_sink(struct loop_heap *heap, size_t at, struct loop_heap_node *node)
{
    for (;;) {
        size_t child = at * HEAP_CHILDREN + 1;
        if (child >= heap->count)
            break;
        size_t end = child + HEAP_CHILDREN < heap->count ? child + HEAP_CHILDREN : heap->count;
        size_t best = child;
        for (size_t i = child + 1; i < end; i++)
            if (heap_is_before(heap->nodes[i], heap->nodes[best]))
                best = i;
        if (!heap_is_before(heap->nodes[best], node))
            break;
        heap_put(heap, at, heap->nodes[best]);
        at = best;
    }
    heap_put(heap, at, node);
}

void loop_heap_add(struct loop_heap *heap, struct loop_heap_node *node, int64_t key)
{
    check(node->place == 0);
    if (heap->count == heap->cap) {
        heap->cap = heap->cap == 0 ? HEAP_FIRST_CAP : heap->cap * 2;
        heap->nodes = realloc(heap->nodes, heap->cap * sizeof(struct loop_heap_node *));
        check(heap->nodes != NULL);
    }
    node->key = key;
    node->order = ++heap->order;
    heap_rise(heap, heap->count++, node);
}

void loop_heap_remove(struct loop_heap *heap, struct loop_heap_node *node)
{
    if (node->place == 0)
        return;
    size_t at = node->place - 1;
    check(at < heap->count && heap->nodes[at] == node);
    node->place = 0;
    struct loop_heap_node *last = heap->nodes[--heap->count];
    if (last == node)
        return;
    if (at > 0 && heap_is_before(last, heap->nodes[(at - 1) / HEAP_CHILDREN]))
        heap_rise(heap, at, last);
    else
        heap_sink(heap, at, last);
}
