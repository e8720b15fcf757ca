/* SPDX-License-Identifier: Apache-2.0 */
/* The book alone, its clock in our hands. */
#include "json/parse.h"
#include "json/value.h"
#include "thirdparty/book.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

static const struct thirdparty_world world = {
    .seed = 1, .locations = 3, .rows_min = 10, .rows_max = 10};

/* A book in which location 1 has this fault. */
static struct book *book_with(enum fault_kind kind, uint32_t number)
{
    struct fault *faults = calloc(3, sizeof(*faults));
    assert_non_null(faults);
    faults[1] = (struct fault){kind, number};
    return book_new(&world, faults, 2);
}

static enum book_verdict ask(struct book *b, uint32_t location, enum book_subject subject,
                             int64_t now_ms)
{
    enum book_verdict verdict = book_begin(b, location, subject, now_ms);
    book_end(b, location);
    return verdict;
}

/* A number of the printed book; location 3: a total. */
static uint64_t figure(struct book *b, uint32_t location, const char *name)
{
    struct book_selection s = {.has_one = location < 3, .one = location, .is_brief = true};
    struct buf text;
    struct json_doc *doc;
    buf_init(&text, 1 << 20);
    book_print(b, &s, &text);
    if (json_parse(buf_str(&text), NULL, &doc, NULL) != STATUS_OK)
        fail_msg("no JSON: %.*s", STR_ARG(buf_str(&text)));
    struct json_val v = json_get(json_doc_root(doc), str_of(name));
    assert_true(json_is_number(v));
    double number = json_number(v);
    json_doc_unref(doc);
    buf_done(&text);
    return (uint64_t)number;
}

static void the_first_requests_are_hit_and_then_no_more(void **state)
{
    static const struct {
        enum fault_kind kind;
        enum book_verdict verdict;
        bool is_pages_only;
    } rows[] = {
        {FAULT_BUSY, BOOK_BUSY, false}, {FAULT_ERROR, BOOK_ERROR, false},
        {FAULT_HANG, BOOK_HANG, false}, {FAULT_RESET, BOOK_RESET, false},
        {FAULT_CUT, BOOK_CUT, true},    {FAULT_GARBAGE, BOOK_GARBAGE, true},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct book *b = book_with(rows[i].kind, 2);
        enum book_verdict summary = rows[i].is_pages_only ? BOOK_ANSWER : rows[i].verdict;
        assert_int_equal(ask(b, 0, BOOK_PAGE, 0), BOOK_ANSWER);
        assert_int_equal(ask(b, 1, BOOK_SUMMARY, 0), summary);
        assert_int_equal(ask(b, 1, BOOK_PAGE, 0), rows[i].verdict);
        assert_int_equal(ask(b, 1, BOOK_PAGE, 0),
                         rows[i].is_pages_only ? rows[i].verdict : BOOK_ANSWER);
        assert_int_equal(ask(b, 1, BOOK_PAGE, 0), BOOK_ANSWER);
        assert_int_equal(figure(b, 1, "faults_given"), 2);
        assert_int_equal(figure(b, 1, "requests"), 4);
        book_free(b);
    }
}

static void some_are_hit_for_ever(void **state)
{
    struct book *down = book_with(FAULT_DOWN, 0), *dead = book_with(FAULT_DEAD, 0);
    (void)state;
    for (int i = 0; i < 100; i++) {
        assert_int_equal(ask(down, 1, BOOK_SUMMARY, i), BOOK_DOWN);
        assert_int_equal(ask(dead, 1, BOOK_PAGE, i), BOOK_RESET);
    }
    book_free(down);
    book_free(dead);
}

static void a_limit_is_for_each_second(void **state)
{
    struct book *b = book_with(FAULT_LIMIT, 3);
    (void)state;
    for (int second = 0; second < 3; second++)
        for (int i = 0; i < 5; i++)
            assert_int_equal(ask(b, 1, BOOK_PAGE, 5000 + second * 1000 + i),
                             i < 3 ? BOOK_ANSWER : BOOK_BUSY);
    assert_int_equal(figure(b, 1, "busy_given"), 6);
    book_free(b);
}

