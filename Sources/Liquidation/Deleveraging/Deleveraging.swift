// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Quantities

/// A position that could be closed against a bankrupt one.
public struct DeleveragingCandidate: Hashable, Sendable {
  public let account: AccountID
  /// Steps on the opposite side, positive.
  public let size: Size
  /// Unrealized profit at the execution value, millionths of the quote currency.
  public let profit: Int64
  /// Value of the position at the mark, millionths of the quote currency, positive.
  public let notional: Int64
  /// Equity of the whole account with the position closed at the execution value.
  public let equity: Int64
  /// What the whole account is exposed to on the position's side, millionths of the quote currency.
  ///
  /// The position's underlying and those that move with it, added up: positive where the position
  /// adds to it, negative where it hedges. Without other positions it is ``notional``.
  public let exposure: Int64

  /// - Parameter exposure: `nil` for an account that holds nothing else.
  @inlinable
  public init(
    account: AccountID, size: Size, profit: Int64, notional: Int64, equity: Int64,
    exposure: Int64? = nil
  ) {
    self.account = account
    self.size = size
    self.profit = profit
    self.notional = notional
    self.equity = equity
    self.exposure = exposure ?? notional
  }

  /// Profit per notional times leverage, in billionths: who gained most with least goes first.
  ///
  /// Source: BitMEX, “What is auto-deleveraging”: P&L percentage × effective leverage.
  public var rank: Int128 {
    guard profit > 0, notional > 0, equity > 0 else { return 0 }
    return Self.millionths(profit, per: notional) * Self.millionths(notional, per: equity)
  }

  /// part × 10^6 ÷ whole, rounded down; both positive.
  ///
  /// In one division of the processor's where the quotient has 64 bits: a rank is asked for every
  /// candidate.
  private static func millionths(_ part: Int64, per whole: Int64) -> Int128 {
    let product = UInt64(part).multipliedFullWidth(by: 1_000_000)
    guard product.high < UInt64(whole) else {
      return Int128(part) * 1_000_000 / Int128(whole)
    }
    return Int128(UInt64(whole).dividingFullWidth(product).quotient)
  }
}

/// A candidate's place in the queue.
private struct RankedCandidate {
  let rank: Int128
  let account: AccountID
  /// In the list of candidates.
  let index: Int32
}

/// One candidate's part in a deleveraging.
public struct DeleveragingCut: Hashable, Sendable {
  public let account: AccountID
  /// Steps closed, positive.
  public let size: Size

  @inlinable
  public init(account: AccountID, size: Size) {
    self.account = account
    self.size = size
  }
}

/// Whose positions are closed against a bankrupt one: highest rank first, ties by account id.
///
/// Only accounts with positive equity and a profit at the execution value are touched; what they
/// cannot take stays open.
/// - Parameters:
///   - size: Steps to close, positive.
///   - candidates: Each account once, in any order; the result does not depend on it.
/// - Returns: Cuts whose sizes sum to `size`, or to all there is.
public func allocateDeleveraging(
  of size: Size, among candidates: [DeleveragingCandidate]
) -> [DeleveragingCut] {
  var queue: [RankedCandidate] = []
  queue.reserveCapacity(candidates.count)
  for (index, candidate) in candidates.enumerated()
  where candidate.equity > 0 && candidate.profit > 0 && candidate.size.steps > 0 {
    queue.append(
      RankedCandidate(
        rank: candidate.rank, account: candidate.account, index: Int32(index)))
  }
  var ranked = RankedDraw(queue) { one, other in
    one.rank != other.rank ? one.rank > other.rank : one.account < other.account
  }
  var remaining = size.steps
  var cuts: [DeleveragingCut] = []
  while remaining > 0, let next = ranked.next() {
    let candidate = candidates[Int(next.index)]
    let taken = min(remaining, candidate.size.steps)
    cuts.append(DeleveragingCut(account: candidate.account, size: Size(steps: taken)))
    remaining -= taken
  }
  return cuts
}
