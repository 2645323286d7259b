// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

// European options on a forward by the formula of Black (1976), over arrays, undiscounted; bit
// for bit equal to `Black76` of Pricing, which states accuracy, limits and conventions.
//
// Domain: forward and strike from 2^-500 to 2^500; volatility and years from 0 to 2^200; total
// variance from 0 to 2^600; sign 1 for a call, -1 for a put. Outside it every output of that
// option is the bit pattern 0x7ff8000000000000. A total variance below 2^-400 counts as 0.
//
// Outputs must not overlap one another; an output may be one of the input arrays.

#ifndef PLIMSOLL_BLACK76_KERNELS_H
#define PLIMSOLL_BLACK76_KERNELS_H

#include <stddef.h>

/// Prices and Greeks of `count` options, per unit of the underlying.
///
/// @param forward Forward prices at expiry, quote units.
/// @param strike Strikes, quote units.
/// @param volatility Volatilities, per square root of a year.
/// @param years Years to expiry.
/// @param sign 1 for a call, -1 for a put.
/// @param price Prices, quote units.
/// @param delta Change of the price with the forward.
/// @param gamma Change of delta with the forward.
/// @param vega Change of the price with the volatility, per 1.00 of volatility.
/// @param theta Change of the price as time passes, per year; at most 0.
/// @param vanna Change of delta with the volatility, per 1.00 of volatility.
/// @param volga Change of vega with the volatility, per 1.00 of volatility.
void plimsoll_black76(
    const double *forward, const double *strike, const double *volatility, const double *years,
    const double *sign, double *price, double *delta, double *gamma, double *vega,
    double *theta, double *vanna, double *volga, size_t count);

/// Prices of `count` options from their total variance, volatility^2 times years.
void plimsoll_black76_price(
    const double *forward, const double *strike, const double *total_variance,
    const double *sign, double *price, size_t count);

#endif
