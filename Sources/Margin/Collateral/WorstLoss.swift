// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Instruments
import Quantities

extension RequirementEngine {
  /// What one position loses in the worst scenario for it alone, of grid, tails and skews; at
  /// least 0, millionths of the quote currency.
  ///
  /// At least what it loses in the scenario that binds its account. Without scenarios, or for a
  /// contract that is not listed, the limit of requirements: nothing of its profit is left.
  public func worstLoss(of position: Position) -> Int64 {
    guard hasScenarios, let index = layout.index(of: position.instrument),
      charges[index].isPriced
    else { return QuoteMoney.limit }
    let size = Int128(position.size.steps)
    var worst: Int128 = 0
    for lane in 0..<table.laneCount {
      worst = min(worst, size * Int128(table.cells[index * table.laneCount + lane]))
    }
    for skew in 0..<table.skewCount {
      worst = min(worst, -abs(size * Int128(table.skewCells[index * table.skewCount + skew])))
    }
    return QuoteMoney.clampedCharge(-worst)
  }
}
