// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Quantities

/// The plane of a chart: from times and values to coordinates, with ticks.
///
/// Coordinates come from IEEE division and multiplication alone and are rounded to a tenth, so
/// the same chart gives the same text on every machine.
struct ChartFrame {
  let width: Double
  let height: Double
  let left: Double
  let right: Double
  let top: Double
  let bottom: Double
  let times: ClosedRange<Timestamp>
  let values: ClosedRange<Int64>
  /// Whether there is one value only, and so nothing to measure.
  private let isFlat: Bool

  init(
    width: Double, height: Double, left: Double, rightMargin: Double = 24, times: [Timestamp],
    values: ClosedRange<Int64>
  ) {
    self.width = width
    self.height = height
    self.left = left
    (right, top, bottom) = (width - rightMargin, 10, height - 26)
    let first = times.min() ?? Timestamp(seconds: 0)
    let last = times.max() ?? first
    self.times = first...max(last, first + TimeSpan(nanoseconds: 1))
    isFlat = values.lowerBound == values.upperBound
    self.values =
      values.lowerBound < values.upperBound
      ? values : values.lowerBound...(values.lowerBound + 1)
  }

  func x(_ time: Timestamp) -> Double {
    let span = Double((times.upperBound - times.lowerBound).nanoseconds)
    return left + (right - left) * (Double((time - times.lowerBound).nanoseconds) / span)
  }

  func y(_ value: Int64) -> Double {
    let span = Double(values.upperBound) - Double(values.lowerBound)
    return bottom - (bottom - top) * ((Double(value) - Double(values.lowerBound)) / span)
  }

  /// A coordinate with one decimal.
  static func text(_ coordinate: Double) -> String {
    decimalText(Int64((coordinate * 10).rounded(.toNearestOrEven)), decimals: 1)
  }

  /// `x,y` of a point.
  func point(_ time: Timestamp, _ value: Int64) -> String {
    Self.text(x(time)) + "," + Self.text(y(value))
  }
}

extension ChartFrame {
  /// Multiples of 1, 2 or 5 times a power of ten inside the range, at most seven.
  var valueTicks: [Int64] {
    if isFlat { return [values.lowerBound] }
    let span = Int128(values.upperBound) - Int128(values.lowerBound)
    var step: Int128 = 1
    var factors: [Int128] = [2, 5, 10]
    var power: Int128 = 1
    while span / step > 6 {
      step = power * factors.removeFirst()
      if factors.isEmpty {
        power *= 10
        factors = [2, 5, 10]
      }
    }
    let first = Int128(values.lowerBound).divided(by: step, rounding: .up) * step
    return stride(from: first, through: Int128(values.upperBound), by: Int128.Stride(step))
      .map { Int64($0) }
  }

  /// Round times, at most nine, with the day where it begins.
  var timeTicks: [(time: Timestamp, label: String)] {
    let minute = TimeSpan.minute.nanoseconds
    let span = (times.upperBound - times.lowerBound).nanoseconds
    let lengths: [Int64] = [1, 5, 15, 30, 60, 180, 360, 720, 1_440, 2_880, 7_200, 14_400, 43_200]
    let step = (lengths.first { span / ($0 * minute) <= 8 } ?? 43_200) * minute
    let first = (times.lowerBound.nanoseconds + step - 1) / step * step
    return stride(from: first, through: times.upperBound.nanoseconds, by: Int64.Stride(step)).map {
      let time = Timestamp(nanoseconds: $0)
      let isMidnight = CivilDate.split(time).nanoseconds == 0
      return (time, isMidnight ? time.dayText : time.clockText)
    }
  }
}
