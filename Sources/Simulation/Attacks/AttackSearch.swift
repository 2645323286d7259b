// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Margin
public import Parameters
import Quantities

/// A search for strategies that take money from a venue.
///
/// Each strategy plays on a copy of a small venue with the real engine: it opens accounts, trades,
/// withdraws, fails by a move that initial margin covers, answers its own orders and bids in its
/// own auctions. Profit is what all its accounts have more than they brought in, without what the
/// mark paid on their net position: that is exposure, worth nothing at a fair price.
public struct AttackSearch: Sendable {
  /// What was found in one family.
  public struct Finding: Hashable, Sendable {
    public let family: AttackFamily
    public internal(set) var strategies = 0
    /// In how many of them an account really came into liquidation.
    public internal(set) var liquidations = 0
    /// Ledger units, of the best strategy.
    public internal(set) var bestProfit = Int64.min
    /// Its number; with the family it is the reproduction.
    public internal(set) var bestNumber: UInt64 = 0

    init(_ family: AttackFamily) { self.family = family }
  }

  /// The families that this small venue has room for; ``ScriptSearch`` has room for all.
  public static let families: [AttackFamily] = [
    .selfLiquidation, .collusion, .dustSplitting, .washTrades, .withdrawToTheEdge, .fakeDepth,
  ]

  private let book: AttackVenue
  private let auction: AttackVenue

  /// - Parameter parameters: Of the venue; the auction is tried on a second one, where it is the
  ///   first stage.
  public init(_ parameters: ParameterSet) throws {
    book = try AttackVenue(parameters, AttackGround.penaltyTerms)
    auction = try AttackVenue(
      parameters,
      AttackGround.penaltyTerms + [
        (key: "waterfall.partial.rank", value: "0"), (key: "waterfall.auction.rank", value: "1"),
      ])
  }

  /// Plays strategies with the numbers `first`, `first` + 1, … of a family.
  public func run(_ family: AttackFamily, from first: UInt64, count: Int) -> Finding {
    var finding = Finding(family)
    for place in 0..<max(count, 0) {
      let number = first &+ UInt64(place)
      let (profit, isLiquidated) = play(AttackStrategy(family, number: number))
      finding.strategies += 1
      if isLiquidated { finding.liquidations += 1 }
      if profit > finding.bestProfit {
        finding.bestProfit = profit
        finding.bestNumber = number
      }
    }
    return finding
  }

  /// Plays one strategy.
  ///
  /// - Returns: The attacker's profit in ledger units, and whether an account failed.
  public func play(_ strategy: AttackStrategy) -> (profit: Int64, isLiquidated: Bool) {
    let isAuction =
      strategy.family == .collusion
      || (strategy.family == .dustSplitting && strategy.number % 2 == 1)
    var venue = isAuction ? auction : book
    let victims = (0..<strategy.accounts).map { AccountID(UInt32(10 + $0)) }
    let friend = AccountID(9)
    let attackers = victims + [friend]
    let rate = venue.initialRate(steps: strategy.steps)
    open(strategy, rate, victims, friend, &venue)
    wash(strategy, victims, friend, &venue)
    for id in victims + [friend] { takeOut(strategy, id, &venue) }

    // What initial margin covers of the smallest position: larger ones have more.
    let covers = min(rate, venue.initialRate(steps: 1))
    var isLiquidated = false
    let opening = AttackVenue.opening.steps
    for number in 0..<strategy.blocks {
      let covered =
        strategy.shockThousandths + Int64(number) * strategy.driftThousandths
      // Never beyond what initial margin covers: a gap is the fund's risk, not an attack.
      let fall = Int128(opening) * Int128(covers) * Int128(min(max(covered, 0), 1_000))
      let next = opening - Int64(fall / 1_000_000_000_000)
      venue.move(to: next, attackers: attackers)
      isLiquidated = isLiquidated || victims.contains { venue.isInLiquidation($0) }
      venue.answer(strategy, by: friend)
      if isAuction, number >= strategy.firstBid {
        for id in victims { venue.bid(strategy, by: friend, for: id) }
      }
    }
    leave(attackers, &venue)
    return (venue.profit(attackers), isLiquidated)
  }

  private func open(
    _ strategy: AttackStrategy, _ rate: Int64, _ victims: [AccountID], _ friend: AccountID,
    _ venue: inout AttackVenue
  ) {
    let notional = Int128(strategy.steps) * Int128(venue.unitValue)
    let margin = Int64(notional * Int128(rate) / 1_000_000_000)
    // The friend can take all that the others hold.
    venue.open(friend, deposit: 8 * margin * Int64(victims.count) + 1_000_000_000)
    for id in victims {
      let room = margin / 1_000 * strategy.depositThousandths + margin / 10 + 1_000
      venue.open(id, deposit: room)
      let seller = strategy.isOpposed ? friend : AttackVenue.maker
      let offset = strategy.isOpposed ? strategy.offset : 0
      venue.trade(buyer: id, seller: seller, steps: strategy.steps, offset: offset)
    }
  }

  private func wash(
    _ strategy: AttackStrategy, _ victims: [AccountID], _ friend: AccountID,
    _ venue: inout AttackVenue
  ) {
    for _ in 0..<strategy.washes {
      for id in victims {
        let part = max(strategy.steps / 1_000 * strategy.washThousandths, 1)
        venue.trade(buyer: friend, seller: id, steps: part, offset: strategy.offset)
        venue.trade(buyer: id, seller: friend, steps: part, offset: -strategy.offset)
      }
    }
  }

  private func takeOut(
    _ strategy: AttackStrategy, _ id: AccountID, _ venue: inout AttackVenue
  ) {
    guard strategy.withdrawnThousandths > 0, let risk = venue.risk(id) else { return }
    let free = Int128(risk.equity - risk.initialMargin) * Int128(strategy.withdrawnThousandths)
    venue.withdraw(id, Int64(clamping: free / 1_000))
  }

  /// Closes what is left against the maker at the mark, and takes out what goes.
  private func leave(_ attackers: [AccountID], _ venue: inout AttackVenue) {
    for id in attackers where !venue.isInLiquidation(id) {
      let size = venue.size(id)
      guard size != 0 else { continue }
      let (buyer, seller) = size > 0 ? (AttackVenue.maker, id) : (id, AttackVenue.maker)
      venue.trade(buyer: buyer, seller: seller, steps: abs(size))
      venue.withdraw(id, venue.portfolio(id)?.balances.first ?? 0)
    }
  }
}
