// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

// Complex numbers; the Swift twin is ComplexNumber.swift, operation by operation.

#ifndef PLIMSOLL_FOURIER_COMPLEX_H
#define PLIMSOLL_FOURIER_COMPLEX_H

#include "exponential.h"
#include "logarithm.h"
#include "trigonometric.h"

#pragma clang fp contract(off)

typedef struct {
  double re;
  double im;
} plimsoll_complex;

PLIMSOLL_INLINE plimsoll_complex plimsoll_complex_of(double re, double im) {
  return (plimsoll_complex){re, im};
}

PLIMSOLL_INLINE plimsoll_complex plimsoll_add(plimsoll_complex a, plimsoll_complex b) {
  return plimsoll_complex_of(a.re + b.re, a.im + b.im);
}

PLIMSOLL_INLINE plimsoll_complex plimsoll_subtract(plimsoll_complex a, plimsoll_complex b) {
  return plimsoll_complex_of(a.re - b.re, a.im - b.im);
}

PLIMSOLL_INLINE plimsoll_complex plimsoll_negate(plimsoll_complex a) {
  return plimsoll_complex_of(-a.re, -a.im);
}

PLIMSOLL_INLINE plimsoll_complex plimsoll_multiply(plimsoll_complex a, plimsoll_complex b) {
  return plimsoll_complex_of(a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re);
}

PLIMSOLL_INLINE plimsoll_complex plimsoll_times(double a, plimsoll_complex b) {
  return plimsoll_complex_of(a * b.re, a * b.im);
}

PLIMSOLL_INLINE double plimsoll_squared_magnitude(plimsoll_complex a) {
  return a.re * a.re + a.im * a.im;
}

PLIMSOLL_INLINE plimsoll_complex plimsoll_divide(plimsoll_complex a, plimsoll_complex b) {
  double scale = 1.0 / plimsoll_squared_magnitude(b);
  return plimsoll_complex_of(
      (a.re * b.re + a.im * b.im) * scale, (a.im * b.re - a.re * b.im) * scale);
}

PLIMSOLL_INLINE plimsoll_complex plimsoll_choose(
    int condition, plimsoll_complex yes, plimsoll_complex no) {
  return plimsoll_complex_of(condition ? yes.re : no.re, condition ? yes.im : no.im);
}

/// The twin of `Elementary.atan2`.
PLIMSOLL_INLINE double plimsoll_atan2_scalar(double y, double x) {
  double across = plimsoll_magnitude(x);
  double up = plimsoll_magnitude(y);
  double smaller = up < across ? up : across;
  double larger = up < across ? across : up;
  int is_steep = smaller > larger * 0x1.a827999fcef32p-2;
  double top = is_steep ? smaller - larger : smaller;
  double bottom = is_steep ? smaller + larger : larger;
  double quotient = top / bottom;
  double t = bottom == 0.0 ? 0.0 : quotient;
  double z = t * t;
  double z2 = z * z;
  double z4 = z2 * z2;
  double p0 = -0x1.5555555555555p-2 + 0x1.9999999999953p-3 * z;
  double p2 = -0x1.249249248d7eep-3 + 0x1.c71c71c304b68p-4 * z;
  double p4 = -0x1.745d165df3f95p-4 + 0x1.3b1392d9e785cp-4 * z;
  double p6 = -0x1.110e880a7a521p-4 + 0x1.e19a13b9fc6dfp-5 * z;
  double p8 = -0x1.ac7a938b69c93p-5 + 0x1.74ddd408bb4c1p-5 * z;
  double p10 = -0x1.1b33b923aa954p-5 + 0x1.0ad36a455cafbp-6 * z;
  double upper = (p8 + p10 * z2) * z4 + (p4 + p6 * z2);
  double series = upper * z4 + (p0 + p2 * z2);
  double rest = t * (z * series);
  int is_upright = up > across;
  double sign = is_upright ? -1.0 : 1.0;
  double upright_turn = is_upright ? 2.0 : 0.0;
  double turn = is_steep ? 1.0 : upright_turn;
  int is_behind = x < 0.0;
  double whole_turn = is_behind ? 4.0 - turn : turn;
  double whole_sign = is_behind ? -sign : sign;
  double high = whole_turn * 0x1.921fb54442d18p-1;
  double low = whole_turn * 0x1.1a62633145c07p-55;
  plimsoll_double_double sum = plimsoll_ordered_sum(high, whole_sign * t);
  double angle = sum.high + (sum.low + (low + whole_sign * rest));
  double result = y < 0.0 ? -angle : angle;
  double trace = 0.0 * x + 0.0 * y;
  return trace == 0.0 ? result : plimsoll_nan();
}

