/* SPDX-License-Identifier: Apache-2.0 */
/* UTF-8: the strict check against the definition, the walkers against a plain decoder. */
#include "base/utf8.h"
#include "base/attr.h"

#include <stdlib.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

/* The definition: a sequence is valid when it is the encoding of a code point that is no surrogate.
 */
static size_t plain_check(const unsigned char *p, size_t n)
{
    size_t at = 0;
    while (at < n) {
        size_t length = p[at] < 0x80 ? 1 : p[at] < 0xE0 ? 2 : p[at] < 0xF0 ? 3 : 4;
        if (length > n - at)
            return at;
        uint32_t code_point = length == 1 ? p[at] : p[at] & (0x7Fu >> length);
        for (size_t i = 1; i < length; i++)
            code_point = code_point << 6 | (p[at + i] & 0x3F);
        if (code_point > 0x10FFFF || utf8_is_surrogate(code_point))
            return at;
        char again[4];
        if (utf8_encode(code_point, again) != length || memcmp(again, p + at, length) != 0)
            return at;
        at += length;
    }
    return at;
}

static void expect_same_check(const unsigned char *bytes, size_t n)
{
    /* An exact copy on the heap, so that a read behind the end is found. */
    char *copy = malloc(n + (n == 0));
    assert_non_null(copy);
    memcpy(copy, bytes, n);
    assert_int_equal(utf8_check((str){copy, n}), plain_check(bytes, n));
    free(copy);
}

static void every_sequence_of_two_bytes_is_judged_right(void **state)
{
    (void)state;
    for (unsigned a = 0; a < 256; a++) {
        for (unsigned b = 0; b < 256; b++)
            expect_same_check((const unsigned char[]){(unsigned char)a, (unsigned char)b}, 2);
    }
}

static void sequences_at_every_edge_are_judged_right(void **state)
{
    (void)state;
    static const unsigned char edges[] = {0x00, 0x41, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF,
                                          0xC0, 0xC1, 0xC2, 0xDF, 0xE0, 0xE1, 0xEC, 0xED, 0xEE,
                                          0xEF, 0xF0, 0xF1, 0xF3, 0xF4, 0xF5, 0xF8, 0xFF};
    enum { N = sizeof edges };
    for (int i = 0; i < N * N * N * N; i++) {
        unsigned char bytes[4] = {edges[i % N], edges[i / N % N], edges[i / N / N % N],
                                  edges[i / N / N / N]};
        assert_int_equal(utf8_check((str){(const char *)bytes, 4}), plain_check(bytes, 4));
    }
}

static void every_code_point_survives(void **state)
{
    (void)state;
    for (uint32_t code_point = 0; code_point < 0x110000; code_point++) {
        char bytes[4];
        size_t n = utf8_encode(code_point, bytes);
        str s = {bytes, n};
        assert_int_equal(utf8_check(s), utf8_is_surrogate(code_point) ? 0 : n);
        size_t at = 0;
        assert_int_equal(utf8_next(s, &at), code_point);
        assert_int_equal(at, n);
        assert_int_equal(utf8_prev(s, n), 0);
    }
}

static void an_error_is_found_at_every_place_of_a_long_text(void **state)
{
    (void)state;
    for (size_t n = 1; n < 100; n++) {
        for (size_t bad = 0; bad < n; bad++) {
            unsigned char bytes[100];
            memset(bytes, 'a', n);
            bytes[bad] = 0xFF;
            expect_same_check(bytes, n);
            assert_int_equal(utf8_check((str){(const char *)bytes, n}), bad);
            assert_false(utf8_is_ascii((str){(const char *)bytes, n}));
            bytes[bad] = 0xC3;
            expect_same_check(bytes, n);
            bytes[bad] = 'b';
            assert_true(utf8_is_ascii((str){(const char *)bytes, n}));
        }
    }
    assert_true(utf8_is_ascii((str){0}));
    assert_int_equal(utf8_check((str){0}), 0);
}

/* Text of n code points of mixed widths, from a seed; fills starts[] with their offsets. */
static str mixed_text(char *out, size_t n, uint32_t seed, size_t *starts)
{
    static const uint32_t kinds[] = {'a',    'z',    0xE4,    0x7FF,   0x20AC,
                                     0xFFFD, 0xD83D, 0x1F600, 0x10FFFF};
    size_t at = 0;
    for (size_t i = 0; i < n; i++) {
        seed = seed * 1664525 + 1013904223;
        starts[i] = at;
        at += utf8_encode(kinds[(seed >> 20) % (seed & 0x80000 ? 2 : 9)], out + at);
    }
    starts[n] = at;
    return (str){out, at};
}

