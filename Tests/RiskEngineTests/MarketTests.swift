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

@Suite("Blocks and market states")
struct MarketTests {
  @Test("time rises from block to block, and a restart is part of it")
  func blockTime() throws {
    var venue = try Venue.marked()
    let now = venue.engine.state.time
    let refusal = Refusal.timeNotIncreasing(now, last: now)
    #expect(venue.refusal(of: .advanceBlock(at: now, samples: [])) == refusal)
    for nanoseconds in [Int64.min, -1, 0, now.nanoseconds - 1, .max] {
      let instant = Timestamp(nanoseconds: nanoseconds)
      #expect(
        venue.refusal(of: .advanceBlock(at: instant, samples: []))
          == .timeNotIncreasing(instant, last: now))
      #expect(
        venue.refusal(of: .restart(at: instant)) == .timeNotIncreasing(instant, last: now))
    }
    let later = now + .hour
    try venue.submit(.restart(at: later))
    let early = later - TimeSpan(nanoseconds: 1)
    #expect(
      venue.refusal(of: .advanceBlock(at: early, samples: []))
        == .timeNotIncreasing(early, last: later))
    #expect(venue.refusal(of: .restart(at: early)) == .timeNotIncreasing(early, last: later))
    try venue.submit(.restart(at: later))
    try venue.submit(.advanceBlock(at: later, samples: []))
  }

  @Test("a block carries at most 4,096 samples")
  func sampleCount() throws {
    var venue = try Venue.marked()
    guard case .advanceBlock(let instant, let samples) = venue.nextBlock() else { return }
    let many = Array(repeating: samples[0], count: Engine.mostSamples)
    #expect(
      venue.refusal(of: .advanceBlock(at: instant, samples: many + [samples[0]]))
        == .tooManySamples(4_097))
    try venue.submit(.advanceBlock(at: instant, samples: many))
  }

  @Test("samples with any numbers at all never stop the engine", arguments: 0..<8)
  func hostileSamples(seed: UInt64) throws {
    var venue = try Venue.marked()
    var random = Seeded(seed)
    let edges: [Int64] = [.min, -1, 0, 1, 1 << 53, Price.limit, Price.limit + 1, .max]
    for _ in 0..<12 {
      let instant = venue.now + .minute
      var samples: [PriceSample] = []
      for feed in venue.engine.rules.feeds {
        for source in feed.parameters.sources {
          let published = random.oneIn(3) ? random.pick(edges) : instant.nanoseconds
          samples.append(
            PriceSample(
              source: SourceID(source.source), feed: feed.id, mantissa: random.pick(edges),
              confidence: random.pick(edges), publishedAt: Timestamp(nanoseconds: published)))
        }
      }
      try venue.submit(.advanceBlock(at: instant, samples: samples))
    }
  }

  @Test("before the first quorum nothing can be traded")
  func unmarked() throws {
    var venue = try Venue.unmarked()
    try venue.open(1, .cross, usd: "1000")
    try venue.open(2, .cross, usd: "1000")
    let trade = TradeReport(
      instrument: Contracts.btcPerpetual, buyer: AccountID(1), seller: AccountID(2),
      size: Size(steps: 1), price: try Price("8000"))
    #expect(venue.refusal(of: .recordTrade(trade)) == .notMarked("BTC-PERP"))
    try venue.submit(.advanceBlock(at: Venue.start, samples: []))
    #expect(venue.refusal(of: .recordTrade(trade)) == .notMarked("BTC-PERP"))
    // Only BTC speaks: the venue waits for all of what it listed.
    try venue.set("BTC", "8000")
    try venue.submit(venue.nextBlock())
    #expect(venue.engine.valuation == nil)
    #expect(venue.refusal(of: .recordTrade(trade)) == .notMarked("BTC-PERP"))
    try venue.block(eth: "200")
    try venue.submit(.recordTrade(trade))
  }

  @Test("below quorum a market only lets risk be reduced", arguments: [false, true])
  func reduceOnly(afterRestart: Bool) throws {
    var venue = try Venue.marked()
    try venue.open(1, .cross, usd: "10000")
    try venue.open(2, .cross, usd: "10000")
    try venue.take(1, 10, of: Contracts.btcPerpetual)
    let eth = try AssetSymbol("ETH")
    let btc = try AssetSymbol("BTC")
    if afterRestart {
      try venue.submit(.restart(at: venue.now))
    } else {
      try venue.submit(venue.nextBlock(after: 300, silent: ["BTC"]))
      #expect(venue.engine.state.status(of: eth) == .open)
    }
    #expect(venue.engine.state.status(of: btc) == .reduceOnly)
    let perpetual = Contracts.btcPerpetual
    let opens = try venue.trade(perpetual, buyer: 1, seller: 0, size: 1)
    #expect(venue.refusal(of: opens) == .marketIsReduceOnly(btc))
    let flips = try venue.trade(perpetual, buyer: 0, seller: 1, size: 11)
    #expect(venue.refusal(of: flips) == .marketIsReduceOnly(btc))
    let order = RestingOrder(
      id: OrderID(1), instrument: perpetual, side: .buy, remaining: Size(steps: 1),
      limit: try Price("8000"), isReduceOnly: false)
    #expect(venue.refusal(of: .placeOrder(AccountID(1), order)) == .marketIsReduceOnly(btc))
    try venue.take(1, -10, of: perpetual)
    try venue.block()
    try venue.take(1, 10, of: perpetual)
  }

  @Test("after a restart old statements do not count, however often they are sent")
  func staleAfterRestart() throws {
    var venue = try Venue.marked()
    let btc = try AssetSymbol("BTC")
    guard case .advanceBlock(let instant, let samples) = venue.nextBlock(after: 10) else { return }
    try venue.submit(.restart(at: instant + .minute))
    try venue.submit(.advanceBlock(at: instant + .minute + .minute, samples: samples))
    #expect(venue.engine.state.status(of: btc) == .reduceOnly)
    try venue.block()
    #expect(venue.engine.state.status(of: btc) == .open)
  }

  @Test("a price at which some contract leaves its field halts its market in sight, not for good")
  func outOfField() throws {
    var venue = try Venue.marked()
    let (btc, eth) = (try AssetSymbol("BTC"), try AssetSymbol("ETH"))
    try venue.submit(
      .listInstrument(
        Contracts.contract(
          50, "LOW", "BTC", .perpetual, .linear, Coins.usd, 100_000, "8100")))
    for id: UInt32 in 1...2 { try venue.open(id, .cross, usd: "400") }
    try venue.take(1, -1_000, of: Contracts.btcPerpetual)
    try venue.take(2, 2_000, of: Contracts.ethPerpetual)
    try venue.block(btc: "8100.00000001", eth: "199")
    // The market of the contract keeps its last price; the other goes on.
    #expect(venue.engine.state.status(of: btc) == .reduceOnly)
    #expect(venue.engine.state.market(of: btc)?.market.index == Price(steps: 8_000_00000000))
    #expect(venue.engine.state.status(of: eth) == .open)
    #expect(venue.mark(Contracts.ethPerpetual).price == Price(steps: 199_00000000))
    #expect(venue.account(1).liquidation == nil, "nothing is done on a guess")
    let more = try venue.trade(Contracts.btcPerpetual, buyer: 0, seller: 1, size: 1)
    #expect(venue.refusal(of: more) == .marketIsReduceOnly(btc))
    try venue.block(eth: "181")
    #expect(venue.account(2).liquidation != nil, "the other market is watched")
    let state = venue.engine.state
    let twin = try Engine(state: state, hash: venue.engine.hash, sequence: venue.engine.sequence)
    #expect(twin.valuation?.marks == venue.engine.valuation?.marks)
    // At the highest price of the contract, 100 USD against it, it goes on.
    try venue.block(btc: "8100")
    #expect(venue.engine.state.status(of: btc) == .open)
    #expect(venue.engine.state.market(of: btc)?.market.index == Price(steps: 8_100_00000000))
    try venue.block(btc: "8090")
    try venue.take(1, 1_000, of: Contracts.btcPerpetual)
  }

  @Test("parameters that are incomplete, or that no account could be measured by, are refused")
  func parameters() throws {
    var venue = try Venue.marked()
    let set = venue.engine.state.parameters
    let partial = try ParameterSet(
      name: "partial", date: set.date, values: set.values.filter { $0.key != "margin.buffer" })
    #expect(
      venue.refusal(of: .changeParameters(partial))
        == .parameters(.missing(key: "margin.buffer")))
    let lonely = try set.setting("oracle.BTC.quorum", to: "32", source: "test")
    guard case .parameters(.inconsistent) = venue.refusal(of: .changeParameters(lonely)) else {
      Issue.record("a quorum that can never be met was accepted")
      return
    }
    let changed = try set.setting("margin.buffer", to: "50%", source: "test")
    let events = try venue.submit(.changeParameters(changed))
    #expect(events == [.parametersChanged(changed)])
    #expect(venue.engine.rules.margin.buffer == Rate(billionths: 500_000_000))
  }

  @Test("an underlying listed later waits for its own price and stops nobody")
  func laterListing() throws {
    var venue = try Venue.marked()
    try venue.open(1, .cross, usd: "300")
    try venue.take(1, 500, of: Contracts.btcPerpetual)
    let doge = try Asset(symbol: AssetSymbol("DOGE"), decimals: 8)
    try venue.submit(.acceptCollateral(CollateralAsset(asset: doge, underlying: doge.symbol)))
    try venue.submit(
      .listInstrument(
        Contracts.contract(
          40, "DOGE-PERP", "DOGE", .perpetual, .linear, Coins.usd, 100_000_000_000, "0.5")))
    #expect(
      venue.refusal(of: .depositCollateral(AccountID(1), try Amount("5", of: doge)))
        == .notMarked("DOGE"))
    // Equity 300 − 210 = 90 USD against 94.75 USD: liquidated although DOGE has no price.
    try venue.block(btc: "7580")
    #expect(venue.account(1).liquidation != nil)
    let trade = try venue.trade(InstrumentID(40), buyer: 1, seller: 0, size: 1, price: "0.002")
    #expect(venue.refusal(of: trade) == .notMarked("DOGE-PERP"))
    try venue.set("DOGE", "0.002")
    try venue.block()
    try venue.deposit(0, "5", of: doge)
    try venue.open(2, .cross, usd: "100")
    try venue.take(2, 5, of: InstrumentID(40))
  }

  @Test("a first index at which a contract leaves its limits is not taken, and stops nobody")
  func firstIndexOutOfField() throws {
    var venue = try Venue.marked()
    try venue.open(1, .cross, usd: "300")
    try venue.take(1, 500, of: Contracts.btcPerpetual)
    let doge = try AssetSymbol("DOGE")
    try venue.submit(
      .listInstrument(
        Contracts.contract(
          40, "DOGE-PERP", "DOGE", .perpetual, .linear, Coins.usd, 100_000_000_000, "0.002")))
    try venue.set("DOGE", "0.00200001")
    // A step beyond the highest price: DOGE stays unmarked, and BTC is watched.
    try venue.block(btc: "7580")
    #expect(venue.engine.state.market(of: doge) == nil)
    #expect(venue.engine.valuation != nil)
    for symbol in ["BTC", "ETH"] {
      #expect(venue.engine.state.status(of: try AssetSymbol(symbol)) == .open)
    }
    #expect(venue.account(1).liquidation != nil)
    let trade = try venue.trade(InstrumentID(40), buyer: 1, seller: 0, size: 1, price: "0.002")
    #expect(venue.refusal(of: trade) == .notMarked("DOGE-PERP"))
    // At the same time as another market that leaves its limits it is still not taken.
    try venue.submit(
      .listInstrument(
        Contracts.contract(
          50, "LOW", "BTC", .perpetual, .linear, Coins.usd, 100_000, "7600")))
    try venue.block(btc: "7600.00000001")
    #expect(venue.engine.state.market(of: doge) == nil)
    #expect(venue.engine.state.status(of: try AssetSymbol("BTC")) == .reduceOnly)
    #expect(venue.engine.state.status(of: try AssetSymbol("ETH")) == .open)
    // At the highest price it begins.
    try venue.set("DOGE", "0.002")
    try venue.block(btc: "7600")
    #expect(venue.engine.state.status(of: doge) == .open)
    #expect(venue.engine.state.status(of: try AssetSymbol("BTC")) == .open)
    try venue.open(2, .cross, usd: "100")
    try venue.take(2, 5, of: InstrumentID(40))
  }
}

