// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Kernels
import Testing

@Suite("The sweep over rows of accounts")
struct ScenarioRowTests {
  /// Blocks of narrow and wide rows: those kept in registers, and others.
  private static let shapes = [(2, 5), (3, 6), (1, 1), (1, 2), (4, 7)]

  @Test("gives the records of plain loops in every variant", arguments: shapes)
  func records(narrowBlocks: Int, wideBlocks: Int) {
    var venue = RowVenue(narrowBlocks: narrowBlocks, wideBlocks: wideBlocks)
    let expected = venue.plainRuns()
    let losses = venue.plainLosses(expected)
    let lanes = venue.plainSums()
    let joints = venue.plainJoints(expected)
    for variant in 0..<plimsoll_kernel_variant_count()
    where plimsoll_kernel_variant_available(variant) {
      _ = plimsoll_force_kernel_variant(variant)
      defer { _ = plimsoll_force_kernel_variant(PLIMSOLL_KERNEL_VARIANT_AUTOMATIC) }
      let name = String(cString: plimsoll_kernel_variant_name(variant))
      #expect(venue.runs(withLanes: false).runs == expected, "\(name)")
      let withLanes = venue.runs(withLanes: true)
      #expect(withLanes.runs == expected, "\(name), with lanes")
      #expect(withLanes.sums == lanes, "\(name), sums by lane")
      let swept = venue.joints(withSums: false)
      #expect(swept.runs == venue.plainRuns(withBasis: true), "\(name), with joints")
      #expect(swept.joints == joints.map { $0.isNetted ? $0 : Joint() }, "\(name), joints")
      let summed = venue.joints(withSums: true)
      #expect(summed.joints == joints, "\(name), joints with sums")
      #expect(summed.sums == venue.plainJointSums(), "\(name), sums over runs")
      #expect(venue.losses() == losses, "\(name)")
      #expect(venue.checksum() == venue.plainChecksum(), "\(name)")
    }
  }
}

/// A record of a run, as far as it is compared.
private struct Run: Equatable {
  var loss: Int64 = 0
  var charges: [Int64] = [0, 0, 0, 0]
  var uncovered: Int64 = 0
  var basis: UInt128 = 0
  var underlying: Int32 = 0
  var hasOptions = false
}

/// What all runs of an account lose together.
private struct Joint: Equatable {
  var loss: Int64 = 0
  var factor: Int128 = 0
  var isNetted = true

  static func == (left: Joint, right: Joint) -> Bool {
    left.loss == right.loss && left.factor == right.factor
  }
}

/// Random rows and accounts; contracts 0 to 9 are linear, 10 to 39 options of three expiries.
private struct RowVenue {
  private let narrowBlocks: Int
  private let wideBlocks: Int
  private var narrow: [Int32]
  private var wide: [Int32]
  private var narrowAmounts: [Int64]
  private var wideAmounts: [Int64]
  private var chargeCells: [Int32]
  private var contracts: [plimsoll_row_contract] = []
  private var assetUnderlyings: [Int32] = [-1, 0]
  /// The first nets nothing, the second not with the factor.
  private let netting: [plimsoll_row_netting] = [
    plimsoll_row_netting(factor_share: 500_000_000, offset_cap: 1_000_000_000),
    plimsoll_row_netting(factor_share: 411_234_567, offset_cap: 500_000_000),
    plimsoll_row_netting(factor_share: 0, offset_cap: 300_000_000),
    plimsoll_row_netting(factor_share: 300_000_000, offset_cap: 0),
  ]
  private var sources: [Int32] = []
  private let lastScenarios = 3
  private var starts: [UInt32] = []
  private var counts: [UInt16] = []
  private var entries: [UInt32] = []
  private var sizes: [Int32] = []
  private var held: [Int64] = []
  private var seed: UInt64 = 88_172_645_463_325_252

  private static let contracts = 40
  private var narrowStride: Int { (narrowBlocks + 1) / 2 * 16 }
  private var wideStride: Int { (wideBlocks + 1) / 2 * 16 }

