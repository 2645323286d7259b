// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Quantities

/// A scenario of one underlying and what the account loses in it.
public struct RankedScenario: Hashable, Sendable {
  public let underlying: AssetSymbol
  /// Never ``BindingScenario/none`` in a list of one underlying.
  public let scenario: BindingScenario
  /// Millionths of the quote currency; negative for a profit.
  public let loss: Int64

  public init(underlying: AssetSymbol, scenario: BindingScenario, loss: Int64) {
    self.underlying = underlying
    self.scenario = scenario
    self.loss = loss
  }
}

/// The scenarios of one underlying, the worst first.
public struct UnderlyingRanking: Hashable, Sendable {
  public let underlying: AssetSymbol
  /// All of the grid, then of the skews; equal losses in this order, so that the first is the
  /// one that binds whenever anything loses.
  public let scenarios: [RankedScenario]

  /// - Parameter grid: The scenarios of the scan's underlying.
  public init(_ scan: UnderlyingScan, grid: ScenarioGrid) {
    underlying = scan.underlying
    var ranked: [RankedScenario] = []
    for (lane, profit) in scan.profits.enumerated() {
      ranked.append(
        RankedScenario(
          underlying: scan.underlying, scenario: .scenario(lane), loss: -profit))
    }
    for (skew, loss) in zip(grid.skews, scan.skewLosses) {
      ranked.append(
        RankedScenario(underlying: scan.underlying, scenario: .skew(skew), loss: loss))
    }
    // By the place as well: the order of equals must not depend on the sort.
    scenarios = ranked.enumerated().sorted { one, other in
      one.element.loss != other.element.loss
        ? one.element.loss > other.element.loss : one.offset < other.offset
    }.map(\.element)
  }

  /// The scenario that binds: the worst, unless nothing loses.
  public var binding: RankedScenario {
    guard let worst = scenarios.first, worst.loss > 0 else {
      return RankedScenario(underlying: underlying, scenario: .none, loss: 0)
    }
    return worst
  }
}

/// One scenario of every underlying at once, as the scan adds them up: without offset.
public struct JointScenario: Hashable, Sendable {
  /// By underlying, in the order of the scans; ``BindingScenario/none`` where nothing loses.
  public let parts: [RankedScenario]
  /// The sum over underlyings, each at least 0; millionths of the quote currency.
  public let loss: Int64
}

/// Which scenario binds an account, which is next, and how far they are apart.
public struct ScenarioRanking: Hashable, Sendable {
  public let underlyings: [UnderlyingRanking]
  /// The worst sums over underlyings, the worst first; no more than asked for.
  public let joint: [JointScenario]

  /// - Parameters:
  ///   - scans: Of a portfolio account; empty gives an empty ranking.
  ///   - count: How many joint scenarios are wanted, 1 to 1,000.
  public init(_ scans: [UnderlyingScan], of engine: RequirementEngine, count: Int = 5) {
    var rankings: [UnderlyingRanking] = []
    for scan in scans {
      guard let slot = engine.layout.underlyings.firstIndex(of: scan.underlying) else { continue }
      rankings.append(UnderlyingRanking(scan, grid: engine.grids[slot]))
    }
    underlyings = rankings
    joint = Self.joint(rankings, count: min(max(count, 1), 1_000))
  }

  /// The best sums of one element of each list, list by list: what is not among the best of the
  /// lists so far cannot be among them later.
  private static func joint(_ rankings: [UnderlyingRanking], count: Int) -> [JointScenario] {
    guard !rankings.isEmpty else { return [] }
    var best = [JointScenario(parts: [], loss: 0)]
    for ranking in rankings {
      var choices: [RankedScenario] = []
      for scenario in ranking.scenarios.prefix(count) where scenario.loss > 0 {
        choices.append(scenario)
      }
      if choices.count < count {
        // Where all that is left gains, nothing is charged.
        choices.append(
          RankedScenario(underlying: ranking.underlying, scenario: .none, loss: 0))
      }
      var sums: [JointScenario] = []
      for sum in best {
        for choice in choices {
          sums.append(
            JointScenario(
              parts: sum.parts + [choice], loss: QuoteMoney.sum(sum.loss, choice.loss)))
        }
      }
      best = sums.enumerated().sorted { one, other in
        one.element.loss != other.element.loss
          ? one.element.loss > other.element.loss : one.offset < other.offset
      }.prefix(count).map(\.element)
    }
    return best
  }
}
