#!/usr/bin/env python3
# Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
# SPDX-License-Identifier: Apache-2.0
"""Writes implied_volatility.csv: total deviations of option prices.

Source: Black's formula (1976) in mpmath 1.3.0 with 400 significant digits. A price is computed,
rounded to a double, and the deviation of that rounded price is found by bisection and Newton
steps, so that a row is exact for the doubles it holds.
Columns: right (call or put); price, forward, strike (bits of exact doubles, hexadecimal); the
total deviation, rounded to the nearest double, as bits; and the elasticity
(s / part) * d(part) / ds of the price's time value, as bits.
Seeds are fixed: a rerun gives the same file.

Run: python3 implied_volatility.py > implied_volatility.csv
"""

import random
import struct

from mpmath import erfc, exp, log, mp, mpf, pi, sqrt

mp.dps = 400


def bits(value):
    return f"{struct.unpack('<Q', struct.pack('<d', float(value)))[0]:016x}"


def cumulative(x):
    return erfc(-x / sqrt(mpf(2))) / 2


def time_value(forward, strike, s):
    """The price of the option out of the money."""
    low, high = min(forward, strike), max(forward, strike)
    h = log(low / high) / s
    return low * cumulative(h + s / 2) - high * cumulative(h - s / 2)


def slope(forward, strike, s):
    low, high = min(forward, strike), max(forward, strike)
    h = log(low / high) / s
    return low * exp(-((h + s / 2) ** 2) / 2) / sqrt(2 * pi)


def deviation(value, forward, strike, start):
    """The root near `start`, by Newton's method on the logarithm of the time value."""
    s = mpf(start)
    for _ in range(60):
        now = time_value(forward, strike, s)
        step = log(value / now) * now / slope(forward, strike, s)
        s += step
        if abs(step) < abs(s) * mpf(10) ** -60:
            return s
    raise ValueError("no convergence")


def cases(source):
    # Log-moneyness and deviation over the whole domain.
    for _ in range(260):
        yield source.uniform(-10, 10), 10 ** source.uniform(-4, 1)
    # Around the money.
    for _ in range(260):
        yield 10 ** source.uniform(-12, -1) * source.choice((-1, 1)), 10 ** source.uniform(-4, 1)
    # At the money.
    for power in range(-8, 2):
        yield 0.0, 1.7 * 10**power
    # Prices down to 1e-300 of the forward.
    for _ in range(60):
        x = 10 ** source.uniform(-3, 1) * source.choice((-1, 1))
        yield x, abs(x) / source.uniform(8, 36)
    # The ordinary option.
    for _ in range(60):
        s = source.uniform(0.01, 0.8)
        yield s * source.uniform(-4, 4), s


def main():
    print("# mpmath 1.3.0, 400 digits; written by implied_volatility.py, which explains columns")
    source = random.Random(3)
    for x, s in cases(source):
        forward = 10 ** source.uniform(-2, 5)
        strike = float(mpf(forward) * exp(mpf(x)))
        f, k = mpf(forward), mpf(strike)
        isInside = source.random() < 0.15 and abs(x) < 3 * s
        intrinsic = abs(f - k) if isInside else mpf(0)
        price = float(time_value(f, k, mpf(s)) + intrinsic)
        value = mpf(price) - intrinsic
        if not 1e-300 < value / min(f, k) < 1 or (isInside and value < 1e-6 * price):
            continue
        if min(f, k) - value < mpf(2) ** -46 * min(f, k):
            continue
        root = deviation(value, f, k, s)
        elasticity = root * slope(f, k, root) / value
        isCall = (k >= f) != isInside
        columns = [price, forward, strike, root, elasticity]
        print(",".join(["call" if isCall else "put", *map(bits, columns)]))


if __name__ == "__main__":
    main()
