/* SPDX-License-Identifier: Apache-2.0 */
/* Arenas: alignment, growth, limits, callbacks, marks, reuse. */
#include "base/arena.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>

static bool is_aligned(const void *p)
{
    return (uintptr_t)p % 16 == 0;
}

static void blocks_are_aligned_and_apart(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a, 0);
    char *blocks[300];
    for (size_t i = 0; i < 300; i++) {
        blocks[i] = arena_alloc(&a, i * 7);
        assert_true(is_aligned(blocks[i]));
        memset(blocks[i], (int)i, i * 7);
    }
    for (size_t i = 0; i < 300; i++) {
        for (size_t k = 0; k < i * 7; k++)
            assert_int_equal((unsigned char)blocks[i][k], i & 0xFF);
    }
    arena_done(&a);
}

static void an_empty_block_has_an_address(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a, 0);
    assert_non_null(arena_alloc(&a, 0));
    assert_true(is_aligned(arena_alloc(&a, 0)));
    assert_int_equal(arena_used(&a), 0);
    assert_non_null(arena_dup(&a, (str){0}).p);
    arena_done(&a);
}

static void a_request_larger_than_a_chunk_is_served(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a, 0);
    size_t size = (size_t)20 * 1024 * 1024;
    char *p = arena_alloc(&a, size);
    p[0] = 1;
    p[size - 1] = 2;
    char *q = arena_zalloc(&a, 100);
    for (int i = 0; i < 100; i++)
        assert_int_equal(q[i], 0);
    assert_true(arena_used(&a) >= size + 100);
    arena_done(&a);
}

static void a_reset_arena_reuses_its_memory(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a, 0);
    a.first_size = 1024;
    for (int i = 0; i < 100; i++)
        arena_alloc(&a, 512);
    struct arena_chunk *kept = NULL;
    for (int round = 0; round < 5; round++) {
        arena_reset(&a);
        assert_int_equal(arena_used(&a), 0);
        assert_non_null(a.chunk);
        if (round > 0)
            assert_ptr_equal(a.chunk, kept);
        kept = a.chunk;
        for (int i = 0; i < 40; i++)
            arena_alloc(&a, 512);
    }
    arena_done(&a);
    assert_null(a.chunk);
    assert_non_null(arena_alloc(&a, 10));
    arena_done(&a);
}

static void the_limit_is_soft_and_told(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a, 100000);
    assert_true(arena_room(&a, 100000));
    assert_false(arena_room(&a, 100001));
    arena_alloc(&a, 60000);
    assert_false(arena_is_over(&a));
    assert_true(arena_room(&a, 40000));
    assert_false(arena_room(&a, 40001));
    assert_non_null(arena_alloc(&a, 50000));
    assert_true(arena_is_over(&a));
    assert_false(arena_room(&a, 0));
    arena_reset(&a);
    assert_false(arena_is_over(&a));
    arena_done(&a);
    arena_init(&a, 0);
    assert_true(arena_room(&a, SIZE_MAX));
    arena_done(&a);
}

static void only_the_newest_block_grows_in_place(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a, 0);
    char *p = arena_alloc(&a, 10);
    memcpy(p, "0123456789", 10);
    assert_true(arena_extend(&a, p, 10, 16));
    assert_true(arena_extend(&a, p, 16, 4000));
    p[3999] = 'x';
    assert_memory_equal(p, "0123456789", 10);
    char *q = arena_alloc(&a, 10);
    assert_true(q >= p + 4000);
    assert_false(arena_extend(&a, p, 4000, 4100));
    assert_true(arena_extend(&a, q, 10, 20));
    assert_false(arena_extend(&a, q, 20, (size_t)1 << 30));
    assert_false(arena_extend(&a, q, 20, SIZE_MAX));
    arena_done(&a);
}

static void shrinking_gives_the_end_back(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a, 0);
    char *p = arena_alloc(&a, 1000);
    arena_shrink(&a, p, 1000, 100);
    assert_int_equal(arena_used(&a), 112);
    char *q = arena_alloc(&a, 16);
    assert_ptr_equal(q, p + 112);
    arena_shrink(&a, p, 100, 0);
    assert_int_equal(arena_used(&a), 128);
    arena_shrink(&a, q, 16, 0);
    assert_int_equal(arena_used(&a), 112);
    arena_done(&a);
}

