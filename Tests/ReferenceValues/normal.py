#!/usr/bin/env python3
# Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
# SPDX-License-Identifier: Apache-2.0
"""Writes normal.csv: reference values of the error function and the normal distribution.

Source: mpmath 1.3.0, arbitrary-precision arithmetic, 60 significant digits; above 20 the scaled
complement by 120 terms of its continued fraction, quantiles by Halley's method to 40 digits.
Columns, inputs, rounding and seeds: as in elementary.py, second input always empty.

Run: python3 normal.py > normal.csv
"""

import math
import random

from elementary import around, bits, correctly_rounded, from_bits, in_binades, signed, uniform
from mpmath import mp, mpf

mp.dps = 60


def erfc(x):
    return mp.erfc(mpf(x))


def erfcx(x):
    y = mpf(x)
    if y < 20:
        return mp.exp(y * y) * mp.erfc(y)
    fraction = mpf(0)
    for k in range(120, 0, -1):
        fraction = (mpf(k) / 2) / (y + fraction)
    return 1 / ((y + fraction) * mp.sqrt(mp.pi))


def density(x):
    y = mpf(x)
    return mp.exp(-y * y / 2) / mp.sqrt(2 * mp.pi)


def cumulative(x):
    return mp.erfc(-mpf(x) / mp.sqrt(2)) / 2


def inverse(probability):
    p = mpf(probability)
    if p > mpf(1) / 2:
        return -quantile(1 - p)
    return quantile(p)


def quantile(p):
    if p == mpf(1) / 2:
        return mpf(0)
    x = -mp.sqrt(-2 * mp.log(p)) if p < mpf("0.1") else mpf(-1)
    if p < mpf("0.02"):
        x += mp.log(-x * mp.sqrt(2 * mp.pi)) / -x
    for _ in range(80):
        step = (cumulative(x) - p) / density(x)
        step /= 1 + step * x / 2
        x -= step
        if abs(step) < abs(x) * mpf(10) ** -40:
            return x
    raise ValueError("no convergence")


def tiny(source, count):
    """Where results lie just below or above a power of two: the errors are largest there."""
    return [10.0 ** source.uniform(-12.0, -1.0) for _ in range(count)]


def erfc_inputs(source):
    yield from tiny(source, 300)
    yield from signed(source, in_binades(source, -1074, -3, 16))
    yield from uniform(source, -6.0, 0.0, 120)
    yield from uniform(source, 0.0, 1.0, 200)
    yield from uniform(source, 1.0, 26.5, 250)
    yield from uniform(source, 26.5, 27.3, 60)
    for border in (26.543258454250980, 27.226017111108362, 27.5, 3.0):
        yield from around(border)


def erfcx_inputs(source):
    yield from tiny(source, 300)
    yield from signed(source, in_binades(source, -1074, -3, 16))
    yield from uniform(source, -26.6, 0.0, 120)
    yield from uniform(source, -1.0, 0.0, 150)
    yield from uniform(source, 0.0, 1.0, 150)
    yield from uniform(source, 1.0, 60.0, 150)
    yield from in_binades(source, 5, 1023, 8)
    for border in (-26.628735713751200, 3.0, 2.0**30):
        yield from around(border)


def density_inputs(source):
    yield from signed(source, in_binades(source, -1074, -3, 32))
    yield from uniform(source, -6.0, 6.0, 200)
    yield from uniform(source, 6.0, 39.0, 100)
    yield from uniform(source, 37.5, 38.7, 60)
    yield 39.0


def cumulative_inputs(source):
    yield from (-x for x in tiny(source, 300))
    yield from signed(source, in_binades(source, -1074, -3, 16))
    yield from uniform(source, -3.0, 9.0, 200)
    yield from uniform(source, -37.5, -1.0, 250)
    yield from uniform(source, -38.6, -37.5, 60)
    for border in (-38.48540833, -37.51937934, -39.0, -3.0 * math.sqrt(2.0)):
        yield from around(border)


def inverse_inputs(source):
    yield from in_binades(source, -1074, -3, 8)
    yield from uniform(source, 0.0, 1.0, 200)
    yield from uniform(source, 0.2, 0.3, 60)
    yield from uniform(source, 0.7, 0.8, 60)
    for exponent in range(2, 54, 2):
        yield 0.5 + 2.0**-exponent * source.uniform(0.5, 1.0)
        yield 0.5 - 2.0**-exponent * source.uniform(0.5, 1.0)
        yield 1.0 - 2.0**-exponent
    for border in (0.25, 0.5, 0.75, 2.0**-500):
        yield from around(border)
    for pattern in (1, 2, 3, 0x000FFFFFFFFFFFFF, 0x0010000000000000, 0x3FEFFFFFFFFFFFFF):
        yield from_bits(pattern)


FUNCTIONS = (
    ("erfc", erfc_inputs, erfc),
    ("erfcx", erfcx_inputs, erfcx),
    ("density", density_inputs, density),
    ("cumulative", cumulative_inputs, cumulative),
    ("inverse", inverse_inputs, inverse),
)


def main():
    print("# mpmath 1.3.0, 60 digits; written by normal.py, which explains the columns")
    for seed, (name, inputs, function) in enumerate(FUNCTIONS, start=101):
        for x in inputs(random.Random(seed)):
            rounded, residual = correctly_rounded(function(x))
            print(f"{name},{bits(x):016x},,{bits(rounded):016x},{float(residual):.6f}")


if __name__ == "__main__":
    main()
