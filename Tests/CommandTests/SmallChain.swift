// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Foundation

/// A small file of option chains, priced by Black's formula from smiles that are known.
struct SmallChain {
  /// Milliseconds since 1970: 2026-01-01T09:18:05.123Z and a day later.
  static let times = [1_767_259_085_123, 1_767_345_485_456]
  static let header =
    "ts_ms,currency,cp,strike,expiry_ms,bid_price,ask_price,mark_price,mark_iv,forward_price"
  static let days = [10, 40, 130]
  static let volatility = 0.5
  static let rho = -0.3

  /// In units of the standard deviation at the money, the outermost beyond the filter's delta.
  static let steps = [-2.5, -1.5, -1, -0.5, -0.25, 0.25, 0.5, 1, 1.5]

  /// The smile behind the quotes of an expiry: θ, ψ.
  static func smile(years: Double) -> (theta: Double, psi: Double) {
    let theta = volatility * volatility * years
    return (theta, 0.6 * theta.squareRoot())
  }

  static func totalVariance(_ k: Double, years: Double) -> Double {
    let (theta, psi) = smile(years: years)
    let shifted = psi * k + theta * rho
    return 0.5
      * (theta + rho * psi * k
        + (shifted * shifted + theta * theta * (1 - rho * rho)).squareRoot())
  }

  /// A row of an option, a volatility point wide.
  static func row(
    at time: Int, _ symbol: String, forward: Double, days: Int, step: Double, isCall: Bool
  ) -> String {
    let years = Double(days) / 365
    let k = step * smile(years: years).theta.squareRoot()
    let strike = (forward * exp(k)).rounded()
    let exact = log(strike / forward)
    let middle = (totalVariance(exact, years: years) / years).squareRoot()
    let prices = [-0.005, 0.005, 0].map { shift in
      let deviation = (middle + shift) * years.squareRoot()
      return String(format: "%.8f", coins(exact, deviation, isCall: isCall))
    }
    return [
      "\(time)", symbol, isCall ? "C" : "P", "\(Int(strike))",
      "\(time + days * 86_400_000)", prices[0], prices[1], prices[2],
      String(format: "%.4f", middle), "\(forward)",
    ].joined(separator: ",")
  }

  /// Black's price in units of the forward.
  private static func coins(_ k: Double, _ deviation: Double, isCall: Bool) -> Double {
    let d1 = -k / deviation + deviation / 2
    func normal(_ x: Double) -> Double { 0.5 * erfc(-x / 2.0.squareRoot()) }
    let call = normal(d1) - exp(k) * normal(d1 - deviation)
    return isCall ? call : call - 1 + exp(k)
  }

  /// Both snapshots with BTC, the later one with ETH as well; line 1 is the header.
  static var lines: [String] {
    var lines = [header]
    for (time, symbols) in [(times[0], ["BTC"]), (times[1], ["BTC", "ETH"])] {
      for symbol in symbols {
        let forward = symbol == "BTC" ? 90_000.0 : 3_000
        for days in days {
          for step in steps {
            for isCall in [true, false] {
              lines.append(
                row(at: time, symbol, forward: forward, days: days, step: step, isCall: isCall))
            }
          }
        }
      }
    }
    return lines
  }

  /// Writes `chain.csv`.
  ///
  /// - Returns: Its path.
  static func write(
    to folder: Folder, damage: (inout [String]) -> Void = { _ in }
  ) throws -> String {
    var lines = lines
    damage(&lines)
    try folder.write("chain.csv", lines.joined(separator: "\n") + "\n")
    return folder.file("chain.csv")
  }
}

/// What `calibrate --json` prints for an underlying, as far as the tests read it.
struct Calibrated: Decodable {
  struct Expiry: Decodable {
    let expiry: String
    let yearsToExpiry: Double
    let forward: Double?
    let atTheMoneyVolatility: Double?
    let skew: Double?
    let theta: Double?
    let rho: Double?
    let psi: Double?
    let quotesUsed: Int
    let quotesRejected: Int
    let medianError: Double?
    let rootMeanSquareError: Double?
  }
  struct Arbitrage: Decodable {
    let pointsPerExpiry: Int
    let butterflyViolations: Int
    let calendarViolations: Int
  }
  let time: String
  let underlying: String
  let quotes: Int
  let quotesUsed: Int
  let quotesRejected: Int
  let expiries: [Expiry]
  let rejections: [String: Int]
  let arbitrage: Arbitrage

  /// One per line of the output.
  static func lines(_ outcome: Program.Outcome) throws -> [Calibrated] {
    try outcome.output.split(separator: "\n").map {
      try JSONDecoder().decode(Calibrated.self, from: Data($0.utf8))
    }
  }
}
