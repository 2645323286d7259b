// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

// The scalar inverse of the normal distribution; the Swift twin is Normal+Inverse.swift.

#ifndef PLIMSOLL_NORMAL_INVERSE_H
#define PLIMSOLL_NORMAL_INVERSE_H

#include "normal.h"

#pragma clang fp contract(off)

/// The quantile of 1/2 + q for |q| <= 1/4, by the minimax polynomial in q^2 of quantile / q.
PLIMSOLL_INLINE double plimsoll_central_quantile(double q) {
  double u = q * q;
  double u2 = u * u;
  double u4 = u2 * u2;
  double b0 = plimsoll_cubic(0x1.4ffddeaa22e48p+1, 0x1.71713082c9aa0p+2,
      0x1.f55d0d8590112p+3, 0x1.7849485d37ae5p+5, u, u2);
  double b1 = plimsoll_cubic(0x1.2ba92c33dec7dp+7, 0x1.f03935092da60p+8,
      0x1.a7270870d9e37p+10, 0x1.689fe247590d8p+12, u, u2);
  double b2 = plimsoll_cubic(0x1.6f1eb8fcff449p+14, 0x1.76fe002d7cf8bp+14,
      0x1.ae617c562fcc1p+19, -0x1.bf83afea222f2p+21, u, u2);
  double series = ((0x1.49ce14502fb38p+24 * u4 + b2) * u4 + b1) * u4 + b0;
  plimsoll_double_double leading = plimsoll_product(q, 0x1.40d931ff62706p+1);
  return leading.high + (leading.low + q * (u * series - 0x1.a6a0d6f814637p-53));
}

/// The x > 0 with N(-x) = p, to eight digits, from r = sqrt(-ln p), for p <= 1/4.
PLIMSOLL_INLINE double plimsoll_tail_quantile_estimate(double r) {
  double numerator = 0x1.911688cd27092p-4;
  numerator = numerator * r + 0x1.3473a13e840c8p+1;
  numerator = numerator * r + 0x1.562517cc7a59cp+3;
  numerator = numerator * r + 0x1.6b3da86fb58efp+2;
  numerator = numerator * r - 0x1.39d7b5cb0c3b0p+3;
  numerator = numerator * r - 0x1.9160c266e27b3p+1;
  double denominator = 0x1.1b9a20fd31e55p-4;
  denominator = denominator * r + 0x1.b459f95ff41d7p+0;
  denominator = denominator * r + 0x1.f01bec8590b49p+2;
  denominator = denominator * r + 0x1.c35705fc09dbep+2;
  denominator = denominator * r + 1.0;
  return numerator / denominator;
}

/// The x > 0 with N(-x) = p for 0 < p <= 1/4: an estimate and one step of Halley's method.
PLIMSOLL_INLINE double plimsoll_tail_quantile(double p) {
  double x = plimsoll_tail_quantile_estimate(
      __builtin_elementwise_sqrt(-plimsoll_log_scalar(p)));
  // Far out both sides are held 2^512 higher, clear of the subnormal numbers.
  double scaled = p < 0x1p-500 ? p * 0x1p512 : p;
  double shift = p < 0x1p-500 ? 512.0 : 0.0;
  plimsoll_scaled_value power = plimsoll_normal_exponential(x);
  double exponent = power.shifted_exponent + shift;
  plimsoll_double_double tail =
      plimsoll_long_product(power.value, plimsoll_scaled_normal_tail(x));
  double excess = (plimsoll_scale(0.5 * tail.high, exponent) - scaled) +
                  plimsoll_scale(0.5 * tail.low, exponent);
  double density =
      plimsoll_scale(power.value.high, exponent) * PLIMSOLL_INVERSE_ROOT_OF_2PI_HIGH;
  double step = excess / density;
  return x + (step + (0.5 * x) * (step * step));
}

PLIMSOLL_INLINE double plimsoll_normal_inverse_scalar(double p) {
  int is_inside = (p > 0.0) & (p < 1.0);
  double inside = is_inside ? p : 0.5;
  double q = inside - 0.5;
  double smaller = q < 0.0 ? inside : 1.0 - inside;
  double distance = plimsoll_tail_quantile(smaller > 0.25 ? 0.25 : smaller);
  double outer = q < 0.0 ? -distance : distance;
  double result = plimsoll_magnitude(q) <= 0.25 ? plimsoll_central_quantile(q) : outer;
  double edge = p == 0.0 ? -plimsoll_infinity() : plimsoll_nan();
  edge = p == 1.0 ? plimsoll_infinity() : edge;
  return is_inside ? result : edge;
}

#endif
