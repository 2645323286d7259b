// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Instruments
public import Quantities

/// A trade by which a portfolio's requirement could be lowered: a position reduced, or a hedge.
@frozen
public struct TradeDirection: Hashable, Sendable {
  public let instrument: InstrumentID
  /// What the account would do.
  public let side: Side
  /// The most steps one order may trade, positive.
  public let most: Int64

  @inlinable
  public init(instrument: InstrumentID, side: Side, most: Int64) {
    self.instrument = instrument
    self.side = side
    self.most = most
  }
}

/// A direction with the size that was found for it.
public struct SizedTrade: Hashable, Sendable {
  public let direction: TradeDirection
  /// Steps to trade, positive.
  public let size: Size
  /// How much the target falls, millionths of the quote currency, positive.
  public let freed: Int64
  /// What it is expected to cost, millionths of the quote currency, not negative.
  public let cost: Int64
}

/// A portfolio after a trial trade, with what the trade cost.
@frozen
public struct TradeOutcome: Hashable, Sendable {
  /// With the cost deducted.
  public let standing: Standing
  /// Millionths of the quote currency, not negative.
  public let cost: Int64

  @inlinable
  public init(standing: Standing, cost: Int64) {
    self.standing = standing
    self.cost = cost
  }

  /// Equity above the target.
  var surplus: Int128 { Int128(standing.equity) - Int128(standing.target) }
}

/// The trade that frees most margin for what it costs, no larger than it needs to be.
///
/// For every direction: the smallest size that restores the account, by chords and halves on the
/// engine's own requirement. Where none restores it because impact outgrows what is freed, the size
/// that brings it nearest, to a 64th of what one order may trade. A direction that frees nothing,
/// or costs more than it frees, is none: selling would make it worse, and the account is better
/// passed on whole. The best is the one with the largest freed ÷ cost; ties go to the smaller cost,
/// then to the lower instrument.
///
/// What is freed falls with the size and what it costs rises, each for one more step. So no trade
/// of a direction is better than its first step, and a direction whose first step is worse than
/// the best trade found is not looked at further.
/// - Parameters:
///   - target: Maintenance margin + buffer before any trade.
///   - outcome: Where the account stands after a trade of so many steps in the direction at that
///     place of `directions`; asked once for a first step. Its surplus must be concave in the
///     size, which a convex cost and a requirement that falls in a line or slower make it; where it
///     is not, a size is found that need not be the smallest, in a direction that need not be the
///     best.
/// - Returns: `nil` if no direction helps.
public func chooseTrade(
  among directions: [TradeDirection], from target: Int64, outcome: (Int, Size) -> TradeOutcome
) -> SizedTrade? {
  let promises = directions.indices.filter { directions[$0].most > 0 }
    .map { place in
      TradePromise(place, from: target, firstStep: outcome(place, Size(steps: 1)))
    }
    .filter { $0.freed > Int128($0.cost) }
  // The order decides how many are looked at, and no more: of two trades one is better.
  let order = promises.indices.sorted { one, other in
    promises[one].isBetter(than: promises[other])
      || (!promises[other].isBetter(than: promises[one]) && one < other)
  }
  var best: SizedTrade?
  for promise in order.map({ promises[$0] }) {
    if let best, !promise.mayBeat(best) { continue }
    let sized = sizedTrade(directions[promise.place], from: target) { size in
      size.steps == 1 ? promise.firstStep : outcome(promise.place, size)
    }
    guard let sized else { continue }
    if best.map({ isBetter(sized, than: $0) }) ?? true { best = sized }
  }
  return best
}

/// Whether some size of a trade restores the account.
///
/// All of it, the size of the largest surplus, or one in 64ths of all, for a requirement that is
/// not convex hides the largest. An account of one position under the square-root law is restored
/// where its deficit is at most 4a³ ÷ 27κ² and the sale no more than the position, as
/// ``ImpactProblem/smallestSale`` says. Source: QUANT 4.1.
/// - Parameters:
///   - most: Steps that may be traded, positive.
///   - outcome: Where the account stands after so many steps.
public func canRestore(through most: Int64, outcome: (Size) -> TradeOutcome) -> Bool {
  func surplus(_ steps: Int64) -> Int128 { outcome(Size(steps: steps)).surplus }
  if surplus(most) >= 0 || surplus(peak(through: most, surplus)) >= 0 { return true }
  let part = max(most / 64, 1)
  return stride(from: part, to: most, by: Int64.Stride(part)).contains { surplus($0) >= 0 }
}

