// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@Suite("margin explains a requirement, its scenarios, its line and its repair")
struct MarginExplainTests {
  let folder = try! Folder()
  let program = try! Program.current()

  private let head = "account,mode,kind,name,quantity,price\n"

  /// A hedged account of options that is a little below its line, and a cross account below
  /// its buffer.
  private var book: String {
    head + """
      1,portfolio,collateral,USD,1400,
      1,portfolio,collateral,BTC,0.4,
      1,portfolio,position,BTC-27MAR20-8000-C-INV,-5,0.06
      1,portfolio,position,BTC-27MAR20-7000-P-INV,-5,0.03
      1,portfolio,position,BTC-26JUN20-10000-C-INV,4,0.06
      1,portfolio,position,BTC-PERP,0.5,7890
      1,portfolio,position,ETH-PERP,10,194.5
      2,cross,collateral,USD,550,
      2,cross,position,BTC-PERP,2.5,7900

      """
  }

  private func margin(_ extra: [String], book name: String = "book.csv") throws -> Program.Outcome {
    try program.run(
      [
        "margin", folder.file(name), "--index", "BTC=7900", "--index", "ETH=195",
        "--volatility", "BTC=80%",
      ] + extra)
  }

  /// What the program says of the book, asked once for all tests.
  private static let usual = Result { try MarginExplainTests().answers([]) }

  private func answers() throws -> [Explained] { try Self.usual.get() }

  private func answers(_ extra: [String]) throws -> [Explained] {
    try folder.write("book.csv", book)
    let outcome = try margin(["--json"] + extra)
    try #require(outcome.code == 0, "\(outcome.errors)")
    return try outcome.output.split(separator: "\n").map {
      try JSONDecoder().decode(Explained.self, from: Data($0.utf8))
    }
  }

