// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

// Scalar sine and cosine; the Swift twin is Elementary+Trigonometric.swift.

#ifndef PLIMSOLL_TRIGONOMETRIC_H
#define PLIMSOLL_TRIGONOMETRIC_H

#include "floating_point.h"

#pragma clang fp contract(off)

/// An angle as quadrant * pi/2 + (high + low), |high| at most pi/4; only the quadrant's two
/// lowest bits matter.
typedef struct {
  double high;
  double low;
  uint64_t quadrant;
} plimsoll_reduced_angle;

/// Takes out multiples of pi/2, for |x| at most 2^20.
///
/// pi/2 comes in three parts of 33 bits, whose products with the 20-bit multiple are exact, and a
/// rest: 152 bits in all. The double of the domain nearest to a multiple is 2^-60.5 away from 29
/// of them (all multiples tried), so the remainder keeps more digits than a double holds.
PLIMSOLL_INLINE plimsoll_reduced_angle plimsoll_reduce_angle(double x) {
  double shifted = x * 0x1.45f306dc9c883p-1 + PLIMSOLL_ROUNDING_SHIFT;
  double k = shifted - PLIMSOLL_ROUNDING_SHIFT;
  double first = x - k * 0x1.921fb544p+0;
  plimsoll_double_double second = plimsoll_sum(first, -(k * 0x1.0b4611a6p-34));
  plimsoll_double_double third = plimsoll_sum(second.high, -(k * 0x1.3198a2ep-69));
  double rest = (second.low + third.low) - k * 0x1.b839a252049c1p-104;
  plimsoll_double_double angle = plimsoll_ordered_sum(third.high, rest);
  return (plimsoll_reduced_angle){angle.high, angle.low, plimsoll_bits(shifted)};
}

PLIMSOLL_INLINE double plimsoll_sine_of_reduced(double r, double low) {
  double z = r * r;
  double z2 = z * z;
  double series = ((-0x1.5555555555549p-3 + 0x1.111111110f881p-7 * z) +
                   (-0x1.a01a019c126cbp-13 + 0x1.71de35787511bp-19 * z) * z2) +
                  (-0x1.ae5e66d5086a8p-26 + 0x1.5d932f3df8f7dp-33 * z) * (z2 * z2);
  return r + ((z * r) * series + low * (1.0 - 0.5 * z));
}

PLIMSOLL_INLINE double plimsoll_cosine_of_reduced(double r, double low) {
  double z = r * r;
  double z2 = z * z;
  double series = ((0x1.555555555554cp-5 + -0x1.6c16c16c15184p-10 * z) +
                   (0x1.a01a019cb26f4p-16 + -0x1.27e4f80a764bap-22 * z) * z2) +
                  (0x1.1ee9ec478b5e3p-29 + -0x1.8faecf10e8a03p-37 * z) * (z2 * z2);
  double leading = plimsoll_leading_half(r);
  double square = (0.5 * leading) * leading;
  double square_low = (0.5 * (r - leading)) * (r + leading);
  plimsoll_double_double sum = plimsoll_ordered_sum(1.0, -square);
  return sum.high + (sum.low + ((z2 * series - square_low) - r * low));
}

/// The sine of an angle that lies `quadrants` right angles further than x.
PLIMSOLL_INLINE double plimsoll_advanced_sine(double x, uint64_t quadrants) {
  plimsoll_reduced_angle angle = plimsoll_reduce_angle(x);
  double sine = plimsoll_sine_of_reduced(angle.high, angle.low);
  double cosine = plimsoll_cosine_of_reduced(angle.high, angle.low);
  uint64_t quadrant = angle.quadrant + quadrants;
  double unsigned_result = (quadrant & 1) != 0 ? cosine : sine;
  double result = plimsoll_from_bits(plimsoll_bits(unsigned_result) ^ ((quadrant & 2) << 62));
  return plimsoll_magnitude(x) <= 0x1p20 ? result : plimsoll_nan();
}

PLIMSOLL_INLINE double plimsoll_sin_scalar(double x) {
  double result = plimsoll_advanced_sine(x, 0);
  return plimsoll_magnitude(x) < 0x1p-30 ? x : result;
}

PLIMSOLL_INLINE double plimsoll_cos_scalar(double x) { return plimsoll_advanced_sine(x, 1); }

#endif
