// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Quantities
import Testing

@testable import Reporting
@testable import Simulation

@Suite("Timelines that were chosen")
struct TimelinePageTests {
  /// The section of a page, up to its end.
  private func section(_ id: String, of page: RenderedPage) throws -> String {
    let rest = try #require(page.after("<section id=\"\(id)\"", upTo: .max))
    return try #require(rest.components(separatedBy: "</section>").first)
  }

  /// The first of the made-up ones twice, one without a liquidation, one that nobody has.
  private func result() throws -> ReplayResult {
    var result = try SyntheticReplay().make()
    let story = result.largest[0]
    result.asked = [
      AskedAccount(account: story.account, isThere: true, liquidations: [story, story]),
      AskedAccount(account: AccountID(12), isThere: true, liquidations: []),
      AskedAccount(account: AccountID(4_000_000_000), isThere: false, liquidations: []),
    ]
    return result
  }

  @Test("the page draws as many of the largest as are asked for", arguments: [0, 1, 9, 10, 11])
  func count(asked: Int) throws {
    var result = try SyntheticReplay().make()
    result.drawnLargest = asked
    let page = RenderedPage([result])
    let largest = try section("largest", of: page)
    #expect(largest.ranges(of: "<details class=\"story\"").count == min(asked, 10))
    let all = NumberText.grouped(Int64(result.totals.liquidations))
    let lead = asked == 0 ? "None of \(all) is drawn." : "The first \(min(asked, 10)) of \(all),"
    #expect(largest.contains(lead), "\(largest.prefix(300))")
    #expect(largest.contains("<code>--timeline ACCOUNT</code>"))
    #expect(!largest.contains("No account was liquidated"))
    // The summary names the three largest all the same.
    #expect(SummaryTable.text(result).split(separator: "\n").count { $0.hasPrefix("47") } == 3)
    result.totals.liquidations = 10
    result.drawnLargest = 10
    #expect(try section("largest", of: RenderedPage([result])).contains("All of them, by what"))
  }

  @Test("the page draws every liquidation of an account, with all of its steps")
  func asked() throws {
    let page = RenderedPage([try result()])
    let asked = try section("asked", of: page)
    #expect(asked.ranges(of: "<details class=\"story\"").count == 2)
    #expect(asked.contains("<h3>Account 4711</h3>"))
    // Seventy rows each, where those of the largest are folded.
    #expect(asked.ranges(of: "sells 1,200 steps of BTC-PERP").count >= 140)
    #expect(!asked.contains("steps are not shown"))
    #expect(try section("largest", of: page).contains("40 steps are not shown"))
    #expect(asked.contains("<p>Account 12 was never liquidated.</p>"))
    #expect(asked.contains("<p>This replay has no account 4000000000.</p>"))
    #expect(page.contains("<a href=\"#asked\">Asked for</a>"))
  }

  @Test("nothing is said of accounts where none is asked for")
  func nothingAsked() throws {
    let result = try SyntheticReplay().make()
    let page = RenderedPage([result])
    #expect(!page.contains("id=\"asked\"") && !page.contains("#asked"))
    #expect(!SummaryTable.text(result).contains("asked for"))
    #expect(!SummaryTable.json([result]).contains("\"asked\""))
  }

  @Test("two replays have each their own")
  func comparison() throws {
    var replay = SyntheticReplay()
    replay.assignments = ["liquidation.penalty=0.4%"]
    var other = try replay.make()
    other.asked = [AskedAccount(account: AccountID(4_711), isThere: true, liquidations: [])]
    let asked = try section("asked", of: RenderedPage([try result(), other]))
    #expect(asked.contains("<h3>Account 4711: base</h3>"))
    #expect(asked.contains("<h3>Account 4711: liquidation.penalty=0.4%</h3>"))
    #expect(asked.contains("<p>Account 4711 was never liquidated.</p>"))
    let text = SummaryTable.text([try result(), other])
    #expect(text.contains("Liquidations asked for, base\n"))
    #expect(text.contains("Liquidations asked for, liquidation.penalty=0.4%\nAccount 4711 was"))
  }

  @Test("the summary counts the liquidations of each account and says who has none")
  func summary() throws {
    let result = try result()
    let lines = SummaryTable.text(result).split(separator: "\n").map(String.init)
    let heading = try #require(lines.firstIndex(of: "Liquidations asked for"))
    let row = lines[heading + 3]
    let words = row.split(separator: " ").map(String.init)
    #expect(words.prefix(2) == ["4711", "2"], "\(row)")
    let money = MoneyFormat(currency: result.quote.symbol)
    #expect(row.contains(money.short(2 * result.largest[0].closedValue)))
    #expect(lines[heading + 4] == "Account 12 was never liquidated.")
    #expect(lines[heading + 5] == "This replay has no account 4000000000.")
  }

  @Test("sums of an account's liquidations end at the ends of their range")
  func extremes() throws {
    var result = try result()
    var story = result.largest[0]
    story.closedValue = .max
    result.asked = [
      AskedAccount(account: story.account, isThere: true, liquidations: [story, story])
    ]
    #expect(SummaryTable.text(result).contains("Liquidations asked for"))
  }

  @Test("a line is what JSON has of the same liquidation, steps with who paid")
  func line() throws {
    var result = try result()
    var story = result.largest[0]
    story.laterSteps = 3
    story.steps[0].cost = 1_500_000
    story.steps[0].bearer = .winners
    story.steps[0].payer = "account 9"
    story.steps[0].size = "0.5 BTC"
    story.steps[0].price = try Price("5210.5")
    story.steps[1].bearer = .fund
    story.steps[1].payer = "the insurance fund"
    result.asked = [AskedAccount(account: story.account, isThere: true, liquidations: [story])]
    let line = SummaryTable.line(story)
    #expect(!line.contains("\n"))
    func object(_ text: String) throws -> NSDictionary {
      try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? NSDictionary)
    }
    let one = try object(line)
    let run = try #require((try object(SummaryTable.json([result]))["runs"] as? [NSDictionary])?[0])
    let asked = try #require((run["asked"] as? [NSDictionary])?.first)
    #expect(asked["account"] as? Int == 4_711 && asked["isThere"] as? Bool == true)
    #expect((asked["liquidations"] as? [NSDictionary]) == [one])
    #expect(one["laterSteps"] as? Int == 3 && one["startedAt"] as? String != nil)
    let steps = try #require(one["steps"] as? [NSDictionary])
    #expect(steps.count == 70)
    for (field, value) in [
      ("cost", "1.5"), ("paidBy", "winners"), ("payer", "account 9"), ("size", "0.5 BTC"),
      ("price", "5210.5"), ("at", "\(story.steps[0].time)"), ("stage", "cancelOrders"),
    ] {
      #expect(steps[0][field] as? String == value, "\(field)")
    }
    #expect(steps[1]["paidBy"] as? String == "fund" && steps[1]["payer"] == nil)
    #expect(RenderedPage([result]).contains("3 more steps were counted and not kept"))
  }

  @Test("every character of a text comes back from JSON, and none can end a script element")
  func escapes() throws {
    for code in Array(UInt32(0)...0x7F) + [0x80, 0xE9, 0x2028, 0x2029, 0x1F600] {
      let text = "a\(try #require(Unicode.Scalar(code)))b"
      let written = JSONText.object([(text, .string(text))]).compact
      for mark in ["<", ">", "&"] { #expect(!written.contains(mark)) }
      #expect(written.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F })
      let read = try JSONSerialization.jsonObject(with: Data(written.utf8)) as? [String: String]
      #expect(read == [text: text], "U+\(String(code, radix: 16))")
    }
  }
}