  private func sum(_ texts: [String]) throws -> Decimal {
    try texts.reduce(0) { $0 + (try #require(Decimal(string: $1))) }
  }

  // MARK: Answers

  @Test("the parts of a requirement add up exactly, by charge, scenario and instrument")
  func sums() throws {
    let answers = try answers()
    #expect(answers.map(\.account) == [1, 2])
    for answer in answers {
      for parts in [answer.charges.map(\.initial), answer.shares.map(\.initial)] {
        #expect(try sum(parts) == Decimal(string: answer.initialMargin))
      }
      for parts in [answer.charges.map(\.maintenance), answer.shares.map(\.maintenance)] {
        #expect(try sum(parts) == Decimal(string: answer.maintenanceMargin))
      }
      for joint in answer.jointScenarios {
        #expect(try sum(joint.parts.map(\.loss)) == Decimal(string: joint.loss))
      }
    }
    let portfolio = try #require(answers.first)
    #expect(portfolio.scenarios.map(\.underlying) == ["BTC", "ETH"])
    for list in portfolio.scenarios {
      #expect(list.binding.loss == list.ranking.first?.loss)
      let losses = try list.ranking.map { try #require(Decimal(string: $0.loss)) }
      #expect(losses == losses.sorted(by: >))
    }
    #expect(answers[1].scenarios.isEmpty)
  }

  @Test("the liquidation line meets the liquidation price at the present volatility")
  func line() throws {
    let answer = try answers()[1]
    let line = try #require(answer.liquidationLines.first)
    let point = try #require(line.points.first { $0.multiple == "1" })
    #expect(point.isHealthy == true)
    // 550 + 2.5·(P − 7,900) = 2.5 % · 2.5·P.
    let crossing = try #require(point.crossings.first)
    let price = (2.5 * 7_900 - 550) / (2.5 * 0.975)
    #expect(abs((Double(crossing.healthy) ?? 0) - price) < 0.01)
    #expect(crossing.healthy == answer.prices.first?.liquidationBelow)
    let map = try #require(answer.liquidationMaps.first)
    #expect(map.marginRatios.count == map.volatilities.count)
    #expect(map.marginRatios.allSatisfy { $0.count == map.prices.count })
  }

  @Test("the cheapest repair is first, and reaches its line")
  func repair() throws {
    for answer in try answers() {
      #expect(answer.repairs.map(\.target) == ["restored", "initialMargin"])
      let restored = answer.repairs[0]
      #expect(restored.shortfall != "0" && !restored.trades.isEmpty)
      let costs = try restored.trades.map { try #require(Double($0.cost)) }
      #expect(costs == costs.sorted() && costs.allSatisfy { $0 > 0 })
      for trade in restored.trades {
        let equity = try #require(Double(trade.equity))
        let maintenance = try #require(Double(trade.maintenanceMargin))
        #expect(equity >= 1.2 * maintenance - 1e-6)
      }
    }
  }

  @Test("Greeks by bucket add up to those of their underlying")
  func greeks() throws {
    let answer = try #require(answers().first)
    let totals = answer.greeks.filter { $0.bucket == nil }
    #expect(totals.map(\.underlying) == ["BTC", "ETH"])
    for total in totals {
      let rows = answer.greeks.filter { $0.bucket != nil && $0.underlying == total.underlying }
      #expect(abs(rows.reduce(0) { $0 + $1.delta } - total.delta) < 1e-9)
      #expect(abs(rows.reduce(0) { $0 + $1.vega } - total.vega) < 1e-6)
    }
    #expect(totals[1].delta == 10)
  }

  @Test("--since says what changed and why, and the parts add up")
  func since() throws {
    try folder.write(
      "before.csv", book.replacing("position,BTC-PERP,2.5", with: "position,BTC-PERP,2"))
    let answers = try answers([
      "--since-index", "BTC=8000", "--since-volatility", "BTC=75%", "--since-at",
      "2020-03-11T23:59Z", "--since-book", folder.file("before.csv"), "--since-set",
      "margin.buffer=10%", "--set", "margin.maintenanceFactor=0.7",
    ])
    for answer in answers {
      let change = try #require(answer.change)
      #expect(
        change.parts.map(\.cause) == ["price", "volatility", "time", "trades", "parameters"])
      #expect(
        try sum([change.before.equity] + change.parts.map(\.equity))
          == Decimal(string: change.after.equity))
      #expect(
        try sum([change.before.maintenanceMargin] + change.parts.map(\.maintenanceMargin))
          == Decimal(string: change.after.maintenanceMargin))
      #expect(change.after.equity == answer.equity)
    }
    // Half a coin more, bought at 7,900.
    #expect(answers[1].change?.parts[3].maintenanceMargin == "98.75")
    #expect(try self.answers()[0].change == nil)
    let text = try margin(["--since-index", "BTC=8000", "--account", "2"])
    #expect(text.code == 0 && text.output.contains("price of BTC"))
    #expect(!text.output.contains("Greeks"))
  }

  @Test("--explain prints every table; without it the answer is short")
  func tables() throws {
    try folder.write("book.csv", book)
    let outcome = try margin(["--explain"])
    try #require(outcome.code == 0, "\(outcome.errors)")
    for part in [
      "Account 1 (portfolio), USD", "By charge", "By instrument", "Worst scenarios of BTC",
      "Worst scenarios of all underlyings, added up", "As one price moves",
      "Liquidation line of BTC", "Greeks by underlying, expiry and delta",
      "To reach maintenance margin + buffer", "To reach initial margin", "volatility point",
    ] {
      #expect(outcome.output.contains(part), "\(part)")
    }
    let short = try margin([])
    #expect(short.output.split(separator: "\n").count < 45)
    #expect(!short.output.contains("Greeks"))
  }

  @Test("--out writes a page that needs nothing from anywhere, the same bytes each time")
  func page() throws {
    try folder.write("book.csv", book)
    let first = try margin(["--out", folder.file("out")])
    try #require(first.code == 0, "\(first.errors)")
    #expect(first.output.contains("Report: " + folder.file("out/report.html")))
    let bytes = try folder.bytes("out/report.html")
    _ = try margin(["--out", folder.file("out"), "--json"])
    #expect(try folder.bytes("out/report.html") == bytes)
    let pieces = try folder.read("out/report.html").components(separatedBy: "</script>")
    let report = pieces.map { $0.components(separatedBy: "<script")[0] }.joined()
    for id in ["account-1-scenarios-btc", "account-1-map-eth", "account-2-charges"] {
      #expect(report.contains("<figure id=\"\(id)\""), "\(id)")
    }
    for form in ["src=\"http", "href=\"http", "src=\"//", "url(http", "@import"] {
      #expect(!report.contains(form), "\(form)")
    }
  }

  // MARK: Models

  @Test("--model puts models side by side, and says where one has no rule")
  func models() throws {
    try folder.write("book.csv", book)
    let models = ["plimsoll", "deribit-portfolio", "hyperliquid-tiers"]
    let named = models.flatMap { ["--model", $0] }
    let outcome = try margin(named)
    try #require(outcome.code == 0, "\(outcome.errors)")
    let tables = outcome.output.components(separatedBy: "account ").dropFirst()
    #expect(tables.count == 2)
    for table in tables {
      let lines = table.split(separator: "\n")
      let rows = models.map { model in lines.first { $0.hasPrefix(model) } }
      #expect(rows.allSatisfy { $0 != nil })
      #expect(rows[0]?.contains("100%") == true)
    }
    let refused = tables[1].split(separator: "\n").first { $0.hasPrefix("hyperliquid-tiers") }
    #expect(refused?.hasSuffix("the model has no rule for it") == true)
    let answers = try answers(named)
    for answer in answers {
      let compared = try #require(answer.models)
      #expect(compared.map(\.model) == models)
    }
    for (answer, place) in zip(answers, 0...) {
      let own = try #require(answers[place].models?[0])
      #expect(own.equity == answer.equity)
      #expect(try #require(Double(own.initialMargin ?? "")) > 0)
    }
    #expect(answers[0].models?[2].refusal?.contains("the model has no rule for it") == true)
    #expect(answers[1].models?[2].refusal == nil)
  }

  // MARK: Refusals

  private func expectRefusal(
    _ extra: [String], code: Int32, says parts: [String],
    at location: SourceLocation = #_sourceLocation
  ) throws {
    let outcome = try margin(extra + ["--out", folder.file("refused")])
    #expect(outcome.code == code && outcome.output.isEmpty, sourceLocation: location)
    for part in parts {
      #expect(
        outcome.errors.contains(part), "“\(part)” in: \(outcome.errors)", sourceLocation: location)
    }
    #expect(!folder.exists("refused"), sourceLocation: location)
  }

