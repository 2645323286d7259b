// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

// The loops of ScenarioRowKernels.h, in one variant; see variants.h.
//
// `blocks` is a constant in the usual shape, so that the sums stay in registers.

/// sum[lane] += size * row[lane].
PLIMSOLL_INLINE void PLIMSOLL_VARIANT(plimsoll_add_row)(
    plimsoll_sums *sum, const int32_t *row, int64_t size, size_t blocks) {
  for (size_t pair = 0; pair < blocks / 2; pair += 1) {
    // A multiplication of 32 by 32 bits reads the lower halves: even lanes as they are, odd
    // lanes after one shift; cheaper than widening each lane.
    plimsoll_sums both = ((const plimsoll_stored_cell_pairs *)row)[pair];
    sum[2 * pair] += ((both << 32) >> 32) * size;
    sum[2 * pair + 1] += (both >> 32) * size;
  }
  if (blocks % 2 == 1) {
    const plimsoll_stored_cells *last =
        (const plimsoll_stored_cells *)(row + (blocks - 1) * PLIMSOLL_SCENARIO_BLOCK);
    sum[blocks - 1] += __builtin_convertvector(*last, plimsoll_sums) * size;
  }
}

/// sum[lane] += amount * cells[lane] / 2^32; as in plimsoll_scenario_add_amount.
PLIMSOLL_INLINE void PLIMSOLL_VARIANT(plimsoll_add_amount_row)(
    plimsoll_sums *sum, const int64_t *cells, int64_t amount, size_t blocks) {
  uint64_t a = (uint64_t)(amount >> PLIMSOLL_SCENARIO_FRACTION_BITS);
  uint64_t b = (uint64_t)amount & UINT64_C(0xffffffff);
  const uint64_t half = UINT64_C(1) << (PLIMSOLL_SCENARIO_FRACTION_BITS - 1);
  for (size_t block = 0; block < blocks; block += 1) {
    plimsoll_sums stored = ((const plimsoll_stored_sums *)cells)[block];
    plimsoll_unsigned_sums cell = (plimsoll_unsigned_sums)stored;
    plimsoll_unsigned_sums c =
        (plimsoll_unsigned_sums)(stored >> PLIMSOLL_SCENARIO_FRACTION_BITS);
    plimsoll_unsigned_sums d = cell & UINT64_C(0xffffffff);
    plimsoll_unsigned_sums carried = (d * b + half) >> PLIMSOLL_SCENARIO_FRACTION_BITS;
    sum[block] = (plimsoll_sums)((plimsoll_unsigned_sums)sum[block] + cell * a + c * b + carried);
  }
}

/// The smallest of all lanes, at most 0.
PLIMSOLL_INLINE int64_t PLIMSOLL_VARIANT(plimsoll_least)(plimsoll_sums *sum, size_t blocks) {
  plimsoll_sums least = sum[0];
  for (size_t block = 1; block < blocks; block += 1)
    least = __builtin_elementwise_min(least, sum[block]);
  least = __builtin_elementwise_min(
      least, __builtin_shufflevector(least, least, 4, 5, 6, 7, 0, 1, 2, 3));
  least = __builtin_elementwise_min(
      least, __builtin_shufflevector(least, least, 2, 3, 0, 1, 6, 7, 4, 5));
  int64_t one = least[0], other = least[1];
  int64_t smaller = one < other ? one : other;
  return smaller < 0 ? smaller : 0;
}

/// The charges of one position added to those of its run.
PLIMSOLL_INLINE void PLIMSOLL_VARIANT(plimsoll_charge)(
    const plimsoll_row_table *table, plimsoll_sums *charges, size_t row, int32_t size) {
  size_t side = 2 * row + ((uint32_t)size >> 31);
  const plimsoll_stored_cells *cells =
      (const plimsoll_stored_cells *)(table->charge_cells + side * PLIMSOLL_CHARGE_CELLS);
  *charges += __builtin_convertvector(*cells, plimsoll_sums) * (int64_t)size;
}

PLIMSOLL_INLINE int32_t PLIMSOLL_VARIANT(plimsoll_underlying)(
    const plimsoll_row_table *table, uint32_t word) {
  size_t row = word & PLIMSOLL_ENTRY_ROW;
  return word & PLIMSOLL_ENTRY_AMOUNT ? table->asset_underlyings[row]
                                      : table->contracts[row].underlying;
}

