// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Connectors
import Instruments
import Ledger
import Margin
import MarketData
import Parameters
import Quantities
import RiskEngine

/// Watches the records of a replay and keeps what its report shows.
struct ReplayObserver {
  private(set) var points: [ReplayPoint] = []
  private(set) var rejections: [RejectionPoint] = []
  private(set) var totals = ReplayTotals()
  private var auctions = AuctionLog()
  private(set) var tally = CostTally()
  /// Of the liquidations that are no longer open.
  var timelines = LiquidationTimelines()
  private var deleveragings = DeleveragingWatch()
  private var inquiries = FreshInquiries()
  /// As it was after the first deleveraging.
  private var queue: DeleveragingQueue?
  private var balance = BalanceWatch()
  private var logs = BlockLogs()
  private var outside = OutsideWatch()
  private var rejectionCounts: [RejectionKey: Int] = [:]
  private var open: [AccountID: LiquidationStory] = [:]
  private var deleveraged: Set<AccountID> = []
  private var sources: [AssetSymbol: [SourcePoint]] = [:]
  /// Every account as the block before measured it.
  private var earlier: [AccountRisk] = []

  /// The most single rejections kept; all are counted.
  private static let mostRejections = 20_000

  private struct RejectionKey: Hashable {
    let source: SourceID
    let reason: SampleRejection
  }

  /// Remembers what the sources of the coming block say, voting or not.
  mutating func hear(_ market: RecordedMarket, at instant: Timestamp) {
    sources.removeAll(keepingCapacity: true)
    for sample in market.samples(at: instant) { hear(sample, votes: true) }
    for sample in market.referenceSamples(at: instant) { hear(sample, votes: false) }
  }

  private mutating func hear(_ sample: PriceSample, votes: Bool) {
    let point = SourcePoint(
      source: sample.source, price: Price(steps: sample.mantissa), votes: votes)
    sources[sample.feed.base, default: []].append(point)
  }

  /// Takes in one record; `engine` is as it was after it.
  mutating func take(_ record: Record, _ engine: Engine) {
    totals.records += 1
    totals.events += record.events.count
    tally.begin(record, engine)
    for event in record.events {
      let charge = tally.take(event, engine)
      take(event, charge, engine)
      logs.take(event, engine)
      outside.take(event, engine)
    }
    auctions.take(record, engine)
    deleveragings.take(record, engine)
    inquiries.take(record, engine)
  }

  private mutating func take(
    _ event: LedgerEvent, _ charge: CostTally.Charge?, _ engine: Engine
  ) {
    balance.take(event, engine)
    switch event {
    case .sampleRejected(let rejected): take(rejected, at: engine.state.time)
    case .liquidationStarted(let id, let cause): begin(id, cause, engine)
    case .liquidationStageEntered(let id, let stage): enter(id, stage, engine)
    case .traded(let trade)
    where [.liquidation, .deleveraging, .auction, .pool].contains(trade.cause):
      take(trade, charge, engine)
    case .poolSettled(let settlement): totals.poolProfit += settlement.profit
    case .transferred(let transfer): take(transfer, charge, engine)
    case .auctionBidFilled(let fill): take(fill, charge, engine)
    case .liquidationOrderClosed(let id, _, let end) where end != .filled:
      note(id, engine, "order ended \(end == .unfilled ? "without a fill" : "by expiry")")
    case .liquidationEnded(let id, let outcome): end(id, outcome, engine)
    default: break
    }
  }

  private mutating func take(_ rejected: RejectedSample, at time: Timestamp) {
    totals.rejectedSamples += 1
    let key = RejectionKey(source: rejected.sample.source, reason: rejected.reason)
    rejectionCounts[key, default: 0] += 1
    guard rejections.count < Self.mostRejections else { return }
    rejections.append(RejectionPoint(time: time, rejected: rejected))
  }

  /// Names accounts that are no traders, before their first money comes in.
  mutating func exclude(_ makers: [AccountID]) { tally.exclude(makers) }

  /// The deleveragings and shared losses since it was last asked, where the engine keeps them.
  mutating func takeInquiries() -> FreshInquiries {
    defer { inquiries = FreshInquiries() }
    return inquiries
  }

  mutating func countRefusal() { totals.refusedCommands += 1 }
}

