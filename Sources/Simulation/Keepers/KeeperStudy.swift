// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Liquidation
import NumericalMethods
import Parameters
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

  /// What came of all auctions under one rule; lots where it says nothing else.
  public struct Outcome: Hashable, Sendable {
    public internal(set) var auctions = 0
    public internal(set) var lots = 0
    /// Below a thousandth of the fair value.
    public internal(set) var zeroSales = 0
    public internal(set) var toPool = 0
    /// Neither: no bid arrived, and there was no pool.
    public internal(set) var unsold = 0
    /// Messages that arrived in time, of all auctions.
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
  /// Into how many equal parts each auction's coins are cut; 1 to 64.
  public let lots: Int
  /// How the chain asks for gas.
  public let market: FeeMarket

  /// Ledger units that one auction's coins are worth: 50 ETH at 130 dollars.
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
    dropProbability: Double = 0.01, lots: Int = 1, market: FeeMarket = .firstPrice
  ) {
    self.profile = profile
    self.seed = seed
    self.ordinaryKeepers = min(max(ordinaryKeepers, 0), 64)
    self.fixedGasPrice = min(max(fixedGasPrice, 0), highestGasPrice / 4)
    self.reserveThousandths = min(max(reserveThousandths, 1), 1_000)
    self.dropProbability = dropProbability
    self.lots = min(max(lots, 1), 64)
    self.market = market
  }

  /// Ledger units a lot is worth.
  var lotValue: Int64 { Self.fairValue / Int64(lots) }
  /// The most lots that one keeper can pay for: half of them.
  var room: Int { (lots + 1) / 2 }

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
    let reserve = lotValue / 1_000 * reserveThousandths
    var random = SplitMix64(seed: seed &+ UInt64(number) &* 0x9e37)
    let worths = (0..<ordinaryKeepers).map { _ in
      Int64(Double(lotValue) * (0.94 + 0.04 * random.nextUnit()))
    }
    var (start, left) = (second, lots)
    outcome.auctions += 1
    outcome.lots += lots
    outcome.fairValue += lotValue * Int64(lots)
    for round in 1...Self.mostRounds {
      let arrived = arrivals(from: start, seed: random.next())
      start += Int64(Self.blocks) * 13
      outcome.bids += arrived.count
      let prices: [Int64]
      switch rule {
      case .openWithoutReserve: prices = open(arrived, worths, lots: left)
      case .reserveWithFallback:
        let isThin = arrived.count < Self.leastBids && round < Self.mostRounds
        prices = isThin ? [] : open(arrived, worths, lots: left).map { max($0, reserve) }
      case .sealedBatch: prices = sealed(arrived, worths, reserve, number)
      }
      left -= prices.count
      outcome.proceeds += prices.reduce(0, +)
      outcome.zeroSales += prices.count { $0 < lotValue / 1_000 }
      // Without a reserve an auction waits for its first bid; a batch goes to the pool at once.
      if left == 0 || rule == .sealedBatch { break }
    }
    if rule == .openWithoutReserve {
      outcome.unsold += left
    } else {
      outcome.toPool += left
      outcome.proceeds += reserve * Int64(left)
    }
  }

  /// Which keepers' bids are in a block before the end, by number; the last is the lone one.
  private func arrivals(from second: Int64, seed: UInt64) -> [Int] {
    var chain = CongestedChain(
      CongestedChain.Terms(
        profile: profile, market: market, dropProbability: dropProbability),
      from: second, seed: seed)
    var random = SplitMix64(seed: seed ^ 0x6b65_6570)
    let lone = ordinaryKeepers
    for keeper in 0..<ordinaryKeepers {
      let price = Int64(Double(fixedGasPrice) * (0.7 + 0.6 * random.nextUnit()))
      let cost = Double(price) * 1e-9 * Self.gasOfBid * 0.13
      let least = Self.economics.leastSize(gasCost: cost, latencySeconds: 26)
      guard let least, least <= Double(lotValue * Int64(room)) else { continue }
      chain.send(from: keeper, paying: price)
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

  /// What open bidding comes to, lot by lot.
  ///
  /// Ordinary keepers outbid each other, each for as many lots as it has room for, up to the
  /// highest worth that gets nothing more; a bid that nobody has to outbid arrives as it was sent.
  /// What they leave the lone keeper has, who bids one unit and has room for everything.
  private func open(_ arrived: [Int], _ worths: [Int64], lots: Int) -> [Int64] {
    let present = arrived.filter { $0 < ordinaryKeepers }
      .flatMap { [Int64](repeating: worths[$0], count: room) }.sorted(by: >)
    let sold = min(lots, present.count)
    var prices: [Int64] = []
    if let last = present.last {
      prices = [Int64](repeating: lots < present.count ? present[lots] : last, count: sold)
    }
    let isLoneThere = arrived.contains(ordinaryKeepers)
    return prices + [Int64](repeating: 1, count: isLoneThere ? lots - sold : 0)
  }

  /// The same bids in a batch, at a price a lot; the lone keeper, who cannot know that he is alone,
  /// bids the worth of a lot to him, the lowest of all, for as many as the others.
  private func sealed(
    _ arrived: [Int], _ worths: [Int64], _ reserve: Int64, _ number: Int
  ) -> [Int64] {
    let opening = Timestamp(seconds: 1_583_971_200)
    let (closing, end) = (opening + .minute, opening + .minute + .minute)
    guard
      let terms = try? BatchTerms(
        number: UInt64(number), account: AccountID(1_000), lots: Int64(lots), reserve: reserve,
        deposit: Self.fairValue / 50, accountClaim: Self.fairValue, closesAt: closing,
        settlesAt: end, pricing: .uniform)
    else { return [] }
    var batch = LiquidationBatch(terms)
    let bids = arrived.map { keeper in
      SealedBid(
        bidder: AccountID(UInt32(keeper)),
        price: keeper < ordinaryKeepers ? worths[keeper] : lotValue / 100 * 93,
        lots: Int64(room), salt: [UInt8](repeating: UInt8(keeper), count: 32))
    }
    for bid in bids {
      try? batch.commit(
        bid.commitment(to: terms.number), of: bid.bidder, available: Self.fairValue, at: opening)
    }
    for bid in bids { try? batch.reveal(bid, available: bid.price * bid.lots, at: closing) }
    guard let settlement = try? batch.settled(at: end) else { return [] }
    let sold = settlement.awards.reduce(0) { $0 + $1.lots }
    return [Int64](repeating: settlement.price, count: Int(sold))
  }
}
