// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

/// Which of several waterfalls did best in one crash, by each figure.
public struct WaterfallRanking: Sendable {
  /// What is compared; less is better in every one.
  public enum Figure: String, Hashable, Sendable, CaseIterable {
    case totalCost
    case slippage
    case penalties
    case deleveraged
    case deleveragedLater
    case socialized
    case backstopDraw
    case bankruptAccounts
    case owedAtEnd

    /// Of one run; money in millionths of the quote currency.
    public func value(of run: WaterfallRun) -> Int64 {
      let costs = run.result.costs
      return switch self {
      case .totalCost: costs.total
      case .slippage: costs[.slippage]
      case .penalties: costs[.penalty]
      case .deleveraged: costs[.deleveraging]
      case .deleveragedLater: costs.deleveragedLater
      case .socialized: costs[.socialized]
      case .backstopDraw: run.backstopDraw
      case .bankruptAccounts: Int64(costs.bankruptAccounts)
      case .owedAtEnd: run.owedAtEnd
      }
    }
  }

  public let runs: [WaterfallRun]

  public init(_ runs: [WaterfallRun]) { self.runs = runs }

  /// The runs after which nobody is owed anything and nobody bore the loss of another.
  public var solvent: [WaterfallRun] { runs.filter { $0.outcome == .solvent } }

  /// The names of the runs with the least of a figure, in the order of the runs.
  public func best(_ figure: Figure, among runs: [WaterfallRun]) -> [String] {
    guard let least = runs.map(figure.value).min() else { return [] }
    return runs.filter { figure.value(of: $0) == least }.map(\.name)
  }

  /// The place of a run among all by a figure, equal ones sharing the better place; 1 is best.
  public func place(of run: WaterfallRun, by figure: Figure) -> Int {
    runs.count { figure.value(of: $0) < figure.value(of: run) } + 1
  }

  /// Whether a waterfall is among the solvent ones and none of them costs traders less or draws
  /// less from fund and pools.
  public func dominates(_ name: String) -> Bool {
    best(.totalCost, among: solvent).contains(name)
      && best(.backstopDraw, among: solvent).contains(name)
  }
}
