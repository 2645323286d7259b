// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Margin
import Simulation

extension ExplanationTable {
  /// What several models require of one account, a row each; a model without an answer says why.
  public init(_ comparison: ModelComparison) {
    self.init(
      "Under several models",
      ModelComparison.titles.enumerated().map { place, title in
        (title, place == 0 || place == ModelComparison.titles.count - 1 ? .left : .right)
      })
    for (row, cells) in zip(comparison.rows, comparison.table()) {
      switch row.answer {
      case .success: append(cells)
      case .failure(let error):
        // A sentence is too wide for a column of numbers.
        let dashes = Array(repeating: "–", count: ModelComparison.titles.count - 2)
        append([row.model] + dashes + [error.description])
      }
    }
    note = "Initial margin of each as a share of the first; open orders play no part."
  }
}

extension ExplanationTables {
  /// Only where models are compared.
  public var models: [ExplanationTable] {
    explanation.comparison.map { [ExplanationTable($0)] } ?? []
  }
}
