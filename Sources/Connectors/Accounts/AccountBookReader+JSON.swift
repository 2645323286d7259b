// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Quantities

extension AccountBookReader {
  static func readJSON(
    _ path: String, _ limits: ReadLimits, into book: inout AccountBook
  ) throws(ReadError) {
    let json = try PlacedJSON(path: path, limits: limits)
    do throws(RowFault) {
      for member in try json.members(["accounts"], field: "book") {
        for account in try member.value.elements(field: "accounts") {
          try take(account, into: &book)
        }
      }
    } catch {
      throw .row(error)
    }
  }

  private static func take(
    _ json: PlacedJSON, into book: inout AccountBook
  ) throws(RowFault) {
    let keys = ["account", "mode", "collateral", "positions"]
    let members = try json.members(keys, field: "account")
    let number = try required("account", members, of: json)
    guard let account = AccountField.account(try number.decimal(field: "account")) else {
      throw number.fault("account", expected: "a whole number from 0 to 4294967295")
    }
    let word = try required("mode", members, of: json)
    guard let mode = AccountField.mode(try word.string(field: "mode")) else {
      throw RowFault(
        place: word.place, field: "mode", value: try word.string(field: "mode"),
        reason: .unknownWord(permitted: AccountField.modes))
    }
    try book.begin(account, mode, place: json.place)
    for member in members {
      if member.key == "collateral" { try takeCollateral(member.value, into: &book) }
      if member.key == "positions" { try takePositions(member.value, into: &book) }
    }
  }

  private static func takeCollateral(
    _ json: PlacedJSON, into book: inout AccountBook
  ) throws(RowFault) {
    for member in try json.members(field: "collateral") {
      guard let asset = try? AssetSymbol(member.key) else {
        throw RowFault(
          place: member.place, field: "collateral", value: member.key,
          reason: .malformedSymbol)
      }
      let quantity = try checked(member.value, "quantity", AccountField.quantity)
      try book.add(CollateralRow(asset: asset, quantity: quantity, place: member.place))
    }
  }

  private static func takePositions(
    _ json: PlacedJSON, into book: inout AccountBook
  ) throws(RowFault) {
    for element in try json.elements(field: "positions") {
      let members = try element.members(
        ["instrument", "size", "entryPrice"], field: "position")
      let name = try required("instrument", members, of: element)
      let size = try required("size", members, of: element)
      let price = try required("entryPrice", members, of: element)
      try book.add(
        PositionRow(
          instrument: try checked(name, "instrument", AccountField.instrument),
          size: try checked(size, "size", AccountField.size),
          entryPrice: try checked(price, "entryPrice", AccountField.price),
          place: element.place))
    }
  }

  private static func required(
    _ key: String, _ members: [PlacedJSON.Member], of json: PlacedJSON
  ) throws(RowFault) -> PlacedJSON {
    guard let member = members.first(where: { $0.key == key }) else {
      throw json.fault(key, expected: "the key “\(key)”")
    }
    return member.value
  }

  private static func checked(
    _ json: PlacedJSON, _ field: String, _ rule: (String) throws(RowFault.Reason) -> Void
  ) throws(RowFault) -> String {
    let text = try json.decimal(field: field)
    do throws(RowFault.Reason) {
      try rule(text)
    } catch {
      throw RowFault(place: json.place, field: field, value: text, reason: error)
    }
    return text
  }
}
