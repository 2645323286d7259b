// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Liquidation
import Quantities

/// `auction.price`: what a falling auction asks, at stated times after its start.
func answerAuctionPrice(_ request: inout RequestObject) throws(EvaluationRefusal) -> JSONValue {
  var stated = try request.object("path")
  let (path, speed) = try stated.pricePath()
  try stated.end()
  let value =
    request.states("value") ? try request.money("value", atLeast: 0) : nil
  _ = request.optional("value")
  var points: [JSONValue] = []
  for (index, time) in try request.list("seconds", atMost: 1_000).enumerated() {
    guard case .number(let text) = time, let seconds = Int64(text),
      (0...mostAuctionSeconds).contains(seconds)
    else {
      throw request.refusal(
        .outOfBounds, "seconds[\(index)]",
        "expected a whole number from 0 to \(mostAuctionSeconds)")
    }
    let factor = path.factor(after: TimeSpan(seconds: seconds))
    points.append(
      .fields([
        ("seconds", .integer(seconds)), ("factor", .rate(factor)),
        ("price", value.map { .money(factor.share(of: $0, rounding: .up)) }),
      ]))
  }
  try request.end()
  let answered = speed.map { speed in
    JSONValue.fields([
      ("rate", .number(speed.rate)), ("expectedSeconds", .number(speed.expectedTime)),
    ])
  }
  return .fields([("points", .array(points)), ("speed", answered)])
}

/// The longest an auction of a request may last: ten years of 366 days.
private let mostAuctionSeconds: Int64 = 316_224_000

/// The forms of a falling price that a request may name.
private enum PathType: String, CaseIterable {
  case linear
  case twoSpeed
  case stairs
  case exponential
  /// Exponential, at the speed that weighs overshooting against waiting.
  case adaptive
}

extension RequestObject {
  fileprivate mutating func pricePath() throws(EvaluationRefusal) -> (PricePath, AuctionSpeed?) {
    let type = try choice("type", PathType.allCases.map { ($0.rawValue, $0) })
    let start = try factor("start")
    switch type {
    case .linear:
      let end = try factor("end", atMost: start)
      return (.linear(start: start, end: end, duration: try span("duration")), nil)
    case .twoSpeed:
      let knee = try factor("knee", atMost: start)
      let fast = try span("fast")
      let end = try factor("end", atMost: knee)
      let slow = try span("slow")
      return (.twoSpeed(start: start, knee: knee, fast: fast, end: end, slow: slow), nil)
    case .stairs:
      // A cut this side of one ends after a bounded number of steps.
      let cut = try rate("cut", in: .zero...Rate(billionths: 999_000_000))
      return (.stairs(start: start, cut: cut, step: try span("step")), nil)
    case .exponential:
      let rate = try rate("rate", in: .zero...Rate.one)
      return (.exponential(start: start, rate: rate), nil)
    case .adaptive:
      let speed = try adaptiveSpeed()
      guard let rate = try? Rate(speed.rate) else {
        throw refusal(.outOfDomain, "volatility", "no finite speed")
      }
      return (.exponential(start: start, rate: rate), speed)
    }
  }

  private mutating func factor(
    _ name: String, atMost most: Rate = Rate(billionths: 10_000_000_000)
  ) throws(EvaluationRefusal) -> Rate {
    try rate(name, in: .zero...most)
  }

  private mutating func span(_ name: String) throws(EvaluationRefusal) -> TimeSpan {
    TimeSpan(seconds: try integer(name, in: 1...mostAuctionSeconds))
  }

  private mutating func adaptiveSpeed() throws(EvaluationRefusal) -> AuctionSpeed {
    let (premium, volatility) = (try number("premium"), try number("volatility"))
    let (tick, aversion) = (try number("tick"), try number("aversion"))
    let (least, most) = (try number("leastTime"), try number("mostTime"))
    guard least > 0, least <= most else {
      throw refusal(.inconsistent, "leastTime", "must be positive and at most `mostTime`")
    }
    guard
      let speed = AuctionSpeed(
        premium: premium, volatility: volatility, tick: tick, aversion: aversion,
        bounds: least...most)
    else {
      throw refusal(
        .outOfDomain, "premium",
        "`premium`, `volatility`, `tick` and `aversion` must be positive, and the speed finite")
    }
    return speed
  }
}