/// The delta of one position added to that of its date, and the date closed where it ends.
///
/// No sum leaves its halves: `SweepTable` of Margin admits no larger basis.
PLIMSOLL_INLINE void PLIMSOLL_VARIANT(plimsoll_date)(
    const plimsoll_row_contract *contract, uint32_t word, int64_t size, int64_t *delta,
    unsigned __int128 *basis) {
  *delta += size * contract->delta;
  int64_t ends = -(int64_t)((word & PLIMSOLL_ENTRY_ENDS_DATE) != 0);
  uint64_t closed = (uint64_t)(*delta < 0 ? -*delta : *delta) & (uint64_t)ends;
  *basis += (unsigned __int128)closed * (uint64_t)contract->basis;
  *delta &= ~ends;
}

/// A run added to those of its account.
PLIMSOLL_INLINE void PLIMSOLL_VARIANT(plimsoll_join)(
    plimsoll_joint_sums *joint, const plimsoll_sums *sum, int64_t share, size_t blocks) {
  for (size_t block = 0; block < blocks; block += 1) joint->full[block] += sum[block];
  if (share == 0) return;
  const int64_t mask = ((int64_t)1 << PLIMSOLL_FACTOR_LOW_BITS) - 1;
  for (size_t block = 0; block < blocks; block += 1) {
    // The upper half has less than 32 bits, which the shifts tell the compiler.
    plimsoll_sums high = sum[block] >> PLIMSOLL_FACTOR_LOW_BITS;
    joint->high[block] += ((high << 32) >> 32) * share;
    joint->low[block] += (sum[block] & mask) * share;
  }
}

/// Carries from the lower to the upper half.
PLIMSOLL_INLINE void PLIMSOLL_VARIANT(plimsoll_carry)(
    plimsoll_sums *high, plimsoll_sums *low) {
  const int64_t mask = ((int64_t)1 << PLIMSOLL_FACTOR_LOW_BITS) - 1;
  *high += *low >> PLIMSOLL_FACTOR_LOW_BITS;
  *low &= mask;
}

/// What a record has besides its loss.
PLIMSOLL_INLINE void PLIMSOLL_VARIANT(plimsoll_close_run)(
    const plimsoll_row_table *table, plimsoll_run *run, uint32_t word, const plimsoll_sums *charges,
    int64_t uncovered, unsigned __int128 basis, int purpose) {
  if (purpose == plimsoll_losses_only) return;
  *(plimsoll_stored_sums *)run->charges = *charges;
  run->uncovered = uncovered;
  run->underlying = PLIMSOLL_VARIANT(plimsoll_underlying)(table, word);
  run->basis_low = (uint64_t)basis;
  run->basis_high = (uint64_t)(basis >> 64);
}

/// A run without options.
PLIMSOLL_INLINE size_t PLIMSOLL_VARIANT(plimsoll_narrow_run)(
    const plimsoll_row_sweep *sweep, size_t entry, const int64_t *held, plimsoll_run *run,
    int64_t *lane_sums, plimsoll_joint_sums *joint, size_t blocks, int purpose) {
  const plimsoll_row_table *table = sweep->table;
  plimsoll_sums sum[plimsoll_most_row_blocks];
  for (size_t block = 0; block < blocks; block += 1) sum[block] = (plimsoll_sums){0};
  plimsoll_sums charges = {0};
  int64_t delta = 0;
  unsigned __int128 basis = 0;
  uint32_t word;
  do {
    word = sweep->entries[entry];
    size_t row = word & PLIMSOLL_ENTRY_ROW;
    if (word & PLIMSOLL_ENTRY_AMOUNT) {
      PLIMSOLL_VARIANT(plimsoll_add_amount_row)
      (sum, table->narrow_amount_cells + row * blocks * PLIMSOLL_SCENARIO_BLOCK, held[row],
       blocks);
    } else {
      int64_t size = sweep->sizes[entry];
      PLIMSOLL_VARIANT(plimsoll_add_row)
      (sum, table->narrow_cells + row * table->narrow_stride, size, blocks);
      if (purpose != plimsoll_losses_only)
        PLIMSOLL_VARIANT(plimsoll_charge)(table, &charges, row, (int32_t)size);
      if (purpose == plimsoll_with_joints)
        PLIMSOLL_VARIANT(plimsoll_date)(table->contracts + row, word, size, &delta, &basis);
    }
    entry += 1;
  } while (!(word & PLIMSOLL_ENTRY_ENDS_RUN));
  run->loss = -PLIMSOLL_VARIANT(plimsoll_least)(sum, blocks);
  if (lane_sums)
    for (size_t block = 0; block < blocks; block += 1)
      ((plimsoll_stored_sums *)lane_sums)[block] = sum[block];
  run->has_options = 0;
  PLIMSOLL_VARIANT(plimsoll_close_run)(table, run, word, &charges, 0, basis, purpose);
  if (purpose == plimsoll_with_joints)
    PLIMSOLL_VARIANT(plimsoll_join)
    (joint, sum, table->netting[run->underlying].factor_share, blocks);
  return entry;
}

