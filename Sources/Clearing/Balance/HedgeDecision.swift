// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
public import Parameters
public import Quantities

/// What the house is exposed to on one underlying, and what is wanted of a hedge.
///
/// Takers' net delta S is what the house has on the other side; a hedge of H is in S already. Above
/// the threshold as much is bought as brings |S| down to the target, and no step more. Below the
/// target the hedge is given back as far as |S| stays at or below it. From one to the other |S|
/// must move by the width between the two: that is what keeps a hedge from going to and fro.
public struct HedgeQuestion: Sendable {
  /// The takers' net delta, 10^−8 of base units.
  public let imbalance: Int128
  /// The delta of the hedge, 10^−8 of base units.
  public let hedge: Int128
  public let index: Price
  /// `nil` where nothing is to be hedged: what there is of a hedge is given back.
  public let band: HedgeBand?
  /// The most a trade may cost at worst, fee included, as a share of what is traded.
  public let mostCost: Rate
  public let budget: HedgeBudget

  /// Deltas beyond 2^62 count as that.
  public init(
    imbalance: Int128, hedge: Int128, index: Price, band: HedgeBand?, mostCost: Rate,
    budget: HedgeBudget
  ) {
    let limit = Int128(1) << 62
    self.imbalance = min(max(imbalance, -limit), limit)
    self.hedge = min(max(hedge, -limit), limit)
    self.index = index
    self.band = band
    self.mostCost = mostCost
    self.budget = budget
  }

  /// Millionths of the quote currency in a product of 10^−8 of base units and steps of a price.
  private static var scale: Int128 { 10_000_000_000 }

  /// How far the imbalance lies above the threshold, millionths of the quote currency, rounded up;
  /// 0 where it does not.
  public var excess: Int64 {
    guard let band else { return 0 }
    let beyond = value(of: abs(imbalance)) - Int128(band.threshold) * Self.scale
    return Int64(clamping: max(beyond, 0).divided(by: Self.scale, rounding: .up))
  }

  // 2^62 × 2^57.
  private func value(of delta: Int128) -> Int128 { delta * Int128(index.steps) }

  private func abs(_ delta: Int128) -> Int128 { delta < 0 ? -delta : delta }
}

extension HedgeQuestion {
  /// The order that brings the imbalance down to the target, by the instrument that is expected to
  /// cost least for its delta; ties by id.
  ///
  /// - Returns: `nil` at or below the threshold, while there is a hedge of the other sign, and
  ///   where no instrument may be used: its expected cost above the most, no room, or nothing left
  ///   of the budget for the least order.
  public func decideHedge(with instruments: [HedgeInstrument]) -> HedgeTrade? {
    guard let band, excess > 0, imbalance.signum() * hedge.signum() >= 0 else { return nil }
    let wanted = value(of: abs(imbalance)) - Int128(band.target) * Self.scale
    return best(of: instruments, moving: wanted, sign: imbalance.signum(), isClosing: false)
  }

  /// The order that gives the hedge back as far as the imbalance stays within the target, or all
  /// of it where no band is wanted or margin is short.
  ///
  /// - Parameters:
  ///   - positions: What the hedge is made of; ``HedgeInstrument/room`` is what is held.
  ///   - isForced: Whether all is given back, whatever the imbalance.
  /// - Returns: `nil` where there is nothing to give back, or it may not be closed at this cost.
  public func decideUnwinding(
    of positions: [HedgeInstrument], isForced: Bool = false
  ) -> HedgeTrade? {
    guard hedge != 0 else { return nil }
    var wanted = Int128.max
    if !isForced, let band {
      // Of the hedge's sign: what is left of the imbalance that it was bought against.
      let left = value(of: hedge < 0 ? -imbalance : imbalance)
      wanted = Int128(band.target) * Self.scale - left
    }
    return best(of: positions, moving: wanted, sign: -hedge.signum(), isClosing: true)
  }

  /// - Parameters:
  ///   - wanted: By how much the imbalance may move, in the unit of ``scale``.
  ///   - sign: Of the delta that is traded.
  private func best(
    of instruments: [HedgeInstrument], moving wanted: Int128, sign: Int128, isClosing: Bool
  ) -> HedgeTrade? {
    var best: HedgeTrade?
    for instrument in instruments where instrument.unitValue > 0 && instrument.room > 0 {
      let side: Side = sign * Int128(instrument.delta.signum()) > 0 ? .buy : .sell
      let perStep = value(of: abs(Int128(instrument.delta)))
      guard perStep > 0, wanted >= perStep,
        let whole = HedgeTrade(instrument, side, steps: instrument.room, mostCost: mostCost)
      else { continue }
      let most = (band?.mostOrder ?? HedgeBand.limit) / instrument.unitValue
      let steps = min(
        instrument.room, Int64(clamping: wanted / perStep), most, whole.affordable(budget))
      let trade = whole.resized(to: steps)
      guard permits(trade, isClosing: isClosing) else { continue }
      guard let other = best else {
        best = trade
        continue
      }
      if trade.isCheaper(than: other) { best = trade }
    }
    return best
  }

  /// Whether an order is not too small; what closes a position may be as small as it is.
  public func permits(_ trade: HedgeTrade, isClosing: Bool) -> Bool {
    guard trade.size.steps > 0 else { return false }
    return trade.notional >= Int128(band?.leastOrder ?? 0)
      || (isClosing && trade.size.steps == trade.instrument.room)
  }
}

extension HedgeTrade {
  /// By expected cost for each unit of delta; ties by id.
  fileprivate func isCheaper(than other: HedgeTrade) -> Bool {
    // 2^29 × 2^30 × 2^63.
    func rate(_ one: HedgeInstrument, _ two: HedgeInstrument) -> Int128 {
      Int128(one.unitValue) * Int128(one.expectedCost.billionths) * Int128(two.delta.magnitude)
    }
    let (own, others) = (
      rate(instrument, other.instrument), rate(other.instrument, instrument)
    )
    return own != others ? own < others : instrument.id < other.instrument.id
  }
}
