// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Ledger
import Margin
import MarketData
import Parameters
import Quantities

// One block: the ten steps of PRODUCT, in order.
extension Engine {
  /// The most samples one block may carry.
  public static let mostSamples = 4_096

  mutating func advanceBlock(
    at instant: Timestamp, samples: [PriceSample]
  ) throws(StepError) {
    let last = max(state.time, state.restartedAt ?? state.time)
    guard Timestamp.permitted.contains(instant), instant > state.time, instant >= last else {
      throw .refused(.timeNotIncreasing(instant, last: last))
    }
    guard samples.count <= Self.mostSamples else {
      throw .refused(.tooManySamples(samples.count))
    }
    let previous = state.time
    try emit(.blockStarted(at: instant))
    let indices = try sample(samples, at: instant)
    try mark(indices, at: instant, since: previous)
    try markBalance(at: instant, since: previous)
    try settle(at: instant, since: previous)
    try renewProtections()
    try convertDebts()
    isMarginCheck = rules.liquidation.pace.checks(at: instant, since: previous)
    defer { isMarginCheck = false }
    try supportHedge()
    try watch()
    try unwindPools()
    try hedgeBalance()
    try reviewFund()
    if state.block % UInt64(rules.clearing.digestInterval) == 0 {
      try emit(.stateDigested(state.digest))
    }
    if let broken = changes.broken(state, workers: workers) {
      throw .broken(broken, afterSequence: sequence)
    }
  }

  /// Steps 4 to 6: every account's risk, then each unhealthy one as far as it can go now,
  /// the largest shortfall first, ties by id.
  private mutating func watch() throws(StepError) {
    guard let valuation else { return }
    measureAll(valuation)
    venueIndex.noteMeasured(risks)
    venueIndex.bringUp(state)
    try callMargins()
    try countLiquidations()
    var candidates: [(shortfall: Int64, index: Int)] = []
    for index in risks.indices {
      let risk = risks[index]
      guard venueIndex.isInLiquidation(index) || risk.equity < risk.maintenanceMargin
      else { continue }
      candidates.append((risk.maintenanceMargin - risk.equity, index))
    }
    candidates.sort { ($0.shortfall, $1.index) > ($1.shortfall, $0.index) }
    events.reserveCapacity(events.count + Self.eventsPerCandidate * candidates.count)
    waiting.reserveCapacity(waiting.count + candidates.count)
    for candidate in candidates { try advance(candidate.index) }
    try lapseRequests()
    try lapseRights()
  }

  /// What an account that enters liquidation makes in a block, mostly.
  private static let eventsPerCandidate = 4

  /// Measures every account.
  ///
  /// Into the places of the block before the last: the last block's risks are kept while this one
  /// may be taken back, and new memory for all accounts costs as much as measuring them.
  private mutating func measureAll(_ valuation: Valuation) {
    let count = state.accounts.count
    var measured: [AccountRisk] = []
    swap(&measured, &spareRisks)
    if measured.count != count { measured = Array(repeating: .unmeasured, count: count) }
    measureAll(valuation, into: &measured)
    swap(&measured, &risks)
    // Of another size now, rather than in the next block.
    if measured.count != count { measured = Array(repeating: .unmeasured, count: count) }
    swap(&measured, &spareRisks)
  }

  /// By rows where there are enough accounts, one by one otherwise: no risk differs.
  private mutating func measureAll(_ valuation: Valuation, into measured: inout [AccountRisk]) {
    let count = state.accounts.count
    guard count >= fewestInRows ?? max(256, state.listing.contracts.count) else {
      rows = nil
      return valuation.measure(state.accounts, into: &measured, workers: workers)
    }
    let changed = changes.takeStale()
    // Accounts opened since are measured one by one until they are an eighth of all.
    if let changed, var kept = rows.take(), !kept.isWorn, count - kept.count <= count / 8 {
      valuation.update(&kept, changed, of: state.accounts)
      rows = kept
    } else {
      rows = valuation.rows(of: state.accounts)
    }
    guard let rows else { return }
    valuation.measure(state.accounts, by: rows, into: &measured, workers: workers)
  }
}