PLIMSOLL_INLINE plimsoll_complex plimsoll_complex_exp(plimsoll_complex z) {
  double scale = plimsoll_exp_scalar(z.re);
  plimsoll_complex value = plimsoll_complex_of(
      scale * plimsoll_cos_scalar(z.im), scale * plimsoll_sin_scalar(z.im));
  return plimsoll_choose(z.re < -746.0, plimsoll_complex_of(0.0, 0.0), value);
}

PLIMSOLL_INLINE plimsoll_complex plimsoll_complex_expm1(plimsoll_complex z) {
  double sine = plimsoll_sin_scalar(0.5 * z.im);
  double cosine = plimsoll_cos_scalar(0.5 * z.im);
  double growth = plimsoll_expm1_scalar(z.re);
  double drop = 2.0 * (sine * sine);
  plimsoll_complex value = plimsoll_complex_of(
      growth * (1.0 - drop) - drop, (growth + 1.0) * (2.0 * (sine * cosine)));
  return plimsoll_choose(z.re < -746.0, plimsoll_complex_of(-1.0, 0.0), value);
}

PLIMSOLL_INLINE plimsoll_complex plimsoll_complex_log(plimsoll_complex z) {
  double square = plimsoll_squared_magnitude(z);
  double excess = (z.re - 1.0) * (z.re + 1.0) + z.im * z.im;
  double near = plimsoll_log1p_scalar(excess);
  double far = plimsoll_log_scalar(square);
  int is_near = (square > 0.5) & (square < 2.0);
  double re = is_near ? near : far;
  return plimsoll_complex_of(0.5 * re, plimsoll_atan2_scalar(z.im, z.re));
}

PLIMSOLL_INLINE plimsoll_complex plimsoll_complex_log1p(plimsoll_complex z) {
  double excess = z.re * (2.0 + z.re) + z.im * z.im;
  return plimsoll_complex_of(
      0.5 * plimsoll_log1p_scalar(excess), plimsoll_atan2_scalar(z.im, 1.0 + z.re));
}

PLIMSOLL_INLINE plimsoll_complex plimsoll_complex_log1p_ratio(plimsoll_complex z) {
  int is_tiny = plimsoll_squared_magnitude(z) < 0x1p-54;
  plimsoll_complex one = plimsoll_complex_of(1.0, 0.0);
  plimsoll_complex quotient =
      plimsoll_divide(plimsoll_complex_log1p(z), plimsoll_choose(is_tiny, one, z));
  return plimsoll_choose(
      is_tiny, plimsoll_complex_of(1.0 - 0.5 * z.re, -0.5 * z.im), quotient);
}

PLIMSOLL_INLINE plimsoll_complex plimsoll_complex_root(plimsoll_complex z) {
  double magnitude = __builtin_elementwise_sqrt(plimsoll_squared_magnitude(z));
  double larger = __builtin_elementwise_sqrt(0.5 * (magnitude + plimsoll_magnitude(z.re)));
  double quotient = 0.5 * plimsoll_magnitude(z.im) / larger;
  double smaller = larger == 0.0 ? 0.0 : quotient;
  int is_right = z.re >= 0.0;
  double up = is_right ? smaller : larger;
  return plimsoll_complex_of(is_right ? larger : smaller, z.im < 0.0 ? -up : up);
}

#endif
