// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Quantities

extension AccountBookReader {
  static let columns = ["account", "mode", "kind", "name", "quantity", "price"]

  static func readCSV(
    _ path: String, _ limits: ReadLimits, into book: inout AccountBook
  ) throws(ReadError) {
    var table = try CSVTable(path: path, limits: limits)
    try table.permit(columns)
    var at: [Int] = []
    for column in columns { at.append(try table.column(column)) }
    while try table.next() {
      do throws(RowFault) {
        if let fault = table.shapeFault { throw fault }
        try take(table, at, into: &book)
      } catch {
        throw .row(error)
      }
    }
  }

  private static func take(
    _ table: CSVTable, _ at: [Int], into book: inout AccountBook
  ) throws(RowFault) {
    try takeAccount(table, at, into: &book)
    switch try table.word(at[2], of: ["collateral", "position"]) {
    case "collateral":
      let asset = try table.symbol(at[3])
      try table.check(at[4], AccountField.quantity)
      guard table.text(at[5]).isEmpty else {
        throw table.fault(
          at[5], .contradiction("expected no price beside collateral; its index values it"))
      }
      try book.add(
        CollateralRow(asset: asset, quantity: table.text(at[4]), place: table.place))
    default:
      try table.check(at[3], AccountField.instrument)
      try table.check(at[4], AccountField.size)
      try table.check(at[5], AccountField.price)
      try book.add(
        PositionRow(
          instrument: table.text(at[3]), size: table.text(at[4]),
          entryPrice: table.text(at[5]), place: table.place))
    }
  }

  private static func takeAccount(
    _ table: CSVTable, _ at: [Int], into book: inout AccountBook
  ) throws(RowFault) {
    guard let account = AccountField.account(table.text(at[0])) else {
      throw table.fault(at[0], .contradiction("expected a whole number from 0 to 4294967295"))
    }
    guard let mode = AccountField.mode(table.text(at[1])) else {
      throw table.fault(at[1], .unknownWord(permitted: AccountField.modes))
    }
    guard book.current == account else {
      return try book.begin(account, mode, place: table.place)
    }
    guard book.currentMode == mode else {
      throw table.fault(at[1], .contradiction("expected the mode of the account's first row"))
    }
  }
}

extension CSVTable {
  fileprivate func check(
    _ index: Int, _ rule: (String) throws(RowFault.Reason) -> Void
  ) throws(RowFault) {
    do throws(RowFault.Reason) {
      try rule(text(index))
    } catch {
      throw fault(index, error)
    }
  }
}
