/* SPDX-License-Identifier: Apache-2.0 */
/* Decimal numbers: texts, ordered bytes, sums; against int64 arithmetic where that is exact. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/splitmix.h"
#include "services/dynamodb/number.h"
#include <stdio.h>

static struct dynamo_number number(const char *text)
{
    struct dynamo_number n;
    struct error err;
    if (dynamo_number_parse(str_of(text), &n, &err) != STATUS_OK)
        fail_msg("%s: %s", text, err.message);
    return n;
}

static void assert_prints(const struct dynamo_number *n, const char *wanted)
{
    struct buf out;
    buf_init(&out, DYNAMO_NUMBER_TEXT);
    dynamo_number_print(n, &out);
    buf_add_byte(&out, '\0');
    assert_true(buf_ok(&out));
    assert_string_equal(out.p, wanted);
    buf_done(&out);
}

static void a_text_prints_in_its_plain_form(void **state)
{
    static const char *const pairs[][2] = {{"0", "0"},
                                           {"-0", "0"},
                                           {"000", "0"},
                                           {"0e99999", "0"},
                                           {"1", "1"},
                                           {"-1.50", "-1.5"},
                                           {"1e2", "100"},
                                           {"12e-1", "1.2"},
                                           {"0.001", "0.001"},
                                           {"+7", "7"},
                                           {"1E+2", "100"},
                                           {"100e-2", "1"},
                                           {"123.456e1", "1234.56"}};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
        struct dynamo_number n = number(pairs[i][0]);
        assert_prints(&n, pairs[i][1]);
    }
}

static void what_is_no_number_is_refused(void **state)
{
    static const char *const texts[] = {"",    " ",        "1 ",  " 1",   "e1",  "1e",
                                        "1e+", "-",        "+",   ".",    "1..", "1.2.3",
                                        "NaN", "Infinity", "1_0", "1e1.5"};
    struct dynamo_number n;
    struct error err;
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        assert_int_equal(dynamo_number_parse(str_of(texts[i]), &n, &err), STATUS_INVALID);
        assert_string_equal(err.name, "ValidationException");
    }
}

static void the_range_and_the_digits_have_ends(void **state)
{
    struct dynamo_number n;
    struct error err;
    (void)state;
    n = number("9.9999999999999999999999999999999999999E+125");
    n = number("1E-130");
    n = number("-12345678901234567890123456789012345678");
    assert_int_equal(n.count, 38);
    assert_int_equal(dynamo_number_parse(STR("1E+126"), &n, &err), STATUS_INVALID);
    assert_int_equal(dynamo_number_parse(STR("9.9E-131"), &n, &err), STATUS_INVALID);
    assert_int_equal(dynamo_number_parse(STR("1.00000000000000000000000000000000000001"), &n, &err),
                     STATUS_INVALID);
    /* a digit far behind those that are looked at */
    char text[400];
    memset(text, '0', sizeof(text));
    memcpy(text, "1.", 2);
    text[399] = '1';
    assert_int_equal(dynamo_number_parse((str){text, 400}, &n, &err), STATUS_INVALID);
    text[399] = '0';
    assert_int_equal(dynamo_number_parse((str){text, 400}, &n, &err), STATUS_OK);
    assert_prints(&n, "1");
}

/* In order. */
static const char *const ordered[] = {
    "-9.9e125", "-1e125",  "-100000", "-99999.5", "-99999", "-101",   "-100.5", "-100",
    "-99",      "-10.01",  "-10",     "-9.9",     "-1.01",  "-1.001", "-1",     "-0.5",
    "-1e-5",    "-1e-130", "0",       "1e-130",   "1e-5",   "0.5",    "1",      "1.001",
    "1.01",     "9.9",     "10",      "10.01",    "99",     "100",    "100.5",  "101",
    "99999",    "99999.5", "100000",  "1e125",    "9.9e125"};

static void bytes_have_the_order_of_their_numbers(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(ordered); i++)
        for (size_t j = 0; j < ARRAY_LEN(ordered); j++) {
            char a[DYNAMO_NUMBER_BYTES], b[DYNAMO_NUMBER_BYTES];
            struct dynamo_number x = number(ordered[i]), y = number(ordered[j]);
            str p = {a, dynamo_number_encode(&x, a)}, q = {b, dynamo_number_encode(&y, b)};
            int order = str_cmp(p, q);
            assert_true(i < j ? order < 0 : i > j ? order > 0 : order == 0);
            /* and none begins with another: what follows in a key does not matter */
            assert_true(i == j || !str_starts(p, q));
        }
}