/// What the first step of a direction frees and costs, rounded in its favor: what it frees at most
/// for what it costs.
private struct TradePromise {
  /// Of the direction among all.
  let place: Int
  let firstStep: TradeOutcome
  let freed: Int128
  /// Not negative.
  let cost: Int64

  init(_ place: Int, from target: Int64, firstStep: TradeOutcome) {
    self.place = place
    self.firstStep = firstStep
    // Requirement and cost are whole units, each rounded by less than one.
    freed = Int128(target) - Int128(firstStep.standing.target) + 2
    cost = max(firstStep.cost - 1, 0)
  }

  func isBetter(than other: Self) -> Bool {
    freed * Int128(other.cost) > other.freed * Int128(cost)
  }

  func mayBeat(_ trade: SizedTrade) -> Bool {
    freed * Int128(max(trade.cost, 1)) >= Int128(trade.freed) * Int128(cost)
  }
}

private func sizedTrade(
  _ direction: TradeDirection, from target: Int64, outcome: (Size) -> TradeOutcome
) -> SizedTrade? {
  func surplus(_ steps: Int64) -> Int128 { outcome(Size(steps: steps)).surplus }
  var size = Size(steps: direction.most)
  var found = outcome(size)
  let stride = max(direction.most / 64, 1)
  // Where the last steps still help all before them did, for the surplus is concave.
  if found.surplus < 0, direction.most > stride,
    surplus(direction.most - stride) >= found.surplus
  {
    let strides = peak(through: (direction.most - 1) / stride) { surplus($0 * stride) }
    size = Size(steps: strides * stride)
    found = outcome(size)
  }
  if found.surplus >= 0 {
    let fewest = fewest(through: size.steps, at: found.surplus, surplus)
    if fewest < size.steps {
      size = Size(steps: fewest)
      found = outcome(size)
    }
  }
  let freed = Int128(target) - Int128(found.standing.target)
  guard freed > Int128(found.cost) else { return nil }
  return SizedTrade(
    direction: direction, size: size, freed: Int64(clamping: freed), cost: found.cost)
}

/// The fewest steps that leave no less than nothing missing.
///
/// By the chord first, which a nearly straight surplus crosses where the chord does, then one step
/// before it, then by halves, in turn: never more than three times what halving takes.
/// - Parameters:
///   - most: Steps that do.
///   - end: The surplus there, not negative.
private func fewest(
  through most: Int64, at end: Int128, _ surplus: (Int64) -> Int128
) -> Int64 {
  var (low, high): (Int64, Int64) = (1, most)
  guard high > low else { return high }
  var (below, above) = (surplus(low), end)
  guard below < 0 else { return low }
  var turn = 0
  while low + 1 < high {
    var middle = low + (high - low) / 2
    if turn == 0 {
      let part = (Int128(high - low) * -below).divided(by: above - below, rounding: .up)
      middle = min(max(low + Int64(clamping: part), low + 1), high - 1)
    } else if turn == 1 {
      middle = high - 1
    }
    turn = (turn + 1) % 3
    let found = surplus(middle)
    if found >= 0 { (high, above) = (middle, found) } else { (low, below) = (middle, found) }
  }
  return high
}

/// The size up to `most` with the largest surplus, of a concave surplus.
func peak(through most: Int64, _ surplus: (Int64) -> Int128) -> Int64 {
  var (low, high): (Int64, Int64) = (1, most)
  while low < high {
    let middle = low + (high - low) / 2
    // On a plateau the smaller size does as much.
    if surplus(middle) < surplus(middle + 1) { low = middle + 1 } else { high = middle }
  }
  return low
}

private func isBetter(_ one: SizedTrade, than other: SizedTrade) -> Bool {
  let left = Int128(one.freed) * Int128(max(other.cost, 1))
  let right = Int128(other.freed) * Int128(max(one.cost, 1))
  if left != right { return left > right }
  if one.cost != other.cost { return one.cost < other.cost }
  return one.direction.instrument < other.direction.instrument
}
