/* SPDX-License-Identifier: Apache-2.0 */
#include "thirdparty/page.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

enum { TOTAL = 2500, LARGE = 1 << 30 };

static const struct thirdparty_world world = {
    .seed = 9, .locations = 5, .rows_min = TOTAL, .rows_max = TOTAL};

/* A page made of single records, as it ought to be. */
static void wanted_page(const struct page_ask *ask, struct buf *out)
{
    buf_clear(out);
    buf_printf(out, "{\"count\":%u,\"results\":[", ask->rows);
    for (uint32_t i = 0; i < ask->rows; i++) {
        if (i > 0)
            buf_add_byte(out, ',');
        thirdparty_record_put(&world, ask->location, ask->state, ask->offset + i, ask->has_gaps,
                              out);
    }
    buf_add(out, STR("]}"));
}

static void assert_page(struct page_cache *c, const struct page_ask *ask)
{
    struct buf wanted;
    size_t n;
    char *body = page_body(c, ask, &n);
    buf_init(&wanted, LARGE);
    wanted_page(ask, &wanted);
    assert_int_equal(n, wanted.n);
    assert_memory_equal(body, wanted.p, n);
    buf_done(&wanted);
    free(body);
}

static void a_page_is_its_records_wherever_it_begins(void **state)
{
    struct page_cache *c = page_cache_new(&world, LARGE);
    static const uint32_t offsets[] = {0,    1,    399,  623,  624,  625, 1023,
                                       1024, 1025, 2047, 2100, 2499, 2500};
    static const uint32_t rows[] = {0, 1, 400, 401, 1000};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(offsets); i++) {
        for (size_t r = 0; r < ARRAY_LEN(rows); r++) {
            uint32_t left = TOTAL - offsets[i];
            assert_page(c, &(struct page_ask){.location = 2,
                                              .state = THIRDPARTY_REJECTED,
                                              .total = TOTAL,
                                              .offset = offsets[i],
                                              .rows = rows[r] < left ? rows[r] : left});
        }
    }
    assert_int_equal(page_cache_figures(c).rendered, 3);
    page_cache_free(c);
}

static void locations_states_and_gaps_do_not_mix(void **state)
{
    struct page_cache *c = page_cache_new(&world, LARGE);
    (void)state;
    for (int round = 0; round < 2; round++) {
        for (uint32_t location = 0; location < 5; location++)
            for (int s = 0; s < THIRDPARTY_STATES; s++)
                assert_page(c, &(struct page_ask){.location = location,
                                                  .state = (enum thirdparty_state)s,
                                                  .has_gaps = location == 4,
                                                  .total = TOTAL,
                                                  .offset = 100,
                                                  .rows = 50});
    }
    assert_int_equal(page_cache_figures(c).rendered, 10);
    page_cache_free(c);
}

static void the_cache_keeps_to_its_bytes_and_forgets_the_oldest(void **state)
{
    struct page_cache *c = page_cache_new(&world, 500000); /* about three blocks */
    struct page_ask ask = {.total = UINT32_MAX, .rows = 10};
    (void)state;
    for (uint32_t block = 0; block < 50; block++) {
        ask.offset = block * PAGE_BLOCK_ROWS;
        assert_page(c, &ask);
        assert_in_range(page_cache_figures(c).bytes, 1, 500000);
        assert_int_equal(page_cache_figures(c).rendered, block + 1);
        assert_page(c, &ask);
        ask.offset = 0;
        assert_page(c, &ask); /* asked for each time: it stays */
        assert_int_equal(page_cache_figures(c).rendered, block + 1);
    }
    assert_in_range(page_cache_figures(c).blocks, 2, 4);
    page_cache_free(c);
}

static void one_block_is_kept_however_small_the_cache(void **state)
{
    struct page_cache *c = page_cache_new(&world, 1);
    struct page_ask ask = {.total = TOTAL, .rows = 1000, .offset = 600}; /* over two blocks */
    (void)state;
    assert_page(c, &ask);
    assert_page(c, &ask);
    assert_int_equal(page_cache_figures(c).blocks, 1);
    page_cache_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_page_is_its_records_wherever_it_begins),
        cmocka_unit_test(locations_states_and_gaps_do_not_mix),
        cmocka_unit_test(the_cache_keeps_to_its_bytes_and_forgets_the_oldest),
        cmocka_unit_test(one_block_is_kept_however_small_the_cache),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
