// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
import Liquidation
import Margin
import MarketData
import Parameters
import Quantities
import RiskEngine
import TestFixtures

/// A venue under drawn rules, near its load line, and everybody outside who may do something:
/// a seed is a whole history.
///
/// Prices, trades and reports come from ``RandomCommands``; what is added is who bids, backs,
/// quotes and keeps, and that a report may come late, twice or in part.
struct RandomWorld {
  var venue: Venue
  private var commands: RandomCommands
  private var random: Seeded
  private var last: Command?

  /// Risk universes beyond the common one, ascending; and whether BTC and ETH are in two.
  private let universes: [RiskUniverse]
  private let isApart: Bool

  private static let customers = 1...10 as ClosedRange<UInt32>
  private static let pools: [UInt32] = [50, 51]
  private static let relayer = AccountID(9)
  /// The maker of ETH where the usual one, who trades BTC, may not trade it.
  private static let secondMaker: UInt32 = 12

  /// A marked venue under the rules that a number of worlds share: to read them takes as long as
  /// a history.
  static func venue(ofRules number: UInt64) throws -> Venue {
    var random = Seeded(number ^ 0x5e7)
    return try Venue.marked(WorldRules.drawn(&random))
  }

  init(seed: UInt64, in marked: Venue) throws {
    random = Seeded(seed ^ 0x00f_f5e7)
    commands = RandomCommands(seed: seed, wildest: random.pick([150, 300, 450]))
    venue = marked
    let set = marked.engine.state.parameters
    let found = try ["BTC", "ETH"].map { RiskUniverse(of: try AssetSymbol($0), in: set) }
    universes = Set(found).subtracting([.common]).sorted()
    isApart = found[0] != found[1]
    if seed % 4 != 0 { venue.stopAudit() }
    for asset in try Self.assets() where !random.oneIn(3) {
      try venue.submit(.contributeToFund(contribution(of: asset)))
    }
    for universe in universes {
      for asset in try Self.assets() where !random.oneIn(3) {
        try venue.submit(.contributeToUniverse(universe, contribution(of: asset)))
      }
    }
    for id in Self.customers { try open(id) }
    if isApart { try openSecondMaker() }
    if venue.engine.rules.liquidation.waterfall.stages.contains(.pool) { try openPools() }
    for id in [0, 3, 6] as [UInt32] where random.oneIn(2) {
      try venue.submit(.registerMaker(AccountID(id)))
    }
    // By the seed and not drawn: histories stay what they were.
    if seed % 2 == 1 { try venue.attempt(.registerRelayer(Self.relayer)) }
    for id in Self.customers { try load(id) }
  }

  /// An account with money, coins or both; some are under another's owner.
  private mutating func open(_ id: UInt32) throws {
    let mode = random.pick(MarginMode.allCases)
    if id > 7, random.oneIn(2) {
      try venue.submit(.openSubaccount(AccountID(id), under: AccountID(id - 7), mode))
    } else {
      try venue.open(id, mode)
    }
    if !random.oneIn(5) {
      let units = random.number(200...3_000) * 1_000_000
      try venue.submit(.depositCollateral(AccountID(id), Amount(units: units, asset: Coins.usd)))
    }
    for asset in [try Coins.btc, try Coins.eth] where random.oneIn(3) {
      let units =
        random.number(1...20) * (asset.symbol.description == "BTC" ? 1_000_000 : 50_000_000)
      try venue.submit(.depositCollateral(AccountID(id), Amount(units: units, asset: asset)))
    }
  }

  private static func assets() throws -> [Asset] {
    [try Coins.usd, try Coins.btc, try Coins.eth]
  }

  private mutating func contribution(of asset: Asset) -> Amount {
    Amount(
      units: random.number(1...(asset.decimals == 6 ? 900_000_000 : 5_000_000)), asset: asset)
  }

  private mutating func openSecondMaker() throws {
    try venue.open(Self.secondMaker, .cross, usd: "100000000")
    try venue.deposit(Self.secondMaker, "5000", of: Coins.btc)
  }

