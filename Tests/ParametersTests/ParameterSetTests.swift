// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Parameters
import Quantities
import Testing

@Suite("Parameter sets")
struct ParameterSetTests {
  private let date = CivilDate.split(Timestamp(seconds: 1_583_971_200)).date

  private func set(_ values: [(String, Int64)]) throws -> ParameterSet {
    try ParameterSet(
      name: "test", date: date,
      values: values.map { ParameterValue(key: $0.0, raw: $0.1, source: "test") })
  }

  @Test("every parameter takes its bounds and nothing beyond them")
  func bounds() throws {
    for definition in ParameterDefinition.all {
      let key = definition.key.split(separator: ".").map { $0 == "*" ? "default" : String($0) }
        .joined(separator: ".")
      let bounds = definition.bounds
      _ = try set([(key, bounds.lowerBound)])
      _ = try set([(key, bounds.upperBound)])
      for raw in [bounds.lowerBound - 1, bounds.upperBound + 1] {
        #expect(
          throws: ParameterError.outOfBounds(
            key: key, text: definition.unit.text(raw),
            lowest: definition.unit.text(bounds.lowerBound),
            highest: definition.unit.text(bounds.upperBound))
        ) { _ = try set([(key, raw)]) }
      }
    }
  }

  @Test("every bound reads back from its own text")
  func boundTexts() throws {
    for definition in ParameterDefinition.all {
      for raw in [definition.bounds.lowerBound, definition.bounds.upperBound] {
        #expect(try definition.unit.read(definition.unit.text(raw)) == raw, "\(definition.key)")
      }
    }
  }

  @Test("every parameter has a meaning, and each key is defined once")
  func definitions() {
    let keys = ParameterDefinition.all.map(\.key)
    #expect(Set(keys).count == keys.count)
    #expect(ParameterDefinition.all.allSatisfy { !$0.meaning.isEmpty })
  }

  @Test(
    "unknown keys are refused by name",
    arguments: [
      "", "margin", "margin.buffers", "margin.buffer.", ".margin.buffer", "margin.buffer.BTC",
      "oracle..quorum", "oracle.btc.quorum", "oracle.Default.quorum", "oracle.MUCHTOOLONG.quorum",
      "oracle.BTC.quorum.x", "margin.tiers.BTC.row..initial", "Margin.buffer",
    ])
  func unknown(key: String) throws {
    #expect(throws: ParameterError.unknown(key: key)) { _ = try set([(key, 1)]) }
    #expect(throws: ParameterError.unknown(key: key)) {
      _ = try ParameterSet.read(key: key, text: "1", source: "test")
    }
  }

  @Test("a key stated twice is refused, wherever it stands")
  func duplicate() throws {
    #expect(throws: ParameterError.duplicate(key: "margin.buffer")) {
      _ = try set([("margin.buffer", 1), ("margin.tailDamper", 1), ("margin.buffer", 2)])
    }
  }

  @Test("values are found by key, in whatever order they were stated")
  func lookup() throws {
    let values = [
      ("margin.tailDamper", 3 as Int64), ("clearing.interest", -5), ("margin.buffer", 2),
    ]
    let one = try set(values)
    #expect(one == (try set(values.reversed())))
    #expect(try one.raw("clearing.interest") == -5)
    #expect(try one.rate("margin.tailDamper") == Rate(billionths: 3))
    #expect(one.states("margin.buffer") && !one.states("margin.option.base"))
    #expect(throws: ParameterError.missing(key: "margin.option.base")) {
      _ = try one.raw("margin.option.base")
    }
    #expect(throws: ParameterError.missing(key: "liquidation.orderLife")) {
      _ = try one.duration("liquidation.orderLife")
    }
  }

  @Test("one value is set by text, within its bounds, if it was stated before")
  func setting() throws {
    let one = try set([("margin.buffer", 200_000_000), ("liquidation.orderLife", 60_000_000_000)])
    let changed = try one.setting("margin.buffer", to: "35%", source: "me")
    #expect(try changed.rate("margin.buffer") == Rate(billionths: 350_000_000))
    #expect(changed.values.first { $0.key == "margin.buffer" }?.source == "me")
    #expect(try changed.duration("liquidation.orderLife") == .minute)
    #expect(try one.rate("margin.buffer") == Rate(billionths: 200_000_000), "the old set stays")
    #expect(throws: ParameterError.unknown(key: "margin.tailDamper")) {
      _ = try one.setting("margin.tailDamper", to: "1", source: "me")
    }
    #expect(
      throws: ParameterError.outOfBounds(
        key: "margin.buffer", text: "1.000000001", lowest: "0", highest: "1")
    ) { _ = try one.setting("margin.buffer", to: "1.000000001", source: "me") }
    #expect(
      throws: ParameterError.malformed(
        key: "margin.buffer", text: "lots", reason: .malformedDecimal("lots"))
    ) { _ = try one.setting("margin.buffer", to: "lots", source: "me") }
  }

  @Test("values are stated by text, in the place of others or beside them, under the same name")
  func stating() throws {
    let one = try set([("margin.buffer", 200_000_000), ("liquidation.orderLife", 60_000_000_000)])
    let changed = try one.stating(
      [("margin.tailDamper", "1"), ("margin.buffer", "35%")], source: "me")
    #expect(try changed.rate("margin.buffer") == Rate(billionths: 350_000_000))
    #expect(try changed.rate("margin.tailDamper") == .one)
    #expect(try changed.duration("liquidation.orderLife") == .minute)
    #expect(changed.values.map(\.source).filter { $0 == "me" }.count == 2)
    #expect(changed.name == one.name && changed.date == one.date)
    #expect(throws: ParameterError.duplicate(key: "margin.buffer")) {
      _ = try one.stating([("margin.buffer", "1"), ("margin.buffer", "1")], source: "me")
    }
    #expect(throws: ParameterError.unknown(key: "margin.bufer")) {
      _ = try one.stating([("margin.bufer", "1")], source: "me")
    }
  }

  @Test("each error names the key and what would be right")
  func descriptions() {
    let errors: [ParameterError] = [
      .unknown(key: "k"), .missing(key: "k"), .duplicate(key: "k"),
      .malformed(key: "k", text: "t", reason: .overflow),
      .outOfBounds(key: "k", text: "9", lowest: "1", highest: "2"),
      .inconsistent(key: "k", reason: "r"),
    ]
    #expect(errors.allSatisfy { $0.description.contains("parameter k") })
    #expect(errors[4].description.contains("1 … 2"))
  }
}

