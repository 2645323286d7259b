// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Quantities

extension ConversionDecision: Canonical {
  public func encode(to writer: inout CanonicalWriter) {
    writer.append(account)
    writer.append(asset)
    for number in [units, worth, freed, cost, rivalFreed, rivalCost] { writer.append(number) }
  }
  public init(from reader: inout CanonicalReader) throws(CanonicalError) {
    let account: AccountID = try reader.value()
    let asset: Asset = try reader.value()
    var numbers: [Int64] = []
    for _ in 0..<6 { numbers.append(try reader.integer()) }
    self.init(
      account: account, asset: asset, units: numbers[0], worth: numbers[1], freed: numbers[2],
      cost: numbers[3], rivalFreed: numbers[4], rivalCost: numbers[5])
  }
}

extension CollateralSale: Canonical {
  public func encode(to writer: inout CanonicalWriter) {
    writer.append(id)
    writer.append(account)
    writer.append(asset)
    writer.append(optional: market)
    writer.append(limit)
    writer.append(expiresAt)
    writer.append(left)
    writer.append(price)
    writer.append(elapsed.nanoseconds)
    writer.append(pricedAt)
  }
  public init(from reader: inout CanonicalReader) throws(CanonicalError) {
    let id: OrderID = try reader.value()
    let account: AccountID = try reader.value()
    let asset: Asset = try reader.value()
    let market: InstrumentID? = try reader.optional()
    let limit: Price = try reader.value()
    let expiresAt: Timestamp = try reader.value()
    let left: Int64 = try reader.integer()
    let price: Price = try reader.value()
    let elapsed = TimeSpan(nanoseconds: try reader.integer())
    self.init(
      id: id, account: account, asset: asset, market: market, units: left, limit: limit,
      price: price, startedAt: try reader.value(), expiresAt: expiresAt)
    self.elapsed = elapsed
  }
}

extension CollateralFill: Canonical {
  public func encode(to writer: inout CanonicalWriter) {
    writer.append(sale)
    writer.append(account)
    writer.append(buyer)
    writer.append(units)
    writer.append(paid)
  }
  public init(from reader: inout CanonicalReader) throws(CanonicalError) {
    let sale: OrderID = try reader.value()
    let account: AccountID = try reader.value()
    let buyer: AccountID = try reader.value()
    let units: Int64 = try reader.integer()
    self.init(
      sale: sale, account: account, buyer: buyer, units: units, paid: try reader.integer())
  }
}

extension CollateralBid: Canonical {
  public func encode(to writer: inout CanonicalWriter) {
    writer.append(bidder)
    writer.append(units)
    writer.append(limit)
    writer.append(receivedAt)
  }
  public init(from reader: inout CanonicalReader) throws(CanonicalError) {
    let bidder: AccountID = try reader.value()
    let units: Int64 = try reader.integer()
    let limit: Price = try reader.value()
    self.init(bidder: bidder, units: units, limit: limit, receivedAt: try reader.value())
  }
}

// MARK: Commands and events

extension Command {
  /// The tag of bids for collateral.
  static let conversionTag: UInt8 = 49

  func encodeConversion(to writer: inout CanonicalWriter) {
    guard case .bidForCollateral(let id, let sale, let bids) = self else { return }
    writer.append(tag: Self.conversionTag, id)
    writer.append(sale)
    writer.append(list: bids)
  }

  static func readConversion(
    _ reader: inout CanonicalReader
  ) throws(CanonicalError) -> Command {
    let id: AccountID = try reader.value()
    let sale: OrderID = try reader.value()
    return .bidForCollateral(id, sale, try reader.list())
  }
}

extension LedgerEvent {
  /// The tags of collateral that is sold.
  static let conversionTags: ClosedRange<UInt8> = 125...129

  func encodeConversion(to writer: inout CanonicalWriter) {
    switch self {
    case .conversionDecided(let decision): writer.append(tag: 125, decision)
    case .collateralOffered(let sale): writer.append(tag: 126, sale)
    case .collateralPriced(let id, let elapsed, let price):
      writer.append(tag: 127, id)
      writer.append(elapsed.nanoseconds)
      writer.append(price)
    case .collateralSold(let fill): writer.append(tag: 128, fill)
    case .collateralSaleClosed(let id, let sale, let end):
      writer.append(tag: 129, id)
      writer.append(sale)
      writer.append(end.rawValue)
    default: break
    }
  }

  static func readConversion(
    _ tag: UInt8, _ reader: inout CanonicalReader
  ) throws(CanonicalError) -> LedgerEvent {
    switch tag {
    case 125: return .conversionDecided(try reader.value())
    case 126: return .collateralOffered(try reader.value())
    case 127:
      let id: AccountID = try reader.value()
      let elapsed = TimeSpan(nanoseconds: try reader.integer())
      return .collateralPriced(id, elapsed: elapsed, price: try reader.value())
    case 128: return .collateralSold(try reader.value())
    default:
      let id: AccountID = try reader.value()
      let sale: OrderID = try reader.value()
      return .collateralSaleClosed(id, sale, try reader.tag())
    }
  }
}
