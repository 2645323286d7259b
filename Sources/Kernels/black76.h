// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

// Scalar Black (1976) option values; the Swift twin is Black76+Kernel.swift of Pricing.
//
// Only the option out of the money is priced; the other is that plus its intrinsic value. With
// A <= B the smaller and larger of forward and strike, h = ln(A/B) / s, t = s / 2 and s the
// root of the total variance, it is A N(h + t) - B N(h - t) for call and put alike. Because
// A e^(-(h+t)^2/2) = B e^(-(h-t)^2/2), one exponential serves both, and N(-x) =
// e^(-x^2/2) psi(x) keeps its relative accuracy in the tails with a rational psi. Coefficients:
// normal_coefficients.py among the reference values.

#ifndef PLIMSOLL_BLACK76_H
#define PLIMSOLL_BLACK76_H

#include "elementary.h"

#pragma clang fp contract(off)

/// psi(x) = e^(x^2/2) N(-x) = numerator / denominator.
typedef struct {
  double numerator;
  double denominator;
} plimsoll_scaled_tail;

/// For 0 <= x <= 64: relative error of the quotient 1.9e-16, exact at 0, falling beyond 64.
PLIMSOLL_INLINE plimsoll_scaled_tail plimsoll_black76_scaled_tail(double x) {
  // Even and odd powers apart: chains of half the length.
  double z = x * x;
  double p = 0x1.5a6c4353ec621p-15;
  p = p * z + 0x1.1fe3722188e4cp-8;
  p = p * z + 0x1.a31eadf5dc8b4p-4;
  p = p * z + 0x1.37761385ccd28p-1;
  p = p * z + 0.5;
  double p_odd = 0x1.a4bed63a4fed2p-20;
  p_odd = p_odd * z + 0x1.18484ff5d1480p-11;
  p_odd = p_odd * z + 0x1.9a4e44b4784acp-6;
  p_odd = p_odd * z + 0x1.32c5f4343b8fdp-2;
  p_odd = p_odd * z + 0x1.91c02b5b31f12p-1;
  double q = 0x1.07a9c1dc5fab9p-18;
  q = q * z + 0x1.604fd9bea1498p-10;
  q = q * z + 0x1.0693dcacece88p-4;
  q = q * z + 0x1.9f4578fcecbe2p-1;
  q = q * z + 0x1.4d7e472e57243p+1;
  q = q * z + 1.0;
  double q_odd = 0x1.b22d3d96402a9p-14;
  q_odd = q_odd * z + 0x1.6c34e92843fdbp-7;
  q_odd = q_odd * z + 0x1.11b5368e695efp-2;
  q_odd = q_odd * z + 0x1.c2a5807b0633bp+0;
  q_odd = q_odd * z + 0x1.2f012a7ce9cfdp+1;
  return (plimsoll_scaled_tail){p + p_odd * x, q + q_odd * x};
}

/// ln(a / b) for positive normal numbers, to full relative accuracy near a = b too.
///
/// One division, of the difference by the sum of the significands, instead of one for a / b and
/// one for the logarithm's own series.
PLIMSOLL_INLINE double plimsoll_log_of_ratio(double a, double b) {
  const uint64_t significand = UINT64_C(0x000fffffffffffff);
  const uint64_t one = UINT64_C(0x3ff0000000000000);
  uint64_t a_bits = plimsoll_bits(a);
  uint64_t b_bits = plimsoll_bits(b);
  double m = plimsoll_from_bits((a_bits & significand) | one);
  double n = plimsoll_from_bits((b_bits & significand) | one);
  uint64_t shifted = (a_bits >> 52) - (b_bits >> 52) + PLIMSOLL_ROUNDING_SHIFT_BITS;
  double exponent = plimsoll_from_bits(shifted) - PLIMSOLL_ROUNDING_SHIFT;
  // The ratio of significands comes between the root of one half and the root of two.
  int is_high = m > n * 0x1.6a09e667f3bcdp+0;
  int is_low = n > m * 0x1.6a09e667f3bcdp+0;
  m = is_high ? 0.5 * m : m;
  exponent = is_high ? exponent + 1.0 : exponent;
  n = is_low ? 0.5 * n : n;
  exponent = is_low ? exponent - 1.0 : exponent;
  double r = (m - n) / (m + n);
  double z = r * r;
  double z2 = z * z;
  double series = ((0x1.5555555555558p-1 + 0x1.99999999952a7p-2 * z) +
                   (0x1.2492492df7074p-2 + 0x1.c71c62defc55cp-3 * z) * z2) +
                  ((0x1.7462b656802afp-3 + 0x1.39fe2df14938dp-3 * z) +
                   0x1.2b5a86727152cp-3 * z2) * (z2 * z2);
  double small = exponent * PLIMSOLL_LN2_LOW + (r * z) * series;
  return exponent * PLIMSOLL_LN2_HIGH + (2.0 * r + small);
}

