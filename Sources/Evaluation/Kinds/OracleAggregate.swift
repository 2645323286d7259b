// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import MarketData
import Oracles
import Parameters
import Quantities

/// `oracle.aggregate`: one block of one feed, from what its sources say to an index.
func answerOracleAggregate(
  _ request: inout RequestObject, _ shelf: inout ParameterShelf
) throws(EvaluationRefusal) -> JSONValue {
  let question = try FeedQuestion(&request, &shelf)
  try request.end()
  let decision = decideFeed(
    question.state, samples: question.samples.map(\.sample), parameters: question.parameters,
    now: question.time)
  var state = question.state
  state.apply(decision.update)
  var fields: [(String, JSONValue?)]
  switch decision.update.outcome {
  case .accepted(let index):
    fields = [
      ("outcome", .string("accepted")), ("index", index.answer),
      ("relativeConfidence", .rate(index.relativeConfidence)), ("voters", .integer(index.voters)),
    ]
  case .belowQuorum(let voters):
    fields = [("outcome", .string("belowQuorum")), ("voters", .integer(voters))]
  case .circuitBroken(let pause):
    fields = [("outcome", .string("circuitBroken")), ("break", pause.answer)]
  }
  fields += [
    ("rejected", .array(question.rejections(decision.rejected))),
    (
      "silenced", .array(decision.silenced.map { .string($0.description) })
    ),
    ("state", state.answer),
  ]
  return .fields(fields)
}

/// A block of a feed as a request states it.
private struct FeedQuestion {
  let time: Timestamp
  let state: FeedState
  let parameters: FeedParameters
  private(set) var samples: [SourceSample] = []

  init(
    _ request: inout RequestObject, _ shelf: inout ParameterShelf
  ) throws(EvaluationRefusal) {
    var pair = try request.object("feed")
    let (base, quote) = (try pair.symbol("base"), try pair.symbol("quote"))
    try pair.end()
    let feed = try request.quantity("feed") { () throws(QuantityError) in
      try FeedID(base: base, quote: quote, decimals: 8)
    }
    let time = try request.time("time")
    self.time = time
    let samples = try request.objects("samples", atMost: 1_024) {
      object throws(EvaluationRefusal) in try SourceSample(&object, feed, now: time)
    }
    self.samples = samples
    var last = FeedState(feed)
    if var stated = try request.optionalObject("last") {
      last = try FeedState(&stated, feed)
      try stated.end()
    }
    guard last.time <= time else {
      throw request.refusal(.inconsistent, "time", "before that of the last block")
    }
    state = last
    var stated = try request.object("parameters")
    parameters = try FeedParameters(
      &stated, feed: base, samples, remembered: last.sources.map(\.source.symbol), &shelf)
    try stated.end()
  }

  /// The samples not taken, with their place in the request.
  func rejections(_ rejected: [RejectedSample]) -> [JSONValue] {
    var answers: [JSONValue] = []
    var told = [Bool](repeating: false, count: samples.count)
    for rejection in rejected {
      let place = samples.indices.first {
        !told[$0] && samples[$0].sample == rejection.sample
      }
      if let place { told[place] = true }
      answers.append(
        .fields([
          ("sample", place.map(JSONValue.integer)),
          ("source", .string(rejection.sample.source.description)),
          ("price", .decimal(rejection.sample.mantissa, 8)),
          ("reason", .string(rejection.reason.word)),
          ("description", .string(rejection.reason.description)),
        ]))
    }
    return answers
  }
}

/// A sample, and the weight of its source where it states one.
struct SourceSample {
  let path: String
  let sample: PriceSample
  let weight: String?

  init(
    _ request: inout RequestObject, _ feed: FeedID, now: Timestamp
  ) throws(EvaluationRefusal) {
    path = request.path
    let source = SourceID(try request.symbol("source"))
    let whole = -Amount.limit...Amount.limit
    let mantissa = try request.units("price", decimals: 8, in: whole)
    let confidence =
      request.states("confidence") ? try request.units("confidence", decimals: 8, in: whole) : 0
    _ = request.optional("confidence")
    weight = request.states("weight") ? try request.text("weight") : nil
    _ = request.optional("weight")
    guard request.states("ageSeconds") != request.states("publishedAt") else {
      throw request.refusal(
        .inconsistent, "publishedAt", "state either `publishedAt` or `ageSeconds`")
    }
    var publishedAt = now
    if request.states("publishedAt") {
      publishedAt = try request.time("publishedAt")
    } else {
      let age = try request.number("ageSeconds")
      guard age.magnitude <= 1e9 else {
        throw request.refusal(.outOfBounds, "ageSeconds", "\(age) is beyond 30 years")
      }
      publishedAt = now - TimeSpan(nanoseconds: Int64((age * 1e9).rounded(.toNearestOrEven)))
    }
    _ = request.optional("publishedAt")
    _ = request.optional("ageSeconds")
    sample = PriceSample(
      source: source, feed: feed, mantissa: mantissa, confidence: confidence,
      publishedAt: publishedAt)
  }
}
