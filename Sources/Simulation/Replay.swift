// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Connectors
import Instruments
import Ledger
import MarketData
public import Parameters
import Quantities
public import RiskEngine

/// Where a replay's accounts come from.
public enum AccountSource: Sendable {
  /// Seeded accounts; see ``Population``.
  case population(count: Int, seed: UInt64)
  /// A file read by `AccountBookReader`, and its path.
  case book([AccountRow], path: String)
}

/// Why a replay cannot go on.
public enum ReplayError: Error, Hashable, Sendable, CustomStringConvertible {
  /// No minute of the window has a quorum of sources for every underlying.
  case neverMarked

  public var description: String {
    switch self {
    case .neverMarked:
      "no minute of the window has a quorum of sources for every underlying; state a smaller "
        + "quorum for the feed (oracle.<symbol>.quorum) if one source is to be trusted"
    }
  }
}

/// What to replay, and how.
public struct ReplayPlan: Sendable {
  public var title: String
  public var market: RecordedMarket
  public var parameters: ParameterSet
  /// The `--set` assignments already applied to `parameters`, for the report.
  public var assignments: [String]
  public var accounts: AccountSource
  public var journal: JournalTarget
  public var workers: AccountWorkers
  /// Blocks from one commit of the journal to the next.
  public var blocksPerCommit: Int
  /// Blocks from one snapshot in the journal to the next; 0 for none.
  public var blocksPerSnapshot: Int
  /// What gas costs in the course of the window; without it there are no keepers.
  public var gas: GasProfile?
  /// Whether all who are paid for taking positions over are keepers: where a part of the penalty is
  /// theirs, slices are taken by them alone, and in auctions nobody else bids.
  public var isLeftToKeepers = false
  /// Which liquidations the report draws.
  public var timelines = TimelineChoice()

  public init(
    title: String, market: RecordedMarket, parameters: ParameterSet, assignments: [String] = [],
    accounts: AccountSource, journal: JournalTarget = .none, workers: AccountWorkers = .one,
    blocksPerCommit: Int = 30, blocksPerSnapshot: Int = 720
  ) {
    self.title = title
    self.market = market
    self.parameters = parameters
    self.assignments = assignments
    self.accounts = accounts
    self.journal = journal
    self.workers = workers
    self.blocksPerCommit = max(blocksPerCommit, 1)
    self.blocksPerSnapshot = max(blocksPerSnapshot, 0)
  }
}

/// Runs recorded prices through the whole engine, with a book of accounts, a block a minute.
///
/// Everything is a function of the plan: two runs of one plan end at the same hash.
public struct Replay {
  let plan: ReplayPlan
  private(set) var venue: RecordedVenue
  var observer = ReplayObserver()
  var book: SimulatedBook
  var bidders: AuctionBidders
  var keepers: ReplayKeepers?
  var spot = SpotSide()
  /// The orders the engine has sent and the book has not answered.
  private var orders: [LiquidationOrder] = []
  /// The last bid that was filled and not yet hedged.
  private var lastFill: AuctionFill?
  /// The trades of the last order that was sent.
  private var lastTrades: [Trade] = []
  /// The last part of collateral that was bought and not yet sold on.
  var lastPurchase: CollateralFill?

  /// From one block to the next.
  static let blockSpan = TimeSpan.minute
  /// The most bids in one auction in one block.
  static let mostBidsPerBlock = 16
  private var statement = ""

  /// Opens the venue and its journal.
  public init(_ plan: ReplayPlan) throws {
    self.plan = plan
    let quote = try Asset(symbol: AssetSymbol("USD"), decimals: 6)
    let opening = try RecordedVenue.open(
      quote: quote, parameters: plan.parameters, journal: plan.journal,
      createdBy: "plimsoll replay", workers: plan.workers)
    venue = opening.venue
    book = try SimulatedBook(plan.parameters)
    bidders = try AuctionBidders(plan.parameters)
    if let gas = plan.gas, Self.hasKeepers(plan, venue.engine) {
      keepers = ReplayKeepers(gas, from: plan.market.window.lowerBound)
    }
    observer.timelines = LiquidationTimelines(plan.timelines)
    observer.take(opening.record, venue.engine)
  }

