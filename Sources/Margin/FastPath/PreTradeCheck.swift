// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

/// Answers what an account would be required to hold after a fill, without touching the rows.
///
/// One row is read, changed in memory of its own and measured: the cost is that of one account,
/// whatever the size of the venue. One value a thread; it takes memory once.
public struct PreTradeCheck: Sendable {
  private var trial: AccountRows
  private var scratch: SweepScratch

  public init(_ sweep: VenueSweep, _ rows: borrowing AccountRows) {
    trial = AccountRows(trialOf: rows)
    scratch = SweepScratch(sweep)
  }

  /// Where an account would stand after a fill.
  ///
  /// - Parameters:
  ///   - account: Its number in the rows.
  ///   - contract: Dense index in the listing.
  ///   - steps: Positive for a buy.
  ///   - unitValue: Of one step at the price of the fill, which grows worse with size; ledger units
  ///     of the settlement asset.
  /// - Throws: ``MarginError/positionOutOfRange(_:)``.
  public mutating func requirement(
    of account: Int, in rows: borrowing AccountRows, _ sweep: borrowing VenueSweep,
    contract: Int, steps: Int64, unitValue: Int64
  ) throws(MarginError) -> AccountRequirement {
    trial.take(rows.order(of: account), of: rows)
    try trial.fill(0, contract: contract, steps: steps, unitValue: unitValue)
    return sweep.requirement(0, of: trial, &scratch)
  }

  /// Whether the fill would leave equity at initial margin or above.
  public mutating func permits(
    _ account: Int, in rows: borrowing AccountRows, _ sweep: borrowing VenueSweep,
    contract: Int, steps: Int64, unitValue: Int64
  ) throws(MarginError) -> Bool {
    let after = try requirement(
      of: account, in: rows, sweep, contract: contract, steps: steps, unitValue: unitValue)
    return after.equity >= after.initialMargin
  }
}

extension AccountRows {
  /// Room for one account.
  init(trialOf rows: borrowing AccountRows) {
    self.init(layout: rows.layout)
    // Every position, every coin, and one position more.
    let room = RiskScratch.mostPositions + rows.layout.assetCount + 1
    starts = [0]
    counts = [0]
    rooms = [UInt16(room)]
    entries = Array(repeating: 0, count: room)
    sizes = Array(repeating: 0, count: room)
    held = Array(repeating: 0, count: rows.layout.assetCount)
    kinds = [.portfolio]
    nameOnly()
    edited.reserveCapacity(room)
    editedSizes.reserveCapacity(room)
  }

  /// Becomes a copy of one account.
  mutating func take(_ order: Int, of rows: borrowing AccountRows) {
    let start = Int(rows.starts[order])
    let count = Int(rows.counts[order])
    let assets = layout.assetCount
    counts[0] = UInt16(count)
    for place in 0..<count {
      entries[place] = rows.entries[start + place]
      sizes[place] = rows.sizes[start + place]
    }
    for asset in 0..<assets { held[asset] = rows.held[order * assets + asset] }
    kinds[0] = rows.kinds[order]
    if kinds[0] == .kept { portfolios = [(0, rows.portfolios[rows.keptSlot(order)].portfolio)] }
  }
}
