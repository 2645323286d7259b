// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

// Scalar error function and normal distribution; the Swift twins are ErrorFunction.swift and
// Normal.swift.
//
// Everything is e^(-y^2) times the scaled complement e^(y^2) erfc(y), which is smooth; both are
// carried in two doubles and rounded once. Coefficients: normal_coefficients.py among the
// reference values.

#ifndef PLIMSOLL_NORMAL_H
#define PLIMSOLL_NORMAL_H

#include "elementary.h"

#pragma clang fp contract(off)

#define PLIMSOLL_ROOT_OF_2_HIGH 0x1.6a09e667f3bcdp+0
#define PLIMSOLL_ROOT_OF_2_LOW -0x1.bdd3413b26456p-54
#define PLIMSOLL_3_ROOTS_OF_2 0x1.0f876ccdf6cd9p+2
#define PLIMSOLL_INVERSE_ROOT_OF_2PI_HIGH 0x1.9884533d43651p-2
#define PLIMSOLL_INVERSE_ROOT_OF_2PI_LOW -0x1.cbc0d30ebfd15p-56

/// 2^k (high + low), with k shifted as `plimsoll_scale` takes it.
typedef struct {
  plimsoll_double_double value;
  double shifted_exponent;
} plimsoll_scaled_value;

/// high / low quotient of two sums, with a relative error near 2^-104.
PLIMSOLL_INLINE plimsoll_double_double plimsoll_quotient(
    plimsoll_double_double a, plimsoll_double_double b) {
  double quotient = a.high / b.high;
  plimsoll_double_double back = plimsoll_product(quotient, b.high);
  double rest = ((a.high - back.high) - back.low) + (a.low - quotient * b.low);
  return (plimsoll_double_double){quotient, rest / b.high};
}

/// e^(high + low), unrounded; |high| at most 760.
PLIMSOLL_INLINE plimsoll_scaled_value plimsoll_exponential(double high, double low) {
  plimsoll_reduced_exponent r = plimsoll_reduce_exponent(high, low);
  plimsoll_double_double sum = plimsoll_ordered_sum(1.0, r.high);
  double tail = plimsoll_exponential_tail(r.high, r.low);
  return (plimsoll_scaled_value){
      plimsoll_ordered_sum(sum.high, sum.low + tail), r.shifted_exponent};
}

/// a b, unrounded, as far as two doubles go.
PLIMSOLL_INLINE plimsoll_double_double plimsoll_long_product(
    plimsoll_double_double a, plimsoll_double_double b) {
  plimsoll_double_double product = plimsoll_product(a.high, b.high);
  return (plimsoll_double_double){
      product.high, product.low + (a.high * b.low + a.low * b.high)};
}

/// The fourfold (c0 + c1 t) + (c2 + c3 t) t^2.
PLIMSOLL_INLINE double plimsoll_cubic(
    double c0, double c1, double c2, double c3, double t, double t2) {
  return (c0 + c1 * t) + (c2 + c3 * t) * t2;
}

/// (1 + 2y) e^(y^2) erfc(y) at t = (y - 3) / (y + 3), between 1 and 1.26.
PLIMSOLL_INLINE plimsoll_double_double plimsoll_leveled_complement(plimsoll_double_double t) {
  double u = t.high;
  double u2 = u * u;
  double u4 = u2 * u2;
  double b0 = plimsoll_cubic(-0x1.15c084bb9e8f2p-3, -0x1.85a15c58aa5e6p-5,
      0x1.098366a5b466cp-3, -0x1.e88b803a49228p-4, u, u2);
  double b1 = plimsoll_cubic(0x1.17ca2877f2532p-4, -0x1.8574c40bd189cp-6,
      0x1.4b884e41eebcbp-9, 0x1.ef1bdd4ca47a3p-10, u, u2);
  double b2 = plimsoll_cubic(-0x1.98db50d72f6fdp-11, -0x1.b91279aaf4f8dp-14,
      0x1.065a34115a389p-13, 0x1.4c2781340ddffp-18, u, u2);
  double b3 = plimsoll_cubic(-0x1.513b482a54a1dp-16, -0x1.88ba0a324beaap-21,
      0x1.d20f41dbcb1c9p-19, 0x1.7f26fd7caec6cp-22, u, u2);
  double b4 = plimsoll_cubic(-0x1.4b0fad3f74c42p-21, -0x1.3015c7bf14f85p-23,
      0x1.b58741910ab39p-24, 0x1.67206d83c9b4dp-25, u, u2);
  double b5 = plimsoll_cubic(-0x1.c9e3f1cd92f5bp-27, -0x1.24124a7979a5cp-27,
      0x1.0fbd1ff90e1c8p-30, 0x1.e750cac4778d3p-31, u, u2);
  double series = ((((b5 * u4 + b4) * u4 + b3) * u4 + b2) * u4 + b1) * u4 + b0;
  // The derivative, good to two digits: it only multiplies the rounding error of t.
  double slope = plimsoll_cubic(-0.1356, -0.0561, 0.3857, -0.6377, u, u2) + 0.3563 * u4;
  plimsoll_double_double sum = plimsoll_ordered_sum(0x1.40c522d7e4987p+0, u * series);
  return (plimsoll_double_double){sum.high, sum.low + (slope * t.low + 0x1.a19969d5cf11fp-55)};
}

