// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Connectors
import Foundation
import Instruments
import Ledger
import Quantities
import RiskEngine
import Simulation
import Testing

@Suite("A book of accounts from a file")
struct AccountFileTests {
  private static let header = "account,mode,kind,name,quantity,price\n"

  private func rows(_ text: String) throws -> [AccountRow] {
    let path = FileManager.default.temporaryDirectory
      .appendingPathComponent("plimsoll-\(UUID().uuidString).csv").path
    try Data((Self.header + text).utf8).write(to: URL(fileURLWithPath: path))
    defer { try? FileManager.default.removeItem(atPath: path) }
    return try AccountBookReader.load(path: path)
  }

  private let sound = """
    9,cross,collateral,USD,10000,
    9,cross,position,BTC-PERP,1.5,7900
    9,cross,position,ETH-PERP,-10,195
    4,isolated,collateral,BTC,0.5,
    4,isolated,position,BTC-USD-INV,-20000,8000
    """

  @Test("becomes commands the engine accepts, makers on the other side")
  func accepted() throws {
    var venue = try MarkedVenue()
    let opening = try OpeningBook.loading(rows(sound), into: venue.market)
    for command in opening.commands { _ = try venue.engine.step(command) }
    #expect(opening.accountCount == 2 && opening.positionCount == 3)
    let accounts = venue.engine.state.accounts
    #expect(accounts.map(\.id.number).prefix(2) == [4, 9])
    #expect(accounts.count == 2 + 8, "four makers for each underlying")
    #expect(accounts[1].portfolio.size(of: InstrumentID(0)).steps == 1_500)
    #expect(accounts[0].portfolio.size(of: InstrumentID(1)).steps == -2_000)
    #expect(venue.engine.state.totals[0].netSize == 0)
    #expect(opening.statement.contains("took the other side"))
  }

  @Test("says for each command from which line it comes")
  func places() throws {
    let venue = try MarkedVenue()
    let opening = try OpeningBook.loading(rows(sound), into: venue.market)
    var lines: [Int] = []
    for (index, command) in opening.commands.enumerated() {
      guard case .recordTrade = command else { continue }
      lines.append(try #require(opening.place(ofCommand: index)).line)
    }
    #expect(lines == [6, 3, 4], "in the order of the accounts")
  }

  @Test(
    "is refused where a row cannot be, with line, field, value and remedy",
    arguments: [
      ("1,cross,collateral,XRP,5,", "line 2", "“XRP”; expected USD or BTC or ETH"),
      ("1,cross,collateral,USD,0.0000001,", "line 2", "at most 6 digits"),
      (
        "1,cross,collateral,USD,5,\n1,cross,position,BTC-PREP,1,8000", "line 3",
        "“BTC-PREP”; expected BTC-PERP or"
      ),
      ("1,cross,position,BTC-PERP,0.0005,8000", "line 2", "expected a multiple of 0.001"),
      ("1,cross,position,BTC-PERP,3000000,8000", "line 2", "expected at most 2147483.647"),
      ("1,cross,position,BTC-PERP,1,80001", "line 2", "expected at most 80000"),
      (
        "1,isolated,position,BTC-PERP,1,8000\n1,isolated,position,ETH-PERP,1,200", "line 3",
        "one position in an isolated account"
      ),
      (
        "1,cross,collateral,USD,100,\n1,cross,position,BTC-PERP,1,7935", "line 3",
        "it is 100"
      ),
      ("4294967295,cross,collateral,USD,100,", "line 2", "expected at most 4294967287"),
    ])
  func refused(text: String, line: String, expected: String) throws {
    let venue = try MarkedVenue()
    let rows = try rows(text)
    let error = #expect(throws: ReadError.self) {
      try OpeningBook.loading(rows, into: venue.market)
    }
    let message = try #require(error).description
    #expect(message.contains(line) && message.contains(expected), "\(message)")
  }

  @Test("with a number that is none is refused by its reader", arguments: ["NaN", "inf", "1e999"])
  func notANumber(text: String) {
    #expect(throws: ReadError.self) { try rows("1,cross,position,BTC-PERP,\(text),8000") }
    #expect(throws: ReadError.self) { try rows("1,cross,position,BTC-PERP,1,\(text)") }
  }
}
