// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Instruments
import Margin
import Parameters
import Quantities

/// The model files, with the changes that a published example makes to them.
enum ModelFixture {
  static let names = [
    "aevo-portfolio", "deribit-portfolio", "deribit-standard", "derive-pmrm2",
    "derive-standard", "dydx-v4", "hyperliquid-tiers", "lognormal-es", "okx-mr", "paradex-scan",
    "plimsoll", "plimsoll-standard", "span-16",
  ]

  /// - Parameters:
  ///   - changes: `key=value`, stated over the file's.
  ///   - beginnings: Keys of the file that begin so are left out.
  static func model(
    _ name: String, applying changes: [String] = [], without beginnings: [String] = []
  ) throws -> MarginModel {
    try MarginModel(try set(name, applying: changes, without: beginnings))
  }

  static func set(
    _ name: String, applying changes: [String] = [], without beginnings: [String] = []
  ) throws -> ParameterSet {
    var values = try values(name).filter { value in
      !beginnings.contains { value.key.hasPrefix($0) }
    }
    for change in changes {
      let parts = change.split(separator: "=", maxSplits: 1).map(String.init)
      values.removeAll { $0.key == parts[0] }
      values.append(try ParameterSet.read(key: parts[0], text: parts[1], source: "test"))
    }
    return try ParameterSet(name: name, date: date, values: values)
  }

  static let date = CivilDate.split(Timestamp(seconds: 1_583_971_200)).date

  static func symbol(_ text: String) throws -> AssetSymbol { try AssetSymbol(text) }

  private static func values(_ name: String) throws -> [ParameterValue] {
    struct Entry: Decodable {
      let key: String
      let value: String
      let source: String
    }
    struct File: Decodable {
      let name: String
      let parameters: [Entry]
    }
    let path = URL(filePath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
      .appending(path: "../../../ParameterFiles/Models/\(name).json")
    let file = try JSONDecoder().decode(File.self, from: Data(contentsOf: path))
    guard file.name == name else { throw CocoaError(.coderInvalidValue) }
    return try file.parameters.map {
      try ParameterSet.read(key: $0.key, text: $0.value, source: $0.source)
    }
  }
}

/// One underlying and one expiry with options on it, marked at their volatilities.
struct BookFixture {
  var book: ModelBook

  init(
    _ symbol: String, index: Double, forward: Double? = nil, seconds: Double = 0,
    discount: Double = 1, confidence: Double = 1, perpetualConfidence: Double = 1,
    stable: Double = 1
  ) throws {
    book = ModelBook(
      underlyings: [
        ModelBook.Underlying(
          symbol: try AssetSymbol(symbol), index: index, confidence: confidence,
          perpetualConfidence: perpetualConfidence)
      ],
      expiries: [
        ModelBook.Expiry(
          underlying: 0, forward: forward ?? index, years: seconds / 31_536_000,
          discount: discount)
      ], stableIndex: stable)
  }

  mutating func hold(
    _ amount: Double, _ right: OptionRight, _ strike: Double, volatility: Double
  ) throws {
    book.positions.append(
      ModelBook.Position(
        name: "\(right) \(strike)",
        kind: .option(right, strike: strike, expiry: 0, volatility: volatility),
        quantity: amount,
        mark: try book.optionMark(right, strike: strike, expiry: 0, volatility: volatility)))
  }

  mutating func hold(perpetual amount: Double, at mark: Double, profit: Double = 0) {
    book.positions.append(
      ModelBook.Position(
        name: "perpetual", kind: .perpetual, quantity: amount, mark: mark, profit: profit))
  }
}

/// Whether two numbers are within a bound of each other.
func isNear(_ value: Double, _ expected: Double, within bound: Double) -> Bool {
  (value - expected).magnitude <= bound
}