  /// Runs to the end of the market's window.
  ///
  /// - Parameters:
  ///   - progress: Called with blocks done and in all.
  ///   - watch: Called with the engine as it is after each block, which may be up to
  ///     ``ReplayPlan/blocksPerCommit`` blocks ahead of the journal on the disk.
  ///   - publish: Called after each block with its deleveragings, in their order, once their
  ///     records are on the disk; they are then let go of, and who gives none has none kept.
  ///   - publishLoss: The same for its shared losses.
  ///   - tell: Called with every liquidation after the block in which it ended, in their order,
  ///     or at the end if it has not; as far ahead of the journal as `watch` may be. They are then
  ///     let go of too.
  public mutating func run(
    progress: (_ done: Int, _ total: Int) -> Void = { _, _ in },
    watch: (Engine) throws -> Void = { _ in },
    publish: ((Published<DeleveragingInquiry>) throws -> Void)? = nil,
    publishLoss: ((Published<LossInquiry>) throws -> Void)? = nil,
    tell: ((LiquidationStory) throws -> Void)? = nil
  ) throws -> ReplayResult {
    venue.keepsDeleveragings = publish != nil
    venue.keepsSharedLosses = publishLoss != nil
    observer.timelines.keepsEnded = tell != nil
    let window = plan.market.window
    let length = window.upperBound - window.lowerBound
    let total = Int(length.nanoseconds / Self.blockSpan.nanoseconds)
    var done = 0
    var instant = window.lowerBound + Self.blockSpan
    try list()
    while instant <= window.upperBound, venue.engine.valuation == nil {
      try advance(to: instant)
      instant = instant + Self.blockSpan
      done += 1
    }
    try populate()
    observer.start(venue.engine)
    observer.record(venue.engine)
    while instant <= window.upperBound {
      try advance(to: instant)
      observer.record(venue.engine)
      let inquiries = observer.takeInquiries()
      // Nothing is reported before the record that it names is on the disk.
      if !inquiries.isEmpty { try venue.commit() }
      for one in inquiries.deleveragings { try publish?(one) }
      for one in inquiries.losses { try publishLoss?(one) }
      for story in observer.timelines.takeEnded() { try tell?(story) }
      try watch(venue.engine)
      instant = instant + Self.blockSpan
      done += 1
      try save(done)
      progress(done, total)
    }
    try venue.snapshot()
    try venue.close()
    keepers?.finish(venue.engine)
    var result = observer.result(origin, venue.engine)
    for story in observer.timelines.takeEnded() { try tell?(story) }
    result.keepers = keeperStory
    return result
  }

  /// The engine as it is now.
  public var engine: Engine { venue.engine }

  /// What every unit that traders gained or lost was for.
  var tally: CostTally { observer.tally }

  /// What came of offers to keepers; `nil` where there are none.
  var keeperStory: KeeperStory? { keepers?.story }

  private mutating func save(_ block: Int) throws {
    if block % plan.blocksPerCommit == 0 { try venue.commit() }
    if plan.blocksPerSnapshot > 0, block % plan.blocksPerSnapshot == 0 { try venue.snapshot() }
  }

  /// One block, and every report that its orders lead to.
  private mutating func advance(to instant: Timestamp) throws {
    observer.hear(plan.market, at: instant)
    let samples = plan.market.samples(at: instant) + perpetualSamples(at: instant)
    try submit(.advanceBlock(at: instant, samples: samples))
    book.observe(venue.engine.state.snapshot, recorded: plan.market.depths)
    bidders.work(Double(Self.blockSpan.nanoseconds) / 1e9, in: &book)
    try workOffKeepers()
    try reportDepth()
    try answerOffers()
    try answerRequests()
    try answerOrders()
    try bidForCollateral()
    for account in venue.engine.accountsInAuction { try auction(account) }
    try answerOrders()
  }

  private mutating func answerOrders() throws {
    while !orders.isEmpty {
      let order = orders.removeFirst()
      guard let mark = venue.engine.valuation?.mark(of: order.instrument) else { continue }
      try offer(.reportExecution(answer(order, mark: mark.price)))
    }
  }

  /// Bids in one auction, as long as another bidder finds it worth while.
  private mutating func auction(_ account: AccountID) throws {
    for _ in 0..<Self.mostBidsPerBlock {
      guard let offer = venue.engine.auctionOffer(of: account),
        let best = bidders.bid(offer, venue.engine, book)
      else { return }
      bidders.pass()
      guard let bid = sent(best, in: offer) else { return }
      try self.offer(.bidInAuction(account, [bid]))
      guard let fill = lastFill else { return }
      lastFill = nil
      if isLeftToKeepers { continue }
      bidders.take(fill, of: offer.positions, venue.engine, in: &book)
    }
  }

  /// What the venues that trade a perpetual say about it: the same samples, for its own feed.
  private func perpetualSamples(at instant: Timestamp) -> [PriceSample] {
    var samples: [PriceSample] = []
    for rule in venue.engine.rules.underlyings {
      guard let base = rule.perpetualFeed,
        let feed = venue.engine.rules.feeds.first(where: { $0.id.base == base })
      else { continue }
      for series in plan.market.series where series.feed.base == rule.symbol {
        let isSource = feed.parameters.sources.contains { $0.source == series.source.symbol }
        guard isSource, let sample = series.sample(at: instant) else { continue }
        samples.append(
          PriceSample(
            source: sample.source, feed: feed.id, mantissa: sample.mantissa,
            confidence: sample.confidence, publishedAt: sample.publishedAt))
      }
    }
    return samples
  }