@Suite("Units of parameters")
struct ParameterUnitTests {
  @Test(
    "texts become integers exactly",
    arguments: [
      (ParameterUnit.rate, "0.025", 25_000_000 as Int64), (.rate, "2.5%", 25_000_000),
      (.rate, "-1%", -10_000_000), (.rate, "0.000000001", 1), (.rate, "0.0000001%", 1),
      (.duration, "60", 60_000_000_000), (.duration, "60s", 60_000_000_000),
      (.duration, "1.5s", 1_500_000_000), (.duration, "250ms", 250_000_000),
      (.duration, "0.000001ms", 1), (.duration, "10min", 600_000_000_000),
      (.duration, "8h", 28_800_000_000_000), (.duration, "1d", 86_400_000_000_000),
      (.duration, "0.000000001", 1), (.duration, "0", 0),
      (.count, "128", 128), (.count, "-3", -3), (.price, "8000.5", 800_050_000_000),
      (.baseQuantity, "0.00000001", 1), (.money, "100000", 100_000_000_000),
      (.money, "0.000001", 1), (.flag, "true", 1), (.flag, "false", 0), (.flag, "1", 1),
      (.flag, "0", 0),
    ])
  func reads(unit: ParameterUnit, text: String, raw: Int64) throws {
    #expect(try unit.read(text) == raw)
    #expect(try unit.read(unit.text(raw)) == raw)
  }

  @Test(
    "texts that are not exactly a value are refused",
    arguments: [
      (ParameterUnit.rate, "0.0000000001"), (.rate, "1e3"), (.rate, ""), (.rate, "%"),
      (.rate, "5 %"), (.rate, "1000000.000000001"), (.rate, "nan"), (.rate, "5%%"),
      (.duration, "s"), (.duration, "5x"), (.duration, "1 h"), (.duration, "0.0000000001"),
      (.duration, "200000000d"), (.duration, "9223372036854775807h"), (.duration, "5mins"),
      (.count, "1.5"), (.count, "0x10"), (.count, "99999999999999999999"),
      (.price, "0.000000001"), (.money, "0.0000001"), (.flag, "yes"), (.flag, "2"), (.flag, ""),
    ])
  func refuses(unit: ParameterUnit, text: String) {
    #expect(throws: QuantityError.self) { _ = try unit.read(text) }
  }
}
