// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

// The error function and the normal distribution over arrays, bit for bit equal to
// `ErrorFunction` and `Normal` of NumericalMethods.
//
// Every function reads `count` values from `x` and writes `count` results to `y`. `y` may be `x`;
// otherwise the arrays must not overlap. A result that is not a number is always the bit pattern
// 0x7ff8000000000000. Domains, accuracy and special cases are those of the Swift twins.

#ifndef PLIMSOLL_NORMAL_KERNELS_H
#define PLIMSOLL_NORMAL_KERNELS_H

#include <stddef.h>

/// The complementary error function, 2/sqrt(pi) times the integral of e^(-t^2) from x upwards.
void plimsoll_erfc(const double *x, double *y, size_t count);

/// The scaled complementary error function e^(x^2) erfc(x).
void plimsoll_erfcx(const double *x, double *y, size_t count);

/// The density of the standard normal distribution.
void plimsoll_normal_density(const double *x, double *y, size_t count);

/// The probability that a standard normal number is at most x.
void plimsoll_normal_cumulative(const double *x, double *y, size_t count);

/// The x whose cumulative probability is the given one.
void plimsoll_normal_inverse(const double *probability, double *y, size_t count);

#endif
