// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Quantities

extension HedgeOrder: Canonical {
  public func encode(to writer: inout CanonicalWriter) {
    writer.append(order)
    writer.append(underlying)
    writer.append(imbalance)
    writer.append(unitValue)
    writer.append(expectedCost)
    writer.append(worstCost)
    writer.append(isReducing)
  }
  public init(from reader: inout CanonicalReader) throws(CanonicalError) {
    let order: LiquidationOrder = try reader.value()
    let underlying: AssetSymbol = try reader.value()
    let imbalance: Int64 = try reader.integer()
    let unitValue: Int64 = try reader.integer()
    let expectedCost: Int64 = try reader.integer()
    let worstCost: Int64 = try reader.integer()
    self.init(
      order: order, underlying: underlying, imbalance: imbalance, unitValue: unitValue,
      expectedCost: expectedCost, worstCost: worstCost, isReducing: try reader.bool())
  }
}

extension HedgeBook: Canonical {
  public func encode(to writer: inout CanonicalWriter) {
    writer.append(account)
    writer.append(optional: order)
    writer.append(drawn)
    writer.append(windowStart)
    writer.append(windowCost)
    writer.append(cost)
  }
  public init(from reader: inout CanonicalReader) throws(CanonicalError) {
    self.init(account: try reader.value())
    order = try reader.optional()
    drawn = try reader.integer()
    windowStart = try reader.value()
    windowCost = try reader.integer()
    cost = try reader.integer()
    guard drawn >= 0, windowCost >= 0, cost >= windowCost,
      order.map({ $0.order.account == account }) ?? true
    else { throw reader.malformed("hedge") }
  }
}

// MARK: Commands and events

extension Command {
  /// Tags from 98 on.
  func encodeHedge(to writer: inout CanonicalWriter) {
    switch self {
    case .openHedge(let id): writer.append(tag: 98, id)
    default: break
    }
  }
}

extension LedgerEvent {
  /// Tags from 103 on.
  func encodeHedge(to writer: inout CanonicalWriter) {
    switch self {
    case .hedgeOpened(let id): writer.append(tag: 103, id)
    case .hedgeOrdered(let order): writer.append(tag: 104, order)
    case .hedgeCharged(let units):
      writer.append(UInt8(105))
      writer.append(units)
    case .hedgeWindowBegun(let instant): writer.append(tag: 106, instant)
    default: break
    }
  }

  static func readHedge(
    _ tag: UInt8, _ reader: inout CanonicalReader
  ) throws(CanonicalError) -> LedgerEvent {
    switch tag {
    case 103: return .hedgeOpened(try reader.value())
    case 104: return .hedgeOrdered(try reader.value())
    case 105: return .hedgeCharged(units: try reader.integer())
    case 106: return .hedgeWindowBegun(at: try reader.value())
    default: throw reader.malformed("event")
    }
  }
}
