// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Instruments
import Ledger
import Quantities
import Testing

@testable import Reporting
@testable import Simulation

@Suite("Pictures of the stages")
struct StagePictureTests {
  private let start = SyntheticReplay.start
  private let money: MoneyFormat

  init() throws { money = MoneyFormat(currency: try AssetSymbol("USD")) }

  private func time(_ minute: Int64) -> Timestamp { start + TimeSpan(seconds: 60 * minute) }

  private func bid(
    _ minute: Int64, _ notional: Int64, discount: Int64 = 0, fund: Int64 = 0, prolongs: Bool = false
  ) -> AuctionStory.Bid {
    AuctionStory.Bid(
      time: time(minute),
      fill: AuctionFill(
        account: AccountID(9), bidder: AccountID(UInt32(minute)),
        share: Rate(billionths: 250_000_000), factor: .one, notional: notional,
        discount: discount, fundPaid: fund, left: Rate(billionths: 750_000_000), reserved: 5,
        extended: .zero),
      kept: 5_000_000, prolongs: prolongs)
  }

  private func point(
    _ minute: Int64, asked: Int64?, bankruptcy: Int64 = 950_000_000,
    phase: AuctionPhase = .solvent, startsRound: Bool = false
  ) -> AuctionStory.PathPoint {
    var point = AuctionStory.PathPoint(
      time: time(minute), phase: phase, factor: .one, startsRound: startsRound)
    point.prices = asked.map {
      AuctionStory.Prices(
        asked: Rate(billionths: $0), bankruptcy: Rate(billionths: bankruptcy))
    }
    return point
  }

  private func auction() -> AuctionStory {
    var story = AuctionStory(
      account: AccountID(9), startedAt: start, value: 50_000_000, notional: 1_000_000_000)
    story.path = [
      point(0, asked: 1_000_000_000, startsRound: true), point(1, asked: 990_000_000),
      point(2, asked: nil),
      point(
        3, asked: 1_000_000_000, bankruptcy: 1_020_000_000, phase: .insolvent, startsRound: true),
      point(4, asked: 985_000_000, bankruptcy: 1_030_000_000, phase: .insolvent),
    ]
    story.bids = [
      bid(1, 200_000_000, discount: 2_000_000),
      bid(4, 100_000_000, fund: 1_500_000, prolongs: true),
    ]
    story.endedAt = time(5)
    story.end = .closed
    return story
  }

  @Test("an auction has a circle for each bid, its rounds, its phases, and a legend of them")
  func auctionDrawing() {
    let text = AuctionDrawing(story: auction(), money: money).markup.text
    let parts = text.components(separatedBy: "<ul class=\"legend\">")
    #expect(parts[0].ranges(of: "<circle class=\"dot\"").count == 2)
    #expect(parts[0].ranges(of: "<circle class=\"ring\"").count == 1)
    #expect(parts[0].ranges(of: "class=\"band\"").count == 1)
    #expect(parts[0].contains(">round 2</text>") && !parts[0].contains(">round 1</text>"))
    #expect(parts[0].contains("$200 at 99.000 %") || parts[0].contains("$200.00 at 99.000 %"))
    #expect(parts[0].contains("at 98.500 % of the mark"))
    for key in ["asked price", "the account", "the insurance fund", "insolvent phase", "longer"] {
      #expect(parts[1].contains(key), "\(key)")
    }
    var calm = auction()
    calm.path = [point(0, asked: 1_000_000_000, startsRound: true)]
    calm.bids = []
    let plain = AuctionDrawing(story: calm, money: money).markup.text
    for key in ["insolvent", "longer", "bid paid", "round 2", "NaN"] {
      #expect(!plain.contains(key), "\(key)")
    }
  }

  @Test("the table of auctions has the picture's numbers, and its foot those of the whole replay")
  func auctionTable() throws {
    var result = try SyntheticReplay().make()
    result.auctions = [auction()]
    result.totals.auctions = 3
    result.totals.auctionedValue = 1_000_000_000
    result.totals.auctionDiscounts = 2_000_000
    result.totals.auctionRewards = 4_500_000
    let page = RenderedPage([result])
    let section = try #require(page.after("<section id=\"auctions\"", upTo: 20_000))
    for cell in ["99.000 %", "98.500 %", "43.8 %", ">closed<", "12 Mar 00:00", "12 Mar 00:05"] {
      #expect(section.contains(cell), "\(cell)")
    }
    // Two auctions are not listed: 700 of 1,000 sold in them and 3 of 4.5 paid by the fund.
    for exact in ["$300", "$700", "$1,000", "$2", "$1.5", "$3", "$4.5", "$10"] {
      #expect(section.contains("<data value=\"\(exact)\""), "\(exact)")
    }
  }

