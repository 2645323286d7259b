// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
import Margin
import MarketData
import Parameters
import Quantities
import RiskEngine
import TestFixtures
import Testing

@Suite("Prices and caps of collateral")
struct CollateralTests {
  /// A venue where ETH can be redeemed by two sources, beside its market.
  static let redemption = [
    (key: "oracle.ETH_R.source.ISSUER.weight", value: "1"),
    (key: "oracle.ETH_R.source.ISSUER.staleness", value: "60s"),
    (key: "oracle.ETH_R.source.ISSUER.confidenceLimit", value: "1%"),
    (key: "oracle.ETH_R.source.ISSUER.jumpLimit", value: "100%"),
    (key: "oracle.ETH_R.source.CHAIN.weight", value: "1"),
    (key: "oracle.ETH_R.source.CHAIN.staleness", value: "60s"),
    (key: "oracle.ETH_R.source.CHAIN.confidenceLimit", value: "1%"),
    (key: "oracle.ETH_R.source.CHAIN.jumpLimit", value: "100%"),
    (key: "oracle.ETH_R.quorum", value: "2"),
    (key: "oracle.ETH_R.deviationBand", value: "100%"),
    (key: "collateral.ETH.markUp", value: "6%"),
  ]

  private func marks(_ events: [LedgerEvent]) -> [CollateralMark] {
    events.compactMap { if case .collateralMarked(let marks) = $0 { marks } else { nil } }
      .flatMap(\.self)
  }

  @Test("without rules for it nothing is recorded, and the state's bytes end as they did")
  func silent() throws {
    var venue = try Venue.marked()
    #expect(marks(try venue.block()).isEmpty)
    #expect(venue.engine.state.canonicalBytes.last == 0)
  }

  // S03 and S08: the market of the coin stands still, its redemption falls, and is silent.
  @Test("collateral is worth the smaller of index and redemption value, in the same block")
  func redemptionFalls() throws {
    var venue = try Venue.unmarked(Self.redemption)
    try venue.set("ETH_R", "201")
    try venue.block(btc: "8000", eth: "200", after: 0)
    try venue.open(1, .cross)
    try venue.deposit(1, "10", of: Coins.eth)
    try venue.block()
    #expect(try venue.equity(1) == 2_000_000_000)
    try venue.set("ETH_R", "150")
    try venue.block()
    #expect(try venue.equity(1) == 1_500_000_000)
    #expect(venue.engine.state.market(of: try AssetSymbol("ETH"))?.status == .open)
    // Back to 201: 6 % an hour is 0.1 % in a minute.
    try venue.set("ETH_R", "201")
    try venue.block()
    #expect(try venue.equity(1) == 1_501_500_000)
    // A debt is never worth less than the index says.
    var owing = venue.account(1).portfolio
    owing.balances[2] = -1_000_000_000
    #expect(try #require(venue.engine.valuation).risk(owing).equity == -2_000_000_000)
  }

  @Test("a redemption value that is stale stops rises, new risk and withdrawals")
  func staleRedemption() throws {
    var venue = try Venue.unmarked(Self.redemption)
    try venue.set("ETH_R", "190")
    try venue.block(btc: "8000", eth: "200", after: 0)
    try venue.open(1, .cross)
    try venue.deposit(1, "10", of: Coins.eth)
    try venue.block()
    let events = try venue.submit(venue.nextBlock(after: 300, silent: ["ETH_R"]))
    #expect(marks(events).first?.isFresh == false)
    #expect(try venue.equity(1) == 1_900_000_000)
    let order = RestingOrder(
      id: OrderID(1), instrument: Contracts.btcPerpetual, side: .buy, remaining: Size(steps: 1),
      limit: try Price("8000"), isReduceOnly: false)
    let refusal = venue.refusal(of: .placeOrder(AccountID(1), order))
    #expect(refusal == .marketIsReduceOnly(try AssetSymbol("ETH")))
    try venue.block()
    try venue.submit(.placeOrder(AccountID(1), order))
  }

  @Test("a coin whose redemption was never seen is not accepted")
  func unknownRedemption() throws {
    var venue = try Venue.unmarked(Self.redemption)
    try venue.block(btc: "8000", eth: "200", after: 0)
    try venue.open(1, .cross)
    let amount = try Amount("1", of: Coins.eth)
    let refusal = venue.refusal(of: .depositCollateral(AccountID(1), amount))
    #expect(refusal?.code == "not-marked")
    try venue.set("ETH_R", "190")
    try venue.block()
    try venue.submit(.depositCollateral(AccountID(1), amount))
  }

  // S11 and S14: a price that multiplies in a block is followed slowly as collateral.
  @Test("a rise of the index is followed at the rate, a fall at once")
  func markUp() throws {
    var venue = try Venue.unmarked([(key: "collateral.ETH.markUp", value: "60%")])
    try venue.block(btc: "8000", eth: "200", after: 0)
    try venue.open(1, .cross)
    try venue.deposit(1, "1", of: Coins.eth)
    try venue.block(eth: "400")
    #expect(try venue.equity(1) == 202_000_000)
    try venue.block(eth: "400")
    #expect(try venue.equity(1) == 204_020_000)
    try venue.block(eth: "190")
    #expect(try venue.equity(1) == 190_000_000)
  }

