// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

// The loops of Black76Kernels.h, in one variant; see variants.h.

static void PLIMSOLL_VARIANT(plimsoll_black76)(
    const double *forward, const double *strike, const double *volatility, const double *years,
    const double *sign, double *price, double *delta, double *gamma, double *vega,
    double *theta, double *vanna, double *volga, size_t count) {
  PLIMSOLL_INDEPENDENT_ITERATIONS
  for (size_t index = 0; index < count; index += 1) {
    plimsoll_black76_value value = plimsoll_black76_scalar(
        forward[index], strike[index], volatility[index], years[index], sign[index]);
    price[index] = value.price;
    delta[index] = value.delta;
    gamma[index] = value.gamma;
    vega[index] = value.vega;
    theta[index] = value.theta;
    vanna[index] = value.vanna;
    volga[index] = value.volga;
  }
}

static void PLIMSOLL_VARIANT(plimsoll_black76_price)(
    const double *forward, const double *strike, const double *total_variance,
    const double *sign, double *price, size_t count) {
  PLIMSOLL_INDEPENDENT_ITERATIONS
  for (size_t index = 0; index < count; index += 1)
    price[index] = plimsoll_black76_price_scalar(
        forward[index], strike[index], total_variance[index], sign[index]);
}