  mutating func submit(_ command: Command) throws {
    let record = try venue.submit(command)
    observer.take(record, venue.engine)
    for event in record.events {
      follow(event)
      keepers?.follow(event, venue.engine)
    }
  }

  /// Remembers what the outside has to answer, and what it has got.
  private mutating func follow(_ event: LedgerEvent) {
    switch event {
    case .liquidationOrderIssued(let order):
      orders.append(order)
      lastTrades = []
    case .liquidationOrderClosed(_, let id, _): orders.removeAll { $0.id == id }
    case .auctionBidFilled(let fill): lastFill = fill
    case .traded(let trade) where trade.cause == .liquidation: lastTrades.append(trade)
    case .requestClosed(_, let filled) where filled > .zero: hedge(lastTrades)
    case .collateralOffered(let sale):
      if let order = SpotSide.order(of: sale, venue.engine) { orders.append(order) }
    case .collateralSaleClosed(_, let id, _): orders.removeAll { $0.id == id }
    case .collateralSold(let fill): lastPurchase = fill
    default: break
    }
  }

  /// Submits a command whose refusal is part of the story.
  mutating func offer(_ command: Command) throws {
    do { try submit(command) } catch StepError.refused { observer.countRefusal() }
  }
}

// MARK: Set-up

extension Replay {
  private mutating func list() throws {
    let listing = try VenueListing(
      quote: venue.engine.state.listing.quote, underlyings: startPrices(),
      window: plan.market.window, withSpot: sellsInBook)
    for command in listing.commands { try submit(command) }
  }

  /// The median of the voting sources' first prices of each underlying.
  private func startPrices() -> [(symbol: AssetSymbol, index: Price)] {
    plan.market.underlyings.compactMap { symbol in
      let firsts = plan.market.series
        .filter { $0.role == .votes && $0.feed.base == symbol }
        .compactMap { $0.candles.first?.open }.sorted()
      return firsts.isEmpty ? nil : (symbol, firsts[firsts.count / 2])
    }
  }

  /// Opens the accounts in the marked venue and gives the insurance fund its capital.
  private mutating func populate() throws {
    guard let market = VenueMarket(venue.engine) else { throw ReplayError.neverMarked }
    let opening: OpeningBook
    switch plan.accounts {
    case .population(let count, let seed):
      opening = Population(accountCount: count, seed: seed)
        .opening(in: market, book: try BookParameters(plan.parameters))
    case .book(let rows, _): opening = try OpeningBook.loading(rows, into: market)
    }
    observer.exclude(opening.makers.accounts)
    try open(opening)
    statement = opening.statement
    book.open(market.listing, makers: opening.makers)
    try fillFund()
    for command in Self.poolOpening(of: venue.engine) { try submit(command) }
    for command in Self.hedgeOpening(of: venue.engine) { try submit(command) }
    try openKeepers()
    try openRelayer()
    try venue.commit()
  }

  /// The opening share of each universe's open interest, to its fund, in each asset what is
  /// settled in it.
  private mutating func fillFund() throws {
    for universe in venue.engine.universes { try fillFund(of: universe) }
  }

  private mutating func fillFund(of universe: RiskUniverse) throws {
    let state = venue.engine.state
    let share = venue.engine.rules.liquidation.fundOpeningShare
    for asset in state.listing.collateral.indices {
      var interest: Int64 = 0
      for (contract, totals) in zip(state.listing.contracts, state.totals) {
        guard state.listing.index(of: contract.settlementAsset) == asset,
          venue.engine.universe(of: contract.id) == universe
        else { continue }
        let size = Size(steps: totals.openInterest)
        interest += venue.engine.valuation?.notional(size, of: contract.id) ?? 0
      }
      let value = share.share(of: interest, rounding: .down)
      let units =
        venue.engine.valuation?.units(ofQuote: value, asset: asset, rounding: .down) ?? 0
      guard units > 0 else { continue }
      let amount = Amount(units: units, asset: state.listing.collateral[asset].asset)
      try submit(
        universe == .common ? .contributeToFund(amount) : .contributeToUniverse(universe, amount))
    }
  }

  private var origin: ReplayOrigin {
    ReplayOrigin(
      title: plan.title, market: plan.market.provenance.statement,
      isReconstruction: plan.market.provenance.kind == .reconstruction, accounts: statement,
      options: "Options are marked by Black-76 on a parametric surface: its level follows "
        + "realized volatility, skew and term structure are parameters; no option chain is "
        + "recorded for these dates.",
      parameters: plan.parameters, assignments: plan.assignments,
      skippedRows: plan.market.skippedRows)
  }
}