/// e^x for x <= 0, 0 below -708: relative error 3e-16, half the operations of the public one.
PLIMSOLL_INLINE double plimsoll_black76_exponential(double x) {
  double kept = x < -708.0 ? -708.0 : x;
  double shifted = kept * 0x1.71547652b82fep+0 + PLIMSOLL_ROUNDING_SHIFT;
  double k = shifted - PLIMSOLL_ROUNDING_SHIFT;
  double r = (kept - k * PLIMSOLL_LN2_HIGH) - k * PLIMSOLL_LN2_LOW;
  double r2 = r * r;
  double r4 = r2 * r2;
  double p0 = (0.5 + 0x1.555555555555bp-3 * r) +
              (0x1.5555555555503p-5 + 0x1.111111110ec65p-7 * r) * r2;
  double p4 = (0x1.6c16c16c30413p-10 + 0x1.a01a01b37b264p-13 * r) +
              (0x1.a01a0136aa324p-16 + 0x1.71ddf02898502p-19 * r) * r2;
  double p8 = (0x1.27e5b41e8fc3fp-22 + 0x1.af6bda1b670b8p-26 * r) + 0x1.1e3d5459058d5p-29 * r2;
  double value = 1.0 + (r + r2 * (p0 + (p4 + p8 * r4) * r4));
  double scale = plimsoll_from_bits((plimsoll_bits(shifted) + 1023) << 52);
  return x < -708.0 ? 0.0 : value * scale;
}

/// Where forward and strike stand apart, in standard deviations.
typedef struct {
  double inverse_root;  ///< 1/s, or 0 without variance.
  double upper;         ///< h + t.
  double lower;         ///< t - h, at least 0.
} plimsoll_black76_distances;

PLIMSOLL_INLINE plimsoll_black76_distances plimsoll_black76_distances_of(
    double forward, double strike, double total_variance) {
  int is_call_out = forward <= strike;
  double smaller = is_call_out ? forward : strike;
  double larger = is_call_out ? strike : forward;
  // Without variance: far below the strike, or exactly at it.
  int is_certain = total_variance < 0x1p-400;
  double root = __builtin_elementwise_sqrt(is_certain ? 1.0 : total_variance);
  double inverse_root = is_certain ? 0.0 : 1.0 / root;
  double scale = is_certain ? 0x1p500 : inverse_root;
  // The clamps keep every later product finite; the exponential is 0 long before them.
  double h = plimsoll_log_of_ratio(smaller, larger) * scale;
  h = h < -64.0 ? -64.0 : h;
  double t = is_certain ? 0.0 : 0.5 * root;
  t = t > 64.0 ? 64.0 : t;
  return (plimsoll_black76_distances){inverse_root, h + t, t - h};
}

/// The normal probabilities of the two distances, and what they are made of.
typedef struct {
  double exponential;  ///< e^(-(h + t)^2 / 2).
  double upper_tail;   ///< psi(|h + t|).
  double lower_tail;   ///< psi(t - h).
  double worth;        ///< The price of the option out of the money, over A.
} plimsoll_black76_tails;

PLIMSOLL_INLINE plimsoll_black76_tails plimsoll_black76_tails_of(double upper, double lower) {
  double u = plimsoll_magnitude(upper);
  double exponential = plimsoll_black76_exponential(-0.5 * (u * u));
  plimsoll_scaled_tail a = plimsoll_black76_scaled_tail(u);
  plimsoll_scaled_tail b = plimsoll_black76_scaled_tail(lower);
  double divisor = 1.0 / (a.denominator * b.denominator);
  double a_part = a.numerator * b.denominator;
  double b_part = b.numerator * a.denominator;
  int is_above = upper > 0.0;
  double difference = (is_above ? -a_part : a_part) - b_part;
  double worth = (is_above ? 1.0 : 0.0) + exponential * (difference * divisor);
  return (plimsoll_black76_tails){exponential, a_part * divisor, b_part * divisor, worth};
}

