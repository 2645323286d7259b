// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

// The loops of ElementaryKernels.h, in one variant; see variants.h.

#define PLIMSOLL_ELEMENTWISE(name)                                                     \
  static void PLIMSOLL_VARIANT(name)(const double *x, double *y, size_t count) {       \
    PLIMSOLL_INDEPENDENT_ITERATIONS                                                    \
    for (size_t index = 0; index < count; index += 1) y[index] = name##_scalar(x[index]); \
  }

PLIMSOLL_ELEMENTWISE(plimsoll_exp)
PLIMSOLL_ELEMENTWISE(plimsoll_expm1)
PLIMSOLL_ELEMENTWISE(plimsoll_log)
PLIMSOLL_ELEMENTWISE(plimsoll_log1p)
PLIMSOLL_ELEMENTWISE(plimsoll_sin)
PLIMSOLL_ELEMENTWISE(plimsoll_cos)

#undef PLIMSOLL_ELEMENTWISE

static void PLIMSOLL_VARIANT(plimsoll_exp_of_sum)(
    const double *high, const double *low, double *y, size_t count) {
  PLIMSOLL_INDEPENDENT_ITERATIONS
  for (size_t index = 0; index < count; index += 1)
    y[index] = plimsoll_exp_of_sum_scalar(high[index], low[index]);
}

static void PLIMSOLL_VARIANT(plimsoll_pow)(
    const double *x, const double *exponent, double *y, size_t count) {
  PLIMSOLL_INDEPENDENT_ITERATIONS
  for (size_t index = 0; index < count; index += 1)
    y[index] = plimsoll_pow_scalar(x[index], exponent[index]);
}
