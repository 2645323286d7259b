// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Liquidation
import Quantities

/// How a request of `bankruptcy.price` allots the account's equity by maintenance margin.
struct StatedAllotment {
  private let allotment: MarginAllotment
  /// 10^−8 of base units, signed.
  private let size: Int64
  private let adjustment: Rate
  private let spread: Rate
  private let cap: Rate
  /// Signed value of a fill, if one is stated.
  private let fill: Int64?

  /// Reads the object `allotment`, where there is one.
  ///
  /// - Parameters:
  ///   - isLinear: Whether the position settles in the quote currency.
  ///   - size: 10^−8 of base units, signed.
  ///   - equity: Of the whole account, millionths of the quote currency.
  init?(
    _ request: inout RequestObject, isLinear: Bool, size: Int64, mark: Price, equity: Int64
  ) throws(EvaluationRefusal) {
    guard var stated = try request.optionalObject("allotment") else { return nil }
    guard isLinear else {
      throw request.refusal(.inconsistent, "allotment", "only where the position settles in quote")
    }
    let rates = Rate.zero...Rate(billionths: 100_000_000_000)
    let position = try stated.money("positionMaintenance", atLeast: 0)
    let account = try stated.money("accountMaintenance", atLeast: 1)
    adjustment = try stated.rate("adjustment", in: rates, default: .one)
    spread = try stated.rate("spread", in: rates, default: .zero)
    cap = try stated.rate("feeCap", in: .zero...Rate.one, default: .one)
    let fillPrice = stated.states("fill") ? try stated.price("fill") : nil
    _ = stated.optional("fill")
    try stated.end()
    let value = Self.value(of: size, at: mark)
    guard
      let allotment = MarginAllotment(
        notional: value, maintenance: position, equity: equity, accountMaintenance: account)
    else { throw request.refusal(.outOfBounds, "mark", "the position is worth too much") }
    self.allotment = allotment
    self.size = size
    fill = fillPrice.map { Self.value(of: size, at: $0) }
  }

  var answer: JSONValue {
    let bankrupt = allotment.bankruptcyValue
    let fillable = allotment.fillableValue(adjustment: adjustment, spread: spread)
    return .fields([
      ("bankruptcyValue", .money(bankrupt)), ("bankruptcyPrice", price(of: bankrupt)),
      ("fillableValue", .money(fillable)), ("fillablePrice", price(of: fillable)),
      ("fundShare", fill.map { .money(allotment.fundShare(filledAt: $0, cap: cap)) }),
    ])
  }

  /// Millionths, rounded down, saturating far beyond what an allotment may hold.
  private static func value(of size: Int64, at price: Price) -> Int64 {
    Int64(
      clamping: (Int128(size) * Int128(price.steps)).divided(by: 10_000_000_000, rounding: .down))
  }

  /// Value ÷ size, toward the account; may be below zero.
  private func price(of value: Int64) -> JSONValue {
    let rounding: RoundingDirection = size > 0 ? .up : .down
    return .decimal(
      (Int128(value) * 10_000_000_000).divided(by: Int128(size), rounding: rounding), 8)
  }
}
