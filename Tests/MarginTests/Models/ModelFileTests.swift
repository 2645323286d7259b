// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Instruments
import Margin
import NumericalMethods
import Parameters
import Quantities
import Testing

@Suite("Model files")
struct ModelFileTests {
  @Test("are whole, and every value has a source", arguments: ModelFixture.names)
  func whole(name: String) throws {
    let set = try ModelFixture.set(name)
    _ = try MarginModel(set)
    for value in set.values { #expect(value.source.count > 10, "\(value.key)") }
  }

  private func fault(_ set: ParameterSet) -> ParameterError? {
    do throws(ParameterError) {
      _ = try MarginModel(set)
      return nil
    } catch { return error }
  }

  @Test(
    "without a value it needs is refused by that value's name",
    arguments: [
      ("deribit-portfolio", "model.BTC.scan.range"), ("derive-pmrm2", "model.default.skew.width"),
      ("derive-pmrm2", "model.default.volatility.shortestExpiry"),
      ("derive-standard", "model.default.option.putMark"),
      ("lognormal-es", "model.default.logNormal.tail"),
      ("plimsoll", "model.default.provision.closeFee"),
      ("dydx-v4", "model.default.openInterest.upper"),
      ("hyperliquid-tiers", "model.BTC.tier.row.2.initial"),
    ])
  func missing(name: String, key: String) throws {
    // An underlying's value may be missed under `default`, where all others' would stand.
    let parts = key.split(separator: ".")
    let ownRow = parts.contains("row")
    let expected = ownRow ? key : "model.default." + parts.dropFirst(2).joined(separator: ".")
    #expect(fault(try ModelFixture.set(name, without: [key])) == .missing(key: expected))
  }

  @Test("a term is off where none of its values is stated")
  func absent() throws {
    let set = try ModelFixture.set("okx-mr", without: ["model.default.theta."])
    #expect(try MarginModel(set).parameters.rules.fallback.thetaHorizon == nil)
    let none = try ModelFixture.set("paradex-scan", without: ["model.default."])
    #expect(fault(none) == .missing(key: "model.default.scan.range"))
  }

  @Test(
    "with a value that no term reads is refused by its name",
    arguments: [
      ("plimsoll", "margin.buffer=20%"), ("plimsoll", "model.default.tail.10.shift=600%"),
      ("plimsoll", "model.default.row.2.share=1"),
      ("hyperliquid-tiers", "model.BTC.tier.row.4.initial=50%"),
      ("plimsoll", "model.credit.ETH.BTC.share=10%"),
      ("deribit-portfolio", "model.account.initialMultiple=1.2"),
      ("plimsoll", "model.account.stable.row.2.rate=1%"),
    ])
  func unread(name: String, change: String) throws {
    let key = String(change.split(separator: "=")[0])
    guard
      case .inconsistent(let named, _) = fault(
        try ModelFixture.set(name, applying: [change]))
    else {
      Issue.record("not refused")
      return
    }
    #expect(named == key)
  }

  @Test("with a key or value outside its bounds is refused before anything is made of it")
  func bounds() throws {
    #expect(throws: ParameterError.unknown(key: "model.default.scan.rang")) {
      _ = try ModelFixture.set("plimsoll", applying: ["model.default.scan.rang=1%"])
    }
    #expect(throws: ParameterError.self) {
      _ = try ModelFixture.set("plimsoll", applying: ["model.default.scan.range=91%"])
    }
    #expect(throws: ParameterError.self) {
      _ = try ModelFixture.set("okx-mr", applying: ["model.account.initialMultiple=99%"])
    }
  }

  struct Disorder: Sendable {
    let name: String
    let change: String
    let key: String
    init(_ name: String, _ change: String, _ key: String? = nil) {
      self.name = name
      self.change = change
      self.key = key ?? String(change.split(separator: "=")[0])
    }
  }

  static let disorders = [
    Disorder("hyperliquid-tiers", "model.BTC.tier.row.1.maintenance=3%", "model.BTC.tier"),
    Disorder(
      "plimsoll-standard", "model.BTC.tier.row.2.upperQuantity=50", "model.BTC.tier"),
    Disorder(
      "plimsoll-standard", "model.BTC.tier.row.2.upperQuantity=49.99999999", "model.BTC.tier"),
    Disorder("plimsoll-standard", "model.BTC.tier.row.3.initial=9%", "model.BTC.tier"),
    Disorder("plimsoll-standard", "model.BTC.tier.row.2.upperNotional=50"),
    Disorder("okx-mr", "model.BTC.ladder.row.2.upper=10000"),
    Disorder("okx-mr", "model.BTC.ladder.row.3.multiple=1"),
    Disorder("okx-mr", "model.BTC.ladder.row.7.upper=800000"),
    Disorder("okx-mr", "model.account.stable.row.2.upper=900000"),
    Disorder("okx-mr", "model.account.stable.row.2.rate=0.1%"),
    Disorder("derive-pmrm2", "model.default.perpetual.maintenance=4.0000001%"),
    Disorder("derive-standard", "model.default.option.unpairedMaintenance=120.0000001%"),
    Disorder("derive-pmrm2", "model.account.core.maintenance=100.0000001%"),
    Disorder("dydx-v4", "model.SOL.openInterest.upper=40000000"),
    Disorder(
      "paradex-scan", "model.default.tail.damper=10%", "model.default.tail.rangeDamper"),
  ]

  @Test(
    "with rows out of order, or maintenance above initial rates, are refused",
    arguments: disorders)
  func disorder(example: Disorder) throws {
    let set = try ModelFixture.set(example.name, applying: [example.change])
    guard case .inconsistent(let named, _) = fault(set) else {
      Issue.record("not refused")
      return
    }
    #expect(named == example.key)
  }

  @Test("a book with a number outside its domain is refused by name")
  func books() throws {
    let model = try ModelFixture.model("plimsoll")
    var fixture = try BookFixture("BTC", index: 100, seconds: 86_400)
    try fixture.hold(1, .call, 100, volatility: 0.5)
    let good = fixture.book
    _ = try model.requirement(of: good)
    func refuses(_ name: String, _ change: (inout ModelBook) -> Void) {
      var book = good
      change(&book)
      #expect(throws: ModelError.malformed(name)) { _ = try model.requirement(of: book) }
    }
    refuses("cash") { $0.cash = .nan }
    refuses("stableIndex") { $0.stableIndex = -1 }
    refuses("BTC: index") { $0.underlyings[0].index = 0 }
    refuses("BTC") { $0.underlyings[0].confidence = 1.1 }
    refuses("expiry 0") { $0.expiries[0].years = -1 }
    refuses("expiry 0") { $0.expiries[0].underlying = 1 }
    let name = good.positions[0].name
    refuses(name) { $0.positions[0].quantity = .infinity }
    refuses(name) { $0.positions[0].underlying = 3 }
    refuses(name) {
      $0.positions[0].kind = .option(.call, strike: 100, expiry: 7, volatility: 0.5)
    }
    refuses(name) {
      $0.positions[0].kind = .option(.call, strike: -1, expiry: 0, volatility: 0.5)
    }
    let tiers = try ModelFixture.model("hyperliquid-tiers")
    #expect(throws: ModelError.notCovered(name)) { _ = try tiers.requirement(of: good) }
  }
}

