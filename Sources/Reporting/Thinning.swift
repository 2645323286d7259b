// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Quantities
import Simulation

/// Fewer points of a long series, such that no extreme is lost.
///
/// Up to ``limit`` blocks are all kept. Of more, each group of neighbors leaves two points: its
/// lowest and highest value, in the order in which they came.
struct Thinning {
  /// Blocks per group; 1 keeps everything.
  let width: Int
  let times: [Timestamp]

  static let limit = 3_000

  init(_ points: [ReplayPoint], limit: Int = Thinning.limit) {
    precondition(limit >= 2, "a group leaves two points")
    let groups = limit / 2
    width = points.count <= limit ? 1 : (points.count + groups - 1) / groups
    let width = width
    times =
      width == 1
      ? points.map(\.time)
      : stride(from: 0, to: points.count, by: width).flatMap { start in
        [points[start].time, points[min(start + width / 2, points.count - 1)].time]
      }
  }

  func thin(_ values: [Int64?]) -> [Int64?] {
    guard width > 1 else { return values }
    return stride(from: 0, to: values.count, by: width).flatMap { start in
      Self.extremes(values[start..<min(start + width, values.count)])
    }
  }

  private static func extremes(_ group: ArraySlice<Int64?>) -> [Int64?] {
    let known = group.enumerated().compactMap { offset, value in value.map { (offset, $0) } }
    guard let lowest = known.min(by: { $0.1 < $1.1 }), let highest = known.max(by: { $0.1 < $1.1 })
    else { return [nil, nil] }
    return lowest.0 <= highest.0 ? [lowest.1, highest.1] : [highest.1, lowest.1]
  }
}

/// Equal intervals of a round length that cover a replay, for bars, heat maps and tables.
struct Intervals {
  let length: TimeSpan
  let starts: [Timestamp]
  /// The points of each interval, by their positions; never empty.
  let ranges: [Range<Int>]

  private static let lengths: [Int64] = [
    1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1_440, 2_880, 7_200, 14_400, 43_200,
  ]

  /// - Parameter most: No more intervals than this, as far as the longest length allows.
  init(_ points: [ReplayPoint], most: Int) {
    guard let first = points.first?.time, let last = points.last?.time else {
      (length, starts, ranges) = (.minute, [], [])
      return
    }
    let minutes = (last - first).nanoseconds / TimeSpan.minute.nanoseconds + 1
    let chosen = Self.lengths.first { minutes / $0 < Int64(most) } ?? Self.lengths[15]
    let length = TimeSpan(nanoseconds: chosen * TimeSpan.minute.nanoseconds)
    var starts: [Timestamp] = []
    var ranges: [Range<Int>] = []
    for (position, point) in points.enumerated() {
      let start = Timestamp(
        nanoseconds: point.time.nanoseconds / length.nanoseconds * length.nanoseconds)
      if starts.last == start {
        ranges[ranges.count - 1] = ranges[ranges.count - 1].lowerBound..<(position + 1)
      } else {
        starts.append(start)
        ranges.append(position..<(position + 1))
      }
    }
    (self.length, self.starts, self.ranges) = (length, starts, ranges)
  }
}
