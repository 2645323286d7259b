#!/usr/bin/env python3
# Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
# SPDX-License-Identifier: Apache-2.0
"""Writes models_mpmath.csv: sensitivities of model prices, and prices that QuantLib misses.

Source: the textbook characteristic functions (Gatheral's branch of Heston's, the closed integral
of Duffie, Pan and Singleton's) and Lewis's integral without control variate, Gauss-Legendre on
pieces that double in length, in mpmath 1.4.1 with 40 digits. Sensitivities are central
differences of the price with relative steps of 1e-10 on fixed nodes, so their relative error is
near 1e-19. Nothing is shared with the Swift code but the model.
Lines "call": name; years; strike; initial variance, mean variance, reversion, volatility of
variance, correlation; intensity, mean, deviation; mean variance jump, jump correlation; then of
the call on a forward of 100 the price, delta, gamma, vega, theta, vanna, volga (volatility is the
root of the initial variance) and the derivatives by the ten parameters in the order above.
Lines "wide": the same up to the price, for random models out to the edges: one day to ten years,
Feller's condition violated or the volatility of variance next to nothing, strikes out to six
standard deviations.
Lines "price": the line number in models_quantlib.csv, from 0 at the first case, and the price of
that option. They are the cases in which QuantLib's figure differs by more than 1e-8.

Run: python3 models_mpmath.py > models_mpmath.csv
"""

import os
import random

from mpmath import exp, log, mp, mpc, mpf, pi, quad, sqrt

mp.dps = 40
STEP = mpf(10) ** -10
FORWARD = mpf(100)
NAMES = ("v0", "theta", "kappa", "sigma", "rho", "lam", "mu", "delta", "muv", "rhoj")


def characteristic(u, years, p):
    v0, theta, kappa, sigma, rho, lam, mu, delta, muv, rhoj = p
    iu = mpc(0, 1) * u
    if sigma == 0:
        decay = (1 - exp(-kappa * years)) / kappa if kappa else years
        exponent = -(u * u + iu) / 2 * (v0 * decay + theta * (years - decay))
        duration = years
    else:
        b = kappa - rho * sigma * iu
        d = sqrt(b * b + sigma**2 * (iu + u * u))
        g = (b - d) / (b + d)
        e = exp(-d * years)
        exponent = kappa * theta / sigma**2 * (
            (b - d) * years - 2 * log((1 - g * e) / (1 - g))
        ) + v0 * (b - d) / sigma**2 * (1 - e) / (1 - g * e)
        if muv == 0:
            duration = years
        else:
            a = muv * (b - d) / sigma**2
            c = 1 - iu * rhoj * muv
            top, bottom = c - a, c * g - a
            duration = years / top + (bottom / top - g) / (d * bottom) * log(
                (top - bottom * e) / (top - bottom)
            )
    mean = exp(mu + delta**2 / 2) / (1 - muv * rhoj) - 1
    jump = exp(iu * mu - delta**2 * u * u / 2) * duration
    return exp(exponent + lam * (jump - years - iu * mean * years))


def call(strike, years, p, forward=FORWARD):
    k = log(forward / strike)
    end = mpf(1)
    while abs(characteristic(end - mpc(0, "0.5"), years, p)) / end > mpf(10) ** -32:
        end *= 2
    edges = [mpf(0)] + [mpf(2) ** i for i in range(-1, 40) if mpf(2) ** i < end] + [end]
    # Fewer than eight turns of the wave to a piece.
    cut = [mpf(0)]
    for left, right in zip(edges, edges[1:]):
        parts = int((right - left) * (abs(k) + mpf("0.3")) / 20) + 1
        cut += [left + (right - left) * (i + 1) / parts for i in range(parts)]

    def integrand(u):
        value = characteristic(u - mpc(0, "0.5"), years, p)
        return (exp(mpc(0, 1) * u * k) * value).real / (u * u + mpf("0.25"))

    total = quad(integrand, cut, method="gauss-legendre", maxdegree=5)
    return forward - sqrt(forward * strike) / pi * total


def values(strike, years, p):
    def at(i=0, j=0, late=0):
        moved = list(p)
        moved[0] = (sqrt(p[0]) * (1 + j * STEP)) ** 2
        return call(strike, years * (1 + late * STEP), moved, FORWARD * (1 + i * STEP))

    up, wide = FORWARD * STEP, sqrt(p[0]) * STEP
    middle = at()
    greeks = [
        (at(1) - at(-1)) / (2 * up),
        (at(1) - 2 * middle + at(-1)) / up**2,
        (at(0, 1) - at(0, -1)) / (2 * wide),
        -(at(0, 0, 1) - at(0, 0, -1)) / (2 * years * STEP),
        (at(1, 1) - at(1, -1) - at(-1, 1) + at(-1, -1)) / (4 * up * wide),
        (at(0, 1) - 2 * middle + at(0, -1)) / wide**2,
    ]
    slopes = []
    for index, value in enumerate(p):
        size = value * STEP if value else STEP
        # At zero, one-sided: the next terms of the derivative are eliminated.
        if value == 0 and NAMES[index] not in ("mu", "rho", "rhoj"):
            size = mpf(10) ** -8
            def plus(n):
                moved = list(p)
                moved[index] = n * size
                return call(strike, years, moved)
            slopes.append((-3 * middle + 4 * plus(1) - plus(2)) / (2 * size))
            continue
        ends = []
        for sign in (1, -1):
            moved = list(p)
            moved[index] = value + sign * size
            ends.append(call(strike, years, moved))
        slopes.append((ends[0] - ends[1]) / (2 * size))
    return [middle] + greeks + slopes


