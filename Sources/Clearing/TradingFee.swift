// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Parameters
import Quantities

/// Which side of a trade was there first.
@frozen
public enum LiquidityRole: Hashable, Sendable, CaseIterable {
  /// Its order rested in the book.
  case maker
  /// Its order met a resting one.
  case taker
}

/// What a trade is worth, in ledger units of the settlement asset.
@frozen
public struct TradeWorth: Hashable, Sendable {
  /// Size × price, positive; of an option its premium.
  public let value: Int64
  /// Of an option, the value of its underlying, positive; `nil` for everything else.
  public let underlying: Int64?

  @inlinable
  public init(value: Int64, underlying: Int64? = nil) {
    self.value = value
    self.underlying = underlying
  }
}

/// What one side of a trade pays the venue, in ledger units of the settlement asset; negative
/// for a maker's rebate.
///
/// Futures and perpetuals: rate × value. Options: rate × value of the underlying, at most a
/// stated part of the premium, the same for both sides. Rounded up: against who is charged and
/// against who is given. Source of the rule for options: Deribit, “Fees”.
public func tradingFee(
  _ trade: TradeWorth, _ role: LiquidityRole, _ parameters: FeeParameters
) -> Int64 {
  guard let underlying = trade.underlying else {
    let rate = role == .maker ? parameters.maker : parameters.taker
    return rate.share(of: trade.value, rounding: .up)
  }
  return min(
    parameters.option.share(of: underlying, rounding: .up),
    parameters.optionCap.share(of: trade.value, rounding: .up))
}
