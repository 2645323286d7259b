// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Margin
import MarketData
import Quantities
import Volatility

/// A portfolio and its market as a request states them.
struct AccountDraft {
  struct Holding {
    let path: String
    /// Position of the instrument in ``AccountDraft/instruments``.
    let instrument: Int
    let size: Int64
    /// `nil` stands for the mark: no profit yet.
    let entry: Price?
  }

  struct Order {
    let path: String
    let instrument: Int
    let side: Side
    let size: Int64
    let limit: Price
    let isReduceOnly: Bool
    let isQuote: Bool
  }

  let quote: Asset
  let mode: MarginMode
  let market: MarketSnapshot
  /// Underlyings whose volatility level the request states.
  let leveled: [AssetSymbol]
  let instruments: [InstrumentDraft]
  let collateral: [(asset: Asset, units: Int64)]
  private(set) var holdings: [Holding] = []
  private(set) var orders: [Order] = []
  private(set) var protections: [QuoteProtection] = []

  static let mostInstruments = 512
  static let mostOrders = 1_024

  init(_ request: inout RequestObject) throws(EvaluationRefusal) {
    let symbol = request.states("quote") ? try request.symbol("quote") : .dollar
    _ = request.optional("quote")
    let quote = try request.asset(symbol, decimals: 6)
    self.quote = quote
    mode = try request.choice(
      "mode", [("isolated", .isolated), ("cross", .cross), ("portfolio", .portfolio)])
    (market, leveled) = try Self.market(&request)
    let instruments = try request.objects(
      "instruments", atMost: Self.mostInstruments, isOptional: true
    ) { object throws(EvaluationRefusal) in try InstrumentDraft(&object, isNamed: true) }
    self.instruments = instruments
    try request.refuseRepeated("instruments", instruments.map(\.name))
    collateral = try request.objects("collateral", atMost: 64, isOptional: true) {
      object throws(EvaluationRefusal) in
      let symbol = try object.symbol("asset")
      let asset = symbol == quote.symbol ? quote : try object.asset(symbol, decimals: 8)
      let units = try object.units(
        "amount", decimals: Int(asset.decimals), in: -Amount.limit...Amount.limit)
      return (asset, units)
    }
    try request.refuseRepeated("collateral", collateral.map(\.asset.symbol.description))
    let names = instruments.map(\.name)
    holdings = try request.objects("positions", atMost: Self.mostInstruments, isOptional: true) {
      object throws(EvaluationRefusal) in try Holding(&object, names)
    }
    try request.refuseRepeated("positions", holdings.map { names[$0.instrument] })
    orders = try request.objects("orders", atMost: Self.mostOrders, isOptional: true) {
      object throws(EvaluationRefusal) in try Order(&object, names)
    }
    protections = try request.objects("protections", atMost: 64, isOptional: true) {
      object throws(EvaluationRefusal) in try object.protection()
    }
    try request.refuseRepeated("protections", protections.map(\.underlying.description))
    guard mode != .isolated || holdings.count <= 1 else {
      throw request.refusal(
        .inconsistent, "positions", "an isolated account holds one instrument")
    }
  }

  private static func market(
    _ request: inout RequestObject
  ) throws(EvaluationRefusal) -> (MarketSnapshot, [AssetSymbol]) {
    var market = try request.object("market")
    let time = try market.time("time")
    var leveled: [AssetSymbol] = []
    let underlyings = try market.objects("underlyings", atMost: 64) {
      object throws(EvaluationRefusal) in
      let symbol = try object.symbol("symbol")
      let index = try object.price("index")
      let half = Rate(billionths: 500_000_000)
      let basis = try object.rate("basis", in: -half...half, default: .zero)
      var level = Rate.one
      if object.states("volatility") {
        let stated = try object.volatility()
        level = try object.quantity("volatility") { () throws(QuantityError) in
          max(try Rate(stated), Rate(billionths: 1))
        }
        leveled.append(symbol)
      }
      _ = object.optional("volatility")
      return UnderlyingMarket(
        underlying: symbol, index: index, basis: basis, volatility: level)
    }
    try market.refuseRepeated("underlyings", underlyings.map(\.underlying.description))
    try market.end()
    let sorted = underlyings.sorted { $0.underlying < $1.underlying }
    return (MarketSnapshot(time: time, underlyings: sorted), leveled)
  }
}

extension AccountDraft.Holding {
  fileprivate init(
    _ request: inout RequestObject, _ names: [String]
  ) throws(EvaluationRefusal) {
    path = request.path
    instrument = try request.instrument(among: names)
    size = try request.size()
    if try request.text("entry") == "mark" {
      entry = nil
    } else {
      entry = Price(steps: try request.units("entry", decimals: 8, in: 0...Price.limit))
    }
  }
}

extension AccountDraft.Order {
  fileprivate init(
    _ request: inout RequestObject, _ names: [String]
  ) throws(EvaluationRefusal) {
    path = request.path
    instrument = try request.instrument(among: names)
    side = try request.choice("side", [("buy", .buy), ("sell", .sell)])
    size = try request.size()
    guard size > 0 else {
      throw request.refusal(.outOfBounds, "size", "an order's size is positive; see `side`")
    }
    limit = try request.price("limit")
    isReduceOnly = try request.flag("reduceOnly", default: false)
    isQuote = try request.flag("quote", default: false)
    guard !isQuote || !isReduceOnly else {
      throw request.refusal(.inconsistent, "quote", "a quote does not only reduce")
    }
  }
}

extension RequestObject {
  /// The place of an instrument of the request, by its name.
  fileprivate mutating func instrument(
    among names: [String]
  ) throws(EvaluationRefusal) -> Int {
    let name = try text("instrument")
    guard let index = names.firstIndex(of: name) else {
      throw refusal(.inconsistent, "instrument", "“\(name)” is not among `instruments`")
    }
    return index
  }

  /// What is left of a market maker's limits on an underlying, with nothing filled yet.
  fileprivate mutating func protection() throws(EvaluationRefusal) -> QuoteProtection {
    let underlying = try symbol("underlying")
    var limits: [Int64?] = []
    for name in ["quantity", "delta", "vega"] {
      let isStated = states(name)
      limits.append(
        isStated ? try units(name, decimals: 8, in: 1...QuoteLimits.highest) : nil)
      if !isStated { _ = optional(name) }
    }
    guard limits.contains(where: { $0 != nil }) else {
      throw refusal(.missingField, "quantity", "a protection has a limit; see `delta`, `vega`")
    }
    return QuoteProtection(
      underlying: underlying,
      limits: QuoteLimits(
        quantity: limits[0], delta: limits[1], vega: limits[2], interval: .minute,
        frozenTime: .zero))
  }

  func asset(_ symbol: AssetSymbol, decimals: UInt8) throws(EvaluationRefusal) -> Asset {
    try quantity("asset") { () throws(QuantityError) in
      try Asset(symbol: symbol, decimals: decimals)
    }
  }

  /// Refuses a list in which a name stands twice.
  func refuseRepeated(_ list: String, _ names: [String]) throws(EvaluationRefusal) {
    let sorted = names.sorted()
    for (one, next) in zip(sorted, sorted.dropFirst()) where one == next {
      throw refusal(.inconsistent, list, "“\(one)” stands twice")
    }
  }
}

extension AssetSymbol {
  /// The quote currency of requests that name none.
  static var dollar: AssetSymbol {
    guard let dollar = AssetSymbol(packed: 0x5553_4400_0000_0000) else {
      preconditionFailure("“USD” is a symbol")
    }
    return dollar
  }
}
