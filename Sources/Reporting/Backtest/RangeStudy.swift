// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Connectors
public import Forecasting
import MarketData
import NumericalMethods
public import Parameters
public import Quantities

/// Which rules are tested on a file of daily prices, and on which of its days.
public struct RangeStudy: Sendable {
  /// In the order of the table; the first is what joint losses are compared with.
  public let rules: [RangeForecast]
  /// The stated probability of passing a range; `nil` for that of the parameters.
  public let probability: Rate?
  /// The first and the last day; `nil` for as early as every rule has a range, and for the end.
  public let from: Timestamp?
  public let to: Timestamp?
  public let increaseDays: [Int]

  public init(
    rules: [RangeForecast], probability: Rate? = nil, from: Timestamp? = nil,
    to: Timestamp? = nil, increaseDays: [Int] = [1, 5, 30]
  ) {
    self.rules = rules
    self.probability = probability
    self.from = from
    self.to = to
    self.increaseDays = increaseDays
  }

  /// Tests the rules.
  ///
  /// - Parameters:
  ///   - path: Where the prices come from, for headings and refusals.
  ///   - progress: Called with what is done of what there is to do.
  /// - Throws: ``RangeStudyRefusal``.
  public func run(
    _ reading: DailyPriceFile.Reading, path: String, parameters: RangeParameters,
    progress: (_ done: Int, _ total: Int) -> Void = { _, _ in }
  ) throws(RangeStudyRefusal) -> BacktestStudy {
    do throws(ForecastingError) {
      // Plain history is always needed: the others are compared with it.
      let first = ([.historical] + rules).map { $0.firstDay(with: parameters) }.max() ?? 0
      guard reading.candles.count >= 2 else {
        throw .tooFewDays(needed: first + increases, found: 0)
      }
      let returns =
        reading.hasRanges
        ? try ReturnSeries(bars: reading.candles.map { PriceBar($0) })
        : try ReturnSeries(
          times: reading.candles.map(\.start), closes: reading.candles.map(\.close.value))
      var forecaster = RangeForecaster(returns, parameters: parameters)
      progress(0, rules.count + 1)
      let days = try days(returns.times, from: first)
      return try study(&forecaster, days: days, reading, path: path, progress: progress)
    } catch {
      throw RangeStudyRefusal(path: path, days: reading.candles.map(\.start), why: error)
    }
  }

  /// The fewest days that have every increase.
  private var increases: Int { (increaseDays.max() ?? 1) + 1 }

  private func study(
    _ forecaster: inout RangeForecaster, days: Range<Int>, _ reading: DailyPriceFile.Reading,
    path: String, progress: (_ done: Int, _ total: Int) -> Void
  ) throws(ForecastingError) -> BacktestStudy {
    let probability = probability ?? forecaster.parameters.probability
    var drawn: [[BacktestSeries]] = [[], []]
    for (index, rule) in rules.enumerated() {
      for (side, direction) in Self.sides.enumerated() {
        drawn[side].append(
          try series(rule, direction, days: days, probability.value, &forecaster))
      }
      progress(index + 1, rules.count + 1)
    }
    var sides: [BacktestSide] = []
    for (side, direction) in Self.sides.enumerated() {
      let reference = try forecaster.ranges(
        .historical, side: direction, probability: probability.value, horizonDays: 1, days: days)
      sides.append(
        try BacktestSide(
          name: ["long", "short"][side], title: Self.titles[side], series: drawn[side],
          reference: reference, probability: probability.value, increaseDays: increaseDays))
    }
    let study = try BacktestStudy(
      title: Self.name(ofFile: path), origin: path,
      measure: "Log returns of the close, one day ahead",
      days: Array(forecaster.returns.times[days]), probability: probability.value,
      increaseDays: increaseDays, sides: sides,
      prices: prices(reading, days: days, sides: drawn),
      notes: notes(reading, forecaster.parameters))
    progress(rules.count + 1, rules.count + 1)
    return study
  }

  private static let sides: [RangeRule.Side] = [.falls, .rises]
  private static let titles = [
    "Long positions, which lose when the price falls",
    "Short positions, which lose when the price rises",
  ]

  private func series(
    _ rule: RangeForecast, _ side: RangeRule.Side, days: Range<Int>, _ probability: Double,
    _ forecaster: inout RangeForecaster
  ) throws(ForecastingError) -> BacktestSeries {
    let outcomes = forecaster.returns.logReturns[days]
    return BacktestSeries(
      name: rule.rawValue, title: rule.title,
      losses: outcomes.map { side == .falls ? -$0 : $0 },
      requirements: try forecaster.ranges(
        rule, side: side, probability: probability, horizonDays: 1, days: days),
      shortfalls: try forecaster.ranges(
        rule, side: side, measure: .expectedShortfall, probability: probability, horizonDays: 1,
        days: days))
  }

