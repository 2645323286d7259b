#!/usr/bin/env python3
# Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
# SPDX-License-Identifier: Apache-2.0
"""Writes forecasting_gamma.csv: reference values of the statistics of a backtest.

Source: mpmath 1.3.0, arbitrary-precision arithmetic, 60 significant digits.
Method: each input is an exact double; results are rounded to 17 significant digits.
Rows: logGamma,x,,,value · upper,a,x,,Q(a, x) · kupiec,exceedances,observations,probability,value
(the likelihood ratio of Kupiec's test) · binomial,count,observations,probability,value (the
probability of at most so many). Numbers are decimal and read back to the same double. Seeds are
fixed: a rerun gives the same file.

Run: python3 forecasting_gamma.py > forecasting_gamma.csv
"""

import random

from mpmath import binomial, gammainc, log, loggamma, mp, mpf, nstr

mp.dps = 60


def row(name, *inputs, value):
    fields = [repr(x) for x in inputs] + [""] * (3 - len(inputs))
    print(",".join([name, *fields, nstr(value, 17)]))


def kupiec(count, observations, probability):
    def likelihood(share):
        hits = count * log(share) if count else mpf(0)
        rest = observations - count
        return hits + (rest * log(1 - share) if rest else mpf(0))

    return 2 * (likelihood(mpf(count) / observations) - likelihood(mpf(probability)))


def cumulative(count, observations, probability):
    p = mpf(probability)
    return sum(
        binomial(observations, k) * p**k * (1 - p) ** (observations - k)
        for k in range(count + 1)
    )


def main():
    source = random.Random(20241231)
    print("# mpmath 1.3.0, 60 digits; written by forecasting_gamma.py, which explains the rows")
    points = [0.5, 1.0, 1.5, 2.0, 9.75, 10.0, 100.0, 1000.0, 1e6]
    for x in points + [10 ** source.uniform(-3, 5) for _ in range(60)]:
        row("logGamma", float(x), value=loggamma(mpf(x)))
    shapes = [0.5, 1.0, 1.5, 2.0, 5.0, 50.0, 1000.0]
    for a in shapes + [source.uniform(0.5, 200) for _ in range(20)]:
        for factor in [0.01, 0.5, 0.9, 1.0, 1.1, 2.0, source.uniform(0, 3)]:
            x = a * factor
            row("upper", a, x, value=gammainc(mpf(a), mpf(x), regularized=True))
    for x in [1e-12, 1e-3, 1.9207294103470620, 3.317448300510734, 30.0, 300.0, 600.0]:
        row("upper", 0.5, x, value=gammainc(mpf(0.5), mpf(x), regularized=True))
        row("upper", 1.0, x, value=gammainc(mpf(1), mpf(x), regularized=True))
    for count, observations, probability in [
        (12, 2239, 0.005), (11, 2239, 0.005), (14, 2239, 0.005), (0, 250, 0.01),
        (7, 250, 0.01), (250, 250, 0.01), (78, 2500, 0.025), (1, 100000, 0.5),
    ]:
        value = kupiec(count, observations, probability)
        row("kupiec", count, observations, probability, value=value)
    for count, observations, probability in [
        (4, 250, 0.01), (9, 250, 0.01), (0, 250, 0.01), (250, 250, 0.3), (60, 2500, 0.025),
        (1000, 2500, 0.5), (12, 2239, 0.005), (510, 100000, 0.005),
    ]:
        value = cumulative(count, observations, probability)
        row("binomial", count, observations, probability, value=value)


main()
