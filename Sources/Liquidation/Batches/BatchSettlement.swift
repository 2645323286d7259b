// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Ledger
import Parameters
public import Quantities

/// What a sealed-bid batch comes to.
public struct BatchSettlement: Hashable, Sendable {
  /// Who takes how many lots, and what each pays, by bidder.
  public let awards: [Award]
  /// Of the first lot not served, ledger units; the reserve where every bid was served.
  ///
  /// At a uniform price it is paid for each lot; where winners pay what they displaced none costs
  /// more.
  public let price: Int64
  /// Lots that nobody bid the reserve for; they go to the venue's own next stage.
  public let unsold: Int64
  /// To the liquidated account, ledger units.
  public let toAccount: Int64
  /// Proceeds beyond the account's claim, ledger units.
  public let toFund: Int64
  /// Whose deposits go to the fund, by bidder; everybody else has the deposit back.
  public let forfeiting: [AccountID]
  /// All forfeited deposits, ledger units; they go to the fund.
  public let forfeited: Int64

  public struct Award: Hashable, Sendable {
    public let bidder: AccountID
    public let lots: Int64
    /// Ledger units; at least lots at the reserve, at most lots at the bid's own price.
    public let payment: Int64
  }

  /// Bids for lots, or what is left of them.
  private struct Share {
    let bidder: AccountID
    let lots: Int64
    let price: Int64
  }

  /// Serves bids from the highest price down.
  ///
  /// At a uniform price the first lot that is not served sets it. So a winner of one lot pays what
  /// another would have paid for it, whatever he bid himself: to bid what a lot is worth is then
  /// best, whatever others do. For who wants several lots this holds only of the last of them.
  ///
  /// Where each pays what he displaced it holds of all of them, as long as a further lot is worth
  /// no more to him than the one before. Source: W. Vickrey, J. Finance 16 (1961), 8-37, the
  /// auction of several equal objects. Nor does he gain by bidding under several names, for what
  /// all bidders together gain by one more is the less the more they are: M. Yokoo, Y. Sakurai,
  /// S. Matsubara, Games and Economic Behavior 46 (2004), 174-188.
  init(of batch: LiquidationBatch) {
    let terms = batch.terms
    var rest = terms.lots
    var won: [Share] = []
    var unserved: [Share] = []
    for bid in Self.ranked(batch) {
      let lots = min(bid.lots, rest)
      rest -= lots
      if lots > 0 { won.append(Share(bidder: bid.bidder, lots: lots, price: bid.price)) }
      if lots < bid.lots {
        unserved.append(Share(bidder: bid.bidder, lots: bid.lots - lots, price: bid.price))
      }
    }
    let price = unserved.first?.price ?? terms.reserve
    won.sort { $0.bidder < $1.bidder }
    awards = won.map { share in
      let payment =
        switch terms.pricing {
        case .uniform: share.lots * price
        case .displaced: Self.displaced(by: share, of: unserved, terms.reserve)
        }
      return Award(bidder: share.bidder, lots: share.lots, payment: payment)
    }
    self.price = price
    unsold = rest
    // At most lots × highest price, an amount.
    let proceeds = awards.reduce(0) { $0 + $1.payment }
    toAccount = min(proceeds, terms.accountClaim)
    toFund = proceeds - toAccount
    forfeiting = batch.commitments.filter { $0.bid == nil }.map(\.bidder)
    forfeited = Int64(forfeiting.count) * terms.deposit
  }

  /// What others would have bid for the lots of a winner, had he not come; ledger units.
  ///
  /// What is not served of his own bid does not count. Every step takes a lot at least, so all
  /// winners together take no more steps than there are lots and winners.
  /// - Parameter unserved: By price, the highest first; empty where lots are left over, which then
  ///   are what he displaced.
  private static func displaced(
    by winner: Share, of unserved: [Share], _ reserve: Int64
  ) -> Int64 {
    var left = winner.lots
    var sum: Int64 = 0
    for share in unserved where share.bidder != winner.bidder {
      let lots = min(share.lots, left)
      sum += lots * share.price
      left -= lots
      if left == 0 { break }
    }
    return sum + left * reserve
  }

  /// By price, highest first, then by a digest of batch and bidder.
  ///
  /// Neither time nor the number of an account decides a tie, and no choice of the bidder in this
  /// batch can turn it: the digest is of what was given before the batch began.
  private static func ranked(_ batch: LiquidationBatch) -> [SealedBid] {
    var ranked: [(bid: SealedBid, tie: [UInt8])] = []
    for commitment in batch.commitments {
      guard let bid = commitment.bid else { continue }
      let tie = ChainHash.digest(
        domain: "plimsoll.batch.tie",
        parts: [littleEndian(batch.terms.number), littleEndian(UInt64(bid.bidder.number))])
      ranked.append((bid, tie.bytes))
    }
    ranked.sort { left, right in
      if left.bid.price != right.bid.price { return left.bid.price > right.bid.price }
      if left.tie != right.tie { return left.tie.lexicographicallyPrecedes(right.tie) }
      return left.bid.bidder < right.bid.bidder
    }
    return ranked.map(\.bid)
  }
}
