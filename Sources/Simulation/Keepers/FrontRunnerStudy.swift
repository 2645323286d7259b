// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Liquidation
import NumericalMethods
import Parameters
import Quantities

/// What seeing is worth: a front-runner who sees what is on its way, against himself blind.
///
/// He sees pending transactions whole, bids and gas, and of a sealed batch the commitments: who,
/// how many, which digest; and every bid that is opened before his. What he extracts is what he has
/// more than with his own bid alone.
public struct FrontRunnerStudy: Sendable {
  /// How rights to liquidate are given away.
  public enum Rule: UInt8, Sendable, CaseIterable {
    /// A fixed bonus to whose transaction is first; gas decides.
    case firstCome
    /// The highest bid wins and pays itself; bids lie open until the block.
    case openBids
    /// All winners pay the price of the first lot that is not served.
    case sealedBatch
    /// Each winner pays what his lots displaced.
    case displacedBatch
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
    /// He commits and opens last, knowing all other bids and the price, unless that costs him more
    /// than his deposit.
    case openLast
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
  /// What a commitment locks, ledger units; by default what the price can take from all the lots
  /// that he has room for, or it would pay him not to open.
  public let deposit: Int64

  /// Ledger units: what the lot is worth to bidders, evenly between.
  static let worths: ClosedRange<Int64> = 900_000...1_000_000
  static let reserve: Int64 = 880_000
  /// What the fixed bonus leaves of the price to whoever is first.
  static let fixedPrice: Int64 = 900_000
  /// The price moves by at most so much between commitment and opening, up or down.
  static let move: Int64 = 20_000

  /// - Parameter deposit: Ledger units, taken as from 1 to a million; as its property says where it
  ///   is absent.
  public init(seed: UInt64, rounds: Int, lots: Int = 1, deposit: Int64? = nil) {
    self.seed = seed
    self.rounds = min(max(rounds, 0), 1_000_000)
    self.lots = min(max(lots, 1), 64)
    let covering = max(60_000, Self.move * Int64((self.lots + 1) / 2))
    self.deposit = min(max(deposit ?? covering, 1), 1_000_000)
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
      case .sealedBatch: batch(round, .uniform, tactic, wanted, &outcome)
      case .displacedBatch: batch(round, .displaced, tactic, wanted, &outcome)
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
    let isSealed = rule == .sealedBatch || rule == .displacedBatch
    let tactics = Tactic.allCases.filter { tactic in
      tactic != .blind && (tactic != .reduce || (lots > 1 && isSealed))
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
  ///
  /// More is as likely as less, and both count by half: what he does before the update is known
  /// then gains or loses nothing by its luck.
  private func batch(
    _ round: Round, _ pricing: RightsPricing, _ tactic: Tactic, _ wanted: Int,
    _ outcome: inout Outcome
  ) {
    let own = bid(in: round, tactic, wanted)
    let chooses = tactic == .withhold || tactic == .openLast
    guard let opened = settlement(of: round, pricing, own, tactic, opens: true),
      let silent = chooses ? settlement(of: round, pricing, own, tactic, opens: false) : opened
    else { return }
    var (profit, proceeds, won) = (Int64(0), Int64(0), false)
    for update in [round.update, -round.update] {
      let award = opened.awards.first { $0.bidder == own.bidder }
      let gain = award.map { (round.worth + update) * $0.lots - $0.payment } ?? 0
      let opens =
        switch tactic {
        case .withhold: update >= 0
        case .openLast: gain >= -deposit
        case .blind, .copy, .undercut, .overbid, .reduce: true
        }
      let settled = opens ? opened : silent
      profit += settled.forfeiting.contains(own.bidder) ? -deposit : gain
      proceeds += settled.toAccount + settled.toFund + settled.forfeited
      won = won || (opens && award != nil)
    }
    outcome.profit += profit.halved
    outcome.proceeds += proceeds.halved
    outcome.wins += won ? 1 : 0
  }

  /// What he asks for, by what he knows before commitments are closed.
  private func bid(in round: Round, _ tactic: Tactic, _ wanted: Int) -> SealedBid {
    let seen = Int64(round.others.count)
    let span = Self.worths.upperBound - Self.reserve
    let price: Int64 =
      switch tactic {
      case .blind, .copy, .withhold, .openLast, .reduce: round.worth
      case .undercut: min(round.worth, Self.reserve + span * seen / (seen + 1))
      case .overbid: min(round.worth + span * seen / 10, Amount.limit / Int64(lots))
      }
    let asked = tactic == .reduce ? fewer(round.worth, seen: round.others.count, wanted) : wanted
    return SealedBid(
      bidder: AccountID(0), price: price, lots: Int64(asked),
      salt: [UInt8](repeating: 99, count: 32))
  }

  /// What the batch comes to, with his bid opened or not.
  private func settlement(
    of round: Round, _ pricing: RightsPricing, _ own: SealedBid, _ tactic: Tactic, opens: Bool
  ) -> BatchSettlement? {
    let opening = Timestamp(seconds: 1_583_971_200)
    let (closing, end) = (opening + .minute, opening + .minute + .minute)
    guard
      let terms = try? BatchTerms(
        number: round.number, account: AccountID(1_000), lots: Int64(lots), reserve: Self.reserve,
        deposit: deposit, accountClaim: Amount.limit, closesAt: closing, settlesAt: end,
        pricing: pricing)
    else { return nil }
    var batch = LiquidationBatch(terms)
    let others = round.others.enumerated().map { place, price in
      SealedBid(
        bidder: AccountID(UInt32(place + 1)), price: price, lots: 1,
        salt: [UInt8](repeating: UInt8(place), count: 32))
    }
    // A copied digest is all he has of the other's bid: it cannot be opened under his name.
    let digest = (tactic == .copy ? others[0] : own).commitment(to: terms.number)
    for bid in others {
      try? batch.commit(
        bid.commitment(to: terms.number), of: bid.bidder, available: terms.deposit, at: opening)
    }
    try? batch.commit(digest, of: own.bidder, available: terms.deposit, at: opening)
    for bid in others { try? batch.reveal(bid, available: bid.price, at: closing) }
    if opens {
      let copied = SealedBid(
        bidder: own.bidder, price: own.price, lots: own.lots, salt: others[0].salt)
      try? batch.reveal(
        tactic == .copy ? copied : own, available: own.price * own.lots, at: closing)
    }
    return try? batch.settled(at: end)
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

extension Int64 {
  /// Rounded down.
  fileprivate var halved: Int64 { self >> 1 }
}
