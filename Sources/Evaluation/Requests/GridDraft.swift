// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Margin
import Parameters
import Quantities
import Volatility

/// The scenarios a request states for one underlying, or for all that have none of their own.
struct GridDraft {
  let underlying: AssetSymbol?
  let grid: ScenarioGrid

  /// Reads `scenarios`; empty where the request leaves them to the parameters.
  static func read(_ request: inout RequestObject) throws(EvaluationRefusal) -> [GridDraft] {
    let drafts = try request.objects("scenarios", atMost: 64, isOptional: true) {
      object throws(EvaluationRefusal) in try GridDraft(&object)
    }
    try request.refuseRepeated(
      "scenarios", drafts.map { $0.underlying?.description ?? "every other underlying" })
    return drafts
  }

  /// The grid of every underlying: its own, else the one for all, else the parameters'.
  static func grids(
    of underlyings: [AssetSymbol], stated: [GridDraft], _ parameters: ScanParameters
  ) throws(MarginError) -> [ScenarioGrid] {
    var grids: [ScenarioGrid] = []
    for underlying in underlyings {
      let own = stated.first { $0.underlying == underlying }
      let common = own ?? stated.first { $0.underlying == nil }
      if let common {
        grids.append(common.grid)
      } else {
        grids.append(try ScenarioGrid(parameters, underlying: underlying))
      }
    }
    return grids
  }

  private init(_ request: inout RequestObject) throws(EvaluationRefusal) {
    underlying = request.states("underlying") ? try request.symbol("underlying") : nil
    _ = request.optional("underlying")
    let scenarios = try request.objects("grid", atMost: ScenarioGrid.mostScenarios) {
      object throws(EvaluationRefusal) in try Scenario(&object)
    }
    var skews: [SkewState] = []
    for value in try request.list("skews", atMost: 2, isOptional: true) {
      guard case .string(let word) = value,
        let skew = [SkewState.tilt, .bend].first(where: { $0.word == word }),
        !skews.contains(skew)
      else {
        throw request.refusal(.malformedField, "skews", "expected “tilt”, “bend” or both")
      }
      skews.append(skew)
    }
    let follows = try request.flag("volatilityFollowsSpot", default: false)
    do throws(MarginError) {
      grid = try ScenarioGrid(
        scenarios: scenarios, skews: skews, volatilityFollowsSpot: follows)
    } catch { throw request.refusal(.outOfBounds, "grid", error.description) }
  }
}

extension Scenario {
  fileprivate init(_ request: inout RequestObject) throws(EvaluationRefusal) {
    let shift = try request.number("spot")
    guard shift > -1, shift <= 1_000 else {
      throw request.refusal(.outOfBounds, "spot", "a relative move above -1, at most 1000")
    }
    let state = try request.choice(
      "volatility", VolatilityState.allCases.map { ($0.word, $0) }, default: .unchanged)
    let damper = try request.number("damper", default: 1)
    guard (0...1_000).contains(damper) else {
      throw request.refusal(.outOfBounds, "damper", "a share from 0 to 1000")
    }
    self.init(spotShift: shift, volatility: state, damper: damper)
  }

  /// The scenario as requests state it.
  var fields: [(String, JSONValue?)] {
    [
      ("spot", .number(spotShift)), ("volatility", .string(volatility.word)),
      ("damper", .number(damper)),
      ("volatilityFactor", volatilityFactor == 1 ? nil : .number(volatilityFactor)),
      ("elapsedSeconds", elapsed == .zero ? nil : .number(Double(elapsed.nanoseconds) / 1e9)),
      ("row", row == 0 ? nil : .integer(row)),
    ]
  }
}

extension VolatilityState {
  var word: String {
    switch self {
    case .up: "up"
    case .unchanged: "unchanged"
    case .down: "down"
    }
  }
}

extension SkewState {
  var word: String {
    switch self {
    case .tilt: "tilt"
    case .bend: "bend"
    case .term: "term"
    case .smile: "smile"
    }
  }
}
