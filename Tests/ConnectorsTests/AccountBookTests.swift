// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Connectors
import Instruments
import Quantities
import Testing

@Suite("A book of accounts")
struct AccountBookTests {
  static let csv = """
    account,mode,kind,name,quantity,price
    7,cross,collateral,USDC,10000.50,
    7,cross,position,BTC-PERP,-2.5,7900
    7,cross,position,ETH-PERP,40,195.25
    3,isolated,collateral,BTC,0.1,
    9,portfolio,position,BTC-13MAR20-8000-C,1,0.0125

    """

  static let json = """
    {"accounts": [
      {"account": 7, "mode": "cross",
       "collateral": {"USDC": 10000.50},
       "positions": [
         {"instrument": "BTC-PERP", "size": "-2.5", "entryPrice": 7900},
         {"instrument": "ETH-PERP", "size": 40, "entryPrice": "195.25"}]},
      {"account": 3, "mode": "isolated", "collateral": {"BTC": "0.1"}},
      {"account": 9, "mode": "portfolio", "positions": [
         {"instrument": "BTC-13MAR20-8000-C", "size": "1", "entryPrice": "0.0125"}]}
    ]}
    """

  func load(_ text: String, _ name: String) throws -> [AccountRow] {
    let folder = try ScratchFolder([name: text])
    return try AccountBookReader.load(path: folder.path + "/" + name)
  }

  @Test("keeps order, texts and places", arguments: ["csv", "json"])
  func reads(form: String) throws {
    let book = try load(form == "csv" ? Self.csv : Self.json, "book.\(form)")
    #expect(book.map(\.account.number) == [7, 3, 9])
    #expect(book.map(\.mode) == [.cross, .isolated, .portfolio])
    #expect(book[0].collateral.map(\.quantity) == ["10000.50"])
    #expect(book[0].positions.map(\.instrument) == ["BTC-PERP", "ETH-PERP"])
    #expect(book[0].positions.map(\.size) == ["-2.5", "40"])
    #expect(book[0].positions.map(\.entryPrice) == ["7900", "195.25"])
    #expect(book[0].positions.map(\.place.line) == (form == "csv" ? [3, 4] : [5, 6]))
    #expect(book.map(\.place.line) == (form == "csv" ? [2, 5, 6] : [2, 7, 8]))
    #expect(book[1].positions.isEmpty && book[2].collateral.isEmpty)
  }

  struct Case: CustomTestStringConvertible, Sendable {
    let row: String
    let field: String
    let reason: RowFault.Reason
    var testDescription: String { row }
  }

  @Test(
    "is refused with the place of a malformed row",
    arguments: [
      Case(row: "-1,cross,collateral,USDC,1,", field: "account", reason: Self.account),
      Case(row: "4294967296,cross,collateral,USDC,1,", field: "account", reason: Self.account),
      Case(
        row: "1,crossed,collateral,USDC,1,", field: "mode",
        reason: .unknownWord(permitted: ["isolated", "cross", "portfolio"])),
      Case(
        row: "1,cross,loan,USDC,1,", field: "kind",
        reason: .unknownWord(permitted: ["collateral", "position"])),
      Case(row: "1,cross,collateral,usdc,1,", field: "name", reason: .malformedSymbol),
      Case(row: "1,cross,collateral,USDC,nan,", field: "quantity", reason: .malformedNumber),
      Case(row: "1,cross,collateral,USDC,1e5,", field: "quantity", reason: .malformedNumber),
      Case(row: "1,cross,collateral,USDC,,", field: "quantity", reason: .empty),
      Case(row: "1,cross,collateral,USDC,-1,", field: "quantity", reason: .negative),
      Case(
        row: "1,cross,collateral,USDC,1000000000.00000001,", field: "quantity",
        reason: .tooLarge(limit: "1000000000")),
      Case(
        row: "1,cross,collateral,USDC,99999999999999999999,", field: "quantity",
        reason: .tooLarge(limit: "1000000000")),
      Case(
        row: "1,cross,collateral,USDC,0.000000001,", field: "quantity",
        reason: .tooFine(decimals: 8)),
      Case(
        row: "1,cross,collateral,USDC,1,5", field: "price",
        reason: .contradiction("expected no price beside collateral; its index values it")),
      Case(row: "1,cross,position,BTC-PERP,0,7900", field: "quantity", reason: .zero),
      Case(row: "1,cross,position,BTC-PERP,1,", field: "price", reason: .empty),
      Case(row: "1,cross,position,BTC-PERP,1,0", field: "price", reason: .zero),
      Case(row: "1,cross,position,BTC-PERP,1,-7", field: "price", reason: .negative),
      Case(row: "1,cross,position,,1,7900", field: "name", reason: .empty),
      Case(
        row: "9,portfolio,position,BTC-13MAR20-8000-C,1,1", field: "name",
        reason: .duplicate(firstLine: 6)),
      Case(
        row: "9,cross,collateral,USDC,1,", field: "mode",
        reason: .contradiction("expected the mode of the account's first row")),
      Case(
        row: "7,cross,collateral,BTC,1,", field: "account", reason: .duplicate(firstLine: 2)),
      Case(
        row: "1,cross,collateral", field: "row", reason: .fieldCount(expected: 6, found: 3)),
    ])
  func refuses(_ example: Case) throws {
    let folder = try ScratchFolder(["book.csv": Self.csv + example.row + "\n"])
    let found = fault { () throws(ReadError) in
      _ = try AccountBookReader.load(path: folder.path + "/book.csv")
    }
    #expect(found?.place == FilePlace(path: folder.path + "/book.csv", line: 7))
    #expect(found?.field == example.field)
    #expect(found?.reason == example.reason)
  }

