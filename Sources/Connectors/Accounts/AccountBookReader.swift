// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Quantities

/// Reads a book of accounts: who holds which collateral and which positions.
///
/// CSV, one row per holding, the rows of an account together:
///
/// ```
/// account,mode,kind,name,quantity,price
/// 1,cross,collateral,USDC,10000,
/// 1,cross,position,BTC-PERP,-2.5,7900
/// ```
///
/// or JSON, one object per account, with numbers in quotation marks or without:
///
/// ```json
/// {"accounts": [
///   {"account": 1, "mode": "cross", "collateral": {"USDC": "10000"},
///    "positions": [{"instrument": "BTC-PERP", "size": "-2.5", "entryPrice": "7900"}]}
/// ]}
/// ```
///
/// Modes are `isolated`, `cross` and `portfolio`.
public enum AccountBookReader {
  /// Holdings of one account.
  public static let holdingLimit = 10_000

  /// Reads a `.csv`, `.csv.gz`, `.json` or `.json.gz` file.
  /// - Returns: The accounts in the order of the file.
  /// - Throws: ``ReadError``; every row must be right, for a book with an account left out is
  ///   another book.
  public static func load(
    path: String, limits: ReadLimits = ReadLimits()
  ) throws(ReadError) -> [AccountRow] {
    let name = path.hasSuffix(".gz") ? String(path.dropLast(3)) : path
    var book = AccountBook()
    if name.hasSuffix(".csv") {
      try readCSV(path, limits, into: &book)
    } else if name.hasSuffix(".json") {
      try readJSON(path, limits, into: &book)
    } else {
      throw .malformedName(path: path, rule: "expected a name that ends in .csv or .json")
    }
    let accounts = book.finished()
    guard !accounts.isEmpty else {
      throw .unreadable(path: path, why: "it has no accounts; expected at least one")
    }
    return accounts
  }
}

/// The accounts read so far; the last may still grow.
struct AccountBook {
  private var done: [AccountRow] = []
  private var lines: [UInt32: Int] = [:]
  private var open: OpenAccount?

  private struct OpenAccount {
    let account: AccountID
    let mode: MarginMode
    let place: FilePlace
    var collateral: [CollateralRow] = []
    var positions: [PositionRow] = []
    var holdings: [String: Int] = [:]
  }

  /// The account that grows at present.
  var current: AccountID? { open?.account }
  var currentMode: MarginMode? { open?.mode }

  /// Begins an account, ending the one before.
  /// - Throws: A fault when the account stood before.
  mutating func begin(
    _ account: AccountID, _ mode: MarginMode, place: FilePlace
  ) throws(RowFault) {
    if let first = lines.updateValue(place.line, forKey: account.number) {
      throw RowFault(
        place: place, field: "account", value: String(account.number),
        reason: .duplicate(firstLine: first))
    }
    finishCurrent()
    open = OpenAccount(account: account, mode: mode, place: place)
  }

  mutating func add(_ collateral: CollateralRow) throws(RowFault) {
    try claim("collateral \(collateral.asset)", collateral.asset.description, collateral.place)
    open?.collateral.append(collateral)
  }

  mutating func add(_ position: PositionRow) throws(RowFault) {
    try claim("position \(position.instrument)", position.instrument, position.place)
    open?.positions.append(position)
  }

  mutating func finished() -> [AccountRow] {
    finishCurrent()
    return done
  }

  private mutating func claim(
    _ key: String, _ name: String, _ place: FilePlace
  ) throws(RowFault) {
    if let first = open?.holdings.updateValue(place.line, forKey: key) {
      throw RowFault(place: place, field: "name", value: name, reason: .duplicate(firstLine: first))
    }
    guard (open?.holdings.count ?? 0) <= AccountBookReader.holdingLimit else {
      throw RowFault(
        place: place, field: "name", value: name,
        reason: .contradiction(
          "expected at most \(AccountBookReader.holdingLimit) holdings of one account"))
    }
  }

  private mutating func finishCurrent() {
    guard let account = open else { return }
    done.append(
      AccountRow(
        account: account.account, mode: account.mode, place: account.place,
        collateral: account.collateral, positions: account.positions))
    open = nil
  }
}

/// Checks of the texts of a book, the same for both forms.
enum AccountField {
  static let modes = ["isolated", "cross", "portfolio"]

  static func account(_ text: String) -> AccountID? {
    guard !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
    return UInt32(text).map { AccountID($0) }
  }

  static func mode(_ text: String) -> MarginMode? {
    switch text {
    case "isolated": .isolated
    case "cross": .cross
    case "portfolio": .portfolio
    default: nil
    }
  }

  /// Collateral: a number from 0 to 10^9 whole units, at most 8 decimals.
  static func quantity(_ text: String) throws(RowFault.Reason) {
    guard try units(text, decimals: 8) >= 0 else { throw .negative }
  }

  /// A position: a number other than 0, up to 10^9 in size, at most 8 decimals.
  static func size(_ text: String) throws(RowFault.Reason) {
    guard try units(text, decimals: 8) != 0 else { throw .zero }
  }

  /// An entry price: above 0, at most ``Price/limit``.
  static func price(_ text: String) throws(RowFault.Reason) {
    let units = try units(text, decimals: 8)
    guard units != 0 else { throw .zero }
    guard units > 0 else { throw .negative }
  }

  /// An instrument's name: 1 to 64 visible ASCII characters.
  static func instrument(_ text: String) throws(RowFault.Reason) {
    guard !text.isEmpty else { throw .empty }
    guard text.utf8.count <= 64, text.utf8.allSatisfy({ (0x21...0x7e).contains($0) }) else {
      throw .contradiction("expected 1 to 64 visible ASCII characters without spaces")
    }
  }

  private static let wholeLimit: Int64 = 1_000_000_000

  private static func units(_ text: String, decimals: Int) throws(RowFault.Reason) -> Int64 {
    guard !text.isEmpty else { throw .empty }
    let units: Int64
    do {
      units = try unitsFromDecimal(text, decimals: decimals)
    } catch .overflow {
      throw .tooLarge(limit: String(wholeLimit))
    } catch .tooFine {
      throw .tooFine(decimals: decimals)
    } catch {
      throw .malformedNumber
    }
    guard units.magnitude <= UInt64(wholeLimit) * UInt64(powerOfTen(decimals)) else {
      throw .tooLarge(limit: String(wholeLimit))
    }
    return units
  }
}
