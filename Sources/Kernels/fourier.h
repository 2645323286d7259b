// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

// The transform of `SVCJModel` at real frequencies; the Swift twin is CharacteristicExponent.swift,
// which explains the letters, operation by operation where both real and imaginary part count.

#ifndef PLIMSOLL_FOURIER_H
#define PLIMSOLL_FOURIER_H

#include "FourierKernels.h"
#include "fourier_complex.h"

#pragma clang fp contract(off)

/// Which jumps a loop computes: the same for all its frequencies, so that none are paid for that
/// the model lacks.
enum {
  plimsoll_no_jumps = 0,
  plimsoll_forward_jumps = 1,
  plimsoll_variance_jumps = 2,
};

/// What all frequencies share.
typedef struct {
  plimsoll_fourier_model model;
  double years;
  /// sigma^2, rho sigma, kappa theta.
  double s;
  double lean;
  double pull;
  /// delta^2 / 2, m, mu_v rho_J.
  double half_square;
  double mean_relative_jump;
  double slope;
} plimsoll_fourier_terms;

static inline plimsoll_fourier_terms plimsoll_fourier_prepare(
    const plimsoll_fourier_model *model, double years) {
  double sigma = model->volatility_of_variance;
  double half_square = 0.5 * (model->jump_deviation * model->jump_deviation);
  double growth = plimsoll_expm1_scalar(model->mean_jump + half_square);
  double slope = model->mean_variance_jump * model->jump_correlation;
  int is_joint = model->mean_variance_jump > 0.0;
  return (plimsoll_fourier_terms){
      *model,
      years,
      sigma * sigma,
      model->correlation * sigma,
      model->mean_reversion * model->mean_variance,
      half_square,
      is_joint ? (growth + slope) / (1.0 - slope) : growth,
      slope,
  };
}

/// What the jumps need of the diffusion.
typedef struct {
  plimsoll_complex w;
  plimsoll_complex q;
  plimsoll_complex norm;
  plimsoll_complex r;
  plimsoll_complex now;
  int is_still;
} plimsoll_fourier_diffusion;

/// J - tau - iu m tau.
PLIMSOLL_INLINE plimsoll_complex plimsoll_fourier_jump(
    plimsoll_fourier_terms terms, plimsoll_fourier_diffusion e, double u, int jumps) {
  double years = terms.years;
  plimsoll_complex lift = plimsoll_complex_expm1(
      plimsoll_complex_of(-(terms.half_square * (u * u)), terms.model.mean_jump * u));
  if (jumps == plimsoll_forward_jumps)
    return plimsoll_times(
        years, plimsoll_complex_of(lift.re, lift.im - terms.mean_relative_jump * u));
  double mean = terms.model.mean_variance_jump;
  plimsoll_complex c = plimsoll_complex_of(1.0, 0.0 - terms.slope * u);
  plimsoll_complex x = plimsoll_multiply(
      plimsoll_times(0.5, e.q),
      plimsoll_add(
          plimsoll_times(terms.s, e.r), plimsoll_divide(plimsoll_times(mean, e.w), c)));
  plimsoll_complex near = plimsoll_complex_log1p_ratio(x);
  plimsoll_complex beyond = plimsoll_subtract(
      plimsoll_complex_log(plimsoll_subtract(c, plimsoll_times(mean, e.now))),
      plimsoll_complex_log(c));
  plimsoll_complex far = plimsoll_divide(
      plimsoll_add(plimsoll_complex_log(plimsoll_times(0.5, e.norm)), beyond), x);
  plimsoll_complex ratio =
      plimsoll_choose(plimsoll_squared_magnitude(x) < 0.25, near, far);
  plimsoll_complex logarithm = plimsoll_divide(plimsoll_multiply(e.q, ratio), c);
  plimsoll_complex mean_r = plimsoll_times(mean, e.r);
  plimsoll_complex whole = plimsoll_complex_of(years, 0.0);
  plimsoll_complex moving = plimsoll_divide(
      plimsoll_subtract(whole, plimsoll_multiply(mean_r, logarithm)),
      plimsoll_subtract(c, mean_r));
  plimsoll_complex duration = plimsoll_choose(e.is_still, logarithm, moving);
  plimsoll_complex sum = plimsoll_add(
      plimsoll_multiply(lift, duration), plimsoll_subtract(duration, whole));
  return plimsoll_complex_of(sum.re, sum.im - (terms.mean_relative_jump * years) * u);
}

