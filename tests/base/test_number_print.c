/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Shortest printing: against what JavaScript prints, and against the definition (reads back, and
 * nothing shorter or nearer does) on seeded random doubles.
 */
#include "base/number.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

/* Bits of a double and its String() in JavaScript. */
static const struct print_case {
    uint64_t bits;
    const char *text;
} print_cases[] = {
    {0x0000000000000000u, "0"},
    {0x8000000000000000u, "0"},
    {0x3ff0000000000000u, "1"},
    {0xbff0000000000000u, "-1"},
    {0x3fb999999999999au, "0.1"},
    {0x3fc999999999999au, "0.2"},
    {0x3fd3333333333334u, "0.30000000000000004"},
    {0x3fd5555555555555u, "0.3333333333333333"},
    {0x3fe5555555555555u, "0.6666666666666666"},
    {0x4059000000000000u, "100"},
    {0x444b1ae4d6e2ef50u, "1e+21"},
    {0x4415af1d78b58c40u, "100000000000000000000"},
    {0x441ac53a7e04bcdau, "123456789012345680000"},
    {0x3eb0c6f7a0b5ed8du, "0.000001"},
    {0x3e7ad7f29abcaf48u, "1e-7"},
    {0x3e8421f5f40d8376u, "1.5e-7"},
    {0x3eb4b3fd5942cd96u, "0.000001234"},
    {0x0000000000000001u, "5e-324"},
    {0x0010000000000000u, "2.2250738585072014e-308"},
    {0x000fffffffffffffu, "2.225073858507201e-308"},
    {0x7fefffffffffffffu, "1.7976931348623157e+308"},
    {0x433fffffffffffffu, "9007199254740991"},
    {0x4340000000000000u, "9007199254740992"},
    {0x4340000000000000u, "9007199254740992"},
    {0x4340000000000001u, "9007199254740994"},
    {0x432fffffffffffffu, "4503599627370495.5"},
    {0x4330000000000000u, "4503599627370496"},
    {0x405edccccccccccdu, "123.45"},
    {0x3fb1eb851eb851ecu, "0.07"},
    {0x44b52d02c7e14af6u, "1e+23"},
    {0x00000000000000c0u, "9.5e-322"},
    {0x0000000000000003u, "1.5e-323"},
    {0x7c90000000000000u, "9.9792015476736e+291"},
    {0x0010000000000000u, "2.2250738585072014e-308"},
    {0x7fe0000000000000u, "8.98846567431158e+307"},
    {0x43b0000000000000u, "1152921504606847000"},
    {0x43e0000000000000u, "9223372036854776000"},
    {0x43f0000000000000u, "18446744073709552000"},
    {0x43ed7d843dc3b480u, "17000000000000000000"},
    {0x430c6bf52633ffffu, "999999999999999.9"},
    {0x42d6bcc41e8fffffu, "99999999999999.98"},
    {0x4011666666666666u, "4.35"},
    {0x3fd3333333333333u, "0.3"},
    {0x41124c41d4fdf3b6u, "299792.458"},
    {0xc05680000431bde8u, "-90.000001"},
    {0x430c6bf526340000u, "1000000000000000"},
    {0x4341c37937e08000u, "10000000000000000"},
    {0x3ff0000000000001u, "1.0000000000000002"},
    {0x0000000000000001u, "5e-324"},
    {0x447c7e83209e90b2u, "8.41e+21"},
    {0x43f2250fa08398d4u, "20919495182368195000"},
    {0x4830f0cf064dd592u, "5.764607523034235e+39"},
    {0x4840f0cf064dd592u, "1.152921504606847e+40"},
    {0x00cfa01712e8f046u, "9.007199254740991e-305"},
    {0x01d550e3979a9fcfu, "7.957368755961591e-300"},
    {0xca377b83978bb930u, "-3.431967812254369e+49"},
    {0x2bcd8db9c1e8e242u, "1.0809411229918284e-97"},
    {0x1a91e8d81217e306u, "1.0790143258645723e-180"},
    {0xd95a4818412bcd40u, "-2.7146284114948284e+122"},
    {0x74037758d746cadau, "6.968632662292472e+250"},
    {0x600b61680d9fb1cfu, "4.5889050532320214e+154"},
    {0x540ab4b876891d6cu, "7.130442617977581e+96"},
    {0x00a38e002f22d456u, "1.3923401670058912e-305"},
    {0xe866367535bf447eu, "-8.107539459834386e+194"},
    {0xad3370f69266e576u, "-5.964935884235161e-91"},
    {0x31558d54502db53cu, "4.879215229643731e-71"},
    {0x734073d107eb2156u, "1.4379240136287838e+247"},
    {0x32d45186fe2e6294u, "7.717414845386161e-64"},
    {0x372a2f6f82ba1b51u, "5.870946247403075e-43"},
    {0xd32f3021861d9b27u, "-5.082488122000044e+92"},
    {0x9886b4c4e2b189d1u, "-1.5925602027610268e-190"},
    {0x6705f89a8b28be82u, "1.9119620557560535e+188"},
    {0xd0fe432e7d3f0f7fu, "-1.4352997488058149e+82"},
    {0x6f8ba44212ab4ea1u, "2.0954167789372665e+229"},
    {0xd8834ac87571907cu, "-2.432474500317439e+118"},
    {0x5164e70f5348ec5cu, "1.2689621019713783e+84"},
    {0xc2e703c15756ea84u, "-202439168538452.12"},
    {0x0c29ad5d11b06651u, "4.4829232020937534e-250"},
    {0x2f1a9df4aefab2ddu, "8.768807466677076e-82"},
    {0xfc2a1e9b0ea050f8u, "-1.2727162527003746e+290"},
    {0xa5e5b8ddc6042e59u, "-4.0111999741842584e-126"},
    {0xeae10e8c59c29045u, "-6.845187302653984e+206"},
    {0x03d823042b97a425u, "3.869934045228631e-290"},
    {0xa9c3b26076f7222du, "-1.6773623419997536e-107"},
    {0x99bf7ce821c5e729u, "-1.1578881349876761e-184"},
    {0x0e8c4414315486a7u, "1.3564905547515457e-238"},
    {0x3877663c1017666au, "1.1002323369592851e-36"},
    {0xdef487b1a56f9226u, "-2.6251127854009866e+149"},
    {0x226a697066810482u, "6.768481424659148e-143"},
    {0xb54ce051ca8b660bu, "-6.029641930195597e-52"},
    {0x80711abf83089207u, "-1.522349674231793e-306"},
    {0xec76ffdee9ace2e3u, "-3.097100033207205e+214"},
    {0x42b77e9864d763e6u, "25832490063715.9"},
    {0xd9f3a19364f8f4a1u, "-2.0763667827523662e+125"},
    {0x31b68ba678880d08u, "3.2666382912931355e-69"},
    {0x617fef88a9ff5f12u, "4.4898708481849893e+161"},
    {0x5333be7066c1252cu, "6.435046388450528e+92"},
    {0xb72e6c0dca2c6c66u, "-6.8208674517171915e-43"},
    {0x6f9f24bd0d53ed3eu, "4.7217638941000114e+229"},
    {0xa2242836d4ddc564u, "-3.228492996399215e-144"},
    {0x49fcda1b7975a7eeu, "2.6354511583780057e+48"},
    {0x47a5867948517721u, "1.4306007795864473e+37"},
    {0x02df7addfb663d8fu, "7.701552626614333e-295"},
    {0x742b7166bac67234u, "3.9296834464919005e+251"},
    {0x48d7b9a1efc9f3d0u, "8.267000260292844e+42"},
    {0x383c8371487e9437u, "8.379349060068925e-38"},
    {0xb756c0b16e7384dfu, "-4.081066742212814e-42"},
    {0xb6d5ad0e88f9b416u, "-1.5187274884516384e-44"},
    {0x2aa1aee698fb82feu, "2.4672462958261924e-103"},
    {0x1147b1e80f830a7bu, "2.000455992486429e-225"},
    {0x6c44f95bbb4ff2afu, "3.530444312956353e+213"},
    {0x50d5120e6c84268au, "2.498356213830065e+81"},
    {0x1f325d2a4d0bcc47u, "2.089911233165698e-158"},
    {0x217a7f7676d42a1fu, "2.0723047027506859e-147"},
    {0x5fd6cc2e6166e58bu, "4.776025160021646e+153"},
    {0xcb5ad75aedac2a80u, "-1.0283516784173461e+55"},
    {0x436785a11387d2d5u, "52966810625939110"},
    {0xb3889483da6ec830u, "-1.912032094889186e-60"},
    {0x1c79e0cdac2e19a0u, "1.6740773094037482e-171"},
    {0x0be56a6aa4e22d93u, "2.3368223409957694e-251"},
};

