// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

// Scalar logarithms; the Swift twin is Elementary+Logarithm.swift.

#ifndef PLIMSOLL_LOGARITHM_H
#define PLIMSOLL_LOGARITHM_H

#include "exponential.h"

#pragma clang fp contract(off)

/// A positive number as 2^exponent (1 + fraction), 1 + fraction between sqrt(1/2) and sqrt(2).
typedef struct {
  double exponent;
  double fraction;
} plimsoll_reduced_number;

/// The parts of a positive, finite, normal number.
PLIMSOLL_INLINE plimsoll_reduced_number plimsoll_reduce_number(double x) {
  const uint64_t root_of_half = UINT64_C(0x3fe6a09e667f3bcd);
  const uint64_t bias = UINT64_C(1024) << 52;
  uint64_t bits = plimsoll_bits(x);
  uint64_t biased = (bits - root_of_half + bias) >> 52;
  double mantissa = plimsoll_from_bits(bits - (biased << 52) + bias);
  // The integer, put into the low bits of 2^52, becomes a double without a conversion.
  double exponent = plimsoll_from_bits(biased | UINT64_C(0x4330000000000000)) - (0x1p52 + 1024.0);
  return (plimsoll_reduced_number){exponent, mantissa - 1.0};
}

/// The parts of a positive, finite number, subnormal numbers included.
PLIMSOLL_INLINE plimsoll_reduced_number plimsoll_reduce_any_number(double x) {
  double normal = x < 0x1p-1022 ? x * 0x1p54 : x;
  double adjustment = x < 0x1p-1022 ? 54.0 : 0.0;
  plimsoll_reduced_number parts = plimsoll_reduce_number(normal);
  return (plimsoll_reduced_number){parts.exponent - adjustment, parts.fraction};
}

/// ln(2^k (1 + f)) + correction, by the odd series in s = f / (2 + f) made minimax.
///
/// f - f^2/2 is carried without error; the series starts at the third power.
PLIMSOLL_INLINE double plimsoll_logarithm_of_parts(
    plimsoll_reduced_number parts, double correction) {
  double k = parts.exponent;
  double f = parts.fraction;
  double s = f / (2.0 + f);
  double z = s * s;
  double z2 = z * z;
  double series =
      ((0x1.5555555555592p-1 + 0x1.999999997fdb7p-2 * z) +
       (0x1.24924941f1292p-2 + 0x1.c71c52095beb7p-3 * z) * z2) +
      ((0x1.74663ee875c1p-3 + 0x1.39a1bab8506b2p-3 * z) + 0x1.2f05637d789aep-3 * z2) * (z2 * z2);
  double leading = plimsoll_leading_half(f);
  double square = (0.5 * leading) * leading;
  double square_low = (0.5 * (f - leading)) * (f + leading);
  double third = s * ((square + square_low) + z * series);
  plimsoll_double_double linear = plimsoll_ordered_sum(f, -square);
  plimsoll_double_double sum = plimsoll_ordered_sum(k * PLIMSOLL_LN2_HIGH, linear.high);
  double low = (third - square_low) + (k * PLIMSOLL_LN2_LOW + correction);
  return sum.high + ((sum.low + linear.low) + low);
}

PLIMSOLL_INLINE double plimsoll_log_scalar(double x) {
  double result = plimsoll_logarithm_of_parts(plimsoll_reduce_any_number(x), 0.0);
  result = x == plimsoll_infinity() ? x : result;
  result = x == 0.0 ? -plimsoll_infinity() : result;
  return x >= 0.0 ? result : plimsoll_nan();
}

PLIMSOLL_INLINE double plimsoll_log1p_scalar(double x) {
  double one_more = 1.0 + x;
  double lost = x > 1.0 ? 1.0 - (one_more - x) : x - (one_more - 1.0);
  plimsoll_reduced_number parts = plimsoll_reduce_number(one_more);
  // Without a power of two to take out, x itself is the fraction and nothing was lost.
  int is_small = (x > -0.29) & (x < 0.41);
  double k = is_small ? 0.0 : parts.exponent;
  double f = is_small ? x : parts.fraction;
  double correction = is_small ? 0.0 : lost / one_more;
  double result = plimsoll_logarithm_of_parts((plimsoll_reduced_number){k, f}, correction);
  result = x == 0.0 ? x : result;
  result = x == plimsoll_infinity() ? x : result;
  result = x == -1.0 ? -plimsoll_infinity() : result;
  return x >= -1.0 ? result : plimsoll_nan();
}

#endif