@Suite("Properties of every model")
struct ModelPropertyTests {
  private static let modes: [(String, MarginMode)] = [
    ("plimsoll", .portfolio), ("plimsoll-standard", .cross), ("deribit-portfolio", .portfolio),
    ("derive-pmrm2", .portfolio), ("derive-standard", .cross), ("paradex-scan", .portfolio),
    ("okx-mr", .portfolio), ("span-16", .portfolio), ("hyperliquid-tiers", .cross),
    ("dydx-v4", .cross), ("lognormal-es", .cross),
  ]

  private func books(
    _ count: Int, seed: UInt64, _ mode: MarginMode
  ) throws -> [ModelBook] {
    let books = try RandomBooks()
    var random = SplitMix64(seed: seed)
    var made: [ModelBook] = []
    for _ in 0..<count {
      made.append(try ModelBook(books.portfolio(&random, mode), books.engine))
    }
    return made
  }

  @Test(
    "maintenance is at most initial margin, neither is negative, lines add up", arguments: modes)
  func levels(name: String, mode: MarginMode) throws {
    let model = try ModelFixture.model(name)
    var answered = 0
    for book in try books(150, seed: 21, mode) {
      let answer: ModelRequirement?
      do throws(ModelError) { answer = try model.requirement(of: book) } catch {
        guard case .notCovered = error else { throw error }
        answer = nil
      }
      guard let requirement = answer else { continue }
      answered += 1
      #expect(requirement.maintenanceMargin <= requirement.initialMargin)
      // Options without credit are taken out of equity by a line that may be negative.
      if requirement.sum(of: .optionValue).initial == 0 {
        #expect(requirement.maintenanceMargin >= 0)
      }
      let initial = requirement.lines.reduce(0) { $0 + $1.initial }
      #expect(initial == requirement.exactInitial)
      #expect(Double(requirement.initialMargin) >= initial * 1e6 * (1 - 0x1p-45))
      let equity = requirement.exactEquity * 1e6
      #expect(Double(requirement.equity) <= equity + equity.magnitude * 0x1p-45)
    }
    #expect(answered >= 5)
  }

