// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Ledger
import RiskEngine
import Testing

/// A refusal at its edge: what is refused, and what is accepted one unit, step, instant or name
/// nearer, and where there is an order of more and less one nearer still.
struct RefusalEdge: Sendable, CustomTestStringConvertible {
  typealias Attempt = (venue: Venue, command: Command)

  /// The code; after a slash what is refused, where one code stands for several things; and after
  /// another who refuses it.
  let name: String
  let attempts: @Sendable () throws -> (inside: [Attempt], outside: Attempt)
  /// Whether there is an order of more and less: one unit nearer, at the edge and one beyond.
  let isStepped: Bool

  var code: String { String(name.prefix { $0 != "/" }) }
  var subject: String? {
    let parts = name.split(separator: "/")
    return parts.count > 1 ? String(parts[1]) : nil
  }
  var testDescription: String { name }

  /// Two commands to one venue, the first of which is accepted.
  init(
    _ name: String, _ scene: @escaping @Sendable () throws -> (Venue, Command, Command)
  ) {
    self.name = name
    isStepped = false
    attempts = {
      let (venue, inside, outside) = try scene()
      return ([(venue, inside)], (venue, outside))
    }
  }

  /// One command to two venues, the first of which accepts it.
  init(
    _ name: String,
    apart scene: @escaping @Sendable () throws -> (Attempt, Attempt)
  ) {
    self.name = name
    isStepped = false
    attempts = {
      let (inside, outside) = try scene()
      return ([inside], outside)
    }
  }

  /// An attempt so many units further than what is only just accepted: at −1 and 0 it is accepted,
  /// at 1 refused.
  init(_ name: String, by scene: @escaping @Sendable (Int64) throws -> Attempt) {
    self.name = name
    isStepped = true
    attempts = { ([try scene(-1), try scene(0)], try scene(1)) }
  }

  static var all: [RefusalEdge] {
    accounts + moves + trades + orders + liquidations + outside + collateral + counts + amounts
      + unpriced + shared + fortunes + balances
  }
}

@Suite("Every refusal, at its edge")
struct RefusalTableTests {
  @Test(
    "what lies inside is accepted, what lies outside refused by this code",
    arguments: RefusalEdge.all)
  func edge(_ edge: RefusalEdge) throws {
    var (inside, outside) = try edge.attempts()
    for place in inside.indices { try inside[place].venue.submit(inside[place].command) }
    let refusal = outside.venue.refusal(of: outside.command)
    #expect(refusal?.code == edge.code)
    if let subject = edge.subject, let stated = Self.refusal(edge.code, of: subject) {
      #expect(refusal == stated)
    }
    #expect(refusal?.description != refusal?.code, "it is said in words, too")
  }

  /// The refusals that say in words what they are of.
  private static func refusal(_ code: String, of subject: String) -> Refusal? {
    switch code {
    case "outside-limits": .outsideLimits(subject)
    case "not-positive": .notPositive(subject)
    case "not-marked": .notMarked(subject)
    default: nil
    }
  }

  /// The texts of `Refusal.swift` and what extends it.
  private static func sources() throws -> [String] {
    try [
      "Refusal.swift", "Execution/Refusal+Execution.swift", "Losses/Refusal+Universes.swift",
    ].map { try String(contentsOf: Self.engine.appending(path: $0), encoding: .utf8) }
  }

  @Test("there is an edge for every code, and a code for every case")
  func complete() throws {
    let sources = try Self.sources()
    let codes = sources.flatMap { text in
      text.matches(of: /\n +case \.[A-Za-z]+: "([a-z]+(?:-[a-z]+)*)"(?=\n)/).map { String($0.1) }
    }
    let cases = try #require(sources.first?.prefix(upTo: "public var code"))
      .matches(of: /\n  case ([A-Za-z]+)/).map { String($0.1) }
    #expect(codes.count == Set(codes).count && cases.count == codes.count)
    #expect(cases.count > 50)
    #expect(Set(RefusalEdge.all.map(\.code)) == Set(codes))
    #expect(Set(RefusalEdge.all.map(\.name)).count == RefusalEdge.all.count)
  }

  private static var engine: URL {
    URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "../../../Sources/RiskEngine").standardized
  }

  /// Subjects that are put together or handed on where they are refused, each with what it may be.
  private static let composed = [
    "\"a price of \\(contract.name)\"": ["a price of CAPPED"],
    "\"the value of a step of \\(contract.name)\"": ["the value of a step of DEAR"],
    "\"the venue's deposits of \\(amount.asset)\"": ["the venue's deposits of USD"],
    "\"the redemption of \\(listed)\"": ["the redemption of ETH"],
    "contract.name": ["BTC-PERP-2"], "amount.asset.description": ["DOGE"],
    "listed.description": ["ETH"],
    "subject": [
      "the scenarios of COARSE", "the number of registered makers",
      "the number of registered relayers",
    ],
  ]

  /// What no command of a test comes to.
  private static let unreached: Set = [
    // Both in tests of the door: one before there is a venue, one at the end of 65,000 listings.
    "outside-limits/a quote currency without 6 decimals",
    "outside-limits/the number of instruments",
    // Nobody has a position, an order or a debt before the venue is marked, and what would take
    // the valuation of a marked venue away is refused: a test of the door states such a ledger.
    "not-marked/the account's instruments",
  ]

  @Test("there is an edge for everything that is refused in words, unless no command comes to it")
  func subjects() throws {
    let files = FileManager.default.enumerator(at: Self.engine, includingPropertiesForKeys: nil)
    let texts = try (files?.allObjects as? [URL] ?? []).filter { $0.pathExtension == "swift" }
      .map { try String(contentsOf: $0, encoding: .utf8) }
    let codes = [
      "outsideLimits": "outside-limits", "notPositive": "not-positive", "notMarked": "not-marked",
    ]
    let refused = /refused\(\s*\.(outsideLimits|notPositive|notMarked)\((.+?)\)\)(?= \}|\n)/
    let found = texts.flatMap { $0.matches(of: refused) }
    let all = texts.reduce(0) { sum, text in
      sum + text.matches(of: /refused\(\s*\.(outsideLimits|notPositive|notMarked)\(/).count
    }
    #expect(found.count == all && all > 70, "every site is read")
    let sites = found.flatMap { match in
      let words = String(match.2)
      let subjects = Self.composed[words] ?? [words.trimmingCharacters(in: ["\""])]
      return subjects.map { "\(codes[String(match.1)] ?? "")/\($0)" }
    }
    let named = Set(RefusalEdge.all.map { "\($0.code)/\($0.subject ?? "")" })
    #expect(Set(sites).subtracting(named).subtracting(Self.unreached).sorted() == [])
    #expect(Self.unreached.isSubset(of: sites) && Self.unreached.isDisjoint(with: named))
  }
}

extension String {
  fileprivate func prefix(upTo end: String) -> Substring? {
    range(of: end).map { self[..<$0.lowerBound] }
  }
}