@Suite("Withdrawals")
struct WithdrawalTests {
  @Test("cash leaves to the unit, and not one unit more")
  func cash() throws {
    var venue = try Venue.marked()
    try venue.open(1, .cross, usd: "100")
    let usd = try Coins.usd
    let id = AccountID(1)
    #expect(
      venue.refusal(of: .withdrawCollateral(id, Amount(units: 100_000_001, asset: usd)))
        == .insufficientBalance(id, has: 100_000_000))
    try venue.submit(.withdrawCollateral(id, Amount(units: 100_000_000, asset: usd)))
  }

  @Test("initial margin stays, to the unit")
  func margin() throws {
    var venue = try Venue.marked()
    try venue.open(1, .cross, usd: "1000")
    try venue.take(1, 1_000, of: Contracts.btcPerpetual)
    let usd = try Coins.usd
    let id = AccountID(1)
    #expect(
      venue.refusal(of: .withdrawCollateral(id, Amount(units: 600_000_001, asset: usd)))
        == .belowInitialMargin(id, equity: 399_999_999, initialMargin: 400_000_000))
    try venue.submit(.withdrawCollateral(id, Amount(units: 600_000_000, asset: usd)))
  }

  @Test("unrealized profit does not leave the venue")
  func unrealizedProfit() throws {
    var venue = try Venue.marked()
    try venue.open(1, .cross, usd: "1000")
    try venue.take(1, 1_000, of: Contracts.btcPerpetual)
    try venue.block(btc: "12000")
    // 4,000 USD of profit, initial margin 600: only 400 of the 1,000 paid in may leave.
    let usd = try Coins.usd
    let id = AccountID(1)
    #expect(try venue.equity(1) == 5_000_000_000)
    #expect(
      venue.refusal(of: .withdrawCollateral(id, Amount(units: 400_000_001, asset: usd)))
        == .belowInitialMargin(id, equity: 599_999_999, initialMargin: 600_000_000))
    try venue.submit(.withdrawCollateral(id, Amount(units: 400_000_000, asset: usd)))
  }

  @Test("a winner cannot take out cash that only the insurance fund has")
  func cashOnHand() throws {
    // Winners' realized profits are more than the venue's cash once the loser's collateral was
    // in another asset: P07.
    var venue = try Venue.unmarked()
    try venue.block(btc: "8000", eth: "200")
    try venue.open(1, .cross, usd: "1000")
    try venue.open(2, .cross)
    try venue.deposit(2, "1", of: Coins.btc)
    try venue.fund("50", of: Coins.usd)
    let perpetual = Contracts.btcPerpetual
    try venue.submit(venue.trade(perpetual, buyer: 1, seller: 2, size: 1_000))
    try venue.block(btc: "9000")
    try venue.submit(venue.trade(perpetual, buyer: 2, seller: 1, size: 1_000))
    #expect(venue.balance(1) == 2_000_000_000 && venue.balance(2) == -1_000_000_000)
    let usd = try Coins.usd
    #expect(
      venue.refusal(
        of: .withdrawCollateral(AccountID(1), Amount(units: 1_000_000_001, asset: usd)))
        == .insufficientBalance(AccountID(1), has: 1_050_000_000))
    try venue.submit(.withdrawCollateral(AccountID(1), Amount(units: 1_000_000_000, asset: usd)))
  }

  @Test("nothing is withdrawn against a price that is not fresh", arguments: [false, true])
  func stalePrice(holdsCoin: Bool) throws {
    var venue = try Venue.marked()
    try venue.open(1, .cross, usd: "10000")
    if holdsCoin {
      try venue.deposit(1, "1", of: Coins.btc)
      try venue.take(1, 1, of: Contracts.ethPerpetual)
    } else {
      try venue.take(1, 1, of: Contracts.btcPerpetual)
    }
    try venue.submit(venue.nextBlock(after: 300, silent: ["BTC"]))
    let one = Command.withdrawCollateral(AccountID(1), try Amount("1", of: Coins.usd))
    #expect(venue.refusal(of: one) == .marketIsReduceOnly(try AssetSymbol("BTC")))
    try venue.block()
    try venue.submit(one)
  }

  @Test("an account in liquidation withdraws nothing")
  func liquidating() throws {
    var venue = try Venue.marked()
    try venue.open(1, .cross, usd: "400")
    try venue.take(1, 1_000, of: Contracts.btcPerpetual)
    try venue.block(btc: "7780")
    #expect(venue.account(1).liquidation != nil)
    #expect(
      venue.refusal(of: .withdrawCollateral(AccountID(1), try Amount("1", of: Coins.usd)))
        == .accountInLiquidation(AccountID(1)))
  }
}
