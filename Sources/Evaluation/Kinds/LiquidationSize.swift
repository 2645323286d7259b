// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Liquidation
import Margin
import Parameters
import Quantities

/// `liquidation.size`: the part of one position to close so that its account is restored.
///
/// Expected costs are charged on what is closed; the rest is asked for again by the table, so the
/// answer is right across tiers, where a formula for one rate would sell too much.
func answerLiquidationSize(
  _ request: inout RequestObject, _ shelf: inout ParameterShelf
) throws(EvaluationRefusal) -> JSONValue {
  var stated = try request.object("table")
  let table = try TierTable(&stated)
  try stated.end()
  let equity = try request.money("equity")
  var holding = try request.object("position")
  let step = try holding.units("step", decimals: 8, in: 1...1_000_000_000_000)
  let position = try TieredPosition(&holding)
  guard let size = position.size, let price = position.price else {
    throw EvaluationRefusal(.missingField, "missing", field: "position.size")
  }
  try holding.end()
  guard size % step == 0, Size(steps: size / step).isPermitted else {
    throw EvaluationRefusal(
      .inconsistent, "the size is no whole number of steps, or more than \(Size.limit) of them",
      field: "position.step")
  }
  let parameters = try LiquidationParameters(&request, &shelf)
  let buffer = try request.rate("buffer", in: .zero...Rate.one)
  let impact = try StatedImpact(&request, table)
  try request.end()
  let sizing = PartialSizing(
    table: table, price: price, step: step, steps: size / step, equity: equity, buffer: buffer,
    expectedCost: parameters.expectedCost)
  let priced = impact?.answer(
    table, position, equity: equity, buffer: buffer, fee: parameters.expectedCost)
  return sizing.answer(parameters, notional: position.notional, impact: priced)
}

/// One position of one account, as its requirement falls with what is closed.
private struct PartialSizing {
  let table: TierTable
  let price: Price
  let step: Int64
  let steps: Int64
  let equity: Int64
  let buffer: Rate
  let expectedCost: Rate

  func answer(
    _ parameters: LiquidationParameters, notional: Int64, impact: JSONValue?
  ) -> JSONValue {
    let start = standing(closing: 0)
    var closed: Int64 = 0
    if !start.isRestored {
      let whole = ClosablePosition(
        instrument: InstrumentID(0), size: Size(steps: steps), notional: notional,
        relief: start.target)
      let sized = decidePartialSize([whole], parameters) { _, size in
        standing(closing: size.steps)
      }
      closed = sized?.size.steps ?? 0
    }
    let after = standing(closing: closed)
    let maintenance = maintenance(closing: 0)
    return .fields([
      ("isLiquidatable", .boolean(equity < maintenance)),
      ("maintenanceMargin", .money(maintenance)), ("target", .money(start.target)),
      ("size", .decimal(closed * step, 8)), ("notional", .money(closedNotional(closed))),
      ("remaining", .decimal((steps - closed) * step, 8)),
      ("equityAfter", .money(after.equity)), ("targetAfter", .money(after.target)),
      ("isRestored", .boolean(after.isRestored)), ("impact", impact),
    ])
  }

  func standing(closing closed: Int64) -> Standing {
    let maintenance = maintenance(closing: closed)
    let cost = expectedCost.share(of: closedNotional(closed), rounding: .up)
    return Standing(
      equity: equity - cost, target: maintenance + buffer.share(of: maintenance, rounding: .up))
  }

  private func maintenance(closing closed: Int64) -> Int64 {
    guard closed < steps else { return 0 }
    let rest = TieredPosition(size: (steps - closed) * step, price: price)
    return TierCharge(table, rest).maintenance
  }

  private func closedNotional(_ closed: Int64) -> Int64 {
    closed == 0 ? 0 : TieredPosition(size: closed * step, price: price).notional
  }
}

extension LiquidationParameters {
  /// Reads how a slice is limited; the rest of the set plays no part in its size.
  fileprivate init(
    _ request: inout RequestObject, _ shelf: inout ParameterShelf
  ) throws(EvaluationRefusal) {
    var texts = ParameterTexts()
    try texts.add("sliceShare", "liquidation.sliceShare", of: &request, default: "100%")
    try texts.add(
      "wholeSliceNotional", "liquidation.wholeSliceNotional", of: &request, default: "0")
    try texts.add("expectedCost", "liquidation.expectedCost", of: &request, default: "0")
    // What must be stated and plays no part; what may be left out is left out.
    let others = [
      "liquidation.orderLife", "liquidation.patience", "liquidation.penalty",
      "insuranceFund.eventCap", "insuranceFund.openingShare", "socializedLoss.share",
    ]
    texts.fill { others.contains($0) }
    let set = try shelf.set(of: texts)
    do throws(ParameterError) { try self.init(set) } catch {
      throw EvaluationRefusal(error, at: request.path)
    }
  }
}
