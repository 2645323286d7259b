// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Margin
import Quantities
import Simulation
import Testing

@Suite("How far margin covers losses")
struct MarginCoverageTests {
  private func risk(_ equity: Int64, initial: Int64, maintenance: Int64) -> AccountRisk {
    AccountRisk(
      equity: equity, initialMargin: initial, maintenanceMargin: maintenance,
      liquidationBuffer: 0, penaltyRate: .zero)
  }

  @Test(
    "counts a loss beyond a margin from one unit on",
    arguments: [(79, 0, 0), (80, 0, 0), (81, 1, 0), (100, 20, 0), (101, 21, 1)]
      as [(Int64, Int64, Int64)])
  func thresholds(loss: Int64, beyondMaintenance: Int64, beyondInitial: Int64) {
    let coverage = MarginCoverage(
      from: [risk(500, initial: 100, maintenance: 80)],
      to: [risk(500 - loss, initial: 7, maintenance: 7)])
    #expect(coverage.accounts == 1)
    #expect(coverage.losses == loss)
    #expect(coverage.beyondMaintenance == beyondMaintenance)
    #expect(coverage.beyondMaintenanceCount == (beyondMaintenance > 0 ? 1 : 0))
    #expect(coverage.beyondInitial == beyondInitial)
    #expect(coverage.beyondInitialCount == (beyondInitial > 0 ? 1 : 0))
  }

  @Test("leaves out accounts without a requirement, gains, and accounts opened since")
  func leftOut() {
    let coverage = MarginCoverage(
      from: [risk(500, initial: 0, maintenance: 0), risk(500, initial: 100, maintenance: 80)],
      to: [
        risk(0, initial: 0, maintenance: 0), risk(900, initial: 100, maintenance: 80),
        risk(-5, initial: 1, maintenance: 1),
      ])
    #expect(coverage.accounts == 1)
    #expect(coverage.losses == 0)
  }

  @Test("adds up over blocks and never leaves its field")
  func sums() {
    let most = MarginCoverage(
      from: [risk(1 << 60, initial: 2, maintenance: 1)],
      to: [risk(-(1 << 60), initial: 2, maintenance: 1)])
    var total = MarginCoverage()
    for _ in 0..<8 { total += most }
    #expect(total.accounts == 8)
    #expect(total.losses == .max)
    #expect(total.beyondInitialCount == 8)
  }
}
