// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Margin
import MarketData
import Quantities
import Simulation

/// The JSON shape of one account; money in decimals of the quote currency, as strings.
///
/// Field names never change their meaning. Prices, volatilities and ratios are decimal strings,
/// exact; Greeks are numbers, in the units that ``EquityGreeks`` states.
struct MarginRecord: Encodable {
  let account: UInt32
  let mode: String
  let time: String
  let equity: String
  let initialMargin: String
  let maintenanceMargin: String
  let liquidationBuffer: String
  let marginRatio: String?
  let markets: [Market]
  let charges: [Charge]
  let shares: [Share]
  let prices: [Prices]
  let scenarios: [Scenarios]
  let jointScenarios: [JointScenarios]
  let greeks: [Greeks]
  let liquidationLines: [Line]
  let liquidationMaps: [Map]
  let repairs: [Repair]
  let change: Change?
  let models: [Model]?

  struct Market: Encodable {
    let underlying: String
    let index: String
    let basis: String
    let volatility: String
  }

  struct Charge: Encodable {
    let charge: String
    let initial: String
    let maintenance: String
  }

  struct Share: Encodable {
    let instrument: String?
    let asset: String?
    let size: String?
    let initial: String
    let maintenance: String
  }

  struct Prices: Encodable {
    let underlying: String
    let liquidationBelow: String?
    let liquidationAbove: String?
    let bankruptcyBelow: String?
    let bankruptcyAbove: String?
  }

  init(_ explanation: MarginExplanation) {
    let answer = explanation.answer
    let risk = answer.breakdown.risk
    account = answer.account.number
    mode = "\(answer.mode)"
    time = "\(explanation.time)"
    equity = MarginText.money(risk.equity)
    initialMargin = MarginText.money(risk.initialMargin)
    maintenanceMargin = MarginText.money(risk.maintenanceMargin)
    liquidationBuffer = MarginText.money(risk.liquidationBuffer)
    marginRatio = risk.marginRatio?.description
    markets = explanation.markets.map(Market.init)
    charges = answer.breakdown.lines.map { line in
      Charge(
        charge: line.kind.title(in: explanation.listing),
        initial: MarginText.money(line.initial), maintenance: MarginText.money(line.maintenance))
    }
    shares = explanation.shares.map { Share($0, explanation) }
    prices = answer.prices.map { price in
      Prices(
        underlying: price.underlying.description,
        liquidationBelow: MarginText.price(price.liquidationBelow),
        liquidationAbove: MarginText.price(price.liquidationAbove),
        bankruptcyBelow: MarginText.price(price.bankruptcyBelow),
        bankruptcyAbove: MarginText.price(price.bankruptcyAbove))
    }
    scenarios = explanation.ranking.underlyings.map { Scenarios($0, explanation) }
    jointScenarios = explanation.ranking.joint.map { JointScenarios($0, explanation) }
    greeks = Greeks.rows(explanation.ladder)
    liquidationLines = explanation.lines.map(Line.init)
    liquidationMaps = explanation.maps.map(Map.init)
    repairs = explanation.repairs.map { Repair($0, explanation) }
    change = explanation.change.map(Change.init)
    models = explanation.comparison.map { $0.rows.map(Model.init) }
  }
}

extension MarginRecord.Market {
  init(_ market: UnderlyingMarket) {
    self.init(
      underlying: market.underlying.description, index: market.index.description,
      basis: market.basis.description, volatility: market.volatility.description)
  }
}

extension MarginRecord.Share {
  init(_ share: RequirementShare, _ explanation: MarginExplanation) {
    var instrument: String?
    var asset: String?
    var size: String?
    switch share.origin {
    case .position(let id):
      instrument = explanation.name(of: id)
      size = explanation.positions.first { $0.instrument == id }
        .map { explanation.decimals($0.size, of: id) }
    case .holding(let symbol): asset = symbol.description
    case .account: break
    }
    self.init(
      instrument: instrument, asset: asset, size: size,
      initial: MarginText.money(share.initial),
      maintenance: MarginText.money(share.maintenance))
  }
}

extension MarginExplanation {
  /// A signed size in the unit of its contract, as a decimal number.
  func decimals(_ size: Size, of instrument: InstrumentID) -> String {
    guard let index = listing.index(of: instrument) else { return size.description }
    let units = Int128(size.steps) * Int128(listing.contracts[index].stepQuantity)
    return (units < 0 ? "-" : "") + decimalText(units < 0 ? -units : units, decimals: 8)
  }
}