static void copies_and_prints(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a, 0);
    assert_true(str_eq(arena_dup(&a, STR("a\0b")), STR("a\0b")));
    assert_string_equal(arena_cstr(&a, STR("abc")), "abc");
    assert_string_equal(arena_cstr(&a, (str){0}), "");
    assert_true(str_eq(arena_printf(&a, "%d-%s", 5, "x"), STR("5-x")));
    assert_true(str_eq(arena_printf(&a, "%s", ""), STR("")));
    for (int width = 120; width < 140; width++) {
        str s = arena_printf(&a, "%*d", width, 1);
        assert_int_equal(s.n, width);
        assert_int_equal(s.p[width - 1], '1');
        assert_int_equal(s.p[width], '\0');
    }
    assert_int_equal(arena_printf(&a, "%100000d", 1).n, 100000);
    arena_done(&a);
}

struct trace {
    int seen[4];
    int n;
};

struct trace_entry {
    struct trace *trace;
    int number;
};

static void trace_call(void *arg)
{
    struct trace_entry *entry = arg;
    entry->trace->seen[entry->trace->n++] = entry->number;
}

static void callbacks_run_once_newest_first(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a, 0);
    struct trace trace = {.n = 0};
    struct trace_entry one = {&trace, 1}, two = {&trace, 2};
    arena_on_reset(&a, trace_call, &one);
    arena_alloc(&a, 100000);
    arena_on_reset(&a, trace_call, &two);
    assert_int_equal(trace.n, 0);
    arena_reset(&a);
    assert_int_equal(trace.n, 2);
    assert_int_equal(trace.seen[0], 2);
    assert_int_equal(trace.seen[1], 1);
    arena_reset(&a);
    assert_int_equal(trace.n, 2);
    arena_on_reset(&a, trace_call, &one);
    arena_done(&a);
    assert_int_equal(trace.n, 3);
}

static void a_mark_releases_what_came_after(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a, 0);
    char *kept = arena_alloc(&a, 100);
    memset(kept, 'k', 100);
    struct arena_mark mark = arena_mark(&a);
    size_t used = arena_used(&a);
    for (int round = 0; round < 50; round++) {
        char *first = arena_alloc(&a, 32);
        assert_ptr_equal(first, kept + 112);
        for (int i = 0; i < round; i++)
            memset(arena_alloc(&a, 5000), 'x', 5000);
        arena_release(&a, mark);
        assert_int_equal(arena_used(&a), used);
    }
    for (int i = 0; i < 100; i++)
        assert_int_equal(kept[i], 'k');
    arena_done(&a);
}

static void nested_marks_across_chunks_keep_the_count(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a, 0);
    struct arena_mark empty = arena_mark(&a);
    size_t used[20];
    struct arena_mark marks[20];
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 20; i++) {
            used[i] = arena_used(&a);
            marks[i] = arena_mark(&a);
            memset(arena_alloc(&a, 9000), i, 9000);
        }
        for (int i = 19; i >= 1; i -= 1 + round) {
            arena_release(&a, marks[i]);
            assert_int_equal(arena_used(&a), used[i]);
        }
        arena_release(&a, empty);
        assert_int_equal(arena_used(&a), 0);
    }
    arena_done(&a);
}

static void a_lent_block_is_used_first_and_never_freed(void **state)
{
    (void)state;
    size_t bytes = arena_lent_bytes(100);
    char *block = malloc(bytes);
    assert_non_null(block);
    struct arena a;
    for (int round = 0; round < 2; round++) {
        arena_init(&a, 0);
        arena_lend(&a, block, bytes);
        assert_int_equal(arena_used(&a), 0);
        char *first = arena_alloc(&a, 100);
        assert_true(first >= block && first + 100 <= block + bytes);
        memset(first, round, 100);
        char *second = arena_alloc(&a, 100); /* no room left: a chunk of the arena's own */
        assert_false(second >= block && second < block + bytes);
        memset(second, round, 100);
        assert_true(arena_owns(&a, first) && arena_owns(&a, second));
        if (round == 1)
            arena_reset(&a);
        arena_done(&a);
    }
    free(block);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_are_aligned_and_apart),
        cmocka_unit_test(an_empty_block_has_an_address),
        cmocka_unit_test(a_request_larger_than_a_chunk_is_served),
        cmocka_unit_test(a_reset_arena_reuses_its_memory),
        cmocka_unit_test(the_limit_is_soft_and_told),
        cmocka_unit_test(only_the_newest_block_grows_in_place),
        cmocka_unit_test(shrinking_gives_the_end_back),
        cmocka_unit_test(copies_and_prints),
        cmocka_unit_test(callbacks_run_once_newest_first),
        cmocka_unit_test(a_mark_releases_what_came_after),
        cmocka_unit_test(nested_marks_across_chunks_keep_the_count),
        cmocka_unit_test(a_lent_block_is_used_first_and_never_freed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
