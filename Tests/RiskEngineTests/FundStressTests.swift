// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
import Margin
import MarketData
import Parameters
import Quantities
import RiskEngine
import Testing

@Suite("What makes a move worse than its marks")
struct FundStressTests {
  private let perpetual = Contracts.btcPerpetual

  private static func terms(_ shift: String) -> [(key: String, value: String)] {
    [
      (key: "insuranceFund.targetInterval", value: "1"),
      (key: "insuranceFund.targetAddition", value: "0%"),
      (key: "insuranceFund.move.1.shift", value: shift),
      (key: "liquidation.expectedCost", value: "0.2%"), (key: "liquidation.impact", value: "0"),
    ]
  }

  /// The target of a venue where account 1 holds so many thousandths of a BTC from 8,000.
  private func target(
    _ changes: [(key: String, value: String)], usd: String, size: Int64 = 1_000
  ) throws -> (target: Int64, venue: Venue) {
    var venue = try Venue.marked(changes)
    try venue.open(1, .cross, usd: usd)
    try venue.take(1, size, of: perpetual)
    try venue.block()
    return (try #require(venue.engine.state.losses.review).target, venue)
  }

  private func depth(_ part: String) -> [(key: String, value: String)] {
    [(key: "insuranceFund.move.1.depth", value: part)]
  }

  // 4,000 USD are closed after the fall: 0.2 % of it is 8 USD, and 1 ÷ √part times that.
  @Test(
    "closing costs what the engine expects, raised as the depth falls",
    arguments: [
      (nil as String?, 3_500_000_000 as Int64), ("100%", 3_508_000_000), ("25%", 3_516_000_000),
      ("2%", 3_556_568_544),
    ])
  func thinBooks(part: String?, lack: Int64) throws {
    let stated = part.map { depth($0) } ?? []
    #expect(try target(Self.terms("-50%") + stated, usd: "500").target == lack)
  }

  @Test("after a rise closing is of what the position is worth then, and its fee is not raised")
  func rise() throws {
    // 12,000 USD at 0.2 % × 2, and 0.04 % of them; 3.20 were paid to open.
    let changes = Self.terms("50%") + depth("25%") + [(key: "fees.taker", value: "0.04%")]
    let found = try target(changes, usd: "503.2", size: -1_000)
    #expect(found.target == 3_500_000_000 + 48_000_000 + 4_800_000)
  }

  @Test("by the square-root law, too, the cost rises with the root of the depth that is gone")
  func impact() throws {
    let law = [
      (key: "liquidation.impact", value: "1"),
      (key: "book.BTC.dailyVolume", value: "1000000"),
    ]
    let plain = try target(Self.terms("-50%") + law + depth("100%"), usd: "500").target
    let thin = try target(Self.terms("-50%") + law + depth("4%"), usd: "500").target
    #expect(plain > 3_508_000_000)
    #expect(abs((thin - 3_500_000_000) - 5 * (plain - 3_500_000_000)) <= 5)
  }

  @Test("only who is below the maintenance margin after the move is closed")
  func line() throws {
    // 2 % × 1 ÷ √0.001 of 7,600 USD are more than the account could ever have left.
    let changes =
      Self.terms("-5%") + depth("0.1%") + [(key: "liquidation.expectedCost", value: "2%")]
    let (_, venue) = try target(changes, usd: "5000")
    let margin = try #require(venue.engine.valuation).risk(venue.account(1).portfolio)
      .maintenanceMargin
    for (offset, isClosed) in [(-1 as Int64, true), (0, false), (1, false)] {
      let held = Amount(units: margin + 400_000_000 + offset, asset: try Coins.usd)
      var next = try Venue.marked(changes)
      try next.open(1, .cross)
      try next.submit(.depositCollateral(AccountID(1), held))
      try next.take(1, 1_000, of: perpetual)
      try next.block()
      let found = try #require(next.engine.state.losses.review).target
      #expect((found > 4_000_000_000) == isClosed && (found == 0) == !isClosed, "\(offset)")
    }
  }

  @Test("while liquidations are late prices go on against whoever has to be closed")
  func latency() throws {
    for (size, shift, price) in [(1_000 as Int64, "-50%", 4_000.0), (-1_000, "50%", 12_000)] {
      let late = [(key: "insuranceFund.move.1.latency", value: "15min")]
      let found = try target(Self.terms(shift) + late, usd: "500", size: size)
      let market = try #require(found.venue.engine.state.market(of: AssetSymbol("BTC")))
      // The mean of the worst hundredth, over 15 minutes of the year.
      let drift = 2.665 * market.market.volatility.value * (900 / 31_536_000.0).squareRoot()
      #expect(drift > 0.005)
      let further = Double(found.target - 3_500_000_000) / 1e6
      #expect(abs(further - price * drift) < 0.01, "\(shift)")
      let none = [(key: "insuranceFund.move.1.latency", value: "0s")]
      #expect(
        try target(Self.terms(shift) + none, usd: "500", size: size).target == 3_500_000_000)
    }
  }

