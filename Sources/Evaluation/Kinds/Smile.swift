// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Volatility

/// `smile.value`: total variance, its slopes and volatility at places on a smile.
func answerSmileValue(_ request: inout RequestObject) throws(EvaluationRefusal) -> JSONValue {
  let smile = try request.smile()
  let stated = try request.optionalYears()
  let places = try request.logMoneyness()
  try request.end()
  let years = stated ?? smile.years
  let curve = try smile.curve(at: "smile")
  let points = places.map { place in
    let point = curve.point(logMoneyness: place)
    let volatility = years.map { (point.totalVariance / $0).squareRoot() }
    return JSONValue.fields([
      ("logMoneyness", .number(place)), ("totalVariance", .number(point.totalVariance)),
      ("volatility", volatility.map(JSONValue.number)), ("slope", .number(point.slope)),
      ("curvature", .number(point.curvature)), ("butterfly", .number(point.butterfly)),
    ])
  }
  return .fields([("points", .array(points))])
}

/// `smile.density`: the density of ln(F_T/F) that a smile implies.
func answerSmileDensity(_ request: inout RequestObject) throws(EvaluationRefusal) -> JSONValue {
  let smile = try request.smile()
  let places = try request.logMoneyness()
  try request.end()
  let curve = try smile.curve(at: "smile")
  let points = places.map { place in
    JSONValue.fields([
      ("logMoneyness", .number(place)),
      ("density", .number(curve.point(logMoneyness: place).density)),
    ])
  }
  return .fields([("points", .array(points))])
}

/// `smile.convert`: the same smile in another set of parameters.
func answerSmileConversion(
  _ request: inout RequestObject
) throws(EvaluationRefusal) -> JSONValue {
  let stated = try request.smile()
  let wanted = try request.convention("to")
  let years = try request.optionalYears() ?? stated.years
  try request.end()
  let raw = try stated.raw(at: "smile")
  switch wanted {
  case .raw: return .fields([("smile", StatedSmile.raw(raw).answer)])
  case .ssvi:
    let ssvi = try shaping("smile") { () throws(SmileRefusal) in try SSVISmile(raw) }
    return .fields([("smile", StatedSmile.ssvi(ssvi).answer)])
  case .jumpWing:
    guard let years else {
      throw EvaluationRefusal(.missingField, "jump-wing parameters need it", field: "years")
    }
    let jumpWing = try shaping("years") { () throws(SmileRefusal) in
      try JumpWing(raw, yearsToExpiry: years)
    }
    return .fields([("smile", StatedSmile.jumpWing(jumpWing).answer)])
  }
}

/// A smile as points on it.
private enum SmileCurve {
  case raw(RawSVI)
  case ssvi(SSVISmile)

  func point(logMoneyness: Double) -> SmilePoint {
    switch self {
    case .raw(let smile): smile.point(logMoneyness: logMoneyness)
    case .ssvi(let smile): smile.point(logMoneyness: logMoneyness)
    }
  }
}

extension StatedSmile {
  /// The years that the parameters themselves state.
  fileprivate var years: Double? {
    guard case .jumpWing(let jumpWing) = self else { return nil }
    return jumpWing.yearsToExpiry
  }

  fileprivate func curve(at place: String) throws(EvaluationRefusal) -> SmileCurve {
    if case .ssvi(let ssvi) = self { return .ssvi(ssvi) }
    return .raw(try raw(at: place))
  }

  fileprivate func raw(at place: String) throws(EvaluationRefusal) -> RawSVI {
    switch self {
    case .raw(let raw): return raw
    case .ssvi(let ssvi):
      // A smile that is nearly flat has its vertex beyond the domain of raw parameters.
      let raw = RawSVI(ssvi)
      return try shaping(place) { () throws(SmileRefusal) in
        try RawSVI(a: raw.a, b: raw.b, rho: raw.rho, m: raw.m, sigma: raw.sigma)
      }
    case .jumpWing(let jumpWing):
      return try shaping(place) { () throws(SmileRefusal) in try RawSVI(jumpWing) }
    }
  }

  fileprivate var answer: JSONValue {
    switch self {
    case .raw(let smile):
      .fields([
        ("convention", .string("raw")), ("a", .number(smile.a)), ("b", .number(smile.b)),
        ("rho", .number(smile.rho)), ("m", .number(smile.m)), ("sigma", .number(smile.sigma)),
      ])
    case .jumpWing(let smile):
      .fields([
        ("convention", .string("jumpWing")), ("variance", .number(smile.variance)),
        ("skew", .number(smile.skew)), ("putWing", .number(smile.putWing)),
        ("callWing", .number(smile.callWing)),
        ("minimumVariance", .number(smile.minimumVariance)),
        ("years", .number(smile.yearsToExpiry)),
      ])
    case .ssvi(let smile):
      .fields([
        ("convention", .string("ssvi")), ("theta", .number(smile.theta)),
        ("rho", .number(smile.rho)), ("psi", .number(smile.psi)),
      ])
    }
  }
}
