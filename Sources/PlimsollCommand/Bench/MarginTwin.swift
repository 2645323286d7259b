// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Margin
import Quantities

/// The scan as one would write it first, with the same table and the same answers.
///
/// Objects that know one another, arrays of 64-bit numbers, no thought of memory.
enum MarginTwin {
  final class Instrument {
    let underlying: String
    let expiry: Int64
    let profits: [Int64]
    let skews: [Int64]

    init(underlying: String, expiry: Int64, profits: [Int64], skews: [Int64]) {
      self.underlying = underlying
      self.expiry = expiry
      self.profits = profits
      self.skews = skews
    }
  }

  final class Position {
    let instrument: Instrument
    let steps: Int64

    init(_ instrument: Instrument, steps: Int64) {
      self.instrument = instrument
      self.steps = steps
    }
  }

  final class Account {
    /// Sorted by underlying, then expiry.
    let positions: [Position]

    init(_ positions: [Position]) { self.positions = positions }

    /// The worst scenario of each underlying, added up.
    func worstLoss() -> Int64 {
      var loss: Int64 = 0
      var start = 0
      while start < positions.count {
        var end = start + 1
        let underlying = positions[start].instrument.underlying
        while end < positions.count, positions[end].instrument.underlying == underlying {
          end += 1
        }
        loss += worstLoss(positions[start..<end])
        start = end
      }
      return loss
    }

    private func worstLoss(_ run: ArraySlice<Position>) -> Int64 {
      guard let first = run.first else { return 0 }
      var sums = [Int64](repeating: 0, count: first.instrument.profits.count)
      var skewLosses = [Int64](repeating: 0, count: first.instrument.skews.count)
      var skewSums = skewLosses
      var expiry = first.instrument.expiry
      for position in run {
        let instrument = position.instrument
        if instrument.expiry != expiry {
          for skew in skewSums.indices {
            skewLosses[skew] += abs(skewSums[skew])
            skewSums[skew] = 0
          }
          expiry = instrument.expiry
        }
        for scenario in sums.indices {
          sums[scenario] += position.steps * instrument.profits[scenario]
        }
        for skew in skewSums.indices {
          skewSums[skew] += position.steps * instrument.skews[skew]
        }
      }
      for skew in skewSums.indices { skewLosses[skew] += abs(skewSums[skew]) }
      return max(0, -(sums.min() ?? 0), skewLosses.max() ?? 0)
    }
  }

  /// Objects for the accounts at these places of the rows.
  static func accounts(
    _ engine: RequirementEngine, _ rows: AccountRows, orders: [Int]
  ) -> [Account] {
    let instruments = engine.layout.listing.contracts.enumerated().map { index, contract in
      let scenarios = engine.grids[0].scenarios.count
      return Instrument(
        underlying: contract.underlying.description,
        expiry: contract.kind.expiry?.nanoseconds ?? 0,
        profits: (0..<scenarios).map {
          Int64(engine.table.cell(contract: index, scenario: $0))
        },
        skews: (0..<engine.table.skewCount).map {
          Int64(engine.table.skewCell(contract: index, skew: $0))
        })
    }
    return orders.map { order in
      Account(
        rows.positions(at: order).map { Position(instruments[$0.contract], steps: $0.steps) })
    }
  }
}