  init(narrowBlocks: Int, wideBlocks: Int) {
    self.narrowBlocks = narrowBlocks
    self.wideBlocks = wideBlocks
    narrow = []
    wide = []
    narrowAmounts = []
    wideAmounts = []
    chargeCells = []
    for block in 0..<wideBlocks {
      sources.append(block + 1 < wideBlocks ? Int32(block % narrowBlocks) : Int32(narrowBlocks))
    }
    for _ in 0..<Self.contracts * narrowStride { narrow.append(Int32(next(1 << 30))) }
    for _ in 0..<Self.contracts * wideStride { wide.append(Int32(next(1 << 30))) }
    for _ in 0..<2 * narrowBlocks * 8 { narrowAmounts.append(next(1 << 39)) }
    for _ in 0..<2 * wideBlocks * 8 { wideAmounts.append(next(1 << 39)) }
    for _ in 0..<Self.contracts * 16 { chargeCells.append(Int32(next(1 << 30))) }
    for contract in 0..<Self.contracts {
      contracts.append(
        plimsoll_row_contract(
          quantity: contract < 10 ? 0 : 1_000_000 + Int64(contract), delta: next(1 << 34),
          basis: next(1 << 52).magnitude.asInt64,
          underlying: contract < 5 || contract >= 10 ? 0 : Int32(contract - 5) % 4))
    }
    for account in 0..<60 { addAccount(account) }
  }

  /// A number between −`limit` and `limit`.
  private mutating func next(_ limit: Int64) -> Int64 {
    seed ^= seed << 13
    seed ^= seed >> 7
    seed ^= seed << 17
    return Int64(seed % UInt64(2 * limit)) - limit
  }

  /// A run on each underlying: amounts, linear contracts, options by expiry and strike.
  private mutating func addAccount(_ account: Int) {
    starts.append(UInt32(entries.count))
    held += [next(1_000_000), next(1 << 40)]
    let start = entries.count
    let isWide = account % 3 > 0
    if account % 4 == 0 { add(PLIMSOLL_ENTRY_AMOUNT | 1) }
    for contract in 0..<5 where next(2) >= 0 {
      add(UInt32(contract) | (contract % 2 == 0 ? PLIMSOLL_ENTRY_ENDS_DATE : 0))
    }
    if isWide {
      for contract in 10..<40 where next(3) >= 0 || contract == 39 {
        let isLast = contract == 39
        var flags: UInt32 = contract % 10 == 9 || isLast ? PLIMSOLL_ENTRY_ENDS_EXPIRY : 0
        flags |= contract % 2 == 1 ? PLIMSOLL_ENTRY_ENDS_STRIKE : 0
        flags |= flags & PLIMSOLL_ENTRY_ENDS_EXPIRY != 0 ? PLIMSOLL_ENTRY_ENDS_DATE : 0
        add(UInt32(contract) | flags)
      }
      for place in start..<entries.count { entries[place] |= PLIMSOLL_ENTRY_WIDE }
    }
    if entries.count > start {
      entries[entries.count - 1] |= PLIMSOLL_ENTRY_ENDS_RUN | PLIMSOLL_ENTRY_ENDS_DATE
    }
    if account % 2 == 0 { add(7 | PLIMSOLL_ENTRY_ENDS_RUN | PLIMSOLL_ENTRY_ENDS_DATE) }
    // So many runs that the lower halves must carry.
    let more = account % 5 == 0 ? 40 : account % 7
    for run in 0..<more {
      add(UInt32(5 + run % 5) | PLIMSOLL_ENTRY_ENDS_RUN | PLIMSOLL_ENTRY_ENDS_DATE)
    }
    counts.append(UInt16(entries.count - start))
    add(0)
  }

  private mutating func add(_ entry: UInt32) {
    entries.append(entry)
    sizes.append(entry & PLIMSOLL_ENTRY_AMOUNT != 0 ? 0 : Int32(next(1 << 20)))
  }

  // MARK: Plain loops

