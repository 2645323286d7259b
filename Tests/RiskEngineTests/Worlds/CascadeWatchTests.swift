// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Ledger
import RiskEngine
import Simulation
import Testing

/// What the watch of the random worlds holds against every event, held against a cascade.
///
/// A hundredth of the crash of 10 October 2025; with `PLIMSOLL_FULL=1` all of it: 437,723 accounts
/// in 162 markets.
@Suite("A cascade under the watch")
struct CascadeWatchTests {
  private static let isFull = ProcessInfo.processInfo.environment["PLIMSOLL_FULL"] == "1"

  /// The watch is called from a closure of the cascade.
  private final class Observed {
    var watch: WaterfallWatch
    init(_ watch: WaterfallWatch) { self.watch = watch }
  }

  private static let plan =
    isFull ? .october2025 : CascadePlan.october2025.scaled(accounts: 4_377, markets: 6)

  @Test(
    "every block keeps every rule, and what is closed against winners is what there was to close",
    arguments: ["plain", "plimsoll"])
  func kept(waterfall: String) throws {
    let set = try WaterfallFile.load(waterfall).over(ParameterFile.bundled()).set
    var cascade = try Cascade(Self.plan, parameters: set)
    try cascade.open()
    let observed = Observed(WaterfallWatch(cascade.engine, world: 20_251_010))
    cascade.observer = { decision, engine in
      observed.watch.take(decision.command, decision.events, engine)
    }
    try cascade.crash()
    try cascade.settle()
    let (seen, result) = (observed.watch.seen, cascade.result)
    #expect(seen["P19 liquidations begun"] == Self.plan.liquidations)
    #expect(result.endedLiquidations == result.liquidations)
    #expect(seen["P36 cuts"] == result.deleveragingFills && result.deleveragingFills > 0)
    // One allocation for each insolvent account, which held one position.
    #expect(seen["P34 allocations", default: 0] >= Self.plan.insolvencies)
    #expect(observed.watch.overshoot == 0)
    #expect(observed.watch.state == cascade.engine.state)
  }
}
