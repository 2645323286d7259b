#!/usr/bin/env python3
# Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
# SPDX-License-Identifier: Apache-2.0
"""Writes value_at_risk.csv: the parametric range of three short calls on three underlyings.

Ten calls short on each of three independent underlyings at 100, strike 100, 0.1 years, volatility
0.8; one day, 4 % a day, no moves of volatility. The expansion of each is a - b z + l z^2 / 2 with
the same b and l < 0, so the loss of the sum is |l|/2 times a noncentral chi-square number with
three degrees of freedom less a constant; its distribution is the Poisson mixture of central ones.
mpmath, 40 digits; losses to 17 digits.

Run: python3 value_at_risk.py > value_at_risk.csv
"""

from mpmath import exp, findroot, gammainc, log, mp, mpf, ncdf, npdf, sqrt

mp.dps = 40
forward = strike = mpf(100)
sigma, years, day = mpf("0.8"), mpf("0.1"), mpf(1) / 365
spread, size, count = mpf("0.04"), mpf(-10), 3
probability = mpf("0.01")


def call(tau):
    root = sigma * sqrt(tau)
    d1 = log(forward / strike) / root + root / 2
    price = forward * ncdf(d1) - strike * ncdf(d1 - root)
    return price, ncdf(d1), npdf(d1) / (forward * root)


before = call(years)[0]
price, delta, gamma = call(years - day)
first = size * delta * forward
second = first + size * gamma * forward**2
constant = size * (price - before) - first * spread**2 / 2 + second * spread**4 / 8
slope = first * spread - second * spread**3 / 2
curvature = second * spread**2

# sum = count constant + curvature/2 sum (z + m)^2 - count curvature/2 m^2 with m = slope/curvature
shift = count * (slope / curvature) ** 2
offset = count * constant - shift * curvature / 2


def upper(x, freedom):
    """P(noncentral chi-square > x)."""
    total, weight, j = mpf(0), exp(-shift / 2), 0
    while j < 400:
        total += weight * gammainc(mpf(freedom) / 2 + j, x / 2, regularized=True)
        j += 1
        weight *= shift / 2 / j
    return total


mean, deviation = count + shift, sqrt(2 * (count + 2 * shift))
x = findroot(lambda x: upper(x, count) - probability, mean + 3 * deviation)
value_at_risk = -(offset + curvature / 2 * x)
# E[X; X > x] = k P(chi'(k + 2) > x) + shift P(chi'(k + 4) > x).
tail = count * upper(x, count + 2) + shift * upper(x, count + 4)
shortfall = -(offset + curvature / 2 * tail / probability)

print("# mpmath, 40 digits; see value_at_risk.py")
print("case,value_at_risk,expected_shortfall")
print(f"three short calls,{mp.nstr(value_at_risk, 17)},{mp.nstr(shortfall, 17)}")
