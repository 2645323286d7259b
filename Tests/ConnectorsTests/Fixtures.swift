// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Connectors
import Foundation
import MarketData
import Quantities
import Testing

/// A folder that exists while it is used.
final class ScratchFolder {
  let path: String

  init(_ files: [String: String] = [:]) throws {
    path =
      FileManager.default.temporaryDirectory
      .appendingPathComponent("plimsoll-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    for name in files.keys.sorted() { try write(files[name] ?? "", to: name) }
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func write(_ text: String, to name: String) throws { try write(Data(text.utf8), to: name) }

  func write(_ data: Data, to name: String) throws {
    let file = URL(fileURLWithPath: path).appendingPathComponent(name)
    try FileManager.default.createDirectory(
      at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    try data.write(to: file)
  }
}

/// The package's root, found from this file.
let packageRoot = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
  .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path

let blackThursday = packageRoot + "/Datasets/black-thursday-2020"

/// The recorded collection, where this machine has it: `PLIMSOLL_DATA`, else beside the package.
enum RecordedData {
  static let folder =
    ProcessInfo.processInfo.environment["PLIMSOLL_DATA"] ?? packageRoot + "/../shared/data"
  static let isPresent = FileManager.default.fileExists(atPath: folder + "/prices_1m")
  static let reason: Comment = "needs the recorded collection; set PLIMSOLL_DATA to its folder"
}

func time(_ text: String) throws -> Timestamp { try Timestamp(iso8601: text) }

func window(_ start: String, _ end: String) throws -> Range<Timestamp> {
  try time(start)..<time(end)
}

func feed(_ base: String) throws -> FeedID {
  try FeedID(base: AssetSymbol(base), quote: AssetSymbol("USD"), decimals: 8)
}

func source(_ name: String) throws -> SourceID { try SourceID(AssetSymbol(name)) }

extension RecordedMarket {
  func series(_ name: String, _ base: String = "BTC") throws -> MarketSeries? {
    series(of: try source(name), feed: try feed(base))
  }

  func names(_ role: SeriesRole) -> [String] {
    series.filter { $0.role == role }.map { "\($0.feed.base) \($0.source)" }
  }
}

/// The fault of a refused row, or `nil` when nothing or something else is thrown.
func fault(_ body: () throws(ReadError) -> Void) -> RowFault? {
  do {
    try body()
    return nil
  } catch {
    if case .row(let fault) = error { return fault }
    return nil
  }
}

func refusal(_ body: () throws(ReadError) -> Void) -> ReadError? {
  do {
    try body()
    return nil
  } catch {
    return error
  }
}
