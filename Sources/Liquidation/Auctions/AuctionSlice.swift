// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Quantities

/// A position under the hammer.
@frozen
public struct AuctionedPosition: Hashable, Sendable {
  public let instrument: InstrumentID
  /// Signed, not zero.
  public let size: Size
  /// At the marks, millionths of the quote currency, not negative.
  public let notional: Int64

  @inlinable
  public init(instrument: InstrumentID, size: Size, notional: Int64) {
    self.instrument = instrument
    self.size = size
    self.notional = notional
  }
}

/// What one bid takes: a part of every position, in whole steps.
public struct AuctionSlice: Hashable, Sendable {
  /// Signed as the account holds them, none of size zero.
  public let pieces: [Piece]
  /// The part of the portfolio's notional that the pieces are, rounded down, and no more than was
  /// asked for.
  public let share: Rate
  /// Of the pieces, millionths of the quote currency, rounded down.
  public let notional: Int64

  public struct Piece: Hashable, Sendable {
    public let instrument: InstrumentID
    public let size: Size
  }

  /// Cuts a slice.
  ///
  /// Sizes are rounded toward zero, so that nobody takes more than he asked for. A bid for all that
  /// may be sold takes the next whole step instead: the line is then reached, and no portfolio is
  /// left over because its part is less than a step. A bidder is paid for ``share``, what he
  /// really takes, never for what rounding gives or takes.
  /// - Parameters:
  ///   - share: Between 0 and 1.
  ///   - isAll: Whether it is all that may be sold.
  /// - Returns: `nil` if the slice has no step.
  public init?(of positions: [AuctionedPosition], share: Rate, isAll: Bool) {
    let whole: Int128 = 1_000_000_000
    var pieces: [Piece] = []
    var (taken, total): (Int128, Int128) = (0, 0)
    for position in positions {
      let held = Int128(position.size.steps.magnitude)
      let part = (held * Int128(share.billionths))
        .divided(by: whole, rounding: isAll ? .up : .down)
      let steps = min(max(part, 0), held)
      // A position that is worth nothing still weighs something.
      let notional = Int128(max(position.notional, 1))
      total += notional
      guard steps > 0 else { continue }
      taken += (notional * steps).divided(by: held, rounding: .down)
      pieces.append(
        Piece(
          instrument: position.instrument,
          size: Size(steps: position.size.sign * Int64(steps))))
    }
    guard !pieces.isEmpty, total > 0 else { return nil }
    self.pieces = pieces
    notional = Int64(clamping: taken)
    let real = (taken * whole).divided(by: total, rounding: .down)
    self.share = Rate(billionths: Int64(min(real, Int128(share.billionths))))
  }
}

/// What the account gives up to a bidder, and what counts as paid in.
@frozen
public struct AuctionTerms: Hashable, Sendable {
  /// Millionths of the quote currency, rounded down.
  public let discount: Int64
  /// Millionths of the quote currency, rounded up.
  public let paid: Int64

  /// What a part is sold for.
  ///
  /// Positions are taken at the marks, so a bidder owes nothing for them but is owed what a buyer
  /// of the whole portfolio would have been let off:
  ///
  ///     f · (MtM − R) · (1 − d)
  ///
  /// The rest of the value of the part stays in the account, as if it had been paid in.
  @inlinable
  public init(on portfolio: AuctionedPortfolio, share: Rate, at factor: Rate) {
    let sold = max(Int128(portfolio.value) - Int128(portfolio.reserved), 0)
    let part = (sold * Int128(share.billionths)).divided(by: 1_000_000_000, rounding: .down)
    paid = solventBid(on: portfolio, share: share, at: factor)
    discount = Int64(clamping: max(part - Int128(paid), 0))
  }
}

/// What the insurance fund adds for a part of a portfolio that is worth nothing, rounded down.
///
/// It is what ``insolventBid(on:share:progress:)`` is more than the portfolio's debt; the debt
/// stays with the account.
public func insolventReward(
  on portfolio: AuctionedPortfolio, share: Rate, progress: Rate
) -> Int64 {
  let whole = insolventBid(on: portfolio, share: .one, progress: progress)
  let debt = Int64(clamping: max(-Int128(portfolio.value), 0))
  let rise = Int128(max(whole - debt, 0)) * Int128(share.billionths)
  return Int64(clamping: rise.divided(by: 1_000_000_000, rounding: .down))
}
