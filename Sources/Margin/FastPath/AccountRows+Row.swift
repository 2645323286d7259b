// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Kernels
import Quantities

// One row at a time is taken apart, changed and written back.
extension AccountRows {
  /// Reads a row into the edited one.
  mutating func read(_ order: Int) {
    let range = Int(starts[order])..<Int(starts[order]) + Int(counts[order])
    edited.removeAll(keepingCapacity: true)
    editedSizes.removeAll(keepingCapacity: true)
    edited += entries[range]
    editedSizes += sizes[range]
  }

  /// Inserts an entry in its place, or changes the size of the one that is there.
  mutating func insert(_ entry: UInt32, _ size: Int32) {
    let key = layout.key(entry)
    var place = edited.count
    while place > 0, layout.key(edited[place - 1]) > key { place -= 1 }
    edited.insert(entry, at: place)
    editedSizes.insert(size, at: place)
  }

  /// Edits a new row from a portfolio; its open orders are left out.
  ///
  /// - Returns: What it holds of each asset: balance − Σ cost.
  /// - Throws: ``MarginError`` for a portfolio that is none of the listing.
  mutating func edit(
    _ portfolio: borrowing Portfolio, _ engine: borrowing RequirementEngine
  ) throws(MarginError) -> [Int64] {
    guard portfolio.balances.count == layout.assetCount else { throw .malformedBalances }
    guard portfolio.positions.count <= RiskScratch.mostPositions else {
      throw .positionOutOfRange(portfolio.positions[RiskScratch.mostPositions].instrument)
    }
    var held = portfolio.balances.map { Int128($0) }
    edited.removeAll(keepingCapacity: true)
    editedSizes.removeAll(keepingCapacity: true)
    for position in portfolio.positions {
      guard let index = engine.layout.index(of: position.instrument) else {
        throw .unlisted(position.instrument)
      }
      guard let size = Int32(exactly: position.size.steps), size != .min else {
        throw .positionOutOfRange(position.instrument)
      }
      held[Int(layout.settlements[index])] -= Int128(position.cost)
      insert(UInt32(truncatingIfNeeded: index), size)
    }
    var units: [Int64] = []
    units.reserveCapacity(held.count)
    for amount in held {
      guard let amount = Int64(exactly: amount) else { throw .malformedBalances }
      units.append(amount)
    }
    guard portfolio.mode == .portfolio else { return units }
    for asset in units.indices where units[asset] != 0 && layout.assetUnderlyings[asset] >= 0 {
      insert(UInt32(asset) | PLIMSOLL_ENTRY_AMOUNT, 0)
    }
    layout.flag(&edited)
    return units
  }

  /// Replaces a row by that of a portfolio without its open orders, or by an empty one where the
  /// sweep does not hold it or its mode has changed.
  ///
  /// - Returns: Whether the sweep holds it.
  mutating func replace(
    _ order: Int, with portfolio: borrowing Portfolio, _ engine: borrowing RequirementEngine
  ) -> Bool {
    let isPortfolio = portfolio.mode == .portfolio
    let swept: RowKind = order < portfolioCount ? .portfolio : .standalone
    let first = order * layout.assetCount
    if isPortfolio == (swept == .portfolio), let units = try? edit(portfolio, engine),
      kind(isPortfolio: isPortfolio, units[...]) == swept
    {
      store(order)
      for asset in units.indices { held[first + asset] = units[asset] }
      return true
    }
    counts[order] = 0
    for asset in 0..<layout.assetCount { held[first + asset] = 0 }
    return false
  }

  /// The highest penalty rate of the tiers of an account's positions, billionths.
  func penaltyRate(_ order: Int, _ engine: borrowing RequirementEngine) -> Int64 {
    var penalty: Int64 = 0
    let start = Int(starts[order])
    for place in start..<start + Int(counts[order])
    where entries[place] & PLIMSOLL_ENTRY_AMOUNT == 0 {
      let tier = engine.tierPlace(
        Int(entries[place] & PLIMSOLL_ENTRY_ROW), steps: Int64(sizes[place]))
      penalty = max(penalty, engine.tiers.span[tier].penaltyRate)
    }
    return penalty
  }

