/* SPDX-License-Identifier: Apache-2.0 */
/* Task tokens and derived UUIDs. */
#include "machine_test.h"

#include "asl/token.h"

#define WAITING                                                                                    \
    "{'StartAt':'T','States':{'T':{'Type':'Task','Resource':'" ACTIVITY "','End':true}}}"

static void a_token_is_read_back(void **state)
{
    (void)state;
    static const uint32_t numbers[] = {0, 1, 255, 65536, UINT32_MAX};
    struct run r;
    struct arena a;
    run_begin(&r, WAITING, "{}");
    arena_init(&a, 0);
    for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
        for (size_t k = 0; k < ARRAY_LEN(numbers); k++) {
            struct asl_token token;
            struct error err;
            str text = asl_token_make(r.x, numbers[i], numbers[k], &a);
            assert_true(text.n <= ASL_TOKEN_MAX);
            assert_int_equal(asl_token_read(text, r.options.token_key, &a, &token, &err),
                             STATUS_OK);
            assert_true(str_eq(token.execution, r.x->identity.id));
            assert_int_equal(token.frame, numbers[i]);
            assert_int_equal(token.attempt, numbers[k]);
        }
    }
    arena_done(&a);
    run_finish(&r);
}

static void a_token_is_url_safe_text_and_the_same_each_time(void **state)
{
    (void)state;
    struct run r;
    struct arena a;
    run_begin(&r, WAITING, "{}");
    arena_init(&a, 0);
    str text = asl_token_make(r.x, 1, 1, &a);
    assert_true(str_eq(text, asl_token_make(r.x, 1, 1, &a)));
    assert_false(str_eq(text, asl_token_make(r.x, 1, 2, &a)));
    assert_false(str_eq(text, asl_token_make(r.x, 2, 1, &a)));
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];
        assert_true((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                    c == '-' || c == '_');
    }
    assert_true(str_eq(text, r.out.commands[0].token));
    arena_done(&a);
    run_finish(&r);
}

static void expect_none(str text, const uint8_t *key)
{
    struct asl_token token;
    struct error err;
    struct arena a;
    arena_init(&a, 0);
    assert_int_equal(asl_token_read(text, key, &a, &token, &err), STATUS_INVALID);
    assert_string_equal(err.name, "InvalidToken");
    arena_done(&a);
}

static void a_token_that_was_changed_anywhere_is_none(void **state)
{
    (void)state;
    struct run r;
    struct arena a;
    run_begin(&r, WAITING, "{}");
    arena_init(&a, 0);
    str text = asl_token_make(r.x, 1, 1, &a);
    char *copy = arena_alloc(&a, text.n + 1);
    for (size_t i = 0; i < text.n; i++) {
        for (int c = 1; c < 256; c += 7) {
            memcpy(copy, text.p, text.n);
            copy[i] = (char)(copy[i] ^ c);
            expect_none((str){copy, text.n}, r.options.token_key);
        }
        expect_none(str_sub(text, 0, i), r.options.token_key);
    }
    memcpy(copy, text.p, text.n);
    copy[text.n] = 'A';
    expect_none((str){copy, text.n + 1}, r.options.token_key);
    arena_done(&a);
    run_finish(&r);
}

static void a_token_of_another_key_is_none(void **state)
{
    (void)state;
    struct run r;
    struct arena a;
    uint8_t key[ASL_TOKEN_KEY_BYTES];
    run_begin(&r, WAITING, "{}");
    arena_init(&a, 0);
    str text = asl_token_make(r.x, 1, 1, &a);
    for (size_t i = 0; i < sizeof(key); i++) {
        memcpy(key, r.options.token_key, sizeof(key));
        key[i] ^= 1;
        expect_none(text, key);
    }
    arena_done(&a);
    run_finish(&r);
}

static void what_was_never_a_token_is_none(void **state)
{
    (void)state;
    static const uint8_t key[ASL_TOKEN_KEY_BYTES];
    static const char *const texts[] = {"",        "A",           "AQC",    "AQCA",
                                        "AQC====", "hello world", "AQC\xFF"};
    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        expect_none(str_of(texts[i]), key);
    char *longest = malloc(5000);
    assert_non_null(longest);
    memset(longest, 'A', 5000);
    memcpy(longest, "AQC", 3);
    for (size_t n = ASL_TOKEN_MAX - 3; n < ASL_TOKEN_MAX + 3; n++)
        expect_none((str){longest, n}, key);
    expect_none((str){longest, 5000}, key);
    free(longest);
}

static void a_uuid_has_its_form_and_depends_on_all_it_is_made_of(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a, 0);
    str one = asl_uuid_of(STR("text"), 1, 2, &a);
    assert_int_equal(one.n, 36);
    for (size_t i = 0; i < 36; i++) {
        bool is_dash = i == 8 || i == 13 || i == 18 || i == 23;
        bool is_hex = (one.p[i] >= '0' && one.p[i] <= '9') || (one.p[i] >= 'a' && one.p[i] <= 'f');
        assert_true(is_dash ? one.p[i] == '-' : is_hex);
    }
    assert_int_equal(one.p[14], '3');
    assert_non_null(strchr("89ab", one.p[19]));
    assert_true(str_eq(one, asl_uuid_of(STR("text"), 1, 2, &a)));
    assert_false(str_eq(one, asl_uuid_of(STR("texu"), 1, 2, &a)));
    assert_false(str_eq(one, asl_uuid_of(STR("text"), 2, 2, &a)));
    assert_false(str_eq(one, asl_uuid_of(STR("text"), 1, 3, &a)));
    assert_false(str_eq(asl_uuid_of(STR("t"), 1, 12, &a), asl_uuid_of(STR("t"), 11, 2, &a)));
    arena_done(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_token_is_read_back),
        cmocka_unit_test(a_token_is_url_safe_text_and_the_same_each_time),
        cmocka_unit_test(a_token_that_was_changed_anywhere_is_none),
        cmocka_unit_test(a_token_of_another_key_is_none),
        cmocka_unit_test(what_was_never_a_token_is_none),
        cmocka_unit_test(a_uuid_has_its_form_and_depends_on_all_it_is_made_of),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
