#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes src/base/number_pow10.c: the upper 128 bits of the powers of ten that doubles need.

Usage: tools/gen_pow10.py > src/base/number_pow10.c

Row q holds 10^q * 2^s as two 64-bit halves, high first, with s such that the top bit is set. Rows 0 to 55
are exact (5^55 < 2^128), rows -27 to -1 rounded up, all others rounded down. Up, because there a 64-bit
number divided by 5^-q can be a tie (5^27 < 2^64), and the product must not fall short of it.
"""

FIRST, LAST = -342, 324


def row(q):
    if q >= 0:
        power = 10**q
        bits = power.bit_length()
        return power << (128 - bits) if bits <= 128 else power >> (bits - 128)
    power = 10**-q
    value = (1 << (power.bit_length() + 127)) // power
    if value.bit_length() > 128:
        value >>= 1
    assert value.bit_length() == 128
    return value + 1 if q >= -27 else value


print("/* SPDX-License-Identifier: Apache-2.0 */")
print("/*")
print(" * The upper 128 bits of the powers of ten from 1e%d to 1e%d. Made by tools/gen_pow10.py; what the" % (FIRST, LAST))
print(" * rows are is in base/number_internal.h.")
print(" */")
print('#include "base/number_internal.h"')
print()
print("/* clang-format off */")
print("const struct pow10_row number_pow10[POW10_LAST - POW10_FIRST + 1] = {")
for q in range(FIRST, LAST + 1):
    value = row(q)
    high, low = value >> 64, value & (2**64 - 1)
    # Rounding up, which printing does, must not carry.
    assert low not in (0, 2**64 - 1) or 0 <= q <= 55
    print("    {0x%016xu, 0x%016xu}, /* 1e%d */" % (high, low, q))
print("};")
