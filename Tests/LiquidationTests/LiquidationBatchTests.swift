// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Ledger
import Liquidation
import Parameters
import Quantities
import TestFixtures
import Testing

/// A batch over which a test has the money and the clock.
struct Batch {
  static let opening = Timestamp(seconds: 1_583_971_200)
  static let closing = opening + TimeSpan(seconds: 6)
  static let end = opening + TimeSpan(seconds: 12)
  static let owner = AccountID(99)

  static func terms(
    number: UInt64 = 7, lots: Int64 = 3, reserve: Int64 = 10, deposit: Int64 = 25,
    claim: Int64 = 100, closesAt: Timestamp = closing, settlesAt: Timestamp = end,
    pricing: RightsPricing = .uniform
  ) throws(BatchRefusal) -> BatchTerms {
    try BatchTerms(
      number: number, account: owner, lots: lots, reserve: reserve, deposit: deposit,
      accountClaim: claim, closesAt: closesAt, settlesAt: settlesAt, pricing: pricing)
  }

  static func bid(
    _ bidder: UInt32, _ price: Int64, lots: Int64 = 1, salt: UInt8 = 1
  ) -> SealedBid {
    SealedBid(
      bidder: AccountID(bidder), price: price, lots: lots,
      salt: [UInt8](repeating: salt &+ UInt8(truncatingIfNeeded: bidder), count: 32))
  }

  /// All committed, all but some opened, in the given order.
  static func settled(
    _ bids: [SealedBid], silent: Set<UInt32> = [], _ terms: BatchTerms
  ) throws -> BatchSettlement {
    var batch = LiquidationBatch(terms)
    for bid in bids {
      try batch.commit(
        bid.commitment(to: terms.number), of: bid.bidder, available: terms.deposit, at: opening)
    }
    for bid in bids.reversed() where !silent.contains(bid.bidder.number) {
      try batch.reveal(bid, available: bid.price * bid.lots, at: closing)
    }
    return try batch.settled(at: end)
  }
}

@Suite("Sealed-bid batches")
struct LiquidationBatchTests {
  @Test("everybody pays the highest losing price; the account comes first, then the fund")
  func worked() throws {
    let bids = [
      Batch.bid(1, 50), Batch.bid(2, 40), Batch.bid(3, 45), Batch.bid(4, 38), Batch.bid(5, 60),
    ]
    let result = try Batch.settled(bids, Batch.terms())
    #expect(result.awards.map(\.bidder.number) == [1, 3, 5])
    #expect(result.awards.allSatisfy { $0.lots == 1 && $0.payment == 40 })
    #expect(result.price == 40 && result.unsold == 0)
    #expect(result.toAccount == 100 && result.toFund == 20 && result.forfeiting.isEmpty)
    // The claim one unit below, at and above the proceeds of 120.
    for (claim, fund) in [(119, 1), (120, 0), (121, 0)] as [(Int64, Int64)] {
      let result = try Batch.settled(bids, Batch.terms(claim: claim))
      #expect(result.toFund == fund && result.toAccount == 120 - fund)
    }
  }

