// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Margin

extension MarginRecord {
  /// What one model requires; without numbers where it has no rule for a position.
  struct Model: Encodable {
    let model: String
    let equity: String?
    let initialMargin: String?
    let maintenanceMargin: String?
    let excess: String?
    let binding: [String]?
    let refusal: String?

    init(_ row: ModelComparison.Row) {
      model = row.model
      switch row.answer {
      case .success(let requirement):
        equity = MarginText.money(requirement.equity)
        initialMargin = MarginText.money(requirement.initialMargin)
        maintenanceMargin = MarginText.money(requirement.maintenanceMargin)
        excess = MarginText.money(requirement.excess)
        binding = requirement.scans.map(\.bindingText)
        refusal = nil
      case .failure(let error):
        (equity, initialMargin, maintenanceMargin, excess, binding) = (nil, nil, nil, nil, nil)
        refusal = error.description
      }
    }
  }
}
