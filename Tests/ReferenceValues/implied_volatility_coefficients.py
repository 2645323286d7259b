#!/usr/bin/env python3
# Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
# SPDX-License-Identifier: Apache-2.0
"""Prints the polynomials of ImpliedVolatility+Estimates.swift and the two rough functions of
ImpliedVolatility+NormalizedBlack.swift.

The points at which Jäckel's branches meet, and the values and slopes there, depend on
c = sqrt(2 |ln(K/F)|) alone. For c up to 1.5 they are replaced by polynomials in c through the
Chebyshev nodes of [0, 1.5]; each line gives the largest relative error on 200 points.

The rough logarithm of 3/2 + f, f from -1/2 to 1/2, and the rough e^-x, x from 0 to 1, are
Chebyshev series of 400 nodes cut after the sixth degree; their lines give the largest error,
absolute and relative.

Source: the definitions in mpmath 1.3.0 with 40 digits.
Run: python3 implied_volatility_coefficients.py
"""

from mpmath import cos, erfc, exp, log, lu_solve, matrix, mp, mpf, pi, sqrt

mp.dps = 40
END = mpf(3) / 2
PHI = 1 / sqrt(2 * pi)


def tail(y):
    return exp(y * y / 2) * erfc(y / sqrt(mpf(2))) / 2


def part(m, s):
    a, t = m / s, s / 2
    return exp(-((a - t) ** 2) / 2) * (tail(a - t) - tail(a + t))


def slope(m, s):
    return PHI * exp(-((m / s - s / 2) ** 2) / 2)


def values(c):
    m = c * c / 2
    center = mpf(1) / 2 - tail(c)
    low = c - center / PHI
    high = c + (1 - center) / PHI
    a, t = m / low, low / 2
    y = a / sqrt(mpf(3))
    lowest = part(m, low)
    growth = exp(t * t / 2)
    mapped = 2 * pi / (3 * sqrt(mpf(3))) * m * tail(y) ** 3 * exp(-((a - t) ** 2) / 2) * growth
    mapped_slope = 2 * pi / 3 * a * a * tail(y) ** 2 * growth
    bend = (t * low / 2 - 2 - 2 * y * (y - PHI / tail(y))) / low
    second = mapped_slope * bend / slope(m, low)
    control = (lowest * second / 2 + mapped_slope - 1) / (mapped_slope - mapped / lowest)
    return {
        "centerPart / c": center / c,
        "tangentLow / c^2": low / c**2,
        "lowPart / c^2": lowest / c**2,
        "1 / lowSlope": 1 / slope(m, low),
        "mapped / lowPart": mapped / lowest,
        "mappedSlope": mapped_slope,
        "control": control,
        "1 - highPart": 1 - part(m, high),
        "1 / highSlope": 1 / slope(m, high),
    }


def cut_series(function, low, high, degree):
    """The monomial coefficients of the Chebyshev series of 400 nodes, cut after `degree`."""
    count = 400
    middle, half = (low + high) / 2, (high - low) / 2
    angles = [pi * (2 * i + 1) / (2 * count) for i in range(count)]
    values = [function(middle + half * cos(angle)) for angle in angles]
    # T_k as coefficients of x = (y - middle) / half, by T_k+1 = 2 x T_k - T_k-1.
    line = [-middle / half, 1 / half]
    before, now = [mpf(1)], line
    total = [mpf(0)] * (degree + 1)
    for k in range(degree + 1):
        scale = (1 if k == 0 else 2) / mpf(count)
        weight = scale * sum(v * cos(k * angle) for v, angle in zip(values, angles))
        current = before if k == 0 else now
        for j, coefficient in enumerate(current):
            total[j] += weight * coefficient
        if k > 0:
            after = [mpf(0)] * (len(now) + 1)
            for j, coefficient in enumerate(now):
                after[j] += 2 * line[0] * coefficient
                after[j + 1] += 2 * line[1] * coefficient
            for j, coefficient in enumerate(before):
                after[j] -= coefficient
            before, now = now, after
    return total


def print_rough(name, function, low, high, is_relative):
    solution = cut_series(function, low, high, 6)
    error = mpf(0)
    for i in range(1001):
        y = low + (high - low) * i / 1000
        off = abs(sum(c * y**j for j, c in enumerate(solution)) - function(y))
        error = max(error, off / function(y) if is_relative else off)
    print(name, f"{float(error):.1e}")
    print("   ", ", ".join(f"{float(c):.10g}" for c in solution))


def main():
    half = mpf(1) / 2
    print_rough("rough ln(3/2 + f)", lambda f: log(mpf(3) / 2 + f), -half, half, False)
    print_rough("rough e^-x", lambda x: exp(-x), mpf(0), mpf(1), True)
    for name, degree in [
        ("centerPart / c", 6), ("tangentLow / c^2", 6), ("lowPart / c^2", 6), ("1 / lowSlope", 5),
        ("mapped / lowPart", 5), ("mappedSlope", 5), ("control", 5), ("1 - highPart", 5),
        ("1 / highSlope", 5),
    ]:
        count = degree + 1
        nodes = [END * (1 + cos(pi * (2 * i + 1) / (2 * count))) / 2 for i in range(count)]
        system = matrix(count, count)
        right = matrix(count, 1)
        for i, c in enumerate(nodes):
            right[i] = values(c)[name]
            for j in range(count):
                system[i, j] = c**j
        solution = lu_solve(system, right)
        error = max(
            abs(sum(solution[j] * c**j for j in range(count)) / values(c)[name] - 1)
            for c in (END * (i + mpf(1) / 2) / 200 for i in range(200))
        )
        print(name, f"{float(error):.1e}")
        print("   ", ", ".join(f"{float(solution[j]):.10g}" for j in range(count)))


if __name__ == "__main__":
    main()