  @Test(
    "a trade's price is the mark less its cost, or more where winners bore it",
    arguments: [
      (CostBearer.account, Int64(3_000_000), Int64(970_000_000)),
      (.account, -3_000_000, 1_030_000_000), (.winners, 3_000_000, 1_030_000_000),
      (.fund, 1, 999_999_990),
    ])
  func stepPrice(bearer: CostBearer, cost: Int64, price: Int64) {
    var step = LiquidationStory.Step(time: start, stage: .partial, text: "sells")
    step.value = 100_000_000
    step.cost = cost
    step.bearer = bearer
    #expect(StepDrawing.price(of: step) == price)
    step.value = 0
    #expect(StepDrawing.price(of: step) == nil)
  }

  /// A liquidation through three stages that each of three paid for.
  private func story() throws -> LiquidationStory {
    var story = try SyntheticReplay().make().largest[1]
    func step(
      _ stage: LiquidationStage, _ cost: Int64?, _ bearer: CostBearer?, value: Int64? = nil
    ) -> LiquidationStory.Step {
      var step = LiquidationStory.Step(time: start, stage: stage, text: "a step")
      step.cost = cost
      step.bearer = bearer
      step.value = value
      step.size = value.map { _ in "103447 USD" }
      return step
    }
    story.steps = [
      step(.partial, nil, nil), step(.partial, 3_000_000, .account, value: 100_000_000),
      step(.insuranceFund, 2_500_000, .fund),
      step(.deleveraging, 4_000_000, .winners, value: 50_000_000),
    ]
    story.costs = WaterfallCosts()
    story.costs.add(3_000_000, .slippage, at: .partial)
    story.costs.pay(2_500_000, at: .insuranceFund)
    story.costs.add(4_000_000, .deleveraging, at: .deleveraging)
    return story
  }

  @Test("a liquidation has a circle for each trade, a bar for each cost, a strip for each stage")
  func steps() throws {
    let text = StepDrawing(story: try story(), money: money).markup.text
    let parts = text.components(separatedBy: "<ul class=\"legend\">")
    #expect(parts[0].ranges(of: "<circle class=\"dot\"").count == 2)
    #expect(parts[0].ranges(of: "<rect class=\"bar\"").count == 3)
    #expect(parts[0].ranges(of: "<rect class=\"strip\"").count == 3)
    for bearer in CostBearer.allCases { #expect(parts[1].contains("paid by \(bearer.title)")) }
    for stage in ["partial liquidation", "insurance fund", "auto-deleveraging"] {
      #expect(parts[1].contains(stage))
    }
    var short = try story()
    short.steps = []
    #expect(StepDrawing(story: short, money: money).markup.text.isEmpty)
  }

  @Test("the payers of each stage stand beside each other and add up")
  func payers() throws {
    var result = try SyntheticReplay().make()
    result.largest = [try story()]
    let page = RenderedPage([result])
    let table = try #require(
      page.after("<section id=\"largest\"", upTo: 60_000)?
        .components(separatedBy: "What each stage cost, and who paid").last)
    let foot = try #require(table.components(separatedBy: "<tfoot>").dropFirst().first)
    let sums = ["$3", "$2.5", "$4", "$9.5"].map { "<data value=\"\($0)\"" }
    var rest = foot[...]
    for sum in sums {
      let place = try #require(rest.firstRange(of: sum), "\(sum)")
      rest = rest[place.upperBound...]
    }
    #expect(page.contains("103,447 USD"), "digits in groups")
  }

  @Test("quantities are grouped where they are numbers, and left alone where not")
  func quantities() {
    #expect(NumberText.grouped(quantity: "103447 USD") == "103,447 USD")
    #expect(NumberText.grouped(quantity: "-1234.5 BTC") == "−1,234.5 BTC")
    #expect(NumberText.grouped(quantity: "12.25 BTC") == "12.25 BTC")
    for text in ["", "BTC", "- BTC", "a1234 BTC"] {
      #expect(NumberText.grouped(quantity: text) == text)
    }
  }
}

@Suite("Pictures of fund and deleveraging")
struct FundPictureTests {
  private func result(
    _ change: (inout FundHistory.Point, Int) -> Void
  ) throws -> ReplayResult {
    var result = try SyntheticReplay().make()
    result.fund.points = result.points.indices.map { block in
      var point = FundHistory.Point()
      change(&point, block)
      return point
    }
    return result
  }

  private func set(_ point: inout FundHistory.Point, _ flow: FundHistory.Flow, _ amount: Int64) {
    point.flows[FundHistory.Flow.allCases.firstIndex(of: flow) ?? 0] = amount
  }

  @Test("flows of intervals add up to those of the replay, what goes out below the axis")
  func flows() throws {
    let result = try result { point, block in
      set(&point, .penalty, Int64(block) * 1_000)
      if block % 7 == 3 { set(&point, .cover, -9_000_000) }
    }
    let flows = Flows(result.fund, result.points, most: 20)
    for (kind, sum) in zip(ReplayCharts.fundFlowKinds, flows.sums) {
      #expect(sum == result.fund[kind.flow])
    }
    #expect(Set(ReplayCharts.fundFlowKinds.map(\.flow)) == Set(FundHistory.Flow.allCases))
    #expect(flows.bottom < 0 && flows.top > 0 && flows.bottom % 9_000_000 == 0)
    let chart = try #require(ReplayCharts(ReplayRuns([result])).fundFlows.first)
    let text = ChartDrawing(chart: chart).markup.text
    #expect(text.contains("penalties") && text.contains("debts paid"))
    #expect(!text.contains("paid to bidders"), "a kind without an amount is not drawn")
    #expect(text.contains(">−$") && !text.contains("v--"), "no bar has a negative height")
    #expect(chart.json.compact.contains("\"bottom\":-"))
  }

