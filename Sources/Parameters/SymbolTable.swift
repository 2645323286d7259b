// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Quantities

/// Values stated for some symbols, and one for all others.
///
/// In a file, `default` stands in the place of the symbol; being lower-case, it cannot be one.
public struct SymbolTable<Value: Hashable & Sendable>: Hashable, Sendable {
  /// The value of symbols without one of their own.
  public let fallback: Value
  private let symbols: [AssetSymbol]
  private let values: [Value]

  public init(fallback: Value, stated: [(symbol: AssetSymbol, value: Value)] = []) {
    self.fallback = fallback
    symbols = stated.map(\.symbol)
    values = stated.map(\.value)
  }

  public subscript(symbol: AssetSymbol) -> Value {
    symbols.firstIndex(of: symbol).map { values[$0] } ?? fallback
  }

  var statedValues: [Value] { values }

  /// Reads the table whose entries have the keys `prefix` + symbol + `suffix`.
  /// - Parameter read: Makes the value of one entry, given its `prefix` + symbol.
  /// - Throws: ``ParameterError/missing(key:)`` when `default` is not stated.
  init(
    _ set: ParameterSet, prefix: String, suffix: String,
    read: (String) throws(ParameterError) -> Value
  ) throws(ParameterError) {
    guard set.states(prefix + "default" + suffix) else {
      throw .missing(key: prefix + "default" + suffix)
    }
    var stated: [(symbol: AssetSymbol, value: Value)] = []
    for entry in set.values where entry.key.hasPrefix(prefix) && entry.key.hasSuffix(suffix) {
      let name = String(entry.key.dropFirst(prefix.count).dropLast(suffix.count))
      guard name != "default" else { continue }
      let symbol: AssetSymbol
      do { symbol = try AssetSymbol(name) } catch {
        throw .malformed(key: entry.key, text: name, reason: error)
      }
      stated.append((symbol, try read(prefix + name)))
    }
    self.init(fallback: try read(prefix + "default"), stated: stated)
  }
}