// MARK: Stories

extension ReplayObserver {
  private mutating func begin(
    _ id: AccountID, _ cause: LiquidationCause, _ engine: Engine
  ) {
    guard let index = engine.state.index(of: id) else { return }
    let portfolio = engine.state.accounts[index].portfolio
    totals.liquidations += 1
    open[id] = LiquidationStory(
      account: id, mode: portfolio.mode, cause: cause,
      charges: charges(of: portfolio, engine), steps: [],
      endedAt: nil, outcome: nil, closedValue: 0, deleveragedValue: 0, penalty: 0, fundPaid: 0,
      socialized: 0, stage: .cancelOrders, calledAt: logs.calledAt(id))
  }

  private func charges(
    of portfolio: Portfolio, _ engine: Engine
  ) -> [(label: String, amount: Int64)] {
    let lines = engine.valuation?.maintenanceCharges(portfolio) ?? []
    return lines.map { ($0.kind.title(in: engine.state.listing), $0.maintenance) }
  }

  private mutating func enter(
    _ id: AccountID, _ stage: LiquidationStage, _ engine: Engine
  ) {
    guard open[id] != nil else { return }
    // Stages are only ever entered forward.
    open[id]?.stage = stage
    note(id, engine, "enters stage \(stage.title)")
  }

  private mutating func take(_ trade: Trade, _ charge: CostTally.Charge?, _ engine: Engine) {
    guard let valuation = engine.valuation,
      let instrument = engine.state.listing.index(of: trade.instrument)
    else { return }
    let value = valuation.notional(trade.size, of: trade.instrument)
    let contract = engine.state.listing.contracts[instrument]
    let isDeleveraging = trade.cause == .deleveraging
    switch trade.cause {
    case .deleveraging: totals.deleveragedValue += value
    case .liquidation: totals.liquidatedValue += value
    case .pool: totals.poolTakenValue += value
    case .auction, .matching, .transfer, .unwinding, .hedge: break
    }
    for id in [trade.buyer, trade.seller] {
      guard open[id] != nil else {
        if isDeleveraging { deleveraged.insert(id) }
        continue
      }
      if isDeleveraging {
        open[id]?.deleveragedValue += value
      } else {
        open[id]?.closedValue += value
      }
      let step = StepTrade(trade, of: id, contract, engine.state.listing.quote, value: value)
      note(id, engine, step.text, StepBill(charge, to: id, winner: step.other), step)
    }
  }

  private mutating func take(
    _ fill: AuctionFill, _ charge: CostTally.Charge?, _ engine: Engine
  ) {
    totals.auctionedValue += fill.notional
    totals.auctionDiscounts += fill.discount
    totals.auctionRewards += fill.fundPaid
    totals.fundPaid += fill.fundPaid
    open[fill.account]?.fundPaid += fill.fundPaid
    guard charge != nil else { return }
    note(
      fill.account, engine, "the insurance fund pays \(fill.bidder) for taking positions",
      StepBill(charge, to: fill.account))
  }

