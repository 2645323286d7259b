#!/usr/bin/env python3
# Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
# SPDX-License-Identifier: Apache-2.0
"""Writes elementary.csv: reference values of the elementary functions.

Source: mpmath 1.3.0, arbitrary-precision arithmetic, 100 significant digits.
Method: each input is an exact double; the exact result is rounded once, to nearest, in integers.
Columns: function, bits of the first and second input in hexadecimal (the second may be empty),
bits of the correctly rounded result, and (exact - rounded) in units in the last place of the
rounded result, six decimals (0 where the result overflows). Seeds are fixed: a rerun gives the
same file.

Run: python3 elementary.py > elementary.csv
"""

import math
import random
import struct

from mpmath import floor, frexp, ldexp, mp, mpf, nint

mp.dps = 100
LN2 = math.log(2.0)


def bits(value):
    return struct.unpack("<Q", struct.pack("<d", value))[0]


def from_bits(pattern):
    return struct.unpack("<d", struct.pack("<Q", pattern))[0]


def around(value, steps=2):
    """The nearest double and its neighbors."""
    below = above = float(value)
    found = [above]
    for _ in range(steps):
        below = math.nextafter(below, -math.inf)
        above = math.nextafter(above, math.inf)
        found += [below, above]
    return found


def from_hexadecimal(text):
    return [float.fromhex(word) for word in text.split()]


def in_binades(source, lowest, highest, step):
    """One random double in every `step`-th binade, subnormal numbers included."""
    found = []
    for exponent in range(lowest, highest + 1, step):
        value = math.ldexp(1.0 + source.random(), exponent)
        if value > 0.0:
            found.append(value)
    return found


def signed(source, values):
    return [value if source.random() < 0.5 else -value for value in values]


def uniform(source, lowest, highest, count):
    return [source.uniform(lowest, highest) for _ in range(count)]


def correctly_rounded(exact):
    """The nearest double, and how far the exact value lies above it, in ulps of the double."""
    if exact == 0:
        return 0.0, mpf(0)
    unit = max(frexp(exact)[1] - 53, -1074)
    nearest = nint(ldexp(exact, -unit))
    if ldexp(abs(nearest), unit) >= ldexp(mpf(1), 1024):
        return math.copysign(math.inf, exact), mpf(0)
    rounded = math.ldexp(int(nearest), unit)
    return rounded, (exact - mpf(rounded)) / mpf(math.ulp(rounded))


# The inputs with the largest errors of Plimsoll's functions, found among millions of random ones.
EXP_WORST = "-0x1.61dbc213a16dep-2 -0x1.5ce1637c243a1p-2 -0x1.6259bbd23ca7ep+9"
EXPM1_WORST = "0x1.74f7b36dbe441p-2 0x1.7bc2d3f0e2ed9p-2 0x1.6b7d867766035p-2"
LOG_WORST = "0x1.696b4b427c1b7p-1 0x1.68751749b98b3p-1 0x1.66a4700c2f023p+0"
LOG1P_WORST = "-0x1.2c7acb406f29ap-2 0x1.a2651c66f270cp-2 -0x1.2c0298b7bba8ap-2"
ANGLE_WORST = (
    "0x1.fdf4e73847deep+14 -0x1.9f5d310888df2p+19 0x1.884bd26d1756bp-1 "
    "0x1.9bca88ed47034p-1 -0x1.08b0072a65407p+18 0x1.9d0b2d0c64da1p-1"
)
POW_WORST = (
    ("0x1.693177c1f33c1p+0", "0x1.fe6ead7e3adf5p+10"),
    ("0x1.6728e9844b189p+0", "0x1.012973ec6b1d1p+11"),
    ("0x1.6b66028ee6071p-1", "-0x1.ff786174167a0p+10"),
    ("0x1.6f58a2a8e108dp-1", "0x1.0926d796e849dp+11"),
)


def exp_inputs(source):
    yield from from_hexadecimal(EXP_WORST)
    yield from signed(source, in_binades(source, -1074, 8, 4))
    yield from uniform(source, -745.2, 709.8, 250)
    yield from uniform(source, -745.2, -708.0, 60)
    for threshold in (709.782712893384, -708.3964185322641, -745.1332191019412):
        yield from around(threshold, 4)
    for k in (-1074, -1000, -100, -10, -2, -1, 0, 1, 2, 10, 100, 1000, 1023):
        yield from around((k + 0.5) * LN2, 1)
        yield from around(k * LN2, 1)


def exp_of_sum_inputs(source):
    for high in uniform(source, -745.0, 709.5, 200) + uniform(source, -1.0, 1.0, 100):
        yield high, high * source.uniform(-1.0, 1.0) * 2.0**-53
    for high in uniform(source, -40.0, 40.0, 60):
        yield high, source.uniform(-1.0, 1.0) * 2.0**-30


def expm1_inputs(source):
    yield from from_hexadecimal(EXPM1_WORST)
    yield from signed(source, in_binades(source, -1074, 9, 4))
    yield from uniform(source, -1.2, 1.2, 250)
    yield from uniform(source, 0.34, 0.44, 60)
    yield from uniform(source, -40.0, 45.0, 120)
    yield from around(709.782712893384, 4)
    for k in (-54, -53, -10, -2, -1, 0, 1, 2, 10, 52, 53, 54, 60, 61, 1000):
        yield from around((k + 0.5) * LN2, 1)


