// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Parameters
import Quantities
import Simulation

/// The replays of one report, each with the name under which it stands in charts and tables.
struct ReplayRuns {
  let results: [ReplayResult]
  /// One per result, all different.
  let names: [String]
  let money: MoneyFormat

  /// - Precondition: at least one result.
  init(_ results: [ReplayResult]) {
    precondition(!results.isEmpty, "a report shows at least one replay")
    self.results = results
    money = MoneyFormat(currency: results[0].quote.symbol)
    var names: [String] = []
    for result in results {
      let name = Self.name(result.origin.assignments)
      let uses = names.count { $0 == name || $0.hasPrefix(name + " #") }
      names.append(uses == 0 ? name : "\(name) #\(uses + 1)")
    }
    self.names = names
  }

  var first: ReplayResult { results[0] }
  var isComparison: Bool { results.count > 1 }

  /// The underlyings of all runs, sorted.
  var underlyings: [AssetSymbol] {
    Set(results.flatMap { $0.points.last?.markets.map(\.underlying) ?? [] }).sorted()
  }

  /// What was set, shortened to what fits a legend.
  private static func name(_ assignments: [String]) -> String {
    guard !assignments.isEmpty else { return "base" }
    let text = assignments.joined(separator: ", ")
    return text.count > 48 ? text.prefix(47) + "…" : text
  }
}

extension ReplayOrigin {
  /// The keys that `--set` changed.
  var assignedKeys: Set<String> {
    Set(assignments.map { $0.prefix { $0 != "=" }.trimmingPrefix { $0 == " " } }.map(String.init))
  }
}

extension Timestamp {
  /// `12 Mar 2020 10:47` in UTC; the seconds only when there are some.
  var readable: String { "\(dayText) \(CivilDate.split(self).date.year) \(clockText)" }

  /// `12 Mar`.
  var dayText: String {
    let names = [
      "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]
    let date = CivilDate.split(self).date
    return "\(date.day) \(names[Int(date.month - 1)])"
  }

  /// `10:47`, or `10:47:05`.
  var clockText: String {
    let seconds = CivilDate.split(self).nanoseconds / 1_000_000_000
    let parts = [seconds / 3_600, seconds / 60 % 60, seconds % 60]
    return parts.prefix(parts[2] == 0 ? 2 : 3)
      .map { $0 < 10 ? "0\($0)" : "\($0)" }.joined(separator: ":")
  }
}

extension TimeSpan {
  /// `45 s`, `15 min` or `2 h 5 min`.
  var readable: String {
    let seconds = nanoseconds / 1_000_000_000
    if seconds < 60 { return "\(seconds) s" }
    let (hours, minutes) = (seconds / 3_600, seconds / 60 % 60)
    if hours == 0 { return "\(minutes) min" }
    return minutes == 0 ? "\(hours) h" : "\(hours) h \(minutes) min"
  }
}
