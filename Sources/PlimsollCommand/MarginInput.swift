// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import MarketData
import Parameters
import Quantities

/// The texts that state a market, as they are given on the command line, checked.
struct MarginInput {
  /// The option's names, such as `--index` or `--since-index`.
  let prefix: String
  let index: [(AssetSymbol, Price)]
  let basis: [(AssetSymbol, Rate)]
  let volatility: [(AssetSymbol, Rate)]

  /// - Parameters:
  ///   - prefix: What stands between `--` and the option's name.
  ///   - highest: The highest volatility permitted.
  init(
    prefix: String, index: [String], basis: [String], volatility: [String], highest: Rate
  ) throws {
    self.prefix = prefix
    self.index = try Self.assignments(index, "--\(prefix)index") { text in
      let price = try Price(text)
      guard price > .zero else { throw ValidationError("expected a price above 0") }
      return price
    }
    self.basis = try Self.assignments(basis, "--\(prefix)basis") { text in
      let rate = try Rate(text)
      guard rate > Rate(billionths: -1_000_000_000) else {
        throw ValidationError("expected more than −1, where 1 is 100 %")
      }
      return rate
    }
    self.volatility = try Self.assignments(volatility, "--\(prefix)volatility") { text in
      let rate = try Rate(text)
      guard rate > .zero, rate <= highest else {
        throw ValidationError("expected more than 0 and at most \(highest), where 1 is 100 %")
      }
      return rate
    }
  }

  /// Refuses values of underlyings that have no index price.
  func check(known: [AssetSymbol]) throws {
    let stated =
      index.map { ("index", $0.0) } + basis.map { ("basis", $0.0) }
      + volatility.map { ("volatility", $0.0) }
    for (option, symbol) in stated where !known.contains(symbol) {
      throw ValidationError(
        "--\(prefix)\(option): “\(symbol)” is unknown; there is an --index of "
          + known.map(\.description).joined(separator: " and "))
    }
  }

  /// The markets of the underlyings in ``index``.
  func markets(longRun: Rate) -> [UnderlyingMarket] {
    index.map { symbol, price in
      UnderlyingMarket(
        underlying: symbol, index: price,
        basis: basis.first { $0.0 == symbol }?.1 ?? .zero,
        volatility: volatility.first { $0.0 == symbol }?.1 ?? longRun)
    }
  }

  /// These markets with what is stated here in its place.
  func changing(_ markets: [UnderlyingMarket]) -> [UnderlyingMarket] {
    markets.map { market in
      UnderlyingMarket(
        underlying: market.underlying,
        index: index.first { $0.0 == market.underlying }?.1 ?? market.index,
        basis: basis.first { $0.0 == market.underlying }?.1 ?? market.basis,
        volatility: volatility.first { $0.0 == market.underlying }?.1 ?? market.volatility)
    }
  }

  private static func assignments<Value>(
    _ texts: [String], _ option: String, _ read: (String) throws -> Value
  ) throws -> [(AssetSymbol, Value)] {
    var found: [(AssetSymbol, Value)] = []
    for text in texts {
      let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
      guard parts.count == 2 else {
        throw ValidationError("\(option): “\(text)” is not of the form BTC=…")
      }
      do { found.append((try AssetSymbol(parts[0]), try read(parts[1]))) } catch {
        throw ValidationError("\(option): “\(text)”: \(error)")
      }
      guard let last = found.last, !found.dropLast().contains(where: { $0.0 == last.0 }) else {
        throw ValidationError("\(option): “\(text)”: \(parts[0]) is stated twice")
      }
    }
    return found
  }
}

/// The moment with which the present is compared; what is not stated is as now.
struct MarginSinceOptions: ParsableArguments {
  @Option(
    name: .long,
    help: ArgumentHelp(
      "An index price before, to say what changed since and why; repeatable.",
      valueName: "BTC=8000"))
  var sinceIndex: [String] = []

  @Option(
    name: .long, help: ArgumentHelp("A volatility before; repeatable.", valueName: "BTC=75%"))
  var sinceVolatility: [String] = []

  @Option(
    name: .long, help: ArgumentHelp("A basis before; repeatable.", valueName: "BTC=0.1%"))
  var sinceBasis: [String] = []

  @Option(name: .long, help: ArgumentHelp("The time before.", valueName: "time"))
  var sinceAt: String?

  @Option(
    name: .long, help: ArgumentHelp("The book of accounts before.", valueName: "file"))
  var sinceBook: String?

  @Option(
    name: .long,
    help: ArgumentHelp(
      "A parameter that was different before; repeatable. --set holds now.",
      valueName: "key=value"))
  var sinceSet: [String] = []

  var isStated: Bool {
    !(sinceIndex.isEmpty && sinceVolatility.isEmpty && sinceBasis.isEmpty && sinceSet.isEmpty)
      || sinceAt != nil || sinceBook != nil
  }
}

/// Reads a time of an option.
func instant(_ text: String, option: String) throws -> Timestamp {
  do { return try Timestamp(iso8601: text) } catch {
    throw ValidationError("\(option): “\(text)” is no time like 2020-03-12T00:00Z")
  }
}
