// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Kernels

/// Which lane of a row is which scenario; the same for every block.
///
/// Narrow lanes are the distinct moves, those of most scenarios first. Wide lanes begin with all
/// of them in the same places, one scenario each; then come the second scenarios of those that
/// have two, the third ones, and so on, so that a wide block moves lane by lane as some narrow
/// block does and narrow sums add to wide ones without a permutation. Where a block is not full,
/// a scenario stands there twice, which changes no minimum.
struct RowShape: Sendable {
  let scenarioCount: Int
  let skewCount: Int
  /// The narrow lane of each scenario; −1 where spot does not move in any underlying.
  let groups: [Int]
  /// One scenario of each narrow lane.
  let representatives: [Int]
  /// The scenario of each wide lane; −1 for skews and for lanes in which nothing happens.
  let wideScenarios: [Int]
  /// Whether a wide lane is the first of its scenario.
  let isFirst: [Bool]
  /// The narrow block that moves as a wide block does; the number of narrow blocks for none.
  let wideSources: [Int32]
  let narrowBlocks: Int
  let wideBlocks: Int
  /// Cells from one row to the next: whole cache lines, so that no vector lies on two.
  let narrowStride: Int
  let wideStride: Int
  /// Scenarios in the last wide block; the skews follow in the same block.
  let lastScenarios: Int
  /// Where a row keeps each narrow lane, each wide lane and each skew.
  let narrowPlaces: [Int]
  let widePlaces: [Int]
  let skewPlaces: [Int]
  /// Whether the kernel takes the shape: skews fit into one block, and rows are not too long.
  let isRepresentable: Bool

  var narrowCount: Int { representatives.count }
  var narrowLanes: Int { narrowBlocks * Self.block }
  var wideLanes: Int { wideBlocks * Self.block }

  private static var block: Int { Int(PLIMSOLL_SCENARIO_BLOCK) }
  /// As in the kernel: 1,024 scenarios, and one block of skews.
  private static let mostBlocks = 129

  init(_ engine: RequirementEngine) {
    let block = Self.block
    let plans = engine.table.plans
    scenarioCount = plans.map(\.shifts.count).max() ?? 0
    skewCount = engine.table.skewCount
    (groups, representatives) = Self.grouped(plans, scenarioCount)
    narrowBlocks = max((representatives.count + block - 1) / block, 1)
    var lanes = WideLanes(groups, representatives, skewCount: skewCount, block: block)
    lanes.close()
    wideScenarios = lanes.scenarios
    wideSources = lanes.sources
    lastScenarios = lanes.lastScenarios
    wideBlocks = lanes.sources.count
    var seen: Set<Int> = []
    isFirst = lanes.scenarios.map { $0 >= 0 && seen.insert($0).inserted }
    isRepresentable = skewCount <= block && wideBlocks <= Self.mostBlocks
    narrowStride = (narrowBlocks + 1) / 2 * 2 * block
    wideStride = (wideBlocks + 1) / 2 * 2 * block
    let narrow = narrowBlocks
    let wide = wideBlocks
    narrowPlaces = representatives.indices.map { Self.place($0, blocks: narrow) }
    widePlaces = lanes.scenarios.indices.map { Self.place($0, blocks: wide) }
    let firstSkew = (wideBlocks - 1) * block + lastScenarios
    skewPlaces = (0..<min(skewCount, block)).map { Self.place(firstSkew + $0, blocks: wide) }
  }

  /// Weights of scenarios by wide lane: a lane that repeats a scenario has none.
  func laneWeights(_ weights: [Int64]) -> [Int64] {
    wideScenarios.indices.map { lane in
      let scenario = wideScenarios[lane]
      return isFirst[lane] && scenario < weights.count ? weights[scenario] : 0
    }
  }

  /// Scenarios that move spot by the same and count the same, in all underlyings; moves of most
  /// scenarios first.
  private static func grouped(
    _ plans: [GridPlan], _ scenarioCount: Int
  ) -> (groups: [Int], representatives: [Int]) {
    var found: [Int] = []
    var members: [[Int]] = []
    for lane in 0..<scenarioCount {
      guard !plans.allSatisfy({ lane >= $0.shifts.count || $0.shifts[lane] == 0 }) else { continue }
      let group = found.firstIndex { other in plans.allSatisfy { isSame(lane, other, $0) } }
      if let group {
        members[group].append(lane)
      } else {
        found.append(lane)
        members.append([lane])
      }
    }
    let sorted = members.sorted { one, other in
      one.count == other.count ? one[0] < other[0] : one.count > other.count
    }
    var groups = Array(repeating: -1, count: scenarioCount)
    for (group, lanes) in sorted.enumerated() { for lane in lanes { groups[lane] = group } }
    return (groups, sorted.map { $0[0] })
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

/// Lays the scenarios out in wide lanes.
private struct WideLanes {
  var scenarios: [Int] = []
  var sources: [Int32] = []
  var lastScenarios = 0
  private let block: Int
  private let none: Int32
  private let skewCount: Int
  private var still: ArraySlice<Int>

  init(_ groups: [Int], _ representatives: [Int], skewCount: Int, block: Int) {
    self.block = block
    self.skewCount = skewCount
    let narrowBlocks = max((representatives.count + block - 1) / block, 1)
    none = Int32(narrowBlocks)
    let members = representatives.indices.map { group in
      groups.indices.filter { groups[$0] == group }
    }
    still = groups.indices.filter { groups[$0] < 0 }[...]
    let most = members.first?.count ?? 0
    for copy in 0..<most {
      let count = members.count { $0.count > copy }
      for start in stride(from: 0, to: count, by: block) {
        sources.append(Int32(start / block))
        for group in start..<start + block {
          if group >= members.count {
            // Nothing moves here, nor in the narrow block.
            scenarios.append(still.popFirst() ?? -1)
          } else {
            scenarios.append(members[group][members[group].count > copy ? copy : 0])
          }
        }
      }
    }
  }

  /// Scenarios in which nothing moves, in blocks of their own, and the skews in the last of them.
  mutating func close() {
    while still.count + skewCount > block, !still.isEmpty {
      sources.append(none)
      for _ in 0..<block { scenarios.append(still.popFirst() ?? -1) }
    }
    lastScenarios = still.count
    sources.append(none)
    for _ in 0..<block { scenarios.append(still.popFirst() ?? -1) }
  }
}
