// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Quantities

/// How much a recorded book held near its middle over time, of one underlying.
public struct DepthSeries: Sendable {
  public struct Point: Hashable, Sendable {
    public let time: Timestamp
    /// How far from the middle the sizes reach, as a share of it; positive.
    public let distance: Rate
    /// 10^−8 of base units, not negative.
    public let bids: Int64
    public let asks: Int64
  }

  public let base: AssetSymbol
  /// In strictly increasing order of time; never empty.
  public let points: [Point]
  /// Relative to the folder.
  public let file: String

  /// A book of which nothing was recorded for longer is not known any more.
  public static let longestSilence = TimeSpan.hour

  /// A hundred million base units.
  static let most: Int64 = 10_000_000_000_000_000

  /// The last point at or before an instant; `nil` before the first and after a longer silence.
  public func point(at instant: Timestamp) -> Point? {
    var (low, high) = (0, points.count)
    while low < high {
      let middle = (low + high) / 2
      if points[middle].time <= instant { low = middle + 1 } else { high = middle }
    }
    guard low > 0, instant - points[low - 1].time <= Self.longestSilence else { return nil }
    return points[low - 1]
  }
}

/// A user's file of depths: `BTC-USD.BITMEX.depth.csv` with the columns `ts_ms`, `distance`,
/// `bids` and `asks`.
struct DepthFile {
  let name: String
  let base: AssetSymbol

  static let columns = ["ts_ms", "distance", "bids", "asks"]
  /// The word in place of a step.
  private static let word = "depth"

  /// - Returns: `nil` for a file of prices.
  init?(name: String, folder: String) throws(ReadError) {
    let words = (RecordedFile.stem(of: name) ?? "").split(
      separator: ".", omittingEmptySubsequences: false
    ).map(String.init)
    guard words.last == Self.word else { return nil }
    let pair = words[0].split(separator: "-", omittingEmptySubsequences: false).map(String.init)
    guard words.count == 3, pair.count == 2, UserMarketFile.dollars.contains(pair[1]),
      let base = try? AssetSymbol(pair[0]), (try? AssetSymbol(words[1])) != nil
    else {
      throw .malformedName(
        path: folder + "/" + name,
        rule: "expected BASE-QUOTE.SOURCE.depth.csv such as BTC-USD.BITMEX.depth.csv")
    }
    (self.name, self.base) = (name, base)
  }

  /// A malformed row always stops the read: a missing depth would change every slice after it.
  /// - Throws: ``ReadError``.
  func load(folder: String, limits: ReadLimits) throws(ReadError) -> DepthSeries {
    let path = folder + "/" + name
    var table = try CSVTable(path: path, limits: limits)
    try table.permit(Self.columns)
    var places: [Int] = []
    for column in Self.columns { places.append(try table.column(column)) }
    var points: [DepthSeries.Point] = []
    while try table.next() {
      do throws(RowFault) {
        points.append(try table.depth(places, after: points.last?.time))
      } catch {
        throw .row(error)
      }
    }
    guard !points.isEmpty else {
      throw .unreadable(path: path, why: "it has no rows; expected depths")
    }
    return DepthSeries(base: base, points: points, file: name)
  }
}

extension CSVTable {
  fileprivate func depth(
    _ places: [Int], after last: Timestamp?
  ) throws(RowFault) -> DepthSeries.Point {
    if let shapeFault { throw shapeFault }
    let time = Timestamp(milliseconds: try milliseconds(places[0]))
    if let last, time <= last {
      throw fault(
        places[0], time == last ? .duplicateTime : .outOfOrder(previous: last.description))
    }
    let distance = Rate(billionths: try number(places[1], decimals: 9, most: 100_000_000))
    guard distance > .zero else { throw fault(places[1], .zero) }
    return DepthSeries.Point(
      time: time, distance: distance,
      bids: try number(places[2], decimals: 8, most: DepthSeries.most),
      asks: try number(places[3], decimals: 8, most: DepthSeries.most))
  }

  /// A number that is not negative, in units of 10^−`decimals`.
  private func number(
    _ place: Int, decimals: Int, most: Int64
  ) throws(RowFault) -> Int64 {
    let limit = decimalText(most, decimals: decimals)
    let units: Int64
    do {
      units = try unitsFromDecimal(text(place), decimals: decimals)
    } catch .tooFine {
      throw fault(place, .tooFine(decimals: decimals))
    } catch .overflow {
      throw fault(place, .tooLarge(limit: limit))
    } catch {
      throw fault(place, .malformedNumber)
    }
    guard units >= 0 else { throw fault(place, .negative) }
    guard units <= most else { throw fault(place, .tooLarge(limit: limit)) }
    return units
  }
}
