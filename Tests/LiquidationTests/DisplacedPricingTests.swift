// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Ledger
import Liquidation
import Parameters
import Quantities
import TestFixtures
import Testing

@Suite("Batches in which each winner pays what his lots displaced")
struct DisplacedPricingTests {
  private func payments(_ bids: [SealedBid], _ terms: BatchTerms) throws -> [Int64] {
    try Batch.settled(bids, terms).awards.map(\.payment)
  }

  @Test("a winner pays the best bids of others that are not served; the account comes first")
  func worked() throws {
    let bids = [
      Batch.bid(1, 50, lots: 2), Batch.bid(2, 40, lots: 2), Batch.bid(3, 30, lots: 2),
    ]
    let result = try Batch.settled(bids, Batch.terms(pricing: .displaced))
    #expect(result.awards.map(\.lots) == [2, 1] && result.unsold == 0)
    // The first took a lot of the second, at 40, and one of the third. What is not served of his
    // own is not what the second displaced.
    #expect(result.awards.map(\.payment) == [40 + 30, 30] && result.price == 40)
    #expect(try payments(bids, Batch.terms()) == [80, 40], "at a uniform price")
    for (claim, fund) in [(99, 1), (100, 0), (101, 0)] as [(Int64, Int64)] {
      let result = try Batch.settled(bids, Batch.terms(claim: claim, pricing: .displaced))
      #expect(result.toFund == fund && result.toAccount == 100 - fund)
    }
  }

  @Test("lots that nobody else wanted cost the reserve")
  func reserve() throws {
    let terms = try Batch.terms(pricing: .displaced)
    #expect(try payments([Batch.bid(1, 50, lots: 2), Batch.bid(2, 40)], terms) == [20, 10])
    // One lot of the other is wanted and not served, the second place nobody wanted.
    let both = [Batch.bid(1, 50, lots: 2), Batch.bid(2, 40, lots: 2)]
    #expect(try payments(both, terms) == [40 + 10, 10])
    #expect(try payments([Batch.bid(1, 50, lots: 3)], terms) == [30])
    #expect(try payments([], terms).isEmpty)
    let silent = try Batch.settled(both, silent: [2], terms)
    #expect(silent.awards.map(\.payment) == [20] && silent.forfeited == 25, "not opened, no bid")
  }

  @Test("no sum leaves an amount at the highest prices for the most lots")
  func limits() throws {
    let terms = try Batch.terms(lots: Size.limit, pricing: .displaced)
    let most = terms.highestPrice * Size.limit
    let bids = (1...3).map { Batch.bid($0, terms.highestPrice, lots: Size.limit) }
    let result = try Batch.settled(bids, terms)
    #expect(result.awards.map(\.payment) == [most] && most <= Amount.limit)
    #expect(result.toAccount + result.toFund == most)
  }

  @Test("two thousand bids settle, and a lot more is paid no more than the next bid")
  func many() throws {
    let terms = try Batch.terms(lots: 100, pricing: .displaced)
    let bids = (1...2_000).map { Batch.bid(UInt32($0 + 1_000), Int64($0) + 10, lots: 3) }
    let result = try Batch.settled(bids, terms)
    // 33 take three lots and the next one: two of his are left, at 1,977.
    #expect(result.awards.map(\.lots) == [1] + [Int64](repeating: 3, count: 33))
    let winner = 2 * Int64(1_977) + 1_976
    #expect(result.awards.map(\.payment) == [1_976] + [Int64](repeating: winner, count: 33))
  }
}

@Suite("What batches promise in which each winner pays what his lots displaced")
struct DisplacedPricingPropertyTests {
  private func bids(_ random: inout Seeded, lots: ClosedRange<Int64> = 1...3) -> [SealedBid] {
    (1...random.number(1...9)).map { id in
      Batch.bid(
        UInt32(id), random.number(10...30), lots: random.number(lots),
        salt: UInt8(truncatingIfNeeded: random.next()))
    }
  }

  /// What bids for all lots are worth, with the reserve for those that nobody wants.
  private func worth(_ bids: [SealedBid], _ terms: BatchTerms) throws -> Int64 {
    let result = try Batch.settled(bids, terms)
    return result.awards.reduce(result.unsold * terms.reserve) { sum, award in
      sum + award.lots * (bids.first { $0.bidder == award.bidder }?.price ?? 0)
    }
  }

  // By definition, in two batches more for each winner.
  @Test("what others lose by a winner is what he pays", arguments: 0..<120)
  func definition(seed: UInt64) throws {
    var random = Seeded(seed)
    let bids = bids(&random)
    let terms = try Batch.terms(lots: random.number(1...3), pricing: .displaced)
    let asked = bids.map {
      SealedBid(
        bidder: $0.bidder, price: $0.price, lots: min($0.lots, terms.lots), salt: $0.salt)
    }
    let result = try Batch.settled(asked, terms)
    let all = try worth(asked, terms)
    for award in result.awards {
      let own = try #require(asked.first { $0.bidder == award.bidder })
      let without = try worth(asked.filter { $0.bidder != award.bidder }, terms)
      #expect(award.payment == without - (all - award.lots * own.price))
    }
  }

