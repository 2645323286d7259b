// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Liquidation
import Quantities

/// `bankruptcy.price`: the price at which closing a position uses up the equity allotted to it.
func answerBankruptcyPrice(_ request: inout RequestObject) throws(EvaluationRefusal) -> JSONValue {
  let quote = try request.asset(.dollar, decimals: 6)
  var described = try request.object("instrument")
  let instrument = try InstrumentDraft(&described, isNamed: false)
  try described.end()
  let size = try request.size()
  let mark = try request.price("mark")
  let contract = try instrument.contract(
    id: InstrumentID(0), quote: quote, sizes: [size], reference: mark)
  let steps = try instrument.steps(size, of: contract, at: "size")
  let decimals = Int(contract.settlementAsset.decimals)
  let equity = try request.units(
    "equity", decimals: decimals, in: -Amount.limit...Amount.limit)
  let fund =
    request.states("fund") ? try request.units("fund", decimals: decimals, in: 0...Amount.limit) : 0
  _ = request.optional("fund")
  let allotment = try StatedAllotment(
    &request, isLinear: !contract.isReciprocal && contract.settlementAsset == quote, size: size,
    mark: mark, equity: equity)
  try request.end()
  do throws(QuantityError) {
    let unitValue = try contract.unitValue(at: mark)
    let terms = closingTerms(
      contract: contract, size: steps, unitValue: unitValue, equityShare: equity,
      fundShare: fund)
    // Toward the account: a price at which it never pays more than it has.
    let rounding: RoundingDirection = size > 0 ? .up : .down
    return .fields([
      (
        "bankruptcyPrice",
        .price(try contract.price(ofUnitValue: terms.bankruptcyUnitValue, rounding: rounding))
      ),
      (
        "limitPrice",
        .price(try contract.price(ofUnitValue: terms.limitUnitValue, rounding: rounding))
      ),
      ("step", .decimal(contract.stepQuantity, 8)), ("allotted", allotment?.answer),
    ])
  } catch {
    throw EvaluationRefusal(.outOfRange, error.description, field: "mark")
  }
}
