// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

// Scalar exponentials; the Swift twin is Elementary+Exponential.swift.

#ifndef PLIMSOLL_EXPONENTIAL_H
#define PLIMSOLL_EXPONENTIAL_H

#include "floating_point.h"

#pragma clang fp contract(off)

/// ln 2 in two parts: the first has 42 bits, so that its product with an exponent is exact.
#define PLIMSOLL_LN2_HIGH 0x1.62e42fefa38p-1
#define PLIMSOLL_LN2_LOW 0x1.ef35793c7673p-45

/// An exponent's argument as k ln 2 + (high + low), |high| at most ln(2)/2.
typedef struct {
  double high;
  double low;
  double exponent;
  double shifted_exponent;
} plimsoll_reduced_exponent;

PLIMSOLL_INLINE plimsoll_reduced_exponent plimsoll_reduce_exponent(double x, double low) {
  double shifted = x * 0x1.71547652b82fep+0 + PLIMSOLL_ROUNDING_SHIFT;
  double k = shifted - PLIMSOLL_ROUNDING_SHIFT;
  double remainder = x - k * PLIMSOLL_LN2_HIGH;
  double correction = k * PLIMSOLL_LN2_LOW - low;
  double high = remainder - correction;
  return (plimsoll_reduced_exponent){high, (remainder - high) - correction, k, shifted};
}

/// e^(high + low) - 1 - high, by the minimax polynomial of (e^r - 1 - r) / r^2.
PLIMSOLL_INLINE double plimsoll_exponential_tail(double high, double low) {
  double r = high;
  double r2 = r * r;
  double r4 = r2 * r2;
  double r8 = r4 * r4;
  double p0 = (0.5 + 0x1.555555555555bp-3 * r) +
              (0x1.5555555555503p-5 + 0x1.111111110ec65p-7 * r) * r2;
  double p4 = (0x1.6c16c16c30413p-10 + 0x1.a01a01b37b264p-13 * r) +
              (0x1.a01a0136aa324p-16 + 0x1.71ddf02898502p-19 * r) * r2;
  double p8 = (0x1.27e5b41e8fc3fp-22 + 0x1.af6bda1b670b8p-26 * r) + 0x1.1e3d5459058d5p-29 * r2;
  double p = (p0 + p4 * r4) + p8 * r8;
  return r2 * p + (low + low * high);
}

/// value * 2^k, rounded once; k stands shifted, between -1100 and 1100.
PLIMSOLL_INLINE double plimsoll_scale(double value, double shifted_exponent) {
  uint64_t biased = plimsoll_bits(shifted_exponent) - PLIMSOLL_ROUNDING_SHIFT_BITS + 2048;
  uint64_t half = biased >> 1;
  uint64_t rest = biased - half;
  double first = plimsoll_from_bits((half - 1) << 52);
  double second = plimsoll_from_bits((rest - 1) << 52);
  return (value * first) * second;
}

PLIMSOLL_INLINE double plimsoll_exp_of_sum_scalar(double high, double low) {
  double x = high < -746.0 ? -746.0 : high;
  x = x > 710.0 ? 710.0 : x;
  double kept_low = x == high ? low : 0.0;
  plimsoll_reduced_exponent r = plimsoll_reduce_exponent(x, kept_low);
  plimsoll_double_double sum = plimsoll_ordered_sum(1.0, r.high);
  double tail = plimsoll_exponential_tail(r.high, r.low);
  double result = plimsoll_scale(sum.high + (sum.low + tail), r.shifted_exponent);
  return result == result ? result : plimsoll_nan();
}

PLIMSOLL_INLINE double plimsoll_exp_scalar(double x) {
  return plimsoll_exp_of_sum_scalar(x, 0.0);
}

PLIMSOLL_INLINE double plimsoll_expm1_scalar(double x) {
  double clamped = x < -40.0 ? -40.0 : x;
  clamped = clamped > 710.0 ? 710.0 : clamped;
  plimsoll_reduced_exponent r = plimsoll_reduce_exponent(clamped, 0.0);
  // 2^k (1 - 2^-k + high + tail): the one is taken off before scaling, without error.
  double k = r.exponent > 60.0 ? 60.0 : r.exponent;
  double inverse_scale = plimsoll_scale(1.0, PLIMSOLL_ROUNDING_SHIFT - k);
  plimsoll_double_double offset = plimsoll_ordered_sum(1.0, -inverse_scale);
  plimsoll_double_double sum = plimsoll_ordered_sum(offset.high, r.high);
  double tail = plimsoll_exponential_tail(r.high, r.low);
  double value = sum.high + ((sum.low + offset.low) + tail);
  double result = plimsoll_scale(value, r.shifted_exponent);
  result = x == 0.0 ? x : result;
  return result == result ? result : plimsoll_nan();
}

#endif
