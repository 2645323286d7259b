// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

// Scalar power; the Swift twin is Elementary+Power.swift.

#ifndef PLIMSOLL_POWER_H
#define PLIMSOLL_POWER_H

#include "exponential.h"
#include "logarithm.h"

#pragma clang fp contract(off)

/// ln(1 + f) to about 2^-65 of itself, for 1 + f between sqrt(1/2) and sqrt(2).
///
/// With s = f / (2 + f): 2 s + s^3 (2/3 + z (2/5 + ...)), z = s^2; the series from 2/5 on is
/// minimax and in one double, all before it in two.
PLIMSOLL_INLINE plimsoll_double_double plimsoll_precise_logarithm(double f) {
  plimsoll_double_double divisor = plimsoll_ordered_sum(2.0, f);
  double s = f / divisor.high;
  plimsoll_double_double multiple = plimsoll_product(s, divisor.high);
  double s_low = (((f - multiple.high) - multiple.low) - s * divisor.low) / divisor.high;

  plimsoll_double_double square = plimsoll_product(s, s);
  double z = square.high;
  double z_low = square.low + 2.0 * (s * s_low);
  double z2 = z * z;
  double series = ((0x1.9999999999996p-2 + 0x1.2492492493034p-2 * z) +
                   (0x1.c71c71c5808bdp-3 + 0x1.745d183241b4cp-3 * z) * z2) +
                  ((0x1.3b1362ba9efc6p-3 + 0x1.1120b4ef8a768p-3 * z) +
                   (0x1.de338d331721cp-4 + 0x1.eb103188d9b87p-4 * z) * z2) * (z2 * z2);

  plimsoll_double_double factor = plimsoll_ordered_sum(0x1.5555555555555p-1, z * series);
  double factor_low = factor.low + 0x1.5555555555555p-55;
  plimsoll_double_double quadratic = plimsoll_product(z, factor.high);
  double quadratic_low = quadratic.low + (z * factor_low + z_low * factor.high);
  plimsoll_double_double cubic = plimsoll_product(s, quadratic.high);
  double cubic_low = cubic.low + (s * quadratic_low + s_low * quadratic.high);

  plimsoll_double_double sum = plimsoll_ordered_sum(2.0 * s, cubic.high);
  return (plimsoll_double_double){sum.high, sum.low + (2.0 * s_low + cubic_low)};
}

/// x^y for finite positive x, any y.
PLIMSOLL_INLINE double plimsoll_positive_power(double x, double y) {
  plimsoll_reduced_number parts = plimsoll_reduce_any_number(x);
  plimsoll_double_double fraction = plimsoll_precise_logarithm(parts.fraction);
  double k = parts.exponent;
  plimsoll_double_double sum = plimsoll_ordered_sum(k * PLIMSOLL_LN2_HIGH, fraction.high);
  double sum_low = sum.low + (fraction.low + k * PLIMSOLL_LN2_LOW);
  plimsoll_double_double logarithm = plimsoll_ordered_sum(sum.high, sum_low);
  // Beyond 2^64 every power but that of 1 leaves the doubles, and exact products must stay inside.
  double exponent = y > 0x1p64 ? 0x1p64 : y;
  exponent = exponent < -0x1p64 ? -0x1p64 : exponent;
  plimsoll_double_double product = plimsoll_product(exponent, logarithm.high);
  return plimsoll_exp_of_sum_scalar(product.high, product.low + exponent * logarithm.low);
}

/// Whether a magnitude is a whole number, as infinity is too.
PLIMSOLL_INLINE int plimsoll_is_whole(double magnitude) {
  return (magnitude >= 0x1p52) | ((magnitude + 0x1p52) - 0x1p52 == magnitude);
}

PLIMSOLL_INLINE double plimsoll_pow_scalar(double x, double y) {
  double magnitude = plimsoll_magnitude(x);
  double result = plimsoll_positive_power(magnitude, y);
  double at_zero = y < 0.0 ? plimsoll_infinity() : 0.0;
  double at_infinity = y < 0.0 ? 0.0 : plimsoll_infinity();
  result = magnitude == 0.0 ? at_zero : result;
  result = magnitude == plimsoll_infinity() ? at_infinity : result;

  double exponent = plimsoll_magnitude(y);
  int is_whole = plimsoll_is_whole(exponent);
  int is_odd = is_whole & !plimsoll_is_whole(0.5 * exponent);
  uint64_t sign = plimsoll_bits(x) & UINT64_C(0x8000000000000000);
  result = is_odd ? plimsoll_from_bits(plimsoll_bits(result) ^ sign) : result;
  int has_no_root = (x < 0.0) & (magnitude < plimsoll_infinity()) & !is_whole;
  result = has_no_root ? plimsoll_nan() : result;
  int is_undefined = (x != x) | (y != y);
  result = is_undefined ? plimsoll_nan() : result;
  int is_one = (x == 1.0) | (y == 0.0);
  return is_one ? 1.0 : result;
}

#endif
