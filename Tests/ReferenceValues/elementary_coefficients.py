#!/usr/bin/env python3
# Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
# SPDX-License-Identifier: Apache-2.0
"""Prints the polynomial coefficients and constants of the elementary functions.

Source: mpmath 1.3.0, 60 significant digits. Method: Remez exchange for the least largest error
relative to the function computed; each coefficient is then rounded to the nearest double. Behind
each name stands the largest error before that rounding, as a power of two.

Run: python3 elementary_coefficients.py
"""

from mpmath import cos, exp, fabs, factorial, floor, log, lu_solve, matrix, mp, mpf, pi, sqrt

mp.dps = 60
TINY = mpf(2) ** -20


def value_of(coefficients, x):
    result = mpf(0)
    for coefficient in reversed(coefficients):
        result = result * x + coefficient
    return result


def minimax(function, weight, lower, upper, degree):
    """The polynomial with the least largest |error| * weight, and that error."""
    count = degree + 2
    middle, radius = (lower + upper) / 2, (upper - lower) / 2
    points = [middle - radius * cos(pi * i / (count - 1)) for i in range(count)]
    grid = [lower] + [middle - radius * cos(pi * (i + mpf(1) / 2) / 600) for i in range(600)]
    grid.append(upper)
    for _ in range(12):
        system, right = matrix(count, count), matrix(count, 1)
        for row, x in enumerate(points):
            for column in range(degree + 1):
                system[row, column] = x**column
            system[row, degree + 1] = (-1) ** row / weight(x)
            right[row] = function(x)
        solution = lu_solve(system, right)
        coefficients = [solution[i] for i in range(degree + 1)]
        errors = [(value_of(coefficients, x) - function(x)) * weight(x) for x in grid]
        runs = [[0]]
        for i in range(1, len(grid)):
            if (errors[i] > 0) == (errors[i - 1] > 0):
                runs[-1].append(i)
            else:
                runs.append([i])
        if len(runs) != count:
            break
        points = [grid[max(run, key=lambda i: fabs(errors[i]))] for run in runs]
    return coefficients, max(fabs(error) for error in errors)


def show(name, function, weight, lower, upper, degree):
    coefficients, error = minimax(function, weight, lower, upper, degree)
    print(f"{name}: 2^{float(log(error, 2)):.1f}")
    for coefficient in coefficients:
        print("   ", float(coefficient).hex())


def odd_series(z, first):
    """2/first + 2/(first + 2) z + 2/(first + 4) z^2 + ..., from ln((1 + s)/(1 - s)), z = s^2."""
    return sum(2 * z**i / (first + 2 * i) for i in range(45))


def alternating_series(z, first):
    """1/first! - z/(first + 2)! + z^2/(first + 4)! - ..."""
    return sum((-z) ** i / factorial(first + 2 * i) for i in range(30))


def exponential_rest(r):
    """(e^r - 1 - r) / r^2."""
    if fabs(r) < mpf(10) ** -8:
        return sum(r**i / factorial(i + 2) for i in range(6))
    return (exp(r) - 1 - r) / r**2


def at_least(value, least):
    return value if fabs(value) > least else least


def leading(value, width):
    """The leading bits of a number, cut off."""
    scale = mpf(2) ** (width - 1 - floor(log(value, 2)))
    return floor(value * scale) / scale


def main():
    half_ln2 = log(mpf(2)) / 2 * (1 + mpf(2) ** -30)
    largest_z = ((sqrt(mpf(2)) - 1) / (sqrt(mpf(2)) + 1)) ** 2 * (1 + mpf(2) ** -30)
    largest_square = (pi / 4) ** 2 * (1 + TINY)
    show(
        "exponential", exponential_rest, lambda r: at_least(r * r, TINY**2) / exp(r),
        -half_ln2, half_ln2, 10,
    )
    show(
        "logarithm", lambda z: odd_series(z, 3), lambda z: at_least(z, TINY**2) / 2,
        mpf(0), largest_z, 6,
    )
    show(
        "precise logarithm", lambda z: odd_series(z, 5), lambda z: at_least(z * z, TINY**4) / 2,
        mpf(0), largest_z, 7,
    )
    show(
        "sine", lambda z: -alternating_series(z, 3), lambda z: at_least(z, TINY**2),
        mpf(0), largest_square, 5,
    )
    show(
        "cosine", lambda z: alternating_series(z, 4),
        lambda z: at_least(z * z, TINY**4) * mpf("1.4"), mpf(0), largest_square, 5,
    )
    ln2 = log(mpf(2))
    print("ln 2:", float(leading(ln2, 42)).hex(), float(ln2 - leading(ln2, 42)).hex())
    print("1 / ln 2:", float(1 / ln2).hex(), " 2 / pi:", float(2 / pi).hex())
    rest = pi / 2
    for _ in range(3):
        print("pi / 2:", float(leading(rest, 33)).hex())
        rest -= leading(rest, 33)
    print("pi / 2:", float(rest).hex())


if __name__ == "__main__":
    main()
