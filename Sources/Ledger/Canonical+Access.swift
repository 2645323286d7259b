// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Instruments
import Quantities

extension QuoteFills: Canonical {
  public func encode(to writer: inout CanonicalWriter) {
    writer.append(quantity)
    writer.append(delta)
    writer.append(vega)
  }
  public init(from reader: inout CanonicalReader) throws(CanonicalError) {
    let quantity: Int64 = try reader.integer()
    let delta: Int64 = try reader.integer()
    self.init(quantity: quantity, delta: delta, vega: try reader.integer())
  }
}

extension QuoteLimits: Canonical {
  public func encode(to writer: inout CanonicalWriter) {
    for limit in [quantity, delta, vega] {
      writer.append(limit != nil)
      if let limit { writer.append(limit) }
    }
    writer.append(interval.nanoseconds)
    writer.append(frozenTime.nanoseconds)
  }
  public init(from reader: inout CanonicalReader) throws(CanonicalError) {
    var limits: [Int64?] = []
    for _ in 0..<3 { limits.append(try reader.bool() ? try reader.integer() : nil) }
    let interval = TimeSpan(nanoseconds: try reader.integer())
    self.init(
      quantity: limits[0], delta: limits[1], vega: limits[2], interval: interval,
      frozenTime: TimeSpan(nanoseconds: try reader.integer()))
  }
}

extension QuoteProtection: Canonical {
  public func encode(to writer: inout CanonicalWriter) {
    writer.append(underlying)
    writer.append(limits)
    writer.append(filled)
    writer.append(optional: intervalEnd)
    writer.append(optional: frozenUntil)
  }
  public init(from reader: inout CanonicalReader) throws(CanonicalError) {
    let underlying: AssetSymbol = try reader.value()
    let limits: QuoteLimits = try reader.value()
    let filled: QuoteFills = try reader.value()
    let intervalEnd: Timestamp? = try reader.optional()
    self.init(
      underlying: underlying, limits: limits, filled: filled, intervalEnd: intervalEnd,
      frozenUntil: try reader.optional())
  }
}

extension PositionMove: Canonical {
  public func encode(to writer: inout CanonicalWriter) {
    writer.append(from)
    writer.append(to)
    writer.append(instrument)
    writer.append(size)
    writer.append(cost)
  }
  public init(from reader: inout CanonicalReader) throws(CanonicalError) {
    let from: AccountID = try reader.value()
    let to: AccountID = try reader.value()
    let instrument: InstrumentID = try reader.value()
    let size: Size = try reader.value()
    self.init(
      from: from, to: to, instrument: instrument, size: size, cost: try reader.integer())
  }
}

// MARK: Commands

extension Command {
  /// Tags from 32 on.
  func encodeAccess(to writer: inout CanonicalWriter) {
    switch self {
    case .protectQuotes(let id, let symbol, let limits):
      writer.append(tag: 32, id)
      writer.append(symbol)
      writer.append(optional: limits)
    case .resetProtection(let id, let symbol):
      writer.append(tag: 33, id)
      writer.append(symbol)
    case .openSubaccount(let id, let parent, let mode):
      writer.append(tag: 34, id)
      writer.append(parent)
      writer.append(mode.rawValue)
    case .moveCollateral(let from, let to, let amount):
      writer.append(tag: 35, from)
      writer.append(to)
      writer.append(amount)
    case .movePosition(let from, let to, let instrument, let size):
      writer.append(tag: 36, from)
      writer.append(to)
      writer.append(instrument)
      writer.append(size)
    case .changeMarginMode(let id, let mode):
      writer.append(tag: 37, id)
      writer.append(mode.rawValue)
    default: break
    }
  }

  static func readAccess(
    _ tag: UInt8, _ reader: inout CanonicalReader
  ) throws(CanonicalError) -> Command {
    guard (32...37).contains(tag) else { throw reader.malformed("command") }
    let id: AccountID = try reader.value()
    switch tag {
    case 32:
      let symbol: AssetSymbol = try reader.value()
      return .protectQuotes(id, symbol, try reader.optional())
    case 33: return .resetProtection(id, try reader.value())
    case 34:
      let parent: AccountID = try reader.value()
      return .openSubaccount(id, under: parent, try reader.tag())
    case 35:
      let to: AccountID = try reader.value()
      return .moveCollateral(from: id, to: to, try reader.value())
    case 36:
      let to: AccountID = try reader.value()
      let instrument: InstrumentID = try reader.value()
      return .movePosition(from: id, to: to, instrument, try reader.value())
    default: return .changeMarginMode(id, try reader.tag())
    }
  }
}

// MARK: Events

extension LedgerEvent {
  /// Tags from 64 on.
  func encodeAccess(to writer: inout CanonicalWriter) {
    switch self {
    case .protectionSet(let id, let symbol, let limits):
      writer.append(tag: 64, id)
      writer.append(symbol)
      writer.append(optional: limits)
    case .quoteFilled(let id, let symbol, let fills):
      writer.append(tag: 65, id)
      writer.append(symbol)
      writer.append(fills)
    case .protectionTriggered(let id, let symbol, let end):
      writer.append(tag: 66, id)
      writer.append(symbol)
      writer.append(end)
    case .protectionRenewed(let id, let symbol):
      writer.append(tag: 67, id)
      writer.append(symbol)
    case .subaccountOpened(let id, let parent, let mode):
      writer.append(tag: 68, id)
      writer.append(parent)
      writer.append(mode.rawValue)
    case .positionMoved(let move): writer.append(tag: 69, move)
    case .marginModeChanged(let id, let mode):
      writer.append(tag: 70, id)
      writer.append(mode.rawValue)
    default: break
    }
  }

  static func readAccess(
    _ tag: UInt8, _ reader: inout CanonicalReader
  ) throws(CanonicalError) -> LedgerEvent {
    guard (64...70).contains(tag) else { throw reader.malformed("event") }
    if tag == 69 { return .positionMoved(try reader.value()) }
    let id: AccountID = try reader.value()
    switch tag {
    case 64:
      let symbol: AssetSymbol = try reader.value()
      return .protectionSet(id, symbol, try reader.optional())
    case 65:
      let symbol: AssetSymbol = try reader.value()
      return .quoteFilled(id, symbol, try reader.value())
    case 66:
      let symbol: AssetSymbol = try reader.value()
      return .protectionTriggered(id, symbol, frozenUntil: try reader.value())
    case 67: return .protectionRenewed(id, try reader.value())
    case 68:
      let parent: AccountID = try reader.value()
      return .subaccountOpened(id, under: parent, try reader.tag())
    default: return .marginModeChanged(id, try reader.tag())
    }
  }
}