  @Test("between reserve and bid, each unit somebody's, in any order", arguments: 0..<120)
  func bounds(seed: UInt64) throws {
    var random = Seeded(seed)
    let bids = bids(&random)
    let silent = Set(bids.filter { _ in random.oneIn(4) }.map(\.bidder.number))
    let claim = random.number(0...90)
    let terms = try Batch.terms(claim: claim, pricing: .displaced)
    let result = try Batch.settled(bids, silent: silent, terms)
    #expect(try Batch.settled(bids.shuffled(using: &random), silent: silent, terms) == result)
    let paid = result.awards.reduce(0) { $0 + $1.payment }
    let sold = result.awards.reduce(0) { $0 + $1.lots }
    #expect(sold + result.unsold == terms.lots && paid >= sold * terms.reserve)
    #expect(paid == result.toAccount + result.toFund && result.toAccount == min(paid, claim))
    for award in result.awards {
      let bid = try #require(bids.first { $0.bidder == award.bidder })
      #expect(award.payment >= award.lots * terms.reserve)
      #expect(award.payment <= award.lots * bid.price && award.lots <= bid.lots)
      #expect(award.payment <= award.lots * result.price)
    }
    // Who wins what is the same at a uniform price.
    let uniform = try Batch.settled(bids, silent: silent, Batch.terms(claim: claim))
    #expect(uniform.awards.map(\.lots) == result.awards.map(\.lots))
    #expect(uniform.price == result.price && uniform.unsold == result.unsold)
  }

  @Test("of one lot it is the uniform price", arguments: 0..<60)
  func oneLot(seed: UInt64) throws {
    var random = Seeded(seed)
    let bids = bids(&random, lots: 1...1)
    let (uniform, displaced) = (
      try Batch.settled(bids, Batch.terms(lots: 1)),
      try Batch.settled(bids, Batch.terms(lots: 1, pricing: .displaced))
    )
    #expect(uniform == displaced)
  }

  @Test("a higher bid never wins fewer lots, and for as many pays the same", arguments: 0..<60)
  func monotone(seed: UInt64) throws {
    var random = Seeded(seed)
    let others = bids(&random)
    let lots = random.number(1...3)
    var last: BatchSettlement.Award?
    for price in Int64(10)...32 {
      let terms = try Batch.terms(pricing: .displaced)
      let result = try Batch.settled(others + [Batch.bid(50, price, lots: lots)], terms)
      let award = result.awards.first { $0.bidder == AccountID(50) }
      #expect((award?.lots ?? 0) >= (last?.lots ?? 0))
      if let award, let last, award.lots == last.lots { #expect(award.payment == last.payment) }
      last = award
    }
  }

  /// What bids of one owner come to, who has room for so many lots at so much each.
  private func gain(
    _ worth: Int64, room: Int64, _ own: [SealedBid], _ others: [SealedBid], _ terms: BatchTerms
  ) throws -> Int64 {
    let result = try Batch.settled(others + own, terms)
    let awards = result.awards.filter { award in own.contains { $0.bidder == award.bidder } }
    let lots = awards.reduce(0) { $0 + $1.lots }
    return awards.reduce(worth * min(lots, room)) { $0 - $1.payment }
  }

  @Test("who knows every other bid does no better than with his worth", arguments: 0..<40)
  func truthful(seed: UInt64) throws {
    var random = Seeded(seed)
    let others = bids(&random)
    let terms = try Batch.terms(pricing: .displaced)
    let (worth, room) = (random.number(10...32), random.number(1...3))
    let honest = try gain(worth, room: room, [Batch.bid(50, worth, lots: room)], others, terms)
    #expect(honest >= 0)
    for price in Int64(10)...34 {
      for lots in Int64(1)...3 {
        let bid = Batch.bid(50, price, lots: lots)
        #expect(try gain(worth, room: room, [bid], others, terms) <= honest)
      }
    }
  }

  @Test("nor with two bids under two names", arguments: 0..<30)
  func twoNames(seed: UInt64) throws {
    var random = Seeded(seed)
    let others = bids(&random)
    let terms = try Batch.terms(pricing: .displaced)
    let (worth, room) = (random.number(14...30), random.number(2...3))
    let honest = try gain(worth, room: room, [Batch.bid(50, worth, lots: room)], others, terms)
    let prices = [10, worth - 4, worth - 1, worth, worth + 1, worth + 6]
    for (first, second) in prices.flatMap({ one in prices.map { (one, $0) } }) {
      for (one, two) in [(1, 1), (1, 2), (2, 1)] as [(Int64, Int64)] {
        let own = [Batch.bid(50, first, lots: one), Batch.bid(51, second, lots: two)]
        #expect(try gain(worth, room: room, own, others, terms) <= honest)
      }
    }
  }

  // Otherwise the two before could not fail.
  @Test("at a uniform price some gain by asking for fewer lots")
  func demandReduction() throws {
    var found = 0
    for seed in 0..<40 as Range<UInt64> {
      var random = Seeded(seed)
      let others = bids(&random)
      let terms = try Batch.terms()
      let worth = random.number(20...32)
      let honest = try gain(worth, room: 3, [Batch.bid(50, worth, lots: 3)], others, terms)
      let fewer = try gain(worth, room: 3, [Batch.bid(50, worth, lots: 1)], others, terms)
      found += fewer > honest ? 1 : 0
    }
    #expect(found > 0)
  }
}
