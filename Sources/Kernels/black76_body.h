// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

// The loops of Black76Kernels.h, in one variant; see variants.h.
//
// One option is a chain of some 300 operations, as long as what a processor looks ahead; in one
// loop it would wait for each. So a block of options goes through the chain in stages, short
// loops over columns that stay in the nearest cache, two vectors at a time.

static void PLIMSOLL_VARIANT(plimsoll_black76)(
    const double *forward, const double *strike, const double *volatility, const double *years,
    const double *sign, double *price, double *delta, double *gamma, double *vega,
    double *theta, double *vanna, double *volga, size_t count) {
  _Alignas(64) plimsoll_black76_columns columns;
  for (size_t start = 0; start < count; start += PLIMSOLL_BLACK76_BLOCK) {
    size_t rest = count - start;
    size_t length = rest < PLIMSOLL_BLACK76_BLOCK ? rest : PLIMSOLL_BLACK76_BLOCK;
    PLIMSOLL_INTERLEAVED_ITERATIONS
    for (size_t place = 0; place < length; place += 1) {
      size_t index = start + place;
      plimsoll_black76_distances distances = plimsoll_black76_distances_of(
          forward[index], strike[index], (volatility[index] * volatility[index]) * years[index]);
      columns.inverse_root[place] = distances.inverse_root;
      columns.upper[place] = distances.upper;
      columns.lower[place] = distances.lower;
    }
    PLIMSOLL_INTERLEAVED_ITERATIONS
    for (size_t place = 0; place < length; place += 1) {
      plimsoll_black76_tails tails =
          plimsoll_black76_tails_of(columns.upper[place], columns.lower[place]);
      columns.exponential[place] = tails.exponential;
      columns.upper_tail[place] = tails.upper_tail;
      columns.lower_tail[place] = tails.lower_tail;
      columns.worth[place] = tails.worth;
    }
    PLIMSOLL_INTERLEAVED_ITERATIONS
    for (size_t place = 0; place < length; place += 1) {
      size_t index = start + place;
      plimsoll_black76_value value = plimsoll_black76_value_of(
          forward[index], strike[index], volatility[index], years[index], sign[index],
          (plimsoll_black76_distances){
              columns.inverse_root[place], columns.upper[place], columns.lower[place]},
          (plimsoll_black76_tails){
              columns.exponential[place], columns.upper_tail[place], columns.lower_tail[place],
              columns.worth[place]});
      price[index] = value.price;
      delta[index] = value.delta;
      gamma[index] = value.gamma;
      vega[index] = value.vega;
      theta[index] = value.theta;
      vanna[index] = value.vanna;
      volga[index] = value.volga;
    }
  }
}

static void PLIMSOLL_VARIANT(plimsoll_black76_price)(
    const double *forward, const double *strike, const double *total_variance,
    const double *sign, double *price, size_t count) {
  _Alignas(64) plimsoll_black76_columns columns;
  for (size_t start = 0; start < count; start += PLIMSOLL_BLACK76_BLOCK) {
    size_t rest = count - start;
    size_t length = rest < PLIMSOLL_BLACK76_BLOCK ? rest : PLIMSOLL_BLACK76_BLOCK;
    PLIMSOLL_INTERLEAVED_ITERATIONS
    for (size_t place = 0; place < length; place += 1) {
      size_t index = start + place;
      plimsoll_black76_distances distances = plimsoll_black76_distances_of(
          forward[index], strike[index], total_variance[index]);
      columns.upper[place] = distances.upper;
      columns.lower[place] = distances.lower;
    }
    PLIMSOLL_INTERLEAVED_ITERATIONS
    for (size_t place = 0; place < length; place += 1) {
      size_t index = start + place;
      double worth = plimsoll_black76_tails_of(columns.upper[place], columns.lower[place]).worth;
      double value =
          plimsoll_black76_price_of(worth, forward[index], strike[index], sign[index]);
      int is_inside = plimsoll_black76_is_inside(
          forward[index], strike[index], total_variance[index], sign[index]);
      price[index] = is_inside ? value : plimsoll_nan();
    }
  }
}