  private mutating func take(
    _ transfer: Transfer, _ charge: CostTally.Charge?, _ engine: Engine
  ) {
    guard let asset = engine.state.listing.index(of: transfer.amount.asset) else { return }
    let value = engine.valuation?.quote(transfer.amount.units, asset: asset) ?? 0
    switch (transfer.reason, transfer.from, transfer.to) {
    case (.liquidationPenalty, .account(let id), _):
      totals.penalties += value
      open[id]?.penalty += value
      let taker = transfer.to == .insuranceFund ? "the insurance fund" : "\(transfer.to)"
      note(
        id, engine, "pays a penalty of \(transfer.amount) to \(taker)", StepBill(charge, to: id))
    case (.tradingFee, .account(let id), _):
      totals.fees += value
      note(id, engine, "pays a fee of \(transfer.amount) to the venue", StepBill(charge, to: id))
    case (.auctionDiscount, .account(let id), _):
      note(
        id, engine, "leaves \(transfer.amount) to \(transfer.to), its discount",
        StepBill(charge, to: id))
    case (.collateralSale, .account(let id), _) where open[id] != nil:
      note(id, engine, "gives \(transfer.amount) of its collateral")
    case (.collateralSale, _, .account(let id)):
      note(id, engine, "is paid \(transfer.amount) for it", StepBill(charge, to: id))
    case (.conversionFee, .account(let id), _):
      note(id, engine, "pays \(transfer.amount) for the sale", StepBill(charge, to: id))
    case (.keeperReward, .account(let id), _):
      note(
        id, engine, "pays \(transfer.to) \(transfer.amount) for its work", StepBill(charge, to: id))
    case (.relayFee, .account(let id), _):
      let relayer = transfer.to == .fees ? "the venue" : "\(transfer.to)"
      note(
        id, engine, "pays \(relayer) \(transfer.amount) for the relay",
        StepBill(charge, to: id))
    case (.rightsPayment, let payer, .account(let id)):
      note(
        id, engine, "is paid \(transfer.amount) by \(payer) for a right", StepBill(charge, to: id))
    case (.makerRebate, _, _): totals.fees -= value
    case (.gapPremium, _, _): totals.gapPremiums += value
    case (.insuranceCover, _, .account(let id)):
      totals.fundPaid += value
      let debtor = charge?.account ?? id
      open[debtor]?.fundPaid += value
      let whom = debtor == id ? "" : " \(id) for that"
      note(
        debtor, engine, "the insurance fund pays\(whom) \(transfer.amount)",
        StepBill(charge, to: debtor))
    case (.conversion, .account(let seller), .account(let id)):
      note(id, engine, "\(seller) sells it \(transfer.amount)")
    case (.profitPrice, .account(let id), .account(let seller)):
      note(id, engine, "pays \(seller) \(transfer.amount) for that")
    case (.socializedLoss, .account(let payer), .account(let id)):
      totals.socializedValue += value
      open[id]?.socialized += value
      note(
        id, engine, "\(payer) bears \(transfer.amount)", StepBill(charge, to: id, winner: payer))
    default: break
    }
  }

  /// Most accounts have no story, and then nothing is written.
  private mutating func note(
    _ id: AccountID, _ engine: Engine, _ text: @autoclosure () -> String,
    _ bill: StepBill? = nil, _ trade: StepTrade? = nil
  ) {
    // Not through a copy of the story, which would have all of its steps copied for one more.
    guard let stage = open[id]?.stage else { return }
    guard open[id]?.steps.count ?? 0 < LiquidationStory.mostSteps else {
      open[id]?.laterSteps += 1
      return
    }
    open[id]?.steps.append(
      LiquidationStory.Step(
        time: engine.state.time, stage: stage, text: text(), cost: bill?.cost,
        payer: bill?.payer, bearer: bill?.bearer, size: trade?.size, price: trade?.price,
        value: trade?.value))
  }

  private mutating func end(
    _ id: AccountID, _ outcome: LiquidationOutcome, _ engine: Engine
  ) {
    guard var story = open.removeValue(forKey: id) else { return }
    story.endedAt = engine.state.time
    story.outcome = outcome
    finish(story)
  }

  private mutating func finish(_ ended: LiquidationStory) {
    var story = ended
    story.costs = tally.close(story.account)
    totals.liquidationsByFurthestStage[story.stage, default: 0] += 1
    timelines.take(story)
  }
}

// MARK: Points and result

extension ReplayObserver {
  /// Takes a picture of the venue after a block and everything that followed from it.
  mutating func record(_ engine: Engine) {
    totals.blocks += 1
    guard let valuation = engine.valuation else { return }
    let state = engine.state
    let fund = state.houses.map { Int64(clamping: $0.allFunds) }
    let fundValue = fund.indices.reduce(Int64(0)) {
      $0 + valuation.quote(fund[$1], asset: $1)
    }
    if totals.blocks == 1 || fundValue < totals.lowestFund { totals.lowestFund = fundValue }
    totals.fundAtEnd = fundValue
    let coverage = MarginCoverage(from: earlier, to: engine.risks)
    totals.coverage += coverage
    earlier = engine.risks
    let openInterest = openInterest(engine, valuation)
    tally.record(engine, openInterest: openInterest)
    logs.record(engine)
    if queue == nil, !deleveragings.events.isEmpty { queue = DeleveragingQueue(engine) }
    points.append(
      ReplayPoint(
        time: state.time, markets: state.markets.map { marketPoint($0, engine) },
        ratioCounts: ratioCounts(engine.risks),
        accountsInLiquidation: open.count, insuranceFund: fund, insuranceFundValue: fundValue,
        openInterestValue: openInterest,
        liquidatedValue: totals.liquidatedValue, deleveragedValue: totals.deleveragedValue,
        socializedValue: totals.socializedValue, uncoveredValue: uncovered(engine.risks),
        coverage: coverage))
  }