  @Test("without a losing bid the reserve is paid, and nothing is sold below it")
  func reserve() throws {
    let result = try Batch.settled([Batch.bid(1, 50), Batch.bid(2, 10)], Batch.terms())
    #expect(result.price == 10 && result.unsold == 1 && result.toAccount == 20)
    let none = try Batch.settled([], Batch.terms())
    #expect(none.awards.isEmpty && none.unsold == 3 && none.toAccount == 0)
    #expect(throws: BatchRefusal.belowReserve(10)) {
      try Batch.settled([Batch.bid(1, 9)], Batch.terms())
    }
    #expect(throws: BatchRefusal.outsideLimits(.reserve)) { try Batch.terms(reserve: 0) }
  }

  @Test("the last winner takes what is left, and his own next lot sets the price")
  func partial() throws {
    let bids = [Batch.bid(1, 50, lots: 2), Batch.bid(2, 40, lots: 3)]
    let result = try Batch.settled(bids, Batch.terms())
    #expect(result.awards.map(\.lots) == [2, 1] && result.price == 40)
  }

  @Test("a bid that is not opened wins nothing and loses its deposit to the fund")
  func silent() throws {
    let bids = [Batch.bid(1, 50), Batch.bid(2, 40), Batch.bid(3, 30), Batch.bid(4, 20)]
    let result = try Batch.settled(bids, silent: [1, 3], Batch.terms())
    #expect(result.awards.map(\.bidder.number) == [2, 4])
    #expect(result.forfeiting.map(\.number) == [1, 3] && result.forfeited == 50)
  }

  @Test("steps outside their time, doubled, foreign and uncovered ones are refused")
  func refusals() throws {
    let terms = try Batch.terms()
    let bid = Batch.bid(1, 50, lots: 2)
    let digest = bid.commitment(to: 7)
    let nanosecond = TimeSpan(nanoseconds: 1)
    var batch = LiquidationBatch(terms)
    func commit(_ id: UInt32, _ money: Int64, _ time: Timestamp) throws(BatchRefusal) {
      try batch.commit(digest, of: AccountID(id), available: money, at: time)
    }
    #expect(throws: BatchRefusal.closed) { try commit(1, 25, Batch.closing) }
    #expect(throws: BatchRefusal.ownAccount(Batch.owner)) { try commit(99, 25, Batch.opening) }
    #expect(throws: BatchRefusal.notCovered(AccountID(1), lacking: 1)) {
      try commit(1, 24, Batch.opening)
    }
    try commit(1, 25, Batch.closing - nanosecond)
    #expect(throws: BatchRefusal.alreadyCommitted(AccountID(1))) {
      try commit(1, 25, Batch.opening)
    }
    try commit(2, 26, Batch.opening)

    func reveal(_ bid: SealedBid, _ money: Int64 = 100, _ time: Timestamp = Batch.closing)
      throws(BatchRefusal)
    { try batch.reveal(bid, available: money, at: time) }
    #expect(throws: BatchRefusal.stillSealed) { try reveal(bid, 100, Batch.closing - nanosecond) }
    #expect(throws: BatchRefusal.tooLate) { try reveal(bid, 100, Batch.end) }
    #expect(throws: BatchRefusal.notCommitted(AccountID(3))) { try reveal(Batch.bid(3, 50)) }
    #expect(throws: BatchRefusal.otherBid(AccountID(1))) { try reveal(Batch.bid(1, 51, lots: 2)) }
    #expect(throws: BatchRefusal.otherBid(AccountID(1))) { try reveal(Batch.bid(1, 50, lots: 1)) }
    // The commitment of another, seen on its way and sent under one's own name.
    let copied = SealedBid(bidder: AccountID(2), price: 50, lots: 2, salt: bid.salt)
    #expect(throws: BatchRefusal.otherBid(AccountID(2))) { try reveal(copied) }
    #expect(throws: BatchRefusal.notCovered(AccountID(1), lacking: 1)) { try reveal(bid, 99) }
    try reveal(bid, 100, Batch.end - nanosecond)
    #expect(throws: BatchRefusal.alreadyRevealed(AccountID(1))) { try reveal(bid) }
    #expect(throws: BatchRefusal.notYet) { try batch.settled(at: Batch.end - nanosecond) }
    #expect(try batch.settled(at: Batch.end).awards.count == 1)
  }

  @Test("numbers outside limits are refused, those at them are not")
  func limits() throws {
    let most = Amount.limit / Int64(BatchTerms.mostCommitments)
    for (field, isFine, terms) in [
      (BatchField.lots, false, { try Batch.terms(lots: 0) }),
      (.lots, false, { try Batch.terms(lots: Size.limit + 1) }),
      (.lots, true, { try Batch.terms(lots: Size.limit) }),
      (.reserve, false, { try Batch.terms(lots: 4, reserve: Amount.limit / 4 + 1) }),
      (.reserve, true, { try Batch.terms(lots: 4, reserve: Amount.limit / 4) }),
      (.deposit, false, { try Batch.terms(deposit: 0) }),
      (.deposit, false, { try Batch.terms(deposit: most + 1) }),
      (.deposit, true, { try Batch.terms(deposit: most) }),
      (.accountClaim, false, { try Batch.terms(claim: -1) }),
      (.accountClaim, false, { try Batch.terms(claim: Amount.limit + 1) }),
      (.accountClaim, true, { try Batch.terms(claim: Amount.limit) }),
      (.times, false, { try Batch.terms(settlesAt: Batch.closing) }),
    ] as [(BatchField, Bool, () throws -> BatchTerms)] {
      if isFine {
        _ = try terms()
      } else {
        #expect(throws: BatchRefusal.outsideLimits(field)) { _ = try terms() }
      }
    }
    let terms = try Batch.terms()
    let high = terms.highestPrice
    #expect(try Batch.settled([Batch.bid(1, high)], terms).awards.count == 1)
    #expect(throws: BatchRefusal.outsideLimits(.price)) {
      try Batch.settled([Batch.bid(1, high + 1)], terms)
    }
    for lots in [0, 4] as [Int64] {
      #expect(throws: BatchRefusal.outsideLimits(.lots)) {
        try Batch.settled([Batch.bid(1, 50, lots: lots)], terms)
      }
    }
    let short = SealedBid(bidder: AccountID(1), price: 50, lots: 1, salt: [1, 2, 3])
    #expect(throws: BatchRefusal.outsideLimits(.salt)) { try Batch.settled([short], terms) }
  }
}

@Suite("What sealed-bid batches promise")
struct LiquidationBatchPropertyTests {
  private func bids(_ random: inout Seeded, unit: Bool) -> [SealedBid] {
    (1...random.number(1...9)).map { id in
      Batch.bid(
        UInt32(id), random.number(10...30), lots: unit ? 1 : random.number(1...3),
        salt: UInt8(truncatingIfNeeded: random.next()))
    }
  }

  /// What a bidder to whom a lot is worth so much has of the batch.
  private func gain(_ worth: Int64, _ bid: SealedBid?, _ others: [SealedBid]) throws -> Int64 {
    let result = try Batch.settled(others + (bid.map { [$0] } ?? []), Batch.terms())
    let award = result.awards.first { $0.bidder == bid?.bidder }
    return award.map { worth * $0.lots - $0.payment } ?? 0
  }

