// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Quantities

/// A part of a position that is closed, where equity is allotted by maintenance margin.
///
/// Source: dYdX v4, `x/clob/keeper/liquidations.go`. Money in millionths of the quote currency.
@frozen
public struct MarginAllotment: Hashable, Sendable {
  /// Value of the part at the mark, negative for a short, within ± 2^60.
  public let notional: Int64
  /// Maintenance margin of the part, 0 to 2^60.
  public let maintenance: Int64
  /// Equity of the whole account, within ± 2^60.
  public let equity: Int64
  /// Maintenance margin of the whole account, positive, at most 2^60.
  public let accountMaintenance: Int64

  /// - Returns: `nil` unless all are inside their ranges.
  @inlinable
  public init?(notional: Int64, maintenance: Int64, equity: Int64, accountMaintenance: Int64) {
    let range = -Amount.limit...Amount.limit
    guard range.contains(notional), range.contains(equity),
      (0...Amount.limit).contains(maintenance),
      (1...Amount.limit).contains(accountMaintenance)
    else { return nil }
    self.notional = notional
    self.maintenance = maintenance
    self.equity = equity
    self.accountMaintenance = accountMaintenance
  }

  /// What the account receives for the part at its bankruptcy price, below zero what it pays.
  ///
  ///     notional − equity × maintenance ÷ maintenance of the account
  ///
  /// The share of equity is rounded down, so that the account never ends below nothing.
  public var bankruptcyValue: Int64 {
    let share = (Int128(equity) * Int128(maintenance))
      .divided(by: Int128(accountMaintenance), rounding: .down)
    return Int64(clamping: Int128(notional) - share)
  }

  /// What the account receives for the part at the price at which the venue sells it.
  ///
  ///     notional − ABR × spread × maintenance,   ABR = clamp(adjustment × (1 − equity ÷ M), 0, 1)
  ///
  /// The nearer to bankruptcy, the further from the mark: a falling auction whose clock is the
  /// account's own equity. What is given up is rounded up, a billionth's part of it at most.
  /// - Parameters:
  ///   - adjustment: How soon the largest spread is reached; 1 at no equity. Not negative.
  ///   - spread: The largest spread, as a share of maintenance margin, not negative.
  public func fillableValue(adjustment: Rate, spread: Rate) -> Int64 {
    let given = givenUp(adjustment: adjustment, spread: spread)
    return Int64(clamping: Int128(notional) - Int128(given))
  }

  /// What is given up at that price against the mark, not negative.
  public func givenUp(adjustment: Rate, spread: Rate) -> Int64 {
    let one: Int128 = 1_000_000_000
    let missing = Int128(accountMaintenance) - Int128(equity)
    // Below 2^61 × 2^50.
    let reached = (missing * Int128(min(max(adjustment.billionths, 0), Rate.limit)))
      .divided(by: Int128(accountMaintenance), rounding: .up)
    let rating = min(max(reached, 0), one)
    // Below 2^60 × 2^50, then × 2^30 after the division.
    let widest = (Int128(maintenance) * Int128(min(max(spread.billionths, 0), Rate.limit)))
      .divided(by: one, rounding: .up)
    let given = (min(widest, Int128(Amount.limit)) * rating).divided(by: one, rounding: .up)
    return Int64(clamping: given)
  }

  /// What the insurance fund receives of a fill, below zero what it pays.
  ///
  /// What the fill is better than the bankruptcy price, at most a share of what was traded.
  /// - Parameters:
  ///   - value: What the fill brought the account, below zero what it cost it.
  ///   - cap: The largest part of the traded value that is taken; rounded down.
  public func fundShare(filledAt value: Int64, cap: Rate) -> Int64 {
    let gain = Int128(value) - Int128(bankruptcyValue)
    let most = (Int128(value.magnitude) * Int128(max(cap.billionths, 0)))
      .divided(by: 1_000_000_000, rounding: .down)
    return Int64(clamping: gain < 0 ? gain : min(gain, most))
  }
}
