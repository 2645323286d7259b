// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Connectors
public import Forecasting
import Margin
public import Parameters
public import Quantities

/// Jumps of a recorded price, and what they cost beyond a margin, beside the parameters in use and
/// what was recorded.
public struct JumpStudy: Sendable {
  public let estimate: JumpEstimate
  public let detection: JumpDetection
  /// Of the returns.
  public let times: [Timestamp]
  public let rows: [Row]

  /// The premium for one day by one set of jumps, shares of the notional.
  public struct Row: Sendable {
    public let name: String
    /// By ``JumpStudy/margins``.
    public let long: [Double]
    public let short: [Double]
  }

  /// The margins of the specification's vectors (section 3.6).
  public static let margins = [0.02, 0.05, 0.1, 0.15, 0.2, 0.3]

  /// - Parameters:
  ///   - from: The first day that may count; its window may lie before it.
  ///   - known: Of the parameters in use.
  /// - Throws: ``ForecastingError``.
  public init(
    _ reading: DailyPriceFile.Reading, _ detection: JumpDetection, from: Timestamp?,
    known: GapParameters
  ) throws(ForecastingError) {
    let bars = reading.candles.map(PriceBar.init)
    let returns =
      reading.hasRanges
      ? try ReturnSeries(bars: bars)
      : try ReturnSeries(times: bars.map(\.time), closes: bars.map(\.close))
    let first = from.flatMap { from in returns.times.firstIndex { $0 >= from } }
    guard from == nil || first != nil else {
      throw .tooFewDays(needed: returns.count + 1, found: returns.count)
    }
    self.detection = detection
    times = returns.times
    estimate = try JumpEstimate(returns, detection, from: first ?? 0)
    rows = [
      Self.row("parameters in use", known),
      Self.row("jumps as seen", Self.parameters(estimate.seen, like: known)),
      Self.row("jumps by likelihood", Self.parameters(estimate.all, like: known)),
      Self.recorded(estimate.days.map(\.logReturn)),
    ]
  }

  /// The estimate as parameters, rounded to a millionth of each unit.
  public static func parameters(
    _ jumps: JumpParameters, like known: GapParameters
  ) -> GapParameters {
    func rate(_ value: Double) -> Rate {
      Rate(billionths: Int64((value * 1e6).rounded(.toNearestOrEven)) * 1_000)
    }
    return GapParameters(
      intensity: rate(jumps.intensityPerYear.value), mean: rate(jumps.mean.value),
      deviation: rate(jumps.deviation.value), probability: known.probability,
      latency: known.latency, volumeShare: known.volumeShare)
  }

  private static func row(_ name: String, _ parameters: GapParameters) -> Row {
    let jumps = GapPremium(parameters)
    return Row(
      name: name,
      long: margins.map { jumps.premium(.long, margin: $0, horizonYears: 1.0 / 365) },
      short: margins.map { jumps.premium(.short, margin: $0, horizonYears: 1.0 / 365) })
  }

  /// The mean loss of the recorded days beyond each margin, jumps or not.
  private static func recorded(_ returns: [Double]) -> Row {
    func mean(_ loss: (Double) -> Double) -> Double {
      returns.reduce(0) { $0 + max(loss(ReturnSeries.growth($1)), 0) } / Double(returns.count)
    }
    return Row(
      name: "recorded days",
      long: margins.map { margin in mean { 1 - margin - $0 } },
      short: margins.map { margin in mean { $0 - 1 - margin } })
  }
}

/// Jumps as aligned lines for a terminal.
public enum JumpTable {
  public static func text(_ study: JumpStudy) -> String {
    let days = study.estimate.days
    let jumps = study.estimate.jumps
    let head =
      "\(NumberText.grouped(Int64(days.count))) days from "
      + "\(day(days.first, study)) to \(day(days.last, study)); "
      + "\(NumberText.grouped(Int64(jumps.count))) returns beyond "
      + "\(NumberText.fixed(study.detection.threshold, decimals: 1)) deviations of the "
      + "\(study.detection.windowDays) days before\n"
    return [head, estimates(study), premiums(study)].joined(separator: "\n")
  }

  static func day(_ day: JumpDay?, _ study: JumpStudy) -> String {
    day.map { study.times[$0.day].day } ?? "–"
  }

  private static func estimates(_ study: JumpStudy) -> String {
    var table = TextTable([
      ("Jumps", .left), ("A year", .right), ("±", .right), ("Mean", .right), ("±", .right),
      ("Deviation", .right), ("±", .right),
    ])
    for (name, jumps) in [
      ("as seen", study.estimate.seen), ("by likelihood", study.estimate.all),
    ] {
      table.append([
        name, NumberText.fixed(jumps.intensityPerYear.value, decimals: 2),
        NumberText.fixed(jumps.intensityPerYear.standardError, decimals: 2),
        percent(jumps.mean.value), percent(jumps.mean.standardError),
        percent(jumps.deviation.value), percent(jumps.deviation.standardError),
      ])
    }
    return table.text
      + "±: one standard error. By likelihood: with those too small to be seen.\n"
  }

  private static func premiums(_ study: JumpStudy) -> String {
    var table = TextTable(
      [("Loss beyond margin, bp a day", .left), ("Side", .left)]
        + JumpStudy.margins.map { (percent($0), TextTable.Alignment.right) })
    for row in study.rows {
      for (side, values) in [("long", row.long), ("short", row.short)] {
        table.append([row.name, side] + values.map { NumberText.fixed($0 * 1e4, decimals: 3) })
      }
    }
    return table.text
  }

  private static func percent(_ share: Double) -> String {
    NumberText.fixed(share * 100, decimals: 2) + "%"
  }
}