  /// Whose book an instrument has: an account trades in one universe.
  private func maker(of instrument: InstrumentID) -> UInt32 {
    let contract = venue.engine.state.listing.contracts.first { $0.id == instrument }
    return isApart && contract?.underlying.description == "ETH" ? Self.secondMaker : 0
  }

  /// Of what an account holds.
  private func maker(for id: AccountID) -> UInt32 {
    venue.account(id.number).portfolio.positions.first.map { maker(of: $0.instrument) } ?? 0
  }

  private mutating func openPools() throws {
    for (id, symbols) in zip(Self.pools, [["BTC"], ["BTC", "ETH"]]) {
      // A pool is for one universe.
      if isApart, symbols.count > 1 { continue }
      try venue.submit(.openPool(AccountID(id), markets: symbols.map { try AssetSymbol($0) }))
      try venue.attempt(
        .depositToPool(
          AccountID(0), AccountID(id), .senior,
          Amount(units: random.number(1...4_000) * 1_000_000, asset: Coins.usd)))
    }
  }

  /// Positions nearly as large as initial margin lets them be, half of them against each other.
  private mutating func load(_ id: UInt32) throws {
    for _ in 0..<random.number(1...3) {
      let contract = random.pick(venue.engine.state.listing.contracts)
      let price = venue.mark(contract.id).price
      let other = random.oneIn(2) ? maker(of: contract.id) : UInt32(random.number(1...10))
      guard other != id, let unit = try? contract.unitValue(at: price), unit != 0 else { continue }
      var steps = random.number(500...30_000) * 1_000_000 / max(abs(unit), 1)
      if contract.settlementAsset != (try Coins.usd) { steps = random.number(100...20_000) }
      let isLong = random.oneIn(2)
      for _ in 0..<4 where steps > 0 {
        let trade = try venue.trade(
          contract.id, buyer: isLong ? id : other, seller: isLong ? other : id,
          size: min(steps, Size.limit))
        guard try !venue.attempt(trade) else { break }
        steps /= 3
      }
    }
  }

  /// One more command of the history.
  ///
  /// - Returns: What was recorded; `nil` if it was refused.
  mutating func step() throws -> Record? {
    let command = try next()
    if case .reportExecution = command { last = command }
    guard try venue.attempt(command) else { return nil }
    return venue.records.last
  }

  private mutating func next() throws -> Command {
    if random.oneIn(24), let last { return last }
    if !universes.isEmpty, random.oneIn(24) {
      let asset = try random.pick(Self.assets())
      return .contributeToUniverse(random.pick(universes), contribution(of: asset))
    }
    if random.oneIn(3), let command = try outside() { return command }
    if random.oneIn(4) { return try commands.block(&venue) }
    let command = try commands.next(for: &venue)
    switch command {
    // New rules and listings cost a hundred times what others do; half of them are enough.
    case .changeParameters where random.oneIn(2), .listInstrument where random.oneIn(2):
      return try commands.block(&venue)
    case .reportExecution(let report): return .reportExecution(refilled(report))
    default: return command
    }
  }

  /// What the usual maker would have filled, by whose book it is.
  private func refilled(_ report: ExecutionReport) -> ExecutionReport {
    let orders = venue.engine.state.accounts.lazy.compactMap { $0.liquidation?.order }
    guard isApart, let order = orders.first(where: { $0.id == report.order }) else {
      return report
    }
    let maker = AccountID(maker(of: order.instrument))
    return ExecutionReport(
      order: report.order,
      fills: report.fills.map { fill in
        ExecutionReport.Fill(
          counterparty: fill.counterparty == Venue.maker ? maker : fill.counterparty,
          size: fill.size, price: fill.price)
      })
  }
}

// MARK: Calm

