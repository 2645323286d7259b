// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import MarketData
import Quantities

// What a feed remembers, as answers write it and requests state it as `last`.

extension FeedState {
  /// The state as `last` of the next block; what is still unset is left out.
  var answer: JSONValue {
    let unset = Timestamp(nanoseconds: .min)
    func stated(_ time: Timestamp) -> JSONValue? { time == unset ? nil : .time(time) }
    var fields: [(String, JSONValue?)] = [("time", stated(time))]
    switch phase {
    case .awaitingQuorum: fields.append(("phase", .string("awaitingQuorum")))
    case .fresh: fields.append(("phase", .string("fresh")))
    case .belowQuorum(let since):
      fields += [("phase", .string("belowQuorum")), ("since", .time(since))]
    case .circuitBroken(let pause):
      fields += [("phase", .string("circuitBroken")), ("break", pause.answer)]
    }
    fields += [
      ("index", index?.answer), ("indexTime", stated(indexTime)), ("anchor", anchor?.answer),
      ("restartedAt", stated(restartedAt)), ("sources", .array(sources.map(\.answer))),
    ]
    return .fields(fields)
  }

  init(_ request: inout RequestObject, _ feed: FeedID) throws(EvaluationRefusal) {
    enum Word {
      case awaitingQuorum
      case fresh
      case belowQuorum
      case circuitBroken
    }
    let word = try request.choice(
      "phase",
      [
        ("awaitingQuorum", Word.awaitingQuorum), ("fresh", .fresh),
        ("belowQuorum", .belowQuorum), ("circuitBroken", .circuitBroken),
      ])
    let phase: FeedPhase
    switch word {
    case .awaitingQuorum: phase = .awaitingQuorum
    case .fresh: phase = .fresh
    case .belowQuorum: phase = .belowQuorum(since: try request.time("since"))
    case .circuitBroken:
      var stated = try request.object("break")
      phase = .circuitBroken(try CircuitBreak(&stated))
      try stated.end()
    }
    var index: IndexPrice?
    if var stated = try request.optionalObject("index") {
      index = try IndexPrice(&stated)
      try stated.end()
    }
    guard index != nil || word != .fresh else {
      throw request.refusal(.missingField, "index", "missing, though the phase is fresh")
    }
    var anchor: PriceAnchor?
    if var stated = try request.optionalObject("anchor") {
      anchor = PriceAnchor(price: try stated.price("price"), time: try stated.time("time"))
      try stated.end()
    }
    let sources = try request.objects("sources", atMost: 32, isOptional: true) {
      object throws(EvaluationRefusal) in try SourceState(&object)
    }
    try request.refuseRepeated("sources", sources.map(\.source.description))
    self.init(
      feed: feed, time: try request.optionalTime("time"), phase: phase, index: index,
      indexTime: try request.optionalTime("indexTime"), anchor: anchor,
      restartedAt: try request.optionalTime("restartedAt"),
      sources: sources.sorted { $0.source < $1.source })
  }
}

extension RequestObject {
  /// A time; before all others where the field is absent.
  fileprivate mutating func optionalTime(
    _ name: String
  ) throws(EvaluationRefusal) -> Timestamp {
    let time = states(name) ? try time(name) : Timestamp(nanoseconds: .min)
    _ = optional(name)
    return time
  }

  fileprivate mutating func stepsOrZero(_ name: String) throws(EvaluationRefusal) -> Price {
    Price(steps: try units(name, decimals: 8, in: 0...Price.limit))
  }

  fileprivate mutating func count(_ name: String) throws(EvaluationRefusal) -> Int32 {
    Int32(try integer(name, in: 0...1_000_000))
  }
}

extension IndexPrice {
  var answer: JSONValue {
    .fields([
      ("price", .price(price)), ("confidence", .price(confidence)),
      ("voters", .integer(voters)),
    ])
  }

  fileprivate init(_ request: inout RequestObject) throws(EvaluationRefusal) {
    self.init(
      price: try request.price("price"), confidence: try request.stepsOrZero("confidence"),
      voters: try request.count("voters"))
  }
}

extension PriceAnchor {
  fileprivate var answer: JSONValue {
    .fields([("price", .price(price)), ("time", .time(time))])
  }
}

extension CircuitBreak {
  var answer: JSONValue {
    .fields([
      ("level", .price(level)), ("since", .time(since)), ("until", .time(until)),
      ("confirmations", .integer(confirmations)), ("confirmedAt", .time(confirmedAt)),
    ])
  }

  fileprivate init(_ request: inout RequestObject) throws(EvaluationRefusal) {
    self.init(
      level: try request.price("level"), since: try request.time("since"),
      until: try request.time("until"), confirmations: try request.count("confirmations"),
      confirmedAt: try request.time("confirmedAt"))
  }
}

extension SourceState {
  fileprivate var answer: JSONValue {
    var fields: [(String, JSONValue?)] = [
      ("source", .string(source.description)), ("price", .price(price)),
      ("confidence", .price(confidence)), ("publishedAt", .time(publishedAt)),
      ("reference", .price(reference)),
    ]
    switch standing {
    case .voting: fields.append(("standing", .string("voting")))
    case .silent: fields.append(("standing", .string("silent")))
    case .quarantined(let confirmations):
      fields += [
        ("standing", .string("quarantined")), ("confirmations", .integer(confirmations)),
      ]
    }
    return .fields(fields)
  }

  fileprivate init(_ request: inout RequestObject) throws(EvaluationRefusal) {
    let source = SourceID(try request.symbol("source"))
    let price = try request.price("price")
    let confidence = try request.stepsOrZero("confidence")
    let publishedAt = try request.time("publishedAt")
    let reference = try request.stepsOrZero("reference")
    let isQuarantined = try request.choice(
      "standing", [("voting", nil), ("silent", false), ("quarantined", true)] as [(String, Bool?)])
    let standing: SourceStanding =
      switch isQuarantined {
      case nil: .voting
      case false?: .silent
      case true?: .quarantined(confirmations: try request.count("confirmations"))
      }
    self.init(
      source: source, price: price, confidence: confidence, publishedAt: publishedAt,
      reference: reference, standing: standing)
  }
}

extension SampleRejection {
  /// The stable name of the reason.
  var word: String {
    switch self {
    case .unknownFeed: "unknownFeed"
    case .scaleMismatch: "scaleMismatch"
    case .unknownSource: "unknownSource"
    case .notPositive: "notPositive"
    case .aboveLimit: "aboveLimit"
    case .negativeConfidence: "negativeConfidence"
    case .fromTheFuture: "fromTheFuture"
    case .stale: "stale"
    case .beforeRestart: "beforeRestart"
    case .olderThanLast: "olderThanLast"
    case .repeated: "repeated"
    case .lowConfidence: "lowConfidence"
    case .duplicateSource: "duplicateSource"
    case .quarantined: "quarantined"
    case .outsideDeviationBand: "outsideDeviationBand"
    }
  }
}
