// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Quantities

/// Reads the rules of one underlying out of a set, `default` standing in for what it lacks.
struct ModelReader {
  private let set: ParameterSet
  /// The beginnings of its keys, the underlying's own first.
  private let owners: [String]
  /// Every key that was asked for and stated.
  private(set) var read: [String] = []

  /// - Parameter symbol: `nil` reads `default` alone.
  init(_ set: ParameterSet, _ symbol: AssetSymbol?) {
    self.set = set
    owners = (symbol.map { ["model.\($0)."] } ?? []) + ["model.default."]
  }

  /// Reads the keys that begin so.
  init(_ set: ParameterSet, owner: String) {
    self.set = set
    owners = [owner]
  }

  /// Whether any key of the term is stated.
  func states(term: String) -> Bool {
    owners.contains { owner in set.values.contains { $0.key.hasPrefix(owner + term + ".") } }
  }

  func states(_ name: String) -> Bool { owners.contains { set.states($0 + name) } }

  mutating func raw(_ name: String) throws(ParameterError) -> Int64 {
    for owner in owners where set.states(owner + name) {
      read.append(owner + name)
      return try set.raw(owner + name)
    }
    throw .missing(key: (owners.last ?? "") + name)
  }

  mutating func rate(_ name: String) throws(ParameterError) -> Rate {
    Rate(billionths: try raw(name))
  }

  mutating func rate(_ name: String, default fallback: Rate) throws(ParameterError) -> Rate {
    states(name) ? try rate(name) : fallback
  }

  mutating func flag(_ name: String, default fallback: Bool) throws(ParameterError) -> Bool {
    states(name) ? try raw(name) == 1 : fallback
  }

  mutating func duration(_ name: String) throws(ParameterError) -> TimeSpan {
    TimeSpan(nanoseconds: try raw(name))
  }

  /// Reads the rows of a table from 1 on; all of one owner, the underlying's own if it has any.
  ///
  /// - Parameters:
  ///   - other: An underlying that states this of its own takes no row of `default`.
  ///   - row: Makes one row, given its beginning such as `tail.3.`.
  mutating func rows<Row>(
    _ table: String, atMost limit: Int = 64, besides other: String? = nil,
    _ row: (inout ModelReader, String) throws(ParameterError) -> Row
  ) throws(ParameterError) -> [Row] {
    let owner = owners.first { owner in
      other.map { set.states(owner + $0) } == true
        || set.values.contains { $0.key.hasPrefix("\(owner)\(table).1.") }
    }
    guard let owner else { return [] }
    var narrow = ModelReader(set, owner: owner)
    var rows: [Row] = []
    while rows.count < limit {
      let beginning = "\(table).\(rows.count + 1)."
      guard set.values.contains(where: { $0.key.hasPrefix(owner + beginning) }) else { break }
      rows.append(try row(&narrow, beginning))
    }
    read += narrow.read
    return rows
  }

  /// The beginning of a term's keys, the underlying's own where it states any.
  func owner(of term: String) -> String {
    let owner = owners.first { owner in
      set.values.contains { $0.key.hasPrefix(owner + term + ".") }
    }
    return (owner ?? owners.last ?? "") + term
  }

  /// The key a fault is named by.
  func key(_ name: String) -> String {
    (owners.first { set.states($0 + name) } ?? owners.last ?? "") + name
  }
}