/// ln phi(u) for u > 0.
PLIMSOLL_INLINE plimsoll_complex plimsoll_fourier_exponent(
    plimsoll_fourier_terms terms, double u, int jumps) {
  double years = terms.years;
  double kappa = terms.model.mean_reversion;
  plimsoll_complex w = plimsoll_complex_of(u * u, u);
  plimsoll_complex b = plimsoll_complex_of(kappa, 0.0 - terms.lean * u);
  plimsoll_complex root = plimsoll_complex_root(
      plimsoll_add(plimsoll_multiply(b, b), plimsoll_times(terms.s, w)));
  plimsoll_complex loss =
      plimsoll_complex_expm1(plimsoll_negate(plimsoll_times(years, root)));
  plimsoll_complex decay = plimsoll_complex_of(1.0 + loss.re, loss.im);
  int is_still = (root.re == 0.0) & (root.im == 0.0);
  plimsoll_complex zero = plimsoll_complex_of(0.0, 0.0);
  plimsoll_complex q = plimsoll_choose(
      is_still, plimsoll_complex_of(years, 0.0), plimsoll_negate(plimsoll_divide(loss, root)));
  plimsoll_complex norm = plimsoll_add(
      plimsoll_complex_of(1.0 + decay.re, decay.im), plimsoll_multiply(b, q));
  plimsoll_complex r = plimsoll_choose(
      is_still, zero, plimsoll_negate(plimsoll_divide(w, plimsoll_add(b, root))));
  plimsoll_complex ratio =
      plimsoll_complex_log1p_ratio(plimsoll_times(0.5 * terms.s, plimsoll_multiply(r, q)));
  plimsoll_complex now = plimsoll_negate(plimsoll_divide(plimsoll_multiply(w, q), norm));
  plimsoll_complex moved = plimsoll_subtract(
      plimsoll_times(years, r), plimsoll_multiply(plimsoll_multiply(r, q), ratio));
  plimsoll_complex accumulated = plimsoll_choose(kappa > 0.0, moved, zero);
  plimsoll_complex value = plimsoll_add(
      plimsoll_times(terms.pull, accumulated),
      plimsoll_times(terms.model.initial_variance, now));
  if (jumps == plimsoll_no_jumps) return value;
  plimsoll_fourier_diffusion diffusion = {w, q, norm, r, now, is_still};
  plimsoll_complex jump = plimsoll_fourier_jump(terms, diffusion, u, jumps);
  return plimsoll_add(value, plimsoll_times(terms.model.jump_intensity, jump));
}

PLIMSOLL_INLINE double plimsoll_fourier_coefficient(
    plimsoll_fourier_terms terms, double lower, double weight, double u, int jumps) {
  plimsoll_complex value = plimsoll_fourier_exponent(terms, u, jumps);
  plimsoll_complex turned =
      plimsoll_complex_exp(plimsoll_complex_of(value.re, value.im - u * lower));
  return weight * turned.re / (1.0 + u * u);
}

/// A strike's wave on its way through the terms, and the sum so far.
typedef struct {
  double cosine;
  double sine;
  double rotation;
  double turn;
  double sum;
} plimsoll_fourier_wave;

/// Adds a term, factor (sine / u - cosine), and turns the wave to the next.
PLIMSOLL_INLINE plimsoll_fourier_wave plimsoll_fourier_step(
    plimsoll_fourier_wave wave, double factor, double inverse) {
  return (plimsoll_fourier_wave){
      wave.cosine * wave.rotation - wave.sine * wave.turn,
      wave.cosine * wave.turn + wave.sine * wave.rotation,
      wave.rotation,
      wave.turn,
      wave.sum + factor * (wave.sine * inverse - wave.cosine),
  };
}

#endif
