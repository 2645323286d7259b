// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
import Liquidation
import NumericalMethods
import Parameters
import Quantities
import RiskEngine

// Keepers of a replay as bidders for the rights to slices.
//
// Decisions, with their reasons:
// - A right is worth what its lots are paid less what they cost: the book's impact and the wait
//   until the batch settles (φσ√t). Impact is a keeper's own: the book's times a number drawn from
//   0.8 to 1.2.
// - Gas, and the deposit times the odds of losing it, are spent by who does not win as well. A
//   keeper that counts on winning one time in as many as there are keepers bids where that much of
//   what the right is worth covers them; in its price they are not.
// - It bids for as many lots as are worth most to it together and as it has room for, at their mean
//   worth, and names less the more lots it asks for: (q − 1) ÷ 2n of it off, for q of n lots. With
//   one price for all, that of the first lot not served, a bid for one lot is best at its worth,
//   and each further lot may set the price of those before it. (W. Vickrey, J. Finance 16 (1961);
//   L. Ausubel and others, Review of Economic Studies 81 (2014), on demand reduction.) Where each
//   winner pays what his lots displaced it names the mean worth whole.
// - The commitment goes over the chain like the taking of an offer, which its gas stands for. It is
//   opened in the first block that lets it: but one in twenty comes after the end and three in a
//   hundred never, by a draw of their own, and these lose their deposits.
// - Where no block lies in the span in which bids are opened nobody bids.
// - The salt is drawn like everything else. Here nobody guesses.
extension ReplayKeepers {
  /// A bid that waits to be opened.
  struct SealedOffer {
    let sale: UInt64
    let keeper: Int
    let bid: RightsBid
    /// When it is opened, before or after the end; `nil` if it never is.
    let opensAt: Timestamp?
  }

  /// What lots are worth to a keeper together.
  struct RightsWorth {
    let lots: Int64
    /// Quote units.
    let value: Double

    /// - Parameter gas: Quote units, not negative.
    /// - Returns: `nil` where bidding does not cover its cost or a lot is not worth the reserve.
    func bid(in sale: RightsSale, for gas: Double, _ salt: [UInt8]) -> RightsBid? {
      let lost = (oddsOfNever + oddsOfLate) * Double(sale.deposit) * 1e-6
      guard value / Double(keepers) >= gas + lost else { return nil }
      let shade =
        switch sale.pricing {
        case .uniform: Double(lots - 1) / Double(2 * sale.lots)
        case .displaced: 0.0
        }
      let price = Int64(value / Double(lots) * (1 - shade) * 1e6)
      guard price >= sale.reserve, price <= Amount.limit / sale.lots else { return nil }
      return RightsBid(price: price, lots: lots, salt: salt)
    }
  }

  private static let oddsOfNever = 0.03
  private static let oddsOfLate = 0.05

  /// The sealed bids for the sales that were opened in this block.
  mutating func commitments(_ engine: Engine, _ book: SimulatedBook) -> [Command] {
    let new = engine.state.execution.sales.filter { $0.id > lastSale }
    lastSale = new.map(\.id).max() ?? lastSale
    return new.flatMap { commitments(to: $0, engine, book) }
  }

  private mutating func commitments(
    to sale: RightsSale, _ engine: Engine, _ book: SimulatedBook
  ) -> [Command] {
    var first = engine.state.time + Replay.blockSpan
    while first < sale.closesAt { first = first + Replay.blockSpan }
    guard first < sale.settlesAt else { return [] }
    var random = SplitMix64(seed: sale.id &* 0xd134_2543_de82_ef95)
    var plans: [(worth: RightsWorth?, salt: [UInt8], opensAt: Timestamp?)] = []
    for keeper in accounts.indices {
      let costs = 0.8 + 0.4 * random.nextUnit()
      let fate = random.nextUnit()
      let salt = (0..<4).flatMap { _ in Self.bytes(of: random.next()) }
      let isLate = fate < Self.oddsOfNever + Self.oddsOfLate
      let opensAt = fate < Self.oddsOfNever ? nil : isLate ? sale.settlesAt : first
      plans.append((worth(of: sale, to: keeper, costs, engine, book), salt, opensAt))
    }
    var bids = [RightsBid?](repeating: nil, count: plans.count)
    let sent = reached(sale.id, engine, isRace: false) { keeper, gas in
      bids[keeper] = plans[keeper].worth?.bid(in: sale, for: gas, plans[keeper].salt)
      return bids[keeper] != nil
    }
    return sent.sorted().compactMap { keeper in
      guard let bid = bids[keeper] else { return nil }
      sealed.append(
        SealedOffer(sale: sale.id, keeper: keeper, bid: bid, opensAt: plans[keeper].opensAt))
      let whole = SealedBid(
        bidder: accounts[keeper], price: bid.price, lots: bid.lots, salt: bid.salt)
      return .commitBid(accounts[keeper], sale.id, whole.commitment(to: sale.id))
    }
  }

  /// What is opened in this block, in time or after the end.
  mutating func openings(_ engine: Engine) -> [Command] {
    let now = engine.state.time
    var commands: [Command] = []
    sealed.removeAll { offer in
      let sale = engine.state.execution.sale(offer.sale)
      let bidder = accounts[offer.keeper]
      if let sale, !sale.commitments.contains(where: { $0.bidder == bidder }) { return true }
      guard let opensAt = offer.opensAt, now >= opensAt else { return false }
      commands.append(.revealBid(bidder, offer.sale, offer.bid))
      return true
    }
    return commands
  }

  // MARK: What it is worth

  /// - Returns: `nil` where no lot is worth anything.
  private func worth(
    of sale: RightsSale, to keeper: Int, _ costs: Double, _ engine: Engine, _ book: SimulatedBook
  ) -> RightsWorth? {
    guard accounts[keeper] != sale.account else { return nil }
    let room = room(for: sale.size, of: sale.instrument, sale.side, accounts[keeper], engine)
    let wait = Double(max((sale.settlesAt - engine.state.time).nanoseconds, 0)) * 1e-9
    var best: RightsWorth?
    for lots in 1...max(sale.lots, 1) {
      let size = sale.steps(of: 0..<lots, in: sale.size)
      guard size > .zero, size <= room,
        let margin = margin(
          Slice(instrument: sale.instrument, side: sale.side, size: size),
          reward: sale.reward(for: lots), waiting: wait + Self.latencySeconds, factor: costs,
          engine, book)
      else { continue }
      if margin > best?.value ?? 0 { best = RightsWorth(lots: lots, value: margin) }
    }
    return best
  }

  private static func bytes(of number: UInt64) -> [UInt8] {
    (0..<8).map { UInt8(truncatingIfNeeded: number >> (8 * UInt64($0))) }
  }
}
