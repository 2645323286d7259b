// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Quantities

/// Reads parameters that may be left out: what is not stated has a neutral value.
struct TermReader {
  let set: ParameterSet

  func value(_ key: String, else neutral: Int64) throws(ParameterError) -> Rate {
    set.states(key) ? try set.rate(key) : Rate(billionths: neutral)
  }

  /// Every symbol that has a parameter of its own in one of the groups.
  func symbols(_ groups: [String]) throws(ParameterError) -> TermSymbols {
    var symbols: [AssetSymbol] = []
    for value in set.values {
      let parts = value.key.split(separator: ".")
      let isTerm = parts.count > 2 && parts[0] == "margin" && groups.contains(String(parts[1]))
      // Volumes are the simulated book's.
      guard isTerm || parts.first == "book", parts.count > 2 else { continue }
      let name = String(parts[isTerm ? 2 : 1])
      guard name != "default" else { continue }
      do {
        let symbol = try AssetSymbol(name)
        if !symbols.contains(symbol) { symbols.append(symbol) }
      } catch { throw .malformed(key: value.key, text: name, reason: error) }
    }
    return TermSymbols(set: set, symbols: symbols)
  }
}

/// Tables over the symbols of a file, each entry falling back to `default`, then to neutral.
struct TermSymbols {
  let set: ParameterSet
  let symbols: [AssetSymbol]

  func table<Value>(
    _ read: (TermOwner) throws(ParameterError) -> Value
  ) throws(ParameterError) -> SymbolTable<Value> {
    var stated: [(symbol: AssetSymbol, value: Value)] = []
    for symbol in symbols {
      stated.append((symbol, try read(TermOwner(set: set, symbol: symbol.description))))
    }
    return SymbolTable(
      fallback: try read(TermOwner(set: set, symbol: "default")), stated: stated)
  }
}

/// The parameters of one symbol.
struct TermOwner {
  let set: ParameterSet
  let symbol: String

  func rate(
    _ group: String, _ name: String, else neutral: Int64 = 0
  ) throws(ParameterError) -> Rate {
    Rate(billionths: try raw(group, name, else: neutral))
  }

  func duration(
    _ group: String, _ name: String, else neutral: Int64 = 0
  ) throws(ParameterError) -> TimeSpan {
    TimeSpan(nanoseconds: try raw(group, name, else: neutral))
  }

  func key(_ group: String, _ name: String) -> String { "margin.\(group).\(symbol).\(name)" }

  func raw(
    _ group: String, _ name: String, else neutral: Int64
  ) throws(ParameterError) -> Int64 {
    let own = key(group, name)
    if set.states(own) { return try set.raw(own) }
    let general = "margin.\(group).default.\(name)"
    return set.states(general) ? try set.raw(general) : neutral
  }

  /// Traded on an ordinary day, millionths of the quote currency; `nil` where no file says.
  func dailyVolume() throws(ParameterError) -> Int64? {
    for key in ["book.\(symbol).dailyVolume", "book.default.dailyVolume"] where set.states(key) {
      return try set.raw(key)
    }
    return nil
  }
}