def log_inputs(source):
    yield from from_hexadecimal(LOG_WORST)
    yield from in_binades(source, -1074, 1023, 5)
    yield from uniform(source, 0.5, 2.0, 150)
    for exponent in range(1, 54, 2):
        yield from around(1.0 + 2.0**-exponent, 1)
        yield from around(1.0 - 2.0**-exponent, 1)
    for k in (-1022, -1, 0, 1, 2, 1000):
        yield from around(math.ldexp(math.sqrt(0.5), k), 2)
    for pattern in (1, 0x000FFFFFFFFFFFFF, 0x0010000000000000, 0x7FEFFFFFFFFFFFFF):
        yield from_bits(pattern)


def log1p_inputs(source):
    yield from from_hexadecimal(LOG1P_WORST)
    yield from signed(source, in_binades(source, -1074, -1, 5))
    yield from in_binades(source, 0, 1023, 8)
    yield from uniform(source, -1.0, 2.0, 200)
    for exponent in range(1, 54, 3):
        yield from around(-1.0 + 2.0**-exponent, 1)
    for border in (-0.29, 0.41, math.sqrt(0.5) - 1.0, math.sqrt(2.0) - 1.0, 1.0, 2.0**53):
        yield from around(border, 2)


def doubles_nearest_to_right_angles(count):
    """Of all doubles up to 2^20, those nearest to a multiple of pi/2, by trying every multiple."""
    point = 200
    right_angle = int(floor(ldexp(mp.pi / 2, point)))
    found = []
    for multiple in range(1, 667544):
        exact = multiple * right_angle
        unit = exact.bit_length() - 53
        mantissa = (exact + (1 << (unit - 1))) >> unit
        found.append((abs((mantissa << unit) - exact), math.ldexp(mantissa, unit - point)))
    return [value for _, value in sorted(found)[:count]]


HARD_ANGLES = doubles_nearest_to_right_angles(120)


def angle_inputs(source):
    yield from from_hexadecimal(ANGLE_WORST)
    yield from signed(source, HARD_ANGLES)
    yield from signed(source, in_binades(source, -1074, -36, 16))
    yield from signed(source, in_binades(source, -35, 18, 1))
    yield from uniform(source, -0.8, 0.8, 120)
    yield from uniform(source, -100.0, 100.0, 150)
    yield from uniform(source, -(2.0**20), 2.0**20, 150)
    for multiple in (1, 2, 3, 4, 5, 1000, 333772, 667543):
        yield from around(multiple * math.pi / 2, 1)
        yield from around((multiple - 0.5) * math.pi / 2, 1)
    yield from (2.0**20, -(2.0**20), 2.0**-30, math.nextafter(2.0**-30, 0.0))


def pow_inputs(source):
    for pair in POW_WORST:
        yield tuple(map(float.fromhex, pair))
    for x in in_binades(source, -1074, 1023, 12):
        yield x, source.uniform(-745.0, 709.7) / math.log(x)
        yield x, source.uniform(-1.2, 1.2)
    for x in uniform(source, 0.5, 2.0, 200):
        yield x, source.uniform(-745.0, 709.7) / math.log(x)
    for exponent in range(2, 50, 2):
        x = 1.0 + source.uniform(-1.0, 1.0) * 2.0**-exponent
        yield x, source.uniform(-745.0, 709.7) / math.log(x)
    for x in uniform(source, 0.71, 1.41, 80):
        yield x, source.uniform(690.0, 709.7) / math.log(x)
        yield x, source.uniform(-745.0, -708.0) / math.log(x)
    for x in uniform(source, -20.0, 20.0, 60):
        yield x, float(source.randrange(-12, 13))
    for base in (2.0, 3.0, 5.0, 7.0, 10.0, 0.5, 1.5):
        for exponent in (-3.0, -1.0, 2.0, 3.0, 9.0, 15.0, 0.5):
            yield base, exponent
    for y in (1023.0, 1024.0, -1022.0, -1074.0, -1075.0, math.nextafter(1024.0, 0.0)):
        yield 2.0, y


def power(x, y):
    x = mpf(x)
    magnitude = mp.exp(mpf(y) * mp.log(abs(x)))
    return -magnitude if x < 0 and y % 2 == 1 else magnitude


FUNCTIONS = (
    ("exp", exp_inputs, lambda x: mp.exp(mpf(x))),
    ("expOfSum", exp_of_sum_inputs, lambda x, low: mp.exp(mpf(x) + mpf(low))),
    ("expm1", expm1_inputs, lambda x: mp.expm1(mpf(x))),
    ("log", log_inputs, lambda x: mp.log(mpf(x))),
    ("log1p", log1p_inputs, lambda x: mp.log1p(mpf(x))),
    ("sin", angle_inputs, lambda x: mp.sin(mpf(x))),
    ("cos", angle_inputs, lambda x: mp.cos(mpf(x))),
    ("pow", pow_inputs, power),
)


def main():
    print("# mpmath 1.3.0, 100 digits; written by elementary.py, which explains the columns")
    for seed, (name, inputs, function) in enumerate(FUNCTIONS, start=1):
        for arguments in inputs(random.Random(seed)):
            if not isinstance(arguments, tuple):
                arguments = (arguments,)
            rounded, residual = correctly_rounded(function(*arguments))
            second = f"{bits(arguments[1]):016x}" if len(arguments) > 1 else ""
            print(
                f"{name},{bits(arguments[0]):016x},{second},{bits(rounded):016x}"
                f",{float(residual):.6f}"
            )


if __name__ == "__main__":
    main()
