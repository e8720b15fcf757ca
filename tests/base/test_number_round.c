/* SPDX-License-Identifier: Apache-2.0 */
/* toPrecision(15) and toFixed against what JavaScript gives, and toFixed against printf where no
 * tie is. */
#include "base/number.h"

#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

/* Bits of x and of Number(x.toPrecision(15)) in JavaScript. */
static const struct round_case {
    uint64_t bits, rounded;
} round_cases[] = {
    {0x3fd3333333333334u, 0x3fd3333333333333u}, {0x3fd5555555555555u, 0x3fd555555555554fu},
    {0x3fe5555555555555u, 0x3fe5555555555558u}, {0x3fd3333333333334u, 0x3fd3333333333333u},
    {0x3ff0147ae147ae14u, 0x3ff0147ae147ae14u}, {0x43118b54f22aeb00u, 0x43118b54f22aeb10u},
    {0x43118b54f22aeafcu, 0x43118b54f22aeb10u}, {0x42dc12218377de60u, 0x42dc12218377de80u},
    {0x42a674e79c5fe480u, 0x42a674e79c5fe49au}, {0x3ff0000000000001u, 0x3ff0000000000000u},
    {0x3fefffffffffffffu, 0x3ff0000000000000u}, {0x4341c37937e07fffu, 0x4341c37937e08000u},
    {0x430c6bf52633fffcu, 0x430c6bf526340000u}, {0x0000000000000001u, 0x0000000000000001u},
    {0x0010000000000000u, 0x000ffffffffffffdu}, {0x0008000000000000u, 0x0007ffffffffffffu},
    {0x444b1ae4d6e2ef50u, 0x444b1ae4d6e2ef50u}, {0x419d6f34547e6b74u, 0x419d6f34547e6b83u},
    {0xbfd3333333333334u, 0xbfd3333333333333u}, {0x3fbf9add3746f652u, 0x3fbf9add3746f62eu},
    {0x43118b54f22aeb24u, 0x43118b54f22aeb38u}, {0x4020000000000003u, 0x4020000000000006u},
    {0x3fe0000000000005u, 0x3fe0000000000009u}, {0x407e0470b82f5ef6u, 0x407e0470b82f5efbu},
    {0x40749af9a1522f10u, 0x40749af9a1522f17u}, {0x407bd895a27357c1u, 0x407bd895a27357c8u},
    {0x408dcca6c6caa601u, 0x408dcca6c6caa602u}, {0x40651ff73f72c014u, 0x40651ff73f72c023u},
    {0x408180b508063ef1u, 0x408180b508063eeeu}, {0x4065db18e68a4484u, 0x4065db18e68a4486u},
    {0x405b0c3078ed1eb7u, 0x405b0c3078ed1ecdu}, {0x406bae371c8cdb8du, 0x406bae371c8cdb98u},
    {0x408394e41caceb3cu, 0x408394e41caceb3eu}, {0x40785458f04f2e1du, 0x40785458f04f2e1fu},
    {0x408eb82c30848d28u, 0x408eb82c30848d26u}, {0x4086953835133ed9u, 0x4086953835133edcu},
    {0x4073581e96a6ae49u, 0x4073581e96a6ae4cu}, {0x40897bd47ddea234u, 0x40897bd47ddea236u},
    {0x408adc1bd743643bu, 0x408adc1bd743643bu}, {0x406809aa80460effu, 0x406809aa80460f10u},
    {0x40709f0982efdc18u, 0x40709f0982efdc13u}, {0x4082c5c0327254abu, 0x4082c5c0327254abu},
    {0x4080f15659dc54fau, 0x4080f15659dc54f8u}, {0x4088ae59b05f6703u, 0x4088ae59b05f6707u},
    {0x407fc677201767d9u, 0x407fc677201767d9u}, {0x402455e63b407bb3u, 0x402455e63b407b9cu},
    {0x408a38e2b60e4b92u, 0x408a38e2b60e4b95u}, {0x402cfe2caa45ad89u, 0x402cfe2caa45ada4u},
    {0x408cadefa7f3046fu, 0x408cadefa7f30471u}, {0x4070df93b6dbc4e4u, 0x4070df93b6dbc4dfu},
    {0x4068bc573548d61au, 0x4068bc573548d615u}, {0x406159b4e30bd315u, 0x406159b4e30bd31bu},
    {0x4065478a13f425bau, 0x4065478a13f425bdu}, {0x407c9efa8f2902adu, 0x407c9efa8f2902abu},
    {0x40636f8f9067ffa8u, 0x40636f8f9067ffacu}, {0x4072aedbecdfc97eu, 0x4072aedbecdfc987u},
    {0x4080e0122f0b366cu, 0x4080e0122f0b366cu}, {0x4040cce796714af0u, 0x4040cce796714aeau},
    {0x40328a95c1275ad4u, 0x40328a95c1275ae0u}, {0x4058e95a041715e0u, 0x4058e95a041715dfu},
    {0x404b702c8e9134f2u, 0x404b702c8e9134f1u}, {0x408276813f7379b5u, 0x408276813f7379b7u},
    {0x40841aee745bf541u, 0x40841aee745bf540u}, {0x3f21d19f71d47c49u, 0x3f21d19f71d47c5bu},
    {0x3f910b42e1f8797du, 0x3f910b42e1f8796fu}, {0x3de47540e63c4d1du, 0x3de47540e63c4d30u},
    {0x41d053b4ad2e92e2u, 0x41d053b4ad2e92f7u}, {0x3fc10557d00eafebu, 0x3fc10557d00eaffdu},
    {0x3f1d54a9dba42a02u, 0x3f1d54a9dba42a26u}, {0x44f815ea8c69e9fdu, 0x44f815ea8c69ea0fu},
    {0x4490c568e1f63a49u, 0x4490c568e1f63a55u}, {0x40d297729c920124u, 0x40d297729c920116u},
    {0x3f53877dd41cf96eu, 0x3f53877dd41cf985u}, {0x3f935e3e892ac892u, 0x3f935e3e892ac8a0u},
    {0x44c3243574e76c06u, 0x44c3243574e76c15u}, {0x4137ddd95f35e2a5u, 0x4137ddd95f35e290u},
    {0x43154f4c3eeae144u, 0x43154f4c3eeae158u}, {0x3fc5b107eea17b90u, 0x3fc5b107eea17b7eu},
    {0x3d10fd76e19cc496u, 0x3d10fd76e19cc486u}, {0x41a2be1fcb0aaee2u, 0x41a2be1fcb0aaed1u},
    {0x3eb55284efb4ca89u, 0x3eb55284efb4ca72u}, {0x420918e52b934e22u, 0x420918e52b934e3cu},
    {0x40d35226fd3a0ba4u, 0x40d35226fd3a0bb2u}, {0x3ebf4052ef20e93eu, 0x3ebf4052ef20e927u},
    {0x3f27545585efcea4u, 0x3f27545585efceb6u}, {0x4107d9cf793fcb1cu, 0x4107d9cf793fcb0bu},
    {0x44f669180210cf43u, 0x44f669180210cf31u}, {0x413874a9f2bcb5beu, 0x413874a9f2bcb5d3u},
    {0x4490596b50c02addu, 0x4490596b50c02ad1u}, {0x3f8c7500f941fc56u, 0x3f8c7500f941fc73u},
    {0x3ddbd49a2a5e8132u, 0x3ddbd49a2a5e8158u}, {0x3e195ffaa34ba31cu, 0x3e195ffaa34ba304u},
    {0x3ebb9a1eb4987095u, 0x3ebb9a1eb49870adu}, {0x4271536184a2cc14u, 0x4271536184a2cc00u},
    {0x42ae6c6789c283e6u, 0x42ae6c6789c283cdu}, {0x3f21b7deeb0ed912u, 0x3f21b7deeb0ed924u},
    {0x3d79c9153867586eu, 0x3d79c91538675855u}, {0x41cf7c4e029256d6u, 0x41cf7c4e02925700u},
    {0x3d7b06d45ac249feu, 0x3d7b06d45ac24a16u}, {0x40d1a7c0cdeb5534u, 0x40d1a7c0cdeb5527u},
    {0x3deab2ae963b60afu, 0x3deab2ae963b609cu}, {0x402f896d2c5f3e3du, 0x402f896d2c5f3e21u},
    {0x3ff5d26307c0e45du, 0x3ff5d26307c0e447u}, {0x3cdd37f01c85e275u, 0x3cdd37f01c85e28eu},
    {0x41db7370f0b5223eu, 0x41db7370f0b52229u}, {0x41dbedcb594310e0u, 0x41dbedcb594310cbu},
    {0x4243ae44cd6b323du, 0x4243ae44cd6b322du}, {0x3d09063738401b8eu, 0x3d09063738401b6eu},
    {0x444c9bd8ef9c5351u, 0x444c9bd8ef9c5377u},
};

