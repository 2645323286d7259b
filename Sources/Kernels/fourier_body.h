// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

// The loops of FourierKernels.h, in one variant; see variants.h.

#define PLIMSOLL_FOURIER_LOOP(jumps)                              \
  PLIMSOLL_INDEPENDENT_ITERATIONS                                 \
  for (size_t index = 0; index < count; index += 1)               \
    coefficient[index] = plimsoll_fourier_coefficient(            \
        terms, lower, weight, frequency[index], jumps);

static void PLIMSOLL_VARIANT(plimsoll_fourier_coefficients)(
    const plimsoll_fourier_model *model, double years, double lower, double weight,
    const double *frequency, double *coefficient, size_t count) {
  plimsoll_fourier_terms terms = plimsoll_fourier_prepare(model, years);
  if (!(model->jump_intensity > 0.0)) {
    PLIMSOLL_FOURIER_LOOP(plimsoll_no_jumps)
  } else if (!(model->mean_variance_jump > 0.0)) {
    PLIMSOLL_FOURIER_LOOP(plimsoll_forward_jumps)
  } else {
    PLIMSOLL_FOURIER_LOOP(plimsoll_variance_jumps)
  }
}

#undef PLIMSOLL_FOURIER_LOOP

/// At most this many strikes at a time, their waves in the first-level cache.
enum { PLIMSOLL_JOIN(plimsoll_fourier_block, PLIMSOLL_VARIANT_SUFFIX) = 64 };

static void PLIMSOLL_VARIANT(plimsoll_fourier_block_payoffs)(
    const double *coefficient, const double *frequency, size_t count, const double *distance,
    double *sum, size_t strike_count) {
  enum { block = PLIMSOLL_JOIN(plimsoll_fourier_block, PLIMSOLL_VARIANT_SUFFIX) };
  double cosine[block], sine[block], rotation[block], turn[block];
  double step = count > 1 ? frequency[1] : 0.0;
  PLIMSOLL_INDEPENDENT_ITERATIONS
  for (size_t index = 0; index < strike_count; index += 1) {
    double angle = step * distance[index];
    rotation[index] = plimsoll_cos_scalar(angle);
    turn[index] = plimsoll_sin_scalar(angle);
    // The first term, in which sin(u z) / u is z.
    sum[index] = coefficient[0] * (distance[index] - 1.0);
    cosine[index] = rotation[index];
    sine[index] = turn[index];
  }
  size_t term = 1;
  while (term < count) {
    // Between exact restarts, four terms to a pass: the waves stay in registers for them.
    size_t pass = (term & 3) == 0 && count - term >= 4 ? 4 : 1;
    double inverse[4];
    for (size_t next = 0; next < pass; next += 1) inverse[next] = 1.0 / frequency[term + next];
    if ((term & 63) == 0) {
      PLIMSOLL_INDEPENDENT_ITERATIONS
      for (size_t index = 0; index < strike_count; index += 1) {
        double angle = frequency[term] * distance[index];
        cosine[index] = plimsoll_cos_scalar(angle);
        sine[index] = plimsoll_sin_scalar(angle);
      }
    }
    const double *factor = coefficient + term;
    if (pass == 4) {
      PLIMSOLL_INDEPENDENT_ITERATIONS
      for (size_t index = 0; index < strike_count; index += 1) {
        plimsoll_fourier_wave wave = {
            cosine[index], sine[index], rotation[index], turn[index], sum[index]};
        wave = plimsoll_fourier_step(wave, factor[0], inverse[0]);
        wave = plimsoll_fourier_step(wave, factor[1], inverse[1]);
        wave = plimsoll_fourier_step(wave, factor[2], inverse[2]);
        wave = plimsoll_fourier_step(wave, factor[3], inverse[3]);
        cosine[index] = wave.cosine;
        sine[index] = wave.sine;
        sum[index] = wave.sum;
      }
    } else {
      PLIMSOLL_INDEPENDENT_ITERATIONS
      for (size_t index = 0; index < strike_count; index += 1) {
        plimsoll_fourier_wave wave = {
            cosine[index], sine[index], rotation[index], turn[index], sum[index]};
        wave = plimsoll_fourier_step(wave, factor[0], inverse[0]);
        cosine[index] = wave.cosine;
        sine[index] = wave.sine;
        sum[index] = wave.sum;
      }
    }
    term += pass;
  }
}

static void PLIMSOLL_VARIANT(plimsoll_fourier_payoffs)(
    const double *coefficient, const double *frequency, size_t count, const double *distance,
    double *sum, size_t strike_count) {
  enum { block = PLIMSOLL_JOIN(plimsoll_fourier_block, PLIMSOLL_VARIANT_SUFFIX) };
  for (size_t first = 0; first < strike_count; first += block) {
    size_t rest = strike_count - first;
    PLIMSOLL_VARIANT(plimsoll_fourier_block_payoffs)(
        coefficient, frequency, count, distance + first, sum + first,
        rest < block ? rest : block);
  }
}
