// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Quantities
import Volatility

/// `surface.fit`: an option chain becomes a surface without arbitrage.
func answerSurfaceFit(_ request: inout RequestObject) throws(EvaluationRefusal) -> JSONValue {
  let time = try request.time("time")
  let unit = try request.choice(
    "unit", [("quote", PriceUnit.quoteCurrency), ("coin", .coin)], default: .quoteCurrency)
  let filter = try request.quoteFilter()
  let expiries = try request.objects("expiries", atMost: OptionChain.limits.expiries) {
    (object) throws(EvaluationRefusal) in try object.expiryQuotes(at: time)
  }
  try request.end()
  let fitted = try stating("expiries") { () throws(SurfaceRefusal) in
    let chain = try OptionChain(time: time, unit: unit, expiries: expiries)
    return try SurfaceFit(filter: filter).calibrate(chain)
  }
  return .fields([
    ("surface", fitted.answer),
    ("fits", .array(fitted.report.expiries.map(\.answer))),
    ("arbitrage", fitted.arbitrage),
  ])
}

extension RequestObject {
  /// The object `filter`; what it leaves out is as usual.
  fileprivate mutating func quoteFilter() throws(EvaluationRefusal) -> QuoteFilter {
    var filter = QuoteFilter()
    guard var object = try optionalObject("filter") else { return filter }
    filter.widestSpread = try object.number("widestSpread", default: filter.widestSpread)
    filter.widestPart = try object.number("widestPart", default: filter.widestPart)
    filter.smallestDelta = try object.number("smallestDelta", default: filter.smallestDelta)
    try object.end()
    return filter
  }

  fileprivate mutating func expiryQuotes(
    at time: Timestamp
  ) throws(EvaluationRefusal) -> ExpiryQuotes {
    let expiry = try self.time("expiry")
    let forward = try optionalNumber("forward")
    let quotes = try objects("quotes", atMost: OptionChain.limits.quotes) {
      (object) throws(EvaluationRefusal) in
      let right = try object.optionRight()
      let strike = try object.number("strike")
      let (bid, ask) = (try object.optionalNumber("bid"), try object.optionalNumber("ask"))
      return OptionQuote(right: right, strike: strike, bid: bid, ask: ask, time: time)
    }
    return ExpiryQuotes(expiry: expiry, forward: forward, quotes: quotes)
  }

  private mutating func optionalNumber(_ name: String) throws(EvaluationRefusal) -> Double? {
    guard states(name) else {
      _ = optional(name)
      return nil
    }
    return try number(name)
  }
}

extension VolatilitySurface {
  var answer: JSONValue {
    .fields([
      ("time", .string(time.description)),
      (
        "slices",
        .array(
          slices.map { slice in
            .fields([
              ("expiry", .string(slice.expiry.description)), ("forward", .number(slice.forward)),
              ("theta", .number(slice.smile.theta)), ("rho", .number(slice.smile.rho)),
              ("psi", .number(slice.smile.psi)), ("volatility", .number(slice.atTheMoney)),
            ])
          })
      ),
    ])
  }

  /// How often 601 places per expiry permit arbitrage.
  var arbitrage: JSONValue {
    let found = (try? ArbitrageCheck())?.violations(of: self) ?? []
    return .fields([
      ("butterfly", .integer(found.count { $0.kind == .butterfly })),
      ("calendar", .integer(found.count { $0.kind == .calendar })),
    ])
  }
}

extension ExpiryFit {
  fileprivate var answer: JSONValue {
    .fields([
      ("expiry", .string(expiry.description)), ("years", .number(yearsToExpiry)),
      ("forward", forward.map(JSONValue.number)), ("used", .integer(usedCount)),
      ("rootMeanSquareError", .number(rootMeanSquareError)),
      ("medianError", .number(medianError)), ("largestError", .number(largestError)),
      (
        "rejected",
        .array(
          rejected.map { quote in
            .fields([
              ("right", .string(quote.right == .call ? "call" : "put")),
              ("strike", .number(quote.strike)),
              ("reason", .string(quote.rejection.word)),
            ])
          })
      ),
    ])
  }
}