/* Bits of x, decimals and x.toFixed(decimals) in JavaScript. */
static const struct fixed_case {
    uint64_t bits;
    int decimals;
    const char *text;
} fixed_cases[] = {
    {0x3fe0000000000000u, 0, "1"},
    {0x3ff8000000000000u, 0, "2"},
    {0x4004000000000000u, 0, "3"},
    {0xbfe0000000000000u, 0, "-1"},
    {0xbff8000000000000u, 0, "-2"},
    {0x3fc0000000000000u, 2, "0.13"},
    {0x3ff0147ae147ae14u, 2, "1.00"},
    {0x3ff7333333333333u, 1, "1.4"},
    {0x4020b0a3d70a3d71u, 2, "8.35"},
    {0x3eb0c6f7a0b5ed8du, 7, "0.0000010"},
    {0x3ddb7cdfd9d7bdbbu, 2, "0.00"},
    {0xbddb7cdfd9d7bdbbu, 2, "-0.00"},
    {0x8000000000000000u, 2, "0.00"},
    {0x0000000000000000u, 0, "0"},
    {0x0000000000000000u, 2, "0.00"},
    {0x405edd2f1a9fbe77u, 0, "123"},
    {0x405edd2f1a9fbe77u, 2, "123.46"},
    {0x4415af1d78b58c40u, 2, "100000000000000000000.00"},
    {0x441ac53a7e04bcdau, 3, "123456789012345683968.000"},
    {0x3fb999999999999au, 20, "0.10000000000000000555"},
    {0x3fb999999999999au, 100,
     "0."
     "100000000000000005551115123125782702118158340454101562500000000000000000000000000000000000000"
     "0000000"},
    {0x0000000000000001u, 100,
     "0."
     "000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
     "0000000"},
    {0x3fd5555555555555u, 50, "0.33333333333333331482961625624739099293947219848633"},
    {0x408f3ff5c28f5c29u, 2, "1000.00"},
    {0x408f3ffdf3b645a2u, 2, "1000.00"},
    {0x3fa999999999999au, 1, "0.1"},
    {0x3fc3333333333333u, 1, "0.1"},
    {0x3fd0000000000000u, 1, "0.3"},
    {0x3fd6666666666666u, 1, "0.3"},
    {0x43abc16d674ec801u, 1, "1000000000000000128.0"},
    {0x43abc16d674ec801u, 0, "1000000000000000128"},
    {0x444b1ae4d6e2ef4fu, 100,
     "999999999999999868928."
     "000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
     "0000000"},
    {0xbff8000000000000u, 3, "-1.500"},
    {0x4330000000000002u, 0, "4503599627370498"},
    {0x3f50624dd2f1a9fcu, 2, "0.00"},
    {0x3f747ae147ae147bu, 2, "0.01"},
    {0x3f8eb851eb851eb8u, 2, "0.01"},
    {0x40247851eb851eb8u, 2, "10.23"},
    {0x3eb0000000000000u, 19, "0.0000009536743164063"},
    {0x3eb0000000000000u, 20, "0.00000095367431640625"},
    {0x3fe3333333333333u, 7, "0.6000000"},
    {0x40c81cd6e63a5c1cu, 7, "12345.6789010"},
    {0x2b2bff2ee48e0530u, 100,
     "0."
     "000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
     "0000001"},
    {0x2b19327700e637deu, 100,
     "0."
     "000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
     "0000000"},
    {0x2b1ecbe6c835d281u, 100,
     "0."
     "000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
     "0000001"},
    {0x43d07aabd3ef2845u, 0, "4749801514017559552"},
    {0x426c4a7df00d8ed4u, 9, "972070813804.463378906"},
    {0x4307f6239110e477u, 10, "843069635304590.8750000000"},
    {0x43c1d9ac343aad68u, 10, "2572497017827414016.0000000000"},
    {0x4231dae741f2159au, 5, "76687032818.08438"},
    {0x41dceb1c1e6d1497u, 2, "1940680825.70"},
    {0x4155fac9c15a6c7du, 7, "5761831.0211440"},
    {0x40b615c23b4bc77eu, 7, "5653.7587173"},
    {0x43da62a95a986c2cu, 2, "7605072797092589568.00"},
    {0x41515ca332a00e83u, 3, "4551308.791"},
    {0x4268dfaf051dbe9du, 6, "854656035053.956665"},
    {0x426106ad3f45d02eu, 11, "585011690030.50561523438"},
    {0x40579d51e365f9a5u, 1, "94.5"},
    {0x42949a1fcf583932u, 9, "5663047800334.298828125"},
    {0x40f2ed4eea7ce840u, 9, "77524.932248027"},
    {0x4363bd234b3ab1eeu, 10, "44447870729162608.0000000000"},
    {0x4266f3969f086eaau, 11, "788608120899.45825195313"},
    {0x43030eff4b43cf5au, 1, "670564274960875.3"},
    {0x411657be0cf43b8cu, 9, "366063.512650423"},
    {0x3fe0cf6648dee9acu, 7, "0.5253173"},
    {0x4196af73996010dcu, 10, "95149286.3438143134"},
    {0x4276a4fc1c48d2d2u, 2, "1556116259981.18"},
    {0x3fe260d553499bf2u, 0, "1"},
    {0x4305679384d4b027u, 9, "753107224663556.875000000"},
    {0x3ff9370dbfac0482u, 3, "1.576"},
    {0x42655d8962194efcu, 9, "734108782794.468261719"},
    {0x40b1ffc8907a5aa3u, 9, "4607.783454558"},
    {0x4160b4ebc47d94beu, 7, "8759134.1403297"},
    {0x41577d7638d029f7u, 4, "6157784.8877"},
    {0x4198cc002a487122u, 1, "104005642.6"},
};

