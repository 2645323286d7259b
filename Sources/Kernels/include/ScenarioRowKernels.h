// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

// The scenario sweep over compressed rows of many accounts, in exact integers.
//
// An account is a stretch of entries sorted by underlying, then expiry, then strike. What follows
// one another in one underlying is a run; a run gives one record. All sums are 64-bit integers
// without rounding but for that of amounts, so every variant, and the plain twin in Margin, gives
// the same records. The caller keeps all sums inside 64 bits; `AccountRows` of Margin says how.

#ifndef PLIMSOLL_SCENARIO_ROW_KERNELS_H
#define PLIMSOLL_SCENARIO_ROW_KERNELS_H

#include <stddef.h>
#include <stdint.h>

/// The row of an entry: a contract, or with PLIMSOLL_ENTRY_AMOUNT a collateral asset.
#define PLIMSOLL_ENTRY_ROW 0x00ffffffu
/// The entry is an amount held in coin.
#define PLIMSOLL_ENTRY_AMOUNT 0x01000000u
/// The run has options: its rows are wide.
#define PLIMSOLL_ENTRY_WIDE 0x02000000u
/// The last entry of its run.
#define PLIMSOLL_ENTRY_ENDS_RUN 0x04000000u
/// The last option of its expiry.
#define PLIMSOLL_ENTRY_ENDS_EXPIRY 0x08000000u
/// The last option of its strike.
#define PLIMSOLL_ENTRY_ENDS_STRIKE 0x10000000u
/// The last contract of its date, or of those without one.
#define PLIMSOLL_ENTRY_ENDS_DATE 0x20000000u

/// What a record sums for every position: its size times these cells of its contract and side.
enum {
  /// Worth in the settlement asset, of contracts that settle in quote and of those in coin.
  PLIMSOLL_CHARGE_QUOTE_WORTH,
  PLIMSOLL_CHARGE_COIN_WORTH,
  /// What is reserved, as high * 2^31 + low; the cells of the short side are negative.
  PLIMSOLL_CHARGE_PROVISION_LOW,
  PLIMSOLL_CHARGE_PROVISION_HIGH,
  /// What moves with the underlying, as high * 2^31 + low; the same on both sides.
  PLIMSOLL_CHARGE_DELTA_LOW,
  PLIMSOLL_CHARGE_DELTA_HIGH,
  /// Cells of a side; those above stay unused.
  PLIMSOLL_CHARGE_CELLS = 8,
};

/// What a contract has beside its row.
typedef struct {
  /// What one step of an option is of its underlying; 0 of what is no option.
  int64_t quantity;
  /// What one step moves with its underlying.
  int64_t delta;
  /// Charge per net delta of its date; at least 0.
  int64_t basis;
  int32_t underlying;
} plimsoll_row_contract;

/// How an underlying nets, billionths.
typedef struct {
  /// Its share of the common factor.
  int32_t factor_share;
  /// What of its loss may be taken up by others.
  int32_t offset_cap;
} plimsoll_row_netting;

enum {
  /// Binary places that the lower half of a factor's loss has.
  PLIMSOLL_FACTOR_LOW_BITS = 30,
};

/// One block's rows.
///
/// A narrow row has one lane for each distinct move of a linear contract; a wide row has one for
/// each scenario and each skew. Lanes are counted in blocks of eight. Cells of blocks 2n and
/// 2n + 1 alternate, lane by lane; an odd last block stands alone.
typedef struct {
  const int32_t *narrow_cells;
  const int32_t *wide_cells;
  /// By collateral asset, lanes in order, 32 binary places.
  const int64_t *narrow_amount_cells;
  const int64_t *wide_amount_cells;
  /// By contract, then long and short, then charge.
  const int32_t *charge_cells;
  const plimsoll_row_contract *contracts;
  /// The underlying of each collateral asset; -1 for none.
  const int32_t *asset_underlyings;
  /// By underlying.
  const plimsoll_row_netting *netting;
  /// By wide block: the narrow block with the same moves lane by lane, or `narrow_blocks` where no
  /// lane moves.
  const int32_t *wide_sources;
  size_t narrow_blocks;
  size_t wide_blocks;
  /// Cells from one row to the next.
  size_t narrow_stride;
  size_t wide_stride;
  size_t asset_count;
  /// Lanes of the last wide block that are scenarios; the skews follow in the same block.
  size_t last_scenarios;
} plimsoll_row_table;

/// What one account has in one underlying.
typedef struct {
  /// The worst scenario or skew loss, at least 0.
  int64_t loss;
  /// Sums of the charge cells.
  int64_t charges[PLIMSOLL_CHARGE_CELLS];
  /// Quantity of options short on balance, strike by strike.
  int64_t uncovered;
  /// Sum over dates of |net delta| * basis, in two halves; 0 unless joints are asked for.
  uint64_t basis_low;
  uint64_t basis_high;
  int32_t underlying;
  int32_t has_options;
} plimsoll_run;

/// What all runs of one account lose together; all 0 where fewer than two runs with an offset cap
/// lose anything, for then nothing nets.
typedef struct {
  /// The worst scenario's loss, at least 0.
  int64_t loss;
  /// The least of the factor's profits over scenarios, each run's times its factor share, as
  /// high * 2^30 + low with low below 2^30; at most 0.
  int64_t factor_high;
  int64_t factor_low;
} plimsoll_joint;

/// Sweeps accounts `0..<account_count` of the given arrays.
///
/// @param starts First entry of each account.
/// @param counts Entries of each account.
/// @param held Amounts by account, then asset.
/// @param runs Receives the runs, one account after the other; room for one per entry.
/// @param run_ends Receives how many runs there are up to each account's end.
/// @param lane_sums If not null, receives each run's sums: `narrow_blocks` or `wide_blocks` blocks
///   at every `wide_blocks` blocks, skews left out.
void plimsoll_scenario_sweep_rows(
    const plimsoll_row_table *table, const uint32_t *starts, const uint16_t *counts,
    size_t account_count, const uint32_t *entries, const int32_t *sizes, const int64_t *held,
    plimsoll_run *runs, uint32_t *run_ends, int64_t *lane_sums);

/// The same with what nets and what depends on dates.
///
/// @param joints Receives what the runs of each account lose together.
/// @param joint_sums If not null, receives the sums over all runs of each account: `wide_blocks`
///   blocks at every `wide_blocks` blocks, skews left out.
void plimsoll_scenario_sweep_joint_rows(
    const plimsoll_row_table *table, const uint32_t *starts, const uint16_t *counts,
    size_t account_count, const uint32_t *entries, const int32_t *sizes, const int64_t *held,
    plimsoll_run *runs, uint32_t *run_ends, plimsoll_joint *joints, int64_t *joint_sums);

/// The same without charges: the sum over runs of the worst loss, by account.
void plimsoll_scenario_sweep_losses(
    const plimsoll_row_table *table, const uint32_t *starts, const uint16_t *counts,
    size_t account_count, const uint32_t *entries, const int32_t *sizes, const int64_t *held,
    int64_t *losses);

/// Reads the rows that a sweep of these accounts reads, and does nothing with them: what the sweep
/// would cost if only memory mattered. For benchmarks.
///
/// @param checksum Receives a number that depends on every cell read.
void plimsoll_scenario_read_rows(
    const plimsoll_row_table *table, const uint32_t *starts, const uint16_t *counts,
    size_t account_count, const uint32_t *entries, int64_t *checksum);

#endif