static void bytes_come_back_as_the_number(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(ordered); i++) {
        char bytes[DYNAMO_NUMBER_BYTES];
        struct dynamo_number n = number(ordered[i]), back;
        size_t count = dynamo_number_encode(&n, bytes);
        assert_true(dynamo_number_decode((str){bytes, count}, &back));
        assert_memory_equal(&n, &back, sizeof(n));
    }
}

static void bytes_that_are_no_number_are_refused(void **state)
{
    static const str bad[] = {{"", 0},
                              {"\x02\x02", 2},
                              {"\x03\x82\x01\x00", 4},
                              {"\x04", 1},
                              {"\x03\x82\x0b", 3},
                              {"\x03\x82\x0b\x01", 4},
                              {"\x03\x82\x0b\x01\x00", 5},
                              {"\x03\x82\xff\x00", 4},
                              {"\x01\x7d\xf4\x00", 4}};
    struct dynamo_number n;
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        assert_false(dynamo_number_decode(bad[i], &n));
    assert_true(dynamo_number_decode((str){"\x03\x82\x0b\x00", 4}, &n));
    assert_prints(&n, "1");
}

static struct dynamo_number of_int(int64_t value)
{
    char text[32];
    (void)snprintf(text, sizeof(text), "%lld", (long long)value);
    return number(text);
}

static void sums_and_order_are_those_of_integers(void **state)
{
    struct error err;
    uint64_t seed = 42;
    (void)state;
    for (int i = 0; i < 20000; i++) {
        int shift = (int)(splitmix64_next(&seed) % 60);
        int64_t a = (int64_t)splitmix64_next(&seed) >> (4 + shift);
        int64_t b = (int64_t)splitmix64_next(&seed) >> (4 + splitmix64_next(&seed) % 60);
        struct dynamo_number x = of_int(a), y = of_int(b), n;
        struct dynamo_number sum = of_int(a + b), difference = of_int(a - b);
        assert_int_equal(dynamo_number_add(&x, &y, false, &n, &err), STATUS_OK);
        assert_memory_equal(&n, &sum, sizeof(n));
        assert_int_equal(dynamo_number_add(&x, &y, true, &n, &err), STATUS_OK);
        assert_memory_equal(&n, &difference, sizeof(n));
        char p[DYNAMO_NUMBER_BYTES], q[DYNAMO_NUMBER_BYTES];
        int order =
            str_cmp((str){p, dynamo_number_encode(&x, p)}, (str){q, dynamo_number_encode(&y, q)});
        assert_true(a < b ? order < 0 : a > b ? order > 0 : order == 0);
        assert_int_equal(dynamo_number_whole(&x), a < 0 ? -1 : a);
    }
}

static void a_sum_is_exact_or_refused(void **state)
{
    struct dynamo_number a, b, n;
    struct error err;
    (void)state;
    a = number("0.1");
    b = number("0.2");
    assert_int_equal(dynamo_number_add(&a, &b, false, &n, &err), STATUS_OK);
    assert_prints(&n, "0.3");
    a = number("1e125");
    b = number("1e-130");
    assert_int_equal(dynamo_number_add(&a, &b, false, &n, &err), STATUS_INVALID);
    assert_non_null(strstr(err.message, "38 significant digits"));
    a = number("9e125");
    b = number("1e125");
    assert_int_equal(dynamo_number_add(&a, &b, false, &n, &err), STATUS_INVALID);
    assert_non_null(strstr(err.message, "overflow"));
    a = number("1.1e-130");
    b = number("1e-130");
    assert_int_equal(dynamo_number_add(&a, &b, true, &n, &err), STATUS_INVALID);
    assert_non_null(strstr(err.message, "underflow"));
    a = number("-99999999999999999999999999999999999999");
    b = number("99999999999999999999999999999999999999");
    assert_int_equal(dynamo_number_add(&a, &b, false, &n, &err), STATUS_OK);
    assert_prints(&n, "0");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_text_prints_in_its_plain_form),
        cmocka_unit_test(what_is_no_number_is_refused),
        cmocka_unit_test(the_range_and_the_digits_have_ends),
        cmocka_unit_test(bytes_have_the_order_of_their_numbers),
        cmocka_unit_test(bytes_come_back_as_the_number),
        cmocka_unit_test(bytes_that_are_no_number_are_refused),
        cmocka_unit_test(sums_and_order_are_those_of_integers),
        cmocka_unit_test(a_sum_is_exact_or_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
