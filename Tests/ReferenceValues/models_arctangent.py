#!/usr/bin/env python3
# Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
# SPDX-License-Identifier: Apache-2.0
"""Prints the coefficients of the arctangent in Elementary+Arctangent.swift.

They interpolate (atan(t)/t - 1)/t^2 as a polynomial of degree 11 in t^2 at the Chebyshev points
of 0 <= t <= tan(pi/8), with 60 digits (mpmath 1.4.1). The last line is the largest relative error
of t + t^3 p(t^2) with the rounded coefficients, in exact arithmetic, on 4,000 points.

Run: python3 models_arctangent.py
"""

from mpmath import atan, cos, lu_solve, matrix, mp, mpf, pi, sqrt, tan

mp.dps = 60
DEGREE = 11
top = tan(pi / 8) ** 2


def remainder(z):
    if z < mpf(10) ** -12:
        return -mpf(1) / 3 + z / 5
    t = sqrt(z)
    return (atan(t) / t - 1) / z


points = [top * (1 + cos((2 * k + 1) * pi / (2 * DEGREE + 2))) / 2 for k in range(DEGREE + 1)]
powers = matrix([[z**i for i in range(DEGREE + 1)] for z in points])
coefficients = lu_solve(powers, matrix([remainder(z) for z in points]))
rounded = [float(c) for c in coefficients]
for c in rounded:
    print(c.hex())
worst = mpf(0)
for step in range(1, 4001):
    t = tan(pi / 8) * step / 4000
    z = t * t
    series = sum(mpf(c) * z**i for i, c in enumerate(rounded))
    worst = max(worst, abs((t + t * z * series) / atan(t) - 1))
print(mp.nstr(worst, 3))
