// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Margin
import Quantities
import Simulation
import Volatility

/// Numbers and names of explanations as people read them.
enum ExplanationText {
  /// Millionths, exact.
  static func money(_ millionths: Int64) -> String {
    NumberText.grouped(millionths, decimals: 6)
  }

  /// A difference, with its sign.
  static func change(_ millionths: Int64) -> String { NumberText.signed(money(millionths)) }

  /// A price with as many digits as help: two above 100, else six.
  static func price(_ price: Price) -> String {
    NumberText.rounded(price.steps, decimals: 8, shown: price.steps >= 10_000_000_000 ? 2 : 6)
  }

  static func volatility(_ rate: Rate) -> String {
    NumberText.percentage(billionths: rate.billionths, shown: 1)
  }

  /// A move with its sign, such as `−16 %`.
  static func move(_ shift: Double) -> String {
    var text = NumberText.fixed(shift * 100, decimals: 2)
    while text.hasSuffix("0") { text.removeLast() }
    if text.hasSuffix(".") { text.removeLast() }
    return NumberText.signed(text) + " %"
  }

  static func crossing(_ crossing: LineCrossing) -> String {
    switch crossing {
    case .at(let lastHealthy, _): price(lastHealthy)
    case .alreadyCrossed: "now"
    case .outOfRange: "–"
    }
  }

  /// What a scenario does, in words.
  static func scenario(_ scenario: BindingScenario, in grid: ScenarioGrid?) -> String {
    switch scenario {
    case .none: return "none loses"
    case .skew(let state): return "price unchanged, skew \(state)"
    case .scenario(let place):
      guard let grid, grid.scenarios.indices.contains(place) else {
        return "number \(place + 1) of the grid"
      }
      return words(grid.scenarios[place])
    }
  }

  private static func words(_ scenario: Scenario) -> String {
    let spot = scenario.spotShift == 0 ? "unchanged" : move(scenario.spotShift)
    var parts = ["price \(spot)"]
    if scenario.volatilityFactor == 1 {
      parts.append("volatility \(scenario.volatility)")
    } else {
      let state = scenario.volatility == .unchanged ? "" : "\(scenario.volatility) "
      parts.append(
        "volatility \(state)× \(NumberText.fixed(scenario.volatilityFactor, decimals: 2))")
    }
    if scenario.elapsed > .zero {
      parts.append("\(NumberText.fixed(scenario.elapsed.days, decimals: 2)) days later")
    }
    if scenario.damper != 1 {
      parts.append("counts \(NumberText.fixed(scenario.damper * 100, decimals: 1)) %")
    }
    return parts.joined(separator: ", ")
  }

  static func bucket(_ bucket: DeltaBucket) -> String {
    switch bucket {
    case .linear: "linear"
    case .below10: "calls below 0.10"
    case .from10to25: "0.10–0.25"
    case .from25to40: "0.25–0.40"
    case .from40to60: "0.40–0.60"
    case .from60to75: "0.60–0.75"
    case .from75to90: "0.75–0.90"
    case .above90: "puts below 0.10"
    }
  }

  static func target(_ target: RepairTarget) -> String {
    switch target {
    case .restored: "maintenance margin + buffer"
    case .initialMargin: "initial margin"
    }
  }

  static func cause(_ cause: RequirementChange.Cause) -> String {
    switch cause {
    case .price(let underlying): "price of \(underlying)"
    case .volatility(let underlying): "volatility of \(underlying)"
    case .liquidity: "liquidity"
    case .time: "time"
    case .trades: "trades and transfers"
    case .parameters: "parameters"
    }
  }
}

extension MarginExplanation {
  /// What a charge is for; of a scan, what its scenario does.
  func title(of kind: ChargeKind) -> String {
    guard case .scan(let underlying, let binding) = kind else { return kind.title(in: listing) }
    return "\(underlying): " + ExplanationText.scenario(binding, in: grid(of: underlying))
  }

  func title(of origin: RequirementShare.Origin) -> String {
    switch origin {
    case .position(let instrument): name(of: instrument)
    case .holding(let asset): "held in \(asset)"
    case .account: "the account as a whole"
    }
  }
}