/// A run with options.
PLIMSOLL_INLINE size_t PLIMSOLL_VARIANT(plimsoll_wide_run)(
    const plimsoll_row_sweep *sweep, size_t entry, const int64_t *held, plimsoll_run *run,
    int64_t *lane_sums, plimsoll_joint_sums *joint, size_t blocks, int purpose) {
  const plimsoll_row_table *table = sweep->table;
  plimsoll_sums sum[plimsoll_most_row_blocks];
  for (size_t block = 0; block < blocks; block += 1) sum[block] = (plimsoll_sums){0};
  plimsoll_sums lanes = {0, 1, 2, 3, 4, 5, 6, 7};
  plimsoll_sums is_scenario = lanes < (int64_t)table->last_scenarios;
  plimsoll_sums skew_loss = {0};
  int64_t strike_quantity = 0, uncovered = 0;
  plimsoll_sums charges = {0};
  int64_t delta = 0;
  unsigned __int128 basis = 0;
  uint32_t word;
  do {
    word = sweep->entries[entry];
    size_t row = word & PLIMSOLL_ENTRY_ROW;
    if (word & PLIMSOLL_ENTRY_AMOUNT) {
      PLIMSOLL_VARIANT(plimsoll_add_amount_row)
      (sum, table->wide_amount_cells + row * blocks * PLIMSOLL_SCENARIO_BLOCK, held[row],
       blocks);
    } else {
      int64_t size = sweep->sizes[entry];
      PLIMSOLL_VARIANT(plimsoll_add_row)
      (sum, table->wide_cells + row * table->wide_stride, size, blocks);
      if (purpose != plimsoll_losses_only) {
        PLIMSOLL_VARIANT(plimsoll_charge)(table, &charges, row, (int32_t)size);
        uint64_t quantity = (uint64_t)table->contracts[row].quantity;
        strike_quantity = (int64_t)((uint64_t)strike_quantity + (uint64_t)size * quantity);
        int64_t goes_on = (int64_t)((word & PLIMSOLL_ENTRY_ENDS_STRIKE) != 0) - 1;
        uncovered -= strike_quantity & (strike_quantity >> 63) & ~goes_on;
        strike_quantity &= goes_on;
      }
      if (purpose == plimsoll_with_joints)
        PLIMSOLL_VARIANT(plimsoll_date)(table->contracts + row, word, size, &delta, &basis);
      // The skews of one expiry are a loss whatever their sign, and the next one starts anew;
      // by a mask, for where an expiry ends cannot be foretold.
      int64_t ends = -(int64_t)((word & PLIMSOLL_ENTRY_ENDS_EXPIRY) != 0);
      plimsoll_sums ended = ~is_scenario & ends;
      skew_loss += __builtin_elementwise_abs(sum[blocks - 1]) & ended;
      sum[blocks - 1] &= ~ended;
    }
    entry += 1;
  } while (!(word & PLIMSOLL_ENTRY_ENDS_RUN));
  sum[blocks - 1] &= is_scenario;
  if (lane_sums)
    for (size_t block = 0; block < blocks; block += 1)
      ((plimsoll_stored_sums *)lane_sums)[block] = sum[block];
  run->has_options = 1;
  PLIMSOLL_VARIANT(plimsoll_close_run)(table, run, word, &charges, uncovered, basis, purpose);
  if (purpose == plimsoll_with_joints)
    PLIMSOLL_VARIANT(plimsoll_join)
    (joint, sum, table->netting[run->underlying].factor_share, blocks);
  sum[blocks - 1] = __builtin_elementwise_min(sum[blocks - 1], -skew_loss);
  run->loss = -PLIMSOLL_VARIANT(plimsoll_least)(sum, blocks);
  return entry;
}

