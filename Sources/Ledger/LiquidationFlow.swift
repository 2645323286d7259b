// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Quantities

/// What liquidation orders have been sent to each market, for the limits on it.
public struct LiquidationFlow: Hashable, Sendable {
  /// When the window began.
  public let since: Timestamp
  /// Sorted by instrument; only markets with an order in this window.
  public private(set) var markets: [MarketFlow]

  /// The orders to one market.
  @frozen
  public struct MarketFlow: Hashable, Sendable {
    public let instrument: InstrumentID
    /// Steps ordered in this block.
    public internal(set) var inBlock: Int64
    /// Steps ordered in this window, this block included.
    public internal(set) var inWindow: Int64
  }

  public init(since: Timestamp) {
    self.since = since
    markets = []
  }

  /// What was ordered of an instrument; zeros if nothing was.
  public func ordered(_ instrument: InstrumentID) -> (inBlock: Int64, inWindow: Int64) {
    guard let found = markets.first(where: { $0.instrument == instrument }) else { return (0, 0) }
    return (found.inBlock, found.inWindow)
  }

  /// An order counts when it is sent, whatever becomes of it.
  mutating func count(_ order: LiquidationOrder) {
    let place = markets.firstIndex { $0.instrument >= order.instrument } ?? markets.count
    if place == markets.count || markets[place].instrument != order.instrument {
      markets.insert(
        MarketFlow(instrument: order.instrument, inBlock: 0, inWindow: 0), at: place)
    }
    // A billion orders of the largest size would not overflow.
    markets[place].inBlock += order.size.steps
    markets[place].inWindow += order.size.steps
  }

  mutating func beginBlock() {
    for place in markets.indices { markets[place].inBlock = 0 }
  }
}

extension LiquidationFlow: Canonical {
  public func encode(to writer: inout CanonicalWriter) {
    writer.append(since)
    writer.append(list: markets)
  }
  public init(from reader: inout CanonicalReader) throws(CanonicalError) {
    self.init(since: try reader.value())
    markets = try reader.list()
    for (one, next) in zip(markets, markets.dropFirst()) where one.instrument >= next.instrument {
      throw reader.malformed("liquidation flow")
    }
  }
}

extension LiquidationFlow.MarketFlow: Canonical {
  public func encode(to writer: inout CanonicalWriter) {
    writer.append(instrument)
    writer.append(inBlock)
    writer.append(inWindow)
  }
  public init(from reader: inout CanonicalReader) throws(CanonicalError) {
    let instrument: InstrumentID = try reader.value()
    let inBlock: Int64 = try reader.integer()
    let inWindow: Int64 = try reader.integer()
    guard inBlock >= 0, inWindow >= inBlock else { throw reader.malformed("liquidation flow") }
    self.init(instrument: instrument, inBlock: inBlock, inWindow: inWindow)
  }
}
