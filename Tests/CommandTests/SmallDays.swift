// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Foundation

/// A small file of daily prices whose every return is known.
struct SmallDays {
  static let count = 600
  /// The n-th close is the one before times this, turn by turn up and down.
  static let step = 1.01
  /// Days of the file with a fall, and with a rise, of a half.
  static let falls = [560, 590]
  static let rises = [570]

  /// 1 January 2020 is day 0.
  static func time(_ day: Int) -> Int { 1_577_836_800_000 + day * 86_400_000 }

  static var lines: [String] {
    var price = 1_000.0
    var lines = ["ts_ms,close", "\(time(0)),\(price)"]
    for day in 1..<count {
      let ratio = falls.contains(day) ? 0.5 : rises.contains(day) ? 1.5 : nil
      price *= ratio ?? (day % 2 == 0 ? 1 / step : step)
      lines.append("\(time(day)),\(String(format: "%.8f", price))")
    }
    return lines
  }

  /// Writes `days.csv`.
  ///
  /// - Returns: Its path.
  static func write(
    to folder: Folder, damage: (inout [String]) -> Void = { _ in }
  ) throws -> String {
    var lines = lines
    damage(&lines)
    try folder.write("days.csv", lines.joined(separator: "\n") + "\n")
    return folder.file("days.csv")
  }
}

/// What `backtest --json` prints for a rule, as far as the tests read it.
struct Backtested: Decodable {
  struct Side: Decodable {
    let side: String
    let exceedances: Int
    let rate: Double
    let rateFrom: Double
    let rateTo: Double
    let light: String
    let meanRequirement: Double
    let meanToHistorical: Double
    let peakToTrough: Double
    let largestIncreases: [String: Double]
    let coverageProbability: Double
    let independenceProbability: Double
    let jointProbability: Double
    let meanLossBeyond: Double?
    let worstLossBeyond: Double?
    let shortfallStatistic: Double?
    let jointLoss: Double?
    let comparedToFirst: Comparison?
  }
  struct Comparison: Decodable {
    let meanDifference: Double
    let statistic: Double
    let probability: Double
  }
  let rule: String
  let from: String
  let to: String
  let days: Int
  let probability: Double
  let sides: [Side]
  let shortfallCriticalValues: [String: Double]

  /// One per line of the output.
  static func lines(_ outcome: Program.Outcome) throws -> [Backtested] {
    try outcome.output.split(separator: "\n").map {
      try JSONDecoder().decode(Backtested.self, from: Data($0.utf8))
    }
  }
}
