// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Kernels

/// Which lane of a row is which scenario; the same for every block.
struct RowShape: Sendable {
  let scenarioCount: Int
  let skewCount: Int
  /// The narrow lane of each scenario; −1 where spot does not move in any underlying.
  let groups: [Int]
  /// One scenario of each narrow lane.
  let representatives: [Int]
  let narrowBlocks: Int
  let wideBlocks: Int
  /// Cells from one row to the next: whole cache lines, so that no vector lies on two.
  let narrowStride: Int
  let wideStride: Int
  /// Scenarios in the last wide block; the skews follow in the same block.
  let lastScenarios: Int
  /// Where a row keeps each narrow lane, each scenario and each skew.
  let narrowPlaces: [Int]
  let widePlaces: [Int]
  let skewPlaces: [Int]
  /// Whether the kernel takes the shape: skews fit into one block.
  let isRepresentable: Bool

  var narrowCount: Int { representatives.count }
  var narrowLanes: Int { narrowBlocks * Self.block }
  var wideLanes: Int { wideBlocks * Self.block }

  private static var block: Int { Int(PLIMSOLL_SCENARIO_BLOCK) }

  init(_ engine: RequirementEngine) {
    let block = Self.block
    let plans = engine.table.plans
    scenarioCount = plans.map(\.shifts.count).max() ?? 0
    skewCount = engine.table.skewCount
    isRepresentable = skewCount <= block
    (groups, representatives) = Self.grouped(plans, scenarioCount)
    narrowBlocks = max((representatives.count + block - 1) / block, 1)
    let rest = scenarioCount % block
    // Skews share a block with the last scenarios, or have one to themselves.
    let sharesBlock = rest + skewCount <= block && rest > 0
    wideBlocks = scenarioCount / block + (rest > 0 ? 1 : 0) + (sharesBlock ? 0 : 1)
    lastScenarios = sharesBlock ? rest : 0
    narrowStride = (narrowBlocks + 1) / 2 * 2 * block
    wideStride = (wideBlocks + 1) / 2 * 2 * block
    let narrow = narrowBlocks
    let wide = wideBlocks
    narrowPlaces = representatives.indices.map { Self.place($0, blocks: narrow) }
    widePlaces = (0..<scenarioCount).map { Self.place($0, blocks: wide) }
    let firstSkew = (wideBlocks - 1) * block + lastScenarios
    skewPlaces = (0..<min(skewCount, block)).map { Self.place(firstSkew + $0, blocks: wide) }
  }

  /// Scenarios that move spot by the same and count the same, in all underlyings.
  private static func grouped(
    _ plans: [GridPlan], _ scenarioCount: Int
  ) -> (groups: [Int], representatives: [Int]) {
    var groups: [Int] = []
    var representatives: [Int] = []
    for lane in 0..<scenarioCount {
      let isStill = plans.allSatisfy { lane >= $0.shifts.count || $0.shifts[lane] == 0 }
      let group =
        representatives.firstIndex { other in
          plans.allSatisfy { isSame(lane, other, $0) }
        }
      groups.append(isStill ? -1 : group ?? representatives.count)
      if !isStill, group == nil { representatives.append(lane) }
    }
    return (groups, representatives)
  }

  private static func isSame(_ lane: Int, _ other: Int, _ plan: GridPlan) -> Bool {
    let count = plan.shifts.count
    guard lane < count, other < count else { return lane >= count && other >= count }
    return plan.shifts[lane] == plan.shifts[other] && plan.dampers[lane] == plan.dampers[other]
  }

  /// Blocks 2n and 2n + 1 alternate cell by cell; an odd last one stands alone.
  private static func place(_ lane: Int, blocks: Int) -> Int {
    let own = lane / block
    guard own / 2 * 2 + 1 < blocks else { return lane }
    return own / 2 * 2 * block + lane % block * 2 + own % 2
  }
}
