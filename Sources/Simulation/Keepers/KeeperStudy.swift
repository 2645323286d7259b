// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Liquidation
import NumericalMethods
import Quantities

/// Auctions of coins to keepers whose messages go over a congested chain.
///
/// Reproduces in kind what happened to MakerDAO on 12 March 2020: most keepers paid a price of gas
/// that had been enough the day before, one paid what it took and bid nothing.
public struct KeeperStudy: Sendable {
  /// How a lot is sold.
  public enum Rule: UInt8, Sendable, CaseIterable {
    /// The highest bid that arrived wins, whatever it is.
    case openWithoutReserve
    /// The same, from a reserve on, held again while too few take part; then the venue's pool.
    case reserveWithFallback
    /// Commitments in one span, bids in the next, a uniform price, a reserve, then the pool.
    case sealedBatch
  }

  /// What came of all auctions under one rule.
  public struct Outcome: Hashable, Sendable {
    public internal(set) var auctions = 0
    /// Below a thousandth of the fair value.
    public internal(set) var zeroSales = 0
    public internal(set) var toPool = 0
    /// Neither: no bid arrived, and there was no pool.
    public internal(set) var unsold = 0
    /// Bids that arrived in time, of all auctions.
    public internal(set) var bids = 0
    /// Ledger units, of keepers and pool.
    public internal(set) var proceeds: Int64 = 0
    /// Ledger units.
    public internal(set) var fairValue: Int64 = 0
  }

  public let profile: GasProfile
  public let seed: UInt64
  /// Keepers who pay a fixed price of gas, and one more who pays what it takes.
  public let ordinaryKeepers: Int
  /// What the ordinary ones pay, wei per gas; each a little more or less.
  public let fixedGasPrice: Int64
  /// The least price, as thousandths of the fair value; 1 to 1,000.
  public let reserveThousandths: Int64
  /// How likely a message is lost on its way, 0 to 1.
  public let dropProbability: Double

  /// Ledger units a lot is worth: 50 ETH at 130 dollars.
  static let fairValue: Int64 = 6_500_000_000
  /// Blocks for which bids are taken: ten minutes, MakerDAO's `ttl` of that day.
  static let blocks = 46
  /// A round with fewer bids is held again, at most twice.
  static let leastBids = 2
  static let mostRounds = 3
  static let economics = KeeperEconomics(bonus: 0.05, impact: 0.01, deviation: 0.000_3)
  /// A bid costs 150,000 gas; 0.13 dollars of a wei of 10^−9 coins, in ledger units.
  static let gasOfBid = 150_000.0

  public init(
    profile: GasProfile, seed: UInt64, ordinaryKeepers: Int = 4,
    fixedGasPrice: Int64 = 40_000_000_000, reserveThousandths: Int64 = 900,
    dropProbability: Double = 0.01
  ) {
    self.profile = profile
    self.seed = seed
    self.ordinaryKeepers = min(max(ordinaryKeepers, 0), 64)
    self.fixedGasPrice = min(max(fixedGasPrice, 0), highestGasPrice / 4)
    self.reserveThousandths = min(max(reserveThousandths, 1), 1_000)
    self.dropProbability = dropProbability
  }

  /// Holds auctions, one after the other, each at its own second of a span.
  ///
  /// - Parameters:
  ///   - span: Seconds of the profile in which auctions begin.
  public func run(_ rule: Rule, auctions: Int, in span: Range<Int64>) -> Outcome {
    var outcome = Outcome()
    for number in 0..<max(auctions, 0) {
      let place = Int64(number) * Int64(span.count) / Int64(max(auctions, 1))
      hold(rule, number, from: span.lowerBound + place, into: &outcome)
    }
    return outcome
  }