extension RandomWorld {
  /// Prices stand still, the book fills what it may, and the fund is rich: the phase in which
  /// everybody who was liquidated must come out of it, under the usual rules.
  ///
  /// - Returns: Whether they have, within so many blocks as an auction and every patience take.
  mutating func calm(_ each: (Record, RandomWorld) -> Void) throws -> Bool {
    try submit(.changeParameters(calmRules()), each)
    for (asset, units) in [
      (try Coins.usd, 100_000_000_000_000), (try Coins.btc, 1_000_000_000_000),
      (try Coins.eth, 10_000_000_000_000),
    ] as [(Asset, Int64)] {
      try submit(.contributeToFund(Amount(units: units, asset: asset)), each)
      for universe in universes {
        try submit(.contributeToUniverse(universe, Amount(units: units, asset: asset)), each)
      }
    }
    for _ in 0..<60 {
      try submit(venue.nextBlock(after: 61), each)
      let liquidations = venue.engine.state.accounts.filter { $0.liquidation != nil }
      if liquidations.isEmpty { return true }
      for id in liquidations.map(\.id) {
        if venue.engine.auctionOffer(of: id) != nil {
          let bid = try Auctions.bid(venue, share: "100%", by: maker(for: id))
          try submit(.bidInAuction(id, [bid]), each)
        }
        guard let order = venue.account(id.number).liquidation?.order else { continue }
        let mark = venue.mark(order.instrument).price
        let isWithin = order.side == .sell ? mark >= order.limit : mark <= order.limit
        try submit(
          venue.report(
            order, size: isWithin ? nil : 0, price: mark, with: maker(of: order.instrument)),
          each)
      }
    }
    return false
  }

  /// The usual rules, with auctions that end within the hour.
  private static let calmRules = Result {
    try ParameterFixture.set(
      Venue.wideOracle + [
        ("auction.duration", "300s"), ("auction.fastDuration", "100s"),
        ("auction.insolventDuration", "300s"),
      ])
  }

  /// The usual rules with the venue's own universes.
  private func calmRules() throws -> ParameterSet {
    let set = try Self.calmRules.get()
    let own = venue.engine.state.parameters.values.filter {
      $0.key.hasPrefix("insuranceFund.universe.")
    }
    guard !own.isEmpty else { return set }
    return try ParameterSet(name: set.name, date: set.date, values: set.values + own)
  }

  private mutating func submit(
    _ command: Command, _ each: (Record, RandomWorld) -> Void
  ) throws {
    guard try venue.attempt(command), let record = venue.records.last else { return }
    each(record, self)
  }
}

// MARK: Outside

extension RandomWorld {
  /// What somebody may do about what is open now; `nil` if nothing is.
  private mutating func outside() throws -> Command? {
    var drawn = random
    defer { random = drawn }
    return try answer(&drawn)
  }

  private func answer(_ random: inout Seeded) throws -> Command? {
    let state = venue.engine.state
    let book = state.execution
    let auctions = venue.engine.accountsInAuction
    let sales = state.accounts.compactMap { $0.liquidation?.sale }
    let orders = state.pools.compactMap(\.order)
    let isReported = venue.engine.rules.liquidation.depth.isOn && random.oneIn(6)
    let open = [
      !auctions.isEmpty, !sales.isEmpty, !orders.isEmpty, !state.pools.isEmpty,
      !book.requests.isEmpty, !book.offers.isEmpty, !book.sales.isEmpty, isReported,
    ]
    let choices = open.indices.filter { open[$0] }
    guard !choices.isEmpty else { return nil }
    switch random.pick(choices) {
    case 0: return try bid(in: random.pick(auctions), &random)
    case 1: return answer(random.pick(sales), &random)
    case 2:
      let order = random.pick(orders)
      return venue.report(
        order, size: random.number(0...order.size.steps),
        price: venue.mark(order.instrument).price, with: maker(of: order.instrument))
    case 3: return try visit(random.pick(Self.pools), &random)
    case 4: return quote(book.requests[0], &random)
    case 5:
      let offer = book.offers[0]
      return .takeOffer(
        random.pick(state.accounts).id, offer.id, Size(steps: random.number(1...offer.left.steps)),
        leastReward: random.oneIn(4) ? offer.reward : 0)
    case 6: return seal(book.sales[0], &random)
    default: return report(&random)
    }
  }