static void walking_and_counting_agree(void **state)
{
    (void)state;
    for (uint32_t seed = 0; seed < 2000; seed++) {
        char bytes[400];
        size_t starts[101];
        size_t n = seed % 101;
        str s = mixed_text(bytes, n, seed, starts);
        assert_int_equal(utf8_len(s), n);
        size_t units = 0;
        size_t at = 0;
        for (size_t i = 0; i < n; i++) {
            assert_int_equal(at, starts[i]);
            assert_int_equal(utf8_offset(s, i), starts[i]);
            units += utf8_next(s, &at) >= 0x10000 ? 2 : 1;
            assert_int_equal(utf8_prev(s, at), starts[i]);
        }
        assert_int_equal(at, s.n);
        assert_int_equal(utf8_utf16_len(s), units);
        assert_int_equal(utf8_offset(s, n), s.n);
        assert_int_equal(utf8_offset(s, n + 1), s.n);
        assert_int_equal(utf8_offset(s, SIZE_MAX), s.n);
    }
}

static size_t to_utf16(str s, uint16_t *out)
{
    size_t n = 0, at = 0;
    while (at < s.n) {
        uint32_t code_point = utf8_next(s, &at);
        if (code_point >= 0x10000) {
            out[n++] = (uint16_t)(0xD800 + ((code_point - 0x10000) >> 10));
            code_point = 0xDC00 + (code_point & 0x3FF);
        }
        out[n++] = (uint16_t)code_point;
    }
    return n;
}

static int plain_cmp_utf16(str a, str b)
{
    uint16_t x[64], y[64];
    size_t m = to_utf16(a, x), n = to_utf16(b, y);
    for (size_t i = 0; i < m && i < n; i++) {
        if (x[i] != y[i])
            return x[i] < y[i] ? -1 : 1;
    }
    return (m > n) - (m < n);
}

static void a_prefix_ends_with_a_whole_character(void **state)
{
    str s = STR("a\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80z"); /* of 1, 2, 3, 4 and 1 bytes */
    static const size_t lengths[] = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 11, 11};
    (void)state;
    for (size_t max = 0; max < ARRAY_LEN(lengths); max++)
        assert_int_equal(utf8_prefix(s, max).n, lengths[max]);
    assert_int_equal(utf8_prefix(STR("\x80\x80"), 1).n, 0);
}

static void order_is_that_of_utf16(void **state)
{
    (void)state;
    static const uint32_t kinds[] = {'a',    0xE4,   0x20AC, 0xD7FF, 0xD800,  0xD83D,  0xDBFF,
                                     0xDE00, 0xE000, 0xFFFD, 0xFFFF, 0x10000, 0x1F600, 0x10FFFF};
    enum { KINDS = sizeof kinds / sizeof kinds[0] };
    uint32_t seed = 1;
    for (int i = 0; i < 200000; i++) {
        char bytes[2][32];
        str s[2];
        size_t common = seed % 4;
        for (int side = 0; side < 2; side++) {
            size_t n = 0;
            for (size_t k = 0; k < common; k++)
                n += utf8_encode(kinds[(seed + k) % KINDS], bytes[side] + n);
            s[side] = (str){bytes[side], n};
        }
        for (int side = 0; side < 2; side++) {
            seed = seed * 1664525 + 1013904223;
            for (uint32_t k = 0; k < (seed >> 10) % 4; k++)
                s[side].n +=
                    utf8_encode(kinds[(seed >> (12 + 4 * k)) % KINDS], bytes[side] + s[side].n);
        }
        int order = utf8_cmp_utf16(s[0], s[1]);
        int expected = plain_cmp_utf16(s[0], s[1]);
        assert_int_equal((order > 0) - (order < 0), expected);
    }
}

static void lone_surrogates_are_text_inside_and_nothing_else_is(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool is_inner;
    } cases[] = {
        {"", true},
        {"plain", true},
        {"\xC3\xA9\xF0\x9F\x98\x80", true},
        {"a\xED\xA0\x80", true},
        {"\xED\xBF\xBF\xED\xA0\x80z", true},
        {"\xED\xA0", false},
        {"\xED\xA0\x41", false},
        {"\xED\xC0\x80", false},
        {"a\xFF", false},
        {"\x80", false},
        {"\xC3", false},
        {"\xED\xA0\x80\xFF", false},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_int_equal(utf8_is_inner(str_of(cases[i].text)), cases[i].is_inner);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_sequence_of_two_bytes_is_judged_right),
        cmocka_unit_test(sequences_at_every_edge_are_judged_right),
        cmocka_unit_test(every_code_point_survives),
        cmocka_unit_test(an_error_is_found_at_every_place_of_a_long_text),
        cmocka_unit_test(walking_and_counting_agree),
        cmocka_unit_test(a_prefix_ends_with_a_whole_character),
        cmocka_unit_test(order_is_that_of_utf16),
        cmocka_unit_test(lone_surrogates_are_text_inside_and_nothing_else_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