  // 60 % an hour is 80 USD in a minute; a contract of at most 8,100 USD does not let the index
  // pass.
  @Test("an index that is rejected leaves the price as collateral as it was")
  func rejectedIndex() throws {
    var venue = try Venue.unmarked([(key: "collateral.BTC.markUp", value: "60%")])
    try venue.block(btc: "8000", eth: "200", after: 0)
    try venue.submit(
      .listInstrument(
        Contracts.contract(50, "LOW", "BTC", .perpetual, .linear, Coins.usd, 100_000, "8100")))
    try venue.open(1, .cross)
    try venue.deposit(1, "1", of: Coins.btc)
    let marks = marks(try venue.block(btc: "8100.00000001"))
    #expect(marks.map(\.price) == [try Price("8080"), try Price("8000")])
    #expect(marks.last?.isFresh == false)
    #expect(try venue.equity(1) == 8_000_000_000)
    // At the highest price of the contract the index counts, and so does the rise.
    try venue.block(btc: "8100")
    #expect(try venue.equity(1) > 8_000_000_000)
  }

  // S20: the cap of an asset venue-wide, at the door one unit below, at and above.
  @Test("deposits stop at the venue's cap; what a rising price lifts above it counts for nothing")
  func venueCap() throws {
    var venue = try Venue.unmarked([
      (key: "collateral.ETH.venueCap", value: "2000"),
      (key: "margin.collateral.ETH.haircut", value: "0%"),
    ])
    try venue.block(btc: "8000", eth: "200", after: 0)
    for id in [UInt32(1), 2] { try venue.open(id, .cross) }
    try venue.deposit(1, "6", of: Coins.eth)
    let eth = try Coins.eth
    func deposit(_ units: Int64) -> Command {
      .depositCollateral(AccountID(2), Amount(units: units, asset: eth))
    }
    #expect(
      venue.refusal(of: deposit(400_000_001))
        == .collateralCapReached(eth.symbol, cap: 2_000_000_000))
    try venue.submit(deposit(399_999_999))
    try venue.submit(deposit(1))
    #expect(venue.refusal(of: deposit(1))?.code == "collateral-cap-reached")
    try venue.block()
    #expect(try counted(venue, 1) == 1_200_000_000)
    // At 400 the venue holds 4,000: half of everybody's counts, and all of it is equity.
    try venue.block(eth: "400")
    #expect(try venue.equity(1) == 2_400_000_000)
    #expect(try counted(venue, 1) == 1_200_000_000)
    #expect(try counted(venue, 2) == 800_000_000)
    try venue.block(eth: "199")
    #expect(try counted(venue, 1) == 1_194_000_000)
  }

  private func counted(_ venue: Venue, _ id: UInt32) throws -> Int64 {
    let risk = try #require(venue.engine.valuation).risk(venue.account(id).portfolio)
    return risk.equity - risk.initialMargin
  }

  @Test("an engine made from the state alone, or from the records, stands where this one does")
  func recovery() throws {
    var venue = try Venue.unmarked(
      Self.redemption + [(key: "collateral.BTC.venueCap", value: "10000")])
    try venue.set("ETH_R", "150")
    try venue.block(btc: "8000", eth: "200", after: 0)
    try venue.open(1, .cross)
    try venue.deposit(1, "10", of: Coins.eth)
    try venue.deposit(1, "1", of: Coins.btc)
    try venue.block(btc: "12000")
    try venue.set("ETH_R", "170")
    try venue.block()
    let engine = venue.engine
    let bytes = engine.state.canonicalBytes
    let read = try LedgerState(canonicalBytes: bytes)
    #expect(read == engine.state && read.collateralMarks.count == 2)
    let again = try Engine(state: read, hash: engine.hash, sequence: engine.sequence)
    let account = venue.account(1).portfolio
    #expect(again.valuation?.risk(account) == engine.valuation?.risk(account))
    var decided = try Engine.open(
      quote: Coins.usd, parameters: venue.records[0].openedWith()
    ).engine
    for command in venue.commands.dropFirst() { _ = try decided.step(command) }
    #expect(decided.hash == engine.hash)
  }

  @Test("rules that are taken away are forgotten in the next block")
  func forgotten() throws {
    var venue = try Venue.unmarked([(key: "collateral.ETH.markUp", value: "60%")])
    try venue.block(btc: "8000", eth: "200", after: 0)
    #expect(venue.engine.state.collateralMarks.count == 1)
    try venue.submit(.changeParameters(ParameterFixture.set(Venue.wideOracle + Venue.noFees)))
    try venue.block()
    #expect(venue.engine.state.collateralMarks.isEmpty)
    #expect(marks(try venue.block()).isEmpty)
  }
}

extension Record {
  /// The parameters a venue was opened with.
  fileprivate func openedWith() throws -> ParameterSet {
    guard case .openVenue(_, let set) = command else { throw Missing() }
    return set
  }

  private struct Missing: Error {}
}
