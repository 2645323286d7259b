// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

/// One thread's working memory for the requirement, so that no account takes memory.
public struct RiskScratch: Sendable {
  /// What each collateral asset comes to, ledger units: balance + profits settled in it.
  var net: [Int128]
  /// What of it is held in the asset itself: balance − cost; in isolated and cross mode with the
  /// worth of all positions but long options.
  var held: [Int128]
  /// Dense index and size of each position.
  var rows: [UInt32]
  var sizes: [Int32]
  var hasOptions = false
  /// Scenario profits by underlying slot, then lane; valid for swept underlyings.
  var sums: [Int64]
  var swept: SlotSet
  /// Stand-alone losses by underlying slot; valid for swept underlyings.
  var losses: [Int64]
  /// Of one group of underlyings that net, by lane.
  var factorProfits: [Int128]
  var jointProfits: [Int64]
  /// Skew losses by underlying slot, then skew; valid for swept underlyings.
  var skewLosses: [Int64]
  /// Skew profits by expiry slot, then skew; valid for bent expiries.
  var skewSums: [Int64]
  var bent: SlotSet
  /// 10^−8 of base units by strike slot; valid for counted strikes.
  var strikeQuantities: [Int128]
  var counted: SlotSet
  /// 10^−8 of base units short on balance, by underlying slot.
  var uncovered: [Int128]
  /// Net deltas in 10^−8 of base units, by underlying slot: of all positions, and of those
  /// without expiry; valid for sized underlyings.
  var netDeltas: [Int128]
  var spotDeltas: [Int128]
  var sized: SlotSet
  /// By expiry slot; valid for dated expiries.
  var expiryDeltas: [Int128]
  var dated: SlotSet

  /// The most positions of one account.
  public static let mostPositions = 512

  init(_ engine: borrowing RequirementEngine) {
    let layout = engine.layout
    let underlyings = layout.underlyings.count
    net = Array(repeating: 0, count: layout.collateralUnderlyings.count)
    held = net
    rows = Array(repeating: 0, count: Self.mostPositions)
    sizes = Array(repeating: 0, count: Self.mostPositions)
    sums = Array(repeating: 0, count: underlyings * engine.table.laneCount)
    swept = SlotSet(count: underlyings)
    losses = Array(repeating: 0, count: underlyings)
    factorProfits = Array(repeating: 0, count: engine.table.laneCount)
    jointProfits = Array(repeating: 0, count: engine.table.laneCount)
    skewLosses = Array(repeating: 0, count: underlyings * engine.table.skewCount)
    skewSums = Array(repeating: 0, count: layout.expiries.count * engine.table.skewCount)
    bent = SlotSet(count: layout.expiries.count)
    strikeQuantities = Array(repeating: 0, count: layout.strikes.count)
    counted = SlotSet(count: layout.strikes.count)
    uncovered = Array(repeating: 0, count: underlyings)
    netDeltas = uncovered
    spotDeltas = uncovered
    sized = SlotSet(count: underlyings)
    expiryDeltas = Array(repeating: 0, count: layout.expiries.count)
    dated = SlotSet(count: layout.expiries.count)
  }
}

extension RequirementEngine {
  /// Whether working memory, perhaps another engine's, has the shape that this one needs.
  public func fits(_ scratch: borrowing RiskScratch) -> Bool {
    let underlyings = layout.underlyings.count
    return scratch.net.count == layout.collateralUnderlyings.count
      && scratch.uncovered.count == underlyings && scratch.jointProfits.count == table.laneCount
      && scratch.sums.count == underlyings * table.laneCount
      && scratch.skewLosses.count == underlyings * table.skewCount
      && scratch.expiryDeltas.count == layout.expiries.count
      && scratch.skewSums.count == layout.expiries.count * table.skewCount
      && scratch.strikeQuantities.count == layout.strikes.count
  }
}

/// Which of a fixed number of slots an account has touched, in order of first touch.
struct SlotSet: Sendable {
  private var isMember: [Bool]
  private var members: [Int32]
  private(set) var count = 0

  init(count: Int) {
    isMember = Array(repeating: false, count: count)
    members = Array(repeating: 0, count: count)
  }

  subscript(place: Int) -> Int { Int(members[place]) }

  /// - Returns: Whether the slot was touched for the first time.
  @inline(__always)
  mutating func insert(_ slot: Int) -> Bool {
    guard !isMember[slot] else { return false }
    isMember[slot] = true
    members[count] = Int32(truncatingIfNeeded: slot)
    count += 1
    return true
  }

  mutating func removeAll() {
    for place in 0..<count { isMember[Int(members[place])] = false }
    count = 0
  }
}
