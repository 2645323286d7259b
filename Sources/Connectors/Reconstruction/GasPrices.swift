// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Quantities

/// What a transaction cost on Ethereum over time: the mean price of gas.
///
/// A crash makes the chain dear and slow; simulated keepers bid, or fail to, by this table.
public struct GasPrices: Sendable {
  public struct Point: Hashable, Sendable {
    public let time: Timestamp
    /// 10^−9 gwei.
    public let weiPerGas: Int64
  }

  /// In strictly increasing order of time; never empty.
  public let points: [Point]

  /// Reads `gas.csv` of a reconstruction (`time_utc`, `gwei`) or the recorded collection's
  /// intraday file (`ts_ms`, `avg_gwei`).
  /// - Throws: ``ReadError``.
  public static func load(
    path: String, limits: ReadLimits = ReadLimits()
  ) throws(ReadError) -> GasPrices {
    var table = try CSVTable(path: path, limits: limits)
    let isRecorded = table.columns.contains("ts_ms")
    let time = try table.column(isRecorded ? "ts_ms" : "time_utc")
    let price = try table.column(isRecorded ? "avg_gwei" : "gwei")
    var points: [Point] = []
    while try table.next() {
      do throws(RowFault) {
        if let fault = table.shapeFault { throw fault }
        let instant =
          isRecorded
          ? Timestamp(milliseconds: try table.milliseconds(time))
          : try table.minute(
            time, in: Timestamp.permitted.lowerBound..<Timestamp.permitted.upperBound)
        if let last = points.last, instant <= last.time {
          throw table.fault(
            time,
            instant == last.time
              ? .duplicateTime : .outOfOrder(previous: last.time.description))
        }
        points.append(Point(time: instant, weiPerGas: try table.gwei(price)))
      } catch {
        throw .row(error)
      }
    }
    guard !points.isEmpty else {
      throw .unreadable(path: path, why: "it has no rows; expected gas prices")
    }
    return GasPrices(points: points)
  }

  /// The intraday gas prices of a recorded collection, if it has any.
  ///
  /// The file of `onchain` whose name begins with `ethereum_gas_price_intraday`; the first of
  /// several, by name.
  /// - Throws: ``ReadError`` for a file that cannot be read.
  public static func recorded(
    inCollection folder: String, limits: ReadLimits = ReadLimits()
  ) throws(ReadError) -> GasPrices? {
    let chain = folder + "/onchain"
    guard exists(chain) else { return nil }
    let names = try fileNames(inFolder: chain, limits: limits).sorted()
    guard let name = names.first(where: { $0.hasPrefix("ethereum_gas_price_intraday") }) else {
      return nil
    }
    return try load(path: chain + "/" + name, limits: limits)
  }

  /// The gas prices of a reconstruction, if its folder has any: what was recorded, by the hour.
  /// - Throws: ``ReadError`` for a file that cannot be read.
  public static func recorded(
    inReconstruction folder: String, limits: ReadLimits = ReadLimits()
  ) throws(ReadError) -> GasPrices? {
    let path = folder + "/gas.csv"
    return exists(path) ? try load(path: path, limits: limits) : nil
  }

  /// The price at an instant: on the straight line between the points around it, rounded half
  /// to even; before the first point and after the last, theirs.
  public func weiPerGas(at instant: Timestamp) -> Int64 {
    guard let next = points.firstIndex(where: { $0.time > instant }) else {
      return points[points.count - 1].weiPerGas
    }
    guard next > 0 else { return points[0].weiPerGas }
    let before = points[next - 1]
    let after = points[next]
    let rise = Int128(after.weiPerGas - before.weiPerGas)
    let done = Int128((instant - before.time).nanoseconds)
    let share = (rise * done).divided(
      by: Int128((after.time - before.time).nanoseconds), rounding: .halfEven)
    return before.weiPerGas + Int64(share)
  }
}

extension CSVTable {
  /// A price of gas in gwei, at most nine decimals and at most a million.
  fileprivate func gwei(_ index: Int) throws(RowFault) -> Int64 {
    let wei: Int64
    do {
      wei = try unitsFromDecimal(text(index), decimals: 9)
    } catch .tooFine {
      throw fault(index, .tooFine(decimals: 9))
    } catch .overflow {
      throw fault(index, .tooLarge(limit: "1000000"))
    } catch {
      throw fault(index, .malformedNumber)
    }
    guard wei >= 0 else { throw fault(index, .negative) }
    guard wei <= 1_000_000_000_000_000 else { throw fault(index, .tooLarge(limit: "1000000")) }
    return wei
  }
}
