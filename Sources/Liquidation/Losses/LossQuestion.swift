// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Parameters
public import Quantities

/// An account that is asked to bear a part of a loss; what its rule does not look at is nothing.
public struct LossCandidate: Hashable, Sendable {
  public let account: AccountID
  /// Unrealized, in the market of the loss, ledger units, any sign; not by size.
  public let profit: Int64
  /// Of the whole account, ledger units of the asset owed, any sign.
  public let equity: Int64
  /// Of its position in the market of the loss, ledger units; by size alone.
  public let notional: Int64
  /// What its balance can give and stay in its field, ledger units; by size alone.
  public let room: Int64

  public init(
    account: AccountID, profit: Int64 = 0, equity: Int64, notional: Int64 = 0,
    room: Int64 = .max
  ) {
    self.account = account
    self.profit = profit
    self.equity = equity
    self.notional = notional
    self.room = room
  }
}

/// A loss, and by which rule others bear it: with the candidates, all that their shares are a
/// function of.
public struct LossQuestion: Hashable, Sendable {
  /// Ledger units, positive.
  public let loss: Int64
  public let rule: SharingRule
  /// The largest part that one gives of its profit or, by size, of its equity.
  public let cap: Rate

  public init(loss: Int64, rule: SharingRule, cap: Rate) {
    self.loss = loss
    self.rule = rule
    self.cap = cap
  }

  /// What each gives; no winner more than its equity, whatever its profit.
  ///
  /// - Parameter candidates: Each account once, in any order; the result does not depend on it.
  /// - Returns: Positive shares sorted by account.
  public func share(among candidates: [LossCandidate]) -> [LossShare] {
    switch rule {
    case .byProfit:
      shareLoss(
        loss,
        among: candidates.map {
          LossBearer(account: $0.account, profit: min($0.profit, $0.equity))
        }, cap: cap)
    case .byEquity, .bySize: shareCappedProRata(loss, among: candidates.map(bearer(of:)))
    }
  }

  /// The part that everybody gives who is not at its cap: by profit of what may be taken of it, by
  /// equity of that, by size of the notional; 10^−12, at most 10^12.
  ///
  /// - Returns: `nil` where nobody has anything to give. Where all give all they may, the largest
  ///   part that one gives.
  public func rate(among candidates: [LossCandidate]) -> Int64? {
    haircutRate(loss, among: candidates.map(bearer(of:)))
  }

  private func bearer(of candidate: LossCandidate) -> HaircutBearer {
    let (account, equity) = (candidate.account, candidate.equity)
    let taken = cap.share(of: max(min(candidate.profit, equity), 0), rounding: .down)
    switch rule {
    // Pro rata to what may be taken: nobody reaches it before the others.
    case .byProfit: return HaircutBearer(account: account, weight: taken, cap: taken)
    case .byEquity: return HaircutBearer(account: account, equity: equity, profit: taken)
    case .bySize:
      let most = cap.share(of: max(equity, 0), rounding: .down)
      return HaircutBearer(
        account: account, weight: candidate.notional, cap: min(most, candidate.room))
    }
  }
}
