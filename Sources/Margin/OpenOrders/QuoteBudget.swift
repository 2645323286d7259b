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
      var items: [Item] = []
      var weights: Int128 = 0
      for place in values.indices where values[place] > 0 {
        items.append(Item(value: values[place], weight: Int128(weight(fills[place]))))
        weights += Int128(weight(fills[place]))
      }
      guard weights > Int128(left) else { return }
      let filling = Self.filling(Int128(left), &items, isNarrow: largest <= Int128(Int64.max))
      most = min(most, Self.sum(filling, largest))
    }
    bind(quantity) { $0.quantity }
    bind(delta) { $0.delta }
    bind(vega) { $0.vega }
    return most
  }

  private struct Item {
    let value: Int128
    /// At most 2^61.
    let weight: Int128
  }

  private static func sum(_ one: Int128, _ other: Int128) -> Int128 {
    let (sum, overflows) = one.addingReportingOverflow(other)
    return overflows ? 1 << 120 : min(sum, 1 << 120)
  }

  /// The fractional knapsack: the densest first, of the last one the part that fits.
  ///
  /// - Parameter isNarrow: Whether values have 63 bits, so that products have 124.
  private static func filling(
    _ capacity: Int128, _ items: inout [Item], isNarrow: Bool
  ) -> Int128 {
    if isNarrow {
      items.sort { $0.value &* $1.weight > $1.value &* $0.weight }
    } else {
      items.sort {
        let left = $0.value.multipliedFullWidth(by: $1.weight)
        let right = $1.value.multipliedFullWidth(by: $0.weight)
        return (left.high, left.low) > (right.high, right.low)
      }
    }
    var room = capacity
    var filled: Int128 = 0
    for item in items {
      guard item.weight > room else {
        room -= item.weight
        filled = sum(filled, item.value)
        continue
      }
      let (product, overflows) = item.value.multipliedReportingOverflow(by: room)
      let part = overflows ? item.value : product.divided(by: item.weight, rounding: .up)
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
