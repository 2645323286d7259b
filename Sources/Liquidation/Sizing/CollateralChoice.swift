// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

/// Collateral of which a part may be sold for another asset.
@frozen
public struct ConvertibleBalance: Hashable, Sendable {
  /// Which asset, as the caller counts them.
  public let asset: Int
  /// The most that may be sold, ledger units.
  public let most: Int64
  /// No less is sold, and no less is left, unless it is all: dust is not worth a sale.
  public let least: Int64

  @inlinable
  public init(asset: Int, most: Int64, least: Int64 = 0) {
    self.asset = asset
    self.most = most
    self.least = least
  }
}

/// A part of a balance to be sold.
@frozen
public struct SizedConversion: Hashable, Sendable {
  public let asset: Int
  /// Ledger units, positive.
  public let units: Int64
  /// How much the target falls, millionths of the quote currency: what haircut and scenarios no
  /// longer ask for.
  public let freed: Int64
  /// What the sale is expected to cost, millionths of the quote currency, not negative.
  public let cost: Int64
  /// Where the account is expected to stand.
  public let standing: Standing
}

/// What freeing margin in another way costs.
@frozen
public struct MarginOffer: Hashable, Sendable {
  /// Millionths of the quote currency, positive.
  public let freed: Int64
  /// Millionths of the quote currency, not negative.
  public let cost: Int64

  @inlinable
  public init(freed: Int64, cost: Int64) {
    self.freed = freed
    self.cost = cost
  }
}

/// The portion of collateral that is sold before positions are reduced; none where reducing them
/// frees as much margin for less.
///
/// Selling an asset of worth W with haircut h for the settlement asset frees hW of margin and
/// costs spread and impact. The first balance of the order that frees more than it costs, and no
/// less for its cost than the rival, is taken: as much of it as restores the account, or brings
/// it nearest, and of that the part whose last thousandth still costs no more per freed unit than
/// the rival. Of equals the collateral goes: a position that is kept may recover.
/// - Parameters:
///   - order: In the venue's stated order.
///   - before: Where the account stands.
///   - rival: The best reduction of positions; `nil` where there is none, or where collateral goes
///     first whatever it costs.
///   - outcome: Where the account stands after so many units of an asset were sold, with what that
///     costs. Its surplus must be concave in the units: ``chooseTrade(among:from:outcome:)``.
/// - Returns: `nil` where no collateral helps, or the rival costs less. A sale never leaves equity
///   below zero and always lifts the account's surplus.
public func chooseCollateral(
  inOrder order: [ConvertibleBalance], before: Standing, against rival: MarginOffer? = nil,
  outcome: (_ asset: Int, _ units: Int64) -> TradeOutcome
) -> SizedConversion? {
  for balance in order where balance.most > 0 {
    let trial = CollateralTrial(of: balance, before: before)
    if let found = trial.portion(against: rival, { outcome(balance.asset, $0) }) { return found }
  }
  return nil
}

/// The portion of collateral that raises a debt: the first balance of the order that brings
/// anything, as much of it as the debt takes.
///
/// - Parameters:
///   - debt: Ledger units of the asset owed.
///   - proceeds: What so many units of an asset bring, in the same units; must not fall.
/// - Returns: `nil` without a debt, or where nothing brings anything.
public func raiseDebt(
  _ debt: Int64, inOrder order: [ConvertibleBalance],
  proceeds: (_ asset: Int, _ units: Int64) -> Int64
) -> (asset: Int, units: Int64)? {
  guard debt > 0 else { return nil }
  for balance in order where balance.most > 0 && proceeds(balance.asset, balance.most) > 0 {
    var (low, high): (Int64, Int64) = (0, balance.most)
    if proceeds(balance.asset, high) >= debt {
      while low + 1 < high {
        let middle = low + (high - low) / 2
        if proceeds(balance.asset, middle) >= debt { high = middle } else { low = middle }
      }
    }
    return (balance.asset, balance.withoutDust(high))
  }
  return nil
}

extension ConvertibleBalance {
  /// An amount that neither is dust nor leaves any.
  func withoutDust(_ units: Int64) -> Int64 {
    let raised = max(units, min(least, most))
    return most - raised < least ? most : raised
  }
}

/// One balance under trial: its amounts are counted in thousandths, since the worth of single units
/// is lost in rounding.
private struct CollateralTrial {
  typealias Outcome = (_ units: Int64) -> TradeOutcome

  let balance: ConvertibleBalance
  let before: Standing
  /// Units in a part, and how many parts there are.
  private let part: Int64
  private let parts: Int64

  private static let mostParts: Int64 = 1_024

  init(of balance: ConvertibleBalance, before: Standing) {
    self.balance = balance
    self.before = before
    part = (balance.most - 1) / Self.mostParts + 1
    parts = (balance.most - 1) / part + 1
  }

  func portion(against rival: MarginOffer?, _ outcome: Outcome) -> SizedConversion? {
    var units = size(outcome)
    if let rival {
      guard let cheap = cheapUnits(upTo: units, rival, outcome) else { return nil }
      units = cheap
    }
    units = balance.withoutDust(units)
    let found = outcome(units)
    let freed = Int128(before.target) - Int128(found.standing.target)
    let surplus = Int128(before.equity) - Int128(before.target)
    guard freed > Int128(found.cost), found.standing.equity >= 0, found.surplus > surplus
    else { return nil }
    return SizedConversion(
      asset: balance.asset, units: units, freed: Int64(clamping: freed), cost: found.cost,
      standing: found.standing)
  }

  /// The smallest amount that restores the account; without one, that which brings it nearest.
  private func size(_ outcome: Outcome) -> Int64 {
    func surplus(_ parts: Int64) -> Int128 { outcome(units(parts)).surplus }
    var high = parts
    if surplus(high) < 0 { high = peak(through: parts, surplus) }
    guard surplus(high) >= 0 else { return units(high) }
    var low: Int64 = 0
    while low + 1 < high {
      let middle = low + (high - low) / 2
      if surplus(middle) >= 0 { high = middle } else { low = middle }
    }
    var (below, restoring) = (units(low), units(high))
    while below + 1 < restoring {
      let middle = below + (restoring - below) / 2
      if outcome(middle).surplus >= 0 { restoring = middle } else { below = middle }
    }
    return restoring
  }

  /// The amount up to which a further part costs no more per freed unit than the rival; `nil` where
  /// the first part already does.
  private func cheapUnits(
    upTo most: Int64, _ rival: MarginOffer, _ outcome: Outcome
  ) -> Int64? {
    func isCheap(_ place: Int64) -> Bool {
      let after = outcome(min(units(place), most))
      let earlier = place > 1 ? outcome(units(place - 1)) : nil
      let target = earlier?.standing.target ?? before.target
      let freed = Int128(target) - Int128(after.standing.target)
      let cost = Int128(after.cost) - Int128(earlier?.cost ?? 0)
      // Two ratios of freed margin to cost, multiplied out: 2^126 at most.
      return freed > 0 && freed * Int128(rival.cost) >= Int128(rival.freed) * cost
    }
    guard isCheap(1) else { return nil }
    var (low, high) = (Int64(1), (most - 1) / part + 2)
    while low + 1 < high {
      let middle = low + (high - low) / 2
      if isCheap(middle) { low = middle } else { high = middle }
    }
    return min(units(low), most)
  }

  private func units(_ parts: Int64) -> Int64 {
    let (units, overflows) = parts.multipliedReportingOverflow(by: part)
    return overflows ? balance.most : min(units, balance.most)
  }
}
