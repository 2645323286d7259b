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

  let code: String
  let attempts: @Sendable () throws -> (inside: [Attempt], outside: Attempt)

  var testDescription: String { code }

  /// Two commands to one venue, the first of which is accepted.
  init(
    _ code: String, _ scene: @escaping @Sendable () throws -> (Venue, Command, Command)
  ) {
    self.code = code
    attempts = {
      let (venue, inside, outside) = try scene()
      return ([(venue, inside)], (venue, outside))
    }
  }

  /// One command to two venues, the first of which accepts it.
  init(
    _ code: String,
    apart scene: @escaping @Sendable () throws -> (Attempt, Attempt)
  ) {
    self.code = code
    attempts = {
      let (inside, outside) = try scene()
      return ([inside], outside)
    }
  }

  /// An attempt so many units further than what is only just accepted: at −1 and 0 it is accepted,
  /// at 1 refused.
  init(_ code: String, by scene: @escaping @Sendable (Int64) throws -> Attempt) {
    self.code = code
    attempts = { ([try scene(-1), try scene(0)], try scene(1)) }
  }

  static var all: [RefusalEdge] { accounts + moves + trades + orders + liquidations + outside }
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
    #expect(refusal?.description != refusal?.code, "it is said in words, too")
  }

  /// The texts of `Refusal.swift` and what extends it.
  private static func sources() throws -> [String] {
    let folder = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "../../../Sources/RiskEngine").standardized
    return try [
      "Refusal.swift", "Execution/Refusal+Execution.swift", "Losses/Refusal+Universes.swift",
    ].map { try String(contentsOf: folder.appending(path: $0), encoding: .utf8) }
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
    #expect(RefusalEdge.all.map(\.code).sorted() == codes.sorted())
  }
}

extension String {
  fileprivate func prefix(upTo end: String) -> Substring? {
    range(of: end).map { self[..<$0.lowerBound] }
  }
}
