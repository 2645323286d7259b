// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Margin
import Parameters
import Pricing
import Quantities

/// `margin.valueAtRisk`: what one account may lose, by three methods side by side.
func answerValueAtRisk(
  _ request: inout RequestObject, _ shelf: inout ParameterShelf
) throws(EvaluationRefusal) -> JSONValue {
  let draft = try ModelBookDraft(&request)
  let seed = UInt64(try request.integer("seed", in: 0...9_007_199_254_740_991))
  let joint = try request.choice(
    "joint", JointMoves.allCases.map { ($0.rawValue, $0) }, default: .independent)
  var stated = try request.object("parameters")
  let choice = try ParameterChoice(&stated)
  // Of a named set, what ranges and their value at risk are made with.
  let set = try shelf.set(for: choice, keeping: ["var.", "range."])
  let parameters: ValueAtRiskParameters
  do throws(ParameterError) { parameters = try ValueAtRiskParameters(set) } catch {
    throw EvaluationRefusal(error, at: choice.place)
  }
  let markets = try request.objects("markets", atMost: ValueAtRisk.mostUnderlyings) {
    object throws(EvaluationRefusal) in try MarketDraft(&object, draft.book, parameters, set)
  }
  try request.end()
  let question = RangeQuestion(
    draft: draft, parameters: parameters, place: choice.place, seed: seed, joint: joint)
  return try question.answer(markets)
}

/// The most steps of all paths that one request may take, a few seconds of work.
private let mostSteps = 33_554_432.0

private struct RangeQuestion {
  let draft: ModelBookDraft
  let parameters: ValueAtRiskParameters
  let place: String
  let seed: UInt64
  let joint: JointMoves

  func answer(_ drafts: [MarketDraft]) throws(EvaluationRefusal) -> JSONValue {
    var markets: [RangeMarket] = []
    for (place, underlying) in draft.book.underlyings.enumerated() {
      let own = drafts.filter { $0.underlying == place }
      guard own.count == 1 else {
        throw EvaluationRefusal(
          .inconsistent, "\(underlying.symbol) needs one entry", field: "markets")
      }
      markets.append(own[0].market)
    }
    let days = parameters.horizon.days
    let steps = (days * Double(parameters.stepsPerDay)).rounded(.up)
    guard steps * Double(parameters.paths) * Double(markets.count) <= mostSteps else {
      throw EvaluationRefusal(
        .outOfBounds, "more than \(Int(mostSteps)) steps of all paths; take fewer paths or steps",
        field: place)
    }
    do throws(ValueAtRiskError) {
      let terms = try RangeTerms(confidence: parameters.confidence.value, horizonDays: days)
      let paths = try PathTerms(
        paths: parameters.paths, stepsPerDay: parameters.stepsPerDay, seed: seed)
      let comparison = try RangeComparison(
        of: draft.book, terms: terms, markets: markets, paths: paths, joint: joint)
      return .fields([
        ("confidence", .number(terms.confidence)), ("horizonDays", .number(terms.horizonDays)),
        ("estimates", .array(comparison.estimates.map(\.answer))),
      ])
    } catch { throw EvaluationRefusal(error) }
  }
}

/// What a request says of one underlying.
private struct MarketDraft {
  let underlying: Int
  let market: RangeMarket

  init(
    _ request: inout RequestObject, _ book: ModelBook, _ parameters: ValueAtRiskParameters,
    _ set: ParameterSet
  ) throws(EvaluationRefusal) {
    let symbol = try request.symbol("underlying")
    guard let place = book.underlyings.firstIndex(where: { $0.symbol == symbol }) else {
      throw request.refusal(.unpriced, "underlying", "\(symbol) is not among `underlyings`")
    }
    underlying = place
    let history = try request.filteredHistory(set)
    let volatility = try request.number("dailyVolatility", default: history.dailyVolatility)
    let model: SVCJModel
    if request.states("parameters") {
      model = try request.svcj()
    } else {
      _ = request.optional("parameters")
      do throws(PricingError) { model = try SVCJModel(parameters.model) } catch {
        throw EvaluationRefusal(.inconsistentParameter, error.description, field: "parameters")
      }
    }
    market = RangeMarket(
      history: history,
      response: VolatilityResponse(
        down: parameters.responseDown.value, up: parameters.responseUp.value),
      parametric: ParametricMoves(
        dailyVolatility: volatility,
        volatilityOfVolatility: parameters.volatilityOfVolatility.value,
        correlation: parameters.correlation.value),
      model: model)
  }
}

extension SVCJModel {
  fileprivate init(_ parameters: SimulatedModelParameters) throws(PricingError) {
    try self.init(
      variance: HestonModel(
        initialVariance: parameters.initialVariance.value,
        meanVariance: parameters.meanVariance.value,
        meanReversion: parameters.meanReversion.value,
        volatilityOfVariance: parameters.volatilityOfVariance.value,
        correlation: parameters.correlation.value),
      jumps: LogarithmicJumps(
        intensity: parameters.jumpIntensity.value, meanJump: parameters.meanJump.value,
        deviation: parameters.jumpDeviation.value),
      meanVarianceJump: parameters.meanVarianceJump.value,
      jumpCorrelation: parameters.jumpCorrelation.value)
  }
}

// MARK: Answers

extension RangeEstimate {
  fileprivate var answer: JSONValue {
    .fields([
      ("method", .string(method.rawValue)), ("valueAtRisk", .number(valueAtRisk)),
      ("expectedShortfall", .number(expectedShortfall)),
      (
        "standardErrors",
        .fields([
          ("valueAtRisk", .number(standardErrors.valueAtRisk)),
          ("expectedShortfall", .number(standardErrors.expectedShortfall)),
        ])
      ),
      (
        "interval",
        interval.map { .array([.number($0.lowerBound), .number($0.upperBound)]) }
      ),
      ("scenarios", .integer(scenarioCount)),
      (
        "worst",
        .array(
          worst.map { scenario in
            .fields([
              ("place", .integer(scenario.place)), ("loss", .number(scenario.loss)),
              ("logMoves", .array(scenario.logMoves.map(JSONValue.number))),
            ])
          })
      ),
    ])
  }
}

extension EvaluationRefusal {
  fileprivate init(_ error: ValueAtRiskError) {
    let (code, field): (Code, String?) =
      switch error {
      case .book, .tooManyUnderlyings: (.outOfBounds, nil)
      case .confidenceOutOfBounds, .horizonOutOfBounds, .pathCountOutOfBounds, .stepsOutOfBounds:
        (.parameterOutOfBounds, "parameters")
      case .expiredLeg, .withoutVolatility, .withoutModel: (.inconsistent, "positions")
      case .wrongCount, .unequalHistories: (.inconsistent, "markets")
      case .tooFewReturns, .malformedReturn, .malformedVolatility, .malformedResponse:
        (.outOfBounds, "markets")
      case .pricing, .outOfRange: (.outOfDomain, nil)
      }
    self.init(code, error.description, field: field)
  }
}
