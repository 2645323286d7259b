// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Ledger
public import Quantities

/// What a sealed-bid batch comes to.
public struct BatchSettlement: Hashable, Sendable {
  /// Who takes how many lots, by bidder; all of them pay ``price`` a lot.
  public let awards: [Award]
  /// The uniform price, ledger units a lot; the reserve where there was no losing bid.
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
    /// Lots at the uniform price, ledger units; never above lots at the bid's own price.
    public let payment: Int64
  }

  /// Serves bids from the highest price down; the first lot that is not served sets the price.
  ///
  /// So a winner of one lot pays what another would have paid for it, whatever he bid himself:
  /// to bid what a lot is worth is then best, whatever others do.
  /// Source: W. Vickrey, J. Finance 16 (1961), 8-37, the auction of several equal objects. For
  /// bidders who want several lots this holds only of the last of them.
  init(of batch: LiquidationBatch) {
    let terms = batch.terms
    var rest = terms.lots
    var price = terms.reserve
    var won: [(bidder: AccountID, lots: Int64)] = []
    for bid in Self.ranked(batch) {
      let lots = min(bid.lots, rest)
      rest -= lots
      if lots > 0 { won.append((bid.bidder, lots)) }
      if lots < bid.lots {
        price = bid.price
        break
      }
    }
    won.sort { $0.bidder < $1.bidder }
    awards = won.map { Award(bidder: $0.bidder, lots: $0.lots, payment: $0.lots * price) }
    self.price = price
    unsold = rest
    // At most lots × highest price, an amount.
    let proceeds = (terms.lots - rest) * price
    toAccount = min(proceeds, terms.accountClaim)
    toFund = proceeds - toAccount
    forfeiting = batch.commitments.filter { $0.bid == nil }.map(\.bidder)
    forfeited = Int64(forfeiting.count) * terms.deposit
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
