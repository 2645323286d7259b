// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Instruments
import Quantities

/// A portfolio account with the worst subset of its open orders filled.
///
/// In one scenario the worst subset is every order that loses in it, so a scenario's worst profit
/// is what the positions make plus Σ min(0, what each order would make), exactly; the worst over
/// subsets and scenarios is the worst over scenarios of that. The other charges take their worst
/// side each: sells alone against a strike's minimum, the further end of each net delta and of
/// each contract's provision. So no subset of fills, whole or in part, needs more than
/// ``charge(_:)``; the scan needs no less with one underlying and no skew.
///
/// All of it is sums over orders: adding or taking away one costs a table row, and nothing is
/// forgotten by it.
///
/// Quotes under a protection are not summed but bounded (``QuoteBudget``): in each scenario, and
/// in each other charge, by the most that fills may come to before the protection is triggered.
/// So the limits of market makers only lower the reserve, and what one fill adds to the positions
/// it takes from the quotes.
public struct WorstFills: Sendable {
  private var positions: FillSums
  private var orders: FillSums
  /// Σ of what fills lose at their limits against the mark, millionths.
  private var losses: Int128 = 0
  /// Of an account with protections.
  private var quotes: ProtectedQuotes?

  /// The account with the orders it has.
  ///
  /// - Throws: ``MarginError`` for what is not listed or has no price, and a malformed order.
  public init(
    _ engine: borrowing RequirementEngine, _ portfolio: borrowing Portfolio
  ) throws(MarginError) {
    positions = FillSums(engine)
    orders = FillSums(engine)
    var held = portfolio.balances.map { Int128($0) }
    for position in portfolio.positions {
      guard let index = engine.layout.index(of: position.instrument) else {
        throw .unlisted(position.instrument)
      }
      held[Int(engine.charges[index].settlement)] -= Int128(position.cost)
      positions.add(index, steps: position.size.steps, engine)
    }
    positions.add(held: engine.scanned(held, copy portfolio), engine)
    quotes = ProtectedQuotes(engine, portfolio.protections)
    for order in portfolio.orders { try add(order, engine) }
  }

  /// Adds an order; one that may only reduce is charged nothing.
  public mutating func add(
    _ order: RestingOrder, _ engine: RequirementEngine
  ) throws(MarginError) {
    guard !order.isReduceOnly else { return }
    try change(order, by: 1, engine)
  }

  /// Takes away an order that was added at the same market.
  public mutating func remove(
    _ order: RestingOrder, _ engine: RequirementEngine
  ) throws(MarginError) {
    guard !order.isReduceOnly else { return }
    try change(order, by: -1, engine)
  }

  private mutating func change(
    _ resting: RestingOrder, by sign: Int128, _ engine: RequirementEngine
  ) throws(MarginError) {
    let order = try OpenOrder(resting, engine)
    orders.add(order, by: sign, engine)
    losses += sign * Int128(engine.lossCharge(order.index, order.loss))
    quotes?.change(resting, order, by: sign, engine)
  }

  /// What the orders add to initial margin, millionths of the quote currency.
  public func charge(_ engine: RequirementEngine) -> Int64 {
    guard engine.hasScenarios else { return QuoteMoney.limit }
    let bare = core(engine, isFilled: false)
    let filled = core(engine, isFilled: true)
    let lost = quotes.map { quotes in
      quotes.firmLosses + quotes.most { Int128($0.lossCharge) }
    }
    return QuoteMoney.sum(max(filled - bare, 0), QuoteMoney.clampedCharge(lost ?? losses))
  }
}

// MARK: The requirement of what is filled

extension WorstFills {
  /// The requirement without haircuts, which no fill at the mark changes.
  private func core(_ engine: RequirementEngine, isFilled: Bool) -> Int64 {
    var core = max(scan(engine, isFilled), minimum(engine, isFilled))
    if engine.hasDeltaTerms {
      let terms = deltaCharges(engine, isFilled)
      core = QuoteMoney.sum(max(core, terms.floor), terms.added)
    }
    return QuoteMoney.sum(core, provision(engine, isFilled))
  }

  private func scan(_ engine: RequirementEngine, _ isFilled: Bool) -> Int64 {
    var scans: [UnderlyingScan] = []
    let slots = engine.layout.underlyings.indices.filter {
      positions.isTouched[$0] || orders.isTouched[$0]
    }
    for slot in slots {
      let start = slot * engine.table.laneCount
      let profits = engine.grids[slot].scenarios.indices.map { lane in
        guard isFilled else { return positions.profits[start + lane] }
        let worst =
          quotes?.profit(slot, lane: lane, engine.table.laneCount) ?? orders.profits[start + lane]
        return positions.profits[start + lane] + worst
      }
      let skews = engine.grids[slot].skews
      scans.append(
        UnderlyingScan(
          engine.layout.underlyings[slot], profits,
          skews.indices.map { skewLoss(engine, slot, skew: $0, isFilled) }, skews))
    }
    return ExactScan.netted(scans, slots: slots, engine.netting)
  }

  /// Every expiry counts as a loss; the worst subset of its fills is all that move it up, or all
  /// that move it down.
  private func skewLoss(
    _ engine: RequirementEngine, _ slot: Int, skew: Int, _ isFilled: Bool
  ) -> Int128 {
    let loss = skewLoss(engine, slot, skew: skew, isFilled ? orders : nil)
    guard isFilled, let quotes else { return loss }
    return min(
      loss,
      skewLoss(engine, slot, skew: skew, quotes.firm)
        + quotes.most(slot) { $0.skew(skew, engine) })
  }

