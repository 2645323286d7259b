// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
import MarketData
import Parameters
import Quantities
import RiskEngine
import TestFixtures

/// Commands of a busy and careless venue: mostly sensible, some absurd; a seed is a history.
struct RandomCommands {
  private var random: Seeded
  private var btc: Int64 = 8_000_00
  private var eth: Int64 = 200_00
  private var nextListing: UInt32 = 100
  private let edges: [Int64] = [
    .min, .min + 1, -1, 0, 1, 1 << 31, 1 << 53, 1 << 59, 1 << 60, .max - 1, .max,
  ]

  /// The largest move of a wild block, thousandths.
  private let wildest: Int64

  init(seed: UInt64, wildest: Int64 = 300) {
    random = Seeded(seed)
    self.wildest = wildest
  }

  mutating func next(for venue: inout Venue) throws -> Command {
    let orders = venue.engine.state.accounts.compactMap { $0.liquidation?.order }
    if !orders.isEmpty, !random.oneIn(4) { return try report(random.pick(orders), venue) }
    switch random.next() % 100 {
    case 0..<28: return try block(&venue)
    case 28..<62: return try trade(venue)
    case 62..<70: return try place(venue)
    case 70..<74: return cancel(venue)
    case 74..<82: return try money(venue)
    case 82..<84: return .restart(at: venue.now + TimeSpan(nanoseconds: random.number(0...9)))
    case 84..<86: return try change(venue)
    case 86..<88: return try list(venue)
    case 88..<90: return .openAccount(AccountID(UInt32(random.number(1...40))), mode())
    default: return try nonsense(venue)
    }
  }

  private mutating func mode() -> MarginMode { random.pick(MarginMode.allCases) }

  private mutating func account(_ venue: Venue) -> AccountID {
    random.pick(venue.engine.state.accounts).id
  }

  private mutating func instrument(_ venue: Venue) -> Contract {
    random.pick(venue.engine.state.listing.contracts)
  }

  /// A block at prices a step away from the last; now and then a gap or a silence.
  mutating func block(_ venue: inout Venue) throws -> Command {
    let span: Int64 = random.oneIn(8) ? wildest : 30
    btc = min(max(btc * random.number(1_000 - span...1_000 + span) / 1_000, 1_000_00), 60_000_00)
    eth = min(max(eth * random.number(1_000 - span...1_000 + span) / 1_000, 20_00), 4_000_00)
    try venue.set("BTC", decimalText(btc, decimals: 2))
    try venue.set("ETH", decimalText(eth, decimals: 2))
    let seconds: Int64 = random.oneIn(10) ? random.number(200...2_000) : random.number(1...90)
    let silent = random.oneIn(8) ? [random.pick(["BTC", "ETH"])] : []
    return venue.nextBlock(after: seconds, silent: silent)
  }

  private mutating func trade(_ venue: Venue) throws -> Command {
    let contract = instrument(venue)
    let mark = venue.mark(contract.id).price
    let move = random.oneIn(5) ? random.number(500...1_500) : random.number(995...1_005)
    let size = random.oneIn(9) ? random.number(1...2_000_000) : random.number(1...3_000)
    let all = venue.engine.state.accounts.flatMap(\.portfolio.orders)
    let order = !all.isEmpty && random.oneIn(6) ? random.pick(all).id : nil
    return .recordTrade(
      TradeReport(
        instrument: contract.id, buyer: account(venue), seller: account(venue),
        size: Size(steps: size), price: Price(steps: mark.steps / 1_000 * move), order: order,
        origin: random.oneIn(8) ? .transfer : .book))
  }

  private mutating func place(_ venue: Venue) throws -> Command {
    let contract = instrument(venue)
    let mark = venue.mark(contract.id).price
    let limit = mark.steps / 1_000 * random.number(900...1_100) / 1_000 * 1_000
    let id = venue.engine.state.nextOrder.number &+ UInt64(random.number(0...2))
    return .placeOrder(
      account(venue),
      RestingOrder(
        id: OrderID(id), instrument: contract.id, side: random.pick(Side.allCases),
        remaining: Size(steps: random.number(1...2_000)), limit: Price(steps: limit),
        isReduceOnly: random.oneIn(4)))
  }

  private mutating func cancel(_ venue: Venue) -> Command {
    let holders = venue.engine.state.accounts.filter { !$0.portfolio.orders.isEmpty }
    guard !holders.isEmpty else { return .cancelOrder(AccountID(1), OrderID(1)) }
    let holder = random.pick(holders)
    return .cancelOrder(holder.id, random.pick(holder.portfolio.orders).id)
  }