  @Test("a hedged account loses nothing while it waits, an unhurt one is not closed")
  func spared() throws {
    let late = [(key: "insuranceFund.move.1.latency", value: "1d")]
    let (hurt, _) = try target(Self.terms("-1%") + late, usd: "100000")
    #expect(hurt == 0)
    var venue = try Venue.marked(Self.terms("-70%") + late)
    try venue.open(1, .cross)
    try venue.deposit(1, "6", of: Coins.eth)
    try venue.take(1, 1_000, of: perpetual)
    try venue.take(1, -1_000, of: Contracts.btcFuture)
    try venue.block()
    // What its coins are still worth after the fall is less than the margin, so it is closed late.
    let margin = try #require(venue.engine.valuation).risk(venue.account(1).portfolio)
      .maintenanceMargin
    #expect(margin > 360_000_000)
    #expect(try #require(venue.engine.state.losses.review).target == 0)
  }

  // 10 ETH at 200 USD, and 1,000 USD lost on BTC: at half the price nothing is left.
  @Test(
    "an asset that loses its peg is worth so much less, and nothing else moves",
    arguments: [
      ("100%", 0 as Int64), ("50.0000001%", 0), ("50%", 0), ("49.9999999%", 2),
      ("40%", 200_000_000),
    ])
  func depeg(left: String, lack: Int64) throws {
    var venue = try Venue.marked(
      Self.terms("1%") + [(key: "insuranceFund.depeg.ETH", value: left)])
    try venue.open(1, .cross)
    try venue.deposit(1, "10", of: Coins.eth)
    try venue.take(1, 1_000, of: perpetual)
    try venue.block(btc: "7000")
    #expect(try venue.equity(1) == 1_000_000_000)
    #expect(try #require(venue.engine.state.losses.review).target == lack)
  }

  @Test("the quote currency has no peg to lose, and an asset that is not accepted none that counts")
  func noPeg() throws {
    #expect(throws: StepError.self) {
      _ = try Venue.marked(Self.terms("1%") + [(key: "insuranceFund.depeg.USD", value: "65%")])
    }
    let none = [(key: "insuranceFund.depeg.USDE", value: "65%")]
    #expect(try target(Self.terms("-50%") + none, usd: "500").target == 3_500_000_000)
  }

  @Test("a change of parameters names pegs of accepted collateral alone")
  func unknownPeg() throws {
    var venue = try Venue.marked(Self.terms("1%"))
    func change(_ symbol: String) throws -> Command {
      let state = venue.engine.state
      return .changeParameters(
        try ParameterSet(
          name: "pegs", date: state.parameters.date,
          values: state.parameters.values + [
            ParameterSet.read(
              key: "insuranceFund.depeg.\(symbol)", text: "65%", source: "test")
          ]))
    }
    let coin = try Asset(symbol: AssetSymbol("WBTC"), decimals: 8)
    let named = try change("WBTC")
    #expect(
      venue.refusal(of: named)
        == .parameters(
          .inconsistent(
            key: "insuranceFund.depeg.WBTC",
            reason: "this asset is no collateral; accept it first")))
    try venue.submit(
      .acceptCollateral(CollateralAsset(asset: coin, underlying: AssetSymbol("BTC"))))
    try venue.submit(named)
    try venue.submit(change("ETH"))
    let par = try Asset(symbol: AssetSymbol("USDX"), decimals: 6)
    try venue.submit(.acceptCollateral(CollateralAsset(asset: par, underlying: nil)))
    let key = "insuranceFund.depeg.USDX"
    let reason = "this asset counts at par: it has no price to lose"
    #expect(
      venue.refusal(of: try change("USDX"))
        == .parameters(.inconsistent(key: key, reason: reason)))
  }

  @Test("cover-2 is of the two owners that lose most in the same move")
  func correlated() throws {
    // Longs and a short of one owner each: the longs fall together by 3,500, 3,500 and 1,500 USD;
    // the short alone would lose 3,900. On days with so thin a tail all lack less than that.
    var venue = try Venue.marked(
      Self.terms("-50%") + [
        (key: "insuranceFund.move.2.shift", value: "50%"),
        (key: "insuranceFund.tailScale", value: "0.1%"),
        (key: "insuranceFund.tailShape", value: "1%"),
      ])
    for (id, size) in [(1 as UInt32, 1_000 as Int64), (2, 1_000), (3, 500), (4, -1_100)] {
      try venue.open(id, .cross, usd: "500")
      try venue.take(id, size, of: perpetual)
    }
    try venue.block()
    #expect(try #require(venue.engine.state.losses.review).target == 7_000_000_000)
  }
}
