// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// A small folder of a user's own price files: three venues, BTC, a minute a row.
struct SmallMarket {
  /// 2020-03-12T00:00Z in milliseconds.
  static let start = 1_583_971_200_000
  static let header = "ts_ms,open,high,low,close,volume"
  static let venues = ["BINANCE", "BITSTAMP", "COINBASE"]
  /// The file that the tests damage, and the line of its fifth minute; the header is line 1.
  static let damagedFile = "BTC-USD.BINANCE.1m.csv"
  static let damagedLine = 6

  /// Row of a minute: a fall of a tenth in the first half hour, then level.
  static func row(_ minute: Int, venue: Int) -> String {
    let price = 7_900 - 26 * min(minute, 30) + venue
    return "\(start + minute * 60_000),\(price),\(price + 3),\(price - 30),\(price - 20),5"
  }

  static func lines(venue: Int, minutes: Int) -> [String] {
    [header] + (0..<minutes).map { row($0, venue: venue) }
  }

  /// Writes the market into `market` of the folder.
  ///
  /// - Parameter damage: Changes the lines of ``damagedFile``.
  static func write(
    to folder: Folder, minutes: Int = 60, damage: (inout [String]) -> Void = { _ in }
  ) throws {
    for (index, venue) in venues.enumerated() {
      var lines = lines(venue: index, minutes: minutes)
      let name = "BTC-USD.\(venue).1m.csv"
      if name == damagedFile { damage(&lines) }
      try folder.write("market/" + name, lines.joined(separator: "\n") + "\n")
    }
  }

  /// Half an hour of three venues into `market`: level, then down two fifths in six minutes, then
  /// level.
  static func writeCrash(to folder: Folder) throws {
    for (index, venue) in venues.enumerated() {
      let rows = (0..<30).map { minute -> String in
        let (price, next) = (
          7_900 - 500 * min(max(minute - 5, 0), 6) + index,
          7_900 - 500 * min(max(minute - 4, 0), 6) + index
        )
        let time = start + minute * 60_000
        return "\(time),\(price),\(price + 3),\(next - 2),\(next),5"
      }
      try folder.write(
        "market/BTC-USD.\(venue).1m.csv", ([header] + rows).joined(separator: "\n") + "\n")
    }
  }
}

/// A summary as `replay --json` prints it, as far as the tests read it.
struct Summary: Decodable {
  struct Run: Decodable {
    struct Totals: Decodable {
      let blocks: Int
      let records: Int
      let events: Int
      let accounts: Int
      let liquidations: Int
      let skippedRows: Int
    }
    struct Origin: Decodable {
      let market: String
      let isReconstruction: Bool
      let assignments: [String]
    }
    let name: String
    let origin: Origin
    let totals: Totals
    let hash: String
  }
  let runs: [Run]

  init(_ outcome: Program.Outcome) throws {
    try #require(outcome.code == 0, "\(outcome.errors)")
    self = try JSONDecoder().decode(Summary.self, from: Data(outcome.output.utf8))
  }
}

/// What `verify --json` prints.
struct Verified: Decodable {
  let records: Int
  let events: Int
  let hash: String
  let state: String

  init(_ outcome: Program.Outcome) throws {
    try #require(outcome.code == 0, "\(outcome.errors)")
    self = try JSONDecoder().decode(Verified.self, from: Data(outcome.output.utf8))
  }
}

/// What `recover --json` says.
struct Recovered: Decodable {
  let journal: String
  let records: Int
  let time: String
  let accounts: Int
  let hash: String
  let state: String

  init(_ outcome: Program.Outcome) throws {
    try #require(outcome.code == 0, "\(outcome.errors)")
    self = try JSONDecoder().decode(Recovered.self, from: Data(outcome.output.utf8))
  }
}