  private mutating func money(_ venue: Venue) throws -> Command {
    let asset = random.pick(venue.engine.state.listing.collateral).asset
    let amount = Amount(
      units: random.number(1...2_000) * (asset.decimals == 6 ? 1_000_000 : 100_000), asset: asset)
    switch random.next() % 4 {
    case 0: return .withdrawCollateral(account(venue), amount)
    case 1: return .contributeToFund(amount)
    default: return .depositCollateral(account(venue), amount)
    }
  }

  private mutating func change(_ venue: Venue) throws -> Command {
    let (key, values) = random.pick([
      ("margin.buffer", ["0%", "20%", "100%"]),
      ("margin.collateral.default.haircut", ["0%", "20%", "100%"]),
      ("liquidation.patience", ["1", "2", "5"]),
      ("insuranceFund.eventCap", ["0%", "25%", "100%"]),
      ("socializedLoss.share", ["5%", "100%"]),
      ("clearing.fundingInterval", ["60s", "1h"]),
      ("fees.maker", ["-0.03%", "0%", "0.02%"]),
      ("margin.maintenanceFactor", ["50%", "100%"]),
    ])
    let set = try venue.engine.state.parameters.setting(
      key, to: random.pick(values), source: "fuzz")
    return .changeParameters(set)
  }

  private mutating func list(_ venue: Venue) throws -> Command {
    nextListing += 1
    let expiry = venue.now + TimeSpan(seconds: random.number(10...4_000))
    let kind = random.pick([
      .future(expiry: expiry), .option(.put, strike: Price(steps: btc * 1_000_000), expiry: expiry),
      ContractKind.perpetual,
    ])
    return .listInstrument(
      try Contracts.contract(
        nextListing, "X-\(nextListing)", "BTC", kind, .linear, Coins.usd, 100_000, "500000"))
  }

  /// What the book answers: all, a part or nothing, at the limit, at the mark or beyond.
  private mutating func report(_ order: LiquidationOrder, _ venue: Venue) throws -> Command {
    let mark = venue.mark(order.instrument).price
    let price = random.pick([order.limit, mark, mark, Price(steps: order.limit.steps &+ 1)])
    var fills: [ExecutionReport.Fill] = []
    for _ in 0..<random.number(0...2) {
      let size = random.oneIn(3) ? random.number(1...order.size.steps) : order.size.steps
      let other = random.oneIn(4) ? account(venue) : Venue.maker
      fills.append(
        ExecutionReport.Fill(counterparty: other, size: Size(steps: size), price: price))
    }
    return .reportExecution(ExecutionReport(order: order.id, fills: fills))
  }
}

// MARK: Nonsense

extension RandomCommands {
  private mutating func edge() -> Int64 { random.pick(edges) }

  private mutating func nonsense(_ venue: Venue) throws -> Command {
    let usd = try Coins.usd
    let (one, other) = (AccountID(UInt32(random.number(0...9))), account(venue))
    let contract = instrument(venue)
    switch random.next() % 10 {
    case 0: return .depositCollateral(one, Amount(units: edge(), asset: usd))
    case 1: return .withdrawCollateral(one, Amount(units: edge(), asset: usd))
    case 2: return .contributeToFund(Amount(units: edge(), asset: usd))
    case 3:
      return .recordTrade(
        TradeReport(
          instrument: contract.id, buyer: one, seller: other, size: Size(steps: edge()),
          price: Price(steps: edge())))
    case 4:
      return .placeOrder(
        one,
        RestingOrder(
          id: OrderID(UInt64(bitPattern: edge())), instrument: contract.id, side: .buy,
          remaining: Size(steps: edge()), limit: Price(steps: edge()), isReduceOnly: false))
    case 5: return .advanceBlock(at: Timestamp(nanoseconds: edge()), samples: [])
    case 6: return .restart(at: Timestamp(nanoseconds: min(edge(), venue.now.nanoseconds)))
    case 7:
      let fill = ExecutionReport.Fill(
        counterparty: one, size: Size(steps: edge()), price: Price(steps: edge()))
      let id = venue.engine.state.accounts.compactMap { $0.liquidation?.order?.id }.first
      return .reportExecution(
        ExecutionReport(order: id ?? OrderID(UInt64(bitPattern: edge())), fills: [fill, fill]))
    case 8: return .cancelOrder(one, OrderID(UInt64(bitPattern: edge())))
    default:
      return .acceptCollateral(
        CollateralAsset(asset: try Coins.eth, underlying: try AssetSymbol("ETH")))
    }
  }
}
