// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Instruments
import Ledger
import Liquidation
import MarketData
import Parameters
import Quantities
import RiskEngine
import TestFixtures
import Testing

/// Random histories of a venue that cuts slices to depth, asks makers, and offers keepers what is
/// left, openly or by sealed bids; every event is audited.
@Suite("Slices outside over random worlds")
struct ExecutionFuzzTests {
  /// Many more in the long run; the seed is the reproduction.
  private static let worlds: UInt64 =
    ProcessInfo.processInfo.environment["PLIMSOLL_FULL"] == "1" ? 2_000 : 8

  private static func venue(_ seed: UInt64) throws -> Venue {
    let requests = seed % 4 < 2 ? "30s" : "0s"
    let stated = [
      (key: "liquidation.depthWindow", value: "2min"), (key: "requests.life", value: requests),
      (key: "requests.fee", value: "0.05%"),
      (key: "requests.relayed", value: seed % 8 == 5 ? "true" : "false"),
      (key: "keeper.patience", value: "1"),
      (key: "keeper.gasUnits", value: "100000"), (key: "keeper.bonus", value: "0.2%"),
      (key: "keeper.cap", value: "3%"),
    ]
    let rights = [
      (key: "rights.commitSpan", value: "1s"), (key: "rights.revealSpan", value: "90s"),
      (key: "rights.lots", value: "3"), (key: "rights.deposit", value: "1"),
      (key: "rights.pricing", value: seed % 4 == 1 ? "1" : "0"),
    ]
    var venue = try Venue.marked(stated + (seed % 2 == 1 ? rights : []))
    try venue.fund("300", of: Coins.usd)
    for id: UInt32 in 1...12 {
      try venue.open(id, MarginMode.allCases[Int(id) % 3], usd: "1500")
    }
    for id in [0, 3, 6] as [UInt32] { try venue.submit(.registerMaker(AccountID(id))) }
    for id in [7, 11] as [UInt32] { try venue.submit(.registerRelayer(AccountID(id))) }
    return venue
  }

  private static func bid(_ seed: UInt64) -> RightsBid {
    RightsBid(
      price: Int64(seed % 2_000_000) + 1, lots: Int64(seed % 3) + 1,
      salt: [UInt8](repeating: UInt8(truncatingIfNeeded: seed), count: 32))
  }

  /// Something that somebody outside may do now; some of it late, doubled or absurd.
  private static func outside(_ random: inout Seeded, _ venue: Venue) throws -> Command {
    let book = venue.engine.state.execution
    let account = random.pick(venue.engine.state.accounts).id
    let contract = random.pick(venue.engine.state.listing.contracts).id
    let isOpen = [!book.requests.isEmpty, !book.offers.isEmpty, !book.sales.isEmpty]
    let open = (2...4).filter { isOpen[$0 - 2] }
    switch open.isEmpty || random.oneIn(4) ? Int(random.next() % 5) : random.pick(open) {
    case 0:
      let sizes = (random.number(0...2_000), random.number(0...2_000))
      return .reportDepth([
        DepthReport(
          instrument: contract, bids: Size(steps: sizes.0), asks: Size(steps: sizes.1))
      ])
    case 1: return .reportGas(perMillion: random.number(0...10_000_000))
    case 2:
      guard let request = book.requests.first else { break }
      let mark = venue.mark(request.instrument).price
      let price = Price(steps: mark.steps / 1_000 * random.number(970...1_030) / 1_000 * 1_000)
      let maker = AccountID(UInt32(random.pick([0, 3, 6, 7])))
      let size = Size(steps: random.number(1...request.size.steps))
      guard size.steps % 4 != 0 else {
        return .answerRequest(maker, request.id, price, size)
      }
      return .relayAnswer(
        AccountID(size.steps % 3 == 0 ? 11 : 7), request.id,
        QuoteAnswer(maker: maker, price: price, size: size))
    case 3:
      guard let offer = book.offers.first else { break }
      return .takeOffer(
        account, offer.id, Size(steps: random.number(1...offer.left.steps)),
        leastReward: random.oneIn(4) ? offer.reward : 0)
    default:
      guard let sale = book.sales.first else { break }
      let bid = bid(UInt64(account.number) &* 977 &+ sale.id)
      if random.oneIn(2) { return .revealBid(account, sale.id, bid) }
      let sealed = SealedBid(bidder: account, price: bid.price, lots: bid.lots, salt: bid.salt)
      return .commitBid(account, sale.id, sealed.commitment(to: sale.id))
    }
    return .takeOffer(account, UInt64(random.number(0...5)), Size(steps: 1), leastReward: 0)
  }

  private static func played(_ seed: UInt64) throws -> Venue {
    var venue = try venue(seed)
    var commands = RandomCommands(seed: 7_000 + seed)
    var random = Seeded(seed)
    for _ in 0..<320 {
      try venue.attempt(random.oneIn(2) ? outside(&random, venue) : commands.next(for: &venue))
    }
    return venue
  }

  /// Of the first worlds; those of a long run would fill the memory.
  private static let history = Kept<UInt64, Venue>(played)
  private static let keptWorlds: UInt64 = 8

  @Test("no history breaks a rule, and each is decided alike from its bytes", arguments: 0..<worlds)
  func histories(seed: UInt64) throws {
    let venue = try seed < Self.keptWorlds ? Self.history(seed) : Self.played(seed)
    var twin = try Self.venue(seed).engine
    let begun = Int(twin.sequence)
    for (command, record) in zip(venue.commands, venue.records).dropFirst(begun) {
      if record.sequence % 40 == 0 {
        let state = try LedgerState(canonicalBytes: twin.state.canonicalBytes)
        twin = try Engine(state: state, hash: twin.hash, sequence: twin.sequence)
      }
      #expect(try twin.step(Command(canonicalBytes: command.canonicalBytes)).hash == record.hash)
    }
    #expect(twin.hash == venue.engine.hash && venue.records.count > begun + 100)
    #expect(venue.engine.state.brokenAfterBlock() == nil)
  }

  @Test("the worlds have answers, takes and sales that come to something")
  func coverage() throws {
    var seen: [String: Int] = [:]
    for seed in 0..<Self.keptWorlds {
      for event in try Self.history(seed).records.flatMap(\.events) {
        switch event {
        case .requestClosed(_, let filled) where filled > .zero: seen["filled", default: 0] += 1
        case .answerRelayed: seen["relayed", default: 0] += 1
        case .transferred(let transfer) where transfer.reason == .relayFee:
          seen[transfer.to == .fees ? "to the venue" : "to relayers", default: 0] += 1
        case .keeperOffered: seen["offered", default: 0] += 1
        case .rightsOffered: seen["for sale", default: 0] += 1
        case .offerTaken: seen["taken", default: 0] += 1
        case .offerClosed(_, _, .untaken): seen["untaken", default: 0] += 1
        case .rightsSettled(_, _, let outcome) where outcome.lots > 0:
          seen["sold", default: 0] += 1
        case .transferred(let transfer) where transfer.reason == .rightsForfeit:
          seen["forfeit", default: 0] += 1
        default: break
        }
      }
    }
    print("slices outside: \(seen.sorted { $0.key < $1.key })")
    #expect(seen["filled", default: 0] > 0 && seen["taken", default: 0] > 0)
    #expect(seen["relayed", default: 0] > 0 && seen["to relayers", default: 0] > 0)
    #expect(seen["untaken", default: 0] > 0 && seen["sold", default: 0] > 0)
  }
}
