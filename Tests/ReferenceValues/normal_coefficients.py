#!/usr/bin/env python3
# Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
# SPDX-License-Identifier: Apache-2.0
"""Derives the coefficients of Sources/Kernels/normal.h and black76.h and of their Swift twins.

Method: rational minimax approximation of the relative error by the second algorithm of Remez
(each step solved by Newton's method on the levelled error), and one Chebyshev interpolation, all
with 50 decimal digits in mpmath. Prints the coefficients rounded to double precision, in
hexadecimal, with the largest relative error before that rounding.

Run: python3 normal_coefficients.py
"""

from mpmath import cos, erfc, exp, log, lu_solve, matrix, mp, mpf, pi, polyval, sign, sqrt

mp.dps = 50


def evaluate(coefficients, x):
    return polyval(coefficients[::-1], x)


def level_error(degrees, at_zero, points, values, q, error):
    """One Newton step towards a rational whose error alternates with equal size at the points."""
    count = len(points)
    fixed = [] if at_zero is None else [at_zero]
    powers = range(len(fixed), degrees[0] + 1)
    system, right = matrix(count, count), matrix(count, 1)
    for i, (x, f) in enumerate(zip(points, values)):
        alternation = (-1) ** i
        level = 1 + alternation * error
        for column, power in enumerate(powers):
            system[i, column] = x**power / f
        for power in range(1, degrees[1] + 1):
            system[i, len(powers) + power - 1] = -level * x**power
        system[i, count - 1] = -alternation * evaluate(q, x)
        right[i] = level - sum(fixed) / f
    solution = list(lu_solve(system, right))
    p = fixed + solution[: len(powers)]
    q = [mpf(1)] + solution[len(powers) : count - 1]
    return p, q, error + solution[count - 1]


def extrema(errors):
    """The index of the largest error of every run of equal sign."""
    found, best = [], 0
    for i in range(1, len(errors)):
        if sign(errors[i]) != sign(errors[best]):
            found.append(best)
            best = i
        elif abs(errors[i]) > abs(errors[best]):
            best = i
    return found + [best]


def minimax(function, degrees, place, grid=1500, at_zero=None):
    """P/Q with the smallest largest relative error; place maps [-1, 1] to the argument.

    With `at_zero` given, that is the value at 0, exactly.
    """
    count = sum(degrees) + (2 if at_zero is None else 1)
    nodes = [place(-cos(pi * mpf(i) / grid)) for i in range(grid + 1)]
    exact = [function(x) for x in nodes]
    points = [place(-cos(pi * (i + mpf(1) / 2) / count)) for i in range(count)]
    values = [function(x) for x in points]
    q, error = [mpf(1)], mpf(0)
    for _ in range(40):
        for _ in range(6):
            before = error
            p, q, error = level_error(degrees, at_zero, points, values, q, error)
            if abs(error - before) < abs(error) * mpf(10) ** -8:
                break
        errors = [evaluate(p, x) / evaluate(q, x) / y - 1 for x, y in zip(nodes, exact)]
        largest = max(abs(e) for e in errors)
        if largest <= abs(error) * mpf("1.001"):
            break
        chosen = extrema(errors)
        if len(chosen) < count:
            raise ValueError("the error does not alternate often enough")
        while len(chosen) > count:
            ends = (abs(errors[chosen[0]]), abs(errors[chosen[-1]]))
            del chosen[0 if ends[0] < ends[1] else -1]
        points, values = [nodes[i] for i in chosen], [exact[i] for i in chosen]
    return p, q, largest


def scaled_complement(y):
    """e^(y^2) erfc(y) for y >= 0."""
    if y < 20:
        return exp(y * y) * erfc(y)
    fraction = mpf(0)
    for k in range(120, 0, -1):
        fraction = (mpf(k) / 2) / (y + fraction)
    return 1 / ((y + fraction) * sqrt(pi))


def scaled_tail(x):
    """e^(x^2/2) N(-x): the Mills ratio over sqrt(2 pi)."""
    return scaled_complement(x / sqrt(2)) / 2


def upper_quantile(p):
    """The x > 0 with N(-x) = p, for p below one half, by Halley's method."""
    x = sqrt(-2 * log(p)) if p < mpf("0.1") else mpf(1)
    if p < mpf("0.02"):
        x -= log(x * sqrt(2 * pi)) / x
    for _ in range(60):
        step = (erfc(x / sqrt(2)) / 2 - p) * sqrt(2 * pi) * exp(x * x / 2)
        step /= 1 - step * x / 2
        x += step
        if abs(step) < mpf(10) ** -45:
            return x
    raise ValueError("no convergence")


