// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Instruments
public import Quantities

/// What a protection still lets be filled: fills up to the limits left, and the one order that
/// crosses them.
///
/// Fills follow one another, and after the one that reaches a limit there are none. So all but
/// the last stay below what is left of each limit, and the last is one order at most. The most
/// that a sum over fills can come to is then, for each limit by itself, a fractional knapsack of
/// that capacity plus the largest single order; the least of these bounds holds, and never more
/// than all orders together. Each bound rises with its limit.
public struct QuoteBudget: Sendable {
  private let quantity: Int64?
  private let delta: Int64?
  private let vega: Int64?

  public init(_ protection: QuoteProtection) {
    func left(_ limit: Int64?, _ filled: Int64) -> Int64? { limit.map { max($0 - filled, 0) } }
    let (limits, filled) = (protection.limits, protection.filled)
    quantity = left(limits.quantity, filled.quantity)
    delta = left(limits.delta, filled.delta)
    vega = left(limits.vega, filled.vega)
  }

  /// The most that fills of quotes may come to.
  ///
  /// - Parameters:
  ///   - values: Of each quote filled whole, not negative; a part counts in proportion.
  ///   - fills: What each quote filled whole counts for.
  /// - Returns: Rounded up, at most Σ values and 2^120.
  public func most(of values: [Int128], _ fills: [QuoteFills]) -> Int128 {
    var total: Int128 = 0
    var largest: Int128 = 0
    for value in values {
      total = Self.sum(total, value)
      largest = max(largest, value)
    }
    var most = total
    guard largest > 0 else { return 0 }
    func bind(_ left: Int64?, _ weight: (QuoteFills) -> Int64) {
      guard let left else { return }
      let weights = fills.map { Int128(weight($0)) }
      guard weights.reduce(0, +) > Int128(left) else { return }
      most = min(most, Self.sum(Self.filling(Int128(left), values, weights), largest))
    }
    bind(quantity) { $0.quantity }
    bind(delta) { $0.delta }
    bind(vega) { $0.vega }
    return most
  }

  private static func sum(_ one: Int128, _ other: Int128) -> Int128 {
    let (sum, overflows) = one.addingReportingOverflow(other)
    return overflows ? 1 << 120 : min(sum, 1 << 120)
  }

  /// The fractional knapsack: the densest first, of the last one the part that fits.
  private static func filling(
    _ capacity: Int128, _ values: [Int128], _ weights: [Int128]
  ) -> Int128 {
    let order = values.indices.sorted { one, other in
      let left = values[one].multipliedFullWidth(by: weights[other])
      let right = values[other].multipliedFullWidth(by: weights[one])
      return (left.high, left.low, other) > (right.high, right.low, one)
    }
    var room = capacity
    var filled: Int128 = 0
    for place in order {
      guard weights[place] > room else {
        room -= weights[place]
        filled = sum(filled, values[place])
        continue
      }
      let (product, overflows) = values[place].multipliedReportingOverflow(by: room)
      let part = overflows ? values[place] : product.divided(by: weights[place], rounding: .up)
      return sum(filled, part)
    }
    return filled
  }
}

extension RequirementEngine {
  /// What a fill of so many steps counts for under a protection, at the engine's market.
  ///
  /// Quantities of coin-settled contracts that are stated in quote currency count at their mark.
  /// - Returns: Nothing for a contract without a price.
  public func quoteFills(of instrument: InstrumentID, size: Size) -> QuoteFills {
    guard let index = layout.index(of: instrument), charges[index].isPriced else { return .zero }
    return quoteFills(index, steps: size.steps)
  }

  func quoteFills(_ index: Int, steps: Int64) -> QuoteFills {
    func count(_ perStep: Int64) -> Int64 {
      Int64(min(abs(Int128(steps) * Int128(perStep)), Int128(QuoteFills.most)))
    }
    return QuoteFills(
      quantity: count(charges[index].baseQuantity), delta: count(deltaQuantity(index)),
      vega: count(vegaQuantity(index)))
  }
}