PLIMSOLL_INLINE void PLIMSOLL_VARIANT(plimsoll_sweep_records)(
    const plimsoll_row_sweep *sweep, const uint32_t *starts, const uint16_t *counts,
    size_t account_count, const int64_t *held, plimsoll_run *runs, uint32_t *run_ends,
    int64_t *lane_sums, size_t narrow_blocks, size_t wide_blocks) {
  size_t assets = sweep->table->asset_count;
  size_t count = 0;
  for (size_t account = 0; account < account_count; account += 1) {
    size_t entry = starts[account];
    size_t end = entry + counts[account];
    while (entry < end) {
      int64_t *lanes =
          lane_sums ? lane_sums + count * wide_blocks * PLIMSOLL_SCENARIO_BLOCK : 0;
      entry = sweep->entries[entry] & PLIMSOLL_ENTRY_WIDE
                  ? PLIMSOLL_VARIANT(plimsoll_wide_run)(
                        sweep, entry, held, runs + count, lanes, 0, wide_blocks,
                        plimsoll_with_charges)
                  : PLIMSOLL_VARIANT(plimsoll_narrow_run)(
                        sweep, entry, held, runs + count, lanes, 0, narrow_blocks,
                        plimsoll_with_charges);
      count += 1;
    }
    run_ends[account] = (uint32_t)count;
    held += assets;
  }
}

PLIMSOLL_INLINE void PLIMSOLL_VARIANT(plimsoll_clear)(
    plimsoll_joint_sums *joint, size_t blocks) {
  for (size_t block = 0; block < blocks; block += 1) {
    joint->full[block] = (plimsoll_sums){0};
    joint->high[block] = (plimsoll_sums){0};
    joint->low[block] = (plimsoll_sums){0};
  }
}

/// Adds the narrow sums to the wide ones, and finds the worst of them.
PLIMSOLL_INLINE void PLIMSOLL_VARIANT(plimsoll_close_joint)(
    const plimsoll_row_table *table, const plimsoll_joint_sums *narrow,
    const plimsoll_joint_sums *wide, plimsoll_joint *result, int64_t *joint_sums,
    size_t blocks) {
  plimsoll_sums full[plimsoll_most_row_blocks], high[plimsoll_most_row_blocks];
  plimsoll_sums low[plimsoll_most_row_blocks];
  for (size_t block = 0; block < blocks; block += 1) {
    size_t source = (size_t)table->wide_sources[block];
    full[block] = wide->full[block] + narrow->full[source];
    high[block] = wide->high[block] + narrow->high[source];
    low[block] = wide->low[block] + narrow->low[source];
    PLIMSOLL_VARIANT(plimsoll_carry)(&high[block], &low[block]);
    if (joint_sums) ((plimsoll_stored_sums *)joint_sums)[block] = full[block];
  }
  result->loss = -PLIMSOLL_VARIANT(plimsoll_least)(full, blocks);
  // The least of the upper halves, at most 0, and the least lower one beside it.
  int64_t least = PLIMSOLL_VARIANT(plimsoll_least)(high, blocks);
  for (size_t block = 0; block < blocks; block += 1) {
    plimsoll_sums is_least = high[block] == least;
    // Negative, so that those beside other upper halves do not count.
    low[block] = (low[block] - ((int64_t)1 << PLIMSOLL_FACTOR_LOW_BITS)) & is_least;
  }
  int64_t rest = PLIMSOLL_VARIANT(plimsoll_least)(low, blocks);
  result->factor_high = least;
  result->factor_low =
      least < 0 ? rest + ((int64_t)1 << PLIMSOLL_FACTOR_LOW_BITS) : 0;
}