static double print_double(uint64_t bits)
{
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* xorshift64: the same sequence in every run. */
static uint64_t print_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

static void expect_print(double value, const char *expected)
{
    char out[NUMBER_TEXT_MAX + 1];
    size_t n = number_print(value, out);
    assert_true(n <= NUMBER_TEXT_MAX);
    out[n] = '\0';
    assert_string_equal(out, expected);
}

static void prints_as_javascript_does(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof print_cases / sizeof print_cases[0]; i++)
        expect_print(print_double(print_cases[i].bits), print_cases[i].text);
}

static void changes_to_an_exponent_where_javascript_does(void **state)
{
    (void)state;
    expect_print(999999999999999900000.0, "999999999999999900000");
    expect_print(1e21, "1e+21");
    expect_print(1.25e21, "1.25e+21");
    expect_print(0.000001, "0.000001");
    expect_print(0.0000015, "0.0000015");
    expect_print(9.99e-7, "9.99e-7");
    expect_print(-0.0, "0");
    expect_print(-1e-7, "-1e-7");
}

static void prints_integers_of_every_length(void **state)
{
    (void)state;
    uint64_t value = 0;
    for (int digits = 1; digits <= 18; digits++) {
        value = value * 10 + (uint64_t)(digits % 10);
        char out[NUMBER_TEXT_MAX + 1], expected[40];
        for (int sign = -1; sign <= 1; sign += 2) {
            size_t n = number_print_int(sign * (int64_t)value, out);
            out[n] = '\0';
            snprintf(expected, sizeof expected, "%lld", (long long)(sign * (int64_t)value));
            assert_string_equal(out, expected);
        }
    }
    char out[NUMBER_TEXT_MAX + 1];
    size_t n = number_print_int(INT64_MIN, out);
    assert_int_equal(n, 20);
    assert_memory_equal(out, "-9223372036854775808", 20);
    n = number_print_int(INT64_MAX, out);
    assert_memory_equal(out, "9223372036854775807", n);
    for (int64_t power = 1; power <= INT64_C(100000000000000000); power *= 10) {
        for (int64_t near = power - 1; near <= power + 1; near++) {
            char expected[40];
            n = number_print_int(near, out);
            out[n] = '\0';
            snprintf(expected, sizeof expected, "%lld", (long long)near);
            assert_string_equal(out, expected);
        }
    }
}

