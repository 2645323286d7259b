// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

#include "scenario_sweep.h"

#define PLIMSOLL_KERNEL_BODY "scenario_sweep_body.h"
#include "each_variant.h"

PLIMSOLL_DISPATCH(
    plimsoll_scenario_accumulate,
    (const int32_t *cells, size_t lane_count, const uint32_t *rows, const int32_t *sizes,
     size_t position_count, int64_t *sums),
    (cells, lane_count, rows, sizes, position_count, sums))
PLIMSOLL_DISPATCH(
    plimsoll_scenario_add_amount,
    (const int64_t *cells, size_t lane_count, int64_t amount, int64_t *sums),
    (cells, lane_count, amount, sums))
PLIMSOLL_DISPATCH(
    plimsoll_scenario_worst,
    (const int64_t *sums, size_t lane_count, int64_t *worst, size_t *lane),
    (sums, lane_count, worst, lane))
