/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Input made to be slow. Each kind is read at two sizes, one eight times the other: linear work
 * takes about eight times as long, quadratic work sixty-four times.
 */
#include "json_test.h"
#include <time.h>

#if defined(__SANITIZE_ADDRESS__) || defined(AFFLUX_SLOW_TESTS)
enum { SMALL = 2000 };
#else
enum { SMALL = 10000 };
#endif

enum { TIMES = 8, WORST = 40, ATTEMPTS = 4 };

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t); /* the machine may be busy with other things */
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

typedef void make_fn(struct buf *b, unsigned count);

static void one_object_many_keys(struct buf *b, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        buf_printf(b, "%c\"k%u\":0", i ? ',' : '{', i);
    buf_add_byte(b, '}');
}

static void one_key_many_times(struct buf *b, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        buf_add(b, i ? STR(",\"k\":0") : STR("{\"k\":0"));
    buf_add_byte(b, '}');
}

/* All keys the trie takes, then the first one again and again. */
static void late_duplicates(struct buf *b, unsigned count)
{
    for (unsigned i = 0; i < SHAPE_TRIE_MAX; i++)
        buf_printf(b, "%c\"k%u\":0", i ? ',' : '{', i);
    for (unsigned i = 0; i < count; i++)
        buf_add(b, STR(",\"k0\":0"));
    buf_add_byte(b, '}');
}

static void many_objects_other_keys(struct buf *b, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        buf_printf(b, "%c{\"k%u\":0}", i ? ',' : '[', i);
    buf_add_byte(b, ']');
}

/* 100 keys each, all different. */
static void many_wide_objects(struct buf *b, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        buf_printf(b, "%s\"k%u\":0", i == 0 ? "[{" : i % 100 ? "," : "},{", i);
    buf_add(b, STR("}]"));
}

static void too_wide_for_the_trie(struct buf *b, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        buf_printf(b, "%s\"k%u\":0", i == 0 ? "[{" : i % 150 ? "," : "},{", i % 150);
    buf_add(b, STR("}]"));
}

static void deep_and_closed_often(struct buf *b, unsigned count)
{
    for (unsigned i = 0; i < count / JSON_MAX_DEPTH + 1; i++) {
        buf_add_byte(b, i ? ',' : '[');
        buf_add_fill(b, '[', JSON_MAX_DEPTH - 1);
        buf_add_fill(b, ']', JSON_MAX_DEPTH - 1);
    }
    buf_add_byte(b, ']');
}

/* Two kinds of records take turns: no prediction is ever right. */
static void prediction_always_wrong(struct buf *b, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        buf_add(b, i == 0  ? STR("[{\"a\":1,\"b\":2}")
                   : i % 2 ? STR(",{\"c\":1,\"b\":2}")
                           : STR(",{\"a\":1,\"d\":2}"));
    buf_add_byte(b, ']');
}

static void escapes_only(struct buf *b, unsigned count)
{
    buf_add_byte(b, '"');
    for (unsigned i = 0; i < count; i++)
        buf_add(b, STR("\\ud800"));
    buf_add_byte(b, '"');
}

static void numbers_kept_as_text(struct buf *b, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        buf_add(b, i ? STR(",1.0e5") : STR("[1.0e5"));
    buf_add_byte(b, ']');
}

/* Read, written, frozen, compared. */
static double time_all(make_fn *make, unsigned count)
{
    struct buf text, out;
    buf_init(&text, SIZE_MAX);
    buf_init(&out, SIZE_MAX);
    make(&text, count);
    double best = 1e9;
    for (int i = 0; i < 3; i++) {
        buf_clear(&out);
        double start = now_ms();
        struct json_doc *doc = NULL, *copy;
        struct error err;
        if (json_parse(buf_str(&text), NULL, &doc, &err) != STATUS_OK)
            fail_msg("%s", err.message);
        copy = frozen(json_doc_root(doc), NULL);
        assert_int_equal(json_write(&out, json_doc_root(copy), 0, NULL), STATUS_OK);
        assert_true(json_equal(json_doc_root(doc), json_doc_root(copy)));
        json_hash(json_doc_root(copy), 1);
        json_doc_unref(copy);
        json_doc_unref(doc);
        double spent = now_ms() - start;
        best = spent < best ? spent : best;
    }
    buf_done(&text);
    buf_done(&out);
    return best;
}

static void expect_linear(const char *what, make_fn *make)
{
    for (int i = 0; i < ATTEMPTS; i++) {
        double small = time_all(make, SMALL), large = time_all(make, SMALL * TIMES);
        printf("# %s: %.2f ms, %d times as much: %.2f ms\n", what, small, TIMES, large);
        if (large < WORST * small + 2)
            return;
    }
    fail_msg("%s takes more than linear time", what);
}

#define LINEAR(name)                                                                               \
    static void name##_is_linear(void **state)                                                     \
    {                                                                                              \
        (void)state;                                                                               \
        expect_linear(#name, name);                                                                \
    }

LINEAR(one_object_many_keys)
LINEAR(one_key_many_times)
LINEAR(late_duplicates)
LINEAR(many_objects_other_keys)
LINEAR(many_wide_objects)
LINEAR(too_wide_for_the_trie)
LINEAR(deep_and_closed_often)
LINEAR(prediction_always_wrong)
LINEAR(escapes_only)
LINEAR(numbers_kept_as_text)

/* A large shape is searched with a seed: keys whose plain hashes collide do not help. */
static void keys_aimed_at_one_bucket_are_found_quickly(void **state)
{
    (void)state;
    enum { KEYS = 4000, BUCKETS = 8192 };
    struct buf text;
    buf_init(&text, SIZE_MAX);
    unsigned found = 0;
    for (unsigned i = 0; found < KEYS && i < 40000000; i++) {
        char key[16];
        int n = snprintf(key, sizeof(key), "k%u", i);
        if (json_key_hash((str){key, (size_t)n}) % BUCKETS % 256 == 7)
            buf_printf(&text, "%c\"%s\":0", found++ ? ',' : '{', key);
    }
    buf_add_byte(&text, '}');
    assert_int_equal(found, KEYS);
    double start = now_ms();
    struct json_doc *doc;
    assert_int_equal(json_parse(buf_str(&text), NULL, &doc, NULL), STATUS_OK);
    struct json_val v = json_doc_root(doc);
    for (uint32_t i = 0; i < v.len; i++) {
        const struct json_key *key = &v.obj->shape->keys[i];
        assert_int_equal(json_shape_find(v.obj->shape, (str){key->p, key->n}, key->hash), i);
    }
    printf("# keys aimed at one bucket: %.0f ns each\n", (now_ms() - start) * 1e6 / KEYS);
    json_doc_unref(doc);
    buf_done(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_object_many_keys_is_linear),
        cmocka_unit_test(one_key_many_times_is_linear),
        cmocka_unit_test(late_duplicates_is_linear),
        cmocka_unit_test(many_objects_other_keys_is_linear),
        cmocka_unit_test(many_wide_objects_is_linear),
        cmocka_unit_test(too_wide_for_the_trie_is_linear),
        cmocka_unit_test(deep_and_closed_often_is_linear),
        cmocka_unit_test(prediction_always_wrong_is_linear),
        cmocka_unit_test(escapes_only_is_linear),
        cmocka_unit_test(numbers_kept_as_text_is_linear),
        cmocka_unit_test(keys_aimed_at_one_bucket_are_found_quickly),
    };
    return cmocka_run_group_tests_name("json hostile input", tests, NULL, NULL);
}