PLIMSOLL_INLINE void PLIMSOLL_VARIANT(plimsoll_sweep_joints)(
    const plimsoll_row_sweep *sweep, const uint32_t *starts, const uint16_t *counts,
    size_t account_count, const int64_t *held, plimsoll_run *runs, uint32_t *run_ends,
    plimsoll_joint *joints, int64_t *joint_sums, size_t narrow_blocks, size_t wide_blocks) {
  const plimsoll_row_table *table = sweep->table;
  plimsoll_joint_sums narrow, wide;
  PLIMSOLL_VARIANT(plimsoll_clear)(&narrow, narrow_blocks + 1);
  size_t count = 0;
  for (size_t account = 0; account < account_count; account += 1) {
    PLIMSOLL_VARIANT(plimsoll_clear)(&narrow, narrow_blocks);
    PLIMSOLL_VARIANT(plimsoll_clear)(&wide, wide_blocks);
    size_t entry = starts[account];
    size_t end = entry + counts[account];
    size_t first = count;
    int offsets = 0;
    while (entry < end) {
      entry = sweep->entries[entry] & PLIMSOLL_ENTRY_WIDE
                  ? PLIMSOLL_VARIANT(plimsoll_wide_run)(
                        sweep, entry, held, runs + count, 0, &wide, wide_blocks,
                        plimsoll_with_joints)
                  : PLIMSOLL_VARIANT(plimsoll_narrow_run)(
                        sweep, entry, held, runs + count, 0, &narrow, narrow_blocks,
                        plimsoll_with_joints);
      offsets += (runs[count].loss > 0) & (table->netting[runs[count].underlying].offset_cap > 0);
      count += 1;
      if ((count - first) % 8 == 0) {
        // Eight lower halves of 59 bits leave room for eight more.
        for (size_t block = 0; block < narrow_blocks; block += 1)
          PLIMSOLL_VARIANT(plimsoll_carry)(&narrow.high[block], &narrow.low[block]);
        for (size_t block = 0; block < wide_blocks; block += 1)
          PLIMSOLL_VARIANT(plimsoll_carry)(&wide.high[block], &wide.low[block]);
      }
    }
    run_ends[account] = (uint32_t)count;
    joints[account] = (plimsoll_joint){0, 0, 0};
    int64_t *sums =
        joint_sums ? joint_sums + account * wide_blocks * PLIMSOLL_SCENARIO_BLOCK : 0;
    if (offsets > 1 || sums)
      PLIMSOLL_VARIANT(plimsoll_close_joint)
      (table, &narrow, &wide, joints + account, sums, wide_blocks);
    held += table->asset_count;
  }
}

PLIMSOLL_INLINE void PLIMSOLL_VARIANT(plimsoll_sweep_worst)(
    const plimsoll_row_sweep *sweep, const uint32_t *starts, const uint16_t *counts,
    size_t account_count, const int64_t *held, int64_t *losses, size_t narrow_blocks,
    size_t wide_blocks) {
  size_t assets = sweep->table->asset_count;
  for (size_t account = 0; account < account_count; account += 1) {
    size_t entry = starts[account];
    size_t end = entry + counts[account];
    int64_t loss = 0;
    plimsoll_run run;
    while (entry < end) {
      entry = sweep->entries[entry] & PLIMSOLL_ENTRY_WIDE
                  ? PLIMSOLL_VARIANT(plimsoll_wide_run)(
                        sweep, entry, held, &run, 0, 0, wide_blocks, plimsoll_losses_only)
                  : PLIMSOLL_VARIANT(plimsoll_narrow_run)(
                        sweep, entry, held, &run, 0, 0, narrow_blocks, plimsoll_losses_only);
      loss += run.loss;
    }
    losses[account] = loss;
    held += assets;
  }
}

static void PLIMSOLL_VARIANT(plimsoll_scenario_sweep_rows)(
    const plimsoll_row_table *table, const uint32_t *starts, const uint16_t *counts,
    size_t account_count, const uint32_t *entries, const int32_t *sizes, const int64_t *held,
    plimsoll_run *runs, uint32_t *run_ends, int64_t *lane_sums) {
  plimsoll_row_sweep sweep = {table, entries, sizes};
  if (lane_sums || !plimsoll_is_usual(table))
    PLIMSOLL_VARIANT(plimsoll_sweep_records)
    (&sweep, starts, counts, account_count, held, runs, run_ends, lane_sums,
     table->narrow_blocks, table->wide_blocks);
  else if (table->wide_blocks == 5)
    PLIMSOLL_VARIANT(plimsoll_sweep_records)
    (&sweep, starts, counts, account_count, held, runs, run_ends, 0, 2, 5);
  else
    PLIMSOLL_VARIANT(plimsoll_sweep_records)
    (&sweep, starts, counts, account_count, held, runs, run_ends, 0, 3, 6);
}

