// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

public import Quantities

/// A venue's margin model as numbers: general terms, each present when its keys are stated.
///
/// A file states the terms of an underlying under `model.BTC.…`, those of all others under
/// `model.default.…`, and what concerns the whole account under `model.account.…`. A key that no
/// term reads is refused, so a row behind a gap in a table is never lost in silence.
public struct ModelParameters: Hashable, Sendable {
  public let account: ModelAccountTerms
  /// By underlying or collateral asset.
  public let rules: SymbolTable<ModelRules>
  /// Those with rules of their own, sorted.
  public let symbols: [AssetSymbol]

  /// - Throws: ``ParameterError`` for a missing, unread or inconsistent value.
  public init(_ set: ParameterSet) throws(ParameterError) {
    var read = Set<String>()
    var own = ModelReader(set, owner: "model.account.")
    account = try ModelAccountTerms(&own, set)
    read.formUnion(own.read)
    var common = ModelReader(set, nil)
    let fallback = try ModelRules(&common)
    read.formUnion(common.read)
    var stated: [(symbol: AssetSymbol, value: ModelRules)] = []
    for symbol in Self.symbols(of: set) {
      var reader = ModelReader(set, symbol)
      stated.append((symbol, try ModelRules(&reader)))
      read.formUnion(reader.read)
    }
    rules = SymbolTable(fallback: fallback, stated: stated)
    symbols = stated.map(\.symbol)
    for value in set.values where !read.contains(value.key) {
      guard !value.key.hasPrefix("model.credit.") else { continue }
      throw .inconsistent(
        key: value.key,
        reason: value.key.hasPrefix("model.")
          ? "no term of the model reads it" : "not a parameter of a margin model")
    }
    guard fallback != .none || !stated.isEmpty else {
      throw .missing(key: "model.default.scan.range")
    }
  }

  /// Symbols with keys of their own, sorted.
  private static func symbols(of set: ParameterSet) -> [AssetSymbol] {
    var symbols: [AssetSymbol] = []
    for value in set.values where value.key.hasPrefix("model.") {
      let parts = value.key.split(separator: ".", omittingEmptySubsequences: false)
      guard parts.count > 2, let symbol = try? AssetSymbol(String(parts[1])),
        symbols.last != symbol
      else { continue }
      symbols.append(symbol)
    }
    return symbols
  }
}

/// What concerns an account as a whole.
public struct ModelAccountTerms: Hashable, Sendable {
  /// How one level of margin follows from the other.
  public enum Relation: Hashable, Sendable {
    /// Both are charged in their own right.
    case separate
    /// Maintenance margin is this share of initial margin.
    case maintenanceShare(Rate)
    /// Initial margin is this multiple of maintenance margin.
    case initialMultiple(Rate)
  }

  /// Factors on the core: scan, what joins it, and floors.
  public let core: ModelRates
  public let comparesByUnderlying: Bool
  public let haircutsAreNet: Bool
  public let haircutsCountLongOptions: Bool
  public let peg: Peg?
  /// Charge on one stable coin hedged by another, each part by its own step.
  public let stableLadder: ModelLadder
  public let relation: Relation
  /// Multiples of maintenance margin.
  public let searchMultiple: Rate?
  public let releaseMultiple: Rate?
  public let credits: [Credit]

  /// What a stable coin off its peg costs.
  public struct Peg: Hashable, Sendable {
    public let threshold: Rate
    public let core: Rate
    public let notional: Rate
  }

  /// Share of the scan given back between two underlyings.
  public struct Credit: Hashable, Sendable {
    public let first: AssetSymbol
    public let second: AssetSymbol
    public let share: Rate
  }

  init(_ reader: inout ModelReader, _ set: ParameterSet) throws(ParameterError) {
    core =
      reader.states(term: "core")
      ? try ModelRates(&reader, "core") : ModelRates(initial: .one, maintenance: .one)
    comparesByUnderlying = try reader.flag("core.perUnderlying", default: false)
    haircutsAreNet = try reader.flag("collateral.net", default: false)
    haircutsCountLongOptions = try reader.flag("collateral.longOptions", default: true)
    peg =
      reader.states(term: "peg")
      ? Peg(
        threshold: try reader.rate("peg.threshold"), core: try reader.rate("peg.core"),
        notional: try reader.rate("peg.notional")) : nil
    stableLadder = try ModelLadder(&reader, "stable.row", value: "rate")
    switch (reader.states("maintenanceShare"), reader.states("initialMultiple")) {
    case (true, true):
      throw .inconsistent(
        key: "model.account.initialMultiple", reason: "stated beside maintenanceShare")
    case (true, false): relation = .maintenanceShare(try reader.rate("maintenanceShare"))
    case (false, true): relation = .initialMultiple(try reader.rate("initialMultiple"))
    case (false, false): relation = .separate
    }
    searchMultiple =
      reader.states("searchMultiple") ? try reader.rate("searchMultiple") : nil
    releaseMultiple =
      reader.states("releaseMultiple") ? try reader.rate("releaseMultiple") : nil
    var credits: [Credit] = []
    for value in set.values where value.key.hasPrefix("model.credit.") {
      let parts = value.key.split(separator: ".", omittingEmptySubsequences: false)
      do {
        let credit = Credit(
          first: try AssetSymbol(String(parts[2])), second: try AssetSymbol(String(parts[3])),
          share: Rate(billionths: value.raw))
        guard credit.first < credit.second else { throw QuantityError.malformedSymbol(value.key) }
        credits.append(credit)
      } catch {
        throw .inconsistent(
          key: value.key, reason: "expected two different underlyings in the order of letters")
      }
    }
    self.credits = credits
  }
}

/// An initial and a maintenance rate.
public struct ModelRates: Hashable, Sendable {
  public let initial: Rate
  public let maintenance: Rate

  init(initial: Rate, maintenance: Rate) {
    self.initial = initial
    self.maintenance = maintenance
  }

  init(_ reader: inout ModelReader, _ term: String) throws(ParameterError) {
    initial = try reader.rate(term + ".initial")
    maintenance = try reader.rate(term + ".maintenance")
    guard maintenance <= initial else {
      throw .inconsistent(
        key: reader.key(term + ".maintenance"), reason: "above the initial rate")
    }
  }
}

/// Steps in order of size, the last without an end.
public struct ModelLadder: Hashable, Sendable {
  public struct Row: Hashable, Sendable {
    /// Millionths of the quote currency; `nil` in the last row.
    public let upper: Int64?
    public let value: Rate
  }
  public let rows: [Row]

  /// - Throws: ``ParameterError/inconsistent(key:reason:)`` for rows out of order.
  init(
    _ reader: inout ModelReader, _ table: String, value: String
  ) throws(ParameterError) {
    rows = try reader.rows(table) { (reader, beginning) throws(ParameterError) in
      Row(
        upper: reader.states(beginning + "upper") ? try reader.raw(beginning + "upper") : nil,
        value: try reader.rate(beginning + value))
    }
    for (place, row) in rows.enumerated() {
      let key = reader.key("\(table).\(place + 1).upper")
      guard (row.upper == nil) == (place == rows.count - 1) else {
        throw .inconsistent(key: key, reason: "every row but the last has an upper end")
      }
      guard place > 0, let upper = row.upper, let before = rows[place - 1].upper else { continue }
      guard upper > before else {
        throw .inconsistent(key: key, reason: "does not lie above row \(place)")
      }
    }
    for place in rows.indices.dropFirst() where rows[place].value < rows[place - 1].value {
      throw .inconsistent(
        key: reader.key("\(table).\(place + 1).\(value)"), reason: "below that of row \(place)")
    }
  }
}