  /// The days to be tested; day numbers are those of the return series.
  ///
  /// - Parameter first: The first day on which every rule has a range.
  private func days(
    _ times: [Timestamp], from first: Int
  ) throws(ForecastingError) -> Range<Int> {
    let end = to.flatMap { last in times.firstIndex { $0 > last } } ?? times.count
    let wanted = from.map { from in times.firstIndex { $0 >= from } ?? end } ?? first
    guard times.count > first else { throw .tooFewDays(needed: first + increases, found: end) }
    guard wanted >= first else { throw .uncoveredDays(first: wanted, end: first) }
    guard end - wanted >= increases else {
      throw .tooFewDays(needed: wanted + increases, found: end)
    }
    return wanted..<end
  }
}

// MARK: What the reader is told

extension RangeStudy {
  /// Where the picture of a band ends, as a log return: a factor of 500 million.
  private static let widest = 20.0

  private func prices(
    _ reading: DailyPriceFile.Reading, days: Range<Int>, sides: [[BacktestSeries]]
  ) -> BacktestPrices? {
    guard let long = sides[0].last, let short = sides[1].last else { return nil }
    let closes = reading.candles.map(\.close.value)
    // Day i of the returns is the candle after the first i + 1.
    let before = days.map { closes[$0] }
    return BacktestPrices(
      rule: long.title, closes: days.map { closes[$0 + 1] },
      lower: zip(before, long.requirements).map { $0 * Elementary.exp(-min($1, Self.widest)) },
      upper: zip(before, short.requirements).map { $0 * Elementary.exp(min($1, Self.widest)) })
  }

  private func notes(
    _ reading: DailyPriceFile.Reading, _ parameters: RangeParameters
  ) -> [String] {
    var notes: [String] = []
    if parameters.horizon.nanoseconds != DailyPriceFile.dayLength {
      notes.append(
        "The parameters ask for ranges of \(parameters.horizon.readable); they are tested for a "
          + "day, as losses of days that overlap would prove little.")
    }
    if !reading.hasRanges {
      notes.append(
        "The file has closes alone: a day's variance is its squared return, without high and low.")
    }
    if let gap = reading.gaps.first {
      let count = reading.missingDays
      notes.append(
        "The file has no row for \(gap.lowerBound.day)"
          + (count > 1 ? " and \(NumberText.grouped(Int64(count - 1))) more of its days" : "")
          + "; the return after such days spans them all.")
    }
    if reading.roundedPrices > 0 {
      notes.append(
        "\(NumberText.grouped(Int64(reading.roundedPrices))) prices were rounded to 8 decimals.")
    }
    return notes
  }

  /// The file's name without folder and endings.
  private static func name(ofFile path: String) -> String {
    let file = path.split(separator: "/").last.map(String.init) ?? path
    return file.split(separator: ".").first.map(String.init) ?? file
  }
}

/// Why rules cannot be tested on a file, with what would be right.
public struct RangeStudyRefusal: Error, Hashable, Sendable, CustomStringConvertible {
  public let path: String
  /// The days of the file.
  public let days: [Timestamp]
  public let why: ForecastingError

  public var description: String { "\(path): \(reason)" }

  private var reason: String {
    switch why {
    case .tooFewDays(let needed, let found):
      // A return needs the day before it.
      "these rules need \(needed + 1) days of prices up to the last one tested, and there are "
        + "\(min(found + 1, days.count)); give more, or rules that need fewer, such as historical"
    case .uncoveredDays(_, let end):
      "these rules have no range before \(day(end)); begin there or later, or take rules that need "
        + "fewer days, such as historical"
    case .malformedPrice(let bar): "the prices of \(day(bar - 1)) are not those of a day"
    case .singularRegression(let day):
      "the prices before \(self.day(day)) move too evenly for a regression; take rules without the "
        + "logarithmic model, such as historical"
    case .malformedValue(let day):
      "the prices before \(self.day(day)) hardly move, or to one side only, so that no range can "
        + "be made of them"
    default: "no range can be made with these parameters: \(why)"
    }
  }

  /// A day of the returns, which begin with the second price.
  private func day(_ number: Int) -> String {
    days.indices.contains(number + 1) ? days[number + 1].day : "its end"
  }
}

extension RangeForecast {
  /// The rule in a few words.
  public var title: String {
    switch self {
    case .historical: "Historical simulation"
    case .exponential: "EWMA filter"
    case .logarithmic: "log-HAR-L filter"
    case .blended: "Blend filter"
    case .flooredBlend: "Floored blend, ramp"
    case .bufferedBlend: "Blend, EMIR (a) buffer"
    case .stressedBlend: "Blend, EMIR (b) stress"
    case .lookbackBlend: "Blend, EMIR (c) look-back"
    case .plimsoll: "Plimsoll"
    }
  }
}

extension Timestamp {
  /// `12 Mar 2020`.
  var day: String { "\(dayText) \(CivilDate.split(self).date.year)" }
}
