// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import NumericalMethods
import Pricing
import Testing

/// The stress grid of a published portfolio margin, on a flat volatility per option.
///
/// Spot ±16 % in quarters; volatility up by 50 % (at least to 50 %), unchanged, down by 25 %, each
/// times (30 / days)^p with p = 0.30 below 30 days and 0.13 from there on.
@Suite("Black-76 under the stress grid of a published portfolio margin")
struct StressGridTests {
  enum Shock: CaseIterable, Sendable {
    case up, same, down
  }

  struct Leg: Sendable {
    /// The option held, or nil for the future itself.
    var right: OptionRight?
    var quantity: Double
    var strike = 100_000.0
    var days = 30.0
    var volatility = 0.5

    func value(move: Double, shock: Shock) throws -> Double {
      let forward = 100_000 * (1 + move)
      guard let right else { return quantity * forward }
      let shocked = shockedVolatility(shock)
      return try quantity
        * Black76.price(
          forward: forward, strike: strike, totalVariance: shocked * shocked * days / 365,
          right: right)
    }

    private func shockedVolatility(_ shock: Shock) -> Double {
      let term = Elementary.pow(30 / days, days < 30 ? 0.30 : 0.13)
      return switch shock {
      case .up: max(volatility * (1 + 0.5 * term), 0.5)
      case .same: volatility
      case .down: volatility * (1 - 0.25 * term)
      }
    }
  }

  struct Example: Sendable {
    let legs: [Leg]
    let worst: Double
    let move: Double
    let shock: Shock
    /// The worst with the damped tails, where it is another.
    var worstWithTails: Double?
  }

  // Expected: an independent implementation in double precision with libm, to four decimals.
  static let examples = [
    Example(
      legs: [Leg(right: .call, quantity: -1), Leg(right: .put, quantity: -1)],
      worst: -11_278.0516, move: 0.16, shock: .up, worstWithTails: -12_038.4255),
    Example(
      legs: [Leg(right: .put, quantity: -1, strike: 90_000, days: 7, volatility: 0.6)],
      worst: -8_275.5566, move: -0.16, shock: .up, worstWithTails: -10_381.6974),
    Example(
      legs: [
        Leg(right: nil, quantity: 1),
        Leg(right: .put, quantity: 1, strike: 90_000, days: 7, volatility: 0.6),
      ], worst: -10_204.2836, move: -0.16, shock: .down),
    Example(
      legs: [
        Leg(right: .call, quantity: -1, days: 7, volatility: 0.55),
        Leg(right: .call, quantity: 1, days: 90),
      ], worst: -5_045.6411, move: -0.16, shock: .down),
    Example(legs: [Leg(right: nil, quantity: 1)], worst: -16_000, move: -0.16, shock: .up),
  ]

  @Test("the worst of the 27 scenarios and its place", arguments: examples)
  func grid(example: Example) throws {
    let worst = try worstOfGrid(example.legs)
    #expect((worst.profit - example.worst).magnitude <= 1e-4)
    #expect((worst.move - example.move).magnitude <= 1e-12)
    #expect(worst.shock == example.shock)
  }

  // Tails of -66 % to +500 %, their losses damped by 0.77 × 16 % / |move|.
  @Test("the worst with the damped tails", arguments: examples)
  func tails(example: Example) throws {
    var worst = try worstOfGrid(example.legs).profit
    for move in [-0.66, -0.33, 0.5, 1, 2, 3, 4, 5] {
      let damping = 0.77 * 0.16 / move.magnitude
      worst = min(worst, damping * (try profit(example.legs, move, .up)))
    }
    #expect((worst - (example.worstWithTails ?? example.worst)).magnitude <= 1e-4)
  }

  private func worstOfGrid(
    _ legs: [Leg]
  ) throws -> (profit: Double, move: Double, shock: Shock) {
    var worst = (profit: Double.infinity, move: 0.0, shock: Shock.same)
    for quarter in -4...4 {
      for shock in Shock.allCases {
        let move = 0.04 * Double(quarter)
        let profit = try profit(legs, move, shock)
        if profit < worst.profit { worst = (profit, move, shock) }
      }
    }
    return worst
  }

  private func profit(_ legs: [Leg], _ move: Double, _ shock: Shock) throws -> Double {
    var profit = 0.0
    for leg in legs {
      profit += try leg.value(move: move, shock: shock) - leg.value(move: 0, shock: .same)
    }
    return profit
  }
}