PLIMSOLL_INLINE int plimsoll_black76_is_inside(
    double forward, double strike, double total_variance, double sign) {
  return (forward >= 0x1p-500) & (forward <= 0x1p500) & (strike >= 0x1p-500) &
         (strike <= 0x1p500) & (total_variance >= 0.0) & (total_variance <= 0x1p600) &
         ((sign == 1.0) | (sign == -1.0));
}

PLIMSOLL_INLINE double plimsoll_black76_price_of(
    double worth, double forward, double strike, double sign) {
  double out = (forward <= strike ? forward : strike) * worth;
  double gain = sign * (forward - strike);
  return (gain > 0.0 ? gain : 0.0) + (out > 0.0 ? out : 0.0);
}

/// The outputs for one option.
typedef struct {
  double price, delta, gamma, vega, theta, vanna, volga;
} plimsoll_black76_value;

PLIMSOLL_INLINE plimsoll_black76_value plimsoll_black76_value_of(
    double forward, double strike, double volatility, double years, double sign,
    plimsoll_black76_distances distances, plimsoll_black76_tails tails) {
  double total_variance = (volatility * volatility) * years;
  int is_inside = plimsoll_black76_is_inside(forward, strike, total_variance, sign) &
                  (volatility >= 0.0) & (volatility <= 0x1p200) & (years >= 0.0) &
                  (years <= 0x1p200);
  int is_call_out = forward <= strike;
  double inverse_forward = 1.0 / forward;
  // A / F times the exponential is sqrt(2 pi) times the density at d1, whichever side is out.
  double d1 = is_call_out ? distances.upper : distances.lower;
  double d2 = is_call_out ? -distances.lower : -distances.upper;
  double ratio = is_call_out ? 1.0 : strike * inverse_forward;
  double power = tails.exponential * ratio;
  double tail = power * (is_call_out ? tails.upper_tail : tails.lower_tail);
  double signed_delta = sign * d1 > 0.0 ? 1.0 - tail : tail;
  double density = power * 0x1.9884533d43651p-2;
  double root_of_years = (volatility * years) * distances.inverse_root;
  double inverse_volatility = root_of_years * distances.inverse_root;
  double vega = (forward * density) * root_of_years;
  double steepness = density * distances.inverse_root;
  double slope = 0.5 * (volatility * volatility);
  plimsoll_black76_value value = {
      .price = plimsoll_black76_price_of(tails.worth, forward, strike, sign),
      // Sums with 0 give a positive zero where there is no variance.
      .delta = 0.0 + sign * signed_delta,
      .gamma = steepness * inverse_forward,
      .vega = vega,
      .theta = 0.0 - (forward * steepness) * slope,
      .vanna = 0.0 - (density * d2) * inverse_volatility,
      .volga = 0.0 + (vega * inverse_volatility) * (d1 * d2),
  };
  double nan = plimsoll_nan();
  return (plimsoll_black76_value){
      .price = is_inside ? value.price : nan, .delta = is_inside ? value.delta : nan,
      .gamma = is_inside ? value.gamma : nan, .vega = is_inside ? value.vega : nan,
      .theta = is_inside ? value.theta : nan, .vanna = is_inside ? value.vanna : nan,
      .volga = is_inside ? value.volga : nan,
  };
}

/// What one stage of the loops leaves for the next, for one block of options.
enum { PLIMSOLL_BLACK76_BLOCK = 64 };
typedef struct {
  double inverse_root[PLIMSOLL_BLACK76_BLOCK];
  double upper[PLIMSOLL_BLACK76_BLOCK];
  double lower[PLIMSOLL_BLACK76_BLOCK];
  double exponential[PLIMSOLL_BLACK76_BLOCK];
  double upper_tail[PLIMSOLL_BLACK76_BLOCK];
  double lower_tail[PLIMSOLL_BLACK76_BLOCK];
  double worth[PLIMSOLL_BLACK76_BLOCK];
} plimsoll_black76_columns;

#endif
