// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Parameters
import Quantities

extension LossClaim: Canonical {
  public func encode(to writer: inout CanonicalWriter) {
    writer.append(account)
    writer.append(asset)
    writer.append(units)
  }
  public init(from reader: inout CanonicalReader) throws(CanonicalError) {
    let account: AccountID = try reader.value()
    let asset: Asset = try reader.value()
    self.init(account: account, asset: asset, units: try reader.integer())
  }
}

extension FundStanding: Canonical {
  public func encode(to writer: inout CanonicalWriter) {
    writer.append(asset)
    writer.append(windowStart)
    writer.append(opening)
    writer.append(drawn)
    writer.append(peak)
    writer.append(drawdown)
  }
  public init(from reader: inout CanonicalReader) throws(CanonicalError) {
    self.init(asset: try reader.value())
    windowStart = try reader.value()
    opening = try reader.integer()
    drawn = try reader.integer()
    peak = try reader.integer()
    drawdown = try reader.byte()
  }
}

extension FundReview: Canonical {
  public func encode(to writer: inout CanonicalWriter) {
    writer.append(target)
    writer.append(balance)
    writer.append(feeRise)
    writer.append(marginRise)
  }
  public init(from reader: inout CanonicalReader) throws(CanonicalError) {
    let target: Int64 = try reader.integer()
    let balance: Int64 = try reader.integer()
    let feeRise: Rate = try reader.value()
    self.init(
      target: target, balance: balance, feeRise: feeRise, marginRise: try reader.value())
  }
}

extension DeleveragingAllocation: Canonical {
  public func encode(to writer: inout CanonicalWriter) {
    writer.append(account)
    writer.append(instrument)
    writer.append(rule)
    writer.append(isWidened)
    writer.append(size)
    writer.append(unitValue)
    writer.append(level)
    writer.append(seed)
    writer.append(cuts)
    writer.append(root)
  }
  public init(from reader: inout CanonicalReader) throws(CanonicalError) {
    account = try reader.value()
    instrument = try reader.value()
    rule = try reader.byte()
    isWidened = try reader.bool()
    size = try reader.value()
    unitValue = try reader.integer()
    level = try reader.integer()
    seed = try reader.integer()
    cuts = try reader.integer()
    root = try reader.value()
  }
}

extension LossBook: Canonical {
  public func encode(to writer: inout CanonicalWriter) {
    writer.append(list: claims)
    writer.append(list: funds)
    // 1: a review follows; 2: the books of other universes follow.
    writer.append(UInt8(review == nil ? 0 : 1) | UInt8(universes.isEmpty ? 0 : 2))
    if let review { writer.append(review) }
    if !universes.isEmpty { writer.append(list: universes) }
  }
  public init(from reader: inout CanonicalReader) throws(CanonicalError) {
    try self.init(from: &reader, ofUniverse: false)
  }

  /// - Parameter ofUniverse: Whether the book is a universe's, which holds no others: refused
  ///   before any is read, so that no bytes can nest them.
  init(from reader: inout CanonicalReader, ofUniverse: Bool) throws(CanonicalError) {
    self.init()
    claims = try reader.list()
    funds = try reader.list()
    let parts = try reader.byte()
    guard parts & ~(ofUniverse ? 1 : 3) == 0 else { throw reader.malformed("losses") }
    if parts & 1 != 0 { review = try reader.value(FundReview.self) }
    if parts & 2 != 0 {
      universes = try reader.list()
      let isOrdered = zip(universes, universes.dropFirst()).allSatisfy {
        $0.universe < $1.universe
      }
      guard !universes.isEmpty, isOrdered else { throw reader.malformed("losses") }
    }
    for (one, next) in zip(claims, claims.dropFirst()) where !Self.precedes(one, next) {
      throw reader.malformed("claims")
    }
    for (one, next) in zip(funds, funds.dropFirst()) where one.asset >= next.asset {
      throw reader.malformed("funds")
    }
    guard !isEmpty, claims.allSatisfy({ $0.units > 0 }) else { throw reader.malformed("losses") }
  }
}

extension LedgerEvent {
  func encodeLosses(to writer: inout CanonicalWriter) {
    switch self {
    case .deleveragingAllocated(let allocation): writer.append(tag: 120, allocation)
    case .claimsGranted(let claims):
      writer.append(UInt8(121))
      writer.append(list: claims)
    case .fundWindowOpened(let asset, let opening):
      writer.append(tag: 122, asset)
      writer.append(opening)
    case .fundDrawdownChanged(let asset, let percent, let peak):
      writer.append(tag: 123, asset)
      writer.append(percent)
      writer.append(peak)
    case .fundReviewed(let review):
      writer.append(UInt8(124))
      writer.append(optional: review)
    case .inUniverse(let universe, let fact):
      writer.append(tag: 130, universe)
      fact.encodeLosses(to: &writer)
    default: break
    }
  }

  static func readLosses(
    _ tag: UInt8, _ reader: inout CanonicalReader
  ) throws(CanonicalError) -> LedgerEvent {
    switch tag {
    case 120: return .deleveragingAllocated(try reader.value())
    case 121: return .claimsGranted(try reader.list())
    case 122:
      let asset: Asset = try reader.value()
      return .fundWindowOpened(asset, opening: try reader.integer())
    case 123:
      let asset: Asset = try reader.value()
      let percent = try reader.byte()
      return .fundDrawdownChanged(asset, percent: percent, peak: try reader.integer())
    case 124: return .fundReviewed(try reader.optional())
    case 130:
      let universe: RiskUniverse = try reader.value()
      let fact = try reader.byte()
      guard (121...124).contains(fact) else { throw reader.malformed("event") }
      return .inUniverse(universe, try readLosses(fact, &reader))
    default: throw reader.malformed("event")
    }
  }
}
