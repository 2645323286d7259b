// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

// Elementary functions over arrays, bit for bit equal to `Elementary` of NumericalMethods.
//
// Every function reads `count` values from each input and writes `count` results to `y`. `y` may
// be one of the inputs; otherwise the arrays must not overlap. A result that is not a number is
// always the bit pattern 0x7ff8000000000000. Domains, accuracy and special cases are those of the
// Swift twins.

#ifndef PLIMSOLL_ELEMENTARY_KERNELS_H
#define PLIMSOLL_ELEMENTARY_KERNELS_H

#include <stddef.h>

/// e^x.
void plimsoll_exp(const double *x, double *y, size_t count);

/// e^(high + low) for a sum of two doubles whose second is small: |low| at most 2^-30.
void plimsoll_exp_of_sum(const double *high, const double *low, double *y, size_t count);

/// e^x - 1.
void plimsoll_expm1(const double *x, double *y, size_t count);

/// The natural logarithm of x.
void plimsoll_log(const double *x, double *y, size_t count);

/// The natural logarithm of 1 + x.
void plimsoll_log1p(const double *x, double *y, size_t count);

/// The sine of x radians, |x| at most 2^20.
void plimsoll_sin(const double *x, double *y, size_t count);

/// The cosine of x radians, |x| at most 2^20.
void plimsoll_cos(const double *x, double *y, size_t count);

/// The powers x^exponent.
void plimsoll_pow(const double *x, const double *exponent, double *y, size_t count);

#endif