# Volatility of variance 0.048 for 6.6 years at reversion 17: Gatheral's form loses digits there.
EXCEPTIONS = [1169]
CASES = [
    ("heston", "1", ("0.0175", "0.0398", "1.5768", "0.5751", "-0.5711") + ("0",) * 5, (80, 105)),
    ("heston", "10", ("0.0175", "0.0398", "1.5768", "0.5751", "-0.5711") + ("0",) * 5, (90,)),
    (
        "bates", "0.0821917808219178",
        ("0.36", "0.3", "4", "1.2", "-0.25", "4", "-0.03", "0.1", "0", "0"), (90, 100, 120),
    ),
    (
        "bates", "0.25",
        ("1", "0.6", "8", "3", "-0.45", "12", "-0.05", "0.12", "0", "0"), (70, 110),
    ),
    (
        "bates", "0.5",
        ("0.09", "0.16", "2", "0.001", "0.3", "1.5", "-0.1", "0.2", "0", "0"), (95,),
    ),
    (
        "svcj", "0.0821917808219178",
        ("0.224903", "0.108179", "13.376951", "0.940205", "-0.425279", "1.287897", "-0.067601",
         "0.157563", "0.737491", "-0.030299"), (80, 105),
    ),
    (
        "svcj", "0.25",
        ("0.37701", "0.248903", "15.700853", "2.269343", "0.142201", "2.271351", "-0.131923",
         "0.05", "0.334262", "-0.998999"), (100,),
    ),
    ("merton", "0.0821917808219178", ("0.25", "0", "0", "0", "0", "6", "-0.05", "0.12", "0", "0"),
     (90, 110)),
]


def line(*cells):
    print(",".join(str(c) for c in cells), flush=True)


def swept(number):
    here = os.path.dirname(os.path.abspath(__file__))
    with open(os.path.join(here, "models_quantlib.csv"), encoding="utf-8") as file:
        rows = [row for row in file.read().split("\n") if row and not row.startswith("#")]
    cells = rows[number].split(",")
    days, strike, *rest = [mpf(cell) for cell in cells[1:11]]
    # The doubles that the test computes with are the same decimals to 1e-16.
    value = call(strike, days / 365, rest + [mpf(0), mpf(0)])
    return value if strike >= FORWARD else value - FORWARD + strike


def wide():
    random.seed(76)

    def spread(low, high):
        return f"{mp.nstr(exp(random.uniform(float(log(low)), float(log(high)))), 4)}"

    def flat(low, high):
        return f"{random.uniform(low, high):.3g}"

    for case in range(90):
        name = ("heston", "bates", "svcj")[case % 3]
        years = spread(mpf(1) / 365, 10)
        heston = [spread(0.02, 2), spread(0.02, 1), spread(0.3, 20), spread(0.0001, 4)]
        jumps = [spread(0.05, 20), flat(-0.2, 0.1), spread(0.01, 0.3)]
        both = [spread(0.01, 1), flat(-0.9, 0.5)]
        parameters = heston + [flat(-0.9, 0.9)]
        parameters += jumps if name != "heston" else ["0"] * 3
        parameters += both if name == "svcj" else ["0"] * 2
        p = [mpf(x) for x in parameters]
        root = sqrt(max(p[0], p[1]) * mpf(years))
        strike = mp.nstr(100 * exp(random.uniform(-6, 6) * min(root, 1)), 4)
        value = call(mpf(strike), mpf(years), p)
        line("wide", name, years, strike, *parameters, mp.nstr(value, 20))


def main():
    print("# mpmath 1.4.1, 40 digits; written by models_mpmath.py, which explains the columns")
    for name, years, parameters, strikes in CASES:
        for strike in strikes:
            numbers = values(mpf(strike), mpf(years), [mpf(x) for x in parameters])
            line("call", name, years, strike, *parameters, *[mp.nstr(x, 20) for x in numbers])
    wide()
    for number in EXCEPTIONS:
        line("price", number, mp.nstr(swept(number), 20))


if __name__ == "__main__":
    main()
