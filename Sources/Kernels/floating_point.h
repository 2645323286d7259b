// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

// Bit patterns, exact sums and exact products: what the elementary functions are made of.
//
// Only correctly rounded operations in written order, never fused, so that every processor and
// the Swift twins in NumericalMethods give the same bits.

#ifndef PLIMSOLL_FLOATING_POINT_H
#define PLIMSOLL_FLOATING_POINT_H

#include "variants.h"

#pragma clang fp contract(off)

/// An unevaluated sum of two doubles, the second a correction of the first.
typedef struct {
  double high;
  double low;
} plimsoll_double_double;

/// 1.5 * 2^52: added to a value below 2^51 in magnitude it rounds that value to an integer,
/// which then stands in the low bits. Vectors have no faster conversion before AVX-512.
#define PLIMSOLL_ROUNDING_SHIFT 0x1.8p52
#define PLIMSOLL_ROUNDING_SHIFT_BITS UINT64_C(0x4338000000000000)

PLIMSOLL_INLINE uint64_t plimsoll_bits(double x) {
  uint64_t bits;
  __builtin_memcpy(&bits, &x, sizeof bits);
  return bits;
}

PLIMSOLL_INLINE double plimsoll_from_bits(uint64_t bits) {
  double x;
  __builtin_memcpy(&x, &bits, sizeof x);
  return x;
}

/// The one pattern every result that is not a number has.
PLIMSOLL_INLINE double plimsoll_nan(void) {
  return plimsoll_from_bits(UINT64_C(0x7ff8000000000000));
}

PLIMSOLL_INLINE double plimsoll_infinity(void) {
  return plimsoll_from_bits(UINT64_C(0x7ff0000000000000));
}

PLIMSOLL_INLINE double plimsoll_magnitude(double x) {
  return plimsoll_from_bits(plimsoll_bits(x) & UINT64_C(0x7fffffffffffffff));
}

/// The leading 26 bits of x, whose square is exact.
PLIMSOLL_INLINE double plimsoll_leading_half(double x) {
  return plimsoll_from_bits(plimsoll_bits(x) & UINT64_C(0xfffffffff8000000));
}

/// a + b without error, for |a| >= |b| or a = 0. Source: T. J. Dekker, Numer. Math. 18 (1971).
PLIMSOLL_INLINE plimsoll_double_double plimsoll_ordered_sum(double a, double b) {
  double sum = a + b;
  return (plimsoll_double_double){sum, b - (sum - a)};
}

/// a + b without error. Source: D. E. Knuth, The Art of Computer Programming 2, section 4.2.2.
PLIMSOLL_INLINE plimsoll_double_double plimsoll_sum(double a, double b) {
  double sum = a + b;
  double added = sum - a;
  return (plimsoll_double_double){sum, (a - (sum - added)) + (b - added)};
}

/// a * b without error if neither passes 2^970 and the product stays clear of the subnormals.
///
/// Source: T. J. Dekker, Numer. Math. 18 (1971), with G. W. Veltkamp's splitting.
PLIMSOLL_INLINE plimsoll_double_double plimsoll_product(double a, double b) {
  double product = a * b;
  double a_scaled = a * 0x1.0000002p27;
  double a_high = a_scaled - (a_scaled - a);
  double a_low = a - a_high;
  double b_scaled = b * 0x1.0000002p27;
  double b_high = b_scaled - (b_scaled - b);
  double b_low = b - b_high;
  double error =
      a_low * b_low - (((product - a_high * b_high) - a_low * b_high) - a_high * b_low);
  return (plimsoll_double_double){product, error};
}

#endif