  private func hold(
    _ rule: Rule, _ number: Int, from second: Int64, into outcome: inout Outcome
  ) {
    let reserve = Self.fairValue / 1_000 * reserveThousandths
    var random = SplitMix64(seed: seed &+ UInt64(number) &* 0x9e37)
    let worths = (0..<ordinaryKeepers).map { _ in
      Int64(Double(Self.fairValue) * (0.94 + 0.04 * random.nextUnit()))
    }
    var start = second
    outcome.auctions += 1
    outcome.fairValue += Self.fairValue
    for round in 1...Self.mostRounds {
      let arrived = arrivals(from: start, seed: random.next())
      start += Int64(Self.blocks) * 13
      outcome.bids += arrived.count
      let price: Int64?
      switch rule {
      case .openWithoutReserve: price = open(arrived, worths)
      case .reserveWithFallback:
        let isThin = arrived.count < Self.leastBids && round < Self.mostRounds
        price = isThin ? nil : reserved(arrived, worths, reserve)
      case .sealedBatch: price = sealed(arrived, worths, reserve, number)
      }
      if let price {
        outcome.proceeds += price
        if price < Self.fairValue / 1_000 { outcome.zeroSales += 1 }
        return
      }
      // Without a reserve an auction waits for its first bid; a batch goes to the pool at once.
      if rule == .sealedBatch { break }
    }
    if rule == .openWithoutReserve {
      outcome.unsold += 1
    } else {
      outcome.toPool += 1
      outcome.proceeds += reserve
    }
  }

  /// Which keepers' bids are in a block before the end, by number; the last is the lone one.
  private func arrivals(from second: Int64, seed: UInt64) -> [Int] {
    var chain = CongestedChain(
      CongestedChain.Terms(profile: profile, dropProbability: dropProbability), from: second,
      seed: seed)
    var random = SplitMix64(seed: seed ^ 0x6b65_6570)
    let lone = ordinaryKeepers
    for keeper in 0..<ordinaryKeepers {
      let price = Int64(Double(fixedGasPrice) * (0.7 + 0.6 * random.nextUnit()))
      let cost = Double(price) * 1e-9 * Self.gasOfBid * 0.13
      let least = Self.economics.leastSize(gasCost: cost, latencySeconds: 26)
      if let least, least <= Double(Self.fairValue) { chain.send(from: keeper, paying: price) }
    }
    var arrived: Set<Int> = []
    for _ in 0..<Self.blocks {
      if !arrived.contains(lone) {
        // Replaced in every block by what the last one asked, and half as much again.
        chain.withdraw(lone)
        chain.send(from: lone, paying: min(chain.clearing / 2 * 3, highestGasPrice))
      }
      for transaction in chain.mine() { arrived.insert(transaction.sender) }
    }
    return arrived.sorted()
  }

  /// What open bidding comes to.
  ///
  /// Ordinary keepers outbid each other up to the second highest worth; a bid that is alone
  /// arrives as it was sent. The lone keeper bids one unit.
  private func open(_ arrived: [Int], _ worths: [Int64]) -> Int64? {
    guard !arrived.isEmpty else { return nil }
    let present = arrived.filter { $0 < ordinaryKeepers }.map { worths[$0] }.sorted(by: >)
    return present.isEmpty ? 1 : present[min(1, present.count - 1)]
  }

  private func reserved(_ arrived: [Int], _ worths: [Int64], _ reserve: Int64) -> Int64? {
    guard let price = open(arrived, worths) else { return nil }
    return max(price, reserve)
  }

  /// The same bids in a batch; the lone keeper, who cannot know that he is alone, bids the worth
  /// of a lot to him: the lowest of all.
  private func sealed(
    _ arrived: [Int], _ worths: [Int64], _ reserve: Int64, _ number: Int
  ) -> Int64? {
    let opening = Timestamp(seconds: 1_583_971_200)
    let (closing, end) = (opening + .minute, opening + .minute + .minute)
    guard
      let terms = try? BatchTerms(
        number: UInt64(number), account: AccountID(1_000), lots: 1, reserve: reserve,
        deposit: Self.fairValue / 50, accountClaim: Self.fairValue, closesAt: closing,
        settlesAt: end)
    else { return nil }
    var batch = LiquidationBatch(terms)
    let bids = arrived.map { keeper in
      SealedBid(
        bidder: AccountID(UInt32(keeper)),
        price: keeper < ordinaryKeepers ? worths[keeper] : Self.fairValue / 100 * 93, lots: 1,
        salt: [UInt8](repeating: UInt8(keeper), count: 32))
    }
    for bid in bids {
      try? batch.commit(
        bid.commitment(to: terms.number), of: bid.bidder, available: Self.fairValue, at: opening)
    }
    for bid in bids { try? batch.reveal(bid, available: bid.price, at: closing) }
    guard let settlement = try? batch.settled(at: end), !settlement.awards.isEmpty else {
      return nil
    }
    return settlement.price
  }
}
