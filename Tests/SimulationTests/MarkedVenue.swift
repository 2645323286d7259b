// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Instruments
import Ledger
import MarketData
import Parameters
import Quantities
import RiskEngine
import Simulation
import Testing

/// A venue with everything listed and marked, before the first account.
struct MarkedVenue {
  var engine: Engine
  let parameters: ParameterSet

  static let start = Timestamp(seconds: 1_583_971_200)  // 2020-03-12T00:00Z
  static let window = start..<start + TimeSpan(seconds: 172_800)
  /// Levels of that midnight, rounded.
  static let prices: [(symbol: String, index: String)] = [("BTC", "7935"), ("ETH", "194.5")]

  /// The parameter file of the repository.
  static var parameterPath: String {
    URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../../ParameterFiles/" + ParameterFile.defaultName)
      .standardizedFileURL.path
  }

  /// The repository's file, read once.
  static let file = Result { try ParameterFile.load(path: parameterPath) }
  private static let ready = Result { try MarkedVenue(parameters: file.get().set) }

  init() throws { self = try Self.ready.get() }

  private init(parameters: ParameterSet) throws {
    self.parameters = parameters
    let quote = try Asset(symbol: AssetSymbol("USD"), decimals: 6)
    engine = try Engine.open(quote: quote, parameters: parameters).engine
    let listing = try Self.listing()
    for command in listing.commands { _ = try engine.step(command) }
    for minute in 1...2 { try advance(minute: Int64(minute), moved: 1) }
  }

  static func listing() throws -> VenueListing {
    try VenueListing(
      quote: Asset(symbol: AssetSymbol("USD"), decimals: 6),
      underlyings: prices.map { (try AssetSymbol($0.symbol), try Price($0.index)) },
      window: window)
  }

  var market: VenueMarket {
    get throws { try #require(VenueMarket(engine)) }
  }

  var book: BookParameters {
    get throws { try BookParameters(parameters) }
  }

  /// A block in which every source of every feed says its start price times `factor`.
  mutating func advance(minute: Int64, moved factor: Double) throws {
    let instant = Self.start + TimeSpan(seconds: 60 * minute)
    var samples: [PriceSample] = []
    for feed in engine.rules.feeds {
      let symbol = feed.id.base.description.replacingOccurrences(of: "_PERP", with: "")
      let text = try #require(Self.prices.first { $0.symbol == symbol }).index
      let price = try Price(Price(text).value * factor, rounding: .toNearestOrEven)
      for source in feed.parameters.sources {
        samples.append(
          PriceSample(
            source: SourceID(source.source), feed: feed.id, mantissa: price.steps,
            confidence: 0, publishedAt: instant))
      }
    }
    _ = try engine.step(.advanceBlock(at: instant, samples: samples))
  }
}
