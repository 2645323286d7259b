// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Instruments
public import Quantities

/// A contract with which an imbalance can be hedged.
public struct HedgeInstrument: Hashable, Sendable {
  public let id: InstrumentID
  /// What a step that is bought adds to a delta, 10^−8 of base units; not zero.
  public let delta: Int64
  /// Of a step at the mark, millionths of the quote currency, positive.
  public let unitValue: Int64
  /// What trading is expected to cost, fee included, as a share of what is traded.
  public let expectedCost: Rate
  /// What of it is the fee.
  public let fee: Rate
  /// The most steps that can be traded now; of a position that is closed, all of it.
  public let room: Int64

  public init(
    id: InstrumentID, delta: Int64, unitValue: Int64, expectedCost: Rate, fee: Rate, room: Int64
  ) {
    self.id = id
    self.delta = delta
    self.unitValue = unitValue
    self.expectedCost = expectedCost
    self.fee = fee
    self.room = room
  }
}

/// What hedging may still cost, millionths of the quote currency.
public struct HedgeBudget: Hashable, Sendable {
  /// One order.
  public let order: Int64
  /// What is left of the window.
  public let window: Int64
  /// What the fund has for it.
  public let fund: Int64

  public init(order: Int64, window: Int64, fund: Int64) {
    self.order = order
    self.window = window
    self.fund = fund
  }

  /// The least of them.
  public var left: Int64 { max(min(order, window, fund), 0) }
}

/// An order that hedges, or gives a hedge back.
public struct HedgeTrade: Hashable, Sendable {
  public let instrument: HedgeInstrument
  public let side: Side
  /// Positive.
  public let size: Size
  /// The worst value of a step at which it may be filled, millionths of the quote currency.
  public let limitUnitValue: Int64

  /// What the fees of an order may exceed their rate by: a unit for each of the most fills.
  public static var feeRounding: Int64 { 64 }

  /// - Returns: `nil` where the expected cost is above the most, which it may be at.
  init?(_ instrument: HedgeInstrument, _ side: Side, steps: Int64, mostCost: Rate) {
    guard instrument.expectedCost <= mostCost, instrument.fee <= mostCost else { return nil }
    self.instrument = instrument
    self.side = side
    size = Size(steps: steps)
    let slippage = (mostCost - instrument.fee).share(of: instrument.unitValue, rounding: .down)
    limitUnitValue = max(instrument.unitValue + side.sign * slippage, 0)
  }

  private init(_ trade: HedgeTrade, steps: Int64) {
    instrument = trade.instrument
    side = trade.side
    limitUnitValue = trade.limitUnitValue
    size = Size(steps: steps)
  }

  /// The same with another size.
  public func resized(to steps: Int64) -> HedgeTrade { HedgeTrade(self, steps: steps) }

  /// What is traded at the mark, millionths of the quote currency.
  public var notional: Int128 { Int128(size.steps) * Int128(instrument.unitValue) }

  /// Rounded up.
  public var expectedCost: Int64 {
    let cost = notional * Int128(instrument.expectedCost.billionths)
    return Int64(clamping: cost.divided(by: 1_000_000_000, rounding: .up))
  }

  /// What filling all of it at the limit costs against the mark, fees with their roundings
  /// included.
  public var worstCost: Int64 {
    let cost = (Int128(size.steps) * worstPerStep).divided(by: 1_000_000_000, rounding: .up)
    return Int64(clamping: cost + Int128(size.steps > 0 ? Self.feeRounding : 0))
  }

  /// Billionths of a unit, not negative.
  private var worstPerStep: Int128 {
    let slippage = Int128((limitUnitValue - instrument.unitValue).magnitude)
    let dearer = Int128(max(limitUnitValue, instrument.unitValue))
    return slippage * 1_000_000_000 + dearer * Int128(instrument.fee.billionths)
  }

  /// The most steps whose worst cost a budget bears.
  func affordable(_ budget: HedgeBudget) -> Int64 {
    let free = Int128(budget.left - Self.feeRounding)
    guard free >= 0 else { return 0 }
    guard worstPerStep > 0 else { return .max }
    return Int64(clamping: free * 1_000_000_000 / worstPerStep)
  }
}
