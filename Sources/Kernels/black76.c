// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

#include "black76.h"

#include "Black76Kernels.h"

#define PLIMSOLL_KERNEL_BODY "black76_body.h"
#include "each_variant.h"

PLIMSOLL_DISPATCH(
    plimsoll_black76,
    (const double *forward, const double *strike, const double *volatility, const double *years,
     const double *sign, double *price, double *delta, double *gamma, double *vega,
     double *theta, double *vanna, double *volga, size_t count),
    (forward, strike, volatility, years, sign, price, delta, gamma, vega, theta, vanna, volga,
     count))
PLIMSOLL_DISPATCH(
    plimsoll_black76_price,
    (const double *forward, const double *strike, const double *total_variance,
     const double *sign, double *price, size_t count),
    (forward, strike, total_variance, sign, price, count))
