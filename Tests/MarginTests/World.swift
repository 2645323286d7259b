// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Instruments
import Margin
import MarketData
import Parameters
import Quantities

/// What the tests trade: USD with 6 decimals unless stated, BTC and ETH, contracts given singly.
struct World {
  static let start = Timestamp(seconds: 1_583_971_200)

  var parameters: ParameterSet
  var listing: Listing
  var markets: [UnderlyingMarket]
  var liquidity: [UnderlyingLiquidity] = []
  var volatilities: [Double?] = []
  var grids: [ScenarioGrid]?

  let usd: Asset
  let btc: Asset
  let eth: Asset

  /// - Parameter overrides: Parameters that differ from the default file, and terms beyond
  ///   scenarios, tiers and haircuts, which are left out otherwise.
  init(
    index: String = "8000", usdDecimals: UInt8 = 6, overrides: [(String, String)] = []
  ) throws {
    parameters = try Self.defaults.get()
    var values = parameters.values
    for (key, text) in overrides {
      values.removeAll { $0.key == key }
      values.append(try ParameterSet.read(key: key, text: text, source: "test"))
    }
    parameters = try ParameterSet(
      name: parameters.name, date: parameters.date, values: values)
    usd = try Asset(symbol: AssetSymbol("USD"), decimals: usdDecimals)
    btc = try Asset(symbol: AssetSymbol("BTC"), decimals: 8)
    eth = try Asset(symbol: AssetSymbol("ETH"), decimals: 8)
    listing = Listing(quote: usd)
    listing.accept(CollateralAsset(asset: btc, underlying: btc.symbol))
    listing.accept(CollateralAsset(asset: eth, underlying: eth.symbol))
    markets = [
      UnderlyingMarket(
        underlying: btc.symbol, index: try Price(index), basis: .zero,
        volatility: try Rate("80%")),
      UnderlyingMarket(
        underlying: eth.symbol, index: try Price("200"), basis: .zero,
        volatility: try Rate("100%")),
    ]
  }

  var snapshot: MarketSnapshot {
    MarketSnapshot(time: Self.start, underlyings: markets, liquidity: liquidity)
  }

  /// Lists a contract and returns its id.
  @discardableResult
  mutating func list(
    _ kind: ContractKind, on underlying: String = "BTC", _ settlement: Settlement = .linear,
    step: String = "0.001", volatility: Double? = nil
  ) throws -> InstrumentID {
    let id = InstrumentID(UInt32(listing.contracts.count))
    let coin = underlying == "BTC" ? btc : eth
    listing.list(
      try Contract(
        id: id, name: "\(underlying)-\(id.number)", underlying: AssetSymbol(underlying),
        kind: kind, settlement: settlement,
        settlementAsset: settlement == .linear ? usd : coin,
        stepQuantity: Price(step).steps, tick: Price(steps: 1),
        highestPrice: Price("400000")))
    volatilities.append(volatility)
    return id
  }

  func engine(at snapshot: MarketSnapshot? = nil) throws -> RequirementEngine {
    var engine = try RequirementEngine(
      listing: listing, margin: MarginParameters(parameters),
      surface: SurfaceParameters(parameters), grids: grids, givenVolatilities: volatilities)
    try engine.advance(to: snapshot ?? self.snapshot)
    return engine
  }

  /// A portfolio with quote money in millionths and coin in 10^−8.
  func portfolio(
    _ mode: MarginMode, usd: Int64 = 0, btc: Int64 = 0, eth: Int64 = 0,
    _ positions: [Position] = [], orders: [RestingOrder] = []
  ) -> Portfolio {
    Portfolio(
      mode: mode, balances: [usd, btc, eth],
      positions: positions.sorted { $0.instrument < $1.instrument }, orders: orders)
  }

  /// Read once: a debug build takes its time over it.
  private static let defaults = Result { try defaultParameters() }

  static func defaultParameters() throws -> ParameterSet {
    struct Entry: Decodable {
      let key: String
      let value: String
      let source: String
    }
    struct File: Decodable { let parameters: [Entry] }
    func entries(of name: String) throws -> [Entry] {
      let file = URL(filePath: #filePath).resolvingSymlinksInPath()
        .deletingLastPathComponent().appending(path: "../../ParameterFiles/\(name)")
      return try JSONDecoder().decode(File.self, from: Data(contentsOf: file)).parameters
    }
    // Penalties that grow from tier to tier, as plain stages have them.
    let plain = try entries(of: "Waterfalls/plain.json")
    let stated = Set(plain.map(\.key))
    let entries =
      try entries(of: "plimsoll-2020-03-12.json").filter { !stated.contains($0.key) } + plain
    var values: [ParameterValue] = []
    // What a file does not state of these is neutral: each test adds the term it is about.
    let terms =
      /margin\.(netting|size|basis|peg|twist|set|tierShare|mark|standalone).*|.*\.volumeMultiple/
    for entry in entries where entry.key.wholeMatch(of: terms) == nil {
      values.append(
        try ParameterSet.read(key: entry.key, text: entry.value, source: entry.source))
    }
    guard let date = CivilDate(year: 2020, month: 1, day: 1) else {
      throw CocoaError(.coderInvalidValue)
    }
    return try ParameterSet(name: "default", date: date, values: values)
  }

  /// Deribit's published shocks, with which the specification's vectors were computed.
  static let deribitShocks = [
    ("surface.shock.exponent.long", "0.13"), ("surface.shock.smallestUp", "0"),
  ]

  static func expiry(days: Int64) -> Timestamp { start + TimeSpan(seconds: days * 86_400) }
}