  private func place(_ lane: Int, _ blocks: Int) -> Int {
    let block = lane / 8
    return block / 2 * 2 + 1 < blocks ? block / 2 * 16 + lane % 8 * 2 + block % 2 : lane
  }

  /// Account and entries of every run.
  private var stretches: [(account: Int, entries: ClosedRange<Int>)] {
    var stretches: [(Int, ClosedRange<Int>)] = []
    for account in starts.indices {
      var entry = Int(starts[account])
      let end = entry + Int(counts[account])
      while entry < end {
        var last = entry
        while entries[last] & PLIMSOLL_ENTRY_ENDS_RUN == 0 { last += 1 }
        stretches.append((account, entry...last))
        entry = last + 1
      }
    }
    return stretches
  }

  func plainRuns(withBasis: Bool = false) -> [Run] {
    stretches.map { account, entries in
      var run = plainRun(entries, account).run
      if withBasis { run.basis = plainBasis(entries) }
      return run
    }
  }

  /// Sums of each run's scenarios in the room of a wide row.
  func plainSums() -> [[Int64]] {
    stretches.map { account, entries in
      let sums = plainRun(entries, account).sums
      return sums + Array(repeating: 0, count: wideBlocks * 8 - sums.count)
    }
  }

  private func plainBasis(_ range: ClosedRange<Int>) -> UInt128 {
    var basis: UInt128 = 0
    var delta: Int128 = 0
    for entry in range where entries[entry] & PLIMSOLL_ENTRY_AMOUNT == 0 {
      let contract = contracts[Int(entries[entry] & PLIMSOLL_ENTRY_ROW)]
      delta += Int128(sizes[entry]) * Int128(contract.delta)
      guard entries[entry] & PLIMSOLL_ENTRY_ENDS_DATE != 0 else { continue }
      basis += delta.magnitude * UInt128(contract.basis)
      delta = 0
    }
    return basis
  }

  /// By account, then wide lane: narrow runs spread as the sources say.
  private func plainTotals(_ weight: (Int) -> Int128) -> [[Int128]] {
    var totals = starts.map { _ in [Int128](repeating: 0, count: wideBlocks * 8) }
    for (account, entries) in stretches {
      let (run, sums) = plainRun(entries, account)
      for lane in 0..<wideBlocks * 8 {
        let source = run.hasOptions ? lane : Int(sources[lane / 8]) * 8 + lane % 8
        guard source < sums.count else { continue }
        totals[account][lane] += weight(Int(run.underlying)) * Int128(sums[source])
      }
    }
    return totals
  }

  func plainJointSums() -> [[Int64]] { plainTotals { _ in 1 }.map { $0.map { Int64($0) } } }

  func plainJoints(_ runs: [Run]) -> [Joint] {
    let full = plainTotals { _ in 1 }
    let factor = plainTotals { Int128(netting[$0].factor_share) }
    var offsets = starts.map { _ in 0 }
    for ((account, _), run) in zip(stretches, runs)
    where run.loss > 0 && netting[Int(run.underlying)].offset_cap > 0 { offsets[account] += 1 }
    return starts.indices.map { account in
      Joint(
        loss: Int64(-min(full[account].min() ?? 0, 0)), factor: min(factor[account].min() ?? 0, 0),
        isNetted: offsets[account] > 1)
    }
  }

