// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Kernels
import Quantities

// A fill changes a row in place; no other account is touched. Only a row that has outgrown its
// room moves to the end of the arrays, where it gets twice the room.
extension AccountRows {
  /// Applies a trade at a unit value, as `Portfolio.take` and the booking of
  /// its profit do together: what is held falls by size × unit value, whatever part of it closes.
  ///
  /// - Parameters:
  ///   - contract: Dense index in the listing.
  ///   - steps: Positive for a buy.
  ///   - unitValue: Of one step at the trade's price, ledger units of the settlement asset.
  /// - Throws: ``MarginError/positionOutOfRange(_:)`` or ``MarginError/malformedBalances`` with
  ///   nothing changed.
  public mutating func fill(
    _ account: Int, contract: Int, steps: Int64, unitValue: Int64
  ) throws(MarginError) {
    let order = self.order(of: account)
    let instrument = layout.instruments[contract]
    if kinds[order] == .kept {
      return try takeKept(order, instrument, contract, steps: steps, unitValue: unitValue)
    }
    let settlement = Int(layout.settlements[contract])
    let place = order * layout.assetCount + settlement
    let cost = Int128(steps) * Int128(unitValue)
    guard let units = Int64(exactly: Int128(held[place]) - cost) else {
      throw .positionOutOfRange(instrument)
    }
    if let entry = entryPlace(order, UInt32(truncatingIfNeeded: contract)) {
      let (sum, overflows) = Int64(sizes[entry]).addingReportingOverflow(steps)
      guard !overflows, let size = Int32(exactly: sum), size != .min else {
        throw .positionOutOfRange(instrument)
      }
      held[place] = units
      sizes[entry] = size
      if size == 0 || isAmountMissing(order, settlement) { rewrite(order, adding: nil) }
    } else {
      guard let size = Int32(exactly: steps), size != .min else {
        throw .positionOutOfRange(instrument)
      }
      guard steps == 0 || positionCount(order) < RiskScratch.mostPositions else {
        throw .positionOutOfRange(instrument)
      }
      held[place] = units
      if size != 0 { rewrite(order, adding: (UInt32(truncatingIfNeeded: contract), size)) }
    }
    remeasureKind(order)
  }

  /// Changes what an account holds of an asset: a deposit, a fee, funding.
  ///
  /// - Throws: ``MarginError/malformedBalances`` with nothing changed.
  public mutating func credit(
    _ account: Int, asset: Int, units: Int64
  ) throws(MarginError) {
    let order = self.order(of: account)
    let place = order * layout.assetCount + asset
    if kinds[order] == .kept {
      let slot = keptSlot(order)
      let balance = portfolios[slot].portfolio.balances[asset]
      let (sum, overflows) = balance.addingReportingOverflow(units)
      guard !overflows else { throw .malformedBalances }
      portfolios[slot].portfolio.balances[asset] = sum
      return
    }
    let (sum, overflows) = held[place].addingReportingOverflow(units)
    guard !overflows else { throw .malformedBalances }
    held[place] = sum
    if isAmountMissing(order, asset) { rewrite(order, adding: nil) }
    remeasureKind(order)
  }

  private mutating func takeKept(
    _ order: Int, _ instrument: InstrumentID, _ contract: Int, steps: Int64, unitValue: Int64
  ) throws(MarginError) {
    let slot = keptSlot(order)
    let held = portfolios[slot].portfolio.size(of: instrument).steps
    let (sum, overflows) = held.addingReportingOverflow(steps)
    guard !overflows, let size = Int32(exactly: sum), size != .min,
      steps.multipliedReportingOverflow(by: unitValue).overflow == false
    else { throw .positionOutOfRange(instrument) }
    var filled = portfolios[slot].portfolio
    let profit = filled.take(Size(steps: steps), of: instrument, unitValue: unitValue)
    let settlement = Int(layout.settlements[contract])
    let (balance, isBeyond) = filled.balances[settlement].addingReportingOverflow(profit)
    guard !isBeyond else { throw .malformedBalances }
    filled.balances[settlement] = balance
    portfolios[slot].portfolio = filled
  }

  func keptSlot(_ order: Int) -> Int {
    var low = 0
    var high = portfolios.count - 1
    while low < high {
      let middle = (low + high) / 2
      if portfolios[middle].order < order { low = middle + 1 } else { high = middle }
    }
    return low
  }

  /// Where an entry of an account is, flags left out of the comparison.
  func entryPlace(_ order: Int, _ wanted: UInt32) -> Int? {
    let start = Int(starts[order])
    let mask = PLIMSOLL_ENTRY_ROW | PLIMSOLL_ENTRY_AMOUNT
    for place in start..<start + Int(counts[order]) where entries[place] & mask == wanted {
      return place
    }
    return nil
  }

  /// Positions of an account; coins have entries too, and do not count.
  private func positionCount(_ order: Int) -> Int {
    let start = Int(starts[order])
    let count = Int(counts[order])
    guard count >= RiskScratch.mostPositions else { return count }
    return entries[start..<start + count].count { $0 & PLIMSOLL_ENTRY_AMOUNT == 0 }
  }

  private func isPortfolio(_ order: Int) -> Bool {
    kinds[order] == .portfolio || kinds[order] == .exactPortfolio
  }

  /// Whether a coin is held that the row of a portfolio account does not name yet.
  private func isAmountMissing(_ order: Int, _ asset: Int) -> Bool {
    guard isPortfolio(order), layout.assetUnderlyings[asset] >= 0,
      held[order * layout.assetCount + asset] != 0
    else { return false }
    return entryPlace(order, UInt32(asset) | PLIMSOLL_ENTRY_AMOUNT) == nil
  }

  /// Writes a row anew: sorted, without empty positions, with every coin that is held.
  private mutating func rewrite(_ order: Int, adding added: (entry: UInt32, size: Int32)?) {
    load(order, adding: added)
    if isPortfolio(order) { flagEdited() }
    store(order)
  }
}
