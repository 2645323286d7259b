// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Parameters
import Quantities
import TestFixtures
import Testing

@Suite("Typed parameters")
struct TypedParameterTests {
  private func btc() throws -> AssetSymbol { try AssetSymbol("BTC") }

  /// The default file without some keys, and with some values changed.
  private func set(
    without prefixes: [String] = [], with changes: [(key: String, value: String)] = []
  ) throws -> ParameterSet {
    let defaults = try ParameterFixture.set()
    var values = defaults.values.filter { value in
      !prefixes.contains { value.key.hasPrefix($0) } && !changes.contains { $0.key == value.key }
    }
    for change in changes {
      values.append(
        try ParameterSet.read(key: change.key, text: change.value, source: "test"))
    }
    return try ParameterSet(name: "test", date: defaults.date, values: values)
  }

  @Test("the default file is complete and says where each value comes from")
  func defaults() throws {
    let set = try ParameterFixture.set()
    _ = try LiquidationParameters(set)
    _ = try ClearingParameters(set)
    _ = try MarginParameters(set)
    _ = try SurfaceParameters(set)
    _ = try BookParameters(set)
    _ = try FeedParameters(set, feed: btc())
    _ = try MarkParameters(set, underlying: btc())
    #expect(set.values.allSatisfy { $0.source.count > 3 })
  }

  @Test(
    "a missing value is named, not guessed",
    arguments: [
      "liquidation.sliceShare", "liquidation.penalty", "insuranceFund.eventCap",
      "socializedLoss.share", "clearing.fundingInterval", "clearing.depositLimit",
      "margin.maintenanceFactor", "margin.collateral.default.haircut", "margin.scan.default.range",
      "margin.option.putInitial", "margin.tiers.default.isMarginal",
      "margin.tiers.default.initialPerUnit", "surface.longRunVolatility", "surface.carry.limit",
      "book.default.impact",
    ])
  func missing(key: String) throws {
    let set = try set(without: [key])
    #expect(throws: ParameterError.missing(key: key)) {
      _ = try LiquidationParameters(set)
      _ = try ClearingParameters(set)
      _ = try MarginParameters(set)
      _ = try SurfaceParameters(set)
      _ = try BookParameters(set)
    }
  }

  @Test("a symbol's own value stands before the general one")
  func symbolTables() throws {
    let margin = try MarginParameters(ParameterFixture.set())
    #expect(margin.haircuts[try btc()] == Rate(billionths: 100_000_000))
    #expect(margin.haircuts[try AssetSymbol("XYZ")] == margin.haircuts.fallback)
    #expect(margin.haircuts.fallback == Rate(billionths: 200_000_000))
    #expect(throws: ParameterError.self) {
      _ = try MarginParameters(set(with: [("margin.collateral.btc.haircut", "1%")]))
    }
  }

  @Test("the published tiers are read as they are published")
  func tiers() throws {
    let table = try MarginParameters(ParameterFixture.set()).tiers[btc()]
    #expect(table.measure == .quantity && table.convention == .wholePosition)
    #expect(table.rows.map(\.upper) == [5_000_000_000, 25_000_000_000, 100_000_000_000, nil])
    #expect(
      table.rows.map(\.maintenance.billionths)
        == [25_000_000, 50_000_000, 100_000_000, 200_000_000])
    #expect(
      table.rows.map(\.penalty.billionths) == [5_000_000, 10_000_000, 25_000_000, 50_000_000])
  }

  @Test(
    "tiers that do not fit together are refused",
    arguments: [
      // No last row without an end, rows out of order, rates that fall, maintenance above initial.
      ([(key: "margin.tiers.BTC.row.4.upperQuantity", value: "2000")], "last row"),
      ([(key: "margin.tiers.BTC.row.2.upperQuantity", value: "50")], "does not lie above"),
      ([(key: "margin.tiers.BTC.row.2.maintenance", value: "2.4999999%")], "below those"),
      ([(key: "margin.tiers.BTC.row.2.initial", value: "4.9999999%")], "below those"),
      ([(key: "margin.tiers.BTC.row.4.maintenance", value: "40.0000001%")], "more maintenance"),
      ([(key: "margin.tiers.BTC.row.2.upperNotional", value: "90")], "two measures"),
      ([(key: "margin.tiers.BTC.maintenancePerUnit", value: "0.1%")], "maintenancePerUnit"),
      (
        [
          (key: "margin.tiers.BTC.initialPerUnit", value: "0.1%"),
          (key: "margin.tiers.BTC.isMarginal", value: "true"),
        ], "one rate"
      ),
    ])
  func inconsistentTiers(changes: [(key: String, value: String)], reason: String) throws {
    let set = try set(with: changes)
    do {
      _ = try MarginParameters(set)
      Issue.record("accepted: \(changes)")
    } catch {
      #expect(error.description.contains(reason), "\(error)")
      #expect(error.description.contains("margin.tiers.BTC"))
    }
  }

  @Test("a tail without a move and an option margin below maintenance are refused")
  func inconsistentMargin() throws {
    let still = try set(with: [("margin.tail.3.shift", "0")])
    #expect(
      throws: ParameterError.inconsistent(key: "margin.tail.3.shift", reason: "no move at all")
    ) { _ = try MarginParameters(still) }
    let low = try set(with: [("margin.option.least", "7.4999999%")])
    #expect(throws: ParameterError.self) { _ = try MarginParameters(low) }
    _ = try MarginParameters(set(with: [("margin.option.least", "7.5%")]))
  }

  @Test("liquidation and clearing values are those of the file")
  func values() throws {
    let set = try ParameterFixture.set()
    let liquidation = try LiquidationParameters(set)
    #expect(liquidation.wholeSliceNotional == 100_000_000_000)
    #expect(liquidation.orderLife == .minute && liquidation.patience == 2)
    let clearing = try ClearingParameters(set)
    #expect(clearing.fundingInterval == TimeSpan(seconds: 28_800))
    #expect(clearing.fundingCap == Rate(billionths: 7_500_000))
    #expect(clearing.depositLimit == 1 << 58)
  }

  @Test(
    "the band around a mark is a share of it, rounded up, and never less than a tick",
    arguments: [(0, 50), (249, 50), (250, 50), (251, 51), (1_000, 200)] as [(Int64, Int64)])
  func band(mark: Int64, width: Int64) throws {
    let clearing = try ClearingParameters(set(with: [("clearing.priceBand", "20%")]))
    #expect(clearing.bandWidth(around: Price(steps: mark), tick: Price(steps: 50)) == width)
  }
}