  @Test("the table goes from the balance at the start to that at the end")
  func table() throws {
    let result = try result { point, block in
      if block == 5 { set(&point, .cover, -10_000_000) }
    }
    let money = MoneyFormat(currency: result.quote.symbol)
    let change = result.totals.fundAtEnd - result.totals.fundAtStart + 10_000_000
    #expect(result.fundRevaluation == change)
    let page = RenderedPage([result])
    let section = try #require(page.after("Into the fund and out of it</caption>", upTo: 3_000))
    for amount in [
      result.totals.fundAtStart, -10_000_000, change, result.totals.fundAtEnd,
    ] {
      #expect(section.contains("<data value=\"\(money.exact(amount))\""))
    }
  }

  @Test("target and alarms are drawn where the venue has them, at 75, 50 and 25 % of the peak")
  func levels() throws {
    var watched = try result { point, block in
      point.target = block < 10 ? nil : 40_000_000_000
      point.peak = 100_000_000_001
    }
    watched.fund.alarms = [
      FundHistory.Alarm(
        time: watched.points[3].time, asset: watched.quote.symbol, percent: 25, balance: 7_000_000)
    ]
    let charts = ReplayCharts(ReplayRuns([watched]))
    #expect(charts.fundLevels.map(\.name) == ["target", "25 % gone", "50 % gone", "75 % gone"])
    #expect(charts.fundLevels[0].values[9] == nil && charts.fundLevels[0].values[10] != nil)
    #expect(
      charts.fundLevels.dropFirst().map { $0.values[0] }
        == [75_000_000_001, 50_000_000_000, 25_000_000_000])
    #expect(charts.fundAlarms.map(\.value) == [7_000_000])
    #expect(RenderedPage([watched]).contains("Crosses: where the alarm of an asset changed (1)."))
    let plain = RenderedPage([try result { _, _ in }])
    #expect(plain.contains("sets no target for it and watches no alarms"))
    #expect(!plain.contains("fund-flows-0"), "no flow, no picture")
  }

  @Test("who was cut is shown in units, of the position and of the profit")
  func cuts() throws {
    var result = try SyntheticReplay().make()
    let quote = result.quote
    let contract = try Contract.madeUp(quote: quote)
    var event = DeleveragingEvent(
      time: SyntheticReplay.start, account: AccountID(1), contract: contract, quote: quote,
      price: try Price("5000"), mark: try Price("4900"))
    event.add(
      DeleveragingEvent.Cut(
        account: AccountID(2), size: Size(steps: 300), held: Size(steps: 400), value: 3_000_000,
        givenUp: 120_000, profit: 960_000), isNamed: true)
    event.add(
      DeleveragingEvent.Cut(
        account: AccountID(3), size: Size(steps: 100), held: Size(steps: 100), value: 1_000_000,
        givenUp: 40_000, profit: 0), isNamed: false)
    result.deleveragings = [event]
    result.deleveraged = [
      DeleveragedAccount(
        time: event.time, account: AccountID(2), value: 3_000_000, givenUp: 120_000,
        leverageBefore: 0, leverageAfter: 0)
    ]
    var queue = DeleveragingQueue(time: event.time)
    queue.add(8_000_000, to: 0)
    queue.add(2_000_000, to: DeleveragingQueue.tenths)
    result.queue = queue
    let page = RenderedPage([result])
    let section = try #require(page.after("<section id=\"deleveraging\"", upTo: 30_000))
    for cell in [
      "75.0 %", "12.5 %", "1 more", "1 – 10", "no place", "<data value=\"$0.16\"",
      "<data value=\"$4\"", "<data value=\"$10\"",
    ] {
      #expect(section.contains(cell), "\(cell)")
    }
  }

  @Test("say in a line where there was nothing")
  func nothing() throws {
    let page = RenderedPage([try SyntheticReplay().make()])
    for line in [
      "No portfolio was auctioned.", "no liquidation cost anything.", "Nobody was deleveraged.",
    ] {
      #expect(page.contains(line), "\(line)")
    }
  }
}

extension Contract {
  /// A linear perpetual of a thousandth of a coin a step.
  fileprivate static func madeUp(quote: Asset) throws -> Contract {
    try Contract(
      id: InstrumentID(1), name: "BTC-PERP", underlying: AssetSymbol("BTC"), kind: .perpetual,
      settlement: .linear, settlementAsset: quote, stepQuantity: 100_000, tick: Price("0.5"),
      highestPrice: Price("100000"))
  }
}
