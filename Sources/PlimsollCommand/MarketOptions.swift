// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Connectors
import Foundation
import Parameters
import Quantities
import Simulation

/// Which prices a run uses.
struct MarketOptions: ParsableArguments {
  @Option(
    name: .long,
    help: ArgumentHelp(
      "A folder of recorded prices: your own files, or a recorded collection.",
      discussion: "Without it the committed reconstruction of 12–13 March 2020 is used.",
      valueName: "folder"))
  var market: String?

  @Option(
    name: .long,
    help: ArgumentHelp(
      "First minute, ISO 8601 in UTC, for example 2020-03-12T00:00Z.", valueName: "time"))
  var from: String?

  @Option(
    name: .long,
    help: ArgumentHelp("Length of the run: 30min, 6h, 2d.", valueName: "duration"))
  var length: String?

  @Option(
    name: .long,
    help: ArgumentHelp(
      "Underlyings, separated by commas; all that have prices by default.",
      valueName: "symbols"))
  var underlyings: String?

  @Flag(
    name: .long, help: "Leave malformed rows out, count and list them, instead of stopping.")
  var skipBadRows = false

  /// Where the reconstruction lies, from the folder the command is run in.
  static let reconstruction = "Datasets/black-thursday-2020"
  /// The window of a recorded collection when none is stated: Black Thursday.
  static let blackThursday = "2020-03-12T00:00Z"

  func load() throws -> RecordedMarket {
    let symbols = try symbols()
    let badRows: BadRowPolicy = skipBadRows ? .skip : .refuse
    guard let market else {
      return try ReconstructionReader.load(
        folder: Self.reconstruction, window: try window(), underlyings: symbols)
    }
    let isCollection = FileManager.default.fileExists(atPath: market + "/prices_1m")
    guard isCollection else {
      return try UserMarketReader.load(
        folder: market, window: try window(), underlyings: symbols, badRows: badRows)
    }
    let start = try instant(from ?? Self.blackThursday)
    let end = start + (try span(length ?? "48h"))
    let wanted = underlyings == nil ? [try AssetSymbol("BTC"), try AssetSymbol("ETH")] : symbols
    return try RecordedMarketReader.load(
      folder: market, window: start..<end, underlyings: wanted, badRows: badRows)
  }

  /// What gas costs in a window, where a recorded collection or the reconstruction has it.
  func gas(from start: Timestamp) throws -> GasProfile? {
    let prices =
      if let market {
        try GasPrices.recorded(inCollection: market)
      } else {
        try GasPrices.recorded(inReconstruction: Self.reconstruction)
      }
    return prices.map { .recorded($0, from: start) }
  }

  private func symbols() throws -> [AssetSymbol] {
    try (underlyings ?? "").split(separator: ",").map { part in
      do { return try AssetSymbol(String(part)) } catch {
        throw ValidationError("--underlyings: \(error)")
      }
    }
  }

  /// The stated window; `nil` for all there is.
  private func window() throws -> Range<Timestamp>? {
    switch (from, length) {
    case (nil, nil): return nil
    case (let from?, let length?):
      let start = try instant(from)
      return start..<(start + (try span(length)))
    case (nil, let length?):
      let start = try instant(Self.blackThursday)
      return start..<(start + (try span(length)))
    case (_?, nil): throw ValidationError("--from needs --length")
    }
  }

  private func instant(_ text: String) throws -> Timestamp {
    do { return try Timestamp(iso8601: text) } catch {
      throw ValidationError("--from: “\(text)” is no time like 2020-03-12T00:00Z")
    }
  }

  private func span(_ text: String) throws -> TimeSpan {
    let nanoseconds = try? ParameterUnit.duration.read(text)
    let span = TimeSpan(nanoseconds: nanoseconds ?? 0)
    guard span >= .minute, span.days <= 400 else {
      throw ValidationError("--length: “\(text)” is no length like 6h, from 1min to 400d")
    }
    return span
  }
}
