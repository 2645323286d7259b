// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Quantities

/// What a winner of the market could give.
public struct LossBearer: Hashable, Sendable {
  public let account: AccountID
  /// Unrealized profit in the market, ledger units, positive.
  public let profit: Int64

  @inlinable
  public init(account: AccountID, profit: Int64) {
    self.account = account
    self.profit = profit
  }
}

/// What each winner gives toward a loss, in ledger units.
public struct LossShare: Hashable, Sendable {
  public let account: AccountID
  public let units: Int64

  @inlinable
  public init(account: AccountID, units: Int64) {
    self.account = account
    self.units = units
  }
}

/// Shares a loss among the winners of a market, pro rata to their profits, each capped at the
/// stated share of its profit; exact to the unit by largest remainder, ties by account id.
///
/// Nobody without a profit in the market pays.
/// - Parameters:
///   - loss: Ledger units, positive.
///   - bearers: In any order; the result does not depend on it.
/// - Returns: Positive shares sorted by account; their sum is `loss`, or the caps' sum if that
///   is less.
public func shareLoss(
  _ loss: Int64, among bearers: [LossBearer], cap: Rate
) -> [LossShare] {
  let sorted = bearers.filter { $0.profit > 0 }.sorted { $0.account < $1.account }
  let caps = sorted.map { cap.share(of: $0.profit, rounding: .down) }
  let total = caps.reduce(Int128(0)) { $0 + Int128($1) }
  guard total > 0, loss > 0 else { return [] }
  guard total > Int128(loss) else {
    return zip(sorted, caps).filter { $1 > 0 }
      .map { LossShare(account: $0.account, units: $1) }
  }
  var shares: [Int64] = []
  var remainders: [(remainder: Int128, index: Int)] = []
  var given: Int64 = 0
  for (index, cap) in caps.enumerated() {
    let (quotient, remainder) =
      (Int128(loss) * Int128(cap)).quotientAndRemainder(dividingBy: total)
    shares.append(Int64(quotient))
    remainders.append((remainder, index))
    given += Int64(quotient)
  }
  remainders.sort { ($0.remainder, $1.index) > ($1.remainder, $0.index) }
  for entry in remainders.prefix(Int(loss - given)) { shares[entry.index] += 1 }
  return zip(sorted, shares).filter { $1 > 0 }
    .map { LossShare(account: $0.account, units: $1) }
}
