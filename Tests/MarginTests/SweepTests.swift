// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Kernels
import Margin
import MarketData
import NumericalMethods
import Quantities
import Testing

/// Runs a body with each kernel variant this processor has; the name goes with every failure.
func withEachVariant(_ body: (String) throws -> Void) rethrows {
  for variant in 0..<plimsoll_kernel_variant_count()
  where plimsoll_kernel_variant_available(variant) {
    _ = plimsoll_force_kernel_variant(variant)
    defer { _ = plimsoll_force_kernel_variant(PLIMSOLL_KERNEL_VARIANT_AUTOMATIC) }
    try body(String(cString: plimsoll_kernel_variant_name(variant)))
  }
}

@Suite("The scenario sweep")
struct SweepTests {
  private static let laneCounts = [8, 16, 24, 32, 40, 48, 64, 88]

  @Test("sums cells times sizes exactly, in every variant and order", arguments: laneCounts)
  func sums(lanes: Int) {
    var random = SplitMix64(seed: UInt64(lanes))
    let rowCount = 37
    let cells = (0..<rowCount * lanes).map { _ in Self.extremeOrAny(&random) }
    for positionCount in [0, 1, 2, 3, 7] {
      let rows = (0..<positionCount).map { _ in UInt32.random(in: 0..<37, using: &random) }
      // One product of 2^62 fits beside the start; seven must be smaller.
      let sizes = (0..<positionCount).map { _ in
        positionCount == 1 ? Self.extremeOrAny(&random) : Self.extremeOrAny(&random) >> 4
      }
      let start = (0..<lanes).map { _ in Int64.random(in: -1_000...1_000, using: &random) }
      var expected = start
      for (row, size) in zip(rows, sizes) {
        for lane in 0..<lanes {
          expected[lane] += Int64(cells[Int(row) * lanes + lane]) * Int64(size)
        }
      }
      withEachVariant { variant in
        var sums = start
        plimsoll_scenario_accumulate(cells, lanes, rows, sizes, positionCount, &sums)
        #expect(sums == expected, "\(variant)")
        var backward = start
        plimsoll_scenario_accumulate(
          cells, lanes, rows.reversed(), sizes.reversed(), positionCount, &backward)
        #expect(backward == expected, "\(variant) reversed")
      }
    }
  }

  @Test("scales amounts by binary fractions, rounded to the nearest", arguments: laneCounts)
  func amounts(lanes: Int) {
    var random = SplitMix64(seed: UInt64(lanes))
    let cells = (0..<lanes).map { lane in
      lane % 3 == 0
        ? Int64.random(in: -9...9, using: &random) : Int64(bitPattern: random.next()) >> 3
    }
    let amounts: [Int64] = [
      0, 1, -1, 1 << 32, -(1 << 32), 4_294_967_295, -4_294_967_297, 9_876_543_210,
    ]
    for amount in amounts {
      let expected = cells.map {
        5 + Int64((Int128(amount) * Int128($0) + (1 << 31)) >> 32)
      }
      withEachVariant { variant in
        var sums = [Int64](repeating: 5, count: lanes)
        plimsoll_scenario_add_amount(cells, lanes, amount, &sums)
        #expect(sums == expected, "\(variant), amount \(amount)")
      }
    }
  }

  @Test("finds the smallest sum and the first lane that has it", arguments: laneCounts)
  func worst(lanes: Int) {
    var random = SplitMix64(seed: UInt64(lanes))
    for round in 0..<50 {
      let sums = (0..<lanes).map { _ in
        round % 2 == 0
          ? Int64.random(in: -3...3, using: &random) : Int64(bitPattern: random.next())
      }
      let smallest = sums.min()
      withEachVariant { variant in
        var worst: Int64 = 0
        var lane = 0
        plimsoll_scenario_worst(sums, lanes, &worst, &lane)
        #expect(worst == smallest, "\(variant)")
        #expect(lane == sums.firstIndex(of: worst), "\(variant)")
      }
    }
  }

  @Test(
    "gives the engine the same risk in every variant, and as the plain twin",
    arguments: [false, true])
  func engine(hasTerms: Bool) throws {
    let books = try hasTerms ? RandomBooks.withTerms() : RandomBooks()
    var random = SplitMix64(seed: 11)
    // In parts, so that all 100,000 of PLIMSOLL_FULL=1 need not be in memory.
    for _ in 0..<RandomBooks.count(300) / 100 {
      let portfolios = (0..<100).map { _ in books.portfolio(&random, .portfolio) }
      let expected = try portfolios.map { try books.engine.breakdown(of: $0) }
      try withEachVariant { variant in
        let engine = try books.world.engine()
        #expect(engine.marks == books.engine.marks, "\(variant)")
        for (portfolio, expected) in zip(portfolios, expected) {
          let risk = try engine.risk(of: portfolio)
          #expect(risk == expected.risk, "\(variant)")
          // The lines come from plain loops in 128 bits, apart from the kernel.
          #expect(risk.initialMargin == expected.lines.reduce(0) { $0 + $1.initial })
          #expect(risk.maintenanceMargin == expected.lines.reduce(0) { $0 + $1.maintenance })
        }
      }
    }
  }

  private static func extremeOrAny(_ random: inout SplitMix64) -> Int32 {
    let extremes: [Int32] = [.max, -.max, 0, 1, -1]
    return random.next() % 4 == 0
      ? extremes.randomElement(using: &random) ?? 0
      : Int32(truncatingIfNeeded: random.next())
  }
}