  /// How an account with the edited row is measured.
  func kind(isPortfolio: Bool, _ units: ArraySlice<Int64>) -> RowKind {
    kind(isPortfolio: isPortfolio, edited[...], editedSizes[...], units)
  }

  private func kind(
    isPortfolio: Bool, _ entries: ArraySlice<UInt32>, _ sizes: ArraySlice<Int32>,
    _ units: ArraySlice<Int64>
  ) -> RowKind {
    var gross: Int64 = 0
    var fits = true
    for (entry, size) in zip(entries, sizes) where entry & PLIMSOLL_ENTRY_AMOUNT == 0 {
      gross += abs(Int64(size))
      fits = fits && layout.isSweepable[Int(entry & PLIMSOLL_ENTRY_ROW)]
    }
    fits = fits && gross < RowLimits.grossSteps
    var amount: UInt64 = 0
    for unit in units { amount += min(unit.magnitude, UInt64(RowLimits.grossAmount)) }
    fits = fits && amount < UInt64(RowLimits.grossAmount)
    if isPortfolio { return fits ? .portfolio : .exactPortfolio }
    return fits ? .standalone : .exactStandalone
  }

  /// Reads a row with a change: one entry more, no empty position, every coin that is held.
  mutating func load(_ order: Int, adding added: (entry: UInt32, size: Int32)?) {
    read(order)
    var place = 0
    while place < edited.count {
      if editedSizes[place] == 0, edited[place] & PLIMSOLL_ENTRY_AMOUNT == 0 {
        edited.remove(at: place)
        editedSizes.remove(at: place)
      } else {
        place += 1
      }
    }
    if let added { insert(added.entry, added.size) }
    guard kinds[order] == .portfolio || kinds[order] == .exactPortfolio else { return }
    let mask = PLIMSOLL_ENTRY_ROW | PLIMSOLL_ENTRY_AMOUNT
    for asset in layout.assetUnderlyings.indices
    where layout.assetUnderlyings[asset] >= 0 && held[order * layout.assetCount + asset] != 0 {
      let entry = UInt32(asset) | PLIMSOLL_ENTRY_AMOUNT
      if !edited.contains(where: { $0 & mask == entry }) { insert(entry, 0) }
    }
  }

  mutating func flagEdited() { layout.flag(&edited) }

  /// Writes the edited row back, at the end of the arrays when it has outgrown its room.
  mutating func store(_ order: Int) {
    let count = edited.count
    if count > Int(rooms[order]) {
      let room = count * 2
      starts[order] = UInt32(entries.count)
      rooms[order] = UInt16(room)
      for _ in 0..<room {
        entries.append(0)
        sizes.append(0)
      }
    }
    let start = Int(starts[order])
    for place in 0..<count {
      entries[start + place] = edited[place]
      sizes[start + place] = editedSizes[place]
    }
    counts[order] = UInt16(count)
  }

  /// Finds out again how an account is measured, after its row has changed.
  mutating func remeasureKind(_ order: Int) {
    let isPortfolio = kinds[order] == .portfolio || kinds[order] == .exactPortfolio
    let assets = layout.assetCount
    let range = Int(starts[order])..<Int(starts[order]) + Int(counts[order])
    kinds[order] = kind(
      isPortfolio: isPortfolio, entries[range], sizes[range],
      held[order * assets..<(order + 1) * assets])
  }

  /// How many underlyings an account depends on.
  func underlyingCount(_ order: Int) -> Int {
    var count = 0
    var last: UInt64?
    let start = Int(starts[order])
    for place in start..<start + Int(counts[order]) {
      let underlying = layout.key(entries[place]) >> 48
      if underlying != last { count += 1 }
      last = underlying
    }
    let isPortfolio = kinds[order] == .portfolio || kinds[order] == .exactPortfolio
    guard !isPortfolio else { return count }
    for asset in layout.assetUnderlyings.indices
    where layout.assetUnderlyings[asset] >= 0 && held[order * layout.assetCount + asset] != 0 {
      count += 1
    }
    return count
  }
}