/// e^(y^2) erfc(y) for y = x or y = x / sqrt(2): `middle` is 3 and `slope` 2 in terms of y.
PLIMSOLL_INLINE plimsoll_double_double plimsoll_scaled_complement(
    double x, double middle, plimsoll_double_double slope) {
  plimsoll_double_double t =
      plimsoll_quotient(plimsoll_sum(x, -middle), plimsoll_sum(x, middle));
  plimsoll_double_double rise = plimsoll_product(x, slope.high);
  plimsoll_double_double divisor = plimsoll_sum(1.0, rise.high);
  divisor.low = divisor.low + (rise.low + x * slope.low);
  return plimsoll_quotient(plimsoll_leveled_complement(t), divisor);
}

/// e^(x^2) erfc(x), x from 0 to 2^40.
PLIMSOLL_INLINE plimsoll_double_double plimsoll_scaled_erfc(double x) {
  return plimsoll_scaled_complement(x, 3.0, (plimsoll_double_double){2.0, 0.0});
}

/// 2 e^(x^2/2) N(-x), x from 0 to 2^40.
PLIMSOLL_INLINE plimsoll_double_double plimsoll_scaled_normal_tail(double x) {
  return plimsoll_scaled_complement(
      x, PLIMSOLL_3_ROOTS_OF_2,
      (plimsoll_double_double){PLIMSOLL_ROOT_OF_2_HIGH, PLIMSOLL_ROOT_OF_2_LOW});
}

/// e^(-x^2/2), unrounded; |x| at most 39.
PLIMSOLL_INLINE plimsoll_scaled_value plimsoll_normal_exponential(double x) {
  plimsoll_double_double square = plimsoll_product(x, x);
  return plimsoll_exponential(-0.5 * square.high, -0.5 * square.low);
}

PLIMSOLL_INLINE double plimsoll_erfc_scalar(double x) {
  double y = plimsoll_magnitude(x);
  y = y > 27.5 ? 27.5 : y;
  plimsoll_double_double square = plimsoll_product(y, y);
  plimsoll_scaled_value power = plimsoll_exponential(-square.high, -square.low);
  plimsoll_double_double product = plimsoll_long_product(power.value, plimsoll_scaled_erfc(y));
  double upper = plimsoll_scale(product.high + product.low, power.shifted_exponent);
  double result = x < 0.0 ? 2.0 - upper : upper;
  return result == result ? result : plimsoll_nan();
}

PLIMSOLL_INLINE double plimsoll_erfcx_scalar(double x) {
  double magnitude = plimsoll_magnitude(x);
  double y = magnitude > 0x1p30 ? 0x1p30 : magnitude;
  plimsoll_double_double scaled = plimsoll_scaled_erfc(y);
  double upper = scaled.high + scaled.low;
  // Beyond 2^30 the next term of the series is below 2^-61.
  upper = magnitude > 0x1p30 ? 0x1.20dd750429b6dp-1 / magnitude : upper;
  // Below 0: 2 e^(x^2) - erfcx(|x|), infinite from -26.64 down.
  double z = magnitude > 27.0 ? 27.0 : magnitude;
  plimsoll_double_double square = plimsoll_product(z, z);
  plimsoll_scaled_value power = plimsoll_exponential(square.high, square.low);
  double twice = plimsoll_scale(2.0 * power.value.high, power.shifted_exponent);
  double twice_low = plimsoll_scale(2.0 * power.value.low, power.shifted_exponent);
  plimsoll_double_double difference = plimsoll_ordered_sum(twice, -scaled.high);
  double lower = difference.high + (difference.low + (twice_low - scaled.low));
  lower = twice == plimsoll_infinity() ? twice : lower;
  double result = x < 0.0 ? lower : upper;
  return result == result ? result : plimsoll_nan();
}

PLIMSOLL_INLINE double plimsoll_normal_density_scalar(double x) {
  double y = plimsoll_magnitude(x);
  y = y > 39.0 ? 39.0 : y;
  plimsoll_scaled_value power = plimsoll_normal_exponential(y);
  plimsoll_double_double product = plimsoll_long_product(
      power.value, (plimsoll_double_double){
                       PLIMSOLL_INVERSE_ROOT_OF_2PI_HIGH, PLIMSOLL_INVERSE_ROOT_OF_2PI_LOW});
  double result = plimsoll_scale(product.high + product.low, power.shifted_exponent);
  return result == result ? result : plimsoll_nan();
}

PLIMSOLL_INLINE double plimsoll_normal_cumulative_scalar(double x) {
  double y = plimsoll_magnitude(x);
  y = y > 39.0 ? 39.0 : y;
  plimsoll_scaled_value power = plimsoll_normal_exponential(y);
  plimsoll_double_double product =
      plimsoll_long_product(power.value, plimsoll_scaled_normal_tail(y));
  double tail = plimsoll_scale(0.5 * (product.high + product.low), power.shifted_exponent);
  double result = x > 0.0 ? 1.0 - tail : tail;
  return result == result ? result : plimsoll_nan();
}

#endif
