// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Ledger
public import Parameters
import Quantities

/// The step of the ladder on which an account stands.
///
/// A step is entered below its line, a multiple of the maintenance margin, and left only at the
/// line and the release above it, so that an account at a line is not called in every block.
/// - Parameters:
///   - equity: Millionths of the quote currency.
///   - maintenanceMargin: Millionths of the quote currency, not negative; 0 has no steps.
///   - current: The step on which the account stood before.
public func marginCall(
  equity: Int64, maintenanceMargin: Int64, current: MarginCall,
  _ parameters: MarginCallParameters
) -> MarginCall {
  let lines: [(step: MarginCall, line: Rate?)] = [
    (.cancelOrders, parameters.cancelOrders), (.reduceOnly, parameters.reduceOnly),
    (.warning, parameters.warning),
  ]
  for (step, line) in lines {
    guard let line else { continue }
    // A multiple and its release: below 2^35 together.
    let held = step <= current ? parameters.release.billionths : 0
    let multiple = Int128(line.billionths) + Int128(held)
    if Int128(equity) * 1_000_000_000 < multiple * Int128(maintenanceMargin) { return step }
  }
  return .none
}