  private func plainRun(
    _ range: ClosedRange<Int>, _ account: Int
  ) -> (run: Run, sums: [Int64]) {
    let isWide = entries[range.lowerBound] & PLIMSOLL_ENTRY_WIDE != 0
    let blocks = isWide ? wideBlocks : narrowBlocks
    var sums = [Int64](repeating: 0, count: blocks * 8)
    var skewLosses = [Int64](repeating: 0, count: 8)
    var run = Run()
    run.hasOptions = isWide
    var strike: Int64 = 0
    let firstSkew = isWide ? (blocks - 1) * 8 + lastScenarios : sums.count
    for entry in range {
      let row = Int(entries[entry] & PLIMSOLL_ENTRY_ROW)
      if entries[entry] & PLIMSOLL_ENTRY_AMOUNT != 0 {
        run.underlying = assetUnderlyings[row]
        let cells = isWide ? wideAmounts : narrowAmounts
        for lane in sums.indices {
          let product = Int128(held[account * 2 + row]) * Int128(cells[row * blocks * 8 + lane])
          sums[lane] += Int64((product + (1 << 31)) >> 32)
        }
        continue
      }
      let size = Int64(sizes[entry])
      run.underlying = contracts[row].underlying
      let cells = isWide ? wide[(row * wideStride)...] : narrow[(row * narrowStride)...]
      for lane in sums.indices {
        sums[lane] += size * Int64(cells[cells.startIndex + place(lane, blocks)])
      }
      for charge in 0..<4 {
        run.charges[charge] +=
          size * Int64(chargeCells[(2 * row + (size < 0 ? 1 : 0)) * 8 + charge])
      }
      guard isWide else { continue }
      strike += size * contracts[row].quantity
      if entries[entry] & PLIMSOLL_ENTRY_ENDS_STRIKE != 0 {
        run.uncovered += max(-strike, 0)
        strike = 0
      }
      if entries[entry] & PLIMSOLL_ENTRY_ENDS_EXPIRY != 0 {
        for lane in firstSkew..<sums.count {
          skewLosses[lane - firstSkew] += abs(sums[lane])
          sums[lane] = 0
        }
      }
    }
    run.loss = max(0, -(sums[..<firstSkew].min() ?? 0), skewLosses.max() ?? 0)
    for lane in firstSkew..<sums.count { sums[lane] = 0 }
    return (run, sums)
  }

  func plainLosses(_ runs: [Run]) -> [Int64] {
    var run = 0
    return starts.indices.map { account in
      var loss: Int64 = 0
      for entry in Int(starts[account])..<Int(starts[account]) + Int(counts[account])
      where entries[entry] & PLIMSOLL_ENTRY_ENDS_RUN != 0 {
        loss += runs[run].loss
        run += 1
      }
      return loss
    }
  }

  func plainChecksum() -> Int64 {
    var checksum: UInt64 = 0
    for account in starts.indices {
      for entry in Int(starts[account])..<Int(starts[account]) + Int(counts[account])
      where entries[entry] & PLIMSOLL_ENTRY_AMOUNT == 0 {
        let row = Int(entries[entry] & PLIMSOLL_ENTRY_ROW)
        let isWide = entries[entry] & PLIMSOLL_ENTRY_WIDE != 0
        let stride = isWide ? wideStride : narrowStride
        for cell in 0..<stride {
          let value = isWide ? wide[row * stride + cell] : narrow[row * stride + cell]
          checksum ^= UInt64(UInt32(bitPattern: value)) << (cell % 2 == 0 ? 0 : 32)
        }
      }
    }
    return Int64(bitPattern: checksum)
  }

  // MARK: The kernel

  private mutating func withTable(_ body: (UnsafePointer<plimsoll_row_table>) -> Void) {
    narrow.withUnsafeBufferPointer { narrow in
      wide.withUnsafeBufferPointer { wide in
        narrowAmounts.withUnsafeBufferPointer { narrowAmounts in
          wideAmounts.withUnsafeBufferPointer { wideAmounts in
            var table = plimsoll_row_table()
            table.narrow_cells = narrow.baseAddress
            table.wide_cells = wide.baseAddress
            table.narrow_amount_cells = narrowAmounts.baseAddress
            table.wide_amount_cells = wideAmounts.baseAddress
            table.narrow_blocks = narrowBlocks
            table.wide_blocks = wideBlocks
            table.narrow_stride = narrowStride
            table.wide_stride = wideStride
            table.asset_count = 2
            table.last_scenarios = lastScenarios
            withContracts(&table, body)
          }
        }
      }
    }
  }