static double round_double(uint64_t bits)
{
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* xorshift64: the same sequence in every run. */
static uint64_t round_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

static void fifteen_digits_remain_as_in_javascript(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof round_cases / sizeof round_cases[0]; i++) {
        double rounded = number_round15(round_double(round_cases[i].bits));
        assert_true(rounded == round_double(round_cases[i].rounded));
    }
}

static void rounding_to_fifteen_digits_agrees_with_printf(void **state)
{
    (void)state;
    uint64_t seed = 99;
    for (int i = 0; i < 200000; i++) {
        double value = round_double(round_random(&seed));
        if (!isfinite(value))
            continue;
        char text[64];
        /* No tie is possible so far from the integers with 16 digits. */
        if (fabs(value) > 1 && fabs(value) < 1e17)
            continue;
        snprintf(text, sizeof text, "%.14e", value);
        assert_true(number_round15(value) == strtod(text, NULL));
    }
}

static void rounding_keeps_what_has_few_digits(void **state)
{
    (void)state;
    static const double values[] = {0, 1, -1, 0.1, 123.456, 1e300, 999999999999999, 1e-300, 5e-324};
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
        assert_true(number_round15(values[i]) == values[i]);
    assert_true(signbit(number_round15(-0.0)) != 0);
}

static void expect_fixed(double value, int decimals, const char *expected)
{
    char out[129];
    size_t n = number_print_fixed(value, decimals, out);
    assert_true(n <= 128);
    out[n] = '\0';
    assert_string_equal(out, expected);
}