static void who_comes_back_before_the_time_named_is_early(void **state)
{
    struct book *b = book_with(FAULT_BUSY, 1); /* Retry-After: 2 */
    (void)state;
    assert_int_equal(ask(b, 1, BOOK_SUMMARY, 10000), BOOK_BUSY);
    (void)ask(b, 1, BOOK_SUMMARY, 10000 + BOOK_LEEWAY_MS - 1); /* was under way */
    assert_int_equal(figure(b, 1, "early"), 0);
    (void)ask(b, 1, BOOK_SUMMARY, 10000 + BOOK_LEEWAY_MS);
    (void)ask(b, 1, BOOK_SUMMARY, 12000 - BOOK_SLACK_MS - 1);
    assert_int_equal(figure(b, 1, "early"), 2);
    (void)ask(b, 0, BOOK_SUMMARY, 10000 + BOOK_LEEWAY_ANY_MS - 1);
    (void)ask(b, 0, BOOK_SUMMARY, 11000); /* somebody else: the host was to be left alone */
    assert_int_equal(figure(b, 0, "early"), 0);
    assert_int_equal(figure(b, 3, "early_any"), 2);
    (void)ask(b, 1, BOOK_SUMMARY, 12000 - BOOK_SLACK_MS);
    (void)ask(b, 0, BOOK_SUMMARY, 13000);
    assert_int_equal(figure(b, 3, "early"), 2);
    assert_int_equal(figure(b, 3, "early_any"), 2);
    book_free(b);
}

static void pages_given_again_are_told_from_others(void **state)
{
    struct book *b = book_with(FAULT_NONE, 0);
    (void)state;
    for (uint32_t offset = 0; offset < 10; offset++)
        book_page_given(b, 0, THIRDPARTY_FAILED, offset * 400, 400);
    book_page_given(b, 0, THIRDPARTY_REJECTED, 0, 7);
    book_page_given(b, 1, THIRDPARTY_FAILED, 0, 400);
    assert_int_equal(figure(b, 3, "pages_again"), 0);
    assert_int_equal(figure(b, 3, "page_given_max"), 1);
    book_page_given(b, 0, THIRDPARTY_FAILED, 800, 400);
    book_page_given(b, 0, THIRDPARTY_FAILED, 800, 400);
    book_page_given(b, 0, THIRDPARTY_REJECTED, 0, 7);
    assert_int_equal(figure(b, 0, "pages_again"), 3);
    assert_int_equal(figure(b, 0, "page_given_max"), 3);
    assert_int_equal(figure(b, 1, "pages_again"), 0);
    assert_int_equal(figure(b, 0, "rows_given"), 12 * 400 + 2 * 7);
    assert_int_equal(figure(b, 3, "pages_given"), 15);
    book_free(b);
}

static void there_is_a_most_of_pages_that_are_known(void **state)
{
    struct book *b = book_with(FAULT_NONE, 0);
    (void)state;
    for (uint32_t offset = 0; offset < BOOK_PAGES_MAX; offset++)
        book_page_given(b, 0, THIRDPARTY_FAILED, offset, 1);
    assert_int_equal(figure(b, 3, "pages_unknown"), 0);
    book_page_given(b, 1, THIRDPARTY_FAILED, 0, 1);
    book_page_given(b, 0, THIRDPARTY_FAILED, 0, 1);
    assert_int_equal(figure(b, 3, "pages_unknown"), 1);
    assert_int_equal(figure(b, 3, "pages_again"), 1);
    book_free(b);
}

static void the_most_at_a_time_is_kept(void **state)
{
    struct book *b = book_with(FAULT_NONE, 0);
    (void)state;
    for (int i = 0; i < 3; i++)
        (void)book_begin(b, 0, BOOK_PAGE, 0);
    (void)book_begin(b, 2, BOOK_PAGE, 0);
    for (int i = 0; i < 3; i++)
        book_end(b, 0);
    book_end(b, 2);
    assert_int_equal(figure(b, 0, "concurrent_max"), 3);
    assert_int_equal(figure(b, 2, "concurrent_max"), 1);
    assert_int_equal(figure(b, 3, "concurrent_max"), 4);
    assert_int_equal(figure(b, 3, "concurrent"), 0);
    book_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_requests_are_hit_and_then_no_more),
        cmocka_unit_test(some_are_hit_for_ever),
        cmocka_unit_test(a_limit_is_for_each_second),
        cmocka_unit_test(who_comes_back_before_the_time_named_is_early),
        cmocka_unit_test(pages_given_again_are_told_from_others),
        cmocka_unit_test(there_is_a_most_of_pages_that_are_known),
        cmocka_unit_test(the_most_at_a_time_is_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