  private func skewLoss(
    _ engine: RequirementEngine, _ slot: Int, skew: Int, _ filled: FillSums?
  ) -> Int128 {
    var loss: Int128 = 0
    for expiry in engine.layout.expiries.indices
    where engine.layout.expiries[expiry].underlying == slot {
      let place = expiry * engine.table.skewCount + skew
      let sum = positions.skews[place].sum
      let range = filled?.skews[place] ?? FillRange()
      loss += max(abs(sum + range.up), abs(sum - range.down))
    }
    return loss
  }

  private func minimum(_ engine: RequirementEngine, _ isFilled: Bool) -> Int64 {
    var uncovered = uncovered(engine, isFilled ? orders : nil)
    if isFilled, let quotes {
      let firm = self.uncovered(engine, quotes.firm)
      for slot in uncovered.indices {
        uncovered[slot] = min(uncovered[slot], firm[slot] + quotes.most(slot) { $0.sold(engine) })
      }
    }
    return engine.minimumCharge(uncovered)
  }

  /// Uncovered short options by underlying slot, with all sales of a set of orders.
  private func uncovered(_ engine: RequirementEngine, _ filled: FillSums?) -> [Int128] {
    var uncovered = [Int128](repeating: 0, count: engine.layout.underlyings.count)
    for (slot, strike) in engine.layout.strikes.enumerated() {
      let quantity = positions.strikes[slot].sum - (filled?.strikes[slot].down ?? 0)
      if quantity < 0 {
        uncovered[engine.layout.expiries[strike.expiry].underlying] -= quantity
      }
    }
    return uncovered
  }

  private func provision(_ engine: RequirementEngine, _ isFilled: Bool) -> Int64 {
    var sum = provision(engine, isFilled ? orders : nil)
    if isFilled, let quotes {
      sum = min(
        sum,
        provision(engine, quotes.firm)
          + quotes.most { engine.provision($0.order.index, $0.order.steps) })
    }
    return engine.provisionCharge(sum)
  }

  private func provision(_ engine: RequirementEngine, _ filled: FillSums?) -> Int128 {
    var sum: Int128 = 0
    for held in positions.contracts where !(filled?.contains(held.index) ?? false) {
      sum += engine.provision(held.index, Int64(clamping: held.range.sum))
    }
    for order in filled?.contracts ?? [] {
      let steps = positions.steps(of: order.index)
      sum += max(
        engine.provision(order.index, Int64(clamping: steps + order.range.up)),
        engine.provision(order.index, Int64(clamping: steps - order.range.down)))
    }
    return sum
  }

  private func deltaCharges(_ engine: RequirementEngine, _ isFilled: Bool) -> DeltaCharges {
    var result = DeltaCharges()
    for slot in engine.layout.underlyings.indices {
      let net = positions.deltas[slot].sum
      let range =
        isFilled ? quotes?.deltas(slot, engine) ?? orders.deltas[slot] : FillRange()
      guard
        net != 0 || positions.spots[slot].sum != 0 || range.up != 0 || range.down != 0
          || engine.bases.isActive
      else { continue }
      var size: Int64 = 0
      var floor: Int64 = 0
      // Both rise with |delta|, so one end of the range is the worst.
      for end in [net + range.up, net - range.down] {
        let notional = engine.netNotional(slot, end)
        size = max(size, engine.sizes.charge(slot: slot, isShort: end < 0, notional: notional))
        floor = max(floor, engine.tierFloor(slot, end, notional))
      }
      result.added = QuoteMoney.sum(result.added, size)
      result.floor = QuoteMoney.sum(result.floor, floor)
      guard engine.bases.isActive else { continue }
      let basis = engine.basisCharge(
        slot, gross(engine, slot, isFilled), net: nearest(net, range))
      result.added = QuoteMoney.sum(result.added, basis)
    }
    return result
  }

  /// The net delta of smallest size that fills may lead to: what is credited least.
  private func nearest(_ net: Int128, _ range: FillRange) -> Int128 {
    let (low, high) = (net - range.down, net + range.up)
    if low <= 0, high >= 0 { return 0 }
    return low > 0 ? low : high
  }

  private func gross(_ engine: RequirementEngine, _ slot: Int, _ isFilled: Bool) -> Int128 {
    let gross = gross(engine, slot, isFilled ? orders : nil)
    guard isFilled, let quotes else { return gross }
    return min(
      gross, self.gross(engine, slot, quotes.firm) + quotes.most(slot) { $0.basis(engine) })
  }

  private func gross(_ engine: RequirementEngine, _ slot: Int, _ filled: FillSums?) -> Int128 {
    func weighted(_ net: FillRange, _ range: FillRange?, _ weight: Int64) -> Int128 {
      max(
        RequirementEngine.weighted(net.sum + (range?.up ?? 0), weight),
        RequirementEngine.weighted(net.sum - (range?.down ?? 0), weight))
    }
    var gross = weighted(positions.spots[slot], filled?.spots[slot], engine.bases.spots[slot])
    for expiry in engine.layout.expiries.indices
    where engine.layout.expiries[expiry].underlying == slot {
      gross += weighted(
        positions.expiries[expiry], filled?.expiries[expiry], engine.bases.expiries[expiry])
    }
    return gross
  }
}