  @Test("an underlying without an index is named with its option")
  func unknownAsset() throws {
    try folder.write("book.csv", book)
    for option in ["--volatility", "--basis", "--since-index", "--since-volatility"] {
      try expectRefusal(
        [option, "XRP=0.5"], code: 2,
        says: ["\(option): “XRP” is unknown", "an --index of BTC and ETH"])
    }
    try folder.write(
      "book.csv", head + "1,cross,collateral,USD,5,\n1,cross,position,XRP-PERP,1,0.2\n")
    try expectRefusal(
      [], code: 1,
      says: ["book.csv, line 3", "“XRP-PERP”", "no index price of XRP", "of BTC or ETH"])
  }

  @Test("values stated twice, without a value or out of range are named with their option")
  func malformed() throws {
    try folder.write("book.csv", book)
    for (extra, part) in [
      (["--index", "BTC=7901"], "--index: “BTC=7901”: BTC is stated twice"),
      (["--volatility", "ETH"], "--volatility: “ETH” is not of the form"),
      (["--volatility", "ETH=0"], "--volatility: “ETH=0”: expected more than 0"),
      (["--basis", "ETH=-1"], "--basis: “ETH=-1”: expected more than −1"),
      (["--since-index", "BTC=0"], "--since-index: “BTC=0”: expected a price above 0"),
      (["--since-at", "yesterday"], "--since-at: “yesterday” is no time"),
      (["--since-at", "2020-03-12T00:01Z"], "is after --at"),
      (["--model", "nonsense"], "--model: “nonsense”: "),
      (["--model", "nonsense"], "there is no model “nonsense”; there are "),
      (["--open-interest", "BTC-PERP"], "--open-interest: “BTC-PERP” is not of the form"),
      (["--open-interest", "BTC-PREP=1"], "--open-interest: “BTC-PREP” is not listed"),
      (["--open-interest", "BTC-PERP=-1"], "--open-interest: “BTC-PERP=-1”: expected a number"),
    ] {
      try expectRefusal(extra, code: 2, says: [part])
    }
    try expectRefusal(
      ["--since-set", "margin.bufer=10%"], code: 1, says: ["margin.bufer"])
    try folder.write("other.csv", head + "1,cross,collateral,USD,5,\n")
    try expectRefusal(
      ["--since-book", folder.file("other.csv")], code: 2,
      says: ["--since-book: ", "other.csv has no account 2"])
    try expectRefusal(
      ["--since-book", folder.file("absent.csv")], code: 1, says: ["absent.csv"])
  }

  @Test("an option whose volatility nobody stated, when the default is not wanted")
  func withoutVolatility() throws {
    try folder.write("book.csv", book)
    #expect(try margin(["--no-default-volatility"]).code == 0)
    try folder.write(
      "book.csv",
      book + "3,portfolio,collateral,USD,9000,\n3,portfolio,position,ETH-27MAR20-200-C,1,20\n")
    #expect(try margin([]).code == 0)
    try expectRefusal(
      ["--no-default-volatility"], code: 1,
      says: ["book.csv, line 12", "“ETH-27MAR20-200-C”", "expected a volatility of ETH"])
  }

  @Test("an expired instrument, at the second of its expiry and not before")
  func expired() throws {
    let row = "3,cross,collateral,USD,9000,\n3,cross,position,BTC-28FEB20-8000-C,1,20\n"
    try folder.write("book.csv", book + row)
    try expectRefusal(
      [], code: 1,
      says: ["book.csv, line 12", "“BTC-28FEB20-8000-C”", "it expired at 2020-02-28T08:00"])
    try folder.write("book.csv", head + row.replacing("28FEB20", with: "12MAR20"))
    let before = try margin(["--at", "2020-03-12T06:59:59Z"])
    // Listed in coin alone, but not expired: another refusal.
    #expect(before.code == 1 && !before.errors.contains("it expired"))
    try expectRefusal(
      ["--at", "2020-03-12T08:00Z"], code: 1, says: ["it expired at 2020-03-12T08:00"])
  }

  @Test("a position larger than all there is of its contract")
  func openInterest() throws {
    try folder.write("book.csv", book)
    #expect(try margin(["--open-interest", "BTC-PERP=2.5"]).code == 0)
    try expectRefusal(
      ["--open-interest", "BTC-PERP=2.499"], code: 1,
      says: [
        "book.csv, line 10", "field “quantity” is “2.5”",
        "expected at most 2.499, the open interest of BTC-PERP",
      ])
  }
}
