// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

// Cosine series of option prices, bit for bit equal to `FourierSlice` of Pricing, which explains
// them. Outputs must not overlap one another or an input.

#ifndef PLIMSOLL_FOURIER_KERNELS_H
#define PLIMSOLL_FOURIER_KERNELS_H

#include <stddef.h>

/// The parameters of `SVCJModel`, in the letters of its papers.
typedef struct {
  double initial_variance;
  double mean_variance;
  double mean_reversion;
  double volatility_of_variance;
  double correlation;
  double jump_intensity;
  double mean_jump;
  double jump_deviation;
  double mean_variance_jump;
  double jump_correlation;
} plimsoll_fourier_model;

/// Coefficients weight Re[phi(u) e^(-iu lower)] / (1 + u^2) at `count` positive frequencies.
///
/// What is not a number, because the transform's terms pass the range of the elementary functions,
/// stays that.
/// @param model Within the bounds that `SVCJModel` refuses to leave.
/// @param years Years to expiry, positive.
/// @param lower The lower bound of the series' interval.
/// @param weight Two over the interval's length.
/// @param frequency The frequencies u, positive.
void plimsoll_fourier_coefficients(
    const plimsoll_fourier_model *model, double years, double lower, double weight,
    const double *frequency, double *coefficient, size_t count);

/// Sums of coefficient[j] (sin(u_j z) / u_j - cos(u_j z)) over all j, for each distance z.
///
/// @param frequency The frequencies u_j, of which the first is 0 and the second their step.
/// @param distance The distances of the strikes from the lower bound, positive.
void plimsoll_fourier_payoffs(
    const double *coefficient, const double *frequency, size_t count, const double *distance,
    double *sum, size_t strike_count);

#endif
