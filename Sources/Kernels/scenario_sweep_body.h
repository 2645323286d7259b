// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

// The loops of ScenarioKernels.h, in one variant; see variants.h.

/// Adds all positions to `block_count` blocks from `lane` on; the sums stay in registers.
#define PLIMSOLL_ACCUMULATE_BLOCKS(block_count)                                           \
  {                                                                                       \
    plimsoll_stored_sums *stored = (plimsoll_stored_sums *)(sums + lane);                 \
    plimsoll_sums sum[block_count];                                                       \
    for (size_t block = 0; block < block_count; block += 1) sum[block] = stored[block];   \
    for (size_t position = 0; position < position_count; position += 1) {                 \
      const plimsoll_stored_cells *row =                                                  \
          (const plimsoll_stored_cells *)(cells + rows[position] * lane_count + lane);    \
      int64_t size = sizes[position];                                                     \
      for (size_t block = 0; block < block_count; block += 1)                             \
        sum[block] += __builtin_convertvector(row[block], plimsoll_sums) * size;          \
    }                                                                                     \
    for (size_t block = 0; block < block_count; block += 1) stored[block] = sum[block];   \
    lane += block_count * PLIMSOLL_SCENARIO_BLOCK;                                        \
  }

static void PLIMSOLL_VARIANT(plimsoll_scenario_accumulate)(
    const int32_t *cells, size_t lane_count, const uint32_t *rows, const int32_t *sizes,
    size_t position_count, int64_t *sums) {
  size_t lane = 0;
  while (lane + 5 * PLIMSOLL_SCENARIO_BLOCK <= lane_count) PLIMSOLL_ACCUMULATE_BLOCKS(5)
  while (lane + 2 * PLIMSOLL_SCENARIO_BLOCK <= lane_count) PLIMSOLL_ACCUMULATE_BLOCKS(2)
  while (lane < lane_count) PLIMSOLL_ACCUMULATE_BLOCKS(1)
}

#undef PLIMSOLL_ACCUMULATE_BLOCKS

static void PLIMSOLL_VARIANT(plimsoll_scenario_add_amount)(
    const int64_t *cells, size_t lane_count, int64_t amount, int64_t *sums) {
  // With amount = a 2^32 + b and cell = c 2^32 + d, b and d not negative, the product over 2^32
  // is a * cell + b * c + b * d / 2^32: only the last part needs rounding, and none 128 bits.
  // Unsigned, because parts of the sum may wrap where the sum does not.
  uint64_t a = (uint64_t)(amount >> PLIMSOLL_SCENARIO_FRACTION_BITS);
  uint64_t b = (uint64_t)amount & UINT64_C(0xffffffff);
  const uint64_t half = UINT64_C(1) << (PLIMSOLL_SCENARIO_FRACTION_BITS - 1);
  plimsoll_stored_sums *stored = (plimsoll_stored_sums *)sums;
  const plimsoll_stored_sums *stored_cells = (const plimsoll_stored_sums *)cells;
  for (size_t block = 0; block < lane_count / PLIMSOLL_SCENARIO_BLOCK; block += 1) {
    plimsoll_unsigned_sums cell = (plimsoll_unsigned_sums)stored_cells[block];
    plimsoll_unsigned_sums c =
        (plimsoll_unsigned_sums)(stored_cells[block] >> PLIMSOLL_SCENARIO_FRACTION_BITS);
    plimsoll_unsigned_sums d = cell & UINT64_C(0xffffffff);
    plimsoll_unsigned_sums carried =
        (d * b + half) >> PLIMSOLL_SCENARIO_FRACTION_BITS;
    plimsoll_unsigned_sums sum = (plimsoll_unsigned_sums)stored[block];
    stored[block] = (plimsoll_sums)(sum + cell * a + c * b + carried);
  }
}

static void PLIMSOLL_VARIANT(plimsoll_scenario_worst)(
    const int64_t *sums, size_t lane_count, int64_t *worst, size_t *worst_lane) {
  const plimsoll_stored_sums *blocks = (const plimsoll_stored_sums *)sums;
  plimsoll_sums least = blocks[0];
  for (size_t block = 1; block < lane_count / PLIMSOLL_SCENARIO_BLOCK; block += 1) {
    plimsoll_sums candidate = blocks[block];
    least = __builtin_elementwise_min(candidate, least);
  }
  int64_t smallest = least[0];
  for (size_t place = 1; place < PLIMSOLL_SCENARIO_BLOCK; place += 1)
    smallest = least[place] < smallest ? least[place] : smallest;
  size_t lane = 0;
  while (sums[lane] != smallest) lane += 1;
  *worst = smallest;
  *worst_lane = lane;
}
