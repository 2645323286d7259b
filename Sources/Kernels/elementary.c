// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

#include "elementary.h"

#include "ElementaryKernels.h"

#define PLIMSOLL_KERNEL_BODY "elementary_body.h"
#include "each_variant.h"

PLIMSOLL_DISPATCH(plimsoll_exp, (const double *x, double *y, size_t count), (x, y, count))
PLIMSOLL_DISPATCH(plimsoll_expm1, (const double *x, double *y, size_t count), (x, y, count))
PLIMSOLL_DISPATCH(plimsoll_log, (const double *x, double *y, size_t count), (x, y, count))
PLIMSOLL_DISPATCH(plimsoll_log1p, (const double *x, double *y, size_t count), (x, y, count))
PLIMSOLL_DISPATCH(plimsoll_sin, (const double *x, double *y, size_t count), (x, y, count))
PLIMSOLL_DISPATCH(plimsoll_cos, (const double *x, double *y, size_t count), (x, y, count))
PLIMSOLL_DISPATCH(
    plimsoll_exp_of_sum, (const double *high, const double *low, double *y, size_t count),
    (high, low, y, count))
PLIMSOLL_DISPATCH(
    plimsoll_pow, (const double *x, const double *exponent, double *y, size_t count),
    (x, exponent, y, count))