  @Test("who wants one lot never does better than with what it is worth to him", arguments: 0..<60)
  func truthful(seed: UInt64) throws {
    var random = Seeded(seed)
    let others = bids(&random, unit: true)
    for worth in stride(from: Int64(10), through: 31, by: 3) {
      let honest = try gain(worth, Batch.bid(50, worth), others)
      #expect(honest >= 0)
      for price in Int64(10)...34 {
        #expect(try gain(worth, Batch.bid(50, price), others) <= honest)
      }
    }
  }

  @Test("no order of commitments matters, and every unit is somebody's", arguments: 0..<200)
  func permutation(seed: UInt64) throws {
    var random = Seeded(seed)
    let bids = bids(&random, unit: false)
    let silent = Set(bids.filter { _ in random.oneIn(4) }.map(\.bidder.number))
    let terms = try Batch.terms(claim: random.number(0...90))
    let result = try Batch.settled(bids, silent: silent, terms)
    #expect(try Batch.settled(bids.shuffled(using: &random), silent: silent, terms) == result)
    let sold = result.awards.reduce(0) { $0 + $1.lots }
    #expect(sold + result.unsold == terms.lots)
    let paid = result.awards.reduce(0) { $0 + $1.payment }
    #expect(paid == result.toAccount + result.toFund && paid == sold * result.price)
    #expect(result.toFund == 0 || result.toAccount == terms.accountClaim)
    #expect(result.forfeited == Int64(silent.count) * terms.deposit)
    for award in result.awards {
      let bid = try #require(bids.first { $0.bidder == award.bidder })
      #expect(bid.price >= result.price && award.lots <= bid.lots)
    }
    for bid in bids where bid.price > result.price && !silent.contains(bid.bidder.number) {
      #expect(result.awards.first { $0.bidder == bid.bidder }?.lots == bid.lots)
    }
  }

  @Test("two thousand bids settle, and the winners are the dearest")
  func many() throws {
    let terms = try Batch.terms(lots: 100)
    let bids = (1...2_000).map { Batch.bid(UInt32($0 + 1_000), Int64($0) + 10) }
    let result = try Batch.settled(bids, terms)
    #expect(result.awards.map(\.bidder.number) == Array(2_901...3_000))
    #expect(result.price == 1_910)
  }

  // The price update is published when commitments close. A bidder who then knows it may open his
  // bid or not; nothing else that he does can reach the batch.
  @Test("what comes after the price update cannot reach the settlement", arguments: 0..<40)
  func noLeak(seed: UInt64) throws {
    var random = Seeded(seed)
    let honest = bids(&random, unit: true)
    let terms = try Batch.terms(deposit: 25)
    var outcomes: Set<BatchSettlement> = []
    for update in [-25, -5, 0, 5, 25] as [Int64] {
      var batch = LiquidationBatch(terms)
      for bid in honest {
        try batch.commit(bid.commitment(to: 7), of: bid.bidder, available: 25, at: Batch.opening)
      }
      let informed = Batch.bid(60, 20 + update + 5)
      #expect(throws: BatchRefusal.closed) {
        try batch.commit(
          informed.commitment(to: 7), of: informed.bidder, available: 99, at: Batch.closing)
      }
      #expect(throws: BatchRefusal.notCommitted(informed.bidder)) {
        try batch.reveal(informed, available: 99, at: Batch.closing)
      }
      for bid in honest { try batch.reveal(bid, available: bid.price, at: Batch.closing) }
      outcomes.insert(try batch.settled(at: Batch.end))
      // Not to open a bid spares at most what the update has taken from a lot, and costs the
      // deposit: with a deposit that covers the move, to open is never worse.
      for (place, bid) in honest.enumerated() {
        let opened = try #require(try? batch.settled(at: Batch.end))
        let payment = opened.awards.first { $0.bidder == bid.bidder }?.payment
        let gain = payment.map { bid.price + min(update, 0) - $0 } ?? 0
        #expect(gain >= -terms.deposit, "bidder \(place)")
      }
    }
    #expect(outcomes.count == 1)
  }

  @Test("as many commit as there may be, and not one more")
  func full() throws {
    var batch = LiquidationBatch(try Batch.terms())
    let digest = Batch.bid(1, 50).commitment(to: 7)
    let bidders = (1...UInt32(BatchTerms.mostCommitments)).map { AccountID(100 + $0) }
    #expect(bidders.count == 16_384)
    for bidder in bidders {
      try batch.commit(digest, of: bidder, available: 25, at: Batch.opening)
    }
    #expect(throws: BatchRefusal.full) {
      try batch.commit(digest, of: AccountID(1), available: 25, at: Batch.opening)
    }
    // Whoever is in it is told so.
    #expect(throws: BatchRefusal.alreadyCommitted(bidders[0])) {
      try batch.commit(digest, of: bidders[0], available: 25, at: Batch.opening)
    }
  }
}
