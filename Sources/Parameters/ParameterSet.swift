// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Quantities

/// What a parameter is: its key, unit, permitted range and meaning.
///
/// Values live in dated files.
///
/// A `*` in the key stands for the symbol of an underlying or asset, or a row number of a table.
public struct ParameterDefinition: Sendable {
  public let key: String
  public let unit: ParameterUnit
  public let bounds: ClosedRange<Int64>
  public let meaning: String

  public init(
    _ key: String, _ unit: ParameterUnit, _ bounds: ClosedRange<Int64>, _ meaning: String
  ) {
    self.key = key
    self.unit = unit
    self.bounds = bounds
    self.meaning = meaning
  }

  /// Whether `key` is an instance of this definition's key.
  public func matches(_ key: String) -> Bool {
    // Byte by byte: every value of a file is held against a few definitions.
    let (star, dot) = (UInt8(ascii: "*"), UInt8(ascii: "."))
    var pattern = self.key.utf8.makeIterator()
    var rest = key.utf8.makeIterator()
    var next = rest.next()
    while let wanted = pattern.next() {
      guard wanted == star else {
        guard let byte = next, byte == wanted else { return false }
        next = rest.next()
        continue
      }
      var part: [UInt8] = []
      while let byte = next, byte != dot {
        part.append(byte)
        next = rest.next()
      }
      guard Self.isName(part) else { return false }
    }
    return next == nil
  }

  private static let usual = Array("default".utf8)

  /// Whether a part may stand for a `*`: a symbol, a number, or `default`.
  ///
  /// So a misspelt name of a feed is an unknown parameter, not one that nobody reads.
  private static func isName(_ part: [UInt8]) -> Bool {
    part == usual
      || (1...8).contains(part.count) && part.allSatisfy { AssetSymbol.permits($0) }
  }
}

/// Why a parameter file or a `--set` is refused.
public enum ParameterError: Error, Equatable, Sendable, CustomStringConvertible {
  case unknown(key: String)
  case missing(key: String)
  case duplicate(key: String)
  case malformed(key: String, text: String, reason: QuantityError)
  case outOfBounds(key: String, text: String, lowest: String, highest: String)
  case inconsistent(key: String, reason: String)

  public var description: String {
    switch self {
    case .unknown(let key): "parameter \(key): there is no such parameter"
    case .missing(let key): "parameter \(key): missing; every parameter must be stated"
    case .duplicate(let key): "parameter \(key): stated twice"
    case .malformed(let key, let text, let reason): "parameter \(key): “\(text)”: \(reason)"
    case .outOfBounds(let key, let text, let lowest, let highest):
      "parameter \(key): \(text) is outside \(lowest) … \(highest)"
    case .inconsistent(let key, let reason): "parameter \(key): \(reason)"
    }
  }
}

/// One stated value with where it comes from.
public struct ParameterValue: Hashable, Sendable {
  public let key: String
  public let raw: Int64
  /// Where the value comes from: a publication, a measurement, or who set it.
  public let source: String

  public init(key: String, raw: Int64, source: String) {
    self.key = key
    self.raw = raw
    self.source = source
  }
}

/// A checked set of parameters, sorted by key; dated, named and complete for its readers.
public struct ParameterSet: Hashable, Sendable {
  public let name: String
  /// From when the values hold.
  public let date: CivilDate
  public private(set) var values: [ParameterValue]

  /// - Throws: ``ParameterError`` for an unknown, duplicate or out-of-bounds value.
  public init(
    name: String, date: CivilDate, values: [ParameterValue]
  ) throws(ParameterError) {
    self.name = name
    self.date = date
    self.values = values.sorted { $0.key < $1.key }
    for index in self.values.indices {
      let value = self.values[index]
      if index > 0, self.values[index - 1].key == value.key { throw .duplicate(key: value.key) }
      try Self.check(value)
    }
  }

  /// The definition that `key` is an instance of.
  public static func definition(of key: String) throws(ParameterError) -> ParameterDefinition {
    guard let definition = ParameterDefinition.shapes.first(for: key) else {
      throw .unknown(key: key)
    }
    return definition
  }

  /// Reads one value from text, checked against its definition.
  public static func read(
    key: String, text: String, source: String
  ) throws(ParameterError) -> ParameterValue {
    let definition = try definition(of: key)
    let raw: Int64
    do { raw = try definition.unit.read(text) } catch {
      throw .malformed(key: key, text: text, reason: error)
    }
    let value = ParameterValue(key: key, raw: raw, source: source)
    try check(value)
    return value
  }

  /// This set with one value changed; the key must be stated already.
  public func setting(
    _ key: String, to text: String, source: String
  ) throws(ParameterError) -> ParameterSet {
    let value = try Self.read(key: key, text: text, source: source)
    guard let index = index(of: key) else { throw .unknown(key: key) }
    var changed = self
    changed.values[index] = value
    return changed
  }

  /// This set, under its name, with values read from text put in the place of its own, or added.
  ///
  /// - Throws: ``ParameterError``, for a key that stands twice among them, too.
  public func stating(
    _ texts: [(key: String, value: String)], source: String
  ) throws(ParameterError) -> ParameterSet {
    let keys = Set(texts.map(\.key))
    var values = values.filter { !keys.contains($0.key) }
    for (key, text) in texts {
      values.append(try Self.read(key: key, text: text, source: source))
    }
    return try ParameterSet(name: name, date: date, values: values)
  }

  /// This set with values put in the place of its own, or added, under a name that says so.
  ///
  /// - Parameter other: What differs; complete for no reader by itself.
  public func overlaid(with other: ParameterSet) throws(ParameterError) -> ParameterSet {
    let kept = values.filter { !other.states($0.key) }
    return try ParameterSet(
      name: "\(name) with \(other.name)", date: date, values: kept + other.values)
  }

  /// The raw integer of a parameter that must be stated.
  public func raw(_ key: String) throws(ParameterError) -> Int64 {
    guard let index = index(of: key) else { throw .missing(key: key) }
    return values[index].raw
  }

  /// Whether the parameter is stated.
  public func states(_ key: String) -> Bool { index(of: key) != nil }

  public func rate(_ key: String) throws(ParameterError) -> Rate {
    Rate(billionths: try raw(key))
  }

  public func duration(_ key: String) throws(ParameterError) -> TimeSpan {
    TimeSpan(nanoseconds: try raw(key))
  }

  private func index(of key: String) -> Int? {
    var low = 0
    var high = values.count
    while low < high {
      let middle = (low + high) / 2
      if values[middle].key < key { low = middle + 1 } else { high = middle }
    }
    return low < values.count && values[low].key == key ? low : nil
  }

  private static func check(_ value: ParameterValue) throws(ParameterError) {
    let definition = try definition(of: value.key)
    guard definition.bounds.contains(value.raw) else {
      throw .outOfBounds(
        key: value.key, text: definition.unit.text(value.raw),
        lowest: definition.unit.text(definition.bounds.lowerBound),
        highest: definition.unit.text(definition.bounds.upperBound))
    }
  }
}
