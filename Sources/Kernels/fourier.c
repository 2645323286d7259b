// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

#include "fourier.h"

#include "FourierKernels.h"

#define PLIMSOLL_KERNEL_BODY "fourier_body.h"
#include "each_variant.h"

PLIMSOLL_DISPATCH(
    plimsoll_fourier_coefficients,
    (const plimsoll_fourier_model *model, double years, double lower, double weight,
     const double *frequency, double *coefficient, size_t count),
    (model, years, lower, weight, frequency, coefficient, count))
PLIMSOLL_DISPATCH(
    plimsoll_fourier_payoffs,
    (const double *coefficient, const double *frequency, size_t count, const double *distance,
     double *sum, size_t strike_count),
    (coefficient, frequency, count, distance, sum, strike_count))
