#!/usr/bin/env python3
# Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
# SPDX-License-Identifier: Apache-2.0
"""Writes black76.csv: reference values of options on a forward.

Source: the formula of F. Black (1976) in mpmath 1.3.0 with 420 significant digits. The Greeks do
not come from formulae of their own: they are central differences of the price with steps of
1e-25 of the scale on which it bends, so their relative error is near 1e-48. The digits leave room
for the tails, which fall to 1e-300.
Columns: right (call or put); forward, strike, volatility, years (bits of exact doubles,
hexadecimal); price, delta, gamma, vega, theta, vanna, volga; the same seven of the price in coin
(price / forward); net coin delta. All results are rounded to the nearest double, as bits.
Seeds are fixed: a rerun gives the same file.

Run: python3 black76.py > black76.csv
"""

import random
import struct

from mpmath import erfc, log, mp, mpf, sqrt

mp.dps = 420
STEP = mpf(10) ** -25


def bits(value):
    return f"{struct.unpack('<Q', struct.pack('<d', float(value)))[0]:016x}"


def cumulative(x):
    return erfc(-x / sqrt(mpf(2))) / 2


def quoted(sign, forward, strike, volatility, years):
    root = volatility * sqrt(years)
    d1 = log(forward / strike) / root + root / 2
    d2 = d1 - root
    return sign * (forward * cumulative(sign * d1) - strike * cumulative(sign * d2))


def in_coin(sign, forward, strike, volatility, years):
    return quoted(sign, forward, strike, volatility, years) / forward


def values(price, sign, forward, strike, volatility, years):
    """Price and Greeks by central differences."""
    root = volatility * sqrt(years)
    up, wide, late = forward * root * STEP, volatility * STEP, years * STEP

    def at(i, j, k=0):
        return price(sign, forward + i * up, strike, volatility + j * wide, years + k * late)

    middle = at(0, 0)
    return (
        middle,
        (at(1, 0) - at(-1, 0)) / (2 * up),
        (at(1, 0) - 2 * middle + at(-1, 0)) / up**2,
        (at(0, 1) - at(0, -1)) / (2 * wide),
        -(at(0, 0, 1) - at(0, 0, -1)) / (2 * late),
        (at(1, 1) - at(1, -1) - at(-1, 1) + at(-1, -1)) / (4 * up * wide),
        (at(0, 1) - 2 * middle + at(0, -1)) / wide**2,
    )


def options(source):
    for forward, strike, volatility in ((100, 100, 0.2), (100, 110, 0.2), (100, 80, 0.1)):
        yield "call", forward, strike, volatility, 1.0
    for day in (1 / 365, 7 / 365, 30 / 365, 180 / 365):
        for moneyness in (-3.0, -1.0, -0.25, 0.0, 0.25, 1.0, 3.0):
            forward = 100_000 * source.uniform(0.5, 1.5)
            volatility = source.uniform(0.3, 1.2)
            strike = forward * float(mp.exp(-moneyness * volatility * sqrt(mpf(day))))
            for right in ("call", "put"):
                yield right, forward, strike, volatility, day
    for _ in range(140):
        volatility = 10 ** source.uniform(-1.5, 0.7)
        years = 10 ** source.uniform(-3.0, 0.7)
        d = source.uniform(-8.0, 8.0)
        forward = 10 ** source.uniform(-6.0, 6.0)
        root = volatility * years**0.5
        if root < 0.003:
            continue
        strike = forward * float(mp.exp(-d * root))
        yield source.choice(("call", "put")), forward, strike, volatility, years
    for _ in range(60):
        # Far tails, small and large total variance.
        root = 10 ** source.uniform(-2.5, 1.3)
        d = source.uniform(-36.0, 36.0)
        if abs(d) * root > 300:
            continue
        strike = float(100 * mp.exp(-d * mpf(root)))
        yield source.choice(("call", "put")), 100.0, strike, root, 1.0


def main():
    print("# mpmath 1.3.0, 420 digits; written by black76.py, which explains the columns")
    for right, *numbers in options(random.Random(76)):
        exact = [mpf(float(number)) for number in numbers]
        sign = 1 if right == "call" else -1
        in_quote = values(quoted, sign, *exact)
        coin = values(in_coin, sign, *exact)
        net = in_quote[1] - coin[0]
        columns = [*numbers, *in_quote, *coin, net]
        print(",".join([right, *map(bits, columns)]))


if __name__ == "__main__":
    main()
