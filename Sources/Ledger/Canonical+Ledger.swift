// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Quantities

extension LedgerAccount: Canonical {
  public func encode(to writer: inout CanonicalWriter) {
    switch self {
    case .account(let id):
      writer.append(UInt8(0))
      writer.append(id)
    case .insuranceFund: writer.append(UInt8(1))
    case .fees: writer.append(UInt8(2))
    case .outside: writer.append(UInt8(3))
    case .pool(let id):
      writer.append(UInt8(80))
      writer.append(id)
    case .entryPot(let underlying):
      writer.append(UInt8(96))
      writer.append(underlying)
    case .rightsDeposits: writer.append(UInt8(52))
    case .universeFund(let universe): writer.append(tag: 120, universe)
    }
  }
  public init(from reader: inout CanonicalReader) throws(CanonicalError) {
    switch try reader.byte() {
    case 0: self = .account(try reader.value())
    case 1: self = .insuranceFund
    case 2: self = .fees
    case 3: self = .outside
    case 52: self = .rightsDeposits
    case 80: self = .pool(try reader.value())
    case 96: self = .entryPot(try reader.value())
    case 120: self = .universeFund(try reader.value())
    default: throw reader.malformed("ledger account")
    }
  }
}

extension Transfer: Canonical {
  public func encode(to writer: inout CanonicalWriter) {
    writer.append(from)
    writer.append(to)
    writer.append(amount)
    writer.append(reason.rawValue)
  }
  public init(from reader: inout CanonicalReader) throws(CanonicalError) {
    let from: LedgerAccount = try reader.value()
    let to: LedgerAccount = try reader.value()
    let amount: Amount = try reader.value()
    self.init(from: from, to: to, amount: amount, reason: try reader.tag())
  }
}

extension Trade: Canonical {
  public func encode(to writer: inout CanonicalWriter) {
    writer.append(instrument)
    writer.append(buyer)
    writer.append(seller)
    writer.append(size)
    writer.append(unitValue)
    writer.append(price)
    writer.append(cause.rawValue)
  }
  public init(from reader: inout CanonicalReader) throws(CanonicalError) {
    let instrument: InstrumentID = try reader.value()
    let buyer: AccountID = try reader.value()
    let seller: AccountID = try reader.value()
    let size: Size = try reader.value()
    let unitValue: Int64 = try reader.integer()
    let price: Price = try reader.value()
    self.init(
      instrument: instrument, buyer: buyer, seller: seller, size: size, unitValue: unitValue,
      price: price, cause: try reader.tag())
  }
}

extension LiquidationOrder: Canonical {
  public func encode(to writer: inout CanonicalWriter) {
    writer.append(id)
    writer.append(account)
    writer.append(instrument)
    writer.append(side.rawValue)
    writer.append(size)
    writer.append(limit)
    writer.append(stage.rawValue)
    writer.append(expiresAt)
    writer.append(fundShare)
  }
  public init(from reader: inout CanonicalReader) throws(CanonicalError) {
    let id: OrderID = try reader.value()
    let account: AccountID = try reader.value()
    let instrument: InstrumentID = try reader.value()
    let side: Side = try reader.tag()
    let size: Size = try reader.value()
    let limit: Price = try reader.value()
    let stage: LiquidationStage = try reader.tag()
    let expiresAt: Timestamp = try reader.value()
    self.init(
      id: id, account: account, instrument: instrument, side: side, size: size, limit: limit,
      stage: stage, expiresAt: expiresAt, fundShare: try reader.integer())
  }
}

extension LiquidationCause: Canonical {
  public func encode(to writer: inout CanonicalWriter) {
    writer.append(equity)
    writer.append(maintenanceMargin)
    writer.append(time)
  }
  public init(from reader: inout CanonicalReader) throws(CanonicalError) {
    let equity: Int64 = try reader.integer()
    let maintenanceMargin: Int64 = try reader.integer()
    self.init(
      equity: equity, maintenanceMargin: maintenanceMargin, time: try reader.value())
  }
}

extension LiquidationProgress: Canonical {
  public func encode(to writer: inout CanonicalWriter) {
    writer.append(cause)
    writer.append(stage.rawValue)
    // 1: an order follows; 2: an auction follows at the end; 4: the winners are still to be asked;
    // 8: a sale of collateral follows after all.
    writer.append(
      UInt8(order == nil ? 0 : 1) | UInt8(auction == nil ? 0 : 2) | UInt8(awaitsSharing ? 4 : 0)
        | UInt8(sale == nil ? 0 : 8))
    if let order { writer.append(order) }
    writer.append(emptyHanded)
    writer.append(optional: market)
    if let auction { writer.append(auction) }
    if let sale { writer.append(sale) }
  }
  public init(from reader: inout CanonicalReader) throws(CanonicalError) {
    self.init(cause: try reader.value())
    stage = try reader.tag()
    let parts = try reader.byte()
    guard parts < 16 else { throw reader.malformed("liquidation") }
    awaitsSharing = parts & 4 != 0
    if parts & 1 != 0 { order = try reader.value(LiquidationOrder.self) }
    emptyHanded = try reader.integer()
    market = try reader.optional()
    if parts & 2 != 0 { auction = try reader.value(AuctionProgress.self) }
    if parts & 8 != 0 { sale = try reader.value(CollateralSale.self) }
  }
}

extension ExecutionReport.Fill: Canonical {
  public func encode(to writer: inout CanonicalWriter) {
    writer.append(counterparty)
    writer.append(size)
    writer.append(price)
  }
  public init(from reader: inout CanonicalReader) throws(CanonicalError) {
    let counterparty: AccountID = try reader.value()
    let size: Size = try reader.value()
    self.init(counterparty: counterparty, size: size, price: try reader.value())
  }
}

extension ExecutionReport: Canonical {
  public func encode(to writer: inout CanonicalWriter) {
    writer.append(order)
    writer.append(list: fills)
  }
  public init(from reader: inout CanonicalReader) throws(CanonicalError) {
    let order: OrderID = try reader.value()
    self.init(order: order, fills: try reader.list())
  }
}

extension TradeReport: Canonical {
  public func encode(to writer: inout CanonicalWriter) {
    writer.append(instrument)
    writer.append(buyer)
    writer.append(seller)
    writer.append(size)
    writer.append(price)
    writer.append(order != nil)
    if let order { writer.append(order) }
    writer.append(origin.rawValue)
  }
  public init(from reader: inout CanonicalReader) throws(CanonicalError) {
    let instrument: InstrumentID = try reader.value()
    let buyer: AccountID = try reader.value()
    let seller: AccountID = try reader.value()
    let size: Size = try reader.value()
    let price: Price = try reader.value()
    var order: OrderID?
    if try reader.bool() { order = try reader.value() }
    self.init(
      instrument: instrument, buyer: buyer, seller: seller, size: size, price: price,
      order: order, origin: try reader.tag())
  }
}
