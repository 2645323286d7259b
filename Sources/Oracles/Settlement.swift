// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import MarketData
public import Parameters
public import Quantities

extension SettlementWindow {
  /// The window before an expiry.
  ///
  /// - Precondition: `expiry` is a permitted instant.
  public static func before(_ expiry: Timestamp, parameters: MarkParameters) -> SettlementWindow {
    SettlementWindow(start: expiry - parameters.settlementWindow, end: expiry)
  }

  /// The window after one block: the price of the block before counts until now.
  ///
  /// A price counts for at most `settlementHold`, only inside the window, and not while the index
  /// is not fresh. A time before the last block's changes nothing.
  /// - Parameter index: The block's accepted index; `nil` when it is not fresh.
  public func observing(
    _ index: Price?, now: Timestamp, parameters: MarkParameters
  ) -> SettlementWindow {
    guard now >= time else { return self }
    let held = Int128(time.nanoseconds) + Int128(parameters.settlementHold.nanoseconds)
    let from = max(time.nanoseconds, start.nanoseconds)
    let upTo = min(now.nanoseconds, end.nanoseconds, Int64(clamping: held))
    var sum = sum
    var covered = covered.nanoseconds
    if let price, upTo > from {
      sum += Int128(price.steps) * Int128(upTo - from)
      covered += upTo - from
    }
    return SettlementWindow(
      start: start, end: end, sum: sum, covered: TimeSpan(nanoseconds: covered), time: now,
      price: index)
  }

  /// The time-weighted average, rounded half to even; `nil` while too little of the window has a
  /// price, so that settlement waits for an operator's price instead of guessing.
  public func settlementPrice(parameters: MarkParameters) -> Price? {
    let length = nanoseconds(from: start, to: end)
    let needed = length * Int128(parameters.settlementCoverage.billionths)
    let whole = Int128(Rate.one.billionths)
    guard covered > .zero, Int128(covered.nanoseconds) * whole >= needed else { return nil }
    let steps = sum.divided(by: Int128(covered.nanoseconds), rounding: .halfEven)
    return Price(steps: Int64(steps))
  }
}
