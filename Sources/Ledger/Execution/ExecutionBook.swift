// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Quantities

/// What the venue knows of the outside through which liquidations are executed: the depth of its
/// books; empty unless something is reported.
public struct ExecutionBook: Hashable, Sendable {
  /// Sorted by instrument; only markets of which depth was reported.
  public internal(set) var depths: [MarketDepth] = []

  public init() {}

  public var isEmpty: Bool { depths.isEmpty }

  /// The depth of a market; `nil` where none was ever reported.
  public func depth(of instrument: InstrumentID) -> MarketDepth? {
    let place = Self.place(of: instrument, in: depths)
    return place < depths.count && depths[place].instrument == instrument ? depths[place] : nil
  }

  mutating func take(_ reports: [DepthReport], at instant: Timestamp, window: TimeSpan) {
    for report in reports {
      let place = Self.place(of: report.instrument, in: depths)
      if place < depths.count, depths[place].instrument == report.instrument {
        depths[place].take(report, at: instant, window: window)
      } else {
        depths.insert(MarketDepth(report, at: instant), at: place)
      }
    }
  }

  private static func place(of instrument: InstrumentID, in depths: [MarketDepth]) -> Int {
    var (low, high) = (0, depths.count)
    while low < high {
      let middle = (low + high) / 2
      if depths[middle].instrument < instrument { low = middle + 1 } else { high = middle }
    }
    return low
  }
}

extension LedgerState {
  mutating func applyExecution(_ event: LedgerEvent) {
    switch event {
    case .depthReported(let reports, let window):
      execution.take(reports, at: time, window: window)
    default: break
    }
  }
}