  @Test("more scenarios never lower the requirement")
  func moreShocks() throws {
    let few = try ModelFixture.model(
      "plimsoll", without: (4...8).map { "model.default.tail.\($0)." })
    let fewer = try ModelFixture.model(
      "plimsoll", without: ["model.default.skew.", "model.default.tail."])
    let all = try ModelFixture.model("plimsoll")
    let more = try ModelFixture.model(
      "plimsoll",
      applying: [
        "model.default.row.1.shift=-25%", "model.default.row.1.volatility=1",
        "model.default.row.1.share=100%",
      ])
    var raised = 0
    for book in try books(200, seed: 22, .portfolio) {
      let margins = try [fewer, few, all, more].map {
        try $0.requirement(of: book).initialMargin
      }
      for (less, next) in zip(margins, margins.dropFirst()) { #expect(less <= next) }
      raised += margins[0] < margins[3] ? 1 : 0
    }
    #expect(raised > 50)
  }

  @Test("is the same whatever the order of positions, but for the last bits of sums")
  func order() throws {
    for name in ["derive-pmrm2", "deribit-portfolio", "plimsoll"] {
      let model = try ModelFixture.model(name)
      for book in try books(40, seed: 23, .portfolio) {
        var reversed = book
        reversed.positions.reverse()
        let one = try model.requirement(of: book)
        let other = try model.requirement(of: reversed)
        let gross = 1 + one.exactInitial.magnitude + one.exactEquity.magnitude
        #expect(isNear(one.exactInitial, other.exactInitial, within: 1e-9 * gross))
      }
    }
  }

  @Test("a comparison keeps the models' order and says who has no rule")
  func comparison() throws {
    let models = try ["plimsoll", "hyperliquid-tiers", "derive-pmrm2"].map {
      try ModelFixture.model($0)
    }
    var fixture = try BookFixture("BTC", index: 100_000, seconds: 864_000)
    try fixture.hold(-1, .call, 100_000, volatility: 0.5)
    let table = ModelComparison(of: fixture.book, under: models).table()
    #expect(table.map { $0[0] } == ["plimsoll", "hyperliquid-tiers", "derive-pmrm2"])
    #expect(table.allSatisfy { $0.count == ModelComparison.titles.count })
    #expect(table[0][5] == "100%")
    #expect(table[1][1] == "call 100000.0: the model has no rule for it")
    #expect(table[2][6] == "BTC +18% up")
  }
}
