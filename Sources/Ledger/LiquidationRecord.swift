// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Instruments
public import Quantities

/// A stage of the waterfall; in which order they follow each other is a parameter.
@frozen
public enum LiquidationStage: UInt8, Hashable, Sendable, CaseIterable {
  /// Its resting orders are cancelled.
  case cancelOrders
  /// Positions are reduced against the book, never beyond the bankruptcy price.
  case partial
  /// The insurance fund pays for closing beyond the bankruptcy price.
  case insuranceFund
  /// Opposite, profitable positions are closed at the bankruptcy price.
  case deleveraging
  /// Winners of the market share what is left.
  case socializedLoss
  /// Slices of the whole portfolio are offered at a falling price.
  case auction
  /// A pool of the venue's backers takes positions over; also the stage of orders that liquidate
  /// nobody: of a pool that reduces a position, and of the fund's hedge.
  case pool
}

/// An order the engine sends to the book for an account in liquidation.
@frozen
public struct LiquidationOrder: Hashable, Sendable {
  public let id: OrderID
  public let account: AccountID
  public let instrument: InstrumentID
  public let side: Side
  /// Positive.
  public let size: Size
  /// The worst price a fill may have.
  public let limit: Price
  public let stage: LiquidationStage
  /// From then on a fill is too late and refused.
  public let expiresAt: Timestamp
  /// What the insurance fund has set aside for it, ledger units of the settlement asset.
  public let fundShare: Int64

  @inlinable
  public init(
    id: OrderID, account: AccountID, instrument: InstrumentID, side: Side, size: Size,
    limit: Price, stage: LiquidationStage, expiresAt: Timestamp, fundShare: Int64 = 0
  ) {
    self.id = id
    self.account = account
    self.instrument = instrument
    self.side = side
    self.size = size
    self.limit = limit
    self.stage = stage
    self.expiresAt = expiresAt
    self.fundShare = fundShare
  }
}

/// Where an account stands when its liquidation begins: the evidence for the decision.
@frozen
public struct LiquidationCause: Hashable, Sendable {
  /// Millionths of the quote currency.
  public let equity: Int64
  public let maintenanceMargin: Int64
  public let time: Timestamp

  @inlinable
  public init(equity: Int64, maintenanceMargin: Int64, time: Timestamp) {
    self.equity = equity
    self.maintenanceMargin = maintenanceMargin
    self.time = time
  }
}

/// The state of an account's liquidation; absent while it is healthy.
@frozen
public struct LiquidationProgress: Hashable, Sendable {
  public let cause: LiquidationCause
  public var stage: LiquidationStage
  /// The order the account waits for, if any.
  public var order: LiquidationOrder?
  /// Orders in this stage that ended without any fill, one after another.
  public var emptyHanded: UInt16
  /// The market it last closed something in; the one whose winners bear what is left.
  public var market: InstrumentID?
  /// The auction of its portfolio, in that stage.
  public var auction: AuctionProgress?
  /// Whether the stage of socialized losses began with positions to close, so that its winners
  /// are still to be asked.
  public var awaitsSharing: Bool
  /// The collateral that is for sale, if any.
  public var sale: CollateralSale?

  @inlinable
  public init(cause: LiquidationCause) {
    self.cause = cause
    stage = .cancelOrders
    order = nil
    emptyHanded = 0
    market = nil
    auction = nil
    awaitsSharing = false
    sale = nil
  }
}

/// How a liquidation ended.
@frozen
public enum LiquidationOutcome: UInt8, Hashable, Sendable, CaseIterable {
  /// Equity is back above maintenance margin plus buffer.
  case restored
  /// No position is left and no debt.
  case closed
}

/// Why an order left the book.
@frozen
public enum OrderEnd: UInt8, Hashable, Sendable, CaseIterable {
  case filled
  case cancelled
  /// The account is being liquidated.
  case liquidation
  /// Its time has passed.
  case expired
  /// The book has no more to give within the limit.
  case unfilled
  /// A limit of the market maker's protection was reached, or what it limits is not reserved.
  case protection = 16
  /// The account was called to reduce, and the order would not have.
  case marginCall = 17
}
