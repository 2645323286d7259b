// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Instruments
import Quantities

extension ContractKind: Canonical {
  public func encode(to writer: inout CanonicalWriter) {
    switch self {
    case .spot: writer.append(UInt8(0))
    case .perpetual: writer.append(UInt8(1))
    case .future(let expiry):
      writer.append(UInt8(2))
      writer.append(expiry)
    case .option(let right, let strike, let expiry):
      writer.append(UInt8(3))
      writer.append(right.rawValue)
      writer.append(strike)
      writer.append(expiry)
    }
  }
  public init(from reader: inout CanonicalReader) throws(CanonicalError) {
    switch try reader.byte() {
    case 0: self = .spot
    case 1: self = .perpetual
    case 2: self = .future(expiry: try reader.value())
    case 3:
      let right: OptionRight = try reader.tag()
      let strike: Price = try reader.value()
      self = .option(right, strike: strike, expiry: try reader.value())
    default: throw reader.malformed("contract kind")
    }
  }
}

extension Contract: Canonical {
  public func encode(to writer: inout CanonicalWriter) {
    writer.append(id)
    writer.append(name)
    writer.append(underlying)
    writer.append(kind)
    writer.append(settlement.rawValue)
    writer.append(settlementAsset)
    writer.append(stepQuantity)
    writer.append(tick)
    writer.append(highestPrice)
  }
  public init(from reader: inout CanonicalReader) throws(CanonicalError) {
    let id: InstrumentID = try reader.value()
    let name = try reader.text()
    let underlying: AssetSymbol = try reader.value()
    let kind: ContractKind = try reader.value()
    let settlement: Settlement = try reader.tag()
    let asset: Asset = try reader.value()
    let stepQuantity: Int64 = try reader.integer()
    let tick: Price = try reader.value()
    let highestPrice: Price = try reader.value()
    do {
      self = try Contract(
        id: id, name: name, underlying: underlying, kind: kind, settlement: settlement,
        settlementAsset: asset, stepQuantity: stepQuantity, tick: tick,
        highestPrice: highestPrice)
    } catch { throw reader.malformed("contract") }
  }
}

extension CollateralAsset: Canonical {
  public func encode(to writer: inout CanonicalWriter) {
    writer.append(asset)
    writer.append(underlying != nil)
    if let underlying { writer.append(underlying) }
  }
  public init(from reader: inout CanonicalReader) throws(CanonicalError) {
    let asset: Asset = try reader.value()
    var underlying: AssetSymbol?
    if try reader.bool() { underlying = try reader.value() }
    self.init(asset: asset, underlying: underlying)
  }
}

extension RestingOrder: Canonical {
  public func encode(to writer: inout CanonicalWriter) {
    writer.append(id)
    writer.append(instrument)
    writer.append(side.rawValue)
    writer.append(remaining)
    writer.append(limit)
    // 1: reduce-only; 2: a quote.
    writer.append(UInt8(isReduceOnly ? 1 : 0) | UInt8(isQuote ? 2 : 0))
  }
  public init(from reader: inout CanonicalReader) throws(CanonicalError) {
    let id: OrderID = try reader.value()
    let instrument: InstrumentID = try reader.value()
    let side: Side = try reader.tag()
    let remaining: Size = try reader.value()
    let limit: Price = try reader.value()
    let kind = try reader.byte()
    guard kind < 4 else { throw reader.malformed("order") }
    self.init(
      id: id, instrument: instrument, side: side, remaining: remaining, limit: limit,
      isReduceOnly: kind & 1 != 0, isQuote: kind & 2 != 0)
  }
}

extension Position: Canonical {
  public func encode(to writer: inout CanonicalWriter) {
    writer.append(instrument)
    writer.append(size)
    writer.append(cost)
  }
  public init(from reader: inout CanonicalReader) throws(CanonicalError) {
    let instrument: InstrumentID = try reader.value()
    let size: Size = try reader.value()
    self.init(instrument: instrument, size: size, cost: try reader.integer())
  }
}

extension Portfolio: Canonical {
  public func encode(to writer: inout CanonicalWriter) {
    writer.append(mode.rawValue | (protections.isEmpty ? 0 : Self.protectedMark))
    writer.append(UInt32(balances.count))
    for balance in balances { writer.append(balance) }
    writer.append(list: positions)
    writer.append(list: orders)
    if !protections.isEmpty { writer.append(list: protections) }
  }

  /// Set in the byte of the mode where protections follow.
  private static var protectedMark: UInt8 { 0x80 }

  public init(from reader: inout CanonicalReader) throws(CanonicalError) {
    let first = try reader.byte()
    guard let mode = MarginMode(rawValue: first & ~Self.protectedMark) else {
      throw reader.malformed("MarginMode")
    }
    let count = try reader.integer(UInt32.self)
    var balances: [Int64] = []
    for _ in 0..<count { balances.append(try reader.integer()) }
    let positions: [Position] = try reader.list()
    let orders: [RestingOrder] = try reader.list()
    var protections: [QuoteProtection] = []
    if first & Self.protectedMark != 0 {
      protections = try reader.list()
      guard !protections.isEmpty else { throw reader.malformed("protections") }
    }
    self.init(
      mode: mode, balances: balances, positions: positions, orders: orders,
      protections: protections)
  }
}

extension Listing: Canonical {
  public func encode(to writer: inout CanonicalWriter) {
    writer.append(list: collateral)
    writer.append(list: contracts)
  }
  public init(from reader: inout CanonicalReader) throws(CanonicalError) {
    let collateral: [CollateralAsset] = try reader.list()
    guard let quote = collateral.first, quote.underlying == nil else {
      throw reader.malformed("quote currency")
    }
    self.init(quote: quote.asset)
    for asset in collateral.dropFirst() { accept(asset) }
    for contract in try reader.list(of: Contract.self) { list(contract) }
  }
}
