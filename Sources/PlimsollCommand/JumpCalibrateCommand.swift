// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Connectors
import Forecasting
import Parameters
import Quantities
import Reporting
import Simulation

/// Estimates the jumps of a price from recorded days.
struct JumpCalibrateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "jumps",
    abstract: "Estimate the jumps of a price from recorded daily prices.",
    discussion: """
      A day's return is a jump where it is a multiple of what the days before it let one expect. \
      Prints how many there are a year, their mean and deviation with standard errors, and what \
      they cost beyond a margin, beside the parameters in use and the recorded days.

      Example: plimsoll calibrate jumps ../shared/data/prices_1d/btc_usd_yahoo_1d_to_2024.csv.gz
      """)

  @Argument(
    help: ArgumentHelp(
      "A CSV file of daily prices, plain or gzip, as for backtest.", valueName: "file"))
  var file: String

  @OptionGroup var parameters: ParameterOptions

  @Option(
    name: .long,
    help: ArgumentHelp("The underlying whose parameters are shown beside.", valueName: "symbol"))
  var underlying = "BTC"

  @Option(
    name: .long,
    help: ArgumentHelp(
      "A return of more than so many deviations is a jump, 2 to 20.", valueName: "number"))
  var threshold = 4.0

  @Option(
    name: .long,
    help: ArgumentHelp("Days from which a deviation is taken, 10 to 1000.", valueName: "days"))
  var window = 30

  @Option(
    name: .long,
    help: ArgumentHelp("First day, such as 2018-11-15; all by default.", valueName: "day"))
  var from: String?

  @Flag(name: .long, help: "Print a line of JSON.")
  var json = false

  func run() throws {
    let detection: JumpDetection
    do {
      detection = try JumpDetection(threshold: threshold, windowDays: window)
    } catch {
      throw ValidationError(
        "--threshold is from 2 to 20 and --window from 10 to 1000, not \(threshold) and \(window)")
    }
    guard let symbol = try? AssetSymbol(underlying) else {
      throw ValidationError("--underlying: “\(underlying)” is no symbol")
    }
    let known = try MarginParameters(parameters.load().set).terms.size[symbol].gap
    let reading = try DailyPriceFile.read(path: file)
    let first = try from.map { text in
      guard let day = try? Timestamp(iso8601: text) else {
        throw ValidationError("--from: “\(text)” is no day like 2018-11-15")
      }
      return day
    }
    let study: JumpStudy
    do throws(ForecastingError) {
      study = try JumpStudy(reading, detection, from: first, known: known)
    } catch { throw JumpRefusal(path: file, why: error) }
    if json {
      print(try encoded(JumpRecord(study)))
    } else {
      print(JumpTable.text(study), terminator: "")
    }
  }
}

/// Why a file's jumps cannot be estimated.
struct JumpRefusal: Error, CustomStringConvertible {
  let path: String
  let why: ForecastingError

  var description: String {
    switch why {
    case .tooFewJumps(let needed, let found):
      "\(path): \(found) jumps, and at least \(needed) are needed; lower --threshold"
    case .tooFewDays(let needed, let found):
      "\(path): \(found) returns, and at least \(needed) are needed; give more, or an earlier "
        + "--from"
    case .malformedPrice(let bar): "\(path): price \(bar + 1) is not that of a day"
    default: "\(path): no jumps can be estimated: \(why)"
    }
  }
}

/// The JSON shape of estimated jumps: shares as fractions, premiums per day.
struct JumpRecord: Encodable {
  let days: Int
  let from: String
  let to: String
  let threshold: Double
  let windowDays: Int
  let jumps: [Jump]
  let seen: Figures
  let byLikelihood: Figures
  let margins: [Double]
  let premiums: [Premium]

  struct Jump: Encodable {
    let day: String
    let logReturn: Double
    let deviations: Double
  }

  struct Figures: Encodable {
    let intensityPerYear: Double
    let intensityError: Double?
    let mean: Double
    let meanError: Double?
    let deviation: Double
    let deviationError: Double?

    init(_ jumps: JumpParameters) {
      // Where the likelihood is flat there is no error, and JSON knows no infinity.
      func error(_ estimated: Estimated) -> Double? {
        estimated.standardError.isFinite ? estimated.standardError : nil
      }
      intensityPerYear = jumps.intensityPerYear.value
      intensityError = error(jumps.intensityPerYear)
      mean = jumps.mean.value
      meanError = error(jumps.mean)
      deviation = jumps.deviation.value
      deviationError = error(jumps.deviation)
    }
  }

  struct Premium: Encodable {
    let name: String
    let long: [Double]
    let short: [Double]
  }

  init(_ study: JumpStudy) {
    let estimate = study.estimate
    func day(_ day: JumpDay?) -> String {
      day.map { CivilDate.split(study.times[$0.day]).date.description } ?? ""
    }
    days = estimate.days.count
    from = day(estimate.days.first)
    to = day(estimate.days.last)
    threshold = study.detection.threshold
    windowDays = study.detection.windowDays
    jumps = estimate.jumps.map {
      Jump(day: day($0), logReturn: $0.logReturn, deviations: $0.logReturn / $0.deviation)
    }
    seen = Figures(estimate.seen)
    byLikelihood = Figures(estimate.all)
    margins = JumpStudy.margins
    premiums = study.rows.map { Premium(name: $0.name, long: $0.long, short: $0.short) }
  }
}
