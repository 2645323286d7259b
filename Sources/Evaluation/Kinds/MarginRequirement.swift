// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Margin
import MarketData
import Quantities

/// `margin.requirement`: where a portfolio stands, and why.
func answerMarginRequirement(
  _ request: inout RequestObject, _ shelf: inout ParameterShelf
) throws(EvaluationRefusal) -> JSONValue {
  let question = try AccountQuestion(&request, &shelf)
  try request.end()
  let breakdown: RequirementBreakdown
  do throws(MarginError) {
    breakdown = try question.engine.breakdown(of: question.portfolio)
  } catch { throw EvaluationRefusal(error) }
  let isPortfolio = question.draft.mode == .portfolio
  return .fields(
    breakdown.risk.fields + [
      ("charges", .array(breakdown.lines.map { question.line($0) })),
      ("marks", .array(question.draft.instruments.indices.map { question.mark($0) })),
      ("scans", isPortfolio ? .array(breakdown.scans.map { question.scan($0) }) : nil),
      (
        "contributions",
        isPortfolio ? .array(breakdown.contributions.map { question.contribution($0) }) : nil
      ),
    ])
}

extension AccountRisk {
  var fields: [(String, JSONValue?)] {
    [
      ("equity", .money(equity)), ("initialMargin", .money(initialMargin)),
      ("maintenanceMargin", .money(maintenanceMargin)),
      ("liquidationBuffer", .money(liquidationBuffer)), ("excess", .money(excess)),
      ("shortfall", .money(shortfall)),
      ("marginRatio", marginRatio.map(JSONValue.rate) ?? .null),
      ("isLiquidatable", .boolean(isLiquidatable)), ("penaltyRate", .rate(penaltyRate)),
    ]
  }
}

extension AccountQuestion {
  /// Money lines add up to initial and maintenance margin.
  fileprivate func line(_ line: ChargeLine) -> JSONValue {
    var fields: [(String, JSONValue?)] =
      switch line.kind {
      case .scan(let underlying, let binding):
        [
          ("charge", .string("scan")), ("underlying", .string(underlying.description)),
          ("binding", self.binding(binding, of: underlying)),
        ]
      case .netting: [("charge", .string("netting"))]
      case .shortOptionMinimum: [("charge", .string("shortOptionMinimum"))]
      case .tierFloor: [("charge", .string("tierFloor"))]
      case .concentration(let underlying): Self.charge("concentration", underlying)
      case .gap(let underlying): Self.charge("gap", underlying)
      case .uncertainty(let underlying): Self.charge("uncertainty", underlying)
      case .openInterest(let underlying): Self.charge("openInterest", underlying)
      case .basis(let underlying): Self.charge("basis", underlying)
      case .tier(let id): [("charge", .string("tier")), ("instrument", .string(name(of: id)))]
      case .option(let id): [("charge", .string("option")), ("instrument", .string(name(of: id)))]
      case .haircut(let asset):
        [("charge", .string("haircut")), ("asset", .string(asset.description))]
      case .provision: [("charge", .string("provision"))]
      case .peg: [("charge", .string("peg"))]
      case .orders: [("charge", .string("orders"))]
      case .buffer: [("charge", .string("buffer"))]
      case .horizon(let underlying): Self.charge("horizon", underlying)
      case .volatilityUncertainty: [("charge", .string("volatilityUncertainty"))]
      }
    fields += [("initial", .money(line.initial)), ("maintenance", .money(line.maintenance))]
    return .fields(fields)
  }

  private static func charge(
    _ name: String, _ underlying: AssetSymbol
  ) -> [(String, JSONValue?)] {
    [("charge", .string(name)), ("underlying", .string(underlying.description))]
  }

  fileprivate func mark(_ index: Int) -> JSONValue {
    let contract = engine.layout.listing.contracts[index]
    return .fields([
      ("instrument", .string(contract.name)), ("price", .price(engine.marks[index].price)),
      ("volatility", contract.isOption ? .number(engine.marked.volatilities[index]) : nil),
      ("step", .decimal(contract.stepQuantity, 8)),
    ])
  }

  /// All scenarios of one underlying.
  fileprivate func scan(_ scan: UnderlyingScan) -> JSONValue {
    let grid = grid(of: scan.underlying)
    let rows = zip(grid?.scenarios ?? [], scan.profits).map { scenario, profit in
      JSONValue.fields(scenario.fields + [("profit", .money(profit))])
    }
    let skews = zip(grid?.skews ?? [], scan.skewLosses).map { skew, loss in
      JSONValue.fields([("skew", .string(skew.word)), ("loss", .money(loss))])
    }
    return .fields([
      ("underlying", .string(scan.underlying.description)), ("loss", .money(scan.loss)),
      ("binding", binding(scan.binding, of: scan.underlying)), ("scenarios", .array(rows)),
      ("skews", .array(skews)),
    ])
  }

  fileprivate func contribution(
    _ contribution: RequirementBreakdown.Contribution
  ) -> JSONValue {
    let origin: (String, JSONValue?) =
      switch contribution.origin {
      case .position(let id): ("instrument", .string(name(of: id)))
      case .holding(let asset): ("asset", .string(asset.description))
      }
    return .fields([origin, ("profit", .money(contribution.profit))])
  }

  private func binding(_ binding: BindingScenario, of underlying: AssetSymbol) -> JSONValue {
    switch binding {
    case .none: return .null
    case .skew(let skew): return .fields([("skew", .string(skew.word))])
    case .scenario(let index):
      guard let scenarios = grid(of: underlying)?.scenarios, index < scenarios.count else {
        return .null
      }
      return .fields([("index", .integer(index))] + scenarios[index].fields)
    }
  }

  private func grid(of underlying: AssetSymbol) -> ScenarioGrid? {
    engine.layout.underlyings.firstIndex(of: underlying).map { engine.grids[$0] }
  }
}
