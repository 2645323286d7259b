// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Connectors
import Quantities

/// Which snapshots of a file are meant.
struct SnapshotChoice {
  /// The instants that `--at` covers: a day, a minute or a second.
  private let times: Range<Timestamp>?
  private let underlying: AssetSymbol?
  /// What was asked for, as it was written.
  private let at: String

  /// - Throws: `ValidationError` for what is no time and no symbol.
  init(at: String?, underlying: String?) throws {
    self.at = at ?? ""
    times = try at.map { text in
      let start: Timestamp
      do { start = try Timestamp(iso8601: text) } catch {
        throw ValidationError("--at: “\(text)” is no time like 2026-03-05 or 2026-03-05T04:47Z")
      }
      return start..<(start + Self.span(text))
    }
    self.underlying = try underlying.map { text in
      do { return try AssetSymbol(text) } catch {
        throw ValidationError("--underlying: \(error)")
      }
    }
  }

  private static func span(_ text: String) -> TimeSpan {
    switch text.count {
    case ...10: TimeSpan(seconds: 86_400)
    case 11...17: .minute
    default: TimeSpan(seconds: 1)
    }
  }

  /// The last snapshots of the stated time, one per underlying, in the order of the file.
  ///
  /// - Throws: ``EmptyChainFile`` for a file without rows, `ValidationError` with what there is
  ///   when nothing is what was asked for.
  func select(
    from snapshots: [OptionChainSnapshot], of path: String
  ) throws -> [OptionChainSnapshot] {
    guard !snapshots.isEmpty else { throw EmptyChainFile(path: path) }
    let timely = snapshots.filter { times?.contains($0.time) ?? true }
    guard !timely.isEmpty else {
      throw ValidationError(
        "--at: \(path) has no snapshot of \(at); it has \(Self.list(snapshots.map(\.time)))")
    }
    let wanted = timely.filter { underlying == nil || $0.underlying == underlying }
    guard let last = wanted.last else {
      let symbols = Set(timely.map(\.underlying)).sorted().map(\.description)
      throw ValidationError(
        "--underlying: \(path) has no \(underlying?.description ?? "") at that time; "
          + "it has \(symbols.joined(separator: " and "))")
    }
    return wanted.filter { $0.time == last.time }
  }

  /// Times to the second, as `--at` takes them.
  private static func list(_ times: [Timestamp]) -> String {
    var shown: [String] = []
    for time in times {
      let text = "\(Timestamp(seconds: time.nanoseconds / 1_000_000_000))"
      if shown.last != text { shown.append(text) }
    }
    guard shown.count > 100 else { return shown.joined(separator: ", ") }
    return "\(shown.count) snapshots from \(shown[0]) to \(shown[shown.count - 1])"
  }
}

/// A chain file with a header and nothing else.
struct EmptyChainFile: Error, CustomStringConvertible {
  let path: String

  var description: String {
    "\(path): there is no row below the header; a snapshot has one row per option"
  }
}
