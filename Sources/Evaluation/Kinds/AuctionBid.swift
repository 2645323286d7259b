// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Liquidation
import Quantities

/// `auction.bid`: how large a part of a portfolio a bidder may take and what it costs; or, where
/// the portfolio is worth less than nothing, what the fund pays for taking it.
func answerAuctionBid(_ request: inout RequestObject) throws(EvaluationRefusal) -> JSONValue {
  var stated = try request.object("portfolio")
  let value = try stated.money("value")
  let requirement = try stated.money("requirement", atLeast: 0)
  let reserved = stated.states("reserved") ? try stated.money("reserved", atLeast: 0) : 0
  _ = stated.optional("reserved")
  try stated.end()
  let portfolio = AuctionedPortfolio(value: value, requirement: requirement, reserved: reserved)
  let whole = Rate.zero...Rate.one
  let wanted = try request.rate("share", in: whole, default: .one)
  let isInsolvent = request.states("progress")
  guard isInsolvent != request.states("factor") else {
    throw request.refusal(
      .inconsistent, "factor",
      "state either `factor`, of the price, or `progress`, of the phase in which the fund pays")
  }
  guard !isInsolvent else {
    let progress = try request.rate("progress", in: whole)
    _ = request.optional("factor")
    try request.end()
    return .fields([
      ("excess", .money(portfolio.excess)), ("share", .rate(wanted)),
      (
        "fundPays",
        .money(insolventBid(on: portfolio, share: wanted, progress: progress))
      ),
    ])
  }
  let factor = try request.rate("factor", in: whole)
  _ = request.optional("progress")
  try request.end()
  guard value >= reserved else {
    throw EvaluationRefusal(
      .inconsistent, "what was paid in is part of the value; a smaller value is insolvent",
      field: "portfolio.reserved")
  }
  return solventAnswer(portfolio, wanted: wanted, factor: factor)
}

private func solventAnswer(
  _ portfolio: AuctionedPortfolio, wanted: Rate, factor: Rate
) -> JSONValue {
  let largest = largestBid(on: portfolio, at: factor)
  let share = min(wanted, largest)
  let paid = solventBid(on: portfolio, share: share, at: factor)
  let left = Rate.one - share
  // Value is rounded down and the requirement up: the line is not reached by rounding.
  let kept = left.share(of: portfolio.value - portfolio.reserved, rounding: .down)
  let after = kept + portfolio.reserved + paid
  let line = left.share(of: portfolio.requirement, rounding: .up)
  return .fields([
    ("excess", .money(portfolio.excess)), ("largestShare", .rate(largest)),
    ("share", .rate(share)), ("bidderPays", .money(paid)), ("valueAfter", .money(after)),
    ("requirementAfter", .money(line)), ("excessAfter", .money(after - line)),
  ])
}
