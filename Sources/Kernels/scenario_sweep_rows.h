// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

// Shapes of rows for which the sweep keeps its sums in registers, and what all variants share.

#ifndef PLIMSOLL_SCENARIO_SWEEP_ROWS_H
#define PLIMSOLL_SCENARIO_SWEEP_ROWS_H

#include "ScenarioRowKernels.h"
#include "scenario_sweep.h"

enum {
  /// The most blocks of a row: 1,024 scenarios, and one block of skews.
  plimsoll_most_row_blocks = 129,
};

/// Whether sums stay in registers: 16 distinct moves, 35 scenarios and 2 skews, or a few more.
static inline int plimsoll_is_usual(const plimsoll_row_table *table) {
  return (table->narrow_blocks == 2 && table->wide_blocks == 5) ||
         (table->narrow_blocks == 3 && table->wide_blocks == 6);
}

/// Two blocks of cells that alternate, in memory.
typedef int64_t plimsoll_stored_cell_pairs
    __attribute__((vector_size(8 * PLIMSOLL_SCENARIO_BLOCK), aligned(4), may_alias));

/// What a run is swept for.
enum {
  plimsoll_losses_only,
  plimsoll_with_charges,
  plimsoll_with_joints,
};

/// Sums over the runs of one account: in full, and each run's times its factor share in two halves.
///
/// The narrow ones have a block of zeros behind them, for wide blocks in which nothing moves.
typedef struct {
  plimsoll_sums full[plimsoll_most_row_blocks + 1];
  plimsoll_sums high[plimsoll_most_row_blocks + 1];
  plimsoll_sums low[plimsoll_most_row_blocks + 1];
} plimsoll_joint_sums;

/// Entries and arrays of a sweep that do not change from account to account.
typedef struct {
  const plimsoll_row_table *table;
  const uint32_t *entries;
  const int32_t *sizes;
} plimsoll_row_sweep;

#endif
