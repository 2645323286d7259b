// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import NumericalMethods
import Parameters
import Volatility

/// `surface.shock`: a surface after a move of spot and a stress, still without arbitrage.
///
/// Volatility follows spot by the request's `stickiness`; what that leaves open, by
/// `surface.spotResponse` of the parameters of the shock, or else as measured.
func answerSurfaceShock(
  _ request: inout RequestObject, _ shelf: inout ParameterShelf
) throws(EvaluationRefusal) -> JSONValue {
  let surface = try request.statedSurface()
  let spotMove = try request.number("spotMove", default: 0)
  guard spotMove > -1, spotMove <= 1_000 else {
    throw request.refusal(.outOfBounds, "spotMove", "\(spotMove) is not above -1, at most 1000")
  }
  let (shock, usual) = try request.shock(&shelf)
  let stickiness = try request.stickiness(usual)
  try request.end()
  let shocked = try stating(nil) { () throws(SurfaceRefusal) in
    let moved = try surface.moved(by: Elementary.log1p(spotMove), stickiness: stickiness)
    return try moved.shocked(by: shock)
  }
  return .fields([("surface", shocked.answer), ("arbitrage", shocked.arbitrage)])
}

extension RequestObject {
  /// The object `surface`, as an answer of `surface.fit` states it.
  fileprivate mutating func statedSurface() throws(EvaluationRefusal) -> VolatilitySurface {
    var object = try object("surface")
    let time = try object.time("time")
    let slices = try object.objects("slices", atMost: OptionChain.limits.expiries) {
      (slice) throws(EvaluationRefusal) in
      let expiry = try slice.time("expiry")
      let forward = try slice.number("forward")
      // An answer's own field, which follows from the others.
      _ = slice.optional("volatility")
      return StatedSlice(expiry: expiry, forward: forward, smile: try slice.ssvi())
    }
    try object.end()
    return try stating(object.path) { () throws(SurfaceRefusal) in
      try VolatilitySurface(time: time, slices: slices)
    }
  }

  /// - Parameter usual: What holds for a field that is not stated.
  fileprivate mutating func stickiness(
    _ usual: SpotStickiness
  ) throws(EvaluationRefusal) -> SpotStickiness {
    guard var object = try optionalObject("stickiness") else { return usual }
    let down = try object.number("down", default: usual.down)
    let up = try object.number("up", default: usual.up)
    try object.end()
    return try stating(object.path) { () throws(SurfaceRefusal) in
      try SpotStickiness(down: down, up: up)
    }
  }

  /// The stress, and how volatility follows spot by its parameters.
  fileprivate mutating func shock(
    _ shelf: inout ParameterShelf
  ) throws(EvaluationRefusal) -> (SurfaceShock, SpotStickiness) {
    var stickiness = SpotStickiness.measured
    guard var object = try optionalObject("shock") else { return (SurfaceShock(), stickiness) }
    let states: [(String, VolatilityState)] = [
      ("up", .up), ("unchanged", .unchanged), ("down", .down),
    ]
    let state = try object.choice("level", states, default: .unchanged)
    var shock = SurfaceShock()
    if var choice = try object.optionalObject("parameters") {
      let parameters = try shelf.parameters(for: ParameterChoice(&choice))
      shock = SurfaceShock(VolatilityShock(parameters.surface.shock), state)
      stickiness = SpotStickiness(parameters.surface)
    } else if state != .unchanged {
      throw object.refusal(
        .missingField, "parameters", "missing; a level needs the parameters of its scenarios")
    }
    shock.termTwist = try object.number("termTwist", default: 0)
    shock.skewTwist = try object.number("skewTwist", default: 0)
    shock.smileTwist = try object.number("smileTwist", default: 0)
    try object.end()
    return (shock, stickiness)
  }
}
