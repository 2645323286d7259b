// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Parameters
import Quantities

/// `margin.tiers`: what a table of size tiers asks for one position.
func answerMarginTiers(_ request: inout RequestObject) throws(EvaluationRefusal) -> JSONValue {
  var stated = try request.object("table")
  let table = try TierTable(&stated)
  try stated.end()
  var holding = try request.object("position")
  let position = try TieredPosition(&holding)
  try holding.end()
  try request.end()
  guard position.size != nil || !table.needsSize else {
    throw EvaluationRefusal(
      .missingField, "a table by quantity, or with rates per unit, needs size and price",
      field: "position.size")
  }
  let charge = TierCharge(table, position)
  return .fields([
    ("notional", .money(position.notional)), ("tier", .integer(charge.tier + 1)),
    ("initialRate", .rate(charge.initialRate)),
    ("maintenanceRate", .rate(charge.maintenanceRate)),
    ("initialDeduction", .decimal(charge.initialDeduction, 15)),
    ("maintenanceDeduction", .decimal(charge.maintenanceDeduction, 15)),
    ("initial", .money(charge.initial)), ("maintenance", .money(charge.maintenance)),
    ("penaltyRate", .rate(charge.row.penalty)),
  ])
}
