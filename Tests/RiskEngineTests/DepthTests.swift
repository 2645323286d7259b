// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
import Parameters
import Quantities
import RiskEngine
import TestFixtures
import Testing

@Suite("Slices cut to the depth that has stood")
struct DepthTests {
  private let perpetual = Contracts.btcPerpetual

  private func reports(bids: Int64, asks: Int64 = 50) -> Command {
    .reportDepth([
      DepthReport(
        instrument: perpetual, bids: Size(steps: bids), asks: Size(steps: asks))
    ])
  }

  /// Three accounts long 1 BTC from 8,000 USD with 500 USD each, in a book of 100 steps, and a
  /// minute before the price falls somebody shows a wall.
  private func venue(
    window: String?, wall: Int64? = nil, _ changes: [(key: String, value: String)] = []
  ) throws -> Venue {
    let stated = window.map { [(key: "liquidation.depthWindow", value: $0)] } ?? []
    var venue = try Venue.marked(stated + changes)
    for id in UInt32(1)...3 {
      try venue.open(id, .cross, usd: "500")
      try venue.take(id, 1_000, of: perpetual)
    }
    for _ in 0..<10 {
      if window != nil { try venue.submit(reports(bids: 100)) }
      try venue.block()
    }
    if let wall { try venue.submit(reports(bids: wall)) }
    try venue.block(btc: "7650")
    return venue
  }

  private func ordered(_ venue: Venue) -> [Int64] {
    (UInt32(1)...3).map { venue.account($0).liquidation?.order?.size.steps ?? 0 }
  }

  @Test("without a window nothing is cut; with one, the slices of a block share the depth")
  func shared() throws {
    let plain = ordered(try venue(window: nil))
    #expect(plain[0] > 300 && plain == [plain[0], plain[0], plain[0]])
    #expect(ordered(try venue(window: "10min")) == [100, 0, 0])
    #expect(
      ordered(try venue(window: "10min", [(key: "liquidation.depthPart", value: "33%")]))
        == [33, 0, 0])
  }

  // POPCAT, 12 November 2025: a wall that is taken away.
  @Test("a wall shown for a minute makes no slice larger, where depth of the moment would")
  func fakeDepth() throws {
    var standing = try venue(window: "10min", wall: 1_000_000)
    #expect(ordered(standing) == [100, 0, 0])
    var moment = try venue(window: "1s", wall: 1_000_000)
    let fooled = ordered(moment)
    #expect(fooled.reduce(0, +) > 900)
    // The wall is gone, and whoever showed it takes the orders at their limits.
    func extracted(_ venue: inout Venue) throws -> Int64 {
      try venue.open(9, .cross, usd: "1000000")
      let before = try venue.equity(9)
      for id in UInt32(1)...3 {
        guard let order = venue.account(id).liquidation?.order else { continue }
        try venue.submit(venue.report(order, with: 9))
      }
      return try venue.equity(9) - before
    }
    let (one, other) = (try extracted(&standing), try extracted(&moment))
    #expect(one > 0 && other > 3 * one, "\(one) against \(other)")
  }

  @Test("a wall that stands for the whole window is depth, a second before it is not")
  func stands() throws {
    for (seconds, expected) in [(599, [100, 0, 0]), (600, nil)] as [(Int64, [Int64]?)] {
      var venue = try Venue.marked([(key: "liquidation.depthWindow", value: "10min")])
      for id in UInt32(1)...3 {
        try venue.open(id, .cross, usd: "500")
        try venue.take(id, 1_000, of: perpetual)
      }
      try venue.submit(reports(bids: 100))
      try venue.block(after: 600)
      try venue.submit(reports(bids: 1_000_000))
      try venue.block(btc: "7650", after: seconds)
      if let expected {
        #expect(ordered(venue) == expected)
      } else {
        #expect(ordered(venue)[2] > 300)
      }
    }
  }

  @Test("an empty book leaves room for one step, a short meets asks, an unreported market is free")
  func edges() throws {
    var venue = try Venue.marked([(key: "liquidation.depthWindow", value: "10min")])
    for id in UInt32(1)...2 { try venue.open(id, .cross, usd: "500") }
    try venue.take(1, -1_000, of: perpetual)
    try venue.take(2, -4_000, of: Contracts.ethPerpetual)
    try venue.submit(reports(bids: 0, asks: 0))
    try venue.block(btc: "8400", eth: "212")
    #expect(try venue.order(of: 1).size == Size(steps: 1))
    #expect(try venue.order(of: 2).size > Size(steps: 1_000))
  }

  @Test("the expected cost of a slice rises with the part of the depth that it takes")
  func cost() throws {
    let sizing = [(key: "liquidation.depthPart", value: "100%")]
    func size(_ distance: String) throws -> Int64 {
      var venue = try Venue.marked(
        [
          (key: "liquidation.depthWindow", value: "10min"),
          (key: "liquidation.depthDistance", value: distance),
        ] + sizing)
      try venue.open(1, .cross, usd: "500")
      try venue.take(1, 1_000, of: perpetual)
      try venue.submit(reports(bids: 1_000))
      try venue.block(btc: "7650")
      return try venue.order(of: 1).size.steps
    }
    let plain = try size("0%")
    // A thousandth, less than what the venue expects anyway, changes nothing.
    #expect(try size("0.1%") == plain)
    // The root of x (3 % − distance ÷ 2 × x) = 79.6 ÷ 7,650: 0.447, 0.544, and none at all.
    #expect(try abs(size("3%") - 447) <= 3 && plain < 430)
    #expect(try abs(size("4%") - 544) <= 8)
    #expect(try size("5%") == 1_000, "where no sale restores, all of it")
  }

  @Test("reports are refused: not in use, none, unknown, out of order, outside limits")
  func refusals() throws {
    var off = try Venue.marked()
    #expect(off.refusal(of: reports(bids: 1)) == .notInUse("liquidation.depthWindow"))
    var venue = try Venue.marked([(key: "liquidation.depthWindow", value: "1s")])
    #expect(venue.refusal(of: .reportDepth([])) == .notPositive("the number of reports"))
    #expect(
      venue.refusal(
        of: .reportDepth([DepthReport(instrument: InstrumentID(99), bids: .zero, asks: .zero)]))
        == .unknownInstrument(InstrumentID(99)))
    let one = DepthReport(instrument: perpetual, bids: .zero, asks: .zero)
    #expect(
      venue.refusal(of: .reportDepth([one, one]))
        == .notIncreasing("an instrument in a report of depth"))
    for size in [-1, Size.limit + 1] {
      #expect(venue.refusal(of: reports(bids: size)) == .outsideLimits("a depth"))
      #expect(venue.refusal(of: reports(bids: 0, asks: size)) == .outsideLimits("a depth"))
    }
    try venue.submit(reports(bids: Size.limit, asks: 0))
  }

  @Test("what was reported is part of the state, and an engine made from its bytes cuts alike")
  func recovery() throws {
    var venue = try venue(window: "10min", wall: 700)
    let state = try LedgerState(canonicalBytes: venue.engine.state.canonicalBytes)
    #expect(state == venue.engine.state && !state.execution.isEmpty)
    var twin = try Engine(state: state, hash: venue.engine.hash, sequence: venue.engine.sequence)
    for command in [reports(bids: 40), venue.nextBlock()] {
      try venue.submit(command)
      #expect(try twin.step(command).hash == venue.engine.hash)
    }
  }
}
