#!/usr/bin/env python3
# Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
# SPDX-License-Identifier: Apache-2.0
"""Writes surface_smiles.csv: reference values of smiles of SSVI, raw SVI and jump wings.

Source: the formulae of J. Gatheral and A. Jacquier, Quantitative Finance 14 (2014), 59-71, in
mpmath 1.3.0 with 60 digits. Derivatives by log-moneyness are central differences with a step of
1e-20, so their relative error is near 1e-20 of their scale.
Columns, all bits of doubles, hexadecimal: theta, rho, psi, years, k; total variance, its first
and second derivative, g and the density at k; raw a, b, rho, m, sigma; jump-wing variance, skew,
put wing, call wing, minimum variance.
Seeds are fixed: a rerun gives the same file.

Run: python3 surface_smiles.py > surface_smiles.csv
"""

import random
import struct

from mpmath import exp, mp, mpf, pi, sqrt

mp.dps = 60
STEP = mpf(10) ** -20


def bits(value):
    return f"{struct.unpack('<Q', struct.pack('<d', float(value)))[0]:016x}"


def variance(theta, rho, psi, k):
    root = sqrt((psi * k + theta * rho) ** 2 + theta**2 * (1 - rho**2))
    return (theta + rho * psi * k + root) / 2


def values(theta, rho, psi, years, k):
    w = variance(theta, rho, psi, k)
    up, down = variance(theta, rho, psi, k + STEP), variance(theta, rho, psi, k - STEP)
    slope, curvature = (up - down) / (2 * STEP), (up - 2 * w + down) / STEP**2
    g = (1 - k * slope / (2 * w)) ** 2 - slope**2 / 4 * (1 / w + mpf(1) / 4) + curvature / 2
    d = -k / sqrt(w) - sqrt(w) / 2
    density = g * exp(-(d**2) / 2) / sqrt(2 * pi * w)
    a, b = theta * (1 - rho**2) / 2, psi / 2
    m, sigma = -theta * rho / psi, theta * sqrt(1 - rho**2) / psi
    root = sqrt(theta)
    skew = b / (2 * root) * (rho - m / sqrt(m**2 + sigma**2))
    least = a + b * sigma * sqrt(1 - rho**2)
    wings = (b * (1 - rho) / root, b * (1 + rho) / root)
    annual = [theta / years, skew, *wings, least / years]
    return [w, slope, curvature, g, density, a, b, rho, m, sigma, *annual]


def main():
    print("# mpmath 1.3.0, 60 digits; written by surface_smiles.py, which explains the columns")
    source = random.Random(14)
    for _ in range(150):
        years = 10 ** source.uniform(-3, 0.5)
        theta = source.uniform(0.1, 1.5) ** 2 * years
        rho = source.uniform(-0.9, 0.9)
        psi = source.uniform(0.05, 1.5) * theta**0.5
        k = source.uniform(-4, 4) * theta**0.5
        inputs = [theta, rho, psi, years, k]
        exact = [mpf(x) for x in inputs]
        print(",".join(map(bits, inputs + values(*exact))))


if __name__ == "__main__":
    main()