  private func bid(in id: AccountID, _ random: inout Seeded) throws -> Command {
    let bids = try (0..<random.number(1...3)).map { _ in
      let share = random.oneIn(3) ? 1_000_000_000 : random.number(1...1_000_000_000)
      return try Auctions.bid(
        venue, share: decimalText(share, decimals: 9),
        leastReward: Rate(billionths: random.oneIn(2) ? 0 : random.number(0...20_000_000)),
        by: random.oneIn(2) ? maker(for: id) : UInt32(random.number(1...10)),
        seen: random.oneIn(8) ? 0 : nil,
        receivedAt: Venue.start + TimeSpan(seconds: random.number(0...3)))
    }
    return .bidInAuction(id, bids)
  }

  private func answer(_ sale: CollateralSale, _ random: inout Seeded) -> Command {
    guard sale.market == nil else {
      return .reportExecution(ExecutionReport(order: sale.id, fills: []))
    }
    return .bidForCollateral(
      sale.account, sale.id,
      [
        CollateralBid(
          bidder: AccountID(random.oneIn(2) ? 0 : UInt32(random.number(1...10))),
          units: random.oneIn(2) ? sale.left : random.number(1...max(sale.left, 1)),
          limit: Price(steps: sale.price.steps + random.number(-50_000_000...1_000_000_000)),
          receivedAt: Venue.start)
      ])
  }

  private func visit(_ pool: UInt32, _ random: inout Seeded) throws -> Command {
    let id = AccountID(UInt32(random.number(0...10)))
    let tranche = random.pick(PoolTranche.allCases)
    switch random.next() % 4 {
    case 0: return .requestPoolWithdrawal(id, AccountID(pool), tranche, units: 50_000_000)
    case 1: return .withdrawFromPool(id, AccountID(pool), tranche)
    default:
      let units = random.number(1...900_000_000)
      return .depositToPool(
        id, AccountID(pool), tranche, Amount(units: units, asset: try Coins.usd))
    }
  }

  private func quote(_ request: QuoteRequest, _ random: inout Seeded) -> Command {
    let mark = venue.mark(request.instrument).price
    let answer = QuoteAnswer(
      maker: AccountID(random.pick([0, 3, 6, 7])),
      price: Price(steps: mark.steps / 1_000 * random.number(970...1_030) / 1_000 * 1_000),
      size: Size(steps: random.number(1...request.size.steps)))
    let isRelayed = !venue.engine.state.execution.relayers.isEmpty && answer.size.steps % 2 == 0
    return isRelayed
      ? .relayAnswer(Self.relayer, request.id, answer)
      : .answerRequest(answer.maker, request.id, answer.price, answer.size)
  }

  private func seal(_ sale: RightsSale, _ random: inout Seeded) -> Command {
    let account = random.pick(venue.engine.state.accounts).id
    let seed = UInt64(account.number) &* 977 &+ sale.id
    let bid = RightsBid(
      price: Int64(seed % 2_000_000) + 1, lots: Int64(seed % 3) + 1,
      salt: [UInt8](repeating: UInt8(truncatingIfNeeded: seed), count: 32))
    if random.oneIn(2) { return .revealBid(account, sale.id, bid) }
    let sealed = SealedBid(bidder: account, price: bid.price, lots: bid.lots, salt: bid.salt)
    return .commitBid(account, sale.id, sealed.commitment(to: sale.id))
  }

  private func report(_ random: inout Seeded) -> Command {
    .reportDepth([
      DepthReport(
        instrument: random.pick(venue.engine.state.listing.contracts).id,
        bids: Size(steps: random.number(0...2_000)), asks: Size(steps: random.number(0...2_000)))
    ])
  }
}