  private func marketPoint(_ marked: MarkedMarket, _ engine: Engine) -> MarketPoint {
    let market = marked.market
    return MarketPoint(
      underlying: market.underlying, index: marked.status == .open ? market.index : nil,
      perpetual: engine.valuation?.perpetual(of: market.underlying) ?? market.index,
      volatility: market.volatility, status: marked.status,
      sources: (sources[market.underlying] ?? []).sorted { $0.source < $1.source })
  }

  private func ratioCounts(_ risks: [AccountRisk]) -> [Int] {
    var counts = [Int](repeating: 0, count: ReplayResult.ratioBins.count)
    for risk in risks where risk.maintenanceMargin > 0 {
      let ratio = Double(risk.equity) / Double(risk.maintenanceMargin)
      let bin = ReplayResult.ratioBins.lastIndex { $0 <= ratio } ?? 0
      counts[bin] += 1
    }
    return counts
  }

  private func uncovered(_ risks: [AccountRisk]) -> Int64 {
    risks.reduce(0) { $0 + max(-$1.equity, 0) }
  }

  private func openInterest(_ engine: Engine, _ valuation: Valuation) -> Int64 {
    var sum: Int64 = 0
    for (contract, totals) in zip(engine.state.listing.contracts, engine.state.totals) {
      sum += valuation.notional(Size(steps: totals.openInterest), of: contract.id)
    }
    return sum
  }

  mutating func start(_ engine: Engine) {
    logs.start(engine)
    balance.start()
    totals.accounts = engine.state.accounts.count
    totals.positions = engine.state.accounts.reduce(0) { $0 + $1.portfolio.positions.count }
    totals.instruments = engine.state.listing.contracts.count
    totals.poolAtStart = engine.state.pools.reduce(0) { $0 + $1.total }
    if let valuation = engine.valuation {
      totals.fundAtStart = engine.state.houses.indices.reduce(Int64(0)) {
        $0 + valuation.quote(Int64(clamping: engine.state.houses[$1].allFunds), asset: $1)
      }
    }
  }

  /// What pools have gained or lost since they were last at rest.
  private func unsettledPoolProfit(_ engine: Engine) -> Int64 {
    engine.state.pools.reduce(0) { sum, pool in
      guard let index = engine.state.index(of: pool.id), let valuation = engine.valuation
      else { return sum }
      return sum + valuation.risk(engine.state.accounts[index].portfolio).equity - pool.total
    }
  }

  /// The finished result.
  mutating func result(_ origin: ReplayOrigin, _ engine: Engine) -> ReplayResult {
    for id in open.keys.sorted() {
      if let story = open.removeValue(forKey: id) { finish(story) }
    }
    totals.deleveragedAccounts = deleveraged.count
    totals.auctions = auctions.count
    totals.poolProfit += unsettledPoolProfit(engine)
    if queue == nil, engine.rules.liquidation.waterfall.stages.contains(.deleveraging) {
      queue = DeleveragingQueue(engine)
    }
    let counts = rejectionCounts.map { key, count in
      (source: key.source, reason: key.reason, count: count)
    }
    var result = ReplayResult(
      origin: origin, points: points, rejections: rejections,
      rejectionCounts: counts.sorted {
        ($0.source, $0.reason.rawValue) < ($1.source, $1.reason.rawValue)
      },
      largest: timelines.largest, totals: totals, hash: engine.hash,
      quote: engine.state.listing.quote, auctions: auctions.largest,
      costs: tally.finish(engine), deleveraged: deleveragings.accounts,
      deleveragings: deleveragings.events, queue: queue, balance: balance.summary(engine),
      outside: outside.result)
    result.drawnLargest = timelines.choice.largest
    result.asked = timelines.asked(engine)
    logs.finish(&result, engine)
    return result
  }
}