  static let cross = "{\"account\": 1, \"mode\": \"cross\""

  static let account = RowFault.Reason.contradiction(
    "expected a whole number from 0 to 4294967295")

  @Test(
    "in JSON is refused the same way",
    arguments: [
      ("{\"accounts\": [\n {\"account\": 1}]}", 2),
      ("{\"accounts\": [\n {\"account\": 1, \"mode\": \"cross\", \"extra\": 1}]}", 2),
      ("{\"accounts\": [\n {\"account\": 1,\n \"account\": 2, \"mode\": \"cross\"}]}", 3),
      ("{\"accounts\": [\n {\"account\": 1,\n \"mode\": \"crossed\"}]}", 3),
      ("{\"accounts\": [\(Self.cross),\n\"collateral\": {\"BTC\": NaN}}]}", 2),
      ("{\"accounts\": [\(Self.cross),\n\"collateral\": {\"BTC\": 1e9}}]}", 2),
      ("{\"accounts\": [\(Self.cross),\n\"collateral\": {\"BTC\": 1, \"BTC\": 1}}]}", 2),
      ("{\"accounts\": [\(Self.cross)},\n\(Self.cross)}]}", 2),
      ("{\"accounts\": [\n {\"account\": 1.5, \"mode\": \"cross\"}]}", 2),
      ("{\"accounts\": [\n]", 2), ("[\n]", 1), ("{\"accounts\": []}\n x", 2),
      ("{\"accounts\": \"\\ud800\"}", 1), ("\(String(repeating: "[", count: 40))", 1),
    ])
  func refusesJSON(text: String, line: Int) throws {
    let folder = try ScratchFolder(["book.json": text])
    let found = fault { () throws(ReadError) in
      _ = try AccountBookReader.load(path: folder.path + "/book.json")
    }
    #expect(found?.place == FilePlace(path: folder.path + "/book.json", line: line))
  }

  @Test("with a strange column, no account or a strange name is refused")
  func shape() throws {
    let folder = try ScratchFolder([
      "book.csv": "account,mode,kind,name,quantity,price,note\n", "empty.json": "{}",
      "book.txt": "",
    ])
    let path = folder.path
    #expect(
      refusal { () throws(ReadError) in
        _ = try AccountBookReader.load(path: path + "/book.csv")
      }
        == .unknownColumn(
          path: path + "/book.csv", column: "note",
          permitted: ["account", "mode", "kind", "name", "quantity", "price"]))
    guard
      case .unreadable = refusal({ () throws(ReadError) in
        _ = try AccountBookReader.load(path: path + "/empty.json")
      }),
      case .malformedName = refusal({ () throws(ReadError) in
        _ = try AccountBookReader.load(path: path + "/book.txt")
      })
    else {
      Issue.record("a book without accounts, or with a strange name, was taken")
      return
    }
  }
}