  private func withContracts(
    _ table: inout plimsoll_row_table, _ body: (UnsafePointer<plimsoll_row_table>) -> Void
  ) {
    chargeCells.withUnsafeBufferPointer { charges in
      contracts.withUnsafeBufferPointer { contracts in
        assetUnderlyings.withUnsafeBufferPointer { assets in
          netting.withUnsafeBufferPointer { netting in
            sources.withUnsafeBufferPointer { sources in
              table.charge_cells = charges.baseAddress
              table.contracts = contracts.baseAddress
              table.asset_underlyings = assets.baseAddress
              table.netting = netting.baseAddress
              table.wide_sources = sources.baseAddress
              withUnsafePointer(to: &table) { body($0) }
            }
          }
        }
      }
    }
  }

  private static func run(_ record: plimsoll_run) -> Run {
    Run(
      loss: record.loss,
      charges: [record.charges.0, record.charges.1, record.charges.2, record.charges.3],
      uncovered: record.uncovered,
      basis: UInt128(record.basis_high) << 64 + UInt128(record.basis_low),
      underlying: record.underlying, hasOptions: record.has_options != 0)
  }

  private func rows(_ numbers: [Int64], count: Int) -> [[Int64]] {
    let width = wideBlocks * 8
    return (0..<count).map { Array(numbers[$0 * width..<($0 + 1) * width]) }
  }

  mutating func runs(withLanes: Bool) -> (runs: [Run], sums: [[Int64]]) {
    var records = [plimsoll_run](repeating: plimsoll_run(), count: entries.count)
    var ends = [UInt32](repeating: 0, count: starts.count)
    var lanes = [Int64](repeating: 0, count: entries.count * wideBlocks * 8 + 64)
    let copy = self
    withTable { table in
      lanes.withUnsafeMutableBufferPointer { lanes in
        plimsoll_scenario_sweep_rows(
          table, copy.starts, copy.counts, copy.starts.count, copy.entries, copy.sizes, copy.held,
          &records, &ends, withLanes ? lanes.baseAddress : nil)
      }
    }
    let count = Int(ends.last ?? 0)
    return (records.prefix(count).map(Self.run), rows(lanes, count: count))
  }

  mutating func joints(withSums: Bool) -> (runs: [Run], joints: [Joint], sums: [[Int64]]) {
    var records = [plimsoll_run](repeating: plimsoll_run(), count: entries.count)
    var ends = [UInt32](repeating: 0, count: starts.count)
    var joints = [plimsoll_joint](repeating: plimsoll_joint(), count: starts.count)
    var sums = [Int64](repeating: 0, count: starts.count * wideBlocks * 8)
    let copy = self
    withTable { table in
      sums.withUnsafeMutableBufferPointer { sums in
        plimsoll_scenario_sweep_joint_rows(
          table, copy.starts, copy.counts, copy.starts.count, copy.entries, copy.sizes, copy.held,
          &records, &ends, &joints, withSums ? sums.baseAddress : nil)
      }
    }
    let found = joints.map { joint in
      Joint(
        loss: joint.loss,
        factor: Int128(joint.factor_high) << Int128(PLIMSOLL_FACTOR_LOW_BITS)
          + Int128(joint.factor_low))
    }
    return (
      records.prefix(Int(ends.last ?? 0)).map(Self.run), found, rows(sums, count: starts.count)
    )
  }

  mutating func losses() -> [Int64] {
    var losses = [Int64](repeating: 0, count: starts.count)
    let copy = self
    withTable { table in
      plimsoll_scenario_sweep_losses(
        table, copy.starts, copy.counts, copy.starts.count, copy.entries, copy.sizes, copy.held,
        &losses)
    }
    return losses
  }

  mutating func checksum() -> Int64 {
    var checksum: Int64 = 0
    let copy = self
    withTable { table in
      plimsoll_scenario_read_rows(
        table, copy.starts, copy.counts, copy.starts.count, copy.entries, &checksum)
    }
    return checksum
  }
}

extension UInt64 {
  fileprivate var asInt64: Int64 { Int64(truncatingIfNeeded: self) }
}
