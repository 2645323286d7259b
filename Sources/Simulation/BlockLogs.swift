// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Ledger
import Parameters
import Quantities
import RiskEngine

/// What a replay keeps block by block of single parts of the venue.
struct BlockLogs {
  private var fund = FundLog()
  private var balance = BalanceLog()
  private var calls = MarginCallWatch()
  private var pools = PoolLog()

  /// The accounts are open: what was paid before is no part of the history.
  mutating func start(_ engine: Engine) {
    fund.start(engine)
    balance.start()
  }

  mutating func take(_ event: LedgerEvent, _ engine: Engine) {
    fund.take(event, engine)
    balance.take(event, engine)
    pools.take(event, engine)
    if engine.rules.liquidation.marginCall.isDrawn { calls.take(event) }
  }

  /// Since when an account has been called; `nil` if it is not.
  func calledAt(_ id: AccountID) -> Timestamp? { calls.calledAt(id) }

  /// Ends a block.
  mutating func record(_ engine: Engine) {
    fund.record(engine)
    balance.record(engine)
    pools.record(engine)
    if engine.rules.liquidation.marginCall.isDrawn { calls.record() }
  }

  func finish(_ result: inout ReplayResult, _ engine: Engine) {
    result.fund = fund.history
    result.universeFunds = fund.universes(engine)
    result.balanceHistory = balance.history
    result.pools = pools.finished(engine)
    guard engine.rules.liquidation.marginCall.isDrawn else { return }
    result.marginCalls = calls.summary
    result.marginCallHistory = calls.history
  }
}
