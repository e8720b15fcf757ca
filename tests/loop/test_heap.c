/* SPDX-License-Identifier: Apache-2.0 */
#include "loop/heap.h"
#include "loop_test.h"

static void an_empty_heap_has_no_first(void **state)
{
    (void)state;
    struct loop_heap heap;
    loop_heap_init(&heap);
    assert_null(loop_heap_first(&heap));
    struct loop_heap_node node = {0};
    loop_heap_remove(&heap, &node);
    assert_false(loop_heap_has(&node));
    loop_heap_done(&heap);
}

static void equal_keys_come_in_the_order_they_were_added(void **state)
{
    (void)state;
    struct loop_heap heap;
    struct loop_heap_node nodes[100] = {0};
    loop_heap_init(&heap);
    for (size_t i = 0; i < ARRAY_LEN(nodes); i++)
        loop_heap_add(&heap, &nodes[i], 5);
    for (size_t i = 0; i < ARRAY_LEN(nodes); i++) {
        assert_ptr_equal(loop_heap_first(&heap), &nodes[i]);
        loop_heap_remove(&heap, &nodes[i]);
    }
    loop_heap_done(&heap);
}

static uint32_t heap_random(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

/* A random node comes or goes; the first is always the smallest of those that are in. */
static void nodes_come_and_go_in_any_order(void **state)
{
    (void)state;
    enum { NODES = 300, MOVES = 20000 };
    struct loop_heap heap;
    static struct loop_heap_node nodes[NODES];
    uint32_t seed = 7;
    loop_heap_init(&heap);
    for (int move = 0; move < MOVES; move++) {
        struct loop_heap_node *node = &nodes[heap_random(&seed) % NODES];
        if (loop_heap_has(node))
            loop_heap_remove(&heap, node);
        else
            loop_heap_add(&heap, node, (int64_t)(heap_random(&seed) % 50) - 25);
        struct loop_heap_node *least = NULL;
        for (size_t i = 0; i < NODES; i++)
            if (loop_heap_has(&nodes[i]) &&
                (least == NULL || nodes[i].key < least->key ||
                 (nodes[i].key == least->key && nodes[i].order < least->order)))
                least = &nodes[i];
        assert_ptr_equal(loop_heap_first(&heap), least);
    }
    loop_heap_done(&heap);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_heap_has_no_first),
        cmocka_unit_test(equal_keys_come_in_the_order_they_were_added),
        cmocka_unit_test(nodes_come_and_go_in_any_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
