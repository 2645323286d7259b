// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Foundation

/// One measured figure, as a row of the table or a line of JSON.
struct Figure: Encodable {
  let name: String
  let value: Double
  let unit: String
  /// The same work done the other way, in the same run; absent where there is none.
  let baseline: Double?
  /// What the baseline is.
  let against: String?
  /// How many times better than the baseline.
  let ratio: Double?
  /// What the figure, or the ratio where there is one, is to reach.
  let goal: Double?
  let met: Bool?
  /// Said of the figure beside its name, by which it is known.
  var note: String?

  /// What the table calls it.
  var label: String { note.map { "\(name), \($0)" } ?? name }

  /// A time against another way of doing the same; the goal is a ratio, at least.
  static func ratio(
    _ name: String, _ value: Double, _ unit: String, against: String, _ baseline: Double,
    goal: Double? = nil
  ) -> Figure {
    let ratio = baseline / value
    return Figure(
      name: name, value: value, unit: unit, baseline: baseline, against: against, ratio: ratio,
      goal: goal, met: goal.map { ratio >= $0 })
  }

  /// The same under another name.
  func named(_ name: String) -> Figure {
    Figure(
      name: name, value: value, unit: unit, baseline: baseline, against: against, ratio: ratio,
      goal: goal, met: met)
  }

  /// The same with a note beside the name.
  func noted(_ note: String) -> Figure {
    var figure = self
    figure.note = note
    return figure
  }

  /// A figure that is to stay below a goal.
  static func below(
    _ name: String, _ value: Double, _ unit: String, goal: Double? = nil
  ) -> Figure {
    Figure(
      name: name, value: value, unit: unit, baseline: nil, against: nil, ratio: nil, goal: goal,
      met: goal.map { value <= $0 })
  }
}

/// The best of several runs of a piece of work, in nanoseconds per item.
func bestNanoseconds(per count: Int, runs: Int = 9, _ work: () -> Void) -> Double {
  let clock = ContinuousClock()
  var best = Double.infinity
  for _ in 0..<runs {
    let elapsed = clock.measure(work)
    best = min(best, elapsed / .nanoseconds(1))
  }
  return best / Double(count)
}

/// The seconds one piece of work takes.
func seconds(_ work: () throws -> Void) rethrows -> Double {
  let clock = ContinuousClock()
  return try clock.measure(work) / .seconds(1)
}

/// The processor time that all threads of the process have had so far, seconds.
///
/// On a machine that others use too it says what a piece of work costs; the wall clock says how
/// long it had to wait as well.
func processorSeconds() -> Double {
  var usage = rusage()
  getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
  let seconds = { (time: timeval) in Double(time.tv_sec) + Double(time.tv_usec) * 1e-6 }
  return seconds(usage.ru_utime) + seconds(usage.ru_stime)
}

/// The most memory the process has had, from the system's own accounting.
func peakMebibytes() -> Double {
  var usage = rusage()
  getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
  return Double(usage.ru_maxrss) / 1_024
}