static void prints_fixed_decimals_as_javascript_does(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof fixed_cases / sizeof fixed_cases[0]; i++)
        expect_fixed(round_double(fixed_cases[i].bits), fixed_cases[i].decimals,
                     fixed_cases[i].text);
}

static void fixed_decimals_agree_with_printf_where_there_is_no_tie(void **state)
{
    (void)state;
    uint64_t seed = 1234;
    for (int i = 0; i < 100000; i++) {
        double value = (double)(round_random(&seed) >> 11) * 0x1p-53;
        value = ldexp(value, (int)(round_random(&seed) % 100) - 40);
        int decimals = (int)(round_random(&seed) % 30);
        char expected[160];
        snprintf(expected, sizeof expected, "%.*f", decimals, value);
        /* The digits after the last one: an exact tie would be 5 and nothing behind it. */
        char more[512];
        int n = snprintf(more, sizeof more, "%.*f", decimals + 150, value);
        const char *rest = more + n - 150;
        if (rest[0] == '5' && strspn(rest + 1, "0") == 149)
            continue;
        expect_fixed(value, decimals, expected);
    }
}

static void ties_go_away_from_zero(void **state)
{
    (void)state;
    expect_fixed(0.5, 0, "1");
    expect_fixed(2.5, 0, "3");
    expect_fixed(-2.5, 0, "-3");
    expect_fixed(0.125, 2, "0.13");
    expect_fixed(0.0009765625, 9, "0.000976563");
    expect_fixed(-0.0, 2, "0.00");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fifteen_digits_remain_as_in_javascript),
        cmocka_unit_test(rounding_to_fifteen_digits_agrees_with_printf),
        cmocka_unit_test(rounding_keeps_what_has_few_digits),
        cmocka_unit_test(prints_fixed_decimals_as_javascript_does),
        cmocka_unit_test(fixed_decimals_agree_with_printf_where_there_is_no_tie),
        cmocka_unit_test(ties_go_away_from_zero),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