/* The digits of number_digits as text that strtod reads. */
static double read_digits(const char *digits, int count, int exponent)
{
    char text[64];
    snprintf(text, sizeof text, "%.*se%d", count, digits, exponent - count);
    return strtod(text, NULL);
}

/* Nothing with one digit less reads back: its two candidates are the neighbours of value. */
static void expect_shortest(double value, const char *digits, int count, int exponent)
{
    uint64_t number = 0;
    for (int i = 0; i < count - 1; i++)
        number = number * 10 + (uint64_t)(digits[i] - '0');
    for (uint64_t candidate = number; candidate <= number + 1; candidate++) {
        char text[64];
        snprintf(text, sizeof text, "%llue%d", (unsigned long long)candidate, exponent - count + 1);
        assert_true(strtod(text, NULL) != value);
    }
}

/* Of all texts as long, it is the nearest: printf with that many digits agrees where it reads back.
 */
static void expect_nearest(double value, const char *digits, int count)
{
    char text[64];
    snprintf(text, sizeof text, "%.*e", count - 1, value);
    if (strtod(text, NULL) != value)
        return;
    char plain[64];
    int n = 0;
    for (const char *p = text; *p != 'e'; p++) {
        if (*p >= '0' && *p <= '9')
            plain[n++] = *p;
    }
    assert_int_equal(n, count);
    assert_memory_equal(plain, digits, (size_t)count);
}

static void expect_ideal_digits(double value)
{
    char digits[18];
    int exponent;
    int count = number_digits(value, digits, &exponent);
    assert_in_range(count, 1, 17);
    assert_true(digits[0] != '0');
    assert_true(digits[count - 1] != '0');
    assert_true(read_digits(digits, count, exponent) == value);
    if (count > 1)
        expect_shortest(value, digits, count, exponent);
    expect_nearest(value, digits, count);
}

static void random_doubles_get_the_shortest_and_nearest_digits(void **state)
{
    (void)state;
    uint64_t seed = 0x9E3779B97F4A7C15u;
    for (int i = 0; i < 200000; i++) {
        double value = fabs(print_double(print_random(&seed)));
        if (isfinite(value) && value > 0)
            expect_ideal_digits(value);
    }
}

static void powers_of_two_and_their_neighbours_get_ideal_digits(void **state)
{
    (void)state;
    for (int exponent = -1074; exponent <= 1023; exponent++) {
        double power = ldexp(1.0, exponent);
        expect_ideal_digits(power);
        expect_ideal_digits(nextafter(power, HUGE_VAL));
        if (exponent > -1074)
            expect_ideal_digits(nextafter(power, 0));
    }
}

static void decimals_get_ideal_digits(void **state)
{
    (void)state;
    uint64_t seed = 42;
    static const double scales[] = {1, 10, 100, 1000, 1e4, 1e5, 1e6, 1e7, 1e8};
    for (int i = 0; i < 100000; i++) {
        uint64_t number = print_random(&seed) >> (print_random(&seed) % 50 + 10);
        double value = (double)number / scales[print_random(&seed) % 9];
        if (!(value > 0))
            continue;
        expect_ideal_digits(value);
        expect_ideal_digits(nextafter(value, HUGE_VAL));
    }
}

static void a_million_random_doubles_read_back(void **state)
{
    (void)state;
    uint64_t seed = 7;
    for (int i = 0; i < 1000000; i++) {
        double value = print_double(print_random(&seed));
        if (!isfinite(value))
            continue;
        char out[NUMBER_TEXT_MAX + 1];
        size_t n = number_print(value, out);
        assert_true(n <= 25);
        out[n] = '\0';
        assert_true(strtod(out, NULL) == value);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(prints_as_javascript_does),
        cmocka_unit_test(changes_to_an_exponent_where_javascript_does),
        cmocka_unit_test(prints_integers_of_every_length),
        cmocka_unit_test(random_doubles_get_the_shortest_and_nearest_digits),
        cmocka_unit_test(powers_of_two_and_their_neighbours_get_ideal_digits),
        cmocka_unit_test(decimals_get_ideal_digits),
        cmocka_unit_test(a_million_random_doubles_read_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
