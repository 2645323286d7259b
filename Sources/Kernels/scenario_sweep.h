// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

// Blocks of scenario lanes as vectors: one AVX-512 register, two of AVX2, four of SSE2.

#ifndef PLIMSOLL_SCENARIO_SWEEP_H
#define PLIMSOLL_SCENARIO_SWEEP_H

#include "ScenarioKernels.h"
#include "variants.h"

/// A block of sums in registers; and in memory, where it is aligned as its elements are.
typedef int64_t plimsoll_sums __attribute__((vector_size(8 * PLIMSOLL_SCENARIO_BLOCK)));
typedef uint64_t plimsoll_unsigned_sums
    __attribute__((vector_size(8 * PLIMSOLL_SCENARIO_BLOCK)));
typedef int64_t plimsoll_stored_sums
    __attribute__((vector_size(8 * PLIMSOLL_SCENARIO_BLOCK), aligned(8), may_alias));

/// A block of cells in memory.
typedef int32_t plimsoll_stored_cells
    __attribute__((vector_size(4 * PLIMSOLL_SCENARIO_BLOCK), aligned(4), may_alias));

#endif