static void PLIMSOLL_VARIANT(plimsoll_scenario_sweep_joint_rows)(
    const plimsoll_row_table *table, const uint32_t *starts, const uint16_t *counts,
    size_t account_count, const uint32_t *entries, const int32_t *sizes, const int64_t *held,
    plimsoll_run *runs, uint32_t *run_ends, plimsoll_joint *joints, int64_t *joint_sums) {
  plimsoll_row_sweep sweep = {table, entries, sizes};
  if (!plimsoll_is_usual(table))
    PLIMSOLL_VARIANT(plimsoll_sweep_joints)
    (&sweep, starts, counts, account_count, held, runs, run_ends, joints, joint_sums,
     table->narrow_blocks, table->wide_blocks);
  else if (table->wide_blocks == 5)
    PLIMSOLL_VARIANT(plimsoll_sweep_joints)
    (&sweep, starts, counts, account_count, held, runs, run_ends, joints, joint_sums, 2, 5);
  else
    PLIMSOLL_VARIANT(plimsoll_sweep_joints)
    (&sweep, starts, counts, account_count, held, runs, run_ends, joints, joint_sums, 3, 6);
}

static void PLIMSOLL_VARIANT(plimsoll_scenario_sweep_losses)(
    const plimsoll_row_table *table, const uint32_t *starts, const uint16_t *counts,
    size_t account_count, const uint32_t *entries, const int32_t *sizes, const int64_t *held,
    int64_t *losses) {
  plimsoll_row_sweep sweep = {table, entries, sizes};
  if (!plimsoll_is_usual(table))
    PLIMSOLL_VARIANT(plimsoll_sweep_worst)
    (&sweep, starts, counts, account_count, held, losses, table->narrow_blocks,
     table->wide_blocks);
  else if (table->wide_blocks == 5)
    PLIMSOLL_VARIANT(plimsoll_sweep_worst)
    (&sweep, starts, counts, account_count, held, losses, 2, 5);
  else
    PLIMSOLL_VARIANT(plimsoll_sweep_worst)
    (&sweep, starts, counts, account_count, held, losses, 3, 6);
}

PLIMSOLL_INLINE int64_t PLIMSOLL_VARIANT(plimsoll_read_rows)(
    const plimsoll_row_table *table, const uint32_t *starts, const uint16_t *counts,
    size_t account_count, const uint32_t *entries, size_t narrow_pairs, size_t wide_pairs) {
  plimsoll_sums mixed = {0};
  for (size_t account = 0; account < account_count; account += 1) {
    size_t end = starts[account] + (size_t)counts[account];
    for (size_t entry = starts[account]; entry < end; entry += 1) {
      uint32_t word = entries[entry];
      size_t row = word & PLIMSOLL_ENTRY_ROW;
      if (word & PLIMSOLL_ENTRY_AMOUNT) continue;
      if (word & PLIMSOLL_ENTRY_WIDE) {
        const int32_t *cells = table->wide_cells + row * table->wide_stride;
        for (size_t pair = 0; pair < wide_pairs; pair += 1)
          mixed ^= ((const plimsoll_stored_cell_pairs *)cells)[pair];
      } else {
        const int32_t *cells = table->narrow_cells + row * table->narrow_stride;
        for (size_t pair = 0; pair < narrow_pairs; pair += 1)
          mixed ^= ((const plimsoll_stored_cell_pairs *)cells)[pair];
      }
    }
  }
  int64_t checksum = 0;
  for (size_t lane = 0; lane < PLIMSOLL_SCENARIO_BLOCK; lane += 1) checksum ^= mixed[lane];
  return checksum;
}

static void PLIMSOLL_VARIANT(plimsoll_scenario_read_rows)(
    const plimsoll_row_table *table, const uint32_t *starts, const uint16_t *counts,
    size_t account_count, const uint32_t *entries, int64_t *checksum) {
  *checksum = table->narrow_stride == 16 && table->wide_stride == 48
                  ? PLIMSOLL_VARIANT(plimsoll_read_rows)(
                        table, starts, counts, account_count, entries, 1, 3)
                  : PLIMSOLL_VARIANT(plimsoll_read_rows)(
                        table, starts, counts, account_count, entries,
                        table->narrow_stride / 16, table->wide_stride / 16);
}
