// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

// The scenario sweep of the margin engine, in exact integers.
//
// A lane is one scenario. Lane counts are multiples of PLIMSOLL_SCENARIO_BLOCK; arrays need no
// alignment. Sums are of 64-bit integers without any rounding, so every variant, and the plain
// Swift twin in Margin, gives the same numbers in every order of the positions. The caller keeps
// all sums inside 64 bits; `ScenarioTable` says how.

#ifndef PLIMSOLL_SCENARIO_KERNELS_H
#define PLIMSOLL_SCENARIO_KERNELS_H

#include <stddef.h>
#include <stdint.h>

/// Lanes are counted in blocks of this many.
#define PLIMSOLL_SCENARIO_BLOCK 8

/// Binary places of the cells of `plimsoll_scenario_add_amount`.
#define PLIMSOLL_SCENARIO_FRACTION_BITS 32

/// Adds the profits of positions to the sums: sums[lane] += size * cells[row][lane].
///
/// @param cells Rows of `lane_count` cells, profit per size step.
/// @param rows The row of each position.
/// @param sizes The size of each position, in steps.
void plimsoll_scenario_accumulate(
    const int32_t *cells, size_t lane_count, const uint32_t *rows, const int32_t *sizes,
    size_t position_count, int64_t *sums);

/// Adds the profit of an amount: sums[lane] += amount * cells[lane] / 2^32, rounded to the
/// nearest integer, ties up.
///
/// @param cells Profit per unit of the amount, with 32 binary places.
void plimsoll_scenario_add_amount(
    const int64_t *cells, size_t lane_count, int64_t amount, int64_t *sums);

/// The smallest sum and the first lane that has it; `lane_count` at least one block.
void plimsoll_scenario_worst(
    const int64_t *sums, size_t lane_count, int64_t *worst, size_t *lane);

#endif