def between(low, high, middle=None):
    """Maps [-1, 1] to [low, high], evenly or crowded below `middle`."""
    if middle is None:
        return lambda s: low + (s + 1) / 2 * (high - low)
    first = (low - middle) / (low + middle)
    last = (high - middle) / (high + middle)

    def place(s):
        u = first + (s + 1) / 2 * (last - first)
        return middle * (1 + u) / (1 - u)

    return place


def leveled_complement(t):
    """(1 + 2y) e^(y^2) erfc(y) with y = 3 (1 + t) / (1 - t)."""
    if t == 1:
        return 2 / sqrt(pi)
    y = 3 * (1 + t) / (1 - t)
    return (1 + 2 * y) * scaled_complement(y)


def chebyshev(function, degree):
    """The monomial coefficients of the Chebyshev interpolant on [-1, 1]."""
    count = degree + 1
    angles = [pi * (j + mpf(1) / 2) / count for j in range(count)]
    values = [function(cos(a)) for a in angles]
    total = [mpf(0)] * count
    before, current = [mpf(1)] + [mpf(0)] * degree, [mpf(0), mpf(1)] + [mpf(0)] * (degree - 1)
    for i in range(count):
        weight = (2 if i else 1) * sum(v * cos(i * a) for v, a in zip(values, angles)) / count
        total = [s + weight * c for s, c in zip(total, before)]
        doubled = [mpf(0)] + [2 * c for c in current[:-1]]
        before, current = current, [d - b for d, b in zip(doubled, before)]
    nodes = [mpf(i) / 500 - 1 for i in range(1001)]
    error = max(abs(evaluate(total, t) / function(t) - 1) for t in nodes)
    return total, error


def central_ratio(u):
    """Quantile of 1/2 + q over q, with u = q^2."""
    if u < mpf(10) ** -30:
        return sqrt(2 * pi)
    return upper_quantile(mpf(1) / 2 - sqrt(u)) / sqrt(u)


def logarithm_series(z):
    """(2 atanh(s) - 2 s) / s^3 with z = s^2."""
    if z < mpf(10) ** -12:
        return mpf(2) / 3 + 2 * z / 5 + 2 * z * z / 7
    s = sqrt(z)
    return (log((1 + s) / (1 - s)) - 2 * s) / (s * z)


def two_parts(x):
    high = float(x)
    return high, float(x - mpf(high))


def show(title, *lists, error=None):
    print(f"\n{title}" + (f": relative error {mp.nstr(error, 3)}" if error else ""))
    for values in lists:
        print("  " + "\n  ".join(float(v).hex() for v in values))
        print()


def main():
    p, error = chebyshev(leveled_complement, 24)
    show("(1 + 2y) erfcx(y) in t = (y - 3) / (y + 3)", p, error=error)
    show("its constant, in two parts", two_parts(p[0]))
    derivative = [i * c for i, c in enumerate(p)][1:]
    p, _ = chebyshev(lambda t: evaluate(derivative, t), 4)
    print("its derivative: " + ", ".join(mp.nstr(c, 4) for c in p))
    p, q, error = minimax(
        scaled_tail, (9, 10), between(mpf(0), mpf(64), mpf(2)), at_zero=mpf(1) / 2)
    show("e^(x^2/2) N(-x), 0 <= x <= 64", p, q, error=error)
    p, _, error = minimax(central_ratio, (13, 0), between(mpf(0), mpf(1) / 16), grid=400)
    show("quantile(1/2 + q) / q in q^2, |q| <= 1/4", p, error=error)
    place = between(sqrt(log(mpf(4))), sqrt(1075 * log(mpf(2))), mpf(3))
    p, q, error = minimax(lambda r: upper_quantile(exp(-r * r)), (5, 4), place, grid=400)
    show("x with N(-x) = p in r = sqrt(-ln p), p <= 1/4", p, q, error=error)
    widest = ((sqrt(mpf(2)) - 1) / (sqrt(mpf(2)) + 1)) ** 2
    p, _, error = minimax(logarithm_series, (6, 0), between(mpf(0), widest), grid=400)
    show("(2 atanh(s) - 2 s) / s^3 in s^2", p, error=error)
    for name, value in [
        ("sqrt(2)", sqrt(mpf(2))), ("3 sqrt(2)", 3 * sqrt(mpf(2))),
        ("sqrt(2 pi)", sqrt(2 * pi)), ("1 / sqrt(2 pi)", 1 / sqrt(2 * pi)),
        ("1 / sqrt(pi)", 1 / sqrt(pi)), ("512 ln 2", 512 * log(mpf(2))),
        ("ln 2", log(mpf(2))),
    ]:
        show(name + ", in two parts", two_parts(value))


if __name__ == "__main__":
    main()
