// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Parameters
public import Quantities

/// Where an account would stand: equity against the line it must reach.
@frozen
public struct Standing: Hashable, Sendable {
  /// Millionths of the quote currency.
  public let equity: Int64
  /// Maintenance margin + liquidation buffer.
  public let target: Int64

  @inlinable
  public init(equity: Int64, target: Int64) {
    self.equity = equity
    self.target = target
  }

  @inlinable
  public var isRestored: Bool { equity >= target }
}

/// A position as the sizing of a liquidation sees it.
public struct ClosablePosition: Hashable, Sendable {
  public let instrument: InstrumentID
  public let size: Size
  /// Value at the mark, millionths of the quote currency, positive.
  public let notional: Int64
  /// How much the target falls when the whole position is closed.
  public let relief: Int64

  @inlinable
  public init(instrument: InstrumentID, size: Size, notional: Int64, relief: Int64) {
    self.instrument = instrument
    self.size = size
    self.notional = notional
    self.relief = relief
  }
}

/// Which position to reduce and by how much.
public struct PartialSize: Hashable, Sendable {
  public let instrument: InstrumentID
  /// Steps to close, positive.
  public let size: Size

  @inlinable
  public init(instrument: InstrumentID, size: Size) {
    self.instrument = instrument
    self.size = size
  }
}

/// Sizes the next partial liquidation order: the position that frees most margin, reduced by
/// the smallest number of steps that restores the account, or the least share if that is more,
/// within the slice limit.
///
/// The requirement is the engine's own, asked for each trial by `standing`; integer bisection
/// over the steps (at most 36 questions), which begins where a straight line between nothing and
/// all of it would have the answer: most requirements are nearly straight. If closing all of it
/// does not restore the account, all of it is the answer, and the next order takes the next
/// position.
/// - Parameters:
///   - positions: Not empty, in any order.
///   - slice: The largest part of a position above the whole slice's notional; the parameters'
///     own by default.
///   - now: Where the account stands with nothing closed; `nil` bisects all steps.
///   - standing: Where the account stands after closing so many steps of an instrument,
///     expected costs deducted.
public func decidePartialSize(
  _ positions: [ClosablePosition], _ parameters: LiquidationParameters, slice: Rate? = nil,
  now: Standing? = nil, standing: (InstrumentID, Size) -> Standing
) -> PartialSize? {
  let best = positions.max { one, other in
    if one.relief != other.relief { return one.relief < other.relief }
    if one.notional != other.notional { return one.notional < other.notional }
    return one.instrument > other.instrument
  }
  guard let best else { return nil }
  let whole = best.size.steps.magnitude
  func ask(_ steps: UInt64) -> Standing { standing(best.instrument, Size(steps: Int64(steps))) }
  var (low, high) = bracket(whole, now, ask)
  while low + 1 < high {
    let middle = (low + high) / 2
    if ask(middle).isRestored { high = middle } else { low = middle }
  }
  let most = sliceLimit(best, parameters, slice ?? parameters.sliceShare)
  let size = min(max(high, leastSteps(best, parameters)), most)
  return PartialSize(instrument: best.instrument, size: Size(steps: Int64(size)))
}

/// Steps that do not restore the account, or none, and steps that do, or all.
///
/// Near the answer of a straight line if there is one; the first steps away from it are so few
/// that a wrong guess costs little.
private func bracket(
  _ whole: UInt64, _ now: Standing?, _ standing: (UInt64) -> Standing
) -> (low: UInt64, high: UInt64) {
  guard let now, !now.isRestored, whole > 16 else { return (0, whole) }
  let after = standing(whole)
  guard after.isRestored else { return (0, whole) }
  let missing = Int128(now.target) - Int128(now.equity)
  let gained = Int128(after.equity) - Int128(after.target) + missing
  let part = (Int128(whole) * missing).divided(by: gained, rounding: .up)
  let guess = UInt64(min(max(part, 1), Int128(whole) - 1))
  var (low, high) = (UInt64(0), whole)
  let isEnough = standing(guess).isRestored
  if isEnough { high = guess } else { low = guess }
  for width in [1, 64] as [UInt64] where low + 1 < high {
    let next = isEnough ? max(guess, width) - width : min(guess + width, whole)
    guard next > low, next < high else { break }
    let isNextEnough = standing(next).isRestored
    if isNextEnough { high = next } else { low = next }
    guard isNextEnough == isEnough else { break }
  }
  return (low, high)
}

/// The most steps one order may take from a position.
private func sliceLimit(
  _ position: ClosablePosition, _ parameters: LiquidationParameters, _ slice: Rate
) -> UInt64 {
  let whole = position.size.steps.magnitude
  guard position.notional > parameters.wholeSliceNotional else { return whole }
  let share = slice.share(of: Int64(whole), rounding: .up)
  return UInt64(max(share, 1))
}

/// The fewest steps one order takes from a position.
private func leastSteps(
  _ position: ClosablePosition, _ parameters: LiquidationParameters
) -> UInt64 {
  let whole = Int64(clamping: position.size.steps.magnitude)
  return UInt64(parameters.pace.leastShare.share(of: whole, rounding: .up))
}

/// The penalty on a fill: a share of its notional, never more than what equity is left.
///
/// - Parameters:
///   - notional: Millionths of the quote currency.
///   - equity: After the fill, millionths of the quote currency.
public func liquidationPenalty(notional: Int64, rate: Rate, equity: Int64) -> Int64 {
  min(rate.share(of: notional, rounding: .up), max(equity, 0))
}
