// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

#include "normal.h"

#include "NormalKernels.h"
#include "normal_inverse.h"

#define PLIMSOLL_KERNEL_BODY "normal_body.h"
#include "each_variant.h"

PLIMSOLL_DISPATCH(plimsoll_erfc, (const double *x, double *y, size_t count), (x, y, count))
PLIMSOLL_DISPATCH(plimsoll_erfcx, (const double *x, double *y, size_t count), (x, y, count))
PLIMSOLL_DISPATCH(
    plimsoll_normal_density, (const double *x, double *y, size_t count), (x, y, count))
PLIMSOLL_DISPATCH(
    plimsoll_normal_cumulative, (const double *x, double *y, size_t count), (x, y, count))
PLIMSOLL_DISPATCH(
    plimsoll_normal_inverse, (const double *probability, double *y, size_t count),
    (probability, y, count))
