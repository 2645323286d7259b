// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import NumericalMethods
import Pricing

/// Published and precomputed prices of calls on a forward, undiscounted.
struct ModelReference: Sendable {
  let name: String
  let model: any CharacteristicModel
  let years: Double
  let forward: Double
  let strikes: [Double]
  let calls: [Double]

  /// Every set of the quantitative specification, section 1.5, and what computed it.
  static func all() throws -> [ModelReference] {
    try [feller(), rates(), benchmark(), merton(), bates(), contemporaneous()].flatMap(\.self)
  }

  // F. Fang, C. W. Oosterlee, SIAM J. Scientific Computing 31 (2008), 826-848: their parameters;
  // values by two methods in double precision.
  static func feller() throws -> [ModelReference] {
    let model = try HestonModel(
      initialVariance: 0.0175, meanVariance: 0.0398, meanReversion: 1.5768,
      volatilityOfVariance: 0.5751, correlation: -0.5711)
    return [
      ModelReference(
        name: "Heston, one year", model: model, years: 1, forward: 100, strikes: [100],
        calls: [5.7851554344]),
      ModelReference(
        name: "Heston, ten years", model: model, years: 10, forward: 100, strikes: [100],
        calls: [22.3189457912]),
    ]
  }

  // A. Lewis's parameters with a rate of 1 percent and a yield of 2, made undiscounted here.
  static func rates() throws -> [ModelReference] {
    let model = try HestonModel(
      initialVariance: 0.04, meanVariance: 0.25, meanReversion: 4, volatilityOfVariance: 1,
      correlation: -0.5)
    let discounted = [
      26.774758743999, 20.933349000597, 16.070154917029, 12.132211516710, 9.024913483458,
    ]
    return [
      ModelReference(
        name: "Heston, Lewis", model: model, years: 1, forward: 100 * Elementary.exp(-0.01),
        strikes: [80, 90, 100, 110, 120], calls: discounted.map { $0 * Elementary.exp(0.01) })
    ]
  }

  // L. von Sydow et al., BENCHOP, Int. J. Computer Mathematics 92 (2015): published values.
  static func benchmark() throws -> [ModelReference] {
    let model = try HestonModel(
      initialVariance: 0.0225, meanVariance: 0.0225, meanReversion: 2,
      volatilityOfVariance: 0.25, correlation: -0.5)
    let values = [
      (90.0, 2.302535842814927), (100.0, 7.379832496149447), (110.0, 14.974005277144057),
    ]
    return values.map { spot, call in
      ModelReference(
        name: "Heston, BENCHOP", model: model, years: 1, forward: spot * Elementary.exp(0.03),
        strikes: [100], calls: [call * Elementary.exp(0.03)])
    }
  }

  // The series of Poisson-weighted Black prices.
  static func merton() throws -> [ModelReference] {
    let model = try MertonModel(
      volatility: 0.5, jumps: LogarithmicJumps(intensity: 6, meanJump: -0.05, deviation: 0.12))
    return [
      month(
        7, "Merton", model, [70, 90, 100, 110, 130],
        [30.0070705460, 10.4411252556, 3.0977112221, 0.4318705803, 0.0101496818]),
      month(
        30, "Merton", model, [70, 90, 100, 110, 130],
        [30.1625523029, 12.6158364563, 6.6056884167, 2.9831383677, 0.4352271338]),
    ]
  }

  // COS with 8,192 terms, which agreed with QuantLib's BatesEngine to 2.2e-12.
  static func bates() throws -> [ModelReference] {
    let strikes: [Double] = [50, 70, 80, 90, 100, 110, 120, 150, 200]
    return [
      month(
        30, "Bates, calm", try calm(), strikes,
        [
          50.0024282803, 30.2153654236, 20.9572429377, 12.9899664316, 7.0527393655,
          3.3485835175, 1.4174937618, 0.0741141649, 0.0005151807,
        ]),
      month(
        30, "Bates, stressed", try stressed(), strikes,
        [
          50.2138232664, 31.7785803620, 23.7763405270, 16.9739496108, 11.5374920878,
          7.4731558634, 4.6342588916, 0.9309462657, 0.0583873921,
        ]),
    ]
  }

  // Median of Deribit fits, 30 December 2025 to spring 2026; closed form, checked by quadrature.
  static func contemporaneous() throws -> [ModelReference] {
    let strikes: [Double] = [60, 80, 90, 100, 110, 120, 150]
    let model = try bitcoin()
    return [
      month(
        7, "SVCJ", model, strikes,
        [
          40.0020803370, 20.0522652854, 10.2784110763, 2.6629720703, 0.2152983386,
          0.0207110528, 0.0009862152,
        ]),
      month(
        30, "SVCJ", model, strikes,
        [
          40.0475505452, 20.5527408409, 11.8571925007, 5.3295415950, 1.7832469271,
          0.4906021327, 0.0329193044,
        ]),
      month(
        90, "SVCJ", model, strikes,
        [
          40.3817064247, 22.2722132605, 14.7505427733, 8.8981213141, 4.9030598916,
          2.5291395546, 0.3767263024,
        ]),
    ]
  }

  private static func month(
    _ days: Double, _ name: String, _ model: any CharacteristicModel, _ strikes: [Double],
    _ calls: [Double]
  ) -> ModelReference {
    ModelReference(
      name: "\(name), \(days) days", model: model, years: days / 365, forward: 100,
      strikes: strikes, calls: calls)
  }

  static func calm() throws -> BatesModel {
    try BatesModel(
      variance: HestonModel(
        initialVariance: 0.36, meanVariance: 0.30, meanReversion: 4, volatilityOfVariance: 1.2,
        correlation: -0.25),
      jumps: LogarithmicJumps(intensity: 4, meanJump: -0.03, deviation: 0.10))
  }

  static func stressed() throws -> BatesModel {
    try BatesModel(
      variance: HestonModel(
        initialVariance: 1, meanVariance: 0.60, meanReversion: 8, volatilityOfVariance: 3,
        correlation: -0.45),
      jumps: LogarithmicJumps(intensity: 12, meanJump: -0.05, deviation: 0.12))
  }

  static func bitcoin() throws -> SVCJModel {
    try SVCJModel(
      variance: HestonModel(
        initialVariance: 0.224903, meanVariance: 0.108179, meanReversion: 13.376951,
        volatilityOfVariance: 0.940205, correlation: -0.425279),
      jumps: LogarithmicJumps(intensity: 1.287897, meanJump: -0.067601, deviation: 0.157563),
      meanVarianceJump: 0.737491, jumpCorrelation: -0.030299)
  }

  /// The median of the fits to ether, whose jump correlation stands at its bound.
  static func ether() throws -> SVCJModel {
    try SVCJModel(
      variance: HestonModel(
        initialVariance: 0.377010, meanVariance: 0.248903, meanReversion: 15.700853,
        volatilityOfVariance: 2.269343, correlation: 0.142201),
      jumps: LogarithmicJumps(intensity: 2.271351, meanJump: -0.131923, deviation: 0.000278),
      meanVarianceJump: 0.334262, jumpCorrelation: -0.998999)
  }
}
