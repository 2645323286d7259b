#!/usr/bin/env python3
# Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
# SPDX-License-Identifier: Apache-2.0
"""Writes gap_premium.csv: what a jump of the price costs beyond a margin.

Source: the definitions, by quadrature in mpmath with 22 digits, not the closed forms of the code.
The loss of one jump e^Z, Z normal, is 1 - m - e^Z for a long and e^Z - 1 - m for a short position
where positive; its mean is an integral over the density of Z. The premium is lambda * h times
that. The expected shortfall at probability p is the least value over v >= 0 of
v + lambda * h * E(loss - v)+ / p (Rockafellar and Uryasev, 2002), found by golden section.
Columns: side, intensity per year, mean, deviation, margin, horizon in years, probability, mean
excess, premium, expected shortfall; all to 17 digits; the shortfall is good to 1e-16, as a minimum is flat.

Run: python3 gap_premium.py > gap_premium.csv
"""

from mpmath import exp, inf, log, mp, mpf, npdf, quad

mp.dps = 22


def excess(side, mean, deviation, margin):
    if side == "long":
        if margin >= 1:
            return mpf(0)
        edge = (log(1 - margin) - mean) / deviation
        spots = [-inf, edge - 8, edge - 1, edge]
        return quad(lambda z: (1 - margin - exp(mean + deviation * z)) * npdf(z), spots)
    edge = (log(1 + margin) - mean) / deviation
    spots = [edge, edge + 1, edge + 8, inf]
    return quad(lambda z: (exp(mean + deviation * z) - 1 - margin) * npdf(z), spots)


def shortfall(side, jumps, mean, deviation, margin, probability):
    def value(v):
        return v + jumps * excess(side, mean, deviation, margin + v) / probability

    low, high = mpf(0), mpf(3)
    ratio = (mpf(5) ** mpf("0.5") - 1) / 2
    for _ in range(52):
        left, right = high - ratio * (high - low), low + ratio * (high - low)
        if value(left) < value(right):
            high = right
        else:
            low = left
    return min(value((low + high) / 2), value(mpf(0)))


def main():
    print("side,intensity,mean,deviation,margin,years,probability,excess,premium,shortfall")
    day = mpf(1) / 365
    sets = [("6", "-0.05", "0.12"), ("30", "0", "0.3"), ("1.5", "0.02", "0.05")]
    for intensity, mean, deviation in sets:
        for side in ("long", "short"):
            for margin in ("0", "0.1", "0.3"):
                for days, probability in (("1", "0.05"), ("1", "0.005")):
                    numbers = [mpf(x) for x in (intensity, mean, deviation, margin)]
                    jumps = numbers[0] * mpf(days) * day
                    mean_excess = excess(side, numbers[1], numbers[2], numbers[3])
                    worst = shortfall(side, jumps, *numbers[1:], mpf(probability))
                    row = [side, intensity, mean, deviation, margin, mpf(days) * day, probability]
                    row += [mean_excess, jumps * mean_excess, worst]
                    print(",".join(x if isinstance(x, str) else mp.nstr(x, 17) for x in row))


main()
