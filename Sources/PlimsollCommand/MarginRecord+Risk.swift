// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Margin
import Quantities
import Simulation

extension MarginRecord {
  /// One scenario: of the grid with its number and move, or of the skews with its name.
  struct Scenario: Encodable {
    let underlying: String
    /// From 1; absent for skews and where nothing loses.
    let number: Int?
    let priceMove: Double?
    let volatility: String?
    let volatilityFactor: Double?
    let elapsedSeconds: Double?
    let damper: Double?
    let skew: String?
    let loss: String

    init(_ ranked: RankedScenario, _ explanation: MarginExplanation) {
      underlying = ranked.underlying.description
      loss = MarginText.money(ranked.loss)
      var place: Int?
      var skew: String?
      switch ranked.scenario {
      case .none: break
      case .scenario(let lane): place = lane
      case .skew(let state): skew = "\(state)"
      }
      let rows = explanation.grid(of: ranked.underlying)?.scenarios ?? []
      let row = place.flatMap { rows.indices.contains($0) ? rows[$0] : nil }
      number = place.map { $0 + 1 }
      self.skew = skew
      priceMove = row?.spotShift
      volatility = row.map { "\($0.volatility)" }
      volatilityFactor = row?.volatilityFactor
      elapsedSeconds = row.map { Double($0.elapsed.nanoseconds) / 1e9 }
      damper = row?.damper
    }
  }

  /// All scenarios of an underlying, the worst first.
  struct Scenarios: Encodable {
    let underlying: String
    let binding: Scenario
    let ranking: [Scenario]

    init(_ ranking: UnderlyingRanking, _ explanation: MarginExplanation) {
      underlying = ranking.underlying.description
      binding = Scenario(ranking.binding, explanation)
      self.ranking = ranking.scenarios.map { Scenario($0, explanation) }
    }
  }

  struct JointScenarios: Encodable {
    let loss: String
    let parts: [Scenario]

    init(_ joint: JointScenario, _ explanation: MarginExplanation) {
      loss = MarginText.money(joint.loss)
      parts = joint.parts.map { Scenario($0, explanation) }
    }
  }

  /// A row of the ladder, or the sum of an underlying where there is no bucket.
  struct Greeks: Encodable {
    let underlying: String
    let expiry: String?
    let bucket: String?
    let delta: Double
    let gamma: Double
    let vega: Double
    let theta: Double
    let vanna: Double
    let volga: Double

    private init(
      _ underlying: AssetSymbol, _ expiry: Timestamp?, _ bucket: DeltaBucket?,
      _ greeks: EquityGreeks
    ) {
      self.underlying = underlying.description
      self.expiry = expiry?.description
      self.bucket = bucket.map { "\($0)" }
      (delta, gamma, vega) = (greeks.delta, greeks.gamma, greeks.vega)
      (theta, vanna, volga) = (greeks.theta, greeks.vanna, greeks.volga)
    }

    static func rows(_ ladder: GreekLadder) -> [Greeks] {
      ladder.rows.map { Greeks($0.underlying, $0.expiry, $0.bucket, $0.greeks) }
        + ladder.underlyings.map { Greeks($0.underlying, nil, nil, $0.greeks) }
    }
  }

  struct Line: Encodable {
    let underlying: String
    let index: String
    let points: [Point]

    struct Point: Encodable {
      let volatility: String
      let multiple: String
      let isHealthy: Bool?
      let crossings: [Crossing]
    }

    /// Adjacent price steps.
    struct Crossing: Encodable {
      let healthy: String
      let unhealthy: String
    }

    init(_ line: LiquidationLine) {
      underlying = line.underlying.description
      index = line.index.description
      points = line.points.map { point in
        Point(
          volatility: point.volatility.description, multiple: point.multiple.description,
          isHealthy: point.isHealthy,
          crossings: point.crossings.map {
            Crossing(healthy: $0.healthy.description, unhealthy: $0.unhealthy.description)
          })
      }
    }
  }

  /// Margin ratios by volatility, then price; `null` without a requirement or a market.
  struct Map: Encodable {
    let underlying: String
    let prices: [String]
    let volatilities: [String]
    let marginRatios: [[String?]]

    init(_ map: LiquidationMap) {
      underlying = map.underlying.description
      prices = map.prices.map(\.description)
      volatilities = map.volatilities.map(\.description)
      marginRatios = map.cells.map { $0.map { $0?.marginRatio?.description } }
    }
  }

  struct Repair: Encodable {
    let target: String
    let shortfall: String
    let trades: [Trade]

    struct Trade: Encodable {
      let purpose: String
      let side: String
      let instrument: String
      let size: String
      let price: String
      let fee: String
      let feeAsset: String
      let cost: String
      let equity: String
      let initialMargin: String
      let maintenanceMargin: String
    }

    init(_ repair: RepairTrades, _ explanation: MarginExplanation) {
      target = "\(repair.target)"
      shortfall = MarginText.money(repair.shortfall)
      trades = repair.trades.compactMap { trade in
        guard let index = explanation.listing.index(of: trade.instrument) else { return nil }
        let contract = explanation.listing.contracts[index]
        let asset = contract.settlementAsset
        return Trade(
          purpose: "\(trade.purpose)", side: trade.size > .zero ? "buy" : "sell",
          instrument: contract.name,
          size: explanation.decimals(trade.size.magnitude, of: trade.instrument),
          price: trade.fill.price.description,
          fee: decimalText(trade.fill.fee, decimals: Int(asset.decimals)),
          feeAsset: asset.symbol.description, cost: MarginText.money(trade.cost),
          equity: MarginText.money(trade.after.equity),
          initialMargin: MarginText.money(trade.after.initialMargin),
          maintenanceMargin: MarginText.money(trade.after.maintenanceMargin))
      }
    }
  }

  struct Change: Encodable {
    let before: Standing
    let after: Standing
    let parts: [Part]

    struct Standing: Encodable {
      let equity: String
      let initialMargin: String
      let maintenanceMargin: String

      init(_ risk: AccountRisk) {
        equity = MarginText.money(risk.equity)
        initialMargin = MarginText.money(risk.initialMargin)
        maintenanceMargin = MarginText.money(risk.maintenanceMargin)
      }
    }

    struct Part: Encodable {
      let cause: String
      let underlying: String?
      let equity: String
      let initialMargin: String
      let maintenanceMargin: String

      init(_ part: RequirementChange.Part) {
        switch part.cause {
        case .price(let symbol): (cause, underlying) = ("price", symbol.description)
        case .volatility(let symbol): (cause, underlying) = ("volatility", symbol.description)
        case .liquidity: (cause, underlying) = ("liquidity", nil)
        case .time: (cause, underlying) = ("time", nil)
        case .trades: (cause, underlying) = ("trades", nil)
        case .parameters: (cause, underlying) = ("parameters", nil)
        }
        equity = MarginText.money(part.equity)
        initialMargin = MarginText.money(part.initialMargin)
        maintenanceMargin = MarginText.money(part.maintenanceMargin)
      }
    }

    init(_ change: RequirementChange) {
      before = Standing(change.before)
      after = Standing(change.after)
      parts = change.parts.map(Part.init)
    }
  }
}
