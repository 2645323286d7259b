// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Liquidation
import NumericalMethods
import Quantities

/// What seeing is worth: a front-runner who sees what is on its way, against himself blind.
///
/// He sees pending transactions whole, bids and gas, and of a sealed batch the commitments: who,
/// how many, which digest. What he extracts is what he has more than with his own bid alone.
public struct FrontRunnerStudy: Sendable {
  /// How rights to liquidate are given away.
  public enum Rule: UInt8, Sendable, CaseIterable {
    /// A fixed bonus to whose transaction is first; gas decides.
    case firstCome
    /// The highest bid wins and pays itself; bids lie open until the block.
    case openBids
    case sealedBatch
  }

  /// What the front-runner may do.
  public enum Tactic: UInt8, Sendable, CaseIterable {
    /// He bids what it is worth to him, or takes part as everybody, and looks at nothing.
    case blind
    /// He sends what another sent, under his name, before him.
    case copy
    /// He bids as little as what he sees lets him: one unit above the highest bid, or, of
    /// commitments, the less the fewer they are.
    case undercut
    /// He bids more the more commitments he sees, whatever it is worth to him.
    case overbid
    /// He commits and opens only if his own lot has become dearer since.
    case withhold
  }

  /// Sums over all rounds, ledger units.
  public struct Outcome: Hashable, Sendable {
    public internal(set) var profit: Int64 = 0
    /// What account and fund received.
    public internal(set) var proceeds: Int64 = 0
    /// How often he won.
    public internal(set) var wins = 0
  }

  public let seed: UInt64
  public let rounds: Int

  /// Ledger units: what the lot is worth to bidders, evenly between.
  static let worths: ClosedRange<Int64> = 900_000...1_000_000
  static let reserve: Int64 = 880_000
  static let deposit: Int64 = 60_000
  /// What the fixed bonus leaves of the price to whoever is first.
  static let fixedPrice: Int64 = 900_000
  /// The price moves by at most so much between commitment and opening, up or down.
  static let move: Int64 = 20_000

  public init(seed: UInt64, rounds: Int) {
    self.seed = seed
    self.rounds = min(max(rounds, 0), 1_000_000)
  }

  /// A round: what the others bid, what it is worth to the front-runner, what the price does.
  private struct Round {
    let others: [Int64]
    let gas: [Int64]
    let worth: Int64
    let ownGas: Int64
    let update: Int64
    let number: UInt64
  }

  /// The same rounds for every rule and tactic.
  public func run(_ rule: Rule, _ tactic: Tactic) -> Outcome {
    var outcome = Outcome()
    var random = SplitMix64(seed: seed)
    for number in 0..<rounds {
      let count = 1 + random.below(6)
      let round = Round(
        others: (0..<count).map { _ in Self.draw(Self.worths, &random) },
        gas: (0..<count).map { _ in Self.draw(100...5_000, &random) },
        worth: Self.draw(Self.worths, &random), ownGas: Self.draw(100...5_000, &random),
        update: Self.draw(-Self.move...Self.move, &random), number: UInt64(number))
      switch rule {
      case .firstCome: first(round, tactic, &outcome)
      case .openBids: open(round, tactic, &outcome)
      case .sealedBatch: batch(round, tactic, &outcome)
      }
    }
    return outcome
  }

  /// What the best tactic that looks has more than the blind one, ledger units.
  public func extraction(under rule: Rule) -> Int64 {
    let blind = run(rule, .blind).profit
    return Tactic.allCases.filter { $0 != .blind }.map { run(rule, $0).profit - blind }.max() ?? 0
  }

  private static func draw(_ range: ClosedRange<Int64>, _ random: inout SplitMix64) -> Int64 {
    range.lowerBound + Int64(random.below(range.count))
  }

  /// Everybody to whom it is worth more than the price sends; the dearest gas is first.
  private func first(_ round: Round, _ tactic: Tactic, _ outcome: inout Outcome) {
    let rival = round.gas.max() ?? 0
    let gas = tactic == .blind ? round.ownGas : rival + 1
    outcome.proceeds += Self.fixedPrice
    guard round.worth - Self.fixedPrice > gas, gas > rival else { return }
    outcome.profit += round.worth - Self.fixedPrice - gas
    outcome.wins += 1
  }

  /// The others bid what is a third of the way from their worth to the reserve.
  private func open(_ round: Round, _ tactic: Tactic, _ outcome: inout Outcome) {
    let rival = round.others.map { $0 - ($0 - Self.reserve) / 3 }.max() ?? Self.reserve
    let own =
      tactic == .blind ? round.worth - (round.worth - Self.reserve) / 3 : rival + 1
    guard own > rival, own <= round.worth else {
      outcome.proceeds += rival
      return
    }
    outcome.proceeds += own
    outcome.profit += round.worth - own
    outcome.wins += 1
  }

  /// The front-runner is bidder 0; at the end a lot is worth the update more or less.
  private func batch(_ round: Round, _ tactic: Tactic, _ outcome: inout Outcome) {
    let opening = Timestamp(seconds: 1_583_971_200)
    let (closing, end) = (opening + .minute, opening + .minute + .minute)
    guard
      let terms = try? BatchTerms(
        number: round.number, account: AccountID(1_000), lots: 1, reserve: Self.reserve,
        deposit: Self.deposit, accountClaim: Amount.limit, closesAt: closing, settlesAt: end)
    else { return }
    var batch = LiquidationBatch(terms)
    let others = round.others.enumerated().map { place, price in
      SealedBid(
        bidder: AccountID(UInt32(place + 1)), price: price, lots: 1,
        salt: [UInt8](repeating: UInt8(place), count: 32))
    }
    let seen = Int64(others.count)
    let span = Self.worths.upperBound - Self.reserve
    let price: Int64 =
      switch tactic {
      case .blind, .copy, .withhold: round.worth
      case .undercut: min(round.worth, Self.reserve + span * seen / (seen + 1))
      case .overbid: min(round.worth + span * seen / 10, terms.highestPrice)
      }
    let own = SealedBid(
      bidder: AccountID(0), price: price, lots: 1, salt: [UInt8](repeating: 99, count: 32))
    // A copied digest is all he has of the other's bid: it cannot be opened under his name.
    let digest = (tactic == .copy ? others[0] : own).commitment(to: terms.number)
    for bid in others {
      try? batch.commit(
        bid.commitment(to: terms.number), of: bid.bidder, available: terms.deposit, at: opening)
    }
    try? batch.commit(digest, of: own.bidder, available: terms.deposit, at: opening)
    for bid in others { try? batch.reveal(bid, available: bid.price, at: closing) }
    let opens = tactic != .withhold || round.update >= 0
    if opens {
      let copied = SealedBid(bidder: own.bidder, price: price, lots: 1, salt: others[0].salt)
      try? batch.reveal(tactic == .copy ? copied : own, available: price, at: closing)
    }
    guard let settlement = try? batch.settled(at: end) else { return }
    outcome.proceeds += settlement.toAccount + settlement.toFund + settlement.forfeited
    if settlement.forfeiting.contains(own.bidder) { outcome.profit -= terms.deposit }
    guard let award = settlement.awards.first(where: { $0.bidder == own.bidder }) else { return }
    outcome.profit += round.worth + round.update - award.payment
    outcome.wins += 1
  }
}
