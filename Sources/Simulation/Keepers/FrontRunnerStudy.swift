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
    /// Of several lots he bids for the fewer the fewer commitments he sees, for the price that all
    /// pay is that of the first lot that is not served.
    case reduce
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
  /// What is sold in a round, 1 to 64: he has room for half of them, everybody else for one.
  public let lots: Int

  /// Ledger units: what the lot is worth to bidders, evenly between.
  static let worths: ClosedRange<Int64> = 900_000...1_000_000
  static let reserve: Int64 = 880_000
  static let deposit: Int64 = 60_000
  /// What the fixed bonus leaves of the price to whoever is first.
  static let fixedPrice: Int64 = 900_000
  /// The price moves by at most so much between commitment and opening, up or down.
  static let move: Int64 = 20_000

  public init(seed: UInt64, rounds: Int, lots: Int = 1) {
    self.seed = seed
    self.rounds = min(max(rounds, 0), 1_000_000)
    self.lots = min(max(lots, 1), 64)
  }

  /// The most lots he takes.
  var room: Int { (lots + 1) / 2 }

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
  ///
  /// - Parameter wanted: For how many lots he bids; as many as he has room for by default, and at
  ///   most.
  public func run(_ rule: Rule, _ tactic: Tactic, wanted: Int? = nil) -> Outcome {
    let wanted = min(max(wanted ?? room, 1), room)
    var outcome = Outcome()
    var random = SplitMix64(seed: seed)
    for number in 0..<rounds {
      let count = lots + random.below(6)
      let round = Round(
        others: (0..<count).map { _ in Self.draw(Self.worths, &random) },
        gas: (0..<count).map { _ in Self.draw(100...5_000, &random) },
        worth: Self.draw(Self.worths, &random), ownGas: Self.draw(100...5_000, &random),
        update: Self.draw(-Self.move...Self.move, &random), number: UInt64(number))
      switch rule {
      case .firstCome: first(round, tactic, wanted, &outcome)
      case .openBids: open(round, tactic, wanted, &outcome)
      case .sealedBatch: batch(round, tactic, wanted, &outcome)
      }
    }
    return outcome
  }

  /// What he has blind, by the number of lots that pays best in these rounds.
  public func blind(under rule: Rule) -> Outcome {
    (1...room).map { run(rule, .blind, wanted: $0) }.max { $0.profit < $1.profit } ?? Outcome()
  }

  /// The tactic that looks and has most, and what it has.
  public func best(under rule: Rule) -> (tactic: Tactic, outcome: Outcome) {
    // Of one lot nothing can be left out, and where the first comes or bids lie open he does not
    // count commitments.
    let tactics = Tactic.allCases.filter { tactic in
      tactic != .blind && (tactic != .reduce || (lots > 1 && rule == .sealedBatch))
    }
    let all = tactics.map { (tactic: $0, outcome: run(rule, $0)) }
    return all.max { $0.outcome.profit < $1.outcome.profit } ?? (.copy, Outcome())
  }

  /// What the best tactic that looks has more than the blind one, ledger units.
  public func extraction(under rule: Rule) -> Int64 {
    best(under: rule).outcome.profit - blind(under: rule).profit
  }

  private static func draw(_ range: ClosedRange<Int64>, _ random: inout SplitMix64) -> Int64 {
    range.lowerBound + Int64(random.below(range.count))
  }

  /// Everybody to whom it is worth more than the price sends; the dearest gas is first.
  private func first(
    _ round: Round, _ tactic: Tactic, _ wanted: Int, _ outcome: inout Outcome
  ) {
    let gas = tactic == .blind ? round.ownGas : (round.gas.max() ?? 0) + 1
    outcome.proceeds += Self.fixedPrice * Int64(lots)
    let got = Int64(min(wanted, lots - round.gas.count { $0 >= gas }))
    let gain = (round.worth - Self.fixedPrice) * got
    guard got > 0, gain > gas else { return }
    outcome.profit += gain - gas
    outcome.wins += 1
  }

  /// The others bid what is a third of the way from their worth to the reserve; he pays what he
  /// bids for each lot.
  private func open(
    _ round: Round, _ tactic: Tactic, _ wanted: Int, _ outcome: inout Outcome
  ) {
    let rivals = round.others.map { $0 - ($0 - Self.reserve) / 3 }.sorted(by: >)
    let own: Int64
    if tactic == .blind {
      own = round.worth - (round.worth - Self.reserve) / 3
    } else {
      // One unit above the bid that he has to beat for so many lots, by the number that pays best.
      let choices = (1...wanted).map { (lots: Int64($0), bid: rivals[lots - $0] + 1) }
      own =
        choices.max {
          $0.lots * (round.worth - $0.bid) < $1.lots * (round.worth - $1.bid)
        }.map(\.bid) ?? 0
    }
    let got = own > round.worth ? 0 : min(wanted, lots - rivals.prefix(lots).count { $0 >= own })
    outcome.proceeds += rivals.prefix(lots - max(got, 0)).reduce(0, +)
    guard got > 0 else { return }
    outcome.proceeds += own * Int64(got)
    outcome.profit += (round.worth - own) * Int64(got)
    outcome.wins += 1
  }

  /// The front-runner is bidder 0; at the end a lot is worth the update more or less.
  private func batch(
    _ round: Round, _ tactic: Tactic, _ wanted: Int, _ outcome: inout Outcome
  ) {
    let opening = Timestamp(seconds: 1_583_971_200)
    let (closing, end) = (opening + .minute, opening + .minute + .minute)
    guard
      let terms = try? BatchTerms(
        number: round.number, account: AccountID(1_000), lots: Int64(lots), reserve: Self.reserve,
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
      case .blind, .copy, .withhold, .reduce: round.worth
      case .undercut: min(round.worth, Self.reserve + span * seen / (seen + 1))
      case .overbid: min(round.worth + span * seen / 10, terms.highestPrice)
      }
    let asked = tactic == .reduce ? fewer(round.worth, seen: others.count, wanted) : wanted
    let own = SealedBid(
      bidder: AccountID(0), price: price, lots: Int64(asked),
      salt: [UInt8](repeating: 99, count: 32))
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
      let copied = SealedBid(
        bidder: own.bidder, price: price, lots: own.lots, salt: others[0].salt)
      try? batch.reveal(
        tactic == .copy ? copied : own, available: price * own.lots, at: closing)
    }
    guard let settlement = try? batch.settled(at: end) else { return }
    outcome.proceeds += settlement.toAccount + settlement.toFund + settlement.forfeited
    if settlement.forfeiting.contains(own.bidder) { outcome.profit -= terms.deposit }
    guard let award = settlement.awards.first(where: { $0.bidder == own.bidder }) else { return }
    outcome.profit += (round.worth + round.update) * award.lots - award.payment
    outcome.wins += 1
  }

  /// For how many lots he bids where all that he knows of the others is how many they are: most
  /// lots times what is left of each at the price to be expected, that of the best of the others'
  /// bids that is not served.
  private func fewer(_ worth: Int64, seen: Int, _ wanted: Int) -> Int {
    let (low, span) = (Self.worths.lowerBound, Self.worths.upperBound - Self.worths.lowerBound)
    let choices = (1...wanted).map { count -> (count: Int, gain: Int64) in
      // Of so many, evenly drawn, the one of this rank is to be expected there.
      let rank = Int64(lots - count + 1)
      let isServed = rank > Int64(seen)
      let price = isServed ? Self.reserve : low + span - span * rank / (Int64(seen) + 1)
      return (count, (worth - price) * Int64(count))
    }
    return choices.max { $0.gain != $1.gain ? $0.gain < $1.gain : $0.count < $1.count }?.count ?? 1
  }
}
