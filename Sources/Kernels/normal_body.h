// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

// The loops of NormalKernels.h, in one variant; see variants.h.

#define PLIMSOLL_ELEMENTWISE(name)                                                        \
  static void PLIMSOLL_VARIANT(name)(const double *x, double *y, size_t count) {          \
    PLIMSOLL_INDEPENDENT_ITERATIONS                                                       \
    for (size_t index = 0; index < count; index += 1) y[index] = name##_scalar(x[index]); \
  }

PLIMSOLL_ELEMENTWISE(plimsoll_erfc)
PLIMSOLL_ELEMENTWISE(plimsoll_erfcx)
PLIMSOLL_ELEMENTWISE(plimsoll_normal_density)
PLIMSOLL_ELEMENTWISE(plimsoll_normal_cumulative)
PLIMSOLL_ELEMENTWISE(plimsoll_normal_inverse)

#undef PLIMSOLL_ELEMENTWISE
