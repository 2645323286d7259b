// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Why there is no recorded gas; each names where it was looked for, and what is missing the option
/// that asked for it.
enum GasError: Error, CustomStringConvertible {
  case noReconstruction(option: String, folder: String)
  case noCollection(option: String, folder: String)
  case otherDays(folder: String)

  /// That there is none in a recorded collection, or in the reconstruction where none is stated.
  ///
  /// - Parameters:
  ///   - option: What asked for it.
  ///   - collection: A folder.
  static func missing(for option: String, in collection: String?) -> GasError {
    guard let collection else {
      return .noReconstruction(
        option: option, folder: Self.absolute(MarketOptions.reconstruction))
    }
    return .noCollection(option: option, folder: Self.absolute(collection))
  }

  /// That what there is does not cover the hours that are asked for.
  static func otherDays(in collection: String?) -> GasError {
    .otherDays(folder: Self.absolute(collection ?? MarketOptions.reconstruction))
  }

  var description: String {
    switch self {
    case .noReconstruction(let option, let folder):
      "\(option): there is no \(folder)/gas.csv; run it in the root of a clone"
    case .noCollection(let option, let folder):
      "\(option): there is no file ethereum_gas_price_intraday… in \(folder)/onchain; "
        + "state the folder of a recorded collection"
    case .otherDays(let folder):
      "the gas in \(folder) does not cover 12 March 2020, noon to 23:00 UTC"
    }
  }

  private static func absolute(_ path: String) -> String {
    URL(fileURLWithPath: path).standardizedFileURL.path
  }
}
