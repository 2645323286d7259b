// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

#include "scenario_sweep_rows.h"

#define PLIMSOLL_KERNEL_BODY "scenario_sweep_rows_body.h"
#include "each_variant.h"

PLIMSOLL_DISPATCH(
    plimsoll_scenario_sweep_rows,
    (const plimsoll_row_table *table, const uint32_t *starts, const uint16_t *counts,
     size_t account_count, const uint32_t *entries, const int32_t *sizes, const int64_t *held,
     plimsoll_run *runs, uint32_t *run_ends, int64_t *lane_sums),
    (table, starts, counts, account_count, entries, sizes, held, runs, run_ends, lane_sums))
PLIMSOLL_DISPATCH(
    plimsoll_scenario_sweep_joint_rows,
    (const plimsoll_row_table *table, const uint32_t *starts, const uint16_t *counts,
     size_t account_count, const uint32_t *entries, const int32_t *sizes, const int64_t *held,
     plimsoll_run *runs, uint32_t *run_ends, plimsoll_joint *joints, int64_t *joint_sums),
    (table, starts, counts, account_count, entries, sizes, held, runs, run_ends, joints,
     joint_sums))
PLIMSOLL_DISPATCH(
    plimsoll_scenario_sweep_losses,
    (const plimsoll_row_table *table, const uint32_t *starts, const uint16_t *counts,
     size_t account_count, const uint32_t *entries, const int32_t *sizes, const int64_t *held,
     int64_t *losses),
    (table, starts, counts, account_count, entries, sizes, held, losses))
PLIMSOLL_DISPATCH(
    plimsoll_scenario_read_rows,
    (const plimsoll_row_table *table, const uint32_t *starts, const uint16_t *counts,
     size_t account_count, const uint32_t *entries, int64_t *checksum),
    (table, starts, counts, account_count, entries, checksum))
